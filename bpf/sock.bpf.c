// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * sock - requests, their latency and their failures, of every TCP socket.
 *
 * No protocol is parsed: who speaks in turns makes requests. A server's
 * request begins when its data arrive, is read by the process (queue time
 * ends, service time begins) and ends with the first byte of the reply; a
 * client's lasts from the first byte sent to the first byte received.
 *
 * What costs is being called at all, so there are two calls a request and
 * side, both on TCP alone and under the socket's lock: one when the process
 * sends, one when it takes data. When the data came, TCP itself remembers; how
 * much was sent and taken are its sequence numbers, which are read when a turn
 * ends: differences of them add up whoever reads them, and whatever way the
 * data went (splice, sendfile).
 *
 * What a socket is doing lives in its storage. Its counts are added to `edges`
 * when a turn ends, so a request costs one look-up in a hash on each side.
 * Who uses a socket is asked in process context only: a server's child is born
 * in an interrupt, in the name of whoever was running.
 *
 * Each hook has one body and, where a supported kernel lacks the tracepoint, a
 * twin; collector/sock_probe.c picks one.
 *
 * Limit: pipelined or multiplexed requests count as turns.
 */

#include "bpf/vmlinux_net.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/events_sock.h"
#include "bpf/sock_edge.h"
#include "bpf/sock_listen.h"
#include "bpf/sock_reply.h"
#include "bpf/sock_state.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* bytes of one-way traffic that may wait to be added to the edge */
#define PENDING_BYTES 65536
/* A client that closes with its request unanswered gave up if it had waited
 * for that long; sooner, it said goodbye and expected nothing. Likewise one
 * that closes while it connects. */
#define GIVE_UP_NS 100000000ULL
#define MSG_PEEK 2

/* --- what a socket has to report ------------------------------------------- */

/* How far the process has read. The end of the stream is a number, too, as soon
 * as it has been read, but no byte. */
static __always_inline __u32 taken_by(const struct sock *sk,
                                      const struct tcp_sock *tcp)
{
    const __u32 copied = tcp->copied_seq;

    if (sk->__sk_common.skc_flags & (1UL << SOCK_DONE) &&
        copied == tcp->rcv_nxt)
        return copied - 1;
    return copied;
}

/* Of two that come at once, the one with the older number takes back what the
 * other gave too much. */
static __always_inline __u64 difference(__u32 now, __u32 then)
{
    const __u32 n = now - then;

    return n < 0U - (PENDING_BYTES << 4) ? n : (__u64)(__s64)(__s32)n;
}

static __always_inline void flush_bytes(const struct sock *sk,
                                        const struct tcp_sock *tcp,
                                        struct sock_state *s,
                                        struct rca_sock_edge *edge)
{
    __u32 now = taken_by(sk, tcp);
    __u64 n = difference(now, __sync_lock_test_and_set(&s->taken, now));

    if (n)
        RCA_COUNT(edge, received_bytes, n);
    if (s->finished)
        return;
    now = tcp->write_seq;
    n = difference(now, __sync_lock_test_and_set(&s->sent, now));
    if (n)
        RCA_COUNT(edge, sent_bytes, n);
}

static __always_inline void flush(const struct sock *sk, struct sock_state *s,
                                  struct rca_sock_edge *edge)
{
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock((void *)sk);

    if (s->connections) {
        RCA_COUNT(edge, connections, s->connections);
        s->connections = 0;
    }
    if (!tcp)
        return;
    if (watched)
        flush_bytes(sk, tcp, s, edge);
    if (tcp->total_retrans != s->retrans) {
        RCA_COUNT(edge, retransmits, tcp->total_retrans - s->retrans);
        s->retrans = tcp->total_retrans;
    }
    if (!edge)
        return;
    edge->srtt_us = tcp->srtt_us >> 3;
    edge->pid = s->pid;
    edge->uts = s->uts;
}

static __noinline int end_turn(const struct sock *sk, struct sock_state *s,
                               __u64 now, bool error)
{
    struct rca_sock_edge *edge;

    if (!sk || !s)
        return 0;
    edge = rca_edge_of(&s->key);
    s->phase = IDLE;
    if (edge) {
        rca_observe_ns(edge, RCA_SOCK_LATENCY, now - s->began);
        if (s->key.role == RCA_SOCK_SERVER) {
            rca_observe_ns(edge, RCA_SOCK_SERVICE, now - s->read);
            rca_observe_ns(edge, RCA_SOCK_QUEUE, s->read - s->began);
        }
    }
    RCA_COUNT(edge, requests, 1);
    if (error)
        RCA_COUNT(edge, errors, 1);
    flush(sk, s, edge);
    return 0;
}

