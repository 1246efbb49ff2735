/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Entities are numbered in the order of their names, so that the order of
 * columns, rows and files changes nothing.
 */

#include <errno.h>
#include <string.h>

#include "datasets/case_parts.h"
#include "graph/base/name.h"
#include "graph/base/time.h"
#include "model/arena.h"

/* struct maker - @names sorted, each once; borrowed from the parts */
struct maker {
    struct rca_case_parts *parts;
    struct rca_case *c;
    const char **names;
    size_t n, cap;
    struct rca_arena arena; /* of the case */
};

static void done(struct maker *m)
{
    free(m->names);
    rca_arena_done(&m->arena);
    rca_case_free(&m->c);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_name(struct maker *m, const char *name)
{
    const char **grown = rca_grow(m->names, m->n, &m->cap, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    m->names = grown;
    m->names[m->n++] = name;
    return 0;
}

static int add_names(struct maker *m)
{
    const struct rca_case_parts *p = m->parts;
    int err = 0;

    for (size_t i = 0; i < p->table.n_columns + p->table.n_empty && !err; i++) {
        const struct rca_column *column = &p->table.columns[i];

        if (i == 0 || strcmp(column->entity, column[-1].entity) != 0)
            err = add_name(m, column->entity);
    }
    for (size_t i = 0; i < p->edges.n && !err; i++) {
        err = add_name(m, p->edges.list[i].cell[0]);
        err = err ? err : add_name(m, p->edges.list[i].cell[1]);
    }
    for (size_t i = 0; i < p->entities.n && !err; i++)
        err = add_name(m, p->entities.list[i].cell[0]);
    if (!err && p->labels.victim)
        err = add_name(m, p->labels.victim);
    return err;
}

static int list_names(struct maker *m)
{
    size_t n = 0;
    int err = add_names(m);

    if (err)
        return err;
    if (m->n)
        qsort(m->names, m->n, sizeof(*m->names), by_text);
    for (size_t i = 0; i < m->n; i++) {
        if (n == 0 || strcmp(m->names[n - 1], m->names[i]) != 0)
            m->names[n++] = m->names[i];
    }
    m->n = n;
    return 0;
}

static int make_graph(struct maker *m)
{
    struct rca_case *c = m->c;
    int err;

    c->service = calloc(m->n + 1, sizeof(*c->service));
    if (!c->service)
        return -ENOMEM;
    err = rca_case_graph(m->parts, m->names, m->n, &c->graph, c->service);
    for (size_t i = 0; i < m->n && !err; i++) {
        c->service[i] = rca_arena_text(&m->arena, c->service[i]);
        err = c->service[i] ? 0 : -ENOMEM;
    }
    return err;
}

static int by_difference(const void *a, const void *b)
{
    const rca_time x = *(const rca_time *)a, y = *(const rca_time *)b;

    return (x > y) - (x < y);
}

/* median of the rows' distances; a second for a single row; 0: no memory */
static rca_time median_step(const rca_time *times, size_t n)
{
    rca_time *steps RCA_CLEANUP(rca_freep) = malloc(n * sizeof(*steps));

    if (!steps)
        return 0;
    for (size_t r = 1; r < n; r++)
        steps[r - 1] = times[r] - times[r - 1];
    if (n < 2)
        return RCA_SECOND;
    qsort(steps, n - 1, sizeof(*steps), by_difference);
    return steps[(n - 1) / 2];
}

static int make_columns(struct maker *m, struct rca_window *w,
                        struct rca_arena *arena)
{
    const struct rca_table *t = &m->parts->table;
    rca_id id = 0;

    assert(m->names); /* a table has a column */
    for (size_t v = 0; v < t->n_columns; v++) {
        const char *metric = rca_arena_text(arena, t->columns[v].metric);

        if (!metric)
            return -ENOMEM;
        while (strcmp(m->names[id], t->columns[v].entity) != 0)
            id++;
        w->vars[v] = (struct rca_variable){
            .entity = id, .metric = {.name = metric, .label = metric}};
    }
    w->n_vars = t->n_columns;
    return 0;
}

static int make_window(struct maker *m)
{
    struct rca_table *t = &m->parts->table;
    struct rca_window *w = calloc(1, sizeof(*w));
    struct rca_arena arena = {0};
    int err;

    m->c->window = w;
    if (!w)
        return -ENOMEM;
    w->n_rows = t->n_rows;
    w->step = median_step(t->times, t->n_rows);
    w->from = t->times[0] - w->step;
    w->vars = calloc(t->n_columns + 1, sizeof(*w->vars));
    if (!w->vars || !w->step)
        return -ENOMEM;
    m->c->times = RCA_TAKE(t->times);
    w->x = RCA_TAKE(t->x);
    err = make_columns(m, w, &arena);
    w->strings = rca_arena_release(&arena);
    return err;
}

/* rows before the incident and in it */
static int find_rows(struct maker *m, struct rca_diag *diag)
{
    const struct rca_labels *l = &m->parts->labels;
    const size_t n = m->c->window->n_rows;
    const rca_time *times = m->c->times;
    size_t from = 0, to;
    char first[RCA_TIME_TEXT_SIZE], last[RCA_TIME_TEXT_SIZE];

    while (from < n && times[from] < l->start)
        from++;
    for (to = from; to < n && (l->end == RCA_TIME_NONE || times[to] <= l->end);)
        to++;
    if (l->end != RCA_TIME_NONE && l->end < l->start)
        return rca_diag_set(diag, RCA_ESYNTAX, l->path, l->start_line,
                            "the incident ends before it starts");
    if (from == to)
        return rca_diag_set(diag, RCA_ESYNTAX, l->path, l->start_line,
                            "no row of the metrics lies in the incident; they "
                            "go from %s to %s",
                            rca_time_utc(times[0], first),
                            rca_time_utc(times[n - 1], last));
    m->c->incident.before = (struct rca_rows){0, from};
    m->c->incident.incident = (struct rca_rows){from, to};
    return 0;
}

static int set_victim(struct maker *m)
{
    const struct rca_labels *l = &m->parts->labels;
    struct rca_incident *incident = &m->c->incident;
    const char **at;

    incident->w = m->c->window;
    incident->g = m->c->graph;
    incident->victim = RCA_ID_NONE;
    if (!l->victim)
        return 0;
    at = bsearch(&l->victim, m->names, m->n, sizeof(*m->names), by_text);
    assert(at);
    incident->victim = (rca_id)(at - m->names);
    if (!l->metric || rca_window_find(incident->w, incident->victim,
                                      l->metric) == incident->w->n_vars)
        return 0;
    incident->metric = rca_arena_text(&m->arena, l->metric);
    return incident->metric ? 0 : -ENOMEM;
}

int rca_case_make(struct rca_case_parts *parts, struct rca_case **ret_case,
                  struct rca_diag *diag)
{
    struct maker m RCA_CLEANUP(done) = {.parts = parts};
    int err;

    m.c = calloc(1, sizeof(*m.c));
    err = m.c ? list_names(&m) : -ENOMEM;
    err = err ? err : make_graph(&m);
    err = err ? err : make_window(&m);
    err = err ? err : find_rows(&m, diag);
    err = err ? err : set_victim(&m);
    if (err)
        return err;
    rca_case_metrics(m.c->window, m.c->times, m.c->incident.before.to);
    m.c->strings = rca_arena_release(&m.arena);
    *ret_case = RCA_TAKE(m.c);
    return 0;
}

void rca_case_parts_done(struct rca_case_parts *parts)
{
    rca_table_done(&parts->table);
    rca_csv_records_done(&parts->edges);
    rca_csv_records_done(&parts->entities);
    rca_labels_done(&parts->labels);
}

static int read_records(struct rca_text *text, struct rca_diag *diag,
                        const char *const wanted[RCA_CSV_WANTED],
                        size_t required, struct rca_csv_records *ret)
{
    struct rca_csv csv;
    int err = rca_csv_open(&csv, text->bytes, text->size, text->path, diag);

    return err ? err : rca_csv_records(&csv, wanted, required, ret);
}

int rca_edges_read(struct rca_text *text, struct rca_diag *diag,
                   struct rca_csv_records *ret)
{
    static const char *const wanted[] = {"source|from|caller",
                                         "target|to|callee|destination",
                                         "kind|type|relation"};

    return read_records(text, diag, wanted, 2, ret);
}

int rca_entities_read(struct rca_text *text, struct rca_diag *diag,
                      struct rca_csv_records *ret)
{
    static const char *const wanted[] = {"entity|name|id", "service",
                                         "kind|type"};

    return read_records(text, diag, wanted, 1, ret);
}
