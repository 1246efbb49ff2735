/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* events_task - threads, and how long they wait for a processor. */

#include "bpf/events.h"

/* --- tasks ----------------------------------------------------------------- */

/**
 * struct rca_task - one thread as the iterator saw it, or when it was freed
 * @start_ns: start of the thread; with @pid tells it from a later one
 * @cgroup:   number of its cgroup, see above
 * @netns:    inode; 0 if the thread has none (any more)
 * @cpu_ns:   processor time since its start
 * @wait_ns:  time runnable but not running, a wait in progress included
 * @kernel:   1 for a kernel thread
 * @ended:    1 if no record of it will follow
 * @read_bytes, @written_bytes: of disks, since its start; what is only in the
 *            file cache yet counts as written
 * @major_faults, @switches: since its start
 * @rss_pages: memory of the process, of its first thread only
 * @files:    about how many files are open (the lowest number that may be
 *            free), of its first thread only; @file_limit: at most, 0: no limit
 * @exit_code: as wait(2) has it, of an ended one
 * @blocked:  1 if it waits without being interruptible, as for a disk
 * @oom:      1 if it was killed for want of memory
 * @comm:     of the process (not of its thread), zero-padded
 */
struct rca_task {
    __u32 pid;
    __u32 tgid;
    __u64 start_ns;
    __u64 cgroup;
    __u64 cpu_ns;
    __u64 wait_ns;
    __u32 netns;
    __u16 kernel;
    __u16 ended;
    __u64 read_bytes;
    __u64 written_bytes;
    __u64 major_faults;
    __u64 switches;
    __u64 rss_pages;
    __u32 files;
    __u32 file_limit;
    __u32 exit_code;
    __u16 blocked;
    __u16 oom;
    char comm[RCA_COMM_SIZE];
};

_Static_assert(sizeof(struct rca_task) == 120, "both sides must agree");

/* --- run queues, deep profile ---------------------------------------------- */

/** struct rca_runq - waits of a cgroup's tasks for a processor, ended since the
 * source was opened; @max_ns: of an epoch, by epoch & 1; good where @max_epoch
 * matches */
struct rca_runq {
    __u64 waits;
    __u64 sum_ns;
    __u64 max_ns[2];
    __u32 max_epoch[2];
    __u64 bucket[RCA_LATENCY_BUCKETS];
};

_Static_assert(sizeof(struct rca_runq) == 8 * (5 + RCA_LATENCY_BUCKETS),
               "both sides must agree");
