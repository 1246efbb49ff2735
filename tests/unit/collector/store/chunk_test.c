/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/chunk.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

enum { TICKS = 240, COLUMNS = 7 };

static const rca_id ids[COLUMNS] = {0, 1, 5, 6, 300, 70000, 4294967294};

static double *column_of(double x[COLUMNS * TICKS], size_t c)
{
    return x + c * TICKS;
}

/* Columns: full, a run, a bitmap, the same bitmap, another, one value, none. */
static void fill(double x[COLUMNS * TICKS], uint64_t *seed)
{
    for (size_t t = 0; t < TICKS; t++) {
        _Bool shared = test_random(seed) < 0.5;

        for (size_t c = 0; c < COLUMNS; c++)
            column_of(x, c)[t] = floor(test_random(seed) * 100) / 10;
        if (t < 30 || t >= 200)
            column_of(x, 1)[t] = (double)NAN;
        if (shared)
            column_of(x, 2)[t] = column_of(x, 3)[t] = (double)NAN;
        if (t % 3)
            column_of(x, 4)[t] = (double)NAN;
        if (t != 17)
            column_of(x, 5)[t] = (double)NAN;
        column_of(x, 6)[t] = (double)NAN;
    }
}

static void assert_same(const double *got, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(want[i]))
            assert_nan(got[i]);
        else
            assert_memory_equal(&got[i], &want[i], sizeof(*got));
    }
}

static void columns_with_gaps_come_back(void **state)
{
    uint64_t seed = test_seed();
    struct rca_buf out RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_chunk_column column = {0};
    double x[COLUMNS * TICKS], back[TICKS];
    struct rca_chunk chunk;
    size_t c = 0;

    (void)state;
    fill(x, &seed);
    assert_ok(rca_chunk_encode(ids, COLUMNS, x, TICKS, &out));
    assert_ok(rca_chunk_open((const uint8_t *)out.text, out.len, &chunk));
    assert_int_equal(chunk.n_ticks, TICKS);
    assert_int_equal(chunk.n_series, COLUMNS);
    for (; rca_chunk_next(&chunk, &column); c++) {
        assert_int_equal(column.series, ids[c]);
        assert_ok(rca_chunk_read(&chunk, &column, back));
        assert_same(back, column_of(x, c), TICKS);
    }
    assert_int_equal(c, COLUMNS);
}

static void one_series_is_read_alone(void **state)
{
    uint64_t seed = test_seed();
    struct rca_buf out RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_chunk_column column;
    double x[COLUMNS * TICKS], back[TICKS];
    struct rca_chunk chunk;

    (void)state;
    fill(x, &seed);
    assert_ok(rca_chunk_encode(ids, COLUMNS, x, TICKS, &out));
    assert_ok(rca_chunk_open((const uint8_t *)out.text, out.len, &chunk));
    assert_true(rca_chunk_find(&chunk, 6, &column));
    assert_ok(rca_chunk_read(&chunk, &column, back));
    assert_same(back, column_of(x, 3), TICKS);
    assert_false(rca_chunk_find(&chunk, 7, &column));
}

static void flip(struct rca_buf *b, size_t bit)
{
    b->text[bit / 8] = (char)(b->text[bit / 8] ^ (1 << (bit % 8)));
}

static void a_flipped_bit_is_found(void **state)
{
    uint64_t seed = test_seed();
    struct rca_buf out RCA_CLEANUP(rca_buf_done) = {0};
    double x[COLUMNS * TICKS];
    struct rca_chunk chunk;

    (void)state;
    fill(x, &seed);
    assert_ok(rca_chunk_encode(ids, COLUMNS, x, TICKS, &out));
    for (size_t bit = 0; bit < out.len * 8; bit++) {
        flip(&out, bit);
        assert_err(rca_chunk_open((const uint8_t *)out.text, out.len, &chunk),
                   RCA_ECORRUPT);
        flip(&out, bit);
    }
}

static void a_truncated_chunk_is_found(void **state)
{
    uint64_t seed = test_seed();
    struct rca_buf out RCA_CLEANUP(rca_buf_done) = {0};
    double x[COLUMNS * TICKS];
    struct rca_chunk chunk;

    (void)state;
    fill(x, &seed);
    assert_ok(rca_chunk_encode(ids, COLUMNS, x, TICKS, &out));
    for (size_t len = 0; len < out.len; len++)
        assert_err(rca_chunk_open((const uint8_t *)out.text, len, &chunk),
                   RCA_ECORRUPT);
}

