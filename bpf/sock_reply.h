/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * sock_reply - whether a reply says that the request failed, by its first
 * bytes as the process hands them to send(). Kernel side only.
 *
 * A service that answers "500" looks healthy to TCP. What is encrypted or in
 * another protocol is taken for a success.
 */

#include "bpf/vmlinux_min.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* "HTTP/1.1 5xx", a Redis "-ERR", "SERVER_ERROR" of memcached, an
 * ErrorResponse of PostgreSQL: 'E', length, 'S' "ERROR" or "FATAL". */
static __always_inline bool says_error(const char b[12])
{
    if (b[0] == 'H')
        return b[1] == 'T' && b[2] == 'T' && b[3] == 'P' && b[4] == '/' &&
               b[5] == '1' && b[8] == ' ' && b[9] == '5';
    if (b[0] == '-')
        return b[1] >= 'A' && b[1] <= 'Z' && b[2] >= 'A' && b[2] <= 'Z';
    if (b[0] == 'S')
        return b[1] == 'E' && b[2] == 'R' && b[6] == '_' && b[7] == 'E' &&
               b[8] == 'R';
    return b[0] == 'E' && b[1] == 0 && b[5] == 'S' &&
           (b[6] == 'E' || b[6] == 'F') && (b[7] == 'R' || b[7] == 'A');
}

static __always_inline const void *first_bytes(const struct msghdr *msg)
{
    const struct iov_iter *iter = &msg->msg_iter;
    __u8 type = iter->iter_type;

    if (iter->iov_offset)
        return NULL;
    if (bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) &&
        type == bpf_core_enum_value(enum iter_type, ITER_UBUF))
        return iter->ubuf;
    if (type != bpf_core_enum_value(enum iter_type, ITER_IOVEC))
        return NULL;
    if (bpf_core_field_exists(iter->__iov))
        return BPF_CORE_READ(iter, __iov, iov_base);
    return BPF_CORE_READ((const struct iov_iter___iov *)iter, iov, iov_base);
}

static __always_inline bool rca_reply_is_error(const struct msghdr *msg)
{
    const void *user = first_bytes(msg);
    char b[12];

    return user && !bpf_probe_read_user(b, sizeof(b), user) && says_error(b);
}
