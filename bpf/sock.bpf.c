// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * sock - requests, their latency and their failures, of every TCP socket.
 *
 * No protocol is parsed: who speaks in turns makes requests. A server's
 * request begins when its data arrive, is read by the process (queue time
 * ends, service time begins) and ends with the first byte of the reply; a
 * client's lasts from the first byte sent to the first byte received.
 *
 * What a socket is doing lives in its storage. Its counts are added to `edges`
 * when a turn ends, so a request costs one look-up in a hash on each side.
 * Who uses a socket is asked in process context only: a server's child is born
 * in an interrupt, in the name of whoever was running.
 *
 * Each hook has one body and, where a supported kernel lacks the tracepoint, a
 * twin on the function that does the work; collector/sock_load.c picks one.
 *
 * Limits: pipelined or multiplexed requests count as turns; a reader that
 * splices is not seen (Linux has no tracepoint there).
 */

#include "bpf/vmlinux_min.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/cgroup.h"
#include "bpf/events.h"
#include "bpf/sock_reply.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_EDGES 4096
#define MAX_NODES 1024
/* bytes of one-way traffic that may wait to be added to the edge */
#define PENDING_BYTES 65536
/* how long the owner of a socket is believed without asking again */
#define OWNER_NS 1000000000ULL
/* A client that closes with its request unanswered gave up if it had waited
 * for that long; sooner, it said goodbye and expected nothing. */
#define GIVE_UP_NS 100000000ULL
#define MSG_PEEK 2

enum phase {
    IDLE,
    ASKED, /* server: read, not answered; client: sent, not answered */
    REPLYING, /* server: the reply is being sent, a next request may come */
};

/**
 * struct sock_state - what one socket is doing
 * @arrived: data of the next request came, 0: none did
 * @began:   of the request in hand; @read: by the process
 * @owned:   when the key's owner was last asked; 0: never
 * @sent, @received, @connections: not yet added to the edge
 */
struct sock_state {
    struct rca_sock_key key;
    __u64 arrived;
    __u64 began;
    __u64 read;
    __u64 owned;
    __u64 sent;
    __u64 received;
    __u32 connections;
    __u32 retrans;
    __u32 pid;
    __u32 uts;
    __u8 phase;
    __u8 error;
    __u8 reset;
    __u8 unused[5];
};

struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct sock_state);
} sockets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, MAX_EDGES);
    __type(key, struct rca_sock_key);
    __type(value, struct rca_sock_edge);
} edges SEC(".maps");

/* node names by UTS namespace: what a container calls itself */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, MAX_NODES);
    __type(key, __u32);
    __type(value, char[RCA_NODE_SIZE]);
} nodes SEC(".maps");

/* entries that may tell remotes apart; the rest is kept so that a service still
 * shows when its remotes have no room */
const volatile __u32 detailed = MAX_EDGES - MAX_EDGES / 8;

__u32 epoch; /* of max_ns; the reader counts it up */
__u32 n_edges; /* entries; the reader corrects it as it deletes */
__u64 folded; /* reports that went to a coarser key */
__u64 lost; /* reports that went nowhere */

static const struct rca_sock_edge zero;

/* --- edges ----------------------------------------------------------------- */

static __always_inline struct rca_sock_edge *add_edge(
    const struct rca_sock_key *key)
{
    if (!bpf_map_update_elem(&edges, key, &zero, BPF_NOEXIST))
        __sync_fetch_and_add(&n_edges, 1);
    return bpf_map_lookup_elem(&edges, key);
}

static __noinline struct rca_sock_edge *coarse_edge(
    const struct rca_sock_key *key)
{
    struct rca_sock_key coarse = *key;
    struct rca_sock_edge *edge;

    __sync_fetch_and_add(&folded, 1);
    __builtin_memset(coarse.remote, 0, sizeof(coarse.remote));
    edge = bpf_map_lookup_elem(&edges, &coarse);
    if (!edge)
        edge = add_edge(&coarse);
    if (edge)
        return edge;

    __builtin_memset(&coarse, 0, sizeof(coarse));
    coarse.role = key->role;
    edge = bpf_map_lookup_elem(&edges, &coarse);
    if (!edge)
        __sync_fetch_and_add(&lost, 1);
    return edge;
}

