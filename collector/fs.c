/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * fs - how full file systems are, whether they can be written, and on which
 * disk they lie.
 *
 * Those on disks only: asking one of another machine, or of a process, can take
 * for ever, and images that cannot be written are always full. Once in LOOK_NS
 * each is asked; one that took longer than SLOW_NS to answer is left alone for
 * SHUN_NS. In between the last answer holds.
 */

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "collector/disk_name.h"
#include "collector/file.h"
#include "collector/procfs.h"
#include "collector/source.h"

#define FEATURE "file systems"
#define HOOK "statvfs"
#define LOST "how full file systems are"
#define LOOK_NS (10 * RCA_SECOND)
#define SLOW_NS RCA_SECOND
#define SHUN_NS (600 * RCA_SECOND)
#define MAX_MOUNTS 256

/** struct mount - a file system by where it is mounted first
 * @shun: do not ask until then */
struct mount {
    unsigned major, minor;
    char point[RCA_MOUNT_PATH];
    char disk[RCA_DISK_NAME]; /* "" if not known */
    _Bool read_only, whole;
    _Bool asked; /* the three below hold */
    struct statvfs st;
    double errors; /* NAN: not known */
    rca_time shun;
};

struct fs {
    const struct rca_source_env *env; /* borrowed */
    int fd; /* of mountinfo */
    struct rca_text text;
    struct mount *mounts; /* owned */
    size_t n;
    rca_time looked;
};

static void close_fs(void **state)
{
    struct fs *fs = *state;

    *state = NULL;
    if (!fs)
        return;
    rca_file_close(&fs->fd);
    rca_text_done(&fs->text);
    free(fs->mounts);
    free(fs);
}

static int open_mounts(const struct rca_source_env *env)
{
    return rca_source_may(env, HOOK)
               ? rca_file_open(env->proc, "self/mountinfo")
               : -EPERM;
}

static int open_fs(const struct rca_source_env *env, struct rca_observer *obs,
                   void **ret_state)
{
    void *state RCA_CLEANUP(close_fs) = calloc(1, sizeof(struct fs));
    struct fs *fs = state;
    char how[96];

    if (!fs)
        return -ENOMEM;
    fs->env = env;
    fs->fd = open_mounts(env);
    if (fs->fd < 0) {
        (void)snprintf(how, sizeof(how), "/proc/self/mountinfo: %s",
                       rca_strerror(fs->fd));
        rca_observer_feature(
            obs, FEATURE, RCA_FEATURE_OFF,
            rca_source_may(env, HOOK) ? how : "turned off by 'without'", LOST);
        return RCA_ENOSUPPORT;
    }
    fs->mounts = calloc(MAX_MOUNTS, sizeof(*fs->mounts));
    if (!fs->mounts)
        return -ENOMEM;
    rca_observer_feature(obs, FEATURE, RCA_FEATURE_ON, HOOK, "");
    *ret_state = RCA_TAKE(state);
    return 0;
}

/* --- which ----------------------------------------------------------------- */

/* Of other machines or processes, and images that are full by nature. */
static _Bool is_left_out(const char *type)
{
    static const char *const types[] = {
        "nfs",       "nfs4",     "cifs",    "smb3",   "9p",
        "ceph",      "afs",      "lustre",  "gfs2",   "ocfs2",
        "glusterfs", "virtiofs", "overlay", "autofs", "squashfs",
        "iso9660",   "erofs",    "cramfs",  "udf",
    };

    if (!strncmp(type, "fuse", 4))
        return 1;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(types); i++) {
        if (!strcmp(type, types[i]))
            return 1;
    }
    return 0;
}

/* A block device has a number; btrfs and zfs make up their own. */
static _Bool is_on_disk(const struct rca_mount *m)
{
    return m->major || !strcmp(m->type, "btrfs") || !strcmp(m->type, "zfs");
}

static struct mount *find_mount(const struct fs *fs, size_t n,
                                const struct rca_mount *m)
{
    for (size_t i = 0; i < n; i++) {
        if (fs->mounts[i].major == m->major && fs->mounts[i].minor == m->minor)
            return &fs->mounts[i];
    }
    return NULL;
}

static void find_disk(const struct fs *fs, const struct rca_mount *m,
                      char disk[RCA_DISK_NAME])
{
    disk[0] = '\0';
    if (m->major && !rca_disk_whole(fs->env->sys, m->major, m->minor, disk))
        return;
    if (m->source[0] == '/' &&
        rca_disk_of_node(fs->env->sys, m->source, disk) < 0)
        disk[0] = '\0';
}

/* The same file system may be mounted many times: the whole of it, and where
 * the path is shortest. */
static _Bool is_better(const struct rca_mount *m, const struct mount *than)
{
    if (m->whole != than->whole)
        return m->whole;
    return strlen(m->point) < strlen(than->point);
}

