/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * cgroup - a test's own control groups, of the same path in every hierarchy
 * that is in use (v1, v2 or both): /rca-test-PID/NAME.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/base.h"

static const char *const cgroup_roots[] = {
    "/sys/fs/cgroup", /* v2 alone */
    "/sys/fs/cgroup/unified", /* v2 beside v1 */
    "/sys/fs/cgroup/cpu",     "/sys/fs/cgroup/cpuacct",
    "/sys/fs/cgroup/memory",  "/sys/fs/cgroup/blkio",
};

static inline const char *cgroup_path(size_t root, const char *name,
                                      const char *file, char path[256])
{
    static pid_t owner; /* of the groups: the test, not its children */

    owner = owner ? owner : getpid();
    (void)snprintf(path, 256, "%s/rca-test-%d%s%s%s%s", cgroup_roots[root],
                   (int)owner, name[0] ? "/" : "", name, file[0] ? "/" : "",
                   file);
    return path;
}

static inline int cgroup_write(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
    const int r = n < 0 ? -errno : 0;

    if (fd >= 0)
        (void)close(fd);
    return r;
}

static inline _Bool cgroup_has(size_t root)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup_roots[root]);
    return access(path, W_OK) == 0;
}

static inline void cgroup_hand_down(const char *folder)
{
    static const char *const controllers[] = {"+cpu", "+memory", "+io"};
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/cgroup.subtree_control", folder);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(controllers); i++)
        (void)cgroup_write(path, controllers[i]);
}

/** cgroup_make() - false where it is not permitted */
static inline _Bool cgroup_make(const char *name)
{
    size_t made = 0;
    char path[256];

    for (size_t i = 0; i < RCA_ARRAY_SIZE(cgroup_roots); i++) {
        if (!cgroup_has(i))
            continue;
        cgroup_hand_down(cgroup_roots[i]);
        (void)mkdir(cgroup_path(i, "", "", path), 0755);
        cgroup_hand_down(path);
        if (mkdir(cgroup_path(i, name, "", path), 0755) && errno != EEXIST)
            return 0;
        made++;
    }
    return made > 0;
}

/** cgroup_enter() - move @pid there */
static inline void cgroup_enter(const char *name, pid_t pid)
{
    char path[256], text[32];

    (void)snprintf(text, sizeof(text), "%d", (int)pid);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(cgroup_roots); i++) {
        if (cgroup_has(i))
            (void)cgroup_write(cgroup_path(i, name, "cgroup.procs", path),
                               text);
    }
}

/** cgroup_set() - @value into @v1 or @v2, whichever file there is; 0 or -errno,
 * -ENOENT where there is neither */
static inline int cgroup_set(const char *name, const char *v1,
                             const char *v1_value, const char *v2,
                             const char *v2_value)
{
    char path[256];
    int r = -ENOENT;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(cgroup_roots) && r; i++) {
        if (!cgroup_has(i))
            continue;
        if (access(cgroup_path(i, name, v1, path), W_OK) == 0)
            r = cgroup_write(path, v1_value);
        else if (access(cgroup_path(i, name, v2, path), W_OK) == 0)
            r = cgroup_write(path, v2_value);
    }
    return r;
}

/* a process that was killed is a member until it is gone */
static inline void cgroup_rmdir(const char *path)
{
    for (int i = 0; i < 100 && rmdir(path) && errno == EBUSY; i++)
        (void)usleep(20000);
}

/** cgroup_remove() - the groups @names, and what holds them; their processes
 * have ended */
static inline void cgroup_remove(const char *const *names, size_t n)
{
    char path[256];

    for (size_t i = 0; i < RCA_ARRAY_SIZE(cgroup_roots); i++) {
        for (size_t k = 0; k < n && cgroup_has(i); k++)
            cgroup_rmdir(cgroup_path(i, names[k], "", path));
        if (cgroup_has(i))
            cgroup_rmdir(cgroup_path(i, "", "", path));
    }
}
