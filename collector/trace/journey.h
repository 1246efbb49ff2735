/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * journey - the events of each packet together, and how it ended; and where the
 * packets of a capture died.
 */

#include "collector/trace/names.h"

/** struct rca_trace_journey - events [first, first + n) of the sorted array */
struct rca_trace_journey {
    uint64_t id;
    size_t first, n;
    enum rca_trace_point end; /* the last point that says how it ended: DROP,
                               * READ, SOCKET, TCP, TRANSMIT with no more than CONSUME
                               * after it, else the last one */
    size_t last; /* its event, from @first on */
};

/**
 * rca_trace_journeys() - sort @events by packet, those of one by time, packets
 * by their first event; O(n log n)
 * @ret_journeys: owned by the caller; events without an id are journeys of 1
 *
 * Return: 0, -ENOMEM (the order of @events is then undefined).
 */
RCA_MUST_CHECK int rca_trace_journeys(const struct rca_trace_event **events,
                                      size_t n,
                                      struct rca_trace_journey **ret_journeys,
                                      size_t *ret_n);

/** RCA_TRACE_DEATHS_MAX - different ones that are kept apart; what comes then
 * is put together under one that says nothing but how many */
#define RCA_TRACE_DEATHS_MAX 4096

/** struct rca_trace_death - drops of one (reason, rule, device, namespace)
 * @rule: its fields count where @has_rule
 * @ovs: where @has_ovs, of the port only @bridge, @port, and of the last look
 *       @down: a port of Open vSwitch that counted drops, or is down (then
 *       @packets may be 0)
 * @place, @flow: of the first one */
struct rca_trace_death {
    uint32_t reason, netns, ifindex;
    _Bool has_reason, has_rule, has_ovs;
    struct rca_trace_rule rule;
    struct rca_trace_ovs ovs;
    uint64_t packets;
    uint64_t place;
    struct rca_trace_flow flow;
    rca_time first_time, last_time;
};

struct rca_trace_summary;

/**
 * rca_trace_summary_new() - counts events as they come, memory bounded by @max
 * packets that are remembered (0: 65,536): a rule's verdict comes in an event
 * of its own, before or after, and is put to the drop of the same packet in the
 * same namespace. A verdict without a drop of its packet counts as one; one
 * without an id is passed over.
 *
 * Return: 0, -ENOMEM.
 */
RCA_MUST_CHECK int rca_trace_summary_new(
    size_t max, struct rca_trace_summary **ret_summary);
void rca_trace_summary_free(struct rca_trace_summary **summary);
/** rca_trace_summary_add() - 0; -ENOMEM: the event was not counted; O(1) */
RCA_MUST_CHECK int rca_trace_summary_add(struct rca_trace_summary *summary,
                                         const struct rca_trace_event *event);
/** rca_trace_summary_deaths() - most packets first; good until the next add;
 * O(n log n) */
const struct rca_trace_death *rca_trace_summary_deaths(
    struct rca_trace_summary *summary, size_t *ret_n);
/** rca_trace_summary_packets() - different packets that were seen; exact up to
 * @max, beyond that an estimate (a packet that comes back after @max others
 * counts again; drops stay exact). Of events without an id drops count. */
uint64_t rca_trace_summary_packets(const struct rca_trace_summary *summary);
