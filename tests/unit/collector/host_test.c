/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "collector/source.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/collector/samples.h"
#include "tests/unit/collector/tree.h"

#define T0 (INT64_C(1700000000) * RCA_SECOND)

/* struct box - a host made of files */
struct box {
    char root[64], proc[80], sys[80];
    struct rca_source_env env;
    struct rca_observer *obs;
    void *source;
};

static int setup(void **state)
{
    static struct box box;

    box = (struct box){.obs = NULL};
    tree_make(box.root);
    (void)snprintf(box.proc, sizeof(box.proc), "%s/proc", box.root);
    (void)snprintf(box.sys, sizeof(box.sys), "%s/sys", box.root);
    box.env = (struct rca_source_env){
        .proc = box.proc, .sys = box.sys, .host = "box"};
    *state = &box;
    return rca_observer_new(NULL, "box", &box.obs);
}

static int teardown(void **state)
{
    struct box *box = *state;

    rca_source_host.close(&box->source);
    rca_observer_free(&box->obs);
    tree_remove(box->root);
    return 0;
}

static void write_all(struct box *box)
{
    tree_write(box->root, "proc/stat",
               "cpu  100 0 50 1000 0 0 0 0 0 0\n"
               "cpu0 50 0 25 500 0 0 0 0 0 0\n"
               "cpu1 50 0 25 500 0 0 0 0 0 0\n"
               "ctxt 777\n");
    tree_write(box->root, "proc/meminfo",
               "MemTotal: 9 kB\nMemAvailable:     2048 kB\n");
    tree_write(box->root, "proc/vmstat", "pgmajfault 12\npswpin 34\n");
    tree_write(box->root, "proc/pressure/cpu", "some avg10=0 total=2500000\n");
    tree_write(box->root, "proc/pressure/memory", "some avg10=0 total=1\n");
    tree_write(box->root, "proc/pressure/io", "some avg10=0 total=2\n");
}

static void tick(struct box *box, int seconds)
{
    rca_observer_begin(box->obs, T0 + seconds * RCA_SECOND);
    assert_ok(rca_source_host.tick(box->source, box->obs));
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
    tick(box, 0);
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

/* cpu0: 30 of 100 ticks busy; cpu1: 80 of 100, of which 20 were stolen. */
static void the_busiest_processor_is_the_one_with_least_idle_time(void **state)
{
    struct box *box = *state;

    write_all(box);
    assert_ok(rca_source_host.open(&box->env, box->obs, &box->source));
    tick(box, 0);
    tree_write(box->root, "proc/stat",
               "cpu  190 0 50 1090 0 0 0 20 0 0\n"
               "cpu0 80 0 25 570 0 0 0 0 0 0\n"
               "cpu1 110 0 25 510 10 0 0 20 0 0\n");
    tick(box, 1);
    assert_close(host_value(box, "cpu_busiest_ratio"), 0.8, 1e-12);
    tick(box, 2); /* nothing moved: there is no share of no time */
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
    assert_int_equal(n, 6);
    assert_int_equal(off, 5);
    tick(box, 0);
    assert_int_equal(box->obs->n_samples, 1);
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
        cmocka_unit_test_setup_teardown(the_files_give_the_series_of_the_host,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_busiest_processor_is_the_one_with_least_idle_time, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            what_is_missing_is_a_feature_that_is_off, setup, teardown),
        cmocka_unit_test_setup_teardown(without_any_file_the_source_cannot_open,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            no_memory_ends_the_opening_and_nothing_else, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
