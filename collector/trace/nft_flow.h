/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nft_flow - what of a pcap filter nftables can ask for: of a filter that is
 * only primitives joined by "and", protocol, ports and addresses:
 *
 *   [ip|ip6|tcp|udp|sctp|icmp|icmp6] [src|dst] [port NUMBER | host ADDRESS]
 *
 * Any other filter gives no conditions, as does an empty one: what is asked for
 * here takes at least all packets that the filter takes. Pure.
 */

#include "graph/base/base.h"

enum rca_trace_nft_kind {
    RCA_TRACE_NFT_FAMILY, /* number: AF_INET, AF_INET6 */
    RCA_TRACE_NFT_PROTOCOL, /* number: IPPROTO_* */
    RCA_TRACE_NFT_PORT, /* number: port */
    RCA_TRACE_NFT_ADDRESS, /* number: AF_INET or AF_INET6; bytes */
};

enum rca_trace_nft_way {
    RCA_TRACE_NFT_EITHER, /* source or destination */
    RCA_TRACE_NFT_SOURCE,
    RCA_TRACE_NFT_DESTINATION,
};

struct rca_trace_nft_condition {
    enum rca_trace_nft_kind kind;
    enum rca_trace_nft_way way; /* of ports and addresses */
    unsigned number;
    unsigned char bytes[16];
};

#define RCA_TRACE_NFT_CONDITIONS 8

/** struct rca_trace_nft_flow - all of them must hold */
struct rca_trace_nft_flow {
    size_t n;
    struct rca_trace_nft_condition conditions[RCA_TRACE_NFT_CONDITIONS];
};

/** rca_trace_nft_flow_parse() - of @filter (NULL: ""); O(length) */
void rca_trace_nft_flow_parse(const char *filter,
                              struct rca_trace_nft_flow *ret_flow);

/** rca_trace_nft_flow_no_ends() - leave out ports and addresses: NAT changes
 * them on the way */
void rca_trace_nft_flow_no_ends(struct rca_trace_nft_flow *flow);

/** rca_trace_nft_flow_ways() - how many rules it takes to ask for it: 2 for each
 * condition on either end */
size_t rca_trace_nft_flow_ways(const struct rca_trace_nft_flow *flow);
/** rca_trace_nft_flow_way() - the way of condition @i in rule @rule */
enum rca_trace_nft_way rca_trace_nft_flow_way(
    const struct rca_trace_nft_flow *flow, size_t i, size_t rule);
