/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "model/arena.h"
#include "model/window.h"

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

int rca_window_sort(struct rca_window *w)
{
    return is_sorted(w) ? 0 : sort_columns(w);
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

size_t rca_window_first(const struct rca_window *w, rca_id entity)
{
    size_t lo = 0, hi = w->n_vars;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (w->vars[mid].entity < entity)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
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
