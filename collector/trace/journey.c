/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/journey.h"

#include <errno.h>
#include <string.h>

/* struct step - an event, and when its packet was first seen: @group is the
 * number of that event in order of time */
struct step {
    const struct rca_trace_event *event;
    size_t at; /* in the array that came in: ties keep their order */
    size_t group;
};

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_time(const void *a, const void *b)
{
    const struct step *x = (const struct step *)a, *y = (const struct step *)b;
    const int r = compare(x->event->time, y->event->time);

    return r ? r : compare(x->at, y->at);
}

static int by_id(const void *a, const void *b)
{
    const struct step *x = (const struct step *)a, *y = (const struct step *)b;
    const int r = compare(x->event->id, y->event->id);

    return r ? r : compare(x->at, y->at);
}

static int by_group(const void *a, const void *b)
{
    const struct step *x = (const struct step *)a, *y = (const struct step *)b;
    const int r = compare(x->group, y->group);

    return r ? r : compare(x->at, y->at);
}

/* Steps sorted by packet; @at becomes the number in order of time. */
static void sort(struct step *steps, size_t n)
{
    qsort(steps, n, sizeof(*steps), by_time);
    for (size_t i = 0; i < n; i++)
        steps[i].at = i;
    qsort(steps, n, sizeof(*steps), by_id);
    for (size_t i = 0; i < n; i++) {
        const _Bool same = i && steps[i].event->id &&
                           steps[i].event->id == steps[i - 1].event->id;

        steps[i].group = same ? steps[i - 1].group : steps[i].at;
    }
    qsort(steps, n, sizeof(*steps), by_group);
}

static _Bool is_end(const struct rca_trace_event *const *events, size_t i,
                    size_t n)
{
    switch (events[i]->point) {
    case RCA_TRACE_DROP:
    case RCA_TRACE_READ:
    case RCA_TRACE_TCP:
    case RCA_TRACE_SOCKET:
        return 1;
    case RCA_TRACE_TRANSMIT:
        while (++i < n && events[i]->point == RCA_TRACE_CONSUME)
            ;
        return i >= n;
    default:
        return 0;
    }
}

static void find_end(const struct rca_trace_event *const *events,
                     struct rca_trace_journey *journey)
{
    journey->last = journey->n - 1;
    for (size_t i = journey->n; i-- > 0;) {
        if (is_end(events + journey->first, i, journey->n)) {
            journey->last = i;
            break;
        }
    }
    journey->end =
        (enum rca_trace_point)events[journey->first + journey->last]->point;
}

int rca_trace_journeys(const struct rca_trace_event **events, size_t n,
                       struct rca_trace_journey **ret_journeys, size_t *ret_n)
{
    struct rca_trace_journey *journeys RCA_CLEANUP(rca_freep) =
        calloc(n + 1, sizeof(*journeys));
    struct step *steps RCA_CLEANUP(rca_freep) = calloc(n + 1, sizeof(*steps));
    size_t count = 0;

    if (!journeys || !steps)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        steps[i] = (struct step){.event = events[i], .at = i};
    sort(steps, n);
    for (size_t i = 0; i < n; i++) {
        events[i] = steps[i].event;
        if (!i || steps[i].group != steps[i - 1].group)
            journeys[count++] =
                (struct rca_trace_journey){.id = events[i]->id, .first = i};
        journeys[count - 1].n++;
    }
    for (size_t i = 0; i < count; i++)
        find_end(events, &journeys[i]);
    *ret_journeys = RCA_TAKE(journeys);
    *ret_n = count;
    return 0;
}
