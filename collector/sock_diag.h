/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sock_diag - inet_diag's messages about listening TCP sockets, read into plain
 * structures. No I/O.
 *
 * Messages: linux/inet_diag.h, sock_diag(7). The parser takes one message with
 * its header, any bytes, aligned to 4.
 */

#include <linux/netlink.h>

#include "bpf/events_sock.h"
#include "graph/base/err.h"

/**
 * struct rca_sock_listener - one listening socket
 * @key:    netns as the caller set it
 * @cookie: the socket's own number, never given twice
 * @inode:  of the socket in the files of those who hold it ("socket:[N]")
 * @queue:  connections that wait to be accepted; @limit: one more is let in
 * @drops:  connections that found no room; 32 bits in the kernel
 * @told:   whether the kernel tells @drops
 */
struct rca_sock_listener {
    struct rca_sock_listen_key key;
    uint64_t cookie;
    uint32_t inode;
    uint32_t queue;
    uint32_t limit;
    uint32_t drops;
    _Bool told;
};

/** Room for a request. */
#define RCA_SOCK_DIAG_BYTES 128

/** rca_sock_diag_request() - for a dump of all listeners of @family; @buf has
 * RCA_SOCK_DIAG_BYTES bytes, aligned to 4 */
struct nlmsghdr *rca_sock_diag_request(void *buf, int family);

/** rca_sock_diag_parse() - 0; RCA_ESYNTAX (too short, or no such message) and
 * @ret_listener unchanged. Its netns is left as it was. */
RCA_MUST_CHECK int rca_sock_diag_parse(const struct nlmsghdr *msg,
                                       struct rca_sock_listener *ret_listener);
