/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * events - what the kernel side hands to the collector.
 *
 * The only header that both sides include: fixed-width types, no pointers, no
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

/* --- sockets --------------------------------------------------------------- */

enum rca_sock_role {
    RCA_SOCK_NONE,
    RCA_SOCK_SERVER,
    RCA_SOCK_CLIENT,
};

/**
 * struct rca_sock_key - one side of all connections between two addresses and
 * one port, of one workload. All zero but @role: everything that found no room.
 * @cgroup:  of the process that uses the socket, see above
 * @netns:   inode of its network namespace
 * @port:    the service's, host byte order; the other one is never kept
 * @family:  AF_INET (also for IPv4 in IPv6) or AF_INET6
 * @local:   own address, network byte order; IPv4 in word 0
 * @remote:  the other's; all zero where remotes found no room
 * @comm:    of the process (not of its thread), zero-padded
 */
struct rca_sock_key {
    __u64 cgroup;
    __u32 netns;
    __u16 port;
    __u8 role;
    __u8 family;
    __u32 local[4];
    __u32 remote[4];
    char comm[RCA_COMM_SIZE];
};

_Static_assert(sizeof(struct rca_sock_key) == 64, "both sides must agree");

/** What is timed. A client knows only the first. */
enum rca_sock_time {
    RCA_SOCK_LATENCY, /* server: arrival to reply; client: request to reply */
    RCA_SOCK_SERVICE, /* read by the process to first byte of the reply */
    RCA_SOCK_QUEUE, /* arrival to read by the process */
    RCA_SOCK_TIMES,
};

/** struct rca_sock_sum - what is counted of connections and requests
 * @errors:   replies that say error; requests that a client gave up
 * @failures: connects that failed */
struct rca_sock_sum {
    __u64 requests;
    __u64 errors;
    __u64 sent_bytes;
    __u64 received_bytes;
    __u64 connections;
    __u64 failures;
    __u64 resets;
    __u64 retransmits;
};

_Static_assert(sizeof(struct rca_sock_sum) == 64, "a cache line");

/** Each processor also adds what it counts to a sum of its own, so that what
 * finds no edge is known; a power of two, processors beyond it share. */
#define RCA_SOCK_CPUS 64

/**
 * struct rca_sock_edge - counted for a key since the source was opened
 * @refused, @timed_out: of sum.failures; the rest is unreachable or the like
 * @resets_sent, @vanished: of sum.resets: by this side; nobody answered any
 *             more; the rest by the other side
 * @max_ns:    largest of an epoch, by epoch & 1; good where @max_epoch matches
 * @srtt_us:   smoothed round trip of the connection that reported last
 * @pid:       process that used one last
 * @uts:       inode of its UTS namespace, key of the map `nodes`
 * @coarse:    1 where remotes are not told apart
 */
struct rca_sock_edge {
    struct rca_sock_sum sum;
    __u64 refused;
    __u64 timed_out;
    __u64 resets_sent;
    __u64 vanished;
    __u64 sum_ns[RCA_SOCK_TIMES];
    __u64 max_ns[2][RCA_SOCK_TIMES];
    __u32 max_epoch[2];
    __u32 srtt_us;
    __u32 pid;
    __u32 uts;
    __u32 coarse;
    __u32 bucket[RCA_SOCK_TIMES][RCA_LATENCY_BUCKETS];
};

_Static_assert(sizeof(struct rca_sock_edge) ==
                   64 + 8 * (4 + 3 * RCA_SOCK_TIMES) + 24 +
                       4 * RCA_SOCK_TIMES * RCA_LATENCY_BUCKETS,
               "both sides must agree");

/** struct rca_sock_listen_key - @family, @local: as the listener has them */
struct rca_sock_listen_key {
    __u32 netns;
    __u16 port;
    __u8 family;
    __u8 unused;
    __u32 local[4];
};

_Static_assert(sizeof(struct rca_sock_listen_key) == 24,
               "both sides must agree");

/** struct rca_sock_owner_id - as in the key and value of an edge */
struct rca_sock_owner_id {
    __u64 cgroup;
    __u32 pid;
    __u32 uts;
    char comm[RCA_COMM_SIZE];
};

_Static_assert(sizeof(struct rca_sock_owner_id) == 32, "both sides must agree");

/**
 * struct rca_nat_key - TCP connections as they are before and after their
 * addresses are translated; network byte order, IPv4 in word 0, ports in host's
 * @client, @virtual_addr, @virtual_port: as the caller has them
 * @server, @seen_as, @port: as the one who serves has them
 */
struct rca_nat_key {
    __u32 client[4];
    __u32 virtual_addr[4];
    __u32 server[4];
    __u32 seen_as[4];
    __u16 virtual_port;
    __u16 port;
    __u8 family;
    __u8 unused[3];
};

_Static_assert(sizeof(struct rca_nat_key) == 72, "both sides must agree");

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

/* --- drops ----------------------------------------------------------------- */

/** struct rca_drop_key - @netns 0: not known; @reason as this kernel numbers
 * it, 0 where it gives none; @ifindex: of the interface that the packet was on
 * or came in by, 0: not known */
struct rca_drop_key {
    __u32 netns;
    __u32 reason;
    __u32 ifindex;
};

_Static_assert(sizeof(struct rca_drop_key) == 12, "both sides must agree");

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
/* --- queueing disciplines -------------------------------------------------- */

/** struct rca_qdisc_key - an interface whose root discipline queues
 * @netns: inode of its network namespace; @ifindex: its number there */
struct rca_qdisc_key {
    __u32 netns;
    __u32 ifindex;
};

_Static_assert(sizeof(struct rca_qdisc_key) == 8, "both sides must agree");

/**
 * struct rca_qdisc_sojourn - how long packets waited in the queue
 * @packets: that were timed: all, or a random sample of them
 * @max_ns:  longest of an epoch, by epoch & 1; good where @max_epoch matches
 */
struct rca_qdisc_sojourn {
    __u64 packets;
    __u64 sum_ns;
    __u64 max_ns[2];
    __u32 max_epoch[2];
    __u64 bucket[RCA_LATENCY_BUCKETS];
};

_Static_assert(sizeof(struct rca_qdisc_sojourn) ==
                   8 * (5 + RCA_LATENCY_BUCKETS),
               "both sides must agree");

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
