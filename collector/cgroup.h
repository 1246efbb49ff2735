/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * cgroup - which files of a cgroup folder are read, and how: for the source of
 * that name, its tests and fuzzer.
 */

#include "collector/file.h"
#include "collector/map.h"
#include "collector/procfs.h"

/** what is read of a group; from RCA_CGROUP_LIMITS on what is not reported as
 * it is. Limits are NAN where there is none. */
enum rca_cgroup_series {
    RCA_CGROUP_CPU_SECONDS,
    RCA_CGROUP_THROTTLED_SECONDS,
    RCA_CGROUP_THROTTLED_PERIODS,
    RCA_CGROUP_MEMORY_BYTES,
    RCA_CGROUP_ANON_BYTES,
    RCA_CGROUP_FILE_BYTES,
    RCA_CGROUP_LIMIT_HITS,
    RCA_CGROUP_MAJOR_FAULTS,
    RCA_CGROUP_REFAULTS,
    RCA_CGROUP_OOM_KILLS,
    RCA_CGROUP_CPU_PRESSURE,
    RCA_CGROUP_MEMORY_PRESSURE,
    RCA_CGROUP_IO_PRESSURE,
    RCA_CGROUP_TASKS,
    RCA_CGROUP_PIDS_REFUSED,
    RCA_CGROUP_CPU_LIMIT, /* cores */
    RCA_CGROUP_MEMORY_LIMIT, /* the lower of where it is held up and killed */
    RCA_CGROUP_PIDS_LIMIT,
    RCA_CGROUP_SERIES,

    RCA_CGROUP_INACTIVE_FILE = RCA_CGROUP_SERIES, /* given up without harm */
    RCA_CGROUP_CPU_QUOTA_US, /* v1 has it in two files */
    RCA_CGROUP_CPU_PERIOD_US,
    RCA_CGROUP_VALUES,
};

/** what can be left out at once, see rca_source_may() */
enum rca_cgroup_part {
    RCA_CGROUP_PART_CPU,
    RCA_CGROUP_PART_MEMORY,
    RCA_CGROUP_PART_PRESSURE,
    RCA_CGROUP_PART_PIDS,
    RCA_CGROUP_PART_IO,
    RCA_CGROUP_PARTS,
};

/** when a file is read */
enum rca_cgroup_when {
    RCA_CGROUP_USAGE, /* of processors; one of them with each tick: says whether
                       * the group is idle */
    RCA_CGROUP_WAITS, /* with each tick, if a group above has waited */
    RCA_CGROUP_BUSY, /* with each tick of a group that is not idle */
    RCA_CGROUP_SELDOM, /* limits: once in RCA_CGROUP_SELDOM_TICKS */
};

/** Ticks between two looks at limits, and at all of an idle group. */
#define RCA_CGROUP_SELDOM_TICKS 10
/** ... of which so many pass by the limits of an idle group, which are looked
 * at as soon as it is idle no more. */
#define RCA_CGROUP_IDLE_LOOKS 3

#define RCA_CGROUP_FILES 25

/** struct rca_cgroup_file - file @name in hierarchy @tree */
struct rca_cgroup_file {
    enum rca_cgroup_tree tree;
    enum rca_cgroup_part part;
    enum rca_cgroup_when when;
    const char *name;
    void (*parse)(const char *text, size_t len, double *values);
};

extern const struct rca_cgroup_file rca_cgroup_files[RCA_CGROUP_FILES];

/** rca_cgroup_parse() - read file number @file of the table
 * @values: by enum rca_cgroup_series, NAN where unknown; raised, never lowered,
 *          but for a limit: the lowest holds
 */
void rca_cgroup_parse(unsigned file, const char *text, size_t len,
                      double values[RCA_CGROUP_VALUES]);

/** rca_cgroup_finish() - what is made from several files, once all were read */
void rca_cgroup_finish(double values[RCA_CGROUP_VALUES]);
