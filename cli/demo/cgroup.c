/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The same groups in every hierarchy: cgroup v2 for the collector's ids, and
 * the v1 controllers for limits where the host keeps them there.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/demo/stage.h"
#include "graph/base/parse.h"

static const char *const roots[] = {
    "/sys/fs/cgroup", /* v2 alone */
    "/sys/fs/cgroup/unified", /* v2 beside v1 */
    "/sys/fs/cgroup/cpu",     "/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/memory",
};

static _Bool in_use(const char *root)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/cgroup.procs", root);
    return access(path, W_OK) == 0;
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n;
    int r = 0;

    if (fd < 0)
        return -errno;
    n = write(fd, text, strlen(text));
    if (n < 0)
        r = -errno;
    (void)close(fd);
    return r;
}

/* In v2 a controller must be handed down from level to level. */
static void hand_down(const char *folder)
{
    char path[600];

    (void)snprintf(path, sizeof(path), "%s/cgroup.subtree_control", folder);
    (void)write_file(path, "+cpu");
    (void)write_file(path, "+memory");
}

static int make_in(const char *root, const char *path)
{
    char full[512];
    char *slash;

    hand_down(root);
    (void)snprintf(full, sizeof(full), "%s/%s/%s", root, DEMO_CGROUP, path);
    for (slash = full + strlen(root) + 1; slash; slash++) {
        slash = strchr(slash, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(full, 0755) && errno != EEXIST)
            return -errno;
        if (!slash)
            break;
        hand_down(full);
        *slash = '/';
    }
    return 0;
}

int demo_cgroup_make(const char *path)
{
    int made = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(roots); i++) {
        int r = in_use(roots[i]) ? make_in(roots[i], path) : -ENOENT;

        if (r && r != -ENOENT)
            return r;
        made += !r;
    }
    return made ? 0 : RCA_ENOSUPPORT;
}

int demo_cgroup_enter(const char *path, pid_t pid)
{
    char full[512], text[32];

    (void)snprintf(text, sizeof(text), "%d", (int)pid);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(roots); i++) {
        int r;

        (void)snprintf(full, sizeof(full), "%s/%s/%s/cgroup.procs", roots[i],
                       DEMO_CGROUP, path);
        r = write_file(full, text);
        if (r && r != -ENOENT)
            return r;
    }
    return 0;
}

/* The first of @files that this host has. */
static int set(const char *path, const char *const files[][2], size_t n)
{
    int r = RCA_ENOSUPPORT;

    for (size_t f = 0; f < n && r; f++) {
        for (size_t i = 0; i < RCA_ARRAY_SIZE(roots) && r; i++) {
            char full[512];

            (void)snprintf(full, sizeof(full), "%s/%s/%s/%s", roots[i],
                           DEMO_CGROUP, path, files[f][0]);
            r = write_file(full, files[f][1]);
        }
    }
    return r ? RCA_ENOSUPPORT : 0;
}

int demo_cgroup_quota(const char *path, double cores)
{
    char v1[32], v2[48];
    const char *const files[][2] = {{"cpu.cfs_quota_us", v1}, {"cpu.max", v2}};

    (void)snprintf(v1, sizeof(v1), "%.0f", 1e5 * cores);
    (void)snprintf(v2, sizeof(v2), "%.0f 100000", 1e5 * cores);
    return set(path, files, RCA_ARRAY_SIZE(files));
}

int demo_cgroup_memory(const char *path, long bytes)
{
    char v1[32], v2[32];
    const char *const files[][2] = {{"memory.limit_in_bytes", v1},
                                    {"memory.max", v2}};

    (void)snprintf(v1, sizeof(v1), "%ld", bytes ? bytes : -1);
    (void)snprintf(v2, sizeof(v2), bytes ? "%ld" : "max", bytes);
    return set(path, files, RCA_ARRAY_SIZE(files));
}

static void kill_members(const char *folder)
{
    char path[600], line[32];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
        int64_t pid;

        line[strcspn(line, "\n")] = '\0';
        if (!rca_parse_i64(line, &pid) && pid > 1 && pid != getpid())
            (void)kill((pid_t)pid, SIGKILL);
    }
    if (f)
        (void)fclose(f);
}

/* Children first. At most three levels are ever made. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int remove_tree(const char *folder, unsigned depth)
{
    DIR *dir = depth < 4 ? opendir(folder) : NULL;
    int removed = 0;

    if (!dir)
        return 0;
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        char path[600];

        if (e->d_type != DT_DIR || e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        removed += remove_tree(path, depth + 1);
    }
    (void)closedir(dir);

    kill_members(folder);
    for (int i = 0; i < 100; i++) { /* its processes take a while to die */
        if (!rmdir(folder))
            return removed + 1;
        if (errno != EBUSY)
            break;
        (void)usleep(20000);
    }
    return removed;
}

int demo_cgroup_remove(void)
{
    int removed = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(roots); i++) {
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/%s", roots[i], DEMO_CGROUP);
        removed += remove_tree(path, 0);
    }
    return removed;
}
