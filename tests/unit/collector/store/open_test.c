/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "collector/store/store.h"
#include "tests/harness/oom.h"
#include "tests/unit/collector/store/store_fixture.h"

/* What opening refuses, and what it says. */

static void write_file(const struct fixture *f, const char *bytes, size_t n)
{
    int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    (void)close(fd);
}

static void assert_refused(const struct fixture *f, enum rca_store_mode mode,
                           int err, const char *words)
{
    struct rca_diag diag = {0};
    struct rca_store *store = NULL;

    assert_err(rca_store_open(f->path, mode, &diag, &store), err);
    assert_null(store);
    assert_string_equal(diag.file, f->path);
    if (!strstr(diag.text, words))
        fail_msg("'%s' does not say '%s'", diag.text, words);
    assert_null(strchr(diag.text, '\n'));
}

static void sql(const struct fixture *f, const char *text)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Close, and remove the file. */
static void start_over(struct fixture *f)
{
    rca_store_close(&f->store);
    assert_int_equal(unlink(f->path), 0);
}

static void a_missing_file_is_made_only_by_a_writer(void **state)
{
    struct fixture *f = *state;

    start_over(f);
    assert_refused(f, RCA_STORE_READ, -ENOENT, "cannot be opened");
    assert_refused(f, RCA_STORE_NOTES, -ENOENT, "cannot be opened");
    assert_int_equal(access(f->path, F_OK), -1);
    assert_ok(rca_store_open(f->path, RCA_STORE_WRITE, NULL, &f->store));
    rca_store_close(&f->store);
    (void)snprintf(f->path, sizeof(f->path), "%.60s/no/x.db", f->dir);
    assert_refused(f, RCA_STORE_WRITE, -ENOENT, "cannot be written");
}

static void an_empty_file_is_for_a_writer(void **state)
{
    struct fixture *f = *state;

    start_over(f);
    write_file(f, "", 0);
    assert_refused(f, RCA_STORE_READ, RCA_ESCHEMA, "empty");
    assert_ok(rca_store_open(f->path, RCA_STORE_WRITE, NULL, &f->store));
    assert_ok(fixture_append(f, TICK(0), NULL, 0));
}

