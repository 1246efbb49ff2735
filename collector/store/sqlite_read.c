/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "collector/store/chunk.h"
#include "collector/store/sqlite_parts.h"

/* Names, the graph, blobs and the numbers of `rca status`. */

size_t rca_entity_key(enum rca_kind kind, const char *name, const char *host,
                      char ret[RCA_ENTITY_KEY_MAX])
{
    size_t n = strlen(name), h = strlen(host);

    assert(n <= RCA_NAME_MAX && h <= RCA_NAME_MAX);
    ret[0] = (char)('a' + kind);
    memcpy(ret + 1, name, n + 1);
    memcpy(ret + 2 + n, host, h + 1);
    return 2 + n + h;
}

static const char *text_at(struct rca_store *s, enum rca_sql sql, int column)
{
    const void *text = sqlite3_column_text(s->sql[sql], column);

    return text ? text : "";
}

/* The row's entity; its strings are borrowed until the next row. */
static int entity_at(struct rca_store *s, struct rca_entity *ret)
{
    const enum rca_sql sql = RCA_SQL_ENTITY_ALL;
    int64_t id = rca_sql_int(s, sql, 0);

    *ret = (struct rca_entity){
        .id = (rca_id)id,
        .name = text_at(s, sql, 2),
        .host = text_at(s, sql, 3),
        .first = rca_sql_int(s, sql, 4),
        .last = rca_sql_int(s, sql, 5),
    };
    if (sqlite3_column_type(s->sql[sql], 4) == SQLITE_NULL)
        ret->first = ret->last = RCA_TIME_NONE;
    if (id < 0 || id >= RCA_ENTITY_MAX || strlen(ret->name) > RCA_NAME_MAX ||
        strlen(ret->host) > RCA_NAME_MAX ||
        rca_kind_parse(text_at(s, sql, 1), &ret->kind))
        return RCA_ECORRUPT;
    return 0;
}

static int load_entities(struct rca_store *s)
{
    char key[RCA_ENTITY_KEY_MAX];
    struct rca_entity e;
    int err;

    while ((err = rca_sql_next(s, RCA_SQL_ENTITY_ALL)) > 0) {
        size_t len;

        err = entity_at(s, &e);
        if (err)
            break;
        len = rca_entity_key(e.kind, e.name, e.host, key);
        if (rca_names_find(&s->entities, key, len) == e.id)
            continue;
        /* a reader may meet a number that was given anew: names are enough */
        if (s->mode != RCA_STORE_WRITE &&
            (rca_names_state(&s->entities, e.id) != RCA_NAME_NONE ||
             rca_names_find(&s->entities, key, len) != RCA_ID_NONE))
            continue;
        err = rca_names_set(&s->entities, e.id, key, len);
        if (err)
            break;
    }
    rca_sql_reset(s, RCA_SQL_ENTITY_ALL);
    return err;
}

static int load_series(struct rca_store *s)
{
    int err = rca_sql_bind(s, RCA_SQL_SERIES_ALL, "i", (int64_t)s->series.n);

    while (!err && (err = rca_sql_next(s, RCA_SQL_SERIES_ALL)) > 0) {
        int64_t id = rca_sql_int(s, RCA_SQL_SERIES_ALL, 0);
        const char *name = text_at(s, RCA_SQL_SERIES_ALL, 1);

        err = id < 0 || id >= RCA_SERIES_MAX
                  ? RCA_ECORRUPT
                  : rca_names_set(&s->series, (rca_id)id, name, strlen(name));
    }
    rca_sql_reset(s, RCA_SQL_SERIES_ALL);
    return err;
}

int rca_names_load(struct rca_store *store)
{
    int err = load_entities(store);

    return err ? err : load_series(store);
}

const char *rca_store_series_name(const struct rca_store *store, rca_id id)
{
    return id < store->series.n ? store->series.at[id].key : NULL;
}

/* --- head rows --- */

static int replay_links(struct rca_store *s, struct rca_replay *r)
{
    const enum rca_sql sql = RCA_SQL_HEAD_LINKS;
    int err = rca_sql_bind(s, sql, "");

    while (!err && (err = rca_sql_next(s, sql)) > 0)
        err = rca_replay_row(r, rca_sql_int(s, sql, 0), rca_sql_blob(s, sql, 1),
                             rca_sql_blob(s, sql, 2));
    rca_sql_reset(s, sql);
    return err;
}

