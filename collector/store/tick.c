/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/tick.h"

#include <math.h>
#include <string.h>

#include "collector/store/diff.h"
#include "collector/store/tick_form.h"

/* A collector gives its samples in the same order tick after tick: the order
 * found once is used again for as long as that holds. */
struct rca_rank {
    uint64_t key;
    size_t from; /* index in the input */
};

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

static _Bool in_order(const struct rca_vec_key *input, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (input->at[i] <= input->at[i - 1])
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
    if (!in_order(&f->input, t->n_samples))
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

static void put_whole_keys(const struct rca_vec_key *keys, struct rca_buf *out)
{
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

void rca_frame_put_keys(const struct rca_frame *frame,
                        const struct rca_vec_key *before, struct rca_buf *out)
{
    if (!before) {
        put_whole_keys(&frame->keys, out);
        return;
    }
    rca_tick_put_mark(out);
    rca_diff_put(before, &frame->keys, out);
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

        if (rca_tick_read_id(r, before, &series) || (i && series == before))
            return RCA_ECORRUPT;
        keys->at[keys->n++] = rca_key(entity, series);
    }
    return 0;
}

static int read_whole_keys(struct rca_reader *r, struct rca_vec_key *ret)
{
    rca_id entity = 0;
    uint64_t n;

    ret->n = 0;
    if (rca_varint_get(r, &n))
        return RCA_ECORRUPT;
    for (uint64_t i = 0; i < n; i++) {
        rca_id before = entity;
        int err;

        if (rca_tick_read_id(r, before, &entity) || (i && entity == before))
            return RCA_ECORRUPT;
        err = read_series(r, entity, ret);
        if (err)
            return err;
    }
    return 0;
}

static _Bool are_keys(const struct rca_vec_key *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        if (rca_key_entity(keys->at[i]) >= RCA_ID_NONE ||
            rca_key_series(keys->at[i]) >= RCA_ID_NONE)
            return 0;
    }
    return 1;
}

static int read_keys_diff(struct rca_reader *r, struct rca_vec_key *keys)
{
    struct rca_vec_key now = {0};
    int err = rca_diff_get(r, keys, &now);

    if (!err && !are_keys(&now))
        err = RCA_ECORRUPT;
    if (!err) {
        const struct rca_vec_key old = *keys;

        *keys = now;
        now = old;
    }
    free(now.at);
    return err;
}

_Bool rca_keys_are_whole(const uint8_t *buf, size_t len)
{
    return !rca_tick_take_mark(&(struct rca_reader){buf, buf + len});
}

int rca_keys_read(const uint8_t *buf, size_t len, struct rca_vec_key *keys)
{
    struct rca_reader r = {buf, buf + len};
    int err = rca_tick_take_mark(&r) ? read_keys_diff(&r, keys)
                                     : read_whole_keys(&r, keys);

    return err || r.p == r.end ? err : RCA_ECORRUPT;
}
