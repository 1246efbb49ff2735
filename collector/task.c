/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * task - reads the records of the iterator and of the ring of ended threads
 * (bpf/task.bpf.c), or those of /proc, into the table, and reports its totals.
 *
 * A counter that begins in a tick is reported as 0 then and with its value from
 * the next tick on: a first value has no growth, and a short-lived process has
 * little else.
 */

#include "collector/task.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/task.skel.h"
#include "collector/task_proc.h"
#include "collector/task_table.h"

#define SCHED "processes and run queues"
#define SHORT "short-lived processes"
#define SHORT_LOST                                                             \
    "processor time of what ends between two ticks, and how processes end"
#define ITERATOR "iter/task"
#define ENDS "tp_btf/sched_process_free"
#define RECORDS 512 /* read at once: 60 KiB */

struct rca_task_source {
    struct task_bpf *skel; /* owned; NULL: the twin */
    struct ring_buffer *ring; /* owned; NULL: ends are not seen */
    struct rca_task_table *table; /* owned */
    struct rca_task *records; /* owned; RECORDS of them */
    const char *proc;
    /* for the callbacks of a tick */
    struct rca_observer *obs;
    int err; /* first failure */
};

rca_id rca_task_cgroup(struct rca_observer *obs, const char *proc, uint32_t pid)
{
    char path[RCA_CGROUP_PATH_MAX];

    if (rca_task_cgroup_path(proc, pid, path) || !path[0])
        return RCA_ID_NONE;
    return rca_observe_entity(obs, RCA_KIND_CGROUP, path);
}

/* --- one record ------------------------------------------------------------ */

/* Path of a record's cgroup: from the observer, else from /proc, which is then
 * told to the observer; NULL if it cannot be had. */
static const char *path_of(struct rca_task_source *s,
                           const struct rca_task *task)
{
    const char *path = rca_observer_cgroup_path(s->obs, task->cgroup);
    char buf[RCA_CGROUP_PATH_MAX];
    rca_id entity = RCA_ID_NONE;

    if (path)
        return path;
    if (task->ended || rca_task_cgroup_path(s->proc, task->tgid, buf))
        return NULL;
    if (buf[0])
        entity = rca_observe_entity(s->obs, RCA_KIND_CGROUP, buf);
    rca_observer_cgroup_add(s->obs, task->cgroup, buf, entity);
    return rca_observer_cgroup_path(s->obs, task->cgroup);
}

static void add_netns(struct rca_task_source *s, const struct rca_task *task,
                      const char *path)
{
    char workload[RCA_COMM_SIZE + 1] = "";
    const char *slash = path ? strrchr(path, '/') : NULL;

    if (!task->netns || task->kernel || task->pid != task->tgid)
        return;
    memcpy(workload, task->comm, RCA_COMM_SIZE);
    if (slash)
        path = slash + 1;
    rca_observer_netns_add(s->obs, task->netns, (int)task->pid,
                           path && *path ? path : workload);
}

static int add_record(void *arg, const struct rca_task *task, const char *path)
{
    struct rca_task_source *s = (struct rca_task_source *)arg;

    add_netns(s, task, path);
    return rca_task_table_add(s->table, task, path);
}

/* --- reading records ------------------------------------------------------- */

static int read_iterator(struct rca_task_source *s)
{
    const int link = bpf_link__fd(s->skel->links.dump_tasks);
    const int fd = bpf_iter_create(link);
    char *buf = (char *)s->records;
    size_t have = 0;
    ssize_t n = 0;
    int r = 0;

    if (fd < 0)
        return -errno;
    while (r == 0 && (n = read(fd, buf + have,
                               RECORDS * sizeof(*s->records) - have)) > 0) {
        const size_t whole = (have + (size_t)n) / sizeof(*s->records);

        have += (size_t)n;
        for (size_t i = 0; r == 0 && i < whole; i++)
            r = add_record(s, &s->records[i], path_of(s, &s->records[i]));
        have -= whole * sizeof(*s->records);
        memmove(buf, buf + whole * sizeof(*s->records), have);
    }
    if (n < 0 && r == 0)
        r = -errno;
    (void)close(fd);
    return r;
}

static int on_ended(void *arg, void *data, size_t size)
{
    struct rca_task_source *s = (struct rca_task_source *)arg;
    const struct rca_task *task = (const struct rca_task *)data;
    int r;

    if (size < sizeof(*task))
        return 0;
    r = rca_task_table_add(s->table, task, path_of(s, task));
    if (s->err == 0)
        s->err = r;
    return 0; /* the ring is emptied in any case */
}

static int read_records(struct rca_task_source *s)
{
    int r;

    if (!s->skel)
        return rca_task_proc_scan(s->proc, add_record, s);
    r = read_iterator(s);
    if (r == 0 && s->ring) {
        s->err = 0;
        r = ring_buffer__consume(s->ring);
        r = r < 0 ? r : s->err;
    }
    return r;
}

