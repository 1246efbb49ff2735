/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Loads the real programs into the running kernel and reads a loop device of
 * its own, one request at a time; skipped where that is not permitted. */

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/disk_name.h"
#include "collector/disk_probe.h"
#include "graph/base/time.h"
#include "tests/harness/test.h"
#include "tests/unit/collector/samples.h"

#define BLOCK 4096L
#define BLOCKS 256
#define GROUP "rca-disk-test"

/* struct rig - a loop device, and a cgroup if there can be one */
struct rig {
    char device[32];
    int loop;
    unsigned number; /* RCA_DISK_DEV() */
    char group[176]; /* its folder; "" if none */
    uint64_t cgroup;
    struct rca_observer *obs;
    void *source;
};

static int configure_loop(struct rig *rig, int file)
{
    const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    struct stat st;
    int i;

    if (control < 0)
        return -1;
    i = ioctl(control, LOOP_CTL_GET_FREE);
    (void)close(control);
    if (i < 0)
        return -1;
    (void)snprintf(rig->device, sizeof(rig->device), "/dev/loop%d", i);
    rig->loop = open(rig->device, O_RDWR | O_CLOEXEC | O_DIRECT);
    if (rig->loop < 0 || ioctl(rig->loop, LOOP_SET_FD, file))
        return -1;
    assert_ok(fstat(rig->loop, &st));
    rig->number = RCA_DISK_DEV(major(st.st_rdev), minor(st.st_rdev));
    return 0;
}

static int make_loop(struct rig *rig)
{
    char name[] = "/tmp/rca-disk-XXXXXX";
    const int file = mkstemp(name);
    int r;

    assert_true(file >= 0);
    (void)unlink(name);
    assert_ok(ftruncate(file, BLOCK * BLOCKS));
    r = configure_loop(rig, file);
    (void)close(file);
    return r;
}

static void make_group(struct rig *rig)
{
    static const char *const roots[] = {"/sys/fs/cgroup/unified",
                                        "/sys/fs/cgroup"};
    struct stat st;

    for (size_t i = 0; i < 2 && !rig->group[0]; i++) {
        char path[160];

        (void)snprintf(path, sizeof(path), "%s/cgroup.controllers", roots[i]);
        if (access(path, F_OK))
            continue;
        (void)snprintf(path, sizeof(path), "%s/" GROUP, roots[i]);
        if (mkdir(path, 0755) && errno != EEXIST)
            continue;
        (void)snprintf(rig->group, sizeof(rig->group), "%s", path);
        assert_ok(stat(path, &st));
        rig->cgroup = st.st_ino;
    }
}

static int setup(void **state)
{
    static struct rig rig;

    rig = (struct rig){.loop = -1};
    *state = &rig;
    if (make_loop(&rig))
        rig.number = 0;
    make_group(&rig);
    return rca_observer_new(NULL, "host", &rig.obs);
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    rca_source_disk.close(&rig->source);
    rca_observer_free(&rig->obs);
    if (rig->loop >= 0) {
        (void)ioctl(rig->loop, LOOP_CLR_FD);
        (void)close(rig->loop);
    }
    if (rig->group[0])
        (void)rmdir(rig->group);
    return 0;
}

/* A child in the group, where there is one, reads and writes @n blocks. */
static void do_requests(const struct rig *rig, int n)
{
    static char buf[BLOCK] __attribute__((aligned(BLOCK)));
    char path[208];
    const pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        (void)snprintf(path, sizeof(path), "%s/cgroup.procs", rig->group);
        if (rig->group[0]) {
            const int fd = open(path, O_WRONLY | O_CLOEXEC);

            if (fd < 0 || write(fd, "0", 1) != 1)
                _exit(2);
        }
        for (int i = 0; i < n; i++) {
            if (pread(rig->loop, buf, BLOCK, (off_t)(i % BLOCKS) * BLOCK) !=
                    BLOCK ||
                pwrite(rig->loop, buf, BLOCK, (off_t)(i % BLOCKS) * BLOCK) !=
                    BLOCK)
                _exit(1);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

struct found {
    uint32_t number;
    uint64_t cgroup;
    struct rca_disk_io io[RCA_DISK_OPS];
    struct rca_disk_use use;
};

static int find_io(void *arg, const struct rca_disk_key *key,
                   const struct rca_disk_io *io)
{
    struct found *f = arg;

    if (key->disk == f->number)
        f->io[key->op] = *io;
    return 0;
}

static int find_use(void *arg, const struct rca_disk_user *user,
                    const struct rca_disk_use *use)
{
    struct found *f = arg;

    if (user->disk == f->number && user->cgroup == f->cgroup)
        f->use = *use;
    return 0;
}

static uint64_t in_buckets(const __u64 *bucket)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < RCA_LATENCY_BUCKETS; i++)
        n += bucket[i];
    return n;
}

