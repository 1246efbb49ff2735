/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * cgroup - use, limits and pressure of control groups, from their files.
 *
 * The same path in several hierarchies (v1 has one for each controller, next
 * to v2) is one group. Its values are the largest of what the hierarchies say:
 * where both count, they count the same, and where a group is empty in one, it
 * counts nothing there. Groups that hold no process, in themselves or below,
 * are known by number but not reported.
 *
 * The trees are walked when inotify says that a folder came or went, and every
 * RESCAN_NS in any case; in between only open files are read.
 */

#include "collector/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/cgroup_reading.h"
#include "collector/config.h"
#include "collector/file.h"
#include "collector/source.h"
#include "graph/base/log.h"

#define RESCAN_NS (30 * RCA_SECOND) /* in case an event of inotify was lost */
#define MAX_GROUPS 4096 /* walked; fewer are reported, see rca_config.limit */
#define SPARE_FDS 256 /* left for the rest of the program */
#define FILES_EACH                                                             \
    16 /* kept open at most of a group: all its controllers are
                       * in v2, or all in v1 beside the pressure of v2 */
#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)

/* struct group - one path; [0] is the root
 * @trees:  bit set of the hierarchies that have it, at the last walk
 * @inode:  of its folder in each
 * @members: of cgroup.procs in each v1 hierarchy, cgroup.events in v2
 * @empty: v2 has said in this tick that neither it nor one below holds a
 *         process
 * @parent: index, in the order of the walk always lower */
struct group {
    char *path; /* owned, without leading '/' */
    unsigned trees;
    uint64_t inode[RCA_CGROUP_TREES];
    struct rca_cgroup_reading reading;
    int members[RCA_CGROUP_TREES];
    size_t parent;
    _Bool populated, empty;
    rca_id entity; /* of this tick */
};

struct cgroups {
    char root[RCA_CGROUP_TREES][RCA_MOUNT_PATH]; /* mount points */
    struct group *groups; /* owned */
    size_t n, cap;
    struct rca_map by_path;
    struct rca_text text;
    int inotify; /* -1: walk every tick */
    rca_time walked;
    size_t max_groups;
    _Bool said_full;
    unsigned parts; /* bit set of what may be read */
    const char *sys; /* borrowed */
};

/* --- groups --------------------------------------------------------------- */

static void close_files(struct group *g)
{
    rca_cgroup_reading_done(&g->reading);
    for (unsigned i = 0; i < RCA_CGROUP_TREES; i++)
        rca_file_close(&g->members[i]);
}

static int add_group(struct cgroups *cg, const char *path, size_t parent)
{
    char *copy RCA_CLEANUP(rca_freep) = NULL;
    struct group *g;

    if (cg->n == cg->cap) {
        const size_t cap = cg->cap ? 2 * cg->cap : 32;
        struct group *more = realloc(cg->groups, cap * sizeof(*more));

        if (!more)
            return -ENOMEM;
        cg->groups = more;
        cg->cap = cap;
    }
    copy = strdup(path);
    if (!copy || rca_map_set(&cg->by_path, path, strlen(path), (uint32_t)cg->n))
        return -ENOMEM;
    g = &cg->groups[cg->n++];
    *g = (struct group){
        .path = RCA_TAKE(copy), .parent = parent, .entity = RCA_ID_NONE};
    rca_cgroup_reading_init(&g->reading, (unsigned)cg->n);
    memset(g->members, -1, sizeof(g->members));
    return 0;
}

static void free_groups(struct cgroups *cg)
{
    for (size_t i = 0; i < cg->n; i++) {
        close_files(&cg->groups[i]);
        free(cg->groups[i].path);
    }
    free(cg->groups);
    rca_map_done(&cg->by_path);
    cg->groups = NULL;
    cg->n = cg->cap = 0;
}

/* --- the walk ------------------------------------------------------------- */

