/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/tick.h"

#include <endian.h>
#include <math.h>
#include <string.h>

#include "collector/store/varint.h"

/* A collector gives its samples in the same order tick after tick: the order
 * found once is used again for as long as that holds. */
struct rca_rank {
    uint64_t key;
    size_t from; /* index in the input */
};

enum { VALUES_ALL, VALUES_CHANGED, VALUES_TAGGED };

enum tag { TAG_SAME, TAG_INTEGER, TAG_BILLIONTHS, TAG_RAW };

/** Integers up to this are doubles, and their differences integers. */
#define INTEGER_LIMIT 0x1p51
#define BILLION 1e9

void rca_links_done(struct rca_links *links)
{
    free(links->seen.at);
    free(links->edges.at);
    *links = (struct rca_links){0};
}

void rca_frame_done(struct rca_frame *frame)
{
    free(frame->keys.at);
    free(frame->values.at);
    rca_links_done(&frame->links);
    free(frame->input.at);
    free(frame->ranks.at);
    *frame = (struct rca_frame){0};
}

static int by_rank(const void *pa, const void *pb)
{
    const struct rca_rank *a = pa, *b = pb;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->from < b->from ? -1 : a->from > b->from;
}

static int by_id(const void *pa, const void *pb)
{
    const rca_id *a = pa, *b = pb;

    return *a < *b ? -1 : *a > *b;
}

static int by_edge(const void *pa, const void *pb)
{
    const struct rca_edge *a = pa, *b = pb;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return a->target < b->target ? -1 : a->target > b->target;
}

static _Bool same_input(const struct rca_frame *f, const struct rca_tick *t)
{
    if (f->input.n != t->n_samples)
        return 0;
    for (size_t i = 0; i < t->n_samples; i++) {
        if (f->input.at[i] !=
            rca_key(t->samples[i].entity, t->samples[i].series))
            return 0;
    }
    return 1;
}

/* Sort the input's keys; of duplicates the last stays. */
static int rank_input(struct rca_frame *f, const struct rca_tick *t)
{
    size_t n = 0;

    f->input.n = f->ranks.n = 0;
    if (rca_vec_room(&f->input, t->n_samples) ||
        rca_vec_room(&f->ranks, t->n_samples))
        return -ENOMEM;
    for (size_t i = 0; i < t->n_samples; i++) {
        f->input.at[i] = rca_key(t->samples[i].entity, t->samples[i].series);
        f->ranks.at[i] = (struct rca_rank){f->input.at[i], i};
    }
    if (t->n_samples)
        qsort(f->ranks.at, t->n_samples, sizeof(*f->ranks.at), by_rank);
    for (size_t i = 0; i < t->n_samples; i++) {
        if (n && f->ranks.at[n - 1].key == f->ranks.at[i].key)
            n--;
        f->ranks.at[n++] = f->ranks.at[i];
    }
    f->ranks.n = n;
    f->input.n = t->n_samples;
    return 0;
}

static int set_samples(struct rca_frame *f, const struct rca_tick *t)
{
    int err = same_input(f, t) ? 0 : rank_input(f, t);

    if (err || rca_vec_room(&f->keys, f->ranks.n) ||
        rca_vec_room(&f->values, f->ranks.n))
        return -ENOMEM;
    f->keys.n = f->values.n = 0;
    for (size_t i = 0; i < f->ranks.n; i++) {
        double value = t->samples[f->ranks.at[i].from].value;

        if (!isfinite(value))
            continue;
        f->keys.at[f->keys.n++] = f->ranks.at[i].key;
        f->values.at[f->values.n++] = value;
    }
    return 0;
}

static size_t unique(void *base, size_t n, size_t size,
                     int (*order)(const void *, const void *))
{
    char *at = base;
    size_t kept = 0;

    if (n)
        qsort(at, n, size, order);
    for (size_t i = 0; i < n; i++) {
        if (kept && order(at + (kept - 1) * size, at + i * size) == 0)
            continue;
        memmove(at + kept++ * size, at + i * size, size);
    }
    return kept;
}

