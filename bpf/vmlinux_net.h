/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* vmlinux_net - as vmlinux_min.h: sockets, packets, connection tracking. */

#include "bpf/vmlinux_min.h"

#pragma clang attribute push(__attribute__((preserve_access_index)),           \
                             apply_to = record)

/* --- sockets and packets --------------------------------------------------- */

struct in6_addr {
    union {
        __be32 u6_addr32[4];
    } in6_u;
};

struct sock_common {
    union {
        struct {
            __be32 skc_daddr;
            __be32 skc_rcv_saddr;
        };
    };
    union {
        struct {
            __be16 skc_dport;
            __u16 skc_num;
        };
    };
    unsigned short skc_family;
    volatile unsigned char skc_state;
    possible_net_t skc_net;
    unsigned long skc_flags;
    struct in6_addr skc_v6_daddr;
    struct in6_addr skc_v6_rcv_saddr;
};

typedef struct {
    int owned;
} socket_lock_t;

struct sock {
    struct sock_common __sk_common;
    socket_lock_t sk_lock;
    int sk_err;
    __u32 sk_max_ack_backlog;
    __u16 sk_protocol;
};

struct file;

struct socket {
    struct sock *sk;
};

struct inet_connection_sock {
    struct {
        __u32 lrcvtime; /* when data came last, in jiffies */
    } icsk_ack;
};

struct tcp_sock {
    struct inet_connection_sock inet_conn;
    __u32 copied_seq; /* read by the process up to here */
    __u32 write_seq; /* and sent */
    __u32 rcv_nxt;
    __u32 srtt_us; /* times 8 */
    __u32 total_retrans;
    __u64 tcp_mstamp; /* when a packet came or left last, microseconds */
};

struct net_device {
    possible_net_t nd_net;
    int ifindex;
};

struct netdev_queue {
    struct net_device *dev;
};

struct sk_buff {
    struct sk_buff *next;
    struct net_device *dev;
    struct sock *sk;
    unsigned long _nfct; /* its entry, and its part in 3 bits */
    int skb_iif;
};

/* --- connection tracking --------------------------------------------------- */

union nf_inet_addr {
    __u32 all[4];
};

union nf_conntrack_man_proto {
    __be16 all;
};

struct nf_conntrack_man {
    union nf_inet_addr u3;
    union nf_conntrack_man_proto u;
    __u16 l3num;
};

struct nf_conntrack_tuple {
    struct nf_conntrack_man src;
    struct {
        union nf_inet_addr u3;
        union {
            __be16 all;
        } u;
        __u8 protonum;
    } dst;
};

struct nf_conntrack_tuple_hash {
    struct nf_conntrack_tuple tuple;
};

struct nf_conn {
    struct nf_conntrack_tuple_hash tuplehash[2];
    unsigned long status;
};

struct bpf_nf_ctx {
    struct sk_buff *skb;
};

/* --- what a process gives to send() ---------------------------------------- */

enum iter_type {
    ITER_IOVEC,
    ITER_UBUF,
};

struct iovec {
    void *iov_base;
    size_t iov_len;
};

struct iov_iter {
    __u8 iter_type;
    size_t iov_offset;
    size_t count;
    const struct iovec *__iov; /* from 6.4 on */
    void *ubuf; /* from 6.0 on; a union with __iov */
};

struct iov_iter___iov { /* up to 6.3 */
    const struct iovec *iov;
};

struct msghdr {
    struct iov_iter msg_iter;
};

#pragma clang attribute pop
