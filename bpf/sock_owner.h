/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * sock_owner - whose a socket is, and where it is. Kernel side only.
 */

#include "bpf/vmlinux_net.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/cgroup.h"
#include "bpf/events_sock.h"

#define MAX_NODES 1024

/* node names by UTS namespace: what a container calls itself */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, MAX_NODES);
    __type(key, __u32);
    __type(value, char[RCA_NODE_SIZE]);
} nodes SEC(".maps");

static __always_inline void rca_keep_node(struct task_struct *task, __u32 inode)
{
    char name[RCA_NODE_SIZE] = {};

    if (!inode || bpf_map_lookup_elem(&nodes, &inode))
        return;
    BPF_CORE_READ_STR_INTO(&name, task, nsproxy, uts_ns, name.nodename);
    bpf_map_update_elem(&nodes, &inode, name, BPF_NOEXIST);
}

static __always_inline void rca_get_owner(struct task_struct *task,
                                          struct rca_sock_owner_id *owner)
{
    struct task_struct *leader = BPF_CORE_READ(task, group_leader);

    owner->pid = (__u32)BPF_CORE_READ(task, tgid);
    owner->uts = BPF_CORE_READ(task, nsproxy, uts_ns, ns.inum);
    rca_keep_node(task, owner->uts);
    owner->cgroup = rca_cgroup_of(task);
    bpf_core_read_str(owner->comm, sizeof(owner->comm), &leader->comm);
}

static __always_inline bool rca_is_tcp(const struct sock *sk)
{
    __u16 family = sk->__sk_common.skc_family;

    return (family == AF_INET || family == AF_INET6) &&
           sk->sk_protocol == IPPROTO_TCP;
}

static __always_inline void rca_set_addresses(struct rca_sock_key *key,
                                              const struct sock *sk)
{
    const struct sock_common *c = &sk->__sk_common;

    key->family = AF_INET;
    if (c->skc_family == AF_INET) {
        key->local[0] = c->skc_rcv_saddr;
        key->remote[0] = c->skc_daddr;
        return;
    }
    for (int i = 0; i < 4; i++) {
        key->local[i] = c->skc_v6_rcv_saddr.in6_u.u6_addr32[i];
        key->remote[i] = c->skc_v6_daddr.in6_u.u6_addr32[i];
    }
    if (!key->remote[0] && !key->remote[1] &&
        key->remote[2] == bpf_htonl(0xffff)) { /* IPv4 in IPv6 */
        key->local[0] = key->local[3];
        key->remote[0] = key->remote[3];
        key->local[2] = key->local[3] = key->remote[2] = key->remote[3] = 0;
        return;
    }
    key->family = AF_INET6;
}
