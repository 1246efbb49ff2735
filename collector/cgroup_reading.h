/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * cgroup_reading - the values of one cgroup: which of its files are open, what
 * they said last, and what follows from that.
 *
 * A group whose tasks use no processor is idle: what it said last holds, and is
 * read again once in RCA_CGROUP_SELDOM_TICKS, as limits are. Groups take turns
 * with that. One file tells: where several hierarchies count processor time,
 * the one that says most, which is what is reported. But who waits for a disk
 * uses no processor; a wait counts in all groups above, too (psi.c), so that
 * one look at the topmost tells for all.
 */

#include "collector/cgroup.h"
#include "collector/cgroup_io.h"
#include "collector/observer.h"

/** struct rca_cgroup_folder - where the files of a group are
 * @root:  mount points of the hierarchies
 * @path:  of the group below them
 * @trees: bit set of those that have it
 * @parts: bit set of enum rca_cgroup_part that may be read
 * @sys:   root of sysfs, for the names of disks */
struct rca_cgroup_folder {
    const char (*root)[RCA_MOUNT_PATH];
    const char *path;
    unsigned trees;
    unsigned parts;
    const char *sys;
};

struct rca_cgroup_io;

/** struct rca_cgroup_reading - to be made by _init()
 * @fd:     of each file, -1: not open
 * @absent: bit set of files that are opened for each reading and are not there
 * @leader: the file that says whether the group is idle, -1: any might
 * @rest:   ticks until all is read again
 * @passed: looks at limits that were left out as the group was idle
 * @idle:   as of the last update
 * @still:  nobody here or below has waited for a disk, as of the last update
 * @io:     owned; NULL while nobody asks for it */
struct rca_cgroup_reading {
    int fd[RCA_CGROUP_FILES];
    uint32_t absent;
    double values[RCA_CGROUP_VALUES];
    double cpu_before;
    rca_time before; /* RCA_TIME_NONE: not read yet */
    double cpu_limit_ratio;
    int leader;
    unsigned rest, passed;
    _Bool idle, still;
    struct rca_cgroup_io *io;
};

/** rca_cgroup_reading_init() - @turn: any number, another for each group */
void rca_cgroup_reading_init(struct rca_cgroup_reading *reading, unsigned turn);
void rca_cgroup_reading_done(struct rca_cgroup_reading *reading);

/** rca_cgroup_reading_open() - the files in @folder of hierarchy @tree, in
 * place of those that were open for it */
void rca_cgroup_reading_open(struct rca_cgroup_reading *reading,
                             const struct rca_cgroup_folder *where,
                             enum rca_cgroup_tree tree, const char *folder);

/** rca_cgroup_reading_holds() - whether all there is to know was the same with
 * the last update, and is taken to be with the next */
_Bool rca_cgroup_reading_holds(const struct rca_cgroup_reading *reading);

/** rca_cgroup_reading_update() - read what is due at @now
 * @up:       of the group above, updated at @now; NULL: there is none
 * @count_io: also what the group does on disks
 * @text:     a buffer */
void rca_cgroup_reading_update(struct rca_cgroup_reading *reading,
                               const struct rca_cgroup_reading *up,
                               const struct rca_cgroup_folder *where,
                               rca_time now, _Bool count_io,
                               struct rca_text *text);

/** rca_cgroup_reading_report() - as of the last update */
void rca_cgroup_reading_report(const struct rca_cgroup_reading *reading,
                               const struct rca_cgroup_folder *where,
                               struct rca_observer *obs, rca_id group);
