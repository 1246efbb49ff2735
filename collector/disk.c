/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * disk - load of disks from /proc/diskstats, latency of each request and who
 * makes them from bpf/disk.bpf.c, and which disk lies on which others.
 *
 * Partitions are counted with their disks. A loop device that cannot be written
 * (an image of some package) is left out, as is what was never used.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/disk_name.h"
#include "collector/disk_probe.h"
#include "collector/disk_use.h"
#include "collector/file.h"
#include "collector/map.h"
#include "collector/procfs.h"

#define SECTOR_BYTES 512 /* of /proc/diskstats, whatever the disk's own */
#define LOOK_AGAIN (30 * RCA_SECOND) /* at what sysfs says of a disk */
#define MAX_BELOW 16
#define NS 1e-9

#define COUNTERS "disks"
#define REQUESTS "disk requests"
#define HOOKS 2

/** struct disk - a block device by its number
 * @kept:  reported; false for partitions and what is left out
 * @below: disks that it lies on, entities
 * @entity: of this tick; @all: of all operations, in this tick */
struct disk {
    char name[RCA_DISK_NAME];
    _Bool kept;
    rca_time looked;
    rca_id below[MAX_BELOW];
    size_t n_below;
    rca_id entity;
    struct rca_disk_io all;
};

struct disks {
    const struct rca_source_env *env; /* borrowed */
    _Bool may[HOOKS];
    int fd; /* of /proc/diskstats */
    struct rca_text text;
    struct disk *disks; /* owned */
    size_t n, cap;
    struct rca_map by_number;
    struct rca_disk_probe *probe; /* owned; NULL: it cannot be loaded */
    _Bool on; /* and attached */
    size_t hook; /* of hooks[] */
    char why[96]; /* it cannot */
    struct rca_disk_book *book; /* owned */
    /* for the callbacks of a tick */
    struct rca_observer *obs;
    uint32_t epoch;
    struct disk *look; /* at whose place in sysfs */
};

static void close_disk(void **state)
{
    struct disks *s = *state;

    *state = NULL;
    if (!s)
        return;
    rca_file_close(&s->fd);
    rca_text_done(&s->text);
    rca_map_done(&s->by_number);
    rca_disk_probe_close(&s->probe);
    rca_disk_book_free(&s->book);
    free(s->disks);
    free(s);
}

/* --- the probe ------------------------------------------------------------- */

/* By preference. */
static const struct {
    const char *name;
    enum rca_disk_hook hook;
    enum rca_feature_state state;
} hooks[HOOKS] = {
    {RCA_DISK_HOOK, RCA_DISK_HOOK_TP_BTF, RCA_FEATURE_ON},
    {RCA_DISK_HOOK_RAW, RCA_DISK_HOOK_RAW_TP, RCA_FEATURE_TWIN},
};

/* Load the best there is: in every profile, since later is too late, the
 * privileges are given up by then (collector/confine.h). */
static int load(struct disks *s)
{
    (void)snprintf(s->why, sizeof(s->why), "turned off by 'without'");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(hooks); i++) {
        int r;

        if (!s->may[i])
            continue;
        r = rca_disk_probe_open(hooks[i].hook, &s->probe);
        s->hook = i;
        if (r == 0 || r == -ENOMEM)
            return r;
        (void)snprintf(s->why, sizeof(s->why), "cannot load the BPF hook: %s",
                       strerror(-r));
    }
    return 0;
}

static int set_profile_disk(void *state, struct rca_observer *obs,
                            enum rca_profile profile)
{
    struct disks *s = state;
    const _Bool light = profile == RCA_PROFILE_LIGHT;
    int r = 0;

    if (s->probe)
        r = rca_disk_probe_attach(s->probe, !light);
    if (r < 0)
        return r;
    s->on = s->probe && !light;
    rca_observer_disk_users_set(obs, s->on);
    if (s->on)
        rca_observer_feature(obs, REQUESTS, hooks[s->hook].state,
                             hooks[s->hook].name, "");
    else
        rca_observer_feature(obs, REQUESTS, RCA_FEATURE_OFF,
                             light ? "not in profile 'light'" : s->why,
                             "latency of disks by request, and who uses them");
    return 0;
}

static size_t programs_of_disk(void *state, int *fds, size_t max)
{
    const struct disks *s = state;

    return s->on ? rca_disk_probe_programs(s->probe, fds, max) : 0;
}

/* --- opening --------------------------------------------------------------- */

