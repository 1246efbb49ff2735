/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * trace_filter - places for the filters: functions that do nothing, for as many
 * instructions as a filter may have.
 *
 * Before the object is loaded, collector/trace/patch.c finds each by its magic
 * number and writes the filter over the `goto +0`; the kernel removes those that
 * are left (kernel/bpf/verifier.c, opt_remove_nops()). Functions, not naked:
 * their parameters must keep their names in BTF. The 64 bytes below r10 are the
 * filter's: nothing else of these functions lies on the stack.
 */

#include "bpf/events_trace_place.h"
#include "bpf/trace_slot.h"

#define QUOTE_(x) #x
#define QUOTE(x) QUOTE_(x)
#define PLACE(magic, n)                                                        \
    asm volatile("r1 = %[a]\n"                                                 \
                 "r2 = %[b]\n"                                                 \
                 "r3 = %[c]\n"                                                 \
                 "r0 = " QUOTE(magic) "\n"                                     \
                                      ".rept " QUOTE(n) "\n"                   \
                                                        "goto +0\n"            \
                                                        ".endr\n"              \
                                                        "%[result] = r0\n"     \
                 : [result] "=r"(result)                                       \
                 : [a] "r"(a), [b] "r"(b), [c] "r"(c), "m"(scratch)            \
                 : "r0", "r1", "r2", "r3", "r4", "r5", "memory")

static __noinline int filter_l2(const __u8 *packet, __u64 captured,
                                __u64 length)
{
    __u64 a = (__u64)packet, b = captured, c = length, result;
    volatile __u64 scratch[8];

    PLACE(RCA_TRACE_MAGIC_L2, RCA_TRACE_PLACE_PACKET);
    return (int)result;
}

static __noinline int filter_l3(const __u8 *packet, __u64 captured,
                                __u64 length)
{
    __u64 a = (__u64)packet, b = captured, c = length, result;
    volatile __u64 scratch[8];

    PLACE(RCA_TRACE_MAGIC_L3, RCA_TRACE_PLACE_PACKET);
    return (int)result;
}

static __noinline int filter_meta(const struct rca_trace_event *event)
{
    __u64 a = (__u64)event, b = 0, c = 0, result;
    volatile __u64 scratch[8];

    PLACE(RCA_TRACE_MAGIC_META, RCA_TRACE_PLACE_META);
    return (int)result;
}

static __always_inline _Bool takes_packet(const struct slot *s)
{
    if (!filtered)
        return 1;
    if (s->e.has & RCA_TRACE_HAS_LINK)
        return filter_l2(s->e.head, s->e.captured, s->e.length) != 0;
    return filter_l3(s->e.head, s->e.captured, s->e.length) != 0;
}

static __always_inline _Bool takes_event(const struct slot *s)
{
    return !chosen || filter_meta(&s->e) != 0;
}
