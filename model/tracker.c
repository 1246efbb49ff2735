/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/tracker.h"

#include <string.h>

void rca_tracker_init(struct rca_tracker *tracker,
                      const struct rca_tracker_options *options)
{
    memset(tracker, 0, sizeof(*tracker));
    tracker->options = *options;
    tracker->last = RCA_TIME_NONE;
}

static _Bool has(const struct rca_tracked *t, rca_id id)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->members[i] == id)
            return 1;
    }
    return 0;
}

static _Bool touches(const struct rca_tracked *t, const struct rca_sighting *s)
{
    for (size_t i = 0; t->state != RCA_TRACKED_NONE && i < s->n; i++) {
        if (has(t, s->members[i]))
            return 1;
    }
    return 0;
}

static void add(struct rca_tracked *t, const rca_id *members, size_t n)
{
    for (size_t i = 0; i < n && t->n < RCA_TRACKER_MEMBERS; i++) {
        if (!has(t, members[i]))
            t->members[t->n++] = members[i];
    }
}

/* @t was seen at @now as @s */
static void see(struct rca_tracked *t, const struct rca_sighting *s,
                rca_time now)
{
    add(t, s->members, s->n);
    if (t->seen != now)
        t->looks++;
    t->seen = now;
    if (s->onset < t->onset)
        t->onset = s->onset;
}

static size_t begin(struct rca_tracker *tracker, const struct rca_sighting *s)
{
    for (size_t i = 0; i < RCA_TRACKER_SLOTS; i++) {
        struct rca_tracked *t = &tracker->slots[i];

        if (t->state != RCA_TRACKED_NONE)
            continue;
        memset(t, 0, sizeof(*t));
        t->state = RCA_TRACKED_NEW;
        t->onset = s->onset;
        t->seen = RCA_TIME_NONE;
        return i;
    }
    return SIZE_MAX;
}

/* every incident that shares a member with @s, or a new one; @ret_of: the
 * sighting that each slot was seen in, the worst one */
static void place(struct rca_tracker *tracker, const struct rca_sighting *s,
                  size_t index, size_t *ret_of)
{
    _Bool known = 0;

    for (size_t i = 0; i < RCA_TRACKER_SLOTS; i++) {
        struct rca_tracked *t = &tracker->slots[i];

        if (!touches(t, s))
            continue;
        known = 1;
        see(t, s, tracker->last);
        ret_of[i] = ret_of[i] < index ? ret_of[i] : index;
    }
    if (!known) {
        const size_t slot = begin(tracker, s);

        if (slot == SIZE_MAX)
            return;
        see(&tracker->slots[slot], s, tracker->last);
        ret_of[slot] = index;
    }
}

/* Return: whether there is something to do about @t; a candidate that this look
 * did not see, or an incident that was quiet for long enough, is forgotten */
static _Bool judge(const struct rca_tracker *tracker, struct rca_tracked *t,
                   _Bool seen, enum rca_tracker_todo *ret_todo)
{
    const struct rca_tracker_options *o = &tracker->options;
    const rca_time now = tracker->last;

    if (t->state == RCA_TRACKED_NEW && !seen) {
        t->state = RCA_TRACKED_NONE;
        return 0;
    }
    if (t->state == RCA_TRACKED_NEW) {
        *ret_todo = RCA_TRACKER_EXPLAIN;
        return t->looks >= o->looks && now - t->onset >= o->settle;
    }
    if (seen && !t->reviewed && o->review && now - t->kept >= o->review) {
        t->reviewed = 1;
        *ret_todo = RCA_TRACKER_REVIEW;
        return 1;
    }
    if (now - t->seen < o->quiet)
        return 0;
    t->state = RCA_TRACKED_NONE;
    *ret_todo = RCA_TRACKER_CLOSE;
    return 1;
}

size_t rca_tracker_look(struct rca_tracker *tracker, rca_time now,
                        const struct rca_sighting *sightings, size_t n,
                        struct rca_tracker_event *ret_events)
{
    size_t of[RCA_TRACKER_SLOTS], events = 0;

    if (now <= tracker->last)
        return 0;
    tracker->last = now;
    for (size_t i = 0; i < RCA_TRACKER_SLOTS; i++)
        of[i] = SIZE_MAX;
    for (size_t i = 0; i < n; i++)
        place(tracker, &sightings[i], i, of);
    for (size_t i = 0; i < RCA_TRACKER_SLOTS; i++) {
        struct rca_tracked *t = &tracker->slots[i];
        struct rca_tracker_event *e = &ret_events[events];

        if (t->state == RCA_TRACKED_NONE ||
            !judge(tracker, t, of[i] != SIZE_MAX, &e->todo))
            continue;
        e->slot = i;
        e->sighting = of[i];
        events++;
    }
    return events;
}

void rca_tracker_keep(struct rca_tracker *tracker, size_t slot)
{
    tracker->slots[slot].state = RCA_TRACKED_OPEN;
    tracker->slots[slot].kept = tracker->last;
}

void rca_tracker_reject(struct rca_tracker *tracker, size_t slot)
{
    struct rca_tracked *t = &tracker->slots[slot];

    t->looks = 0;
    t->onset = t->seen;
}

void rca_tracker_join(struct rca_tracker *tracker, size_t slot, size_t into)
{
    const struct rca_tracked *part = &tracker->slots[slot];
    struct rca_tracked *t = &tracker->slots[into];

    add(t, part->members, part->n);
    t->seen = part->seen > t->seen ? part->seen : t->seen;
    tracker->slots[slot].state = RCA_TRACKED_NONE;
}

size_t rca_tracker_resume(struct rca_tracker *tracker,
                          const struct rca_sighting *sighting, rca_time seen)
{
    const size_t slot = begin(tracker, sighting);

    if (slot == SIZE_MAX)
        return slot;
    see(&tracker->slots[slot], sighting, seen);
    tracker->slots[slot].state = RCA_TRACKED_OPEN;
    tracker->slots[slot].kept = seen;
    return slot;
}

_Bool rca_tracker_is_quiet(const struct rca_tracker *tracker)
{
    for (size_t i = 0; i < RCA_TRACKER_SLOTS; i++) {
        if (tracker->slots[i].state != RCA_TRACKED_NONE)
            return 0;
    }
    return 1;
}
