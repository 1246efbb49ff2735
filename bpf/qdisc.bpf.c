// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * qdisc - how long packets wait in a queueing discipline, by interface.
 *
 * The two tracepoints fire only where a packet is really queued: `noqueue` has
 * no queue, and others let a packet pass an empty one. A packet is known by its
 * address from one to the other; those that are dropped while they wait stay in
 * the map until their address is used again or they are the oldest. Above some
 * rate only a random sample is timed (sample_mask).
 *
 * Two programs share each body: see drop.bpf.c.
 */

#include "bpf/vmlinux_net.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/events_net.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_WAITING 8192 /* packets; a queue of 1,000 is long */
#define MAX_INTERFACES 1024
#define MAX_BULK 64 /* packets dequeued at once; more are not timed */

__u32 sample_mask; /* 2^k - 1: one packet of 2^k is timed */
__u32 epoch; /* of the maxima; the reader's */
__u64 uncounted; /* no room for the interface */

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, MAX_WAITING);
    __type(key, __u64);
    __type(value, __u64);
} waiting SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, MAX_INTERFACES);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct rca_qdisc_key);
    __type(value, struct rca_qdisc_sojourn);
} sojourns SEC(".maps");

static const struct rca_qdisc_sojourn none;

static __always_inline void begin(struct sk_buff *skb)
{
    __u64 key = (__u64)skb, now;

    if (sample_mask && bpf_get_prandom_u32() & sample_mask)
        return;
    now = bpf_ktime_get_ns();
    bpf_map_update_elem(&waiting, &key, &now, BPF_ANY);
}

static __always_inline struct rca_qdisc_sojourn *sojourn_of(
    const struct net_device *dev)
{
    struct rca_qdisc_key key = {
        .netns = BPF_CORE_READ(dev, nd_net.net, ns.inum),
        .ifindex = (__u32)BPF_CORE_READ(dev, ifindex),
    };
    struct rca_qdisc_sojourn *s = bpf_map_lookup_elem(&sojourns, &key);

    if (s)
        return s;
    bpf_map_update_elem(&sojourns, &key, &none, BPF_NOEXIST);
    return bpf_map_lookup_elem(&sojourns, &key);
}

static __always_inline void note_max(struct rca_qdisc_sojourn *s, __u64 ns)
{
    const __u32 now = epoch, i = now & 1;

    if (s->max_epoch[i] != now) {
        s->max_epoch[i] = now;
        s->max_ns[i] = ns;
    } else if (s->max_ns[i] < ns) {
        s->max_ns[i] = ns;
    }
}

static __always_inline void count(const struct net_device *dev, __u64 ns)
{
    struct rca_qdisc_sojourn *s = sojourn_of(dev);
    __u32 bucket = rca_latency_bucket(ns);

    if (!s) {
        __sync_fetch_and_add(&uncounted, 1);
        return;
    }
    if (bucket < RCA_LATENCY_BUCKETS) /* for the verifier */
        __sync_fetch_and_add(&s->bucket[bucket], 1);
    __sync_fetch_and_add(&s->packets, 1);
    __sync_fetch_and_add(&s->sum_ns, ns);
    note_max(s, ns);
}

static __always_inline int end_one(const struct net_device *dev, __u64 key)
{
    __u64 *since = bpf_map_lookup_elem(&waiting, &key), began;

    if (!since)
        return 0;
    began = *since;
    bpf_map_delete_elem(&waiting, &key);
    count(dev, bpf_ktime_get_ns() - began);
    return 0;
}

/* The same as a function of numbers, which the verifier looks at once and not
 * for each packet of a bulk: that took 0.2 s of each start. */
__attribute__((noinline)) int end_more(__u64 dev, __u64 key)
{
    return end_one((const struct net_device *)dev, key);
}

/* @skb is NULL when the queue was empty, and a list when it was dequeued in
 * bulk. */
static __always_inline void end(const struct netdev_queue *txq, int packets,
                                struct sk_buff *skb)
{
    const struct net_device *dev;

    if (!skb)
        return;
    dev = BPF_CORE_READ(txq, dev);
    end_one(dev, (__u64)skb);
    for (int i = 1; i < MAX_BULK && i < packets; i++) {
        skb = BPF_CORE_READ(skb, next);
        if (!skb)
            return;
        end_more((__u64)dev, (__u64)skb);
    }
}

SEC("tp_btf/qdisc_enqueue")
int on_enqueue(__u64 *ctx)
{
    begin((struct sk_buff *)ctx[2]);
    return 0;
}

SEC("raw_tp/qdisc_enqueue")
int on_enqueue_raw(struct bpf_raw_tracepoint_args *ctx)
{
    begin((struct sk_buff *)ctx->args[2]);
    return 0;
}

SEC("tp_btf/qdisc_dequeue")
int on_dequeue(__u64 *ctx)
{
    end((const struct netdev_queue *)ctx[1], (int)ctx[2],
        (struct sk_buff *)ctx[3]);
    return 0;
}

SEC("raw_tp/qdisc_dequeue")
int on_dequeue_raw(struct bpf_raw_tracepoint_args *ctx)
{
    end((const struct netdev_queue *)ctx->args[1], (int)ctx->args[2],
        (struct sk_buff *)ctx->args[3]);
    return 0;
}
