/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * trace_probe - for events that say more than where a packet is: as see(), but
 * in two halves, between which the caller fills in what it knows.
 *
 * Settings, filters and maps are those of bpf/trace.bpf.c: the maps are shared,
 * the rest is copied into these objects before they are loaded.
 */

#include "bpf/vmlinux_probe.h"

#include <bpf/bpf_tracing.h>

#include "bpf/trace_see.h"

static __always_inline struct slot *probe_slot(__u64 skb, __u32 point,
                                               __u32 netns)
{
    struct slot *s = take_slot();
    struct rca_trace_counts *n;

    if (!s) {
        n = my_counts();
        if (n)
            count(&n->nested);
        return NULL;
    }
    if (!begin_event(s, skb, WHAT(point, 0), 0, 0)) {
        give_slot(s);
        return NULL;
    }
    s->e.netns = netns;
    copy_head(s);
    __builtin_memset(&s->e.detail, 0, sizeof(s->e.detail));
    return s;
}

/** probe_begin() - an event of a packet that the filters take, else NULL: ended
 * by probe_end(); @netns: where it is, 0: where its device is */
static __always_inline struct slot *probe_begin(__u64 skb, __u32 point,
                                                __u32 netns)
{
    struct rca_trace_counts *n = my_counts();
    struct slot *s = probe_slot(skb, point, netns);

    if (!s)
        return NULL;
    if (n)
        count(&n->seen);
    if (!choose(s)) {
        give_slot(s);
        return NULL;
    }
    return s;
}

/** probe_again() - of a packet that they have taken, as @id */
static __always_inline struct slot *probe_again(__u64 skb, __u32 point,
                                                __u32 netns, __u64 id)
{
    struct slot *s = probe_slot(skb, point, netns);

    if (!s)
        return NULL;
    s->e.id = id;
    parse_flow(s);
    find_context(s);
    return s;
}

static __always_inline void probe_end(struct slot *s)
{
    struct rca_trace_counts *n = my_counts();

    if (want_conntrack)
        find_conntrack(s);
    if (n)
        send_event(s, n);
    give_slot(s);
}
