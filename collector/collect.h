/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * collect - open the store and the sources, run the loop (collector/loop.h)
 * over them until stopped.
 */

#include <signal.h>

#include "collector/source.h"

struct rca_notify;

struct rca_collect_options {
    const char *db;
    rca_time interval; /* at least 100 ms */
    rca_time duration; /* 0: until stopped */
    const char *sources; /* comma-separated names, or NULL for all */
    uint64_t ticks; /* stored, after which it ends; 0: any number */
    rca_time deep; /* profile deep for this long, then the configuration's,
                    * at most standard; 0: the configuration's at once */
    const struct rca_config *config;
    const volatile sig_atomic_t *stop; /* set non-zero to end cleanly */
    const char *user; /* to run as, or NULL: the configuration's */
    _Bool keep_privileges; /* give up nothing; for debugging */
    _Bool allow_changes; /* of the kernel's settings, undone at the end */
    _Bool costs; /* print what each source cost to standard error at the end */
    struct rca_notify *notify; /* told of start, life and stop; may be NULL */
};

/**
 * rca_collect_run() - collect until stopped; seals the store at the end
 *
 * Once the sources are open this process gives up its privileges for good: a
 * process that has more to do calls it in a child.
 *
 * Return: 0; RCA_ENOSUPPORT if eBPF sources are wanted and the privileges for
 *         them are missing, before anything is written (@diag says what to
 *         do); RCA_EUNKNOWN for an unknown source or hook (@diag); -EINVAL for an
 *         interval under 100 ms; else as rca_store_open() and
 *         rca_store_append(). A full disk is a gap, not an end.
 */
RCA_MUST_CHECK int rca_collect_run(const struct rca_collect_options *options,
                                   struct rca_diag *diag);

/** rca_collect_probe() - open every source without a store, only to see what
 * works (doctor); the caller frees @ret_obs and @ret_hooks */
RCA_MUST_CHECK int rca_collect_probe(const struct rca_config *config,
                                     struct rca_diag *diag,
                                     struct rca_observer **ret_obs,
                                     struct rca_hooks *ret_hooks);
