/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/loop.h"

#include <errno.h>

#include "collector/config.h"
#include "tests/unit/collector/samples.h"

#define MS (RCA_SECOND / 1000)
#define BEGIN (1700000000 * RCA_SECOND)

/*
 * struct box - a loop over one source, whose clocks, cost and store the test
 * moves. The state of the source is the box itself.
 */
struct box {
    struct rca_loop loop;
    struct rca_config config;
    struct rca_clock clock;
    struct rca_meter meter;
    rca_time wall, mono, boot;
    rca_time slow; /* how long the source's next tick takes */
    rca_time set_at, set_by; /* at which tick the wall clock is set */
    double cpu_ratio; /* of time, what the collector is to cost */
    int store_err; /* what the store says to the tick */
    int source_err;
    size_t ticks, commits;
    enum rca_profile profile; /* the source's */
    unsigned profiles; /* changes of it */
    rca_time times[4096]; /* of ticks that were taken */
    size_t n;
    double lost, jumps, shown; /* newest of each series */
};

static struct box *the_box; /* commit() has no argument of its own */

static rca_time wall(void *arg)
{
    return ((struct box *)arg)->wall;
}

static rca_time mono(void *arg)
{
    return ((struct box *)arg)->mono;
}

static rca_time boot(void *arg)
{
    return ((struct box *)arg)->boot;
}

static void pass(struct box *box, rca_time ns)
{
    box->wall += ns;
    box->mono += ns;
    box->boot += ns;
}

static void wait_until(void *arg, rca_time until)
{
    struct box *box = arg;

    pass(box, until > box->mono ? until - box->mono : 0);
}

static int read_cost(void *arg, _Bool programs, struct rca_cost *ret_cost)
{
    const struct box *box = arg;

    (void)programs;
    *ret_cost = (struct rca_cost){.cpu_s = box->cpu_ratio * (double)box->mono /
                                           (double)RCA_SECOND};
    return 0;
}

static int no_stats(void *arg, _Bool on)
{
    (void)arg;
    return on ? -EPERM : 0;
}

static int tick(void *state, struct rca_observer *obs)
{
    struct box *box = state;

    (void)obs;
    pass(box, box->slow);
    box->slow = 0;
    if (++box->ticks == (size_t)box->set_at)
        box->wall += box->set_by;
    return box->source_err;
}

static void close_source(void **state)
{
    *state = NULL;
}

static int set_profile(void *state, struct rca_observer *obs,
                       enum rca_profile profile)
{
    struct box *box = state;

    (void)obs;
    box->profile = profile;
    box->profiles++;
    return 0;
}

static const struct rca_source source = {.name = "fake",
                                         .tick = tick,
                                         .close = close_source,
                                         .set_profile = set_profile};

static int commit(struct rca_observer *obs)
{
    struct box *box = the_box;
    const rca_id host = rca_observe_host(obs);
    const int r = rca_observer_commit(obs);

    assert_ok(r);
    box->commits++;
    if (box->store_err)
        return box->store_err;
    assert_true(box->n < RCA_ARRAY_SIZE(box->times));
    box->times[box->n++] = rca_observer_now(obs);
    box->lost = sample_of(obs, host, "rca_lost_ticks_total");
    box->jumps = sample_of(obs, host, "rca_clock_jumps_total");
    box->shown = sample_of(obs, host, "rca_profile");
    return 0;
}

static int setup(void **state)
{
    struct box *box = calloc(1, sizeof(*box));

    assert_non_null(box);
    *box = (struct box){.wall = BEGIN + 300 * MS,
                        .mono = 50 * RCA_SECOND,
                        .boot = 70 * RCA_SECOND,
                        .profile = RCA_PROFILE_STANDARD};
    assert_ok(rca_config_init(&box->config));
    box->clock = (struct rca_clock){wall, mono, boot, wait_until, box};
    box->meter = (struct rca_meter){no_stats, read_cost, box};
    assert_ok(rca_observer_new(NULL, "host", &box->loop.obs));
    box->loop.clock = &box->clock;
    box->loop.meter = &box->meter;
    box->loop.commit = commit;
    box->loop.config = &box->config;
    box->loop.profile = RCA_PROFILE_STANDARD;
    box->loop.line.interval = RCA_SECOND;
    box->loop.line.last = RCA_TIME_NONE;
    box->loop.active[0] = (struct rca_active){.source = &source, .state = box};
    box->loop.n_active = 1;
    the_box = box;
    *state = box;
    return 0;
}

