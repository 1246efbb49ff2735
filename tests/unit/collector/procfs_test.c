/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/procfs.h"

#include <stdio.h>
#include <string.h>

#include "graph/base/err.h"
#include "tests/harness/test.h"

static void fields_are_found_by_whole_keys(void **state)
{
    static const char text[] = "MemTotal:       16384 kB\n"
                               "MemAvailable:    4096 kB\n"
                               "pgmajfault 7\n"
                               "pgmajfault_other 9\n"
                               "pgmajfault 8\n";
    struct rca_field f[] = {{.key = "pgmajfault"},
                            {.key = "MemAvailable"},
                            {.key = "Mem"},
                            {.key = "pgmajfault_other"}};

    (void)state;
    assert_int_equal(rca_procfs_fields(text, sizeof(text) - 1, f, 4), 3);
    assert_int_equal(f[0].value, 7); /* the first line of a key holds */
    assert_int_equal(f[1].value, 4096);
    assert_false(f[2].found);
    assert_int_equal(f[3].value, 9);
}

static void a_field_that_is_no_number_is_not_there(void **state)
{
    static const char text[] = "a -1\nb 18446744073709551616\nc 1x\nd\ne  5";
    struct rca_field f[] = {
        {.key = "a"}, {.key = "b"}, {.key = "c"}, {.key = "d"}, {.key = "e"}};

    (void)state;
    assert_int_equal(rca_procfs_fields(text, sizeof(text) - 1, f, 5), 1);
    assert_true(f[4].found);
    assert_int_equal(f[4].value, 5);
}

static void a_number_is_the_whole_file(void **state)
{
    uint64_t v = 1;

    (void)state;
    assert_ok(rca_procfs_number("18446744073709551615\n", 21, &v));
    assert_true(v == UINT64_MAX);
    assert_ok(rca_procfs_number("0", 1, &v));
    assert_int_equal(v, 0);
    v = 1;
    assert_err(rca_procfs_number("max\n", 4, &v), RCA_ESYNTAX);
    assert_err(rca_procfs_number("", 0, &v), RCA_ESYNTAX);
    assert_err(rca_procfs_number("1\n2\n", 4, &v), RCA_ESYNTAX);
    assert_err(rca_procfs_number("18446744073709551616", 20, &v), RCA_ESYNTAX);
    assert_int_equal(v, 1);
}

static void pressure_is_the_total_of_some(void **state)
{
    static const char text[] =
        "some avg10=0.12 avg60=0.00 avg300=0.00 total=123456\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n";
    uint64_t us = 1;

    (void)state;
    assert_ok(rca_procfs_pressure(text, sizeof(text) - 1, &us));
    assert_int_equal(us, 123456);
    us = 1;
    assert_err(rca_procfs_pressure("full total=9\n", 13, &us), RCA_ESYNTAX);
    assert_err(rca_procfs_pressure("some avg10=0\n", 13, &us), RCA_ESYNTAX);
    assert_err(rca_procfs_pressure("some total=\n", 12, &us), RCA_ESYNTAX);
    assert_err(rca_procfs_pressure("some total=x\n", 13, &us), RCA_ESYNTAX);
    assert_int_equal(us, 1);
}

/* By hand: used = user + nice + system + irq + softirq. */
static void processor_time_is_split_in_used_away_and_stolen(void **state)
{
    static const char text[] = "cpu  100 1 20 1000 50 3 4 7 60 0\n"
                               "cpu0 60 1 10 500 20 3 4 0 60 0\n"
                               "cpu2 40 0 10 500 30 0 0 7 0 0\n"
                               "cpu9 1 1 1 1 1 1 1 1 1 1\n"
                               "intr 1 2 3\nctxt 5\n";
    struct rca_cpu_ticks all = {0}, cpu[3] = {{0}, {1, 2, 3}, {0}};

    (void)state;
    assert_ok(rca_procfs_cpus(text, sizeof(text) - 1, &all, cpu, 3));
    assert_int_equal(all.used, 128);
    assert_int_equal(all.away, 1050);
    assert_int_equal(all.stolen, 7);
    assert_int_equal(cpu[0].used, 78);
    assert_int_equal(cpu[1].used, 1); /* offline: as it was */
    assert_int_equal(cpu[2].used, 50);
    assert_int_equal(cpu[2].stolen, 7);
    assert_err(rca_procfs_cpus("cpu0 1 2 3 4\n", 13, &all, cpu, 3),
               RCA_ESYNTAX);
    assert_err(rca_procfs_cpus("cpu 1 2 3\n", 10, &all, cpu, 3), RCA_ESYNTAX);
}

