/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate_effect - what a fault truly does: the same rows with and without it,
 * with the same chance, compared; and how large it must be for that.
 */

#include "datasets/simulate_stage.h"

/** struct rca_sim_story - owned
 * @x: column-major, with the faults; @without: what would have been
 * @weak: even the worst fault of the kind has not the effect that was wanted */
struct rca_sim_story {
    size_t rows;
    _Bool weak;
    double *x, *without;
};

/** rca_sim_story_tell() - run the stage; sets the sizes of its faults so that
 * the culprits' strongest metric moves by fates[].target normal standard
 * deviations and the victim's by plan.victim_effect, or at most to the worst
 * O(rows * (system + columns) + 8 times that of the incident). 0 or -ENOMEM */
RCA_MUST_CHECK int rca_sim_story_tell(struct rca_sim_stage *stage,
                                      struct rca_sim_story *ret_story);
void rca_sim_story_done(struct rca_sim_story *story);

/** rca_sim_story_effect() - of the faults on column @v: shift of the mean over
 * the incident, in standard deviations of the normal rows; 0 where there is
 * nothing to compare, at most 1000 */
double rca_sim_story_effect(const struct rca_sim_stage *stage,
                            const struct rca_sim_story *story, size_t v);

/** rca_sim_belongs() - whether column @v is of @culprit or of its members */
_Bool rca_sim_belongs(const struct rca_sim_stage *stage, size_t v,
                      uint32_t culprit);
/** rca_sim_complains() - whether column @v shows what the victim suffers */
_Bool rca_sim_complains(const struct rca_sim_stage *stage, size_t v);
