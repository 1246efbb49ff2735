/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * learned - what is inside a model, and how it is learned; for model.c,
 * learn.c and encode.c only.
 *
 * Learning takes the metrics in any number of portions and keeps them as
 * scaled single-precision numbers (4 bytes a value): it never needs the whole
 * window as doubles. All sums over rows are matrix products of BLAS, by blocks
 * of time: single precision within a block, double over the blocks. That is
 * 1e-6 of a correlation, where chance is 1e-2.
 */

#include "model/arena.h"
#include "model/model.h"
#include "model/past.h"

#define RCA_LEARNED_PARENTS 10

/** struct rca_learned - one variable
 * @parent, @weight: @n_parents of them, largest scaled weight first; weight in
 *         units of the variable per unit of the parent
 * @residual_scale: of what the parents leave, in the variable's unit
 * @known: for explanations; its parents are variables of the model */
struct rca_learned {
    rca_id entity;
    const char *metric; /* in the model's strings */
    double centre, scale, residual_scale;
    uint32_t n_parents;
    uint32_t parent[RCA_LEARNED_PARENTS];
    double weight[RCA_LEARNED_PARENTS];
    struct rca_known known;
};

struct rca_model {
    rca_time from, to, step;
    size_t rows, n_vars, n_entities, n_factors;
    struct rca_learned *vars; /* owned */
    struct rca_arena strings;
};

struct rca_learner;

/**
 * rca_learner_new() - begin to learn from @n_rows rows of @step after @from
 * @jobs: threads, at least 1; the model is the same to the bit for any number
 *
 * Return: 0; RCA_ETOOFEW below 20 rows; -ENOMEM.
 */
RCA_MUST_CHECK int rca_learner_new(const struct rca_span *span, unsigned jobs,
                                   struct rca_learner **ret_learner);
void rca_learner_free(struct rca_learner **learner);

/** rca_learner_add() - all metrics of some entities; their ids above all that
 * came before. Copies what it needs: 4 bytes a value. 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_learner_add(struct rca_learner *learner,
                                   const struct rca_window *w);

/** rca_learner_finish() - the factors; once, after the last portion
 * @progress: called with @arg and the part that is done, 0..1; or NULL
 *
 * O(rows * relations). 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_learner_finish(struct rca_learner *learner,
                                      const struct rca_graph *g,
                                      rca_progress *progress, void *arg,
                                      struct rca_model **ret_model);

/** rca_model_past() - what @model knows of the variables of @w. O(variables).
 * 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_model_past(const struct rca_model *model,
                                  const struct rca_window *w,
                                  struct rca_past **ret_past);

/** rca_model_learn() - from a window in memory; returns of the above */
RCA_MUST_CHECK int rca_model_learn(const struct rca_window *w,
                                   const struct rca_graph *g, unsigned jobs,
                                   struct rca_model **ret_model);
