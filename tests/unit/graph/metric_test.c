/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/metric.h"

#include <stdio.h>
#include <string.h>

#include "tests/harness/test.h"

static void the_table_is_sorted_and_complete(void **state)
{
    const struct rca_metric *table;
    size_t n;

    (void)state;
    table = rca_metric_table(&n);
    assert_true(n > 50);
    for (size_t i = 0; i < n; i++) {
        if (i)
            assert_true(strcmp(table[i - 1].name, table[i].name) < 0);
        assert_non_null(table[i].label);
        assert_true(table[i].resolution > 0);
        assert_true(table[i].role < RCA_ROLE_COUNT);
        assert_true(table[i].unit < RCA_UNIT_COUNT);
        if (table[i].unit == RCA_UNIT_NONE) /* a number of things */
            assert_int_equal(table[i].make, RCA_MAKE_MEAN);
        assert_true(table[i].make < RCA_MAKE_COUNT);
        assert_ptr_equal(rca_metric_find(table[i].name), &table[i]);
    }
}

static void what_a_metric_is_made_from_fits_how(void **state)
{
    const struct rca_metric *table;
    size_t n;

    (void)state;
    table = rca_metric_table(&n);
    for (size_t i = 0; i < n; i++) {
        const struct rca_metric *m = &table[i];
        const char *of = m->of ? m->of : m->name;
        const _Bool counter = rca_series_type(of, NULL) == RCA_SERIES_COUNTER;

        if (m->make == RCA_MAKE_RATE || m->make == RCA_MAKE_SHARE)
            assert_true(counter);
        else
            assert_false(counter);
        assert_int_equal(m->per != NULL, m->make == RCA_MAKE_SHARE);
        assert_int_equal(m->q > 0, m->make == RCA_MAKE_QUANTILE);
    }
}

static void a_direction_is_known_where_there_is_a_bad_one(void **state)
{
    const struct rca_metric *table;
    size_t n;

    (void)state;
    table = rca_metric_table(&n);
    for (size_t i = 0; i < n; i++) {
        const enum rca_role role = table[i].role;
        const _Bool neutral = role == RCA_ROLE_LOAD || role == RCA_ROLE_OTHER;

        assert_int_equal(table[i].bad == 0, neutral);
    }
    assert_int_equal(rca_metric_find("memory_available_bytes")->bad, -1);
}

/* docs/SERIES.md */
static void known_metrics_are_found_and_others_are_not(void **state)
{
    const struct rca_metric *m = rca_metric_find("request_latency_p99_seconds");

    (void)state;
    assert_non_null(m);
    assert_string_equal(m->label, "latency p99");
    assert_int_equal(m->role, RCA_ROLE_LATENCY);
    assert_string_equal(m->of, "request_latency_seconds");
    assert_close(m->q, 0.99, 0);
    m = rca_metric_find("io_latency_mean_seconds");
    assert_string_equal(m->of, "io_wait_seconds_total");
    assert_string_equal(m->per, "ios_total");
    assert_string_equal(rca_metric_find("run_queue_wait_ratio")->label,
                        "CPU wait");
    assert_null(rca_metric_find("request_latency_p98_seconds"));
    assert_null(rca_metric_find(""));
}

static void the_type_of_a_series_is_in_its_name(void **state)
{
    unsigned bucket = 999;

    (void)state;
    assert_int_equal(rca_series_type("x_total", NULL), RCA_SERIES_COUNTER);
    assert_int_equal(rca_series_type("x_bucket_017", &bucket),
                     RCA_SERIES_BUCKET);
    assert_int_equal(bucket, 17);
    assert_int_equal(rca_series_type("x_bucket_103", &bucket),
                     RCA_SERIES_BUCKET);
    assert_int_equal(bucket, 103);
    assert_int_equal(rca_series_type("x_bucket_000", NULL), RCA_SERIES_BUCKET);
}

static void what_looks_like_a_bucket_is_a_gauge(void **state)
{
    static const char *const gauges[] = {
        "x",           "",           "x_max",        "x_bucket_104",
        "x_bucket_",   "x_bucket_1", "x_bucket_01a", "x_bucket_0001",
        "_bucket_001", "_total",     "x_totals",     "x_bucket-001",
    };
    unsigned bucket = 999;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(gauges); i++)
        assert_int_equal(rca_series_type(gauges[i], &bucket), RCA_SERIES_GAUGE);
    assert_int_equal(bucket, 999);
}

static void series_of_built_in_metrics_are_operands(void **state)
{
    static const char *const used[] = {
        "requests_total",
        "request_errors_total",
        "request_latency_seconds_bucket_050",
        "request_latency_seconds_sum_total",
        "request_latency_seconds_max",
        "ios_total",
        "rtt_seconds",
        "memory_bytes",
        "qdisc_backlog_bytes",
    };
    static const char *const unused[] = {
        "drops_no_socket_total",    "request_latency_seconds",
        "other_seconds_bucket_050", "request_latency_seconds_bucket_104",
        "cpu_usage_cores",          "",
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(used); i++)
        assert_true(rca_series_is_operand(used[i]));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(unused); i++)
        assert_false(rca_series_is_operand(unused[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sorted_and_complete),
        cmocka_unit_test(what_a_metric_is_made_from_fits_how),
        cmocka_unit_test(a_direction_is_known_where_there_is_a_bad_one),
        cmocka_unit_test(known_metrics_are_found_and_others_are_not),
        cmocka_unit_test(the_type_of_a_series_is_in_its_name),
        cmocka_unit_test(what_looks_like_a_bucket_is_a_gauge),
        cmocka_unit_test(series_of_built_in_metrics_are_operands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
