/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * capture_hooks - one BPF program at netfilter's hooks, in each network
 * namespace in use. It comes last at each hook, after translation, before the
 * connection is confirmed: a packet that it sees has passed all rules there.
 */

#include "collector/trace/names.h"

/** struct rca_trace_hooks - all-zero but @program is none yet
 * @program: descriptor, borrowed; -1: there is nothing to attach
 * @points:  set of 1 << enum rca_trace_point
 * @err:     of the last namespace where it could not be attached, or 0 */
struct rca_trace_hooks {
    int program;
    unsigned points;
    struct rca_trace_hooks_at *at; /* owned */
    size_t n, cap;
    int err;
};

/** rca_trace_hooks_refresh() - follow the namespaces that @names has read; what
 * is gone is left. 0, -ENOMEM */
RCA_MUST_CHECK int rca_trace_hooks_refresh(struct rca_trace_hooks *hooks,
                                           const struct rca_trace_names *names);
/** rca_trace_hooks_attached() - in how many namespaces */
size_t rca_trace_hooks_attached(const struct rca_trace_hooks *hooks);
/** rca_trace_hooks_done() - detach everywhere */
void rca_trace_hooks_done(struct rca_trace_hooks *hooks);
