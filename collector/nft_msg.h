/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nft_msg - nf_tables' messages about chains and rules, read into plain
 * structures. No I/O.
 *
 * Messages: linux/netfilter/nf_tables.h. Of a rule's expressions only what is
 * needed is understood: its counter, its verdict, and comparisons with the
 * names or numbers of interfaces and with a destination port or a set of them; what else a rule
 * asks for is not seen, so that it may match less than it seems to. Parsers
 * take one message with its header, any bytes, aligned to 4; on failure
 * (RCA_ESYNTAX) nothing is stored.
 */

#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <net/if.h>

#include "graph/base/err.h"

enum rca_nft_verdict {
    RCA_NFT_CONTINUE, /* no verdict */
    RCA_NFT_ACCEPT,
    RCA_NFT_DROP,
    RCA_NFT_REJECT,
    RCA_NFT_JUMP, /* jump and goto */
    RCA_NFT_OTHER, /* return, queue, ... */
};

/** struct rca_nft_iface - all-zero: any interface
 * @name:   "" if it is not compared
 * @prefix: @name is only the beginning ("veth*")
 * @index:  0 if it is not compared */
struct rca_nft_iface {
    char name[IFNAMSIZ];
    _Bool prefix;
    uint32_t index;
};

/**
 * struct rca_nft_chain - one chain
 * @family: NFPROTO_*
 * @hook:   NF_INET_* (bridge: the same numbers), -1 if it is not a base chain
 * @dev:    of a netdev chain that is bound to one device, else ""
 * @drops:  its policy: what no rule of it decided on is dropped
 * @counted: @packets and @bytes are what its policy decided on; only chains that
 *          were made so (by iptables-nft) have these counters
 */
struct rca_nft_chain {
    int family;
    int hook;
    char table[NFT_NAME_MAXLEN];
    char name[NFT_NAME_MAXLEN];
    char dev[IFNAMSIZ];
    _Bool drops, counted;
    uint64_t packets, bytes;
};

/**
 * struct rca_nft_rule - one rule
 * @counted: it has a counter: @packets, @bytes
 * @exact:   the counter stands after the last condition, so that it counts
 *           what the verdict is applied to
 * @jump:    name of the chain that RCA_NFT_JUMP goes to
 * @dport:   0 if it is not compared
 * @ports:   name of the set that the destination port must be in, or ""
 */
struct rca_nft_rule {
    int family;
    char table[NFT_NAME_MAXLEN];
    char chain[NFT_NAME_MAXLEN];
    uint64_t handle;
    enum rca_nft_verdict verdict;
    char jump[NFT_NAME_MAXLEN];
    _Bool counted, exact;
    uint64_t packets, bytes;
    struct rca_nft_iface in, out;
    uint16_t dport;
    char ports[NFT_NAME_MAXLEN];
};

#define RCA_NFT_PORTS_MAX 32 /* elements; a range has two */

/** struct rca_nft_ports - a set of ports; all-zero: not known
 * @at:     elements; @ends: of these, where a range has ended: the first port
 *          that is not in it
 * @n:      how many
 * @beyond: there are more, or what is no port: the set says nothing */
struct rca_nft_ports {
    uint16_t at[RCA_NFT_PORTS_MAX];
    _Bool ends[RCA_NFT_PORTS_MAX];
    unsigned n;
    _Bool beyond;
};

/** rca_nft_parse_ports() - add the elements in one message of a set's dump; 0,
 * RCA_ESYNTAX (too short), which adds nothing */
RCA_MUST_CHECK int rca_nft_parse_ports(const struct nlmsghdr *msg,
                                       struct rca_nft_ports *ports);
/** rca_nft_ports_may() - whether @port may be in it: yes if it is not known */
_Bool rca_nft_ports_may(const struct rca_nft_ports *ports, uint16_t port);

RCA_MUST_CHECK int rca_nft_parse_chain(const struct nlmsghdr *msg,
                                       struct rca_nft_chain *ret_chain);
RCA_MUST_CHECK int rca_nft_parse_rule(const struct nlmsghdr *msg,
                                      struct rca_nft_rule *ret_rule);
/** rca_nft_parse_generation() - number that changes with the ruleset */
RCA_MUST_CHECK int rca_nft_parse_generation(const struct nlmsghdr *msg,
                                            uint32_t *ret_generation);

/** rca_nft_family_name() - "ip", "ip6", "inet", "bridge", "arp", "netdev" */
const char *rca_nft_family_name(int family);