/* The group's folder in @tree as a path; false if it does not fit. */
static _Bool folder_of(const struct cgroups *cg, const char *path,
                       unsigned tree, char ret[PATH_MAX])
{
    const int n = snprintf(ret, PATH_MAX, "%s%s%s", cg->root[tree],
                           path[0] ? "/" : "", path);

    return n > 0 && n < PATH_MAX;
}

static struct rca_cgroup_folder where(const struct cgroups *cg,
                                      const struct group *g)
{
    return (struct rca_cgroup_folder){.root = cg->root,
                                      .path = g->path,
                                      .trees = g->trees,
                                      .parts = cg->parts,
                                      .sys = cg->sys};
}

/* A folder that was made anew under its old name has new files. */
static void note_folder(const struct cgroups *cg, struct group *g,
                        enum rca_cgroup_tree tree, uint64_t inode,
                        const char *folder)
{
    const char *members =
        tree == RCA_CGROUP_V2 ? "cgroup.events" : "cgroup.procs";
    const struct rca_cgroup_folder in = where(cg, g);
    int fd;

    if (g->inode[tree] == inode)
        return;
    g->inode[tree] = inode;
    if (!g->path[0])
        return; /* the root group is the host: another source's */
    rca_cgroup_reading_open(&g->reading, &in, tree, folder);
    rca_file_close(&g->members[tree]);
    fd = rca_file_open(folder, members);
    g->members[tree] = fd < 0 ? -1 : fd;
}

/* Enter the sub-folder @name of group @parent. */
static int enter(struct cgroups *cg, size_t parent, const char *name,
                 unsigned tree)
{
    char path[PATH_MAX], folder[PATH_MAX];
    const char *up = cg->groups[parent].path;
    struct stat st;
    uint32_t at;
    int n, r;

    n = snprintf(path, sizeof(path), "%s%s%s", up, up[0] ? "/" : "", name);
    if (n < 0 || (size_t)n >= sizeof(path) ||
        !folder_of(cg, path, tree, folder) || stat(folder, &st) ||
        !S_ISDIR(st.st_mode))
        return 0;
    if (!rca_map_get(&cg->by_path, path, (size_t)n, &at)) {
        if (cg->n >= cg->max_groups) {
            if (!cg->said_full)
                rca_log(RCA_LOG_WARN,
                        "over %zu cgroups: leave out '%s' and "
                        "go on",
                        cg->max_groups, path);
            cg->said_full = 1;
            return 0;
        }
        at = (uint32_t)cg->n;
        r = add_group(cg, path, parent);
        if (r < 0)
            return r;
    }
    cg->groups[at].trees |= 1U << tree;
    note_folder(cg, &cg->groups[at], (enum rca_cgroup_tree)tree, st.st_ino,
                folder);
    return 0;
}

static int walk_folder(struct cgroups *cg, size_t group, unsigned tree)
{
    char folder[PATH_MAX];
    const struct dirent *d;
    DIR *dir;
    int r = 0;

    if (!folder_of(cg, cg->groups[group].path, tree, folder))
        return 0;
    /* before it is read: what comes later is an event */
    if (cg->inotify >= 0)
        (void)inotify_add_watch(cg->inotify, folder, CHANGES | IN_ONLYDIR);
    dir = opendir(folder);
    if (!dir)
        return 0; /* gone meanwhile */
    while (r == 0 && (d = readdir(dir))) {
        if (d->d_name[0] != '.' &&
            (d->d_type == DT_DIR || d->d_type == DT_UNKNOWN))
            r = enter(cg, group, d->d_name, tree);
    }
    (void)closedir(dir);
    return r;
}

static int enter_root(struct cgroups *cg)
{
    struct stat st;
    int r = cg->n ? 0 : add_group(cg, "", 0);

    for (unsigned t = 0; r == 0 && t < RCA_CGROUP_TREES; t++) {
        if (!cg->root[t][0] || stat(cg->root[t], &st))
            continue;
        cg->groups[0].trees |= 1U << t;
        cg->groups[0].inode[t] = st.st_ino;
    }
    return r;
}

