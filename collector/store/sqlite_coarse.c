/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "collector/store/chunk.h"
#include "collector/store/sqlite_parts.h"
#include "collector/store/upkeep.h"
#include "graph/metric.h"

/*
 * The coarse tier. When all ticks of four hours are sealed, they are read once
 * more, entity by entity, and what they come to in steps of five minutes is
 * written as chunks of another table: the series of a chunk are
 * series * 8 + stat. A step of this does some entities in a transaction and
 * returns; only the last writes the span, which makes the window known. What a
 * crash leaves without one is deleted before the window is begun again.
 */

/** Steps of a window. Longer ones are smaller and come later. */
#define BUCKETS 48
#define WINDOW (BUCKETS * RCA_STORE_COARSE)

/** Entities and samples that one step takes at most: about 10 ms. */
#define STEP_ENTITIES 64
#define STEP_SAMPLES (1 << 20)

#define STATS_KEPT 4

/* In the order in which a series' columns are written: it increases. */
static const enum rca_stat gauge_stats[STATS_KEPT] = {
    RCA_STAT_MIN, RCA_STAT_MAX, RCA_STAT_SUM, RCA_STAT_SAMPLES};
static const enum rca_stat counter_stats[STATS_KEPT] = {
    RCA_STAT_FIRST, RCA_STAT_LAST, RCA_STAT_INCREASE, RCA_STAT_SAMPLES};

/* struct track - a series of the entity at hand: NaN where nothing was seen */
struct track {
    rca_id series;
    _Bool counter;
    double of[STATS_KEPT][BUCKETS];
};

struct roll {
    struct rca_store *store;
    rca_time start;
    struct {
        struct track *at; /* increasing by series */
        size_t n, cap;
    } tracks;
    size_t samples; /* read in this step */
    struct rca_vec_id series;
    struct rca_vec_value values;
    struct rca_sealed sealed;
};

static void roll_done(struct roll *r)
{
    free(r->tracks.at);
    free(r->series.at);
    free(r->values.at);
    rca_sealed_done(&r->sealed);
}

static void track_init(struct track *t, const struct rca_store *s,
                       rca_id series)
{
    const char *name = s->series.at[series].key;

    t->series = series;
    t->counter = rca_series_type(name, NULL) != RCA_SERIES_GAUGE;
    for (size_t i = 0; i < STATS_KEPT; i++) {
        for (size_t b = 0; b < BUCKETS; b++)
            t->of[i][b] = (double)NAN;
    }
}

static struct track *find_track(struct roll *r, rca_id series)
{
    size_t low = 0, high = r->tracks.n;

    while (low < high) {
        const size_t mid = (low + high) / 2;

        if (r->tracks.at[mid].series < series)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < r->tracks.n && r->tracks.at[low].series == series)
        return &r->tracks.at[low];
    if (rca_vec_room(&r->tracks, r->tracks.n + 1))
        return NULL;
    memmove(r->tracks.at + low + 1, r->tracks.at + low,
            (r->tracks.n - low) * sizeof(*r->tracks.at));
    r->tracks.n++;
    track_init(&r->tracks.at[low], r->store, series);
    return &r->tracks.at[low];
}

static void add_gauge(struct track *t, size_t b, double x)
{
    if (isnan(t->of[3][b])) {
        t->of[0][b] = t->of[1][b] = t->of[2][b] = x;
        t->of[3][b] = 1;
        return;
    }
    t->of[0][b] = fmin(t->of[0][b], x);
    t->of[1][b] = fmax(t->of[1][b], x);
    t->of[2][b] += x;
    t->of[3][b]++;
}

/* After a fall a counter began at 0 again. */
static void add_counter(struct track *t, size_t b, double x)
{
    const double last = t->of[1][b];

    if (isnan(t->of[3][b])) {
        t->of[0][b] = t->of[1][b] = x;
        t->of[2][b] = 0;
        t->of[3][b] = 1;
        return;
    }
    t->of[2][b] += x >= last ? x - last : x;
    t->of[1][b] = x;
    t->of[3][b]++;
}

