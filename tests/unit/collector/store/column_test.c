/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/column.h"

#include <float.h>
#include <string.h>

#include "tests/harness/test.h"

static uint64_t bits_of(double x)
{
    uint64_t u;

    memcpy(&u, &x, sizeof(u));
    return u;
}

/* Encode, decode from a block of the exact size, compare bit for bit; the
 * size of the encoding. */
static size_t there_and_back(const double *x, size_t n)
{
    uint8_t *out = malloc(RCA_COLUMN_BOUND(n));
    size_t len = rca_column_encode(x, n, out);
    double *back = malloc((n ? n : 1) * sizeof(*back));
    uint8_t *exact;

    assert_non_null(back);
    assert_true(len <= RCA_COLUMN_BOUND(n));
    exact = realloc(out, len);
    assert_non_null(exact);
    assert_ok(rca_column_decode(exact, len, back, n));
    for (size_t i = 0; i < n; i++)
        assert_int_equal(bits_of(back[i]), bits_of(x[i]));
    free(back);
    free(exact);
    return len;
}

static void a_constant_costs_two_bytes(void **state)
{
    double x[240];

    (void)state;
    for (size_t i = 0; i < 240; i++)
        x[i] = 0;
    assert_int_equal(there_and_back(x, 240), 2);
    assert_int_equal(there_and_back(x, 1), 2);
    for (size_t i = 0; i < 240; i++)
        x[i] = -0.0;
    assert_int_equal(there_and_back(x, 240), 9);
    for (size_t i = 0; i < 240; i++)
        x[i] = 0.25;
    assert_int_equal(there_and_back(x, 240), 2);
}

/* Second differences are all zero: head, first, shift, slope, then 13 bits that
 * say so. */
static void a_line_costs_a_few_bytes(void **state)
{
    double x[240];

    (void)state;
    for (size_t i = 0; i < 240; i++)
        x[i] = 7.0 * (double)i + 5;
    assert_true(there_and_back(x, 240) <= 6);
}

static void a_counter_of_nanoseconds_costs_its_jitter(void **state)
{
    uint64_t seed = test_seed();
    int64_t ns = INT64_C(1234567890123);
    double x[240];

    (void)state;
    for (size_t i = 0; i < 240; i++) {
        ns += 5000000 + (int64_t)(test_random(&seed) * 1024);
        x[i] = (double)ns / 1e9;
    }
    /* 10 bits a step and some */
    assert_true(there_and_back(x, 240) < 240 * 11 / 8 + 60);
}

static void multiples_of_a_page_cost_no_low_bits(void **state)
{
    uint64_t seed = test_seed();
    double x[240];

    (void)state;
    for (size_t i = 0; i < 240; i++)
        x[i] = 1e9 * 4096 + 4096 * floor(test_random(&seed) * 16);
    assert_true(there_and_back(x, 240) < 240 * 4 / 8 + 40);
}

static void a_rare_jump_is_cheap(void **state)
{
    double x[240];

    (void)state;
    for (size_t i = 0; i < 240; i++)
        x[i] = i < 100 ? 1e14 / 3 : 2e14 / 7;
    assert_true(there_and_back(x, 240) < 60);
}

static void odd_numbers_come_back_bit_for_bit(void **state)
{
    static const double odd[] = {
        0.0,     -0.0,     DBL_MIN,       -DBL_MIN,  DBL_TRUE_MIN,
        DBL_MAX, -DBL_MAX, 0x1p51,        0x1p52,    0x1p53,
        0.1,     0.1 + 1,  -0x1.8p51,     1e15,      1e-15,
        1e22,    1.0 / 3,  -2251799813e3, 0x1p-1040, 123456789.123456789,
    };
    const size_t n = RCA_ARRAY_SIZE(odd);

    (void)state;
    there_and_back(odd, n);
    for (size_t i = 0; i < n; i++) {
        there_and_back(odd + i, 1);
        for (size_t j = 0; j < n; j++)
            there_and_back((double[]){odd[i], odd[j]}, 2);
    }
}

/* One value of the kind @shape; all forms and orders are reached. */
static double draw(unsigned shape, size_t i, double last, uint64_t *seed)
{
    double u = test_random(seed);

    switch (shape) {
    case 0:
        return last + floor(u * 1000);
    case 1:
        return floor(u * 1e6) / 1e3;
    case 2:
        return u;
    case 3:
        return u < 0.9 ? last : u * 1e300;
    case 4:
        return (double)i * 1e9 + floor(u * 3);
    case 5:
        return ldexp(u - 0.5, (int)(test_random(seed) * 2000) - 1000);
    case 6:
        return -0.0 * u;
    default:
        return floor((u - 0.5) * 0x1p50);
    }
}

static void random_columns_come_back_bit_for_bit(void **state)
{
    uint64_t seed = test_seed();
    double x[RCA_COLUMN_MAX];

    (void)state;
    for (unsigned round = 0; round < 4000; round++) {
        size_t n = 1 + (size_t)(test_random(&seed) *
                                (round % 50 ? 100 : RCA_COLUMN_MAX - 1));

        for (size_t i = 0; i < n; i++)
            x[i] = draw(round % 8, i, i ? x[i - 1] : 0, &seed);
        there_and_back(x, n);
    }
}

