/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * box - ridge regression within limits, exactly.
 *
 * Minimizes  1/2 w'Gw - b'w + 1/2 sum_j ridge_j (w_j - prior_j)^2
 * subject to low_j <= w_j <= high_j, with an active-set method.
 *
 * Source: P. B. Stark, R. L. Parker, "Bounded-Variable Least-Squares: an
 * Algorithm and Applications", Computational Statistics 10, 1995.
 */

#include "graph/base/base.h"

#define RCA_BOX_MAX 12

/** struct rca_box - one problem of @n <= RCA_BOX_MAX weights
 * @gram: row-major, @n x RCA_BOX_MAX, symmetric, positive semi-definite
 * @moment: b
 * @ridge: above 0, so that the answer is unique
 * @low <= @high; infinite = no limit */
struct rca_box {
    size_t n;
    double gram[RCA_BOX_MAX][RCA_BOX_MAX];
    double moment[RCA_BOX_MAX];
    double ridge[RCA_BOX_MAX], prior[RCA_BOX_MAX];
    double low[RCA_BOX_MAX], high[RCA_BOX_MAX];
};

/**
 * rca_box_solve() - @w: in: where to start (any finite numbers, as a warm
 * start); out: the minimum
 *
 * O(n^3) for each weight that changes between limit and interior; no memory.
 */
void rca_box_solve(const struct rca_box *box, double w[RCA_BOX_MAX]);
