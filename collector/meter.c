/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/meter.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#define MAX_PROGRAMS 64 /* of one source */

static double seconds(const struct timeval *tv)
{
    return (double)tv->tv_sec + (double)tv->tv_usec * 1e-6;
}

/* Processor time of another process: anyone may read its clock. */
static double helper_seconds(pid_t pid)
{
    struct timespec ts;
    clockid_t id;

    if (pid <= 0 || clock_getcpuclockid(pid, &id) || clock_gettime(id, &ts))
        return 0;
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static int add_program(int fd, struct rca_cost *cost)
{
    struct bpf_prog_info info = {0};
    __u32 size = sizeof(info);

    if (bpf_obj_get_info_by_fd(fd, &info, &size))
        return -errno;
    cost->bpf_ns += info.run_time_ns;
    cost->bpf_runs += info.run_cnt;
    return 0;
}

static int add_programs(const struct rca_active *a, struct rca_cost *cost)
{
    int fds[MAX_PROGRAMS], r = 0;
    size_t n = 0;

    if (a->source->programs)
        n = a->source->programs(a->state, fds, MAX_PROGRAMS);
    for (size_t i = 0; r == 0 && i < n && i < MAX_PROGRAMS; i++)
        r = add_program(fds[i], cost);
    return r;
}

static int read_cost(void *arg, _Bool programs, struct rca_cost *ret_cost)
{
    const struct rca_self *self = arg;
    struct rca_cost cost = {0};
    struct rusage ru;
    int r = 0;

    if (getrusage(RUSAGE_SELF, &ru))
        return -errno;
    cost.cpu_s = seconds(&ru.ru_utime) + seconds(&ru.ru_stime) +
                 helper_seconds(rca_privileged_pid(self->helper));
    for (size_t i = 0; programs && r == 0 && i < *self->n; i++)
        r = add_programs(&self->active[i], &cost);
    if (r == 0)
        *ret_cost = cost;
    return r;
}

static int switch_stats(void *arg, _Bool on)
{
    struct rca_self *self = arg;

    if (self->stats >= 0)
        (void)close(self->stats);
    self->stats = -1;
    if (!on)
        return 0;
    self->stats = rca_privileged_bpf_stats(self->helper);
    return self->stats < 0 ? self->stats : 0;
}

struct rca_meter rca_self_meter(struct rca_self *self)
{
    self->stats = -1;
    return (struct rca_meter){
        .stats = switch_stats, .read = read_cost, .arg = self};
}

/* The first line of a small file, "" if it cannot be read. */
static void read_line(const char *path, char *line, int size)
{
    FILE *f = fopen(path, "re");

    line[0] = '\0';
    if (!f)
        return;
    if (!fgets(line, size, f))
        line[0] = '\0';
    (void)fclose(f);
}

double rca_self_age(void)
{
    const double tick = (double)sysconf(_SC_CLK_TCK);
    struct timespec now;
    char line[1024];
    const char *at;
    uint64_t begin;

    /* pid (comm) state ...: the start is the 20th word after the name */
    read_line("/proc/self/stat", line, sizeof(line));
    at = strrchr(line, ')');
    for (int i = 0; at && i < 20; i++)
        at = strchr(at + 1, ' ');
    begin = at ? strtoull(at, NULL, 10) : 0;
    if (!begin || clock_gettime(CLOCK_BOOTTIME, &now))
        return NAN;
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9 -
           (double)begin / tick;
}

uint64_t rca_self_resident(void)
{
    char line[128];
    const char *at;

    read_line("/proc/self/statm", line, sizeof(line));
    at = strchr(line, ' '); /* size resident ... */
    return at ? strtoull(at, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}
