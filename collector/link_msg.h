/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * link_msg - rtnetlink's messages about interfaces, their addresses and
 * queueing disciplines, read into plain structures. No I/O.
 *
 * Messages: linux/if_link.h, linux/rtnetlink.h, linux/gen_stats.h. Unknown
 * attributes are passed over. Parsers take one message with its header, any
 * bytes, aligned to 4; on failure (RCA_ESYNTAX: too short, or without what
 * every such message has) nothing is stored.
 */

#include <linux/netlink.h>
#include <net/if.h>

#include "collector/traffic.h"
#include "graph/base/err.h"

/**
 * struct rca_link - one interface
 * @peer:   index of the interface it is bound to (IFLA_LINK: the other end of
 *          a veth, what a VLAN or tunnel lies on), 0 if none
 * @nsid:   the peer's namespace as this one calls it, -1 if it is this one
 * @master: index of the bridge (or bond) that it is a port of, 0 if none
 * @flags:  IFF_*
 * @kind:   "veth", "bridge", ...; "" for hardware
 * @stats:  collisions, carrier and FIFO errors are in the errors as their
 *          drivers count them
 */
struct rca_link {
    int index;
    int peer;
    int nsid;
    int master;
    unsigned flags;
    char name[IFNAMSIZ];
    char kind[IFNAMSIZ];
    struct rca_traffic stats;
    uint32_t carrier_changes; /* wraps */
};

/** struct rca_qdisc - one queueing discipline; @drops, @overlimits and @requeues
 * are 32 bits wide in the kernel and wrap */
struct rca_qdisc {
    int index; /* of its interface */
    uint32_t handle, parent; /* TC_H_ROOT: all packets pass it */
    char kind[IFNAMSIZ];
    uint64_t bytes, packets;
    uint64_t drops, overlimits, requeues;
    uint64_t backlog_bytes, backlog_packets;
};

/** struct rca_link_addr - @addr holds 4 bytes for AF_INET, 16 for AF_INET6,
 * the rest is 0 */
struct rca_link_addr {
    int index;
    int family;
    unsigned char addr[16];
};

RCA_MUST_CHECK int rca_link_parse(const struct nlmsghdr *msg,
                                  struct rca_link *ret_link);
RCA_MUST_CHECK int rca_link_parse_qdisc(const struct nlmsghdr *msg,
                                        struct rca_qdisc *ret_qdisc);
RCA_MUST_CHECK int rca_link_parse_addr(const struct nlmsghdr *msg,
                                       struct rca_link_addr *ret_addr);
/** rca_link_parse_nsid() - @ret_nsid: -1 if that namespace has no number here*/
RCA_MUST_CHECK int rca_link_parse_nsid(const struct nlmsghdr *msg,
                                       int *ret_nsid);

/** rca_link_is_down() - set up by nobody, or without a carrier: packets go
 * nowhere */
_Bool rca_link_is_down(const struct rca_link *link);

/** rca_link_is_shown() - whether it is worth an entity: not the loopback
 * unless it drops, not what is down and never carried a packet */
_Bool rca_link_is_shown(const struct rca_link *link);
