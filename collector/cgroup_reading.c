/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/cgroup_reading.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collector/disk_name.h"

static_assert(RCA_CGROUP_FILES <= 32, "a bit for each file");

static const char *const names[] = {
    [RCA_CGROUP_CPU_SECONDS] = "cpu_seconds_total",
    [RCA_CGROUP_THROTTLED_SECONDS] = "cpu_throttled_seconds_total",
    [RCA_CGROUP_THROTTLED_PERIODS] = "cpu_throttled_periods_total",
    [RCA_CGROUP_MEMORY_BYTES] = "memory_bytes",
    [RCA_CGROUP_ANON_BYTES] = "memory_anon_bytes",
    [RCA_CGROUP_FILE_BYTES] = "memory_file_bytes",
    [RCA_CGROUP_LIMIT_HITS] = "memory_limit_hits_total",
    [RCA_CGROUP_MAJOR_FAULTS] = "major_faults_total",
    [RCA_CGROUP_REFAULTS] = "memory_refaults_total",
    [RCA_CGROUP_OOM_KILLS] = "oom_kills_total",
    [RCA_CGROUP_CPU_PRESSURE] = "cpu_pressure_seconds_total",
    [RCA_CGROUP_MEMORY_PRESSURE] = "memory_pressure_seconds_total",
    [RCA_CGROUP_IO_PRESSURE] = "io_pressure_seconds_total",
    [RCA_CGROUP_TASKS] = "pids",
    [RCA_CGROUP_PIDS_REFUSED] = "pids_limit_hits_total",
    [RCA_CGROUP_CPU_LIMIT] = "cpu_limit_cores",
    [RCA_CGROUP_MEMORY_LIMIT] = "memory_limit_bytes",
    [RCA_CGROUP_PIDS_LIMIT] = "pids_limit",
};
static_assert(RCA_ARRAY_SIZE(names) == RCA_CGROUP_SERIES,
              "a name for each series");

/** struct rca_cgroup_io - what the group does on disks
 * @first: when it was looked at first: the counters begin there
 * @counted: whether it was read with the last update, and not for limits only
 */
struct rca_cgroup_io {
    struct rca_io first, before, now;
    rca_time when; /* of now; RCA_TIME_NONE: not read yet */
    double ratio; /* of the limit that is used most */
    _Bool counted;
};

/* --- files ----------------------------------------------------------------- */

void rca_cgroup_reading_init(struct rca_cgroup_reading *r, unsigned turn)
{
    *r = (struct rca_cgroup_reading){
        .cpu_before = NAN,
        .before = RCA_TIME_NONE,
        .cpu_limit_ratio = NAN,
        .leader = -1,
        .rest = turn % RCA_CGROUP_SELDOM_TICKS,
    };
    memset(r->fd, -1, sizeof(r->fd));
    for (unsigned i = 0; i < RCA_CGROUP_VALUES; i++)
        r->values[i] = NAN;
}

void rca_cgroup_reading_done(struct rca_cgroup_reading *r)
{
    for (unsigned i = 0; i < RCA_CGROUP_FILES; i++)
        rca_file_close(&r->fd[i]);
    free(r->io);
    r->io = NULL;
}

void rca_cgroup_reading_open(struct rca_cgroup_reading *r,
                             const struct rca_cgroup_folder *where,
                             enum rca_cgroup_tree tree, const char *folder)
{
    for (unsigned i = 0; i < RCA_CGROUP_FILES; i++) {
        const struct rca_cgroup_file *f = &rca_cgroup_files[i];
        int fd;

        if (f->tree != tree)
            continue;
        rca_file_close(&r->fd[i]);
        r->absent &= ~(1U << i);
        if (f->when == RCA_CGROUP_SELDOM || !(where->parts & 1U << f->part))
            continue;
        fd = rca_file_open(folder, f->name);
        r->fd[i] = fd < 0 ? -1 : fd;
    }
    r->before = RCA_TIME_NONE; /* all is to be read */
    r->cpu_before = NAN;
    r->idle = r->still = 0;
}

