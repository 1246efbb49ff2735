/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/task_proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/parse.h"

#define PF_KTHREAD 0x00200000U /* include/linux/sched.h */

/* Fields of /proc/PID/stat after the command, counted from 0: proc(5). */
enum { STAT_FLAGS = 6, STAT_UTIME = 11, STAT_STIME = 12, STAT_START = 19 };

/* --- parsers --------------------------------------------------------------- */

/* Rank of a line of /proc/PID/cgroup by its list of controllers: 0 is v2, then
 * in the order of bpf/events.h; -1 for a line of no interest. */
static int rank_of(const char *list, size_t len)
{
    static const char *const v1[] = {"cpu", "cpuacct", "memory"};
    int best = len ? -1 : 0;

    for (size_t at = 0; at < len;) {
        const char *comma = memchr(list + at, ',', len - at);
        const size_t n = comma ? (size_t)(comma - list) - at : len - at;

        for (int i = 0; i < (int)RCA_ARRAY_SIZE(v1); i++) {
            if (n == strlen(v1[i]) && !memcmp(list + at, v1[i], n) &&
                (best < 0 || i + 1 < best))
                best = i + 1;
        }
        at += n + 1;
    }
    return best;
}

/* "4:cpu,cpuacct:/web": its rank and path; -1 if not to be used. */
static int cgroup_line(const char *line, size_t len, const char **ret_path,
                       size_t *ret_len)
{
    const char *first = memchr(line, ':', len);
    const char *second;
    size_t rest;

    if (!first)
        return -1;
    first++;
    rest = len - (size_t)(first - line);
    second = memchr(first, ':', rest);
    if (!second)
        return -1;
    rest -= (size_t)(second - first) + 1;
    /* the root, nothing, or above what our own cgroup namespace shows */
    if (rest < 2 || rest > RCA_CGROUP_PATH_MAX || second[1] != '/' ||
        second[2] == '/' || !memcmp(second + 1, "/..", rest < 3 ? rest : 3))
        return -1;
    *ret_path = second + 2;
    *ret_len = rest - 1;
    return rank_of(first, (size_t)(second - first));
}

int rca_task_parse_cgroup(const char *text, size_t size,
                          char ret_path[RCA_CGROUP_PATH_MAX])
{
    const char *best = NULL;
    size_t best_len = 0;
    int best_rank = -1;

    if (!memchr(text, ':', size) || memchr(text, 0, size))
        return RCA_ESYNTAX;
    while (size) {
        const char *nl = memchr(text, '\n', size);
        const size_t len = nl ? (size_t)(nl - text) : size;
        const char *path = NULL;
        size_t path_len = 0;
        const int rank = cgroup_line(text, len, &path, &path_len);

        if (rank >= 0 && (best_rank < 0 || rank < best_rank)) {
            best_rank = rank;
            best = path;
            best_len = path_len;
        }
        text += len + (nl != NULL);
        size -= len + (nl != NULL);
    }
    if (best)
        memcpy(ret_path, best, best_len);
    ret_path[best_len] = '\0';
    return 0;
}

/* The next word of @*text as a number; moves past it. */
static int next_number(const char **text, const char *end, uint64_t *ret)
{
    char word[24];
    size_t n = 0;

    while (*text < end && **text == ' ')
        ++*text;
    while (*text<end &&* * text> ' ' && n < sizeof(word) - 1)
        word[n++] = *(*text)++;
    word[n] = '\0';
    return rca_parse_u64(word, ret);
}

static void skip_words(const char **text, const char *end, int n)
{
    while (n-- > 0) {
        while (*text < end && **text == ' ')
            ++*text;
        while (*text<end &&* * text> ' ')
            ++*text;
    }
}

/* Commands may hold blanks and brackets: the last ')' ends it. */
int rca_task_parse_stat(const char *text, size_t size, long hz,
                        struct rca_task *ret_task)
{
    const char *open = memchr(text, '(', size);
    const char *close = memrchr(text, ')', size);
    const char *end = text + size;
    const char *at = text;
    struct rca_task task = {0};
    uint64_t pid, flags, utime, stime, start;
    size_t n;

    if (!open || !close || close < open || hz <= 0 ||
        next_number(&at, open, &pid) || pid > INT32_MAX)
        return RCA_ESYNTAX;
    n = (size_t)(close - open) - 1;
    memcpy(task.comm, open + 1, n < RCA_COMM_SIZE ? n : RCA_COMM_SIZE - 1);
    at = close + 1;
    skip_words(&at, end, STAT_FLAGS);
    if (next_number(&at, end, &flags))
        return RCA_ESYNTAX;
    skip_words(&at, end, STAT_UTIME - STAT_FLAGS - 1);
    if (next_number(&at, end, &utime) || next_number(&at, end, &stime))
        return RCA_ESYNTAX;
    skip_words(&at, end, STAT_START - STAT_STIME - 1);
    if (next_number(&at, end, &start))
        return RCA_ESYNTAX;
    task.pid = task.tgid = (uint32_t)pid;
    task.kernel = (flags & PF_KTHREAD) != 0;
    task.cpu_ns = (utime + stime) * (uint64_t)(RCA_SECOND / hz);
    task.start_ns = start * (uint64_t)(RCA_SECOND / hz);
    *ret_task = task;
    return 0;
}

