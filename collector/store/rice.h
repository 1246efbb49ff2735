/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * rice - a stream of integers in the fewest bits that one parameter gives
 * (R. F. Rice, J. R. Plaunt, "Adaptive Variable-Length Coding for Efficient
 * Compression of Spacecraft Television Data", IEEE Trans. Commun. 1971): of a
 * number u >= 0 the part above k bits in unary, the k bits as they are. What
 * is far off is written with its length instead.
 *
 *   6 bits k; 1 bit: signed; 6 bits width of the folded centre, and it
 *   each: q = u >> k < 20: q zeros, a one, the low k bits of u
 *         else 20 zeros, 6 bits length less 1, u
 *         (k = 63: nothing, all are the centre)
 *
 * u is x - centre: folded onto 0, 1, 2, ... where the stream is signed, taken
 * as it is (the centre is the least) where not. Differences wrap: any int64_t
 * comes back. Nothing is allocated. Thread safe.
 */

#include "collector/store/bits.h"

/** Longest stream. */
#define RCA_RICE_MAX 1024

/** Most bits of a number and of what leads the stream. */
#define RCA_RICE_WORST 90
#define RCA_RICE_HEAD 77

/** struct rca_rice - how a stream is written; @bits: about what it takes */
struct rca_rice {
    int64_t centre;
    uint64_t bits;
    unsigned k;
    _Bool is_signed;
};

/** rca_rice_plan() - a good way for @x, folded around what is usual; O(n) */
void rca_rice_plan(const int64_t *x, size_t n, struct rca_rice *ret);

/** rca_rice_above() - the best way that counts from the least of @x, if that
 * takes fewer bits than @ret, which it replaces; O(n) */
void rca_rice_above(const int64_t *x, size_t n, struct rca_rice *ret);

/** rca_rice_put() - write @x; at most RCA_RICE_HEAD + n RCA_RICE_WORST bits */
void rca_rice_put(struct rca_bit_writer *w, const int64_t *x, size_t n,
                  const struct rca_rice *plan);

/** struct rca_bit_input - bits to be read: @at has RCA_BIT_PAD readable bytes
 * after the @end bits. Reading past those gives anything, and is found by who
 * compares @bit with @end. */
struct rca_bit_input {
    const uint8_t *at;
    size_t bit, end;
};

#define RCA_BIT_PAD 32

/** rca_bit_input_get() - the next @n bits, 1 <= n <= 64; only where @bit is
 * not past @end */
static inline uint64_t rca_bit_input_get(struct rca_bit_input *in, unsigned n)
{
    const uint8_t *p = in->at + in->bit / 8;
    const unsigned skip = in->bit % 8;
    uint64_t u, high;

    memcpy(&u, p, sizeof(u));
    u = le64toh(u) >> skip;
    if (skip) {
        high = p[8];
        u |= high << (64 - skip);
    }
    in->bit += n;
    return n < 64 ? u & ((UINT64_C(1) << n) - 1) : u;
}

/** rca_rice_get() - read @n integers. Return: 0, or -1 past the end. */
RCA_MUST_CHECK int rca_rice_get(struct rca_bit_input *in, int64_t *ret,
                                size_t n);