static __always_inline struct rca_sock_edge *edge_of(
    const struct rca_sock_key *key)
{
    struct rca_sock_edge *edge = bpf_map_lookup_elem(&edges, key);

    if (!edge && n_edges < detailed)
        edge = add_edge(key);
    return edge ? edge : coarse_edge(key);
}

static __always_inline void observe(struct rca_sock_edge *edge, __u32 what,
                                    __u64 ns)
{
    __u32 now = epoch;
    __u32 slot = now & 1;

    if (edge->max_epoch[slot] != now) {
        edge->max_epoch[slot] = now;
        __builtin_memset(edge->max_ns[slot], 0, sizeof(edge->max_ns[slot]));
    }
    if (ns > edge->max_ns[slot][what])
        edge->max_ns[slot][what] = ns;
    __sync_fetch_and_add(&edge->sum_ns[what], ns);
    __sync_fetch_and_add(&edge->bucket[what][rca_latency_bucket(ns)], 1);
}

/* --- sockets --------------------------------------------------------------- */

static __always_inline bool is_tcp(const struct sock *sk)
{
    __u16 family = sk->__sk_common.skc_family;

    return (family == AF_INET || family == AF_INET6) &&
           sk->sk_protocol == IPPROTO_TCP;
}

/* A listener's backlog is inherited by its children; clients have none. */
static __always_inline bool is_server(const struct sock *sk)
{
    return sk->sk_max_ack_backlog != 0;
}

static __always_inline void set_addresses(struct rca_sock_key *key,
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

static __always_inline void set_role(struct sock_state *s,
                                     const struct sock *sk)
{
    const struct sock_common *c = &sk->__sk_common;
    bool server = is_server(sk);

    s->key.role = server ? RCA_SOCK_SERVER : RCA_SOCK_CLIENT;
    s->key.port = server ? c->skc_num : bpf_ntohs(c->skc_dport);
    s->key.netns = c->skc_net.net->ns.inum;
    set_addresses(&s->key, sk);
}

static __always_inline void keep_node(struct task_struct *task, __u32 inode)
{
    char name[RCA_NODE_SIZE] = {};

    if (!inode || bpf_map_lookup_elem(&nodes, &inode))
        return;
    BPF_CORE_READ_STR_INTO(&name, task, nsproxy, uts_ns, name.nodename);
    bpf_map_update_elem(&nodes, &inode, name, BPF_NOEXIST);
}

/* What was retransmitted before we came is not ours to report. */
static __always_inline void start_state(struct sock_state *s,
                                        const struct sock *sk)
{
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock((void *)sk);

    set_role(s, sk);
    if (tcp)
        s->retrans = tcp->total_retrans;
}

/* In process context only. */
static __always_inline void set_owner(struct sock_state *s, __u64 now)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    struct task_struct *leader = BPF_CORE_READ(task, group_leader);

    s->owned = now;
    s->pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
    s->uts = BPF_CORE_READ(task, nsproxy, uts_ns, ns.inum);
    keep_node(task, s->uts);
    s->key.cgroup = rca_cgroup_of(task);
    bpf_core_read_str(s->key.comm, sizeof(s->key.comm), &leader->comm);
}

static __always_inline void renew_owner(struct sock_state *s, __u64 now)
{
    if (!s->owned || now - s->owned > OWNER_NS)
        set_owner(s, now);
}

static __always_inline struct sock_state *old_state(const struct sock *sk)
{
    return bpf_sk_storage_get(&sockets, (void *)sk, NULL, 0);
}

static __always_inline struct sock_state *get_state(const struct sock *sk)
{
    struct sock_state *s;

    s = bpf_sk_storage_get(&sockets, (void *)sk, NULL,
                           BPF_SK_STORAGE_GET_F_CREATE);
    if (!s)
        __sync_fetch_and_add(&lost, 1);
    else if (!s->key.role)
        start_state(s, sk);
    return s;
}

/* Add what the socket gathered. */
static __always_inline void flush(const struct sock *sk, struct sock_state *s,
                                  struct rca_sock_edge *edge)
{
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock((void *)sk);

