/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/chunk.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "collector/store/varint.h"

#define VERSION 1
#define SUM_SIZE 4

enum presence {
    PRESENCE_FULL,
    PRESENCE_RUN, /* varint first, varint count */
    PRESENCE_MAP, /* bitmap, (ticks + 7) / 8 bytes, low bit first */
    PRESENCE_SHARED, /* the chunk's bitmap */
};

#define MAP_MAX ((RCA_CHUNK_TICKS_MAX + 7) / 8)

/** struct shape - where a column has values; count may be 0 */
struct shape {
    enum presence kind;
    size_t first, count;
    uint8_t map[MAP_MAX];
};

/* FNV-1a over 8 bytes at a time (G. Fowler, L. C. Noll, K.-P. Vo), with the
 * high half folded in so that every bit reaches the low ones. */
uint32_t rca_chunk_sum(const uint8_t *buf, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ len, u;

    for (; len > 0; buf += 8, len -= len < 8 ? len : 8) {
        u = 0;
        memcpy(&u, buf, len < 8 ? len : 8);
        h = (h ^ le64toh(u)) * UINT64_C(0x100000001b3);
        h ^= h >> 32;
        if (len < 8)
            break;
    }
    return (uint32_t)(h ^ h >> 29);
}

/* --- writing --- */

/* The values there are, packed to the front of @ret; their shape. */
static void take_shape(const double *x, size_t n, struct shape *s, double *ret)
{
    size_t last = 0;

    memset(s->map, 0, (n + 7) / 8);
    s->count = 0;
    s->first = 0;
    for (size_t t = 0; t < n; t++) {
        if (isnan(x[t]))
            continue;
        if (s->count == 0)
            s->first = t;
        last = t;
        s->map[t / 8] |= (uint8_t)(1U << (t % 8));
        ret[s->count++] = x[t];
    }
    if (s->count == n)
        s->kind = PRESENCE_FULL;
    else if (s->count == 0 || last - s->first + 1 == s->count)
        s->kind = PRESENCE_RUN;
    else
        s->kind = PRESENCE_MAP;
}

struct encoder {
    struct rca_buf directory, data;
    uint8_t shared[MAP_MAX];
    _Bool has_shared;
};

static void encoder_done(struct encoder *e)
{
    rca_buf_done(&e->directory);
    rca_buf_done(&e->data);
}

/* The first bitmap of the chunk becomes the shared one. */
static void put_shape(struct encoder *e, struct shape *s, size_t n_ticks)
{
    const size_t size = (n_ticks + 7) / 8;

    if (s->kind == PRESENCE_RUN) {
        rca_varint_put(&e->data, s->first);
        rca_varint_put(&e->data, s->count);
    }
    if (s->kind != PRESENCE_MAP)
        return;
    if (!e->has_shared) {
        memcpy(e->shared, s->map, size);
        e->has_shared = 1;
    }
    if (memcmp(e->shared, s->map, size) == 0)
        s->kind = PRESENCE_SHARED;
    else
        rca_buf_put(&e->data, (const char *)s->map, size);
}

static void put_column(struct encoder *e, uint64_t series, const double *x,
                       size_t n_ticks)
{
    uint8_t bytes[RCA_COLUMN_BOUND(RCA_COLUMN_MAX)];
    double packed[RCA_COLUMN_MAX];
    size_t before = e->data.len;
    struct shape shape;

    take_shape(x, n_ticks, &shape, packed);
    put_shape(e, &shape, n_ticks);
    if (shape.count)
        rca_buf_put(&e->data, (const char *)bytes,
                    rca_column_encode(packed, shape.count, bytes));
    rca_varint_put(&e->directory, series);
    rca_varint_put(&e->directory,
                   (e->data.len - before) << 2 | (unsigned)shape.kind);
}

int rca_chunk_encode(const rca_id *series, size_t n_series,
                     const double *values, size_t n_ticks, struct rca_buf *out)
{
    struct encoder e RCA_CLEANUP(encoder_done) = {.has_shared = 0};
    const size_t start = out->len;
    uint8_t version = VERSION;
    uint32_t sum;

    assert(n_series > 0 && n_ticks > 0 && n_ticks <= RCA_CHUNK_TICKS_MAX);
    for (size_t c = 0; c < n_series; c++)
        put_column(&e, c ? series[c] - series[c - 1] - 1 : series[c],
                   values + c * n_ticks, n_ticks);
    if (e.directory.err || e.data.err)
        return e.directory.err ? e.directory.err : e.data.err;

    rca_buf_put(out, (const char *)&version, 1);
    rca_varint_put(out, n_ticks);
    rca_varint_put(out, n_series);
    rca_buf_put(out, e.directory.text, e.directory.len);
    if (e.has_shared)
        rca_buf_put(out, (const char *)e.shared, (n_ticks + 7) / 8);
    if (e.data.len)
        rca_buf_put(out, e.data.text, e.data.len);
    if (out->err)
        return out->err;
    sum = htole32(
        rca_chunk_sum((const uint8_t *)out->text + start, out->len - start));
    rca_buf_put(out, (const char *)&sum, sizeof(sum));
    return out->err;
}

/* --- reading --- */

/* One directory entry; moves @r. */
static int read_entry(struct rca_reader *r, uint64_t *series,
                      unsigned *presence, uint64_t *size)
{
    uint64_t u;

    if (rca_varint_get(r, series) || rca_varint_get(r, &u))
        return RCA_ECORRUPT;
    *presence = (unsigned)(u & 3);
    *size = u >> 2;
    return 0;
}

