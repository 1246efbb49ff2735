/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * cgroup - which files of a cgroup folder are read, and how: for the source of
 * that name, its tests and fuzzer.
 */

#include "collector/file.h"
#include "collector/map.h"
#include "collector/procfs.h"

enum rca_cgroup_series {
    RCA_CGROUP_CPU_SECONDS,
    RCA_CGROUP_THROTTLED_SECONDS,
    RCA_CGROUP_THROTTLED_PERIODS,
    RCA_CGROUP_MEMORY_BYTES,
    RCA_CGROUP_LIMIT_HITS,
    RCA_CGROUP_MAJOR_FAULTS,
    RCA_CGROUP_REFAULTS,
    RCA_CGROUP_OOM_KILLS,
    RCA_CGROUP_CPU_PRESSURE,
    RCA_CGROUP_MEMORY_PRESSURE,
    RCA_CGROUP_IO_PRESSURE,
    RCA_CGROUP_SERIES,
};

#define RCA_CGROUP_FILES 13

/** struct rca_cgroup_file - file @name in hierarchy @tree */
struct rca_cgroup_file {
    enum rca_cgroup_tree tree;
    const char *name;
    void (*parse)(const char *text, size_t len, double *values);
};

extern const struct rca_cgroup_file rca_cgroup_files[RCA_CGROUP_FILES];

/** rca_cgroup_parse() - read file number @file of the table
 * @values: by enum rca_cgroup_series, NAN where unknown; raised, never lowered
 */
void rca_cgroup_parse(unsigned file, const char *text, size_t len,
                      double values[RCA_CGROUP_SERIES]);