static void open_counters(struct disks *s, struct rca_observer *obs)
{
    char how[96];
    int r;

    if (!rca_source_may(s->env, "/proc/diskstats")) {
        (void)snprintf(how, sizeof(how), "turned off by 'without'");
    } else {
        r = rca_file_open(s->env->proc, "diskstats");
        if (r >= 0) {
            s->fd = r;
            rca_observer_feature(obs, COUNTERS, RCA_FEATURE_ON,
                                 "/proc/diskstats", "");
            return;
        }
        (void)snprintf(how, sizeof(how), "/proc/diskstats: %s",
                       rca_strerror(r));
    }
    rca_observer_feature(obs, COUNTERS, RCA_FEATURE_OFF, how,
                         "load and latency of disks");
}

static int open_disk(const struct rca_source_env *env, struct rca_observer *obs,
                     void **ret_state)
{
    void *state RCA_CLEANUP(close_disk) = calloc(1, sizeof(struct disks));
    struct disks *s = state;
    int r;

    if (!s)
        return -ENOMEM;
    s->env = env;
    s->fd = -1;
    for (size_t i = 0; i < HOOKS; i++)
        s->may[i] = rca_source_may(env, hooks[i].name);
    open_counters(s, obs);
    if (s->fd < 0)
        return RCA_ENOSUPPORT; /* names come from there */
    r = rca_disk_book_new(&s->book);
    if (r == 0)
        r = load(s);
    if (r == 0)
        r = set_profile_disk(s, obs, env->profile);
    if (r < 0)
        return r;
    *ret_state = RCA_TAKE(state);
    return 0;
}

/* --- which disks ----------------------------------------------------------- */

static _Bool starts(const char *name, const char *with)
{
    return !strncmp(name, with, strlen(with));
}

static _Bool is_read_only(const struct disks *s, const char *name)
{
    char path[64];
    struct rca_text text RCA_CLEANUP(rca_text_done) = {0};
    _Bool yes = 0;
    int fd;

    (void)snprintf(path, sizeof(path), "block/%s/ro", name);
    fd = rca_file_open(s->env->sys, path);
    if (fd >= 0 && !rca_file_read(fd, &text))
        yes = text.len && text.data[0] == '1';
    rca_file_close(&fd);
    return yes;
}

static _Bool is_kept(const struct disks *s, const char *name)
{
    if (starts(name, "ram") || (starts(name, "loop") && is_read_only(s, name)))
        return 0;
    return rca_disk_is_whole(s->env->sys, name);
}

static struct disk *find_disk(const struct disks *s, uint32_t number)
{
    uint32_t at;

    return rca_map_get(&s->by_number, &number, sizeof(number), &at)
               ? &s->disks[at]
               : NULL;
}

static struct disk *get_disk(struct disks *s, const struct rca_disk_line *line)
{
    const uint32_t number = RCA_DISK_DEV(line->major, line->minor);
    struct disk *d = find_disk(s, number), *more;

    if (!d) {
        more = rca_grow(s->disks, s->n, &s->cap, sizeof(*more));
        if (!more)
            return NULL;
        s->disks = more;
        if (rca_map_set(&s->by_number, &number, sizeof(number), (uint32_t)s->n))
            return NULL;
        d = &s->disks[s->n++];
        *d = (struct disk){.entity = RCA_ID_NONE};
    }
    if (strcmp(d->name, line->name) != 0) {
        (void)snprintf(d->name, sizeof(d->name), "%s", line->name);
        d->looked = 0;
        d->kept = 0;
    }
    return d;
}

static void found_below(void *arg, const char *on)
{
    struct disks *s = arg;
    struct disk *d = s->look;

    if (d->n_below < MAX_BELOW)
        d->below[d->n_below++] = rca_observe_entity(s->obs, RCA_KIND_DISK, on);
}

/* What sysfs says changes with a device mapper table or a loop device. */
static void look(struct disks *s, struct disk *d)
{
    const rca_time now = rca_observer_now(s->obs);

    if (d->looked && now - d->looked < LOOK_AGAIN && now >= d->looked)
        return;
    d->looked = now;
    d->n_below = 0;
    d->kept = is_kept(s, d->name);
    s->look = d;
    if (d->kept)
        rca_disk_below(s->env->sys, d->name, found_below, s);
}

/* --- /proc/diskstats ------------------------------------------------------- */

