/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * column_form - what the writer and the reader of columns share: the first
 * byte (collector/store/column.h) and numbers as bits.
 */

#include <endian.h>
#include <string.h>

#include "graph/base/base.h"

enum form { FORM_INT, FORM_XOR, FORM_RAW, FORM_SAME };

enum order { ORDER_VALUE, ORDER_DELTA, ORDER_DELTA2, ORDER_SAME };

/** What a Rice-coded stream is of. */
enum residual {
    RESIDUAL_VALUE,
    RESIDUAL_DELTA,
    RESIDUAL_DELTA2,
    RESIDUAL_MOVES,
    RESIDUAL_COUNT
};

/** Bits of the number of moves. */
#define MOVES_BITS 11

#define DECIMALS_MAX 15

/** rca_power() - 10^decimals, exact */
static inline double rca_power(unsigned decimals)
{
    static const double powers[DECIMALS_MAX + 1] = {
        1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
        1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

    return powers[decimals];
}

static inline uint8_t rca_head_byte(enum form form, unsigned order,
                                    unsigned rest)
{
    return (uint8_t)(form | order << 2 | rest << 4);
}

/** rca_head_rice() - first byte of a Rice-coded column: of bit patterns, or of
 * integers with @decimals */
static inline uint8_t rca_head_rice(_Bool bits, enum residual residual,
                                    unsigned decimals)
{
    if (bits)
        return rca_head_byte(FORM_XOR, 1, residual);
    if (residual == RESIDUAL_MOVES)
        return rca_head_byte(FORM_SAME, 1, decimals);
    return rca_head_byte(FORM_RAW, residual + 1U, decimals);
}

static inline uint64_t rca_double_bits(double x)
{
    uint64_t u;

    memcpy(&u, &x, sizeof(u));
    return u;
}

static inline double rca_bits_double(uint64_t u)
{
    double x;

    memcpy(&x, &u, sizeof(x));
    return x;
}

static inline void rca_put64(uint64_t u, uint8_t *out)
{
    u = htole64(u);
    memcpy(out, &u, sizeof(u));
}

static inline uint64_t rca_get64(const uint8_t *p)
{
    uint64_t u;

    memcpy(&u, p, sizeof(u));
    return le64toh(u);
}
