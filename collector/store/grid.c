/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <endian.h>
#include <string.h>

#include "collector/store/chunk.h"
#include "collector/store/varint.h"

static _Bool is_regular(const rca_time *times, size_t n)
{
    for (size_t i = 2; i < n; i++) {
        if (times[i] - times[i - 1] != times[1] - times[0])
            return 0;
    }
    return 1;
}

/* Steps in unsigned arithmetic: any two times increasing give a right one. */
static uint64_t step_at(const rca_time *times, size_t i)
{
    return (uint64_t)times[i] - (uint64_t)times[i - 1];
}

void rca_grid_encode(const rca_time *times, size_t n, struct rca_buf *out)
{
    uint64_t first = htole64((uint64_t)times[0]);

    rca_buf_put(out, (const char *)&first, sizeof(first));
    rca_varint_put(out, n);
    if (n == 1)
        return;
    if (is_regular(times, n)) {
        rca_varint_put(out, step_at(times, 1));
        return;
    }
    rca_varint_put(out, 0);
    for (size_t i = 1; i < n; i++)
        rca_varint_put(out, step_at(times, i));
}

int rca_grid_decode(const uint8_t *buf, size_t len, rca_time *ret_times,
                    size_t *ret_n)
{
    struct rca_reader r = {buf, buf + len};
    uint64_t n, step = 0, regular = 0;

    if (len < 8)
        return RCA_ECORRUPT;
    memcpy(&step, buf, sizeof(step));
    ret_times[0] = (rca_time)le64toh(step);
    r.p += 8;
    if (rca_varint_get(&r, &n) || n == 0 || n > RCA_CHUNK_TICKS_MAX)
        return RCA_ECORRUPT;
    if (n > 1 && rca_varint_get(&r, &regular))
        return RCA_ECORRUPT;

    for (size_t i = 1; i < n; i++) {
        step = regular;
        if (!regular && rca_varint_get(&r, &step))
            return RCA_ECORRUPT;
        if (step == 0 || step > INT64_MAX ||
            __builtin_add_overflow(ret_times[i - 1], (rca_time)step,
                                   &ret_times[i]))
            return RCA_ECORRUPT;
    }
    if (r.p != r.end)
        return RCA_ECORRUPT;
    *ret_n = n;
    return 0;
}
