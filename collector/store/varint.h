/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * varint - little-endian base-128 integers, and signed ones folded onto them
 * (0, -1, 1, -2, ... to 0, 1, 2, 3, ...), as in Protocol Buffers.
 */

#include "graph/base/buf.h"

/** Longest encoding of a 64-bit integer, bytes. */
#define RCA_VARINT_MAX 10

static inline uint64_t rca_zigzag(int64_t x)
{
    const uint64_t sign = (uint64_t)x >> 63;

    return ((uint64_t)x << 1) ^ (~sign + 1);
}

static inline int64_t rca_unzigzag(uint64_t u)
{
    return (int64_t)((u >> 1) ^ (~(u & 1) + 1));
}

/** rca_varint_write() - bytes written to @out, room for RCA_VARINT_MAX */
static inline size_t rca_varint_write(uint64_t u, uint8_t *out)
{
    size_t n = 0;

    for (; u >= 0x80; u >>= 7)
        out[n++] = (uint8_t)(u | 0x80);
    out[n++] = (uint8_t)u;
    return n;
}

static inline void rca_varint_put(struct rca_buf *buf, uint64_t u)
{
    uint8_t bytes[RCA_VARINT_MAX];

    rca_buf_put(buf, (const char *)bytes, rca_varint_write(u, bytes));
}

/** struct rca_reader - the unread bytes of an input that is not trusted */
struct rca_reader {
    const uint8_t *p, *end;
};

static inline size_t rca_reader_left(const struct rca_reader *r)
{
    return (size_t)(r->end - r->p);
}

/** rca_varint_get() - 0; -1 past the end or over 64 bits, @ret unchanged */
RCA_MUST_CHECK static inline int rca_varint_get(struct rca_reader *r,
                                                uint64_t *ret)
{
    const uint8_t *p = r->p;
    uint64_t u = 0;

    for (unsigned shift = 0; shift < 64 && p < r->end; shift += 7) {
        uint64_t byte = *p++;

        if (shift == 63 && byte > 1)
            return -1;
        u |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            r->p = p;
            *ret = u;
            return 0;
        }
    }
    return -1;
}
