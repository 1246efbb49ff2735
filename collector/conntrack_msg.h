/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * conntrack_msg - ctnetlink's messages about a namespace's table of
 * connections, read into plain structures. No I/O.
 *
 * Messages: linux/netfilter/nfnetlink_conntrack.h. Parsers take one message
 * with its header, any bytes, aligned to 4.
 */

#include <linux/netlink.h>

#include "graph/base/err.h"

/** struct rca_conntrack_stats - counters, 32 bits each in the kernel; a sum
 * over processors is good modulo 2^32 */
struct rca_conntrack_stats {
    uint32_t invalid; /* packets that fit no connection */
    uint32_t insert_failed; /* lost a race for the same tuple */
    uint32_t drop; /* packets dropped: no room, mostly */
    uint32_t early_drop; /* entries evicted for want of room */
    uint32_t error; /* ICMP and other packets that are broken */
    uint32_t search_restart; /* look-ups disturbed by a resize */
    uint32_t chain_toolong; /* refused: too many in one bucket */
};

/** struct rca_conntrack_use - @limit 0: none, or not told (before 5.16) */
struct rca_conntrack_use {
    uint32_t entries;
    uint32_t limit;
};

/** rca_conntrack_parse_cpu() - add one processor's to @stats; 0 or RCA_ESYNTAX
 * (too short), which adds nothing */
RCA_MUST_CHECK int rca_conntrack_parse_cpu(const struct nlmsghdr *msg,
                                           struct rca_conntrack_stats *stats);
/** rca_conntrack_parse_use() - 0, or RCA_ESYNTAX without a number of entries */
RCA_MUST_CHECK int rca_conntrack_parse_use(const struct nlmsghdr *msg,
                                           struct rca_conntrack_use *ret_use);