/* --- reporting ------------------------------------------------------------- */

static void observe_seconds(struct rca_observer *obs, rca_id entity,
                            const char *series, uint64_t ns)
{
    rca_observe_value(obs, entity, series, (double)ns / (double)RCA_SECOND);
}

/* A counter that begins is 0 first; what never happened is not reported. */
static void observe_rare(struct rca_observer *obs, rca_id entity,
                         const char *series, uint64_t n, _Bool fresh)
{
    if (n || fresh)
        rca_observe_value(obs, entity, series, fresh ? 0 : (double)n);
}

static void report_gauges(struct rca_observer *obs, rca_id id,
                          const struct rca_task_sum *sum)
{
    rca_observe_value(obs, id, "memory_bytes",
                      sum->rss_pages ? (double)sum->rss_pages *
                                           (double)sysconf(_SC_PAGESIZE)
                                     : NAN);
    rca_observe_value(obs, id, "threads", (double)sum->threads);
    rca_observe_value(obs, id, "open_files_limit_ratio", sum->files);
}

static void report_process(void *arg, const struct rca_task_sum *sum)
{
    struct rca_observer *obs = (struct rca_observer *)arg;
    const rca_id id = rca_observe_entity(obs, RCA_KIND_PROCESS, sum->name);
    const struct rca_task_counts *n = &sum->count;
    const double scale = sum->fresh ? 0 : 1;

    observe_seconds(obs, id, "cpu_seconds_total", sum->fresh ? 0 : n->cpu_ns);
    observe_seconds(obs, id, "run_queue_seconds_total",
                    sum->fresh ? 0 : n->wait_ns);
    rca_observe_value(obs, id, "context_switches_total",
                      scale * (double)n->switches);
    observe_rare(obs, id, "major_faults_total", n->major_faults, sum->fresh);
    observe_rare(obs, id, "read_bytes_total", n->read_bytes, sum->fresh);
    observe_rare(obs, id, "written_bytes_total", n->written_bytes, sum->fresh);
    observe_rare(obs, id, "process_starts_total", n->starts, sum->fresh);
    observe_rare(obs, id, "process_failures_total", n->failures, sum->fresh);
    observe_rare(obs, id, "oom_kills_total", n->oom_kills, sum->fresh);
    rca_observe_value(obs, id, "blocked_tasks", (double)sum->blocked);
    if (sum->threads)
        report_gauges(obs, id, sum);
}

/* What its files say is the cgroup source's: kills are there. */
static void report_cgroup(void *arg, const struct rca_task_sum *sum)
{
    struct rca_observer *obs = (struct rca_observer *)arg;
    const rca_id id = rca_observe_entity(obs, RCA_KIND_CGROUP, sum->path);

    observe_seconds(obs, id, "run_queue_seconds_total",
                    sum->fresh ? 0 : sum->count.wait_ns);
    observe_rare(obs, id, "process_starts_total", sum->count.starts,
                 sum->fresh);
    observe_rare(obs, id, "process_failures_total", sum->count.failures,
                 sum->fresh);
    rca_observe_value(obs, id, "blocked_tasks", (double)sum->blocked);
}

static void report_home(void *arg, const struct rca_task_sum *sum)
{
    struct rca_observer *obs = (struct rca_observer *)arg;
    const rca_id process = rca_observe_entity(obs, RCA_KIND_PROCESS, sum->name);
    const rca_id home =
        sum->path[0] ? rca_observe_entity(obs, RCA_KIND_CGROUP, sum->path)
                     : rca_observe_host(obs);

    rca_observe_edge(obs, process, home, RCA_EDGE_RUNS_ON);
}

static void report(const struct rca_task_source *s, struct rca_observer *obs)
{
    rca_task_table_visit(s->table, RCA_TASK_PROCESSES, report_process, obs);
    rca_task_table_visit(s->table, RCA_TASK_CGROUPS, report_cgroup, obs);
    rca_task_table_visit(s->table, RCA_TASK_HOMES, report_home, obs);
    observe_seconds(obs, rca_observe_host(obs), "run_queue_seconds_total",
                    rca_task_table_host(s->table));
}

/* --- the source ------------------------------------------------------------ */

static void source_close(void **state)
{
    struct rca_task_source *s = (struct rca_task_source *)*state;

    *state = NULL;
    if (!s)
        return;
    ring_buffer__free(s->ring);
    task_bpf__destroy(s->skel);
    rca_task_table_free(&s->table);
    free(s->records);
    free(s);
}

static void close_source(struct rca_task_source **source)
{
    void *state = *source;

    source_close(&state);
    *source = NULL;
}

