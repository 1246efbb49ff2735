/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * link_qdisc - the queueing disciplines of the interfaces of a map, as asked of
 * the kernel with each tick, and reported.
 *
 * Several of one kind on a NIC (fq_codel below mq, one for each queue) are one
 * entity, their counters added up. Counters of 32 bits are widened one by one.
 */

#include "collector/link_dump.h"
#include "collector/sojourn.h"

/** struct rca_shown_qdisc - of NIC @nic of the map
 * @waits: packets that leave the NIC wait here, not in another of its qdiscs */
struct rca_shown_qdisc {
    size_t nic;
    struct rca_qdisc sum;
    _Bool waits;
    rca_id entity;
};

struct rca_raw_qdisc;

/** struct rca_qdiscs - all-zero is empty; arrays owned
 * @list: of this tick, by (nic, kind)
 * @raw, @before: as the kernel has them, of this tick and the one before
 * @failed: dumps that did not come whole, since the start */
struct rca_qdiscs {
    struct rca_shown_qdisc *list;
    size_t n, cap;
    struct rca_raw_qdisc *raw, *before;
    size_t n_raw, cap_raw, n_before, cap_before;
    uint64_t failed;
};

void rca_qdiscs_done(struct rca_qdiscs *qdiscs);

/** rca_qdiscs_refresh() - ask anew, for the interfaces of @map that are shown;
 * those of a namespace that does not answer are left out; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_qdiscs_refresh(struct rca_qdiscs *qdiscs,
                                      struct rca_netlink_set *set,
                                      const struct rca_link_map *map);

/** rca_qdiscs_report() - entities, series, and that NICs use them
 * @sojourn: or NULL */
void rca_qdiscs_report(struct rca_qdiscs *qdiscs, struct rca_observer *obs,
                       const struct rca_netlink_set *set,
                       const struct rca_link_map *map,
                       struct rca_sojourn *sojourn);

/** rca_qdiscs_first() - the first one of @nic or of a NIC after it; O(log n) */
size_t rca_qdiscs_first(const struct rca_qdiscs *qdiscs, size_t nic);

/**
 * rca_qdiscs_add() - one as the kernel told it, for _refresh() and for tests
 * rca_qdiscs_merge() - once all are added: widen, sort, add up
 *
 * Return: 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_qdiscs_add(struct rca_qdiscs *qdiscs, uint64_t netns,
                                  size_t nic, const struct rca_qdisc *qdisc);
RCA_MUST_CHECK int rca_qdiscs_merge(struct rca_qdiscs *qdiscs);
