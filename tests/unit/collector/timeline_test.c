/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/timeline.h"

#include "tests/harness/test.h"

#define MS (RCA_SECOND / 1000)

/* struct box - a timeline of one second and the clocks that it sees */
struct box {
    struct rca_timeline line;
    struct rca_instant now;
};

static struct box start(void)
{
    return (struct box){.line = {.interval = RCA_SECOND, .last = RCA_TIME_NONE},
                        .now = {.wall = 1700000000 * RCA_SECOND,
                                .mono = 1000 * RCA_SECOND,
                                .boot = 1500 * RCA_SECOND}};
}

static void run_for(struct box *box, rca_time ns)
{
    box->now.wall += ns;
    box->now.mono += ns;
    box->now.boot += ns;
}

/* Wait for the next tick, @late, and make it. Return: its time, or
 * RCA_TIME_NONE if it was missed. */
static rca_time tick(struct box *box, rca_time late)
{
    rca_time next, wait;

    (void)rca_timeline_look(&box->line, &box->now);
    next = rca_timeline_next(&box->line, &wait);
    run_for(box, (wait < RCA_SECOND ? wait : RCA_SECOND) + late);
    (void)rca_timeline_look(&box->line, &box->now);
    if (!rca_timeline_due(&box->line, next))
        return RCA_TIME_NONE;
    rca_timeline_tick(&box->line, next);
    return next;
}

static void the_grid_is_multiples_of_the_interval(void **state)
{
    (void)state;
    assert_int_equal(rca_collect_next(1000, RCA_TIME_NONE, 300), 1200);
    assert_int_equal(rca_collect_next(1200, RCA_TIME_NONE, 300), 1500);
    assert_int_equal(rca_collect_next(1000, 900, 300), 1200);
    assert_int_equal(rca_collect_next(1000, 1200, 300), 1500);
    /* the clock was set back: after the newest tick all the same */
    assert_int_equal(rca_collect_next(1000, 99900, 300), 100200);
}

static void ticks_follow_each_other(void **state)
{
    struct box box = start();
    const rca_time first = tick(&box, 3 * MS);

    (void)state;
    for (int i = 1; i < 100; i++)
        assert_int_equal(tick(&box, 3 * MS), first + i * RCA_SECOND);
    assert_int_equal(box.line.lost, 0);
    assert_int_equal(box.line.jumps, 0);
    assert_int_equal(box.line.suspended, 0);
}

static void a_late_tick_is_a_gap_that_is_counted(void **state)
{
    struct box box = start();
    const rca_time first = tick(&box, 0);

    (void)state;
    assert_int_equal(tick(&box, 499 * MS), first + RCA_SECOND);
    assert_int_equal(box.line.lost, 0);
    assert_int_equal(tick(&box, 600 * MS), RCA_TIME_NONE);
    assert_int_equal(tick(&box, 0), first + 3 * RCA_SECOND);
    assert_int_equal(box.line.lost, 1);
    /* a tick that took 7.2 s: seven points of the grid have passed */
    run_for(&box, 7200 * MS);
    assert_int_equal(tick(&box, 0), first + 11 * RCA_SECOND);
    assert_int_equal(box.line.lost, 8);
}

static void a_slewed_clock_loses_nothing(void **state)
{
    struct box box = start();
    const rca_time first = tick(&box, 0);

    (void)state;
    for (int i = 1; i < 20000; i++) {
        box.now.wall += i % 2 ? MS : 0; /* 500 ppm fast */
        assert_int_equal(tick(&box, 0), first + i * RCA_SECOND);
    }
    assert_int_equal(box.line.lost, 0);
    assert_int_equal(box.line.jumps, 0);
}

static void a_clock_set_forward_is_a_jump_and_no_loss(void **state)
{
    struct box box = start();
    const rca_time first = tick(&box, 0);
    rca_time next;

    (void)state;
    box.now.wall += 3600 * RCA_SECOND;
    assert_int_equal(rca_timeline_look(&box.line, &box.now), 3600 * RCA_SECOND);
    next = tick(&box, 0);
    assert_int_equal(next, first + 3601 * RCA_SECOND);
    assert_int_equal(box.line.jumps, 1);
    assert_int_equal(box.line.lost, 0);
}

