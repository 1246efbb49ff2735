/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From raw series in a store to metrics in rows: by hand, a value at a time. */

#include "model/window.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define START (INT64_C(1700000000) * RCA_SECOND)
#define TICKS 12

struct fixture {
    char path[64];
    struct rca_store *store;
    rca_id web, late;
};

static void put(struct fixture *f, struct rca_tick *tick, rca_id entity,
                const char *series, double value)
{
    static struct rca_sample samples[32];
    rca_id id;

    if (tick->n_samples == 0)
        tick->samples = samples;
    assert_ok(rca_store_series(f->store, series, &id));
    samples[tick->n_samples++] = (struct rca_sample){entity, id, value};
}

/* Requests: 10 a second; the process restarts at tick 6, so that its counters
 * begin anew; tick 9 is missing. `late` is first seen at tick 4. */
static void fill(struct fixture *f)
{
    for (int t = 0; t < TICKS; t++) {
        struct rca_tick tick = {.time = START + t * RCA_SECOND};
        const double n = 10.0 * (t < 6 ? t : t - 6);

        if (t == 9)
            continue;
        put(f, &tick, f->web, "requests_total", 1000 + n - (t < 6 ? 0 : 990));
        put(f, &tick, f->web, "request_errors_total", n / 5);
        put(f, &tick, f->web, "request_latency_seconds_sum_total", n * 0.02);
        put(f, &tick, f->web, "request_latency_seconds_max", 0.1 + 0.01 * t);
        put(f, &tick, f->web, "memory_bytes", 1e6 + t);
        put(f, &tick, f->web, "rca_lost_drops_total", n);
        put(f, &tick, f->web, "conntrack_limit", 256);
        put(f, &tick, f->web, "mystery", t);
        if (t >= 4)
            put(f, &tick, f->late, "rule_drops_total", 3.0 * (t - 4));
        assert_ok(rca_store_append(f->store, &tick));
    }
}

static int set_up(void **state)
{
    static struct fixture f;
    int fd;

    memset(&f, 0, sizeof(f));
    (void)snprintf(f.path, sizeof(f.path), "/tmp/rca-window-XXXXXX");
    fd = mkstemp(f.path);
    assert_true(fd >= 0);
    (void)close(fd);
    (void)unlink(f.path);
    assert_ok(rca_store_open(f.path, RCA_STORE_WRITE, NULL, &f.store));
    assert_ok(rca_store_entity(f.store, RCA_KIND_SERVICE, "web", "h", &f.web));
    assert_ok(rca_store_entity(f.store, RCA_KIND_RULE, "late", "h", &f.late));
    fill(&f);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
    struct fixture *f = *state;
    char path[80];

    rca_store_close(&f->store);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(suffixes); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
    return 0;
}

static struct rca_window *read_all(struct fixture *f, rca_time step)
{
    struct rca_window *w = NULL;

    assert_ok(rca_window_read(f->store, START, START + (TICKS - 1) * RCA_SECOND,
                              step, NULL, 0, &w));
    return w;
}

/* Row r ends at START + (r + 1) * step. */
static double at(const struct rca_window *w, rca_id entity, const char *metric,
                 size_t row)
{
    const size_t v = rca_window_find(w, entity, metric);

    assert_true(v < w->n_vars);
    assert_true(row < w->n_rows);
    return w->x[v * w->n_rows + row];
}

static void a_rate_comes_from_the_ends_of_a_counter(void **state)
{
    struct fixture *f = *state;
    RCA_CLEANUP(rca_window_free) struct rca_window *w = read_all(f, RCA_SECOND);

    assert_int_equal(w->n_rows, TICKS - 1);
    for (size_t r = 0; r < 5; r++)
        assert_close(at(w, f->web, "request_rate_per_second", r), 10, 1e-12);
}

static void what_is_for_people_is_not_for_the_model(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_window *w RCA_CLEANUP(rca_window_free) = NULL;
    struct rca_window *all RCA_CLEANUP(rca_window_free) =
        read_all(f, RCA_SECOND);
    const struct rca_span span = {
        .from = START, .step = RCA_SECOND, .n_rows = TICKS - 1};

    assert_close(at(all, f->web, "rca_lost_drops_per_second", 1), 10, 1e-12);
    assert_close(at(all, f->web, "conntrack_limit", 1), 256, 0);
    assert_ok(rca_store_graph(f->store, START, START + TICKS * RCA_SECOND, &g));
    assert_ok(rca_window_read_of(f->store, g, &span, NULL, 0, &w));
    assert_int_equal(w->n_vars, all->n_vars - 2);
    /* a metric of which nothing is known may be anything */
    assert_true(rca_window_find(w, f->web, "mystery") < w->n_vars);
}

