/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "collector/store/sqlite.h"

/* Rows of the head stay where they are when their window is sealed, and the
 * next window's are put over them: no page is freed and none taken. */
#define UNSEALED " WHERE time > ifnull((SELECT max(last) FROM span), -1 << 63)"

static const char *const texts[RCA_SQL_COUNT] = {
    [RCA_SQL_BEGIN_READ] = "BEGIN",
    [RCA_SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [RCA_SQL_COMMIT] = "COMMIT",
    [RCA_SQL_ROLLBACK] = "ROLLBACK",

    [RCA_SQL_ENTITY_ALL] =
        "SELECT id, kind, name, host, first, last FROM entity ORDER BY id",
    [RCA_SQL_ENTITY_ADD] =
        "INSERT INTO entity(id, kind, name, host) VALUES(?, ?, ?, ?)",
    [RCA_SQL_ENTITY_SEEN] =
        "UPDATE entity SET first = min(coalesce(first, ?1), ?1),"
        " last = max(coalesce(last, ?2), ?2) WHERE id = ?3",
    [RCA_SQL_ENTITY_EXPIRE] = "DELETE FROM entity WHERE last < ? RETURNING id",

    [RCA_SQL_SERIES_ALL] = "SELECT id, name FROM series WHERE id >= ?",
    [RCA_SQL_SERIES_ADD] = "INSERT INTO series(id, name) VALUES(?, ?)",

    [RCA_SQL_EDGE_ALL] = "SELECT source, target, kind, first, last FROM edge",
    [RCA_SQL_EDGE_SEEN] =
        "INSERT INTO edge(source, target, kind, first, last)"
        " VALUES(?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " first = min(first, excluded.first), last = max(last, excluded.last)",
    [RCA_SQL_EDGE_EXPIRE] = "DELETE FROM edge WHERE last < ?",

    [RCA_SQL_HEAD_ADD] =
        "INSERT OR REPLACE INTO head(slot, time, keys, links, vals)"
        " VALUES(?, ?, ?, ?, ?)",
    [RCA_SQL_HEAD_LINKS] =
        "SELECT time, keys, links FROM head" UNSEALED " ORDER BY slot",
    [RCA_SQL_HEAD_VALUES] =
        "SELECT keys, vals FROM head" UNSEALED " ORDER BY slot",
    [RCA_SQL_HEAD_ENDS] = "SELECT count(*), min(time), max(time), max(slot)"
                          " FROM head" UNSEALED,
    [RCA_SQL_HEAD_CLEAR] =
        "DELETE FROM head WHERE time <= (SELECT max(last) FROM span)",

    [RCA_SQL_SPAN_ADD] =
        "INSERT INTO span(id, first, last, chunks, samples, bytes, grid)"
        " VALUES(?, ?, ?, ?, ?, ?, ?)",
    /* windows follow one another: the order of last is that of id */
    [RCA_SQL_SPAN_RANGE] = "SELECT id, grid FROM span"
                           " WHERE last >= ? AND first <= ? ORDER BY last",
    [RCA_SQL_SPAN_NEWEST] = "SELECT grid FROM span ORDER BY id DESC LIMIT 1",
    [RCA_SQL_SPAN_TOTALS] =
        "SELECT count(*), min(first), max(last), max(id), total(chunks),"
        " total(samples), total(bytes) FROM span",
    [RCA_SQL_SPAN_KEPT] = "SELECT id, first FROM span"
                          " WHERE last >= ? ORDER BY last LIMIT 1",
    [RCA_SQL_SPAN_EXPIRE] = "DELETE FROM span WHERE id < ?",

    [RCA_SQL_CHUNK_ADD] = "INSERT INTO chunk(id, data) VALUES(?, ?)",
    [RCA_SQL_CHUNK_RANGE] =
        "SELECT id, data FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id",
    [RCA_SQL_CHUNK_OF] = "SELECT id, data FROM chunk"
                         " WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1",
    [RCA_SQL_CHUNK_EXPIRE] = "DELETE FROM chunk WHERE id < ?",

    [RCA_SQL_OLDEST] = "SELECT min(t) FROM (SELECT min(first) AS t FROM span"
                       " UNION ALL SELECT min(first) FROM coarse_span"
                       " UNION ALL SELECT min(time) FROM head" UNSEALED ")",
    [RCA_SQL_SPAN_OLDEST] = "SELECT id, last FROM span ORDER BY id LIMIT 1",

    [RCA_SQL_COARSE_SPAN_ADD] =
        "INSERT INTO coarse_span(id, first, last, chunks, samples, bytes, grid)"
        " VALUES(?, ?, ?, ?, ?, ?, ?)",
    [RCA_SQL_COARSE_SPAN_RANGE] =
        "SELECT id, grid FROM coarse_span"
        " WHERE last >= ? AND first <= ? ORDER BY last",
    [RCA_SQL_COARSE_SPAN_ALL] =
        "SELECT id, first, last, chunks, samples, bytes, grid"
        " FROM coarse_span ORDER BY id",
    [RCA_SQL_COARSE_SPAN_EXPIRE] = "DELETE FROM coarse_span WHERE id < ?",
    [RCA_SQL_COARSE_ADD] = "INSERT INTO coarse(id, data) VALUES(?, ?)",
    [RCA_SQL_COARSE_RANGE] =
        "SELECT id, data FROM coarse WHERE id BETWEEN ? AND ? ORDER BY id",
    [RCA_SQL_COARSE_OF] = "SELECT id, data FROM coarse"
                          " WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1",
    [RCA_SQL_COARSE_EXPIRE] = "DELETE FROM coarse WHERE id < ?",
    /* but for what is being made */
    [RCA_SQL_COARSE_STRAY] = "SELECT count(*) FROM coarse WHERE id >> 24 NOT IN"
                             " (SELECT id FROM coarse_span) AND id >> 24 <"
                             " (SELECT max(id) FROM coarse_span)",
    [RCA_SQL_COARSE_DROP] = "DELETE FROM coarse WHERE id >= ?",
    [RCA_SQL_COARSE_DUE] =
        "SELECT max(first / ?1,"
        " (SELECT ifnull(max(id), -1) + 1 FROM coarse_span)),"
        " (SELECT max(last) FROM span) FROM span WHERE last >="
        " (SELECT ifnull(max(id), -1) + 1 FROM coarse_span) * ?1"
        " ORDER BY last LIMIT 1",
    [RCA_SQL_COARSE_KEPT] = "SELECT id FROM coarse_span"
                            " WHERE last >= ? ORDER BY last LIMIT 1",
    [RCA_SQL_COARSE_OLDEST] =
        "SELECT id, last FROM coarse_span ORDER BY id LIMIT 1",
    [RCA_SQL_COARSE_END] = "SELECT max(last) FROM coarse_span",

    [RCA_SQL_BLOB_PUT] =
        "INSERT OR REPLACE INTO blob(name, time, data) VALUES(?, ?, ?)",
    [RCA_SQL_BLOB_GET] = "SELECT time, data FROM blob WHERE name = ?",
    /* no name goes on with the last character of Unicode */
    [RCA_SQL_BLOB_LIST] =
        "SELECT name, time, data FROM blob"
        " WHERE name BETWEEN ?1 AND ?1 || char(1114111) ORDER BY name",
    [RCA_SQL_BLOB_DROP] = "DELETE FROM blob WHERE name = ?",

    [RCA_SQL_COUNTS] = "SELECT (SELECT count(*) FROM entity),"
                       " (SELECT count(*) FROM series)",
    [RCA_SQL_PAGES] = "PRAGMA page_count",
    [RCA_SQL_PAGE_SIZE] = "PRAGMA page_size",
    [RCA_SQL_FREE_PAGES] = "PRAGMA freelist_count",
    [RCA_SQL_VACUUM] = "PRAGMA incremental_vacuum",
    [RCA_SQL_VACUUM_SOME] = "PRAGMA incremental_vacuum(256)",
    [RCA_SQL_VACUUM_ALL] = "VACUUM",
    [RCA_SQL_CHECKPOINT] = "PRAGMA wal_checkpoint(TRUNCATE)",

    [RCA_SQL_INTEGRITY] = "PRAGMA integrity_check(100)",
    [RCA_SQL_FOREIGN] = "PRAGMA foreign_key_check",
    [RCA_SQL_SPAN_ALL] = "SELECT id, first, last, chunks, samples, bytes, grid"
                         " FROM span ORDER BY id",
    [RCA_SQL_CHUNK_STRAY] = "SELECT count(*) FROM chunk WHERE id >> 24 NOT IN"
                            " (SELECT id FROM span)",
};

int rca_sql_error(int rc)
{
    switch (rc & 0xff) { /* without the details of extended codes */
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
        return -ENOSPC;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return -EACCES;
    case SQLITE_NOTADB:
        return RCA_ESCHEMA;
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT: /* rows that contradict each other */
    case SQLITE_ERROR: /* a table that is not as we made it */
    case SQLITE_MISMATCH:
        return RCA_ECORRUPT;
    default:
        return rc == SQLITE_IOERR_NOMEM ? -ENOMEM : -EIO;
    }
}

int rca_sql_prepare(struct rca_store *store)
{
    for (size_t i = 0; i < RCA_SQL_COUNT; i++) {
        int rc =
            sqlite3_prepare_v3(store->db, texts[i], -1,
                               SQLITE_PREPARE_PERSISTENT, &store->sql[i], NULL);

        if (rc != SQLITE_OK)
            return rca_sql_error(rc);
    }
    return 0;
}

void rca_sql_finalize(struct rca_store *store)
{
    for (size_t i = 0; i < RCA_SQL_COUNT; i++) {
        (void)sqlite3_finalize(store->sql[i]);
        store->sql[i] = NULL;
    }
}

void rca_sql_reset(struct rca_store *store, enum rca_sql sql)
{
    (void)sqlite3_reset(store->sql[sql]); /* repeats the step's error */
}

int rca_sql_bind(struct rca_store *store, enum rca_sql sql, const char *types,
                 ...)
{
    sqlite3_stmt *s = store->sql[sql];
    int rc = SQLITE_OK;
    va_list args;

    rca_sql_reset(store, sql);
    va_start(args, types);
    /* clang-tidy 14 loses sight of va_start() in a loop */
    /* NOLINTBEGIN(clang-analyzer-valist.Uninitialized) */
    for (int i = 1; *types && rc == SQLITE_OK; types++, i++) {
        if (*types == 'i') {
            rc = sqlite3_bind_int64(s, i, va_arg(args, int64_t));
        } else if (*types == 't') {
            rc = sqlite3_bind_text(s, i, va_arg(args, const char *), -1,
                                   SQLITE_STATIC);
        } else {
            const void *at = va_arg(args, const void *);
            size_t len = va_arg(args, size_t);

            rc = sqlite3_bind_blob64(s, i, at, len, SQLITE_STATIC);
        }
    }
    /* NOLINTEND(clang-analyzer-valist.Uninitialized) */
    va_end(args);
    return rca_sql_error(rc);
}

int rca_sql_next(struct rca_store *store, enum rca_sql sql)
{
    int rc = sqlite3_step(store->sql[sql]);

    if (rc == SQLITE_ROW)
        return 1;
    rca_sql_reset(store, sql);
    return rca_sql_error(rc);
}

int rca_sql_last(struct rca_store *store, enum rca_sql sql)
{
    int err = rca_sql_next(store, sql);

    rca_sql_reset(store, sql);
    return err < 0 ? err : 0;
}

int rca_sql_begin(struct rca_store *store, enum rca_sql begin)
{
    return sqlite3_get_autocommit(store->db) ? rca_sql_last(store, begin) : 0;
}

int rca_sql_end(struct rca_store *store, int err)
{
    if (!err)
        err = rca_sql_last(store, RCA_SQL_COMMIT);
    /* some errors roll back by themselves */
    if (err && !sqlite3_get_autocommit(store->db)) {
        int ignored = rca_sql_last(store, RCA_SQL_ROLLBACK);

        (void)ignored; /* the first error is the one that matters */
    }
    return err;
}

int64_t rca_sql_int(struct rca_store *store, enum rca_sql sql, int column)
{
    return sqlite3_column_int64(store->sql[sql], column);
}

struct rca_blob rca_sql_blob(struct rca_store *store, enum rca_sql sql,
                             int column)
{
    struct rca_blob blob = {sqlite3_column_blob(store->sql[sql], column), 0};

    if (blob.at)
        blob.len = (size_t)sqlite3_column_bytes(store->sql[sql], column);
    return blob;
}