/* Open, read and close file @name; false if it is not there. */
static _Bool read_once(const struct rca_cgroup_folder *where, unsigned tree,
                       const char *name, struct rca_text *text)
{
    char folder[PATH_MAX];
    const int n = snprintf(folder, sizeof(folder), "%s/%s", where->root[tree],
                           where->path);
    _Bool got;
    int fd;

    if (!(where->trees & 1U << tree) || n < 0 || n >= PATH_MAX)
        return 0;
    fd = rca_file_open(folder, name);
    if (fd < 0)
        return 0;
    got = !rca_file_read_single(fd, text);
    rca_file_close(&fd);
    return got;
}

/* False if there is nothing to be read. */
static _Bool read_kept(struct rca_cgroup_reading *r, unsigned i,
                       struct rca_text *text)
{
    int got;

    if (r->fd[i] < 0)
        return 0;
    got = rca_file_read_single(r->fd[i], text);
    if (got == 0)
        rca_cgroup_parse(i, text->data, text->len, r->values);
    else if (got == -ENODEV) /* the group is gone */
        rca_file_close(&r->fd[i]);
    return got == 0;
}

static void read_seldom(struct rca_cgroup_reading *r,
                        const struct rca_cgroup_folder *where, unsigned i,
                        struct rca_text *text)
{
    const struct rca_cgroup_file *f = &rca_cgroup_files[i];

    if (r->absent & 1U << i || !(where->parts & 1U << f->part) ||
        !(where->trees & 1U << f->tree))
        return;
    if (read_once(where, f->tree, f->name, text))
        rca_cgroup_parse(i, text->data, text->len, r->values);
    else
        r->absent |= 1U << i;
}

/* --- disks ----------------------------------------------------------------- */

/* A controller is in one hierarchy only. */
static void read_io_limits(const struct rca_cgroup_folder *where,
                           struct rca_io *io, struct rca_text *text)
{
    static const char *const v1[] = {
        [RCA_IO_READ_BYTES] = "blkio.throttle.read_bps_device",
        [RCA_IO_WRITTEN_BYTES] = "blkio.throttle.write_bps_device",
        [RCA_IO_READS] = "blkio.throttle.read_iops_device",
        [RCA_IO_WRITES] = "blkio.throttle.write_iops_device",
    };

    if (!(where->trees & 1U << RCA_CGROUP_BLKIO)) {
        if (read_once(where, RCA_CGROUP_V2, "io.max", text))
            rca_io_max(text->data, text->len, io);
        return;
    }
    for (unsigned i = 0; i < RCA_IO_COUNTS; i++) {
        if (!read_once(where, RCA_CGROUP_BLKIO, v1[i], text))
            return;
        rca_io_v1_limit(text->data, text->len, (enum rca_io_count)i, io);
    }
}

static void read_io_done(const struct rca_cgroup_folder *where,
                         struct rca_io *io, struct rca_text *text)
{
    if (!(where->trees & 1U << RCA_CGROUP_BLKIO)) {
        if (read_once(where, RCA_CGROUP_V2, "io.stat", text))
            rca_io_stat(text->data, text->len, io);
        return;
    }
    if (read_once(where, RCA_CGROUP_BLKIO,
                  "blkio.throttle.io_service_bytes_recursive", text))
        rca_io_v1_done(text->data, text->len, 1, io);
    if (read_once(where, RCA_CGROUP_BLKIO,
                  "blkio.throttle.io_serviced_recursive", text))
        rca_io_v1_done(text->data, text->len, 0, io);
}

