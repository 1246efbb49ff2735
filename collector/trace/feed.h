/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * feed - where events of a capture come from beside the kernel's ring: netlink
 * (nftables' traces), counters (Open vSwitch). Only for collector/trace/.
 */

#include "collector/trace/capture.h"

/**
 * struct rca_trace_feed - operations; @state is the feed's own
 * @open:  begin; the feature says what is on, or why not. RCA_ENOSUPPORT: there
 *         is nothing of it here, and the capture goes on without. What it
 *         changes of the system (only if the options allow) @close undoes, and
 *         so does the end of the process, however it ends, where the kernel can
 * @fd:    descriptor to poll for reading (an epoll's, if there are several), or
 *         -1: read every 100 ms
 * @read:  hand out what there is now; a time is nanoseconds since the epoch, 0:
 *         not known, the capture takes that of the packet's own events. 0, 1:
 *         there may be more, negative: it failed, or @push did
 * @stop:  nothing more is to come but what is there to be read; NULL: nothing
 *         comes of itself
 * @loss:  add what was lost
 */
struct rca_trace_feed {
    enum rca_trace_part part;
    int (*open)(const struct rca_trace_options *options,
                struct rca_trace_names *names, struct rca_diag *diag,
                struct rca_trace_feature *ret_feature, void **ret_state);
    int (*fd)(const void *state);
    int (*read)(void *state, rca_trace_visit *push, void *arg);
    void (*stop)(void *state);
    void (*loss)(const void *state, struct rca_trace_loss *loss);
    void (*close)(void **state);
};

extern const struct rca_trace_feed rca_trace_feed_nft;
extern const struct rca_trace_feed rca_trace_feed_ovs;
