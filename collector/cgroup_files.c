/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * cgroup_files - what each file of a cgroup folder says
 * (Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/{cpuacct,memory}.rst,
 * Documentation/scheduler/sched-bwc.rst).
 */

#include <math.h>

#include "collector/cgroup.h"

#define US 1e-6
#define NS 1e-9
#define NO_LIMIT (UINT64_C(1) << 60) /* bytes; this and above: none */

static void raise_to(double *value, double to)
{
    *value = fmax(*value, to); /* the number where the other is NAN */
}

static void lower_to(double *value, double to)
{
    *value = fmin(*value, to);
}

/* Raise @series to the first of @n fields that was found. */
static void first_of(double *values, enum rca_cgroup_series series,
                     const struct rca_field *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!f[i].found)
            continue;
        raise_to(&values[series], (double)f[i].value);
        return;
    }
}

static void scaled(double *values, enum rca_cgroup_series series,
                   const struct rca_field *f, double unit)
{
    if (f->found)
        raise_to(&values[series], (double)f->value * unit);
}

/* --- v2 ------------------------------------------------------------------- */

static void v2_cpu_stat(const char *text, size_t len, double *values)
{
    struct rca_field f[] = {{.key = "usage_usec"},
                            {.key = "throttled_usec"},
                            {.key = "nr_throttled"}};

    (void)rca_procfs_fields(text, len, f, RCA_ARRAY_SIZE(f));
    scaled(values, RCA_CGROUP_CPU_SECONDS, &f[0], US);
    scaled(values, RCA_CGROUP_THROTTLED_SECONDS, &f[1], US);
    scaled(values, RCA_CGROUP_THROTTLED_PERIODS, &f[2], 1);
}

/* "max 100000" or "50000 100000": quota and period, us */
static void v2_cpu_max(const char *text, size_t len, double *values)
{
    uint64_t v[2];

    if (rca_procfs_numbers(text, len, v, 2) == 2 && v[1])
        lower_to(&values[RCA_CGROUP_CPU_LIMIT], (double)v[0] / (double)v[1]);
}

static void memory_bytes(const char *text, size_t len, double *values)
{
    uint64_t v;

    if (!rca_procfs_number(text, len, &v))
        raise_to(&values[RCA_CGROUP_MEMORY_BYTES], (double)v);
}

/* v1 writes the largest number of pages for "none". */
static void memory_limit(const char *text, size_t len, double *values)
{
    uint64_t v;

    if (!rca_procfs_number(text, len, &v) && v < NO_LIMIT)
        lower_to(&values[RCA_CGROUP_MEMORY_LIMIT], (double)v);
}

static void pids_current(const char *text, size_t len, double *values)
{
    uint64_t v;

    if (!rca_procfs_number(text, len, &v))
        raise_to(&values[RCA_CGROUP_TASKS], (double)v);
}

static void pids_max(const char *text, size_t len, double *values)
{
    uint64_t v;

    if (!rca_procfs_number(text, len, &v))
        lower_to(&values[RCA_CGROUP_PIDS_LIMIT], (double)v);
}

/* Forks that were refused. */
static void pids_events(const char *text, size_t len, double *values)
{
    struct rca_field f = {.key = "max"};

    (void)rca_procfs_fields(text, len, &f, 1);
    scaled(values, RCA_CGROUP_PIDS_REFUSED, &f, 1);
}

/* Reclaim at memory.high holds a group up as memory.max does: both count. */
static void v2_memory_events(const char *text, size_t len, double *values)
{
    struct rca_field f[] = {
        {.key = "high"}, {.key = "max"}, {.key = "oom_kill"}};

    (void)rca_procfs_fields(text, len, f, RCA_ARRAY_SIZE(f));
    if (f[0].found || f[1].found)
        raise_to(&values[RCA_CGROUP_LIMIT_HITS],
                 (double)f[0].value + (double)f[1].value);
    scaled(values, RCA_CGROUP_OOM_KILLS, &f[2], 1);
}