/* A look at limits finds out whether there is anything to be kept. */
static void look_at_limits(struct rca_cgroup_reading *r,
                           const struct rca_cgroup_folder *where,
                           _Bool count_io, struct rca_text *text)
{
    struct rca_io io = {.n = 0};

    read_io_limits(where, &io, text);
    if (!r->io && (count_io || rca_io_limited(&io))) {
        r->io = calloc(1, sizeof(*r->io)); /* else at the next look */
        if (r->io)
            r->io->when = RCA_TIME_NONE;
    }
    if (!r->io)
        return;
    for (size_t i = 0; i < r->io->now.n; i++)
        memset(r->io->now.disks[i].limit, 0, sizeof(io.disks[i].limit));
    for (size_t i = 0; i < io.n; i++) {
        struct rca_io *now = &r->io->now;
        size_t at = 0;

        while (at < now->n && now->disks[at].disk != io.disks[i].disk)
            at++;
        if (at == RCA_IO_DISKS)
            continue;
        if (at == now->n)
            now->disks[now->n++] = (struct rca_io_disk){0};
        now->disks[at].disk = io.disks[i].disk;
        memcpy(now->disks[at].limit, io.disks[i].limit,
               sizeof(io.disks[i].limit));
    }
}

static void update_io(struct rca_cgroup_reading *r,
                      const struct rca_cgroup_folder *where, rca_time now,
                      _Bool count_io, struct rca_text *text)
{
    struct rca_cgroup_io *io = r->io;
    const _Bool first = io->when == RCA_TIME_NONE;

    io->before = io->now;
    read_io_done(where, &io->now, text);
    if (first || (count_io && !io->counted))
        io->first = io->now;
    io->ratio = first ? NAN
                      : rca_io_limit_ratio(&io->before, &io->now,
                                           (double)(now - io->when) * 1e-9);
    io->when = now;
    io->counted = count_io;
}

/* --- a tick ---------------------------------------------------------------- */

static void read_when(struct rca_cgroup_reading *r, enum rca_cgroup_when when,
                      struct rca_text *text)
{
    for (unsigned i = 0; i < RCA_CGROUP_FILES; i++) {
        if (rca_cgroup_files[i].when == when)
            (void)read_kept(r, i, text);
    }
}

/* The largest number is what is reported, so the others cannot tell. */
static void read_all_usage(struct rca_cgroup_reading *r, struct rca_text *text)
{
    double *cpu = &r->values[RCA_CGROUP_CPU_SECONDS];
    double most = 0;

    r->leader = -1;
    for (unsigned i = 0; i < RCA_CGROUP_FILES; i++) {
        const double before = *cpu;

        if (rca_cgroup_files[i].when != RCA_CGROUP_USAGE)
            continue;
        *cpu = NAN;
        if (read_kept(r, i, text) && *cpu > 0 && *cpu >= most) {
            most = *cpu;
            r->leader = (int)i;
        }
        *cpu = fmax(*cpu, before);
    }
}

/* Whether the group has used a processor, or may have. */
static _Bool read_usage(struct rca_cgroup_reading *r, _Bool due,
                        struct rca_text *text)
{
    const double *cpu = &r->values[RCA_CGROUP_CPU_SECONDS];

    if (due || r->leader < 0 || !read_kept(r, (unsigned)r->leader, text)) {
        read_all_usage(r, text);
        return !(*cpu <= r->cpu_before);
    }
    if (*cpu <= r->cpu_before)
        return 0;
    for (unsigned i = 0; i < RCA_CGROUP_FILES; i++) {
        if (rca_cgroup_files[i].when == RCA_CGROUP_USAGE && (int)i != r->leader)
            (void)read_kept(r, i, text);
    }
    return 1;
}

/* Seconds that somebody waited for a disk since the last update; 0 if this is
 * not known. */
static double read_waits(struct rca_cgroup_reading *r,
                         const struct rca_cgroup_reading *up, _Bool due,
                         struct rca_text *text)
{
    const double *waited = &r->values[RCA_CGROUP_IO_PRESSURE];
    const double before = *waited;

