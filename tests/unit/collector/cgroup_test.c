/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/cgroup.h"

#include <errno.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/collector/cgroup_box.h"

static uint64_t inode(const struct box *box, const char *folder)
{
    char path[256];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", box->root, folder);
    assert_ok(stat(path, &st));
    return st.st_ino;
}

static void a_v2_tree_gives_groups_values_and_edges(void **state)
{
    struct box *box = *state;
    rca_id a, b, host;

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\nfrozen 0\n");
    tree_write(box->root, "u/a/b/cgroup.events", "populated 1\nfrozen 0\n");
    tree_write(box->root, "u/a/b/cpu.stat", "usage_usec 1500000\n");
    tree_write(box->root, "u/a/b/memory.current", "4096\n");
    open_source(box);
    box_tick(box, 0);
    a = group(box, "a");
    b = group(box, "a/b");
    host = rca_observe_host(box->obs);
    assert_close(sample_of(box->obs, b, "cpu_seconds_total"), 1.5, 1e-12);
    assert_close(sample_of(box->obs, b, "memory_bytes"), 4096, 0);
    assert_nan(sample_of(box->obs, a, "memory_bytes"));
    assert_true(has_edge(box->obs, b, a, RCA_EDGE_PART_OF));
    assert_true(has_edge(box->obs, a, host, RCA_EDGE_RUNS_ON));
    assert_int_equal(rca_observer_cgroup(box->obs, inode(box, "u/a/b")), b);
    assert_string_equal(rca_observer_cgroup_path(box->obs, inode(box, "u/a/b")),
                        "a/b");
    assert_string_equal(rca_observer_cgroup_path(box->obs, inode(box, "u")),
                        "");
}

static void groups_without_processes_are_known_but_not_reported(void **state)
{
    struct box *box = *state;

    mount_trees(box, 0);
    tree_write(box->root, "u/idle/cgroup.events", "populated 0\n");
    tree_write(box->root, "u/idle/cpu.stat", "usage_usec 1\n");
    tree_write(box->root, "u/idle/below/cgroup.events", "populated 0\n");
    open_source(box);
    box_tick(box, 0);
    assert_false(is_known(box->obs, RCA_KIND_CGROUP, "idle"));
    assert_int_equal(rca_observer_cgroup(box->obs, inode(box, "u/idle")),
                     RCA_ID_NONE);
    assert_non_null(rca_observer_cgroup_path(box->obs, inode(box, "u/idle")));

    tree_write(box->root, "u/idle/cgroup.events", "populated 1\n");
    box_tick(box, 1);
    assert_close(sample_of(box->obs, group(box, "idle"), "cpu_seconds_total"),
                 1e-6, 1e-9);
}

/* As Docker on a mixed host: cpu and memory in v1, the same path in v2. */
static void the_same_path_in_several_trees_is_one_group(void **state)
{
    struct box *box = *state;
    rca_id d;

    mount_trees(box, 1);
    tree_write(box->root, "c/docker/x/cgroup.procs", "12\n");
    tree_write(box->root, "c/docker/x/cpu.stat",
               "nr_throttled 3\nthrottled_time 2000000000\n");
    tree_write(box->root, "m/docker/x/cgroup.procs", "12\n");
    tree_write(box->root, "m/docker/x/memory.usage_in_bytes", "8192\n");
    tree_write(box->root, "u/docker/x/cgroup.events", "populated 0\n");
    tree_write(box->root, "u/docker/x/cpu.pressure", "some total=1000000\n");
    open_source(box);
    box_tick(box, 0);
    d = group(box, "docker/x");
    assert_close(sample_of(box->obs, d, "cpu_throttled_seconds_total"), 2,
                 1e-12);
    assert_close(sample_of(box->obs, d, "cpu_throttled_periods_total"), 3, 0);
    assert_close(sample_of(box->obs, d, "memory_bytes"), 8192, 0);
    assert_close(sample_of(box->obs, d, "cpu_pressure_seconds_total"), 1,
                 1e-12);
    assert_int_equal(rca_observer_cgroup(box->obs, inode(box, "u/docker/x")),
                     d);
    assert_int_equal(rca_observer_cgroup(
                         box->obs, rca_cgroup_v1_id(RCA_CGROUP_V1_CPU,
                                                    inode(box, "c/docker/x"))),
                     d);
    assert_int_equal(rca_observer_cgroup(
                         box->obs, rca_cgroup_v1_id(RCA_CGROUP_V1_MEMORY,
                                                    inode(box, "m/docker/x"))),
                     d);
    /* "docker" itself has no process, but one is below it */
    assert_true(has_edge(box->obs, d, group(box, "docker"), RCA_EDGE_PART_OF));
}

