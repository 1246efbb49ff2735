/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* events_sock - requests, connections and listeners, as sockets tell. */

#include "bpf/events.h"

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
