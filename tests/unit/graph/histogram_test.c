/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/histogram.h"

#include "tests/harness/test.h"

/* lower(i) = 2^(10 + i / 4) * (1 + (i % 4) / 4) ns, by the contract */
static void bounds_follow_the_formula(void **state)
{
    (void)state;
    assert_close(rca_histogram_lower(0), 1.024e-6, 1e-15);
    assert_close(rca_histogram_lower(1), 1.280e-6, 1e-15);
    assert_close(rca_histogram_lower(5), 2.560e-6, 1e-15);
    assert_close(rca_histogram_lower(103), 34359738368e-9 * 1.75, 1e-15);
    assert_close(rca_histogram_lower(RCA_HISTOGRAM_BUCKETS), 68719476736e-9,
                 1e-15);
}

static void each_bound_begins_its_bucket(void **state)
{
    (void)state;
    for (unsigned i = 1; i < RCA_HISTOGRAM_BUCKETS; i++) {
        const uint64_t lower = (uint64_t)llround(rca_histogram_lower(i) * 1e9);

        assert_int_equal(rca_histogram_bucket(lower), i);
        assert_int_equal(rca_histogram_bucket(lower - 1), i - 1);
    }
}

static void the_ends_take_what_lies_beyond(void **state)
{
    (void)state;
    assert_int_equal(rca_histogram_bucket(0), 0);
    assert_int_equal(rca_histogram_bucket(1023), 0);
    assert_int_equal(rca_histogram_bucket(1024), 0);
    assert_int_equal(rca_histogram_bucket(UINT64_MAX),
                     RCA_HISTOGRAM_BUCKETS - 1);
    assert_int_equal(rca_histogram_bucket(UINT64_C(68719476736)),
                     RCA_HISTOGRAM_BUCKETS - 1);
}

static void quantiles_are_linear_in_a_bucket(void **state)
{
    double count[RCA_HISTOGRAM_BUCKETS] = {0};
    const double a = rca_histogram_lower(40), b = rca_histogram_lower(41);

    (void)state;
    count[40] = 10;
    assert_close(rca_histogram_quantile(count, 0.5), (a + b) / 2, 1e-12);
    assert_close(rca_histogram_quantile(count, 0), a, 1e-12);
    assert_close(rca_histogram_quantile(count, 1), b, 1e-12);
    /* nine of ten lie below bucket 60: its first tenth is the 0.91 quantile */
    count[40] = 90;
    count[60] = 10;
    assert_close(rca_histogram_quantile(count, 0.9), b, 1e-12);
    assert_close(rca_histogram_quantile(count, 0.91),
                 rca_histogram_lower(60) +
                     0.1 * (rca_histogram_lower(61) - rca_histogram_lower(60)),
                 1e-12);
}

static void nothing_counted_has_no_quantile(void **state)
{
    double count[RCA_HISTOGRAM_BUCKETS] = {0};

    (void)state;
    assert_nan(rca_histogram_quantile(count, 0.5));
    count[3] = NAN;
    count[4] = -5;
    count[5] = INFINITY;
    assert_nan(rca_histogram_quantile(count, 0.5));
    count[6] = 1;
    assert_close(rca_histogram_quantile(count, 0), rca_histogram_lower(6),
                 1e-12);
    assert_close(rca_histogram_quantile(count, 7), rca_histogram_lower(7),
                 1e-12);
    assert_close(rca_histogram_quantile(count, -7), rca_histogram_lower(6),
                 1e-12);
    assert_close(rca_histogram_quantile(count, NAN), rca_histogram_lower(6),
                 1e-12);
}

/* the bucket is a fifth of its value wide at most, so is the error */
static void quantiles_are_near_those_of_the_sample(void **state)
{
    uint64_t seed = test_seed();
    double count[RCA_HISTOGRAM_BUCKETS] = {0};
    enum { SAMPLES = 20000 };

    (void)state;
    /* log-uniform from 10 us to 1 s: quantile q is 10 us * 1e5^q */
    for (int i = 0; i < SAMPLES; i++) {
        const double ns = 1e4 * pow(1e5, test_random(&seed));

        count[rca_histogram_bucket((uint64_t)ns)]++;
    }
    for (int i = 1; i < 20; i++) {
        const double q = i / 20.0;

        assert_close(rca_histogram_quantile(count, q), 1e-5 * pow(1e5, q),
                     0.25);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_follow_the_formula),
        cmocka_unit_test(each_bound_begins_its_bucket),
        cmocka_unit_test(the_ends_take_what_lies_beyond),
        cmocka_unit_test(quantiles_are_linear_in_a_bucket),
        cmocka_unit_test(nothing_counted_has_no_quantile),
        cmocka_unit_test(quantiles_are_near_those_of_the_sample),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
