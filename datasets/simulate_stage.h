/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate_stage - a drawn system with its faults, ready to run: once as it
 * would have been, and again from any row on with the faults.
 */

#include "datasets/simulate_fault.h"
#include "datasets/simulate_net.h"
#include "datasets/simulate_observe.h"

#define RCA_SIM_HERRINGS 48
#define RCA_SIM_BLOWS 2

/** struct rca_sim_fate - one fault in either kind of world */
struct rca_sim_fate {
    struct rca_sim_blow blow;
    struct rca_sim_cut cut;
    uint32_t culprit; /* entity; UINT32_MAX: none */
    double target; /* effect wanted on it */
};

/**
 * struct rca_sim_stage - plain data but for what is marked as owned
 * @world, @net: as they are before the first row; which of them counts says
 *              plan.o.style
 * @fates:      @n_fates of them, the first the main one
 * @victim:     entity, or UINT32_MAX */
struct rca_sim_stage {
    struct rca_sim_plan plan;
    struct rca_sim_world world;
    struct rca_sim_net net;
    struct rca_sim_fate fates[RCA_SIM_BLOWS];
    size_t n_fates;
    struct rca_sim_herring herrings[RCA_SIM_HERRINGS];
    size_t n_herrings;
    struct rca_sim_entity *entities; /* owned */
    size_t n_entities;
    struct rca_sim_edge *edges; /* owned */
    size_t n_edges, cap_edges;
    struct rca_sim_columns columns; /* owned */
    uint32_t victim;
    uint64_t seed; /* of the noise that metrics of an entity share */
};

/** rca_sim_stage_make() - draw everything that @plan leaves to chance
 * Return: 0; -EINVAL if there is no place for the fault; -ENOMEM. */
RCA_MUST_CHECK int rca_sim_stage_make(const struct rca_sim_plan *plan,
                                      struct rca_sim_random *r,
                                      struct rca_sim_stage *ret_stage);
void rca_sim_stage_done(struct rca_sim_stage *stage);

/** rca_sim_stage_edges() - what is known of the edges, in place of the truth
 * (enum rca_sim_graph); 0 or -ENOMEM */
RCA_MUST_CHECK int rca_sim_stage_edges(struct rca_sim_stage *stage,
                                       struct rca_sim_random *r);

/**
 * struct rca_sim_run - what is run, and what becomes of it
 * @world, @net: state before row @from
 * @faults:  with them
 * @wanted:  by column, whether it is to be computed; NULL: all that is measured,
 *           and what is not if @from is 0
 * @x:       column-major, rows of the whole case; only rows from @from are set
 */
struct rca_sim_run {
    struct rca_sim_world world;
    struct rca_sim_net net;
    size_t from, to;
    _Bool faults;
    const _Bool *wanted;
    double *x;
};

/** rca_sim_stage_start() - before row 0, after some rows to settle */
RCA_MUST_CHECK int rca_sim_stage_start(const struct rca_sim_stage *stage,
                                       struct rca_sim_run *run);
/** rca_sim_stage_run() - rows run->from to run->to; the state moves on.
 * O(rows * (system + columns)). 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_sim_stage_run(struct rca_sim_stage *stage,
                                     struct rca_sim_run *run);
