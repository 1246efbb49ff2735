/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * model - what was learned from a window: for each variable its robust centre
 * and scale, and a linear-Gaussian factor x_i = b_i + sum w_ij x_j + e_i over
 * metrics of its own entity and of its neighbours, as graph/influence.h
 * allows; with the sufficient statistics (Gram matrices by blocks of time)
 * that let an explanation leave out and add rows and fit again.
 *
 * Source: V. Harsh et al., "Murphy: Performance Diagnosis of Distributed Cloud
 * Applications", SIGCOMM 2023 (factors over an entity graph with cycles); the
 * choices that differ are in docs/DECISIONS.md.
 */

#include "model/window.h"

struct rca_model;

/**
 * rca_model_train() - learn from [@from, @to]
 * @step: 0: the store's interval
 *
 * Return: 0; RCA_ETOOFEW below 20 rows; -ENOMEM; the store's errors.
 */
RCA_MUST_CHECK int rca_model_train(struct rca_store *store, rca_time from,
                                   rca_time to, rca_time step,
                                   struct rca_model **ret_model);
void rca_model_free(struct rca_model **model);

/** struct rca_model_info - what `train` and `status` print */
struct rca_model_info {
    rca_time from, to, step;
    size_t rows, variables, entities, factors;
};
void rca_model_info(const struct rca_model *model,
                    struct rca_model_info *ret_info);

/** rca_model_encode()/decode() - to and from bytes (versioned, checked; a
 * damaged or foreign blob is RCA_ECORRUPT, never a crash) */
RCA_MUST_CHECK int rca_model_encode(const struct rca_model *model,
                                    void **ret_data, size_t *ret_size);
RCA_MUST_CHECK int rca_model_decode(const void *data, size_t size,
                                    struct rca_model **ret_model);

/** struct rca_factor_view - for `rca show`: one variable and what moves it;
 * strings borrowed from the model; parents by size of scaled weight */
struct rca_factor_view {
    rca_id entity;
    const char *metric;
    double centre, scale, residual_scale;
    size_t n_parents;
    struct {
        rca_id entity;
        const char *metric;
        double weight; /* units of the effect per unit of the cause */
    } parents[10];
};
size_t rca_model_variables(const struct rca_model *model);
void rca_model_view(const struct rca_model *model, size_t variable,
                    struct rca_factor_view *ret_view);
