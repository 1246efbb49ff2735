/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* events_trace - what `rca trace` sees of one packet at one point of the stack. */

#include "bpf/events.h"

/** Bytes of a packet that a filter sees and an event keeps, from its link layer
 * (or, where it has none yet, its network layer) on. */
#define RCA_TRACE_SNAP 256

/** enum rca_trace_point - where the packet was; its name and hook in
 * collector/trace/point.c. New ones go last: files hold the number. */
enum rca_trace_point {
    RCA_TRACE_RECEIVE = 1, /* netif_receive_skb: came in by a device */
    RCA_TRACE_LOOP, /* netif_rx: handed to the other end of a veth, loopback */
    RCA_TRACE_QUEUE, /* net_dev_queue: given to a device to send */
    RCA_TRACE_ENQUEUE, /* qdisc_enqueue */
    RCA_TRACE_DEQUEUE, /* qdisc_dequeue */
    RCA_TRACE_TRANSMIT, /* net_dev_start_xmit: the driver has it */
    RCA_TRACE_DROP, /* kfree_skb */
    RCA_TRACE_CONSUME, /* consume_skb: done with */
    RCA_TRACE_TCP, /* tcp_probe: a connection takes it */
    RCA_TRACE_RETRANSMIT, /* tcp_retransmit_skb */
    RCA_TRACE_READ, /* skb_copy_datagram_iovec: a process reads it; datagrams in
                     * one piece: consume_skb, up to 6.17 */
    RCA_TRACE_PREROUTING, /* netfilter hooks, NF_INET_* + this */
    RCA_TRACE_INPUT,
    RCA_TRACE_FORWARD,
    RCA_TRACE_OUTPUT,
    RCA_TRACE_POSTROUTING,
    RCA_TRACE_RULE, /* an nftables rule or policy decided */
    RCA_TRACE_OVS_ACTION, /* Open vSwitch, kernel datapath */
    RCA_TRACE_OVS_UPCALL,
    RCA_TRACE_OVS_COUNTER, /* Open vSwitch, counters: no packet */
    RCA_TRACE_FUNCTION, /* any function that was asked for */
    RCA_TRACE_SOCKET, /* sk_data_ready: a datagram is in its socket's queue */
    RCA_TRACE_POINT_COUNT,
};

/** struct rca_trace_flow - as in the headers at this point; IPv4 addresses in
 * the first 4 bytes; ports in host order, ICMP: source = identifier */
struct rca_trace_flow {
    __u8 source[16];
    __u8 destination[16];
    __u16 source_port;
    __u16 destination_port;
    __u8 family; /* AF_INET, AF_INET6; 0: neither, all else is 0 */
    __u8 protocol; /* IPPROTO_* */
    __u8 tcp_flags;
    __u8 fragment; /* not the first one: no ports */
};

/** struct rca_trace_conntrack - the packet's entry
 * @state: enum ip_conntrack_info (IP_CT_NEW, ...): the packet's part in it
 * @status: IPS_*; @tcp_state: TCP_CONNTRACK_* or 0
 * @way: tuples as they came first and as answers come */
struct rca_trace_conntrack {
    struct rca_trace_flow way[2];
    __u32 status;
    __u32 mark;
    __u16 zone;
    __u8 state;
    __u8 tcp_state;
    __u32 pad;
};

/** struct rca_trace_tcp - of the packet's socket, where it has one
 * @srtt_us, @cwnd, @in_flight (packets), @retransmits: of the connection
 * @backlog, @backlog_max: waiting for accept(), of one that listens */
struct rca_trace_tcp {
    __u32 srtt_us;
    __u32 cwnd;
    __u32 in_flight;
    __u32 retransmits;
    __u32 backlog;
    __u32 backlog_max;
    __u16 local_port;
    __u8 state; /* TCP_* */
    __u8 pad;
};

#define RCA_TRACE_NAME 64

