/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * learned - what is inside a model; for model.c and encode.c only.
 */

#include "model/arena.h"
#include "model/model.h"

#define RCA_LEARNED_PARENTS 10

/** struct rca_learned - one variable
 * @parent, @weight: @n_parents of them, largest scaled weight first; weight in
 *         units of the variable per unit of the parent
 * @residual_scale: of what the parents leave, in the variable's unit */
struct rca_learned {
    rca_id entity;
    const char *metric; /* in the model's strings */
    double centre, scale, residual_scale;
    uint32_t n_parents;
    uint32_t parent[RCA_LEARNED_PARENTS];
    double weight[RCA_LEARNED_PARENTS];
};

struct rca_model {
    rca_time from, to, step;
    size_t rows, n_vars, n_entities, n_factors;
    struct rca_learned *vars; /* owned */
    struct rca_arena strings;
};

/** rca_model_learn() - from a window in memory; as rca_model_train() */
RCA_MUST_CHECK int rca_model_learn(const struct rca_window *w,
                                   const struct rca_graph *g,
                                   struct rca_model **ret_model);
