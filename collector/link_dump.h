/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * link_dump - ask the kernel for the interfaces, addresses and queueing
 * disciplines of each namespace of a set (its bus NETLINK_ROUTE).
 */

#include "collector/link_map.h"
#include "collector/netlink_set.h"

#define RCA_LINK_NAME_SIZE (64 + IFNAMSIZ) /* namespace, '/', interface */

/** rca_link_dump_free() - for the set's free_data */
void rca_link_dump_free(void *data);

/**
 * rca_link_dump() - fill @map anew, and give entities to the NICs that are
 * shown
 *
 * A namespace that does not answer is left out. Return: 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_link_dump(struct rca_netlink_set *set,
                                 struct rca_observer *obs,
                                 struct rca_link_map *map);

/** rca_link_dump_report() - what each NIC is part_of and linked to */
void rca_link_dump_report(struct rca_observer *obs,
                          const struct rca_link_map *map);

/** rca_link_dump_qdiscs() - visit the qdiscs of @ns; as rca_netlink_dump() */
RCA_MUST_CHECK int rca_link_dump_qdiscs(struct rca_netlink_ns *ns,
                                        rca_netlink_visit *visit, void *arg);

/** rca_link_dump_name() - "eth0", "NETNS/eth0"; returns @name */
const char *rca_link_dump_name(const struct rca_netlink_set *set,
                               const struct rca_nic *nic,
                               char name[RCA_LINK_NAME_SIZE]);