static void requests_are_exact(struct rig *rig, enum rca_disk_hook hook)
{
    struct rca_disk_probe *probe = NULL;
    struct found f = {.number = rig->number, .cgroup = rig->cgroup};
    uint32_t epoch;
    int r;

    if (!rig->number) {
        print_message("no loop device can be made\n");
        skip();
    }
    r = rca_disk_probe_open(hook, &probe);
    if (r == -EPERM || r == -EACCES) {
        print_message("not permitted to load BPF programs\n");
        skip();
    }
    assert_ok(r);
    do_requests(rig, 200);
    epoch = rca_disk_probe_epoch(probe);
    assert_ok(rca_disk_probe_read(probe, find_io, &f));
    assert_ok(rca_disk_probe_users(probe, find_use, &f));
    for (unsigned op = RCA_DISK_READ; op <= RCA_DISK_WRITE; op++) {
        const struct rca_disk_io *io = &f.io[op];

        assert_int_equal(io->requests, 200);
        assert_int_equal(io->errors, 0);
        assert_int_equal(io->timed, 200);
        assert_int_equal(in_buckets(io->bucket[RCA_DISK_LATENCY]), 200);
        assert_int_equal(in_buckets(io->bucket[RCA_DISK_QUEUE]), 200);
        assert_true(io->sum_ns[RCA_DISK_LATENCY] >= io->sum_ns[RCA_DISK_QUEUE]);
        assert_int_equal(io->max_epoch[epoch & 1], epoch);
        assert_true(io->max_ns[epoch & 1][RCA_DISK_LATENCY] >=
                    io->sum_ns[RCA_DISK_LATENCY] / 200);
    }
    assert_int_equal(rca_disk_probe_losses(probe).disks, 0);
    assert_int_equal(rca_disk_probe_losses(probe).users, 0);
    if (rig->group[0]) {
        assert_int_equal(f.use.requests[0], 200);
        assert_int_equal(f.use.requests[1], 200);
        assert_int_equal(f.use.bytes[0], 200 * BLOCK);
        assert_int_equal(f.use.bytes[1], 200 * BLOCK);
        assert_int_equal(f.use.sum_ns,
                         f.io[RCA_DISK_READ].sum_ns[RCA_DISK_LATENCY] +
                             f.io[RCA_DISK_WRITE].sum_ns[RCA_DISK_LATENCY]);
    }
    rca_disk_probe_close(&probe);
}

static void every_request_is_counted_once(void **state)
{
    requests_are_exact(*state, RCA_DISK_HOOK_TP_BTF);
}

static void the_twin_counts_the_same(void **state)
{
    requests_are_exact(*state, RCA_DISK_HOOK_RAW_TP);
}

/* --- the source ------------------------------------------------------------ */

static void tick(struct rig *rig, int second)
{
    rca_observer_begin(rig->obs, (1700000000 + second) * RCA_SECOND);
    rca_observer_cgroup_add(
        rig->obs, rig->cgroup, GROUP,
        rca_observe_entity(rig->obs, RCA_KIND_CGROUP, GROUP));
    assert_ok(rca_source_disk.tick(rig->source, rig->obs));
}

static void a_cgroup_uses_the_disk_that_it_reads(void **state)
{
    const struct rca_source_env env = {.proc = "/proc",
                                       .sys = "/sys",
                                       .host = "host",
                                       .profile = RCA_PROFILE_STANDARD};
    struct rig *rig = *state;
    rca_id group, disk, host;

    if (!rig->number || !rig->group[0])
        skip();
    assert_ok(rca_source_disk.open(&env, rig->obs, &rig->source));
    if (!rca_source_disk.programs(rig->source, (int[8]){0}, 8))
        skip();
    tick(rig, 0);
    do_requests(rig, 10);
    tick(rig, 1);
    do_requests(rig, 10);
    tick(rig, 2);
    host = rca_observe_host(rig->obs);
    group = rca_observe_entity(rig->obs, RCA_KIND_CGROUP, GROUP);
    disk = rca_observe_entity(rig->obs, RCA_KIND_DISK, rig->device + 5);
    assert_true(has_edge(rig->obs, host, disk, RCA_EDGE_USES));
    assert_true(has_edge(rig->obs, group, disk, RCA_EDGE_USES));
    assert_close(sample_of(rig->obs, group, "reads_total"), 20, 0);
    assert_close(sample_of(rig->obs, group, "written_bytes_total"),
                 20.0 * BLOCK, 0);
    assert_true(sample_of(rig->obs, disk, "disk_read_latency_seconds_max") > 0);
    assert_close(sample_of(rig->obs, disk, "io_errors_total"), 0, 0);
    /* light: the programs are gone, the counters of /proc stay */
    assert_ok(
        rca_source_disk.set_profile(rig->source, rig->obs, RCA_PROFILE_LIGHT));
    assert_int_equal(rca_source_disk.programs(rig->source, (int[8]){0}, 8), 0);
    tick(rig, 3);
    assert_true(sample_of(rig->obs, disk, "reads_total") >= 20);
    assert_nan(sample_of(rig->obs, group, "reads_total"));
    assert_ok(rca_source_disk.set_profile(rig->source, rig->obs,
                                          RCA_PROFILE_STANDARD));
    do_requests(rig, 5);
    tick(rig, 4);
    assert_close(sample_of(rig->obs, group, "reads_total"), 25, 0);
}

#define with_rig(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_rig(every_request_is_counted_once),
        with_rig(the_twin_counts_the_same),
        with_rig(a_cgroup_uses_the_disk_that_it_reads),
    };

    return cmocka_run_group_tests_name("bpf/disk", tests, NULL, NULL);
}