static void v2_memory_stat(const char *text, size_t len, double *values)
{
    struct rca_field f[] = {{.key = "pgmajfault"},
                            {.key = "workingset_refault_file"},
                            {.key = "workingset_refault"}, /* before 5.9 */
                            {.key = "anon"},
                            {.key = "file"},
                            {.key = "inactive_file"}};

    (void)rca_procfs_fields(text, len, f, RCA_ARRAY_SIZE(f));
    first_of(values, RCA_CGROUP_MAJOR_FAULTS, &f[0], 1);
    first_of(values, RCA_CGROUP_REFAULTS, &f[1], 2);
    first_of(values, RCA_CGROUP_ANON_BYTES, &f[3], 1);
    first_of(values, RCA_CGROUP_FILE_BYTES, &f[4], 1);
    first_of(values, RCA_CGROUP_INACTIVE_FILE, &f[5], 1);
}

static void pressure(const char *text, size_t len, double *value)
{
    uint64_t us;

    if (!rca_procfs_pressure(text, len, &us))
        raise_to(value, (double)us * US);
}

static void cpu_pressure(const char *text, size_t len, double *values)
{
    pressure(text, len, &values[RCA_CGROUP_CPU_PRESSURE]);
}

static void memory_pressure(const char *text, size_t len, double *values)
{
    pressure(text, len, &values[RCA_CGROUP_MEMORY_PRESSURE]);
}

static void io_pressure(const char *text, size_t len, double *values)
{
    pressure(text, len, &values[RCA_CGROUP_IO_PRESSURE]);
}

/* --- v1 ------------------------------------------------------------------- */

static void v1_cpuacct_usage(const char *text, size_t len, double *values)
{
    uint64_t ns;

    if (!rca_procfs_number(text, len, &ns))
        raise_to(&values[RCA_CGROUP_CPU_SECONDS], (double)ns * NS);
}

static void v1_cpu_stat(const char *text, size_t len, double *values)
{
    struct rca_field f[] = {{.key = "throttled_time"}, {.key = "nr_throttled"}};

    (void)rca_procfs_fields(text, len, f, RCA_ARRAY_SIZE(f));
    scaled(values, RCA_CGROUP_THROTTLED_SECONDS, &f[0], NS);
    scaled(values, RCA_CGROUP_THROTTLED_PERIODS, &f[1], 1);
}

/* -1, which is no number: no limit */
static void v1_cfs_quota(const char *text, size_t len, double *values)
{
    uint64_t us;

    if (!rca_procfs_number(text, len, &us))
        raise_to(&values[RCA_CGROUP_CPU_QUOTA_US], (double)us);
}

static void v1_cfs_period(const char *text, size_t len, double *values)
{
    uint64_t us;

    if (!rca_procfs_number(text, len, &us))
        raise_to(&values[RCA_CGROUP_CPU_PERIOD_US], (double)us);
}

static void v1_failcnt(const char *text, size_t len, double *values)
{
    uint64_t v;

    if (!rca_procfs_number(text, len, &v))
        raise_to(&values[RCA_CGROUP_LIMIT_HITS], (double)v);
}

/* "total_..." counts the groups below too, as v2 always does. */
static void v1_memory_stat(const char *text, size_t len, double *values)
{
    struct rca_field f[] = {{.key = "total_pgmajfault"},
                            {.key = "pgmajfault"},
                            {.key = "total_workingset_refault_file"},
                            {.key = "workingset_refault_file"},
                            {.key = "total_workingset_refault"},
                            {.key = "workingset_refault"},
                            {.key = "total_rss"},
                            {.key = "total_cache"},
                            {.key = "total_inactive_file"}};

    (void)rca_procfs_fields(text, len, f, RCA_ARRAY_SIZE(f));
    first_of(values, RCA_CGROUP_MAJOR_FAULTS, &f[0], 2);
    first_of(values, RCA_CGROUP_REFAULTS, &f[2], 4);
    first_of(values, RCA_CGROUP_ANON_BYTES, &f[6], 1);
    first_of(values, RCA_CGROUP_FILE_BYTES, &f[7], 1);
    first_of(values, RCA_CGROUP_INACTIVE_FILE, &f[8], 1);
}

