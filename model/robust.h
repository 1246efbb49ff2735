/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * robust - centre, scale and strength of one series: statistics that a few
 * outliers, a constant column or a gap do not ruin.
 *
 * NaN marks a gap and is left out everywhere. Nothing allocates.
 *
 * Scale: the largest of IQR / 1.349, 1.483 MAD, sd / 4, 2 % of the centre and
 * the metric's resolution (1.349 and 1.483 make them sd under normal noise:
 * P. J. Huber, E. M. Ronchetti, "Robust Statistics", 2009, section 5.1).
 */

#include "graph/metric.h"

/** struct rca_spread - @constant: all values of the sample are equal; @n values
 * that are not NaN; centre NAN when n = 0 */
struct rca_spread {
    double centre, scale;
    size_t n;
    _Bool constant;
};

/** rca_robust_pack() - copy the values of @x that are not NaN to @out; returns
 * their number */
size_t rca_robust_pack(const double *x, size_t n, double *out);

/** rca_robust_quantile() - quantile @q of @x[0..n), by linear interpolation
 * between order statistics (Hyndman and Fan's type 7); reorders @x; NAN when
 * n = 0; O(n) expected */
double rca_robust_quantile(double *x, size_t n, double q);

/** rca_robust_spread() - @resolution: the scale's floor, above 0;
 * @scratch: room for @n */
struct rca_spread rca_robust_spread(const double *x, size_t n,
                                    double resolution, double *scratch);

/**
 * rca_robust_deviation() - mean of the upper half of |x - centre| / scale
 * @direction: 0: both; +1: only up counts; -1: only down
 *
 * "Sustained": half of the stretch must deviate. A constant metric that moves
 * counts as RCA_ROBUST_MOVED. Return: NAN when all is missing.
 */
#define RCA_ROBUST_MOVED 5.0
double rca_robust_deviation(const double *x, size_t n,
                            const struct rca_spread *spread, int direction,
                            double *scratch);

/**
 * rca_robust_null() - quantile @q of the deviation of earlier windows of
 * @length rows, overlapping, within @x[0..n): what is usual for this metric;
 * drawn towards @prior where there are few windows, never below 1
 * @scratch: room for @n + @length
 */
double rca_robust_null(const double *x, size_t n, size_t length,
                       const struct rca_spread *spread, double q,
                       double *scratch);

/** rca_robust_shrink() - what rca_robust_null() makes of the @n deviations
 * @seen (reordered), which are worth @independent windows */
double rca_robust_shrink(double *seen, size_t n, double independent, double q);

/** rca_robust_mean() - mean of what is not NaN; NAN when nothing is;
 * @ret_n (may be NULL): how many */
double rca_robust_mean(const double *x, size_t n, size_t *ret_n);
