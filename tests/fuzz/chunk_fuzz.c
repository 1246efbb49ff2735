/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/chunk.h"

#include <math.h>
#include <string.h>

#include "collector/store/pack.h"
#include "collector/store/replay.h"
#include "collector/store/rice.h"
#include "tests/harness/fuzz.h"

/*
 * Whatever a store may hold as bytes: a column, a chunk (its sum is put right,
 * or nothing would get past it), a grid, the blobs of a head row, a row of
 * chunks, a Rice-coded stream. The first byte chooses. What decodes as a column must survive another round bit for
 * bit.
 */

static void try_column(const uint8_t *data, size_t size)
{
    double x[RCA_COLUMN_MAX], back[RCA_COLUMN_MAX];
    uint8_t out[RCA_COLUMN_BOUND(RCA_COLUMN_MAX)];
    size_t n, len;

    if (size < 2)
        return;
    n = (size_t)(data[0] | data[1] << 8) % RCA_COLUMN_MAX + 1;
    if (rca_column_decode(data + 2, size - 2, x, n))
        return;
    len = rca_column_encode(x, n, out);
    if (rca_column_decode(out, len, back, n) ||
        memcmp(x, back, n * sizeof(*x)) != 0)
        abort();
}

static void try_chunk(const uint8_t *data, size_t size)
{
    uint8_t *copy RCA_CLEANUP(rca_freep) = malloc(size + 4);
    uint32_t sum = rca_chunk_sum(data, size);
    struct rca_chunk_column column = {0};
    double x[RCA_COLUMN_MAX];
    struct rca_chunk chunk;

    if (!copy)
        return;
    memcpy(copy, data, size);
    memcpy(copy + size, &sum, sizeof(sum));
    if (rca_chunk_open(copy, size + 4, &chunk))
        return;
    while (rca_chunk_next(&chunk, &column)) {
        if (rca_chunk_read(&chunk, &column, x))
            continue;
        for (size_t i = 0; i < chunk.n_ticks; i++) {
            if (isinf(x[i]))
                abort();
        }
    }
}

static void try_grid(const uint8_t *data, size_t size)
{
    rca_time times[RCA_CHUNK_TICKS_MAX];
    size_t n;

    if (rca_grid_decode(data, size, times, &n))
        return;
    for (size_t i = 1; i < n; i++) {
        if (times[i] <= times[i - 1])
            abort();
    }
}

/* A row of keys, links and values, each led by its length; the same values
 * follow, and then the same row again. */
static void try_head(const uint8_t *data, size_t size)
{
    struct rca_replay r RCA_CLEANUP(rca_replay_done) = {0};
    struct rca_blob part[3];

    for (size_t i = 0; i < 3; i++) {
        size_t len = size ? data[0] : 0;

        if (size == 0 || len > size - 1)
            return;
        part[i] = (struct rca_blob){data + 1, len};
        data += len + 1;
        size -= len + 1;
    }
    if (rca_replay_row(&r, 1, part[0], part[1]) ||
        rca_replay_row(&r, 2, (struct rca_blob){0}, (struct rca_blob){0}) ||
        rca_replay_row(&r, 3, part[0], part[1]) ||
        rca_replay_settle(&r, NULL, 0) ||
        rca_replay_values(&r, part[0], part[2]) ||
        rca_replay_values(&r, (struct rca_blob){0}, part[2]) ||
        rca_replay_values(&r, part[0], part[2]))
        return;
    for (size_t i = 1; i < r.keys.n; i++) {
        if (r.keys.at[i] <= r.keys.at[i - 1])
            abort();
    }
}

static void try_pack(const uint8_t *data, size_t size)
{
    struct rca_pack_reader r;
    rca_id last = 0;
    size_t total = 0;

    if (size == 0)
        return;
    rca_pack_read(data + 1, size - 1, *data, &r);
    for (size_t n = 0; rca_pack_next(&r) > 0; n++) {
        total += r.len;
        if ((n && r.entity <= last) || total > size)
            abort();
        last = r.entity;
        for (size_t i = 0; i < r.len; i++)
            (void)*(const volatile uint8_t *)&r.chunk[i];
    }
}

static void try_rice(const uint8_t *data, size_t size)
{
    uint8_t *padded RCA_CLEANUP(rca_freep) = calloc(1, size + RCA_BIT_PAD);
    struct rca_bit_input in = {.at = padded, .end = size * 8};
    int64_t x[RCA_RICE_MAX];

    if (!padded)
        return;
    memcpy(padded, data, size);
    if (rca_rice_get(&in, x, size % RCA_RICE_MAX) == 0 && in.bit > in.end)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(const uint8_t *, size_t) = {
        try_column, try_chunk, try_grid, try_head, try_pack, try_rice};

    if (size == 0)
        return 0;
    tries[data[0] % RCA_ARRAY_SIZE(tries)](data + 1, size - 1);
    return 0;
}
