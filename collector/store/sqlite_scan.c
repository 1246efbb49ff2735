/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "collector/store/chunk.h"
#include "collector/store/pack.h"
#include "collector/store/sqlite_parts.h"

/*
 * A scan walks the windows in order of time; in each the chunks lie in order of
 * entity, one after the other in the file, many to a row. For some entities the
 * rows that hold them are looked up.
 */

struct tier {
    enum rca_sql spans, rows, row_of;
    unsigned shift; /* a series has 1 << shift columns */
};

static const struct tier tiers[] = {
    [RCA_TIER_FINE] = {RCA_SQL_SPAN_RANGE, RCA_SQL_CHUNK_RANGE,
                       RCA_SQL_CHUNK_OF, 0},
    [RCA_TIER_COARSE] = {RCA_SQL_COARSE_SPAN_RANGE, RCA_SQL_COARSE_RANGE,
                         RCA_SQL_COARSE_OF, 3},
};

struct scan {
    struct rca_store *store;
    enum rca_tier tier;
    rca_time from, to;
    rca_id *ids; /* owned, increasing; NULL: all */
    size_t n_ids, next; /* of the ids, in this window */
    rca_store_visit *visit;
    void *arg;
    /* the window: its ticks, and which of them were asked for */
    const rca_time *times;
    size_t n_times, low, high;
    /* the block */
    struct rca_vec_id series;
    struct {
        double *at;
        size_t n, cap;
    } values;
};

static void scan_done(struct scan *s)
{
    free(s->ids);
    free(s->series.at);
    free(s->values.at);
}

static int by_id(const void *pa, const void *pb)
{
    const rca_id *a = pa, *b = pb;

    return *a < *b ? -1 : *a > *b;
}

static int copy_ids(struct scan *s, const rca_id *entities, size_t n)
{
    if (!entities)
        return 0;
    s->ids = malloc(n ? n * sizeof(*s->ids) : 1);
    if (!s->ids)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        s->ids[i] = entities[i];
    if (n)
        qsort(s->ids, n, sizeof(*s->ids), by_id);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || s->ids[i] != s->ids[i - 1])
            s->ids[s->n_ids++] = s->ids[i];
    }
    return 0;
}

/* Entities are met in order of id: so are those that are wanted. */
static _Bool is_wanted(struct scan *s, rca_id entity)
{
    if (!s->ids)
        return 1;
    while (s->next < s->n_ids && s->ids[s->next] < entity)
        s->next++;
    if (s->next == s->n_ids || s->ids[s->next] != entity)
        return 0;
    s->next++;
    return 1;
}

/* No wanted entity comes any more. */
static _Bool is_past(const struct scan *s)
{
    return s->ids && s->next == s->n_ids;
}

static void set_window(struct scan *s, const rca_time *times, size_t n)
{
    s->times = times;
    s->n_times = n;
    for (s->low = 0; s->low < n && times[s->low] < s->from; s->low++)
        ;
    for (s->high = n; s->high > s->low && times[s->high - 1] > s->to;)
        s->high--;
}

/* --- a block --- */

static int start_block(struct scan *s, size_t n_series)
{
    s->series.n = s->values.n = 0;
    /* one column more in length, to decode the last into */
    if (rca_vec_room(&s->series, n_series) ||
        rca_vec_room(&s->values, n_series * (s->high - s->low) + s->n_times))
        return -ENOMEM;
    return 0;
}

/* Where the next column is to be put, all of its ticks. */
static double *next_column(struct scan *s)
{
    return s->values.at + s->values.n;
}

/* Keep the ticks asked for of the column at next_column(), if it has any. */
static int keep_column(struct scan *s, rca_id series)
{
    double *column = next_column(s);
    size_t n = s->high - s->low, i = 0;

    if (rca_names_state(&s->store->series, series >> tiers[s->tier].shift) ==
        RCA_NAME_NONE)
        return RCA_ECORRUPT;
    if (s->low)
        memmove(column, column + s->low, n * sizeof(*column));
    while (i < n && isnan(column[i]))
        i++;
    if (i == n)
        return 0;
    s->series.at[s->series.n++] = series;
    s->values.n += n;
    return 0;
}

static int finish_block(struct scan *s, rca_id entity)
{
    const struct rca_block block = {
        .entity = entity,
        .times = s->times + s->low,
        .n_times = s->high - s->low,
        .series = s->series.at,
        .n_series = s->series.n,
        .values = s->values.at,
    };

    return block.n_series ? s->visit(s->arg, &block) : 0;
}

/* --- sealed windows --- */

static int visit_chunk(struct scan *s, const struct rca_pack_reader *from)
{
    struct rca_chunk_column column = {0};
    struct rca_chunk chunk;
    int err = rca_chunk_open(from->chunk, from->len, &chunk);

    if (!err && chunk.n_ticks != s->n_times)
        err = RCA_ECORRUPT;
    if (!err)
        err = start_block(s, chunk.n_series);
    while (!err && rca_chunk_next(&chunk, &column)) {
        err = rca_chunk_read(&chunk, &column, next_column(s));
        if (!err)
            err = keep_column(s, column.series);
    }
    return err ? err : finish_block(s, from->entity);
}

