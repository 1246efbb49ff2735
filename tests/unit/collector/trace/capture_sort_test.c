/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/capture_sort.h"

#include <errno.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define MANY 2000

/** struct out - times and ids in the order in which they were handed out */
struct out {
    uint64_t time[MANY], id[MANY];
    size_t n;
    size_t stop_at; /* the visit fails at this one; 0: never */
};

static int keep(void *arg, const struct rca_trace_event *event)
{
    struct out *out = (struct out *)arg;

    assert_true(out->n < MANY);
    out->time[out->n] = event->time;
    out->id[out->n++] = event->id;
    return out->stop_at && out->n == out->stop_at ? -EIO : 0;
}

static struct rca_trace_sort *new_sort(size_t room)
{
    struct rca_trace_sort *sort = NULL;

    assert_ok(rca_trace_sort_new(room, &sort));
    return sort;
}

static void put(struct rca_trace_sort *sort, uint64_t time, uint64_t id)
{
    const struct rca_trace_event event = {.time = time, .id = id};

    assert_ok(rca_trace_sort_put(sort, &event));
}

static void events_come_out_by_time(void **state)
{
    struct rca_trace_sort *sort = new_sort(SIZE_MAX);
    struct out out = {.n = 0};
    uint64_t seed = 12345;

    (void)state;
    for (uint64_t i = 0; i < MANY; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        put(sort, seed >> 40, i);
    }
    assert_int_equal(rca_trace_sort_take(sort, INT64_MAX, keep, &out), MANY);
    for (size_t i = 1; i < MANY; i++)
        assert_true(
            out.time[i - 1] < out.time[i] ||
            (out.time[i - 1] == out.time[i] && out.id[i - 1] < out.id[i]));
    assert_int_equal(rca_trace_sort_late(sort), 0);
    rca_trace_sort_free(&sort);
    assert_null(sort);
}

static void equal_times_keep_their_order(void **state)
{
    struct rca_trace_sort *sort = new_sort(SIZE_MAX);
    struct out out = {.n = 0};

    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        put(sort, 7, i);
    assert_int_equal(rca_trace_sort_take(sort, 7, keep, &out), 100);
    for (uint64_t i = 0; i < 100; i++)
        assert_int_equal(out.id[i], i);
    rca_trace_sort_free(&sort);
}

static void what_is_not_due_is_held(void **state)
{
    struct rca_trace_sort *sort = new_sort(SIZE_MAX);
    struct out out = {.n = 0};

    (void)state;
    put(sort, 30, 3);
    put(sort, 10, 1);
    put(sort, 20, 2);
    assert_int_equal(rca_trace_sort_take(sort, 20, keep, &out), 2);
    assert_int_equal(rca_trace_sort_held(sort), 1);
    assert_int_equal(out.id[0], 1);
    assert_int_equal(out.id[1], 2);
    assert_int_equal(rca_trace_sort_take(sort, 29, keep, &out), 0);
    rca_trace_sort_free(&sort); /* with one in it */
}

static void late_events_come_next_and_are_counted(void **state)
{
    struct rca_trace_sort *sort = new_sort(SIZE_MAX);
    struct out out = {.n = 0};

    (void)state;
    put(sort, 20, 2);
    assert_int_equal(rca_trace_sort_take(sort, 20, keep, &out), 1);
    put(sort, 40, 4);
    put(sort, 10, 1);
    put(sort, 20, 3); /* as old as the last one: not late */
    assert_int_equal(rca_trace_sort_late(sort), 1);
    assert_int_equal(rca_trace_sort_take(sort, 20, keep, &out), 2);
    assert_int_equal(out.id[1], 1);
    assert_int_equal(out.id[2], 3);
    put(sort, 19, 5); /* a late one does not set back the clock */
    assert_int_equal(rca_trace_sort_late(sort), 2);
    rca_trace_sort_free(&sort);
}

static void the_oldest_go_where_there_is_no_room(void **state)
{
    const size_t one = offsetof(struct rca_trace_event, head);
    struct rca_trace_sort *sort = new_sort(3 * one);
    struct out out = {.n = 0};

    (void)state;
    for (uint64_t i = 0; i < 5; i++)
        put(sort, 100 - i, i);
    assert_int_equal(rca_trace_sort_take(sort, 0, keep, &out), 2);
    assert_int_equal(out.time[0], 96);
    assert_int_equal(out.time[1], 97);
    assert_int_equal(rca_trace_sort_held(sort), 3);
    rca_trace_sort_free(&sort);
}

static void only_what_was_captured_is_kept(void **state)
{
    struct rca_trace_sort *sort = new_sort(SIZE_MAX);
    struct rca_trace_event event = {.captured = 5};

    (void)state;
    assert_int_equal(rca_trace_event_size(&event),
                     offsetof(struct rca_trace_event, head) + 5);
    event.captured = UINT32_MAX; /* never more than there is */
    assert_int_equal(rca_trace_event_size(&event), sizeof(event));
    assert_ok(rca_trace_sort_put(sort, &event));
    rca_trace_sort_free(&sort);
}

static void a_failing_visit_ends_it(void **state)
{
    struct rca_trace_sort *sort = new_sort(SIZE_MAX);
    struct out out = {.stop_at = 2};

    (void)state;
    for (uint64_t i = 0; i < 4; i++)
        put(sort, i, i);
    assert_int_equal(rca_trace_sort_take(sort, 9, keep, &out), -EIO);
    assert_int_equal(rca_trace_sort_held(sort), 2);
    rca_trace_sort_free(&sort);
}

static void no_memory_is_said(void **state)
{
    const struct rca_trace_event event = {.time = 1};
    struct rca_trace_sort *sort = NULL;

    (void)state;
    oom_after(0);
    assert_int_equal(rca_trace_sort_new(1, &sort), -ENOMEM);
    oom_after(-1);
    sort = new_sort(SIZE_MAX);
    for (long i = 0; i < 2; i++) {
        oom_after(i);
        assert_int_equal(rca_trace_sort_put(sort, &event), -ENOMEM);
        oom_after(-1);
        assert_int_equal(rca_trace_sort_held(sort), 0);
        rca_trace_sort_free(&sort);
        sort = new_sort(SIZE_MAX);
    }
    rca_trace_sort_free(&sort);
    rca_trace_sort_free(&sort);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_out_by_time),
        cmocka_unit_test(equal_times_keep_their_order),
        cmocka_unit_test(what_is_not_due_is_held),
        cmocka_unit_test(late_events_come_next_and_are_counted),
        cmocka_unit_test(the_oldest_go_where_there_is_no_room),
        cmocka_unit_test(only_what_was_captured_is_kept),
        cmocka_unit_test(a_failing_visit_ends_it),
        cmocka_unit_test(no_memory_is_said),
    };

    return cmocka_run_group_tests_name("collector/trace/capture_sort", tests,
                                       NULL, NULL);
}
