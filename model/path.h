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
 * @flow: share of that step
 * @scratch: 2 * n, for rca_path_total() */
struct rca_paths {
    size_t n;
    size_t *next;
    double *flow;
    double *scratch;
};

/** rca_paths_new() - by Dijkstra's algorithm, O(variables^2); 0 or -ENOMEM */
RCA_MUST_CHECK int rca_paths_new(const struct rca_attribution *a,
                                 struct rca_paths **ret_paths);

/**
 * rca_path_total() - share of the shift of variable @to that comes from entity
 * @from over all ways, whatever they lead over: what would vanish had all its
 * variables been as usual, 0..1
 * @scratch: room for 2 * a->n
 *
 * The effect of an intervention in a linear system: what moves @from itself is
 * cut off (J. Pearl, "Causality", 2nd edition 2009, section 3.2). By power
 * iteration, which converges as the weights' spectral radius is below 1.
 * O(edges * steps).
 */
double rca_path_total(const struct rca_attribution *a, rca_id from, size_t to,
                      double *scratch);
void rca_paths_free(struct rca_paths **paths);
