/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sock_listen - the queues of connections that wait to be accepted, and what
 * found no room in them: asked of inet_diag, in each network namespace.
 */

#include "collector/netlink_set.h"
#include "collector/sock_book.h"
#include "collector/sock_probe.h"

/** struct rca_sock_listens - zero with @set.bus = NETLINK_SOCK_DIAG is empty
 * @known:  listeners by cookie, by_cookie: places in it
 * @off:    not to be asked
 * @scanned: tick in which owners were last looked for */
struct rca_sock_listens {
    struct rca_netlink_set set;
    struct rca_sock_known *known; /* owned */
    size_t n, cap;
    struct rca_map by_cookie;
    unsigned round, told;
    _Bool off;
    rca_time scanned;
};

/** rca_sock_listens_open() - ask once, and tell as a feature whether that
 * works; 0, or -ENOMEM */
RCA_MUST_CHECK int rca_sock_listens_open(const struct rca_source_env *env,
                                         struct rca_observer *obs,
                                         struct rca_sock_listens *ret_listens);
void rca_sock_listens_done(struct rca_sock_listens *listens);

/**
 * rca_sock_listens_tick() - tell the book of all listeners
 * @idle: also of those that nobody has called; else only if somebody waits
 *
 * O(listeners), a dump or two for each namespace. Return: 0, -ENOMEM, or -errno
 * of the last namespace that failed.
 */
RCA_MUST_CHECK int rca_sock_listens_tick(struct rca_sock_listens *listens,
                                         struct rca_sock_probe *probe,
                                         struct rca_sock_book *book,
                                         struct rca_observer *obs, _Bool idle);