/* As a crash leaves it between the making of the file and of the tables. */
static void a_database_of_nothing_is_for_a_writer(void **state)
{
    struct fixture *f = *state;

    start_over(f);
    sql(f, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;");
    assert_refused(f, RCA_STORE_READ, RCA_ESCHEMA, "empty");
    assert_ok(rca_store_open(f->path, RCA_STORE_WRITE, NULL, &f->store));
    assert_ok(fixture_append(f, TICK(0), NULL, 0));
}

static void other_files_are_refused_and_left_alone(void **state)
{
    static const char text[4096] = "entity,service,kind\n";
    struct fixture *f = *state;
    char back[4096];
    int fd;

    start_over(f);
    write_file(f, text, sizeof(text));
    assert_refused(f, RCA_STORE_READ, RCA_ESCHEMA, "not an SQLite database");
    assert_refused(f, RCA_STORE_WRITE, RCA_ESCHEMA, "not an SQLite database");
    fd = open(f->path, O_RDONLY);
    assert_int_equal(read(fd, back, sizeof(back)), sizeof(back));
    (void)close(fd);
    assert_memory_equal(back, text, sizeof(text));
    assert_int_equal(unlink(f->path), 0);

    sql(f, "CREATE TABLE cookies(name TEXT)");
    assert_refused(f, RCA_STORE_READ, RCA_ESCHEMA, "another program");
    assert_refused(f, RCA_STORE_WRITE, RCA_ESCHEMA, "another program");
    assert_int_equal(unlink(f->path), 0);

    assert_int_equal(mkdir(f->path, 0755), 0);
    assert_refused(f, RCA_STORE_READ, RCA_ESCHEMA, "not a regular file");
    assert_refused(f, RCA_STORE_WRITE, RCA_ESCHEMA, "not a regular file");
    assert_int_equal(rmdir(f->path), 0);
}

static void a_newer_database_is_refused(void **state)
{
    struct fixture *f = *state;

    rca_store_close(&f->store);
    sql(f, "PRAGMA user_version = 99");
    assert_refused(f, RCA_STORE_READ, RCA_ESCHEMA, "newer program");
    assert_refused(f, RCA_STORE_WRITE, RCA_ESCHEMA, "version is 99");
}

static void fill(struct fixture *f)
{
    rca_id e = fixture_entity(f, 0), s = fixture_series(f, 0);

    for (int i = 0; i < 500; i++)
        assert_ok(fixture_append(f, TICK(i), &(struct rca_sample){e, s, i}, 1));
}

static int ignore(void *arg, const struct rca_block *block)
{
    (void)arg;
    (void)block;
    return 0;
}

/* Without its last pages it is refused. A part of the last page may be missing
 * for a good reason (a full disk, the page is in the log): then it opens, and
 * what is read is right or reported. */
static void a_truncated_database_is_refused(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    fill(f);
    rca_store_close(&f->store);
    assert_int_equal(stat(f->path, &st), 0);
    for (off_t cut = st.st_size - 1; cut > 0; cut -= 1777) {
        struct rca_store *store = NULL;
        struct rca_diag diag = {0};
        int err;

        assert_int_equal(truncate(f->path, cut), 0);
        err = rca_store_open(f->path, RCA_STORE_READ, &diag, &store);
        if (err == 0) {
            assert_true(cut > st.st_size - 4096);
            err = rca_store_scan(store, 0, INT64_MAX, NULL, 0, ignore, NULL);
            assert_true(err == 0 || err == RCA_ECORRUPT);
            rca_store_close(&store);
            continue;
        }
        assert_true(err == RCA_ECORRUPT || err == RCA_ESCHEMA);
        assert_true(diag.text[0] != '\0');
    }
}

static void damaged_rows_are_reported(void **state)
{
    static const char *const damage[] = {
        "UPDATE chunk SET data = x'00'",
        "UPDATE span SET grid = x'00'",
        "UPDATE head SET vals = x'00'",
        "UPDATE head SET keys = x'ffffffffff' WHERE keys IS NOT NULL",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(damage); i++) {
        if (i)
            assert_ok(fixture_setup(state));
        f = *state;
        fill(f);
        rca_store_close(&f->store);
        sql(f, damage[i]);
        fixture_reopen(f, RCA_STORE_READ);
        assert_err(rca_store_scan(f->store, INT64_MIN, INT64_MAX, NULL, 0,
                                  ignore, NULL),
                   RCA_ECORRUPT);
        if (i + 1 < RCA_ARRAY_SIZE(damage))
            assert_ok(fixture_teardown(state));
    }
    rca_store_close(&f->store);
    sql(f, "DROP TABLE blob");
    assert_refused(f, RCA_STORE_READ, RCA_ECORRUPT, "blob");
}

static void there_is_one_writer_and_readers_go_on(void **state)
{
    struct fixture *f = *state;
    struct rca_store *reader = NULL, *notes = NULL;
    struct seen_samples got;
    rca_id id;

    fill(f);
    assert_refused(f, RCA_STORE_WRITE, -EBUSY, "another process");
    assert_ok(rca_store_open(f->path, RCA_STORE_READ, NULL, &reader));
    assert_ok(fixture_append(
        f, TICK(1000),
        &(struct rca_sample){fixture_entity(f, 9), fixture_series(f, 9), 1},
        1));
    got = fixture_scan(reader, TICK(0), INT64_MAX, NULL, 0);
    assert_int_equal(got.n, 501); /* series made after the reader opened */
    assert_string_equal(rca_store_series_name(reader, 1), "s9_total");
    free(got.at);
    assert_ok(rca_store_entity(reader, RCA_KIND_SERVICE, "e9", "host", &id));

    assert_ok(rca_store_open(f->path, RCA_STORE_NOTES, NULL, &notes));
    assert_ok(rca_store_put(notes, "model", TICK(0), "m", 1));
    assert_err(rca_store_seal(notes), -EROFS);
    assert_err(rca_store_expire(reader, TICK(9)), -EROFS);
    assert_err(rca_store_append(notes, &(struct rca_tick){.time = TICK(2000)}),
               -EROFS);
    assert_ok(fixture_append(f, TICK(1001), NULL, 0));
    rca_store_close(&notes);
    rca_store_close(&reader);
}

/* In a child, since file permissions mean nothing to root, and one made while
 * no store is open: a connection must not be carried across fork(2). */
static pid_t start_nobody(const struct fixture *f, int fds[2])
{
    struct rca_store *store = NULL;
    struct seen_samples got = {0};
    char go;
    pid_t pid;
    int err;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    err = read(fds[0], &go, 1) != 1;
    if (!err && geteuid() == 0)
        err = setuid(65534);
    if (!err)
        err = rca_store_open(f->path, RCA_STORE_READ, NULL, &store);
    if (!err)
        err = rca_store_scan(store, INT64_MIN, INT64_MAX, NULL, 0,
                             fixture_collect, &got);
    _exit(err ? 1 : got.n == 500 ? 0 : 2);
}

static int finish_nobody(pid_t pid, int fds[2])
{
    int status;

    assert_int_equal(write(fds[1], "!", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)close(fds[0]);
    (void)close(fds[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void readers_need_no_right_to_write(void **state)
{
    struct fixture *f = *state;
    int fds[2];
    pid_t pid;

    rca_store_close(&f->store);
    pid = start_nobody(f, fds);
    fixture_reopen(f, RCA_STORE_WRITE);
    fill(f);
    assert_int_equal(chmod(f->dir, 0555), 0);
    assert_int_equal(finish_nobody(pid, fds), 0); /* beside the writer */
    rca_store_close(&f->store);
    pid = start_nobody(f, fds);
    assert_int_equal(finish_nobody(pid, fds), 0); /* and alone */
    assert_int_equal(chmod(f->dir, 0700), 0);
}

static void no_memory_opens_nothing(void **state)
{
    struct fixture *f = *state;
    int err = -ENOMEM;

    fill(f);
    rca_store_close(&f->store);
    for (long n = 0; err; n++) {
        oom_after(n);
        err = rca_store_open(f->path, RCA_STORE_WRITE, NULL, &f->store);
        assert_int_equal(err, oom_hit() ? -ENOMEM : 0);
        oom_after(-1);
    }
}

#define test(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_missing_file_is_made_only_by_a_writer),
        test(an_empty_file_is_for_a_writer),
        test(a_database_of_nothing_is_for_a_writer),
        test(other_files_are_refused_and_left_alone),
        test(a_newer_database_is_refused),
        test(a_truncated_database_is_refused),
        test(damaged_rows_are_reported),
        test(there_is_one_writer_and_readers_go_on),
        test(readers_need_no_right_to_write),
        test(no_memory_opens_nothing),
    };

    return cmocka_run_group_tests_name("store open", tests, NULL, NULL);
}
