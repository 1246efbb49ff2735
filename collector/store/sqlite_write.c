/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "collector/store/chunk.h"
#include "collector/store/pack.h"
#include "collector/store/sqlite.h"

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

static int touch(struct rca_store *s, const struct rca_replay *r)
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

/* What has been written of the window. */
struct sealed {
    struct rca_buf chunk;
    struct rca_pack pack;
    struct rca_vec_id series;
    int64_t chunks, bytes;
};

static void sealed_done(struct sealed *w)
{
    rca_buf_done(&w->chunk);
    rca_pack_done(&w->pack);
    free(w->series.at);
}

static int flush_pack(struct rca_store *s, struct sealed *w)
{
    const struct rca_buf *row = &w->pack.bytes;
    const int64_t id = s->next_window << 24 | (int64_t)w->pack.first;
    int err = row->err;

    if (err || w->pack.n == 0)
        return err;
    err = rca_sql_bind(s, RCA_SQL_CHUNK_ADD, "ib", id, (const void *)row->text,
                       row->len);
    if (!err)
        err = rca_sql_last(s, RCA_SQL_CHUNK_ADD);
    w->bytes += (int64_t)row->len;
    rca_pack_clear(&w->pack);
    return err;
}

/* Columns @begin to @end are those of one entity. */
static int seal_entity(struct rca_store *s, const struct rca_replay *r,
                       size_t begin, size_t end, struct sealed *w)
{
    int err = rca_vec_room(&w->series, end - begin);

    if (err)
        return err;
    for (size_t c = begin; c < end; c++)
        w->series.at[c - begin] = rca_key_series(r->keys.at[c]);
    w->chunk.len = 0;
    err =
        rca_chunk_encode(w->series.at, end - begin,
                         r->values + begin * r->times.n, r->times.n, &w->chunk);
    if (err)
        return err;
    rca_pack_put(&w->pack, rca_key_entity(r->keys.at[begin]), w->chunk.text,
                 w->chunk.len);
    w->chunks++;
    return w->pack.bytes.len >= RCA_PACK_BYTES ? flush_pack(s, w) : 0;
}

static int seal_columns(struct rca_store *s, const struct rca_replay *r,
                        struct sealed *w)
{
    int err = 0;

    for (size_t begin = 0, end; !err && begin < r->keys.n; begin = end) {
        rca_id entity = rca_key_entity(r->keys.at[begin]);

        end = begin + 1;
        while (end < r->keys.n && rca_key_entity(r->keys.at[end]) == entity)
            end++;
        err = seal_entity(s, r, begin, end, w);
    }
    return err ? err : flush_pack(s, w);
}

static int seal_span(struct rca_store *s, const struct rca_replay *r,
                     struct sealed *w)
{
    const size_t n = r->times.n;
    int err;

    w->chunk.len = 0;
    rca_grid_encode(r->times.at, n, &w->chunk);
    if (w->chunk.err)
        return w->chunk.err;
    err = rca_sql_bind(s, RCA_SQL_SPAN_ADD, "iiiiiib", s->next_window,
                       (int64_t)r->times.at[0], (int64_t)r->times.at[n - 1],
                       w->chunks, (int64_t)r->samples, w->bytes,
                       (const void *)w->chunk.text, w->chunk.len);
    return err ? err : rca_sql_last(s, RCA_SQL_SPAN_ADD);
}

/* Inside a transaction; the handle changes only when that is committed. */
static int seal_head(struct rca_store *s)
{
    struct rca_replay r RCA_CLEANUP(rca_replay_done) = {0};
    struct sealed w RCA_CLEANUP(sealed_done) = {.chunks = 0};
    int err = rca_head_replay(s, 1, NULL, 0, &r);

    if (err || r.times.n == 0)
        return err;
    if (r.times.n > RCA_CHUNK_TICKS_MAX)
        return RCA_ECORRUPT;
    err = touch(s, &r);
    if (!err)
        err = seal_columns(s, &r, &w);
    return err ? err : seal_span(s, &r, &w); /* which ends the head */
}

static void head_is_sealed(struct rca_store *s)
{
    s->next_window++;
    s->head_rows = 0;
    s->before.valid = 0;
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
    err = rca_sql_end(store, seal_head(store));
    if (!err)
        head_is_sealed(store);
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
        err = seal_head(store);
    if (!err)
        err = add_fresh(store);
    if (!err)
        err = add_row(store, tick->time, &plan);
    err = rca_sql_end(store, err);
    if (err)
        return err;

    if (plan.seal)
        head_is_sealed(store);
    rca_names_commit(&store->entities);
    rca_names_commit(&store->series);
    store->newest = tick->time;
    store->head_rows++;
    remember(store, &plan);
    return 0;
}