static int add_block(void *arg, const struct rca_block *block)
{
    struct roll *r = arg;

    for (size_t c = 0; c < block->n_series; c++) {
        const double *x = block->values + c * block->n_times;
        struct track *t = find_track(r, block->series[c]);

        if (!t)
            return -ENOMEM;
        for (size_t i = 0; i < block->n_times; i++) {
            const size_t b =
                (size_t)((block->times[i] - r->start) / RCA_STORE_COARSE);

            if (isnan(x[i]) || b >= BUCKETS)
                continue;
            if (t->counter)
                add_counter(t, b, x[i]);
            else
                add_gauge(t, b, x[i]);
        }
    }
    r->samples += block->n_series * block->n_times;
    return 0;
}

/* A sum or a growth may have overflowed: no number is a gap. */
static void put_finite(struct roll *r, const double *x)
{
    for (size_t b = 0; b < BUCKETS; b++) {
        const double value = isfinite(x[b]) ? x[b] : (double)NAN;

        r->sealed.samples += !isnan(value);
        r->values.at[r->values.n++] = value;
    }
}

static int put_entity(struct roll *r, rca_id entity)
{
    const size_t n = r->tracks.n * STATS_KEPT;

    if (n == 0)
        return 0;
    r->series.n = r->values.n = 0;
    if (rca_vec_room(&r->series, n) || rca_vec_room(&r->values, n * BUCKETS))
        return -ENOMEM;
    for (size_t i = 0; i < r->tracks.n; i++) {
        const struct track *t = &r->tracks.at[i];

        for (size_t k = 0; k < STATS_KEPT; k++) {
            const enum rca_stat stat =
                t->counter ? counter_stats[k] : gauge_stats[k];

            r->series.at[r->series.n++] = t->series * 8 + (rca_id)stat;
            put_finite(r, t->of[k]);
        }
    }
    return rca_sealed_put(r->store, RCA_TIER_COARSE, &r->sealed,
                          &(struct rca_block){.entity = entity,
                                              .n_times = BUCKETS,
                                              .series = r->series.at,
                                              .n_series = n,
                                              .values = r->values.at});
}

static int roll_entity(struct roll *r, rca_id entity)
{
    const struct rca_range range = {.from = r->start,
                                    .to = r->start + WINDOW - 1,
                                    .entities = &entity,
                                    .n_entities = 1};
    int err;

    r->tracks.n = 0;
    err = rca_scan(r->store, &range, add_block, r);
    return err ? err : put_entity(r, entity);
}

static int roll_entities(struct roll *r)
{
    struct rca_store *s = r->store;
    size_t done = 0;
    int err = 0;

    while (!err && s->roll.next < s->entities.n && done < STEP_ENTITIES &&
           r->samples < STEP_SAMPLES) {
        if (rca_names_state(&s->entities, s->roll.next) == RCA_NAME_STORED) {
            err = roll_entity(r, s->roll.next);
            done++;
        }
        s->roll.next++;
    }
    return err ? err : rca_sealed_flush(s, RCA_TIER_COARSE, &r->sealed);
}

static int end_window(struct roll *r)
{
    rca_time times[BUCKETS];

    for (int i = 0; i < BUCKETS; i++)
        times[i] = r->start + i * RCA_STORE_COARSE;
    return rca_sealed_end(r->store, RCA_TIER_COARSE, &r->sealed, times,
                          BUCKETS);
}

/* Between the steps only the numbers are kept. */
static void keep_numbers(struct rca_store *s, const struct rca_sealed *w)
{
    s->roll.chunks = w->chunks;
    s->roll.samples = w->samples;
    s->roll.bytes = w->bytes;
}

static int step_in(struct rca_store *s)
{
    struct roll r RCA_CLEANUP(roll_done) = {
        .store = s,
        .start = s->roll.window * WINDOW,
        .sealed = {.window = s->roll.window,
                   .chunks = s->roll.chunks,
                   .samples = s->roll.samples,
                   .bytes = s->roll.bytes}};
    int err = 0;

    if (s->roll.next == 0) {
        err = rca_sql_bind(s, RCA_SQL_COARSE_DROP, "i", s->roll.window << 24);
        if (!err)
            err = rca_sql_last(s, RCA_SQL_COARSE_DROP);
    }
    if (!err)
        err = roll_entities(&r);
    if (!err && s->roll.next >= s->entities.n)
        err = end_window(&r);
    if (!err)
        keep_numbers(s, &r.sealed);
    return err;
}

/* The first window after the newest that has ticks, all of them sealed.
 * Return: 1, 0 or an error. */