static void v1_oom_control(const char *text, size_t len, double *values)
{
    struct rca_field f = {.key = "oom_kill"};

    (void)rca_procfs_fields(text, len, &f, 1);
    scaled(values, RCA_CGROUP_OOM_KILLS, &f, 1);
}

#define FILE(tree_, part_, when_, name_, parse_)                               \
    {                                                                          \
        RCA_CGROUP_##tree_, RCA_CGROUP_PART_##part_, RCA_CGROUP_##when_,       \
            (name_), (parse_)                                                  \
    }
const struct rca_cgroup_file rca_cgroup_files[RCA_CGROUP_FILES] = {
    FILE(V2, CPU, USAGE, "cpu.stat", v2_cpu_stat),
    FILE(V2, CPU, SELDOM, "cpu.max", v2_cpu_max),
    FILE(V2, MEMORY, BUSY, "memory.current", memory_bytes),
    FILE(V2, MEMORY, BUSY, "memory.events", v2_memory_events),
    FILE(V2, MEMORY, BUSY, "memory.stat", v2_memory_stat),
    FILE(V2, MEMORY, SELDOM, "memory.max", memory_limit),
    FILE(V2, MEMORY, SELDOM, "memory.high", memory_limit),
    FILE(V2, PRESSURE, BUSY, "cpu.pressure", cpu_pressure),
    FILE(V2, PRESSURE, BUSY, "memory.pressure", memory_pressure),
    /* who waits for a disk all the time uses no processor */
    FILE(V2, PRESSURE, WAITS, "io.pressure", io_pressure),
    FILE(V2, PIDS, BUSY, "pids.current", pids_current),
    FILE(V2, PIDS, SELDOM, "pids.max", pids_max),
    FILE(V2, PIDS, SELDOM, "pids.events", pids_events),
    FILE(CPUACCT, CPU, USAGE, "cpuacct.usage", v1_cpuacct_usage),
    /* who is held up by a quota has used it up */
    FILE(CPU, CPU, BUSY, "cpu.stat", v1_cpu_stat),
    FILE(CPU, CPU, SELDOM, "cpu.cfs_quota_us", v1_cfs_quota),
    FILE(CPU, CPU, SELDOM, "cpu.cfs_period_us", v1_cfs_period),
    FILE(MEMORY, MEMORY, BUSY, "memory.usage_in_bytes", memory_bytes),
    FILE(MEMORY, MEMORY, BUSY, "memory.failcnt", v1_failcnt),
    FILE(MEMORY, MEMORY, BUSY, "memory.stat", v1_memory_stat),
    FILE(MEMORY, MEMORY, BUSY, "memory.oom_control", v1_oom_control),
    FILE(MEMORY, MEMORY, SELDOM, "memory.limit_in_bytes", memory_limit),
    FILE(PIDS, PIDS, BUSY, "pids.current", pids_current),
    FILE(PIDS, PIDS, SELDOM, "pids.max", pids_max),
    FILE(PIDS, PIDS, SELDOM, "pids.events", pids_events),
};

void rca_cgroup_parse(unsigned file, const char *text, size_t len,
                      double values[RCA_CGROUP_VALUES])
{
    rca_cgroup_files[file].parse(text, len, values);
}

void rca_cgroup_finish(double values[RCA_CGROUP_VALUES])
{
    const double period = values[RCA_CGROUP_CPU_PERIOD_US];

    if (period > 0)
        lower_to(&values[RCA_CGROUP_CPU_LIMIT],
                 values[RCA_CGROUP_CPU_QUOTA_US] / period);
}
