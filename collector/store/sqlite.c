/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/store/sqlite_parts.h"

/*
 * Opening and closing.
 *
 * The writer's lock is flock(2) on a file beside the database and not on the
 * database: closing any descriptor of a file drops the process's fcntl(2) locks
 * on it, which are SQLite's. The kernel drops the lock when its holder dies.
 *
 * In WAL mode with synchronous=NORMAL a commit is in the page cache when
 * append returns: it survives the death of the process, not that of the
 * machine; the database stays sound in both.
 *
 * The lock's file holds zeros, room that retention works in when the disk is
 * full: to delete is to write into the log, and where a checkpoint cannot make
 * the database longer the log only grows.
 */

/** How long a writer waits for one who keeps a blob, and that for it. */
#define BUSY_TIMEOUT_MS 5000

/* Room for "file:", the path with each byte escaped, and the option. */
#define URI_MAX (PATH_MAX * 3 + 32)

/** Bytes of the reserve: by how much a checkpoint of CHECKPOINT pages of 4 KiB
 * makes the database longer at most, and as much for the log of a deletion. */
#define RESERVE ((off_t)2 << 20)
#define CHECKPOINT "256"

int rca_reserve_take(struct rca_store *store)
{
    static const char zeros[16384];

    for (off_t at = 0; at < RESERVE; at += (off_t)sizeof(zeros)) {
        if (pwrite(store->lock, zeros, sizeof(zeros), at) ==
            (ssize_t)sizeof(zeros))
            continue;
        rca_reserve_drop(store);
        return -1;
    }
    return 0;
}

void rca_reserve_drop(struct rca_store *store)
{
    int ignored = ftruncate(store->lock, 0);

    (void)ignored; /* then there is no less room than before */
}

static int fail(const struct rca_store *s, int err, const char *path,
                struct rca_diag *diag)
{
    return rca_diag_set(diag, err, path, 0, "cannot be opened: %s",
                        s->db ? sqlite3_errmsg(s->db) : rca_strerror(err));
}

/* What stat(2) can tell, before SQLite makes or reads anything. */
static int check_file(const char *path, enum rca_store_mode mode,
                      struct rca_diag *diag)
{
    struct stat st;

    if (stat(path, &st)) {
        int err = -errno;

        if (err == -ENOENT && mode == RCA_STORE_WRITE)
            return 0;
        return rca_diag_set(diag, err, path, 0, "cannot be opened: %s",
                            rca_strerror(err));
    }
    if (!S_ISREG(st.st_mode))
        return rca_diag_set(diag, RCA_ESCHEMA, path, 0,
                            "not a regular file: expected a database of rca");
    if (st.st_size == 0 && mode != RCA_STORE_WRITE)
        return rca_diag_set(diag, RCA_ESCHEMA, path, 0,
                            "empty: expected a database of rca");
    return 0;
}

static int take_lock(struct rca_store *s, const char *path,
                     struct rca_diag *diag)
{
    char name[PATH_MAX];
    int err;

    if (snprintf(name, sizeof(name), "%s-lock", path) >= (int)sizeof(name))
        return rca_diag_set(diag, -ENAMETOOLONG, path, 0, "name too long");
    s->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (s->lock < 0) {
        err = errno == EROFS || errno == EPERM ? -EACCES : -errno;
        return rca_diag_set(diag, err, path, 0,
                            "cannot be written: cannot make '%s': %s", name,
                            rca_strerror(err));
    }
    if (flock(s->lock, LOCK_EX | LOCK_NB)) {
        err = errno == EWOULDBLOCK ? -EBUSY : -errno;
        return rca_diag_set(diag, err, path, 0,
                            "in use: another process is writing to it");
    }
    return 0;
}

