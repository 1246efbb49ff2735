/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/task_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define MS UINT64_C(1000000)

static struct rca_task thread(uint32_t pid, const char *comm, uint64_t cpu_ms,
                              uint64_t wait_ms)
{
    struct rca_task t = {.pid = pid,
                         .tgid = pid,
                         .start_ns = 1,
                         .cpu_ns = cpu_ms * MS,
                         .wait_ns = wait_ms * MS};

    (void)snprintf(t.comm, sizeof(t.comm), "%s", comm);
    return t;
}

static void tick(struct rca_task_table *t, uint64_t now,
                 const struct rca_task *tasks, size_t n, const char *path)
{
    rca_task_table_begin(t, now);
    for (size_t i = 0; i < n; i++)
        assert_ok(rca_task_table_add(t, &tasks[i], path));
    rca_task_table_end(t);
}

struct want {
    const char *text; /* name or path */
    struct rca_task_sum got;
    size_t n;
};

static void look(void *arg, const struct rca_task_sum *sum)
{
    struct want *want = (struct want *)arg;
    const char *text = sum->name ? sum->name : sum->path;

    if (strcmp(text, want->text) != 0)
        return;
    want->got = *sum;
    want->n++;
}

static struct rca_task_sum sum_of(const struct rca_task_table *t,
                                  enum rca_task_sums which, const char *text)
{
    struct want want = {.text = text};

    rca_task_table_visit(t, which, look, &want);
    assert_int_equal(want.n, 1);
    return want.got;
}

static size_t count_of(const struct rca_task_table *t, enum rca_task_sums which,
                       const char *text)
{
    struct want want = {.text = text};

    rca_task_table_visit(t, which, look, &want);
    return want.n;
}

static void what_was_before_the_first_tick_is_not_counted(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task a = thread(7, "web", 500, 300);

    (void)state;
    assert_ok(rca_task_table_new(&t));
    tick(t, 1000 * MS, &a, 1, "a/b");
    assert_int_equal(sum_of(t, RCA_TASK_PROCESSES, "b/web").count.cpu_ns, 0);
    a.cpu_ns += 20 * MS;
    a.wait_ns += 30 * MS;
    tick(t, 2000 * MS, &a, 1, "a/b");
    assert_int_equal(sum_of(t, RCA_TASK_PROCESSES, "b/web").count.cpu_ns,
                     20 * MS);
    assert_int_equal(sum_of(t, RCA_TASK_PROCESSES, "b/web").count.wait_ns,
                     30 * MS);
    assert_int_equal(rca_task_table_host(t), 30 * MS);
}

static void a_cgroup_holds_those_below(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task a = thread(1, "x", 0, 0), b = thread(2, "y", 0, 0);

    (void)state;
    assert_ok(rca_task_table_new(&t));
    for (uint64_t i = 1; i <= 3; i++) {
        rca_task_table_begin(t, i * 1000 * MS);
        assert_ok(rca_task_table_add(t, &a, "top/one"));
        assert_ok(rca_task_table_add(t, &b, "top/two/deep"));
        rca_task_table_end(t);
        a.wait_ns += 5 * MS;
        b.wait_ns += 7 * MS;
    }
    assert_int_equal(sum_of(t, RCA_TASK_CGROUPS, "top").count.wait_ns, 24 * MS);
    assert_int_equal(sum_of(t, RCA_TASK_CGROUPS, "top/one").count.wait_ns,
                     10 * MS);
    assert_int_equal(sum_of(t, RCA_TASK_CGROUPS, "top/two").count.wait_ns,
                     14 * MS);
    assert_int_equal(count_of(t, RCA_TASK_CGROUPS, ""), 0);
}

static void totals_outlive_their_threads(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task a = thread(1, "x", 0, 0);

    (void)state;
    assert_ok(rca_task_table_new(&t));
    tick(t, 1000 * MS, &a, 1, "g");
    a.cpu_ns = 10 * MS;
    tick(t, 2000 * MS, &a, 1, "g");
    for (uint64_t i = 3; i < 20; i++)
        tick(t, i * 1000 * MS, NULL, 0, "g");
    a = thread(1, "x", 4, 0); /* the number again, by a new one */
    a.start_ns = 19500 * MS;
    tick(t, 20000 * MS, &a, 1, "g");
    assert_int_equal(sum_of(t, RCA_TASK_PROCESSES, "g/x").count.cpu_ns,
                     14 * MS);
}

