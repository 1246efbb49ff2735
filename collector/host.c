/* SPDX-License-Identifier: GPL-3.0-or-later */

/* host - processors, memory and pressure of this host, from /proc. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/file.h"
#include "collector/procfs.h"
#include "collector/source.h"

#define MAX_CPUS 4096

enum host_file {
    FILE_STAT,
    FILE_MEMINFO,
    FILE_VMSTAT,
    FILE_PRESSURE_CPU,
    FILE_PRESSURE_MEMORY,
    FILE_PRESSURE_IO,
    FILE_COUNT,
};

struct host {
    const struct rca_source_env *env; /* borrowed */
    int fd[FILE_COUNT];
    struct rca_text text;
    double tick_seconds; /* of a clock tick of /proc/stat */
    struct rca_cpu_ticks *now, *before; /* owned, MAX_CPUS each */
    _Bool have_before;
};

/* What each file is for, as a feature. */
static const struct {
    const char *path, *feature, *lost;
} files[] = {
    [FILE_STAT] = {"stat", "host cpu", "processor use of the host"},
    [FILE_MEMINFO] = {"meminfo", "host memory", "free memory of the host"},
    [FILE_VMSTAT] = {"vmstat", "host paging", "major faults and swapping"},
    [FILE_PRESSURE_CPU] = {"pressure/cpu", "host cpu pressure",
                           "waiting for processors (boot with psi=1)"},
    [FILE_PRESSURE_MEMORY] = {"pressure/memory", "host memory pressure",
                              "waiting for memory (boot with psi=1)"},
    [FILE_PRESSURE_IO] = {"pressure/io", "host io pressure",
                          "waiting for disks (boot with psi=1)"},
};
static_assert(RCA_ARRAY_SIZE(files) == FILE_COUNT, "one row a file");

static void close_host(void **state)
{
    struct host *h = *state;

    *state = NULL;
    if (!h)
        return;
    for (unsigned i = 0; i < FILE_COUNT; i++)
        rca_file_close(&h->fd[i]);
    rca_text_done(&h->text);
    free(h->now);
    free(h->before);
    free(h);
}

/* Return: how many of the files can be read. */
static unsigned open_files(struct host *h, struct rca_observer *obs)
{
    unsigned n = 0;

    for (unsigned i = 0; i < FILE_COUNT; i++) {
        char how[96];
        int r = rca_file_open(h->env->proc, files[i].path);

        h->fd[i] = r < 0 ? -1 : r;
        /* a pressure file can be there and refuse (psi=0) */
        if (r >= 0)
            r = rca_file_read(h->fd[i], &h->text);
        if (r < 0) {
            rca_file_close(&h->fd[i]);
            (void)snprintf(how, sizeof(how), "/proc/%s: %s", files[i].path,
                           rca_strerror(r));
            rca_observer_feature(obs, files[i].feature, RCA_FEATURE_OFF, how,
                                 files[i].lost);
            continue;
        }
        (void)snprintf(how, sizeof(how), "/proc/%s", files[i].path);
        rca_observer_feature(obs, files[i].feature, RCA_FEATURE_ON, how, "");
        n++;
    }
    return n;
}

static int open_host(const struct rca_source_env *env, struct rca_observer *obs,
                     void **ret_state)
{
    void *state RCA_CLEANUP(close_host) = calloc(1, sizeof(struct host));
    struct host *h = state;

    if (!h)
        return -ENOMEM;
    h->env = env;
    for (unsigned i = 0; i < FILE_COUNT; i++)
        h->fd[i] = -1;
    h->tick_seconds = 1.0 / (double)sysconf(_SC_CLK_TCK);
    h->now = calloc(MAX_CPUS, sizeof(*h->now));
    h->before = calloc(MAX_CPUS, sizeof(*h->before));
    if (!h->now || !h->before)
        return -ENOMEM;
    if (!open_files(h, obs))
        return RCA_ENOSUPPORT;
    *ret_state = RCA_TAKE(state);
    return 0;
}

/* --- processors ----------------------------------------------------------- */

/* Share of its time that the busiest processor was not idle since the last
 * tick; time taken by the hypervisor is time it did not have. NAN at first. */