    __sync_fetch_and_add(&edge->sent_bytes, s->sent);
    __sync_fetch_and_add(&edge->received_bytes, s->received);
    if (s->connections)
        __sync_fetch_and_add(&edge->connections, s->connections);
    s->sent = s->received = 0;
    s->connections = 0;
    edge->pid = s->pid;
    edge->uts = s->uts;
    if (!tcp)
        return;
    if (tcp->total_retrans != s->retrans)
        __sync_fetch_and_add(&edge->retransmits,
                             tcp->total_retrans - s->retrans);
    s->retrans = tcp->total_retrans;
    edge->srtt_us = tcp->srtt_us >> 3;
}

static __noinline int end_turn(const struct sock *sk, struct sock_state *s,
                               __u64 now)
{
    struct rca_sock_edge *edge;

    if (!sk || !s)
        return 0;
    edge = edge_of(&s->key);
    s->phase = IDLE;
    if (!edge)
        return 0;

    __sync_fetch_and_add(&edge->requests, 1);
    if (s->error)
        __sync_fetch_and_add(&edge->errors, 1);
    s->error = 0;
    observe(edge, RCA_SOCK_LATENCY, now - s->began);
    if (s->key.role == RCA_SOCK_SERVER) {
        observe(edge, RCA_SOCK_SERVICE, now - s->read);
        observe(edge, RCA_SOCK_QUEUE, s->read - s->began);
    }
    flush(sk, s, edge);
    return 0;
}

static __always_inline void flush_bulk(const struct sock *sk,
                                       struct sock_state *s)
{
    struct rca_sock_edge *edge;

    if (s->sent + s->received < PENDING_BYTES)
        return;
    if (!s->owned)
        set_owner(s, bpf_ktime_get_ns());
    edge = edge_of(&s->key);
    if (edge)
        flush(sk, s, edge);
}

/* --- hooks: the bodies ----------------------------------------------------- */

static __always_inline int sent(struct sock *sk, int bytes)
{
    struct sock_state *s;
    __u64 now;

    if (bytes <= 0 || !is_tcp(sk))
        return 0;
    s = get_state(sk);
    if (!s)
        return 0;

    s->sent += (__u32)bytes;
    if ((s->key.role == RCA_SOCK_SERVER) == (s->phase == IDLE)) {
        flush_bulk(sk, s); /* more of a reply, or of a request */
        return 0;
    }
    now = bpf_ktime_get_ns();
    renew_owner(s, now);
    if (s->key.role == RCA_SOCK_SERVER)
        return end_turn(sk, s, now);
    s->began = now;
    s->phase = ASKED;
    return 0;
}

static __always_inline int received(struct sock *sk, int bytes, int flags)
{
    struct sock_state *s;
    __u64 now;

    if (bytes <= 0 || flags & MSG_PEEK || !is_tcp(sk))
        return 0;
    s = get_state(sk);
    if (!s)
        return 0;

    s->received += (__u32)bytes;
    if ((s->key.role == RCA_SOCK_CLIENT) == (s->phase == IDLE)) {
        flush_bulk(sk, s); /* more of a reply, or of a request */
        return 0;
    }
    now = bpf_ktime_get_ns();
    renew_owner(s, now);
    if (s->key.role == RCA_SOCK_CLIENT)
        return end_turn(sk, s, now);
    s->read = now;
    s->began = s->arrived ? s->arrived : now;
    s->arrived = 0;
    s->phase = ASKED;
    return 0;
}

static __always_inline int ready(const struct sock *sk)
{
    struct sock_state *s;

    if (!is_tcp(sk) || !is_server(sk) ||
        sk->__sk_common.skc_state != TCP_ESTABLISHED)
        return 0;
    s = get_state(sk);
    if (s && !s->arrived && s->phase != ASKED)
        s->arrived = bpf_ktime_get_ns();
    return 0;
}

/* Before the first byte of a reply leaves. */
static __always_inline int replies(const struct sock *sk,
                                   const struct msghdr *msg)
{
    struct sock_state *s;

    if (!is_server(sk))
        return 0;
    s = old_state(sk);
    if (!s || s->key.role != RCA_SOCK_SERVER || s->phase != ASKED)
        return 0;
    s->phase = REPLYING;
    s->error = rca_reply_is_error(msg);
    return 0;
}

