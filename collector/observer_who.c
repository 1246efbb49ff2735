/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * observer_who - the registries of network namespaces, interfaces and cgroups.
 *
 * An open descriptor keeps a namespace alive after its last process, so those
 * that no process showed for MAX_AGE ticks are closed. Namespaces that are
 * bound to a name under /run/netns may have no process at all (routers).
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/observer_state.h"
#include "collector/privileged.h"

#define MAX_AGE 2 /* ticks; one lost tick of the task source is forgiven */
#define NAMED_DIR "/run/netns" /* ip-netns(8) */

void rca_observer_set_privileged(struct rca_observer *obs,
                                 struct rca_privileged *helper)
{
    obs->helper = helper;
}

struct rca_privileged *rca_observer_privileged(const struct rca_observer *obs)
{
    return obs->helper;
}

/* Take @fd, a namespace's descriptor or -errno, and read its inode. */
static int take_netns(int fd, uint64_t *ret_inode)
{
    struct stat st;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st)) {
        (void)close(fd);
        return -EAGAIN;
    }
    *ret_inode = st.st_ino;
    return fd;
}

static size_t find_netns(const struct rca_observer *obs, uint64_t inode)
{
    size_t i = 0;

    while (i < obs->n_netns && obs->netns[i].inode != inode)
        i++;
    return i;
}

/* Add a namespace not known yet; takes @fd. NULL: no memory or over the cap. */
static struct rca_netns_use *add_netns(struct rca_observer *obs, uint64_t inode,
                                       int fd)
{
    const size_t n = obs->n_netns;
    const size_t max = obs->limit[RCA_KIND_NETNS];

    if ((max && n > max) ||
        rca_observer_grow(obs, &obs->netns, &obs->cap_netns, n,
                          sizeof(*obs->netns)) ||
        rca_observer_grow(obs, &obs->netns_use, &obs->cap_netns_use, n,
                          sizeof(*obs->netns_use))) {
        obs->capped += max && n > max;
        if (fd >= 0)
            (void)close(fd);
        return NULL;
    }
    obs->netns[n] =
        (struct rca_netns){.inode = inode, .fd = fd, .entity = RCA_ID_NONE};
    obs->netns_use[n] = (struct rca_netns_use){0};
    obs->n_netns++;
    return &obs->netns_use[n];
}

static _Bool name_in_use(const struct rca_observer *obs, const char *name)
{
    for (size_t i = 0; i < obs->n_netns; i++) {
        if (obs->netns_use[i].settled && !strcmp(obs->netns[i].name, name))
            return 1;
    }
    return 0;
}

/* Give namespace @i the name it keeps. */
static void settle(struct rca_observer *obs, size_t i)
{
    struct rca_netns *ns = &obs->netns[i];
    struct rca_netns_use *use = &obs->netns_use[i];
    char base[sizeof(use->workload) - 8];

    if (use->settled)
        return;
    if (use->workload[0] && !use->many)
        (void)snprintf(base, sizeof(base), "%.*s", (int)sizeof(base) - 1,
                       use->workload);
    else
        (void)snprintf(base, sizeof(base), "netns-%llu",
                       (unsigned long long)ns->inode);
    (void)snprintf(ns->name, sizeof(ns->name), "%s", base);
    for (unsigned k = 2; name_in_use(obs, ns->name) && k < 10000; k++)
        (void)snprintf(ns->name, sizeof(ns->name), "%s.%u", base, k);
    use->settled = 1;
    ns->entity = rca_observe_entity(obs, RCA_KIND_NETNS, ns->name);
}

/* --- /run/netns ----------------------------------------------------------- */

static void add_named(struct rca_observer *obs, const char *name)
{
    struct rca_netns_use *use;
    uint64_t inode = 0;
    size_t i;
    int fd;

    fd = take_netns(rca_privileged_netns_named(obs->helper, name), &inode);
    if (fd < 0) {
        if (fd == -EAGAIN)
            obs->netns_dir_mtime = 0; /* not mounted yet: look again */
        return;
    }
    i = find_netns(obs, inode);
    if (i < obs->n_netns) {
        (void)close(fd);
        use = &obs->netns_use[i];
    } else {
        use = add_netns(obs, inode, fd);
    }
    if (!use)
        return;
    use->pinned = 1;
    if (use->settled)
        return;
    (void)snprintf(use->workload, sizeof(use->workload), "%.63s", name);
    use->many = 0;
}