static void groups_that_come_and_go_are_followed(void **state)
{
    struct box *box = *state;
    char path[96];

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/b/cgroup.events", "populated 1\n");
    open_source(box);
    box_tick(box, 0);
    assert_false(is_known(box->obs, RCA_KIND_CGROUP, "c"));

    tree_write(box->root, "u/c/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/c/memory.current", "1\n");
    (void)snprintf(path, sizeof(path), "%s/u/a", box->root);
    tree_remove(path);
    box_tick(box, 1);
    assert_close(sample_of(box->obs, group(box, "c"), "memory_bytes"), 1, 0);
    assert_int_equal(box->obs->n_edges, 1); /* c alone */

    /* made anew under its old name: other files */
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/memory.current", "2\n");
    box_tick(box, 2);
    assert_close(sample_of(box->obs, group(box, "a"), "memory_bytes"), 2, 0);
    assert_close(sample_of(box->obs, group(box, "c"), "memory_bytes"), 1, 0);
}

/* 2 s of processor time in 1 s, of 4 cores; 60 of 100 MiB that cannot be given
 * up; 30 of 40 processes. */
static void limits_give_ratios(void **state)
{
    struct box *box = *state;
    rca_id a;

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 1000000\n");
    tree_write(box->root, "u/a/cpu.max", "400000 100000\n");
    tree_write(box->root, "u/a/memory.current", "73400320\n");
    tree_write(box->root, "u/a/memory.stat",
               "anon 1\nfile 2\ninactive_file 10485760\n");
    tree_write(box->root, "u/a/memory.max", "max\n");
    tree_write(box->root, "u/a/memory.high", "104857600\n");
    tree_write(box->root, "u/a/pids.current", "30\n");
    tree_write(box->root, "u/a/pids.max", "40\n");
    tree_write(box->root, "u/a/pids.events", "max 3\n");
    open_source(box);
    box_tick(box, 0);
    a = group(box, "a");
    assert_nan(sample_of(box->obs, a, "cpu_limit_ratio"));
    assert_close(sample_of(box->obs, a, "cpu_limit_cores"), 4, 0);
    assert_close(sample_of(box->obs, a, "memory_limit_bytes"), 104857600, 0);
    assert_close(sample_of(box->obs, a, "memory_limit_ratio"), 0.6, 1e-12);
    assert_close(sample_of(box->obs, a, "pids_limit_ratio"), 0.75, 1e-12);
    assert_close(sample_of(box->obs, a, "pids_limit_hits_total"), 3, 0);
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 3000000\n");
    box_tick(box, 1);
    assert_close(sample_of(box->obs, a, "cpu_limit_ratio"), 0.5, 1e-12);
}

/* What was taken away is gone at the next look. */
static void limits_are_looked_at_now_and_then(void **state)
{
    struct box *box = *state;
    rca_id a;

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/memory.max", "4096\n");
    open_source(box);
    box_tick(box, 0);
    a = group(box, "a");
    assert_close(sample_of(box->obs, a, "memory_limit_bytes"), 4096, 0);
    tree_write(box->root, "u/a/memory.max", "max\n");
    for (int i = 1; i <= RCA_CGROUP_SELDOM_TICKS; i++)
        box_tick(box, i);
    assert_nan(sample_of(box->obs, a, "memory_limit_bytes"));
}

/* 1 MiB/s of 2 MiB/s written, and as much as may be read. */
static void limits_on_disks_give_the_tightest(void **state)
{
    struct box *box = *state;
    rca_id a;

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/io.max",
               "8:0 rbps=max wbps=2097152 riops=10 wiops=max\n");
    tree_write(box->root, "u/a/io.stat",
               "8:0 rbytes=0 wbytes=0 rios=5 wios=0 dbytes=0 dios=0\n");
    rca_observer_disk_users_set(box->obs, 1);
    open_source(box);
    box_tick(box, 0);
    a = group(box, "a");
    assert_nan(sample_of(box->obs, a, "io_limit_ratio"));
    assert_close(sample_of(box->obs, a, "write_limit_bytes_per_second"),
                 2097152, 0);
    assert_close(sample_of(box->obs, a, "read_limit_per_second"), 10, 0);
    tree_write(box->root, "u/a/io.stat",
               "8:0 rbytes=9 wbytes=1048576 rios=15 wios=1 dbytes=0 dios=0\n");
    box_tick(box, 1);
    assert_close(sample_of(box->obs, a, "io_limit_ratio"), 1, 1e-12);
    assert_nan(sample_of(box->obs, a, "reads_total")); /* another's */
    tree_write(box->root, "u/a/io.stat",
               "8:0 rbytes=9 wbytes=2097152 rios=16 wios=1 dbytes=0 dios=0\n");
    box_tick(box, 2);
    assert_close(sample_of(box->obs, a, "io_limit_ratio"), 0.5, 1e-12);
}

