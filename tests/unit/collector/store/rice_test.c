/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/rice.h"

#include <math.h>
#include <string.h>

#include "tests/harness/test.h"

enum { ROOM = (RCA_RICE_MAX * RCA_RICE_WORST + RCA_RICE_HEAD) / 8 + 16 };

/* Bits written; the stream must come back, and not when a byte is missing. */
static size_t there_and_back(const int64_t *x, size_t n,
                             const struct rca_rice *plan)
{
    static uint8_t out[ROOM + RCA_BIT_PAD];
    struct rca_bit_writer w = {.p = out};
    struct rca_bit_input in = {.at = out};
    int64_t back[RCA_RICE_MAX];

    memset(out, 0, sizeof(out));
    rca_rice_put(&w, x, n, plan);
    in.end = (size_t)(w.p - out) * 8 + w.held;
    (void)rca_bits_flush(&w);
    assert_true(in.end <= RCA_RICE_HEAD + n * RCA_RICE_WORST);
    assert_ok(rca_rice_get(&in, back, n));
    assert_int_equal(in.bit, in.end);
    assert_memory_equal(back, x, n * sizeof(*x));
    in.bit = 0;
    in.end = in.end > 8 ? in.end - 8 : 0;
    assert_err(rca_rice_get(&in, back, n), -1);
    return in.end + 8;
}

static size_t best(const int64_t *x, size_t n)
{
    struct rca_rice plan;

    rca_rice_plan(x, n, &plan);
    rca_rice_above(x, n, &plan);
    return there_and_back(x, n, &plan);
}

/* 2, 3, 5 above 2 with k = 0: 0 -> 1, 1 -> 01, 3 -> 0001; head 13 bits, centre
 * 2 folds to 4: 3 bits. */
static void a_stream_by_hand(void **state)
{
    const int64_t x[] = {2, 3, 5};
    const struct rca_rice plan = {.centre = 2, .k = 0};

    (void)state;
    assert_int_equal(there_and_back(x, 3, &plan), 13 + 3 + 1 + 2 + 4);
}

static void all_the_same_costs_its_head(void **state)
{
    int64_t x[RCA_RICE_MAX] = {0};

    (void)state;
    assert_int_equal(best(x, RCA_RICE_MAX), 13);
    for (size_t i = 0; i < RCA_RICE_MAX; i++)
        x[i] = -3; /* folds to 5 */
    assert_int_equal(best(x, RCA_RICE_MAX), 13 + 3);
}

static void the_least_and_the_greatest_come_back(void **state)
{
    const int64_t x[] = {INT64_MIN, INT64_MAX, 0, -1, INT64_MIN, 1, INT64_MAX};

    (void)state;
    best(x, RCA_ARRAY_SIZE(x));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(x); i++)
        best(x + i, 1);
    assert_int_equal(best(x, 0), 13);
}

/* About geometric with mean m: entropy log2(e m) bits; Rice's parameter costs
 * at most 0.03 bits more on average, its head and the estimate some more. */
static void geometric_numbers_cost_about_their_entropy(void **state)
{
    uint64_t seed = test_seed();
    int64_t x[RCA_RICE_MAX];

    (void)state;
    for (int power = 1; power < 12; power++) {
        const double mean = pow(10, power);

        for (size_t i = 0; i < RCA_RICE_MAX; i++)
            x[i] = (int64_t)floor(-log(1 - test_random(&seed)) * mean);
        assert_true((double)best(x, RCA_RICE_MAX) <
                    RCA_RICE_MAX * (log2(M_E * (mean + 1)) + 0.25));
    }
}

static void every_parameter_comes_back(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    for (unsigned k = 0; k < 63; k++) {
        for (unsigned width = 1; width < 64; width++) {
            struct rca_rice plan = {.k = k, .is_signed = width % 2};
            int64_t x[8];

            for (size_t i = 0; i < 8; i++)
                x[i] =
                    (int64_t)(ldexp(test_random(&seed), (int)width) * 0.999) >>
                    (i % 3);
            there_and_back(x, 8, &plan);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_by_hand),
        cmocka_unit_test(all_the_same_costs_its_head),
        cmocka_unit_test(the_least_and_the_greatest_come_back),
        cmocka_unit_test(geometric_numbers_cost_about_their_entropy),
        cmocka_unit_test(every_parameter_comes_back),
    };

    return cmocka_run_group_tests_name("rice", tests, NULL, NULL);
}
