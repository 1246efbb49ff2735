/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Faults of the host's resources, each in control groups of its own: what the
 * collector stores of them. Skipped where these or eBPF are not permitted.
 */

#include <linux/major.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "tests/bpf/cgroup.h"
#include "tests/bpf/faults.h"

static struct faults rig;
static const char *const groups[] = {"quota", "hog", "victim", "oom", "disk"};

enum { HOGS = 3, BLOCK = 65536, FILE_BYTES = 64 << 20 };
#define OOM_BYTES ((size_t)256 << 20)

/* struct worker - where and how */
struct worker {
    const char *group;
    const char *file;
    int processor; /* -1: any */
};

static void settle(const struct worker *w)
{
    cpu_set_t set;

    cgroup_enter(w->group, getpid());
    CPU_ZERO(&set);
    CPU_SET((size_t)(w->processor < 0 ? 0 : w->processor), &set);
    if (w->processor >= 0 && sched_setaffinity(0, sizeof(set), &set))
        _exit(4);
}

static void burn(const void *arg)
{
    volatile unsigned long n = 0;

    settle(arg);
    for (;;)
        n++;
}

static void idle(const void *arg)
{
    settle(arg);
    for (;;)
        (void)pause();
}

static void known(const char *group)
{
    faults_known(&rig, RCA_KIND_CGROUP, group, "run_queue_*");
}

static void cpu_quota(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_CGROUP, GROWS, 0.02, "*/quota",
         "cpu_throttled_seconds_total"},
        {RCA_KIND_CGROUP, GROWS, 1, "*/quota", "cpu_throttled_periods_total"},
    };
    const struct worker w = {"quota", NULL, -1};
    pid_t pid = faults_child("fault-quota", NULL, burn, &w);
    struct fault fault;

    (void)state;
    known("*/quota");
    fault = faults_begin("CPU quota");
    assert_ok(cgroup_set("quota", "cpu.cfs_quota_us", "5000", "cpu.max",
                         "5000 100000"));
    FAULTS_EXPECT(&rig, &fault, signs);
    faults_kill(&pid);
}

static void cpu_hog(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_CGROUP, GROWS, 0.1, "*/victim", "run_queue_seconds_total"},
        {RCA_KIND_PROCESS, GROWS, 0.1, "*fault-victim",
         "run_queue_seconds_total"},
        {RCA_KIND_CGROUP, GROWS, 0.5, "*/hog", "run_queue_seconds_total"},
        {RCA_KIND_CGROUP, GROWS, 0.05, "*/hog", "cpu_seconds_total"},
    };
    const struct worker v = {"victim", NULL, 0}, h = {"hog", NULL, 0};
    pid_t victim = faults_child("fault-victim", NULL, burn, &v), hogs[HOGS];
    pid_t calm = faults_child("fault-calm", NULL, idle, &h);
    struct fault fault;

    (void)state;
    known("*/victim");
    known("*/hog");
    fault = faults_begin("CPU hog");
    for (int i = 0; i < HOGS; i++)
        hogs[i] = faults_child("fault-hog", NULL, burn, &h);
    FAULTS_EXPECT(&rig, &fault, signs);
    for (int i = 0; i < HOGS; i++)
        faults_kill(&hogs[i]);
    faults_kill(&victim);
    faults_kill(&calm);
}

static void devour(const void *arg)
{
    char *p = mmap(NULL, OOM_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    settle(arg);
    for (size_t i = 0; p != MAP_FAILED && i < OOM_BYTES; i += 4096)
        p[i] = 1;
}

static void out_of_memory(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_CGROUP, GROWS, 1, "*/oom", "oom_kills_total"},
        {RCA_KIND_CGROUP, GROWS, 1, "*/oom", "memory_limit_hits_total"},
    };
    const struct worker w = {"oom", NULL, -1};
    pid_t calm = faults_child("fault-calm", NULL, idle, &w), pid;
    int status = 0;
    struct fault fault;

    (void)state;
    known("*/oom");
    assert_ok(cgroup_set("oom", "memory.limit_in_bytes", "33554432",
                         "memory.max", "33554432"));
    (void)cgroup_set("oom", "memory.swappiness", "0", "memory.swap.max", "0");
    fault = faults_begin("memcg OOM");
    pid = faults_child("fault-oom", NULL, devour, &w);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    fault.since = rca_time_now();
    FAULTS_EXPECT(&rig, &fault, signs);
    faults_kill(&calm);
}

/* --- a disk of our own: a loop device on a file ----------------------------- */

