/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * disk_use - from what cgroups do on disks (struct rca_disk_use, counted for as
 * long as a cgroup's number lives) to totals of a path that outlive it.
 *
 * What grows is added to the cgroup and to all above it, and is remembered for
 * the edge from the cgroup itself to the disk. Numbers whose path is not known
 * yet wait. Times are nanoseconds.
 */

#include "bpf/events_disk.h"
#include "graph/base/err.h"

struct rca_disk_book;

RCA_MUST_CHECK int rca_disk_book_new(struct rca_disk_book **ret_book);
void rca_disk_book_free(struct rca_disk_book **book);

/** rca_disk_book_begin() - start a tick; @now: of its time */
void rca_disk_book_begin(struct rca_disk_book *book, rca_time now);

/**
 * rca_disk_book_add() - account one entry of the kernel's map
 * @path: of the cgroup, "" for the root: not accounted
 *
 * O(1) expected and O(depth) for the path. Return: 0; -ENOMEM, and the growth
 * is accounted with the next call.
 */
RCA_MUST_CHECK int rca_disk_book_add(struct rca_disk_book *book,
                                     const struct rca_disk_user *user,
                                     const struct rca_disk_use *use,
                                     const char *path);

/** struct rca_disk_total - since the book was made
 * @fresh: first tick in which it is there */
struct rca_disk_total {
    const char *path;
    struct rca_disk_use use;
    _Bool fresh;
};

/** borrowed for the call */
typedef void rca_disk_visit_total(void *arg,
                                  const struct rca_disk_total *total);
typedef void rca_disk_visit_edge(void *arg, const char *path, __u32 disk);

/** rca_disk_book_totals() - every path; rca_disk_book_edges() - who used which
 * disk in the last RCA_DISK_EDGE_AGE */
void rca_disk_book_totals(const struct rca_disk_book *book,
                          rca_disk_visit_total *visit, void *arg);
void rca_disk_book_edges(const struct rca_disk_book *book,
                         rca_disk_visit_edge *visit, void *arg);

/** rca_disk_forgotten - entry @user is to be dropped from the kernel's map, too:
 * it would be accounted anew otherwise */
typedef void rca_disk_forgotten(void *arg, const struct rca_disk_user *user);

/** rca_disk_book_end() - forget what has not grown for an hour */
void rca_disk_book_end(struct rca_disk_book *book,
                       rca_disk_forgotten *forgotten, void *arg);

/** A reader that comes back within this is still a user of the disk. */
#define RCA_DISK_EDGE_AGE (600 * RCA_SECOND)
