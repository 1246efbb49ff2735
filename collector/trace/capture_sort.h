/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * capture_sort - puts events that come from many places into the order of their
 * time: a binary heap of copies, of bounded size. Not thread safe.
 */

#include "collector/trace/capture.h"

struct rca_trace_sort;

/** rca_trace_event_size() - bytes of an event that count */
static inline size_t rca_trace_event_size(const struct rca_trace_event *event)
{
    const size_t captured = event->captured;

    return offsetof(struct rca_trace_event, head) +
           (captured < RCA_TRACE_SNAP ? captured : RCA_TRACE_SNAP);
}

/** rca_trace_sort_new() - @room: bytes of events that are held at most */
RCA_MUST_CHECK int rca_trace_sort_new(size_t room,
                                      struct rca_trace_sort **ret_sort);
void rca_trace_sort_free(struct rca_trace_sort **sort);

/** rca_trace_sort_put() - copy in; O(log n). 0, -ENOMEM */
RCA_MUST_CHECK int rca_trace_sort_put(struct rca_trace_sort *sort,
                                      const struct rca_trace_event *event);

/**
 * rca_trace_sort_take() - hand out, oldest first, those up to time @until, and
 * then as many as are more than there is room for; of equal time, in the order
 * in which they were put
 *
 * Return: how many, or what @visit returned if negative (that event counts as
 * handed out).
 */
RCA_MUST_CHECK int rca_trace_sort_take(struct rca_trace_sort *sort,
                                       rca_time until, rca_trace_visit *visit,
                                       void *arg);

/** rca_trace_sort_late() - events put that were older than one that had been
 * handed out already; rca_trace_sort_held() - that are held */
uint64_t rca_trace_sort_late(const struct rca_trace_sort *sort);
size_t rca_trace_sort_held(const struct rca_trace_sort *sort);
