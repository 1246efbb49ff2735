/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * tick_form - what readers and writers of a head row's blobs share.
 */

#include <string.h>

#include "collector/store/varint.h"
#include "graph/base/err.h"
#include "graph/graph.h"

/** Before what is told against the row before: nothing else begins with a zero
 * of two bytes. */
#define RCA_TICK_MARK "\200"
#define RCA_TICK_MARK_SIZE sizeof(RCA_TICK_MARK)

static inline void rca_tick_put_mark(struct rca_buf *out)
{
    rca_buf_put(out, RCA_TICK_MARK, RCA_TICK_MARK_SIZE);
}

static inline _Bool rca_tick_take_mark(struct rca_reader *r)
{
    if (rca_reader_left(r) < RCA_TICK_MARK_SIZE ||
        memcmp(r->p, RCA_TICK_MARK, RCA_TICK_MARK_SIZE) != 0)
        return 0;
    r->p += RCA_TICK_MARK_SIZE;
    return 1;
}

/** rca_tick_read_id() - what is read is above @base; past the last id there is
 * no id. 0 or RCA_ECORRUPT */
RCA_MUST_CHECK static inline int rca_tick_read_id(struct rca_reader *r,
                                                  uint64_t base, rca_id *ret)
{
    uint64_t u;

    if (rca_varint_get(r, &u) || u >= RCA_ID_NONE - base)
        return RCA_ECORRUPT;
    *ret = (rca_id)(base + u);
    return 0;
}
