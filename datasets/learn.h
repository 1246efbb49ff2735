/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * learn - what labelled cases teach about the weights of the default method,
 * all of them or all but one data set.
 *
 * The evidence of a case is gathered before its truth is read, as in ranking.
 * Guilty is every suspect of the true service. A case whose root cause is null
 * teaches that nobody was guilty; one that is broken or too short teaches
 * nothing.
 */

#include "datasets/evaluate.h"
#include "datasets/pool.h"
#include "model/weights.h"

/** struct rca_taught - of one folder; all owned
 * @dataset:  NULL where the case could not be read
 * @evidence: NULL where there is no lesson
 * @guilty:   by suspect
 * @broken:   err is 0 if it is not */
struct rca_taught {
    char *dataset;
    struct rca_evidence *evidence;
    _Bool *guilty;
    _Bool simulated;
    struct rca_broken broken;
};

/** struct rca_lessons - one a folder, in order; owned */
struct rca_lessons {
    size_t n;
    struct rca_taught *list;
};

/**
 * rca_learn_gather() - read the cases of @folders and gather their evidence
 * @pool: threads and progress; its n is not heeded
 * @seed: of what is drawn
 *
 * Return: 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_learn_gather(const struct rca_folders *folders,
                                    const struct rca_pool *pool, uint64_t seed,
                                    struct rca_lessons *ret_lessons);
void rca_lessons_done(struct rca_lessons *lessons);

/**
 * rca_learn_fit() - the weights that the lessons teach; a data set counts as
 * the root of its number of lessons, a simulated lesson a fifth of a real one
 * @without: leave this data set out; NULL: none
 *
 * Returns as rca_weights_fit().
 */
RCA_MUST_CHECK int rca_learn_fit(const struct rca_lessons *lessons,
                                 const char *without,
                                 struct rca_weights *ret_weights);
