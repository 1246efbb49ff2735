/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sqlite - what the files of the SQLite back end share. Only these include
 * sqlite3.h.
 *
 *   entity  a row an entity; first and last seen as of the newest seal
 *   edge    likewise
 *   series  names of raw series
 *   head    a row a tick (collector/store/tick.h); those up to the newest
 *           window's end are sealed and wait to be written over
 *   span    a row a window: its times, and what it holds in numbers
 *   chunk   a row a window and some neighbouring entities, id = window << 24 |
 *           the first of them (collector/store/pack.h, collector/store/chunk.h)
 *   coarse_span, coarse: likewise of the coarse tier; the id of a window is its
 *           time, a series is series * 8 + stat
 *   blob    models and notes
 */

#include <sqlite3.h>

#include "collector/store/names.h"
#include "collector/store/pack.h"
#include "collector/store/replay.h"
#include "collector/store/upkeep.h"
#include "graph/base/name.h"

/**
 * Ticks of a window. More make a chunk little smaller (1.06 bytes a sample on
 * the bench's hard mix of 1,000 series with 240) and the tick that seals dearer
 * (8 ms of processor time with 240; tests/bench/store_bench.c).
 */
#define RCA_WINDOW_TICKS 240

/** Names of series: a host has hundreds. Bounds a chunk together with
 * RCA_WINDOW_TICKS to RCA_CHUNK_VALUES_MAX. */
#define RCA_SERIES_MAX ((rca_id)1 << 16)

/** A row of chunks is ended when it has this many bytes: pages of 4 KiB are then
 * full but for 2 %; with a row an entity they lacked 18 %. */
#define RCA_PACK_BYTES 28000

enum rca_sql {
    RCA_SQL_BEGIN_READ,
    RCA_SQL_BEGIN_WRITE,
    RCA_SQL_COMMIT,
    RCA_SQL_ROLLBACK,
    RCA_SQL_ENTITY_ALL,
    RCA_SQL_ENTITY_ADD,
    RCA_SQL_ENTITY_SEEN,
    RCA_SQL_ENTITY_EXPIRE,
    RCA_SQL_SERIES_ALL,
    RCA_SQL_SERIES_ADD,
    RCA_SQL_EDGE_ALL,
    RCA_SQL_EDGE_SEEN,
    RCA_SQL_EDGE_EXPIRE,
    RCA_SQL_HEAD_ADD,
    RCA_SQL_HEAD_LINKS,
    RCA_SQL_HEAD_VALUES,
    RCA_SQL_HEAD_CLEAR,
    RCA_SQL_HEAD_ENDS,
    RCA_SQL_SPAN_ADD,
    RCA_SQL_SPAN_RANGE,
    RCA_SQL_SPAN_NEWEST,
    RCA_SQL_SPAN_TOTALS,
    RCA_SQL_SPAN_KEPT,
    RCA_SQL_SPAN_EXPIRE,
    RCA_SQL_CHUNK_ADD,
    RCA_SQL_CHUNK_RANGE,
    RCA_SQL_CHUNK_OF,
    RCA_SQL_CHUNK_EXPIRE,
    RCA_SQL_BLOB_PUT,
    RCA_SQL_BLOB_GET,
    RCA_SQL_BLOB_LIST,
    RCA_SQL_BLOB_DROP,
    RCA_SQL_COUNTS,
    RCA_SQL_PAGES,
    RCA_SQL_PAGE_SIZE,
    RCA_SQL_FREE_PAGES,
    RCA_SQL_OLDEST,
    RCA_SQL_SPAN_OLDEST,
    RCA_SQL_COARSE_SPAN_ADD,
    RCA_SQL_COARSE_SPAN_RANGE,
    RCA_SQL_COARSE_SPAN_ALL,
    RCA_SQL_COARSE_SPAN_EXPIRE,
    RCA_SQL_COARSE_ADD,
    RCA_SQL_COARSE_RANGE,
    RCA_SQL_COARSE_OF,
    RCA_SQL_COARSE_EXPIRE,
    RCA_SQL_COARSE_STRAY,
    RCA_SQL_COARSE_DROP,
    RCA_SQL_COARSE_DUE,
    RCA_SQL_COARSE_KEPT,
    RCA_SQL_COARSE_OLDEST,
    RCA_SQL_COARSE_END,
    RCA_SQL_VACUUM,
    RCA_SQL_VACUUM_SOME,
    RCA_SQL_VACUUM_ALL,
    RCA_SQL_CHECKPOINT,
    RCA_SQL_INTEGRITY,
    RCA_SQL_FOREIGN,
    RCA_SQL_SPAN_ALL,
    RCA_SQL_CHUNK_STRAY,
    RCA_SQL_COUNT,
};