/* A path that SQLite takes for a file name whatever it begins with. */
static int plain_name(const char *path, char ret[PATH_MAX])
{
    int n = snprintf(ret, PATH_MAX, "%s%s", *path == '/' ? "" : "./", path);

    return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static void immutable_uri(const char *name, char ret[URI_MAX])
{
    static const char hex[] = "0123456789abcdef";
    char *p = ret + snprintf(ret, URI_MAX, "file:");

    for (; *name; name++) {
        if (strchr("%?#", *name)) {
            *p++ = '%';
            *p++ = hex[(unsigned char)*name >> 4];
            *p++ = hex[*name & 15];
        } else {
            *p++ = *name;
        }
    }
    (void)snprintf(p, (size_t)(ret + URI_MAX - p), "?immutable=1");
}

static int configure(struct rca_store *s)
{
    static const char pragmas[] = "PRAGMA cell_size_check = ON;"
                                  "PRAGMA foreign_keys = ON;"
                                  "PRAGMA temp_store = MEMORY;";
    sqlite3 *db = s->db;
    int rc = sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);

    (void)sqlite3_extended_result_codes(db, 1);
    /* a file that others made must not run anything */
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
    return rca_sql_error(rc);
}

static int connect(struct rca_store *s, const char *name, int flags)
{
    int rc;

    (void)sqlite3_close(s->db);
    s->db = NULL;
    rc = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    return rc == SQLITE_OK ? configure(s) : rca_sql_error(rc);
}

/* No log, or an empty one: the database file alone is the whole truth. */
static _Bool has_no_log(const char *path)
{
    char name[PATH_MAX];
    struct stat st;

    if (snprintf(name, sizeof(name), "%s-wal", path) >= (int)sizeof(name))
        return 0;
    return stat(name, &st) ? errno == ENOENT : st.st_size == 0;
}

/* A reader in a directory where it may not make the log's index reads the file
 * as one that nobody changes, which holds as long as there is no log. */
