/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/metric.h"
#include "tests/harness/test.h"

struct text {
    double value;
    enum rca_unit unit;
    const char *want;
};

static void values_have_three_digits_and_a_fitting_unit(void **state)
{
    static const struct text good[] = {
        {0.046, RCA_UNIT_SECONDS, "46 ms"},
        {0.0465, RCA_UNIT_SECONDS, "46.5 ms"},
        {0.18912, RCA_UNIT_SECONDS, "189 ms"},
        {1.5, RCA_UNIT_SECONDS, "1.5 s"},
        {12345, RCA_UNIT_SECONDS, "12300 s"},
        {3e-6, RCA_UNIT_SECONDS, "3 \u00b5s"},
        {0, RCA_UNIT_SECONDS, "0 s"},
        {7.4, RCA_UNIT_CORES, "7.4 cores"},
        {1, RCA_UNIT_CORES, "1 core"},
        {0.05, RCA_UNIT_CORES, "0.05 cores"},
        {310, RCA_UNIT_PER_SECOND, "310 /s"},
        {0.5, RCA_UNIT_PER_SECOND, "0.5 /s"},
        {12345, RCA_UNIT_PER_SECOND, "12300 /s"},
        {2.5e6, RCA_UNIT_PER_SECOND, "2.5 M/s"},
        {1.2e6, RCA_UNIT_BYTES_PER_SECOND, "1.14 MiB/s"},
        {4096, RCA_UNIT_BYTES, "4 KiB"},
        {3.2e9, RCA_UNIT_BYTES, "2.98 GiB"},
        {1023 * 1024.0, RCA_UNIT_BYTES, "0.999 MiB"},
        {6.98e-6, RCA_UNIT_CORES, "0.000007 cores"},
        {1e-12, RCA_UNIT_CORES, "~0 cores"},
        {1e300, RCA_UNIT_BYTES, "> 1000000000 TiB"},
        {-1e300, RCA_UNIT_NONE, "< -1000000000 M"},
        {12, RCA_UNIT_BYTES, "12 B"},
        {0, RCA_UNIT_BYTES, "0 B"},
        {0, RCA_UNIT_PER_SECOND, "0 /s"},
        {0, RCA_UNIT_RATIO, "0 %"},
        {2.5e6, RCA_UNIT_NONE, "2.5 M"},
        {0.12, RCA_UNIT_RATIO, "12 %"},
        {1, RCA_UNIT_RATIO, "100 %"},
        {25, RCA_UNIT_RATIO, "2500 %"},
        {0.0012, RCA_UNIT_RATIO, "0.12 %"},
        {42, RCA_UNIT_NONE, "42"},
        {-0.25, RCA_UNIT_NONE, "-0.25"},
    };
    char buf[32];

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(good); i++)
        assert_string_equal(rca_value_text(good[i].value, good[i].unit, buf),
                            good[i].want);
}

static void rounding_moves_to_the_next_unit(void **state)
{
    char buf[32];

    (void)state;
    assert_string_equal(rca_value_text(0.9996, RCA_UNIT_SECONDS, buf), "1 s");
    assert_string_equal(rca_value_text(0.9994, RCA_UNIT_SECONDS, buf),
                        "999 ms");
    assert_string_equal(rca_value_text(999.7, RCA_UNIT_BYTES, buf),
                        "0.976 KiB");
    assert_string_equal(rca_value_text(-0.9996, RCA_UNIT_SECONDS, buf), "-1 s");
    assert_string_equal(rca_value_text(-0.0, RCA_UNIT_NONE, buf), "0");
}

static void no_number_is_no_data(void **state)
{
    char buf[32];

    (void)state;
    for (int u = 0; u < RCA_UNIT_COUNT; u++) {
        assert_string_equal(rca_value_text(NAN, (enum rca_unit)u, buf),
                            "no data");
        assert_string_equal(rca_value_text(-INFINITY, (enum rca_unit)u, buf),
                            "no data");
    }
}

static void any_number_fits_the_buffer(void **state)
{
    static const double wild[] = {1e308, -1e308, 5e-324, -5e-324, 1e15, 1e-9};
    char buf[33];

    (void)state;
    buf[32] = 'z';
    for (size_t i = 0; i < RCA_ARRAY_SIZE(wild); i++) {
        for (int u = 0; u < RCA_UNIT_COUNT; u++)
            assert_non_null(rca_value_text(wild[i], (enum rca_unit)u, buf));
    }
    assert_int_equal(buf[32], 'z');
}

struct range {
    double a, b;
    enum rca_unit unit;
    const char *want;
};

static void ranges_have_one_unit_and_tell_their_ends_apart(void **state)
{
    static const struct range good[] = {
        {0.046, 0.189, RCA_UNIT_SECONDS, "46 to 189 ms"},
        {71.4e-6, 1.11e-3, RCA_UNIT_SECONDS, "0.0714 to 1.11 ms"},
        {0.9, 1.2, RCA_UNIT_SECONDS, "0.9 to 1.2 s"},
        {1.2, 0.9, RCA_UNIT_SECONDS, "1.2 to 0.9 s"},
        {46e-6, 5, RCA_UNIT_SECONDS, "46 µs to 5 s"},
        {0, 0.012, RCA_UNIT_SECONDS, "0 to 12 ms"},
        {0.04601, 0.04604, RCA_UNIT_SECONDS, "46.01 to 46.04 ms"},
        {46, 46, RCA_UNIT_NONE, "46 to 46"},
        {1, 1.0000001, RCA_UNIT_NONE, "1 to 1"},
        {0.1, 1, RCA_UNIT_CORES, "0.1 to 1 core"},
        {0.000012, 0.31, RCA_UNIT_RATIO, "0.0012 to 31 %"},
        {-5, 3, RCA_UNIT_NONE, "-5 to 3"},
        {40e3, 64e6, RCA_UNIT_BYTES, "0.0381 to 61 MiB"},
        {NAN, 0.2, RCA_UNIT_SECONDS, "no data to 200 ms"},
        {0.2, NAN, RCA_UNIT_SECONDS, "200 ms to no data"},
    };
    char buf[RCA_RANGE_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(good); i++)
        assert_string_equal(
            rca_range_text(good[i].a, good[i].b, good[i].unit, " to ", buf),
            good[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_three_digits_and_a_fitting_unit),
        cmocka_unit_test(ranges_have_one_unit_and_tell_their_ends_apart),
        cmocka_unit_test(rounding_moves_to_the_next_unit),
        cmocka_unit_test(no_number_is_no_data),
        cmocka_unit_test(any_number_fits_the_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
