/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nft_space - nftables of one network namespace, for the feed only: which base
 * chains it has, our table where that is allowed, the socket that traces come
 * by, and the texts of its rules.
 *
 * A namespace without chains costs one question each time it is looked at, and
 * nothing is opened or changed there.
 */

#include "collector/netlink_set.h"
#include "collector/trace/names.h"
#include "collector/trace/nft_msg.h"
#include "collector/trace/nft_table.h"

/** struct rca_trace_nft_chain - a base chain, and where it stands */
struct rca_trace_nft_chain {
    uint32_t family;
    uint32_t point; /* RCA_TRACE_PREROUTING...; 0: other hooks */
    char table[RCA_TRACE_NAME], name[RCA_TRACE_NAME];
};

/** enum rca_trace_nft_texts - what became of the texts of rules */
enum rca_trace_nft_texts {
    RCA_TRACE_NFT_TEXTS_NONE, /* not asked yet */
    RCA_TRACE_NFT_TEXTS_READ,
    RCA_TRACE_NFT_TEXTS_ABSENT, /* there is no `nft` */
    RCA_TRACE_NFT_TEXTS_FAILED,
};

/** struct rca_trace_nft_space - @ns->data; sockets and arrays owned
 * @traces: socket that traces come by, -1: none
 * @tables: ours, for inet and bridge
 * @err:    why there is no socket or table, or 0 */
struct rca_trace_nft_space {
    uint32_t generation;
    _Bool known, nat, bridges;
    int traces;
    int err;
    enum rca_trace_nft_texts texts;
    struct rca_trace_nft_table tables[2];
    struct rca_trace_nft_chain *chains;
    size_t n_chains, cap_chains;
    size_t marking; /* rules of others that set nftrace */
    struct rca_trace_nft_join join;
};

/** struct rca_trace_nft_wish - what the feed was asked for */
struct rca_trace_nft_wish {
    struct rca_trace_nft_flow flow;
    size_t buffer; /* bytes, of a socket */
    _Bool allow_changes;
};

/**
 * rca_trace_nft_space_look() - look at the namespace, and do what is to be done
 * if it is new or its ruleset has changed
 *
 * Return: 1 if a socket was opened, 0, -ENOMEM. What else fails is in @err of
 * the space, and is tried again when the ruleset changes.
 */
RCA_MUST_CHECK int rca_trace_nft_space_look(
    struct rca_netlink_ns *ns, const struct rca_trace_nft_wish *wish,
    struct rca_trace_names *names);
/** rca_trace_nft_space_stop() - nothing comes from now on; what has come stays */
void rca_trace_nft_space_stop(const struct rca_trace_nft_space *space);
/** rca_trace_nft_space_free() - for struct rca_netlink_set */
void rca_trace_nft_space_free(void *data);

/** rca_trace_nft_space_point() - where the base chain of the rule stands; 0: it
 * is no base chain, or not known. O(base chains) */
uint32_t rca_trace_nft_space_point(const struct rca_trace_nft_space *space,
                                   const struct rca_trace_rule *rule);
