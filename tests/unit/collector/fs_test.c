/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sys/statvfs.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/collector/box.h"

static int setup(void **state)
{
    return box_setup(state, &rca_source_fs);
}

/* A partition that is mounted twice, at "/" and in part elsewhere; one mounted
 * at the folder of this test; and what is left out. */
static void write_mounts(struct box *box, const char *options)
{
    char text[2048], path[160];

    (void)snprintf(
        text, sizeof(text),
        "21 1 0:5 / /proc rw - proc proc rw\n"
        "22 1 8:1 /srv /srv rw - ext4 /dev/sda1 rw\n"
        "23 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,discard\n"
        "24 1 8:17 / %s rw - xfs /dev/sdb1 %s\n"
        "25 1 0:40 / /net rw - nfs4 server:/x rw\n"
        "26 1 7:0 / /snap ro - squashfs /dev/loop0 ro\n"
        "27 1 0:41 / /data rw - fuse.sshfs me: rw\n"
        "28 1 0:42 / /tmp rw - tmpfs tmpfs rw\n",
        box->root, options);
    tree_write(box->root, "proc/self/mountinfo", text);
    tree_write(box->root, "sys/devices/sda/sda1/partition", "1\n");
    tree_write(box->root, "sys/dev/block/x", "");
    (void)snprintf(path, sizeof(path), "%s/sys/dev/block/8:1", box->root);
    (void)!symlink("../../devices/sda/sda1", path);
    tree_write(box->root, "sys/fs/ext4/sda1/errors_count", "3\n");
}

static rca_id fs(struct box *box, const char *point)
{
    return rca_observe_entity(box->obs, RCA_KIND_FILESYSTEM, point);
}

static void file_systems_on_disks_are_reported(void **state)
{
    struct box *box = *state;
    struct statvfs st;
    rca_id root, own;

    write_mounts(box, "rw");
    assert_ok(rca_source_fs.open(&box->env, box->obs, &box->source));
    box_tick(box, 0);
    assert_false(is_known(box->obs, RCA_KIND_FILESYSTEM, "/srv"));
    assert_false(is_known(box->obs, RCA_KIND_FILESYSTEM, "/net"));
    assert_false(is_known(box->obs, RCA_KIND_FILESYSTEM, "/snap"));
    assert_false(is_known(box->obs, RCA_KIND_FILESYSTEM, "/data"));
    assert_false(is_known(box->obs, RCA_KIND_FILESYSTEM, "/tmp"));
    root = fs(box, "/");
    own = fs(box, box->root);
    assert_true(
        has_edge(box->obs, rca_observe_host(box->obs), root, RCA_EDGE_USES));
    assert_true(has_edge(box->obs, root,
                         rca_observe_entity(box->obs, RCA_KIND_DISK, "sda"),
                         RCA_EDGE_USES));
    assert_ok(statvfs(box->root, &st));
    assert_close(sample_of(box->obs, own, "filesystem_size_bytes"),
                 (double)st.f_blocks * (double)st.f_frsize, 0);
    assert_true(sample_of(box->obs, own, "filesystem_used_ratio") > 0);
    assert_true(sample_of(box->obs, own, "filesystem_used_ratio") <= 1);
    assert_close(sample_of(box->obs, root, "filesystem_errors_total"), 3, 0);
    assert_nan(sample_of(box->obs, own, "filesystem_errors_total"));
}

/* Asked once in 10 s, reported with every tick. */
static void what_turns_read_only_is_seen(void **state)
{
    struct box *box = *state;
    rca_id own;

    write_mounts(box, "rw,errors=remount-ro");
    assert_ok(rca_source_fs.open(&box->env, box->obs, &box->source));
    box_tick(box, 0);
    own = fs(box, box->root);
    assert_close(sample_of(box->obs, own, "filesystem_read_only"), 0, 0);
    write_mounts(box, "ro,errors=remount-ro");
    box_tick(box, 9);
    assert_close(sample_of(box->obs, own, "filesystem_read_only"), 0, 0);
    box_tick(box, 10);
    assert_close(sample_of(box->obs, own, "filesystem_read_only"), 1, 0);
    box_tick(box, 11);
    assert_close(sample_of(box->obs, own, "filesystem_read_only"), 1, 0);
    assert_true(sample_of(box->obs, own, "filesystem_free_bytes") > 0);
}

static void a_file_system_that_is_gone_is_not_reported(void **state)
{
    struct box *box = *state;

    write_mounts(box, "rw");
    assert_ok(rca_source_fs.open(&box->env, box->obs, &box->source));
    box_tick(box, 0);
    tree_write(box->root, "proc/self/mountinfo", "");
    box_tick(box, 10);
    assert_int_equal(box->obs->n_samples, 0);
}

static void without_leave_or_mounts_it_is_off(void **state)
{
    struct box *box = *state;
    const struct rca_feature *f;
    size_t n;

    assert_err(rca_source_fs.open(&box->env, box->obs, &box->source),
               RCA_ENOSUPPORT);
    f = rca_observer_features(box->obs, &n);
    assert_int_equal(n, 1);
    assert_int_equal(f->state, RCA_FEATURE_OFF);
    write_mounts(box, "rw");
    box->env.without = "statvfs";
    assert_err(rca_source_fs.open(&box->env, box->obs, &box->source),
               RCA_ENOSUPPORT);
    f = rca_observer_features(box->obs, &n);
    assert_string_equal(f->how, "turned off by 'without'");
}

static void without_memory_nothing_breaks(void **state)
{
    struct box *box = *state;

    write_mounts(box, "rw");
    for (long n = 0; n < 40; n++) {
        box_begin(box, (int)n);
        oom_after(n);
        if (!rca_source_fs.open(&box->env, box->obs, &box->source))
            (void)rca_source_fs.tick(box->source, box->obs);
        oom_after(-1);
        if (!box->source)
            assert_ok(rca_source_fs.open(&box->env, box->obs, &box->source));
        box_tick(box, 100 + (int)n);
        assert_close(sample_of(box->obs, fs(box, "/"), "filesystem_read_only"),
                     0, 0);
        rca_source_fs.close(&box->source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_box(file_systems_on_disks_are_reported),
        with_box(what_turns_read_only_is_seen),
        with_box(a_file_system_that_is_gone_is_not_reported),
        with_box(without_leave_or_mounts_it_is_off),
        with_box(without_memory_nothing_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