static void a_counter_that_goes_down_is_a_gap(void **state)
{
    struct fixture *f = *state;
    RCA_CLEANUP(rca_window_free) struct rca_window *w = read_all(f, RCA_SECOND);

    assert_nan(at(w, f->web, "request_rate_per_second", 5));
    assert_close(at(w, f->web, "request_rate_per_second", 6), 10, 1e-12);
}

static void a_missing_tick_is_not_filled(void **state)
{
    struct fixture *f = *state;
    RCA_CLEANUP(rca_window_free) struct rca_window *w = read_all(f, RCA_SECOND);

    assert_nan(at(w, f->web, "memory_usage_bytes", 8));
    assert_nan(at(w, f->web, "request_rate_per_second", 8));
    assert_close(at(w, f->web, "memory_usage_bytes", 10), 1e6 + 11, 1e-12);
}

static void shares_and_means_are_of_the_step(void **state)
{
    struct fixture *f = *state;
    RCA_CLEANUP(rca_window_free) struct rca_window *w = read_all(f, RCA_SECOND);

    assert_close(at(w, f->web, "request_error_ratio", 2), 0.2, 1e-12);
    assert_close(at(w, f->web, "request_latency_mean_seconds", 2), 0.02, 1e-12);
    assert_close(at(w, f->web, "request_latency_max_seconds", 2), 0.13, 1e-12);
}

static void what_did_not_exist_did_nothing(void **state)
{
    struct fixture *f = *state;
    RCA_CLEANUP(rca_window_free) struct rca_window *w = read_all(f, RCA_SECOND);

    for (size_t r = 0; r < 3; r++) /* before it was first seen */
        assert_close(at(w, f->late, "rule_drops_per_second", r), 0, 0);
    assert_close(at(w, f->late, "rule_drops_per_second", 5), 3, 1e-12);
}

static void a_coarser_step_loses_nothing(void **state)
{
    struct fixture *f = *state;
    RCA_CLEANUP(rca_window_free)
    struct rca_window *w = read_all(f, 5 * RCA_SECOND);

    assert_int_equal(w->n_rows, 2);
    assert_close(at(w, f->web, "request_rate_per_second", 0), 10, 1e-12);
    assert_close(at(w, f->web, "request_latency_mean_seconds", 0), 0.02, 1e-12);
    assert_close(at(w, f->web, "request_latency_max_seconds", 0), 0.15, 1e-12);
}

static void a_stretch_without_data_is_said(void **state)
{
    struct fixture *f = *state;
    struct rca_window *w = NULL;

    assert_err(rca_window_read(f->store, START + 100 * RCA_SECOND,
                               START + 200 * RCA_SECOND, RCA_SECOND, NULL, 0,
                               &w),
               RCA_ETOOFEW);
    assert_null(w);
}

static void every_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    int r = -1;

    for (long n = 0; r != 0 && n < 2000; n++) {
        struct rca_window *w = NULL;

        oom_after(n);
        r = rca_window_read(f->store, START, START + 11 * RCA_SECOND,
                            RCA_SECOND, NULL, 0, &w);
        oom_after(-1);
        assert_true((r == 0) == (w != NULL));
        rca_window_free(&w);
    }
    assert_ok(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_comes_from_the_ends_of_a_counter),
        cmocka_unit_test(what_is_for_people_is_not_for_the_model),
        cmocka_unit_test(a_counter_that_goes_down_is_a_gap),
        cmocka_unit_test(a_missing_tick_is_not_filled),
        cmocka_unit_test(shares_and_means_are_of_the_step),
        cmocka_unit_test(what_did_not_exist_did_nothing),
        cmocka_unit_test(a_coarser_step_loses_nothing),
        cmocka_unit_test(a_stretch_without_data_is_said),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("model/window", tests, set_up,
                                       tear_down);
}
