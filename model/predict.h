/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * predict - how well the factors of an entity say what its metrics are, given
 * their parents at the same instant: on rows that neither chose the parents
 * nor the weights. It is no forecast, and says nothing of cause and effect.
 *
 * The window is cut into five stretches; each is predicted by the factor of the
 * four others less a guard of rows beside it, since neighbouring rows are
 * alike.
 *
 * Source: C. Bergmeir, J. M. Benitez, "On the Use of Cross-Validation for Time
 * Series Predictor Evaluation", Information Sciences 191, 2012 (blocked
 * cross-validation); J. Racine, "Consistent Cross-Validatory Model-Selection
 * for Dependent Data: hv-Block Cross-Validation", Journal of Econometrics 99,
 * 2000 (the guard).
 */

#include "model/window.h"

/** Residuals that are this much like those of the row before have a memory
 * worth a word, where it is more than chance, too. */
#define RCA_PREDICT_MEMORY 0.3

/**
 * struct rca_prediction - of one variable
 * @n:    rows that were predicted
 * @r2:   1 - sum of squared errors over that around the mean of the rows
 *        learned from; below 0: worse than the mean; NAN: it does not vary, or
 *        has too few rows, or nothing that could move it
 * @lag1: autocorrelation of the errors at one row; NAN as above
 * @chance: |lag1| below this may be chance (95 %): 1.96 / sqrt(n)
 */
struct rca_prediction {
    size_t n;
    double r2, lag1, chance;
};

/**
 * rca_predict() - all variables of @entity in @w, which also holds its
 * neighbours
 * @ret: room for w->n_vars; those of other entities are left as they are
 *
 * O(variables of the entity * candidates * rows). 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_predict(const struct rca_window *w,
                               const struct rca_graph *g, rca_id entity,
                               struct rca_prediction *ret);

/** rca_predict_has_memory() - whether the residual does: intervals that count
 * rows as independent are too narrow then */
_Bool rca_predict_has_memory(const struct rca_prediction *p);

/**
 * rca_predict_read() - read the newest of [@from, @to] of @entity and its
 * neighbours, at most RCA_PREDICT_ROWS rows, and predict; what it has no row
 * of is left out
 * @ret_window: the caller frees it
 * @ret: as above; the caller frees it with free()
 *
 * Return: 0; RCA_ETOOFEW; -ENOMEM; the store's errors.
 */
#define RCA_PREDICT_ROWS 2000
RCA_MUST_CHECK int rca_predict_read(struct rca_store *store,
                                    const struct rca_graph *g, rca_id entity,
                                    const struct rca_span *span,
                                    struct rca_window **ret_window,
                                    struct rca_prediction **ret);
