/* SPDX-License-Identifier: GPL-3.0-or-later */

/* host - processors, memory and pressure of this host, from /proc. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include "collector/file.h"
#include "collector/procfs.h"
#include "collector/source.h"

#define MAX_CPUS 4096
#define LIMITS_NS (10 * RCA_SECOND) /* between two looks at them */

/* How often the processor slowed down for being hot. */
#define THROTTLES                                                              \
    "devices/system/cpu/cpu0/thermal_throttle/package_throttle_count"

enum host_file {
    FILE_STAT,
    FILE_MEMINFO,
    FILE_VMSTAT,
    FILE_LOADAVG,
    FILE_HANDLES,
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
    int throttles; /* descriptor of the processor's own count; -1: none */
    uint64_t max_tasks; /* 0: not known */
    rca_time looked; /* at it */
};

/* What each file is for, as a feature. */
static const struct {
    const char *path, *feature, *lost;
} files[] = {
    [FILE_STAT] = {"stat", "host cpu", "processor use of the host"},
    [FILE_MEMINFO] = {"meminfo", "host memory", "free memory of the host"},
    [FILE_VMSTAT] = {"vmstat", "host paging", "major faults and swapping"},
    [FILE_LOADAVG] = {"loadavg", "host tasks", "load and number of tasks"},
    [FILE_HANDLES] = {"sys/fs/file-nr", "host file handles",
                      "open files of the host and their limit"},
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
    rca_file_close(&h->throttles);
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
        int r;

        (void)snprintf(how, sizeof(how), "/proc/%s", files[i].path);
        if (!rca_source_may(h->env, how)) {
            rca_observer_feature(obs, files[i].feature, RCA_FEATURE_OFF,
                                 "turned off by 'without'", files[i].lost);
            continue;
        }
        r = rca_file_open(h->env->proc, files[i].path);
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
    h->throttles = -1;
    h->throttles = rca_file_open(env->sys, THROTTLES);
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

/* A number in a file, and what it is reported as: the sum of all rows of one
 * series, which follow each other, times @scale. */
struct row {
    const char *key, *series;
    double scale;
};

#define MAX_ROWS 12

static void report_rows(struct host *h, struct rca_observer *obs, rca_id host,
                        const struct row *rows, size_t n)
{
    struct rca_field f[MAX_ROWS];
    double sum = NAN;

    assert(n <= MAX_ROWS);
    for (size_t i = 0; i < n; i++)
        f[i] = (struct rca_field){.key = rows[i].key};
    (void)rca_procfs_fields(h->text.data, h->text.len, f, n);
    for (size_t i = 0; i < n; i++) {
        if (!i || strcmp(rows[i].series, rows[i - 1].series) != 0)
            sum = NAN;
        if (f[i].found)
            sum = (isnan(sum) ? 0 : sum) + (double)f[i].value * rows[i].scale;
        if (i + 1 == n || strcmp(rows[i].series, rows[i + 1].series) != 0)
            rca_observe_value(obs, host, rows[i].series, sum);
    }
}

static void report_modes(const struct host *h, struct rca_observer *obs,
                         rca_id host)
{
    struct rca_cpu_modes m;

    if (rca_procfs_cpu_modes(h->text.data, h->text.len, &m))
        return;
    rca_observe_value(obs, host, "cpu_system_seconds_total",
                      (double)m.system * h->tick_seconds);
    rca_observe_value(obs, host, "cpu_interrupt_seconds_total",
                      (double)m.interrupt * h->tick_seconds);
    rca_observe_value(obs, host, "cpu_iowait_seconds_total",
                      (double)m.waiting * h->tick_seconds);
    rca_observe_value(obs, host, "cpu_steal_seconds_total",
                      (double)m.stolen * h->tick_seconds);
}

static void tick_cpu(struct host *h, struct rca_observer *obs, rca_id host)
{
    static const struct row rows[] = {
        {"ctxt", "context_switches_total", 1},
        {"processes", "process_starts_total", 1},
        {"procs_blocked", "blocked_tasks", 1},
        {"btime", "boot_time_seconds", 1},
    };
    struct rca_cpu_ticks all, *swap;

    if (rca_procfs_cpus(h->text.data, h->text.len, &all, h->now, MAX_CPUS))
        return;
    rca_observe_value(obs, host, "cpu_seconds_total",
                      (double)all.used * h->tick_seconds);
    rca_observe_value(obs, host, "cpu_busiest_ratio", busiest(h));
    report_modes(h, obs, host);
    report_rows(h, obs, host, rows, RCA_ARRAY_SIZE(rows));
    swap = h->before;
    h->before = h->now;
    h->now = swap;
    memcpy(h->now, h->before, MAX_CPUS * sizeof(*h->now));
    h->have_before = 1;
}

static void tick_throttles(struct host *h, struct rca_observer *obs,
                           rca_id host)
{
    uint64_t n;

    if (h->throttles >= 0 && !rca_file_read(h->throttles, &h->text) &&
        !rca_procfs_number(h->text.data, h->text.len, &n))
        rca_observe_value(obs, host, "cpu_thermal_throttles_total", (double)n);
}

/* --- memory and pressure -------------------------------------------------- */

static void tick_meminfo(struct host *h, struct rca_observer *obs, rca_id host)
{
    static const struct row rows[] = {
        {"MemAvailable", "memory_available_bytes", 1024},
        {"Dirty", "memory_dirty_bytes", 1024},
        {"Writeback", "memory_dirty_bytes", 1024},
        {"SUnreclaim", "memory_kernel_bytes", 1024},
        {"KernelStack", "memory_kernel_bytes", 1024},
        {"PageTables", "memory_kernel_bytes", 1024},
        {"SwapTotal", "swap_used_bytes", 1024},
        {"SwapFree", "swap_used_bytes", -1024},
    };

    report_rows(h, obs, host, rows, RCA_ARRAY_SIZE(rows));
}

static void tick_vmstat(struct host *h, struct rca_observer *obs, rca_id host)
{
    static const struct row rows[] = {
        {"pgmajfault", "major_faults_total", 1},
        {"pswpin", "swap_in_pages_total", 1},
        {"pswpout", "swap_out_pages_total", 1},
        {"workingset_refault_file", "memory_refaults_total", 1},
        {"oom_kill", "oom_kills_total", 1},
        {"allocstall_dma", "memory_stalls_total", 1},
        {"allocstall_dma32", "memory_stalls_total", 1},
        {"allocstall_normal", "memory_stalls_total", 1},
        {"allocstall_movable", "memory_stalls_total", 1},
    };

    report_rows(h, obs, host, rows, RCA_ARRAY_SIZE(rows));
}

/* --- what there is only so much of ---------------------------------------- */

static uint64_t number_in(struct host *h, const char *name)
{
    int fd = rca_file_open(h->env->proc, name);
    uint64_t n = 0;

    if (fd >= 0 && (rca_file_read(fd, &h->text) ||
                    rca_procfs_number(h->text.data, h->text.len, &n)))
        n = 0;
    rca_file_close(&fd);
    return n;
}

/* The lower of two limits, which a 0 is none of. */
static void look_at_limits(struct host *h, rca_time now)
{
    const uint64_t pids = number_in(h, "sys/kernel/pid_max");
    const uint64_t threads = number_in(h, "sys/kernel/threads-max");

    h->max_tasks = !threads || (pids && pids < threads) ? pids : threads;
    h->looked = now;
}

static void tick_tasks(struct host *h, struct rca_observer *obs, rca_id host)
{
    const rca_time now = rca_observer_now(obs);
    struct rca_loadavg l;

    if (rca_procfs_loadavg(h->text.data, h->text.len, &l))
        return;
    if (!h->looked || now - h->looked >= LIMITS_NS || now < h->looked)
        look_at_limits(h, now);
    rca_observe_value(obs, host, "load_average", l.load);
    rca_observe_value(obs, host, "tasks", (double)l.tasks);
    if (h->max_tasks)
        rca_observe_value(obs, host, "tasks_limit_ratio",
                          (double)l.tasks / (double)h->max_tasks);
}

/* "1133 0 2466193": in use, always 0, limit */
static void tick_handles(struct host *h, struct rca_observer *obs, rca_id host)
{
    uint64_t v[3];

    if (rca_procfs_numbers(h->text.data, h->text.len, v, 3) != 3 || !v[2])
        return;
    rca_observe_value(obs, host, "open_files", (double)v[0]);
    rca_observe_value(obs, host, "open_files_limit_ratio",
                      (double)v[0] / (double)v[2]);
}

/* Whether time is kept by NTP or PTP: what is compared over hosts hangs on it.
 */
static void tick_clock(struct rca_observer *obs, rca_id host)
{
    struct timex t = {.modes = 0};
    const int state = adjtimex(&t);

    if (state < 0)
        return;
    rca_observe_value(obs, host, "clock_unsynchronized",
                      state == TIME_ERROR || t.status & STA_UNSYNC);
    rca_observe_value(obs, host, "clock_error_seconds",
                      (double)t.esterror * 1e-6);
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
    case FILE_LOADAVG:
        tick_tasks(h, obs, host);
        break;
    case FILE_HANDLES:
        tick_handles(h, obs, host);
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
    tick_throttles(h, obs, host);
    tick_clock(obs, host);
    return failed;
}

const struct rca_source rca_source_host = {
    .name = "host",
    .open = open_host,
    .tick = tick_host,
    .close = close_host,
};
