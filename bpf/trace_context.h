/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * trace_context - what the kernel knows of a packet beside its headers: where it
 * is, whose, its connection and its socket.
 */

#include "bpf/vmlinux_trace.h"

#include <bpf/bpf_endian.h>

#include "bpf/cgroup.h"
#include "bpf/trace_slot.h"

/* --- where ------------------------------------------------------------------ */

static __always_inline __u32 netns_of_net(const struct net *net)
{
    const __u32 inum = BPF_CORE_READ(net, ns.inum);

    return inum >= FIRST_NS_INODE ? inum : 0;
}

static __always_inline __u32 netns_of_sock(__u64 sk)
{
    if (!sk)
        return 0;
    return netns_of_net(
        BPF_CORE_READ((struct sock *)sk, __sk_common.skc_net.net));
}

/* Who reads a packet is in the namespace of its socket as a rule. */
static __always_inline __u32 netns_of_reader(const struct slot *s,
                                             struct task_struct *task)
{
    if (s->e.point != RCA_TRACE_READ)
        return 0;
    return netns_of_net(BPF_CORE_READ(task, nsproxy, net_ns));
}

/* sk_buff.dev is something else while a packet waits in a socket: then its net
 * is none. A hook has said where it is, already. */
static __always_inline void find_place(struct slot *s, struct task_struct *task)
{
    const struct sk_buff___t *skb = skb_of(s);
    struct net_device *dev = skb->dev;
    __u32 netns = dev ? netns_of_net(BPF_CORE_READ(dev, nd_net.net)) : 0;

    s->e.iif = (__u32)skb->skb_iif;
    if (netns) {
        s->e.netns = netns;
        s->e.ifindex = (__u32)BPF_CORE_READ(dev, ifindex);
        return;
    }
    if (!s->e.netns)
        s->e.netns = netns_of_sock((__u64)skb->sk);
    if (!s->e.netns)
        s->e.netns = netns_of_sock(s->sk);
    if (!s->e.netns)
        s->e.netns = netns_of_reader(s, task);
}

/* As rca_cgroup_of(), but by plain loads, which the kernel lets us do from the
 * task at hand on: a few nanoseconds in the place of a hundred. */
static __always_inline __u64 cgroup_of(struct task_struct *task)
{
    struct cgroup *v2 = task->cgroups->dfl_cgrp;

    return v2->level > 0 ? v2->kn->id : rca_cgroup_of(task);
}

/* All that a meta filter may ask for. */
static __always_inline void find_context(struct slot *s)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct task_struct *leader = task->group_leader;

    find_place(s, task);
    s->e.cpu = bpf_get_smp_processor_id();
    s->e.mark = skb_of(s)->mark;
    s->e.pid = (__u32)task->tgid;
    s->e.cgroup = cgroup_of(task);
    BPF_CORE_READ_INTO(&s->e.command, leader, comm);
}

/* --- its connection --------------------------------------------------------- */

static __always_inline void read_way(const struct nf_conntrack_tuple *t,
                                     struct rca_trace_flow *flow)
{
    for (int i = 0; i < 4; i++) {
        ((__u32 *)flow->source)[i] = t->src.u3.all[i];
        ((__u32 *)flow->destination)[i] = t->dst.u3.all[i];
    }
    flow->family = (__u8)t->src.l3num;
    flow->protocol = t->dst.protonum;
    flow->source_port = bpf_ntohs(t->src.u.all);
    if (flow->protocol != IPPROTO_ICMP && flow->protocol != IPPROTO_ICMPV6)
        flow->destination_port = bpf_ntohs(t->dst.u.all);
}

static __always_inline void read_conntrack(struct slot *s,
                                           const struct nf_conn___t *ct,
                                           __u8 state)
{
    struct rca_trace_conntrack *to = &s->e.conntrack;

    __builtin_memset(to, 0, sizeof(*to));
    read_way(&ct->tuplehash[0].tuple, &to->way[0]);
    read_way(&ct->tuplehash[1].tuple, &to->way[1]);
    to->status = (__u32)ct->status;
    to->state = state;
    if (bpf_core_field_exists(ct->mark))
        to->mark = ct->mark;
    if (bpf_core_field_exists(ct->zone))
        to->zone = ct->zone.id;
    if (to->way[0].protocol == IPPROTO_TCP)
        to->tcp_state = ct->proto.tcp.state;
    s->e.has |= RCA_TRACE_HAS_CONNTRACK;
}

static __always_inline void find_conntrack(struct slot *s)
{
    const __u64 nfct = skb_of(s)->_nfct;
    __u32 size = bpf_core_type_size(struct nf_conn___t);

    if (!(nfct & ~7ull))
        return;
    if (size > CT_ROOM)
        size = CT_ROOM;
    if (!bpf_probe_read_kernel(s->ct, size, (const void *)(nfct & ~7ull)))
        read_conntrack(s, (const struct nf_conn___t *)s->ct, nfct & 7);
}

/* --- its socket ------------------------------------------------------------- */

/* Of requests and of what is in TIME_WAIT only the beginning is there. */
static __always_inline _Bool is_tcp(__u64 sk, __u8 state)
{
    const __u16 family =
        BPF_CORE_READ((struct sock *)sk, __sk_common.skc_family);

    if ((family != AF_INET && family != AF_INET6) || state == TCP_TIME_WAIT ||
        state == TCP_NEW_SYN_RECV)
        return 0;
    return BPF_CORE_READ((struct sock___t *)sk, sk_protocol) == IPPROTO_TCP;
}

static __always_inline void read_connection(struct tcp_sock___t *tp,
                                            struct rca_trace_tcp *to)
{
    const __u32 gone =
        BPF_CORE_READ(tp, sacked_out) + BPF_CORE_READ(tp, lost_out);

    to->srtt_us = BPF_CORE_READ(tp, srtt_us) >> 3;
    to->cwnd = BPF_CORE_READ(tp, snd_cwnd);
    to->in_flight =
        BPF_CORE_READ(tp, packets_out) - gone + BPF_CORE_READ(tp, retrans_out);
    to->retransmits = BPF_CORE_READ(tp, total_retrans);
}

static __always_inline void find_tcp(struct slot *s)
{
    const __u64 sk = s->sk ? s->sk : (__u64)skb_of(s)->sk;
    struct rca_trace_tcp *to = &s->e.detail.tcp;
    __u8 state;

    if (!sk)
        return;
    state = BPF_CORE_READ((struct sock *)sk, __sk_common.skc_state);
    if (!is_tcp(sk, state))
        return;
    __builtin_memset(&s->e.detail, 0, sizeof(s->e.detail));
    to->state = state;
    to->local_port = BPF_CORE_READ((struct sock *)sk, __sk_common.skc_num);
    if (state == TCP_LISTEN) {
        to->backlog = BPF_CORE_READ((struct sock___t *)sk, sk_ack_backlog);
        to->backlog_max =
            BPF_CORE_READ((struct sock___t *)sk, sk_max_ack_backlog);
    } else {
        read_connection((struct tcp_sock___t *)sk, to);
    }
    s->e.has |= RCA_TRACE_HAS_TCP;
}
