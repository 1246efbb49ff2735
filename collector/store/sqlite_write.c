/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "collector/store/chunk.h"
#include "collector/store/pack.h"
#include "collector/store/sqlite_parts.h"

/*
 * A tick is one transaction with one row. When the head has RCA_WINDOW_TICKS
 * rows, the next tick's transaction first turns them into a window: read back,
 * transposed, a chunk for each entity. What the writer keeps in memory are
 * names and the last tick; a start after a crash goes the same way as any
 * other, since the file is all there is.
 */

/* --- names --- */

int rca_store_entity(struct rca_store *store, enum rca_kind kind,
                     const char *name, const char *host, rca_id *ret_id)
{
    char clean[RCA_NAME_MAX + 1], clean_host[RCA_NAME_MAX + 1] = "";
    char key[RCA_ENTITY_KEY_MAX];
    size_t len;
    rca_id id;
    int err;

    assert((unsigned)kind < RCA_KIND_COUNT);
    (void)rca_name_clean(name, clean);
    if (host && *host)
        (void)rca_name_clean(host, clean_host);
    len = rca_entity_key(kind, clean, clean_host, key);

    id = rca_names_find(&store->entities, key, len);
    if (id == RCA_ID_NONE && store->mode != RCA_STORE_WRITE) {
        err = rca_names_load(store);
        if (err)
            return err;
        id = rca_names_find(&store->entities, key, len);
        if (id == RCA_ID_NONE)
            return -EROFS;
    }
    if (id == RCA_ID_NONE)
        return rca_names_make(&store->entities, key, len, RCA_ENTITY_MAX,
                              ret_id);
    err = rca_names_revive(&store->entities, id);
    if (!err)
        *ret_id = id;
    return err;
}

int rca_store_series(struct rca_store *store, const char *name, rca_id *ret_id)
{
    char clean[RCA_NAME_MAX + 1];
    size_t len = strlen(rca_name_clean(name, clean));
    rca_id id = rca_names_find(&store->series, clean, len);

    if (id == RCA_ID_NONE && store->mode != RCA_STORE_WRITE) {
        int err = rca_names_load(store);

        if (err)
            return err;
        id = rca_names_find(&store->series, clean, len);
        if (id == RCA_ID_NONE)
            return -EROFS;
    }
    if (id == RCA_ID_NONE)
        return rca_names_make(&store->series, clean, len, RCA_SERIES_MAX,
                              ret_id);
    *ret_id = id;
    return 0;
}

static int add_entity(struct rca_store *s, rca_id id)
{
    const char *key = s->entities.at[id].key;
    const char *name = key + 1, *host = name + strlen(name) + 1;
    enum rca_kind kind = (enum rca_kind)(key[0] - 'a');
    int err = rca_sql_bind(s, RCA_SQL_ENTITY_ADD, "ittt", (int64_t)id,
                           rca_kind_name(kind), name, host);

    return err ? err : rca_sql_last(s, RCA_SQL_ENTITY_ADD);
}

static int add_fresh(struct rca_store *s)
{
    int err = 0;

    for (size_t i = 0; !err && i < s->entities.fresh.n; i++)
        err = add_entity(s, s->entities.fresh.at[i]);
    for (size_t i = 0; !err && i < s->series.fresh.n; i++) {
        rca_id id = s->series.fresh.at[i];

        err = rca_sql_bind(s, RCA_SQL_SERIES_ADD, "it", (int64_t)id,
                           s->series.at[id].key);
        if (!err)
            err = rca_sql_last(s, RCA_SQL_SERIES_ADD);
    }
    return err;
}

/* --- sealing --- */

