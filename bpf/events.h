/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * events - what the kernel side hands to the collector: what all of it has in
 * common; each probe family has a header of its own, events_*.h.
 *
 * The only headers that both sides include: fixed-width types, no pointers, no
 * implicit padding, and sizes that both compilers check. Times are nanoseconds
 * of CLOCK_MONOTONIC. Counters only grow; 32-bit ones wrap, and the reader
 * differences them modulo 2^32.
 */

#ifdef __bpf__
#include "bpf/vmlinux_min.h"
#else
#include <linux/types.h>
#endif

#define RCA_COMM_SIZE 16 /* the kernel's TASK_COMM_LEN */
#define RCA_NODE_SIZE 65 /* the kernel's __NEW_UTS_LEN + 1 */

/* --- latency histograms ---------------------------------------------------- */

/** The buckets of graph/histogram.h: four an octave from 1.02 us to 69 s. */
#define RCA_LATENCY_BUCKETS 104

/** rca_msb() - index of the highest set bit; @v not 0. By halving: BPF has no
 * instruction for it. */
static inline __attribute__((__always_inline__)) __u32 rca_msb(__u64 v)
{
    __u32 bit = 0;

    if (v >> 32) {
        v >>= 32;
        bit += 32;
    }
    if (v >> 16) {
        v >>= 16;
        bit += 16;
    }
    if (v >> 8) {
        v >>= 8;
        bit += 8;
    }
    if (v >> 4) {
        v >>= 4;
        bit += 4;
    }
    if (v >> 2) {
        v >>= 2;
        bit += 2;
    }
    return bit + (__u32)(v >> 1);
}

/** rca_latency_bucket() - same as rca_histogram_bucket() of graph/histogram.h;
 * a test compares them */
static inline __attribute__((__always_inline__)) __u32 rca_latency_bucket(
    __u64 ns)
{
    __u32 msb, bucket;

    if (ns < 1024)
        return 0;
    msb = rca_msb(ns);
    bucket = (msb - 10) * 4 + ((__u32)(ns >> (msb - 2)) & 3);
    return bucket < RCA_LATENCY_BUCKETS ? bucket : RCA_LATENCY_BUCKETS - 1;
}

/* --- cgroups --------------------------------------------------------------- */

/**
 * Number of a cgroup as the kernel side reports it: its v2 id (the inode
 * number of its directory) where the task is below the v2 root; else, on hosts
 * that still use v1, RCA_CGROUP_V1_ID() of its directory in the first of these
 * hierarchies where it is below the root; else the v2 root's.
 * collector/observer.h numbers them alike.
 */
#define RCA_CGROUP_V1_ID(tree, inode)                                          \
    (1ULL << 63 | (__u64)(tree) << 60 | ((inode) & ((1ULL << 60) - 1)))
#define RCA_CGROUP_TREE_CPU 0
#define RCA_CGROUP_TREE_CPUACCT 1
#define RCA_CGROUP_TREE_MEMORY 2
#define RCA_CGROUP_TREE_BLKIO 3 /* only of requests, see struct rca_disk_user */
