/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * netlink_set - a netlink socket in each network namespace that is in use.
 */

#include "collector/netlink.h"
#include "collector/observer.h"

/**
 * struct rca_netlink_ns - one namespace
 * @inode, @name, @entity: as struct rca_netns
 * @fd:    borrowed from the observer, good until the next refresh; or -1
 * @nl:    owned; NULL if it could not be opened: @err says why
 * @data:  the source's own, freed by the set's free_data
 */
struct rca_netlink_ns {
    uint64_t inode;
    char name[64];
    rca_id entity;
    int fd;
    int err;
    _Bool seen;
    struct rca_netlink *nl;
    void *data;
};

/** struct rca_netlink_set - all-zero but @bus and @free_data is empty
 * @ns:      owned
 * @version: grows when a namespace comes or goes */
struct rca_netlink_set {
    int bus;
    void (*free_data)(void *data);
    struct rca_netlink_ns *ns;
    size_t n;
    unsigned version;
};

/**
 * rca_netlink_set_refresh() - follow the observer's namespaces; the caller's
 * own is always there, first
 *
 * A namespace that cannot be entered stays in the set without a socket.
 * Return: 0, -ENOMEM, or -errno if there is not even one's own.
 */
RCA_MUST_CHECK int rca_netlink_set_refresh(struct rca_netlink_set *set,
                                           struct rca_observer *obs);
void rca_netlink_set_done(struct rca_netlink_set *set);
/** rca_netlink_set_closed() - how many have no socket; @ret_err: one's reason*/
size_t rca_netlink_set_closed(const struct rca_netlink_set *set, int *ret_err);