enum rca_tier { RCA_TIER_FINE, RCA_TIER_COARSE };

/** How long after its age a window waits for the coarse tier to see it. */
#define RCA_COARSE_WAIT (RCA_SECOND * 3600 * 8)

/** struct rca_store - an open file; all owned */
struct rca_store {
    sqlite3 *db;
    sqlite3_stmt *sql[RCA_SQL_COUNT];
    enum rca_store_mode mode;
    int lock; /* descriptor of the writer's lock, or -1; holds the reserve */
    _Bool scanning;
    struct rca_names entities, series;
    /* the writer's */
    rca_time newest; /* tick, or RCA_TIME_NONE */
    int64_t next_window;
    uint64_t head_rows;
    struct rca_frame frame;
    struct rca_buf keys, links, values; /* blobs being made */
    struct {
        _Bool valid; /* the next head row may build on it */
        struct rca_vec_key keys;
        struct rca_vec_value values; /* as many as keys */
        struct rca_links links;
        struct rca_vec_value carried; /* to the keys of the row being made */
    } before;
    /* what rca_store_maintain() is at */
    struct {
        _Bool active;
        int64_t window;
        rca_id next; /* entity */
        int64_t chunks, samples, bytes; /* written */
    } roll;
    _Bool due, forget;
    _Bool full; /* the disk; the reserve is let go of */
};

/* --- sqlite.c --- */

/** rca_reserve_take() - set room aside; 0, or -1 where there is none
 * rca_reserve_drop() - give it to the disk */
int rca_reserve_take(struct rca_store *store);
void rca_reserve_drop(struct rca_store *store);

/* --- sqlite_sql.c --- */

/** rca_sql_error() - an SQLite result as ours */
int rca_sql_error(int rc);

/** rca_sql_prepare() - all statements; 0 or an error */
RCA_MUST_CHECK int rca_sql_prepare(struct rca_store *store);
void rca_sql_finalize(struct rca_store *store);

/** rca_sql_bind() - reset and bind the parameters in order. @types: a letter
 * each: i = int64_t, t = const char *, b = const void *, size_t; a NULL pointer
 * binds NULL. All are borrowed until the next reset. */
RCA_MUST_CHECK int rca_sql_bind(struct rca_store *store, enum rca_sql sql,
                                const char *types, ...);

/** rca_sql_next() - 1: a row; 0: no more, and it is reset; else an error */
RCA_MUST_CHECK int rca_sql_next(struct rca_store *store, enum rca_sql sql);

/** rca_sql_last() - a step that ends the statement: 0 or an error */
RCA_MUST_CHECK int rca_sql_last(struct rca_store *store, enum rca_sql sql);

/** rca_sql_reset() - before leaving a statement that is not at its end */
void rca_sql_reset(struct rca_store *store, enum rca_sql sql);

/** rca_sql_begin() - a read or write transaction; inside one it does nothing */
RCA_MUST_CHECK int rca_sql_begin(struct rca_store *store, enum rca_sql begin);

/** rca_sql_end() - commit if @err is 0, else roll back; return: the error */
RCA_MUST_CHECK int rca_sql_end(struct rca_store *store, int err);

int64_t rca_sql_int(struct rca_store *store, enum rca_sql sql, int column);
struct rca_blob rca_sql_blob(struct rca_store *store, enum rca_sql sql,
                             int column);