/* Within a turn: only if much has gathered. */
static __always_inline int flush_bulk(const struct sock *sk,
                                      struct sock_state *s)
{
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock((void *)sk);
    struct rca_sock_edge *edge;

    if (!tcp || (tcp->write_seq - s->sent) + (tcp->copied_seq - s->taken) <
                    PENDING_BYTES)
        return 0;
    if (!s->owned)
        set_owner(s, bpf_ktime_get_ns());
    edge = rca_edge_of(&s->key);
    flush(sk, s, edge);
    return 0;
}

/* --- hooks: the bodies ----------------------------------------------------- */

/* @msg: before its first byte is taken, NULL: not known */
static __always_inline int sends(const struct sock *sk,
                                 const struct msghdr *msg)
{
    struct sock_state *s = get_state(sk);
    __u64 now;

    if (!s)
        return 0;
    if ((s->key.role == RCA_SOCK_SERVER) == (s->phase == IDLE))
        return flush_bulk(sk, s); /* more of a reply, or of a request */
    now = bpf_ktime_get_ns();
    renew_owner(s, now);
    if (s->key.role == RCA_SOCK_SERVER)
        return end_turn(sk, s, now, msg && rca_reply_is_error(msg));
    s->began = now;
    s->phase = ASKED;
    return 0;
}

/*
 * When the data that are taken now arrived: TCP's clock of the last packet,
 * unless something else went through the socket meanwhile (an acknowledgement
 * that was put off); then only the jiffy in which data came last is known.
 */
static __always_inline __u64 arrived(const struct tcp_sock *tcp, __u64 now)
{
    __u64 at = tcp->tcp_mstamp * 1000, coarse;
    __u32 jiffies;

    jiffies = (__u32)bpf_jiffies64() - tcp->inet_conn.icsk_ack.lrcvtime;
    coarse = now - jiffies * tick_ns;
    if ((__s32)jiffies > 2 && coarse + 2 * tick_ns < at)
        at = coarse;
    return at < now ? at : now;
}

static __always_inline int takes(struct sock *sk)
{
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
    struct sock_state *s = get_state(sk);
    __u64 now;

    if (!s || !tcp || tcp->copied_seq == s->seen)
        return 0; /* a peek */
    s->seen = tcp->copied_seq;
    if ((s->key.role == RCA_SOCK_CLIENT) == (s->phase == IDLE))
        return flush_bulk(sk, s); /* more of a reply, or of a request */
    now = bpf_ktime_get_ns();
    renew_owner(s, now);
    if (s->key.role == RCA_SOCK_CLIENT)
        return end_turn(sk, s, now, false);
    s->read = now;
    s->began = arrived(tcp, now);
    s->phase = ASKED;
    return 0;
}

/* Once a connection, whoever notices first: the other side's reset is told
 * before the state changes, ours after it. */
static __always_inline void count_reset(const struct sock *sk,
                                        struct sock_state *s, bool ours)
{
    struct rca_sock_edge *edge;

    if (s->reset)
        return;
    s->reset = 1;
    edge = rca_edge_of(&s->key);
    RCA_COUNT(edge, resets, 1);
    if (edge && ours)
        __sync_fetch_and_add(
            sk->sk_err == ETIMEDOUT ? &edge->vanished : &edge->resets_sent, 1);
}

static __always_inline int was_reset(const struct sock *sk, bool ours)
{
    struct sock_state *s;

    /* of a connect that was refused: counted as a failure */
    if (sk->__sk_common.skc_state == TCP_SYN_SENT)
        return 0;
    s = old_state(sk);
    if (s)
        count_reset(sk, s, ours);
    return 0;
}

/* --- the life of a connection ---------------------------------------------- */

static __always_inline void count_failure(const struct sock *sk,
                                          const struct sock_state *s,
                                          struct rca_sock_edge *edge)
{
    const int error = sk->sk_err;

    RCA_COUNT(edge, failures, 1);
    if (!edge)
        return;
    if (error == ECONNREFUSED || error == ECONNRESET)
        __sync_fetch_and_add(&edge->refused, 1);
    else if (error == ETIMEDOUT ||
             (!error && bpf_ktime_get_ns() - s->began >= GIVE_UP_NS))
        __sync_fetch_and_add(&edge->timed_out, 1);
}

static __always_inline void leaves_established(const struct sock *sk,
                                               struct sock_state *s, int state)
{
    __u64 now = bpf_ktime_get_ns();

