/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * task_proc - threads from /proc: which cgroup a process is in, and the twin of
 * the iterator for kernels that have none (25 times dearer).
 *
 * The parsers take any bytes. Return of them: 0, or RCA_ESYNTAX with nothing
 * stored.
 */

#include "bpf/events_task.h"
#include "graph/base/err.h"

#define RCA_CGROUP_PATH_MAX 4096

/**
 * rca_task_parse_cgroup() - path in /proc/PID/cgroup: that of v2 where it is
 * not the root, else that of the first of the v1 controllers cpu, cpuacct,
 * memory where it is not, else "" (see bpf/events.h, "cgroups")
 * @ret_path: without the leading '/'
 */
RCA_MUST_CHECK int rca_task_parse_cgroup(const char *text, size_t size,
                                         char ret_path[RCA_CGROUP_PATH_MAX]);

/**
 * rca_task_parse_stat() - /proc/PID/stat: pid, start, processor time, kernel
 * thread, command
 * @hz: clock ticks a second, as sysconf(_SC_CLK_TCK)
 */
RCA_MUST_CHECK int rca_task_parse_stat(const char *text, size_t size, long hz,
                                       struct rca_task *ret_task);

/** rca_task_parse_schedstat() - /proc/PID/schedstat: processor time and wait */
RCA_MUST_CHECK int rca_task_parse_schedstat(const char *text, size_t size,
                                            uint64_t *ret_cpu_ns,
                                            uint64_t *ret_wait_ns);

/** rca_task_cgroup_path() - the same for process @pid; @proc: root of procfs.
 * -ENOENT if there is none (any more), or what read(2) says */
RCA_MUST_CHECK int rca_task_cgroup_path(const char *proc, uint32_t pid,
                                        char ret_path[RCA_CGROUP_PATH_MAX]);

/** rca_task_found - @path: its cgroup, NULL if not known; non-zero ends the
 * scan and is returned by it */
typedef int rca_task_found(void *arg, const struct rca_task *task,
                           const char *path);

/** rca_task_proc_scan() - every thread of every process; those that end while
 * it reads are left out. 0, -errno if @proc cannot be read, or @found's */
RCA_MUST_CHECK int rca_task_proc_scan(const char *proc, rca_task_found *found,
                                      void *arg);
