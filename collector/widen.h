/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * widen - 64 bits of a counter of which the kernel shows 32.
 */

#include "graph/base/base.h"

/** struct rca_wide - all-zero before the first reading */
struct rca_wide {
    uint32_t last;
    uint64_t total;
};

/**
 * rca_widen() - the counter's value, now that its lower half is @now
 *
 * What goes from the upper half of 32 bits to the lower half has wrapped; any
 * other fall is a counter that began anew, and so does the result.
 */
static inline uint64_t rca_widen(struct rca_wide *wide, uint32_t now)
{
    const _Bool wrapped = wide->last >> 31 && !(now >> 31);

    if (now >= wide->last || wrapped)
        wide->total += (uint32_t)(now - wide->last);
    else
        wide->total = now;
    wide->last = now;
    return wide->total;
}
