/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nft_msg - nftables' trace messages (NFT_MSG_TRACE), read into plain structures
 * and made into events. No I/O.
 *
 * The kernel sends one for each rule that took a traced packet, and one for the
 * policy of a base chain, before which the end of the chain says "return", with
 * no rule (handle 0, NFT_RETURN). Only the first one of a base chain's run has the
 * packet's headers and devices; the following ones have the same id, which is
 * made of the packet's address in memory and thus used again by later packets.
 *
 * Source: Linux, net/netfilter/nf_tables_trace.c; linux/netfilter/nf_tables.h.
 */

#include <linux/netlink.h>

#include "bpf/events_trace.h"
#include "graph/base/err.h"

/* What the kernel sends at most of each header (nf_tables_trace.c). */
#define RCA_TRACE_NFT_LINK 20
#define RCA_TRACE_NFT_NETWORK 40
#define RCA_TRACE_NFT_TRANSPORT 20

/**
 * struct rca_trace_nft_packet - what the first message says of the packet
 * @link, @network, @transport: headers, @n_* bytes of them
 * @iif, @oif: numbers of devices, 0: none; @type: ARPHRD_* of the first of them
 * @protocol: NFPROTO_* of the packet
 * @point:    the hook of the base chain, RCA_TRACE_PREROUTING...; 0: not known;
 *            the caller's
 */
struct rca_trace_nft_packet {
    uint8_t link[RCA_TRACE_NFT_LINK];
    uint8_t network[RCA_TRACE_NFT_NETWORK];
    uint8_t transport[RCA_TRACE_NFT_TRANSPORT];
    size_t n_link, n_network, n_transport;
    uint32_t iif, oif;
    uint32_t protocol;
    uint32_t point;
    uint16_t type;
};

/** struct rca_trace_nft_msg - one message; @packet counts where @first */
struct rca_trace_nft_msg {
    struct rca_trace_rule rule;
    uint32_t id;
    uint32_t mark;
    _Bool first;
    struct rca_trace_nft_packet packet;
};

/** rca_trace_nft_parse() - one message with its header, any bytes, aligned to 4;
 * RCA_ESYNTAX: it is no trace, or names no table and chain */
RCA_MUST_CHECK int rca_trace_nft_parse(const struct nlmsghdr *msg,
                                       struct rca_trace_nft_msg *ret_msg);

/* Packets in the work at one time are as many as processors, but for those that
 * interrupts nest. */
#define RCA_TRACE_NFT_JOIN 256

/** struct rca_trace_nft_join - packets of first messages; all-zero is empty */
struct rca_trace_nft_join {
    struct {
        uint32_t id;
        _Bool known;
        struct rca_trace_nft_packet packet;
    } slots[RCA_TRACE_NFT_JOIN];
};

/** rca_trace_nft_join() - remember the packet of a first message, give that of
 * its first one to another (all-zero if that did not come). O(1) */
void rca_trace_nft_join(struct rca_trace_nft_join *join,
                        struct rca_trace_nft_msg *msg);

/** rca_trace_nft_event() - the message as an event: point RCA_TRACE_RULE, head,
 * flow, devices and mark; time and id 0, place the hook of its base chain
 * @netns: inode of the namespace that it is from */
void rca_trace_nft_event(const struct rca_trace_nft_msg *msg, uint32_t netns,
                         struct rca_trace_event *ret_event);
