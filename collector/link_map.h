/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * link_map - the interfaces of all known network namespaces: which are bound
 * to which, who owns an address. In memory only; filled by link_dump.
 *
 * The two ends of a veth are paired so: the peer's index is IFLA_LINK, its
 * namespace the interface's own where the kernel names no other, else the one
 * that the kernel's number was resolved to. Where it could not be resolved,
 * the ends are those veths in different namespaces that name each other's
 * index; if several do, none is taken.
 */

#include "collector/link_msg.h"

#define RCA_LINK_NONE SIZE_MAX

/**
 * struct rca_nic - one interface in its namespace
 * @netns:      inode of its namespace
 * @whole:      entity of the namespace, of the host for the host's own
 * @peer_netns: inode of the peer's namespace, 0 if not resolved
 * @entity:     RCA_ID_NONE if it is not shown
 * @peer:       other end of a veth, index in the map, or RCA_LINK_NONE
 * @master:     bridge or bond that it is a port of, likewise
 * @lower:      what a VLAN, MACVLAN or tunnel lies on, likewise
 */
struct rca_nic {
    struct rca_link link;
    uint64_t netns;
    rca_id whole;
    uint64_t peer_netns;
    rca_id entity;
    size_t peer;
    size_t master;
    size_t lower;
};

struct rca_nic_addr {
    uint64_t netns;
    struct rca_link_addr own;
};

/** struct rca_link_map - all-zero is empty; arrays owned
 * @nics:  sorted by (netns, index) once paired
 * @addrs: sorted by (netns, family, address) once paired
 * @failed: dumps that did not come whole, since the start */
struct rca_link_map {
    struct rca_nic *nics;
    size_t n_nics, cap_nics;
    struct rca_nic_addr *addrs;
    size_t n_addrs, cap_addrs;
    uint64_t failed;
};

void rca_link_map_done(struct rca_link_map *map);
/** rca_link_map_reset() - empty it, keeping the memory */
void rca_link_map_reset(struct rca_link_map *map);

/** rca_link_map_add() - copy in; only @nic's first four members count;
 * rca_link_map_add_addr() likewise; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_link_map_add(struct rca_link_map *map,
                                    const struct rca_nic *nic);
RCA_MUST_CHECK int rca_link_map_add_addr(struct rca_link_map *map,
                                         uint64_t netns,
                                         const struct rca_link_addr *addr);

/** rca_link_map_pair() - sort, and find masters and peers; O(n log n) and, for
 * each veth whose peer's namespace is not known, O(n) */
void rca_link_map_pair(struct rca_link_map *map);

/** rca_link_map_find() - interface @index of namespace @netns, or NONE */
size_t rca_link_map_find(const struct rca_link_map *map, uint64_t netns,
                         int index);

/** rca_link_map_packets() - received and sent by all interfaces of @netns,
 * which the loopback is one of: where it stands still nothing happened; O(n) */
uint64_t rca_link_map_packets(const struct rca_link_map *map, uint64_t netns);

/** rca_link_map_owner() - interface of @netns that owns the address, or NONE;
 * an IPv4 address written as IPv6 (::ffff:a.b.c.d) is an IPv4 address */
size_t rca_link_map_owner(const struct rca_link_map *map, uint64_t netns,
                          int family, const unsigned char addr[16]);
