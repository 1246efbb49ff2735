/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * netlink - questions and dumps over netlink.
 *
 * A netlink socket belongs for life to the namespace that its maker was in, so
 * each is opened once, by somebody who may move there (collector/privileged.h);
 * the caller never leaves its own namespace. Messages come from the kernel, but parsers
 * treat them as hostile: they take any bytes.
 */

#include <linux/netlink.h>

#include "collector/privileged.h"

struct rca_netlink;

/** rca_netlink_visit - called for each message; a negative return is kept,
 * the rest of the answer is read and thrown away */
typedef int rca_netlink_visit(void *arg, const struct nlmsghdr *msg);

/**
 * rca_netlink_open() - socket of family @bus (NETLINK_ROUTE, ...)
 * @helper:   that opens it, and sends what needs privileges to be asked; lives
 *            longer; NULL: we do
 * @netns_fd: namespace to open it in, or -1 for the caller's own
 *
 * Return: 0 or -errno (-EPERM: no CAP_SYS_ADMIN for another namespace).
 */
RCA_MUST_CHECK int rca_netlink_open(struct rca_privileged *helper, int bus,
                                    int netns_fd, struct rca_netlink **ret_nl);
void rca_netlink_close(struct rca_netlink **nl);

/**
 * rca_netlink_dump() - send @request as a dump and visit the answers
 * rca_netlink_ask() - send it as a question with one answer
 *
 * Fills flags and sequence number of @request. Return: 0; what @visit
 * returned; -errno of the kernel; -EINTR (what was listed changed meanwhile:
 * what was visited may be incomplete); -ETIMEDOUT (no answer in 2 s).
 */
RCA_MUST_CHECK int rca_netlink_dump(struct rca_netlink *nl,
                                    struct nlmsghdr *request,
                                    rca_netlink_visit *visit, void *arg);
RCA_MUST_CHECK int rca_netlink_ask(struct rca_netlink *nl,
                                   struct nlmsghdr *request,
                                   rca_netlink_visit *visit, void *arg);

/**
 * rca_netlink_each() - visit the messages in a received datagram
 * @buf: any bytes, aligned to 4
 * @seq: number that an answer must carry; others are passed over
 *
 * Return: 0 (more to come), 1 (end of the answer), negative as above or
 * RCA_ESYNTAX (bytes left that are no message).
 */
RCA_MUST_CHECK int rca_netlink_each(const void *buf, size_t len, uint32_t seq,
                                    rca_netlink_visit *visit, void *arg);

/** rca_netlink_fixed() - the fixed part of @size bytes that follows a message's
 * header, or NULL if it is not all there */
const void *rca_netlink_fixed(const struct nlmsghdr *msg, size_t size);

/** struct rca_netlink_attrs - where a walk over attributes stands */
struct rca_netlink_attrs {
    const char *at;
    size_t left;
};

/** rca_netlink_attrs() - those after the fixed part, which is there;
 * rca_netlink_nested() - those in an attribute */
struct rca_netlink_attrs rca_netlink_attrs(const struct nlmsghdr *msg,
                                           size_t fixed);
struct rca_netlink_attrs rca_netlink_nested(const struct nlattr *attr);
/** rca_netlink_next() - NULL at the end, or where the rest is no attribute */
const struct nlattr *rca_netlink_next(struct rca_netlink_attrs *attrs);

/** rca_netlink_string() - copy a string attribute that may lack its NUL, cut
 * to @size; returns @text */
const char *rca_netlink_string(const struct nlattr *attr, char *text,
                               size_t size);
/** rca_netlink_u32() - 0 if it is too short; rca_netlink_be32() and be64()
 * turn network order */
uint32_t rca_netlink_u32(const struct nlattr *attr);
uint32_t rca_netlink_be32(const struct nlattr *attr);
uint64_t rca_netlink_be64(const struct nlattr *attr);
