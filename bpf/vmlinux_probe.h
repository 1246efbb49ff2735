/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* vmlinux_probe - as vmlinux_min.h: nftables and Open vSwitch, most of it from
 * the BTF of their modules. */

#include "bpf/vmlinux_trace.h"

#pragma clang attribute push(__attribute__((preserve_access_index)),           \
                             apply_to = record)

/* --- netfilter, nftables --------------------------------------------------- */

struct nft_pktinfo {
    struct sk_buff *skb;
    const struct nf_hook_state *state;
};

struct nft_table {
    char *name;
    __u16 family : 6;
};

struct nft_rule_blob { /* from 5.17 on */
    unsigned long size; /* of the rules that follow, bytes */
};

struct nft_chain {
    struct nft_rule_blob *blob_gen_0;
    struct nft_rule_blob *blob_gen_1;
    struct nft_table *table;
    char *name;
};

struct nft_base_chain {
    __u8 policy;
    struct nft_chain chain;
};

struct nft_verdict {
    __u32 code;
    struct nft_chain *chain;
};

struct nft_regs {
    struct nft_verdict verdict;
};

struct nft_expr;

/* --- Open vSwitch ---------------------------------------------------------- */

struct net_device___probe {
    char name[16];
};

struct hlist_node {
    struct hlist_node *next;
};

struct hlist_head {
    struct hlist_node *first;
};

struct vport {
    struct net_device___probe *dev;
    __u16 port_no;
    struct hlist_node dp_hash_node;
};

struct datapath {
    struct hlist_head *ports;
};

struct sw_flow_key {
    struct {
        __u16 in_port;
    } phy;
    __u32 recirc_id;
};

struct sw_flow_actions {
    __u32 actions_len;
};

struct dp_upcall_info {
    __u8 cmd;
};

struct nlattr {
    __u16 nla_len;
    __u16 nla_type;
};

#pragma clang attribute pop
