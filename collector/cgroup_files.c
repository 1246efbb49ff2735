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

static void raise_to(double *value, double to)
{
    *value = fmax(*value, to); /* the number where the other is NAN */
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

static void memory_bytes(const char *text, size_t len, double *values)
{
    uint64_t v;

    if (!rca_procfs_number(text, len, &v))
        raise_to(&values[RCA_CGROUP_MEMORY_BYTES], (double)v);
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
                            {.key = "workingset_refault"}}; /* before 5.9 */

    (void)rca_procfs_fields(text, len, f, RCA_ARRAY_SIZE(f));
    first_of(values, RCA_CGROUP_MAJOR_FAULTS, &f[0], 1);
    first_of(values, RCA_CGROUP_REFAULTS, &f[1], 2);
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
                            {.key = "workingset_refault"}};

    (void)rca_procfs_fields(text, len, f, RCA_ARRAY_SIZE(f));
    first_of(values, RCA_CGROUP_MAJOR_FAULTS, &f[0], 2);
    first_of(values, RCA_CGROUP_REFAULTS, &f[2], 4);
}

static void v1_oom_control(const char *text, size_t len, double *values)
{
    struct rca_field f = {.key = "oom_kill"};

    (void)rca_procfs_fields(text, len, &f, 1);
    scaled(values, RCA_CGROUP_OOM_KILLS, &f, 1);
}

const struct rca_cgroup_file rca_cgroup_files[RCA_CGROUP_FILES] = {
    {RCA_CGROUP_V2, "cpu.stat", v2_cpu_stat},
    {RCA_CGROUP_V2, "memory.current", memory_bytes},
    {RCA_CGROUP_V2, "memory.events", v2_memory_events},
    {RCA_CGROUP_V2, "memory.stat", v2_memory_stat},
    {RCA_CGROUP_V2, "cpu.pressure", cpu_pressure},
    {RCA_CGROUP_V2, "memory.pressure", memory_pressure},
    {RCA_CGROUP_V2, "io.pressure", io_pressure},
    {RCA_CGROUP_CPUACCT, "cpuacct.usage", v1_cpuacct_usage},
    {RCA_CGROUP_CPU, "cpu.stat", v1_cpu_stat},
    {RCA_CGROUP_MEMORY, "memory.usage_in_bytes", memory_bytes},
    {RCA_CGROUP_MEMORY, "memory.failcnt", v1_failcnt},
    {RCA_CGROUP_MEMORY, "memory.stat", v1_memory_stat},
    {RCA_CGROUP_MEMORY, "memory.oom_control", v1_oom_control},
};

void rca_cgroup_parse(unsigned file, const char *text, size_t len,
                      double values[RCA_CGROUP_SERIES])
{
    rca_cgroup_files[file].parse(text, len, values);
}
