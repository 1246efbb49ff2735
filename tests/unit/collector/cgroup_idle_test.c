/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is not read of cgroups that do nothing, and that it is read again. */

#include "collector/cgroup.h"
#include "tests/unit/collector/cgroup_box.h"

/* A group that uses no processor says the same as before, for a while. */
static void an_idle_group_is_read_seldom(void **state)
{
    struct box *box = *state;
    rca_id a;

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 1000000\n");
    tree_write(box->root, "u/a/memory.current", "1\n");
    tree_write(box->root, "u/a/io.pressure", "some total=1000000\n");
    open_source(box);
    box_tick(box, 0);
    a = group(box, "a");
    for (int i = 1; i <= 2 * RCA_CGROUP_SELDOM_TICKS; i++)
        box_tick(box, i); /* whichever turn it has, the last look is over */
    box_tick(box, 100);
    tree_write(box->root, "u/a/memory.current", "2\n");
    tree_write(box->root, "u/a/io.pressure", "some total=2000000\n");
    box_tick(box, 101);
    assert_close(sample_of(box->obs, a, "io_pressure_seconds_total"), 2, 0);
    for (int i = 0; i < RCA_CGROUP_SELDOM_TICKS; i++)
        box_tick(box, 102 + i);
    assert_close(sample_of(box->obs, a, "memory_bytes"), 2, 0);
    tree_write(box->root, "u/a/memory.current", "3\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 1000001\n");
    box_tick(box, 150);
    assert_close(sample_of(box->obs, a, "memory_bytes"), 3, 0);
}

/* Tick until each group is known to be idle; return the tick that follows. */
static int settle(struct box *box, int tick)
{
    for (int i = 0; i < 2 * RCA_CGROUP_SELDOM_TICKS; i++)
        box_tick(box, tick++);
    return tick;
}

/* Tick until @group has a limit; how often, @n + 1: not after @n times. */
static int ticks_to_limit(struct box *box, rca_id group, int tick, int n)
{
    for (int i = 1; i <= n; i++) {
        box_tick(box, tick++);
        if (!isnan(sample_of(box->obs, group, "memory_limit_bytes")))
            return i;
    }
    return n + 1;
}

/* 2 s in v2, as the group was there for a while before it was in cpuacct. */
static void one_file_tells_whether_a_group_is_idle(void **state)
{
    struct box *box = *state;
    char mounts[512];
    rca_id a;
    int tick, n;

    mount_trees(box, 0);
    (void)snprintf(mounts, sizeof(mounts),
                   "1 0 0:1 / %s/u rw - cgroup2 cgroup2 rw\n"
                   "2 0 0:2 / %s/c rw - cgroup cgroup rw,cpu,cpuacct\n",
                   box->root, box->root);
    tree_write(box->root, "proc/self/mountinfo", mounts);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 2000000\n");
    tree_write(box->root, "c/a/cgroup.procs", "12\n");
    tree_write(box->root, "c/a/cpuacct.usage", "1000000000\n");
    tree_write(box->root, "c/a/cpu.stat", "nr_throttled 1\n");
    open_source(box);
    tick = settle(box, 0);
    a = group(box, "a");
    /* the other tree's file, and what only matters when something is done */
    tree_write(box->root, "c/a/cpuacct.usage", "1500000000\n");
    tree_write(box->root, "c/a/cpu.stat", "nr_throttled 2\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 2000001\n");
    box_tick(box, tick++);
    assert_close(sample_of(box->obs, a, "cpu_seconds_total"), 2.000001, 1e-12);
    assert_close(sample_of(box->obs, a, "cpu_throttled_periods_total"), 2, 0);
    /* overtaken: at the next look, and from then on it is the one that tells */
    tree_write(box->root, "c/a/cpuacct.usage", "3000000000\n");
    for (n = 0; n < RCA_CGROUP_SELDOM_TICKS &&
                sample_of(box->obs, a, "cpu_seconds_total") < 2.5;
         n++)
        box_tick(box, tick++);
    assert_close(sample_of(box->obs, a, "cpu_seconds_total"), 3, 1e-12);
    tick = settle(box, tick);
    tree_write(box->root, "c/a/cpuacct.usage", "4000000000\n");
    box_tick(box, tick);
    assert_close(sample_of(box->obs, a, "cpu_seconds_total"), 4, 1e-12);
}

