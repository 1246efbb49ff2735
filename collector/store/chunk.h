/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * chunk - all series of one entity over one window of ticks, as bytes that do
 * not depend on the machine or the back end.
 *
 *   byte     version
 *   varint   number of ticks, varint number of columns
 *   per column: varint series (less the one before, less 1; the first as it
 *            is), varint presence (2 bits) | length << 2
 *   presence of the shared kind, where a column has it
 *   per column: its own presence where it has one, then collector/store/
 *            column.h's bytes
 *   4 bytes  sum of all before
 *
 * Presence says at which ticks a column has values: at all, from one tick to
 * another (a series that begins or ends), at those of a bitmap, or where the
 * chunk's shared bitmap says. A gap is stored as a gap, never as a number.
 *
 * The times of the ticks are common to all entities of a window and kept once,
 * as a grid: 8 bytes first time; varint count; varint step, or 0 and then each
 * step as a varint.
 *
 * Reading allocates nothing and believes nothing. Thread safe.
 */

#include "collector/store/column.h"
#include "graph/base/buf.h"

#define RCA_CHUNK_TICKS_MAX RCA_COLUMN_MAX

/** Most values of a chunk, ticks times columns: 512 MB decoded. */
#define RCA_CHUNK_VALUES_MAX ((size_t)1 << 26)

/**
 * rca_chunk_encode() - append a chunk to @out
 * @series:    @n_series ids, increasing, at least one
 * @values:    column-major, values[c * n_ticks + t]; NaN = gap, never infinite
 * @n_ticks:   1 .. RCA_CHUNK_TICKS_MAX
 *
 * O(values). Return: 0 or -ENOMEM, then @out holds anything.
 */
RCA_MUST_CHECK int rca_chunk_encode(const rca_id *series, size_t n_series,
                                    const double *values, size_t n_ticks,
                                    struct rca_buf *out);

/** struct rca_chunk - a chunk being read; borrows its bytes */
struct rca_chunk {
    size_t n_ticks, n_series;
    /* the rest is private */
    const uint8_t *directory, *shared, *data, *end;
};

/** struct rca_chunk_column - one column, not yet decoded */
struct rca_chunk_column {
    rca_id series;
    unsigned presence;
    const uint8_t *data; /* NULL before the first column */
    size_t size;
    const uint8_t *directory; /* where the next entry is */
};

/**
 * rca_chunk_open() - check a chunk's sum and directory
 *
 * O(bytes). Return: 0, or RCA_ECORRUPT and @ret_chunk unchanged.
 */
RCA_MUST_CHECK int rca_chunk_open(const uint8_t *buf, size_t len,
                                  struct rca_chunk *ret_chunk);

/** rca_chunk_next() - go on to the next column; start with an all-zero one.
 * O(1), decodes nothing. Return: 1, or 0 if there is none. */
int rca_chunk_next(const struct rca_chunk *chunk,
                   struct rca_chunk_column *column);

/** rca_chunk_find() - the column of @series; O(columns). Return: 1, or 0. */
int rca_chunk_find(const struct rca_chunk *chunk, rca_id series,
                   struct rca_chunk_column *ret_column);

/**
 * rca_chunk_read() - decode a column
 * @ret_values: chunk->n_ticks, NaN = gap
 *
 * O(ticks). Return: 0, or RCA_ECORRUPT; then @ret_values holds anything.
 */
RCA_MUST_CHECK int rca_chunk_read(const struct rca_chunk *chunk,
                                  const struct rca_chunk_column *column,
                                  double *ret_values);

/** rca_chunk_sum() - the sum that ends a chunk: finds damage, not malice */
uint32_t rca_chunk_sum(const uint8_t *buf, size_t len);

/** rca_grid_encode() - append @n increasing times, at least one, to @out, whose
 * error sticks */
void rca_grid_encode(const rca_time *times, size_t n, struct rca_buf *out);

/**
 * rca_grid_decode() - read a grid
 * @ret_times: room for RCA_CHUNK_TICKS_MAX; @ret_n: their number, at least 1
 *
 * Return: 0, or RCA_ECORRUPT (times do not increase or overflow, left-over
 * bytes); then @ret_times holds anything.
 */
RCA_MUST_CHECK int rca_grid_decode(const uint8_t *buf, size_t len,
                                   rca_time *ret_times, size_t *ret_n);