static void a_clock_set_back_a_little_is_waited_for(void **state)
{
    struct box box = start();
    const rca_time first = tick(&box, 0);
    rca_time next = RCA_TIME_NONE;
    int waits = 0;

    (void)state;
    box.now.wall -= 100 * RCA_SECOND;
    for (; next == RCA_TIME_NONE && waits < 1000; waits++)
        next = tick(&box, 0);
    assert_int_equal(next, first + RCA_SECOND);
    assert_int_equal(waits, 101);
    assert_int_equal(box.line.lost, 100);
    assert_int_equal(box.line.jumps, 1);
    assert_int_equal(box.line.ahead, 0);
}

static void a_clock_set_back_far_does_not_stop_the_ticks(void **state)
{
    struct box box = start();
    const rca_time first = tick(&box, 0), year = RCA_SECOND * 86400 * 365;

    (void)state;
    box.now.wall -= year;
    for (int i = 1; i < 50; i++)
        assert_int_equal(tick(&box, 0), first + i * RCA_SECOND);
    assert_int_equal(box.line.lost, 0);
    assert_int_equal(box.line.ahead, year);
    /* set right again: back on the wall clock */
    box.now.wall += year;
    assert_int_equal(tick(&box, 0), first + 50 * RCA_SECOND);
    assert_int_equal(box.line.ahead, 0);
    assert_int_equal(box.line.jumps, 2);
}

static void a_clock_behind_the_store_at_start_catches_up_by_a_jump(void **state)
{
    struct box box = start();
    const rca_time last = box.now.wall + 7200 * RCA_SECOND;

    (void)state;
    box.line.last = last; /* the machine has no clock: saved time at boot */
    for (int i = 1; i < 10; i++)
        assert_int_equal(tick(&box, 0), last + i * RCA_SECOND);
    box.now.wall += 7100 * RCA_SECOND; /* not yet: 100 s are waited for */
    assert_int_equal(tick(&box, 0), RCA_TIME_NONE);
    assert_int_equal(box.line.ahead, 0);
    box.now.wall += 7200 * RCA_SECOND;
    assert_int_equal(tick(&box, 0) % RCA_SECOND, 0);
    assert_true(box.line.last > box.now.wall - RCA_SECOND);
    assert_int_equal(box.line.ahead, 0);
}

static void a_suspended_machine_loses_no_ticks(void **state)
{
    struct box box = start();
    const rca_time first = tick(&box, 0);

    (void)state;
    box.now.wall += 600 * RCA_SECOND;
    box.now.boot += 600 * RCA_SECOND;
    assert_int_equal(tick(&box, 0), first + 601 * RCA_SECOND);
    assert_int_equal(box.line.suspended, 600 * RCA_SECOND);
    assert_int_equal(box.line.lost, 0);
    assert_int_equal(box.line.jumps, 0);
}

static void times_increase_whatever_the_clocks_do(void **state)
{
    struct box box = start();
    uint64_t seed = test_seed();
    rca_time last = RCA_TIME_NONE;

    (void)state;
    for (int i = 0; i < test_rounds(20000); i++) {
        const double what = test_random(&seed);
        const rca_time by =
            (rca_time)(test_random(&seed) * 1e5) * RCA_SECOND / 100;
        rca_time at;

        if (what < 0.02)
            box.now.wall += by;
        else if (what < 0.04)
            box.now.wall -= by;
        else if (what < 0.05)
            box.now.boot += by;
        else if (what < 0.1)
            run_for(&box, by);
        at = tick(&box, (rca_time)(test_random(&seed) * 400) * MS);
        if (at == RCA_TIME_NONE)
            continue;
        assert_true(last == RCA_TIME_NONE || at > last);
        assert_int_equal(at % RCA_SECOND, 0);
        last = at;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grid_is_multiples_of_the_interval),
        cmocka_unit_test(ticks_follow_each_other),
        cmocka_unit_test(a_late_tick_is_a_gap_that_is_counted),
        cmocka_unit_test(a_slewed_clock_loses_nothing),
        cmocka_unit_test(a_clock_set_forward_is_a_jump_and_no_loss),
        cmocka_unit_test(a_clock_set_back_a_little_is_waited_for),
        cmocka_unit_test(a_clock_set_back_far_does_not_stop_the_ticks),
        cmocka_unit_test(
            a_clock_behind_the_store_at_start_catches_up_by_a_jump),
        cmocka_unit_test(a_suspended_machine_loses_no_ticks),
        cmocka_unit_test(times_increase_whatever_the_clocks_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
