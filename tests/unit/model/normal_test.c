/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/normal.h"

#include "tests/harness/test.h"

#define DRAWS 1000000

/* moments 0, 1, 0, 3 and the shares beyond 1, 2, 3 and 3.5 sds (the last is
 * the ziggurat's tail alone), each within 5 of its standard errors */
static void the_numbers_are_normal(void **unused)
{
    static const double limits[] = {1, 2, 3, 3.5};
    static const double errors[] = {1, 2, 15, 96}; /* variances of x^k */
    static const double want[] = {0, 1, 0, 3};
    double moment[4] = {0}, beyond[4] = {0};
    struct rca_normal g;

    (void)unused;
    rca_normal_init(&g, test_seed(), 7);
    for (int i = 0; i < DRAWS; i++) {
        const double x = rca_normal_draw(&g);

        for (int k = 0; k < 4; k++) {
            moment[k] += pow(x, k + 1) / DRAWS;
            beyond[k] += (fabs(x) > limits[k] ? 1. : 0.) / DRAWS;
        }
    }
    for (int k = 0; k < 4; k++) {
        const double share = erfc(limits[k] / sqrt(2));

        assert_true(fabs(moment[k] - want[k]) < 5 * sqrt(errors[k] / DRAWS));
        assert_true(fabs(beyond[k] - share) < 5 * sqrt(share / DRAWS));
    }
}

/* counts between the 15 inner sixteenths: chi-squared of 15 degrees of freedom
 * exceeds 45 once in 10,000 */
static void they_fill_all_layers(void **unused)
{
    static const double edges[] = {-1.534121, -1.150349, -0.887147, -0.674490,
                                   -0.488776, -0.318639, -0.157311, 0,
                                   0.157311,  0.318639,  0.488776,  0.674490,
                                   0.887147,  1.150349,  1.534121};
    const double want = DRAWS / 16.;
    double count[16] = {0}, chi2 = 0;
    struct rca_normal g;

    (void)unused;
    rca_normal_init(&g, test_seed(), 8);
    for (int i = 0; i < DRAWS; i++) {
        const double x = rca_normal_draw(&g);
        size_t k = 0;

        while (k < 15 && x > edges[k])
            k++;
        count[k]++;
    }
    for (int k = 0; k < 16; k++)
        chi2 += (count[k] - want) * (count[k] - want) / want;
    assert_true(chi2 < 45);
}

static void equal_seeds_give_equal_numbers(void **unused)
{
    struct rca_normal a, b, c, d;
    double together = 0;

    (void)unused;
    rca_normal_init(&a, 5, 1);
    rca_normal_init(&b, 5, 1);
    rca_normal_init(&c, 5, 2);
    rca_normal_init(&d, 6, 1);
    for (int i = 0; i < 10000; i++) {
        const double x = rca_normal_draw(&a);

        assert_true(!(fabs(x - rca_normal_draw(&b)) > 0));
        together += x * rca_normal_draw(&c) + x * rca_normal_draw(&d);
    }
    /* other streams and seeds are uncorrelated: sd of the sum sqrt(2 n) */
    assert_true(fabs(together) < 5 * sqrt(2 * 10000.));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_numbers_are_normal),
        cmocka_unit_test(they_fill_all_layers),
        cmocka_unit_test(equal_seeds_give_equal_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
