/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "collector/store/upkeep.h"
#include "tests/harness/oom.h"
#include "tests/unit/collector/store/store_fixture.h"

enum { TICKS = 300, ENTITIES = 30 };

/* A sealed window of 240 ticks and 60 in the head. */
static void fill(struct fixture *f)
{
    struct rca_sample samples[ENTITIES];

    for (int t = 0; t < TICKS; t++) {
        for (unsigned e = 0; e < ENTITIES; e++)
            samples[e] =
                (struct rca_sample){fixture_entity(f, e),
                                    fixture_series(f, e % 3), sin(t * 0.1 + e)};
        assert_ok(fixture_append(f, TICK(t), samples, ENTITIES));
    }
}

struct findings {
    char text[4096];
    size_t n;
};

static void take(void *arg, const char *finding)
{
    struct findings *all = arg;
    const size_t used = strlen(all->text);

    (void)snprintf(all->text + used, sizeof(all->text) - used, "%s\n", finding);
    all->n++;
}

static struct findings check(struct fixture *f)
{
    struct findings got = {.n = 0};
    size_t n;

    assert_ok(rca_store_check(f->store, take, &got, &n));
    assert_int_equal(n, got.n);
    return got;
}

/* Do @text to the file while nobody has it open, check as a reader does. */
static struct findings after(struct fixture *f, const char *text)
{
    sqlite3 *db = NULL;

    rca_store_close(&f->store);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_ok(rca_store_open(f->path, RCA_STORE_READ, NULL, &f->store));
    return check(f);
}

static void a_sound_store_has_no_findings(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(check(f).n, 0); /* empty */
    fill(f);
    assert_int_equal(check(f).n, 0);
    fixture_reopen(f, RCA_STORE_READ);
    assert_int_equal(check(f).n, 0);
}

static void damage_is_found_and_named(void **state)
{
    static const struct {
        const char *sql, *want;
    } cases[] = {
        {"UPDATE span SET samples = samples + 1", "samples, its span says"},
        {"UPDATE span SET bytes = 7", "bytes, its span says 7"},
        {"UPDATE span SET chunks = 1", "chunks, its span says 1"},
        {"UPDATE span SET first = first + 1", "not those of its span"},
        {"UPDATE span SET grid = x'00'", "times cannot be decoded"},
        {"DELETE FROM span; DELETE FROM head", "belong to no window"},
        {"UPDATE chunk SET data = CAST(substr(data, 1, 500) || x'00ff00ff' ||"
         " substr(data, 505) AS BLOB)",
         "chunk is damaged"},
        {"UPDATE chunk SET data = substr(data, 1, length(data) - 1)",
         "row .* is damaged|bytes, its span says"},
        {"DELETE FROM series WHERE id = 1", "no series 1"},
        {"PRAGMA foreign_keys = OFF; DELETE FROM entity WHERE id = 3",
         "no entity 3"},
        {"UPDATE head SET vals = x'00'", "tick cannot be decoded"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(cases); i++) {
        struct findings got;
        char want[64];

        rca_store_close(&f->store);
        fixture_empty(f->dir);
        assert_ok(rca_store_open(f->path, RCA_STORE_WRITE, NULL, &f->store));
        fill(f);
        got = after(f, cases[i].sql);
        assert_true(got.n > 0);
        (void)snprintf(want, sizeof(want), "%s", cases[i].want);
        if (!strchr(want, '|') && !strstr(got.text, want))
            fail_msg("'%s' found '%s', not '%s'", cases[i].sql, got.text, want);
    }
}

/* A page of the file is noise: SQLite says where, or the store does not open. */
static void a_damaged_page_is_found(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    size_t found = 0;

    fill(f);
    rca_store_close(&f->store);
    assert_int_equal(stat(f->path, &st), 0);
    for (off_t at = 4096; at < st.st_size; at += 4096) {
        char page[4096], noise[4096];
        FILE *file = fopen(f->path, "r+b");

        memset(noise, 0xa5, sizeof(noise));
        assert_int_equal(fseeko(file, at, SEEK_SET), 0);
        assert_int_equal(fread(page, 1, sizeof(page), file), sizeof(page));
        assert_int_equal(fseeko(file, at, SEEK_SET), 0);
        assert_int_equal(fwrite(noise, 1, sizeof(noise), file), sizeof(noise));
        assert_int_equal(fclose(file), 0);
        if (rca_store_open(f->path, RCA_STORE_READ, NULL, &f->store) == 0)
            found += check(f).n > 0;
        else
            found++;
        rca_store_close(&f->store);
        file = fopen(f->path, "r+b");
        assert_int_equal(fseeko(file, at, SEEK_SET), 0);
        assert_int_equal(fwrite(page, 1, sizeof(page), file), sizeof(page));
        assert_int_equal(fclose(file), 0);
    }
    assert_int_equal(found, st.st_size / 4096 - 1);
    assert_ok(rca_store_open(f->path, RCA_STORE_WRITE, NULL, &f->store));
    assert_int_equal(check(f).n, 0);
}

static void compacting_frees_what_expired(void **state)
{
    struct fixture *f = *state;
    struct rca_store_info before, now;
    struct seen_samples got;
    struct stat st;

    fill(f);
    assert_ok(rca_store_expire(f->store, TICK(240)));
    assert_ok(rca_store_info(f->store, &before));
    assert_ok(rca_store_compact(f->store));
    assert_ok(rca_store_info(f->store, &now));
    assert_true(now.file_bytes <= before.file_bytes);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal((uint64_t)st.st_size, now.file_bytes);
    assert_int_equal(now.head_rows, 0);
    assert_int_equal(check(f).n, 0);
    got = fixture_scan(f->store, INT64_MIN, INT64_MAX, NULL, 0);
    assert_int_equal(got.n, 60 * ENTITIES);
    free(got.at);
    assert_ok(fixture_append(
        f, TICK(TICKS),
        &(struct rca_sample){fixture_entity(f, 0), fixture_series(f, 0), 1},
        1));
    fixture_reopen(f, RCA_STORE_READ);
    assert_err(rca_store_compact(f->store), -EROFS);
}

static void no_memory_is_said(void **state)
{
    struct fixture *f = *state;
    int err = -1;

    fill(f);
    for (long n = 0; err; n++) {
        struct findings got = {.n = 0};
        size_t findings;

        oom_after(n);
        err = rca_store_check(f->store, take, &got, &findings);
        if (err)
            assert_int_equal(err, -ENOMEM);
        oom_after(-1);
    }
}

#define STORE_TEST(name)                                                       \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_sound_store_has_no_findings),
        STORE_TEST(damage_is_found_and_named),
        STORE_TEST(a_damaged_page_is_found),
        STORE_TEST(compacting_frees_what_expired),
        STORE_TEST(no_memory_is_said),
    };

    return cmocka_run_group_tests_name("store check", tests, NULL, NULL);
}
