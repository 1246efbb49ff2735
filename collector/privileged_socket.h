/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * privileged_socket - one datagram with descriptors beside it, over the
 * socketpair between the collector and its helper.
 */

#include <sys/types.h>

#include "collector/privileged_wire.h"

/** rca_privileged_write() - @len bytes of @buf, which are not changed, as one
 * datagram, with the descriptors @fds (borrowed), at most RCA_WIRE_FDS; 0 or
 * -errno */
RCA_MUST_CHECK int rca_privileged_write(int socket, void *buf, size_t len,
                                        const int *fds, size_t n_fds);

/**
 * rca_privileged_read() - receive one into @buf
 * @ret_fds: what came along, close-on-exec, the caller's
 *
 * Return: its length; 0 at the end of the conversation; -errno; -EMSGSIZE
 * (it did not fit, or had too many descriptors: all are closed).
 */
RCA_MUST_CHECK ssize_t rca_privileged_read(int socket, void *buf, size_t size,
                                           int ret_fds[RCA_WIRE_FDS],
                                           size_t *ret_n_fds);