/* Take out groups whose folders are gone; children follow their parents in
 * the array and go with them, so an index is only ever lowered. */
static int drop_gone(struct cgroups *cg)
{
    size_t kept = 0;
    uint32_t at;
    int r = 0;

    for (size_t i = 0; i < cg->n; i++) {
        struct group *g = &cg->groups[i];

        if (i && !g->trees) {
            close_files(g);
            rca_map_del(&cg->by_path, g->path, strlen(g->path));
            free(g->path);
            continue;
        }
        cg->groups[kept] = *g;
        /* the key is there: this replaces its number */
        if (r == 0)
            r = rca_map_set(&cg->by_path, g->path, strlen(g->path),
                            (uint32_t)kept);
        kept++;
    }
    cg->n = kept;
    for (size_t i = 1; r == 0 && i < cg->n; i++) {
        struct group *g = &cg->groups[i];
        const char *slash = strrchr(g->path, '/');
        const size_t up = slash ? (size_t)(slash - g->path) : 0;

        g->parent = rca_map_get(&cg->by_path, g->path, up, &at) ? at : 0;
    }
    return r;
}

static int walk(struct cgroups *cg)
{
    int r;

    for (size_t i = 0; i < cg->n; i++)
        cg->groups[i].trees = 0;
    r = enter_root(cg);
    /* the array is the queue: what a folder holds goes to its end */
    for (size_t i = 0; r == 0 && i < cg->n; i++) {
        for (unsigned t = 0; r == 0 && t < RCA_CGROUP_TREES; t++) {
            if (cg->groups[i].trees & 1U << t)
                r = walk_folder(cg, i, t);
        }
    }
    if (r == 0)
        r = drop_gone(cg);
    return r;
}

/* Whether folders came or went; empties the queue of events. */
static _Bool changed(struct cgroups *cg)
{
    char events[4096];
    _Bool any = 0;

    if (cg->inotify < 0)
        return 1;
    while (read(cg->inotify, events, sizeof(events)) > 0)
        any = 1;
    return any;
}

/* --- a tick --------------------------------------------------------------- */

/* Read an open file; false if it is not there (any more). */
static _Bool read_file(struct cgroups *cg, int *fd)
{
    int r;

    if (*fd < 0)
        return 0;
    r = rca_file_read_single(*fd, &cg->text);
    if (r == -ENODEV)
        rca_file_close(fd);
    return r == 0;
}

static _Bool has_members(struct cgroups *cg, struct group *g)
{
    struct rca_field populated = {.key = "populated"};

    g->empty = cg->groups[g->parent].empty;
    if (!g->empty && read_file(cg, &g->members[RCA_CGROUP_V2]) &&
        rca_procfs_fields(cg->text.data, cg->text.len, &populated, 1)) {
        if (populated.value)
            return 1;
        g->empty = 1;
    }
    for (unsigned t = 0; t < RCA_CGROUP_V2; t++) {
        char one;

        /* one byte says that it is not empty */
        if (g->members[t] >= 0 && pread(g->members[t], &one, 1, 0) == 1)
            return 1;
    }
    return 0;
}

/* A group is populated if it or one below it holds a process. None ends without
 * using a processor; one that is moved away is missed for some ticks. */
static void find_populated(struct cgroups *cg)
{
    for (size_t i = 1; i < cg->n; i++) {
        struct group *g = &cg->groups[i];

        if (g->populated && rca_cgroup_reading_holds(&g->reading))
            g->empty = 0;
        else
            g->populated = has_members(cg, g);
    }
    for (size_t i = cg->n; i-- > 1;) {
        struct group *up = &cg->groups[cg->groups[i].parent];

        up->populated = up->populated || cg->groups[i].populated;
    }
}

