/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * column - one series over one window as the fewest bytes, and back bit for
 * bit. Gaps are not its business: it takes the values that are there.
 *
 * Values are integers: m of m / 10^decimals where every value is exactly such
 * a fraction, else their 64 bits as they are. A first byte names the form; all
 * the same is written so, otherwise the cheapest of the Rice-coded ones, or RAW
 * where that is shorter:
 *
 *   form (2 bits) | order (2) | rest (4)
 *   INT  3  decimals     all the same: varint m
 *   SAME 0  0            all the same: 8 bytes
 *   RAW  0  0            8 bytes a value
 *   RAW  1 + residual    decimals
 *   SAME 1  decimals     residual 3, moves
 *   XOR  1  residual     of the bits
 *
 * Those with a residual: varint m_0 (bits: 8 bytes); a byte `shift`,
 * k_i = (m_i - m_0) >> shift; of residual 2 a varint, the first difference;
 * then bits (collector/store/rice.h): the stream of k_1, k_2, ... (residual 0),
 * its differences (1), second differences (2); or (3) 11 bits, how many
 * differences are not zero, the stream of the zeros before each, and the stream
 * of these. Zeros fill the last byte.
 *
 * Version 1 of the format, still read:
 *
 *   INT 0-2 decimals     varint m_0, byte shift, [varint first difference];
 *        k, its differences or second differences in blocks of 32: varint of
 *        the least, byte of bits, then what each is above the least
 *   XOR  0  0            each value xor its predecessor (T. Pelkonen et al.,
 *        "Gorilla: A Fast, Scalable, In-Memory Time Series Database", VLDB
 *        2015, 4.1.2)
 *
 * All integers little-endian. Nothing is allocated. Thread safe.
 */

#include "graph/base/err.h"

/** Longest column, values: the scratch arrays are on the stack. */
#define RCA_COLUMN_MAX 1024

/** Most bytes that n values can take: room for a longer form to be tried. */
#define RCA_COLUMN_BOUND(n) ((n)*14 + 128)

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