static int set_links(struct rca_links *links, const struct rca_tick *t)
{
    if (rca_vec_room(&links->seen, t->n_seen) ||
        rca_vec_room(&links->edges, t->n_edges))
        return -ENOMEM;
    for (size_t i = 0; i < t->n_seen; i++)
        links->seen.at[i] = t->seen[i];
    for (size_t i = 0; i < t->n_edges; i++)
        links->edges.at[i] = (struct rca_edge){.source = t->edges[i].source,
                                               .target = t->edges[i].target,
                                               .kind = t->edges[i].kind};
    links->seen.n =
        unique(links->seen.at, t->n_seen, sizeof(*links->seen.at), by_id);
    links->edges.n =
        unique(links->edges.at, t->n_edges, sizeof(*links->edges.at), by_edge);
    return 0;
}

int rca_frame_set(struct rca_frame *frame, const struct rca_tick *tick)
{
    int err = set_samples(frame, tick);

    return err ? err : set_links(&frame->links, tick);
}

/* --- writing --- */

static size_t run_of_entity(const struct rca_vec_key *keys, size_t i)
{
    size_t end = i;

    while (end < keys->n &&
           rca_key_entity(keys->at[end]) == rca_key_entity(keys->at[i]))
        end++;
    return end;
}

void rca_frame_put_keys(const struct rca_frame *frame, struct rca_buf *out)
{
    const struct rca_vec_key *keys = &frame->keys;
    uint64_t entities = 0, before = 0;

    for (size_t i = 0; i < keys->n; i = run_of_entity(keys, i))
        entities++;
    rca_varint_put(out, entities);
    for (size_t i = 0, end; i < keys->n; i = end) {
        uint64_t series = 0;

        end = run_of_entity(keys, i);
        rca_varint_put(out, rca_key_entity(keys->at[i]) - before);
        rca_varint_put(out, end - i);
        before = rca_key_entity(keys->at[i]);
        for (size_t j = i; j < end; j++) {
            rca_varint_put(out, rca_key_series(keys->at[j]) - series);
            series = rca_key_series(keys->at[j]);
        }
    }
}

void rca_frame_put_links(const struct rca_frame *frame, struct rca_buf *out)
{
    const struct rca_links *links = &frame->links;
    rca_id before = 0;

    rca_varint_put(out, links->seen.n);
    for (size_t i = 0; i < links->seen.n; i++) {
        rca_varint_put(out, links->seen.at[i] - before);
        before = links->seen.at[i];
    }
    rca_varint_put(out, links->edges.n);
    for (size_t i = 0; i < links->edges.n; i++) {
        const struct rca_edge *e = &links->edges.at[i];

        rca_varint_put(out, (uint64_t)e->kind);
        rca_varint_put(out, e->source);
        rca_varint_put(out, e->target);
    }
}

static void put_all(const struct rca_frame *f, struct rca_buf *out)
{
    const char all = VALUES_ALL;

    rca_buf_put(out, &all, 1);
    for (size_t i = 0; i < f->values.n; i++) {
        uint64_t u;

        memcpy(&u, &f->values.at[i], sizeof(u));
        u = htole64(u);
        rca_buf_put(out, (const char *)&u, sizeof(u));
    }
}

/* Bit for bit: -0.0 is not 0.0. */
static _Bool is_same(double a, double b)
{
    uint64_t x, y;

    memcpy(&x, &a, sizeof(x));
    memcpy(&y, &b, sizeof(y));
    return x == y;
}

/* The integer nearest to @x; 0 if there is none that is exact. */
static _Bool to_integer(double x, int64_t *ret)
{
    const double magic = 0x1.8p52; /* adding and taking it away rounds */

    if (!(fabs(x) < INTEGER_LIMIT))
        return 0;
    *ret = (int64_t)((x + magic) - magic);
    return 1;
}

/* How @now is best told from @before, and what is to be written. */
static enum tag tag_of(double now, double before, uint64_t *ret)
{
    int64_t a, b;

