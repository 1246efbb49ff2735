/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "collector/disk_name.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/collector/box.h"

static int setup(void **state)
{
    return box_setup(state, &rca_source_disk);
}

static void link_to(const struct box *box, const char *name, const char *to)
{
    char path[256];

    tree_write(box->root, name, ""); /* for the folders on the way */
    (void)snprintf(path, sizeof(path), "%s/%s", box->root, name);
    (void)unlink(path);
    assert_ok(symlink(to, path));
}

/* sda with a partition, dm-0 on that, two loop devices, a disk not in use. */
static void write_disks(const struct box *box)
{
    tree_write(box->root, "proc/diskstats",
               "7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n"
               "7 1 loop1 9 0 8 1 1 1 1 1 0 1 1\n"
               "8 0 sda 10 0 20 300 4 0 8 100 3 250 400 0 0 0 0 6 12\n"
               "8 1 sda1 10 0 20 300 4 0 8 100 0 250 400\n"
               "8 16 sdb 0 0 0 0 0 0 0 0 0 0 0\n"
               "253 0 dm-0 10 0 20 300 4 0 8 100 0 250 400\n");
    tree_write(box->root, "sys/block/loop0/ro", "0\n");
    tree_write(box->root, "sys/block/loop1/ro", "1\n");
    tree_write(box->root, "sys/block/sdb/ro", "0\n");
    tree_write(box->root, "sys/devices/block/sda/sda1/partition", "1\n");
    tree_write(box->root, "sys/devices/block/dm-0/ro", "0\n");
    link_to(box, "sys/block/sda", "../devices/block/sda");
    link_to(box, "sys/block/dm-0", "../devices/block/dm-0");
    link_to(box, "sys/devices/block/dm-0/slaves/sda1", "../../sda/sda1");
    link_to(box, "sys/dev/block/8:0", "../../devices/block/sda");
    link_to(box, "sys/dev/block/8:1", "../../devices/block/sda/sda1");
}

static void whole_disks_that_were_ever_used_are_reported(void **state)
{
    struct box *box = *state;
    rca_id sda;

    write_disks(box);
    assert_ok(rca_source_disk.open(&box->env, box->obs, &box->source));
    box_tick(box, 0);
    assert_true(is_known(box->obs, RCA_KIND_DISK, "sda"));
    assert_true(is_known(box->obs, RCA_KIND_DISK, "loop0"));
    assert_false(is_known(box->obs, RCA_KIND_DISK, "sda1"));
    assert_false(is_known(box->obs, RCA_KIND_DISK, "sdb"));
    assert_false(is_known(box->obs, RCA_KIND_DISK, "loop1"));
    sda = rca_observe_entity(box->obs, RCA_KIND_DISK, "sda");
    assert_true(
        has_edge(box->obs, rca_observe_host(box->obs), sda, RCA_EDGE_USES));
    assert_close(sample_of(box->obs, sda, "reads_total"), 10, 0);
    assert_close(sample_of(box->obs, sda, "writes_total"), 4, 0);
    assert_close(sample_of(box->obs, sda, "ios_total"), 14, 0);
    assert_close(sample_of(box->obs, sda, "ios_in_flight"), 3, 0);
    assert_close(sample_of(box->obs, sda, "read_bytes_total"), 10240, 0);
    assert_close(sample_of(box->obs, sda, "written_bytes_total"), 4096, 0);
    assert_close(sample_of(box->obs, sda, "io_seconds_total"), 0.25, 1e-12);
    assert_close(sample_of(box->obs, sda, "io_wait_seconds_total"), 0.4, 1e-12);
}

static void a_disk_made_of_others_uses_them(void **state)
{
    struct box *box = *state;
    rca_id sda, dm;

    write_disks(box);
    assert_ok(rca_source_disk.open(&box->env, box->obs, &box->source));
    box_tick(box, 0);
    sda = rca_observe_entity(box->obs, RCA_KIND_DISK, "sda");
    dm = rca_observe_entity(box->obs, RCA_KIND_DISK, "dm-0");
    assert_true(has_edge(box->obs, dm, sda, RCA_EDGE_USES));
    assert_false(has_edge(box->obs, sda, dm, RCA_EDGE_USES));
}

static void a_partition_is_its_disk(void **state)
{
    struct box *box = *state;
    char name[RCA_DISK_NAME] = "unchanged";

    write_disks(box);
    assert_ok(rca_disk_whole(box->sys, 8, 1, name));
    assert_string_equal(name, "sda");
    assert_ok(rca_disk_whole(box->sys, 8, 0, name));
    assert_string_equal(name, "sda");
    assert_err(rca_disk_whole(box->sys, 9, 9, name), -ENOENT);
    assert_true(rca_disk_is_whole("/nowhere", "sdx"));
}

