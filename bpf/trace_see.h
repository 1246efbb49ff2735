/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * trace_see - a packet at a point: from its address to an event in the ring.
 *
 * A packet that the filter does not take costs the copy of its head and the
 * filter, and, where packets are tracked, a look whether it is one that the
 * filter took earlier on its way: NAT may have changed what it asks for.
 */

#include "bpf/trace_context.h"
#include "bpf/trace_filter.h"
#include "bpf/trace_id.h"
#include "bpf/trace_segment.h"

#define STACKS 4096
#define STACK_DEPTH 64

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, STACKS);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, STACK_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

/* Second argument of see(): the point, and what only some have: the reason of a
 * drop, the namespace of a netfilter hook. */
#define WHAT(point, more) ((__u64)(point) | (__u64)(more) << 32)
#define LAST (1ull << 8) /* the packet is freed here */
#define HAS_REASON (1ull << 9)

static __always_inline _Bool is_hook(__u32 point)
{
    return point >= RCA_TRACE_PREROUTING && point <= RCA_TRACE_POSTROUTING;
}

static __always_inline _Bool begin_event(struct slot *s, __u64 skb, __u64 what,
                                         __u64 place, __u64 sk)
{
    __u32 size = bpf_core_type_size(struct sk_buff___t);

    s->skb_at = skb;
    s->sk = sk;
    s->last = (what & LAST) != 0;
    s->e.id = 0;
    s->e.place = place;
    s->e.point = (__u8)what;
    s->e.reason = s->e.netns = s->e.ifindex = 0;
    if (is_hook((__u8)what))
        s->e.netns = (__u32)(what >> 32);
    else
        s->e.reason = (__u32)(what >> 32);
    s->e.stack = -1;
    if (size > SKB_ROOM)
        size = SKB_ROOM;
    return !bpf_probe_read_kernel(s->skb, size, (const void *)skb);
}

/* A segment on its way to the IP layer, which has found no route for it. */
static __always_inline _Bool is_segment(const struct slot *s)
{
    const struct sk_buff___t *skb = skb_of(s);
    struct sock *sk = skb->sk;

    if (s->e.point != RCA_TRACE_DROP || skb->protocol || !sk ||
        skb->head + skb->transport_header != skb->data)
        return 0;
    return is_tcp((__u64)sk, BPF_CORE_READ(sk, __sk_common.skc_state));
}

/* Messages of netlink and of unix sockets are sk_buffs, too, and so are data that
 * TCP has not sent yet: they have no protocol. */
static __always_inline _Bool is_packet(const struct slot *s)
{
    return skb_of(s)->protocol || is_segment(s) ||
           (s->e.point != RCA_TRACE_DROP && s->e.point != RCA_TRACE_CONSUME &&
            s->e.point != RCA_TRACE_READ);
}

/* A datagram in one piece is read without skb_copy_datagram_iovec. While one
 * waits in its socket, sk_buff.dev holds no address, but something else. */
static __always_inline _Bool is_read_udp(const struct slot *s)
{
    const struct sk_buff___t *skb = skb_of(s);
    const struct udp_dev_scratch *in_socket =
        (const struct udp_dev_scratch *)&skb->dev;
    const __u64 dev = (__u64)skb->dev;

    return s->e.point == RCA_TRACE_CONSUME &&
           s->e.flow.protocol == IPPROTO_UDP && dev && dev >> 48 != 0xffff &&
           in_socket->is_linear;
}

/* Whether it is to be told of, with its id if it is tracked. */
static __always_inline _Bool choose(struct slot *s)
{
    const _Bool match = takes_packet(s);
    __u64 print = 0;

    if (!match && !(want_id && has_record(s)))
        return 0;
    s->e.time = bpf_ktime_get_ns();
    parse_flow(s);
    if (is_read_udp(s))
        s->e.point = RCA_TRACE_READ;
    if (want_id) {
        print = print_of(s);
        s->e.id = find_id(s, print);
        if (!match && !s->e.id)
            return 0;
        if (filtered && !s->e.id && print)
            s->e.id = new_id(s, print);
        if (s->last)
            forget(s);
    }
    find_context(s);
    if (!takes_event(s))
        return 0;
    if (want_id && !s->e.id && print)
        s->e.id = new_id(s, print);
    return (points & 1u << (s->e.point & 31)) != 0;
}

static __always_inline void send_event(struct slot *s,
                                       struct rca_trace_counts *n)
{
    __u32 captured = s->e.captured;
    __u64 flags = BPF_RB_NO_WAKEUP;

    if (captured > RCA_TRACE_SNAP)
        captured = RCA_TRACE_SNAP;
    if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > wake_above)
        flags = BPF_RB_FORCE_WAKEUP;
    count(&n->matched);
    if (bpf_ringbuf_output(
            &ring, &s->e,
            __builtin_offsetof(struct rca_trace_event, head) + captured, flags))
        count(&n->lost);
}

static __always_inline void look(void *ctx, struct slot *s, __u64 what,
                                 struct rca_trace_counts *n)
{
    if (s->e.point == RCA_TRACE_RETRANSMIT)
        make_head(s);
    else if (!skb_of(s)->protocol && is_segment(s))
        make_segment(s);
    else
        copy_head(s);
    if (what & HAS_REASON)
        s->e.has |= RCA_TRACE_HAS_REASON;
    if (!choose(s))
        return;
    if (want_conntrack)
        find_conntrack(s);
    if (want_tcp)
        find_tcp(s);
    if (want_stack && ctx && (__u8)what == RCA_TRACE_DROP)
        s->e.stack = (__s32)bpf_get_stackid(ctx, &stacks, 0);
    send_event(s, n);
}

/**
 * see() - @skb: address of the packet; @what: WHAT() with flags; @place: as in
 * an event; @sk: socket that is known beside the packet's own, or 0
 */
static __noinline __attribute__((unused)) int see(void *ctx, __u64 skb,
                                                  __u64 what, __u64 place,
                                                  __u64 sk)
{
    struct rca_trace_counts *n = my_counts();
    struct slot *s;

    if (!n || !skb)
        return 0;
    s = take_slot();
    if (!s) {
        count(&n->nested);
        return 0;
    }
    if (begin_event(s, skb, what, place, sk) && is_packet(s)) {
        count(&n->seen);
        look(ctx, s, what, n);
    }
    give_slot(s);
    return 0;
}
