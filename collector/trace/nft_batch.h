/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nft_batch - the messages that make and remove a table that marks packets for
 * tracing (nft_table.h), written into a buffer. Pure.
 *
 * Sources: linux/netfilter/nf_tables.h; the messages are those that nft(8) sends
 * for the same rules (`nft --debug=netlink,mnl`).
 */

#include <linux/netlink.h>

#include "collector/trace/nft_flow.h"

/* Enough for every flow: 2 chains of at most RCA_TRACE_NFT_RULES rules. */
#define RCA_TRACE_NFT_BATCH 65536
#define RCA_TRACE_NFT_RULES 16

/** struct rca_trace_nft_batch - @bytes aligned to 4; @len of them are filled;
 * @last: sequence number of the message that asks for an answer */
struct rca_trace_nft_batch {
    _Alignas(8) char bytes[RCA_TRACE_NFT_BATCH];
    size_t len;
    uint32_t last;
};

/** rca_trace_nft_batch_table() - the table @name of @family with its chains and
 * rules, which ask for @flow (for all packets where that would take more than
 * RCA_TRACE_NFT_RULES rules)
 * @flags: NFT_TABLE_F_* */
void rca_trace_nft_batch_table(struct rca_trace_nft_batch *batch,
                               const char *name, int family, uint32_t flags,
                               const struct rca_trace_nft_flow *flow);
/** rca_trace_nft_batch_remove() - that removes it */
void rca_trace_nft_batch_remove(struct rca_trace_nft_batch *batch,
                                const char *name, int family);