static int teardown(void **state)
{
    struct box *box = *state;

    rca_loop_close(&box->loop);
    rca_observer_free(&box->loop.obs);
    rca_config_done(&box->config);
    free(box);
    return 0;
}

/* Run for as long as that many ticks take: the last is not waited beyond. */
static int run(struct box *box, rca_time duration)
{
    int r = rca_loop_begin(&box->loop);

    box->loop.duration = duration - RCA_SECOND / 2;
    if (r == 0)
        r = rca_loop_run(&box->loop);
    return r;
}

static void each_second_has_its_tick(void **state)
{
    struct box *box = *state;

    assert_ok(run(box, 100 * RCA_SECOND));
    assert_int_equal(box->n, 100);
    for (size_t i = 0; i < box->n; i++)
        assert_int_equal(box->times[i], BEGIN + (rca_time)(i + 1) * RCA_SECOND);
    assert_close(box->lost, 0, 0);
    assert_int_equal(box->loop.active[0].ticks, 100);
}

static void enough_ticks_end_the_run(void **state)
{
    struct box *box = *state;

    box->loop.enough = 7;
    box->store_err = -EBUSY; /* not stored: does not count */
    assert_ok(run(box, 3 * RCA_SECOND));
    assert_int_equal(box->n, 0);
    box->store_err = 0;
    assert_ok(run(box, 100 * RCA_SECOND));
    assert_int_equal(box->n, 7);
}

static void a_slow_tick_is_gaps_that_are_counted(void **state)
{
    struct box *box = *state;

    box->slow = 5300 * MS;
    assert_ok(run(box, 20 * RCA_SECOND));
    assert_int_equal(box->times[0], BEGIN + RCA_SECOND);
    assert_int_equal(box->times[1], BEGIN + 7 * RCA_SECOND);
    assert_close(box->lost, 5, 0);
    assert_int_equal(box->n, 15);
}

static void what_the_store_cannot_take_is_lost_and_counted(void **state)
{
    static const int errors[] = {-EBUSY, -ENOSPC};
    struct box *box = *state;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(errors); i++) {
        const size_t had = box->n;
        const double lost = box->n ? box->lost : 0;

        box->store_err = errors[i];
        assert_ok(run(box, 7 * RCA_SECOND));
        assert_int_equal(box->n, had);
        box->store_err = 0;
        assert_ok(run(box, 2 * RCA_SECOND));
        assert_int_equal(box->n, had + 2);
        assert_close(box->lost - lost, 7, 0);
    }
    box->store_err = -EIO;
    assert_err(run(box, 5 * RCA_SECOND), -EIO);
}

static void a_clock_set_forward_only_moves_the_ticks(void **state)
{
    struct box *box = *state;

    box->set_at = 5;
    box->set_by = 86400 * RCA_SECOND;
    assert_ok(run(box, 20 * RCA_SECOND));
    assert_int_equal(box->n, 20);
    assert_int_equal(box->times[5], BEGIN + 86406 * RCA_SECOND);
    assert_close(box->lost, 0, 0);
    assert_close(box->jumps, 1, 0);
}

static void a_clock_set_back_a_day_does_not_stop_the_ticks(void **state)
{
    struct box *box = *state;

    box->set_at = 5;
    box->set_by = -86400 * RCA_SECOND;
    assert_ok(run(box, 20 * RCA_SECOND));
    assert_int_equal(box->n, 20);
    for (size_t i = 0; i < box->n; i++)
        assert_int_equal(box->times[i], BEGIN + (rca_time)(i + 1) * RCA_SECOND);
    assert_close(box->jumps, 1, 0);
}

static void a_clock_set_back_a_minute_is_waited_for(void **state)
{
    struct box *box = *state;

    box->set_at = 5;
    box->set_by = -60 * RCA_SECOND;
    assert_ok(run(box, 80 * RCA_SECOND));
    assert_int_equal(box->n, 20);
    assert_int_equal(box->times[5], BEGIN + 6 * RCA_SECOND);
    assert_close(box->lost, 60, 0);
}

