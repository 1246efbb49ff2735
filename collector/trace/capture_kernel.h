/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * capture_kernel - what the kernel at hand has of what a capture uses, by its
 * BTF. Reads /sys/kernel/btf once.
 */

#include "graph/base/err.h"

/** struct rca_trace_kernel
 * @drop_args: arguments of kfree_skb: 2, with the reason 3 (5.17), with the
 *             socket 4 (6.11)
 * @consumed:  reasons that are no drops, UINT32_MAX: none
 * @netfilter: BPF programs can be attached to its hooks (6.4)
 * @conntrack: its entries can be read: it is built in, or loaded */
struct rca_trace_kernel {
    unsigned drop_args;
    uint32_t consumed[2];
    _Bool netfilter, conntrack;
    void *btf; /* owned */
};

/** rca_trace_kernel_read() - 0; RCA_ENOSUPPORT: it has no BTF; -ENOMEM */
RCA_MUST_CHECK int rca_trace_kernel_read(struct rca_trace_kernel *ret_kernel);
void rca_trace_kernel_done(struct rca_trace_kernel *kernel);

/** rca_trace_kernel_has() - whether it has that tracepoint, as BTF names it */
_Bool rca_trace_kernel_has(const struct rca_trace_kernel *kernel,
                           const char *tracepoint);