int rca_touch(struct rca_store *s, const struct rca_replay *r)
{
    int err = 0;

    for (size_t i = 0; !err && i < r->seen.n; i++) {
        const struct rca_seen *e = &r->seen.at[i];

        err = rca_sql_bind(s, RCA_SQL_ENTITY_SEEN, "iii", (int64_t)e->first,
                           (int64_t)e->last, (int64_t)e->entity);
        if (!err)
            err = rca_sql_last(s, RCA_SQL_ENTITY_SEEN);
    }
    for (size_t i = 0; !err && i < r->edges.n; i++) {
        const struct rca_edge *e = &r->edges.at[i];

        err = rca_sql_bind(s, RCA_SQL_EDGE_SEEN, "iitii", (int64_t)e->source,
                           (int64_t)e->target, rca_edge_name(e->kind),
                           (int64_t)e->first, (int64_t)e->last);
        if (!err)
            err = rca_sql_last(s, RCA_SQL_EDGE_SEEN);
    }
    return err;
}

void rca_sealed_done(struct rca_sealed *w)
{
    rca_buf_done(&w->chunk);
    rca_pack_done(&w->pack);
}

int rca_sealed_flush(struct rca_store *store, enum rca_tier tier,
                     struct rca_sealed *w)
{
    static const enum rca_sql add[] = {RCA_SQL_CHUNK_ADD, RCA_SQL_COARSE_ADD};
    const struct rca_buf *row = &w->pack.bytes;
    const int64_t id = w->window << 24 | (int64_t)w->pack.first;
    int err = row->err;

    if (err || w->pack.n == 0)
        return err;
    err = rca_sql_bind(store, add[tier], "ib", id, (const void *)row->text,
                       row->len);
    if (!err)
        err = rca_sql_last(store, add[tier]);
    w->bytes += (int64_t)row->len;
    rca_pack_clear(&w->pack);
    return err;
}

int rca_sealed_put(struct rca_store *store, enum rca_tier tier,
                   struct rca_sealed *w, const struct rca_block *block)
{
    int err;

    w->chunk.len = 0;
    err = rca_chunk_encode(block->series, block->n_series, block->values,
                           block->n_times, &w->chunk);
    if (err)
        return err;
    rca_pack_put(&w->pack, block->entity, w->chunk.text, w->chunk.len);
    w->chunks++;
    return w->pack.bytes.len >= RCA_PACK_BYTES
               ? rca_sealed_flush(store, tier, w)
               : 0;
}

int rca_sealed_end(struct rca_store *store, enum rca_tier tier,
                   struct rca_sealed *w, const rca_time *times, size_t n)
{
    static const enum rca_sql add[] = {RCA_SQL_SPAN_ADD,
                                       RCA_SQL_COARSE_SPAN_ADD};
    int err = rca_sealed_flush(store, tier, w);

    if (err)
        return err;
    w->chunk.len = 0;
    rca_grid_encode(times, n, &w->chunk);
    if (w->chunk.err)
        return w->chunk.err;
    err =
        rca_sql_bind(store, add[tier], "iiiiiib", w->window, (int64_t)times[0],
                     (int64_t)times[n - 1], w->chunks, w->samples, w->bytes,
                     (const void *)w->chunk.text, w->chunk.len);
    return err ? err : rca_sql_last(store, add[tier]);
}

static void ids_done(struct rca_vec_id *ids)
{
    free(ids->at);
}

/* Columns @begin to @end are those of one entity. */
static int seal_entity(struct rca_store *s, const struct rca_replay *r,
                       size_t begin, size_t end, struct rca_sealed *w)
{
    struct rca_vec_id series RCA_CLEANUP(ids_done) = {0};
    struct rca_block block = {
        .entity = rca_key_entity(r->keys.at[begin]),
        .n_times = r->times.n,
        .n_series = end - begin,
        .values = r->values + begin * r->times.n,
    };

    if (rca_vec_room(&series, end - begin))
        return -ENOMEM;
    for (size_t c = begin; c < end; c++)
        series.at[c - begin] = rca_key_series(r->keys.at[c]);
    block.series = series.at;
    return rca_sealed_put(s, RCA_TIER_FINE, w, &block);
}

static int seal_columns(struct rca_store *s, const struct rca_replay *r,
                        struct rca_sealed *w)
{
    int err = 0;

