/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/export.h"
#include "collector/store/vec.h"
#include "datasets/csv.h"
#include "graph/base/time.h"

/*
 * A table's header names all columns, so the range is read twice: first for
 * the columns that have a value, then for the rows.
 */

struct column {
    rca_id entity;
    char *name; /* owned */
    char *heading; /* owned; made when all columns are known */
};

struct table {
    const struct rca_slices *want;
    const struct rca_export_names *names;
    FILE *out;
    struct {
        struct column *at;
        size_t n, cap;
    } columns; /* in order of entity and name */
    size_t known; /* columns of earlier slices: the sorted ones */
    const struct column **order; /* owned; as they are written */
    const double **cells; /* owned; of each column, what the slice has */
    struct rca_export_count count;
};

static void table_done(struct table *t)
{
    for (size_t i = 0; i < t->columns.n; i++) {
        free(t->columns.at[i].name);
        free(t->columns.at[i].heading);
    }
    free(t->columns.at);
    free(t->order);
    free(t->cells);
}

static int by_key(const void *pa, const void *pb)
{
    const struct column *a = pa, *b = pb;

    if (a->entity != b->entity)
        return a->entity < b->entity ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* index of a column among the sorted ones, or their number */
static size_t find(const struct table *t, rca_id entity, const char *name)
{
    size_t low = 0, high = t->known;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct column *c = &t->columns.at[middle];
        const int way = c->entity != entity ? (c->entity < entity ? -1 : 1)
                                            : strcmp(c->name, name);

        if (way == 0)
            return middle;
        if (way < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return t->known;
}

static _Bool has_value(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isnan(x[i]))
            return 1;
    }
    return 0;
}

static int add_column(struct table *t, const struct rca_slice_column *c)
{
    const struct column column = {c->entity, strdup(c->name), NULL};

    if (!column.name)
        return -ENOMEM;
    if (!rca_vec_push(&t->columns, column))
        return 0;
    free(column.name);
    return -ENOMEM;
}

static int note_columns(void *arg, const struct rca_slice *s)
{
    struct table *t = arg;
    int r = 0;

    for (size_t i = 0; i < s->n_columns && !r; i++) {
        const struct rca_slice_column *c = &s->columns[i];

        if (find(t, c->entity, c->name) == t->known &&
            has_value(c->x, s->n_times))
            r = add_column(t, c);
    }
    if (t->columns.n > t->known)
        qsort(t->columns.at, t->columns.n, sizeof(*t->columns.at), by_key);
    t->known = t->columns.n;
    return r;
}

/* A case splits ENTITY.METRIC at the last dot. */
static int make_heading(const struct table *t, struct column *c)
{
    const uint32_t node = rca_graph_node(t->want->graph, c->entity);
    const char *entity = node == UINT32_MAX ? "?" : t->names->at[node];

    if (asprintf(&c->heading, "%s.%s", entity, c->name) < 0) {
        c->heading = NULL;
        return -ENOMEM;
    }
    for (char *p = c->heading + strlen(entity) + 1; *p; p++) {
        if (*p == '.')
            *p = '_';
    }
    return 0;
}

static int by_heading(const void *pa, const void *pb)
{
    const struct column *const *a = pa, *const *b = pb;

    return strcmp((*a)->heading, (*b)->heading);
}

static int make_header(struct table *t)
{
    int r = 0;

    t->order = calloc(t->columns.n, sizeof(const struct column *));
    t->cells = calloc(t->columns.n, sizeof(*t->cells));
    if (!t->order || !t->cells)
        return -ENOMEM;
    for (size_t c = 0; c < t->columns.n && !r; c++) {
        t->order[c] = &t->columns.at[c];
        r = make_heading(t, &t->columns.at[c]);
    }
    if (!r)
        qsort(t->order, t->columns.n, sizeof(const struct column *),
              by_heading);
    return r;
}

static void put_header(const struct table *t)
{
    (void)fputs("time", t->out);
    for (size_t c = 0; c < t->columns.n; c++) {
        (void)fputc(',', t->out);
        rca_csv_put(t->out, t->order[c]->heading);
    }
    (void)fputc('\n', t->out);
}

static void put_row(struct table *t, rca_time time, size_t row)
{
    char text[RCA_TIME_TEXT_SIZE], number[RCA_NUMBER_TEXT_SIZE];

    (void)fputs(rca_time_epoch(time, text), t->out);
    for (size_t c = 0; c < t->columns.n; c++) {
        const double *x = t->cells[t->order[c] - t->columns.at];

        (void)fputc(',', t->out);
        if (!x || isnan(x[row]))
            continue;
        (void)fputs(rca_number_text(x[row], number), t->out);
        t->count.values++;
    }
    (void)fputc('\n', t->out);
    t->count.rows++;
    t->count.last = time;
}

static _Bool is_empty(const struct table *t, size_t row)
{
    for (size_t c = 0; c < t->columns.n; c++) {
        if (t->cells[c] && !isnan(t->cells[c][row]))
            return 0;
    }
    return 1;
}

static int put_rows(void *arg, const struct rca_slice *s)
{
    struct table *t = arg;

    for (size_t c = 0; c < t->columns.n; c++)
        t->cells[c] = NULL;
    for (size_t i = 0; i < s->n_columns; i++) {
        const size_t at = find(t, s->columns[i].entity, s->columns[i].name);

        if (at < t->known)
            t->cells[at] = s->columns[i].x;
    }
    for (size_t row = 0; row < s->n_times; row++) {
        if (!is_empty(t, row))
            put_row(t, s->times[row], row);
    }
    return ferror(t->out) ? -EIO : 0;
}

int rca_export_csv(const struct rca_slices *want,
                   const struct rca_export_names *names, FILE *out,
                   struct rca_export_count *ret)
{
    struct table t RCA_CLEANUP(table_done) = {
        .want = want,
        .names = names,
        .out = out,
        .count.last = RCA_TIME_NONE,
    };
    int r = rca_slices_read(want, note_columns, &t);

    if (!r && t.columns.n) {
        r = make_header(&t);
        if (!r)
            put_header(&t);
        r = r ? r : rca_slices_read(want, put_rows, &t);
    }
    if (r)
        return r;
    t.count.columns = t.columns.n;
    *ret = t.count;
    return 0;
}
