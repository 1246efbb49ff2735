/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * task_table - four tables that hold on to each other: threads know their home
 * (a process in a cgroup), homes their process and cgroup, cgroups their
 * parent. Whatever is used in a tick is stamped with it, and so is what it
 * holds on to; sweeping goes from threads down, so nothing dangles.
 */

#include "collector/task_table.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "collector/map.h"
#include "graph/base/name.h"

/* Ticks after which an unseen thing is forgotten. A thread is freed by the
 * kernel a grace period after it has left the iterator's view; a process that
 * comes back within a minute goes on counting. */
#define THREAD_AGE 5
#define TOTAL_AGE 60

/* Commands are what programs say they are: no end of new ones. */
#define MAX_PROCESSES 4096

/** struct item - what all kept things begin with; @key lies in the thing */
struct item {
    const void *key;
    size_t key_len;
    uint64_t seen;
    uint64_t first;
};

struct table {
    struct rca_map map; /* key to place in item[] */
    struct item **item; /* owned, each of them too */
    size_t n, cap;
};

/** struct totals - of a process or cgroup; gauges are those of tick @of */
struct totals {
    struct rca_task_counts count;
    uint64_t of;
    uint64_t rss_pages, threads, blocked;
    double files;
};

struct process {
    struct item item;
    struct totals totals;
    char name[];
};

struct cgroup {
    struct item item;
    struct cgroup *parent; /* NULL: the root */
    struct totals totals;
    char path[];
};

struct home {
    struct item item;
    struct process *process;
    struct cgroup *cgroup; /* NULL: the root */
    char key[]; /* cgroup's path, NUL, command, NUL */
};

struct thread {
    struct item item;
    uint32_t pid;
    uint64_t start_ns;
    struct rca_task_counts last; /* as its record had them */
    struct home *home; /* NULL: not known */
};

struct rca_task_table {
    struct table threads, homes, processes, cgroups;
    uint64_t tick; /* 1 for the first */
    uint64_t now, before; /* this tick and the last one */
    uint64_t wait_ns;
};

/* --- tables ---------------------------------------------------------------- */

static void *find(const struct table *t, const void *key, size_t len)
{
    uint32_t at;

    return rca_map_get(&t->map, key, len, &at) ? t->item[at] : NULL;
}

static int grow(struct table *t)
{
    const size_t cap = t->cap ? t->cap * 2 : 64;
    struct item **item;

    if (t->n < t->cap)
        return 0;
    item = realloc(t->item, cap * sizeof(struct item *));
    if (!item)
        return -ENOMEM;
    t->item = item;
    t->cap = cap;
    return 0;
}

/* Takes @item if it succeeds. */
static int insert(struct table *t, struct item *item, const void *key,
                  size_t len)
{
    int r = grow(t);

    if (r == 0)
        r = rca_map_set(&t->map, key, len, (uint32_t)t->n);
    if (r < 0)
        return r;
    item->key = key;
    item->key_len = len;
    t->item[t->n++] = item;
    return 0;
}

static void sweep(struct table *t, uint64_t before)
{
    size_t i = 0;

    while (i < t->n) {
        struct item *item = t->item[i];

        if (item->seen >= before) {
            i++;
            continue;
        }
        rca_map_del(&t->map, item->key, item->key_len);
        t->item[i] = t->item[--t->n];
        if (i < t->n) /* replacing a key that is there cannot fail */
            (void)!rca_map_set(&t->map, t->item[i]->key, t->item[i]->key_len,
                               (uint32_t)i);
        free(item);
    }
}

static void table_done(struct table *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->item[i]);
    free(t->item);
    rca_map_done(&t->map);
}

int rca_task_table_new(struct rca_task_table **ret_table)
{
    *ret_table = calloc(1, sizeof(**ret_table));
    return *ret_table ? 0 : -ENOMEM;
}

void rca_task_table_free(struct rca_task_table **table)
{
    struct rca_task_table *t = *table;

    *table = NULL;
    if (!t)
        return;
    table_done(&t->threads);
    table_done(&t->homes);
    table_done(&t->processes);
    table_done(&t->cgroups);
    free(t);
}

