/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/robust.h"

#include "tests/harness/test.h"

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* the oracle sorts */
static void quantiles_agree_with_sorting(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < 2000; k++) {
        const size_t n = 1 + (size_t)(test_random(&state) * 40);
        const double q = k % 5 == 0 ? 1 : test_random(&state);
        double x[41], y[41], want, at;

        for (size_t i = 0; i < n; i++)
            x[i] = y[i] = floor(test_random(&state) * 10);
        qsort(y, n, sizeof(*y), by_value);
        at = q * (double)(n - 1);
        want = y[(size_t)at];
        if ((size_t)at + 1 < n)
            want += (at - floor(at)) * (y[(size_t)at + 1] - want);
        assert_true(fabs(rca_robust_quantile(x, n, q) - want) < 1e-12);
    }
}

static void a_scale_is_never_below_the_resolution(void **unused)
{
    const double x[] = {5, 5, NAN, 5, 5, 5};
    double scratch[6];
    const struct rca_spread s = rca_robust_spread(x, 6, 0.5, scratch);

    (void)unused;
    assert_true(s.constant);
    assert_int_equal(s.n, 5);
    assert_close(s.centre, 5, 1e-15);
    assert_close(s.scale, 0.5, 1e-15);
}

/* 1..9: median 5, quartiles 3 and 7, deviations' median 2, sd 2.739:
 * max(4 / 1.349, 2 * 1.483, 0.685, 0.1) */
static void the_scale_is_the_largest_of_its_parts(void **unused)
{
    const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    double scratch[9];
    const struct rca_spread s = rca_robust_spread(x, 9, 1e-9, scratch);

    (void)unused;
    assert_close(s.scale, 2 * 1.483, 1e-12);
}

static void one_spike_is_not_sustained(void **unused)
{
    const struct rca_spread s = {.centre = 0, .scale = 1, .n = 10};
    const double spike[] = {0, 0, 0, 0, 0, 0, 0, 100};
    const double step[] = {0, 0, 0, 0, 50, 50, 50, 50};
    double scratch[16];

    (void)unused;
    assert_close(rca_robust_deviation(spike, 8, &s, 0, scratch), 25, 1e-12);
    assert_close(rca_robust_deviation(step, 8, &s, 0, scratch), 50, 1e-12);
    assert_close(rca_robust_deviation(step, 8, &s, -1, scratch), 0, 1e-12);
}

static void a_constant_that_moves_counts_the_same(void **unused)
{
    const struct rca_spread s = {.scale = 1, .n = 10, .constant = 1};
    const double x[] = {1e9, 1e9, 1e9};
    double scratch[3];

    (void)unused;
    assert_close(rca_robust_deviation(x, 3, &s, 0, scratch), RCA_ROBUST_MOVED,
                 1e-12);
}

static void nothing_known_is_nan(void **unused)
{
    const double x[] = {NAN, NAN};
    double scratch[4];
    struct rca_spread s = rca_robust_spread(x, 2, 1, scratch);

    (void)unused;
    assert_nan(s.centre);
    assert_nan(rca_robust_deviation(x, 2, &s, 0, scratch));
    assert_nan(rca_robust_mean(x, 2, NULL));
    assert_nan(rca_robust_quantile(scratch, 0, 0.5));
}

static void what_is_usual_is_never_below_one(void **unused)
{
    const struct rca_spread s = {.centre = 0, .scale = 1, .n = 20};
    double x[20] = {0};
    double scratch[40];

    (void)unused;
    assert_true(rca_robust_null(x, 20, 5, &s, 0.9, scratch) >= 1);
    assert_true(rca_robust_null(x, 3, 5, &s, 0.9, scratch) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_agree_with_sorting),
        cmocka_unit_test(a_scale_is_never_below_the_resolution),
        cmocka_unit_test(the_scale_is_the_largest_of_its_parts),
        cmocka_unit_test(one_spike_is_not_sustained),
        cmocka_unit_test(a_constant_that_moves_counts_the_same),
        cmocka_unit_test(nothing_known_is_nan),
        cmocka_unit_test(what_is_usual_is_never_below_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
