/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * path - the strongest way from each variable to the symptom: the one with
 * the largest product of the edges' shares.
 */

#include "model/attribution.h"

/** struct rca_paths - all owned; by index of the attribution
 * @next: the variable that follows on the way to the symptom; SIZE_MAX for
 *        the symptom itself and where there is no way
 * @flow: share of that step */
struct rca_paths {
    size_t n;
    size_t *next;
    double *flow;
};

/** rca_paths_new() - by Dijkstra's algorithm, O(variables^2); 0 or -ENOMEM */
RCA_MUST_CHECK int rca_paths_new(const struct rca_attribution *a,
                                 struct rca_paths **ret_paths);
void rca_paths_free(struct rca_paths **paths);