static int find_window(struct rca_store *s, int64_t *ret)
{
    const enum rca_sql sql = RCA_SQL_COARSE_DUE;
    int64_t window, end;
    int err = rca_sql_bind(s, sql, "i", (int64_t)WINDOW);

    if (!err)
        err = rca_sql_next(s, sql);
    if (err < 0)
        return err;
    if (err == 0 || sqlite3_column_type(s->sql[sql], 0) == SQLITE_NULL) {
        rca_sql_reset(s, sql);
        return 0;
    }
    window = rca_sql_int(s, sql, 0);
    end = rca_sql_int(s, sql, 1); /* newest sealed tick */
    rca_sql_reset(s, sql);
    /* ids have 39 bits left above the entity, and times before 1970 none */
    if (window < 0 || end / WINDOW <= window)
        return 0;
    *ret = window;
    return 1;
}

int rca_coarse_step(struct rca_store *store)
{
    int64_t window = 0;
    int err = 1;

    if (!store->roll.active) {
        err = find_window(store, &window);
        if (err <= 0)
            return err;
        memset(&store->roll, 0, sizeof(store->roll));
        store->roll.window = window;
        store->roll.active = 1;
    }
    err = rca_sql_begin(store, RCA_SQL_BEGIN_WRITE);
    if (!err)
        err = rca_sql_end(store, step_in(store));
    if (err || store->roll.next >= store->entities.n)
        store->roll.active = 0; /* done, or to be begun again */
    return err ? err : 1;
}

/* --- reading --- */

struct coarse_scan {
    rca_store_visit_coarse *visit;
    void *arg;
    struct rca_vec_id series;
    struct rca_vec_value values[RCA_STAT_COUNT];
};

static void coarse_scan_done(struct coarse_scan *s)
{
    free(s->series.at);
    for (size_t i = 0; i < RCA_STAT_COUNT; i++)
        free(s->values[i].at);
}

/* One more series: no number in any of its stats yet. */
static int add_series(struct coarse_scan *s, rca_id series, size_t n_times)
{
    const size_t n = (s->series.n + 1) * n_times;

    if (rca_vec_push(&s->series, series))
        return -ENOMEM;
    for (size_t i = 0; i < RCA_STAT_COUNT; i++) {
        if (rca_vec_room(&s->values[i], n))
            return -ENOMEM;
        while (s->values[i].n < n)
            s->values[i].at[s->values[i].n++] = (double)NAN;
    }
    return 0;
}

static int regroup(void *arg, const struct rca_block *b)
{
    struct coarse_scan *s = arg;
    struct rca_coarse_block block = {
        .entity = b->entity, .times = b->times, .n_times = b->n_times};

    s->series.n = 0;
    for (size_t i = 0; i < RCA_STAT_COUNT; i++)
        s->values[i].n = 0;
    for (size_t c = 0; c < b->n_series; c++) {
        const rca_id series = b->series[c] / 8;
        const size_t stat = b->series[c] % 8;

        if (stat >= RCA_STAT_COUNT)
            return RCA_ECORRUPT;
        if (s->series.n == 0 || s->series.at[s->series.n - 1] != series) {
            int err = add_series(s, series, b->n_times);

            if (err)
                return err;
        }
        memcpy(s->values[stat].at + (s->series.n - 1) * b->n_times,
               b->values + c * b->n_times, b->n_times * sizeof(double));
    }
    block.series = s->series.at;
    block.n_series = s->series.n;
    for (size_t i = 0; i < RCA_STAT_COUNT; i++)
        block.stats[i] = s->values[i].at;
    return s->visit(s->arg, &block);
}

/* NOLINTNEXTLINE(readability-function-size): the interface asks for seven */
int rca_store_scan_coarse(struct rca_store *store, rca_time from, rca_time to,
                          const rca_id *entities, size_t n,
                          rca_store_visit_coarse *visit, void *arg)
{
    struct coarse_scan s RCA_CLEANUP(coarse_scan_done) = {.visit = visit,
                                                          .arg = arg};

    const struct rca_range range = {.tier = RCA_TIER_COARSE,
                                    .from = from,
                                    .to = to,
                                    .entities = entities,
                                    .n_entities = n};

    return rca_scan(store, &range, regroup, &s);
}
