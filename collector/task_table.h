/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * task_table - from the sums of threads to those of processes, cgroups, host.
 *
 * A thread's processor time and wait only grow while it lives; their growth
 * between two ticks is added to totals that outlive it: of its process (all
 * processes of one command in cgroups of one leaf name), of its cgroup and
 * every cgroup above, and of the host. What a thread did before the first tick
 * is not counted. A thread that is first seen and began since the last tick
 * counts whole. Times are nanoseconds.
 */

#include "bpf/events_task.h"
#include "graph/base/err.h"

struct rca_task_table;

RCA_MUST_CHECK int rca_task_table_new(struct rca_task_table **ret_table);
void rca_task_table_free(struct rca_task_table **table);

/** rca_task_table_begin() - start a tick; @now: CLOCK_MONOTONIC */
void rca_task_table_begin(struct rca_task_table *table, uint64_t now);

/**
 * rca_task_table_add() - account one record
 * @path: cgroup, without the leading '/', "" for the root; NULL if it is not
 *        known: then only the host's total grows, unless the thread is known
 *
 * O(1) expected, and O(depth) for the path. Return: 0; -ENOMEM, and the
 * record is not accounted.
 */
RCA_MUST_CHECK int rca_task_table_add(struct rca_task_table *table,
                                      const struct rca_task *task,
                                      const char *path);

/** rca_task_table_end() - finish the tick: forget what is long gone */
void rca_task_table_end(struct rca_task_table *table);

enum rca_task_sums {
    RCA_TASK_PROCESSES, /* @name, sums and gauges */
    RCA_TASK_CGROUPS, /* @path, sums and gauges, never the root */
    RCA_TASK_HOMES, /* which process (@name) was in which @path, no sums */
};

/** struct rca_task_counts - since the table was made
 * @starts:   processes that began
 * @failures: processes that ended by a signal that nobody sends to end one, or
 *            with a code other than 0
 * @oom_kills: of these, for want of memory */
struct rca_task_counts {
    uint64_t cpu_ns, wait_ns;
    uint64_t read_bytes, written_bytes;
    uint64_t major_faults, switches;
    uint64_t starts, failures, oom_kills;
};

/** struct rca_task_sum - borrowed strings
 * @rss_pages, @threads, @blocked: of this tick; @files: share of its limit that
 * the process with most open files has; NAN if not known
 * @fresh: first tick in which it is there */
struct rca_task_sum {
    const char *name;
    const char *path;
    struct rca_task_counts count;
    uint64_t rss_pages, threads, blocked;
    double files;
    _Bool fresh;
};

typedef void rca_task_visit(void *arg, const struct rca_task_sum *sum);

/** rca_task_table_visit() - all of @which; order is not specified */
void rca_task_table_visit(const struct rca_task_table *table,
                          enum rca_task_sums which, rca_task_visit *visit,
                          void *arg);

/** rca_task_table_host() - wait of all threads */
uint64_t rca_task_table_host(const struct rca_task_table *table);