    for (size_t begin = 0, end; !err && begin < r->keys.n; begin = end) {
        rca_id entity = rca_key_entity(r->keys.at[begin]);

        end = begin + 1;
        while (end < r->keys.n && rca_key_entity(r->keys.at[end]) == entity)
            end++;
        err = seal_entity(s, r, begin, end, w);
    }
    return err;
}

/* Inside a transaction; the handle changes only when that is committed. */
int rca_seal_head(struct rca_store *s)
{
    struct rca_replay r RCA_CLEANUP(rca_replay_done) = {0};
    struct rca_sealed w RCA_CLEANUP(rca_sealed_done) = {.window =
                                                            s->next_window};
    int err = rca_head_replay(s, 1, NULL, 0, &r);

    if (err || r.times.n == 0)
        return err;
    if (r.times.n > RCA_CHUNK_TICKS_MAX)
        return RCA_ECORRUPT;
    w.samples = (int64_t)r.samples;
    err = rca_touch(s, &r);
    if (!err)
        err = seal_columns(s, &r, &w);
    return err ? err
               : rca_sealed_end(s, RCA_TIER_FINE, &w, r.times.at, r.times.n);
}

void rca_head_is_sealed(struct rca_store *s)
{
    s->next_window++;
    s->head_rows = 0;
    s->before.valid = 0;
    s->due = 1;
}

int rca_store_seal(struct rca_store *store)
{
    int err;

    if (store->mode != RCA_STORE_WRITE)
        return -EROFS;
    if (store->scanning)
        return -EBUSY;
    if (store->head_rows == 0)
        return 0;
    err = rca_sql_begin(store, RCA_SQL_BEGIN_WRITE);
    if (err)
        return err;
    err = rca_sql_end(store, rca_seal_head(store));
    if (!err)
        rca_head_is_sealed(store);
    return err;
}

/* --- a tick --- */

/* An entity that expired while the caller still knew it is made anew. */
static int check_entity(struct rca_store *s, rca_id id)
{
    if (rca_names_state(&s->entities, id) == RCA_NAME_NONE)
        return -EINVAL;
    return rca_names_revive(&s->entities, id);
}

static int check_keys(struct rca_store *s)
{
    const struct rca_vec_key *keys = &s->frame.keys;
    rca_id before = RCA_ID_NONE;
    int err = 0;

    for (size_t i = 0; !err && i < keys->n; i++) {
        rca_id entity = rca_key_entity(keys->at[i]);

        if (rca_names_state(&s->series, rca_key_series(keys->at[i])) ==
            RCA_NAME_NONE)
            return -EINVAL;
        if (entity != before)
            err = check_entity(s, entity);
        before = entity;
    }
    return err;
}

static int check_links(struct rca_store *s)
{
    const struct rca_links *links = &s->frame.links;
    int err = 0;

    for (size_t i = 0; !err && i < links->seen.n; i++)
        err = check_entity(s, links->seen.at[i]);
    for (size_t i = 0; !err && i < links->edges.n; i++) {
        const struct rca_edge *e = &links->edges.at[i];

        if ((unsigned)e->kind >= RCA_EDGE_COUNT)
            return -EINVAL;
        err = check_entity(s, e->source);
        if (!err)
            err = check_entity(s, e->target);
    }
    return err;
}

/* struct plan - which of the row's blobs repeat those of the row before, and
 * whether the others may be told against it */
struct plan {
    _Bool seal, alone, same_keys, same_links;
};

static int make_values(struct rca_store *s, const struct plan *plan)
{
    static const struct rca_vec_key none = {0};
    const double *before = s->before.values.at;

    if (!plan->same_keys) {
        if (rca_vec_room(&s->before.carried, s->frame.keys.n + 1))
            return -ENOMEM;
        rca_values_carry(plan->alone ? &none : &s->before.keys, before,
                         &s->frame.keys, s->before.carried.at);
        before = s->before.carried.at;
    }
    rca_frame_put_values(&s->frame, before, &s->values);
    return s->values.err;
}

