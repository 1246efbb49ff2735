/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * procfs - readers of the texts that the kernel shows under /proc and in
 * cgroup folders (proc(5), Documentation/admin-guide/cgroup-v2.rst,
 * iostats.rst, Documentation/accounting/psi.rst). They take any bytes: a line
 * that is not as expected is skipped, a number that does not fit is not there.
 * Nothing allocates; texts need no NUL.
 */

#include "graph/base/base.h"

/** struct rca_field - a number sought by @key; @found where it was there */
struct rca_field {
    const char *key;
    uint64_t value;
    _Bool found;
};

/** rca_procfs_fields() - lines "KEY NUMBER..." or "KEY: NUMBER..."; the first
 * line of a key holds. Return: how many of @n were found. */
size_t rca_procfs_fields(const char *text, size_t len, struct rca_field *fields,
                         size_t n);

/** rca_procfs_number() - a file that is one number; 0 or RCA_ESYNTAX ("max") */
RCA_MUST_CHECK int rca_procfs_number(const char *text, size_t len,
                                     uint64_t *ret);

/** rca_procfs_numbers() - how many of @max numbers the first line begins with
 */
size_t rca_procfs_numbers(const char *text, size_t len, uint64_t *ret,
                          size_t max);

/** rca_procfs_pressure() - microseconds in which some task waited, of a
 * pressure file; 0 or RCA_ESYNTAX */
RCA_MUST_CHECK int rca_procfs_pressure(const char *text, size_t len,
                                       uint64_t *ret_us);

/** struct rca_cpu_ticks - of /proc/stat, in clock ticks since boot
 * @used: running something; @away: idle or waiting for a disk; @stolen: taken
 * by the hypervisor */
struct rca_cpu_ticks {
    uint64_t used, away, stolen;
};

/** rca_procfs_cpus() - the line "cpu" and up to @max lines "cpuN"
 * @ret_cpus: by N; untouched where there is no line (processor offline)
 * Return: 0, or RCA_ESYNTAX without a sound line "cpu" */
RCA_MUST_CHECK int rca_procfs_cpus(const char *text, size_t len,
                                   struct rca_cpu_ticks *ret_all,
                                   struct rca_cpu_ticks *ret_cpus, size_t max);

/** struct rca_cpu_modes - of all processors together, in clock ticks since boot
 * @system: in the kernel, interrupts apart; @interrupt: hard and soft ones;
 * @waiting: idle while a task waits for a disk */
struct rca_cpu_modes {
    uint64_t system, waiting, interrupt, stolen;
};

/** rca_procfs_cpu_modes() - of the line "cpu" of /proc/stat; 0 or RCA_ESYNTAX */
RCA_MUST_CHECK int rca_procfs_cpu_modes(const char *text, size_t len,
                                        struct rca_cpu_modes *ret_modes);

/** struct rca_loadavg - of /proc/loadavg; @tasks: threads that there are */
struct rca_loadavg {
    double load;
    uint64_t tasks;
};

/** rca_procfs_loadavg() - "0.20 0.18 0.12 1/80 11206"; 0 or RCA_ESYNTAX */
RCA_MUST_CHECK int rca_procfs_loadavg(const char *text, size_t len,
                                      struct rca_loadavg *ret);

/** struct rca_disk_line - one line of /proc/diskstats
 * @in_flight: requests under way now */
struct rca_disk_line {
    char name[32];
    unsigned major, minor;
    uint64_t reads, read_sectors, read_ms;
    uint64_t writes, written_sectors, write_ms;
    uint64_t in_flight, busy_ms;
};

/** rca_procfs_disk() - the next sound line at or after @pos
 * Return: the position after it, or 0 when there is none */
size_t rca_procfs_disk(const char *text, size_t len, size_t pos,
                       struct rca_disk_line *ret_line);

/** enum rca_cgroup_tree - hierarchies of cgroups that are read */
enum rca_cgroup_tree {
    RCA_CGROUP_CPU,
    RCA_CGROUP_CPUACCT,
    RCA_CGROUP_MEMORY,
    RCA_CGROUP_BLKIO,
    RCA_CGROUP_PIDS, /* these five: v1, as enum rca_cgroup_v1 */
    RCA_CGROUP_V2,
    RCA_CGROUP_TREES,
};

#define RCA_MOUNT_PATH 512

/** rca_procfs_cgroup_mounts() - where each hierarchy is mounted, of
 * /proc/self/mountinfo; "" where it is not; the first mount of one holds */
void rca_procfs_cgroup_mounts(const char *text, size_t len,
                              char ret_path[RCA_CGROUP_TREES][RCA_MOUNT_PATH]);

/**
 * struct rca_mount - one line of /proc/self/mountinfo
 * @whole:     not only a folder of the file system is mounted
 * @read_only: the file system, not only this mount of it
 */
struct rca_mount {
    unsigned major, minor;
    _Bool whole, read_only;
    char point[RCA_MOUNT_PATH];
    char type[32];
    char source[RCA_MOUNT_PATH];
};

/** rca_procfs_mount() - the next sound line at or after @pos
 * Return: the position after it, or 0 when there is none */
size_t rca_procfs_mount(const char *text, size_t len, size_t pos,
                        struct rca_mount *ret_mount);
