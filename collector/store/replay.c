/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/replay.h"

#include <math.h>
#include <string.h>

/*
 * Keys and links hold from the row that has them to the next that does: each
 * such stretch is noted once, not once a tick, and merged at the end.
 */

void rca_replay_done(struct rca_replay *replay)
{
    free(replay->times.at);
    free(replay->keys.at);
    free(replay->values);
    free(replay->seen.at);
    free(replay->edges.at);
    free(replay->row_keys.at);
    rca_links_done(&replay->row_links);
    free(replay->columns.at);
    free(replay->row_values.at);
    free(replay->old_values.at);
    free(replay->old_keys.at);
    *replay = (struct rca_replay){0};
}

static int note_seen(struct rca_replay *r, rca_id entity, rca_time first,
                     rca_time last)
{
    struct rca_seen seen = {entity, first, last};

    if (entity >= RCA_ENTITY_MAX)
        return RCA_ECORRUPT;
    return rca_vec_push(&r->seen, seen);
}

/* The stretch of row_keys ends with the newest tick. */
static int close_keys(struct rca_replay *r)
{
    const struct rca_vec_key *keys = &r->row_keys;
    rca_time last = r->times.n ? r->times.at[r->times.n - 1] : 0;
    rca_id before = RCA_ID_NONE;

    for (size_t i = 0; r->has_keys && i < keys->n; i++) {
        rca_id entity = rca_key_entity(keys->at[i]);
        int err = rca_vec_push(&r->keys, keys->at[i]);

        if (!err && entity != before)
            err = note_seen(r, entity, r->keys_since, last);
        if (err)
            return err;
        before = entity;
    }
    r->has_keys = 0;
    return 0;
}

static int close_links(struct rca_replay *r)
{
    const struct rca_links *links = &r->row_links;
    rca_time last = r->times.n ? r->times.at[r->times.n - 1] : 0;
    int err = 0;

    for (size_t i = 0; r->has_links && !err && i < links->seen.n; i++)
        err = note_seen(r, links->seen.at[i], r->links_since, last);
    for (size_t i = 0; r->has_links && !err && i < links->edges.n; i++) {
        struct rca_edge e = links->edges.at[i];

        e.first = r->links_since;
        e.last = last;
        err = note_seen(r, e.source, e.first, last);
        if (!err)
            err = note_seen(r, e.target, e.first, last);
        if (!err)
            err = rca_vec_push(&r->edges, e);
    }
    r->has_links = 0;
    return err;
}

int rca_replay_row(struct rca_replay *r, rca_time time, struct rca_blob keys,
                   struct rca_blob links)
{
    int err = 0;

    if (r->times.n == 0 ? !keys.at || !links.at
                        : time <= r->times.at[r->times.n - 1])
        return RCA_ECORRUPT;
    if (keys.at) {
        err = close_keys(r);
        if (!err)
            err = rca_keys_read(keys.at, keys.len, &r->row_keys);
        r->has_keys = !err;
        r->keys_since = time;
    }
    if (!err && links.at) {
        err = close_links(r);
        if (!err)
            err = rca_links_read(links.at, links.len, &r->row_links);
        r->has_links = !err;
        r->links_since = time;
    }
    if (!err)
        err = rca_vec_push(&r->times, time);
    r->samples += r->row_keys.n;
    return err;
}

static int by_key(const void *pa, const void *pb)
{
    const uint64_t *a = pa, *b = pb;

    return *a < *b ? -1 : *a > *b;
}

static int by_entity(const void *pa, const void *pb)
{
    const struct rca_seen *a = pa, *b = pb;

    return a->entity < b->entity ? -1 : a->entity > b->entity;
}

static int by_edge(const void *pa, const void *pb)
{
    const struct rca_edge *a = pa, *b = pb;

    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    return a->kind < b->kind ? -1 : a->kind > b->kind;
}

static int by_id(const void *pa, const void *pb)
{
    const rca_id *a = pa, *b = pb;

    return *a < *b ? -1 : *a > *b;
}

static void merge_keys(struct rca_vec_key *keys, const rca_id *entities,
                       size_t n)
{
    size_t kept = 0;

    if (keys->n)
        qsort(keys->at, keys->n, sizeof(*keys->at), by_key);
    for (size_t i = 0; i < keys->n; i++) {
        rca_id entity = rca_key_entity(keys->at[i]);

        if (kept && keys->at[kept - 1] == keys->at[i])
            continue;
        if (entities && !bsearch(&entity, entities, n, sizeof(entity), by_id))
            continue;
        keys->at[kept++] = keys->at[i];
    }
    keys->n = kept;
}

