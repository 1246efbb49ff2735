/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * hook - a command of the user's, run beside the watch and never waited for:
 * each in a process group of its own, ended after a time. What it is told
 * stands in its environment alone; nothing is ever put into its command line.
 * Its output goes to standard error, its input is empty.
 */

#include <sys/types.h>

#include "graph/base/base.h"

/** At the same time; what comes on top is left out, and said. */
#define RCA_HOOKS 8
#define RCA_HOOK_LIMIT (30 * RCA_SECOND)

/** struct rca_hooks - all-zero: none runs */
struct rca_hooks {
    struct {
        pid_t pid; /* 0: free; also its process group */
        rca_time until; /* monotonic */
    } running[RCA_HOOKS];
};

/** struct rca_hook_word - "NAME" and what it says, any bytes */
struct rca_hook_word {
    const char *name, *value;
};

/**
 * rca_hook_start() - run @command by /bin/sh
 * @words: @n of them, into its environment, before the watch's own
 * @now:   monotonic
 *
 * Return: 0; -EAGAIN (RCA_HOOKS run already); -ENOMEM; -errno of
 *         posix_spawn(3).
 */
RCA_MUST_CHECK int rca_hook_start(struct rca_hooks *hooks, const char *command,
                                  const struct rca_hook_word *words, size_t n,
                                  rca_time now);

/** rca_hooks_reap() - look after those that ended, and end those that have run
 * for too long; never waits. Return: how many still run. */
size_t rca_hooks_reap(struct rca_hooks *hooks, rca_time now);

/** rca_hooks_end() - end all of them, now */
void rca_hooks_end(struct rca_hooks *hooks);
