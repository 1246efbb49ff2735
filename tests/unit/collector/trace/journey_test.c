/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/journey.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

/* a packet's event: point @p of packet @i at @t */
#define EVENT(t, i, p)                                                         \
    {                                                                          \
        .time = (t), .id = (i), .point = (p)                                   \
    }

static size_t journeys(const struct rca_trace_event *events, size_t n,
                       const struct rca_trace_event **ret_sorted,
                       struct rca_trace_journey **ret)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        ret_sorted[i] = &events[i];
    assert_ok(rca_trace_journeys(ret_sorted, n, ret, &count));
    return count;
}

static void packets_come_by_their_first_event(void **state)
{
    static const struct rca_trace_event events[] = {
        EVENT(50, 7, RCA_TRACE_DROP),  EVENT(10, 9, RCA_TRACE_RECEIVE),
        EVENT(20, 7, RCA_TRACE_QUEUE), EVENT(30, 9, RCA_TRACE_TCP),
        EVENT(30, 9, RCA_TRACE_READ),  EVENT(5, 7, RCA_TRACE_OUTPUT),
        EVENT(12, 0, RCA_TRACE_DROP),  EVENT(12, 0, RCA_TRACE_READ),
    };
    const struct rca_trace_event *sorted[8];
    struct rca_trace_journey *list RCA_CLEANUP(rca_freep) = NULL;

    (void)state;
    assert_int_equal(journeys(events, 8, sorted, &list), 4);
    assert_int_equal(list[0].id, 7);
    assert_int_equal(list[0].n, 3);
    assert_int_equal(list[0].end, RCA_TRACE_DROP);
    assert_ptr_equal(sorted[0], &events[5]);
    assert_ptr_equal(sorted[1], &events[2]);
    assert_ptr_equal(sorted[2], &events[0]);
    assert_int_equal(list[1].id, 9);
    assert_int_equal(list[1].first, 3);
    assert_int_equal(list[1].n, 3);
    assert_int_equal(list[1].end, RCA_TRACE_READ); /* ties keep their order */
    assert_int_equal(list[2].n, 1);
    assert_ptr_equal(sorted[6], &events[6]);
    assert_int_equal(list[3].end, RCA_TRACE_READ);
}

/* The end of one packet's points, given in their order. */
static enum rca_trace_point end_of(const enum rca_trace_point *points, size_t n,
                                   size_t *ret_last)
{
    struct rca_trace_event events[8];
    const struct rca_trace_event *sorted[8];
    struct rca_trace_journey *list RCA_CLEANUP(rca_freep) = NULL;

    memset(events, 0, sizeof(events));
    for (size_t i = 0; i < n; i++) {
        events[i].id = 1;
        events[i].time = i;
        events[i].point = points[i];
    }
    assert_int_equal(journeys(events, n, sorted, &list), 1);
    *ret_last = list[0].last;
    return list[0].end;
}

static void the_end_is_what_became_of_the_packet(void **state)
{
    static const enum rca_trace_point sent[] = {
        RCA_TRACE_QUEUE, RCA_TRACE_TRANSMIT, RCA_TRACE_CONSUME};
    static const enum rca_trace_point passed[] = {
        RCA_TRACE_TRANSMIT, RCA_TRACE_RECEIVE, RCA_TRACE_FORWARD};
    static const enum rca_trace_point again[] = {
        RCA_TRACE_DROP, RCA_TRACE_RETRANSMIT, RCA_TRACE_TCP, RCA_TRACE_READ,
        RCA_TRACE_CONSUME};
    static const enum rca_trace_point queued[] = {RCA_TRACE_QUEUE,
                                                  RCA_TRACE_ENQUEUE};
    size_t last;

    (void)state;
    assert_int_equal(end_of(sent, 3, &last), RCA_TRACE_TRANSMIT);
    assert_int_equal(last, 1);
    assert_int_equal(end_of(passed, 3, &last), RCA_TRACE_FORWARD);
    assert_int_equal(last, 2);
    assert_int_equal(end_of(again, 5, &last), RCA_TRACE_READ);
    assert_int_equal(last, 3);
    assert_int_equal(end_of(queued, 2, &last), RCA_TRACE_ENQUEUE);
}

static void no_events_are_no_journeys(void **state)
{
    struct rca_trace_journey *list RCA_CLEANUP(rca_freep) = NULL;
    const struct rca_trace_event *none[1] = {NULL};
    size_t n = 1;

    (void)state;
    assert_ok(rca_trace_journeys(none, 0, &list, &n));
    assert_int_equal(n, 0);
}

/* Every event is in one journey, of its packet, in order of time. */
static void any_order_gives_the_same_journeys(void **state)
{
    enum { N = 2000 };
    static struct rca_trace_event events[N];
    static const struct rca_trace_event *sorted[N];
    uint64_t seed = test_seed() * 2 + 1;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        events[i].time = (uint64_t)(test_random(&seed) * 500);
        events[i].id = (uint64_t)(test_random(&seed) * 300);
        events[i].point = RCA_TRACE_QUEUE;
    }
    for (int round = 0; round < test_rounds(20); round++) {
        struct rca_trace_journey *list RCA_CLEANUP(rca_freep) = NULL;
        const size_t n = journeys(events, N, sorted, &list);
        size_t next = 0;
        uint64_t first = 0;

        for (size_t i = 0; i < n; i++) {
            assert_int_equal(list[i].first, next);
            assert_true(list[i].n > 0);
            assert_true(list[i].id || list[i].n == 1);
            assert_true(sorted[next]->time >= first);
            first = sorted[next]->time;
            for (size_t k = 0; k < list[i].n; k++) {
                assert_int_equal(sorted[next + k]->id, list[i].id);
                assert_true(k == 0 || sorted[next + k]->time >=
                                          sorted[next + k - 1]->time);
            }
            next += list[i].n;
        }
        assert_int_equal(next, N);
        for (size_t i = N - 1; i > 0; i--) { /* shuffle */
            const size_t k = (size_t)(test_random(&seed) * (double)(i + 1));
            const struct rca_trace_event was = events[i];

            events[i] = events[k];
            events[k] = was;
        }
    }
}

static void every_allocation_may_fail(void **state)
{
    static const struct rca_trace_event event = EVENT(1, 1, RCA_TRACE_DROP);
    int r = -ENOMEM;

    (void)state;
    for (long n = 0; r; n++) {
        const struct rca_trace_event *one[] = {&event};
        struct rca_trace_journey *list = NULL;
        size_t count;

        oom_after(n);
        r = rca_trace_journeys(one, 1, &list, &count);
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        free(list);
        assert_true(n < 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_come_by_their_first_event),
        cmocka_unit_test(the_end_is_what_became_of_the_packet),
        cmocka_unit_test(no_events_are_no_journeys),
        cmocka_unit_test(any_order_gives_the_same_journeys),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