    if (s->key.role == RCA_SOCK_CLIENT && s->phase == ASKED &&
        now - s->began >= GIVE_UP_NS)
        end_turn(sk, s, now, true);
    if (state == TCP_CLOSE)
        count_reset(sk, s, true); /* without a handshake: reset, or timed out */
}

static __always_inline int settles(const struct sock *sk, int from, int to)
{
    struct sock_state *s = old_state(sk);
    struct rca_sock_edge *edge;

    if (!s)
        return 0;
    if (from == TCP_ESTABLISHED)
        leaves_established(sk, s, to);
    if (!s->owned && (to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK))
        set_owner(s, bpf_ktime_get_ns()); /* closed by its process */
    if (!s->owned && to != TCP_CLOSE)
        return 0;
    edge = rca_edge_of(&s->key);
    if (from == TCP_SYN_SENT && to == TCP_CLOSE)
        count_failure(sk, s, edge);
    flush(sk, s, edge);
    /* what is numbered from here on is the end of the stream */
    if (to != TCP_CLOSE_WAIT)
        s->finished = 1;
    return 0;
}

static __always_inline int connects(const struct sock *sk)
{
    struct sock_state *s = get_state(sk);

    if (!s)
        return 0;
    set_role(s, sk); /* it may have had another connection */
    start_state(s, sk);
    s->reset = 0;
    s->finished = 1; /* no stream yet: its first number comes after this */
    s->began = bpf_ktime_get_ns();
    set_owner(s, s->began);
    return 0;
}

/* Streams begin after the handshake; a server's child is reported once its
 * process is known. */
static __always_inline int is_connected(const struct sock *sk, int from)
{
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock((void *)sk);
    struct sock_state *s = get_state(sk);
    struct rca_sock_edge *edge;

    if (!s || !tcp)
        return 0;
    s->sent = tcp->write_seq;
    s->taken = s->seen = tcp->copied_seq;
    s->finished = 0;
    s->connections++;
    if (from == TCP_SYN_RECV)
        return 0;
    edge = rca_edge_of(&s->key);
    flush(sk, s, edge);
    return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int from, int to)
{
    if (!rca_is_tcp(sk))
        return 0;
    if (to == TCP_LISTEN)
        return rca_add_listener(sk,
                                (struct task_struct *)bpf_get_current_task());
    if (from == TCP_LISTEN)
        return rca_drop_listener(sk);
    if (to == TCP_SYN_SENT)
        return connects(sk);
    if (to == TCP_ESTABLISHED)
        return is_connected(sk, from);
    return settles(sk, from, to);
}

/* --- hooks: where they hang ------------------------------------------------ */

SEC("tp_btf/tcp_sendmsg_locked")
int BPF_PROG(on_send, const struct sock *sk, const struct msghdr *msg)
{
    return sends(sk, msg);
}

SEC("fentry/tcp_sendmsg_locked")
int BPF_PROG(on_send_function, struct sock *sk, struct msghdr *msg)
{
    const int state = sk->__sk_common.skc_state;

    if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT)
        return 0;
    return sends(sk, msg);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_sent, struct sock *sk, int bytes)
{
    return bytes > 0 && rca_is_tcp(sk) ? sends(sk, NULL) : 0;
}

/* Also on a peek, and when the kernel itself reads, in an interrupt. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(on_take, struct sock *sk)
{
    return sk->sk_lock.owned ? takes(sk) : 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_taken, struct sock *sk, int bytes, int flags)
{
    if (bytes <= 0 || flags & MSG_PEEK || !rca_is_tcp(sk))
        return 0;
    return takes(sk);
}

SEC("fexit/tcp_recvmsg")
int BPF_PROG(on_taken_function, struct sock *sk, struct msghdr *msg,
             size_t size, int flags, int *addr_len, int bytes)
{
    return bytes > 0 && !(flags & MSG_PEEK) ? takes(sk) : 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(on_receive_reset, struct sock *sk)
{
    return was_reset(sk, false);
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(on_send_reset, const struct sock *sk)
{
    return sk ? was_reset(sk, true) : 0;
}

/* Who listens already, or in the place of one that is gone. */
SEC("iter/task_file")
int on_file(struct bpf_iter__task_file *ctx)
{
    struct task_struct *task = ctx->task;
    struct file *file = ctx->file;
    struct socket *socket;
    struct sock *sk;

    if (!task || !file)
        return 0;
    socket = bpf_sock_from_file(file);
    sk = socket ? socket->sk : NULL;
    if (sk && rca_is_tcp(sk) && sk->__sk_common.skc_state == TCP_LISTEN)
        rca_add_listener(sk, task);
    return 0;
}
