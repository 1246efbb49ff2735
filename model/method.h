/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * method - the ranking methods behind rca_rank(), one file each. Contract of
 * all: as rca_rank(); entities in any order, each once; share and confidence
 * NAN where the method has none; probes are never listed; rca_rank() sorts.
 */

#include "model/attribution.h"
#include "model/rank.h"

typedef int rca_method_rank(const struct rca_incident *incident,
                            const struct rca_rank_options *options,
                            struct rca_ranking *ranking);

rca_method_rank rca_attribution_rank, rca_murphy_rank, rca_baro_rank,
    rca_nsigma_rank, rca_circa_rank;

/**
 * rca_suspects_judge() - order the culprits of @a by all the evidence, not by
 * their share alone, and say how sure the first is
 *
 * Only entities with a share in the symptom's change are culprits: the others
 * have no path to it. 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_suspects_judge(struct rca_attribution *a,
                                      const struct rca_incident *incident,
                                      const struct rca_rank_options *options);
