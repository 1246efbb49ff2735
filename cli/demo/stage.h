/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * stage - the demonstration's small but real application: processes that talk
 * TCP, each in a network namespace and cgroup of its own, joined by a bridge
 * in one more namespace. The host's network is not touched.
 *
 *     client -> frontend -> cart    -> cache, db
 *                        -> catalog -> cache, db        batch (beside them)
 *
 * catalog and batch share one parent cgroup with a processor quota. All child
 * processes end with the parent, however that ends; cgroups and files that a
 * crash leaves behind are removed by demo_stage_clean().
 */

#include <stdatomic.h>
#include <sys/types.h>

#include "graph/base/err.h"

enum demo_role {
    DEMO_CLIENT,
    DEMO_FRONTEND,
    DEMO_CART,
    DEMO_CATALOG,
    DEMO_CACHE,
    DEMO_DB,
    DEMO_BATCH,
    DEMO_SWITCH, /* holds the bridge's network namespace */
    DEMO_ROLE_COUNT,
};

/** demo_role_name() - also the name of the process and of its cgroup's leaf */
const char *demo_role_name(enum demo_role role);
/** demo_role_address() - last byte of its address 10.88.0.X; 0: no network */
unsigned demo_role_address(enum demo_role role);

/** struct demo_control - shared memory: how a fault reaches a process */
struct demo_control {
    atomic_uint slow_us[DEMO_ROLE_COUNT]; /* added to each request */
    atomic_uint errors_permille[DEMO_ROLE_COUNT]; /* of replies fail */
    atomic_uint load_per_s; /* requests a second of the client */
    atomic_uint hogs; /* busy threads of the batch job */
    atomic_ulong served[DEMO_ROLE_COUNT];
};

#define DEMO_LOAD_PER_S 60
#define DEMO_PORT 8080
#define DEMO_CGROUP "rca-demo"
/** file that the db reads, and what its cgroup may keep of it in normal times*/
#define DEMO_DATA_BYTES (48L << 20)

struct demo_stage {
    pid_t pid[DEMO_ROLE_COUNT]; /* 0: not running */
    struct demo_control *control; /* owned, mmap */
    char data[512]; /* the db's file */
    int lock; /* descriptor; 0: none */
};

/**
 * demo_stage_open() - start everything; returns once a request was served
 * @folder: where the db's file goes (must be on a real disk for `memory`)
 *
 * Return: 0; RCA_ENOSUPPORT (namespaces or cgroups cannot be made); -EBUSY
 *         (another demonstration is running); -errno;
 *         @diag says what and why. On failure nothing is left behind.
 */
RCA_MUST_CHECK int demo_stage_open(const char *folder, struct rca_diag *diag,
                                   struct demo_stage *ret_stage);
void demo_stage_close(struct demo_stage *stage);

/** demo_stage_clean() - remove what a crashed run left; number of things
 * removed, or -errno (-EBUSY: one is running) */
RCA_MUST_CHECK int demo_stage_clean(struct rca_diag *diag);

/** demo_app_run() - be @role until killed; does not return */
_Noreturn void demo_app_run(enum demo_role role, struct demo_control *control,
                            const char *data);
/** demo_load_run() - be the client until killed */
_Noreturn void demo_load_run(struct demo_control *control);
/** demo_batch_run() - be the batch job until killed */
_Noreturn void demo_batch_run(struct demo_control *control);

/** demo_connect() - TCP to @role, with time-outs; a descriptor, or -1 */
int demo_connect(enum demo_role role);
/** demo_call() - one request on *@fd (connected if it is -1; -1 again after a
 * failure); the reply's status, or 0 where there was none */
int demo_call(int *fd, enum demo_role role);
/** demo_burn() - work the processor for @us microseconds */
void demo_burn(unsigned us);

/* --- control groups (v1, v2 or both) ---------------------------------------*/

/** demo_cgroup_make() - make DEMO_CGROUP/@path in every hierarchy in use */
RCA_MUST_CHECK int demo_cgroup_make(const char *path);
/** demo_cgroup_enter() - move process @pid there */
RCA_MUST_CHECK int demo_cgroup_enter(const char *path, pid_t pid);
/** demo_cgroup_quota() - processors that the group may use, all together */
RCA_MUST_CHECK int demo_cgroup_quota(const char *path, double cores);
/** demo_cgroup_memory() - limit, bytes; 0: none */
RCA_MUST_CHECK int demo_cgroup_memory(const char *path, long bytes);
/** demo_cgroup_remove() - kill what is left in all of them, and remove them;
 * their number */
int demo_cgroup_remove(void);

/* --- other programs --------------------------------------------------------*/

/**
 * demo_run() - run a program and wait; no shell
 * @netns_of: process in whose network namespace it runs, or 0
 * @line:     words separated by single blanks
 *
 * Return: 0; -ENOENT (not installed); -EIO (it failed; what it said is logged
 *         at debug level); -errno.
 */
RCA_MUST_CHECK int demo_run(pid_t netns_of, const char *line);