    memcpy(ret, &now, sizeof(*ret));
    if (is_same(now, before))
        return TAG_SAME;
    if (to_integer(now, &a) && is_same((double)a, now) &&
        to_integer(before, &b)) {
        *ret = rca_zigzag(a - b);
        return TAG_INTEGER;
    }
    if (to_integer(now * BILLION, &a) && is_same((double)a / BILLION, now) &&
        to_integer(before * BILLION, &b)) {
        *ret = rca_zigzag(a - b);
        return TAG_BILLIONTHS;
    }
    return TAG_RAW;
}

/* Up to four samples. Return: past what was written. */
static uint8_t *put_four(const double *now, const double *before, size_t n,
                         uint8_t *out)
{
    uint8_t *p = out + 1, tags = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t u;
        enum tag tag = tag_of(now[i], before[i], &u);

        tags |= (uint8_t)(tag << (2 * i));
        if (tag == TAG_RAW) {
            u = htole64(u);
            memcpy(p, &u, sizeof(u));
            p += sizeof(u);
        } else if (tag != TAG_SAME) {
            p += rca_varint_write(u, p);
        }
    }
    *out = tags;
    return p;
}

void rca_frame_put_values(const struct rca_frame *frame, const double *before,
                          struct rca_buf *out)
{
    const size_t n = frame->values.n;
    const double *now = frame->values.at;
    uint8_t some[1 + 16 * (1 + 4 * RCA_VARINT_MAX)] = {VALUES_TAGGED};
    uint8_t *p = some + 1;

    if (!before) {
        put_all(frame, out);
        return;
    }
    for (size_t i = 0; i < n; i += 4) {
        p = put_four(now + i, before + i, n - i < 4 ? n - i : 4, p);
        if (some + sizeof(some) - p < 1 + 4 * RCA_VARINT_MAX) {
            rca_buf_put(out, (const char *)some, (size_t)(p - some));
            p = some;
        }
    }
    rca_buf_put(out, (const char *)some, (size_t)(p - some));
}

/* --- reading --- */

/* Adds to @base; past the last id there is no id. */
static int read_id(struct rca_reader *r, uint64_t base, rca_id *ret)
{
    uint64_t u;

    if (rca_varint_get(r, &u) || u >= RCA_ID_NONE - base)
        return RCA_ECORRUPT;
    *ret = (rca_id)(base + u);
    return 0;
}

static int read_series(struct rca_reader *r, rca_id entity,
                       struct rca_vec_key *keys)
{
    rca_id series = 0;
    uint64_t n;

    if (rca_varint_get(r, &n) || n == 0 || n > rca_reader_left(r))
        return RCA_ECORRUPT;
    if (rca_vec_room(keys, keys->n + n))
        return -ENOMEM;
    for (uint64_t i = 0; i < n; i++) {
        rca_id before = series;

        if (read_id(r, before, &series) || (i && series == before))
            return RCA_ECORRUPT;
        keys->at[keys->n++] = rca_key(entity, series);
    }
    return 0;
}

int rca_keys_read(const uint8_t *buf, size_t len, struct rca_vec_key *ret_keys)
{
    struct rca_reader r = {buf, buf + len};
    rca_id entity = 0;
    uint64_t n;

    ret_keys->n = 0;
    if (rca_varint_get(&r, &n))
        return RCA_ECORRUPT;
    for (uint64_t i = 0; i < n; i++) {
        rca_id before = entity;
        int err;

        if (read_id(&r, before, &entity) || (i && entity == before))
            return RCA_ECORRUPT;
        err = read_series(&r, entity, ret_keys);
        if (err)
            return err;
    }
    return r.p == r.end ? 0 : RCA_ECORRUPT;
}

static int read_seen(struct rca_reader *r, struct rca_vec_id *seen)
{
    rca_id id = 0;
    uint64_t n;

    if (rca_varint_get(r, &n) || n > rca_reader_left(r))
        return RCA_ECORRUPT;
    if (rca_vec_room(seen, n))
        return -ENOMEM;
    for (uint64_t i = 0; i < n; i++) {
        if (read_id(r, id, &id))
            return RCA_ECORRUPT;
        seen->at[seen->n++] = id;
    }
    return 0;
}

