/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * comove - whether two series move together more than series of their kind do
 * by chance.
 *
 * Two series that change slowly look alike though they have nothing to do with
 * each other. So each is first reduced to what is new in each row (the residual
 * of an autoregression of its own), and what is new is compared by its normal
 * scores, so that one row far out decides nothing. Under independence the
 * correlation then has the variance 1 / n.
 *
 * Source: L. D. Haugh, "Checking the Independence of Two Covariance-Stationary
 * Time Series: A Univariate Residual Cross-Correlation Approach", JASA 71,
 * 1976; normal scores: B. L. van der Waerden, 1952; Fisher's z.
 */

#include "graph/base/base.h"

/* Order of the autoregression. */
#define RCA_COMOVE_ORDER 3
/* Fewer rows than this say nothing. */
#define RCA_COMOVE_ROWS_MIN ((size_t)30)

/** struct rca_filter - x[t] - sum a[k] x[t - 1 - k] is what is new */
struct rca_filter {
    double a[RCA_COMOVE_ORDER];
};

/** rca_filter_learn() - by Yule and Walker, of @x with mean 0; all 0 where it
 * does not vary. O(n). */
void rca_filter_learn(const double *x, size_t n, struct rca_filter *ret);

/** rca_filter_apply() - in place; the first RCA_COMOVE_ORDER values become 0 */
void rca_filter_apply(const struct rca_filter *filter, double *x, size_t n);

/** rca_normal_scores() - in place: mean 0, variance 1; ties share the mean
 * rank; all 0 where all are equal. @scratch: room for @n. O(n log n). */
void rca_normal_scores(double *x, size_t n, double *scratch);

/** struct rca_comove - correlation of two series of normal scores
 * @same:  row by row
 * @leads: the second one a row later than the first
 * @lags:  the second one a row before the first */
struct rca_comove {
    double same, leads, lags;
};
void rca_comove(const double *first, const double *second, size_t n,
                struct rca_comove *ret);

/** rca_comove_p() - chance of a correlation @r or more of @rows independent
 * rows; @sign: +1: of more, -1: of less, 0: of more in size; 1 where @rows is
 * 3 or less or @r is no number */
double rca_comove_p(double r, double rows, int sign);
