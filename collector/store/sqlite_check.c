/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "collector/store/chunk.h"
#include "collector/store/pack.h"
#include "collector/store/sqlite_parts.h"
#include "collector/store/upkeep.h"

/*
 * `rca store check` and `rca store compact`. A check reads everything that a
 * scan could ever read, and counts what the spans say is there. It goes on
 * after a finding, as far as there is anything to go on with.
 */

/** Findings after which SQLite's own check stops looking, and we, too. */
#define FINDINGS_MAX 100

struct check {
    struct rca_store *store;
    rca_store_report *report;
    void *arg;
    size_t findings;
    enum rca_tier tier;
    /* the window at hand */
    int64_t window;
    size_t n_ticks;
    int64_t chunks, samples, bytes;
};

RCA_PRINTF(2, 3) static void find(struct check *c, const char *format, ...)
{
    char text[256];
    va_list args;

    if (c->findings++ >= FINDINGS_MAX)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    c->report(c->arg, text);
}

struct tier {
    const char *name; /* of a window */
    enum rca_sql spans, rows, strays;
    unsigned shift; /* a series has 1 << shift columns */
};

static const struct tier tiers[] = {
    [RCA_TIER_FINE] = {"window", RCA_SQL_SPAN_ALL, RCA_SQL_CHUNK_RANGE,
                       RCA_SQL_CHUNK_STRAY, 0},
    [RCA_TIER_COARSE] = {"coarse window", RCA_SQL_COARSE_SPAN_ALL,
                         RCA_SQL_COARSE_RANGE, RCA_SQL_COARSE_STRAY, 3},
};

/* What SQLite says of its pages and indices, and of foreign keys. */
static int check_pages(struct check *c)
{
    struct rca_store *s = c->store;
    int err;

    while ((err = rca_sql_next(s, RCA_SQL_INTEGRITY)) > 0) {
        const char *text =
            (const char *)sqlite3_column_text(s->sql[RCA_SQL_INTEGRITY], 0);

        if (text && strcmp(text, "ok") != 0)
            find(c, "database: %s", text);
    }
    if (err == RCA_ECORRUPT) {
        find(c, "database: %s", sqlite3_errmsg(s->db));
        err = 0;
    }
    while (!err && (err = rca_sql_next(s, RCA_SQL_FOREIGN)) > 0) {
        find(c, "edge: an entity is missing");
        err = 0;
    }
    return err;
}

static void check_column(struct check *c, const struct rca_chunk *chunk,
                         const struct rca_chunk_column *column, rca_id entity)
{
    double values[RCA_CHUNK_TICKS_MAX];

    if (rca_names_state(&c->store->series,
                        column->series >> tiers[c->tier].shift) ==
        RCA_NAME_NONE)
        find(c, "%s %lld, entity %u: no series %u", tiers[c->tier].name,
             (long long)c->window, entity, column->series);
    if (rca_chunk_read(chunk, column, values)) {
        find(c, "%s %lld, entity %u, series %u: cannot be decoded",
             tiers[c->tier].name, (long long)c->window, entity, column->series);
        return;
    }
    for (size_t i = 0; i < chunk->n_ticks; i++)
        c->samples += !isnan(values[i]);
}

static void check_chunk(struct check *c, const struct rca_pack_reader *from)
{
    struct rca_chunk_column column = {0};
    struct rca_chunk chunk;

    c->chunks++;
    if (rca_names_state(&c->store->entities, from->entity) == RCA_NAME_NONE)
        find(c, "%s %lld: no entity %u", tiers[c->tier].name,
             (long long)c->window, from->entity);
    if (rca_chunk_open(from->chunk, from->len, &chunk)) {
        find(c, "%s %lld, entity %u: chunk is damaged", tiers[c->tier].name,
             (long long)c->window, from->entity);
        return;
    }
    if (chunk.n_ticks != c->n_ticks) {
        find(c, "%s %lld, entity %u: %zu ticks, the window has %zu",
             tiers[c->tier].name, (long long)c->window, from->entity,
             chunk.n_ticks, c->n_ticks);
        return;
    }
    while (rca_chunk_next(&chunk, &column))
        check_column(c, &chunk, &column, from->entity);
}

static int check_rows(struct check *c)
{
    const enum rca_sql sql = tiers[c->tier].rows;
    const int64_t base = c->window << 24;
    struct rca_store *s = c->store;
    int err = rca_sql_bind(s, sql, "ii", base, base + RCA_ENTITY_MAX - 1);

    while (!err && (err = rca_sql_next(s, sql)) > 0) {
        const struct rca_blob row = rca_sql_blob(s, sql, 1);
        struct rca_pack_reader r;

        rca_pack_read(row.at, row.len, (rca_id)(rca_sql_int(s, sql, 0) - base),
                      &r);
        while ((err = rca_pack_next(&r)) > 0)
            check_chunk(c, &r);
        if (err)
            find(c, "%s %lld: row %lld is damaged", tiers[c->tier].name,
                 (long long)c->window, (long long)rca_sql_int(s, sql, 0));
        c->bytes += (int64_t)row.len;
        err = 0;
    }
    rca_sql_reset(s, sql);
    return err;
}

