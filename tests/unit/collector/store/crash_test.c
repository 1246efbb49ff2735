/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "collector/store/upkeep.h"
#include "tests/unit/collector/store/store_fixture.h"

/*
 * A child appends as fast as it can and says through a pipe which ticks were
 * committed; it is killed at a random moment, again and again on the same
 * store. Nothing of what it said may be missing, at most the tick in flight is
 * there besides, and the store is sound.
 */

enum { KILLS = 100, WIDTH = 40 };

/* Sample i of tick t is t * WIDTH + i. Never returns. */
static void append_for_ever(const char *path, int pipe_fd)
{
    struct fixture f = {0};
    struct rca_store_info info;
    struct rca_sample samples[WIDTH];
    int64_t tick = 0;

    if (rca_store_open(path, RCA_STORE_WRITE, NULL, &f.store) ||
        rca_store_info(f.store, &info))
        _exit(1);
    if (info.last != RCA_TIME_NONE)
        tick = (info.last - TICK(0)) / RCA_SECOND + 1;
    for (;; tick++) {
        for (unsigned i = 0; i < WIDTH; i++)
            samples[i] = (struct rca_sample){fixture_entity(&f, i % 5),
                                             fixture_series(&f, i / 5),
                                             (double)(tick * WIDTH + i)};
        if (fixture_append(&f, TICK(tick), samples, WIDTH))
            _exit(2);
        if (write(pipe_fd, &tick, sizeof(tick)) != sizeof(tick))
            _exit(3);
    }
}

/* The last tick that a child which lived for @us said was committed. */
static int64_t run_and_kill(const char *path, useconds_t us)
{
    int64_t tick, last = -1;
    int fds[2], status;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        (void)close(fds[0]);
        append_for_ever(path, fds[1]);
    }
    assert_true(pid > 0);
    (void)close(fds[1]);
    /* the first tick proves that the next start goes on */
    assert_int_equal(read(fds[0], &last, sizeof(last)), sizeof(last));
    for (useconds_t spent = 0; spent < us; spent += 500) {
        (void)usleep(500);
        if (read(fds[0], &tick, sizeof(tick)) == sizeof(tick))
            last = tick;
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (read(fds[0], &tick, sizeof(tick)) == sizeof(tick))
        last = tick;
    (void)close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    return last;
}

static int check_block(void *arg, const struct rca_block *b)
{
    uint64_t *samples = arg;

    for (size_t c = 0; c < b->n_series; c++) {
        for (size_t t = 0; t < b->n_times; t++) {
            int64_t tick = (b->times[t] - TICK(0)) / RCA_SECOND;
            double want =
                (double)(tick * WIDTH + (int64_t)b->series[c] * 5 + b->entity);

            assert_true(b->values[c * b->n_times + t] == want);
            ++*samples;
        }
    }
    return 0;
}

static void fail_finding(void *arg, const char *finding)
{
    (void)arg;
    fail_msg("%s", finding);
}

static void a_kill_loses_at_most_the_tick_in_flight(void **state)
{
    uint64_t seed = test_seed();
    struct fixture *f = *state;
    int64_t said = 0;

    for (int i = 0; i < KILLS; i++) {
        struct rca_store_info info;
        uint64_t samples = 0;
        size_t findings;
        int64_t kept;

        rca_store_close(&f->store);
        said = run_and_kill(f->path, (useconds_t)(test_random(&seed) * 1e4));
        assert_ok(rca_store_open(f->path, RCA_STORE_READ, NULL, &f->store));
        assert_ok(rca_store_info(f->store, &info));
        kept = (info.last - TICK(0)) / RCA_SECOND;
        assert_true(kept == said || kept == said + 1);
        assert_ok(rca_store_scan(f->store, INT64_MIN, INT64_MAX, NULL, 0,
                                 check_block, &samples));
        assert_int_equal(samples, (kept + 1) * WIDTH);
        assert_int_equal(info.samples, samples);
        assert_ok(rca_store_check(f->store, fail_finding, NULL, &findings));
        assert_int_equal(findings, 0);
    }
    print_message("%lld ticks\n", (long long)said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_kill_loses_at_most_the_tick_in_flight,
                                        fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests_name("store crash", tests, NULL, NULL);
}