int rca_task_parse_schedstat(const char *text, size_t size,
                             uint64_t *ret_cpu_ns, uint64_t *ret_wait_ns)
{
    const char *end = text + size;
    uint64_t cpu, wait;

    if (next_number(&text, end, &cpu) || next_number(&text, end, &wait))
        return RCA_ESYNTAX;
    *ret_cpu_ns = cpu;
    *ret_wait_ns = wait;
    return 0;
}

/* --- reading /proc --------------------------------------------------------- */

/* All of a small file, at most @size bytes; negative as read(2). */
static ssize_t read_at(int dir, const char *name, char *buf, size_t size)
{
    const int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = read(fd, buf, size);
    if (n < 0)
        n = errno == ESRCH ? -ENOENT : -errno;
    (void)close(fd);
    return n;
}

static int cgroup_at(int dir, const char *name,
                     char ret_path[RCA_CGROUP_PATH_MAX])
{
    char text[2 * RCA_CGROUP_PATH_MAX];
    const ssize_t n = read_at(dir, name, text, sizeof(text));

    return n < 0 ? (int)n : rca_task_parse_cgroup(text, (size_t)n, ret_path);
}

int rca_task_cgroup_path(const char *proc, uint32_t pid,
                         char ret_path[RCA_CGROUP_PATH_MAX])
{
    char name[4200];

    (void)snprintf(name, sizeof(name), "%s/%u/cgroup", proc, pid);
    return cgroup_at(AT_FDCWD, name, ret_path);
}

static uint32_t netns_at(int dir)
{
    char link[64];
    const ssize_t n = readlinkat(dir, "ns/net", link, sizeof(link) - 1);
    const char *at = link + sizeof("net:[") - 1;
    uint64_t inode;
    char *close;

    if (n <= (ssize_t)sizeof("net:[]"))
        return 0;
    link[n] = '\0';
    close = strchr(link, ']');
    if (close)
        *close = '\0';
    return rca_parse_u64(at, &inode) ? 0 : (uint32_t)inode;
}

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

/* NULL, with errno set, if it cannot be opened. */
static DIR *open_dir(int at, const char *name)
{
    const int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (!dir && fd >= 0)
        (void)close(fd);
    return dir;
}

/* Number of a directory that is named by one; 0 if it is none. */
static uint32_t number_of(const struct dirent *d)
{
    uint64_t n;

    return rca_parse_u64(d->d_name, &n) || n > INT32_MAX ? 0 : (uint32_t)n;
}

struct scan {
    rca_task_found *found;
    void *arg;
    char path[RCA_CGROUP_PATH_MAX];
    _Bool has_path;
};

/* Where the kernel has no schedstat, the process's sum goes to its main
 * thread, without a wait. */
static int scan_thread(struct scan *s, int dir, uint32_t tid,
                       struct rca_task task)
{
    char name[64], text[128] = "";
    uint64_t cpu, wait;
    ssize_t n;

    (void)snprintf(name, sizeof(name), "task/%u/schedstat", tid);
    n = read_at(dir, name, text, sizeof(text));
    if (n >= 0 && !rca_task_parse_schedstat(text, (size_t)n, &cpu, &wait)) {
        task.cpu_ns = cpu;
        task.wait_ns = wait;
    } else if (tid != task.tgid) {
        return 0;
    }
    task.pid = tid;
    return s->found(s->arg, &task, s->has_path ? s->path : NULL);
}

static int scan_process(struct scan *s, int dir)
{
    DIR *threads RCA_CLEANUP(close_dir) = NULL;
    const struct dirent *d;
    struct rca_task task;
    char text[1024] = "";
    const ssize_t n = read_at(dir, "stat", text, sizeof(text));
    int r = 0;

    if (n < 0 ||
        rca_task_parse_stat(text, (size_t)n, sysconf(_SC_CLK_TCK), &task))
        return 0;
    task.netns = netns_at(dir);
    s->has_path = cgroup_at(dir, "cgroup", s->path) == 0;
    threads = open_dir(dir, "task");
    if (!threads)
        return 0;
    while (r == 0 && (d = readdir(threads))) {
        const uint32_t tid = number_of(d);

        if (tid)
            r = scan_thread(s, dir, tid, task);
    }
    return r;
}

int rca_task_proc_scan(const char *proc, rca_task_found *found, void *arg)
{
    DIR *all RCA_CLEANUP(close_dir) = NULL;
    struct scan *s RCA_CLEANUP(rca_freep) = calloc(1, sizeof(*s));
    const struct dirent *d;
    int r = 0;

    if (!s)
        return -ENOMEM;
    s->found = found;
    s->arg = arg;
    all = open_dir(AT_FDCWD, proc);
    if (!all)
        return -errno;
    while (r == 0 && (d = readdir(all))) {
        const uint32_t pid = number_of(d);
        int fd;

        if (!pid)
            continue;
        fd = openat(dirfd(all), d->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            continue;
        r = scan_process(s, fd);
        (void)close(fd);
    }
    return r;
}