    if (!due && up && up->still) {
        r->still = 1;
        return 0;
    }
    r->still = 0;
    for (unsigned i = 0; i < RCA_CGROUP_FILES; i++) {
        if (rca_cgroup_files[i].when == RCA_CGROUP_WAITS)
            r->still = read_kept(r, i, text) && *waited <= before;
    }
    return *waited > before ? *waited - before : 0;
}

static void read_limits(struct rca_cgroup_reading *r,
                        const struct rca_cgroup_folder *where, _Bool count_io,
                        struct rca_text *text)
{
    r->values[RCA_CGROUP_CPU_LIMIT] = NAN;
    r->values[RCA_CGROUP_MEMORY_LIMIT] = NAN;
    r->values[RCA_CGROUP_PIDS_LIMIT] = NAN;
    r->values[RCA_CGROUP_CPU_QUOTA_US] = NAN;
    for (unsigned i = 0; i < RCA_CGROUP_FILES; i++) {
        if (rca_cgroup_files[i].when == RCA_CGROUP_SELDOM)
            read_seldom(r, where, i, text);
    }
    rca_cgroup_finish(r->values);
    if (where->parts & 1U << RCA_CGROUP_PART_IO)
        look_at_limits(r, where, count_io, text);
}

/* Gauges go down, too: what a new reading does not say is not known. */
static void forget_gauges(struct rca_cgroup_reading *r)
{
    static const enum rca_cgroup_series gauges[] = {
        RCA_CGROUP_MEMORY_BYTES, RCA_CGROUP_ANON_BYTES, RCA_CGROUP_FILE_BYTES,
        RCA_CGROUP_INACTIVE_FILE, RCA_CGROUP_TASKS};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(gauges); i++)
        r->values[gauges[i]] = NAN;
}

/* Limits matter once something is done; whether an idle group has been given
 * any is asked less often. */
static _Bool wants_limits(struct rca_cgroup_reading *r, _Bool due, _Bool used)
{
    if (used)
        return due || r->passed;
    if (due)
        r->passed++;
    return r->passed == RCA_CGROUP_IDLE_LOOKS;
}

_Bool rca_cgroup_reading_holds(const struct rca_cgroup_reading *r)
{
    return r->idle && r->rest;
}

static void update_values(struct rca_cgroup_reading *r,
                          const struct rca_cgroup_reading *up,
                          const struct rca_cgroup_folder *where, rca_time now,
                          _Bool count_io, struct rca_text *text)
{
    const _Bool first = r->before == RCA_TIME_NONE, due = first || !r->rest;
    const _Bool used = read_usage(r, due, text);
    /* held up at a disk: by a limit? */
    const double waited = read_waits(r, up, due, text);
    const _Bool held =
        !first && waited > 0.1 * (double)(now - r->before) * 1e-9;

    if (wants_limits(r, due, used) || first || (held && !r->io)) {
        read_limits(r, where, count_io, text);
        r->passed = 0;
    }
    r->rest = r->rest ? r->rest - 1 : RCA_CGROUP_SELDOM_TICKS - 1;
    r->idle = !used && !held;
    if (due || used || held) {
        forget_gauges(r);
        read_when(r, RCA_CGROUP_BUSY, text);
    }
}

void rca_cgroup_reading_update(struct rca_cgroup_reading *r,
                               const struct rca_cgroup_reading *up,
                               const struct rca_cgroup_folder *where,
                               rca_time now, _Bool count_io,
                               struct rca_text *text)
{
    const _Bool first = r->before == RCA_TIME_NONE;
    const _Bool due = first || !r->rest;
    double cpu;

    if (first) /* a folder made anew begins at 0 */
        for (unsigned i = 0; i < RCA_CGROUP_VALUES; i++)
            r->values[i] = NAN;
    update_values(r, up, where, now, count_io, text);
    cpu = r->values[RCA_CGROUP_CPU_SECONDS];
    if (r->io)
        r->io->counted = r->io->counted && count_io;
    if (r->io &&
        ((count_io && (due || !r->idle)) || rca_io_limited(&r->io->now)))
        update_io(r, where, now, count_io, text);
    r->cpu_limit_ratio = first ? NAN
                               : (cpu - r->cpu_before) /
                                     ((double)(now - r->before) * 1e-9) /
                                     r->values[RCA_CGROUP_CPU_LIMIT];
    r->cpu_before = cpu;
    r->before = now;
}

