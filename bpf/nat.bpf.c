// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/*
 * nat - which addresses a connection has before and after it is translated.
 *
 * The caller of a service by its virtual address, and the one who serves, see
 * two different connections. The connection table knows both; its entry is
 * read at the first packet of a connection, after the last translation and
 * before the packet leaves or is delivered. Nothing is dropped or changed.
 */

#include "bpf/vmlinux_net.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/events_sock.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_NATS 4096

/* who is forgotten first has had no new connection for longest */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, MAX_NATS);
    __type(key, struct rca_nat_key);
    __type(value, __u64);
} nats SEC(".maps");

__u64 fresh; /* entries added; the reader looks only when it has grown */

static __always_inline void keep(const struct nf_conn *ct)
{
    struct rca_nat_key key = {};
    __u16 vport, port;
    __u64 one = 1, *n;

    key.family = (__u8)BPF_CORE_READ(ct, tuplehash[0].tuple.src.l3num);
    vport = BPF_CORE_READ(ct, tuplehash[0].tuple.dst.u.all);
    port = BPF_CORE_READ(ct, tuplehash[1].tuple.src.u.all);
    key.virtual_port = bpf_ntohs(vport);
    key.port = bpf_ntohs(port);
    BPF_CORE_READ_INTO(&key.client, ct, tuplehash[0].tuple.src.u3.all);
    BPF_CORE_READ_INTO(&key.virtual_addr, ct, tuplehash[0].tuple.dst.u3.all);
    BPF_CORE_READ_INTO(&key.server, ct, tuplehash[1].tuple.src.u3.all);
    BPF_CORE_READ_INTO(&key.seen_as, ct, tuplehash[1].tuple.dst.u3.all);

    n = bpf_map_lookup_elem(&nats, &key);
    if (n) {
        __sync_fetch_and_add(n, 1);
        return;
    }
    bpf_map_update_elem(&nats, &key, &one, BPF_ANY);
    __sync_fetch_and_add(&fresh, 1);
}

SEC("netfilter")
int on_packet(struct bpf_nf_ctx *ctx)
{
    const unsigned long nfct = ctx->skb->_nfct;
    const struct nf_conn *ct = (const void *)(nfct & ~7UL);

    if (!ct || (nfct & 7) != IP_CT_NEW)
        return NF_ACCEPT;
    if (BPF_CORE_READ(ct, tuplehash[0].tuple.dst.protonum) == IPPROTO_TCP &&
        BPF_CORE_READ(ct, status) & (IPS_SRC_NAT | IPS_DST_NAT))
        keep(ct);
    return NF_ACCEPT;
}