static int connect_checked(struct rca_store *s, const char *path,
                           struct rca_diag *diag, _Bool *blank, int *version)
{
    static const int flags[] = {
        [RCA_STORE_READ] = SQLITE_OPEN_READONLY,
        [RCA_STORE_WRITE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
        [RCA_STORE_NOTES] = SQLITE_OPEN_READWRITE,
    };
    char name[PATH_MAX], uri[URI_MAX];
    int err = plain_name(path, name);

    if (err)
        return rca_diag_set(diag, err, path, 0, "name too long");
    err = connect(s, name, flags[s->mode]);
    if (err)
        return fail(s, err, path, diag);
    err = rca_schema_check(s->db, path, diag, blank, version);
    if ((err != -EACCES && err != -EROFS) || s->mode != RCA_STORE_READ ||
        !has_no_log(path) || access(path, R_OK))
        return err;

    immutable_uri(name, uri);
    err = connect(s, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    if (err)
        return fail(s, err, path, diag);
    return rca_schema_check(s->db, path, diag, blank, version);
}

/* auto_vacuum takes effect only before the first page is written. */
static int make_ready(struct rca_store *s, _Bool blank, int version)
{
    int rc = SQLITE_OK;

    if (s->mode == RCA_STORE_WRITE && blank)
        rc = sqlite3_exec(s->db, "PRAGMA auto_vacuum = INCREMENTAL", NULL, NULL,
                          NULL);
    if (s->mode == RCA_STORE_WRITE && rc == SQLITE_OK)
        rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    if (s->mode != RCA_STORE_READ && rc == SQLITE_OK)
        rc = sqlite3_exec(s->db,
                          "PRAGMA synchronous = NORMAL;"
                          "PRAGMA wal_autocheckpoint = " CHECKPOINT,
                          NULL, NULL, NULL);
    if (rc != SQLITE_OK || s->mode != RCA_STORE_WRITE)
        return rca_sql_error(rc);
    return rca_schema_migrate(s->db, version);
}

/* Where the last writer left off. */
static int load_ends(struct rca_store *s)
{
    int err = rca_sql_next(s, RCA_SQL_SPAN_TOTALS);

    if (err < 0)
        return err;
    if (rca_sql_int(s, RCA_SQL_SPAN_TOTALS, 0)) {
        s->newest = rca_sql_int(s, RCA_SQL_SPAN_TOTALS, 2);
        s->next_window = rca_sql_int(s, RCA_SQL_SPAN_TOTALS, 3) + 1;
    }
    rca_sql_reset(s, RCA_SQL_SPAN_TOTALS);
    err = rca_sql_next(s, RCA_SQL_HEAD_ENDS);
    if (err < 0)
        return err;
    s->head_rows = (uint64_t)rca_sql_int(s, RCA_SQL_HEAD_ENDS, 0);
    if (s->head_rows) {
        s->newest = rca_sql_int(s, RCA_SQL_HEAD_ENDS, 2);
        if (rca_sql_int(s, RCA_SQL_HEAD_ENDS, 3) + 1 != (int64_t)s->head_rows)
            err = RCA_ECORRUPT;
    }
    rca_sql_reset(s, RCA_SQL_HEAD_ENDS);
    if (err < 0)
        return err;
    /* ids have 39 bits left above the entity */
    return s->next_window < 0 || s->next_window > INT64_MAX >> 25 ? RCA_ECORRUPT
                                                                  : 0;
}

static int load(struct rca_store *s)
{
    int err = rca_sql_prepare(s);

    if (err)
        return err;
    err = rca_sql_begin(s, RCA_SQL_BEGIN_READ);
    if (err)
        return err;
    err = rca_names_load(s);
    if (!err)
        err = load_ends(s);
    return rca_sql_end(s, err);
}

static int open_in(struct rca_store *s, const char *path, struct rca_diag *diag)
{
    _Bool blank = 0;
    int version = 0;
    int err = check_file(path, s->mode, diag);

    if (!err && s->mode == RCA_STORE_WRITE)
        err = take_lock(s, path, diag);
    if (!err)
        err = connect_checked(s, path, diag, &blank, &version);
    if (err)
        return err;
    if (s->mode != RCA_STORE_WRITE && blank)
        return rca_diag_set(diag, RCA_ESCHEMA, path, 0,
                            "empty: expected a database of rca");
    if (s->mode != RCA_STORE_WRITE && version < rca_schema_version())
        return rca_diag_set(diag, RCA_ESCHEMA, path, 0,
                            "from an older program: its schema version is "
                            "%d, %d is expected; a collector brings it there",
                            version, rca_schema_version());
    err = make_ready(s, blank, version);
    if (!err)
        err = load(s);
    if (!err && s->mode == RCA_STORE_WRITE)
        s->full = rca_reserve_take(s) < 0;
    if (err == RCA_ECORRUPT)
        return rca_diag_set(diag, err, path, 0, "damaged: %s",
                            sqlite3_errcode(s->db) == SQLITE_OK
                                ? "rows that contradict each other"
                                : sqlite3_errmsg(s->db));
    return err ? fail(s, err, path, diag) : 0;
}

int rca_store_open(const char *path, enum rca_store_mode mode,
                   struct rca_diag *diag, struct rca_store **ret_store)
{
    struct rca_store *s RCA_CLEANUP(rca_store_close) = calloc(1, sizeof(*s));
    int err;

    if (!s)
        return rca_diag_set(diag, -ENOMEM, path, 0, "cannot be opened: %s",
                            rca_strerror(-ENOMEM));
    s->lock = -1;
    s->mode = mode;
    s->newest = RCA_TIME_NONE;
    s->due = 1;
    err = open_in(s, path, diag);
    if (!err)
        *ret_store = RCA_TAKE(s);
    return err;
}

void rca_store_remove(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
    char name[PATH_MAX];

    for (size_t i = 0; i < RCA_ARRAY_SIZE(ends); i++) {
        if (snprintf(name, sizeof(name), "%s%s", path, ends[i]) <
            (int)sizeof(name))
            (void)unlink(name);
    }
}

void rca_store_close(struct rca_store **store)
{
    struct rca_store *s = *store;

    if (!s)
        return;
    rca_sql_finalize(s);
    (void)sqlite3_close(s->db); /* the last one folds the log in */
    if (s->lock >= 0)
        (void)close(s->lock);
    rca_names_done(&s->entities);
    rca_names_done(&s->series);
    rca_frame_done(&s->frame);
    rca_buf_done(&s->keys);
    rca_buf_done(&s->links);
    rca_buf_done(&s->values);
    free(s->before.keys.at);
    free(s->before.values.at);
    free(s->before.carried.at);
    rca_links_done(&s->before.links);
    free(s);
    *store = NULL;
}
