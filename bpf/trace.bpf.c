// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * trace - packets at the points of the stack, with what the kernel knows of them
 * there, for `rca trace`.
 *
 * Tracepoints alone, and netfilter links where there are any (6.4): no kprobes.
 * Each tracepoint has two programs with one body, see drop.bpf.c. The userspace
 * side loads those that this kernel has and writes the filters into them.
 */

#include "bpf/vmlinux_trace.h"

#include <bpf/bpf_tracing.h>

#include "bpf/trace_see.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* @call may use ctx[], the tracepoint's arguments. */
#define POINT(name, tracepoint, call)                                          \
    SEC("tp_btf/" tracepoint)                                                  \
    int name(__u64 *ctx)                                                       \
    {                                                                          \
        return call;                                                           \
    }                                                                          \
    SEC("raw_tp/" tracepoint)                                                  \
    int name##_raw(__u64 *ctx)                                                 \
    {                                                                          \
        return call;                                                           \
    }

POINT(on_receive, "netif_receive_skb",
      see(ctx, ctx[0], WHAT(RCA_TRACE_RECEIVE, 0), 0, 0))
POINT(on_loop, "netif_rx", see(ctx, ctx[0], WHAT(RCA_TRACE_LOOP, 0), 0, 0))
POINT(on_queue, "net_dev_queue",
      see(ctx, ctx[0], WHAT(RCA_TRACE_QUEUE, 0), 0, 0))
POINT(on_enqueue, "qdisc_enqueue",
      see(ctx, ctx[2], WHAT(RCA_TRACE_ENQUEUE, 0), 0, 0))
POINT(on_transmit, "net_dev_start_xmit",
      see(ctx, ctx[0], WHAT(RCA_TRACE_TRANSMIT, 0), 0, 0))
POINT(on_consume, "consume_skb",
      see(ctx, ctx[0], WHAT(RCA_TRACE_CONSUME, 0) | LAST, 0, 0))
POINT(on_tcp, "tcp_probe", see(ctx, ctx[1], WHAT(RCA_TRACE_TCP, 0), 0, ctx[0]))
POINT(on_retransmit, "tcp_retransmit_skb",
      see(ctx, ctx[1], WHAT(RCA_TRACE_RETRANSMIT, 0), 0, ctx[0]))
POINT(on_read, "skb_copy_datagram_iovec",
      see(ctx, ctx[0], WHAT(RCA_TRACE_READ, 0), 0, 0))

/* --- drops ------------------------------------------------------------------ */

/* Arguments that this kernel lacks are behind constants: the verifier never
 * sees them read. */
static __always_inline int on_free(__u64 *ctx)
{
    const __u32 reason = n_args >= 3 ? (__u32)ctx[2] : 0;
    const __u64 sk = n_args >= 4 ? ctx[3] : 0;
    __u64 what = WHAT(RCA_TRACE_DROP, reason) | LAST;

    if (reason == consumed[0] || reason == consumed[1])
        what = WHAT(RCA_TRACE_CONSUME, 0) | LAST;
    else if (n_args >= 3)
        what |= HAS_REASON;
    return see(ctx, ctx[0], what, ctx[1], sk);
}

POINT(on_drop, "kfree_skb", on_free(ctx))

/* --- queues ----------------------------------------------------------------- */

#define MAX_BULK 64 /* packets dequeued at once */

static long see_next(__u32 i, __u64 *skb)
{
    (void)i;
    if (!*skb)
        return 1;
    (void)see(NULL, *skb, WHAT(RCA_TRACE_DEQUEUE, 0), 0, 0);
    *skb = (__u64)BPF_CORE_READ((struct sk_buff *)*skb, next);
    return 0;
}

/* Those taken at once hang together; often it is none. */
static __always_inline int on_take(__u64 *ctx)
{
    __u64 skb = ctx[3];
    const __u32 n = (__u32)ctx[2];

    bpf_loop(n < MAX_BULK ? n : MAX_BULK, see_next, &skb, 0);
    return 0;
}

POINT(on_dequeue, "qdisc_dequeue", on_take(ctx))

/* --- sockets ---------------------------------------------------------------- */

/* The one that came last: whoever waits for it is woken after this. */
static __always_inline int on_ready(__u64 *ctx)
{
    struct sock___t *sk = (struct sock___t *)ctx[0];
    __u64 skb;

    if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_UDP)
        return 0;
    skb = (__u64)BPF_CORE_READ(sk, sk_receive_queue.prev);
    if (skb == (__u64)&sk->sk_receive_queue)
        return 0; /* read already */
    return see(ctx, skb, WHAT(RCA_TRACE_SOCKET, 0), 0, (__u64)sk);
}

POINT(on_socket, "sk_data_ready", on_ready(ctx))

/* --- netfilter -------------------------------------------------------------- */

SEC("netfilter")
int on_hook(struct bpf_nf_ctx *nf)
{
    const struct bpf_nf_ctx___t *ctx = (const struct bpf_nf_ctx___t *)nf;
    const __u32 point = RCA_TRACE_PREROUTING + ctx->state->hook;

    (void)see(NULL, (__u64)ctx->skb, WHAT(point, netns_of_net(ctx->state->net)),
              0, (__u64)ctx->state->sk);
    return NF_ACCEPT;
}
