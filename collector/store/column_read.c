/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "collector/store/column.h"
#include "collector/store/column_form.h"
#include "collector/store/rice.h"
#include "collector/store/varint.h"

/*
 * Reading columns: nothing in the bytes is believed. The forms INT and XOR are
 * those of the first version and no longer written.
 */

#define BLOCK 32

/** Widest difference of a block, bits: one unaligned 8-byte load holds it
 * (57 + 7 = 64). */
#define WIDTH_MAX 57

/* @p has 8 readable bytes after the block. */
static void unpack(const uint8_t *p, unsigned width, int64_t min, int64_t *d,
                   size_t n)
{
    const uint64_t mask = (UINT64_C(1) << width) - 1;
    size_t bit = 0;

    for (size_t i = 0; i < n; i++, bit += width) {
        uint64_t u = rca_get64(p + bit / 8) >> (bit % 8) & mask;

        d[i] = (int64_t)(u + (uint64_t)min);
    }
}

static int read_block(struct rca_reader *r, int64_t *d, size_t n)
{
    uint8_t padded[BLOCK * WIDTH_MAX / 8 + 8] = {0};
    const uint8_t *from;
    size_t size;
    uint64_t min;
    unsigned width;

    if (rca_varint_get(r, &min) || r->p == r->end)
        return RCA_ECORRUPT;
    width = *r->p++;
    size = (n * width + 7) / 8;
    if (width > WIDTH_MAX || size > rca_reader_left(r))
        return RCA_ECORRUPT;

    from = r->p;
    if (size + 8 > rca_reader_left(r)) {
        memcpy(padded, from, size);
        from = padded;
    }
    unpack(from, width, rca_unzigzag(min), d, n);
    r->p += size;
    return 0;
}

static int read_blocks(struct rca_reader *r, int64_t *d, size_t n)
{
    for (size_t i = 0; i < n; i += BLOCK) {
        int err = read_block(r, d + i, n - i < BLOCK ? n - i : BLOCK);

        if (err)
            return err;
    }
    return 0;
}

/* k[i] += k[i - 1] from @from on, wrapping: hostile sums have no meaning */
static void running_sum(int64_t *k, size_t from, size_t n)
{
    for (size_t i = from; i < n; i++)
        k[i] = (int64_t)((uint64_t)k[i] + (uint64_t)k[i - 1]);
}

static void to_values(const int64_t *k, uint64_t first, unsigned shift,
                      double scale, double *ret, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ret[i] = (double)(int64_t)(((uint64_t)k[i] << shift) + first);
    for (size_t i = 0; scale != 1.0 && i < n; i++)
        ret[i] /= scale;
}

static int read_ints(struct rca_reader *r, unsigned order, double scale,
                     double *ret, size_t n)
{
    int64_t k[RCA_COLUMN_MAX];
    uint64_t first, slope = 0;
    size_t skip = order == ORDER_DELTA2 ? 2 : 1;
    unsigned shift;

    if (rca_varint_get(r, &first))
        return RCA_ECORRUPT;
    first = (uint64_t)rca_unzigzag(first);
    if (order == ORDER_SAME) {
        for (size_t i = 0; i < n; i++)
            ret[i] = (double)(int64_t)first / scale;
        return 0;
    }
    if (r->p == r->end || n < 2)
        return RCA_ECORRUPT;
    shift = *r->p++;
    if (shift > 63 || (order == ORDER_DELTA2 && rca_varint_get(r, &slope)))
        return RCA_ECORRUPT;

    k[0] = 0;
    k[1] = rca_unzigzag(slope);
    if (read_blocks(r, k + skip, n - skip))
        return RCA_ECORRUPT;
    if (order == ORDER_DELTA2)
        running_sum(k, 2, n);
    if (order != ORDER_VALUE)
        running_sum(k, 1, n);
    to_values(k, first, shift, scale, ret, n);
    return 0;
}

static int read_xor(struct rca_reader *r, double *ret, size_t n)
{
    struct rca_bit_reader b;
    unsigned lead = 0, size = 0;
    uint64_t last;

    if (rca_reader_left(r) < 8)
        return RCA_ECORRUPT;
    last = rca_get64(r->p);
    b = (struct rca_bit_reader){.p = r->p + 8, .end = r->end};
    ret[0] = rca_bits_double(last);
    for (size_t i = 1; i < n; i++) {
        if (rca_bits_get(&b, 1)) {
            if (rca_bits_get(&b, 1)) {
                lead = (unsigned)rca_bits_get(&b, 5);
                size = (unsigned)rca_bits_get(&b, 6) + 1;
            }
            if (!size || lead + size > 64)
                return RCA_ECORRUPT;
            last ^= rca_bits_get(&b, size) << (64 - lead - size);
        }
        ret[i] = rca_bits_double(last);
    }
    r->p = rca_bits_end(&b);
    return b.overrun ? RCA_ECORRUPT : 0;
}

static int read_raw(struct rca_reader *r, double *ret, size_t n, _Bool same)
{
    if (rca_reader_left(r) < (same ? 8 : n * 8))
        return RCA_ECORRUPT;
    for (size_t i = 0; i < n; i++)
        ret[i] = rca_bits_double(rca_get64(r->p + (same ? 0 : i * 8)));
    r->p += same ? 8 : n * 8;
    return 0;
}

/* --- Rice-coded --- */

/* struct coded - a Rice-coded column, its head read */
struct coded {
    uint64_t first, slope;
    unsigned shift;
    enum residual residual;
    _Bool bits;
};