/* Once a connection, whoever notices first. */
static __always_inline void count_reset(struct sock_state *s)
{
    struct rca_sock_edge *edge;

    if (s->reset)
        return;
    s->reset = 1;
    edge = edge_of(&s->key);
    if (edge)
        __sync_fetch_and_add(&edge->resets, 1);
}

static __always_inline int was_reset(const struct sock *sk)
{
    struct sock_state *s;

    /* of a connect that was refused: counted as a failure */
    if (sk->__sk_common.skc_state == TCP_SYN_SENT)
        return 0;
    s = old_state(sk);
    if (s && s->key.role)
        count_reset(s);
    return 0;
}

/* --- the life of a connection ---------------------------------------------- */

static __always_inline void leaves_established(const struct sock *sk,
                                               struct sock_state *s, int state)
{
    __u64 now = bpf_ktime_get_ns();

    if (s->key.role == RCA_SOCK_CLIENT && s->phase == ASKED &&
        now - s->began >= GIVE_UP_NS) {
        s->error = 1;
        end_turn(sk, s, now);
    }
    if (state == TCP_CLOSE)
        count_reset(s); /* without a handshake: reset, or timed out */
}

static __always_inline int settles(const struct sock *sk, int from, int to)
{
    struct sock_state *s = old_state(sk);
    struct rca_sock_edge *edge;

    if (!s || !s->key.role)
        return 0;
    if (from == TCP_ESTABLISHED)
        leaves_established(sk, s, to);
    if (!s->owned && (to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK))
        set_owner(s, bpf_ktime_get_ns()); /* closed by its process */
    if (!s->owned && to != TCP_CLOSE)
        return 0;
    edge = edge_of(&s->key);
    if (!edge)
        return 0;
    if (from == TCP_SYN_SENT && to == TCP_CLOSE)
        __sync_fetch_and_add(&edge->failures, 1);
    flush(sk, s, edge);
    return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int from, int to)
{
    struct sock_state *s;

    if (!is_tcp(sk) || from == TCP_LISTEN || to == TCP_LISTEN)
        return 0;
    if (to == TCP_SYN_SENT) {
        s = get_state(sk);
        if (s)
            set_owner(s, bpf_ktime_get_ns());
        return 0;
    }
    if (to == TCP_ESTABLISHED) {
        s = get_state(sk);
        if (s)
            s->connections++;
        if (s && from == TCP_SYN_RECV)
            return 0; /* reported once its process is known */
    }
    return settles(sk, from, to);
}

/* --- hooks: where they hang ------------------------------------------------ */

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send, struct sock *sk, int bytes)
{
    return sent(sk, bytes);
}

SEC("fexit/tcp_sendmsg")
int BPF_PROG(on_send_twin, struct sock *sk, struct msghdr *msg, size_t size,
             int bytes)
{
    return sent(sk, bytes);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_recv, struct sock *sk, int bytes, int flags)
{
    return received(sk, bytes, flags);
}

SEC("fexit/tcp_recvmsg")
int BPF_PROG(on_recv_twin, struct sock *sk, struct msghdr *msg, size_t size,
             int flags, int *addr_len, int bytes)
{
    return received(sk, bytes, flags);
}

SEC("tp_btf/sk_data_ready")
int BPF_PROG(on_ready, const struct sock *sk)
{
    return ready(sk);
}

SEC("fentry/sock_def_readable")
int BPF_PROG(on_ready_twin, struct sock *sk)
{
    return ready(sk);
}

SEC("tp_btf/tcp_sendmsg_locked")
int BPF_PROG(on_reply, const struct sock *sk, const struct msghdr *msg)
{
    return replies(sk, msg);
}

SEC("fentry/tcp_sendmsg_locked")
int BPF_PROG(on_reply_twin, struct sock *sk, struct msghdr *msg)
{
    return replies(sk, msg);
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(on_receive_reset, struct sock *sk)
{
    return was_reset(sk);
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(on_send_reset, const struct sock *sk)
{
    return sk ? was_reset(sk) : 0;
}
