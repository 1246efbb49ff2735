/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * source - one place where samples come from: an eBPF family, netlink, procfs.
 *
 * Every source is optional and every part of one is: what does not work is
 * registered as a feature that is off, named once with what is lost, and the
 * rest goes on. Sources run in the loop's thread, in the order of the table.
 */

#include "collector/observer.h"

struct rca_config;

/** struct rca_source_env - borrowed for the source's life
 * @proc, @sys: roots of procfs and sysfs ("/proc", "/sys"): tests use others */
struct rca_source_env {
    const char *proc;
    const char *sys;
    const char *host; /* this host's name */
    const struct rca_config *config;
};

/**
 * struct rca_source - operations; @state is the source's own
 * @open:  make the state; registers features (on and off) with @obs. A source
 *         that can do nothing returns RCA_ENOSUPPORT after registering why.
 * @tick:  report entities, edges and values as of now. A failure is logged
 *         once and the tick goes on without this source.
 * @close: free the state; NULL is fine
 */
struct rca_source {
    const char *name;
    int (*open)(const struct rca_source_env *env, struct rca_observer *obs,
                void **ret_state);
    int (*tick)(void *state, struct rca_observer *obs);
    void (*close)(void **state);
};

extern const struct rca_source rca_source_host; /* /proc: cpu, memory, disks */
extern const struct rca_source rca_source_cgroup; /* cgroup v1 and v2 files */
extern const struct rca_source rca_source_task; /* BPF iterator over tasks */
extern const struct rca_source rca_source_sock; /* requests, latency, calls */
extern const struct rca_source rca_source_drop; /* packet drops by reason */
extern const struct rca_source rca_source_link; /* rtnetlink: NICs, qdiscs */
extern const struct rca_source rca_source_nft; /* nftables rule counters */

/** rca_source_table() - all of them, in the order in which they run, NULL last:
 * cgroup (which number is which path), then task (who lives in which cgroup and
 * namespace), then those that need to know */
const struct rca_source *const *rca_source_table(void);