static int read_edges(struct rca_reader *r, struct rca_vec_edge *edges)
{
    uint64_t n;

    if (rca_varint_get(r, &n) || n > rca_reader_left(r))
        return RCA_ECORRUPT;
    if (rca_vec_room(edges, n))
        return -ENOMEM;
    for (uint64_t i = 0; i < n; i++) {
        struct rca_edge e = {0};
        uint64_t kind;

        if (rca_varint_get(r, &kind) || kind >= RCA_EDGE_COUNT ||
            read_id(r, 0, &e.source) || read_id(r, 0, &e.target))
            return RCA_ECORRUPT;
        e.kind = (enum rca_edge_kind)kind;
        edges->at[edges->n++] = e;
    }
    return 0;
}

int rca_links_read(const uint8_t *buf, size_t len, struct rca_links *ret_links)
{
    struct rca_reader r = {buf, buf + len};
    int err;

    ret_links->seen.n = ret_links->edges.n = 0;
    err = read_seen(&r, &ret_links->seen);
    if (!err)
        err = read_edges(&r, &ret_links->edges);
    if (!err && r.p != r.end)
        err = RCA_ECORRUPT;
    return err;
}

static int read_value(struct rca_reader *r, double *ret)
{
    uint64_t u;
    double x;

    if (rca_reader_left(r) < sizeof(u))
        return RCA_ECORRUPT;
    memcpy(&u, r->p, sizeof(u));
    r->p += sizeof(u);
    u = le64toh(u);
    memcpy(&x, &u, sizeof(x));
    if (!isfinite(x))
        return RCA_ECORRUPT;
    *ret = x;
    return 0;
}

/* @value: in: of the tick before. */
static int read_tagged(struct rca_reader *r, enum tag tag, double *value)
{
    const double scale = tag == TAG_BILLIONTHS ? BILLION : 1.0;
    uint64_t u;
    int64_t b;

    if (tag == TAG_SAME)
        return 0;
    if (tag == TAG_RAW)
        return read_value(r, value);
    if (!to_integer(*value * scale, &b) || rca_varint_get(r, &u))
        return RCA_ECORRUPT;
    b = (int64_t)((uint64_t)b + (uint64_t)rca_unzigzag(u));
    *value = tag == TAG_BILLIONTHS ? (double)b / BILLION : (double)b;
    return 0;
}

static int read_fours(struct rca_reader *r, double *values, size_t n)
{
    unsigned tags = 0;

    for (size_t i = 0; i < n; i++, tags >>= 2) {
        if (i % 4 == 0) {
            if (r->p == r->end)
                return RCA_ECORRUPT;
            tags = *r->p++;
        }
        if (tags & 3 && read_tagged(r, (enum tag)(tags & 3), &values[i]))
            return RCA_ECORRUPT;
    }
    return tags ? RCA_ECORRUPT : 0;
}

/* All of them, or those in a bitmap. */
static int read_raw(struct rca_reader *r, _Bool changed, double *values,
                    size_t n)
{
    const uint8_t *map = r->p;

    if (changed) {
        if (rca_reader_left(r) < (n + 7) / 8)
            return RCA_ECORRUPT;
        r->p += (n + 7) / 8;
    }
    for (size_t i = 0; i < n; i++) {
        if (changed && !(map[i / 8] >> (i % 8) & 1))
            continue;
        if (read_value(r, &values[i]))
            return RCA_ECORRUPT;
    }
    return 0;
}

int rca_values_read(const uint8_t *buf, size_t len, double *values, size_t n)
{
    struct rca_reader r = {buf, buf + len};
    unsigned kind;
    int err;

    if (len == 0 || *r.p > VALUES_TAGGED)
        return RCA_ECORRUPT;
    kind = *r.p++;
    err = kind == VALUES_TAGGED ? read_fours(&r, values, n)
                                : read_raw(&r, kind, values, n);
    return err || r.p == r.end ? err : RCA_ECORRUPT;
}
