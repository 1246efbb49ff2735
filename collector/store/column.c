/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/column.h"

#include <endian.h>
#include <math.h>
#include <string.h>

#include "collector/store/bits.h"
#include "collector/store/varint.h"

/*
 * Collected series are mostly counters: integers, or nanoseconds and hundredths
 * written as decimal fractions. As integers they cost a few bits each; what no
 * decimal fraction gives back exactly goes the way of XOR. Every value is
 * checked bit for bit when it is encoded, so -0.0 (which has no integer) and
 * subnormals are safe by construction.
 */

enum form { FORM_INT, FORM_XOR, FORM_RAW, FORM_SAME };

enum order { ORDER_VALUE, ORDER_DELTA, ORDER_DELTA2, ORDER_SAME };

#define BLOCK 32

/** An integer this large times 10^e is still rounded to the right one: half a
 * unit in the last place of a product below 2^51 is under 1/4. */
#define INT_LIMIT 0x1p51

/** Widest difference of a block, bits: one unaligned 8-byte load holds it
 * (57 + 7 = 64). Second differences of INT_LIMIT have at most 55. */
#define WIDTH_MAX 57

static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

struct ints {
    int64_t k[RCA_COLUMN_MAX]; /* above the first, shifted */
    int64_t first;
    unsigned decimals, shift;
};

static uint64_t bits_of(double x)
{
    uint64_t u;

    memcpy(&u, &x, sizeof(u));
    return u;
}

static double of_bits(uint64_t u)
{
    double x;

    memcpy(&x, &u, sizeof(x));
    return x;
}

static void put64(uint64_t u, uint8_t *out)
{
    u = htole64(u);
    memcpy(out, &u, sizeof(u));
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t u;

    memcpy(&u, p, sizeof(u));
    return le64toh(u);
}

/* Adding and taking away 1.5 * 2^52 rounds to the nearest integer, inline. */
static _Bool is_decimal(double x, unsigned decimals, int64_t *ret)
{
    const double magic = 0x1.8p52;
    double y = x * powers[decimals];

    if (!(fabs(y) < INT_LIMIT))
        return 0;
    y = (y + magic) - magic;
    if (bits_of(decimals ? y / powers[decimals] : y) != bits_of(x))
        return 0;
    *ret = (int64_t)y;
    /* -0.0 passes the test above, and no integer is it */
    return *ret || !signbit(x);
}

static _Bool fit_all(const double *x, size_t n, struct ints *s)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_decimal(x[i], s->decimals, &s->k[i]))
            return 0;
    }
    return 1;
}

/* The fewest decimals that every value has; those of the first values only
 * grow, so that a second pass is rare. */
static _Bool to_ints(const double *x, size_t n, struct ints *s)
{
    uint64_t any = 0;

    s->decimals = 0;
    for (size_t i = 0; i < n; i++) {
        while (!is_decimal(x[i], s->decimals, &s->k[i])) {
            if (++s->decimals == RCA_ARRAY_SIZE(powers))
                return 0;
        }
    }
    if (s->decimals && !fit_all(x, n, s))
        return 0;

    s->first = s->k[0];
    for (size_t i = 0; i < n; i++) {
        s->k[i] -= s->first;
        any |= (uint64_t)s->k[i];
    }
    s->shift = any ? (unsigned)__builtin_ctzll(any) : 0;
    for (size_t i = 0; s->shift && i < n; i++)
        s->k[i] >>= s->shift; /* exact: all low bits are zero */
    return 1;
}

static unsigned width_of(uint64_t u)
{
    return u ? 64 - (unsigned)__builtin_clzll(u) : 0;
}

static void range_of(const int64_t *d, size_t n, int64_t *min, uint64_t *span)
{
    int64_t low = d[0], high = d[0];

    for (size_t i = 1; i < n; i++) {
        low = d[i] < low ? d[i] : low;
        high = d[i] > high ? d[i] : high;
    }
    *min = low;
    *span = (uint64_t)high - (uint64_t)low;
}

static size_t varint_size(uint64_t u)
{
    return (width_of(u | 1) + 6) / 7;
}