static void report_edge(const struct cgroups *cg, struct rca_observer *obs,
                        const struct group *g)
{
    const struct group *up = &cg->groups[g->parent];

    while (up->path[0] && up->entity == RCA_ID_NONE)
        up = &cg->groups[up->parent];
    if (up->path[0])
        rca_observe_edge(obs, g->entity, up->entity, RCA_EDGE_PART_OF);
    else
        rca_observe_edge(obs, g->entity, rca_observe_host(obs),
                         RCA_EDGE_RUNS_ON);
}

static void register_ids(struct rca_observer *obs, const struct group *g)
{
    for (unsigned t = 0; t < RCA_CGROUP_TREES; t++) {
        uint64_t id = g->inode[t];

        if (!(g->trees & 1U << t))
            continue;
        if (t != RCA_CGROUP_V2)
            id = rca_cgroup_v1_id((enum rca_cgroup_v1)t, id);
        rca_observer_cgroup_add(obs, id, g->path, g->entity);
    }
}

static void report_values(struct cgroups *cg, struct rca_observer *obs,
                          struct group *g)
{
    const struct rca_cgroup_folder in = where(cg, g);
    const struct rca_cgroup_reading *up =
        g->parent ? &cg->groups[g->parent].reading : NULL;

    rca_cgroup_reading_update(&g->reading, up, &in, rca_observer_now(obs),
                              !rca_observer_disk_users(obs), &cg->text);
    rca_cgroup_reading_report(&g->reading, &in, obs, g->entity);
}

static void report(struct cgroups *cg, struct rca_observer *obs)
{
    find_populated(cg);
    for (size_t i = 0; i < cg->n; i++) {
        struct group *g = &cg->groups[i];

        g->entity = RCA_ID_NONE;
        if (i && g->populated)
            g->entity = rca_observe_entity(obs, RCA_KIND_CGROUP, g->path);
        register_ids(obs, g);
        if (g->entity == RCA_ID_NONE)
            continue;
        report_edge(cg, obs, g);
        report_values(cg, obs, g);
    }
}

static int tick_cgroup(void *state, struct rca_observer *obs)
{
    struct cgroups *cg = state;
    const rca_time now = rca_observer_now(obs);
    int r = 0;

    if (changed(cg) || now - cg->walked >= RESCAN_NS || now < cg->walked) {
        r = walk(cg);
        cg->walked = r ? 0 : now;
        if (r < 0)
            free_groups(cg); /* half a walk: begin anew with the next tick */
    }
    report(cg, obs);
    return r;
}

/* --- opening -------------------------------------------------------------- */

static void close_cgroup(void **state)
{
    struct cgroups *cg = *state;

    *state = NULL;
    if (!cg)
        return;
    free_groups(cg);
    rca_text_done(&cg->text);
    rca_file_close(&cg->inotify);
    free(cg);
}

static int find_trees(struct cgroups *cg, const char *proc)
{
    int fd = rca_file_open(proc, "self/mountinfo");
    int r;

    if (fd < 0)
        return fd;
    r = rca_file_read(fd, &cg->text);
    rca_file_close(&fd);
    if (r == 0)
        rca_procfs_cgroup_mounts(cg->text.data, cg->text.len, cg->root);
    return r;
}

/* Whether the v2 tree has @controller. */
static _Bool v2_controls(struct cgroups *cg, const char *controller)
{
    const size_t n = strlen(controller);
    int fd = rca_file_open(cg->root[RCA_CGROUP_V2], "cgroup.controllers");
    _Bool found = 0;

    if (fd >= 0 && !rca_file_read(fd, &cg->text)) {
        for (char *p = cg->text.data; !found && *p;) {
            const size_t word = strcspn(p, " \n");

            found = word == n && !memcmp(p, controller, n);
            p += word + (p[word] != '\0');
        }
    }
    rca_file_close(&fd);
    return found;
}

/* One row a part: what its feature is called, by which name it can be left out,
 * and what is lost then. Pressure is no controller. */
