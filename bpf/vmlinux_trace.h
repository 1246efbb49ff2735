/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * vmlinux_trace - what bpf/trace.bpf.c reads of a packet and what belongs to it.
 *
 * Flavours (type___t is `type` to libbpf) of what vmlinux_net.h has for all: a
 * packet is copied whole, once, and these are laid over the copy.
 */

#include "bpf/vmlinux_net.h"

#define ETH_HLEN 14
#define ETH_P_IP 0x0800
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88a8
#define ETH_P_IPV6 0x86dd
#define IPPROTO_ICMP 1
#define IPPROTO_UDP 17
#define IPPROTO_ICMPV6 58
#define IPPROTO_SCTP 132
#define TCP_TIME_WAIT 6
#define TCP_NEW_SYN_RECV 12

#pragma clang attribute push(__attribute__((preserve_access_index)),           \
                             apply_to = record)

struct sk_buff___t {
    struct sk_buff *next;
    struct net_device *dev;
    struct sock *sk;
    char cb[48];
    unsigned long _nfct;
    unsigned int len;
    __u8 cloned : 1;
    int skb_iif;
    __be16 vlan_proto;
    __u16 vlan_tci;
    __u32 mark;
    __be16 protocol;
    __u16 transport_header;
    __u16 network_header;
    __u16 mac_header;
    unsigned int tail;
    unsigned int end;
    unsigned char *head;
    unsigned char *data;
};

struct sk_buff___tag { /* up to 6.1 */
    __u8 vlan_present : 1;
};

struct atomic___t {
    int counter;
};

struct skb_shared_info {
    struct atomic___t dataref;
};

struct udp_dev_scratch { /* over sk_buff.dev, in a socket's queue */
    __u32 _tsize_state;
    __u16 len;
    bool is_linear;
    bool csum_unnecessary;
};

struct tcp_skb_cb {
    __u32 seq;
    __u8 tcp_flags;
};

struct tcp_sock___t {
    __u32 snd_cwnd;
    __u32 packets_out;
    __u32 sacked_out;
    __u32 lost_out;
    __u32 retrans_out;
    __u32 total_retrans;
    __u32 srtt_us; /* times 8 */
    __u32 rcv_nxt;
};

struct sk_buff_head {
    struct sk_buff *prev;
};

struct sock___t {
    struct sk_buff_head sk_receive_queue;
    __u32 sk_ack_backlog;
    __u32 sk_max_ack_backlog;
    __u16 sk_protocol;
};

struct nf_conntrack_zone {
    __u16 id;
};

struct ip_ct_tcp {
    __u8 state;
};

struct nf_conn___t {
    struct nf_conntrack_zone zone;
    struct nf_conntrack_tuple_hash tuplehash[2];
    unsigned long status;
    __u32 mark;
    union {
        struct ip_ct_tcp tcp;
    } proto;
};

struct nf_hook_state {
    __u8 hook;
    struct net_device *in;
    struct net_device *out;
    struct sock *sk;
    struct net *net;
};

struct bpf_nf_ctx___t {
    const struct nf_hook_state *state;
    struct sk_buff *skb;
};

#pragma clang attribute pop