static void disks_are_read_line_by_line(void **state)
{
    static const char text[] =
        "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
        "garbage\n"
        " 254 0 vda 30256 7392 2356866 20547 6289 7399 800192 3392 0 13656 "
        "25103 5316 23 150248 1127 789 36\n"
        "   8       0 a_name_that_is_longer_than_any_disk 1 1 1 1 1 1 1 1 1 1\n"
        "   8       0 cut 1 2 3\n"
        "   8      16 sdb 1 2 3 4 5 6 7 8 9 10 11";
    const size_t len = sizeof(text) - 1;
    struct rca_disk_line d;
    size_t pos;

    (void)state;
    pos = rca_procfs_disk(text, len, 0, &d);
    assert_string_equal(d.name, "loop0");
    pos = rca_procfs_disk(text, len, pos, &d);
    assert_string_equal(d.name, "vda");
    assert_int_equal(d.reads, 30256);
    assert_int_equal(d.read_sectors, 2356866);
    assert_int_equal(d.read_ms, 20547);
    assert_int_equal(d.writes, 6289);
    assert_int_equal(d.written_sectors, 800192);
    assert_int_equal(d.write_ms, 3392);
    assert_int_equal(d.busy_ms, 13656);
    pos = rca_procfs_disk(text, len, pos, &d);
    assert_string_equal(d.name, "sdb");
    assert_int_equal(d.busy_ms, 10);
    assert_int_equal(pos, len);
    assert_int_equal(rca_procfs_disk(text, len, pos, &d), 0);
}

static void mounts_of_all_hierarchies_are_found(void **state)
{
    static const char text[] =
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 master:1 - cgroup "
        "cgroup rw,cpu,cpuacct\n"
        "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
        "35 31 0:32 / /odd\\040place rw - cgroup cgroup rw,memory\n"
        "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup "
        "rw,name=systemd\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        "42 31 0:38 / /second rw - cgroup2 cgroup2 rw\n";
    char path[RCA_CGROUP_TREES][RCA_MOUNT_PATH];

    (void)state;
    rca_procfs_cgroup_mounts(text, sizeof(text) - 1, path);
    assert_string_equal(path[RCA_CGROUP_CPU], "/sys/fs/cgroup/cpu,cpuacct");
    assert_string_equal(path[RCA_CGROUP_CPUACCT], "/sys/fs/cgroup/cpu,cpuacct");
    assert_string_equal(path[RCA_CGROUP_MEMORY], "/odd place");
    assert_string_equal(path[RCA_CGROUP_V2], "/sys/fs/cgroup/unified");
}

static void broken_mounts_are_left_out(void **state)
{
    static const char text[] = "\n1 2 3\n- - -\n1 2 3 / /x rw shared:1\n"
                               "1 2 3 / /y rw -\n1 2 3 / /z rw - cgroup2\n";
    char path[RCA_CGROUP_TREES][RCA_MOUNT_PATH];
    char longer[RCA_MOUNT_PATH + 64];
    int n;

    (void)state;
    rca_procfs_cgroup_mounts(text, sizeof(text) - 1, path);
    assert_string_equal(path[RCA_CGROUP_CPU], "");
    assert_string_equal(path[RCA_CGROUP_V2], "/z");

    n = snprintf(longer, sizeof(longer), "1 2 3 / /%0*d rw - cgroup2 x rw",
                 RCA_MOUNT_PATH, 0);
    rca_procfs_cgroup_mounts(longer, (size_t)n, path);
    assert_string_equal(path[RCA_CGROUP_V2], "");
}

/* Blanks are written as \\040; what is read-only is the file system. */
static void mounts_are_read_line_by_line(void **state)
{
    static const char text[] =
        "no mount\n"
        "1 2 3 / /x rw - ext4 /dev/x rw\n"
        "23 1 8:1 / /a\\040b ro shared:1 master:2 - ext4 /dev/sda1 rw,x=1\n"
        "24 1 8:2 /sub /c rw - xfs /dev/sda2 noatime,ro";
    struct rca_mount m;
    size_t pos;

    (void)state;
    pos = rca_procfs_mount(text, strlen(text), 0, &m);
    assert_true(pos > 0);
    assert_int_equal(m.major, 8);
    assert_int_equal(m.minor, 1);
    assert_string_equal(m.point, "/a b");
    assert_string_equal(m.type, "ext4");
    assert_string_equal(m.source, "/dev/sda1");
    assert_true(m.whole);
    assert_false(m.read_only);
    pos = rca_procfs_mount(text, strlen(text), pos, &m);
    assert_int_equal(pos, strlen(text));
    assert_false(m.whole);
    assert_true(m.read_only);
    assert_int_equal(rca_procfs_mount(text, strlen(text), pos, &m), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found_by_whole_keys),
        cmocka_unit_test(a_field_that_is_no_number_is_not_there),
        cmocka_unit_test(a_number_is_the_whole_file),
        cmocka_unit_test(pressure_is_the_total_of_some),
        cmocka_unit_test(processor_time_is_split_in_used_away_and_stolen),
        cmocka_unit_test(disks_are_read_line_by_line),
        cmocka_unit_test(mounts_are_read_line_by_line),
        cmocka_unit_test(mounts_of_all_hierarchies_are_found),
        cmocka_unit_test(broken_mounts_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
