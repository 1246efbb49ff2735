/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * evaluate - read cases, rank each, and only then look at the truth.
 *
 * Cases are independent of each other and are worked on by several threads;
 * what comes out is the same for any number of them, except the seconds.
 */

#include "datasets/case.h"
#include "datasets/folders.h"
#include "datasets/score.h"

/* Windows of normal rows taken from one case, at most. */
#define RCA_EVALUATE_WINDOWS 8

/**
 * struct rca_evaluate_options
 * @rank:   the method; given to rca_rank() as it is
 * @shift:  rows by which the start that methods are told is too late
 * @normal: instead of the incident, rank windows of the rows before it as if
 *          they were incidents: as long as the incident (or as half of these
 *          rows where that is shorter), not overlapping, spread over the last
 *          half of the rows, RCA_EVALUATE_WINDOWS at most; the rows before a
 *          window are its normal ones. Such outcomes have no known cause.
 * @loo:    learn the weights from the cases of all other data sets, for each
 *          data set (leave one out); the default method's only. What is learned
 *          from has its right start, whatever @shift.
 * @jobs:   threads; 0: one a processor
 * @progress: called after each case, by one thread at a time; or NULL
 */
struct rca_evaluate_options {
    struct rca_rank_options rank;
    int shift;
    _Bool normal, loo;
    unsigned jobs;
    void (*progress)(void *data, size_t done, size_t n);
    void *progress_data;
};

/** struct rca_broken - a case that could not be read */
struct rca_broken {
    int err;
    struct rca_diag diag;
};

/** struct rca_evaluation - in the order of the folders; all owned */
struct rca_evaluation {
    size_t n;
    struct rca_outcome *outcomes;
    size_t n_broken;
    struct rca_broken *broken;
};

/**
 * rca_evaluate() - broken cases are told and left out; one that is too short to
 * be ranked is a miss with an empty ranking
 *
 * Return: 0; RCA_ENOSUPPORT (the method is not there); -ENOMEM.
 */
RCA_MUST_CHECK int rca_evaluate(const struct rca_folders *folders,
                                const struct rca_evaluate_options *options,
                                struct rca_evaluation *ret_evaluation);
void rca_evaluation_done(struct rca_evaluation *evaluation);

/** rca_evaluate_service() - the service that is to be found: the truth's, or its
 * entity's as the case says; NULL if the cause is not known. Borrowed. */
const char *rca_evaluate_service(const struct rca_case *c,
                                 const struct rca_truth *truth);
