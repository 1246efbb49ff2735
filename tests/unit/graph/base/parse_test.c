/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/parse.h"

#include <errno.h>
#include <stdio.h>

#include "graph/base/err.h"
#include "tests/harness/test.h"

static void whole_numbers_read_up_to_their_limits(void **state)
{
    int64_t i = 0;
    uint64_t u = 0;

    (void)state;
    assert_ok(rca_parse_i64("-9223372036854775808", &i));
    assert_true(i == INT64_MIN);
    assert_ok(rca_parse_i64("+9223372036854775807", &i));
    assert_true(i == INT64_MAX);
    assert_ok(rca_parse_i64("-0", &i));
    assert_true(i == 0);
    assert_ok(rca_parse_u64("18446744073709551615", &u));
    assert_true(u == UINT64_MAX);
    assert_ok(rca_parse_u64("007", &u));
    assert_true(u == 7);
}

static void whole_numbers_beyond_their_limits_are_out_of_range(void **state)
{
    int64_t i = 5;
    uint64_t u = 5;

    (void)state;
    assert_err(rca_parse_i64("9223372036854775808", &i), -ERANGE);
    assert_err(rca_parse_i64("-9223372036854775809", &i), -ERANGE);
    assert_err(rca_parse_u64("18446744073709551616", &u), -ERANGE);
    assert_err(rca_parse_u64("99999999999999999999999", &u), -ERANGE);
    assert_true(i == 5 && u == 5);
}

static void what_is_not_a_whole_number_is_refused(void **state)
{
    static const char *const bad[] = {"",     " 1",  "1 ",      "1x",
                                      "0x10", "+",   "--1",     "+-1",
                                      "1.0",  "1e3", "\xd9\xa1"};
    int64_t i = 5;
    uint64_t u = 5;

    (void)state;
    for (size_t k = 0; k < RCA_ARRAY_SIZE(bad); k++) {
        assert_err(rca_parse_i64(bad[k], &i), RCA_ESYNTAX);
        assert_err(rca_parse_u64(bad[k], &u), RCA_ESYNTAX);
    }
    assert_err(rca_parse_u64("-1", &u), RCA_ESYNTAX);
    assert_err(rca_parse_u64("+1", &u), RCA_ESYNTAX);
    assert_true(i == 5 && u == 5);
}

static void decimals_read_as_the_nearest_double(void **state)
{
    double x = 0;

    (void)state;
    assert_ok(rca_parse_f64("-12.5e-1", &x));
    assert_close(x, -1.25, 0);
    assert_ok(rca_parse_f64(".5", &x));
    assert_close(x, 0.5, 0);
    assert_ok(rca_parse_f64("5.", &x));
    assert_close(x, 5, 0);
    assert_ok(rca_parse_f64("0.1", &x));
    assert_close(x, 0.1, 0);
    /* below the smallest double: nothing is lost that could be kept */
    assert_ok(rca_parse_f64("1e-400", &x));
    assert_close(x, 0, 0);
}

static void what_is_not_a_decimal_is_refused(void **state)
{
    static const char *const bad[] = {"",     " 1",    "1 ",    "nan", "inf",
                                      "-inf", "0x1p3", "1e",    "1e+", ".",
                                      "e5",   "1,5",   "1.2.3", "+",   "--1"};
    double x = 5;

    (void)state;
    for (size_t k = 0; k < RCA_ARRAY_SIZE(bad); k++)
        assert_err(rca_parse_f64(bad[k], &x), RCA_ESYNTAX);
    assert_err(rca_parse_f64("1e400", &x), -ERANGE);
    assert_err(rca_parse_f64("-1e400", &x), -ERANGE);
    assert_close(x, 5, 0);
}

static void any_double_survives_a_round_trip(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    for (int i = 0; i < 2000; i++) {
        const double want = ldexp(test_random(&seed) - 0.5,
                                  (int)(test_random(&seed) * 2000) - 1000);
        char text[64];
        double got = 0;

        (void)snprintf(text, sizeof(text), "%.17g", want);
        assert_ok(rca_parse_f64(text, &got));
        assert_true(got == want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_read_up_to_their_limits),
        cmocka_unit_test(whole_numbers_beyond_their_limits_are_out_of_range),
        cmocka_unit_test(what_is_not_a_whole_number_is_refused),
        cmocka_unit_test(decimals_read_as_the_nearest_double),
        cmocka_unit_test(what_is_not_a_decimal_is_refused),
        cmocka_unit_test(any_double_survives_a_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
