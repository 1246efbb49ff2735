/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/predict.h"

#include <errno.h>
#include <math.h>

#include "model/holdout.h"

#define STRETCHES 5
/* Rows on each side of a stretch that are not learned from, where there are
 * enough; 1 in 20 else. */
#define GUARD 10

static struct rca_rows stretch_of(const struct rca_window *w, size_t k)
{
    return (struct rca_rows){w->n_rows * k / STRETCHES,
                             w->n_rows * (k + 1) / STRETCHES};
}

static struct rca_rows with_guard(const struct rca_window *w,
                                  struct rca_rows rows)
{
    const size_t guard = w->n_rows / 20 < GUARD ? w->n_rows / 20 : GUARD;

    rows.from = rows.from > guard ? rows.from - guard : 0;
    rows.to = rows.to + guard < w->n_rows ? rows.to + guard : w->n_rows;
    return rows;
}

/* errors of the rows held out, NAN where the target has a gap; @ret_square: sum
 * around the mean of what was learned from; false: nothing to go by */
static _Bool hold_out(const struct rca_holdout *h, uint32_t v, double *scratch,
                      double *error, double *ret_square)
{
    *ret_square = 0;
    for (size_t k = 0; k < STRETCHES; k++) {
        const struct rca_rows rows = stretch_of(h->w, k);
        const double *z = rca_holdout_column(h, v);
        struct rca_holdout_fit fit;

        rca_holdout_fit(h, v, with_guard(h->w, rows), scratch, NULL, &fit);
        if (fit.rows < RCA_HOLDOUT_ROWS_MIN)
            return 0;
        for (size_t r = rows.from; r < rows.to; r++) {
            error[r] = NAN;
            if (!rca_holdout_has(h, v, r))
                continue;
            error[r] = z[r] - rca_holdout_predict(h, &fit, r);
            *ret_square += (z[r] - fit.mean) * (z[r] - fit.mean);
        }
    }
    return 1;
}

/* of neighbouring rows that are both known */
static double autocorrelation(const double *x, size_t n)
{
    double sum = 0, square = 0, product = 0, pairs = 0, known = 0, mean;

    for (size_t r = 0; r < n; r++) {
        sum += isnan(x[r]) ? 0 : x[r];
        known += !isnan(x[r]);
    }
    mean = sum / known;
    for (size_t r = 0; r < n; r++) {
        if (isnan(x[r]))
            continue;
        square += (x[r] - mean) * (x[r] - mean);
        if (r == 0 || isnan(x[r - 1]))
            continue;
        product += (x[r] - mean) * (x[r - 1] - mean);
        pairs++;
    }
    return square > 0 && pairs > 0 ? product / pairs / (square / known) : NAN;
}

static void predict(const struct rca_holdout *h, uint32_t v, double *scratch,
                    struct rca_prediction *ret)
{
    const size_t n_rows = h->w->n_rows;
    double *error = scratch + n_rows;
    double square, left = 0;
    size_t candidates;

    *ret = (struct rca_prediction){.r2 = NAN, .lag1 = NAN, .chance = NAN};
    (void)rca_relations_get(h->relations, v, &candidates);
    if (!hold_out(h, v, scratch, error, &square) || !(square > 0))
        return;
    for (size_t r = 0; r < n_rows; r++) {
        left += isnan(error[r]) ? 0 : error[r] * error[r];
        ret->n += isnan(error[r]) ? 0 : 1;
    }
    ret->chance = 1.96 / sqrt((double)ret->n);
    ret->lag1 = autocorrelation(error, n_rows);
    if (candidates)
        ret->r2 = 1 - left / square;
}

int rca_predict(const struct rca_window *w, const struct rca_graph *g,
                rca_id entity, struct rca_prediction *ret)
{
    struct rca_holdout h RCA_CLEANUP(rca_holdout_done) = {0};
    double *scratch RCA_CLEANUP(rca_freep) =
        malloc((2 * w->n_rows + 1) * sizeof(*scratch));
    _Bool *wanted RCA_CLEANUP(rca_freep) =
        calloc(w->n_vars + 1, sizeof(*wanted));
    int err;

    if (!scratch || !wanted)
        return -ENOMEM;
    for (size_t v = 0; v < w->n_vars; v++)
        wanted[v] = w->vars[v].entity == entity;
    err = rca_holdout_init(&h, w, g, wanted);
    if (err)
        return err;
    for (uint32_t v = 0; v < w->n_vars; v++) {
        if (wanted[v])
            predict(&h, v, scratch, &ret[v]);
    }
    return 0;
}

_Bool rca_predict_has_memory(const struct rca_prediction *p)
{
    return p->lag1 > RCA_PREDICT_MEMORY && p->lag1 > p->chance;
}

/* --- from a store --------------------------------------------------------- */

/* @entity and all that the rules look at: its neighbours, and theirs where
 * these are calls or rules; 0 or -errno */
static int list_around(const struct rca_graph *g, rca_id entity, rca_id **ret,
                       size_t *ret_n)
{
    const size_t size = rca_graph_size(g);
    const uint32_t node = rca_graph_node(g, entity);
    uint32_t *nodes RCA_CLEANUP(rca_freep) =
        malloc((size + 1) * sizeof(*nodes));
    rca_id *ids RCA_CLEANUP(rca_freep) = malloc((size + 1) * sizeof(*ids));
    int n;

    if (!nodes || !ids)
        return -ENOMEM;
    if (node == UINT32_MAX)
        return RCA_ETOOFEW;
    n = rca_graph_walk(g, node, 1, size, nodes, NULL);
    if (n < 0)
        return n;
    for (int i = 0; i < n; i++)
        ids[i] = rca_graph_entity(g, nodes[i])->id;
    *ret = RCA_TAKE(ids);
    *ret_n = (size_t)n;
    return 0;
}

int rca_predict_read(struct rca_store *store, const struct rca_graph *g,
                     rca_id entity, const struct rca_span *span,
                     struct rca_window **ret_window,
                     struct rca_prediction **ret)
{
    struct rca_window *w RCA_CLEANUP(rca_window_free) = NULL;
    struct rca_prediction *p RCA_CLEANUP(rca_freep) = NULL;
    rca_id *ids RCA_CLEANUP(rca_freep) = NULL;
    struct rca_span newest = *span;
    size_t n = 0;
    int err = list_around(g, entity, &ids, &n);

    if (newest.n_rows > RCA_PREDICT_ROWS) {
        newest.from +=
            (rca_time)(newest.n_rows - RCA_PREDICT_ROWS) * newest.step;
        newest.n_rows = RCA_PREDICT_ROWS;
    }
    if (!err)
        err = rca_window_read_of(store, g, &newest, ids, n, &w);
    if (err)
        return err;
    p = calloc(w->n_vars + 1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    err = rca_predict(w, g, entity, p);
    if (err)
        return err;
    *ret_window = RCA_TAKE(w);
    *ret = RCA_TAKE(p);
    return 0;
}
