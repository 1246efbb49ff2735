/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * habit - what is usual of one series in windows of any length: learned once
 * from a long stretch, so that nobody has to read that stretch again.
 *
 * The two statistics are those that an explanation needs: rca_robust_null() and
 * the shift of a window's mean. They are kept for windows of 4, 8, ... 256
 * rows; between these the logarithm of the length is interpolated, beyond
 * them the nearest holds. Of a long stretch some dozens of windows are looked
 * at, evenly spread; that is an error of a few per cent of the statistic.
 */

#include "model/robust.h"

#define RCA_HABIT_LENGTHS 7

/** struct rca_habit - for windows of 4 << k rows
 * @usual: 90 % quantile of the sustained deviation, 1 or more
 * @shift: 95 % quantile of |mean - centre|, in the series' unit */
struct rca_habit {
    float usual[RCA_HABIT_LENGTHS], shift[RCA_HABIT_LENGTHS];
};

/** rca_habit_learn() - from @x[0..n) with the spread that it has
 * @scratch: room for 2 * @n + 1
 *
 * O(1) for large n: at most 10,000 values are looked at. */
struct rca_habit rca_habit_learn(const double *x, size_t n,
                                 const struct rca_spread *spread,
                                 double *scratch);

/** rca_habit_usual(), rca_habit_shift() - for windows of @length rows */
double rca_habit_usual(const struct rca_habit *h, size_t length);
double rca_habit_shift(const struct rca_habit *h, size_t length);