/* Each prefix, and each with a byte too many, is not the column. */
static void a_column_of_another_length_is_refused(void **state)
{
    uint64_t seed = test_seed();
    double x[100], back[100];
    uint8_t out[RCA_COLUMN_BOUND(100)];

    (void)state;
    for (unsigned shape = 0; shape < 8; shape++) {
        size_t len;

        for (size_t i = 0; i < 100; i++)
            x[i] = draw(shape, i, i ? x[i - 1] : 0, &seed);
        len = rca_column_encode(x, 100, out);
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *exact = malloc(cut ? cut : 1);

            memcpy(exact, out, cut);
            assert_err(rca_column_decode(exact, cut, back, 100), RCA_ECORRUPT);
            free(exact);
        }
        out[len] = 0;
        assert_err(rca_column_decode(out, len + 1, back, 100), RCA_ECORRUPT);
    }
}

/* A gap is not a number: what decodes to NaN or infinity is damage. */
static void not_a_number_is_refused(void **state)
{
    uint8_t same[9] = {3}, raw[9] = {2},
            xor[9] = {
                1};
    double nan = (double)NAN, inf = (double)INFINITY, back;

    (void)state;
    memcpy(same + 1, &nan, 8);
    memcpy(raw + 1, &inf, 8);
    memcpy(xor+1, &nan, 8);
    assert_err(rca_column_decode(same, 9, &back, 1), RCA_ECORRUPT);
    assert_err(rca_column_decode(raw, 9, &back, 1), RCA_ECORRUPT);
    assert_err(rca_column_decode(xor, 9, &back, 1), RCA_ECORRUPT);
}

/* A whole block of 57 bits ends where the input does. */
static void widths_over_57_bits_are_refused(void **state)
{
    uint8_t in[4 + 64] = {0, 0, 0, 0, 58};
    double back[2];

    (void)state;
    assert_err(rca_column_decode(in, 5 + 8, back, 2), RCA_ECORRUPT);
    in[4] = 57;
    in[0] = 0; /* INT, order 0: head, first, shift, least, width */
    assert_ok(rca_column_decode(in, 5 + 8, back, 2));
    in[2] = 64;
    assert_err(rca_column_decode(in, 5 + 8, back, 2), RCA_ECORRUPT);
}

/* Written by version 1 of the format: INT of each order, and XOR. */
static void columns_of_version_1_are_read(void **state)
{
    static const uint8_t value[] = {0x10, 0x00, 0x00, 0x00, 0x04, 0x84, 0x51,
                                    0x29, 0xa6, 0x73, 0x40, 0x18, 0x95, 0x62,
                                    0x3a, 0x07, 0x84, 0x51, 0x29, 0xa6, 0x73,
                                    0x00, 0x04, 0x40, 0x18, 0x95, 0x02};
    static const uint8_t delta[] = {0x04, 0xd0, 0x0f, 0x00, 0x0a, 0x02,
                                    0xcf, 0xf3, 0x3c, 0xcf, 0xf3, 0x3c,
                                    0xcf, 0xf3, 0x0a, 0x02, 0x3c, 0x0f};
    static const uint8_t delta2[] = {0x08, 0xd0, 0x0f, 0x00, 0x06,
                                     0x0c, 0x00, 0x0c, 0x00};
    static const uint8_t xor [] = {0x01, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
                                   0xd5, 0x3f, 0xc0, 0x4d, 0x3e, 0x8e, 0xe3,
                                   0x38, 0x8e, 0xe3, 0x38, 0x00};
    double x[40];

    (void)state;
    assert_ok(rca_column_decode(value, sizeof(value), x, 40));
    for (int i = 0; i < 40; i++)
        assert_true(x[i] == (i * 37 % 11) / 10.0);
    assert_ok(rca_column_decode(delta, sizeof(delta), x, 40));
    for (int i = 0; i < 40; i++)
        assert_true(x[i] == 1000 + i * 7 + i * 37 % 3);
    assert_ok(rca_column_decode(delta2, sizeof(delta2), x, 40));
    for (int i = 0; i < 40; i++)
        assert_true(x[i] == 1000 + i * i * 3);
    assert_ok(rca_column_decode(xor, sizeof(xor), x, 12));
    for (int i = 0; i < 12; i++)
        assert_true(x[i] == (i < 7 ? 1.0 / 3 : 2.0 / 7));
}

/* A move where there is no tick any more. */
static void moves_past_the_end_are_refused(void **state)
{
    const double x[] = {0, 0, 0, 0, 0, 0, 0, 5};
    uint8_t out[RCA_COLUMN_BOUND(8)];
    size_t len = rca_column_encode(x, 8, out);
    double back[8];

    (void)state;
    assert_ok(rca_column_decode(out, len, back, 8));
    assert_err(rca_column_decode(out, len, back, 7), RCA_ECORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_costs_two_bytes),
        cmocka_unit_test(a_line_costs_a_few_bytes),
        cmocka_unit_test(a_counter_of_nanoseconds_costs_its_jitter),
        cmocka_unit_test(multiples_of_a_page_cost_no_low_bits),
        cmocka_unit_test(a_rare_jump_is_cheap),
        cmocka_unit_test(odd_numbers_come_back_bit_for_bit),
        cmocka_unit_test(random_columns_come_back_bit_for_bit),
        cmocka_unit_test(a_column_of_another_length_is_refused),
        cmocka_unit_test(columns_of_version_1_are_read),
        cmocka_unit_test(moves_past_the_end_are_refused),
        cmocka_unit_test(not_a_number_is_refused),
        cmocka_unit_test(widths_over_57_bits_are_refused),
    };

    return cmocka_run_group_tests_name("column", tests, NULL, NULL);
}