/* Of /up/a and /up/b, /up tells; /lone has nobody above that would. */
static void waits_for_disks_are_asked_of_the_group_above(void **state)
{
    struct box *box = *state;
    rca_id a, b, in;
    int tick;

    mount_trees(box, 0);
    tree_write(box->root, "u/up/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/up/io.pressure", "some total=2000000\n");
    tree_write(box->root, "u/up/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/up/a/io.pressure", "some total=1000000\n");
    tree_write(box->root, "u/up/a/b/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/up/a/b/io.pressure", "some total=1000000\n");
    tree_write(box->root, "u/lone/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/lone/in/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/lone/in/io.pressure", "some total=1\n");
    open_source(box);
    tick = settle(box, 0);
    a = group(box, "up/a");
    b = group(box, "up/a/b");
    in = group(box, "lone/in");
    tree_write(box->root, "u/up/io.pressure", "some total=2500000\n");
    tree_write(box->root, "u/up/a/io.pressure", "some total=1500000\n");
    tree_write(box->root, "u/up/a/b/io.pressure", "some total=1500000\n");
    tree_write(box->root, "u/lone/in/io.pressure", "some total=500000\n");
    box_tick(box, tick++);
    assert_close(sample_of(box->obs, a, "io_pressure_seconds_total"), 1.5, 0);
    assert_close(sample_of(box->obs, b, "io_pressure_seconds_total"), 1.5, 0);
    assert_close(sample_of(box->obs, in, "io_pressure_seconds_total"), 0.5, 0);
    /* should the one above not tell, each has its turn now and then */
    tree_write(box->root, "u/up/a/io.pressure", "some total=1700000\n");
    tree_write(box->root, "u/up/a/b/io.pressure", "some total=1700000\n");
    box_tick(box, tick++); /* finds /up still */
    box_tick(box, tick++);
    assert_true(sample_of(box->obs, a, "io_pressure_seconds_total") < 1.6 ||
                sample_of(box->obs, b, "io_pressure_seconds_total") < 1.6);
    for (int i = 0; i < RCA_CGROUP_SELDOM_TICKS; i++)
        box_tick(box, tick++);
    assert_close(sample_of(box->obs, b, "io_pressure_seconds_total"), 1.7, 0);
}

static void limits_of_an_idle_group_are_looked_at_when_it_works(void **state)
{
    enum { LONG = RCA_CGROUP_IDLE_LOOKS * RCA_CGROUP_SELDOM_TICKS };
    struct box *box = *state;
    rca_id a;
    int tick, n;

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 1000000\n");
    tree_write(box->root, "u/a/memory.max", "max\n");
    open_source(box);
    a = group(box, "a");
    tick = settle(box, 0);
    tree_write(box->root, "u/a/memory.max", "4096\n");
    n = ticks_to_limit(box, a, tick, LONG);
    assert_true(n <= LONG);
    tree_write(box->root, "u/a/memory.max", "max\n");
    tick = settle(box, settle(box, tick + n));
    assert_nan(sample_of(box->obs, a, "memory_limit_bytes"));

    tree_write(box->root, "u/a/memory.max", "8192\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 1000001\n");
    n = ticks_to_limit(box, a, tick, RCA_CGROUP_SELDOM_TICKS);
    assert_true(n <= RCA_CGROUP_SELDOM_TICKS);
}

/* The end of a process takes processor time; a move away does not. */
static void a_group_that_was_left_goes(void **state)
{
    struct box *box = *state;
    int tick;

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 1000000\n");
    open_source(box);
    tick = settle(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 0\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 1000005\n");
    box_tick(box, tick++);
    box_tick(box, tick++);
    assert_int_equal(box->obs->n_edges, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    box_tick(box, tick++);
    assert_int_equal(box->obs->n_edges, 1);
    tick = settle(box, tick);
    tree_write(box->root, "u/a/cgroup.events", "populated 0\n");
    for (int i = 0; i <= RCA_CGROUP_SELDOM_TICKS; i++)
        box_tick(box, tick++);
    assert_int_equal(box->obs->n_edges, 0);
}

/* It has used no more than the one before it, and has nobody in it. */
static void a_group_made_anew_is_not_taken_for_the_idle_one(void **state)
{
    struct box *box = *state;
    char path[96];
    int tick;

    mount_trees(box, 0);
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 1000000\n");
    open_source(box);
    tick = settle(box, 0);
    (void)snprintf(path, sizeof(path), "%s/u/a", box->root);
    tree_remove(path);
    tree_write(box->root, "u/other/cgroup.events", "populated 0\n");
    tree_write(box->root, "u/a/cgroup.events", "populated 0\n");
    tree_write(box->root, "u/a/cpu.stat", "usage_usec 5\n");
    box_tick(box, tick++);
    assert_int_equal(box->obs->n_edges, 0);
}

/* v2 says it of all below, where nobody needs to ask. */
static void below_an_empty_group_all_are(void **state)
{
    struct box *box = *state;

    mount_trees(box, 1);
    tree_write(box->root, "u/a/cgroup.events", "populated 0\n");
    tree_write(box->root, "u/a/b/cgroup.events", "populated 1\n");
    tree_write(box->root, "u/a/c/cgroup.events", "populated 0\n");
    tree_write(box->root, "c/a/c/cgroup.procs", "12\n");
    open_source(box);
    box_tick(box, 0);
    assert_false(is_known(box->obs, RCA_KIND_CGROUP, "a/b"));
    assert_true(is_known(box->obs, RCA_KIND_CGROUP, "a/c")); /* in v1 */
    tree_write(box->root, "u/a/cgroup.events", "populated 1\n");
    box_tick(box, 1);
    assert_true(is_known(box->obs, RCA_KIND_CGROUP, "a/b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_box(an_idle_group_is_read_seldom),
        with_box(one_file_tells_whether_a_group_is_idle),
        with_box(waits_for_disks_are_asked_of_the_group_above),
        with_box(limits_of_an_idle_group_are_looked_at_when_it_works),
        with_box(a_group_that_was_left_goes),
        with_box(a_group_made_anew_is_not_taken_for_the_idle_one),
        with_box(below_an_empty_group_all_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
