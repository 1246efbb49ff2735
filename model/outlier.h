/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * outlier - in which stretches a series is out of what is usual for it, and how
 * likely that is by chance.
 *
 * A stretch is as far out as the least deviation of two fifths of its rows, in
 * scales, on the side that counts: single rows that are far out do not. Its
 * p-value is the larger of two, so that each may be wrong on its own:
 * - by what is usual of windows of that length in the whole training window:
 *   with u a high quantile of the shift of their means, P(T > t) = 0.1^(t / u),
 *   an exponential tail. It errs on the safe side for what has lighter tails;
 * - by the stretches of the training rows that are at hand, each compared in
 *   the same way (model/tail.h): exact for exponential tails of independent
 *   stretches, and follows heavier ones as far as rows have shown them.
 * Stretches that belong to the same run as the one that is judged are not its
 * past: a run counts as one event (declustering by runs: R. L. Smith, I.
 * Weissman, "Estimating the extremal index", J. Royal Statistical Society B 56,
 * 1994).
 *
 * Works on memory alone, allocates nothing. NaN marks a gap.
 */

#include "model/robust.h"

/* A stretch is out from so many usual shifts on. */
#define RCA_OUTLIER_OUT 1.5

/** struct rca_outlier_grid - @n stretches of @length rows, from row @first on,
 * are judged; stretches before and after these only tell how long a run is */
struct rca_outlier_grid {
    size_t first, length, n;
};

/**
 * struct rca_outlier_series - all borrowed
 * @x:      @n rows that hold the grid
 * @usual:  90 % quantile (or more) of the shifts of the means of windows of
 *          that length, in scales, above 0
 * @direction: 0: both sides count; +1: only up; -1: only down
 * @past:   @n_past training rows; past[r] is the time of x[r + offset]. NULL:
 *          not to be had, what is usual must do; of fewer than RCA_TAIL_MIN
 *          stretches, nothing is unlikely
 */
struct rca_outlier_series {
    const double *x, *past;
    size_t n, n_past;
    long offset;
    struct rca_spread spread;
    double usual;
    int direction;
};

/** rca_outlier_screen() - the p-value without the training rows: never above
 * that of rca_outlier_test(). NAN: no stretch has enough data.
 * @scratch: room for the grid's length; O(rows of the grid) */
double rca_outlier_screen(const struct rca_outlier_series *s,
                          const struct rca_outlier_grid *grid, double *scratch);

/** rca_outlier_test() - the smallest p-value of the stretches times their
 * number (C. E. Bonferroni), at most 1; NAN as above
 * @scratch: room for n + n_past + length; O(n + n_past log n_past) for each
 *           stretch that the screen leaves under 1 */
double rca_outlier_test(const struct rca_outlier_series *s,
                        const struct rca_outlier_grid *grid, double *scratch);

/** struct rca_outlier_run - rows [from, to) are out
 * @onset: row from which it stays out
 * @strength: of its strongest judged stretch, in usual shifts
 * @p: the smallest of it, times the stretches judged */
struct rca_outlier_run {
    size_t from, to, onset;
    double strength, p;
};

/** rca_outlier_next() - the next run that holds a judged stretch with a p-value
 * (times their number) of at most @limit, that begins at or after row @after;
 * as rca_outlier_test(). Return: whether there is one. */
_Bool rca_outlier_next(const struct rca_outlier_series *s,
                       const struct rca_outlier_grid *grid, double limit,
                       size_t after, double *scratch,
                       struct rca_outlier_run *ret_run);
