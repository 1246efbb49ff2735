/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Loads the real programs into the running kernel and lets known work run;
 * skipped where the kernel does not permit it. */

#include "collector/task.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpf/task.skel.h"
#include "collector/task_proc.h"
#include "collector/task_table.h"
#include "graph/base/time.h"
#include "tests/harness/test.h"

#define MS INT64_C(1000000)

static void destroy(struct task_bpf **skel)
{
    task_bpf__destroy(*skel);
    *skel = NULL;
}

static int64_t cpu_time(void)
{
    struct timespec t;

    assert_ok(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t));
    return t.tv_sec * RCA_SECOND + t.tv_nsec;
}

static void burn(int64_t ns)
{
    const int64_t end = cpu_time() + ns;

    while (cpu_time() < end)
        ;
}

/* NULL: not permitted here. */
static struct task_bpf *load(void)
{
    struct task_bpf *skel = task_bpf__open_and_load();

    if (!skel) {
        assert_true(errno == EPERM || errno == EACCES);
        print_message("not permitted to load BPF programs\n");
        return NULL;
    }
    assert_ok(task_bpf__attach(skel));
    return skel;
}

/* The record of thread @pid as the iterator has it now; 0 if there is none. */
static int read_one(struct task_bpf *skel, pid_t pid, struct rca_task *ret)
{
    const int fd = bpf_iter_create(bpf_link__fd(skel->links.dump_tasks));
    struct rca_task task;
    int found = 0;

    assert_true(fd >= 0);
    /* reads of one record never give less: seq files keep them whole */
    while (read(fd, &task, sizeof(task)) == (ssize_t)sizeof(task)) {
        if (task.pid != (uint32_t)pid)
            continue;
        *ret = task;
        found++;
    }
    (void)close(fd);
    return found;
}

static void a_thread_is_what_procfs_says(void **state)
{
    RCA_CLEANUP(destroy) struct task_bpf *skel = load();
    struct rca_task task;
    char path[RCA_CGROUP_PATH_MAX];

    (void)state;
    if (!skel)
        skip();
    burn(50 * MS);
    assert_int_equal(read_one(skel, getpid(), &task), 1);
    assert_int_equal(task.tgid, getpid());
    assert_int_equal(task.kernel, 0);
    assert_int_equal(task.ended, 0);
    assert_string_equal(task.comm, "task_test");
    assert_true(task.cpu_ns >= 40 * MS);
    assert_true((int64_t)task.cpu_ns <= cpu_time());
    assert_ok(rca_task_cgroup_path("/proc", task.pid, path));
    if (path[0])
        assert_true(task.cgroup > 1); /* 1 is the v2 root */
    assert_true(task.netns >= 0xeffffff0U);
    assert_int_equal(read_one(skel, 2, &task), 1);
    assert_string_equal(task.comm, "kthreadd");
    assert_int_equal(task.kernel, 1);
}

static int find_own(void *arg, const struct rca_task *task, const char *path)
{
    (void)path;
    if (task->pid == (uint32_t)getpid())
        *(struct rca_task *)arg = *task;
    return 0;
}

static void the_twin_says_the_same(void **state)
{
    RCA_CLEANUP(destroy) struct task_bpf *skel = load();
    struct rca_task bpf, proc = {0};
    int64_t start;

    (void)state;
    if (!skel)
        skip();
    assert_int_equal(read_one(skel, getpid(), &bpf), 1);
    assert_ok(rca_task_proc_scan("/proc", find_own, &proc));
    assert_int_equal(proc.pid, bpf.pid);
    assert_int_equal(proc.tgid, bpf.tgid);
    assert_int_equal(proc.netns, bpf.netns);
    assert_string_equal(proc.comm, bpf.comm);
    assert_true(proc.cpu_ns >= bpf.cpu_ns);
    assert_true(proc.cpu_ns - bpf.cpu_ns < RCA_SECOND);
    start = (int64_t)(bpf.start_ns - proc.start_ns);
    assert_true(llabs(start) <= 20 * MS); /* one is in clock ticks */
}

static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    assert_ok(sched_setaffinity(0, sizeof(set), &set));
}

