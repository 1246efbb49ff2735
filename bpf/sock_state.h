/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * sock_state - what each socket is doing, kept in its own storage. Kernel side
 * only, of sock.bpf.c.
 */

#include "bpf/vmlinux_net.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/events_sock.h"
#include "bpf/sock_edge.h"
#include "bpf/sock_owner.h"

/* how long the owner of a socket is believed without asking again */
#define OWNER_NS 1000000000ULL

enum phase {
    IDLE,
    ASKED, /* server: read, not answered; client: sent, not answered */
};

/**
 * struct sock_state - what one socket is doing
 * @began:    of the request in hand, or of the connect; @read: by the process
 * @owned:    when the key's owner was last asked; 0: never
 * @sent, @taken: sequence numbers up to which bytes are on the edge
 * @seen:     that of the last byte taken, to tell a peek
 * @era:      of which the rest is: another one's is stale
 * @finished: nothing more will be sent
 */
struct sock_state {
    struct rca_sock_key key;
    __u64 began;
    __u64 read;
    __u64 owned;
    __u32 sent;
    __u32 taken;
    __u32 seen;
    __u32 retrans;
    __u32 connections;
    __u32 pid;
    __u32 uts;
    __u32 era;
    __u8 phase;
    __u8 reset;
    __u8 finished;
    __u8 unused[5];
};

struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct sock_state);
} sockets SEC(".maps");

const volatile __u64 tick_ns = 4000000; /* a jiffy */
/* counted up when hooks come or go, as what a socket does in between is not
 * seen; never 0 */
__u32 era;
/* whether sends and receives are seen: else bytes would not be looked at for so
 * long that sequence numbers wrap */
__u32 watched;

/* --- sockets --------------------------------------------------------------- */

/* A listener's backlog is inherited by its children; clients have none. */
static __always_inline bool is_server(const struct sock *sk)
{
    return sk->sk_max_ack_backlog != 0;
}

static __always_inline void set_role(struct sock_state *s,
                                     const struct sock *sk)
{
    const struct sock_common *c = &sk->__sk_common;
    bool server = is_server(sk);

    s->key.role = server ? RCA_SOCK_SERVER : RCA_SOCK_CLIENT;
    s->key.port = server ? c->skc_num : bpf_ntohs(c->skc_dport);
    s->key.netns = c->skc_net.net->ns.inum;
    rca_set_addresses(&s->key, sk);
}

static __always_inline void start_state(struct sock_state *s,
                                        const struct sock *sk)
{
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock((void *)sk);

    if (!s->key.role)
        set_role(s, sk);
    s->phase = IDLE;
    s->era = era;
    if (!tcp)
        return;
    /* what was sent, taken and repeated before we came is not ours to report */
    s->sent = tcp->write_seq;
    s->taken = tcp->copied_seq;
    s->seen = s->taken - 1; /* whoever comes now took something */
    s->retrans = tcp->total_retrans;
}

/* In process context only. */
static __always_inline void set_owner(struct sock_state *s, __u64 now)
{
    struct rca_sock_owner_id owner = {};

    rca_get_owner((struct task_struct *)bpf_get_current_task(), &owner);
    s->owned = now;
    s->pid = owner.pid;
    s->uts = owner.uts;
    s->key.cgroup = owner.cgroup;
    __builtin_memcpy(s->key.comm, owner.comm, sizeof(s->key.comm));
}

static __always_inline void renew_owner(struct sock_state *s, __u64 now)
{
    if (now - s->owned > OWNER_NS)
        set_owner(s, now);
}

static __always_inline struct sock_state *old_state(const struct sock *sk)
{
    struct sock_state *s = bpf_sk_storage_get(&sockets, (void *)sk, NULL, 0);

    return s && s->era == era ? s : NULL;
}

static __always_inline struct sock_state *get_state(const struct sock *sk)
{
    struct sock_state *s;

    s = bpf_sk_storage_get(&sockets, (void *)sk, NULL,
                           BPF_SK_STORAGE_GET_F_CREATE);
    if (!s)
        __sync_fetch_and_add(&lost, 1);
    else if (s->era != era)
        start_state(s, sk);
    return s;
}
