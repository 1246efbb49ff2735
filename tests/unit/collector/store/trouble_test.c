/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "collector/store/upkeep.h"
#include "tests/unit/collector/store/store_fixture.h"

/* A full disk, a locked file, readers beside a writer that does not stop. */

enum { WIDTH = 200 };

static void fill_tick(struct fixture *f, int64_t tick,
                      struct rca_sample samples[WIDTH])
{
    for (unsigned i = 0; i < WIDTH; i++)
        samples[i] = (struct rca_sample){fixture_entity(f, i / 10),
                                         fixture_series(f, i % 10),
                                         sin((double)(tick * WIDTH + i))};
}

static int append(struct fixture *f, int64_t tick)
{
    struct rca_sample samples[WIDTH];

    fill_tick(f, tick, samples);
    return fixture_append(f, TICK(tick), samples, WIDTH);
}

static void no_finding(void *arg, const char *finding)
{
    (void)arg;
    fail_msg("%s", finding);
}

static void assert_whole(struct fixture *f, int64_t first, int64_t last)
{
    struct rca_store_info info;
    struct seen_samples got;
    size_t n;

    assert_ok(rca_store_check(f->store, no_finding, NULL, &n));
    assert_ok(rca_store_info(f->store, &info));
    assert_int_equal(info.last, TICK(last));
    got = fixture_scan(f->store, TICK(first), INT64_MAX, NULL, 0);
    assert_int_equal(got.n, (last - first + 1) * WIDTH);
    free(got.at);
}

/* A disk of 6 MB in a mount namespace of this process's own, which ends with
 * it. Return: 0 if that is not permitted. */
static _Bool make_small_disk(struct fixture *f)
{
    rca_store_close(&f->store);
    fixture_empty(f->dir);
    if (unshare(CLONE_NEWNS) ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", f->dir, "tmpfs", 0, "size=6m"))
        return 0;
    assert_ok(rca_store_open(f->path, RCA_STORE_WRITE, NULL, &f->store));
    return 1;
}

static void a_full_disk_loses_no_tick_and_retention_goes_on(void **state)
{
    const struct rca_retention keep = {.fine = INT64_MAX / 4, .max_bytes = 1};
    struct fixture *f = *state;
    int64_t tick = 0;
    int err = 0;

    if (!make_small_disk(f)) {
        print_message("skipped: may not mount\n");
        skip();
    }
    while (!(err = append(f, tick)))
        tick++;
    assert_err(err, -ENOSPC);
    assert_true(tick > 240);
    assert_err(append(f, tick), -ENOSPC); /* again, and nothing breaks */
    assert_whole(f, 0, tick - 1);

    /* no room is needed to make room */
    while ((err = rca_store_maintain(f->store, &keep, TICK(tick))) > 0)
        ;
    assert_ok(err);
    for (int64_t to = tick + 300; tick < to; tick++)
        assert_ok(append(f, tick));
    assert_whole(f, tick - 300, tick - 1);
    fixture_reopen(f, RCA_STORE_READ);
    assert_whole(f, tick - 300, tick - 1);
    rca_store_close(&f->store);
    assert_int_equal(umount2(f->dir, MNT_DETACH), 0);
}

/* The tick is refused after a while, and stored once the lock is gone. */
static void a_locked_file_is_busy(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db = NULL;

    assert_ok(append(f, 0));
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_err(append(f, 1), -EBUSY);
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_ok(append(f, 1));
    assert_whole(f, 0, 1);
}

/* A clock set back: its ticks are refused until it is past the newest; one set
 * forward leaves a gap, in the same window. */
static void times_jump_forward_but_not_back(void **state)
{
    struct fixture *f = *state;

    assert_ok(append(f, 100));
    assert_err(append(f, 100), -EINVAL);
    assert_err(append(f, 40), -EINVAL);
    assert_ok(append(f, 101));
    assert_ok(append(f, 1000000));
    assert_err(append(f, 102), -EINVAL);
    assert_ok(append(f, 1000001));
    assert_whole(f, 1000000, 1000001);
    assert_ok(rca_store_seal(f->store));
    fixture_reopen(f, RCA_STORE_WRITE);
    assert_err(append(f, 1000001), -EINVAL);
    assert_ok(append(f, 1000002));
}

/* Never returns. */
static void write_ticks(const char *path, int64_t n)
{
    struct fixture f = {0};

    if (rca_store_open(path, RCA_STORE_WRITE, NULL, &f.store))
        _exit(1);
    for (int64_t tick = 0; tick < n; tick++) {
        if (append(&f, tick))
            _exit(2);
    }
    rca_store_close(&f.store);
    _exit(0);
}

struct seen {
    rca_time newest;
    size_t samples;
};

static int count(void *arg, const struct rca_block *b)
{
    struct seen *seen = arg;

    for (size_t i = 0; i < b->n_series * b->n_times; i++)
        seen->samples += isnan(b->values[i]) ? 0 : 1;
    if (b->times[b->n_times - 1] > seen->newest)
        seen->newest = b->times[b->n_times - 1];
    return 0;
}

/* What a reader sees are the first so many ticks, all of each, and more from
 * one look to the next. */
static void readers_see_whole_ticks(void **state)
{
    struct fixture *f = *state;
    rca_time before = 0;
    int status = 0, looks = 0;
    pid_t pid;

    rca_store_close(&f->store);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        write_ticks(f->path, 2000);
    while (waitpid(pid, &status, WNOHANG) == 0) {
        struct seen seen = {0};
        struct rca_store *store = NULL;

        if (rca_store_open(f->path, RCA_STORE_READ, NULL, &store))
            continue; /* not made yet */
        for (int i = 0; i < 3; i++, looks++) {
            seen = (struct seen){0};
            assert_ok(rca_store_scan(store, INT64_MIN, INT64_MAX, NULL, 0,
                                     count, &seen));
            assert_true(seen.newest >= before);
            before = seen.newest;
            if (seen.newest)
                assert_int_equal(seen.samples,
                                 ((seen.newest - TICK(0)) / RCA_SECOND + 1) *
                                     WIDTH);
        }
        rca_store_close(&store);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    print_message("%d looks\n", looks);
    assert_ok(rca_store_open(f->path, RCA_STORE_READ, NULL, &f->store));
    assert_whole(f, 0, 1999);
}

#define STORE_TEST(name)                                                       \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_full_disk_loses_no_tick_and_retention_goes_on),
        STORE_TEST(a_locked_file_is_busy),
        STORE_TEST(times_jump_forward_but_not_back),
        STORE_TEST(readers_see_whole_ticks),
    };

    return cmocka_run_group_tests_name("store trouble", tests, NULL, NULL);
}
