/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* trace_probe - what the programs of `rca trace` on kprobes and fentry share. */

#include "bpf/vmlinux_probe.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/events_trace.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 20);
} ring SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct rca_trace_event);
} scratch SEC(".maps");

static __always_inline _Bool trace_wants(struct sk_buff *skb)
{
    return 1;
}

static __always_inline void trace_head(struct rca_trace_event *ev,
                                       struct sk_buff *skb)
{
    const struct sk_buff___probe *p = (const void *)skb;
    unsigned char *head = BPF_CORE_READ(p, head);
    __u16 at = BPF_CORE_READ(p, network_header);
    unsigned char *data = BPF_CORE_READ(p, data);
    __u32 n = BPF_CORE_READ(p, len) + (data - (head + at));

    if (n > RCA_TRACE_SNAP)
        n = RCA_TRACE_SNAP;
    ev->length = n;
    if (bpf_probe_read_kernel(ev->head, n, head + at) == 0)
        ev->captured = n;
}

static __always_inline struct rca_trace_event *trace_begin(__u32 point,
                                                           struct sk_buff *skb,
                                                           struct sock *rx_sk)
{
    const __u32 zero = 0;
    struct rca_trace_event *ev = bpf_map_lookup_elem(&scratch, &zero);
    struct net_device *dev = BPF_CORE_READ(skb, dev);

    if (!ev)
        return NULL;
    __builtin_memset(ev, 0, sizeof(*ev) - sizeof(ev->head));
    ev->time = bpf_ktime_get_ns();
    ev->point = point;
    ev->stack = -1;
    ev->netns = BPF_CORE_READ(dev, nd_net.net, ns.inum);
    ev->ifindex = BPF_CORE_READ(dev, ifindex);
    trace_head(ev, skb);
    return ev;
}

static __always_inline void trace_end(struct rca_trace_event *ev)
{
    __u32 n = sizeof(*ev) - sizeof(ev->head) + ev->captured;

    if (n <= sizeof(*ev))
        bpf_ringbuf_output(&ring, ev, n, 0);
}
