/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nft_table - a table of our own that marks packets for tracing: base chains at
 * prerouting and output before all others, with rules that match a flow and do
 * nothing but `meta nftrace set 1`. Changes the system: only where that is
 * allowed.
 *
 * The table is called rca_trace_PID and belongs to a socket: the kernel removes
 * it when the socket closes, however the process ends (NFT_TABLE_F_OWNER, Linux
 * 5.12; linux/netfilter/nf_tables.h). An older kernel keeps it until
 * rca_trace_nft_table_close(); what a killed process left there is removed by
 * rca_trace_nft_table_sweep().
 */

#include <linux/netlink.h>

#include "collector/netlink.h"
#include "collector/trace/nft_flow.h"

#define RCA_TRACE_NFT_TABLE "rca_trace_"

/** struct rca_trace_nft_table - @fd: owned; -1: there is none */
struct rca_trace_nft_table {
    int fd;
    int family; /* NFPROTO_INET or NFPROTO_BRIDGE */
    _Bool owned; /* goes with the socket */
};

/** rca_trace_nft_table_open() - make it in namespace @netns (-1: our own), all
 * at once or not at all; 0; -EEXIST (this process has one there); -EPERM;
 * -ETIMEDOUT; -errno of the kernel */
RCA_MUST_CHECK int rca_trace_nft_table_open(
    int netns, int family, const struct rca_trace_nft_flow *flow,
    struct rca_trace_nft_table *ret_table);
/** rca_trace_nft_table_close() - remove it; one with @fd -1 is fine */
void rca_trace_nft_table_close(struct rca_trace_nft_table *table);

/** rca_trace_nft_table_sweep() - remove tables of processes that are no more;
 * @nl: of the namespace; 0 or -errno */
RCA_MUST_CHECK int rca_trace_nft_table_sweep(struct rca_netlink *nl, int netns);

/** rca_trace_nft_table_is_ours() - whether a table of this name is one */
_Bool rca_trace_nft_table_is_ours(const char *name);