/* --- who it belongs to ----------------------------------------------------- */

/* The cgroup of @path and all above it; NULL for the root. */
static int get_cgroup(struct rca_task_table *t, const char *path, size_t len,
                      struct cgroup **ret_cgroup)
{
    struct cgroup *parent = NULL;
    struct cgroup *c = NULL;

    for (size_t end = 0; end < len; end++) {
        do
            end++;
        while (end < len && path[end] != '/');
        c = find(&t->cgroups, path, end);
        if (!c) {
            c = calloc(1, sizeof(*c) + end + 1);
            if (!c)
                return -ENOMEM;
            memcpy(c->path, path, end);
            c->parent = parent;
            c->item.first = t->tick;
            if (insert(&t->cgroups, &c->item, c->path, end) < 0) {
                free(c);
                return -ENOMEM;
            }
        }
        parent = c;
    }
    *ret_cgroup = c;
    return 0;
}

static int get_process(struct rca_task_table *t, const char *name,
                       struct process **ret_process)
{
    const size_t len = strlen(name);
    struct process *p = find(&t->processes, name, len);

    if (!p) {
        p = calloc(1, sizeof(*p) + len + 1);
        if (!p)
            return -ENOMEM;
        memcpy(p->name, name, len);
        p->item.first = t->tick;
        if (insert(&t->processes, &p->item, p->name, len) < 0) {
            free(p);
            return -ENOMEM;
        }
    }
    *ret_process = p;
    return 0;
}