static size_t blocks_size(const int64_t *d, size_t n)
{
    size_t size = 0;

    for (size_t i = 0; i < n; i += BLOCK) {
        size_t m = n - i < BLOCK ? n - i : BLOCK;
        uint64_t span;
        int64_t min;

        range_of(d + i, m, &min, &span);
        size += 1 + varint_size(rca_zigzag(min)) + (m * width_of(span) + 7) / 8;
    }
    return size;
}

static size_t blocks_write(const int64_t *d, size_t n, uint8_t *out)
{
    uint8_t *p = out;

    for (size_t i = 0; i < n; i += BLOCK) {
        size_t m = n - i < BLOCK ? n - i : BLOCK;
        struct rca_bit_writer w;
        uint64_t span;
        int64_t min;
        unsigned width;

        range_of(d + i, m, &min, &span);
        width = width_of(span);
        p += rca_varint_write(rca_zigzag(min), p);
        *p++ = (uint8_t)width;
        w = (struct rca_bit_writer){.p = p};
        for (size_t j = 0; width && j < m; j++)
            rca_bits_put(&w, (uint64_t)d[i + j] - (uint64_t)min, width);
        p = rca_bits_flush(&w);
    }
    return (size_t)(p - out);
}

static uint8_t head_byte(enum form form, enum order order, unsigned decimals)
{
    return (uint8_t)(form | (unsigned)order << 2 | decimals << 4);
}

static size_t write_ints(const struct ints *s, size_t n, uint8_t *out)
{
    int64_t delta[RCA_COLUMN_MAX], delta2[RCA_COLUMN_MAX];
    const int64_t *from[] = {s->k + 1, delta + 1, delta2 + 2};
    size_t best = 0, best_size = SIZE_MAX;
    uint8_t *p = out + 1;

    delta[0] = 0;
    for (size_t i = 1; i < n; i++)
        delta[i] = s->k[i] - s->k[i - 1];
    for (size_t i = 2; i < n; i++)
        delta2[i] = delta[i] - delta[i - 1];

    for (size_t order = 0; order < 3; order++) {
        size_t skip = order == ORDER_DELTA2 ? 2 : 1;
        size_t size = n > skip ? blocks_size(from[order], n - skip) : 0;

        if (order == ORDER_DELTA2)
            size += varint_size(rca_zigzag(delta[1]));
        if (size < best_size) {
            best_size = size;
            best = order;
        }
    }

    out[0] = head_byte(FORM_INT, (enum order)best, s->decimals);
    p += rca_varint_write(rca_zigzag(s->first), p);
    *p++ = (uint8_t)s->shift;
    if (best == ORDER_DELTA2)
        p += rca_varint_write(rca_zigzag(delta[1]), p);
    p += blocks_write(from[best], n - (best == ORDER_DELTA2 ? 2 : 1), p);
    return (size_t)(p - out);
}

/* Give up as soon as it is no better than @limit bytes. */
static size_t write_xor(const double *x, size_t n, size_t limit, uint8_t *out)
{
    struct rca_bit_writer w = {.p = out + 1};
    uint64_t last = bits_of(x[0]);
    unsigned lead = 64, trail = 0; /* no window yet */

    out[0] = head_byte(FORM_XOR, ORDER_VALUE, 0);
    put64(last, w.p);
    w.p += 8;
    for (size_t i = 1; i < n; i++) {
        uint64_t now = bits_of(x[i]), diff = now ^ last;

        last = now;
        if ((size_t)(w.p - out) >= limit)
            return SIZE_MAX;
        if (!diff) {
            rca_bits_put(&w, 0, 1);
            continue;
        }
        unsigned l = (unsigned)__builtin_clzll(diff);
        unsigned t = (unsigned)__builtin_ctzll(diff);

        l = l > 31 ? 31 : l;
        if (lead < 64 && l >= lead && t >= trail) {
            rca_bits_put(&w, 1, 2);
        } else {
            lead = l;
            trail = t;
            rca_bits_put(&w, 3, 2);
            rca_bits_put(&w, lead, 5);
            rca_bits_put(&w, 63 - lead - trail, 6);
        }
        rca_bits_put(&w, diff >> trail, 64 - lead - trail);
    }
    return (size_t)(rca_bits_flush(&w) - out);
}

