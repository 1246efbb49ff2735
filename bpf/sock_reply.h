/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * sock_reply - the first bytes of a reply, as the process hands them to send().
 * Kernel side only; what they say is found by reply_error.h.
 */

#include "bpf/vmlinux_net.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/reply_error.h"

/* Where they are in the process's memory, and how many; 0: not to be had. */
static __always_inline __u64 rca_first_bytes(const struct msghdr *msg,
                                             const void **ret_user)
{
    const struct iov_iter *iter = &msg->msg_iter;
    const struct iovec *iov;
    struct iovec first;
    __u8 type = iter->iter_type;
    __u64 n = iter->count;

    if (iter->iov_offset)
        return 0;
    if (bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) &&
        type == bpf_core_enum_value(enum iter_type, ITER_UBUF)) {
        *ret_user = iter->ubuf;
        barrier_var(n); /* one load must not serve two kinds of pointer */
        return n;
    }
    if (type != bpf_core_enum_value(enum iter_type, ITER_IOVEC))
        return 0;
    iov = bpf_core_field_exists(iter->__iov)
              ? iter->__iov
              : ((const struct iov_iter___iov *)iter)->iov;
    /* the verifier of 6.12 does not follow a pointer out of a union */
    if (bpf_core_read(&first, sizeof(first), iov))
        return 0;
    *ret_user = first.iov_base;
    return first.iov_len;
}

static __always_inline bool rca_reply_is_error(const struct msghdr *msg)
{
    unsigned char b[RCA_REPLY_SIZE] = {};
    const void *user = NULL;
    __u64 n = rca_first_bytes(msg, &user);

    if (n > sizeof(b))
        n = sizeof(b);
    return n && !bpf_probe_read_user(b, (__u32)n, user) &&
           rca_reply_says_error(b);
}
