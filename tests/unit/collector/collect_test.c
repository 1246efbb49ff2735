/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/collect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/test.h"
#include "tests/unit/collector/tree.h"

#define NOBODY 65534

/* struct box - a folder for a store, in a sub-folder that is not there yet */
struct box {
    char root[64], db[96];
};

static int setup(void **state)
{
    static struct box box;

    tree_make(box.root);
    (void)snprintf(box.db, sizeof(box.db), "%s/new/x.db", box.root);
    *state = &box;
    return 0;
}

static int teardown(void **state)
{
    tree_remove(((struct box *)*state)->root);
    return 0;
}

static struct rca_collect_options options(const struct box *box)
{
    return (struct rca_collect_options){.db = box->db,
                                        .interval = RCA_SECOND / 10,
                                        .duration = RCA_SECOND,
                                        .sources = "host",
                                        .keep_privileges = 1};
}

static void a_run_leaves_ticks_on_the_grid(void **state)
{
    const struct box *box = *state;
    const struct rca_collect_options opt = options(box);
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    void *text RCA_CLEANUP(rca_freep) = NULL;
    struct rca_store_info info;
    rca_time when;
    size_t size = 0;

    assert_ok(rca_collect_run(&opt, NULL));
    assert_ok(rca_store_open(box->db, RCA_STORE_READ, NULL, &store));
    assert_ok(rca_store_info(store, &info));
    assert_true(info.samples >= 5);
    assert_int_equal(info.first % (RCA_SECOND / 10), 0);
    assert_int_equal(info.last % (RCA_SECOND / 10), 0);
    assert_true(info.last > info.first);
    assert_int_equal(info.head_rows, 0);
    assert_ok(rca_store_get(store, "features", &when, &text, &size));
    assert_true(size > 10);
}

static void two_runs_follow_each_other(void **state)
{
    const struct box *box = *state;
    struct rca_collect_options opt = options(box);
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_store_info one, two;

    opt.duration = RCA_SECOND / 2;
    assert_ok(rca_collect_run(&opt, NULL));
    assert_ok(rca_store_open(box->db, RCA_STORE_READ, NULL, &store));
    assert_ok(rca_store_info(store, &one));
    assert_ok(rca_collect_run(&opt, NULL));
    assert_ok(rca_store_info(store, &two));
    assert_int_equal(two.first, one.first);
    assert_true(two.last > one.last && two.samples > one.samples);
    assert_int_equal(two.entities, one.entities);
}

static void a_run_that_is_told_to_stop_ends(void **state)
{
    const struct box *box = *state;
    struct rca_collect_options opt = options(box);
    const volatile sig_atomic_t stop = 1;

    opt.duration = 0;
    opt.stop = &stop;
    assert_ok(rca_collect_run(&opt, NULL));
    assert_ok(access(box->db, F_OK));
}

static void what_cannot_be_run_is_refused_before_anything_is_written(
    void **state)
{
    const struct box *box = *state;
    struct rca_collect_options opt = options(box);
    struct rca_diag diag = {{0}, 0, 0, {0}};

    opt.interval = RCA_SECOND / 10 - 1;
    assert_err(rca_collect_run(&opt, &diag), -EINVAL);
    assert_non_null(strstr(diag.text, "100 ms"));
    opt = options(box);
    opt.sources = "host,cgruop";
    assert_err(rca_collect_run(&opt, &diag), RCA_EUNKNOWN);
    assert_non_null(strstr(diag.text, "did you mean 'cgroup'?"));
    opt.sources = "quite-another";
    assert_err(rca_collect_run(&opt, &diag), RCA_EUNKNOWN);
    assert_null(strstr(diag.text, "did you mean"));
    assert_int_equal(access(box->db, F_OK), -1);
}

/* In a child that gives up its privileges: 0 if all is as it must be. */
static int try_as_nobody(const struct box *box)
{
    struct rca_collect_options opt = options(box);
    struct rca_diag diag = {{0}, 0, 0, {0}};

    if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY))
        return 2;
    opt.sources = NULL;
    if (rca_collect_run(&opt, &diag) != RCA_ENOSUPPORT)
        return 3;
    return strstr(diag.text, "sudo") && access(box->db, F_OK) ? 0 : 4;
}

static void without_privileges_a_run_says_what_to_do(void **state)
{
    const pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0)
        _exit(try_as_nobody(*state));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_store_that_is_in_use_is_refused(void **state)
{
    const struct box *box = *state;
    const struct rca_collect_options opt = options(box);
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    char folder[96];

    (void)snprintf(folder, sizeof(folder), "%s/new", box->root);
    assert_ok(mkdir(folder, 0700));
    assert_ok(rca_store_open(box->db, RCA_STORE_WRITE, NULL, &store));
    assert_err(rca_collect_run(&opt, NULL), -EBUSY);
}

#define with_box(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_box(a_run_leaves_ticks_on_the_grid),
        with_box(two_runs_follow_each_other),
        with_box(a_run_that_is_told_to_stop_ends),
        with_box(what_cannot_be_run_is_refused_before_anything_is_written),
        with_box(without_privileges_a_run_says_what_to_do),
        with_box(a_store_that_is_in_use_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