static void widen(rca_time *first, rca_time *last, rca_time from, rca_time to)
{
    *first = from < *first ? from : *first;
    *last = to > *last ? to : *last;
}

static void merge_seen(struct rca_vec_seen *seen)
{
    size_t kept = 0;

    if (seen->n)
        qsort(seen->at, seen->n, sizeof(*seen->at), by_entity);
    for (size_t i = 0; i < seen->n; i++) {
        struct rca_seen *s = kept ? &seen->at[kept - 1] : NULL;

        if (s && s->entity == seen->at[i].entity)
            widen(&s->first, &s->last, seen->at[i].first, seen->at[i].last);
        else
            seen->at[kept++] = seen->at[i];
    }
    seen->n = kept;
}

void rca_edges_merge(struct rca_vec_edge *edges)
{
    size_t kept = 0;

    if (edges->n)
        qsort(edges->at, edges->n, sizeof(*edges->at), by_edge);
    for (size_t i = 0; i < edges->n; i++) {
        struct rca_edge *e = kept ? &edges->at[kept - 1] : NULL;

        if (e && by_edge(e, &edges->at[i]) == 0)
            widen(&e->first, &e->last, edges->at[i].first, edges->at[i].last);
        else
            edges->at[kept++] = edges->at[i];
    }
    edges->n = kept;
}

int rca_replay_settle(struct rca_replay *r, const rca_id *entities, size_t n)
{
    int err = close_keys(r);

    if (!err)
        err = close_links(r);
    if (err)
        return err;
    merge_keys(&r->keys, entities, n);
    merge_seen(&r->seen);
    rca_edges_merge(&r->edges);
    r->row_keys.n = 0;
    r->tick = 0;
    return 0;
}

static int make_values(struct rca_replay *r)
{
    size_t cells;

    if (__builtin_mul_overflow(r->keys.n, r->times.n, &cells) ||
        cells > SIZE_MAX / sizeof(*r->values))
        return -ENOMEM;
    r->values = malloc(cells ? cells * sizeof(*r->values) : 1);
    if (!r->values)
        return -ENOMEM;
    for (size_t i = 0; i < cells; i++)
        r->values[i] = (double)NAN;
    return 0;
}

/* Which column each of the row's keys goes to; both lists increase. */
static int place_keys(struct rca_replay *r)
{
    size_t c = 0;

    if (rca_vec_room(&r->columns, r->row_keys.n))
        return -ENOMEM;
    for (size_t i = 0; i < r->row_keys.n; i++) {
        while (c < r->keys.n && r->keys.at[c] < r->row_keys.at[i])
            c++;
        r->columns.at[i] = c < r->keys.n && r->keys.at[c] == r->row_keys.at[i]
                               ? (rca_id)c
                               : RCA_ID_NONE;
    }
    return 0;
}

/* On to the keys of the next row, and to what that tells its values against. */
static int change_keys(struct rca_replay *r, struct rca_blob keys)
{
    const struct rca_vec_value values = r->old_values;
    const _Bool whole = rca_keys_are_whole(keys.at, keys.len);
    int err;

    r->old_keys.n = 0;
    if (rca_vec_room(&r->old_keys, r->row_keys.n))
        return -ENOMEM;
    for (size_t i = 0; !whole && i < r->row_keys.n; i++)
        r->old_keys.at[r->old_keys.n++] = r->row_keys.at[i];
    err = rca_keys_read(keys.at, keys.len, &r->row_keys);
    if (err)
        return err;
    r->old_values = r->row_values;
    r->row_values = values;
    if (rca_vec_room(&r->row_values, r->row_keys.n))
        return -ENOMEM;
    rca_values_carry(&r->old_keys, r->old_values.at, &r->row_keys,
                     r->row_values.at);
    return place_keys(r);
}

int rca_replay_values(struct rca_replay *r, struct rca_blob keys,
                      struct rca_blob values)
{
    int err = 0;

    if (r->tick >= r->times.n || !values.at)
        return RCA_ECORRUPT;
    if (!r->values)
        err = make_values(r);
    if (!err && keys.at)
        err = change_keys(r, keys);
    if (!err)
        err = rca_values_read(values.at, values.len, r->row_values.at,
                              r->row_keys.n);
    if (err)
        return err;
    for (size_t i = 0; i < r->row_keys.n; i++) {
        if (r->columns.at[i] != RCA_ID_NONE)
            r->values[(size_t)r->columns.at[i] * r->times.n + r->tick] =
                r->row_values.at[i];
    }
    r->tick++;
    return 0;
}
