/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nat_msg - netlink's messages that tell where addresses are translated, and
 * which: chains of nf_tables, entries of ctnetlink. No I/O.
 *
 * Messages: linux/netfilter/nf_tables.h, nfnetlink_conntrack.h. Parsers take
 * one message with its header, any bytes, aligned to 4.
 */

#include <linux/netlink.h>

#include "bpf/events_sock.h"
#include "graph/base/err.h"

/** Room for each request. */
#define RCA_NAT_REQUEST_BYTES 64

/** rca_nat_request_generation() - for the ruleset's, see
 * rca_nft_parse_generation(); _chains(): for a dump of all chains; _entries():
 * of all connections; @buf has RCA_NAT_REQUEST_BYTES bytes, aligned to 4 */
struct nlmsghdr *rca_nat_request_generation(void *buf);
struct nlmsghdr *rca_nat_request_chains(void *buf);
struct nlmsghdr *rca_nat_request_entries(void *buf);

/** rca_nat_is_chain() - whether it is a base chain of type nat */
_Bool rca_nat_is_chain(const struct nlmsghdr *msg);

/** rca_nat_parse_entry() - 0; 1: not a translated TCP connection; RCA_ESYNTAX
 * (too short, or addresses lacking); @ret_key set on 0 only */
RCA_MUST_CHECK int rca_nat_parse_entry(const struct nlmsghdr *msg,
                                       struct rca_nat_key *ret_key);
