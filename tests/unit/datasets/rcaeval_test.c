/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/case_parts.h"
#include "tests/unit/datasets/folder.h"

/* The columns "A|B" of @names, written "A_B" in the order given, must come out
 * as written. */
static void check(const char *const *names, size_t n)
{
    struct rca_column columns[64] = {0};
    char text[64][64];
    struct rca_csv csv = {.file = "x"};

    assert_true(n <= RCA_ARRAY_SIZE(columns));
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(text[i], sizeof(text[i]), "%s", names[i]);
        if (strchr(text[i], '|'))
            *strchr(text[i], '|') = '_';
        columns[i] =
            (struct rca_column){.name = text[i], .at = (unsigned)i + 1};
    }
    assert_ok(rca_table_split_service(&csv, columns, n));
    for (size_t i = 0; i < n; i++) {
        const size_t cut = strcspn(names[i], "|");

        if (!names[i][cut]) { /* a column to be skipped */
            assert_null(columns[i].metric);
            continue;
        }
        assert_string_equal(columns[i].metric, names[i] + cut + 1);
        assert_int_equal(strlen(columns[i].entity), cut);
    }
}

static void usual_names_are_split_at_their_underscore(void **state)
{
    static const char *const names[] = {
        "carts|cpu",
        "carts|mem",
        "carts|latency-50",
        "carts|latency-90",
        "carts-db|cpu",
        "carts-db|mem",
        "front-end|load",
        "front-end|error",
        "front-end|container-cpu-usage-seconds-total",
        "ts-auth-service|diskio",
        "PassthroughCluster|workload",
        "time.1"};

    (void)state;
    check(names, RCA_ARRAY_SIZE(names));
}

static void services_may_hold_words_of_metrics(void **state)
{
    static const char *const names[] = {"load_balancer|cpu",
                                        "load_balancer|mem",
                                        "load_balancer|latency_p90",
                                        "memory_cache|cpu",
                                        "memory_cache|mem",
                                        "memory_cache|latency_p90",
                                        "user_load_balancer|cpu",
                                        "user_load_balancer|mem",
                                        "user|cpu",
                                        "user|mem",
                                        "user|latency_p90",
                                        "user_db|cpu",
                                        "user_db|mem",
                                        "disk_error_count|cpu"};

    (void)state;
    check(names, RCA_ARRAY_SIZE(names));
}

static void words_before_a_metric_are_the_metrics(void **state)
{
    static const char *const names[] = {"a|cpu",
                                        "a|mem",
                                        "a|rps",
                                        "a|client_lat_p90",
                                        "a|client_lat_p99",
                                        "a|server_lat_p90",
                                        "a|server_lat_p99",
                                        "b_x|cpu",
                                        "b_x|mem",
                                        "b_x|rps",
                                        "b_x|client_lat_p90",
                                        "b_x|client_lat_p99",
                                        "b_x|server_lat_p90",
                                        "b_x|server_lat_p99",
                                        "c|cpu",
                                        "c|mem",
                                        "c|rps",
                                        "c|client_lat_p90",
                                        "c|client_lat_p99",
                                        "c|odd_thing",
                                        "b_x|odd_thing",
                                        "lonely_odd|thing"};

    (void)state;
    check(names, RCA_ARRAY_SIZE(names));
}

/* one "db_latency" is no metric of services, and "a_node" has what "a" has */
static void few_or_double_metrics_leave_a_service_alone(void **state)
{
    static const char *const names[] = {
        "user|cpu",      "user|mem",     "user_db|latency", "cart|cpu",
        "cart|mem",      "shop|cpu",     "shop|mem",        "user_node|cpu",
        "cart_node|cpu", "shop_node|cpu"};

    (void)state;
    check(names, RCA_ARRAY_SIZE(names));
}

static void the_order_of_columns_changes_nothing(void **state)
{
    static const char *const names[] = {"a|server_lat_p90",
                                        "c|client_lat_p90",
                                        "b|cpu",
                                        "b|mem",
                                        "b|rps",
                                        "c|odd_thing",
                                        "c|rps",
                                        "c|cpu",
                                        "a|rps",
                                        "b|server_lat_p90",
                                        "c|mem",
                                        "b|client_lat_p90",
                                        "a|mem",
                                        "a|cpu"};
    const char *turned[RCA_ARRAY_SIZE(names)];

    (void)state;
    check(names, RCA_ARRAY_SIZE(names));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(names); i++)
        turned[i] = names[RCA_ARRAY_SIZE(names) - 1 - i];
    check(turned, RCA_ARRAY_SIZE(names));
}

static void folders_are_named_for_service_and_fault(void **state)
{
    static const struct {
        const char *folder, *entity, *fault;
    } want[] = {
        {"carts-db_cpu", "carts-db", "cpu"},
        {"user_db_delay", "user_db", "delay"},
        {"carts", "carts", NULL},
        {"_cpu", "_cpu", NULL},
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(want); i++) {
        struct rca_truth truth RCA_CLEANUP(rca_truth_done) = {0};

        assert_ok(rca_truth_of_folder(want[i].folder, &truth));
        assert_string_equal(truth.entity, want[i].entity);
        assert_string_equal(truth.service, want[i].entity);
        if (want[i].fault)
            assert_string_equal(truth.fault, want[i].fault);
        else
            assert_null(truth.fault);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_names_are_split_at_their_underscore),
        cmocka_unit_test(services_may_hold_words_of_metrics),
        cmocka_unit_test(words_before_a_metric_are_the_metrics),
        cmocka_unit_test(few_or_double_metrics_leave_a_service_alone),
        cmocka_unit_test(the_order_of_columns_changes_nothing),
        cmocka_unit_test(folders_are_named_for_service_and_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
