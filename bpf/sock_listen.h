/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * sock_listen - who listens where, before anyone calls. Kernel side only, of
 * sock.bpf.c.
 */

#include "bpf/sock_owner.h"

#define MAX_LISTENERS 2048

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, MAX_LISTENERS);
    __type(key, struct rca_sock_listen_key);
    __type(value, struct rca_sock_owner_id);
} listeners SEC(".maps");

static __always_inline void rca_set_listen_key(struct rca_sock_listen_key *key,
                                               const struct sock *sk)
{
    const struct sock_common *c = &sk->__sk_common;

    key->netns = c->skc_net.net->ns.inum;
    key->port = c->skc_num;
    key->family = (__u8)c->skc_family;
    if (key->family == AF_INET) {
        key->local[0] = c->skc_rcv_saddr;
        return;
    }
    for (int i = 0; i < 4; i++)
        key->local[i] = c->skc_v6_rcv_saddr.in6_u.u6_addr32[i];
}

static __always_inline int rca_add_listener(const struct sock *sk,
                                            struct task_struct *task)
{
    struct rca_sock_listen_key key = {};
    struct rca_sock_owner_id owner = {};

    rca_set_listen_key(&key, sk);
    rca_get_owner(task, &owner);
    bpf_map_update_elem(&listeners, &key, &owner, BPF_ANY);
    return 0;
}

static __always_inline int rca_drop_listener(const struct sock *sk)
{
    struct rca_sock_listen_key key = {};

    rca_set_listen_key(&key, sk);
    bpf_map_delete_elem(&listeners, &key);
    return 0;
}