static void write_blocks(const void *arg)
{
    const struct worker *w = arg;
    const int fd = open(w->file, O_WRONLY | O_DIRECT | O_CLOEXEC);
    void *block = NULL;

    settle(w);
    if (fd < 0 || posix_memalign(&block, 4096, BLOCK))
        _exit(5);
    memset(block, 0, BLOCK);
    for (off_t at = 0;; at = (at + BLOCK) % FILE_BYTES) {
        if (pwrite(fd, block, BLOCK, at) != BLOCK)
            _exit(6);
        (void)usleep(10000);
    }
}

/* what a line for the shell prints, its first line; "" if it fails */
static void line_of(const char *line, char ret[128])
{
    FILE *f = popen(line, "r"); /* NOLINT(cert-env33-c) */

    ret[0] = '\0';
    if (f && fgets(ret, 128, f))
        ret[strcspn(ret, "\n")] = '\0';
    if (f && pclose(f))
        ret[0] = '\0';
}

/* a loop device on a file, "" where there can be none; with its writes going
 * through to the disk below where that can be */
static void make_disk(char ret_device[128])
{
    char line[256];

    (void)snprintf(line, sizeof(line), "truncate -s %d %s/disk", FILE_BYTES,
                   rig.dir);
    net_run(line);
    (void)snprintf(line, sizeof(line),
                   "losetup -f --show --direct-io=on %s/disk 2>/dev/null ||"
                   "losetup -f --show %s/disk 2>/dev/null",
                   rig.dir, rig.dir);
    line_of(line, ret_device);
}

/* The disk that the file lies on, or the loop device where that is none. */
static dev_t disk_below(const char *device)
{
    struct stat st;

    if (stat(rig.dir, &st) == 0 && major(st.st_dev) != 0)
        return st.st_dev;
    assert_ok(stat(device, &st));
    return st.st_rdev;
}

/* Writes of the group to the disk get slow. */
static _Bool throttle(dev_t disk)
{
    char v1[64], v2[64];

    (void)snprintf(v1, sizeof(v1), "%u:%u 524288", major(disk), minor(disk));
    (void)snprintf(v2, sizeof(v2), "%u:%u wbps=524288", major(disk),
                   minor(disk));
    return cgroup_set("disk", "blkio.throttle.write_bps_device", v1, "io.max",
                      v2) == 0;
}

/* What waits before it becomes a request is seen as pressure; what waits below
 * the loop device, as its latency. */
static void block_throttle(void **state)
{
    char device[128] = "";
    const struct signature signs[] = {
        {RCA_KIND_CGROUP, GROWS, 0.1, "*/disk", "io_pressure_seconds_total"},
        {RCA_KIND_DISK, REACHES, 0.05, device + 5,
         "disk_write_latency_seconds_max"},
    };
    const struct worker w = {"disk", device, -1};
    struct fault fault;
    dev_t disk;
    pid_t pid;

    (void)state;
    make_disk(device);
    if (!device[0]) {
        print_message("skip: no loop device (losetup)\n");
        return;
    }
    disk = disk_below(device);
    pid = faults_child("fault-disk", NULL, write_blocks, &w);
    known("*/disk");
    fault = faults_begin("block throttle");
    if (!throttle(disk))
        print_message("skip: writes of a cgroup cannot be throttled\n");
    else
        faults_expect(&rig, &fault, signs, major(disk) == LOOP_MAJOR ? 1 : 2);
    faults_kill(&pid);
}

static int end(void **state)
{
    char line[256];

    (void)state;
    (void)snprintf(line, sizeof(line),
                   "losetup -j %s/disk | cut -d: -f1 | xargs -r losetup -d",
                   rig.dir);
    net_run(line); /* goes with its last user */
    faults_end(&rig);
    cgroup_remove(groups, RCA_ARRAY_SIZE(groups));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_quota),
        cmocka_unit_test(cpu_hog),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(block_throttle),
    };

    for (size_t i = 0; i < RCA_ARRAY_SIZE(groups); i++) {
        if (cgroup_make(groups[i]))
            continue;
        cgroup_remove(groups, RCA_ARRAY_SIZE(groups));
        return faults_skip("cgroups are not permitted");
    }
    if (!net_enter() || !faults_start(&rig)) {
        cgroup_remove(groups, RCA_ARRAY_SIZE(groups));
        return faults_skip("the collector does not start");
    }
    return cmocka_run_group_tests_name("bpf/faults_host", tests, NULL, end);
}
