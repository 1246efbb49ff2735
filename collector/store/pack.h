/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * pack - the chunks of neighbouring entities as one row: most entities have
 * few bytes in a window, and a row costs more than they do, in its own head
 * and in what a page leaves empty.
 *
 *   byte 0x50, then each: varint entity less the one before (the first as it
 *   is), varint length, the chunk
 *
 * A row of the first version of the store is a chunk alone; which entity it
 * is of, its key says. Reading allocates nothing and believes nothing.
 */

#include "collector/store/varint.h"
#include "graph/graph.h"

/** struct rca_pack - a row being written or read; all-zero is an empty one */
struct rca_pack {
    struct rca_buf bytes; /* owned; written so far */
    rca_id first, last; /* entities */
    size_t n; /* chunks */
};

void rca_pack_done(struct rca_pack *pack);

/** rca_pack_clear() - begin another row in the same memory */
void rca_pack_clear(struct rca_pack *pack);

/** rca_pack_put() - append the chunk of @entity, above all before; the
 * buffer's error sticks */
void rca_pack_put(struct rca_pack *pack, rca_id entity, const char *chunk,
                  size_t len);

/** struct rca_pack_reader - borrows the row */
struct rca_pack_reader {
    struct rca_reader left;
    rca_id entity; /* of @chunk */
    const uint8_t *chunk;
    size_t len;
    _Bool single, started;
};

/** rca_pack_read() - begin to read a row whose key names @entity */
void rca_pack_read(const uint8_t *row, size_t len, rca_id entity,
                   struct rca_pack_reader *ret);

/** rca_pack_next() - the next chunk, not looked at. Return: 1; 0 at the end;
 * RCA_ECORRUPT. O(1). */
RCA_MUST_CHECK int rca_pack_next(struct rca_pack_reader *r);
