/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * trace_segment - a head for what TCP has without one: made of the socket.
 */

#include "bpf/trace_packet.h"

#define TCP_HLEN 20 /* without options */

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