static int make_blobs(struct rca_store *s, const struct plan *plan)
{
    s->keys.len = s->links.len = s->values.len = 0;
    if (!plan->same_keys)
        rca_frame_put_keys(&s->frame, plan->alone ? NULL : &s->before.keys,
                           &s->keys);
    if (!plan->same_links)
        rca_frame_put_links(&s->frame, plan->alone ? NULL : &s->before.links,
                            &s->links);
    if (s->keys.err || s->links.err)
        return -ENOMEM;
    return make_values(s, plan);
}

static int plan_row(struct rca_store *s, struct plan *plan)
{
    const struct rca_vec_key *now = &s->frame.keys, *old = &s->before.keys;
    const _Bool valid = s->before.valid;
    int err = 0;

    plan->seal = s->head_rows >= RCA_WINDOW_TICKS;
    plan->same_keys =
        valid && now->n == old->n &&
        (!now->n || !memcmp(now->at, old->at, now->n * sizeof(*now->at)));
    plan->same_links =
        valid && rca_links_same(&s->frame.links, &s->before.links);
    if (!plan->same_keys)
        err = check_keys(s);
    if (!err && !plan->same_links)
        err = check_links(s);
    /* the first row of a window stands alone */
    plan->alone = plan->seal || !valid;
    plan->same_keys &= !plan->seal;
    plan->same_links &= !plan->seal;
    return err ? err : make_blobs(s, plan);
}

static int add_row(struct rca_store *s, rca_time time, const struct plan *plan)
{
    const void *keys = plan->same_keys ? NULL : s->keys.text;
    const void *links = plan->same_links ? NULL : s->links.text;
    const int64_t slot = plan->seal ? 0 : (int64_t)s->head_rows;
    int err = rca_sql_bind(s, RCA_SQL_HEAD_ADD, "iibbb", slot, (int64_t)time,
                           keys, s->keys.len, links, s->links.len,
                           (const void *)s->values.text, s->values.len);

    return err ? err : rca_sql_last(s, RCA_SQL_HEAD_ADD);
}

/* Keep what the next row may build on; without memory it stands alone. */
static void remember(struct rca_store *s, const struct plan *plan)
{
    const size_t n = s->frame.keys.n;

    s->before.valid = 0;
    if (rca_vec_room(&s->before.keys, n + 1) ||
        rca_vec_room(&s->before.values, n + 1))
        return;
    if (n) {
        memcpy(s->before.keys.at, s->frame.keys.at, n * sizeof(uint64_t));
        memcpy(s->before.values.at, s->frame.values.at, n * sizeof(double));
    }
    s->before.keys.n = n;
    if (!plan->same_links &&
        rca_links_copy(&s->frame.links, &s->before.links) < 0)
        return;
    s->before.valid = 1;
}

static void clear_errors(struct rca_store *s)
{
    s->keys.err = s->links.err = s->values.err = 0;
}

int rca_store_append(struct rca_store *store, const struct rca_tick *tick)
{
    struct plan plan;
    int err;

    if (store->mode != RCA_STORE_WRITE)
        return -EROFS;
    if (store->scanning)
        return -EBUSY;
    if (tick->time <= store->newest)
        return -EINVAL;
    clear_errors(store);
    err = rca_frame_set(&store->frame, tick);
    if (!err)
        err = plan_row(store, &plan);
    if (!err)
        err = rca_sql_begin(store, RCA_SQL_BEGIN_WRITE);
    if (err)
        return err;

    if (plan.seal)
        err = rca_seal_head(store);
    if (!err)
        err = add_fresh(store);
    if (!err)
        err = add_row(store, tick->time, &plan);
    err = rca_sql_end(store, err);
    if (err == -ENOSPC)
        store->due = store->full = 1;
    if (err)
        return err;

    if (plan.seal)
        rca_head_is_sealed(store);
    rca_names_commit(&store->entities);
    rca_names_commit(&store->series);
    store->newest = tick->time;
    store->head_rows++;
    remember(store, &plan);
    return 0;
}
