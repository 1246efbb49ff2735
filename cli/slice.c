/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/slice.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "collector/store/vec.h"
#include "model/window.h"

/*
 * Raw series: the blocks of one window of the store have their times in common;
 * they are gathered until the first block of the next window, where the scan is
 * ended and begun again behind what was seen.
 *
 * Metrics: some hundred rows at a time. Rows before these are read with them
 * and dropped, so that a rate that spans a gap does not depend on where a
 * slice begins.
 */
#define ROWS 256
#define ROWS_BEFORE 32
#define NEXT_WINDOW 1 /* what a visit returns to end the scan */

static _Bool is_wanted(const struct rca_slices *want, const char *name)
{
    return name && (!want->metric || fnmatch(want->metric, name, 0) == 0);
}

/* --- raw series ----------------------------------------------------------- */

struct gather {
    const struct rca_slices *want;
    struct rca_vec_time times;
    struct {
        struct rca_slice_column *at;
        size_t n, cap;
    } columns;
    struct {
        double *at;
        size_t n, cap;
    } values; /* times.n for each column */
};

static void gather_done(struct gather *g)
{
    free(g->times.at);
    free(g->columns.at);
    free(g->values.at);
}

static int take_times(struct gather *g, const struct rca_block *b)
{
    if (g->times.n)
        return g->times.at[0] == b->times[0] ? 0 : NEXT_WINDOW;
    for (size_t t = 0; t < b->n_times; t++) {
        if (rca_vec_push(&g->times, b->times[t]))
            return -ENOMEM;
    }
    return 0;
}

static int take_column(struct gather *g, const struct rca_block *b, size_t c)
{
    const struct rca_slice_column column = {
        .entity = b->entity,
        .name = rca_store_series_name(g->want->store, b->series[c]),
    };

    if (!is_wanted(g->want, column.name))
        return 0;
    if (rca_vec_push(&g->columns, column) ||
        rca_vec_room(&g->values, g->values.n + b->n_times))
        return -ENOMEM;
    for (size_t t = 0; t < b->n_times; t++)
        g->values.at[g->values.n++] = b->values[c * b->n_times + t];
    return 0;
}

static int take_block(void *arg, const struct rca_block *b)
{
    struct gather *g = arg;
    int r = take_times(g, b);

    for (size_t c = 0; c < b->n_series && !r; c++)
        r = take_column(g, b, c);
    return r;
}