static double busiest(const struct host *h)
{
    double most = NAN;

    for (size_t i = 0; h->have_before && i < MAX_CPUS; i++) {
        const struct rca_cpu_ticks *a = &h->before[i], *b = &h->now[i];
        double busy, all;

        if (b->used < a->used || b->stolen < a->stolen || b->away < a->away)
            continue;
        busy = (double)(b->used - a->used + b->stolen - a->stolen);
        all = busy + (double)(b->away - a->away);
        if (all > 0)
            most = fmax(busy / all, most);
    }
    return most;
}

static void tick_cpu(struct host *h, struct rca_observer *obs, rca_id host)
{
    struct rca_field ctxt = {.key = "ctxt"};
    struct rca_cpu_ticks all, *swap;

    if (rca_procfs_cpus(h->text.data, h->text.len, &all, h->now, MAX_CPUS))
        return;
    rca_observe_value(obs, host, "cpu_seconds_total",
                      (double)all.used * h->tick_seconds);
    rca_observe_value(obs, host, "cpu_busiest_ratio", busiest(h));
    if (rca_procfs_fields(h->text.data, h->text.len, &ctxt, 1))
        rca_observe_value(obs, host, "context_switches_total",
                          (double)ctxt.value);
    swap = h->before;
    h->before = h->now;
    h->now = swap;
    memcpy(h->now, h->before, MAX_CPUS * sizeof(*h->now));
    h->have_before = 1;
}

/* --- memory and pressure -------------------------------------------------- */

static void tick_meminfo(struct host *h, struct rca_observer *obs, rca_id host)
{
    struct rca_field f = {.key = "MemAvailable"};

    if (rca_procfs_fields(h->text.data, h->text.len, &f, 1))
        rca_observe_value(obs, host, "memory_available_bytes",
                          (double)f.value * 1024);
}

static void tick_vmstat(struct host *h, struct rca_observer *obs, rca_id host)
{
    struct rca_field f[] = {{.key = "pgmajfault"}, {.key = "pswpin"}};

    (void)rca_procfs_fields(h->text.data, h->text.len, f, RCA_ARRAY_SIZE(f));
    if (f[0].found)
        rca_observe_value(obs, host, "major_faults_total", (double)f[0].value);
    if (f[1].found)
        rca_observe_value(obs, host, "swap_in_pages_total", (double)f[1].value);
}

static void tick_pressure(struct host *h, struct rca_observer *obs, rca_id host,
                          const char *series)
{
    uint64_t us;

    if (!rca_procfs_pressure(h->text.data, h->text.len, &us))
        rca_observe_value(obs, host, series, (double)us * 1e-6);
}

/* --- the source ----------------------------------------------------------- */

static void report_file(struct host *h, struct rca_observer *obs,
                        enum host_file file, rca_id host)
{
    switch (file) {
    case FILE_STAT:
        tick_cpu(h, obs, host);
        break;
    case FILE_MEMINFO:
        tick_meminfo(h, obs, host);
        break;
    case FILE_VMSTAT:
        tick_vmstat(h, obs, host);
        break;
    case FILE_PRESSURE_CPU:
        tick_pressure(h, obs, host, "cpu_pressure_seconds_total");
        break;
    case FILE_PRESSURE_MEMORY:
        tick_pressure(h, obs, host, "memory_pressure_seconds_total");
        break;
    case FILE_PRESSURE_IO:
        tick_pressure(h, obs, host, "io_pressure_seconds_total");
        break;
    case FILE_COUNT:
        break;
    }
}

static int tick_host(void *state, struct rca_observer *obs)
{
    struct host *h = state;
    const rca_id host = rca_observe_host(obs);
    int failed = 0;

    for (unsigned i = 0; i < FILE_COUNT; i++) {
        int r;

        if (h->fd[i] < 0)
            continue;
        r = rca_file_read(h->fd[i], &h->text);
        if (r < 0)
            failed = r;
        else
            report_file(h, obs, (enum host_file)i, host);
    }
    return failed;
}

const struct rca_source rca_source_host = {
    .name = "host",
    .open = open_host,
    .tick = tick_host,
    .close = close_host,
};
