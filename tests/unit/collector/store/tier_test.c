/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>

#include "collector/store/upkeep.h"
#include "tests/harness/oom.h"
#include "tests/unit/collector/store/store_fixture.h"

#define HOUR (INT64_C(3600) * RCA_SECOND)
/* a multiple of four hours */
#define START (INT64_C(118055) * 4 * HOUR)

enum { ENTITIES = 100, WIDTH = 200, STEP_S = 30, TICKS = 840 };
enum { BUCKET = 300 / STEP_S, BUCKETS = 48 };

static rca_time at(int tick)
{
    return START + tick * (STEP_S * RCA_SECOND);
}

static double gauge(rca_id entity, int t)
{
    return sin(t * 0.7 + entity) * 10;
}

/* Falls to 0 every 37 ticks. */
static double counter(rca_id entity, int t)
{
    return (t % 37) * (3.0 + entity);
}

/* Seven hours, of which six are sealed: a gauge and a counter of each entity; every seventh tick has no
 * gauge. */
static void fill_from(struct fixture *f, int first, int n)
{
    struct rca_sample samples[WIDTH];

    for (int t = first; t < first + n; t++) {
        for (size_t e = 0; e < ENTITIES; e++) {
            const rca_id id = fixture_entity(f, (unsigned)e);

            samples[2 * e] = (struct rca_sample){id, 0, gauge(id, t)};
            samples[2 * e + 1] = (struct rca_sample){id, 1, counter(id, t)};
            if (t % 7 == 0)
                samples[2 * e].value = (double)NAN;
        }
        assert_ok(fixture_append(f, at(t), samples, WIDTH));
    }
}

static void name_series(struct fixture *f)
{
    rca_id id;

    assert_ok(rca_store_series(f->store, "level", &id));
    assert_int_equal(id, 0);
    assert_ok(rca_store_series(f->store, "events_total", &id));
    assert_int_equal(id, 1);
}

static void fill(struct fixture *f)
{
    name_series(f);
    fill_from(f, 0, TICKS);
}

static const struct rca_retention keep_all = {.fine = 1000 * HOUR,
                                              .coarse = 10000 * HOUR};

/* Steps until nothing is left to do. */
static int maintain(struct fixture *f, const struct rca_retention *keep,
                    rca_time now)
{
    int steps = 0, r;

    while ((r = rca_store_maintain(f->store, keep, now)) > 0)
        assert_in_range(++steps, 1, 1000);
    assert_ok(r);
    return steps;
}

static void no_finding(void *arg, const char *finding)
{
    (void)arg;
    fail_msg("%s", finding);
}

static void assert_sound(struct fixture *f)
{
    size_t n;

    assert_ok(rca_store_check(f->store, no_finding, NULL, &n));
}

/* What the samples of a bucket come to, by the definition. */
static void sum_up(rca_id entity, int bucket, double ret[2][RCA_STAT_COUNT])
{
    double last = (double)NAN;

    for (size_t s = 0; s < 2; s++) {
        for (size_t k = 0; k < RCA_STAT_COUNT; k++)
            ret[s][k] = (double)NAN;
    }
    for (int t = bucket * BUCKET; t < (bucket + 1) * BUCKET; t++) {
        const double x = gauge(entity, t), y = counter(entity, t);

        if (t % 7) {
            ret[0][RCA_STAT_MIN] = fmin(ret[0][RCA_STAT_MIN], x);
            ret[0][RCA_STAT_MAX] = fmax(ret[0][RCA_STAT_MAX], x);
            ret[0][RCA_STAT_SUM] =
                isnan(ret[0][RCA_STAT_SUM]) ? x : ret[0][RCA_STAT_SUM] + x;
            ret[0][RCA_STAT_SAMPLES] = isnan(ret[0][RCA_STAT_SAMPLES])
                                           ? 1
                                           : ret[0][RCA_STAT_SAMPLES] + 1;
        }
        if (isnan(last)) {
            ret[1][RCA_STAT_FIRST] = y;
            ret[1][RCA_STAT_INCREASE] = ret[1][RCA_STAT_SAMPLES] = 0;
        } else {
            ret[1][RCA_STAT_INCREASE] += y >= last ? y - last : y;
        }
        ret[1][RCA_STAT_SAMPLES]++;
        ret[1][RCA_STAT_LAST] = last = y;
    }
}

static int check_coarse(void *arg, const struct rca_coarse_block *b)
{
    size_t *steps = arg;

    assert_int_equal(b->n_series, 2);
    for (size_t t = 0; t < b->n_times; t++) {
        const int bucket = (int)((b->times[t] - START) / RCA_STORE_COARSE);
        double want[2][RCA_STAT_COUNT];

        sum_up(b->entity, bucket, want);
        for (size_t s = 0; s < 2; s++) {
            assert_int_equal(b->series[s], s);
            for (size_t k = 0; k < RCA_STAT_COUNT; k++) {
                const double got = b->stats[k][s * b->n_times + t];

                assert_true(isnan(want[s][k]) ? isnan(got) : got == want[s][k]);
            }
        }
        ++*steps;
    }
    return 0;
}

static size_t scan_coarse(struct fixture *f, rca_time from, rca_time to,
                          const rca_id *ids, size_t n)
{
    size_t steps = 0;

    assert_ok(rca_store_scan_coarse(f->store, from, to, ids, n, check_coarse,
                                    &steps));
    return steps;
}

