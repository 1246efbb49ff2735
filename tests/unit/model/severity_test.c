/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/severity.h"

#include "tests/harness/test.h"

static const struct rca_severity usual = {0.5, 0.005, 0.01, 1};

static const struct rca_card latency = {.metric =
                                            "request_latency_mean_seconds",
                                        .role = RCA_ROLE_LATENCY,
                                        .unit = RCA_UNIT_SECONDS,
                                        .before = 0.02};
static const struct rca_card ratio = {.metric = "request_error_ratio",
                                      .role = RCA_ROLE_ERROR,
                                      .unit = RCA_UNIT_RATIO};

static void large_is_beyond_part_and_floor(void **state)
{
    struct rca_card quick = latency, rate = ratio;

    (void)state;
    assert_false(rca_severity_is_large(&usual, &latency, 0.0299));
    assert_true(rca_severity_is_large(&usual, &latency, 0.0301));
    assert_false(rca_severity_is_large(&usual, &latency, 0.001));
    assert_false(rca_severity_is_large(&usual, &latency, NAN));
    quick.before = 0.001;
    assert_false(rca_severity_is_large(&usual, &quick, 0.0059));
    assert_true(rca_severity_is_large(&usual, &quick, 0.0061));
    assert_false(rca_severity_is_large(&usual, &ratio, 0.009));
    assert_true(rca_severity_is_large(&usual, &ratio, 0.011));
    rate.unit = RCA_UNIT_PER_SECOND;
    assert_false(rca_severity_is_large(&usual, &rate, 0.9));
    assert_true(rca_severity_is_large(&usual, &rate, 1.1));
    rate.before = NAN;
    assert_false(rca_severity_is_large(&usual, &rate, 1.1));
}

static void tails_and_maxima_are_not_felt(void **state)
{
    struct rca_card c = latency;

    (void)state;
    assert_true(rca_severity_is_felt(&c));
    assert_true(rca_severity_is_felt(&ratio));
    c.metric = "request_latency_p50_seconds";
    assert_true(rca_severity_is_felt(&c));
    c.metric = "request_latency_p99_seconds";
    assert_false(rca_severity_is_felt(&c));
    c.metric = "request_latency_max_seconds";
    assert_false(rca_severity_is_felt(&c));
    c.metric = "somebody_elses_latency";
    assert_true(rca_severity_is_felt(&c));
    c.role = RCA_ROLE_USAGE;
    assert_false(rca_severity_is_felt(&c));
}

static void one_burst_does_not_last(void **state)
{
    double x[30];

    (void)state;
    for (size_t i = 0; i < 30; i++)
        x[i] = i >= 25 ? 1 : 0.02;
    assert_false(rca_severity_lasts(&usual, &latency, x, 30));
    for (size_t i = 0; i < 30; i++)
        x[i] = i < 10 ? 0.02 : 0.04;
    assert_true(rca_severity_lasts(&usual, &latency, x, 30));
    for (size_t i = 0; i < 15; i++)
        x[i] = 0.02;
    assert_false(rca_severity_lasts(&usual, &latency, x, 30));
}

static void gaps_say_nothing(void **state)
{
    double x[30];

    (void)state;
    for (size_t i = 0; i < 30; i++)
        x[i] = NAN;
    assert_false(rca_severity_lasts(&usual, &latency, x, 30));
    x[29] = 1;
    assert_false(rca_severity_lasts(&usual, &latency, x, 30));
    x[20] = 1;
    assert_true(rca_severity_lasts(&usual, &latency, x, 30));
    assert_false(rca_severity_lasts(&usual, &latency, x, 0));
    x[0] = 1;
    x[1] = 1;
    assert_true(rca_severity_lasts(&usual, &latency, x, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_is_beyond_part_and_floor),
        cmocka_unit_test(tails_and_maxima_are_not_felt),
        cmocka_unit_test(one_burst_does_not_last),
        cmocka_unit_test(gaps_say_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