/* --- retention --- */

struct expiry {
    rca_time before;
    struct rca_vec_id gone;
    _Bool seal;
};

static void expiry_done(struct expiry *x)
{
    free(x->gone.at);
}

/* The oldest window that stays: its id, and in @x->before the time up to which
 * nothing refers to an entity any more. */
static int find_kept(struct rca_store *s, struct expiry *x, int64_t *ret_id)
{
    int64_t oldest = INT64_MAX;
    int err = rca_sql_next(s, RCA_SQL_HEAD_ENDS);

    if (err < 0)
        return err;
    if (rca_sql_int(s, RCA_SQL_HEAD_ENDS, 0))
        oldest = rca_sql_int(s, RCA_SQL_HEAD_ENDS, 1);
    rca_sql_reset(s, RCA_SQL_HEAD_ENDS);

    err = rca_sql_bind(s, RCA_SQL_SPAN_KEPT, "i", (int64_t)x->before);
    if (!err)
        err = rca_sql_next(s, RCA_SQL_SPAN_KEPT);
    if (err < 0)
        return err;
    *ret_id = s->next_window + x->seal;
    if (err > 0) {
        *ret_id = rca_sql_int(s, RCA_SQL_SPAN_KEPT, 0);
        oldest = rca_sql_int(s, RCA_SQL_SPAN_KEPT, 1);
    }
    rca_sql_reset(s, RCA_SQL_SPAN_KEPT);
    if (oldest < x->before)
        x->before = oldest;
    return 0;
}

static int run_with(struct rca_store *s, enum rca_sql sql, int64_t value)
{
    int err = rca_sql_bind(s, sql, "i", value);

    return err ? err : rca_sql_last(s, sql);
}

static int expire_entities(struct rca_store *s, struct expiry *x)
{
    const enum rca_sql sql = RCA_SQL_ENTITY_EXPIRE;
    int err = rca_sql_bind(s, sql, "i", (int64_t)x->before);

    while (!err && (err = rca_sql_next(s, sql)) > 0)
        err = rca_vec_push(&x->gone, (rca_id)rca_sql_int(s, sql, 0));
    rca_sql_reset(s, sql);
    return err;
}

/* Entities and edges in the head are younger than their rows say. */
static int touch_head(struct rca_store *s)
{
    struct rca_replay r RCA_CLEANUP(rca_replay_done) = {0};
    int err = rca_head_replay(s, 0, NULL, 0, &r);

    return err ? err : touch(s, &r);
}

static int expire_in(struct rca_store *s, struct expiry *x)
{
    int64_t kept = 0;
    rca_time before = x->before;
    int err = x->seal ? seal_head(s) : touch_head(s);

    /* without their window, its rows in the head would be back */
    if (!err)
        err = rca_sql_last(s, RCA_SQL_HEAD_CLEAR);
    if (!err)
        err = find_kept(s, x, &kept);
    if (!err)
        err = run_with(s, RCA_SQL_CHUNK_EXPIRE, kept << 24);
    if (!err)
        err = run_with(s, RCA_SQL_SPAN_EXPIRE, kept);
    if (!err)
        err = run_with(s, RCA_SQL_EDGE_EXPIRE, before);
    return err ? err : expire_entities(s, x);
}

/* Give the free pages back; what fails here is tried again next time. */
static void shrink(struct rca_store *s)
{
    while (rca_sql_next(s, RCA_SQL_VACUUM) > 0)
        ;
}

int rca_store_expire(struct rca_store *store, rca_time before)
{
    struct expiry x RCA_CLEANUP(expiry_done) = {.before = before};
    int err;

    if (store->mode != RCA_STORE_WRITE)
        return -EROFS;
    if (store->scanning)
        return -EBUSY;
    x.seal = store->head_rows > 0 && store->newest < before;
    err = rca_sql_begin(store, RCA_SQL_BEGIN_WRITE);
    if (err)
        return err;
    err = rca_sql_end(store, expire_in(store, &x));
    if (err)
        return err;
    if (x.seal)
        head_is_sealed(store);
    for (size_t i = 0; i < x.gone.n; i++)
        rca_names_drop(&store->entities, x.gone.at[i]);
    if (x.gone.n)
        store->before.valid = 0; /* so that ids are looked at again */
    shrink(store);
    return 0;
}
