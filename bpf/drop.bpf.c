// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * drop - packets that the kernel gave up on, by network namespace, interface and
 * reason.
 *
 * kfree_skb fires for drops only, so that this costs nothing while all is well.
 * Two programs share the body: the first can be loaded where BTF tracepoints
 * can, the second is the twin for kernels that refuse them.
 */

#include "bpf/vmlinux_net.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/events_net.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_KEYS 8192 /* 64 namespaces, 4 interfaces, 32 reasons */

/* Inodes of namespaces are allocated from here up: include/uapi/linux/nsfs.h,
 * and fs/proc/generic.c before 6.18. Less is no namespace: sk_buff.dev shares
 * its place with other state while a packet waits in a UDP socket. */
#define FIRST_NS_INODE 0xeffffff0u

/* How many arguments kfree_skb has: 2 before 5.17, 3 with the reason, 4 with
 * the receiving socket since 6.11. */
const volatile __u32 n_args = 2;
/* Reasons of these numbers are no drops (SKB_CONSUMED, NOT_DROPPED_YET). */
const volatile __u32 consumed[2] = {~0u, ~0u};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, MAX_KEYS);
    __type(key, struct rca_drop_key);
    __type(value, __u64);
} drops SEC(".maps");

__u64 uncounted; /* no room in the map */

static __always_inline __u32 netns_of_sock(struct sock *sk)
{
    __u32 inum = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);

    return inum >= FIRST_NS_INODE ? inum : 0;
}

/* Where a packet is: on a device, or in a socket that it came to by one. */
static __always_inline void place(struct sk_buff *skb, struct sock *rx_sk,
                                  struct rca_drop_key *key)
{
    struct net_device *dev = BPF_CORE_READ(skb, dev);
    __u32 inum = BPF_CORE_READ(dev, nd_net.net, ns.inum);

    if (inum >= FIRST_NS_INODE) {
        key->netns = inum;
        key->ifindex = (__u32)BPF_CORE_READ(dev, ifindex);
        return;
    }
    key->ifindex = (__u32)BPF_CORE_READ(skb, skb_iif);
    key->netns = netns_of_sock(BPF_CORE_READ(skb, sk));
    if (!key->netns && rx_sk)
        key->netns = netns_of_sock(rx_sk);
}

static __always_inline void count(struct sk_buff *skb, __u32 reason,
                                  struct sock *rx_sk)
{
    struct rca_drop_key key = {.reason = reason};
    __u64 zero = 0, *n;

    if (reason == consumed[0] || reason == consumed[1])
        return;
    place(skb, rx_sk, &key);
    n = bpf_map_lookup_elem(&drops, &key);
    if (!n) {
        bpf_map_update_elem(&drops, &key, &zero, BPF_NOEXIST);
        n = bpf_map_lookup_elem(&drops, &key);
    }
    if (n)
        __sync_fetch_and_add(n, 1);
    else
        __sync_fetch_and_add(&uncounted, 1);
}

/* Arguments that this kernel lacks are behind constants: the verifier never
 * sees them read. */
SEC("tp_btf/kfree_skb")
int on_drop(__u64 *ctx)
{
    count((struct sk_buff *)ctx[0], n_args >= 3 ? (__u32)ctx[2] : 0,
          n_args >= 4 ? (struct sock *)ctx[3] : NULL);
    return 0;
}

SEC("raw_tp/kfree_skb")
int on_drop_raw(struct bpf_raw_tracepoint_args *ctx)
{
    count((struct sk_buff *)ctx->args[0], n_args >= 3 ? (__u32)ctx->args[2] : 0,
          n_args >= 4 ? (struct sock *)ctx->args[3] : NULL);
    return 0;
}
