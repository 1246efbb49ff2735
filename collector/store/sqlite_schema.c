/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "collector/store/sqlite_parts.h"

/*
 * Which database is ours, and how an older one becomes the newest: each step
 * in its own transaction, which also raises user_version, so that a crash
 * between two steps leaves a database of a version that exists.
 */

#define APPLICATION_ID 0x72636131 /* "rca1" */
#define STRINGIFY(x) #x
#define TEXT_OF(x) STRINGIFY(x)

/* steps[v] goes from version v to v + 1 */
static const char *const steps[] = {
    "PRAGMA application_id = " TEXT_OF(
        APPLICATION_ID) ";"
                        "CREATE TABLE entity("
                        " id INTEGER PRIMARY KEY,"
                        " kind TEXT NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL,"
                        " first INTEGER, last INTEGER,"
                        " UNIQUE(kind, name, host)) STRICT;"
                        "CREATE TABLE series("
                        " id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
                        "CREATE TABLE edge("
                        " source INTEGER NOT NULL REFERENCES entity(id) ON DELETE CASCADE,"
                        " target INTEGER NOT NULL REFERENCES entity(id) ON DELETE CASCADE,"
                        " kind TEXT NOT NULL,"
                        " first INTEGER NOT NULL, last INTEGER NOT NULL,"
                        " PRIMARY KEY(source, target, kind)) STRICT, WITHOUT ROWID;"
                        "CREATE INDEX edge_target ON edge(target);"
                        "CREATE TABLE head("
                        " time INTEGER PRIMARY KEY,"
                        " keys BLOB, links BLOB, vals BLOB NOT NULL) STRICT;"
                        "CREATE TABLE span("
                        " id INTEGER PRIMARY KEY,"
                        " first INTEGER NOT NULL, last INTEGER NOT NULL,"
                        " chunks INTEGER NOT NULL, samples INTEGER NOT NULL,"
                        " bytes INTEGER NOT NULL, grid BLOB NOT NULL) STRICT;"
                        "CREATE INDEX span_time ON span(last, first);"
                        "CREATE TABLE chunk(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
                        "CREATE TABLE blob("
                        " name TEXT NOT NULL PRIMARY KEY,"
                        " time INTEGER NOT NULL, data BLOB NOT NULL) STRICT;",
    /* rows of the head get places of their own, to be used again */
    "ALTER TABLE head RENAME TO head_1;"
    "CREATE TABLE head("
    " slot INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
    " keys BLOB, links BLOB, vals BLOB NOT NULL) STRICT;"
    "INSERT INTO head SELECT row_number() OVER (ORDER BY time) - 1,"
    " time, keys, links, vals FROM head_1;"
    "DROP TABLE head_1;",
    /* the coarse tier */
    "CREATE TABLE coarse_span("
    " id INTEGER PRIMARY KEY,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " chunks INTEGER NOT NULL, samples INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, grid BLOB NOT NULL) STRICT;"
    "CREATE INDEX coarse_time ON coarse_span(last, first);"
    "CREATE TABLE coarse(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;",
};

int rca_schema_version(void)
{
    return (int)RCA_ARRAY_SIZE(steps);
}

static int ask(sqlite3 *db, const char *sql, int64_t *ret)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
        if (rc == SQLITE_ROW)
            *ret = sqlite3_column_int64(s, 0);
    }
    (void)sqlite3_finalize(s);
    return rca_sql_error(rc);
}

int rca_schema_check(sqlite3 *db, const char *path, struct rca_diag *diag,
                     _Bool *ret_blank, int *ret_version)
{
    int64_t id = 0, version = 0, objects = 0;
    int err = ask(db, "PRAGMA application_id", &id);

    if (!err)
        err = ask(db, "PRAGMA user_version", &version);
    if (!err)
        err = ask(db, "SELECT count(*) FROM sqlite_schema", &objects);
    if (err == RCA_ESCHEMA)
        return rca_diag_set(diag, err, path, 0,
                            "not an SQLite database: expected one of rca's");
    if (err)
        return rca_diag_set(diag, err, path, 0, "cannot be read: %s",
                            sqlite3_errmsg(db));
    *ret_blank = id == 0 && version == 0 && objects == 0;
    *ret_version = (int)version;
    if (*ret_blank)
        return 0;
    if (id != APPLICATION_ID)
        return rca_diag_set(diag, RCA_ESCHEMA, path, 0,
                            "a database of another program: expected "
                            "application id 0x%x, not 0x%x",
                            (unsigned)APPLICATION_ID, (unsigned)id);
    if (version > rca_schema_version() || version < 1)
        return rca_diag_set(diag, RCA_ESCHEMA, path, 0,
                            "from a newer program: its schema version is "
                            "%d, this program knows those up to %d",
                            (int)version, rca_schema_version());
    return 0;
}

int rca_schema_migrate(sqlite3 *db, int version)
{
    char raise[64];
    int rc = SQLITE_OK;

    for (int v = version; v < rca_schema_version() && rc == SQLITE_OK; v++) {
        (void)snprintf(raise, sizeof(raise), "PRAGMA user_version = %d", v + 1);
        rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_exec(db, steps[v], NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_exec(db, raise, NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        if (rc != SQLITE_OK && !sqlite3_get_autocommit(db))
            (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return rca_sql_error(rc);
}
