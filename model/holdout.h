/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * holdout - factors fitted without some rows, so that these rows can judge
 * them: what graph check and the figures of `rca show entity` rest on.
 *
 * A factor is made as training makes it (learn_factor.c): the ten most
 * correlated of what the influence rules allow, ridge regression within the
 * rules' limits; but parents are chosen, too, without the rows that are held
 * out, and there is an intercept. All works on scaled columns: less the median
 * and over the robust scale, cut at 8; a gap is 0.
 */

#include "model/box.h"
#include "model/relation.h"
#include "model/scene.h"

#define RCA_HOLDOUT_PARENTS 10
/* Fewer rows than this teach nothing. */
#define RCA_HOLDOUT_ROWS_MIN 20

/** struct rca_holdout - @w is borrowed, the rest is owned
 * @z:     scaled, z[v * w->n_rows + r]
 * @scale: of each variable, in its unit */
struct rca_holdout {
    const struct rca_window *w;
    struct rca_relations *relations;
    double *z, *scale;
};

/** rca_holdout_init() - @wanted: variables that factors are wanted of, or NULL:
 * of all. O(variables * rows). 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_holdout_init(struct rca_holdout *h,
                                    const struct rca_window *w,
                                    const struct rca_graph *g,
                                    const _Bool *wanted);
void rca_holdout_done(struct rca_holdout *h);

/** rca_holdout_column() - scaled values of @v */
const double *rca_holdout_column(const struct rca_holdout *h, size_t v);

/** rca_holdout_has() - whether @v has a value in @row */
_Bool rca_holdout_has(const struct rca_holdout *h, size_t v, size_t row);

/** struct rca_holdout_fit - target = mean + sum weight * (parent - parent_mean)
 * in scaled units; @n parents; @mean of the rows learned from; @rows: how many
 * these were */
struct rca_holdout_fit {
    size_t n, rows;
    uint32_t parent[RCA_HOLDOUT_PARENTS];
    double weight[RCA_HOLDOUT_PARENTS], parent_mean[RCA_HOLDOUT_PARENTS];
    double mean;
};

/**
 * rca_holdout_fit() - the factor of @target from the rows outside of @out
 * @scratch: room for a number a row
 * @ret_r: correlation with each of its candidates (rca_relations_get()), 0
 *         where one does not vary; or NULL
 *
 * O(rows * candidates). Where fewer than RCA_HOLDOUT_ROWS_MIN rows are left it
 * is the mean alone, of @rows rows.
 */
void rca_holdout_fit(const struct rca_holdout *h, uint32_t target,
                     struct rca_rows out, double *scratch, float *ret_r,
                     struct rca_holdout_fit *ret_fit);

/** rca_holdout_predict() - the scaled value of the target in @row */
double rca_holdout_predict(const struct rca_holdout *h,
                           const struct rca_holdout_fit *fit, size_t row);
