/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * trace_slot - settings, counters, and the place where an event is built.
 *
 * Programs interrupt each other (process, softirq, hardirq, NMI), so that a
 * processor has a few slots, each taken by an atomic exchange.
 */

#include "bpf/vmlinux_trace.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/events_trace.h"

#define FIRST_NS_INODE 0xeffffff0u /* see drop.bpf.c */
#define SLOTS 4
#define SKB_ROOM 320 /* struct sk_buff has 232 to 256 bytes */
#define CT_ROOM 448 /* struct nf_conn about 250 */
#define BEYOND 64 /* what may be read after the bytes of a packet */

const volatile __u32 points = ~0u; /* set of 1 << enum rca_trace_point */
const volatile _Bool want_id = 0;
const volatile _Bool want_conntrack = 0;
const volatile _Bool want_tcp = 0;
const volatile _Bool want_stack = 0;
const volatile _Bool filtered = 0; /* there is a packet filter */
const volatile _Bool chosen = 0; /* there is a meta filter */
const volatile __u32 n_args = 2; /* of kfree_skb, see drop.bpf.c */
const volatile __u32 consumed[2] = {~0u, ~0u};
const volatile __u64 wake_above = 0; /* bytes in the ring */

/** struct slot - @skb, @ct: copies of the kernel's; @l3, @l4: where in the head
 * these headers begin, 0: there is none (@l3: none, if flow.family is 0) */
struct slot {
    __u64 busy;
    __u64 skb_at; /* its address */
    __u64 sk;
    __u32 l3;
    __u32 l4;
    __u32 total; /* length by its IP header */
    __u32 last; /* it is freed for good here */
    struct rca_trace_event e;
    __u8 beyond[BEYOND];
    __u8 skb[SKB_ROOM];
    __u8 ct[CT_ROOM];
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, SLOTS);
    __type(key, __u32);
    __type(value, struct slot);
} slots SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct rca_trace_counts);
} counts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 24);
} ring SEC(".maps");

static __always_inline struct rca_trace_counts *my_counts(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&counts, &zero);
}

/* Interrupted counters must not lose a count. */
static __always_inline void count(__u64 *n)
{
    __sync_fetch_and_add(n, 1);
}

static __always_inline struct slot *take_slot(void)
{
#pragma unroll
    for (__u32 i = 0; i < SLOTS; i++) {
        __u32 at = i;
        struct slot *s = bpf_map_lookup_elem(&slots, &at);

        if (s && !__sync_lock_test_and_set(&s->busy, 1))
            return s;
    }
    return NULL;
}

/* Seen by this processor only: no barrier. */
static __always_inline void give_slot(struct slot *s)
{
    *(volatile __u64 *)&s->busy = 0;
}

/* The packet's own structure, copied. */
static __always_inline const struct sk_buff___t *skb_of(const struct slot *s)
{
    return (const struct sk_buff___t *)s->skb;
}
