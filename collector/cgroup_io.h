/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * cgroup_io - what a cgroup does on each disk and what it may do at most, from
 * io.stat and io.max (v2) or the blkio.throttle files (v1;
 * Documentation/admin-guide/cgroup-v1/blkio-controller.rst).
 *
 * The parsers take any bytes: what is not as expected is skipped.
 */

#include "bpf/events_disk.h"
#include "graph/base/base.h"

enum rca_io_count {
    RCA_IO_READ_BYTES,
    RCA_IO_WRITTEN_BYTES,
    RCA_IO_READS,
    RCA_IO_WRITES,
    RCA_IO_COUNTS,
};

#define RCA_IO_DISKS 16 /* of one cgroup; more are left out */

/** struct rca_io_disk - @disk: RCA_DISK_DEV(); @done: since the cgroup was
 * made; @limit: a second, 0: none */
struct rca_io_disk {
    uint32_t disk;
    uint64_t done[RCA_IO_COUNTS];
    uint64_t limit[RCA_IO_COUNTS];
};

struct rca_io {
    struct rca_io_disk disks[RCA_IO_DISKS];
    size_t n;
};

/** rca_io_stat() - "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ..." into @io */
void rca_io_stat(const char *text, size_t len, struct rca_io *io);
/** rca_io_max() - "8:0 rbps=1 wbps=max riops=3 wiops=4" */
void rca_io_max(const char *text, size_t len, struct rca_io *io);
/** rca_io_v1_done() - "8:0 Read 1\n8:0 Write 2\n..."; @bytes: the file of
 * bytes, else that of requests */
void rca_io_v1_done(const char *text, size_t len, _Bool bytes,
                    struct rca_io *io);
/** rca_io_v1_limit() - "8:0 1048576", of @what */
void rca_io_v1_limit(const char *text, size_t len, enum rca_io_count what,
                     struct rca_io *io);

/** rca_io_limited() - whether any disk has a limit */
_Bool rca_io_limited(const struct rca_io *io);

/** rca_io_limit_ratio() - the largest share of a limit that was used from
 * @before to @now, @seconds later; a limit of @now holds. NAN where none. */
double rca_io_limit_ratio(const struct rca_io *before, const struct rca_io *now,
                          double seconds);

/** rca_io_lowest() - the lowest limit of @what on any disk; NAN where none */
double rca_io_lowest(const struct rca_io *io, enum rca_io_count what);