static const char *leaf(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static int new_home(struct rca_task_table *t, const char *path,
                    const char *comm, struct home **ret_home)
{
    const size_t len = strlen(path) + strlen(comm) + 2;
    char name[RCA_NAME_MAX + 1];
    struct home *h RCA_CLEANUP(rca_freep) = calloc(1, sizeof(*h) + len);
    int r;

    if (!h)
        return -ENOMEM;
    memcpy(h->key, path, strlen(path) + 1);
    memcpy(h->key + strlen(path) + 1, comm, strlen(comm) + 1);
    (void)snprintf(name, sizeof(name), "%s%s%s", leaf(path), *path ? "/" : "",
                   comm);
    r = get_cgroup(t, path, strlen(path), &h->cgroup);
    if (r == 0)
        r = get_process(t, name, &h->process);
    h->item.first = t->tick;
    if (r == 0)
        r = insert(&t->homes, &h->item, h->key, len);
    if (r < 0)
        return r;
    *ret_home = RCA_TAKE(h);
    return 0;
}

static int get_home(struct rca_task_table *t, const struct rca_task *task,
                    const char *path, struct home **ret_home)
{
    char comm[RCA_COMM_SIZE + 1] = "";
    char key[4096 + RCA_COMM_SIZE + 8]; /* PATH_MAX and a command */
    int len;

    memcpy(comm, task->comm, RCA_COMM_SIZE);
    if (task->kernel)
        path = "";
    if (strlen(path) > 4095)
        return -ENAMETOOLONG;
    for (;;) {
        const char *as = task->kernel ? "kernel-threads" : comm;

        len = snprintf(key, sizeof(key), "%s%c%s", path, 0, as);
        *ret_home = find(&t->homes, key, (size_t)len + 1);
        if (*ret_home)
            return 0;
        if (t->homes.n < MAX_PROCESSES || task->kernel || !strcmp(as, "other"))
            return new_home(t, path, as, ret_home);
        (void)snprintf(comm, sizeof(comm), "other");
        path = "";
    }
}

/* --- accounting ------------------------------------------------------------ */

static void stamp(const struct rca_task_table *t, struct home *h)
{
    if (!h || h->item.seen == t->tick)
        return;
    h->item.seen = t->tick;
    h->process->item.seen = t->tick;
    for (struct cgroup *c = h->cgroup; c; c = c->parent)
        c->item.seen = t->tick;
}

static void add_counts(struct rca_task_counts *to,
                       const struct rca_task_counts *by)
{
    to->cpu_ns += by->cpu_ns;
    to->wait_ns += by->wait_ns;
    to->read_bytes += by->read_bytes;
    to->written_bytes += by->written_bytes;
    to->major_faults += by->major_faults;
    to->switches += by->switches;
    to->starts += by->starts;
    to->failures += by->failures;
    to->oom_kills += by->oom_kills;
}

static void add_growth(struct rca_task_table *t, struct home *h,
                       const struct rca_task_counts *by)
{
    t->wait_ns += by->wait_ns;
    if (!h)
        return;
    add_counts(&h->process->totals.count, by);
    for (struct cgroup *c = h->cgroup; c; c = c->parent)
        add_counts(&c->totals.count, by);
}

static void add_gauges(struct totals *to, const struct rca_task *task,
                       uint64_t tick)
{
    if (to->of != tick) {
        to->of = tick;
        to->rss_pages = to->threads = to->blocked = 0;
        to->files = NAN;
    }
    to->rss_pages += task->rss_pages;
    to->threads++;
    to->blocked += task->blocked;
    if (task->file_limit)
        to->files =
            fmax((double)task->files / (double)task->file_limit, to->files);
}

static void gauge(struct rca_task_table *t, struct home *h,
                  const struct rca_task *task)
{
    if (!h || task->ended)
        return;
    add_gauges(&h->process->totals, task, t->tick);
    for (struct cgroup *c = h->cgroup; c; c = c->parent)
        add_gauges(&c->totals, task, t->tick);
}

/* Where a thread that left its cgroup before it could be seen belongs: where
 * its main thread is known to be. */
static struct home *home_of_leader(const struct rca_task_table *t,
                                   uint32_t tgid)
{
    const struct thread *leader = find(&t->threads, &tgid, sizeof(tgid));

    return leader ? leader->home : NULL;
}

static int new_thread(struct rca_task_table *t, uint32_t pid,
                      struct thread **ret_thread)
{
    struct thread *th = calloc(1, sizeof(*th));
    int r;

    if (!th)
        return -ENOMEM;
    th->pid = pid;
    r = insert(&t->threads, &th->item, &th->pid, sizeof(th->pid));
    if (r < 0)
        free(th);
    else
        *ret_thread = th;
    return r;
}

static uint64_t growth(uint64_t *last, uint64_t now)
{
    const uint64_t by = now > *last ? now - *last : 0;

    *last += by; /* a clock that lags a little takes nothing back */
    return by;
}

/* What the record has, but for what happens once. */
static struct rca_task_counts counts_of(const struct rca_task *task)
{
    return (struct rca_task_counts){.cpu_ns = task->cpu_ns,
                                    .wait_ns = task->wait_ns,
                                    .read_bytes = task->read_bytes,
                                    .written_bytes = task->written_bytes,
                                    .major_faults = task->major_faults,
                                    .switches = task->switches};
}

/* A process that ends as somebody asked it to has not failed. */
static _Bool has_failed(uint32_t exit_code)
{
    switch (exit_code & 0x7f) {
    case 0:
        return (exit_code >> 8 & 0xff) != 0;
    case SIGHUP:
    case SIGINT:
    case SIGTERM:
    case SIGPIPE:
        return 0;
    default:
        return 1;
    }
}

/* A number used again, or never seen: what it has done so far is not ours,
 * unless all of it happened since the last tick. Return: whether it did. */
static _Bool set_baseline(const struct rca_task_table *t, struct thread *th,
                          const struct rca_task *task)
{
    const _Bool whole = t->before && task->start_ns >= t->before;

    th->start_ns = task->start_ns;
    memset(&th->last, 0, sizeof(th->last));
    if (!whole)
        th->last = counts_of(task);
    th->home = NULL;
    return whole;
}

static struct rca_task_counts grown(struct rca_task_counts *last,
                                    const struct rca_task *task)
{
    const struct rca_task_counts now = counts_of(task);

    return (struct rca_task_counts){
        .cpu_ns = growth(&last->cpu_ns, now.cpu_ns),
        .wait_ns = growth(&last->wait_ns, now.wait_ns),
        .read_bytes = growth(&last->read_bytes, now.read_bytes),
        .written_bytes = growth(&last->written_bytes, now.written_bytes),
        .major_faults = growth(&last->major_faults, now.major_faults),
        .switches = growth(&last->switches, now.switches)};
}

/* Starts and ends are those of processes: their first threads. */
static void add_events(struct rca_task_counts *by, const struct rca_task *task,
                       _Bool began)
{
    if (task->pid != task->tgid || task->kernel)
        return;
    by->starts = began;
    if (!task->ended)
        return;
    by->failures = has_failed(task->exit_code);
    by->oom_kills = task->oom && (task->exit_code & 0x7f) == SIGKILL;
}

int rca_task_table_add(struct rca_task_table *t, const struct rca_task *task,
                       const char *path)
{
    struct thread *th = find(&t->threads, &task->pid, sizeof(task->pid));
    const _Bool known = th && th->start_ns == task->start_ns;
    struct home *home = known ? th->home : NULL;
    struct rca_task_counts by;
    _Bool began = 0;
    int r = 0;

    /* the kernel has freed it, and its number is used by another already */
    if (th && !known && task->ended && th->start_ns > task->start_ns)
        return 0;
    if (!home && task->ended)
        home = home_of_leader(t, task->tgid);
    if (path && (!task->ended || !home))
        r = get_home(t, task, path, &home);
    if (r == 0 && !th)
        r = new_thread(t, task->pid, &th);
    if (r < 0 || !th)
        return r;
    if (!known)
        began = set_baseline(t, th, task);
    th->home = home;
    th->item.seen = t->tick;
    stamp(t, home);
    by = grown(&th->last, task);
    add_events(&by, task, began);
    add_growth(t, home, &by);
    gauge(t, home, task);
    return 0;
}

void rca_task_table_begin(struct rca_task_table *t, uint64_t now)
{
    t->tick++;
    t->before = t->now;
    t->now = now;
}

void rca_task_table_end(struct rca_task_table *t)
{
    const uint64_t old = t->tick > TOTAL_AGE ? t->tick - TOTAL_AGE : 0;

    sweep(&t->threads, t->tick > THREAD_AGE ? t->tick - THREAD_AGE : 0);
    sweep(&t->homes, old);
    sweep(&t->processes, old);
    sweep(&t->cgroups, old);
}

/* --- reading --------------------------------------------------------------- */

static struct rca_task_sum sum_with(const struct rca_task_table *t,
                                    const struct totals *totals)
{
    struct rca_task_sum sum = {.count = totals->count, .files = NAN};

    if (totals->of != t->tick)
        return sum;
    sum.rss_pages = totals->rss_pages;
    sum.threads = totals->threads;
    sum.blocked = totals->blocked;
    sum.files = totals->files;
    return sum;
}

static struct rca_task_sum sum_of(const struct rca_task_table *t,
                                  enum rca_task_sums which,
                                  const struct item *item)
{
    const struct process *p = (const struct process *)item;
    const struct cgroup *c = (const struct cgroup *)item;
    const struct home *h = (const struct home *)item;
    struct rca_task_sum sum = {.files = NAN};

    switch (which) {
    case RCA_TASK_PROCESSES:
        sum = sum_with(t, &p->totals);
        sum.name = p->name;
        break;
    case RCA_TASK_CGROUPS:
        sum = sum_with(t, &c->totals);
        sum.path = c->path;
        break;
    case RCA_TASK_HOMES:
        sum.name = h->process->name;
        sum.path = h->cgroup ? h->cgroup->path : "";
        break;
    }
    return sum;
}

void rca_task_table_visit(const struct rca_task_table *t,
                          enum rca_task_sums which, rca_task_visit *visit,
                          void *arg)
{
    const struct table *table = which == RCA_TASK_PROCESSES ? &t->processes
                                : which == RCA_TASK_CGROUPS ? &t->cgroups
                                                            : &t->homes;

    for (size_t i = 0; i < table->n; i++) {
        struct rca_task_sum sum = sum_of(t, which, table->item[i]);

        sum.fresh = table->item[i]->first == t->tick;
        visit(arg, &sum);
    }
}

uint64_t rca_task_table_host(const struct rca_task_table *t)
{
    return t->wait_ns;
}