/* Right sums, wrong contents: no crash, no read past the end (sanitizers). */
static void hostile_bytes_with_a_right_sum_do_no_harm(void **state)
{
    uint64_t seed = test_seed();
    struct rca_buf out RCA_CLEANUP(rca_buf_done) = {0};
    double x[COLUMNS * TICKS], back[RCA_CHUNK_TICKS_MAX];
    struct rca_chunk chunk;
    uint8_t *bytes;
    size_t opened = 0;

    (void)state;
    fill(x, &seed);
    assert_ok(rca_chunk_encode(ids, COLUMNS, x, TICKS, &out));
    bytes = malloc(out.len);
    for (int round = 0; round < 20000; round++) {
        struct rca_chunk_column column = {0};
        uint32_t sum;

        memcpy(bytes, out.text, out.len);
        for (int i = 0; i < 1 + round % 3; i++)
            bytes[(size_t)(test_random(&seed) * (double)(out.len - 4))] =
                (uint8_t)(test_random(&seed) * 256);
        sum = rca_chunk_sum(bytes, out.len - 4);
        memcpy(bytes + out.len - 4, &sum, 4);
        if (rca_chunk_open(bytes, out.len, &chunk))
            continue;
        opened++;
        while (rca_chunk_next(&chunk, &column)) {
            int err = rca_chunk_read(&chunk, &column, back);

            assert_true(err == 0 || err == RCA_ECORRUPT);
        }
    }
    assert_true(opened > 1000);
    free(bytes);
}

static void every_failed_allocation_is_reported(void **state)
{
    uint64_t seed = test_seed();
    double x[COLUMNS * TICKS];
    int err = -1;

    (void)state;
    fill(x, &seed);
    for (long n = 0; err; n++) {
        struct rca_buf out RCA_CLEANUP(rca_buf_done) = {0};

        oom_after(n);
        err = rca_chunk_encode(ids, COLUMNS, x, TICKS, &out);
        assert_int_equal(err, oom_hit() ? -ENOMEM : 0);
        oom_after(-1);
    }
}

static void assert_grid(const rca_time *times, size_t n, size_t bytes)
{
    struct rca_buf out RCA_CLEANUP(rca_buf_done) = {0};
    rca_time back[RCA_CHUNK_TICKS_MAX];
    size_t m;

    rca_grid_encode(times, n, &out);
    assert_int_equal(out.len, bytes);
    assert_ok(rca_grid_decode((const uint8_t *)out.text, out.len, back, &m));
    assert_int_equal(m, n);
    assert_memory_equal(back, times, n * sizeof(*times));
    for (size_t len = 0; len < out.len; len++)
        assert_err(rca_grid_decode((const uint8_t *)out.text, len, back, &m),
                   RCA_ECORRUPT);
}

static void grids_regular_or_not_come_back(void **state)
{
    const rca_time start = INT64_C(1700000000) * RCA_SECOND;
    rca_time times[240];

    (void)state;
    for (int i = 0; i < 240; i++)
        times[i] = start + i * RCA_SECOND;
    assert_grid(times, 1, 8 + 1);
    assert_grid(times, 2, 8 + 1 + 5); /* 1e9 takes 30 bits: 5 bytes */
    assert_grid(times, 240, 8 + 2 + 5);
    times[239]++;
    assert_grid(times, 240, 8 + 2 + 1 + 239 * 5);
}

static void times_that_overflow_are_refused(void **state)
{
    uint8_t in[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 2, 1};
    rca_time times[RCA_CHUNK_TICKS_MAX];
    size_t n;

    (void)state;
    assert_err(rca_grid_decode(in, sizeof(in), times, &n), RCA_ECORRUPT);
    in[7] = 0x6f;
    assert_ok(rca_grid_decode(in, sizeof(in), times, &n));
    assert_int_equal(n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_with_gaps_come_back),
        cmocka_unit_test(one_series_is_read_alone),
        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(a_truncated_chunk_is_found),
        cmocka_unit_test(hostile_bytes_with_a_right_sum_do_no_harm),
        cmocka_unit_test(every_failed_allocation_is_reported),
        cmocka_unit_test(grids_regular_or_not_come_back),
        cmocka_unit_test(times_that_overflow_are_refused),
    };

    return cmocka_run_group_tests_name("chunk", tests, NULL, NULL);
}
