/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Hooks really run: what they are told, and what ends them. */

#include "cli/hook.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "graph/base/log.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define HOSTILE "a'b\"; touch /tmp/rca-pwned; $(id)\n`id`\xff"

static char path[] = "/tmp/rca-hook-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    rca_log_set(RCA_LOG_ERROR);
    (void)snprintf(path, sizeof(path), "/tmp/rca-hook-XXXXXX");
    return mkdtemp(path) ? 0 : -1;
}

static int tear_down(void **state)
{
    char name[64];

    (void)state;
    (void)snprintf(name, sizeof(name), "%s/out", path);
    (void)unlink(name);
    return rmdir(path);
}

/* waits for the hook's own end, however long that takes */
static void join(struct rca_hooks *hooks)
{
    const struct timespec ts = {.tv_nsec = 2000000};

    while (rca_hooks_reap(hooks, 0))
        (void)nanosleep(&ts, NULL);
}

static size_t written(char *text, size_t size)
{
    char name[64];
    size_t n = 0;
    FILE *f;

    (void)snprintf(name, sizeof(name), "%s/out", path);
    f = fopen(name, "re");
    if (f) {
        n = fread(text, 1, size - 1, f);
        (void)fclose(f);
    }
    text[n] = '\0';
    return n;
}

static void hostile_words_stay_words(void **state)
{
    const struct rca_hook_word words[] = {
        {"RCA_CAUSE", HOSTILE}, {"RCA_FILE", NULL}, {"OUT", path}};
    struct rca_hooks hooks = {0};
    char text[256];

    (void)state;
    assert_int_equal(setenv("RCA_CAUSE", "old", 1), 0);
    assert_ok(rca_hook_start(&hooks,
                             "printf '%s|%s|' \"$RCA_CAUSE\" \"$RCA_FILE\" "
                             "> \"$OUT/out\"",
                             words, 3, 0));
    join(&hooks);
    assert_true(written(text, sizeof(text)) > 0);
    assert_string_equal(text, HOSTILE "||");
}

static void one_that_fails_is_forgotten(void **state)
{
    struct rca_hooks hooks = {0};

    (void)state;
    assert_ok(rca_hook_start(&hooks, "exit 3", NULL, 0, 0));
    assert_ok(rca_hook_start(&hooks, "kill -9 $$", NULL, 0, 0));
    assert_ok(rca_hook_start(&hooks, "read x || exit 0; exit 1", NULL, 0, 0));
    join(&hooks);
    assert_int_equal(rca_hooks_reap(&hooks, 0), 0);
}

static void one_that_does_not_end_is_ended_with_its_children(void **state)
{
    struct rca_hooks hooks = {0};
    pid_t pid;

    (void)state;
    assert_ok(rca_hook_start(&hooks, "sleep 1000 & sleep 1000", NULL, 0, 5));
    pid = hooks.running[0].pid;
    assert_int_equal(rca_hooks_reap(&hooks, 4 + RCA_HOOK_LIMIT), 1);
    assert_int_equal(rca_hooks_reap(&hooks, 5 + RCA_HOOK_LIMIT), 0);
    assert_int_equal(hooks.running[0].pid, 0);
    assert_int_equal(kill(pid, 0), -1);
}

static void too_many_are_refused(void **state)
{
    struct rca_hooks hooks = {0};

    (void)state;
    for (int i = 0; i < RCA_HOOKS; i++)
        assert_ok(rca_hook_start(&hooks, "sleep 1000", NULL, 0, 0));
    assert_err(rca_hook_start(&hooks, "true", NULL, 0, 0), -EAGAIN);
    assert_int_equal(rca_hooks_reap(&hooks, 1), RCA_HOOKS);
    rca_hooks_end(&hooks);
    assert_int_equal(rca_hooks_reap(&hooks, 1), 0);
    rca_hooks_end(&hooks);
}

static void every_allocation_may_fail(void **state)
{
    const struct rca_hook_word words[] = {{"A", "1"}, {"B", "2"}};
    _Bool hit = 1;

    (void)state;
    for (long n = 0; hit; n++) {
        struct rca_hooks hooks = {0};
        int err;

        oom_after(n);
        err = rca_hook_start(&hooks, "true", words, 2, 0);
        hit = oom_hit();
        oom_after(-1);
        assert_int_equal(err, hit ? -ENOMEM : 0);
        join(&hooks);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hostile_words_stay_words),
        TEST(one_that_fails_is_forgotten),
        TEST(one_that_does_not_end_is_ended_with_its_children),
        TEST(too_many_are_refused),
        TEST(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("cli/hook", tests, NULL, NULL);
}