/* Walk the directory: the lengths add up and the series are ids. */
static int check_directory(struct rca_reader *r, struct rca_chunk *c)
{
    uint64_t next = 0, total = 0;
    _Bool has_shared = 0;

    c->directory = r->p;
    for (size_t i = 0; i < c->n_series; i++) {
        uint64_t series, size;
        unsigned presence;

        if (read_entry(r, &series, &presence, &size) ||
            series >= RCA_ID_NONE - next || size > rca_reader_left(r))
            return RCA_ECORRUPT;
        next += series + 1;
        total += size;
        has_shared |= presence == PRESENCE_SHARED;
    }
    c->shared = r->p;
    if (has_shared) {
        if (rca_reader_left(r) < (c->n_ticks + 7) / 8)
            return RCA_ECORRUPT;
        r->p += (c->n_ticks + 7) / 8;
    }
    c->data = r->p;
    c->end = r->end;
    return total == rca_reader_left(r) ? 0 : RCA_ECORRUPT;
}

int rca_chunk_open(const uint8_t *buf, size_t len, struct rca_chunk *ret_chunk)
{
    struct rca_reader r;
    struct rca_chunk c;
    uint64_t ticks, series;
    uint32_t sum;

    if (len <= SUM_SIZE)
        return RCA_ECORRUPT;
    r = (struct rca_reader){buf, buf + len - SUM_SIZE};
    memcpy(&sum, r.end, sizeof(sum));
    if (le32toh(sum) != rca_chunk_sum(buf, len - SUM_SIZE) || *r.p++ != VERSION)
        return RCA_ECORRUPT;
    if (rca_varint_get(&r, &ticks) || rca_varint_get(&r, &series) ||
        ticks == 0 || ticks > RCA_CHUNK_TICKS_MAX || series == 0 ||
        series > rca_reader_left(&r) / 2 ||
        series > RCA_CHUNK_VALUES_MAX / ticks)
        return RCA_ECORRUPT;
    c.n_ticks = ticks;
    c.n_series = series;
    if (check_directory(&r, &c))
        return RCA_ECORRUPT;
    *ret_chunk = c;
    return 0;
}

int rca_chunk_next(const struct rca_chunk *chunk,
                   struct rca_chunk_column *column)
{
    _Bool first = !column->data;
    struct rca_reader r;
    uint64_t series, size;

    if (first) {
        column->directory = chunk->directory;
        column->data = chunk->data;
        column->size = 0;
    }
    /* the directory ends where the shared bitmap begins */
    r = (struct rca_reader){column->directory, chunk->shared};
    if (r.p == r.end || read_entry(&r, &series, &column->presence, &size))
        return 0;
    column->series = (rca_id)(first ? series : column->series + series + 1);
    column->data += column->size;
    column->size = size;
    column->directory = r.p;
    return 1;
}

int rca_chunk_find(const struct rca_chunk *chunk, rca_id series,
                   struct rca_chunk_column *ret_column)
{
    struct rca_chunk_column c = {0};

    while (rca_chunk_next(chunk, &c)) {
        if (c.series == series) {
            *ret_column = c;
            return 1;
        }
    }
    return 0;
}

static size_t count_bits(const uint8_t *map, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += map[i / 8] >> (i % 8) & 1;
    return count;
}

static void spread(const uint8_t *map, const double *packed, size_t n,
                   double *ret)
{
    for (size_t i = 0, k = 0; i < n; i++)
        ret[i] = map[i / 8] >> (i % 8) & 1 ? packed[k++] : (double)NAN;
}

static int read_map(const uint8_t *map, const struct rca_reader *r, size_t n,
                    double *ret)
{
    double packed[RCA_COLUMN_MAX];
    size_t count = count_bits(map, n);
    int err = rca_column_decode(r->p, rca_reader_left(r), packed, count);

    if (!err)
        spread(map, packed, n, ret);
    return err;
}

static int read_run(struct rca_reader *r, size_t n, double *ret)
{
    uint64_t first, count;

    if (rca_varint_get(r, &first) || rca_varint_get(r, &count) || first > n ||
        count > n - first)
        return RCA_ECORRUPT;
    for (size_t i = 0; i < n; i++) {
        if (i < first || i >= first + count)
            ret[i] = (double)NAN;
    }
    if (count == 0)
        return r->p == r->end ? 0 : RCA_ECORRUPT;
    return rca_column_decode(r->p, rca_reader_left(r), ret + first, count);
}

int rca_chunk_read(const struct rca_chunk *chunk,
                   const struct rca_chunk_column *column, double *ret_values)
{
    struct rca_reader r = {column->data, column->data + column->size};
    const size_t n = chunk->n_ticks, map_size = (n + 7) / 8;
    const uint8_t *map = r.p;

    switch ((enum presence)column->presence) {
    case PRESENCE_FULL:
        return rca_column_decode(r.p, column->size, ret_values, n);
    case PRESENCE_RUN:
        return read_run(&r, n, ret_values);
    case PRESENCE_MAP:
        if (rca_reader_left(&r) < map_size)
            return RCA_ECORRUPT;
        r.p += map_size;
        return read_map(map, &r, n, ret_values);
    case PRESENCE_SHARED:
        return read_map(chunk->shared, &r, n, ret_values);
    }
    return RCA_ECORRUPT;
}