static int load(struct rca_task_source *s, _Bool with_ends)
{
    struct bpf_link **link;
    int r;

    (void)libbpf_set_print(NULL); /* what fails is told as a feature */
    s->skel = task_bpf__open();
    if (!s->skel)
        return -errno;
    (void)bpf_program__set_autoload(s->skel->progs.on_free, with_ends);
    r = task_bpf__load(s->skel);
    if (r == 0) {
        link = &s->skel->links.dump_tasks;
        *link = bpf_program__attach_iter(s->skel->progs.dump_tasks, NULL);
        r = *link ? 0 : -errno;
    }
    if (r == 0 && with_ends) {
        link = &s->skel->links.on_free;
        *link = bpf_program__attach(s->skel->progs.on_free);
        r = *link ? 0 : -errno;
    }
    if (r == 0 && with_ends) {
        s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.ended), on_ended,
                                   s, NULL);
        r = s->ring ? 0 : -errno;
    }
    if (r == 0)
        return 0;
    task_bpf__destroy(s->skel);
    s->skel = NULL;
    return r;
}

static void use_bpf(struct rca_task_source *s, struct rca_observer *obs,
                    _Bool with_ends)
{
    char how[96];
    int r = with_ends ? load(s, 1) : 0;

    if (!with_ends) {
        rca_observer_feature(obs, SHORT, RCA_FEATURE_OFF,
                             "turned off by 'without'", SHORT_LOST);
        if (load(s, 0) == 0)
            rca_observer_feature(obs, SCHED, RCA_FEATURE_ON, ITERATOR, "");
        return;
    }

    if (r == 0) {
        rca_observer_feature(obs, SCHED, RCA_FEATURE_ON, ITERATOR, "");
        rca_observer_feature(obs, SHORT, RCA_FEATURE_ON, ENDS, "");
        return;
    }
    (void)snprintf(how, sizeof(how), "cannot load the BPF hook: %s",
                   strerror(-r));
    rca_observer_feature(obs, SHORT, RCA_FEATURE_OFF, how, SHORT_LOST);
    r = load(s, 0);
    if (r == 0)
        rca_observer_feature(obs, SCHED, RCA_FEATURE_ON, ITERATOR, "");
}

static void use_proc(struct rca_observer *obs)
{
    rca_observer_feature(obs, SCHED, RCA_FEATURE_TWIN, "/proc/PID/schedstat",
                         "waits in progress; dearer");
    rca_observer_feature(obs, SHORT, RCA_FEATURE_OFF, "no BPF iterator",
                         SHORT_LOST);
}

int rca_task_open(const struct rca_source_env *env, struct rca_observer *obs,
                  enum rca_task_hook hook, struct rca_task_source **ret_source)
{
    struct rca_task_source *s RCA_CLEANUP(close_source) = calloc(1, sizeof(*s));
    const _Bool iterator = rca_source_may(env, ITERATOR);
    const _Bool ends = rca_source_may(env, ENDS);
    int r;

    if (!s)
        return -ENOMEM;
    s->proc = env->proc;
    s->records = calloc(RECORDS, sizeof(*s->records));
    r = s->records ? rca_task_table_new(&s->table) : -ENOMEM;
    if (r < 0)
        return r;
    if (hook == RCA_TASK_HOOK_BEST && iterator)
        use_bpf(s, obs, ends);
    if (!s->skel)
        use_proc(obs);
    *ret_source = RCA_TAKE(s);
    return 0;
}

static int source_open(const struct rca_source_env *env,
                       struct rca_observer *obs, void **ret_state)
{
    struct rca_task_source *s = NULL;
    const int r = rca_task_open(env, obs, RCA_TASK_HOOK_BEST, &s);

    if (r == 0)
        *ret_state = s;
    return r;
}

static int source_tick(void *state, struct rca_observer *obs)
{
    struct rca_task_source *s = (struct rca_task_source *)state;
    struct timespec now;
    int r;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    rca_task_table_begin(s->table, (uint64_t)now.tv_sec * RCA_SECOND +
                                       (uint64_t)now.tv_nsec);
    s->obs = obs;
    r = read_records(s);
    rca_task_table_end(s->table);
    report(s, obs);
    if (s->ring)
        rca_observe_loss(obs, "task_ends", s->skel->bss->lost);
    return r;
}

static size_t source_programs(void *state, int *fds, size_t max)
{
    const struct rca_task_source *s = (const struct rca_task_source *)state;
    size_t n = 0;

    if (s->skel && max)
        fds[n++] = bpf_program__fd(s->skel->progs.dump_tasks);
    if (s->skel && s->ring && n < max)
        fds[n++] = bpf_program__fd(s->skel->progs.on_free);
    return n;
}

const struct rca_source rca_source_task = {
    .name = "task",
    .open = source_open,
    .tick = source_tick,
    .close = source_close,
    .programs = source_programs,
};
