/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "collector/cgroup.h"
#include "tests/harness/test.h"

static void start(double values[RCA_CGROUP_VALUES])
{
    for (unsigned i = 0; i < RCA_CGROUP_VALUES; i++)
        values[i] = NAN;
}

static void give(double *values, enum rca_cgroup_tree tree, const char *name,
                 const char *text)
{
    for (unsigned i = 0; i < RCA_CGROUP_FILES; i++) {
        if (rca_cgroup_files[i].tree == tree &&
            !strcmp(rca_cgroup_files[i].name, name)) {
            rca_cgroup_parse(i, text, strlen(text), values);
            return;
        }
    }
    fail_msg("no file '%s'", name);
}

static void files_of_v2_give_all_series(void **state)
{
    double v[RCA_CGROUP_VALUES];

    (void)state;
    start(v);
    give(v, RCA_CGROUP_V2, "cpu.stat",
         "usage_usec 2500000\nuser_usec 1\nsystem_usec 2\nnr_periods 40\n"
         "nr_throttled 12\nthrottled_usec 750000\n");
    give(v, RCA_CGROUP_V2, "memory.current", "1048576\n");
    give(v, RCA_CGROUP_V2, "memory.events",
         "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
    give(v, RCA_CGROUP_V2, "memory.stat",
         "anon 1\nworkingset_refault_anon 7\nworkingset_refault_file 8\n"
         "pgmajfault 9\n");
    give(v, RCA_CGROUP_V2, "cpu.pressure", "some avg10=0.00 total=1000000\n");
    give(v, RCA_CGROUP_V2, "memory.pressure", "some avg10=0.0 total=2000000\n");
    give(v, RCA_CGROUP_V2, "io.pressure", "some avg10=0.00 total=3000000\n");

    assert_close(v[RCA_CGROUP_CPU_SECONDS], 2.5, 1e-12);
    assert_close(v[RCA_CGROUP_THROTTLED_SECONDS], 0.75, 1e-12);
    assert_close(v[RCA_CGROUP_THROTTLED_PERIODS], 12, 0);
    assert_close(v[RCA_CGROUP_MEMORY_BYTES], 1048576, 0);
    assert_close(v[RCA_CGROUP_LIMIT_HITS], 5, 0);
    assert_close(v[RCA_CGROUP_OOM_KILLS], 5, 0);
    assert_close(v[RCA_CGROUP_REFAULTS], 8, 0);
    assert_close(v[RCA_CGROUP_MAJOR_FAULTS], 9, 0);
    assert_close(v[RCA_CGROUP_CPU_PRESSURE], 1, 1e-12);
    assert_close(v[RCA_CGROUP_MEMORY_PRESSURE], 2, 1e-12);
    assert_close(v[RCA_CGROUP_IO_PRESSURE], 3, 1e-12);
}

static void files_of_v1_give_the_same_series(void **state)
{
    double v[RCA_CGROUP_VALUES];

    (void)state;
    start(v);
    give(v, RCA_CGROUP_CPUACCT, "cpuacct.usage", "2500000000\n");
    give(v, RCA_CGROUP_CPU, "cpu.stat",
         "nr_periods 40\nnr_throttled 12\nthrottled_time 750000000\n");
    give(v, RCA_CGROUP_MEMORY, "memory.usage_in_bytes", "4096\n");
    give(v, RCA_CGROUP_MEMORY, "memory.failcnt", "3\n");
    give(v, RCA_CGROUP_MEMORY, "memory.stat",
         "pgmajfault 1\nworkingset_refault_file 2\ntotal_pgmajfault 10\n"
         "total_workingset_refault_file 20\n");
    give(v, RCA_CGROUP_MEMORY, "memory.oom_control",
         "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");

    assert_close(v[RCA_CGROUP_CPU_SECONDS], 2.5, 1e-12);
    assert_close(v[RCA_CGROUP_THROTTLED_SECONDS], 0.75, 1e-12);
    assert_close(v[RCA_CGROUP_THROTTLED_PERIODS], 12, 0);
    assert_close(v[RCA_CGROUP_MEMORY_BYTES], 4096, 0);
    assert_close(v[RCA_CGROUP_LIMIT_HITS], 3, 0);
    assert_close(v[RCA_CGROUP_MAJOR_FAULTS], 10, 0);
    assert_close(v[RCA_CGROUP_REFAULTS], 20, 0);
    assert_close(v[RCA_CGROUP_OOM_KILLS], 5, 0);
    assert_nan(v[RCA_CGROUP_CPU_PRESSURE]);
}

static void limits_of_v1_are_those_of_v2(void **state)
{
    double v[RCA_CGROUP_VALUES];

    (void)state;
    start(v);
    give(v, RCA_CGROUP_CPU, "cpu.cfs_quota_us", "150000\n");
    give(v, RCA_CGROUP_CPU, "cpu.cfs_period_us", "100000\n");
    give(v, RCA_CGROUP_MEMORY, "memory.limit_in_bytes", "268435456\n");
    give(v, RCA_CGROUP_PIDS, "pids.max", "64\n");
    give(v, RCA_CGROUP_PIDS, "pids.current", "7\n");
    give(v, RCA_CGROUP_PIDS, "pids.events", "max 2\n");
    rca_cgroup_finish(v);
    assert_close(v[RCA_CGROUP_CPU_LIMIT], 1.5, 1e-12);
    assert_close(v[RCA_CGROUP_MEMORY_LIMIT], 268435456, 0);
    assert_close(v[RCA_CGROUP_PIDS_LIMIT], 64, 0);
    assert_close(v[RCA_CGROUP_TASKS], 7, 0);
    assert_close(v[RCA_CGROUP_PIDS_REFUSED], 2, 0);
    start(v);
    give(v, RCA_CGROUP_V2, "cpu.max", "150000 100000\n");
    give(v, RCA_CGROUP_V2, "memory.max", "300000000\n");
    give(v, RCA_CGROUP_V2, "memory.high", "268435456\n");
    rca_cgroup_finish(v);
    assert_close(v[RCA_CGROUP_CPU_LIMIT], 1.5, 1e-12);
    assert_close(v[RCA_CGROUP_MEMORY_LIMIT], 268435456, 0);
}

static void no_limit_is_no_number(void **state)
{
    double v[RCA_CGROUP_VALUES];

    (void)state;
    start(v);
    give(v, RCA_CGROUP_CPU, "cpu.cfs_quota_us", "-1\n");
    give(v, RCA_CGROUP_CPU, "cpu.cfs_period_us", "100000\n");
    give(v, RCA_CGROUP_V2, "cpu.max", "max 100000\n");
    give(v, RCA_CGROUP_V2, "memory.max", "max\n");
    give(v, RCA_CGROUP_MEMORY, "memory.limit_in_bytes",
         "9223372036854771712\n");
    give(v, RCA_CGROUP_V2, "pids.max", "max\n");
    rca_cgroup_finish(v);
    assert_nan(v[RCA_CGROUP_CPU_LIMIT]);
    assert_nan(v[RCA_CGROUP_MEMORY_LIMIT]);
    assert_nan(v[RCA_CGROUP_PIDS_LIMIT]);
}

/* A group that v2 knows by path while v1 holds its processes. */
static void the_hierarchy_that_counts_wins(void **state)
{
    double v[RCA_CGROUP_VALUES];

    (void)state;
    start(v);
    give(v, RCA_CGROUP_V2, "cpu.stat", "usage_usec 0\n");
    give(v, RCA_CGROUP_CPUACCT, "cpuacct.usage", "3000000000\n");
    assert_close(v[RCA_CGROUP_CPU_SECONDS], 3, 1e-12);
    give(v, RCA_CGROUP_V2, "cpu.stat", "usage_usec 1000000\n");
    assert_close(v[RCA_CGROUP_CPU_SECONDS], 3, 1e-12);
}

static void what_is_not_there_stays_unknown(void **state)
{
    double v[RCA_CGROUP_VALUES];

    (void)state;
    start(v);
    for (unsigned i = 0; i < RCA_CGROUP_FILES; i++) {
        rca_cgroup_parse(i, "", 0, v);
        rca_cgroup_parse(i, "max\n", 4, v);
        rca_cgroup_parse(i, "usage_usec x\n", 13, v);
    }
    for (unsigned i = 0; i < RCA_CGROUP_VALUES; i++)
        assert_nan(v[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_v2_give_all_series),
        cmocka_unit_test(files_of_v1_give_the_same_series),
        cmocka_unit_test(limits_of_v1_are_those_of_v2),
        cmocka_unit_test(no_limit_is_no_number),
        cmocka_unit_test(the_hierarchy_that_counts_wins),
        cmocka_unit_test(what_is_not_there_stays_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