static void note(struct fs *fs, const struct rca_mount *m, struct mount *old,
                 size_t n_old)
{
    struct mount *mine = find_mount(fs, fs->n, m);

    if (!mine) {
        if (fs->n == MAX_MOUNTS)
            return;
        mine = &fs->mounts[fs->n++];
        *mine = (struct mount){.major = m->major, .minor = m->minor};
        for (size_t i = 0; i < n_old; i++) {
            if (old[i].major == m->major && old[i].minor == m->minor)
                *mine = old[i];
        }
    } else if (!is_better(m, mine)) {
        return;
    }
    (void)snprintf(mine->point, sizeof(mine->point), "%s", m->point);
    mine->whole = m->whole;
    mine->read_only = m->read_only;
    find_disk(fs, m, mine->disk);
}

static int read_mounts(struct fs *fs)
{
    struct mount *old RCA_CLEANUP(rca_freep) = fs->mounts;
    const size_t n_old = fs->n;
    struct rca_mount m;
    size_t pos = 0;
    int r = rca_file_read(fs->fd, &fs->text);

    fs->mounts = r < 0 ? NULL : calloc(MAX_MOUNTS, sizeof(*fs->mounts));
    if (!fs->mounts) {
        fs->mounts = RCA_TAKE(old);
        return r < 0 ? r : -ENOMEM;
    }
    fs->n = 0;
    while ((pos = rca_procfs_mount(fs->text.data, fs->text.len, pos, &m))) {
        if (is_on_disk(&m) && !is_left_out(m.type))
            note(fs, &m, old, n_old);
        if (pos >= fs->text.len)
            break;
    }
    return 0;
}

/* --- asking ---------------------------------------------------------------- */

static rca_time monotonic(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * RCA_SECOND + ts.tv_nsec;
}

/* Faults that ext4 found in itself; other file systems have no count. */
static double count_errors(struct fs *fs, const struct mount *m)
{
    char device[RCA_DISK_NAME], name[64];
    uint64_t n;
    double errors = NAN;
    int fd;

    if (rca_disk_name(fs->env->sys, m->major, m->minor, device))
        return NAN;
    (void)snprintf(name, sizeof(name), "fs/ext4/%s/errors_count", device);
    fd = rca_file_open(fs->env->sys, name);
    if (fd >= 0 && !rca_file_read(fd, &fs->text) &&
        !rca_procfs_number(fs->text.data, fs->text.len, &n))
        errors = (double)n;
    rca_file_close(&fd);
    return errors;
}

static void ask(struct fs *fs, struct mount *m, rca_time now)
{
    const rca_time start = monotonic();

    if (now < m->shun)
        return;
    m->asked = statvfs(m->point, &m->st) == 0;
    m->errors = count_errors(fs, m);
    m->shun = monotonic() - start > SLOW_NS ? now + SHUN_NS : 0;
}

/* --- reporting ------------------------------------------------------------- */

/* As df(1): what root alone may use is neither free nor used. */
static void report_space(const struct statvfs *st, struct rca_observer *obs,
                         rca_id id)
{
    const double block = (double)st->f_frsize;
    const double used = (double)(st->f_blocks - st->f_bfree);
    const double free = (double)st->f_bavail;

    rca_observe_value(obs, id, "filesystem_size_bytes",
                      (double)st->f_blocks * block);
    rca_observe_value(obs, id, "filesystem_free_bytes", free * block);
    rca_observe_value(obs, id, "filesystem_used_ratio", used / (used + free));
    if (st->f_files) /* some make inodes as they need them */
        rca_observe_value(obs, id, "filesystem_inodes_used_ratio",
                          1 - (double)st->f_favail / (double)st->f_files);
}

static void report_mount(const struct mount *m, struct rca_observer *obs)
{
    const rca_id id = rca_observe_entity(obs, RCA_KIND_FILESYSTEM, m->point);

    rca_observe_edge(obs, rca_observe_host(obs), id, RCA_EDGE_USES);
    if (m->disk[0])
        rca_observe_edge(obs, id,
                         rca_observe_entity(obs, RCA_KIND_DISK, m->disk),
                         RCA_EDGE_USES);
    rca_observe_value(obs, id, "filesystem_read_only", m->read_only);
    if (m->asked && m->st.f_blocks)
        report_space(&m->st, obs, id);
    if (m->asked)
        rca_observe_value(obs, id, "filesystem_errors_total", m->errors);
}

static int tick_fs(void *state, struct rca_observer *obs)
{
    struct fs *fs = state;
    const rca_time now = rca_observer_now(obs);
    int r = 0;

    if (!fs->looked || now - fs->looked >= LOOK_NS || now < fs->looked) {
        r = read_mounts(fs);
        for (size_t i = 0; i < fs->n; i++)
            ask(fs, &fs->mounts[i], now);
        fs->looked = r < 0 ? 0 : now;
    }
    for (size_t i = 0; i < fs->n; i++)
        report_mount(&fs->mounts[i], obs);
    return r;
}

const struct rca_source rca_source_fs = {
    .name = "fs",
    .open = open_fs,
    .tick = tick_fs,
    .close = close_fs,
};