static void report_line(struct rca_observer *obs, rca_id disk,
                        const struct rca_disk_line *d)
{
    rca_observe_value(obs, disk, "reads_total", (double)d->reads);
    rca_observe_value(obs, disk, "writes_total", (double)d->writes);
    rca_observe_value(obs, disk, "ios_total", (double)(d->reads + d->writes));
    rca_observe_value(obs, disk, "read_bytes_total",
                      (double)d->read_sectors * SECTOR_BYTES);
    rca_observe_value(obs, disk, "written_bytes_total",
                      (double)d->written_sectors * SECTOR_BYTES);
    rca_observe_value(obs, disk, "io_seconds_total", (double)d->busy_ms * 1e-3);
    rca_observe_value(obs, disk, "io_wait_seconds_total",
                      (double)(d->read_ms + d->write_ms) * 1e-3);
    rca_observe_value(obs, disk, "ios_in_flight", (double)d->in_flight);
}

static void report_disk(struct disks *s, struct disk *d,
                        const struct rca_disk_line *line)
{
    d->entity = rca_observe_entity(s->obs, RCA_KIND_DISK, d->name);
    rca_observe_edge(s->obs, rca_observe_host(s->obs), d->entity,
                     RCA_EDGE_USES);
    for (size_t i = 0; i < d->n_below; i++)
        rca_observe_edge(s->obs, d->entity, d->below[i], RCA_EDGE_USES);
    report_line(s->obs, d->entity, line);
}

static int tick_counters(struct disks *s)
{
    struct rca_disk_line line;
    size_t pos = 0;
    int r = rca_file_read(s->fd, &s->text);

    if (r < 0)
        return r;
    for (size_t i = 0; i < s->n; i++)
        s->disks[i].entity = RCA_ID_NONE;
    while ((pos = rca_procfs_disk(s->text.data, s->text.len, pos, &line))) {
        struct disk *d = line.reads || line.writes ? get_disk(s, &line) : NULL;

        if (d)
            look(s, d);
        if (d && d->kept)
            report_disk(s, d, &line);
        if (pos >= s->text.len)
            break;
    }
    return 0;
}

/* --- requests -------------------------------------------------------------- */

static const char *const latency[] = {
    [RCA_DISK_READ] = "disk_read_latency_seconds",
    [RCA_DISK_WRITE] = "disk_write_latency_seconds",
    [RCA_DISK_FLUSH] = "disk_flush_latency_seconds",
    [RCA_DISK_OTHER] = NULL, /* nobody waits for a discard */
};
static_assert(RCA_ARRAY_SIZE(latency) == RCA_DISK_OPS, "one for each");

static void report_times(const struct disks *s, rca_id disk, const char *prefix,
                         const struct rca_disk_io *io, enum rca_disk_time what)
{
    const unsigned slot = s->epoch & 1;
    uint64_t bucket[RCA_LATENCY_BUCKETS];
    char name[64];

    (void)snprintf(name, sizeof(name), "%s_sum_total", prefix);
    rca_observe_value(s->obs, disk, name, (double)io->sum_ns[what] * NS);
    (void)snprintf(name, sizeof(name), "%s_max", prefix);
    if (io->max_epoch[slot] == s->epoch)
        rca_observe_value(s->obs, disk, name,
                          (double)io->max_ns[slot][what] * NS);
    memcpy(bucket, io->bucket[what], sizeof(bucket));
    rca_observe_histogram(s->obs, disk, prefix, bucket);
}

/* Time in the queue and errors are those of all operations together. */
static void add_io(struct rca_disk_io *all, const struct rca_disk_io *io,
                   uint32_t epoch)
{
    const unsigned slot = epoch & 1;
    __u64 *max = &all->max_ns[slot][RCA_DISK_QUEUE];

    all->requests += io->requests;
    all->errors += io->errors;
    all->sum_ns[RCA_DISK_QUEUE] += io->sum_ns[RCA_DISK_QUEUE];
    for (unsigned i = 0; i < RCA_LATENCY_BUCKETS; i++)
        all->bucket[RCA_DISK_QUEUE][i] += io->bucket[RCA_DISK_QUEUE][i];
    if (io->max_epoch[slot] != epoch)
        return;
    all->max_epoch[slot] = epoch;
    if (io->max_ns[slot][RCA_DISK_QUEUE] > *max)
        *max = io->max_ns[slot][RCA_DISK_QUEUE];
}

