/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* events_disk - requests of disks, and whose they are. */

#include "bpf/events.h"

/* --- disks ----------------------------------------------------------------- */

enum rca_disk_op {
    RCA_DISK_READ,
    RCA_DISK_WRITE,
    RCA_DISK_FLUSH,
    RCA_DISK_OTHER, /* discards and the like */
    RCA_DISK_OPS,
};

/** struct rca_disk_key - @disk: number of the whole disk, RCA_DISK_DEV() */
struct rca_disk_key {
    __u32 disk;
    __u32 op;
};

#define RCA_DISK_DEV(major, minor)                                             \
    ((__u32)(major) << 20 | ((__u32)(minor)&0xfffff))

/** What is timed of a request: from its making to its completion, and the part
 * of that until it was given to the device. */
enum rca_disk_time {
    RCA_DISK_LATENCY,
    RCA_DISK_QUEUE,
    RCA_DISK_TIMES,
};

/**
 * struct rca_disk_io - requests completed since the source was opened
 * @timed:  those whose time of issue is known: what @sum_ns[RCA_DISK_QUEUE] and
 *          its buckets are of
 * @max_ns: largest of an epoch, by epoch & 1; good where @max_epoch matches
 */
struct rca_disk_io {
    __u64 requests;
    __u64 errors;
    __u64 timed;
    __u64 sum_ns[RCA_DISK_TIMES];
    __u64 max_ns[2][RCA_DISK_TIMES];
    __u32 max_epoch[2];
    __u64 bucket[RCA_DISK_TIMES][RCA_LATENCY_BUCKETS];
};

_Static_assert(sizeof(struct rca_disk_io) ==
                   8 * (3 + 3 * RCA_DISK_TIMES) + 8 +
                       8 * RCA_DISK_TIMES * RCA_LATENCY_BUCKETS,
               "both sides must agree");

/**
 * struct rca_disk_user - who makes requests of a disk
 * @cgroup: of the task that makes the request, see above, where it is below
 *          the root; else of what the request is charged to (its blkcg: v2 id,
 *          or RCA_CGROUP_V1_ID(RCA_CGROUP_TREE_BLKIO, ...)); 0: nobody's, as
 *          what the kernel writes back long after
 */
struct rca_disk_user {
    __u64 cgroup;
    __u32 disk;
    __u32 unused;
};

_Static_assert(sizeof(struct rca_disk_user) == 16, "both sides must agree");

/** struct rca_disk_use - requests completed for a cgroup; [0] reads, [1] writes
 */
struct rca_disk_use {
    __u64 requests[2];
    __u64 bytes[2];
    __u64 sum_ns;
};

_Static_assert(sizeof(struct rca_disk_use) == 40, "both sides must agree");
