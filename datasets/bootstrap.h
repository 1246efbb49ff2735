/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * bootstrap - how far a figure of a table may be chance: percentile intervals
 * from cases drawn with replacement (B. Efron, "Bootstrap Methods: Another Look
 * at the Jackknife", Ann. Statist. 1979). The draws are seeded by a constant:
 * the same cases always give the same interval.
 */

#include "graph/base/base.h"

/* Draws of one interval: its ends then vary by about a tenth of its width. */
#define RCA_BOOTSTRAP_DRAWS 2000

/** struct rca_range - the 90 % interval; NAN where there is none */
struct rca_range {
    double low, high;
};

/** rca_bootstrap_pick() - the next index below @n (at least 1); any state will
 * do as a seed (SplitMix64: G. Steele et al., OOPSLA 2014) */
size_t rca_bootstrap_pick(uint64_t *state, size_t n);

/** rca_bootstrap_range() - the 5 % and 95 % quantiles of @draws, which it sorts;
 * draws that are NAN are left out */
struct rca_range rca_bootstrap_range(double *draws, size_t n);
