/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "collector/store/sqlite_parts.h"
#include "collector/store/upkeep.h"

/*
 * What is deleted, and when. A step of rca_store_maintain() is small, since it
 * runs between two ticks: one window goes, or some pages are given back.
 */

/** Free pages are given back when there are this many and more than this part
 * of all: fewer are soon used again. */
#define FREE_PAGES_MIN 512
#define FREE_PART 16

struct forget {
    rca_time before;
    struct rca_vec_id gone;
};

static void forget_done(struct forget *f)
{
    free(f->gone.at);
}

/* One row, one column: 1, or 0 where there is no row or it is NULL. */
static int ask(struct rca_store *s, enum rca_sql sql, int64_t *ret)
{
    int err = rca_sql_next(s, sql);

    if (err <= 0)
        return err;
    err = sqlite3_column_type(s->sql[sql], 0) != SQLITE_NULL;
    if (err)
        *ret = rca_sql_int(s, sql, 0);
    rca_sql_reset(s, sql);
    return err;
}

static int run_with(struct rca_store *s, enum rca_sql sql, int64_t value)
{
    int err = rca_sql_bind(s, sql, "i", value);

    return err ? err : rca_sql_last(s, sql);
}

static int expire_entities(struct rca_store *s, struct forget *f)
{
    const enum rca_sql sql = RCA_SQL_ENTITY_EXPIRE;
    int err = rca_sql_bind(s, sql, "i", (int64_t)f->before);

    while (!err && (err = rca_sql_next(s, sql)) > 0)
        err = rca_vec_push(&f->gone, (rca_id)rca_sql_int(s, sql, 0));
    rca_sql_reset(s, sql);
    return err;
}

/* Entities and edges in the head are younger than their rows say. */
static int touch_head(struct rca_store *s)
{
    struct rca_replay r RCA_CLEANUP(rca_replay_done) = {0};
    int err = rca_head_replay(s, 0, NULL, 0, &r);

    return err ? err : rca_touch(s, &r);
}

/* Entities and edges that nothing refers to any more: neither tier, nor the
 * head. */
static int forget_in(struct rca_store *s, struct forget *f)
{
    int64_t oldest = INT64_MAX;
    int err = touch_head(s);

    if (!err)
        err = ask(s, RCA_SQL_OLDEST, &oldest);
    if (err < 0)
        return err;
    if (oldest < f->before)
        f->before = oldest;
    err = run_with(s, RCA_SQL_EDGE_EXPIRE, f->before);
    return err ? err : expire_entities(s, f);
}

static void forgotten(struct rca_store *s, const struct forget *f)
{
    for (size_t i = 0; i < f->gone.n; i++)
        rca_names_drop(&s->entities, f->gone.at[i]);
    if (f->gone.n)
        s->before.valid = 0; /* so that ids are looked at again */
}

/* Windows below @fine and @coarse go. Without their window, rows of the head
 * that are sealed would be back: they go first. */
static int drop_windows(struct rca_store *s, int64_t fine, int64_t coarse)
{
    int err = rca_sql_last(s, RCA_SQL_HEAD_CLEAR);

    if (!err)
        err = run_with(s, RCA_SQL_CHUNK_EXPIRE, fine << 24);
    if (!err)
        err = run_with(s, RCA_SQL_SPAN_EXPIRE, fine);
    if (!err)
        err = run_with(s, RCA_SQL_COARSE_EXPIRE, coarse << 24);
    return err ? err : run_with(s, RCA_SQL_COARSE_SPAN_EXPIRE, coarse);
}

/* --- all at once --- */

/* The first window that does not end before @before: its id. */
static int find_kept(struct rca_store *s, enum rca_sql sql, rca_time before,
                     int64_t *ret)
{
    int err = rca_sql_bind(s, sql, "i", (int64_t)before);

    return err ? err : ask(s, sql, ret);
}

static int expire_in(struct rca_store *s, struct forget *f, _Bool seal)
{
    int64_t fine, coarse = INT64_MAX >> 24;
    int err = seal ? rca_seal_head(s) : 0;

    fine = s->next_window + seal;
    if (!err)
        err = find_kept(s, RCA_SQL_SPAN_KEPT, f->before, &fine);
    if (err >= 0)
        err = find_kept(s, RCA_SQL_COARSE_KEPT, f->before, &coarse);
    if (err >= 0)
        err = drop_windows(s, fine, coarse);
    return err ? err : forget_in(s, f);
}

/* Give the free pages back; what fails here is tried again next time. */
static void shrink(struct rca_store *s)
{
    while (rca_sql_next(s, RCA_SQL_VACUUM) > 0)
        ;
}

int rca_store_expire(struct rca_store *store, rca_time before)
{
    struct forget f RCA_CLEANUP(forget_done) = {.before = before};
    const _Bool seal = store->head_rows > 0 && store->newest < before;
    int err;

    if (store->mode != RCA_STORE_WRITE)
        return -EROFS;
    if (store->scanning)
        return -EBUSY;
    err = rca_sql_begin(store, RCA_SQL_BEGIN_WRITE);
    if (err)
        return err;
    err = rca_sql_end(store, expire_in(store, &f, seal));
    if (err)
        return err;
    if (seal)
        rca_head_is_sealed(store);
    forgotten(store, &f);
    shrink(store);
    return 0;
}

/* --- step by step --- */

/* struct oldest - the oldest window of a tier; @last: its newest tick */
struct oldest {
    _Bool there;
    int64_t id;
    rca_time last;
};

