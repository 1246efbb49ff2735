/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * model - what was learned from a window: for each variable its robust centre
 * and scale, and a linear-Gaussian factor x_i = b_i + sum w_ij x_j + e_i over
 * metrics of its own entity and of its neighbours, as graph/influence.h
 * allows; and what is usual of each, so that an
 * explanation of a later incident need not read the window again (past.h).
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
/** struct rca_training_times - where the time went, in seconds; what is learned
 * of single metrics runs beside the reading and counts as reading */
struct rca_training_times {
    double read_s, learn_s;
};

/** rca_progress - @part of the work is done, 0..1; called from any thread, one
 * at a time */
typedef void rca_progress(void *arg, double part);

/**
 * struct rca_training - how to train
 * @step:     0: the store's interval
 * @jobs:     threads; 0: as many as there are processors. The model is the
 *            same to the bit for any number.
 * @progress: called now and then with @arg; or NULL
 */
struct rca_training {
    rca_time from, to, step;
    unsigned jobs;
    rca_progress *progress;
    void *arg;
    struct rca_training_times *ret_times; /* or NULL */
};

/** rca_model_train_as() - rca_model_train() with all that can be said; same
 * returns. Memory: 4 bytes a value, and 40 bytes a relation. */
RCA_MUST_CHECK int rca_model_train_as(struct rca_store *store,
                                      const struct rca_training *how,
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
 * damaged or foreign blob is RCA_ECORRUPT, never a crash; one of another version
 * of the program RCA_ESCHEMA: train again) */
RCA_MUST_CHECK int rca_model_encode(const struct rca_model *model,
                                    void **ret_data, size_t *ret_size);
RCA_MUST_CHECK int rca_model_decode(const void *data, size_t size,
                                    struct rca_model **ret_model);

/** struct rca_factor_view - for `rca show`: one variable and what moves it;
 * strings borrowed from the model; parents by size of scaled weight
 * @low, @high: what is usual: nine in ten windows of four rows stayed within
 *              (model/habit.h); not below 0 where the centre is not; NAN: the
 *              metric had no values
 * @constant:   it never moved: @low and @high are its value */
struct rca_factor_view {
    rca_id entity;
    const char *metric;
    double centre, scale, residual_scale;
    double low, high;
    _Bool constant;
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
