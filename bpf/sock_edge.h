/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * sock_edge - what was counted for whom. Kernel side only, of sock.bpf.c.
 *
 * Whatever is counted is first added to an edge and then to this processor's
 * total, so that at any time the edges hold at least what an earlier reading
 * of the totals says: what they lack was lost.
 */

#include "bpf/vmlinux_net.h"

#include <bpf/bpf_helpers.h>

#include "bpf/events_sock.h"

#define MAX_EDGES 4096

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, MAX_EDGES);
    __type(key, struct rca_sock_key);
    __type(value, struct rca_sock_edge);
} edges SEC(".maps");

/* entries that may tell remotes apart; the rest is kept so that a service still
 * shows when its remotes have no room */
const volatile __u32 detailed = MAX_EDGES - MAX_EDGES / 8;

__u32 epoch; /* of max_ns; the reader counts it up */
__u32 n_edges; /* entries; the reader corrects it as it deletes */
__u64 lost; /* sockets that found no storage */
struct rca_sock_sum folded; /* of what went to coarse edges */
struct rca_sock_sum totals[RCA_SOCK_CPUS];

static const struct rca_sock_edge zero;
static const struct rca_sock_edge zero_coarse = {.coarse = 1};

static __always_inline struct rca_sock_edge *rca_add_edge(
    const struct rca_sock_key *key, const struct rca_sock_edge *value)
{
    if (!bpf_map_update_elem(&edges, key, value, BPF_NOEXIST))
        __sync_fetch_and_add(&n_edges, 1);
    return bpf_map_lookup_elem(&edges, key);
}

/* The edge of all remotes, else that of everything else. */
static __noinline struct rca_sock_edge *rca_coarse_edge(
    const struct rca_sock_key *key)
{
    struct rca_sock_key coarse = *key;
    struct rca_sock_edge *edge;

    __builtin_memset(coarse.remote, 0, sizeof(coarse.remote));
    edge = bpf_map_lookup_elem(&edges, &coarse);
    if (!edge)
        edge = rca_add_edge(&coarse, &zero_coarse);
    if (edge)
        return edge;
    __builtin_memset(&coarse, 0, sizeof(coarse));
    coarse.role = key->role;
    return bpf_map_lookup_elem(&edges, &coarse);
}

static __always_inline struct rca_sock_edge *rca_edge_of(
    const struct rca_sock_key *key)
{
    struct rca_sock_edge *edge = bpf_map_lookup_elem(&edges, key);

    if (!edge && n_edges < detailed)
        edge = rca_add_edge(key, &zero);
    return edge ? edge : rca_coarse_edge(key);
}

/** RCA_COUNT() - add @n to @field of an edge, which may be NULL */
#define RCA_COUNT(edge, field, n)                                              \
    do {                                                                       \
        const __u64 n_ = (n);                                                  \
        const __u32 cpu_ = bpf_get_smp_processor_id();                         \
                                                                               \
        if (edge) {                                                            \
            __sync_fetch_and_add(&(edge)->sum.field, n_);                      \
            if ((edge)->coarse)                                                \
                __sync_fetch_and_add(&folded.field, n_);                       \
        }                                                                      \
        __sync_fetch_and_add(&totals[cpu_ & (RCA_SOCK_CPUS - 1)].field, n_);   \
    } while (0)

/** rca_observe_ns() - add a time to an edge's histogram, sum and maximum */
static __always_inline void rca_observe_ns(struct rca_sock_edge *edge,
                                           __u32 what, __u64 ns)
{
    __u32 now = epoch;
    __u32 slot = now & 1;

    if (edge->max_epoch[slot] != now) {
        edge->max_epoch[slot] = now;
        __builtin_memset(edge->max_ns[slot], 0, sizeof(edge->max_ns[slot]));
    }
    if (ns > edge->max_ns[slot][what])
        edge->max_ns[slot][what] = ns;
    __sync_fetch_and_add(&edge->sum_ns[what], ns);
    __sync_fetch_and_add(&edge->bucket[what][rca_latency_bucket(ns)], 1);
}
