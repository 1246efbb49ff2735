/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* events_net - dropped packets, and waits in queueing disciplines. */

#include "bpf/events.h"

/* --- drops ----------------------------------------------------------------- */

/** struct rca_drop_key - @netns 0: not known; @reason as this kernel numbers
 * it, 0 where it gives none; @ifindex: of the interface that the packet was on
 * or came in by, 0: not known */
struct rca_drop_key {
    __u32 netns;
    __u32 reason;
    __u32 ifindex;
};

_Static_assert(sizeof(struct rca_drop_key) == 12, "both sides must agree");

/* --- queueing disciplines -------------------------------------------------- */

/** struct rca_qdisc_key - an interface whose root discipline queues
 * @netns: inode of its network namespace; @ifindex: its number there */
struct rca_qdisc_key {
    __u32 netns;
    __u32 ifindex;
};

_Static_assert(sizeof(struct rca_qdisc_key) == 8, "both sides must agree");

/**
 * struct rca_qdisc_sojourn - how long packets waited in the queue
 * @packets: that were timed: all, or a random sample of them
 * @max_ns:  longest of an epoch, by epoch & 1; good where @max_epoch matches
 */
struct rca_qdisc_sojourn {
    __u64 packets;
    __u64 sum_ns;
    __u64 max_ns[2];
    __u32 max_epoch[2];
    __u64 bucket[RCA_LATENCY_BUCKETS];
};

_Static_assert(sizeof(struct rca_qdisc_sojourn) ==
                   8 * (5 + RCA_LATENCY_BUCKETS),
               "both sides must agree");
