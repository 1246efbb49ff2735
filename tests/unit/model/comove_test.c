/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is new in a series, and whether two of them move together. */

#include "model/comove.h"

#include <string.h>

#include "tests/harness/test.h"

#define ROWS 400

static double noise(uint64_t *random)
{
    const double u = 1 - test_random(random), v = test_random(random);

    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static void centre(double *x)
{
    double sum = 0;

    for (size_t i = 0; i < ROWS; i++)
        sum += x[i];
    for (size_t i = 0; i < ROWS; i++)
        x[i] -= sum / ROWS;
}

/* x[t] = memory x[t - 1] + noise */
static void remember(double *x, double memory, uint64_t *random)
{
    double last = 0;

    for (size_t i = 0; i < ROWS; i++)
        x[i] = last = memory * last + noise(random);
    centre(x);
}

static void a_filter_finds_the_autoregression(void **state)
{
    uint64_t random = test_seed();
    struct rca_filter f;
    double x[ROWS];

    (void)state;
    remember(x, 0.8, &random);
    rca_filter_learn(x, ROWS, &f);
    assert_true(fabs(f.a[0] - 0.8) < 0.2);
    assert_true(fabs(f.a[1]) < 0.25 && fabs(f.a[2]) < 0.2);
    rca_filter_apply(&f, x, ROWS);
    for (size_t i = 0; i < RCA_COMOVE_ORDER; i++)
        assert_true(x[i] == 0);
    rca_filter_learn(x, ROWS, &f); /* nothing is left to foretell */
    assert_true(fabs(f.a[0]) < 0.15);
}

static void what_does_not_vary_has_no_filter(void **state)
{
    struct rca_filter f;
    double x[ROWS] = {0};

    (void)state;
    rca_filter_learn(x, ROWS, &f);
    for (size_t i = 0; i < RCA_COMOVE_ORDER; i++)
        assert_true(f.a[i] == 0);
}

static void scores_are_those_of_the_ranks(void **state)
{
    double x[5] = {3, 1, 1e9, 1, 2}, scratch[5], square = 0, sum = 0;

    (void)state;
    rca_normal_scores(x, 5, scratch);
    for (size_t i = 0; i < 5; i++) {
        sum += x[i];
        square += x[i] * x[i];
    }
    assert_close(square, 5, 1e-12);
    assert_true(x[1] < x[4] && x[4] < x[0] && x[0] < x[2]);
    assert_true(x[1] == x[3]);
    /* ranks 1, 1, 2.5, 3.5, 4.5 of 5: quantiles 0.2, 0.5, 0.7, 0.9 */
    assert_close(x[0] / x[2], 0.5244005 / 1.2815516, 1e-6);
    assert_true(fabs(x[4]) < 1e-12);
    (void)sum;
}

static void equal_values_have_no_scores(void **state)
{
    double x[4] = {7, 7, 7, 7}, scratch[4];
    struct rca_comove moves;

    (void)state;
    rca_normal_scores(x, 4, scratch);
    for (size_t i = 0; i < 4; i++)
        assert_true(x[i] == 0);
    rca_normal_scores(x, 0, scratch);
    rca_comove(x, x, 4, &moves);
    assert_nan(moves.same);
}

static void a_later_series_is_led(void **state)
{
    uint64_t random = test_seed();
    double x[ROWS + 1];
    struct rca_comove moves;

    (void)state;
    for (size_t i = 0; i <= ROWS; i++)
        x[i] = noise(&random);
    rca_comove(x + 1, x, ROWS, &moves); /* the second is x a row later */
    assert_true(moves.leads > 0.95);
    assert_true(fabs(moves.same) < 0.2 && fabs(moves.lags) < 0.2);
    rca_comove(x, x + 1, ROWS, &moves);
    assert_true(moves.lags > 0.95);
}

static void chances_are_known(void **state)
{
    (void)state;
    /* z = atanh(0.2) sqrt(100) = 2.0273; Q of that, from a table 0.0213 */
    assert_close(rca_comove_p(0.2, 103, 1), 0.021315, 1e-3);
    assert_close(rca_comove_p(0.2, 103, 0), 2 * rca_comove_p(0.2, 103, 1),
                 1e-12);
    assert_close(rca_comove_p(-0.2, 103, -1), rca_comove_p(0.2, 103, 1), 1e-12);
    assert_close(rca_comove_p(0, 103, 0), 1, 1e-12);
    assert_true(rca_comove_p(1, 103, 1) < 1e-10);
    assert_close(rca_comove_p(0.9, 3, 1), 1, 1e-12);
    assert_close(rca_comove_p(NAN, 103, 1), 1, 1e-12);
}

/* Random walks that have nothing to do with each other: as they are they look
 * alike (spurious regression), what is new in them does not. */
static void walks_are_not_taken_for_relatives(void **state)
{
    uint64_t random = 1;
    const int rounds = test_rounds(400);
    int believed = 0, naive = 0;

    (void)state;
    for (int i = 0; i < rounds; i++) {
        double x[2][ROWS], scratch[ROWS];
        struct rca_comove moves;
        struct rca_filter f;

        for (int k = 0; k < 2; k++)
            remember(x[k], 1, &random);
        rca_comove(x[0], x[1], ROWS, &moves);
        naive += rca_comove_p(moves.same, ROWS, 0) < 0.05;
        for (int k = 0; k < 2; k++) {
            rca_filter_learn(x[k], ROWS, &f);
            rca_filter_apply(&f, x[k], ROWS);
            rca_normal_scores(x[k], ROWS, scratch);
        }
        rca_comove(x[0], x[1], ROWS, &moves);
        believed += rca_comove_p(moves.same, ROWS, 0) < 0.05;
    }
    if (rounds < 400)
        return;
    assert_true(naive > 300);
    /* 20 are expected; 4 standard deviations above are 37 */
    assert_true(believed < 37);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_finds_the_autoregression),
        cmocka_unit_test(what_does_not_vary_has_no_filter),
        cmocka_unit_test(scores_are_those_of_the_ranks),
        cmocka_unit_test(equal_values_have_no_scores),
        cmocka_unit_test(a_later_series_is_led),
        cmocka_unit_test(chances_are_known),
        cmocka_unit_test(walks_are_not_taken_for_relatives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
