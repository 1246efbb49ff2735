/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/capture_sort.h"

#include <errno.h>
#include <string.h>

/** struct item - @order: of equal times, who came first */
struct item {
    rca_time time;
    uint64_t order;
    struct rca_trace_event *event; /* owned; good to what it captured */
};

struct rca_trace_sort {
    struct item *items; /* owned; a heap, the oldest first */
    size_t n, cap;
    size_t bytes, room;
    uint64_t next; /* order of the next one */
    uint64_t late;
    rca_time last; /* handed out */
};

int rca_trace_sort_new(size_t room, struct rca_trace_sort **ret_sort)
{
    struct rca_trace_sort *s = calloc(1, sizeof(*s));

    if (!s)
        return -ENOMEM;
    s->room = room;
    s->last = RCA_TIME_NONE;
    *ret_sort = s;
    return 0;
}

void rca_trace_sort_free(struct rca_trace_sort **sort)
{
    struct rca_trace_sort *s = *sort;

    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        free(s->items[i].event);
    free(s->items);
    free(s);
    *sort = NULL;
}

/* --- the heap --------------------------------------------------------------- */

static _Bool before(const struct item *a, const struct item *b)
{
    return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static void swap(struct item *a, struct item *b)
{
    const struct item was = *a;

    *a = *b;
    *b = was;
}

static void rise(struct rca_trace_sort *s, size_t i)
{
    while (i && before(&s->items[i], &s->items[(i - 1) / 2])) {
        swap(&s->items[i], &s->items[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static void sink(struct rca_trace_sort *s)
{
    size_t i = 0;

    for (;;) {
        size_t least = i;

        for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < s->n; c++) {
            if (before(&s->items[c], &s->items[least]))
                least = c;
        }
        if (least == i)
            return;
        swap(&s->items[i], &s->items[least]);
        i = least;
    }
}

/* --- in and out ------------------------------------------------------------- */

int rca_trace_sort_put(struct rca_trace_sort *s,
                       const struct rca_trace_event *event)
{
    const size_t size = rca_trace_event_size(event);
    struct item *items =
        (struct item *)rca_grow(s->items, s->n, &s->cap, sizeof(*s->items));
    struct rca_trace_event *copy;

    if (!items)
        return -ENOMEM;
    s->items = items;
    copy = (struct rca_trace_event *)malloc(size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, event, size);
    s->items[s->n] = (struct item){(rca_time)event->time, s->next++, copy};
    s->bytes += size;
    s->late += (rca_time)event->time < s->last;
    rise(s, s->n++);
    return 0;
}

static int hand_out(struct rca_trace_sort *s, rca_trace_visit *visit, void *arg)
{
    struct rca_trace_event *event = s->items[0].event;
    const rca_time time = s->items[0].time;
    int r;

    s->last = time > s->last ? time : s->last;
    s->bytes -= rca_trace_event_size(event);
    s->items[0] = s->items[--s->n];
    sink(s);
    r = visit(arg, event);
    free(event);
    return r < 0 ? r : 0;
}

int rca_trace_sort_take(struct rca_trace_sort *s, rca_time until,
                        rca_trace_visit *visit, void *arg)
{
    int n = 0, r;

    while (s->n && (s->items[0].time <= until || s->bytes > s->room)) {
        r = hand_out(s, visit, arg);
        if (r)
            return r;
        n++;
    }
    return n;
}

uint64_t rca_trace_sort_late(const struct rca_trace_sort *s)
{
    return s->late;
}

size_t rca_trace_sort_held(const struct rca_trace_sort *s)
{
    return s->n;
}
