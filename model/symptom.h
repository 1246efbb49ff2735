/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * symptom - what is wrong, and since when.
 */

#include "model/scene.h"

/** struct rca_target - which variables may be the symptom
 * @entity: RCA_ID_NONE: any service, client or call
 * @metric: or NULL */
struct rca_target {
    rca_id entity;
    const char *metric;
};

/** rca_symptom_find_rows() - the incident where nobody said when it was: from
 * the change point of the symptom in the last @last rows to the end
 *
 * The change point is where two means differ most, in robust scales (A. Sen,
 * M. S. Srivastava, "On tests for detecting change in mean", Annals of
 * Statistics 3, 1975). Return: 0; RCA_EUNKNOWN (no such variable);
 * RCA_ETOOFEW; -ENOMEM. */
RCA_MUST_CHECK int rca_symptom_find_rows(const struct rca_window *w,
                                         const struct rca_graph *g,
                                         const struct rca_target *target,
                                         size_t last, struct rca_rows *ret);

/** rca_symptom_rows_at() - the abnormal stretch that holds @row, else
 * RCA_ETOOFEW; other returns as above */
RCA_MUST_CHECK int rca_symptom_rows_at(const struct rca_window *w,
                                       const struct rca_graph *g,
                                       const struct rca_target *target,
                                       size_t row, struct rca_rows *ret);

/** rca_symptom_choose() - the most abnormal variable in its bad direction;
 * a mean latency where it is nearly as abnormal as the best, since means add
 * up. Return: 0 or RCA_EUNKNOWN, RCA_ETOOFEW (no data in the incident). */
RCA_MUST_CHECK int rca_symptom_choose(const struct rca_scene *scene,
                                      const struct rca_target *target,
                                      uint32_t *ret_variable);

/** rca_symptom_is_normal() - whether @variable is within what it often was:
 * the 99 % quantile of its own past */
RCA_MUST_CHECK int rca_symptom_is_normal(const struct rca_scene *scene,
                                         uint32_t variable, _Bool *ret_normal);

/** rca_symptom_onset() - row from which the variable stays beyond 3 scales for
 * most of the following rows, searched from a little before the incident;
 * n_rows if there is none */
size_t rca_symptom_onset(const struct rca_scene *scene, uint32_t variable);
