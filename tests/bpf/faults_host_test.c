/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Faults of the host's resources, each in control groups of its own: what the
 * collector stores of them. Skipped where these or eBPF are not permitted.
 */

#include <sys/ioctl.h>
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
        {RCA_KIND_CGROUP, GROWS, 0.1, "*/quota", "cpu_throttled_seconds_total"},
        {RCA_KIND_CGROUP, GROWS, 1, "*/quota", "cpu_throttled_periods_total"},
    };
    const struct worker w = {"quota", NULL, -1};
    pid_t pid = faults_child("fault-quota", NULL, burn, &w);
    rca_time since;

    (void)state;
    known("*/quota");
    since = rca_time_now();
    assert_ok(cgroup_set("quota", "cpu.cfs_quota_us", "5000", "cpu.max",
                         "5000 100000"));
    FAULTS_EXPECT(&rig, "CPU quota", since, signs);
    faults_kill(&pid);
}

static void cpu_hog(void **state)
{
    static const struct signature signs[] = {
        {RCA_KIND_CGROUP, GROWS, 0.2, "*/victim", "run_queue_seconds_total"},
        {RCA_KIND_PROCESS, GROWS, 0.2, "*fault-victim",
         "run_queue_seconds_total"},
        {RCA_KIND_CGROUP, GROWS, 0.5, "*/hog", "run_queue_seconds_total"},
        {RCA_KIND_CGROUP, GROWS, 0.1, "*/hog", "cpu_seconds_total"},
    };
    const struct worker v = {"victim", NULL, 0}, h = {"hog", NULL, 0};
    pid_t victim = faults_child("fault-victim", NULL, burn, &v), hogs[HOGS];
    pid_t calm = faults_child("fault-calm", NULL, idle, &h);
    rca_time since;

    (void)state;
    known("*/victim");
    known("*/hog");
    since = rca_time_now();
    for (int i = 0; i < HOGS; i++)
        hogs[i] = faults_child("fault-hog", NULL, burn, &h);
    FAULTS_EXPECT(&rig, "CPU hog", since, signs);
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
    rca_time since;

    (void)state;
    known("*/oom");
    assert_ok(cgroup_set("oom", "memory.limit_in_bytes", "33554432",
                         "memory.max", "33554432"));
    (void)cgroup_set("oom", "memory.swappiness", "0", "memory.swap.max", "0");
    since = rca_time_now();
    pid = faults_child("fault-oom", NULL, devour, &w);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    FAULTS_EXPECT(&rig, "memcg OOM", since, signs);
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

/* Writes of the group to the disk below the loop device get slow. */
static _Bool throttle(const char *device)
{
    char v1[64], v2[64];
    struct stat st;
    const _Bool on_disk = stat(rig.dir, &st) == 0 && major(st.st_dev) != 0;

    if (!on_disk && (stat(device, &st) || !S_ISBLK(st.st_mode)))
        return 0;
    if (!on_disk)
        st.st_dev = st.st_rdev;
    (void)snprintf(v1, sizeof(v1), "%u:%u 524288", major(st.st_dev),
                   minor(st.st_dev));
    (void)snprintf(v2, sizeof(v2), "%u:%u wbps=524288", major(st.st_dev),
                   minor(st.st_dev));
    return cgroup_set("disk", "blkio.throttle.write_bps_device", v1, "io.max",
                      v2) == 0;
}

static void block_throttle(void **state)
{
    char line[256], device[128];
    struct signature signs[] = {
        {RCA_KIND_CGROUP, GROWS, 0.2, "*/disk", "io_pressure_seconds_total"},
        {RCA_KIND_DISK, REACHES, 0.05, device + 5,
         "disk_write_latency_seconds_max"},
    };
    const struct worker w = {"disk", device, -1};
    rca_time since;
    pid_t pid;

    (void)state;
    (void)snprintf(line, sizeof(line),
                   "truncate -s %d %s/disk && losetup -f --show "
                   "--direct-io=on %s/disk 2>/dev/null",
                   FILE_BYTES, rig.dir, rig.dir);
    line_of(line, device);
    if (!device[0]) {
        print_message("skip: no loop device (losetup)\n");
        return;
    }
    pid = faults_child("fault-disk", NULL, write_blocks, &w);
    known("*/disk");
    since = rca_time_now();
    if (throttle(device))
        FAULTS_EXPECT(&rig, "block throttle", since, signs);
    else
        print_message("skip: writes of a cgroup cannot be throttled\n");
    (void)cgroup_set("disk", "blkio.throttle.write_bps_device", "", "", "");
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
        print_message("[  SKIPPED ] faults: cgroups are not permitted\n");
        cgroup_remove(groups, RCA_ARRAY_SIZE(groups));
        return 0;
    }
    if (!net_enter() || !faults_start(&rig)) {
        print_message("[  SKIPPED ] faults: the collector does not start\n");
        cgroup_remove(groups, RCA_ARRAY_SIZE(groups));
        return 0;
    }
    return cmocka_run_group_tests_name("bpf/faults_host", tests, NULL, end);
}
