/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/cgroup_io.h"

#include <stdio.h>
#include <string.h>

#include "tests/harness/test.h"

#define SDA RCA_DISK_DEV(8, 0)

static void v2_files_are_read_by_key(void **state)
{
    static const char stat[] =
        "8:0 rbytes=180224 wbytes=12 rios=3 wios=4 dbytes=0 dios=0\n"
        "253:1 \n"
        "8:16 wios=9 cost.usage=7 rbytes=1x\n";
    static const char max[] = "8:0 rbps=max wbps=1048576 riops=120 wiops=max\n";
    struct rca_io io = {.n = 0};

    (void)state;
    rca_io_stat(stat, strlen(stat), &io);
    rca_io_max(max, strlen(max), &io);
    assert_int_equal(io.n, 3);
    assert_int_equal(io.disks[0].disk, SDA);
    assert_int_equal(io.disks[0].done[RCA_IO_READ_BYTES], 180224);
    assert_int_equal(io.disks[0].done[RCA_IO_WRITTEN_BYTES], 12);
    assert_int_equal(io.disks[0].done[RCA_IO_READS], 3);
    assert_int_equal(io.disks[0].done[RCA_IO_WRITES], 4);
    assert_int_equal(io.disks[0].limit[RCA_IO_READ_BYTES], 0);
    assert_int_equal(io.disks[0].limit[RCA_IO_WRITTEN_BYTES], 1048576);
    assert_int_equal(io.disks[0].limit[RCA_IO_READS], 120);
    assert_int_equal(io.disks[2].done[RCA_IO_WRITES], 9);
    assert_int_equal(io.disks[2].done[RCA_IO_READ_BYTES], 0);
    assert_true(rca_io_limited(&io));
    assert_close(rca_io_lowest(&io, RCA_IO_READS), 120, 0);
    assert_nan(rca_io_lowest(&io, RCA_IO_WRITES));
}

/* As recorded from Linux 6.18. */
static void v1_files_are_read_by_word(void **state)
{
    static const char bytes[] = "254:0 Read 8192\n254:0 Write 4096\n"
                                "254:0 Sync 12288\n254:0 Async 0\n"
                                "254:0 Discard 0\n254:0 Total 12288\n"
                                "Total 12288\n";
    static const char served[] = "254:0 Read 2\n254:0 Write 1\nTotal 3\n";
    static const char limit[] = "254:0 1048576\n";
    struct rca_io io = {.n = 0};

    (void)state;
    rca_io_v1_done(bytes, strlen(bytes), 1, &io);
    rca_io_v1_done(served, strlen(served), 0, &io);
    rca_io_v1_limit(limit, strlen(limit), RCA_IO_READ_BYTES, &io);
    assert_int_equal(io.n, 1);
    assert_int_equal(io.disks[0].disk, RCA_DISK_DEV(254, 0));
    assert_int_equal(io.disks[0].done[RCA_IO_READ_BYTES], 8192);
    assert_int_equal(io.disks[0].done[RCA_IO_WRITTEN_BYTES], 4096);
    assert_int_equal(io.disks[0].done[RCA_IO_READS], 2);
    assert_int_equal(io.disks[0].done[RCA_IO_WRITES], 1);
    assert_int_equal(io.disks[0].limit[RCA_IO_READ_BYTES], 1048576);
}

static void the_limit_used_most_counts(void **state)
{
    struct rca_io before = {.n = 1, .disks = {{.disk = SDA, .done = {100}}}};
    struct rca_io now = {
        .n = 2,
        .disks = {{.disk = SDA, .done = {300, 50}, .limit = {200, 1000}},
                  {.disk = SDA + 16, .done = {0, 0, 30}, .limit = {0, 0, 20}}}};

    (void)state;
    assert_close(rca_io_limit_ratio(&before, &now, 2), 0.75, 1e-12);
    assert_nan(rca_io_limit_ratio(&before, &now, 0));
    now.disks[1].limit[RCA_IO_READS] = 0;
    assert_close(rca_io_limit_ratio(&before, &now, 2), 0.5, 1e-12);
    before.disks[0].done[0] = 400; /* begins anew: not known */
    assert_close(rca_io_limit_ratio(&before, &now, 2), 0.025, 1e-12);
}

static void what_is_not_as_expected_is_skipped(void **state)
{
    static const char *const odd[] = {
        "",
        "\n",
        "8:0",
        "8 rbytes=1",
        ":1 rbytes=1",
        "8:0 Read",
        "8:0 Read x",
        "99999:0 rbytes=1",
        "8:9999999 rbytes=1",
        "18446744073709551616:0 rbytes=1",
    };
    char many[64 * 32] = "";
    struct rca_io io = {.n = 0};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(odd); i++) {
        rca_io_stat(odd[i], strlen(odd[i]), &io);
        rca_io_max(odd[i], strlen(odd[i]), &io);
        rca_io_v1_done(odd[i], strlen(odd[i]), 1, &io);
        rca_io_v1_limit(odd[i], strlen(odd[i]), RCA_IO_READS, &io);
    }
    assert_false(rca_io_limited(&io));
    for (unsigned i = 0; i < 32; i++)
        (void)snprintf(many + strlen(many), sizeof(many) - strlen(many),
                       "9:%u rbytes=1\n", i);
    rca_io_stat(many, strlen(many), &io);
    assert_int_equal(io.n, RCA_IO_DISKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v2_files_are_read_by_key),
        cmocka_unit_test(v1_files_are_read_by_word),
        cmocka_unit_test(the_limit_used_most_counts),
        cmocka_unit_test(what_is_not_as_expected_is_skipped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