/* Where no hook counts them: growth since the first look, and the edge. */
static void requests_are_counted_from_files_where_nobody_else_does(void **state)
{
    struct box *box = *state;
    char path[160];
    rca_id a;

    mount_trees(box, 0);
    tree_write(box->root, "dev/block/x", "");
    (void)snprintf(path, sizeof(path), "%s/dev/block/8:0", box->root);
    assert_ok(symlink("../../devices/block/sda", path));
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/io.max", "");
    tree_write(box->root, "u/a/io.stat", "8:0 rbytes=4096 rios=1\n");
    open_source(box);
    box_tick(box, 0);
    a = group(box, "a");
    assert_close(sample_of(box->obs, a, "reads_total"), 0, 0);
    tree_write(box->root, "u/a/io.stat", "8:0 rbytes=8192 rios=3 wios=2\n");
    box_tick(box, 1);
    assert_close(sample_of(box->obs, a, "reads_total"), 2, 0);
    assert_close(sample_of(box->obs, a, "writes_total"), 2, 0);
    assert_close(sample_of(box->obs, a, "read_bytes_total"), 4096, 0);
    assert_true(has_edge(box->obs, a,
                         rca_observe_entity(box->obs, RCA_KIND_DISK, "sda"),
                         RCA_EDGE_USES));
}

static void what_may_not_be_read_is_left_out(void **state)
{
    struct box *box = *state;
    const struct rca_feature *f;
    size_t n;

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 1000000\n");
    tree_write(box->root, "u/a/memory.current", "1\n");
    box->env.without = "memory.stat,*.pressure";
    open_source(box);
    box_tick(box, 0);
    assert_nan(sample_of(box->obs, group(box, "a"), "memory_bytes"));
    assert_close(sample_of(box->obs, group(box, "a"), "cpu_seconds_total"), 1,
                 0);
    f = rca_observer_features(box->obs, &n);
    assert_int_equal(f[RCA_CGROUP_PART_MEMORY].state, RCA_FEATURE_OFF);
    assert_string_equal(f[RCA_CGROUP_PART_PRESSURE].how,
                        "turned off by 'without'");
    assert_int_equal(f[RCA_CGROUP_PART_CPU].state, RCA_FEATURE_ON);
}

static void a_long_path_keeps_its_end_as_its_name(void **state)
{
    struct box *box = *state;
    char path[300], name[300], file[400];

    memset(path, 'p', 90);
    (void)snprintf(path + 90, sizeof(path) - 90, "/%0*d/leaf", 150, 0);
    mount_trees(box, 0);
    (void)snprintf(file, sizeof(file), "u/%s/cgroup.events", path);
    tree_write(box->root, file, "populated 1\n");
    open_source(box);
    box_tick(box, 0);
    (void)snprintf(name, sizeof(name), "...%s", path + strlen(path) - 188);
    assert_int_equal(strlen(name), 191);
    assert_true(is_known(box->obs, RCA_KIND_CGROUP, name));
}

static void without_any_tree_the_source_cannot_open(void **state)
{
    struct box *box = *state;
    size_t n = 0;

    assert_err(rca_source_cgroup.open(&box->env, box->obs, &box->source),
               RCA_ENOSUPPORT);
    assert_null(box->source);
    (void)rca_observer_features(box->obs, &n);
    assert_int_equal(n, 5);
}

static void a_tick_without_memory_is_made_good_by_the_next(void **state)
{
    struct box *box = *state;

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/b/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/b/memory.current", "5\n");
    for (long n = 0; n < 40; n++) {
        box_begin(box, (int)n);
        oom_after(n);
        if (!rca_source_cgroup.open(&box->env, box->obs, &box->source))
            (void)rca_source_cgroup.tick(box->source, box->obs);
        oom_after(-1);
        if (!box->source)
            open_source(box);
        box_tick(box, 100 + (int)n);
        assert_close(sample_of(box->obs, group(box, "a/b"), "memory_bytes"), 5,
                     0);
        rca_source_cgroup.close(&box->source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_box(a_v2_tree_gives_groups_values_and_edges),
        with_box(groups_without_processes_are_known_but_not_reported),
        with_box(the_same_path_in_several_trees_is_one_group),
        with_box(groups_that_come_and_go_are_followed),
        with_box(limits_give_ratios),
        with_box(limits_are_looked_at_now_and_then),
        with_box(limits_on_disks_give_the_tightest),
        with_box(requests_are_counted_from_files_where_nobody_else_does),
        with_box(what_may_not_be_read_is_left_out),
        with_box(a_long_path_keeps_its_end_as_its_name),
        with_box(without_any_tree_the_source_cannot_open),
        with_box(a_tick_without_memory_is_made_good_by_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
