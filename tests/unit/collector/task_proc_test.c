/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/task_proc.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "graph/base/err.h"
#include "tests/harness/test.h"

static const char *path_in(const char *text)
{
    static char path[RCA_CGROUP_PATH_MAX];

    assert_ok(rca_task_parse_cgroup(text, strlen(text), path));
    return path;
}

static void the_v2_path_comes_first(void **state)
{
    (void)state;
    assert_string_equal(path_in("0::/a.slice/b.service\n"),
                        "a.slice/b.service");
    assert_string_equal(path_in("4:memory:/m\n0::/u\n"), "u");
}

static void at_the_v2_root_v1_controllers_tell(void **state)
{
    (void)state;
    assert_string_equal(path_in("9:name=systemd:/s\n4:memory:/m/n\n0::/\n"),
                        "m/n");
    assert_string_equal(path_in("4:memory:/m\n2:cpuacct,cpu:/c\n0::/\n"), "c");
    assert_string_equal(path_in("4:memory:/m\n2:cpuacct:/a\n1:cpu:/\n"), "a");
    assert_string_equal(path_in("3:cpuset:/only\n0::/\n"), "");
}

static void outside_of_our_namespace_is_the_root(void **state)
{
    (void)state;
    assert_string_equal(path_in("0::/../../x\n"), "");
    assert_string_equal(path_in("0::/..\n"), "");
}

static void broken_cgroup_lines_are_passed_over(void **state)
{
    char path[RCA_CGROUP_PATH_MAX] = "kept";
    static const char root[] = {'0', ':', ':', '/'};
    char large[2 * RCA_CGROUP_PATH_MAX];

    (void)state;
    assert_string_equal(path_in("0:\n:\n::\n0::x\n1:cpu:/good"), "good");
    assert_err(rca_task_parse_cgroup("", 0, path), RCA_ESYNTAX);
    assert_err(rca_task_parse_cgroup("nothing", 7, path), RCA_ESYNTAX);
    assert_err(rca_task_parse_cgroup("0::/a\0b\n", 8, path), RCA_ESYNTAX);
    assert_string_equal(path, "kept");
    memset(large, 'x', sizeof(large));
    memcpy(large, root, sizeof(root));
    assert_ok(rca_task_parse_cgroup(large, sizeof(large), path));
    assert_string_equal(path, "");
}

/* From proc(5): pid (comm) state ppid pgrp session tty tpgid flags minflt
 * cminflt majflt cmajflt utime stime cutime cstime priority nice threads
 * itrealvalue starttime. */
static void a_command_may_look_like_the_rest(void **state)
{
    static const char text[] = "42 (a) S 1 (b)) R 1 42 42 0 -1 4194560 1 0 0 0 "
                               "150 50 7 8 20 0 1 0 12345 1 2 3\n";
    struct rca_task task;

    (void)state;
    assert_ok(rca_task_parse_stat(text, sizeof(text) - 1, 100, &task));
    assert_int_equal(task.pid, 42);
    assert_int_equal(task.tgid, 42);
    assert_string_equal(task.comm, "a) S 1 (b)");
    assert_int_equal(task.kernel, 0);
    assert_int_equal(task.cpu_ns, 2 * RCA_SECOND); /* (150 + 50) / 100 Hz */
    assert_int_equal(task.start_ns, 12345 * RCA_SECOND / 100);
}

static void a_kernel_thread_is_known_by_its_flag(void **state)
{
    static const char text[] = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 "
                               "0 0 20 0 1 0 3 0\n";
    struct rca_task task;

    (void)state;
    assert_ok(rca_task_parse_stat(text, sizeof(text) - 1, 100, &task));
    assert_int_equal(task.kernel, 1);
}

static void a_broken_stat_changes_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "1",
        "1 (x",
        "1 )x(",
        "x (y) S 0 0 0 0 -1 1 0 0 0 0 1 1 0 0 20 0 1 0 3",
        "99999999999 (y) S 0 0 0 0 -1 1 0 0 0 0 1 1 0 0 20 0 1 0 3",
        "1 (y) S 0 0 0 0 -1 1 0 0 0 0 1 1 0 0 20 0 1 0",
        "1 (y) S 0 0 0 0 -1 1 0 0 0 0 1 -1 0 0 20 0 1 0 3",
    };
    struct rca_task task = {.pid = 77};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(bad); i++)
        assert_err(rca_task_parse_stat(bad[i], strlen(bad[i]), 100, &task),
                   RCA_ESYNTAX);
    assert_int_equal(task.pid, 77);
}

static void schedstat_has_time_and_wait(void **state)
{
    uint64_t cpu = 1, wait = 2;

    (void)state;
    assert_err(rca_task_parse_schedstat("12", 2, &cpu, &wait), RCA_ESYNTAX);
    assert_err(rca_task_parse_schedstat("a b c", 5, &cpu, &wait), RCA_ESYNTAX);
    assert_int_equal(cpu, 1);
    assert_ok(rca_task_parse_schedstat("123 456 7\n", 10, &cpu, &wait));
    assert_int_equal(cpu, 123);
    assert_int_equal(wait, 456);
}

struct found {
    struct rca_task own;
    size_t n;
};

static int find_own(void *arg, const struct rca_task *task, const char *path)
{
    struct found *found = (struct found *)arg;

    assert_non_null(path);
    if (task->pid == (uint32_t)getpid()) {
        found->own = *task;
        found->n++;
    }
    return 0;
}

static int stop(void *arg, const struct rca_task *task, const char *path)
{
    (void)task;
    (void)path;
    ++*(int *)arg;
    return 42;
}

static void a_scan_finds_this_process_once(void **state)
{
    struct found found = {.n = 0};
    char comm[RCA_COMM_SIZE] = "";
    int calls = 0;

    (void)state;
    assert_ok(rca_task_proc_scan("/proc", find_own, &found));
    assert_int_equal(found.n, 1);
    assert_int_equal(found.own.tgid, getpid());
    assert_true(found.own.start_ns > 0);
    assert_true(found.own.cpu_ns > 0);
    assert_ok(prctl(PR_GET_NAME, comm)); /* another one under valgrind */
    assert_string_equal(found.own.comm, comm);
    assert_int_equal(rca_task_proc_scan("/proc", stop, &calls), 42);
    assert_int_equal(calls, 1);
    assert_int_equal(rca_task_proc_scan("/nowhere", stop, &calls), -ENOENT);
}

static void a_process_that_is_gone_has_no_cgroup(void **state)
{
    char path[RCA_CGROUP_PATH_MAX];

    (void)state;
    assert_ok(rca_task_cgroup_path("/proc", (uint32_t)getpid(), path));
    assert_err(rca_task_cgroup_path("/nowhere", 1, path), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_v2_path_comes_first),
        cmocka_unit_test(at_the_v2_root_v1_controllers_tell),
        cmocka_unit_test(outside_of_our_namespace_is_the_root),
        cmocka_unit_test(broken_cgroup_lines_are_passed_over),
        cmocka_unit_test(a_command_may_look_like_the_rest),
        cmocka_unit_test(a_kernel_thread_is_known_by_its_flag),
        cmocka_unit_test(a_broken_stat_changes_nothing),
        cmocka_unit_test(schedstat_has_time_and_wait),
        cmocka_unit_test(a_scan_finds_this_process_once),
        cmocka_unit_test(a_process_that_is_gone_has_no_cgroup),
    };

    return cmocka_run_group_tests_name("collector/task_proc", tests, NULL,
                                       NULL);
}
