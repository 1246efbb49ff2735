/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/collector/box.h"

static int setup(void **state)
{
    return box_setup(state, &rca_source_host);
}

static void write_all(struct box *box)
{
    tree_write(box->root, "proc/stat",
               "cpu  100 0 46 998 2 3 1 0 0 0\n"
               "cpu0 50 0 25 500 0 0 0 0 0 0\n"
               "cpu1 50 0 25 500 0 0 0 0 0 0\n"
               "ctxt 777\nbtime 1700000000\nprocesses 55\n"
               "procs_running 1\nprocs_blocked 2\n");
    tree_write(box->root, "proc/meminfo",
               "MemTotal: 9 kB\nMemAvailable:     2048 kB\n"
               "SwapTotal: 100 kB\nSwapFree: 90 kB\nDirty: 3 kB\n"
               "Writeback: 1 kB\nPageTables: 5 kB\n");
    tree_write(box->root, "proc/vmstat",
               "allocstall_dma 1\nallocstall_normal 2\npgmajfault 12\n"
               "pswpin 34\npswpout 35\noom_kill 3\n");
    tree_write(box->root, "proc/loadavg", "1.25 0.18 0.12 3/80 11206\n");
    tree_write(box->root, "proc/sys/fs/file-nr", "250\t0\t1000\n");
    tree_write(box->root, "proc/sys/kernel/pid_max", "160\n");
    tree_write(box->root, "proc/sys/kernel/threads-max", "200\n");
    tree_write(box->root,
               "sys/devices/system/cpu/cpu0/thermal_throttle/"
               "package_throttle_count",
               "7\n");
    tree_write(box->root, "proc/pressure/cpu", "some avg10=0 total=2500000\n");
    tree_write(box->root, "proc/pressure/memory", "some avg10=0 total=1\n");
    tree_write(box->root, "proc/pressure/io", "some avg10=0 total=2\n");
}

static double host_value(struct box *box, const char *series)
{
    return sample_of(box->obs, rca_observe_host(box->obs), series);
}

static void the_files_give_the_series_of_the_host(void **state)
{
    struct box *box = *state;
    const double hz = (double)sysconf(_SC_CLK_TCK);

    write_all(box);
    assert_ok(rca_source_host.open(&box->env, box->obs, &box->source));
    box_tick(box, 0);
    assert_close(host_value(box, "cpu_seconds_total"), 150 / hz, 1e-12);
    assert_nan(host_value(box, "cpu_busiest_ratio"));
    assert_close(host_value(box, "context_switches_total"), 777, 0);
    assert_close(host_value(box, "memory_available_bytes"), 2097152, 0);
    assert_close(host_value(box, "major_faults_total"), 12, 0);
    assert_close(host_value(box, "swap_in_pages_total"), 34, 0);
    assert_close(host_value(box, "cpu_pressure_seconds_total"), 2.5, 1e-12);
    assert_close(host_value(box, "memory_pressure_seconds_total"), 1e-6, 1e-9);
    assert_close(host_value(box, "io_pressure_seconds_total"), 2e-6, 1e-9);
}

static void what_there_is_only_so_much_of_gives_ratios(void **state)
{
    struct box *box = *state;
    const double hz = (double)sysconf(_SC_CLK_TCK);

    write_all(box);
    assert_ok(rca_source_host.open(&box->env, box->obs, &box->source));
    box_tick(box, 0);
    assert_close(host_value(box, "tasks"), 80, 0);
    assert_close(host_value(box, "tasks_limit_ratio"), 0.5, 1e-12);
    assert_close(host_value(box, "open_files"), 250, 0);
    assert_close(host_value(box, "open_files_limit_ratio"), 0.25, 1e-12);
    assert_close(host_value(box, "load_average"), 1.25, 1e-12);
    assert_close(host_value(box, "blocked_tasks"), 2, 0);
    assert_close(host_value(box, "process_starts_total"), 55, 0);
    assert_close(host_value(box, "boot_time_seconds"), 1700000000, 0);
    assert_close(host_value(box, "memory_dirty_bytes"), 4096, 0);
    assert_close(host_value(box, "memory_kernel_bytes"), 5120, 0);
    assert_close(host_value(box, "swap_used_bytes"), 10240, 0);
    assert_close(host_value(box, "swap_out_pages_total"), 35, 0);
    assert_close(host_value(box, "memory_stalls_total"), 3, 0);
    assert_close(host_value(box, "oom_kills_total"), 3, 0);
    assert_nan(host_value(box, "memory_refaults_total"));
    assert_close(host_value(box, "cpu_thermal_throttles_total"), 7, 0);
    assert_close(host_value(box, "cpu_system_seconds_total"), 46 / hz, 1e-12);
    assert_close(host_value(box, "cpu_iowait_seconds_total"), 2 / hz, 1e-12);
    assert_close(host_value(box, "cpu_interrupt_seconds_total"), 4 / hz, 1e-12);
    assert_close(host_value(box, "cpu_steal_seconds_total"), 0, 0);
}