/* A realtime thread holds the processor of a child that wants to run. */
static void a_wait_in_progress_counts(void **state)
{
    RCA_CLEANUP(destroy) struct task_bpf *skel = load();
    const struct sched_param fifo = {.sched_priority = 1};
    struct rca_task before = {0}, after = {0};
    _Bool realtime;
    pid_t child;

    (void)state;
    if (!skel)
        skip();
    pin(0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (;;)
            ;
    }
    usleep(50000);
    realtime = sched_setscheduler(0, SCHED_FIFO, &fifo) == 0;
    if (realtime) {
        assert_int_equal(read_one(skel, child, &before), 1);
        burn(300 * MS);
        assert_int_equal(read_one(skel, child, &after), 1);
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    if (!realtime)
        skip();
    assert_true(after.wait_ns - before.wait_ns >= 250 * (uint64_t)MS);
    assert_true(after.cpu_ns - before.cpu_ns < 50 * (uint64_t)MS);
}

struct ends {
    pid_t pid;
    struct rca_task task;
    size_t n;
};

static int on_end(void *arg, void *data, size_t size)
{
    struct ends *ends = (struct ends *)arg;

    assert_int_equal(size, sizeof(struct rca_task));
    if (((struct rca_task *)data)->pid != (uint32_t)ends->pid)
        return 0;
    ends->task = *(struct rca_task *)data;
    ends->n++;
    return 0;
}

static void a_short_life_is_counted_to_its_end(void **state)
{
    RCA_CLEANUP(destroy) struct task_bpf *skel = load();
    struct ends ends = {.n = 0};
    struct ring_buffer *ring;

    (void)state;
    if (!skel)
        skip();
    ring = ring_buffer__new(bpf_map__fd(skel->maps.ended), on_end, &ends, NULL);
    assert_non_null(ring);
    ends.pid = fork();
    assert_true(ends.pid >= 0);
    if (ends.pid == 0) {
        (void)prctl(PR_SET_NAME, "short-life");
        burn(3 * MS); /* less than a tick of the scheduler's clock */
        _exit(0);
    }
    assert_int_equal(waitpid(ends.pid, NULL, 0), ends.pid);
    for (int i = 0; i < 100 && !ends.n; i++) {
        usleep(50000); /* freed a grace period after it was reaped */
        assert_true(ring_buffer__consume(ring) >= 0);
    }
    ring_buffer__free(ring);
    assert_int_equal(ends.n, 1);
    assert_string_equal(ends.task.comm, "short-life");
    assert_int_equal(ends.task.ended, 1);
    assert_true(ends.task.cpu_ns >= 3 * (uint64_t)MS);
    assert_true(ends.task.cpu_ns < 60 * (uint64_t)MS);
    assert_int_equal(skel->bss->lost, 0);
}

#define LIVES 100UL

static int add_end(void *arg, void *data, size_t size)
{
    const struct rca_task *task = (const struct rca_task *)data;

    assert_int_equal(size, sizeof(*task));
    if (!strcmp(task->comm, "many-lives"))
        assert_ok(rca_task_table_add((struct rca_task_table *)arg, task, "x"));
    return 0;
}

static void find_lives(void *arg, const struct rca_task_sum *sum)
{
    if (!strcmp(sum->name, "x/many-lives"))
        *(struct rca_task_sum *)arg = *sum;
}

static uint64_t children_cpu_ns(void)
{
    struct rusage ru;

    assert_ok(getrusage(RUSAGE_CHILDREN, &ru));
    return (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) *
               (uint64_t)RCA_SECOND +
           (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1000;
}

static void live(void)
{
    const pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_NAME, "many-lives");
        burn(2 * MS);
        _exit(3);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* The kernel tells their parent what they used: to the microsecond each. */
static void many_short_lives_add_up(void **state)
{
    RCA_CLEANUP(destroy) struct task_bpf *skel = load();
    RCA_CLEANUP(rca_task_table_free) struct rca_task_table *t = NULL;
    struct rca_task_sum sum = {.name = NULL};
    struct ring_buffer *ring;
    uint64_t used;

    (void)state;
    if (!skel)
        skip();
    assert_ok(rca_task_table_new(&t));
    rca_task_table_begin(t, 1); /* all that is to come begins later */
    rca_task_table_end(t);
    rca_task_table_begin(t, 2);
    ring = ring_buffer__new(bpf_map__fd(skel->maps.ended), add_end, t, NULL);
    assert_non_null(ring);
    used = children_cpu_ns();
    for (unsigned i = 0; i < LIVES; i++)
        live();
    used = children_cpu_ns() - used;
    for (int i = 0; i < 100 && sum.count.starts < LIVES; i++) {
        usleep(50000); /* freed a grace period after they were reaped */
        assert_true(ring_buffer__consume(ring) >= 0);
        rca_task_table_visit(t, RCA_TASK_PROCESSES, find_lives, &sum);
    }
    ring_buffer__free(ring);
    assert_int_equal(sum.count.starts, LIVES);
    assert_int_equal(sum.count.failures, LIVES);
    assert_int_equal(sum.count.oom_kills, 0);
    assert_int_equal(skel->bss->lost, 0);
    /* what a task does after its parent was told is not in the parent's */
    assert_true(sum.count.cpu_ns + LIVES * 2000 >= used);
    assert_true(sum.count.cpu_ns <= used + used / 10);
}

static void memory_and_files_are_those_of_procfs(void **state)
{
    RCA_CLEANUP(destroy) struct task_bpf *skel = load();
    const size_t size = 64U << 20;
    struct rca_task before, after;
    char *memory;

    (void)state;
    if (!skel)
        skip();
    assert_int_equal(read_one(skel, getpid(), &before), 1);
    memory = malloc(size);
    assert_non_null(memory);
    memset(memory, 1, size);
    assert_int_equal(read_one(skel, getpid(), &after), 1);
    assert_true(memory[size / 2] == 1);
    free(memory);
    assert_true((after.rss_pages - before.rss_pages) *
                    (uint64_t)sysconf(_SC_PAGESIZE) >=
                size / 2);
    assert_true(before.files >= 3 && before.files < 1024);
    assert_int_equal(before.file_limit, (uint32_t)sysconf(_SC_OPEN_MAX));
    assert_true(after.switches >= before.switches);
    assert_int_equal(after.blocked, 0);
}

/* --- the source ------------------------------------------------------------ */

static void run_source(enum rca_task_hook hook)
{
    const struct rca_source_env env = {.proc = "/proc", .sys = "/sys"};
    struct rca_task_source *source = NULL;
    struct rca_observer *obs = NULL;
    const struct rca_netns *ns;
    void *opened;
    size_t n;

    assert_ok(rca_observer_new(NULL, "host", &obs));
    assert_ok(rca_task_open(&env, obs, hook, &source));
    opened = source;
    for (int i = 0; i < 3; i++) {
        rca_observer_begin(obs, rca_time_now());
        assert_ok(rca_source_task.tick(opened, obs));
        assert_ok(rca_observer_commit(obs));
    }
    ns = rca_observer_netns(obs, &n);
    assert_true(n >= 1);
    assert_string_equal(ns[0].name, "");
    assert_int_equal(rca_observer_features(obs, &n)[0].state,
                     hook == RCA_TASK_HOOK_PROC ? RCA_FEATURE_TWIN
                                                : RCA_FEATURE_ON);
    rca_source_task.close(&opened);
    rca_observer_free(&obs);
}

static void the_source_runs_on_the_iterator(void **state)
{
    RCA_CLEANUP(destroy) struct task_bpf *skel = load();

    (void)state;
    if (!skel)
        skip();
    run_source(RCA_TASK_HOOK_BEST);
}

static void the_source_runs_on_procfs(void **state)
{
    (void)state;
    run_source(RCA_TASK_HOOK_PROC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_is_what_procfs_says),
        cmocka_unit_test(the_twin_says_the_same),
        cmocka_unit_test(a_wait_in_progress_counts),
        cmocka_unit_test(a_short_life_is_counted_to_its_end),
        cmocka_unit_test(many_short_lives_add_up),
        cmocka_unit_test(memory_and_files_are_those_of_procfs),
        cmocka_unit_test(the_source_runs_on_the_iterator),
        cmocka_unit_test(the_source_runs_on_procfs),
    };

    return cmocka_run_group_tests_name("bpf/task", tests, NULL, NULL);
}
