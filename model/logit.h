/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * logit - the conditional logit: weights that make the right one of several
 * alternatives the likeliest.
 *
 * Maximizes  sum_i count_i log P_i - ridge / 2 |w - prior|^2,  with P_i the
 * probability of the right alternatives of choice i, the exponentials of w'x
 * normalized to 1, subject to the signs.
 *
 * Sources: D. McFadden, "Conditional Logit Analysis of Qualitative Choice
 * Behavior", 1974; the steps are A. Beck, M. Teboulle, "A Fast Iterative
 * Shrinkage-Thresholding Algorithm", SIAM J. Imaging Sciences 2, 2009, with
 * backtracking and restarts.
 */

#include "graph/base/base.h"

#define RCA_LOGIT_MAX 32

/** struct rca_logit_choice - @n alternatives; inputs of alternative i begin
 * @stride * i bytes after @x; borrowed */
struct rca_logit_choice {
    size_t n, stride;
    const double *x;
    const _Bool *right;
    double count;
};

/** struct rca_logit - @prior, @sign (0: any; may be NULL): n_inputs each */
struct rca_logit {
    size_t n_inputs;
    const double *prior;
    const int *sign;
    double ridge; /* above 0 */
};

/** rca_logit_fit() - O(choices * alternatives * inputs * steps), steps at most
 * 2,000. Return: 0 or -ENOMEM; @ret_w: n_inputs. */
RCA_MUST_CHECK int rca_logit_fit(const struct rca_logit *logit,
                                 const struct rca_logit_choice *choices,
                                 size_t n, double *ret_w);
