/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * ovs_count - from what the ports of Open vSwitch's bridges have counted, look
 * by look, to events: one for each port that dropped since the last look or
 * whose link is down or has come up again. No I/O. A bridge's own interface is
 * down on many hosts and does no harm: then it says nothing, though all that is
 * flooded is dropped there.
 */

#include "bpf/events_trace.h"
#include "collector/ovs_msg.h"

struct rca_trace_ovs_counts;

RCA_MUST_CHECK int rca_trace_ovs_counts_new(
    struct rca_trace_ovs_counts **ret_counts);
void rca_trace_ovs_counts_free(struct rca_trace_ovs_counts **counts);

/**
 * rca_trace_ovs_count() - what @port says now
 *
 * Return: 1 with an event (point, detail; the rest 0), 0 without one, -ENOMEM.
 *         A port that is seen for the first time has dropped nothing yet, and
 *         neither has one whose counters began anew. O(1).
 */
RCA_MUST_CHECK int rca_trace_ovs_count(struct rca_trace_ovs_counts *counts,
                                       const struct rca_ovs_port *port,
                                       struct rca_trace_event *ret_event);