static void a_source_that_fails_costs_only_itself(void **state)
{
    struct box *box = *state;

    box->source_err = -EIO;
    assert_ok(run(box, 5 * RCA_SECOND));
    assert_int_equal(box->n, 5);
    assert_true(box->loop.active[0].failing);
}

static const struct rca_feature *profile_feature(const struct box *box)
{
    size_t n;
    const struct rca_feature *f = rca_observer_features(box->loop.obs, &n);

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(f[i].name, "profile"))
            return &f[i];
    }
    return NULL;
}

static void over_the_budget_the_profile_steps_down_and_later_up(void **state)
{
    struct box *box = *state;

    box->cpu_ratio = 0.05;
    assert_ok(run(box, 100 * RCA_SECOND));
    assert_int_equal(box->loop.gov.looks, 1);
    assert_int_equal(box->profiles, 0);
    assert_string_equal(profile_feature(box)->how, "standard");

    assert_ok(run(box, 200 * RCA_SECOND));
    assert_int_equal(box->profile, RCA_PROFILE_LIGHT);
    assert_int_equal(box->profiles, 1);
    assert_close(box->shown, RCA_PROFILE_LIGHT, 0);
    assert_int_equal(profile_feature(box)->state, RCA_FEATURE_TWIN);
    assert_string_equal(profile_feature(box)->how,
                        "light, not standard: over the CPU budget of 1 %");
}

static void a_quiet_time_brings_the_profile_back(void **state)
{
    struct box *box = *state;

    box->cpu_ratio = 0.05;
    box->loop.duration = 150 * RCA_SECOND;
    assert_ok(rca_loop_begin(&box->loop));
    assert_ok(rca_loop_run(&box->loop));
    assert_int_equal(box->profile, RCA_PROFILE_LIGHT);
    box->cpu_ratio = 0;
    box->loop.duration += 800 * RCA_SECOND;
    assert_ok(rca_loop_run(&box->loop));
    assert_int_equal(box->profile, RCA_PROFILE_STANDARD);
    assert_string_equal(profile_feature(box)->how, "standard");
    assert_close(box->lost, 0, 0);
}

static void deep_ends_by_itself(void **state)
{
    struct box *box = *state;

    box->loop.profile = RCA_PROFILE_DEEP; /* as the sources were opened */
    box->loop.deep = 60 * RCA_SECOND;
    assert_ok(run(box, 50 * RCA_SECOND));
    assert_int_equal(box->profiles, 0);
    assert_close(box->shown, RCA_PROFILE_DEEP, 0);
    box->loop.duration = 70 * RCA_SECOND;
    assert_ok(rca_loop_run(&box->loop));
    assert_int_equal(box->profile, RCA_PROFILE_STANDARD);
    assert_int_equal(box->profiles, 1);
}

static void costs_are_listed_by_source(void **state)
{
    struct box *box = *state;
    char *text RCA_CLEANUP(rca_freep) = NULL;

    assert_ok(run(box, 3 * RCA_SECOND));
    assert_ok(rca_loop_costs(&box->loop, &text));
    assert_non_null(strstr(text, "fake"));
}

int main(void)
{
#define BOX_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        BOX_TEST(each_second_has_its_tick),
        BOX_TEST(enough_ticks_end_the_run),
        BOX_TEST(a_slow_tick_is_gaps_that_are_counted),
        BOX_TEST(what_the_store_cannot_take_is_lost_and_counted),
        BOX_TEST(a_clock_set_forward_only_moves_the_ticks),
        BOX_TEST(a_clock_set_back_a_day_does_not_stop_the_ticks),
        BOX_TEST(a_clock_set_back_a_minute_is_waited_for),
        BOX_TEST(a_source_that_fails_costs_only_itself),
        BOX_TEST(over_the_budget_the_profile_steps_down_and_later_up),
        BOX_TEST(a_quiet_time_brings_the_profile_back),
        BOX_TEST(deep_ends_by_itself),
        BOX_TEST(costs_are_listed_by_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
