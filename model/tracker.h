/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * tracker - which abnormal findings of one look after another are one and the
 * same incident, and when it is time to explain one or to say that it is over.
 *
 * Pure bookkeeping: no clock, no store, fixed memory. All times are those of
 * the data. Findings come as sightings: the entities whose symptoms are abnormal
 * together. A sighting belongs to an incident that it shares a member with;
 * members only grow, so that an incident that wanders along the graph stays one.
 *
 *     candidate --(looks in a row, settle)--> EXPLAIN --keep--> open
 *         |                                      |               |   \
 *         `--(a look without it)--> forgotten    `--reject-->    |    REVIEW once
 *                                    candidate anew              |
 *                                               (unseen for quiet) CLOSE
 */

#include "graph/base/base.h"

/** Incidents and candidates at a time, and entities of one: more than a person
 * would look at. What is beyond is not followed. */
#define RCA_TRACKER_SLOTS 32
#define RCA_TRACKER_MEMBERS 64

/**
 * struct rca_tracker_options
 * @looks:  in a row that must see it before it is explained
 * @settle: from its onset until it is explained: rows to explain it by
 * @review: from then until it is explained once more; 0: never
 * @quiet:  unseen for so long, it is over
 */
struct rca_tracker_options {
    unsigned looks;
    rca_time settle, review, quiet;
};

/** struct rca_sighting - @members: @n, borrowed for the call */
struct rca_sighting {
    const rca_id *members;
    size_t n;
    rca_time onset;
};

enum rca_tracked_state { RCA_TRACKED_NONE, RCA_TRACKED_NEW, RCA_TRACKED_OPEN };

/** struct rca_tracked - one slot; @onset: earliest; @seen: newest look;
 * @kept: when it was explained */
struct rca_tracked {
    enum rca_tracked_state state;
    rca_time onset, seen, kept;
    unsigned looks;
    _Bool reviewed;
    size_t n;
    rca_id members[RCA_TRACKER_MEMBERS];
};

/** struct rca_tracker - the caller's; @slots may be read */
struct rca_tracker {
    struct rca_tracker_options options;
    rca_time last; /* look */
    struct rca_tracked slots[RCA_TRACKER_SLOTS];
};

enum rca_tracker_todo {
    RCA_TRACKER_EXPLAIN, /* then keep, join or reject it */
    RCA_TRACKER_REVIEW, /* explain it again: there is more to go by now */
    RCA_TRACKER_CLOSE, /* it is over; the slot is free */
};

/** struct rca_tracker_event - @sighting: index of the one that the look saw it
 * in, or SIZE_MAX (CLOSE) */
struct rca_tracker_event {
    enum rca_tracker_todo todo;
    size_t slot, sighting;
};

void rca_tracker_init(struct rca_tracker *tracker,
                      const struct rca_tracker_options *options);

/**
 * rca_tracker_look() - one look
 * @now:        of the newest data; a look at the same or an earlier time than
 *              the last one changes nothing and gives no events
 * @sightings:  @n of them, worst first
 * @ret_events: room for RCA_TRACKER_SLOTS; in order of slot
 *
 * O(sightings * members * slots). Return: number of events.
 */
size_t rca_tracker_look(struct rca_tracker *tracker, rca_time now,
                        const struct rca_sighting *sightings, size_t n,
                        struct rca_tracker_event *ret_events);

/** rca_tracker_keep() - the candidate is an incident
 * rca_tracker_reject() - it is none: it begins anew as a candidate
 * rca_tracker_join() - it is a part of the incident @into */
void rca_tracker_keep(struct rca_tracker *tracker, size_t slot);
void rca_tracker_reject(struct rca_tracker *tracker, size_t slot);
void rca_tracker_join(struct rca_tracker *tracker, size_t slot, size_t into);

/** rca_tracker_resume() - go on with an incident that was open when the last
 * watch ended. Return: its slot, or SIZE_MAX if all are taken. */
size_t rca_tracker_resume(struct rca_tracker *tracker,
                          const struct rca_sighting *sighting, rca_time seen);

/** rca_tracker_is_quiet() - there is neither an incident nor a candidate */
_Bool rca_tracker_is_quiet(const struct rca_tracker *tracker);