/* The chunks of a row that were asked for. */
static int visit_row(struct scan *s, enum rca_sql sql)
{
    const struct rca_blob row = rca_sql_blob(s->store, sql, 1);
    struct rca_pack_reader r;
    int err;

    rca_pack_read(row.at, row.len,
                  (rca_id)rca_sql_int(s->store, sql, 0) & (RCA_ENTITY_MAX - 1),
                  &r);
    while ((err = rca_pack_next(&r)) > 0) {
        if (is_past(s))
            return 0;
        err = is_wanted(s, r.entity) ? visit_chunk(s, &r) : 0;
        if (err)
            break;
    }
    return err;
}

static int visit_rows(struct scan *s, int64_t first, int64_t last)
{
    const enum rca_sql sql = tiers[s->tier].rows;
    int err = rca_sql_bind(s->store, sql, "ii", first, last);

    while (!err && (err = rca_sql_next(s->store, sql)) > 0) {
        err = visit_row(s, sql);
        if (err)
            break;
    }
    rca_sql_reset(s->store, sql);
    return err;
}

/* The row that @s->ids[s->next] would be in, if there is one. */
static int visit_row_of(struct scan *s, int64_t base)
{
    const enum rca_sql sql = tiers[s->tier].row_of;
    const rca_id entity = s->ids[s->next];
    int err = rca_sql_bind(s->store, sql, "ii", base, base + entity);

    if (!err)
        err = rca_sql_next(s->store, sql);
    if (err > 0)
        err = visit_row(s, sql);
    rca_sql_reset(s->store, sql);
    if (s->next < s->n_ids && s->ids[s->next] == entity)
        s->next++; /* it is not there */
    return err;
}

static int visit_window(struct scan *s, int64_t window)
{
    const int64_t base = window << 24;
    int err = 0;

    if (s->low == s->high)
        return 0;
    if (!s->ids)
        return visit_rows(s, base, base + RCA_ENTITY_MAX - 1);
    s->next = 0;
    while (!err && s->next < s->n_ids && s->ids[s->next] < RCA_ENTITY_MAX)
        err = visit_row_of(s, base);
    return err;
}

static int scan_windows(struct scan *s)
{
    const enum rca_sql sql = tiers[s->tier].spans;
    rca_time times[RCA_CHUNK_TICKS_MAX];
    int err =
        rca_sql_bind(s->store, sql, "ii", (int64_t)s->from, (int64_t)s->to);

    while (!err && (err = rca_sql_next(s->store, sql)) > 0) {
        int64_t window = rca_sql_int(s->store, sql, 0);
        struct rca_blob grid = rca_sql_blob(s->store, sql, 1);
        size_t n;

        err = rca_grid_decode(grid.at, grid.len, times, &n);
        if (err)
            break;
        set_window(s, times, n);
        err = visit_window(s, window);
        if (err)
            break;
    }
    rca_sql_reset(s->store, sql);
    s->times = NULL;
    return err;
}

/* --- the head --- */

static int visit_columns(struct scan *s, const struct rca_replay *r,
                         size_t begin, size_t end)
{
    const size_t n = r->times.n;
    int err = start_block(s, end - begin);

    for (size_t c = begin; !err && c < end; c++) {
        memcpy(next_column(s), r->values + c * n, n * sizeof(double));
        err = keep_column(s, rca_key_series(r->keys.at[c]));
    }
    return err ? err : finish_block(s, rca_key_entity(r->keys.at[begin]));
}

static int scan_head(struct scan *s)
{
    struct rca_replay r RCA_CLEANUP(rca_replay_done) = {0};
    int err = rca_head_replay(s->store, 1, s->ids, s->n_ids, &r);

    if (err)
        return err;
    set_window(s, r.times.at, r.times.n);
    if (s->low == s->high)
        return 0;
    for (size_t begin = 0, end; !err && begin < r.keys.n; begin = end) {
        rca_id entity = rca_key_entity(r.keys.at[begin]);

        end = begin + 1;
        while (end < r.keys.n && rca_key_entity(r.keys.at[end]) == entity)
            end++;
        err = visit_columns(s, &r, begin, end);
    }
    return err;
}

static int scan_in(struct scan *s, _Bool head)
{
    int err = 0;

    if (s->store->mode != RCA_STORE_WRITE)
        err = rca_names_load(s->store);
    if (!err)
        err = scan_windows(s);
    return err || !head ? err : scan_head(s);
}

int rca_scan(struct rca_store *store, const struct rca_range *range,
             rca_store_visit *visit, void *arg)
{
    struct scan s RCA_CLEANUP(scan_done) = {.store = store,
                                            .tier = range->tier,
                                            .from = range->from,
                                            .to = range->to,
                                            .visit = visit,
                                            .arg = arg};
    const _Bool nested = !sqlite3_get_autocommit(store->db);
    int err, end;

    if (store->scanning)
        return -EBUSY; /* from inside a visit */
    err = copy_ids(&s, range->entities, range->n_entities);
    if (!err)
        err = rca_sql_begin(store, RCA_SQL_BEGIN_READ);
    if (err)
        return err;
    store->scanning = 1;
    err = scan_in(&s, range->head);
    store->scanning = 0;
    if (nested)
        return err;
    end = rca_sql_end(store, 0); /* a read: nothing to take back */
    return err ? err : end;
}

/* NOLINTNEXTLINE(readability-function-size): the interface asks for seven */
int rca_store_scan(struct rca_store *store, rca_time from, rca_time to,
                   const rca_id *entities, size_t n, rca_store_visit *visit,
                   void *arg)
{
    const struct rca_range range = {.tier = RCA_TIER_FINE,
                                    .head = 1,
                                    .from = from,
                                    .to = to,
                                    .entities = entities,
                                    .n_entities = n};

    return rca_scan(store, &range, visit, arg);
}