static void a_number_used_again_at_once_is_another_thread(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task old = thread(1, "x", 0, 0), young = old;

    (void)state;
    assert_ok(rca_task_table_new(&t));
    tick(t, 1000 * MS, &old, 1, "g");
    young.start_ns = 1500 * MS;
    young.cpu_ns = 3 * MS;
    tick(t, 2000 * MS, &young, 1, "g");
    old.ended = 1;
    old.cpu_ns = 900 * MS; /* its end is reported late: not the young one's */
    tick(t, 3000 * MS, &old, 1, "g");
    assert_int_equal(sum_of(t, RCA_TASK_PROCESSES, "g/x").count.cpu_ns, 3 * MS);
}

static void an_end_counts_what_was_not_seen_yet(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task a = thread(1, "x", 10, 0), quick = thread(2, "sh", 6, 2);

    (void)state;
    assert_ok(rca_task_table_new(&t));
    tick(t, 1000 * MS, &a, 1, "g");
    a.ended = 1;
    a.cpu_ns = 14 * MS;
    tick(t, 2000 * MS, &a, 1, NULL);
    assert_int_equal(sum_of(t, RCA_TASK_PROCESSES, "g/x").count.cpu_ns, 4 * MS);
    quick.start_ns = 2500 * MS;
    quick.ended = 1;
    tick(t, 3000 * MS, &quick, 1, "g");
    assert_int_equal(sum_of(t, RCA_TASK_PROCESSES, "g/sh").count.cpu_ns,
                     6 * MS);
    assert_true(sum_of(t, RCA_TASK_PROCESSES, "g/sh").fresh);
    quick.start_ns = 100; /* began long ago, yet nobody knows it */
    quick.pid = 3;
    tick(t, 4000 * MS, &quick, 1, "g");
    assert_int_equal(sum_of(t, RCA_TASK_PROCESSES, "g/sh").count.cpu_ns,
                     6 * MS);
    assert_false(sum_of(t, RCA_TASK_PROCESSES, "g/sh").fresh);
}

static void an_unseen_thread_counts_for_its_process(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task main_thread = thread(1, "x", 0, 0);
    struct rca_task worker = thread(9, "worker", 5, 0);

    (void)state;
    assert_ok(rca_task_table_new(&t));
    tick(t, 1000 * MS, &main_thread, 1, "g");
    worker.tgid = 1;
    worker.start_ns = 1500 * MS;
    worker.ended = 1;
    tick(t, 2000 * MS, &worker, 1, NULL);
    assert_int_equal(sum_of(t, RCA_TASK_PROCESSES, "g/x").count.cpu_ns, 5 * MS);
}

static void starts_and_failures_are_those_of_processes(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task old = thread(1, "web", 0, 0), good = thread(2, "web", 0, 0),
                    bad = thread(3, "web", 0, 0), oom = thread(4, "web", 0, 0),
                    part = thread(5, "web", 0, 0),
                    told = thread(6, "web", 0, 0);
    const struct rca_task all[] = {old, good, bad, oom, part, told};
    struct rca_task_counts got;

    (void)state;
    assert_ok(rca_task_table_new(&t));
    tick(t, 1000 * MS, &old, 1, "a");
    rca_task_table_begin(t, 2000 * MS);
    for (size_t i = 1; i < RCA_ARRAY_SIZE(all); i++) {
        struct rca_task task = all[i];

        task.start_ns = 1500 * MS;
        task.tgid = i == 4 ? 2 : task.pid; /* a thread is no process */
        assert_ok(rca_task_table_add(t, &task, "a"));
        task.ended = 1;
        task.exit_code = (uint32_t[]){0, 0, 256, 9, 9, 15}[i];
        task.oom = i == 3;
        assert_ok(rca_task_table_add(t, &task, "a"));
    }
    rca_task_table_end(t);
    got = sum_of(t, RCA_TASK_PROCESSES, "a/web").count;
    assert_int_equal(got.starts, 4);
    assert_int_equal(got.failures, 2);
    assert_int_equal(got.oom_kills, 1);
    assert_int_equal(sum_of(t, RCA_TASK_CGROUPS, "a").count.failures, 2);
}

static void gauges_are_those_of_the_tick(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task two[] = {thread(1, "web", 0, 0), thread(2, "web", 0, 0)};
    struct rca_task_sum sum;

    (void)state;
    two[0].rss_pages = 10;
    two[1].rss_pages = 5;
    two[1].blocked = 1;
    two[0].files = 30;
    two[0].file_limit = 40;
    two[1].files = 10;
    two[1].file_limit = 1000;
    assert_ok(rca_task_table_new(&t));
    tick(t, 1000 * MS, two, 2, "a/b");
    sum = sum_of(t, RCA_TASK_PROCESSES, "b/web");
    assert_int_equal(sum.rss_pages, 15);
    assert_int_equal(sum.threads, 2);
    assert_int_equal(sum.blocked, 1);
    assert_close(sum.files, 0.75, 1e-12);
    assert_int_equal(sum_of(t, RCA_TASK_CGROUPS, "a").blocked, 1);
    tick(t, 2000 * MS, two, 1, "a/b");
    sum = sum_of(t, RCA_TASK_PROCESSES, "b/web");
    assert_int_equal(sum.rss_pages, 10);
    assert_int_equal(sum.blocked, 0);
    tick(t, 3000 * MS, two, 0, "a/b");
    sum = sum_of(t, RCA_TASK_PROCESSES, "b/web");
    assert_int_equal(sum.threads, 0);
    assert_nan(sum.files);
}

