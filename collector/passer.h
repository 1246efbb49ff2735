/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * passer - whose packets a network namespace sees: endpoints in it, and those
 * at the far end of a veth of which one end is there. For what filters
 * packets: rules, conntrack.
 */

#include "collector/link_map.h"
#include "collector/netlink_set.h"
#include "collector/observer.h"

/** struct rca_passer - one of them
 * @nic:   that carries its packets in this namespace, or RCA_LINK_NONE
 * @local: it is in this namespace, else beyond @nic
 * @port:  of the service, 0 if not known */
struct rca_passer {
    rca_id entity;
    size_t nic;
    _Bool local;
    uint16_t port;
};

/** struct rca_passers - all-zero is empty
 * @map:  borrowed, of this tick: the link source's, or @own
 * @list: owned; of the namespace last asked for, by entity */
struct rca_passers {
    const struct rca_link_map *map;
    struct rca_passer *list;
    size_t n, cap;
    struct rca_netlink_set links; /* where no link source runs */
    struct rca_link_map own;
};

/** rca_passers_refresh() - once a tick: take the link source's map of
 * interfaces, or ask the kernel; 0, -ENOMEM or rca_netlink_set_refresh()'s */
RCA_MUST_CHECK int rca_passers_refresh(struct rca_passers *passers,
                                       struct rca_observer *obs);
void rca_passers_done(struct rca_passers *passers);

/** rca_passers_find() - fill @list for the namespace of inode @netns, after
 * _refresh(); O(n log n) of the tick's endpoints; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_passers_find(struct rca_passers *passers,
                                    struct rca_observer *obs, uint64_t netns);