static void check_total(struct check *c, const char *what, int64_t said,
                        int64_t is)
{
    if (said != is)
        find(c, "%s %lld: %lld %s, its span says %lld", tiers[c->tier].name,
             (long long)c->window, (long long)is, what, (long long)said);
}

/* The row's span; @newest: end of the one before. */
static int check_span(struct check *c, rca_time *newest)
{
    const enum rca_sql sql = tiers[c->tier].spans;
    struct rca_store *s = c->store;
    const struct rca_blob grid = rca_sql_blob(s, sql, 6);
    rca_time times[RCA_CHUNK_TICKS_MAX];
    int err;

    c->window = rca_sql_int(s, sql, 0);
    c->chunks = c->samples = c->bytes = 0;
    if (rca_grid_decode(grid.at, grid.len, times, &c->n_ticks)) {
        find(c, "%s %lld: its times cannot be decoded", tiers[c->tier].name,
             (long long)c->window);
        return 0;
    }
    if (times[0] != rca_sql_int(s, sql, 1) ||
        times[c->n_ticks - 1] != rca_sql_int(s, sql, 2))
        find(c, "%s %lld: its times are not those of its span",
             tiers[c->tier].name, (long long)c->window);
    if (times[0] <= *newest)
        find(c, "%s %lld: begins before its predecessor ends",
             tiers[c->tier].name, (long long)c->window);
    *newest = times[c->n_ticks - 1];
    err = check_rows(c);
    check_total(c, "chunks", rca_sql_int(s, sql, 3), c->chunks);
    check_total(c, "samples", rca_sql_int(s, sql, 4), c->samples);
    check_total(c, "bytes", rca_sql_int(s, sql, 5), c->bytes);
    return err;
}

static int check_tier(struct check *c, enum rca_tier tier)
{
    const enum rca_sql spans = tiers[tier].spans, strays = tiers[tier].strays;
    rca_time newest = INT64_MIN;
    int err = 0;

    c->tier = tier;
    while (!err && (err = rca_sql_next(c->store, spans)) > 0)
        err = check_span(c, &newest);
    rca_sql_reset(c->store, spans);
    if (!err)
        err = rca_sql_next(c->store, strays);
    if (err < 0)
        return err;
    if (rca_sql_int(c->store, strays, 0))
        find(c, "%lld rows of chunks belong to no %s",
             (long long)rca_sql_int(c->store, strays, 0), tiers[tier].name);
    rca_sql_reset(c->store, strays);
    return 0;
}

static int check_head(struct check *c)
{
    struct rca_replay r RCA_CLEANUP(rca_replay_done) = {0};
    int err = rca_head_replay(c->store, 1, NULL, 0, &r);

    if (err == RCA_ECORRUPT) {
        find(c, "head: a tick cannot be decoded");
        return 0;
    }
    for (size_t i = 0; !err && i < r.keys.n; i++) {
        const rca_id entity = rca_key_entity(r.keys.at[i]);
        const rca_id series = rca_key_series(r.keys.at[i]);

        if (rca_names_state(&c->store->entities, entity) == RCA_NAME_NONE ||
            rca_names_state(&c->store->series, series) == RCA_NAME_NONE)
            find(c, "head: no entity %u or no series %u", entity, series);
    }
    return err;
}

static int check_in(struct check *c)
{
    int err = check_pages(c);

    if (!err && c->store->mode != RCA_STORE_WRITE)
        err = rca_names_load(c->store);
    if (!err)
        err = check_tier(c, RCA_TIER_FINE);
    if (!err)
        err = check_tier(c, RCA_TIER_COARSE);
    return err ? err : check_head(c);
}

int rca_store_check(struct rca_store *store, rca_store_report *report,
                    void *arg, size_t *ret_findings)
{
    struct check c = {.store = store, .report = report, .arg = arg};
    int err, end;

    if (store->scanning)
        return -EBUSY;
    err = rca_sql_begin(store, RCA_SQL_BEGIN_READ);
    if (err)
        return err;
    err = check_in(&c);
    if (err == RCA_ECORRUPT) { /* as far as it can be read */
        find(&c, "database: %s", sqlite3_errmsg(store->db));
        err = 0;
    }
    end = rca_sql_end(store, 0);
    if (!err && c.findings == 0)
        err = end;
    if (!err)
        *ret_findings = c.findings;
    return err;
}

int rca_store_compact(struct rca_store *store)
{
    int err;

    if (store->mode != RCA_STORE_WRITE)
        return -EROFS;
    if (store->scanning)
        return -EBUSY;
    err = rca_store_seal(store);
    if (!err)
        err = rca_sql_last(store, RCA_SQL_HEAD_CLEAR);
    store->before.valid = 0;
    if (!err)
        err = rca_sql_last(store, RCA_SQL_VACUUM_ALL);
    /* into the file, and the log to nothing */
    return err ? err : rca_sql_last(store, RCA_SQL_CHECKPOINT);
}