static int replay_values(struct rca_store *s, struct rca_replay *r)
{
    const enum rca_sql sql = RCA_SQL_HEAD_VALUES;
    int err = rca_sql_bind(s, sql, "");

    while (!err && (err = rca_sql_next(s, sql)) > 0)
        err = rca_replay_values(r, rca_sql_blob(s, sql, 0),
                                rca_sql_blob(s, sql, 1));
    rca_sql_reset(s, sql);
    return err;
}

int rca_head_replay(struct rca_store *store, _Bool values,
                    const rca_id *entities, size_t n,
                    struct rca_replay *ret_replay)
{
    int err = replay_links(store, ret_replay);

    if (!err)
        err = rca_replay_settle(ret_replay, entities, n);
    if (!err && values)
        err = replay_values(store, ret_replay);
    return err;
}

/* --- the graph --- */

struct parts {
    struct {
        struct rca_entity *at;
        size_t n, cap;
    } entities;
    struct {
        char **at;
        size_t n, cap;
    } texts; /* owned: the entities' strings */
    struct rca_vec_edge edges;
    struct rca_replay head;
    rca_time from, to;
};

static void parts_done(struct parts *p)
{
    for (size_t i = 0; i < p->texts.n; i++)
        free(p->texts.at[i]);
    free(p->texts.at);
    free(p->entities.at);
    free(p->edges.at);
    rca_replay_done(&p->head);
}

static int by_seen(const void *pa, const void *pb)
{
    const struct rca_seen *a = pa, *b = pb;

    return a->entity < b->entity ? -1 : a->entity > b->entity;
}

static void widen_by_head(const struct rca_replay *head, struct rca_entity *e)
{
    const struct rca_seen key = {.entity = e->id};
    const struct rca_seen *seen =
        head->seen.n
            ? bsearch(&key, head->seen.at, head->seen.n, sizeof(key), by_seen)
            : NULL;

    if (!seen)
        return;
    if (e->first == RCA_TIME_NONE || seen->first < e->first)
        e->first = seen->first;
    if (seen->last > e->last)
        e->last = seen->last;
}

/* Both strings in one block. */
static int keep_entity(struct parts *p, struct rca_entity e)
{
    size_t n = strlen(e.name) + 1, h = strlen(e.host) + 1;
    char *text RCA_CLEANUP(rca_freep) = malloc(n + h);

    if (!text || rca_vec_room(&p->entities, p->entities.n + 1) ||
        rca_vec_room(&p->texts, p->texts.n + 1))
        return -ENOMEM;
    memcpy(text, e.name, n);
    memcpy(text + n, e.host, h);
    e.host = text + n;
    e.name = text;
    p->texts.at[p->texts.n++] = RCA_TAKE(text);
    p->entities.at[p->entities.n++] = e;
    return 0;
}

static int gather_entities(struct rca_store *s, struct parts *p)
{
    struct rca_entity e;
    int err;

    while ((err = rca_sql_next(s, RCA_SQL_ENTITY_ALL)) > 0) {
        err = entity_at(s, &e);
        if (err)
            break;
        widen_by_head(&p->head, &e);
        if (e.first == RCA_TIME_NONE || e.first > p->to || e.last < p->from)
            continue;
        err = keep_entity(p, e);
        if (err)
            break;
    }
    rca_sql_reset(s, RCA_SQL_ENTITY_ALL);
    return err;
}

static int keep_edge(struct parts *p, const struct rca_edge *e)
{
    return rca_vec_push(&p->edges, *e);
}

/* Head and table may both know an edge, each a part of its time: both are
 * given to the graph, which merges them. So none is left out before. */
static int gather_edges(struct rca_store *s, struct parts *p)
{
    const enum rca_sql sql = RCA_SQL_EDGE_ALL;
    int err;

    while ((err = rca_sql_next(s, sql)) > 0) {
        struct rca_edge e = {
            .source = (rca_id)rca_sql_int(s, sql, 0),
            .target = (rca_id)rca_sql_int(s, sql, 1),
            .first = rca_sql_int(s, sql, 3),
            .last = rca_sql_int(s, sql, 4),
        };

        err = rca_edge_parse(text_at(s, sql, 2), &e.kind) ? RCA_ECORRUPT : 0;
        if (!err)
            err = keep_edge(p, &e);
        if (err)
            break;
    }
    rca_sql_reset(s, sql);
    for (size_t i = 0; !err && i < p->head.edges.n; i++)
        err = keep_edge(p, &p->head.edges.at[i]);
    return err;
}

