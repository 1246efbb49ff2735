/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/column.h"

#include <math.h>

#include "collector/store/column_form.h"
#include "collector/store/rice.h"
#include "collector/store/varint.h"

/*
 * Collected series are mostly counters: integers, or nanoseconds and hundredths
 * written as decimal fractions. As integers they cost a few bits each; what no
 * decimal fraction gives back exactly is taken as the integer that its bits
 * are, which keeps neighbours near each other as long as their exponents are
 * the same. Every value is checked bit for bit when it is encoded, so -0.0
 * (which has no decimal integer) and subnormals are safe by construction.
 *
 * Most series stand still at most ticks: then the moves are written, and how
 * long it stood still before each.
 */

/** An integer this large times 10^e is still rounded to the right one: half a
 * unit in the last place of a product below 2^51 is under 1/4. */
#define INT_LIMIT 0x1p51

/** struct ints - values as first + (k << shift), of decimals or bit patterns */
struct ints {
    int64_t k[RCA_COLUMN_MAX];
    int64_t first;
    unsigned decimals, shift;
    _Bool bits;
};

/* Adding and taking away 1.5 * 2^52 rounds to the nearest integer, inline. */
static _Bool is_decimal(double x, unsigned decimals, int64_t *ret)
{
    const double magic = 0x1.8p52;
    double y = x * rca_power(decimals);

    if (!(fabs(y) < INT_LIMIT))
        return 0;
    y = (y + magic) - magic;
    if (rca_double_bits(decimals ? y / rca_power(decimals) : y) !=
        rca_double_bits(x))
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
static _Bool fit_decimals(const double *x, size_t n, struct ints *s)
{
    s->decimals = 0;
    for (size_t i = 0; i < n; i++) {
        while (!is_decimal(x[i], s->decimals, &s->k[i])) {
            if (++s->decimals > DECIMALS_MAX)
                return 0;
        }
    }
    return s->decimals == 0 || fit_all(x, n, s);
}

static void to_ints(const double *x, size_t n, struct ints *s)
{
    uint64_t any = 0;

    s->bits = !fit_decimals(x, n, s);
    for (size_t i = 0; s->bits && i < n; i++)
        s->k[i] = (int64_t)rca_double_bits(x[i]);
    s->first = s->k[0];
    for (size_t i = 0; i < n; i++) {
        s->k[i] = (int64_t)((uint64_t)s->k[i] - (uint64_t)s->first);
        any |= (uint64_t)s->k[i];
    }
    s->shift = any ? (unsigned)__builtin_ctzll(any) : 0;
    for (size_t i = 0; s->shift && i < n; i++)
        s->k[i] >>= s->shift; /* exact: all low bits are zero */
}

static size_t varint_size(uint64_t u)
{
    return (64 - (unsigned)__builtin_clzll(u | 1) + 6) / 7;
}

/* struct work - streams to choose from; one at a time, on the stack */
struct work {
    struct ints ints;
    int64_t delta[RCA_COLUMN_MAX], delta2[RCA_COLUMN_MAX];
    int64_t moves[RCA_COLUMN_MAX], gaps[RCA_COLUMN_MAX];
    struct rca_rice gap_plan; /* ticks that stand still before a move */
    size_t n_moves;
};

/* struct choice - the stream that costs least so far */
struct choice {
    const int64_t *at;
    size_t n;
    enum residual residual;
    struct rca_rice plan;
    uint64_t bits;
};

static size_t subtract(const int64_t *from, size_t n, int64_t *ret)
{
    for (size_t i = 1; i < n; i++)
        ret[i - 1] = (int64_t)((uint64_t)from[i] - (uint64_t)from[i - 1]);
    return n - 1;
}

/* Moves and the still ticks before each. */
static void find_moves(struct work *w, size_t n_deltas)
{
    size_t m = 0, since = 0;

    for (size_t i = 0; i < n_deltas; i++) {
        /* set by subtract() */
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign) */
        w->moves[m] = w->delta[i];
        w->gaps[m] = (int64_t)(i - since);
        if (w->delta[i]) {
            m++;
            since = i + 1;
        }
    }
    w->n_moves = m;
}

static void consider(struct choice *best, const int64_t *at, size_t n,
                     enum residual residual, uint64_t more_bits)
{
    struct rca_rice plan;

