/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * trace_id - one number for a packet, wherever it is seen.
 *
 * A packet is known by the address of its bytes, which clones and those that are
 * sent again share, and by that of its sk_buff, which stays when its bytes are
 * moved (for NAT to write on them). As both are used again by others, and not
 * every end of a packet can be seen, a record also holds a print of the headers:
 * of what neither NAT nor a router changes.
 */

#include "bpf/trace_flow.h"

#define MAX_PACKETS 65536
#define ID_CPU_SHIFT 40

/** struct record - @skb: the sk_buff that it was seen in last, in `by_head` */
struct record {
    __u64 id;
    __u64 print;
    __u64 skb;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, MAX_PACKETS);
    __type(key, __u64);
    __type(value, struct record);
} by_head SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, MAX_PACKETS);
    __type(key, __u64);
    __type(value, struct record);
} by_skb SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} last_id SEC(".maps");

/* --- the print -------------------------------------------------------------- */

/* Any odd number with many ones and zeros does: 2^64 over the golden ratio. */
static __always_inline __u64 mix(__u64 print, __u64 v)
{
    print = (print ^ v) * 0x9e3779b97f4a7c15ull;
    return print ^ (print >> 32);
}

/* Data by their number, which they keep when they are sent again, or when a
 * device joins packets; what has none, by all that tells one from the next. */
static __always_inline __u64 print_tcp(const struct slot *s, __u64 print,
                                       __u64 id)
{
    const __u32 l4 = s->l4;
    const __u32 headers = l4 - s->l3 + (get8(s, l4 + 12) >> 4) * 4u;

    print = mix(print, get32(s, l4 + 4));
    if (s->total > headers || !s->total || s->e.flow.tcp_flags & 2)
        return mix(print, s->e.flow.tcp_flags & 2);
    print = mix(print, id << 32 | get32(s, l4 + 8));
    return mix(print, get16(s, l4 + 14));
}

static __always_inline __u64 print_ip(const struct slot *s)
{
    const struct rca_trace_flow *flow = &s->e.flow;
    const __u32 l4 = s->l4;
    const __u64 id = flow->family == AF_INET ? get16(s, s->l3 + 4) : 0;
    __u64 print = mix(flow->family, flow->protocol);

    if (flow->fragment) {
        print = mix(print, id << 16 | get16(s, s->l3 + 6));
        return flow->family == AF_INET ? print : mix(print, get64(s, l4));
    }
    if (flow->protocol == IPPROTO_TCP && s->e.captured >= l4 + 16)
        return print_tcp(s, print, id);
    print = mix(print, id);
    if (flow->protocol == IPPROTO_UDP && s->e.captured >= l4 + 8) {
        print = mix(print, get16(s, l4 + 4));
        return s->e.captured >= l4 + 16 ? mix(print, get64(s, l4 + 8)) : print;
    }
    if ((flow->protocol == IPPROTO_ICMP || flow->protocol == IPPROTO_ICMPV6) &&
        s->e.captured >= l4 + 8)
        return mix(print, (__u64)get8(s, l4) << 16 | get16(s, l4 + 6));
    return mix(print, s->total);
}

/* 0: there are no headers to take it of. */
static __always_inline __u64 print_of(const struct slot *s)
{
    if (s->e.flow.family)
        return print_ip(s) | 1;
    if (s->e.captured < s->l3 + 24)
        return 0;
    return mix(get64(s, s->l3 + 8), get64(s, s->l3 + 16)) | 1;
}

/* --- records ---------------------------------------------------------------- */

static __always_inline void keep(void *map, __u64 key,
                                 const struct record *record)
{
    struct rca_trace_counts *n;

    if (!bpf_map_update_elem(map, &key, record, BPF_ANY))
        return;
    n = my_counts();
    if (n)
        count(&n->untracked);
}

static __always_inline _Bool agrees(const struct record *r, __u64 print)
{
    return r->print == print || !print;
}

/* 0: not known. Costs two look-ups if it is not. */
static __always_inline __u64 find_id(struct slot *s, __u64 print)
{
    const __u64 head = (__u64)skb_of(s)->head, skb = s->skb_at;
    struct record *r = bpf_map_lookup_elem(&by_head, &head);
    struct record now = {.print = print, .skb = skb};

    if (r && agrees(r, print)) {
        now.id = r->id;
        now.print = r->print;
        if (r->skb != skb) { /* a clone: its bytes may be moved next */
            r->skb = skb;
            keep(&by_skb, skb, &now);
        }
        return now.id;
    }
    r = bpf_map_lookup_elem(&by_skb, &skb);
    if (!r || !agrees(r, print))
        return 0;
    now.id = r->id;
    now.print = r->print;
    keep(&by_head, head, &now);
    return now.id;
}

/* Whether there may be a record, whatever its print. */
static __always_inline _Bool has_record(const struct slot *s)
{
    const __u64 head = (__u64)skb_of(s)->head, skb = s->skb_at;

    return bpf_map_lookup_elem(&by_head, &head) ||
           bpf_map_lookup_elem(&by_skb, &skb);
}

static __always_inline __u64 new_id(struct slot *s, __u64 print)
{
    const __u64 head = (__u64)skb_of(s)->head, skb = s->skb_at;
    struct record r = {.print = print, .skb = skb};
    __u32 zero = 0;
    __u64 *last = bpf_map_lookup_elem(&last_id, &zero);

    if (!last)
        return 0;
    r.id = (__sync_fetch_and_add(last, 1) + 1) |
           (__u64)(bpf_get_smp_processor_id() + 1) << ID_CPU_SHIFT;
    if (!s->last) {
        keep(&by_head, head, &r);
        keep(&by_skb, skb, &r);
    }
    return r.id;
}

/* --- the end ---------------------------------------------------------------- */

/* Nobody else holds the bytes. */
static __always_inline _Bool owns_head(const struct slot *s)
{
    const struct sk_buff___t *skb = skb_of(s);
    struct skb_shared_info *shared;

    if (!BPF_CORE_READ_BITFIELD(skb, cloned))
        return 1;
    shared = (struct skb_shared_info *)(skb->head + skb->end);
    return (BPF_CORE_READ(shared, dataref.counter) & 0xffff) <= 1;
}

static __always_inline void forget(struct slot *s)
{
    const __u64 head = (__u64)skb_of(s)->head, skb = s->skb_at;

    bpf_map_delete_elem(&by_skb, &skb);
    if (owns_head(s))
        bpf_map_delete_elem(&by_head, &head);
}