static void read_named(struct rca_observer *obs)
{
    struct stat st;
    DIR *dir;
    const struct dirent *d;
    int64_t mtime = 0;

    if (!stat(NAMED_DIR, &st))
        mtime = st.st_mtim.tv_sec * RCA_SECOND + st.st_mtim.tv_nsec;
    if (mtime == obs->netns_dir_mtime)
        return;
    for (size_t i = 1; i < obs->n_netns; i++)
        obs->netns_use[i].pinned = 0;
    obs->netns_dir_mtime = mtime;
    dir = mtime ? opendir(NAMED_DIR) : NULL;
    if (!dir)
        return;
    while ((d = readdir(dir))) {
        if (d->d_name[0] != '.')
            add_named(obs, d->d_name);
    }
    (void)closedir(dir);
}

/* --- life of the registry ------------------------------------------------- */

static void add_own(struct rca_observer *obs)
{
    struct rca_netns_use *use;
    uint64_t inode = 0;
    const int fd =
        take_netns(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), &inode);

    use = add_netns(obs, inode, fd < 0 ? -1 : fd);
    if (use)
        use->settled = 1;
}

static void drop_unused(struct rca_observer *obs)
{
    size_t kept = 1;

    for (size_t i = 1; i < obs->n_netns; i++) {
        const struct rca_netns_use *use = &obs->netns_use[i];

        if (!use->pinned && use->age > MAX_AGE) {
            if (obs->netns[i].fd >= 0)
                (void)close(obs->netns[i].fd);
            continue;
        }
        obs->netns[kept] = obs->netns[i];
        obs->netns_use[kept++] = *use;
    }
    obs->n_netns = kept;
}

/* Once: without it the way is the same as without privileges. */
static void miss_helper(struct rca_observer *obs)
{
    if (!obs->helper || obs->helper_missed || rca_privileged_pid(obs->helper))
        return;
    obs->helper_missed = 1;
    rca_observer_feature(obs, RCA_PRIVILEGED_FEATURE, RCA_FEATURE_OFF,
                         "it ended", RCA_PRIVILEGED_LOST);
}

void rca_observer_netns_begin(struct rca_observer *obs)
{
    miss_helper(obs);
    if (!obs->n_netns)
        add_own(obs);
    if (!obs->n_netns)
        return;
    for (size_t i = 1; i < obs->n_netns; i++)
        obs->netns_use[i].age++;
    read_named(obs);
    drop_unused(obs);
}

void rca_observer_netns_commit(struct rca_observer *obs)
{
    for (size_t i = 1; i < obs->n_netns; i++) {
        settle(obs, i);
        /* again by its name: it is seen, and the cap may have room by now */
        obs->netns[i].entity =
            rca_observe_entity(obs, RCA_KIND_NETNS, obs->netns[i].name);
        rca_observe_edge(obs, obs->netns[i].entity, rca_observe_host(obs),
                         RCA_EDGE_PART_OF);
    }
}

void rca_observer_netns_done(struct rca_observer *obs)
{
    for (size_t i = 0; i < obs->n_netns; i++) {
        if (obs->netns[i].fd >= 0)
            (void)close(obs->netns[i].fd);
    }
    free(obs->netns);
    free(obs->netns_use);
}

void rca_observer_netns_add(struct rca_observer *obs, uint64_t inode, int pid,
                            const char *workload)
{
    size_t i = find_netns(obs, inode);
    struct rca_netns_use *use;
    uint64_t got = 0;
    int fd;

    if (i == obs->n_netns) {
        fd = take_netns(rca_privileged_netns_of(obs->helper, pid), &got);
        if (fd >= 0 && got != inode) { /* gone, and its number taken */
            (void)close(fd);
            return;
        }
        use = add_netns(obs, inode, fd < 0 ? -1 : fd);
    } else {
        use = &obs->netns_use[i];
    }
    if (!use)
        return;
    use->age = 0;
    if (use->settled || use->pinned || !workload || !workload[0])
        return;
    if (!use->workload[0])
        (void)snprintf(use->workload, sizeof(use->workload), "%s", workload);
    else if (strncmp(use->workload, workload, sizeof(use->workload) - 1) != 0)
        use->many = 1;
}

const struct rca_netns *rca_observer_netns(struct rca_observer *obs,
                                           size_t *ret_n)
{
    for (size_t i = 0; i < obs->n_netns; i++)
        settle(obs, i);
    *ret_n = obs->n_netns;
    return obs->netns;
}

