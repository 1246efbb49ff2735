/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * collect - the loop: sources on a monotonic grid of ticks into the store.
 *
 * A late tick is a gap, not a stretched one. A clock that jumps back makes the
 * loop wait for the store's newest time, saying so once.
 */

#include <signal.h>

#include "collector/observer.h"

struct rca_config;

struct rca_collect_options {
    const char *db;
    rca_time interval; /* at least 100 ms */
    rca_time duration; /* 0: until stopped */
    const char *sources; /* comma-separated names, or NULL for all */
    const struct rca_config *config;
    const volatile sig_atomic_t *stop; /* set non-zero to end cleanly */
};

/**
 * rca_collect_run() - collect until stopped; seals the store at the end
 *
 * Return: 0; RCA_ENOSUPPORT if not one eBPF source could be opened for want
 *         of privileges (@diag says what to do); else as rca_store_open() and
 *         rca_store_append().
 */
RCA_MUST_CHECK int rca_collect_run(const struct rca_collect_options *options,
                                   struct rca_diag *diag);

/** rca_collect_probe() - open every source without a store, only to see what
 * works (doctor); the caller frees @ret_obs */
RCA_MUST_CHECK int rca_collect_probe(const struct rca_config *config,
                                     struct rca_observer **ret_obs);