static int find_oldest(struct rca_store *s, enum rca_sql sql,
                       struct oldest *ret)
{
    int err = rca_sql_next(s, sql);

    *ret = (struct oldest){.there = err > 0};
    if (err <= 0)
        return err;
    ret->id = rca_sql_int(s, sql, 0);
    ret->last = rca_sql_int(s, sql, 1);
    rca_sql_reset(s, sql);
    return 0;
}

static int used_bytes(struct rca_store *s, uint64_t *ret)
{
    int64_t pages = 0, free = 0, size = 0;
    int err = ask(s, RCA_SQL_PAGES, &pages);

    if (err >= 0)
        err = ask(s, RCA_SQL_FREE_PAGES, &free);
    if (err >= 0)
        err = ask(s, RCA_SQL_PAGE_SIZE, &size);
    *ret = (uint64_t)(pages - free) * (uint64_t)size;
    return err < 0 ? err : 0;
}

/* Which window is to go: of age, then of size the finest first, but not the
 * newest of all. What the coarse tier has not seen yet waits for it, unless
 * there is no room. */
static int choose(struct rca_store *s, const struct rca_retention *keep,
                  rca_time now, int64_t *ret_fine, int64_t *ret_coarse)
{
    struct oldest fine = {0}, coarse = {0};
    int64_t rolled = INT64_MIN;
    uint64_t used = 0;
    _Bool seen, large;
    int err = find_oldest(s, RCA_SQL_SPAN_OLDEST, &fine);

    if (!err)
        err = find_oldest(s, RCA_SQL_COARSE_OLDEST, &coarse);
    if (!err)
        err = used_bytes(s, &used);
    if (!err)
        err = ask(s, RCA_SQL_COARSE_END, &rolled);
    if (err < 0)
        return err;
    seen = !keep->coarse || fine.last < rolled ||
           fine.last < now - keep->fine - RCA_COARSE_WAIT;
    large = keep->max_bytes && used > keep->max_bytes;
    if (fine.there && ((fine.last < now - keep->fine && seen) ||
                       (large && fine.id + 1 < s->next_window)))
        *ret_fine = fine.id + 1;
    else if (coarse.there && (coarse.last < now - keep->coarse || large))
        *ret_coarse = coarse.id + 1;
    return *ret_fine || *ret_coarse;
}

/* Return: 1 a window went, 0 none was to go. */
static int drop_step(struct rca_store *s, const struct rca_retention *keep,
                     rca_time now)
{
    int64_t fine = 0, coarse = 0;
    int err = choose(s, keep, now, &fine, &coarse);

    if (err <= 0)
        return err;
    err = rca_sql_begin(s, RCA_SQL_BEGIN_WRITE);
    if (!err)
        err = rca_sql_end(s, drop_windows(s, fine, coarse));
    s->forget |= !err;
    return err ? err : 1;
}

static int forget_step(struct rca_store *s, rca_time now)
{
    struct forget f RCA_CLEANUP(forget_done) = {.before = now};
    int err = rca_sql_begin(s, RCA_SQL_BEGIN_WRITE);

    if (!err)
        err = rca_sql_end(s, forget_in(s, &f));
    if (err)
        return err;
    forgotten(s, &f);
    s->forget = 0;
    return 1;
}

/* Return: 1 some pages were given back, 0 there are few. */
static int shrink_step(struct rca_store *s)
{
    int64_t pages = 0, free = 0;
    int err = ask(s, RCA_SQL_PAGES, &pages);

    if (err >= 0)
        err = ask(s, RCA_SQL_FREE_PAGES, &free);
    if (err < 0)
        return err;
    if (free < FREE_PAGES_MIN || free < pages / FREE_PART)
        return 0;
    while ((err = rca_sql_next(s, RCA_SQL_VACUUM_SOME)) > 0)
        ;
    return err ? err : 1;
}

/* What was deleted is the disk's again, the log is cut, and the reserve is
 * taken anew, if there is room. */
static int recover(struct rca_store *s)
{
    int err;

    while ((err = rca_sql_next(s, RCA_SQL_VACUUM_SOME)) > 0)
        ;
    if (!err)
        err = rca_sql_last(s, RCA_SQL_CHECKPOINT);
    if (!err)
        s->full = rca_reserve_take(s) < 0;
    return err;
}

static int maintain(struct rca_store *store, const struct rca_retention *keep,
                    rca_time now)
{
    int err = 0;

    /* a full disk: first of all room is made */
    if (keep->coarse && !store->full)
        err = rca_coarse_step(store);
    if (err == 0)
        err = drop_step(store, keep, now);
    if (err == 0 && store->forget)
        err = forget_step(store, now);
    if (err == 0)
        err = shrink_step(store);
    /* at once: each window that goes makes the log longer */
    if (err >= 0 && store->full) {
        const int more = err;

        err = recover(store);
        err = err ? err : more;
    }
    return err;
}

int rca_store_maintain(struct rca_store *store,
                       const struct rca_retention *keep, rca_time now)
{
    int err;

    if (store->mode != RCA_STORE_WRITE)
        return -EROFS;
    if (store->scanning)
        return -EBUSY;
    if (!store->due)
        return 0;
    if (store->full)
        rca_reserve_drop(store);
    err = maintain(store, keep, now);
    if (err == -ENOSPC)
        store->full = 1;
    if (err == 0)
        store->due = store->full; /* else until a window is sealed */
    return err;
}