static void a_name_with_a_slash_is_spelled_as_sysfs_does(void **state)
{
    struct box *box = *state;
    char name[RCA_DISK_NAME];

    tree_write(box->root, "sys/block/cciss!c0d0/ro", "0\n");
    link_to(box, "sys/dev/block/104:0", "../../block/cciss!c0d0");
    assert_true(rca_disk_is_whole(box->sys, "cciss/c0d0"));
    assert_false(rca_disk_is_whole(box->sys, "cciss/c0d0p1"));
    assert_ok(rca_disk_whole(box->sys, 104, 0, name));
    assert_string_equal(name, "cciss/c0d0");
    link_to(box, "sys/dev/block/104:1",
            "../../block/a-name-that-is-longer-than-any-disk-has");
    assert_err(rca_disk_whole(box->sys, 104, 1, name), -ENAMETOOLONG);
}

static void count_found(void *arg, const char *on)
{
    (void)on;
    ++*(size_t *)arg;
}

static void the_file_behind_a_loop_device_lies_on_a_disk(void **state)
{
    struct box *box = *state;
    char file[160], link[64];
    struct stat st;
    size_t n = 0;

    (void)snprintf(file, sizeof(file), "%s/image\n", box->root);
    tree_write(box->root, "image", "");
    tree_write(box->root, "sys/block/loop0/loop/backing_file", file);
    assert_ok(stat(box->root, &st));
    rca_disk_below(box->sys, "loop0", count_found, &n);
    assert_int_equal(n, 0); /* sysfs does not know that disk */
    (void)snprintf(link, sizeof(link), "sys/dev/block/%u:%u",
                   (unsigned)(st.st_dev >> 8 & 0xfff),
                   (unsigned)(st.st_dev & 0xff));
    link_to(box, link, "../../block/sdz");
    rca_disk_below(box->sys, "loop0", count_found, &n);
    assert_int_equal(n, 1);
}

static void what_is_missing_is_said(void **state)
{
    struct box *box = *state;
    const struct rca_feature *f;
    size_t n = 0;

    assert_err(rca_source_disk.open(&box->env, box->obs, &box->source),
               RCA_ENOSUPPORT);
    f = rca_observer_features(box->obs, &n);
    assert_int_equal(n, 1);
    assert_int_equal(f[0].state, RCA_FEATURE_OFF);
    write_disks(box);
    assert_ok(rca_source_disk.open(&box->env, box->obs, &box->source));
    f = rca_observer_features(box->obs, &n);
    assert_int_equal(n, 2);
    assert_int_equal(f[0].state, RCA_FEATURE_ON);
    assert_int_equal(f[1].state, RCA_FEATURE_OFF);
    assert_string_equal(f[1].how, "not in profile 'light'");
}

static void what_may_not_be_used_is_left(void **state)
{
    struct box *box = *state;
    const struct rca_feature *f;
    size_t n = 0;

    write_disks(box);
    box->env.profile = RCA_PROFILE_STANDARD;
    box->env.without = "tp_btf/block_rq_complete,raw_tp/block_rq_complete";
    assert_ok(rca_source_disk.open(&box->env, box->obs, &box->source));
    f = rca_observer_features(box->obs, &n);
    assert_int_equal(n, 2);
    assert_string_equal(f[1].how, "turned off by 'without'");
    box_tick(box, 0);
    assert_true(is_known(box->obs, RCA_KIND_DISK, "sda"));
    rca_source_disk.close(&box->source);
    box->env.without = "/proc/diskstats";
    assert_err(rca_source_disk.open(&box->env, box->obs, &box->source),
               RCA_ENOSUPPORT);
}

static void without_memory_nothing_breaks(void **state)
{
    struct box *box = *state;
    rca_id sda;

    write_disks(box);
    for (long n = 0; n < 60; n++) {
        box_begin(box, (int)n);
        oom_after(n);
        if (!rca_source_disk.open(&box->env, box->obs, &box->source))
            (void)rca_source_disk.tick(box->source, box->obs);
        oom_after(-1);
        if (!box->source)
            assert_ok(rca_source_disk.open(&box->env, box->obs, &box->source));
        box_tick(box, 100 + (int)n);
        sda = rca_observe_entity(box->obs, RCA_KIND_DISK, "sda");
        assert_close(sample_of(box->obs, sda, "reads_total"), 10, 0);
        rca_source_disk.close(&box->source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_box(whole_disks_that_were_ever_used_are_reported),
        with_box(a_disk_made_of_others_uses_them),
        with_box(a_partition_is_its_disk),
        with_box(a_name_with_a_slash_is_spelled_as_sysfs_does),
        with_box(the_file_behind_a_loop_device_lies_on_a_disk),
        with_box(what_is_missing_is_said),
        with_box(what_may_not_be_used_is_left),
        with_box(without_memory_nothing_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
