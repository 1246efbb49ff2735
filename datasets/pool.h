/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * pool - the same work on each of n things, by several threads
 * (model/parallel.h), with word of how far it is. BLAS is held to one thread.
 */

#include "graph/base/base.h"

/**
 * struct rca_pool
 * @n:        things, numbered from 0
 * @jobs:     threads; 0: one for each processor
 * @progress: called after each thing that did not fail, by one thread at a
 *            time; or NULL
 */
struct rca_pool {
    size_t n;
    unsigned jobs;
    void (*progress)(void *data, size_t done, size_t n);
    void *progress_data;
};

/**
 * rca_pool_run() - call @work for each thing
 * @work: may touch what belongs to thing @i only; 0 or a negative error, after
 *        which no further thing is begun
 *
 * Return: 0, or what the first failing call returned.
 */
RCA_MUST_CHECK int rca_pool_run(const struct rca_pool *pool,
                                int (*work)(void *data, size_t i), void *data);
