/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * regress - plain regression of one column on the few of many candidates that
 * are most correlated with it: what the published methods (circa.c, murphy.c)
 * fit. No rules, no limits, no blocks: the default method's factors are in
 * scene.h.
 *
 * All work on standardized columns: less the mean and over the standard
 * deviation of the training rows. A gap counts as the mean (0).
 */

#include "model/baseline.h"

#define RCA_REGRESS_PARENTS 10

/**
 * struct rca_regress - the rows before the incident, then the incident's own
 * @n_train: rows that mean, deviation and regressions come from: the first
 * @z:       column-major, z[v * n_rows + r]; owned
 * @usual:   of each column; @dead: it has no spread, or is missing; owned
 */
struct rca_regress {
    size_t n_vars, n_rows, n_train, n_before;
    double *z;
    struct rca_usual *usual;
    _Bool *dead;
};

/** rca_regress_init() - @whole: train on the incident's rows too
 * O(rows * variables). 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_regress_init(struct rca_regress *t,
                                    const struct rca_incident *incident,
                                    _Bool whole);
void rca_regress_done(struct rca_regress *t);

/** rca_regress_column() - standardized values of @v, n_rows of them */
const double *rca_regress_column(const struct rca_regress *t, size_t v);

/** struct rca_regression - target = sum weight * parent + N(0, sd^2), all in
 * standardized units; parents strongest first */
struct rca_regression {
    size_t n;
    uint32_t parent[RCA_REGRESS_PARENTS];
    double weight[RCA_REGRESS_PARENTS];
    double sd;
};

/**
 * rca_regress_fit() - ridge regression on the best of the @n @candidates
 * @candidates: variables; the target itself and dead columns are passed over;
 *              ties of correlation go to the lower number
 * @ridge:      above 0, a part of the training rows
 *
 * O(candidates * rows).
 */
void rca_regress_fit(const struct rca_regress *t, uint32_t target,
                     const uint32_t *candidates, size_t n, double ridge,
                     struct rca_regression *ret);

/** rca_regress_predict() - the target's standardized value at @row */
double rca_regress_predict(const struct rca_regression *f,
                           const struct rca_regress *t, size_t row);