static void kernel_threads_are_one_process(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task k[2] = {thread(2, "kthreadd", 0, 0),
                            thread(3, "ksoftirqd/0", 0, 0)};

    (void)state;
    k[0].kernel = k[1].kernel = 1;
    assert_ok(rca_task_table_new(&t));
    tick(t, 1000 * MS, k, 2, "");
    k[0].cpu_ns = k[1].cpu_ns = MS;
    tick(t, 2000 * MS, k, 2, "");
    assert_int_equal(
        sum_of(t, RCA_TASK_PROCESSES, "kernel-threads").count.cpu_ns, 2 * MS);
    assert_string_equal(sum_of(t, RCA_TASK_HOMES, "kernel-threads").path, "");
}

static void a_wait_that_shrinks_takes_nothing_back(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task a = thread(1, "x", 0, 0);
    const uint64_t wait_ms[] = {10, 30, 28, 31};

    (void)state;
    assert_ok(rca_task_table_new(&t));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(wait_ms); i++) {
        a.wait_ns = wait_ms[i] * MS;
        tick(t, (i + 1) * 1000 * MS, &a, 1, "");
    }
    assert_int_equal(sum_of(t, RCA_TASK_PROCESSES, "x").count.wait_ns, 21 * MS);
}

static void no_end_of_new_commands_does_not_grow_without_end(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct want want = {.text = "other"};
    char name[16];

    (void)state;
    assert_ok(rca_task_table_new(&t));
    rca_task_table_begin(t, 1);
    for (uint32_t i = 1; i <= 5000; i++) {
        struct rca_task a;

        (void)snprintf(name, sizeof(name), "c%u", i);
        a = thread(i, name, 0, 0);
        assert_ok(rca_task_table_add(t, &a, "g"));
    }
    rca_task_table_end(t);
    rca_task_table_visit(t, RCA_TASK_PROCESSES, look, &want);
    assert_int_equal(want.n, 1);
}

static void what_is_long_gone_is_forgotten(void **state)
{
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task a = thread(1, "x", 0, 0), b = thread(2, "y", 0, 0);

    (void)state;
    assert_ok(rca_task_table_new(&t));
    tick(t, 1, &a, 1, "g");
    for (uint64_t i = 2; i < 100; i++)
        tick(t, i, &b, 1, "h");
    assert_int_equal(count_of(t, RCA_TASK_PROCESSES, "g/x"), 0);
    assert_int_equal(count_of(t, RCA_TASK_CGROUPS, "g"), 0);
    assert_int_equal(count_of(t, RCA_TASK_PROCESSES, "h/y"), 1);
}

static void every_failing_allocation_is_reported(void **state)
{
    const struct rca_task a = thread(1, "x", 0, 0);
    _Bool failed = 1;

    (void)state;
    for (long n = 0; failed; n++) {
        RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
        int r;

        oom_after(n);
        r = rca_task_table_new(&t);
        if (r == 0) {
            rca_task_table_begin(t, 1);
            r = rca_task_table_add(t, &a, "a/b/c");
        }
        failed = oom_hit();
        oom_after(-1);
        assert_int_equal(r, failed ? -ENOMEM : 0);
        if (failed && t) /* and it goes on from there */
            assert_ok(rca_task_table_add(t, &a, "a/b/c"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_before_the_first_tick_is_not_counted),
        cmocka_unit_test(a_cgroup_holds_those_below),
        cmocka_unit_test(totals_outlive_their_threads),
        cmocka_unit_test(a_number_used_again_at_once_is_another_thread),
        cmocka_unit_test(an_end_counts_what_was_not_seen_yet),
        cmocka_unit_test(an_unseen_thread_counts_for_its_process),
        cmocka_unit_test(starts_and_failures_are_those_of_processes),
        cmocka_unit_test(gauges_are_those_of_the_tick),
        cmocka_unit_test(kernel_threads_are_one_process),
        cmocka_unit_test(a_wait_that_shrinks_takes_nothing_back),
        cmocka_unit_test(no_end_of_new_commands_does_not_grow_without_end),
        cmocka_unit_test(what_is_long_gone_is_forgotten),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests_name("collector/task_table", tests, NULL,
                                       NULL);
}