const struct rca_netns *rca_observer_netns_find(struct rca_observer *obs,
                                                uint64_t inode)
{
    const size_t i = find_netns(obs, inode);

    if (i == obs->n_netns)
        return NULL;
    settle(obs, i);
    return &obs->netns[i];
}

/* --- interfaces ----------------------------------------------------------- */

void rca_observer_links_set(struct rca_observer *obs,
                            const struct rca_link_map *map)
{
    obs->links = map;
}

const struct rca_link_map *rca_observer_links(const struct rca_observer *obs)
{
    return obs->links;
}

/* --- cgroups -------------------------------------------------------------- */

_Bool rca_observer_disk_users(const struct rca_observer *obs)
{
    return obs->disk_users;
}

void rca_observer_disk_users_set(struct rca_observer *obs, _Bool counted)
{
    obs->disk_users = counted;
}

static struct rca_cgroup_use *find_cgroup(const struct rca_observer *obs,
                                          uint64_t cgroup)
{
    uint32_t at;

    if (!rca_map_get(&obs->by_cgroup, &cgroup, sizeof(cgroup), &at))
        return NULL;
    return &obs->cgroups[at];
}

rca_id rca_observer_cgroup(const struct rca_observer *obs, uint64_t cgroup)
{
    const struct rca_cgroup_use *c = find_cgroup(obs, cgroup);

    return c ? c->entity : RCA_ID_NONE;
}

const char *rca_observer_cgroup_path(const struct rca_observer *obs,
                                     uint64_t cgroup)
{
    const struct rca_cgroup_use *c = find_cgroup(obs, cgroup);

    return c ? c->path : NULL;
}

static void new_cgroup(struct rca_observer *obs, uint64_t cgroup,
                       const char *path, rca_id entity)
{
    const size_t n = obs->n_cgroups;
    char *copy RCA_CLEANUP(rca_freep) = strdup(path);

    if (!copy) {
        obs->err = obs->err ? obs->err : -ENOMEM;
        return;
    }
    if (rca_observer_grow(obs, &obs->cgroups, &obs->cap_cgroups, n,
                          sizeof(*obs->cgroups)))
        return;
    if (rca_map_set(&obs->by_cgroup, &cgroup, sizeof(cgroup), (uint32_t)n)) {
        obs->err = obs->err ? obs->err : -ENOMEM;
        return;
    }
    obs->cgroups[n] = (struct rca_cgroup_use){.cgroup = cgroup,
                                              .path = RCA_TAKE(copy),
                                              .entity = entity,
                                              .last = obs->now};
    obs->n_cgroups++;
}

void rca_observer_cgroup_add(struct rca_observer *obs, uint64_t cgroup,
                             const char *path, rca_id entity)
{
    struct rca_cgroup_use *c = find_cgroup(obs, cgroup);

    if (!c) {
        new_cgroup(obs, cgroup, path, entity);
        return;
    }
    c->entity = entity;
    c->last = obs->now;
    if (strcmp(c->path, path) != 0) {
        char *copy = strdup(path);

        if (!copy)
            return;
        free(c->path);
        c->path = copy;
    }
}

/* Forgetting moves the last one into the hole, so that the map needs one
 * change only, of a key that it has. */
void rca_observer_cgroup_sweep(struct rca_observer *obs, rca_time before)
{
    size_t i = 0;

    while (i < obs->n_cgroups) {
        struct rca_cgroup_use *c = &obs->cgroups[i];
        const struct rca_cgroup_use *last = &obs->cgroups[obs->n_cgroups - 1];

        if (c->last >= before) {
            i++;
            continue;
        }
        rca_map_del(&obs->by_cgroup, &c->cgroup, sizeof(c->cgroup));
        free(c->path);
        if (c != last) {
            *c = *last;
            /* replacing a key that is there cannot fail */
            (void)!rca_map_set(&obs->by_cgroup, &c->cgroup, sizeof(c->cgroup),
                               (uint32_t)i);
        }
        obs->n_cgroups--;
    }
}

void rca_observer_cgroup_done(struct rca_observer *obs)
{
    for (size_t i = 0; i < obs->n_cgroups; i++)
        free(obs->cgroups[i].path);
    free(obs->cgroups);
    rca_map_done(&obs->by_cgroup);
}