static const struct {
    const char *controller, *hook;
    enum rca_cgroup_tree v1;
    const char *lost;
} parts[] = {
    [RCA_CGROUP_PART_CPU] = {"cpu", "cpu.stat", RCA_CGROUP_CPU,
                             "throttling of cgroups"},
    [RCA_CGROUP_PART_MEMORY] = {"memory", "memory.stat", RCA_CGROUP_MEMORY,
                                "memory, faults and OOM kills of cgroups"},
    [RCA_CGROUP_PART_PRESSURE] = {NULL, "*.pressure", RCA_CGROUP_V2,
                                  "waiting for cpu, memory and disks by "
                                  "cgroup"},
    [RCA_CGROUP_PART_PIDS] = {"pids", "pids.current", RCA_CGROUP_PIDS,
                              "number of processes of cgroups, and its limit"},
    [RCA_CGROUP_PART_IO] = {"io", "io.stat", RCA_CGROUP_BLKIO,
                            "limits of cgroups on disks"},
};
static_assert(RCA_ARRAY_SIZE(parts) == RCA_CGROUP_PARTS, "one row a part");

static enum rca_feature_state find_part(struct cgroups *cg, unsigned i,
                                        char how[96])
{
    const char *controller = parts[i].controller;
    const _Bool v2 = controller ? v2_controls(cg, controller)
                                : cg->root[RCA_CGROUP_V2][0] != '\0';

    if (!v2 && (!controller || !cg->root[parts[i].v1][0])) {
        if (controller)
            (void)snprintf(
                how, 96, "no %s controller in cgroup v2, and no v1 tree of it",
                controller);
        else
            (void)snprintf(how, 96, "cgroup v2 is not mounted");
        return RCA_FEATURE_OFF;
    }
    (void)snprintf(how, 96, "%s of cgroup %s, %.60s", parts[i].hook,
                   v2 ? "v2" : "v1",
                   cg->root[v2 ? RCA_CGROUP_V2 : parts[i].v1]);
    return v2 ? RCA_FEATURE_ON : RCA_FEATURE_TWIN;
}

static void register_features(struct cgroups *cg,
                              const struct rca_source_env *env,
                              struct rca_observer *obs)
{
    for (unsigned i = 0; i < RCA_CGROUP_PARTS; i++) {
        enum rca_feature_state state = RCA_FEATURE_OFF;
        char name[48], how[96] = "turned off by 'without'";

        (void)snprintf(name, sizeof(name), "cgroup %s",
                       parts[i].controller ? parts[i].controller : "pressure");
        if (rca_source_may(env, parts[i].hook))
            state = find_part(cg, i, how);
        if (state != RCA_FEATURE_OFF)
            cg->parts |= 1U << i;
        rca_observer_feature(obs, name, state, how,
                             state == RCA_FEATURE_OFF ? parts[i].lost : "");
    }
}

/* A group takes up to a descriptor a file. */
static size_t affordable_groups(void)
{
    const size_t each = FILES_EACH, most = rca_file_most();

    if (!most)
        return 32;
    if (most > MAX_GROUPS * each + SPARE_FDS)
        return MAX_GROUPS;
    return most > SPARE_FDS ? (most - SPARE_FDS) / each + 1 : 1;
}

static int open_cgroup(const struct rca_source_env *env,
                       struct rca_observer *obs, void **ret_state)
{
    void *state RCA_CLEANUP(close_cgroup) = calloc(1, sizeof(struct cgroups));
    struct cgroups *cg = state;
    _Bool any = 0;
    int r;

    if (!cg)
        return -ENOMEM;
    cg->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    r = find_trees(cg, env->proc);
    if (r == -ENOMEM)
        return r;
    cg->sys = env->sys;
    register_features(cg, env, obs);
    for (unsigned t = 0; t < RCA_CGROUP_TREES; t++)
        any = any || cg->root[t][0];
    if (!any)
        return RCA_ENOSUPPORT;
    cg->max_groups = affordable_groups();
    *ret_state = RCA_TAKE(state);
    return 0;
}

const struct rca_source rca_source_cgroup = {
    .name = "cgroup",
    .open = open_cgroup,
    .tick = tick_cgroup,
    .close = close_cgroup,
};
