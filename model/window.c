/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/window.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/arena.h"
#include "model/derive.h"

/*
 * Entities are read in batches, so that the raw series (a hundred histogram
 * buckets for one latency) of a large window never lie in memory all at once;
 * what stays is the metrics.
 */
#define BATCH_ENTITIES 64
/* More rows than this are refused rather than allocated (a year at 1 min). */
#define MAX_ROWS 600000

struct reader {
    struct rca_store *store;
    rca_time from, step;
    size_t n_rows;
    struct rca_raw_entity *batch; /* sorted by entity */
    size_t n_batch;
    _Bool *covered; /* rows in which anything at all was sampled */
    struct rca_window *w; /* under construction */
    size_t cap_vars;
    struct rca_arena arena;
};

static int by_entity(const void *a, const void *b)
{
    const struct rca_raw_entity *x = a, *y = b;

    return (x->entity > y->entity) - (x->entity < y->entity);
}

/* slot of time @t: 0 = up to the window's start, then a slot a row */
static size_t slot_of(const struct reader *rd, rca_time t)
{
    if (t <= rd->from)
        return 0;
    return (size_t)((t - rd->from + rd->step - 1) / rd->step);
}

static int take_block(void *arg, const struct rca_block *b)
{
    struct reader *rd = arg;
    const struct rca_raw_entity key = {.entity = b->entity};
    struct rca_raw_entity *e =
        bsearch(&key, rd->batch, rd->n_batch, sizeof(*rd->batch), by_entity);

    for (size_t t = 0; t < b->n_times; t++) {
        const size_t slot = slot_of(rd, b->times[t]);

        if (slot > 0 && slot <= rd->n_rows)
            rd->covered[slot - 1] = 1;
    }
    for (size_t c = 0; e && c < b->n_series; c++) {
        const char *name = rca_store_series_name(rd->store, b->series[c]);

        for (size_t t = 0; name && t < b->n_times; t++) {
            const double v = b->values[c * b->n_times + t];
            const size_t slot = slot_of(rd, b->times[t]);
            int err;

            if (!isfinite(v) || slot > rd->n_rows)
                continue;
            err = rca_raw_add(e, b->series[c], name, slot, v);
            if (err)
                return err;
            e->time[slot] = b->times[t];
        }
    }
    return 0;
}

static int add_variable(struct reader *rd, rca_id entity,
                        const struct rca_metric *metric, double **ret_x)
{
    struct rca_window *w = rd->w;
    struct rca_variable *v;

    if (w->n_vars == rd->cap_vars) {
        const size_t cap = rd->cap_vars ? 2 * rd->cap_vars : 64;
        struct rca_variable *vars = realloc(w->vars, cap * sizeof(*vars));
        double *x;

        if (!vars)
            return -ENOMEM;
        w->vars = vars;
        x = realloc(w->x, cap * rd->n_rows * sizeof(*x));
        if (!x)
            return -ENOMEM;
        w->x = x;
        rd->cap_vars = cap;
    }
    v = &w->vars[w->n_vars];
    *v = (struct rca_variable){.entity = entity, .metric = *metric};
    v->metric.name = rca_arena_text(&rd->arena, metric->name);
    v->metric.label = rca_arena_text(&rd->arena, metric->label);
    /* what it is made of is of no use above the window */
    v->metric.of = NULL;
    v->metric.per = NULL;
    if (!v->metric.name || !v->metric.label)
        return -ENOMEM;
    *ret_x = w->x + w->n_vars++ * rd->n_rows;
    return 0;
}

/* what did not exist had no load, no usage, no saturation and no errors */
static void fill_before_birth(const struct reader *rd, rca_time first,
                              enum rca_role role, double *x)
{
    if (role == RCA_ROLE_LATENCY || role == RCA_ROLE_OTHER)
        return;
    for (size_t r = 0; r < rd->n_rows; r++) {
        const rca_time end = rd->from + (rca_time)(r + 1) * rd->step;

        if (end >= first)
            return;
        if (rd->covered[r] && isnan(x[r]))
            x[r] = 0;
    }
}

