/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * trace_flow - reads the copy of a packet: its flow, and where its headers are.
 */

#include "bpf/trace_packet.h"

/* --- reading the copy ------------------------------------------------------- */

/* Any offset: wrapped at the end of what was copied, for the verifier; callers
 * compare with e.captured first. */
static __always_inline const __u8 *at(const struct slot *s, __u32 offset)
{
    asm volatile("%0 &= 255" : "+r"(offset));
    return s->e.head + offset;
}

static __always_inline __u8 get8(const struct slot *s, __u32 offset)
{
    return *at(s, offset);
}

static __always_inline __u16 get16(const struct slot *s, __u32 offset)
{
    return bpf_ntohs(*(const __u16 *)at(s, offset));
}

static __always_inline __u32 get32(const struct slot *s, __u32 offset)
{
    return bpf_ntohl(*(const __u32 *)at(s, offset));
}

static __always_inline __u64 get64(const struct slot *s, __u32 offset)
{
    return *(const __u64 *)at(s, offset);
}

/* --- the flow --------------------------------------------------------------- */

static __always_inline _Bool is_echo(__u8 protocol, __u8 type)
{
    if (protocol == IPPROTO_ICMP)
        return type == 0 || type == 8;
    return type == 128 || type == 129;
}

static __always_inline void parse_ports(struct slot *s)
{
    struct rca_trace_flow *flow = &s->e.flow;
    const __u32 l4 = s->l4, captured = s->e.captured;

    if (flow->protocol == IPPROTO_ICMP || flow->protocol == IPPROTO_ICMPV6) {
        if (captured >= l4 + 8 && is_echo(flow->protocol, get8(s, l4)))
            flow->source_port = get16(s, l4 + 4);
        return;
    }
    if (flow->protocol != IPPROTO_TCP && flow->protocol != IPPROTO_UDP &&
        flow->protocol != IPPROTO_SCTP)
        return;
    if (captured < l4 + 4)
        return;
    flow->source_port = get16(s, l4);
    flow->destination_port = get16(s, l4 + 2);
    if (flow->protocol == IPPROTO_TCP && captured >= l4 + 14)
        flow->tcp_flags = get8(s, l4 + 13);
}

static __always_inline void parse_ipv4(struct slot *s)
{
    struct rca_trace_flow *flow = &s->e.flow;
    const __u32 l3 = s->l3;

    if (s->e.captured < l3 + 20)
        return;
    flow->family = AF_INET;
    flow->protocol = get8(s, l3 + 9);
    *(__u32 *)flow->source = *(const __u32 *)at(s, l3 + 12);
    *(__u32 *)flow->destination = *(const __u32 *)at(s, l3 + 16);
    flow->fragment = (get16(s, l3 + 6) & 0x1fff) != 0;
    s->total = get16(s, l3 + 2);
    s->l4 = l3 + (get8(s, l3) & 15) * 4;
    if (!flow->fragment)
        parse_ports(s);
}

#define EXTENSIONS 6

/* Past the headers that may stand between: hop-by-hop, routing, fragment,
 * destination options, authentication. */
static __always_inline void skip_extensions(struct slot *s)
{
    struct rca_trace_flow *flow = &s->e.flow;

    for (int i = 0; i < EXTENSIONS; i++) {
        const __u8 next = flow->protocol;
        const __u32 l4 = s->l4;

        if (s->e.captured < l4 + 8 || flow->fragment)
            return;
        if (next != 0 && next != 43 && next != 44 && next != 60 && next != 51)
            return;
        flow->protocol = get8(s, l4);
        if (next == 44)
            flow->fragment = (get16(s, l4 + 2) & 0xfff8) != 0;
        if (flow->fragment)
            return; /* l4 stays at the fragment's header */
        if (next == 44)
            s->l4 = l4 + 8;
        else if (next == 51)
            s->l4 = l4 + (get8(s, l4 + 1) + 2u) * 4;
        else
            s->l4 = l4 + (get8(s, l4 + 1) + 1u) * 8;
    }
}

static __always_inline void parse_ipv6(struct slot *s)
{
    struct rca_trace_flow *flow = &s->e.flow;
    const __u32 l3 = s->l3;

    if (s->e.captured < l3 + 40)
        return;
    flow->family = AF_INET6;
    flow->protocol = get8(s, l3 + 6);
    ((__u64 *)flow->source)[0] = get64(s, l3 + 8);
    ((__u64 *)flow->source)[1] = get64(s, l3 + 16);
    ((__u64 *)flow->destination)[0] = get64(s, l3 + 24);
    ((__u64 *)flow->destination)[1] = get64(s, l3 + 32);
    s->total = get16(s, l3 + 4) + 40u;
    s->l4 = l3 + 40;
    skip_extensions(s);
    if (!flow->fragment)
        parse_ports(s);
}

static __always_inline __u16 ethertype(struct slot *s)
{
    __u16 type;

    if (!(s->e.has & RCA_TRACE_HAS_LINK)) {
        s->l3 = 0;
        return get8(s, 0) >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6;
    }
    s->l3 = ETH_HLEN;
    type = get16(s, 12);
    for (int i = 0; i < 2; i++) {
        if (type != ETH_P_8021Q && type != ETH_P_8021AD)
            break;
        type = get16(s, s->l3 + 2);
        s->l3 += TAG;
    }
    return type;
}

static __always_inline void parse_flow(struct slot *s)
{
    __u16 type;

    __builtin_memset(&s->e.flow, 0, sizeof(s->e.flow));
    s->l4 = s->total = 0;
    type = ethertype(s);
    if (type == ETH_P_IP)
        parse_ipv4(s);
    else if (type == ETH_P_IPV6 && get8(s, s->l3) >> 4 == 6)
        parse_ipv6(s);
}
