/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * column - one series over one window as the fewest bytes, and back bit for
 * bit. Gaps are not its business: it takes the values that are there.
 *
 * A first byte names the form; the smallest form wins:
 *
 *   form (2 bits) | order (2) | decimals (4)
 *   INT   value = m / 10^decimals with m an integer. varint m_0; order 3: all
 *         the same. Else a byte `shift`, k_i = (m_i - m_0) >> shift, and k
 *         itself (order 0), its differences (1) or second differences (2; the
 *         first difference as a varint before) in blocks of 32: varint of the
 *         least, byte of bits, then what each is above the least.
 *   XOR   each value xor its predecessor (T. Pelkonen et al., "Gorilla: A
 *         Fast, Scalable, In-Memory Time Series Database", VLDB 2015, 4.1.2)
 *   RAW   8 bytes a value
 *   SAME  8 bytes, once
 *
 * All integers little-endian. Nothing is allocated. Thread safe.
 */

#include "graph/base/err.h"

/** Longest column, values: the scratch arrays are on the stack. */
#define RCA_COLUMN_MAX 1024

/** Most bytes that n values can take: RAW and the first byte, and room for a
 * longer form to be tried. */
#define RCA_COLUMN_BOUND(n) ((n)*10 + 64)

/**
 * rca_column_encode() - @n finite values, 1 <= n <= RCA_COLUMN_MAX
 * @out: room for RCA_COLUMN_BOUND(n)
 *
 * O(n). Return: bytes written.
 */
size_t rca_column_encode(const double *values, size_t n, uint8_t *out);

/**
 * rca_column_decode() - the @n values in @buf
 *
 * O(n). Return: 0, or RCA_ECORRUPT if @buf is not exactly such a column; then
 * @ret_values holds anything.
 */
RCA_MUST_CHECK int rca_column_decode(const uint8_t *buf, size_t len,
                                     double *ret_values, size_t n);