static int add_metric(struct reader *rd, const struct rca_raw_entity *e,
                      const struct rca_metric *metric)
{
    _Bool any = 0;
    double *x;
    int err;

    err = add_variable(rd, e->entity, metric, &x);
    if (err)
        return err;
    rca_derive(e, metric, x);
    for (size_t r = 0; r < rd->n_rows && !any; r++)
        any = !isnan(x[r]);
    if (!any) {
        rd->w->n_vars--;
        return 0;
    }
    fill_before_birth(rd, e->first, metric->role, x);
    return 0;
}

static int derive_entity(struct reader *rd, struct rca_raw_entity *e)
{
    const struct rca_metric *table;
    size_t n;
    int err = 0;

    rca_raw_sort(e);
    table = rca_metric_table(&n);
    for (size_t i = 0; i < n && !err; i++) {
        if (rca_raw_has(e, &table[i]))
            err = add_metric(rd, e, &table[i]);
    }
    for (size_t i = 0; i < e->n_raw && !err; i++) {
        struct rca_metric m;
        char name[96];

        if (e->raw[i].type == RCA_SERIES_BUCKET ||
            rca_series_is_operand(e->raw[i].name))
            continue;
        rca_metric_guess(e->raw[i].name, name, &m);
        err = add_metric(rd, e, &m);
    }
    return err;
}

static void drop_batch(struct reader *rd)
{
    for (size_t i = 0; i < rd->n_batch; i++)
        rca_raw_done(&rd->batch[i]);
    free(rd->batch);
    rd->batch = NULL;
    rd->n_batch = 0;
}

static int open_batch(struct reader *rd, const struct rca_entity *const *list,
                      size_t n)
{
    const size_t slots = rd->n_rows + 1;

    rd->batch = calloc(n, sizeof(*rd->batch));
    if (!rd->batch)
        return -ENOMEM;
    for (rd->n_batch = 0; rd->n_batch < n; rd->n_batch++) {
        struct rca_raw_entity *e = &rd->batch[rd->n_batch];

        e->entity = list[rd->n_batch]->id;
        e->first = list[rd->n_batch]->first;
        e->slots = slots;
        e->time = malloc(slots * sizeof(*e->time));
        if (!e->time)
            return -ENOMEM;
        for (size_t s = 0; s < slots; s++)
            e->time[s] = RCA_TIME_NONE;
    }
    return 0;
}

static int read_batch(struct reader *rd, const struct rca_entity *const *list,
                      size_t n)
{
    const rca_time to = rd->from + (rca_time)rd->n_rows * rd->step;
    rca_id ids[BATCH_ENTITIES];
    int err;

    for (size_t i = 0; i < n; i++)
        ids[i] = list[i]->id;
    err = open_batch(rd, list, n);
    if (!err) /* a step more: the counters' state when the first row begins */
        err = rca_store_scan(rd->store, rd->from - rd->step + 1, to, ids, n,
                             take_block, rd);
    for (size_t i = 0; i < rd->n_batch && !err; i++)
        err = derive_entity(rd, &rd->batch[i]);
    drop_batch(rd);
    return err;
}

static int by_id(const void *a, const void *b)
{
    const struct rca_entity *x = *(const struct rca_entity *const *)a;
    const struct rca_entity *y = *(const struct rca_entity *const *)b;

    return (x->id > y->id) - (x->id < y->id);
}

/* the entities wanted, sorted by id, each once; @ret_list has room for all */
static size_t list_entities(const struct rca_graph *g, const rca_id *entities,
                            size_t n, const struct rca_entity **ret_list)
{
    size_t m = 0;

    if (!entities) {
        for (m = 0; m < rca_graph_size(g); m++)
            ret_list[m] = rca_graph_entity(g, (uint32_t)m);
    }
    for (size_t i = 0; entities && i < n; i++) {
        const uint32_t node = rca_graph_node(g, entities[i]);

        if (node != UINT32_MAX)
            ret_list[m++] = rca_graph_entity(g, node);
    }
    if (m)
        qsort(ret_list, m, sizeof(const struct rca_entity *), by_id);
    n = 0;
    for (size_t i = 0; i < m; i++) {
        if (i == 0 || ret_list[i]->id != ret_list[i - 1]->id)
            ret_list[n++] = ret_list[i];
    }
    return n;
}

