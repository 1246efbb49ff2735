/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * tail - how likely a value is, given values of the same kind: by counting as
 * far as these reach, and beyond them by an exponential tail.
 *
 * With k of m values above the next one, u, the chance that another one is
 * above u is (k + 1) / (m + 1); given that, where the excesses over u are
 * exponential (the tail of every distribution whose maxima are Gumbel's:
 * J. Pickands, "Statistical inference using extreme order statistics", Annals
 * of Statistics 3, 1975) and S is the sum of the k excesses, the chance that
 * its own is above x is (1 + x / S)^-k: an F distribution with 2 and 2k degrees
 * of freedom. That counts how little k values tell of the tail. It is exact
 * for independent values; it is too small where the tail is heavier.
 */

#include "graph/base/base.h"

/* Fewer values tell nothing of a tail. */
#define RCA_TAIL_MIN 6

/**
 * rca_tail_p() - chance of a value of @t or above
 * @x:     @n values, none NaN; reordered
 * @floor: the least mean excess that is believed, above 0: values that are
 *         all equal have a tail, too
 *
 * O(n log n). Return: 0 < p <= 1; NAN below RCA_TAIL_MIN values.
 */
double rca_tail_p(double *x, size_t n, double t, double floor);