    rca_rice_plan(at, n, &plan);
    if (plan.bits + more_bits >= best->bits)
        return;
    *best = (struct choice){at, n, residual, plan, plan.bits + more_bits};
}

static void consider_moves(struct work *w, struct choice *best)
{
    w->gap_plan = (struct rca_rice){0};
    rca_rice_plan(w->gaps, w->n_moves, &w->gap_plan);
    rca_rice_above(w->gaps, w->n_moves, &w->gap_plan);
    consider(best, w->moves, w->n_moves, RESIDUAL_MOVES,
             MOVES_BITS + w->gap_plan.bits);
}

/* A series that mostly stands still is a list of moves: do not look further. */
static void choose(struct work *w, size_t n, struct choice *best)
{
    const size_t n_deltas = subtract(w->ints.k, n, w->delta);

    /* not all values are the same, so there are two */
    assert(n_deltas > 0);
    *best = (struct choice){.at = w->delta,
                            .n = n_deltas,
                            .residual = RESIDUAL_DELTA,
                            .bits = UINT64_MAX};
    find_moves(w, n_deltas);
    if (w->n_moves * 4 <= n_deltas * 3)
        consider_moves(w, best);
    if (w->n_moves * 3 > n_deltas) {
        consider(best, w->ints.k + 1, n - 1, RESIDUAL_VALUE, 0);
        consider(best, w->delta, n_deltas, RESIDUAL_DELTA, 0);
    }
    if (w->n_moves * 2 > n_deltas && n_deltas > 1)
        consider(best, w->delta2, subtract(w->delta, n_deltas, w->delta2),
                 RESIDUAL_DELTA2, 8 * varint_size(rca_zigzag(w->delta[0])));
    rca_rice_above(best->at, best->n, &best->plan);
}

static size_t write_rice(struct work *w, size_t n, uint8_t *out)
{
    const struct ints *s = &w->ints;
    struct rca_bit_writer bits = {0};
    struct choice best;
    uint8_t *p = out;

    choose(w, n, &best);
    *p++ = rca_head_rice(s->bits, best.residual, s->decimals);
    if (s->bits) {
        rca_put64((uint64_t)s->first, p);
        p += 8;
    } else {
        p += rca_varint_write(rca_zigzag(s->first), p);
    }
    *p++ = (uint8_t)s->shift;
    if (best.residual == RESIDUAL_DELTA2)
        p += rca_varint_write(rca_zigzag(w->delta[0]), p);
    bits.p = p;
    if (best.residual == RESIDUAL_MOVES) {
        rca_bits_put(&bits, best.n, MOVES_BITS);
        rca_rice_put(&bits, w->gaps, best.n, &w->gap_plan);
    }
    rca_rice_put(&bits, best.at, best.n, &best.plan);
    return (size_t)(rca_bits_flush(&bits) - out);
}

static size_t write_raw(const double *x, size_t n, uint8_t *out)
{
    out[0] = rca_head_byte(FORM_RAW, ORDER_VALUE, 0);
    for (size_t i = 0; i < n; i++)
        rca_put64(rca_double_bits(x[i]), out + 1 + i * 8);
    return 1 + n * 8;
}

static _Bool all_same(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (rca_double_bits(x[i]) != rca_double_bits(x[0]))
            return 0;
    }
    return 1;
}

static size_t write_same(double x, uint8_t *out)
{
    int64_t m = 0;

    for (unsigned e = 0; e <= DECIMALS_MAX; e++) {
        if (!is_decimal(x, e, &m))
            continue;
        if (varint_size(rca_zigzag(m)) >= 8)
            break;
        out[0] = rca_head_byte(FORM_INT, ORDER_SAME, e);
        return 1 + rca_varint_write(rca_zigzag(m), out + 1);
    }
    out[0] = rca_head_byte(FORM_SAME, ORDER_VALUE, 0);
    rca_put64(rca_double_bits(x), out + 1);
    return 9;
}

size_t rca_column_encode(const double *values, size_t n, uint8_t *out)
{
    struct work w;
    size_t size;

    assert(n > 0 && n <= RCA_COLUMN_MAX);
    if (all_same(values, n))
        return write_same(values[0], out);
    to_ints(values, n, &w.ints);
    size = write_rice(&w, n, out);
    return size < 1 + n * 8 ? size : write_raw(values, n, out);
}
