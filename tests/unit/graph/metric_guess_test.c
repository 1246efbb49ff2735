/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "graph/metric.h"
#include "tests/harness/test.h"

struct guess {
    const char *series;
    enum rca_role role;
    int bad;
    enum rca_unit unit;
};

static void roles_come_from_words(void **state)
{
    static const struct guess want[] = {
        {"latency_p99", RCA_ROLE_LATENCY, 1, RCA_UNIT_NONE},
        {"server_lat_p90", RCA_ROLE_LATENCY, 1, RCA_UNIT_NONE},
        {"http.server.duration_seconds", RCA_ROLE_LATENCY, 1, RCA_UNIT_SECONDS},
        {"availability", RCA_ROLE_ERROR, -1, RCA_UNIT_NONE},
        {"success", RCA_ROLE_ERROR, -1, RCA_UNIT_NONE},
        {"sessions_up", RCA_ROLE_ERROR, -1, RCA_UNIT_NONE},
        {"sessions_down_count", RCA_ROLE_ERROR, 1, RCA_UNIT_NONE},
        {"request_errors_ratio", RCA_ROLE_ERROR, 1, RCA_UNIT_RATIO},
        {"tcp_retransSegs", RCA_ROLE_ERROR, 1, RCA_UNIT_NONE},
        {"drops_no_socket_total", RCA_ROLE_ERROR, 1, RCA_UNIT_PER_SECOND},
        {"cpu", RCA_ROLE_USAGE, 1, RCA_UNIT_NONE},
        {"node_cpu", RCA_ROLE_USAGE, 1, RCA_UNIT_NONE},
        {"cpu_throttled_percent", RCA_ROLE_SATURATION, 1, RCA_UNIT_NONE},
        {"node_load1", RCA_ROLE_SATURATION, 1, RCA_UNIT_NONE},
        {"pgmajfault_total", RCA_ROLE_SATURATION, 1, RCA_UNIT_PER_SECOND},
        {"mem_free_0-RP0-CPU0", RCA_ROLE_USAGE, -1, RCA_UNIT_NONE},
        {"node_memory_MemAvailable_bytes", RCA_ROLE_USAGE, -1, RCA_UNIT_BYTES},
        {"mem", RCA_ROLE_USAGE, 1, RCA_UNIT_NONE},
        {"diskio", RCA_ROLE_USAGE, 1, RCA_UNIT_NONE},
        {"container_fs_reads_total", RCA_ROLE_USAGE, 1, RCA_UNIT_PER_SECOND},
        {"socket", RCA_ROLE_USAGE, 1, RCA_UNIT_NONE},
        {"requests", RCA_ROLE_LOAD, 0, RCA_UNIT_NONE},
        {"workload", RCA_ROLE_LOAD, 0, RCA_UNIT_NONE},
        {"in_pps", RCA_ROLE_LOAD, 0, RCA_UNIT_PER_SECOND},
        {"out_rate", RCA_ROLE_LOAD, 0, RCA_UNIT_NONE},
        {"net_rx", RCA_ROLE_LOAD, 0, RCA_UNIT_NONE},
        {"sent_bytes_extra_total", RCA_ROLE_LOAD, 0, RCA_UNIT_PER_SECOND},
        {"frobnication", RCA_ROLE_OTHER, 0, RCA_UNIT_NONE},
        {"update_count", RCA_ROLE_OTHER, 0, RCA_UNIT_NONE},
        {"", RCA_ROLE_OTHER, 0, RCA_UNIT_NONE},
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(want); i++) {
        struct rca_metric got;
        char name[96];

        rca_metric_guess(want[i].series, name, &got);
        if (got.role != want[i].role || got.unit != want[i].unit)
            print_error("'%s'\n", want[i].series);
        assert_int_equal(got.role, want[i].role);
        assert_int_equal(got.bad, want[i].bad);
        assert_int_equal(got.unit, want[i].unit);
        assert_ptr_equal(got.of, want[i].series);
        assert_ptr_equal(got.name, name);
        assert_int_equal(got.resolution > 0, got.unit != RCA_UNIT_NONE);
    }
}

static void counters_become_rates(void **state)
{
    struct rca_metric got;
    char name[96];

    (void)state;
    rca_metric_guess("container_cpu_seconds_total", name, &got);
    assert_string_equal(name, "container_cpu_seconds_per_second");
    assert_int_equal(got.make, RCA_MAKE_RATE);
    assert_int_equal(got.unit, RCA_UNIT_CORES);
    rca_metric_guess("heap_bytes_total", name, &got);
    assert_int_equal(got.unit, RCA_UNIT_BYTES_PER_SECOND);
    rca_metric_guess("blocked_seconds_total", name, &got);
    assert_int_equal(got.unit, RCA_UNIT_RATIO);
    assert_int_equal(got.role, RCA_ROLE_SATURATION);
}

static void gauges_are_averaged_but_for_maxima(void **state)
{
    struct rca_metric got;
    char name[96];

    (void)state;
    rca_metric_guess("heap_bytes", name, &got);
    assert_string_equal(name, "heap_bytes");
    assert_int_equal(got.make, RCA_MAKE_MEAN);
    rca_metric_guess("delay_seconds_max", name, &got);
    assert_int_equal(got.make, RCA_MAKE_MAX);
}

static void a_known_name_keeps_what_is_known_of_it(void **state)
{
    const struct rca_metric *known = rca_metric_find("cpu_usage_cores");
    struct rca_metric got;
    char name[96];

    (void)state;
    rca_metric_guess("cpu_usage_cores", name, &got);
    assert_int_equal(got.role, known->role);
    assert_int_equal(got.unit, known->unit);
    assert_string_equal(got.label, known->label);
    assert_int_equal(got.make, RCA_MAKE_MEAN);
    assert_string_equal(got.of, "cpu_usage_cores");
    assert_null(got.per);
}

static void long_and_dirty_names_fit_the_buffer(void **state)
{
    struct rca_metric got;
    char series[600], name[96];

    (void)state;
    memset(series, 'q', sizeof(series));
    (void)snprintf(series + 500, 100, "_total");
    rca_metric_guess(series, name, &got);
    assert_int_equal(strlen(name), 95);
    assert_string_equal(name + 95 - strlen("_per_second"), "_per_second");
    for (size_t i = 0; i < 599; i++)
        series[i] = (char)(i % 2 ? 'A' : 'z');
    series[599] = '\0';
    rca_metric_guess(series, name, &got);
    assert_int_equal(strlen(name), 95);
    rca_metric_guess("a\nb\xff", name, &got);
    assert_string_equal(name, "a?b?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_come_from_words),
        cmocka_unit_test(counters_become_rates),
        cmocka_unit_test(gauges_are_averaged_but_for_maxima),
        cmocka_unit_test(a_known_name_keeps_what_is_known_of_it),
        cmocka_unit_test(long_and_dirty_names_fit_the_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