static size_t write_raw(const double *x, size_t n, uint8_t *out)
{
    out[0] = head_byte(FORM_RAW, ORDER_VALUE, 0);
    for (size_t i = 0; i < n; i++)
        put64(bits_of(x[i]), out + 1 + i * 8);
    return 1 + n * 8;
}

static _Bool all_same(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (bits_of(x[i]) != bits_of(x[0]))
            return 0;
    }
    return 1;
}

static size_t write_same(double x, uint8_t *out)
{
    int64_t m = 0;

    for (unsigned e = 0; e < RCA_ARRAY_SIZE(powers); e++) {
        if (!is_decimal(x, e, &m))
            continue;
        if (varint_size(rca_zigzag(m)) >= 8)
            break;
        out[0] = head_byte(FORM_INT, ORDER_SAME, e);
        return 1 + rca_varint_write(rca_zigzag(m), out + 1);
    }
    out[0] = head_byte(FORM_SAME, ORDER_VALUE, 0);
    put64(bits_of(x), out + 1);
    return 9;
}

size_t rca_column_encode(const double *values, size_t n, uint8_t *out)
{
    uint8_t other[RCA_COLUMN_BOUND(RCA_COLUMN_MAX)];
    size_t best = 1 + n * 8, size;
    /* a bit a value and the first one: no XOR is shorter */
    const size_t xor_least = 9 + (n + 6) / 8;
    struct ints s;

    assert(n > 0 && n <= RCA_COLUMN_MAX);
    if (all_same(values, n))
        return write_same(values[0], out);

    if (!to_ints(values, n, &s)) {
        size = write_xor(values, n, best, out);
        return size < best ? size : write_raw(values, n, out);
    }
    best = write_ints(&s, n, out);
    if (best <= xor_least)
        return best;
    size = write_xor(values, n, best, other);
    if (size < best) {
        memcpy(out, other, size);
        best = size;
    }
    return best;
}

/* --- reading: nothing in the bytes is believed --- */

/* @p has 8 readable bytes after the block. */
static void unpack(const uint8_t *p, unsigned width, int64_t min, int64_t *d,
                   size_t n)
{
    const uint64_t mask = (UINT64_C(1) << width) - 1;
    size_t bit = 0;

    for (size_t i = 0; i < n; i++, bit += width) {
        uint64_t u = get64(p + bit / 8) >> (bit % 8) & mask;

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
    last = get64(r->p);
    b = (struct rca_bit_reader){.p = r->p + 8, .end = r->end};
    ret[0] = of_bits(last);
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
        ret[i] = of_bits(last);
    }
    r->p = rca_bits_end(&b);
    return b.overrun ? RCA_ECORRUPT : 0;
}

static int read_raw(struct rca_reader *r, double *ret, size_t n, _Bool same)
{
    if (rca_reader_left(r) < (same ? 8 : n * 8))
        return RCA_ECORRUPT;
    for (size_t i = 0; i < n; i++)
        ret[i] = of_bits(get64(r->p + (same ? 0 : i * 8)));
    r->p += same ? 8 : n * 8;
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

int rca_column_decode(const uint8_t *buf, size_t len, double *ret_values,
                      size_t n)
{
    struct rca_reader r = {buf, buf + len};
    unsigned head, order;
    int err;

    if (len == 0 || n == 0 || n > RCA_COLUMN_MAX)
        return RCA_ECORRUPT;
    head = *r.p++;
    order = head >> 2 & 3;
    if ((head & 3) == FORM_INT)
        err = read_ints(&r, order, powers[head >> 4], ret_values, n);
    else if (head >> 2)
        err = RCA_ECORRUPT;
    else if (head == FORM_XOR)
        err = read_xor(&r, ret_values, n);
    else
        err = read_raw(&r, ret_values, n, head == FORM_SAME);
    if (!err && (head & 3) != FORM_INT)
        err = check_finite(ret_values, n);
    return err || r.p == r.end ? err : RCA_ECORRUPT;
}