static int on_io(void *arg, const struct rca_disk_key *key,
                 const struct rca_disk_io *io)
{
    struct disks *s = arg;
    struct disk *d = find_disk(s, key->disk);

    if (!d || d->entity == RCA_ID_NONE || key->op >= RCA_DISK_OPS)
        return 0;
    add_io(&d->all, io, s->epoch);
    if (latency[key->op])
        report_times(s, d->entity, latency[key->op], io, RCA_DISK_LATENCY);
    if (key->op == RCA_DISK_FLUSH) /* /proc has those that were put together */
        rca_observe_value(s->obs, d->entity, "flushes_total",
                          (double)io->requests);
    return 0;
}

static int tick_requests(struct disks *s)
{
    int r;

    s->epoch = rca_disk_probe_epoch(s->probe);
    for (size_t i = 0; i < s->n; i++)
        memset(&s->disks[i].all, 0, sizeof(s->disks[i].all));
    r = rca_disk_probe_read(s->probe, on_io, s);
    for (size_t i = 0; i < s->n; i++) {
        const struct disk *d = &s->disks[i];

        if (d->entity == RCA_ID_NONE || !d->all.requests)
            continue;
        report_times(s, d->entity, "disk_queue_time_seconds", &d->all,
                     RCA_DISK_QUEUE);
        rca_observe_value(s->obs, d->entity, "io_errors_total",
                          (double)d->all.errors);
    }
    return r;
}

/* --- who uses them --------------------------------------------------------- */

static int on_use(void *arg, const struct rca_disk_user *user,
                  const struct rca_disk_use *use)
{
    struct disks *s = arg;
    const char *path = rca_observer_cgroup_path(s->obs, user->cgroup);

    /* of a number that is not known yet all is still to be accounted */
    return path ? rca_disk_book_add(s->book, user, use, path) : 0;
}

static void on_total(void *arg, const struct rca_disk_total *total)
{
    struct disks *s = arg;
    const struct rca_disk_use *u = &total->use;
    const double scale = total->fresh ? 0 : 1;
    rca_id group;

    group = rca_observe_entity(s->obs, RCA_KIND_CGROUP, total->path);
    rca_observe_value(s->obs, group, "reads_total",
                      scale * (double)u->requests[0]);
    rca_observe_value(s->obs, group, "writes_total",
                      scale * (double)u->requests[1]);
    rca_observe_value(s->obs, group, "ios_total",
                      scale * (double)(u->requests[0] + u->requests[1]));
    rca_observe_value(s->obs, group, "read_bytes_total",
                      scale * (double)u->bytes[0]);
    rca_observe_value(s->obs, group, "written_bytes_total",
                      scale * (double)u->bytes[1]);
    rca_observe_value(s->obs, group, "io_wait_seconds_total",
                      scale * (double)u->sum_ns * NS);
}

static void on_edge(void *arg, const char *path, __u32 number)
{
    struct disks *s = arg;
    const struct disk *d = find_disk(s, number);

    if (!d || d->entity == RCA_ID_NONE)
        return;
    rca_observe_edge(s->obs, rca_observe_entity(s->obs, RCA_KIND_CGROUP, path),
                     d->entity, RCA_EDGE_USES);
}

static void on_forgotten(void *arg, const struct rca_disk_user *user)
{
    const struct disks *s = arg;

    rca_disk_probe_forget(s->probe, user);
}

static int tick_users(struct disks *s)
{
    int r;

    rca_disk_book_begin(s->book, rca_observer_now(s->obs));
    r = rca_disk_probe_users(s->probe, on_use, s);
    rca_disk_book_totals(s->book, on_total, s);
    rca_disk_book_edges(s->book, on_edge, s);
    rca_disk_book_end(s->book, on_forgotten, s);
    return r;
}

/* --- the source ------------------------------------------------------------ */

static void report_losses(const struct disks *s)
{
    const struct rca_disk_losses lost = rca_disk_probe_losses(s->probe);

    rca_observe_loss(s->obs, "disk_requests", lost.disks);
    rca_observe_loss(s->obs, "disk_users", lost.users);
    rca_observe_loss(s->obs, "disk_detail", lost.untimed);
}

static int tick_disk(void *state, struct rca_observer *obs)
{
    struct disks *s = state;
    int r;

    s->obs = obs;
    r = tick_counters(s);
    if (r < 0 || !s->on)
        return r;
    r = tick_requests(s);
    if (r == 0)
        r = tick_users(s);
    report_losses(s);
    return r;
}

const struct rca_source rca_source_disk = {
    .name = "disk",
    .open = open_disk,
    .tick = tick_disk,
    .close = close_disk,
    .set_profile = set_profile_disk,
    .programs = programs_of_disk,
};