static void a_file_that_may_not_be_used_is_off(void **state)
{
    struct box *box = *state;

    write_all(box);
    box->env.without = "/proc/meminfo";
    assert_ok(rca_source_host.open(&box->env, box->obs, &box->source));
    box_tick(box, 0);
    assert_nan(host_value(box, "memory_available_bytes"));
    assert_close(host_value(box, "tasks"), 80, 0);
}

/* cpu0: 30 of 100 ticks busy; cpu1: 80 of 100, of which 20 were stolen. */
static void the_busiest_processor_is_the_one_with_least_idle_time(void **state)
{
    struct box *box = *state;

    write_all(box);
    assert_ok(rca_source_host.open(&box->env, box->obs, &box->source));
    box_tick(box, 0);
    tree_write(box->root, "proc/stat",
               "cpu  190 0 50 1090 0 0 0 20 0 0\n"
               "cpu0 80 0 25 570 0 0 0 0 0 0\n"
               "cpu1 110 0 25 510 10 0 0 20 0 0\n");
    box_tick(box, 1);
    assert_close(host_value(box, "cpu_busiest_ratio"), 0.8, 1e-12);
    box_tick(box, 2); /* nothing moved: there is no share of no time */
    assert_nan(host_value(box, "cpu_busiest_ratio"));
}

static void what_is_missing_is_a_feature_that_is_off(void **state)
{
    struct box *box = *state;
    const struct rca_feature *f;
    size_t n = 0, off = 0;

    tree_write(box->root, "proc/meminfo", "MemAvailable: 1 kB\n");
    assert_ok(rca_source_host.open(&box->env, box->obs, &box->source));
    f = rca_observer_features(box->obs, &n);
    for (size_t i = 0; i < n; i++) {
        off += f[i].state == RCA_FEATURE_OFF;
        assert_int_equal(f[i].state == RCA_FEATURE_OFF, f[i].lost[0] != '\0');
    }
    assert_int_equal(n, 8);
    assert_int_equal(off, 7);
    box_tick(box, 0);
    assert_close(host_value(box, "memory_available_bytes"), 1024, 0);
    assert_nan(host_value(box, "cpu_seconds_total"));
}

static void without_any_file_the_source_cannot_open(void **state)
{
    struct box *box = *state;

    assert_err(rca_source_host.open(&box->env, box->obs, &box->source),
               RCA_ENOSUPPORT);
    assert_null(box->source);
}

static void no_memory_ends_the_opening_and_nothing_else(void **state)
{
    struct box *box = *state;

    write_all(box);
    for (long n = 0; n < 3; n++) {
        oom_after(n);
        assert_err(rca_source_host.open(&box->env, box->obs, &box->source),
                   -ENOMEM);
        oom_after(-1);
        assert_null(box->source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_box(the_files_give_the_series_of_the_host),
        with_box(what_there_is_only_so_much_of_gives_ratios),
        with_box(a_file_that_may_not_be_used_is_off),
        with_box(the_busiest_processor_is_the_one_with_least_idle_time),
        with_box(what_is_missing_is_a_feature_that_is_off),
        with_box(without_any_file_the_source_cannot_open),
        with_box(no_memory_ends_the_opening_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