static int by_name(const void *pa, const void *pb)
{
    const struct rca_slice_column *a = pa, *b = pb;

    if (a->entity != b->entity)
        return a->entity < b->entity ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int visit_gathered(struct gather *g, rca_slice_visit *visit, void *arg)
{
    const struct rca_slice slice = {
        .times = g->times.at,
        .n_times = g->times.n,
        .columns = g->columns.at,
        .n_columns = g->columns.n,
    };

    for (size_t c = 0; c < g->columns.n; c++)
        g->columns.at[c].x = g->values.at + c * g->times.n;
    if (!g->columns.n)
        return 0;
    qsort(g->columns.at, g->columns.n, sizeof(*g->columns.at), by_name);
    return visit(arg, &slice);
}

static void tell(const struct rca_slices *want, rca_time at)
{
    if (want->progress && want->to > want->from)
        want->progress(want->progress_arg, (double)(at - want->from) /
                                               (double)(want->to - want->from));
}

static int read_raw(const struct rca_slices *want, rca_slice_visit *visit,
                    void *arg)
{
    struct gather g RCA_CLEANUP(gather_done) = {.want = want};
    rca_time from = want->from;
    int more = NEXT_WINDOW, r = 0;

    while (more == NEXT_WINDOW && !r) {
        g.times.n = g.columns.n = g.values.n = 0;
        more = rca_store_scan(want->store, from, want->to, want->entities,
                              want->n, take_block, &g);
        if (more < 0)
            return more;
        r = visit_gathered(&g, visit, arg);
        if (g.times.n)
            from = g.times.at[g.times.n - 1] + 1;
        tell(want, from);
    }
    return r;
}

/* --- metrics -------------------------------------------------------------- */

static int take_first(void *arg, const struct rca_block *b)
{
    rca_time *first = arg;

    *first = b->times[0];
    return NEXT_WINDOW;
}

/* time of the first tick from @from on, or RCA_TIME_NONE */
static int find_first(const struct rca_slices *want, rca_time from,
                      rca_time *ret)
{
    int r;

    *ret = RCA_TIME_NONE;
    r = rca_store_scan(want->store, from, want->to, want->entities, want->n,
                       take_first, ret);
    return r < 0 ? r : 0;
}

/* what was before an entity was seen is not exported */
static void drop_unborn(const struct rca_slices *want, struct rca_window *w)
{
    for (size_t v = 0; v < w->n_vars; v++) {
        const uint32_t node = rca_graph_node(want->graph, w->vars[v].entity);
        const rca_time first = node == UINT32_MAX
                                   ? RCA_TIME_NONE
                                   : rca_graph_entity(want->graph, node)->first;

        for (size_t r = 0; r < w->n_rows; r++) {
            if (w->from + (rca_time)(r + 1) * w->step < first)
                w->x[v * w->n_rows + r] = NAN;
        }
    }
}

static int visit_window(const struct rca_slices *want,
                        const struct rca_window *w, rca_slice_visit *visit,
                        void *arg)
{
    struct rca_slice_column *columns RCA_CLEANUP(rca_freep) =
        calloc(w->n_vars + 1, sizeof(*columns));
    rca_time times[ROWS];
    struct rca_slice slice = {.times = times, .columns = columns};

    if (!columns)
        return -ENOMEM;
    for (size_t r = ROWS_BEFORE; r < w->n_rows; r++)
        times[slice.n_times++] = w->from + (rca_time)(r + 1) * w->step;
    for (size_t v = 0; v < w->n_vars; v++) {
        const struct rca_variable *var = &w->vars[v];

        if (is_wanted(want, var->metric.name))
            columns[slice.n_columns++] = (struct rca_slice_column){
                .entity = var->entity,
                .name = var->metric.name,
                .metric = &var->metric,
                .x = w->x + v * w->n_rows + ROWS_BEFORE};
    }
    return slice.n_columns ? visit(arg, &slice) : 0;
}

/* @n_rows rows, the first one ends at @from + step */
static int read_rows(const struct rca_slices *want, rca_time from,
                     size_t n_rows, rca_slice_visit *visit, void *arg)
{
    struct rca_window *w RCA_CLEANUP(rca_window_free) = NULL;
    const struct rca_span span = {.from = from - ROWS_BEFORE * want->step,
                                  .step = want->step,
                                  .n_rows = n_rows + ROWS_BEFORE,
                                  .context = 1};
    const int r = rca_window_read_of(want->store, want->graph, &span,
                                     want->entities, want->n, &w);

    if (r)
        return r == RCA_ETOOFEW ? 0 : r;
    drop_unborn(want, w);
    return visit_window(want, w, visit, arg);
}

static int read_metrics(const struct rca_slices *want, rca_slice_visit *visit,
                        void *arg)
{
    const rca_time step = want->step;
    rca_time first, at;
    int r = find_first(want, want->from, &first);

    if (r || first == RCA_TIME_NONE)
        return r;
    for (at = first - step; !r && want->to - at >= step; at += ROWS * step) {
        rca_time rows;

        r = find_first(want, at + 1, &first);
        if (r || first == RCA_TIME_NONE)
            return r;
        at += (first - 1 - at) / step * step; /* over a gap */
        tell(want, at);
        rows = (want->to - at) / step;
        r = read_rows(want, at, (size_t)(rows < ROWS ? rows : ROWS), visit,
                      arg);
    }
    return r;
}

int rca_slices_read(const struct rca_slices *want, rca_slice_visit *visit,
                    void *arg)
{
    assert(want->raw || want->step > 0);
    return want->raw ? read_raw(want, visit, arg)
                     : read_metrics(want, visit, arg);
}

/* --- when ----------------------------------------------------------------- */

static int take_newest(void *arg, const struct rca_block *b)
{
    rca_time *newest = arg;
    const rca_time last = b->times[b->n_times - 1];

    *newest = *newest == RCA_TIME_NONE || last > *newest ? last : *newest;
    return 0;
}

int rca_slices_newest(const struct rca_slices *want, rca_time *ret_time)
{
    rca_time newest = RCA_TIME_NONE;
    const int r = rca_store_scan(want->store, want->from, want->to,
                                 want->entities, want->n, take_newest, &newest);

    if (!r)
        *ret_time = newest;
    return r;
}

_Bool rca_slices_has(const struct rca_slices *want, rca_id id, rca_time first,
                     rca_time last)
{
    if (first > want->to || last < want->from)
        return 0;
    for (size_t i = 0; want->entities && i < want->n; i++) {
        if (want->entities[i] == id)
            return 1;
    }
    return !want->entities;
}
