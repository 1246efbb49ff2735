/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * names_cgroup - paths of cgroups by their numbers: the inodes of the folders
 * of each hierarchy by which the kernel side tells a task's cgroup.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/trace/names_host.h"

#define MOST 8192 /* in a hierarchy */
#define DEEPEST 32

/* struct walk - @path: of the folder at hand, which @len bytes of it name */
struct walk {
    struct rca_trace_names *names;
    enum rca_cgroup_tree tree;
    size_t left;
    unsigned depth;
    char path[4096];
};

static int put(struct walk *w, int dir)
{
    struct stat st;

    if (fstat(dir, &st))
        return 0;
    return rca_trace_names_put(
        w->names, RCA_TRACE_NAME_CGROUP,
        w->tree == RCA_CGROUP_V2
            ? st.st_ino
            : rca_cgroup_v1_id((enum rca_cgroup_v1)w->tree, st.st_ino),
        0, w->path);
}

static int walk_folder(struct walk *w, int fd, size_t len);

/* NOLINTNEXTLINE(misc-no-recursion): DEEPEST levels */
static int enter(struct walk *w, int dir, const char *name, size_t len)
{
    const int n = snprintf(w->path + len, sizeof(w->path) - len, "%s%s",
                           len ? "/" : "", name);
    int r = 0;
    int fd;

    if (n < 0 || (size_t)n >= sizeof(w->path) - len || !w->left)
        return 0;
    fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return 0; /* gone meanwhile */
    w->left--;
    w->depth++;
    r = walk_folder(w, fd, len + (size_t)n);
    w->depth--;
    w->path[len] = '\0';
    return r;
}

/* Takes @fd. The folders below folder @w->path, of @len bytes, and itself. */
/* NOLINTNEXTLINE(misc-no-recursion): DEEPEST levels */
static int walk_folder(struct walk *w, int fd, size_t len)
{
    DIR *dir = fdopendir(fd);
    const struct dirent *d;
    int r;

    if (!dir) {
        (void)close(fd);
        return errno == ENOMEM ? -ENOMEM : 0;
    }
    r = put(w, fd);
    while (r == 0 && w->depth < DEEPEST && (d = readdir(dir))) {
        if (d->d_type == DT_DIR && d->d_name[0] != '.')
            r = enter(w, fd, d->d_name, len);
    }
    (void)closedir(dir);
    return r;
}

static int walk_tree(struct rca_trace_names *names, enum rca_cgroup_tree tree,
                     const char *root)
{
    struct walk *w RCA_CLEANUP(rca_freep) = calloc(1, sizeof(*w));
    const int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (!w || fd < 0) {
        if (fd >= 0)
            (void)close(fd);
        return w ? 0 : -ENOMEM;
    }
    w->names = names;
    w->tree = tree;
    w->left = MOST;
    return walk_folder(w, fd, 0);
}

int rca_trace_names_cgroups(struct rca_trace_names *names,
                            const struct rca_trace_host *host)
{
    static const enum rca_cgroup_tree trees[] = {
        RCA_CGROUP_V2, RCA_CGROUP_CPU, RCA_CGROUP_CPUACCT, RCA_CGROUP_MEMORY};
    int r = 0;

    for (size_t i = 0; r == 0 && i < RCA_ARRAY_SIZE(trees); i++) {
        if (host->trees[trees[i]][0])
            r = walk_tree(names, trees[i], host->trees[trees[i]]);
    }
    return r;
}
