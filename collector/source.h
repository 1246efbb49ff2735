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
#include "collector/profile.h"

struct rca_config;

/**
 * struct rca_hooks - every name that rca_source_may() was asked for, so that
 * one which a user lists and nobody knows can be told from one that is off
 */
struct rca_hook {
    char name[64];
    const char *source; /* who asked first; static */
    _Bool off; /* listed by the user */
};

struct rca_hooks {
    struct rca_hook *items; /* owned */
    size_t n, cap;
    const char *source; /* whose open() runs; static */
};

void rca_hooks_done(struct rca_hooks *hooks);

/** rca_hooks_check() - 0 if every name of the comma-separated @without (or
 * NULL) was asked for; else RCA_EUNKNOWN, with the nearest in @diag */
RCA_MUST_CHECK int rca_hooks_check(const struct rca_hooks *hooks,
                                   const char *without, struct rca_diag *diag);

/** struct rca_source_env - borrowed for the source's life
 * @proc, @sys: roots of procfs and sysfs ("/proc", "/sys"): tests use others
 * @without: comma-separated hooks not to use, or NULL: see rca_source_may()
 * @hooks: what was asked for, or NULL: not kept */
struct rca_source_env {
    const char *proc;
    const char *sys;
    const char *host; /* this host's name */
    const struct rca_config *config;
    enum rca_profile profile;
    const char *without;
    struct rca_hooks *hooks;
};

/**
 * rca_source_may() - whether the user lets a hook be used
 * @hook: the one name that the feature's line shows it by: a tracepoint, a
 *        function, a file, "rtnetlink", ...; what "without" lists
 *
 * A source asks, while it is opened, for every hook that it may ever use in any
 * profile and on any kernel, also for the twins that it will not need: what
 * nobody asks for is refused as a typo. A hook that may
 * not be used is registered as off, "turned off by 'without'", like any that
 * the kernel lacks, and its twin, having another name, is used instead.
 */
_Bool rca_source_may(const struct rca_source_env *env, const char *hook);

/**
 * struct rca_source - operations; @state is the source's own
 * @open:  make the state; registers features (on and off) with @obs. A source
 *         that can do nothing returns RCA_ENOSUPPORT after registering why.
 * @tick:  report entities, edges and values as of now. A failure is logged
 *         once and the tick goes on without this source.
 * @close: free the state; NULL is fine
 * @set_profile: change to @profile while running: detach what it leaves out,
 *         attach again what it has; NULL: the source is the same in all
 * @programs: descriptors of its BPF programs in use, at most @max, for their
 *         run times; returns how many; NULL: it has none
 */
struct rca_source {
    const char *name;
    int (*open)(const struct rca_source_env *env, struct rca_observer *obs,
                void **ret_state);
    int (*tick)(void *state, struct rca_observer *obs);
    void (*close)(void **state);
    int (*set_profile)(void *state, struct rca_observer *obs,
                       enum rca_profile profile);
    size_t (*programs)(void *state, int *fds, size_t max);
};

extern const struct rca_source rca_source_host; /* /proc: cpu, memory */
extern const struct rca_source rca_source_disk; /* load, latency, who uses it */
extern const struct rca_source rca_source_fs; /* how full file systems are */
extern const struct rca_source rca_source_cgroup; /* cgroup v1 and v2 files */
extern const struct rca_source rca_source_task; /* BPF iterator over tasks */
extern const struct rca_source rca_source_runq; /* waits for a processor */
extern const struct rca_source rca_source_sock; /* requests, latency, calls */
extern const struct rca_source rca_source_drop; /* packet drops by reason */
extern const struct rca_source rca_source_link; /* rtnetlink: NICs, qdiscs */
extern const struct rca_source rca_source_snmp; /* network stack's counters */
extern const struct rca_source rca_source_nft; /* nftables rule counters */
extern const struct rca_source rca_source_conntrack; /* connection tables */
extern const struct rca_source rca_source_ovs; /* Open vSwitch */

/** rca_source_table() - all of them, in the order in which they run, NULL last:
 * cgroup (which number is which path), then task (who lives in which cgroup and
 * namespace), then those that need to know; link before those that ask for its
 * map */
const struct rca_source *const *rca_source_table(void);