/* Merge the parts of an edge, then drop what was not seen within the time. */
static void select_edges(struct parts *p)
{
    struct rca_edge *at = p->edges.at;
    size_t kept = 0;

    rca_edges_merge(&p->edges);
    for (size_t i = 0; i < p->edges.n; i++) {
        if (at[i].first <= p->to && at[i].last >= p->from)
            at[kept++] = at[i];
    }
    p->edges.n = kept;
}

int rca_store_graph(struct rca_store *store, rca_time from, rca_time to,
                    struct rca_graph **ret_graph)
{
    struct parts p RCA_CLEANUP(parts_done) = {.from = from, .to = to};
    int err = rca_sql_begin(store, RCA_SQL_BEGIN_READ);

    if (err)
        return err;
    err = rca_head_replay(store, 0, NULL, 0, &p.head);
    if (!err)
        err = gather_entities(store, &p);
    if (!err)
        err = gather_edges(store, &p);
    if (!store->scanning)
        err = rca_sql_end(store, err);
    if (err)
        return err;
    select_edges(&p);
    return rca_graph_new(p.entities.at, p.entities.n, p.edges.at, p.edges.n,
                         ret_graph);
}

/* --- blobs --- */

int rca_store_put(struct rca_store *store, const char *name, rca_time when,
                  const void *data, size_t size)
{
    int err;

    if (store->mode == RCA_STORE_READ)
        return -EROFS;
    err = rca_sql_bind(store, RCA_SQL_BLOB_PUT, "tib", name, (int64_t)when,
                       size ? data : "", size);
    return err ? err : rca_sql_last(store, RCA_SQL_BLOB_PUT);
}

int rca_store_get(struct rca_store *store, const char *name, rca_time *ret_when,
                  void **ret_data, size_t *ret_size)
{
    void *copy RCA_CLEANUP(rca_freep) = NULL;
    struct rca_blob blob;
    int err = rca_sql_bind(store, RCA_SQL_BLOB_GET, "t", name);

    if (!err)
        err = rca_sql_next(store, RCA_SQL_BLOB_GET);
    if (err < 0)
        return err;
    if (err == 0)
        return 1;
    blob = rca_sql_blob(store, RCA_SQL_BLOB_GET, 1);
    copy = malloc(blob.len ? blob.len : 1);
    if (copy) {
        if (blob.len)
            memcpy(copy, blob.at, blob.len);
        *ret_when = rca_sql_int(store, RCA_SQL_BLOB_GET, 0);
        *ret_size = blob.len;
        *ret_data = copy;
    }
    rca_sql_reset(store, RCA_SQL_BLOB_GET);
    return RCA_TAKE(copy) ? 0 : -ENOMEM;
}

int rca_store_list(struct rca_store *store, const char *prefix,
                   rca_store_visit_note *visit, void *arg)
{
    const enum rca_sql sql = RCA_SQL_BLOB_LIST;
    int err = rca_sql_bind(store, sql, "t", prefix);

    while (!err) {
        struct rca_blob blob;
        struct rca_note note;

        err = rca_sql_next(store, sql);
        if (err <= 0)
            return err;
        blob = rca_sql_blob(store, sql, 2);
        note.name = (const char *)sqlite3_column_text(store->sql[sql], 0);
        note.when = rca_sql_int(store, sql, 1);
        note.data = blob.at;
        note.size = blob.len;
        err = note.name ? visit(arg, &note) : -ENOMEM;
    }
    rca_sql_reset(store, sql);
    return err;
}

int rca_store_drop(struct rca_store *store, const char *name)
{
    int err;

    if (store->mode == RCA_STORE_READ)
        return -EROFS;
    err = rca_sql_bind(store, RCA_SQL_BLOB_DROP, "t", name);
    return err ? err : rca_sql_last(store, RCA_SQL_BLOB_DROP);
}

/* --- numbers --- */

/** Steps of the newest ticks that the interval is the median of. */
#define STEPS_MAX 64

static int by_time(const void *pa, const void *pb)
{
    const rca_time *a = pa, *b = pb;

    return *a < *b ? -1 : *a > *b;
}

static rca_time median_step(const struct rca_vec_time *times)
{
    size_t from = times->n > STEPS_MAX + 1 ? times->n - STEPS_MAX - 1 : 0;
    rca_time steps[STEPS_MAX];
    size_t n = 0;

    for (size_t i = from + 1; i < times->n; i++)
        steps[n++] = times->at[i] - times->at[i - 1];
    if (n == 0)
        return 0;
    qsort(steps, n, sizeof(*steps), by_time);
    return steps[n / 2];
}

