/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * parallel - the same work on many things, on several threads.
 *
 * Each thing is worked on by one thread, and which one may not matter to the
 * result: so what is computed does not depend on the number of threads. BLAS
 * is held to one thread, since its results do depend on its own number.
 */

#include "graph/base/base.h"

#define RCA_PARALLEL_MAX 64

/** rca_parallel_work - do thing @i; @worker: 0 .. jobs - 1, for scratch space
 * that no two threads may share. Return: 0 or negative. */
typedef int rca_parallel_work(void *arg, size_t i, unsigned worker);

/** rca_parallel_jobs() - @wanted, or if 0 the number of processors that this
 * process may use; 1 to RCA_PARALLEL_MAX */
unsigned rca_parallel_jobs(unsigned wanted);

/**
 * rca_parallel() - work(arg, i) for i = 0 .. @n - 1 on @jobs threads, the
 * calling one among them; where a thread cannot be made the others do its part
 *
 * Return: 0, or what the first failing call returned (the rest is left out).
 */
RCA_MUST_CHECK int rca_parallel(unsigned jobs, size_t n,
                                rca_parallel_work *work, void *arg);

/** rca_parallel_hold_blas() - BLAS uses the calling thread only, from now on,
 * in the whole process */
void rca_parallel_hold_blas(void);
