/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * scale_bench [SECONDS] - what a tick costs on a big host: 10,000 sockets in 50
 * network namespaces, 500 cgroups with a process each, a request a second over
 * each of the 5,000 connections. As root; makes what it needs and removes it.
 * A line each: name, value, unit: processor time of a tick, median and the
 * largest, in all and by source (the first three ticks are left out: names and
 * descriptors are made there), lost ticks, memory, and a reference: compare
 * with another run only by the ratio to it.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collector/collect.h"
#include "collector/config.h"

enum {
    SPACES = 50,
    LINKS = 100,
    CGROUPS = 500,
    SKIP = 3,
    MAX_TICKS = 4096,
    READS = 500
};
#define PORT 7000

static const char *const trees[] = {"unified", "cpu",  "cpuacct",
                                    "memory",  "pids", "blkio"};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* --- cgroups -------------------------------------------------------------- */

static void cgroup_path(char path[256], const char *tree, int i,
                        const char *file)
{
    char leaf[32] = "";

    if (i >= 0)
        (void)snprintf(leaf, sizeof(leaf), "/unit%03d", i);
    if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0)
        tree = "."; /* only v2 */
    (void)snprintf(path, 256, "/sys/fs/cgroup/%s/rca-scale%s%s", tree, leaf,
                   file);
}

static void make_cgroups(void)
{
    char path[256];

    for (size_t t = 0; t < RCA_ARRAY_SIZE(trees); t++) {
        for (int i = -1; i < CGROUPS; i++) {
            cgroup_path(path, trees[t], i, "");
            (void)mkdir(path, 0755);
        }
    }
}

static void remove_cgroups(void)
{
    char path[256];

    for (size_t t = 0; t < RCA_ARRAY_SIZE(trees); t++) {
        for (int i = CGROUPS - 1; i >= -1; i--) {
            cgroup_path(path, trees[t], i, "");
            for (int tries = 0; rmdir(path) && errno == EBUSY && tries < 100;
                 tries++)
                (void)usleep(10000);
        }
    }
}

static void join_cgroup(int i)
{
    char path[256];

    for (size_t t = 0; t < RCA_ARRAY_SIZE(trees); t++) {
        FILE *f;

        cgroup_path(path, trees[t], i, "/cgroup.procs");
        f = fopen(path, "we");
        if (f) {
            (void)fputs("0", f);
            (void)fclose(f);
        }
    }
}

/* --- a namespace with its connections ------------------------------------- */

static void loopback_up(void)
{
    struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
        die("lo");
    (void)close(fd);
}