static void times_done(struct rca_vec_time *times)
{
    free(times->at);
}

/* The newest window's ticks, then those of the head. */
static int newest_step(struct rca_store *s, const struct rca_vec_time *head,
                       rca_time *ret)
{
    struct rca_vec_time all RCA_CLEANUP(times_done) = {0};
    size_t n = 0;
    int err;

    if (rca_vec_room(&all, RCA_CHUNK_TICKS_MAX + head->n))
        return -ENOMEM;
    err = rca_sql_next(s, RCA_SQL_SPAN_NEWEST);
    if (err > 0) {
        struct rca_blob grid = rca_sql_blob(s, RCA_SQL_SPAN_NEWEST, 0);

        err = rca_grid_decode(grid.at, grid.len, all.at, &n);
        rca_sql_reset(s, RCA_SQL_SPAN_NEWEST);
    }
    if (err)
        return err;
    assert(all.at); /* there is room */
    for (size_t i = 0; i < head->n; i++)
        all.at[n + i] = head->at[i];
    all.n = n + head->n;
    *ret = median_step(&all);
    return 0;
}

static int count_rows(struct rca_store *s, struct rca_store_info *info)
{
    const enum rca_sql spans = RCA_SQL_SPAN_TOTALS;
    int err = rca_sql_next(s, RCA_SQL_COUNTS);

    if (err < 0)
        return err;
    info->entities = (uint64_t)rca_sql_int(s, RCA_SQL_COUNTS, 0);
    info->series = (uint64_t)rca_sql_int(s, RCA_SQL_COUNTS, 1);
    rca_sql_reset(s, RCA_SQL_COUNTS);
    err = rca_sql_next(s, spans);
    if (err < 0)
        return err;
    if (rca_sql_int(s, spans, 0)) {
        info->first = rca_sql_int(s, spans, 1);
        info->last = rca_sql_int(s, spans, 2);
    }
    info->chunks = (uint64_t)rca_sql_int(s, spans, 4);
    info->samples = (uint64_t)rca_sql_int(s, spans, 5);
    info->chunk_bytes = (uint64_t)rca_sql_int(s, spans, 6);
    rca_sql_reset(s, spans);
    return 0;
}

static int count_bytes(struct rca_store *s, struct rca_store_info *info)
{
    int err = rca_sql_next(s, RCA_SQL_PAGES);

    if (err < 0)
        return err;
    info->file_bytes = (uint64_t)rca_sql_int(s, RCA_SQL_PAGES, 0);
    rca_sql_reset(s, RCA_SQL_PAGES);
    err = rca_sql_next(s, RCA_SQL_PAGE_SIZE);
    if (err < 0)
        return err;
    info->file_bytes *= (uint64_t)rca_sql_int(s, RCA_SQL_PAGE_SIZE, 0);
    rca_sql_reset(s, RCA_SQL_PAGE_SIZE);
    return 0;
}

static int count_all(struct rca_store *s, struct parts *p,
                     struct rca_store_info *info)
{
    const struct rca_vec_time *times = &p->head.times;
    int err = rca_head_replay(s, 0, NULL, 0, &p->head);

    if (!err)
        err = count_rows(s, info);
    if (!err)
        err = count_bytes(s, info);
    if (!err)
        err = gather_edges(s, p);
    if (!err)
        err = newest_step(s, times, &info->interval);
    if (err)
        return err;
    select_edges(p);
    info->edges = p->edges.n;
    info->head_rows = times->n;
    info->samples += p->head.samples;
    if (times->n) {
        if (info->first == RCA_TIME_NONE)
            info->first = times->at[0];
        info->last = times->at[times->n - 1];
    }
    return 0;
}

int rca_store_info(struct rca_store *store, struct rca_store_info *ret_info)
{
    struct rca_store_info info = {.first = RCA_TIME_NONE,
                                  .last = RCA_TIME_NONE};
    struct parts p RCA_CLEANUP(parts_done) = {.from = INT64_MIN,
                                              .to = INT64_MAX};
    int err = rca_sql_begin(store, RCA_SQL_BEGIN_READ);

    if (err)
        return err;
    err = count_all(store, &p, &info);
    if (!store->scanning)
        err = rca_sql_end(store, err);
    if (!err)
        *ret_info = info;
    return err;
}