static int read_coded_head(struct rca_reader *r, struct coded *c)
{
    if (c->bits) {
        if (rca_reader_left(r) < 8)
            return RCA_ECORRUPT;
        c->first = rca_get64(r->p);
        r->p += 8;
    } else {
        if (rca_varint_get(r, &c->first))
            return RCA_ECORRUPT;
        c->first = (uint64_t)rca_unzigzag(c->first);
    }
    if (r->p == r->end)
        return RCA_ECORRUPT;
    c->shift = *r->p++;
    if (c->residual == RESIDUAL_DELTA2) {
        if (rca_varint_get(r, &c->slope))
            return RCA_ECORRUPT;
        c->slope = (uint64_t)rca_unzigzag(c->slope);
    }
    return c->shift > 63 ? RCA_ECORRUPT : 0;
}

/* k[1] .. k[n - 1]: the sum of the moves up to there. */
static int read_moves(struct rca_bit_input *in, int64_t *k, size_t n)
{
    int64_t gaps[RCA_COLUMN_MAX], moves[RCA_COLUMN_MAX], now = 0;
    const uint64_t m = rca_bit_input_get(in, MOVES_BITS);
    size_t at = 1;

    if (m >= n || rca_rice_get(in, gaps, m) || rca_rice_get(in, moves, m))
        return RCA_ECORRUPT;
    for (size_t i = 0; i < m; i++) {
        if ((uint64_t)gaps[i] >= n - at)
            return RCA_ECORRUPT;
        for (int64_t still = gaps[i]; still > 0; still--)
            k[at++] = now;
        now = (int64_t)((uint64_t)now + (uint64_t)moves[i]);
        k[at++] = now;
    }
    while (at < n)
        k[at++] = now;
    return 0;
}

static int read_streams(struct rca_bit_input *in, const struct coded *c,
                        int64_t *k, size_t n)
{
    const size_t skip = c->residual == RESIDUAL_DELTA2 ? 2 : 1;

    k[0] = 0;
    if (c->residual == RESIDUAL_MOVES)
        return read_moves(in, k, n);
    if (n < skip)
        return RCA_ECORRUPT;
    if (skip == 2)
        k[1] = (int64_t)c->slope;
    if (rca_rice_get(in, k + skip, n - skip))
        return RCA_ECORRUPT;
    if (c->residual == RESIDUAL_DELTA2)
        running_sum(k, 2, n);
    if (c->residual != RESIDUAL_VALUE)
        running_sum(k, 1, n);
    return 0;
}

/* All bits are read and those that fill the last byte are zero. */
static _Bool is_used_up(const struct rca_bit_input *in)
{
    return in->bit <= in->end && in->end - in->bit < 8 &&
           (in->bit == in->end || in->at[in->bit / 8] >> (in->bit % 8) == 0);
}

static int read_rice(struct rca_reader *r, struct coded *c, double scale,
                     double *ret, size_t n)
{
    uint8_t padded[RCA_COLUMN_MAX * 8 + RCA_BIT_PAD];
    struct rca_bit_input in = {.at = padded};
    int64_t k[RCA_COLUMN_MAX];
    size_t left;

    if (n < 2 || read_coded_head(r, c))
        return RCA_ECORRUPT;
    left = rca_reader_left(r);
    if (left > n * 8)
        return RCA_ECORRUPT; /* raw would have been shorter */
    memcpy(padded, r->p, left);
    memset(padded + left, 0, RCA_BIT_PAD);
    in.end = left * 8;
    if (read_streams(&in, c, k, n) || !is_used_up(&in))
        return RCA_ECORRUPT;
    r->p = r->end;
    if (!c->bits) {
        to_values(k, c->first, c->shift, scale, ret, n);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        ret[i] = rca_bits_double(((uint64_t)k[i] << c->shift) + c->first);
    return 0;
}

static int check_finite(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return RCA_ECORRUPT;
    }
    return 0;
}

/* The first version's; and what each of them leaves of the first byte. */
static int read_first(struct rca_reader *r, unsigned head, double *ret,
                      size_t n)
{
    if ((head & 3) == FORM_INT)
        return read_ints(r, head >> 2 & 3, rca_power(head >> 4), ret, n);
    if (head >> 2)
        return RCA_ECORRUPT;
    return head == FORM_XOR ? read_xor(r, ret, n)
                            : read_raw(r, ret, n, head == FORM_SAME);
}

static _Bool is_rice(unsigned head, struct coded *ret)
{
    const unsigned order = head >> 2 & 3, rest = head >> 4;

    *ret = (struct coded){.bits = (head & 3) == FORM_XOR};
    switch ((enum form)(head & 3)) {
    case FORM_XOR:
        ret->residual = (enum residual)rest;
        return order == 1 && rest < RESIDUAL_COUNT;
    case FORM_RAW:
        ret->residual = (enum residual)(order - 1);
        return order > 0;
    case FORM_SAME:
        ret->residual = RESIDUAL_MOVES;
        return order == 1;
    case FORM_INT:
        break;
    }
    return 0;
}

int rca_column_decode(const uint8_t *buf, size_t len, double *ret_values,
                      size_t n)
{
    struct rca_reader r = {buf, buf + len};
    struct coded coded;
    unsigned head;
    int err;

    if (len == 0 || n == 0 || n > RCA_COLUMN_MAX)
        return RCA_ECORRUPT;
    head = *r.p++;
    if (is_rice(head, &coded))
        err = read_rice(&r, &coded, rca_power(coded.bits ? 0 : head >> 4),
                        ret_values, n);
    else
        err = read_first(&r, head, ret_values, n);
    if (!err && (head & 3) != FORM_INT)
        err = check_finite(ret_values, n);
    return err || r.p == r.end ? err : RCA_ECORRUPT;
}