static int read_all(struct reader *rd, const rca_id *entities, size_t n)
{
    const rca_time to = rd->from + (rca_time)rd->n_rows * rd->step;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    const struct rca_entity **list RCA_CLEANUP(rca_freep) = NULL;
    size_t m;
    int err;

    err = rca_store_graph(rd->store, rd->from, to, &g);
    if (err)
        return err;
    list =
        malloc((rca_graph_size(g) + n + 1) * sizeof(const struct rca_entity *));
    if (!list)
        return -ENOMEM;
    m = list_entities(g, entities, n, list);
    for (size_t at = 0; at < m && !err; at += BATCH_ENTITIES)
        err = read_batch(rd, list + at,
                         m - at < BATCH_ENTITIES ? m - at : BATCH_ENTITIES);
    if (!err && rd->w->n_vars == 0)
        err = RCA_ETOOFEW;
    return err;
}

static int by_entity_metric(const void *a, const void *b)
{
    const struct rca_variable *x = a, *y = b;

    if (x->entity != y->entity)
        return x->entity < y->entity ? -1 : 1;
    return strcmp(x->metric.name, y->metric.name);
}

/* Guessed metrics come after the built-in ones of their entity: put the
 * columns in order. */
static int sort_columns(struct rca_window *w)
{
    struct {
        struct rca_variable var; /* first, for the comparison */
        size_t column;
    } * order RCA_CLEANUP(rca_freep) = malloc((w->n_vars + 1) * sizeof(*order));
    double *x RCA_CLEANUP(rca_freep) =
        malloc((w->n_vars * w->n_rows + 1) * sizeof(*x));

    if (!order || !x)
        return -ENOMEM;
    for (size_t v = 0; v < w->n_vars; v++) {
        order[v].var = w->vars[v];
        order[v].column = v;
    }
    if (w->n_vars)
        qsort(order, w->n_vars, sizeof(*order), by_entity_metric);
    for (size_t v = 0; v < w->n_vars; v++) {
        w->vars[v] = order[v].var;
        memcpy(x + v * w->n_rows, w->x + order[v].column * w->n_rows,
               w->n_rows * sizeof(*x));
    }
    free(w->x);
    w->x = RCA_TAKE(x);
    return 0;
}

static _Bool is_sorted(const struct rca_window *w)
{
    for (size_t v = 1; v < w->n_vars; v++) {
        if (by_entity_metric(&w->vars[v - 1], &w->vars[v]) > 0)
            return 0;
    }
    return 1;
}

/* NOLINTNEXTLINE(readability-function-size): the interface asks for seven */
int rca_window_read(struct rca_store *store, rca_time from, rca_time to,
                    rca_time step, const rca_id *entities, size_t n,
                    struct rca_window **ret_window)
{
    struct rca_window *w RCA_CLEANUP(rca_window_free) = calloc(1, sizeof(*w));
    _Bool *covered RCA_CLEANUP(rca_freep) = NULL;
    struct reader rd = {.store = store, .from = from, .step = step};
    int err;

    if (step <= 0 || to - from < step || (to - from) / step > MAX_ROWS)
        return RCA_ETOOFEW;
    rd.n_rows = (size_t)((to - from) / step);
    covered = calloc(rd.n_rows, sizeof(*covered));
    if (!w || !covered)
        return -ENOMEM;
    *w = (struct rca_window){.from = from, .step = step, .n_rows = rd.n_rows};
    rd.covered = covered;
    rd.w = w;
    err = read_all(&rd, entities, n);
    w->strings = rca_arena_release(&rd.arena);
    if (!err && !is_sorted(w))
        err = sort_columns(w);
    if (err)
        return err;
    *ret_window = RCA_TAKE(w);
    return 0;
}

void rca_window_free(struct rca_window **window)
{
    struct rca_window *w = *window;

    *window = NULL;
    if (!w)
        return;
    free(w->vars);
    free(w->x);
    rca_arena_drop(w->strings);
    free(w);
}

size_t rca_window_find(const struct rca_window *w, rca_id entity,
                       const char *metric)
{
    size_t lo = 0, hi = w->n_vars;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const struct rca_variable *v = &w->vars[mid];
        const int c = v->entity != entity ? (v->entity < entity ? -1 : 1)
                                          : strcmp(v->metric.name, metric);

        if (c == 0)
            return mid;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return w->n_vars;
}
