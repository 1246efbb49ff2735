/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/calibrate.h"

#include <string.h>

#include "tests/harness/test.h"

static double post(const struct rca_judged *list, size_t n, double b)
{
    double sum = -0.5 * b * b / (RCA_CALIBRATE_SD * RCA_CALIBRATE_SD);

    for (size_t i = 0; i < n; i++) {
        const double c = list[i].confidence;
        const double p = 1 / (1 + exp(-log(c / (1 - c)) - b));

        sum += log(list[i].right ? p : 1 - p);
    }
    return sum;
}

static void no_verdict_changes_nothing(void **state)
{
    double moved;

    (void)state;
    assert_true(rca_calibrate_shift(NULL, 0) == 0);
    for (int i = 0; i < 9; i++) {
        const double c = 0.123456789 + 0.1 * i;

        moved = rca_calibrate(c, 0);
        assert_memory_equal(&moved, &c, sizeof(c));
    }
    assert_nan(rca_calibrate(NAN, 0.5));
}

/* b = 10 * (0 - expit(b + log 9)): b = -3.0342 by bisection */
static void ten_wrong_at_nine_tenths_lower_it(void **state)
{
    struct rca_judged list[10];
    double b;

    (void)state;
    for (size_t i = 0; i < 10; i++)
        list[i] = (struct rca_judged){0.9, 0};
    b = rca_calibrate_shift(list, 10);
    assert_close(-b, 10 / (1 + exp(-b - log(9))), 1e-9);
    assert_true(b < -2.5 && b > -3.5);
    assert_true(rca_calibrate(0.9, b) < 0.4);
}

static void the_shift_is_the_mode_of_the_posterior(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    for (int round = 0; round < test_rounds(200); round++) {
        struct rca_judged list[30];
        const size_t n = 1 + (size_t)(29 * test_random(&seed));
        double b;

        for (size_t i = 0; i < n; i++) {
            list[i].confidence = 0.01 + 0.98 * test_random(&seed);
            list[i].right = test_random(&seed) < 0.5;
        }
        b = rca_calibrate_shift(list, n);
        assert_true(post(list, n, b) >= post(list, n, b + 1e-4));
        assert_true(post(list, n, b) >= post(list, n, b - 1e-4));
    }
}

static void verdicts_that_agree_hardly_move_it(void **state)
{
    struct rca_judged list[100];
    double b;

    (void)state;
    for (size_t i = 0; i < 100; i++)
        list[i] = (struct rca_judged){0.8, i % 5 != 0};
    b = rca_calibrate_shift(list, 100);
    assert_true(fabs(b) < 1e-9);
}

static void what_is_certain_or_unknown_does_no_harm(void **state)
{
    const struct rca_judged list[] = {{1, 0}, {0, 1}, {NAN, 0}, {1, 1}};
    const double b = rca_calibrate_shift(list, 4);

    (void)state;
    assert_true(isfinite(b));
    assert_close(b,
                 rca_calibrate_shift(
                     (const struct rca_judged[]){{1, 0}, {0, 1}, {1, 1}}, 3),
                 1e-9);
    assert_true(rca_calibrate(1, -3) < 1 && rca_calibrate(0, 3) > 0);
}

static void the_order_of_answers_stays(void **state)
{
    (void)state;
    for (int i = 1; i < 98; i++)
        assert_true(rca_calibrate(0.01 * i, -1.3) <
                    rca_calibrate(0.01 * (i + 1), -1.3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_verdict_changes_nothing),
        cmocka_unit_test(ten_wrong_at_nine_tenths_lower_it),
        cmocka_unit_test(the_shift_is_the_mode_of_the_posterior),
        cmocka_unit_test(verdicts_that_agree_hardly_move_it),
        cmocka_unit_test(what_is_certain_or_unknown_does_no_harm),
        cmocka_unit_test(the_order_of_answers_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