/* --- reporting ------------------------------------------------------------- */

static void report_ratios(const struct rca_cgroup_reading *r,
                          struct rca_observer *obs, rca_id group)
{
    const double *v = r->values;
    const double file = v[RCA_CGROUP_INACTIVE_FILE];
    const double used = v[RCA_CGROUP_MEMORY_BYTES] - (isnan(file) ? 0 : file);

    rca_observe_value(obs, group, "cpu_limit_ratio", r->cpu_limit_ratio);
    rca_observe_value(obs, group, "memory_limit_ratio",
                      (used < 0 ? 0 : used) / v[RCA_CGROUP_MEMORY_LIMIT]);
    rca_observe_value(obs, group, "pids_limit_ratio",
                      v[RCA_CGROUP_TASKS] / v[RCA_CGROUP_PIDS_LIMIT]);
}

static void report_io_limits(const struct rca_cgroup_io *io,
                             struct rca_observer *obs, rca_id group)
{
    static const char *const limits[] = {
        [RCA_IO_READ_BYTES] = "read_limit_bytes_per_second",
        [RCA_IO_WRITTEN_BYTES] = "write_limit_bytes_per_second",
        [RCA_IO_READS] = "read_limit_per_second",
        [RCA_IO_WRITES] = "write_limit_per_second",
    };

    rca_observe_value(obs, group, "io_limit_ratio", io->ratio);
    for (unsigned i = 0; i < RCA_IO_COUNTS; i++)
        rca_observe_value(obs, group, limits[i],
                          rca_io_lowest(&io->now, (enum rca_io_count)i));
}

static uint64_t total(const struct rca_io *io, enum rca_io_count what)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < io->n; i++)
        sum += io->disks[i].done[what];
    return sum;
}

static void report_io(const struct rca_cgroup_io *io, const char *sys,
                      struct rca_observer *obs, rca_id group)
{
    static const char *const counts[] = {
        [RCA_IO_READ_BYTES] = "read_bytes_total",
        [RCA_IO_WRITTEN_BYTES] = "written_bytes_total",
        [RCA_IO_READS] = "reads_total",
        [RCA_IO_WRITES] = "writes_total",
    };
    char name[RCA_DISK_NAME];

    for (unsigned i = 0; i < RCA_IO_COUNTS; i++) {
        const enum rca_io_count what = (enum rca_io_count)i;

        rca_observe_value(
            obs, group, counts[i],
            (double)(total(&io->now, what) - total(&io->first, what)));
    }
    for (size_t i = 0; i < io->now.n; i++) {
        const struct rca_io_disk *d = &io->now.disks[i];

        if ((d->done[RCA_IO_READS] || d->done[RCA_IO_WRITES]) &&
            !rca_disk_whole(sys, d->disk >> 20, d->disk & 0xfffff, name))
            rca_observe_edge(obs, group,
                             rca_observe_entity(obs, RCA_KIND_DISK, name),
                             RCA_EDGE_USES);
    }
}

void rca_cgroup_reading_report(const struct rca_cgroup_reading *r,
                               const struct rca_cgroup_folder *where,
                               struct rca_observer *obs, rca_id group)
{
    for (unsigned i = 0; i < RCA_CGROUP_SERIES; i++)
        rca_observe_value(obs, group, names[i], r->values[i]);
    report_ratios(r, obs, group);
    if (r->io && r->io->when != RCA_TIME_NONE)
        report_io_limits(r->io, obs, group);
    if (r->io && r->io->counted)
        report_io(r->io, where->sys, obs, group);
}
