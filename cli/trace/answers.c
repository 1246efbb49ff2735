/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace/answers.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { SYN = 2, ACK = 16 };

/* struct from - a packet of TCP by who sent it to whom */
struct from {
    unsigned char source[16], destination[16];
    uint16_t source_port, destination_port;
    _Bool answer; /* SYN-ACK */
    uint64_t time;
};

struct rca_trace_answers {
    struct from *list; /* owned; sorted by compare() */
    size_t n;
};

static int compare_source(const struct from *a, const struct from *b)
{
    const int r = memcmp(a->source, b->source, sizeof(a->source));

    return r ? r : (int)a->source_port - (int)b->source_port;
}

static int compare_ends(const struct from *a, const struct from *b)
{
    int r = compare_source(a, b);

    r = r ? r : (int)a->answer - (int)b->answer;
    r = r ? r : memcmp(a->destination, b->destination, sizeof(a->destination));
    return r ? r : (int)a->destination_port - (int)b->destination_port;
}

static int compare(const void *a, const void *b)
{
    const struct from *x = (const struct from *)a;
    const struct from *y = (const struct from *)b;
    const int r = compare_ends(x, y);

    return r ? r : (x->time > y->time) - (x->time < y->time);
}

int rca_trace_answers_new(const struct rca_trace_file *file,
                          struct rca_trace_answers **ret_answers)
{
    struct rca_trace_answers *a RCA_CLEANUP(rca_trace_answers_free) =
        calloc(1, sizeof(*a));

    if (!a)
        return -ENOMEM;
    a->list = calloc(file->n + 1, sizeof(*a->list));
    if (!a->list)
        return -ENOMEM;
    for (size_t i = 0; i < file->n; i++) {
        const struct rca_trace_event *e = file->events[i];
        struct from *to = &a->list[a->n];

        if (!e->flow.family || e->flow.protocol != IPPROTO_TCP)
            continue;
        memcpy(to->source, e->flow.source, sizeof(to->source));
        memcpy(to->destination, e->flow.destination, sizeof(to->destination));
        to->source_port = e->flow.source_port;
        to->destination_port = e->flow.destination_port;
        to->answer = (e->flow.tcp_flags & (SYN | ACK)) == (SYN | ACK);
        to->time = e->time;
        a->n++;
    }
    qsort(a->list, a->n, sizeof(*a->list), compare);
    *ret_answers = RCA_TAKE(a);
    return 0;
}

void rca_trace_answers_free(struct rca_trace_answers **answers)
{
    if (!*answers)
        return;
    free((*answers)->list);
    free(*answers);
    *answers = NULL;
}

/* The first in the list that is not before @key. */
static size_t find(const struct rca_trace_answers *a, const struct from *key)
{
    size_t low = 0, high = a->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare(&a->list[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last step with a flow and a namespace, if it is a SYN that came to its
 * end. */
static const struct rca_trace_event *find_request(
    const struct rca_trace_event *const *steps, size_t n)
{
    const struct rca_trace_event *last = NULL;
    _Bool came = 0;

    for (size_t i = 0; i < n; i++) {
        if (steps[i]->point == RCA_TRACE_DROP)
            return NULL;
        came = came || steps[i]->point == RCA_TRACE_RECEIVE ||
               steps[i]->point == RCA_TRACE_INPUT;
        if (steps[i]->flow.family && steps[i]->netns)
            last = steps[i];
    }
    if (!last || !came || steps[n - 1]->point != RCA_TRACE_CONSUME ||
        last->flow.protocol != IPPROTO_TCP ||
        (last->flow.tcp_flags & (SYN | ACK)) != SYN)
        return NULL;
    return last;
}

const struct rca_trace_event *rca_trace_unanswered(
    const struct rca_trace_answers *answers,
    const struct rca_trace_event *const *steps, size_t n)
{
    const struct rca_trace_event *e = find_request(steps, n);
    struct from key = {.time = 0};
    size_t at;

    if (!e)
        return NULL;
    memcpy(key.source, e->flow.destination, sizeof(key.source));
    key.source_port = e->flow.destination_port;
    at = find(answers, &key);
    if (at == answers->n || compare_source(&answers->list[at], &key) != 0)
        return NULL; /* nothing of that side was recorded */
    memcpy(key.destination, e->flow.source, sizeof(key.destination));
    key.destination_port = e->flow.source_port;
    key.answer = 1;
    key.time = steps[0]->time;
    at = find(answers, &key);
    if (at < answers->n && compare_ends(&answers->list[at], &key) == 0 &&
        answers->list[at].time <= steps[n - 1]->time)
        return NULL;
    return e;
}