/** struct rca_trace_rule - what decided at RCA_TRACE_RULE
 * @handle: 0: the chain's policy; @verdict: NF_* or NFT_* */
struct rca_trace_rule {
    __u64 handle;
    __s32 verdict;
    __u32 family; /* NFPROTO_* */
    char table[RCA_TRACE_NAME];
    char chain[RCA_TRACE_NAME];
};

/** struct rca_trace_ovs - @action: OVS_ACTION_ATTR_*, or of an upcall its
 * OVS_PACKET_CMD_*; @drops, @down: RCA_TRACE_OVS_COUNTER: packets dropped at the
 * port since the last one, and whether its link is down */
struct rca_trace_ovs {
    __u64 drops;
    __u32 in_port;
    __u32 out_port;
    __u32 action;
    __u32 recirculation;
    __u32 down;
    __u32 result;
    char bridge[RCA_TRACE_NAME];
    char port[RCA_TRACE_NAME];
};

/** parts of an event that are filled, or-ed */
#define RCA_TRACE_HAS_CONNTRACK 1
#define RCA_TRACE_HAS_TCP 2 /* detail.tcp */
#define RCA_TRACE_HAS_RULE 4 /* detail.rule */
#define RCA_TRACE_HAS_OVS 8 /* detail.ovs */
#define RCA_TRACE_HAS_LINK 16 /* head begins with an Ethernet header */
#define RCA_TRACE_HAS_REASON 32 /* reason is given by this kernel */

/**
 * struct rca_trace_event - only the first @captured bytes of @head are kept
 * @time:   in the kernel CLOCK_MONOTONIC; from collector/trace/capture.h on
 *          nanoseconds since the epoch
 * @id:     of the packet, the same at all points through NAT and clones; 0: not
 *          known
 * @cgroup: of the process at hand, with @pid and @command; not always the one
 *          that sent the packet
 * @place:  of a drop the address in the kernel that dropped it; of
 *          RCA_TRACE_FUNCTION the address of the function; of RCA_TRACE_RULE
 *          the point of its base chain's hook (RCA_TRACE_INPUT...), 0: not known
 * @length: of the packet from where @head begins
 * @stack:  number of a stack, -1: none
 * @vlan:   tag control information, with 0x10000 if there is a tag; a tag that
 *          the hardware took off is put back in @head
 * @ifindex: of the device, 0: none; @iif: that it came in by
 */
struct rca_trace_event {
    __u64 time;
    __u64 id;
    __u64 cgroup;
    __u64 place;
    __u32 point;
    __u32 has;
    __u32 cpu;
    __u32 netns;
    __u32 ifindex;
    __u32 iif;
    __u32 reason;
    __u32 mark;
    __u32 length;
    __u32 vlan;
    __u32 pid;
    __s32 stack;
    char command[16];
    struct rca_trace_flow flow;
    struct rca_trace_conntrack conntrack;
    union {
        struct rca_trace_tcp tcp;
        struct rca_trace_rule rule;
        struct rca_trace_ovs ovs;
    } detail;
    __u32 captured;
    __u32 pad;
    __u8 head[RCA_TRACE_SNAP];
};

_Static_assert(sizeof(struct rca_trace_flow) == 40 &&
                   sizeof(struct rca_trace_conntrack) == 96 &&
                   sizeof(struct rca_trace_tcp) == 28 &&
                   sizeof(struct rca_trace_rule) == 144 &&
                   sizeof(struct rca_trace_ovs) == 160 &&
                   sizeof(struct rca_trace_event) == 656,
               "both sides must agree");

/** struct rca_trace_counts - since the start, on one processor
 * @seen:    packets at a point, before the filters; @matched: after
 * @lost:    matched, and the ring was full; @nested: no buffer was left
 * @untracked: no room to remember the packet's id */
struct rca_trace_counts {
    __u64 seen;
    __u64 matched;
    __u64 lost;
    __u64 nested;
    __u64 untracked;
};