static void four_hours_come_to_48_steps(void **state)
{
    const rca_id some[] = {3, 98};
    struct fixture *f = *state;

    fill(f);
    assert_true(maintain(f, &keep_all, at(TICKS)) >= 2);
    assert_int_equal(rca_store_maintain(f->store, &keep_all, at(TICKS)), 0);
    assert_int_equal(scan_coarse(f, INT64_MIN, INT64_MAX, NULL, 0),
                     ENTITIES * BUCKETS);
    assert_int_equal(scan_coarse(f, START + HOUR, START + 2 * HOUR, some, 2),
                     2 * 13);
    assert_sound(f);
    fixture_reopen(f, RCA_STORE_READ);
    assert_int_equal(scan_coarse(f, INT64_MIN, INT64_MAX, some, 1), BUCKETS);
    assert_sound(f);
    assert_err(rca_store_maintain(f->store, &keep_all, 0), -EROFS);
}

/* The first step is committed; a start after a crash begins the window anew. */
static void a_window_that_was_begun_is_begun_again(void **state)
{
    struct fixture *f = *state;

    fill(f);
    assert_int_equal(rca_store_maintain(f->store, &keep_all, at(TICKS)), 1);
    assert_int_equal(scan_coarse(f, INT64_MIN, INT64_MAX, NULL, 0), 0);
    assert_sound(f);
    fixture_reopen(f, RCA_STORE_WRITE);
    assert_true(maintain(f, &keep_all, at(TICKS)) >= 2);
    assert_int_equal(scan_coarse(f, INT64_MIN, INT64_MAX, NULL, 0),
                     ENTITIES * BUCKETS);
    assert_sound(f);
}

static rca_time first_sample(struct fixture *f)
{
    struct rca_store_info info;

    assert_ok(rca_store_info(f->store, &info));
    return info.first;
}

static size_t entities(struct fixture *f)
{
    struct rca_graph *graph = NULL;
    size_t n;

    assert_ok(rca_store_graph(f->store, INT64_MIN, INT64_MAX, &graph));
    n = rca_graph_size(graph);
    rca_graph_free(&graph);
    return n;
}

static void samples_go_by_age_and_steps_stay(void **state)
{
    const struct rca_retention keep = {.fine = HOUR, .coarse = 24 * HOUR};
    struct fixture *f = *state;

    fill(f);
    maintain(f, &keep, at(TICKS));
    assert_true(first_sample(f) > at(0));
    assert_true(first_sample(f) <= at(TICKS) - HOUR);
    assert_int_equal(scan_coarse(f, INT64_MIN, INT64_MAX, NULL, 0),
                     ENTITIES * BUCKETS);
    assert_int_equal(entities(f), ENTITIES);
    assert_sound(f);

    /* a day and a half later only one entity is still seen */
    assert_ok(rca_store_seal(f->store));
    assert_ok(fixture_append(f, at(TICKS) + 36 * HOUR,
                             &(struct rca_sample){0, 0, 1}, 1));
    assert_ok(rca_store_seal(f->store));
    maintain(f, &keep, at(TICKS) + 36 * HOUR);
    assert_int_equal(scan_coarse(f, INT64_MIN, at(TICKS), NULL, 0), 0);
    assert_int_equal(first_sample(f), at(TICKS) + 36 * HOUR);
    assert_int_equal(entities(f), 1);
    assert_sound(f);
}

static void without_a_coarse_tier_there_is_none(void **state)
{
    const struct rca_retention keep = {.fine = HOUR};
    struct fixture *f = *state;

    fill(f);
    maintain(f, &keep_all, at(TICKS));
    assert_ok(rca_store_seal(f->store));
    maintain(f, &keep, at(TICKS));
    assert_int_equal(scan_coarse(f, INT64_MIN, INT64_MAX, NULL, 0), 0);
    assert_true(first_sample(f) > at(0));
    assert_sound(f);
}

static void the_oldest_samples_go_by_size(void **state)
{
    struct rca_retention keep = keep_all;
    struct rca_store_info info;
    struct fixture *f = *state;

    fill(f);
    assert_ok(rca_store_seal(f->store));
    maintain(f, &keep, at(TICKS));
    assert_ok(rca_store_info(f->store, &info));
    keep.max_bytes = info.file_bytes * 3 / 4;
    fill_from(f, TICKS, 1);
    assert_ok(rca_store_seal(f->store));
    maintain(f, &keep, at(TICKS));
    assert_true(first_sample(f) > at(0));
    assert_int_equal(scan_coarse(f, INT64_MIN, INT64_MAX, NULL, 0),
                     ENTITIES * BUCKETS);
    assert_sound(f);

    keep.max_bytes = 1; /* the newest window stays */
    fill_from(f, TICKS + 1, 1);
    assert_ok(rca_store_seal(f->store));
    maintain(f, &keep, at(TICKS + 1));
    assert_int_equal(first_sample(f), at(TICKS + 1));
    assert_int_equal(scan_coarse(f, INT64_MIN, INT64_MAX, NULL, 0), 0);
    assert_sound(f);
}

static void no_memory_loses_nothing(void **state)
{
    struct fixture *f = *state;
    int err = 1;

    fill(f);
    for (long n = 0; err; n += 1 + n / 8) {
        oom_after(n);
        err = rca_store_maintain(f->store, &keep_all, at(TICKS));
        oom_after(-1);
        if (err < 0)
            assert_int_equal(err, -ENOMEM);
    }
    assert_int_equal(scan_coarse(f, INT64_MIN, INT64_MAX, NULL, 0),
                     ENTITIES * BUCKETS);
    assert_sound(f);
}

#define STORE_TEST(name)                                                       \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(four_hours_come_to_48_steps),
        STORE_TEST(a_window_that_was_begun_is_begun_again),
        STORE_TEST(samples_go_by_age_and_steps_stay),
        STORE_TEST(without_a_coarse_tier_there_is_none),
        STORE_TEST(the_oldest_samples_go_by_size),
        STORE_TEST(no_memory_loses_nothing),
    };

    return cmocka_run_group_tests_name("store tiers", tests, NULL, NULL);
}
