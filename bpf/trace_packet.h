/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * trace_packet - copies the beginning of a packet and finds its flow.
 *
 * Where a packet begins depends on where it is: on the way in its data begin at
 * the network layer and the link layer lies before them; given to a device, they
 * begin at the link layer; elsewhere the offsets of both are known, or are not.
 */

#include "bpf/vmlinux_trace.h"

#include <bpf/bpf_endian.h>

#include "bpf/trace_slot.h"

#define NO_MAC 0xffffu
#define LINK_MAX (ETH_HLEN + 8) /* with two tags */
#define TCP_HLEN 20 /* without options */
#define TAG 4
#define MAC_ADDRESSES 12

/* --- where it begins -------------------------------------------------------- */

static __always_inline _Bool has_tag(const struct slot *s)
{
    if (bpf_core_field_exists(struct sk_buff___tag, vlan_present))
        return BPF_CORE_READ_BITFIELD((const struct sk_buff___tag *)s->skb,
                                      vlan_present);
    return skb_of(s)->vlan_proto != 0;
}

static __always_inline _Bool is_link(__u32 mac, __u32 net)
{
    return mac != NO_MAC && net >= mac + ETH_HLEN && net <= mac + LINK_MAX;
}

/* Offset from skb->head; @ret_link: of an Ethernet header. */
static __always_inline __u32 find_begin(const struct slot *s, _Bool *ret_link)
{
    const struct sk_buff___t *skb = skb_of(s);
    const __u32 data = (__u32)((__u64)skb->data - (__u64)skb->head);
    const __u32 point = s->e.point;
    __u32 mac = skb->mac_header, net = skb->network_header;

    if (point == RCA_TRACE_RECEIVE || point == RCA_TRACE_LOOP)
        net = data; /* and the network header is not set yet */
    else if (point >= RCA_TRACE_QUEUE && point <= RCA_TRACE_TRANSMIT)
        mac = data;
    *ret_link = is_link(mac, net);
    if (*ret_link)
        return mac;
    if (point >= RCA_TRACE_QUEUE && point <= RCA_TRACE_TRANSMIT)
        return data;
    return net ? net : data;
}

/* --- copying ---------------------------------------------------------------- */

/* With the tag that the device took off. */
static __always_inline __u32 copy_tagged(struct slot *s, const void *from,
                                         __u32 room)
{
    const struct sk_buff___t *skb = skb_of(s);
    __u16 tci = skb->vlan_tci;

    if (room < ETH_HLEN)
        return 0;
    room -= MAC_ADDRESSES;
    if (room > RCA_TRACE_SNAP - MAC_ADDRESSES - TAG)
        room = RCA_TRACE_SNAP - MAC_ADDRESSES - TAG;
    if (bpf_probe_read_kernel(s->e.head, MAC_ADDRESSES, from) ||
        bpf_probe_read_kernel(s->e.head + MAC_ADDRESSES + TAG, room,
                              from + MAC_ADDRESSES))
        return 0;
    *(__be16 *)(s->e.head + MAC_ADDRESSES) = skb->vlan_proto;
    *(__be16 *)(s->e.head + MAC_ADDRESSES + 2) = bpf_htons(tci);
    return room + MAC_ADDRESSES + TAG;
}

static __always_inline __u32 copy_plain(struct slot *s, const void *from,
                                        __u32 room)
{
    if (room > RCA_TRACE_SNAP)
        room = RCA_TRACE_SNAP;
    if (!room || bpf_probe_read_kernel(s->e.head, room, from))
        return 0;
    return room;
}

/* The part that lies in one piece: headers always do where they were looked
 * at. */
static __always_inline void copy_head(struct slot *s)
{
    const struct sk_buff___t *skb = skb_of(s);
    const __u32 data = (__u32)((__u64)skb->data - (__u64)skb->head);
    _Bool link = 0;
    const __u32 begin = find_begin(s, &link);
    const __u32 room = skb->tail > begin ? skb->tail - begin : 0;
    const _Bool tag = has_tag(s);

    s->e.has = link ? RCA_TRACE_HAS_LINK : 0;
    s->e.length = skb->len + data - begin;
    s->e.vlan = 0;
    if (tag)
        s->e.vlan = 0x10000u | skb->vlan_tci;
    if (tag && link) {
        s->e.captured = copy_tagged(s, skb->head + begin, room);
        s->e.length += TAG;
    } else {
        s->e.captured = copy_plain(s, skb->head + begin, room);
    }
}

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

/* --- packets without headers ------------------------------------------------ */

/* An IP header by the addresses of the socket, before @segment bytes of TCP.
 * Returns where these begin. */
static __always_inline __u32 make_ip(struct slot *s, struct sock *sk,
                                     __u32 segment)
{
    const _Bool six = BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6;
    const __u32 l4 = six ? 40 : 20;
    __u8 *head = s->e.head;

    __builtin_memset(head, 0, 60);
    s->e.has = 0;
    s->e.vlan = 0;
    s->e.length = segment + l4;
    if (six) {
        head[0] = 0x60;
        *(__be16 *)(head + 4) = bpf_htons((__u16)segment);
        head[6] = IPPROTO_TCP;
        BPF_CORE_READ_INTO((__u64(*)[2])(head + 8), sk,
                           __sk_common.skc_v6_rcv_saddr);
        BPF_CORE_READ_INTO((__u64(*)[2])(head + 24), sk,
                           __sk_common.skc_v6_daddr);
    } else {
        head[0] = 0x45;
        *(__be16 *)(head + 2) = bpf_htons((__u16)(segment + l4));
        head[9] = IPPROTO_TCP;
        *(__be32 *)(head + 12) = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
        *(__be32 *)(head + 16) = BPF_CORE_READ(sk, __sk_common.skc_daddr);
    }
    return l4;
}

/* What TCP sends again has none: those that it had, as far as they are known. */
static __always_inline void make_head(struct slot *s)
{
    const struct sk_buff___t *skb = skb_of(s);
    const struct tcp_skb_cb *cb = (const struct tcp_skb_cb *)skb->cb;
    struct sock *sk = (struct sock *)s->sk;
    const __u32 l4 = make_ip(s, sk, skb->len + TCP_HLEN);
    __u8 *head = s->e.head + l4;

    s->e.captured = l4 + TCP_HLEN;
    *(__be16 *)head = bpf_htons(BPF_CORE_READ(sk, __sk_common.skc_num));
    *(__be16 *)(head + 2) = BPF_CORE_READ(sk, __sk_common.skc_dport);
    *(__be32 *)(head + 4) = bpf_htonl(cb->seq);
    *(__be32 *)(head + 8) =
        bpf_htonl(BPF_CORE_READ((struct tcp_sock___t *)sk, rcv_nxt));
    head[12] = 5 << 4;
    head[13] = cb->tcp_flags;
}

/* A segment for which there is no route has no IP header yet. */
static __always_inline void make_segment(struct slot *s)
{
    const struct sk_buff___t *skb = skb_of(s);
    const __u32 l4 = make_ip(s, skb->sk, skb->len);

    s->e.captured = l4;
    if (!bpf_probe_read_kernel(s->e.head + l4, TCP_HLEN, skb->data))
        s->e.captured = l4 + TCP_HLEN;
}
