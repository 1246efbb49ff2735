/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * bits - fields of up to 64 bits, packed from the low end of each byte up.
 */

#include <endian.h>
#include <string.h>

#include "graph/base/base.h"

/** struct rca_bit_writer - @p: where the next whole byte goes; the caller sees
 * to the room, 8 bytes more than the fields need */
struct rca_bit_writer {
    uint8_t *p;
    uint64_t acc;
    unsigned held; /* bits in acc, under 8 between calls */
};

static inline void rca_bits_store(struct rca_bit_writer *w)
{
    uint64_t le = htole64(w->acc);

    memcpy(w->p, &le, sizeof(le));
    w->p += w->held / 8;
    w->acc >>= w->held / 8 * 8; /* held is at most 7 + 56 */
    w->held %= 8;
}

/** rca_bits_put() - append the low @n bits of @u, 1 <= n <= 64; the bits above
 * must be zero */
static inline void rca_bits_put(struct rca_bit_writer *w, uint64_t u,
                                unsigned n)
{
    if (n > 56) { /* the low half first */
        w->acc |= (u & UINT32_MAX) << w->held;
        w->held += 32;
        rca_bits_store(w);
        u >>= 32;
        n -= 32;
    }
    w->acc |= u << w->held;
    w->held += n;
    rca_bits_store(w);
}

/** rca_bits_flush() - fill the last byte with zeros; return: the end */
static inline uint8_t *rca_bits_flush(struct rca_bit_writer *w)
{
    if (w->held) {
        w->held = 8; /* acc is zero above what was put */
        rca_bits_store(w);
    }
    return w->p;
}

/** struct rca_bit_reader - past the end there are zeros, and @overrun is set */
struct rca_bit_reader {
    const uint8_t *p, *end;
    unsigned bit; /* used of *p, under 8 */
    _Bool overrun;
};

static inline uint64_t rca_bits_peek(const struct rca_bit_reader *r)
{
    uint64_t u = 0;
    size_t left = (size_t)(r->end - r->p);

    memcpy(&u, r->p, left < 8 ? left : 8);
    return le64toh(u) >> r->bit;
}

/** rca_bits_take() - the next @n bits, 1 <= n <= 56 */
static inline uint64_t rca_bits_take(struct rca_bit_reader *r, unsigned n)
{
    uint64_t u;

    if ((size_t)(r->end - r->p) * 8 < (size_t)r->bit + n) {
        r->overrun = 1;
        return 0;
    }
    u = rca_bits_peek(r) & ((UINT64_C(1) << n) - 1);
    r->p += (r->bit + n) / 8;
    r->bit = (r->bit + n) % 8;
    return u;
}

/** rca_bits_get() - the next @n bits, 1 <= n <= 64 */
static inline uint64_t rca_bits_get(struct rca_bit_reader *r, unsigned n)
{
    uint64_t low;

    if (n <= 56)
        return rca_bits_take(r, n);
    low = rca_bits_take(r, 32);
    return low | rca_bits_take(r, n - 32) << 32;
}

/** rca_bits_end() - first byte of which no bit was read */
static inline const uint8_t *rca_bits_end(const struct rca_bit_reader *r)
{
    return r->p + (r->bit > 0);
}
