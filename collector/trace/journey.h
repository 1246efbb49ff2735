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
                               * READ, TCP, TRANSMIT, else the last one */
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

/** struct rca_trace_death - drops of one (reason, rule, device, namespace)
 * @rule: its fields count where @has_rule; @first: an event of it, for names */
struct rca_trace_death {
    uint32_t reason, netns, ifindex;
    _Bool has_reason, has_rule;
    struct rca_trace_rule rule;
    uint64_t packets;
    uint64_t place;
    rca_time first_time, last_time;
};

struct rca_trace_summary;

/**
 * rca_trace_summary_new() - counts events as they come, memory bounded by @max
 * packets that are remembered (0: 65,536): a rule's verdict comes in an event
 * of its own and is put to the drop of the same packet
 */
RCA_MUST_CHECK int rca_trace_summary_new(
    size_t max, struct rca_trace_summary **ret_summary);
void rca_trace_summary_free(struct rca_trace_summary **summary);
RCA_MUST_CHECK int rca_trace_summary_add(struct rca_trace_summary *summary,
                                         const struct rca_trace_event *event);
/** rca_trace_summary_deaths() - most packets first; good until the next add */
const struct rca_trace_death *rca_trace_summary_deaths(
    struct rca_trace_summary *summary, size_t *ret_n);
/** rca_trace_summary_packets() - different packets that were seen; exact up to
 * @max, beyond that an estimate (drops stay exact) */
uint64_t rca_trace_summary_packets(const struct rca_trace_summary *summary);