static void dial_all(int near[LINKS], int far[LINKS])
{
    const struct sockaddr_in addr = {.sin_family = AF_INET,
                                     .sin_port = htons(PORT),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int server = socket(AF_INET, SOCK_STREAM, 0);

    if (server < 0 ||
        bind(server, (const struct sockaddr *)&addr, sizeof(addr)) ||
        listen(server, LINKS))
        die("listen");
    for (int i = 0; i < LINKS; i++) {
        near[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (near[i] < 0 ||
            connect(near[i], (const struct sockaddr *)&addr, sizeof(addr)))
            die("connect");
        far[i] = accept(server, NULL, NULL);
        if (far[i] < 0)
            die("accept");
    }
}

static void ask(int near, int far)
{
    char c = 'x';

    if (write(near, &c, 1) != 1 || read(far, &c, 1) != 1 ||
        write(far, &c, 1) != 1 || read(near, &c, 1) != 1)
        exit(0); /* the end */
}

/* Child @i: a namespace, its connections, and those that only sleep in the
 * other cgroups. Tells @ready when all is there. */
static _Noreturn void live(int i, int ready)
{
    int near[LINKS], far[LINKS];

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int k = 1; k < CGROUPS / SPACES; k++) {
        if (fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            join_cgroup(i * (CGROUPS / SPACES) + k);
            for (;;)
                (void)pause();
        }
    }
    join_cgroup(i * (CGROUPS / SPACES));
    if (unshare(CLONE_NEWNET))
        die("unshare");
    loopback_up();
    dial_all(near, far);
    if (write(ready, "1", 1) != 1)
        exit(1);
    for (;;) {
        for (int k = 0; k < LINKS; k++)
            ask(near[k], far[k]);
        (void)usleep(1000000);
    }
}

static void start(pid_t pids[SPACES])
{
    int ready[2];
    char c;

    if (pipe(ready))
        die("pipe");
    for (int i = 0; i < SPACES; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            live(i, ready[1]);
    }
    (void)close(ready[1]);
    for (int i = 0; i < SPACES; i++) {
        if (read(ready[0], &c, 1) != 1)
            die("start");
    }
    (void)close(ready[0]);
}

static void end(const pid_t pids[SPACES])
{
    for (int i = 0; i < SPACES; i++) {
        (void)kill(pids[i], SIGKILL);
        (void)waitpid(pids[i], NULL, 0);
    }
    remove_cgroups();
}

/* --- what the collector's own series say ---------------------------------- */

struct series {
    char name[96];
    double value[MAX_TICKS];
    size_t n;
};

struct seen {
    struct rca_store *store;
    struct series series[32];
    size_t n;
};

static struct series *series_of(struct seen *seen, const char *name)
{
    for (size_t i = 0; i < seen->n; i++) {
        if (!strcmp(seen->series[i].name, name))
            return &seen->series[i];
    }
    if (seen->n == RCA_ARRAY_SIZE(seen->series))
        return NULL;
    (void)snprintf(seen->series[seen->n].name, sizeof(seen->series->name), "%s",
                   name);
    return &seen->series[seen->n++];
}

static int visit(void *arg, const struct rca_block *block)
{
    struct seen *seen = arg;

    for (size_t c = 0; c < block->n_series; c++) {
        const char *name = rca_store_series_name(seen->store, block->series[c]);
        struct series *s;

        if (!name || strncmp(name, "rca_", 4) != 0)
            continue;
        s = series_of(seen, name);
        for (size_t t = 0; s && t < block->n_times && s->n < MAX_TICKS; t++)
            s->value[s->n++] = block->values[c * block->n_times + t];
    }
    return 0;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(const struct series *s)
{
    double step[MAX_TICKS];
    size_t n = 0;

    if (!strstr(s->name, "cpu_seconds_total")) {
        printf("%s\t%g\t\n", s->name, s->n ? s->value[s->n - 1] : NAN);
        return;
    }
    for (size_t i = SKIP; i < s->n; i++)
        step[n++] = (s->value[i] - s->value[i - 1]) * 1e3;
    if (!n)
        return;
    qsort(step, n, sizeof(*step), by_value);
    printf("%.*s\t%.2f\tms a tick, median (%.2f to %.2f)\n",
           (int)strlen(s->name) - 14, s->name, step[n / 2], step[0],
           step[n - 1]);
}

static void report_reference(void);

static int read_back(const char *db)
{
    static struct seen seen;
    struct rca_store_info info;
    int r = rca_store_open(db, RCA_STORE_READ, NULL, &seen.store);

    if (r == 0)
        r = rca_store_info(seen.store, &info);
    if (r == 0)
        r = rca_store_scan(seen.store, 0, INT64_MAX, NULL, 0, visit, &seen);
    for (size_t i = 0; r == 0 && i < seen.n; i++)
        report(&seen.series[i]);
    if (r == 0)
        printf("entities\t%llu\t\nseries\t%llu\tof entities\n",
               (unsigned long long)info.entities,
               (unsigned long long)info.series);
    report_reference();
    rca_store_close(&seen.store);
    return r;
}

/* How busy this machine is: what one of the reads costs of which a tick is
 * made, in the same seconds. At a load of 16 on two processors it
 * was 1.6 us. */
static double reference[MAX_TICKS];
static size_t n_reference;

static uint64_t thread_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * RCA_SECOND + (uint64_t)ts.tv_nsec;
}

static void measure_reference(void)
{
    char path[256], text[4096];
    uint64_t began;
    int fd;

    cgroup_path(path, trees[0], 0, "/cpu.stat");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || n_reference == MAX_TICKS)
        return;
    began = thread_ns();
    for (int i = 0; i < READS; i++)
        (void)!pread(fd, text, sizeof(text), 0);
    reference[n_reference++] = (double)(thread_ns() - began) / READS / 1e3;
    (void)close(fd);
}

static void report_reference(void)
{
    qsort(reference, n_reference, sizeof(*reference), by_value);
    if (n_reference)
        printf("reference\t%.2f\tus to read a cgroup's cpu.stat, median\n",
               reference[n_reference / 2]);
}

static int collect(const char *db, rca_time duration)
{
    const struct rca_collect_options options = {
        .db = db, .interval = RCA_SECOND, .duration = duration};
    const pid_t pid = fork();
    struct rca_diag diag = {0};
    int status = 0;

    if (pid == 0) {
        const int r = rca_collect_run(&options, &diag);

        if (r)
            (void)fprintf(stderr, "collect: %s %s\n", rca_strerror(r),
                          diag.text);
        _exit(r != 0);
    }
    while (waitpid(pid, &status, WNOHANG) == 0) {
        measure_reference();
        (void)usleep(500000);
    }
    return status;
}

int main(int argc, char **argv)
{
    const long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : 20;
    char folder[] = "/tmp/rca-scale-XXXXXX", db[64], line[96];
    pid_t pids[SPACES];
    int r;

    if (geteuid() != 0) {
        puts("scale_bench\tskipped\tneeds root");
        return 0;
    }
    if (!mkdtemp(folder))
        die("mkdtemp");
    (void)chmod(folder, 0755);
    (void)snprintf(db, sizeof(db), "%s/x.db", folder);
    make_cgroups();
    start(pids);
    r = collect(db, seconds * RCA_SECOND);
    end(pids);
    if (r == 0)
        r = read_back(db);
    (void)snprintf(line, sizeof(line), "rm -rf %s", folder);
    return system(line) || r; /* NOLINT(cert-env33-c): own folder */
}
