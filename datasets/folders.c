/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/folders.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "datasets/case.h"

#define MAX_DEPTH 32

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

static int join(const char *folder, const char *name, char **ret_path)
{
    size_t length = strlen(folder);
    const char *slash = length && folder[length - 1] == '/' ? "" : "/";
    size_t size = length + strlen(name) + 2;
    char *path = malloc(size);

    if (!path)
        return -ENOMEM;
    (void)snprintf(path, size, "%s%s%s", folder, slash, name);
    *ret_path = path;
    return 0;
}

static int push(struct rca_folders *folders, const char *path)
{
    char *copy RCA_CLEANUP(rca_freep) = strdup(path);
    char **grown;

    if (!copy)
        return -ENOMEM;
    grown = rca_grow((void *)folders->paths, folders->n, &folders->cap,
                     sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    folders->paths = grown;
    folders->paths[folders->n++] = RCA_TAKE(copy);
    return 0;
}

static _Bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Add the folders in @path to @todo. */
static int list(struct rca_folders *todo, const char *path,
                struct rca_diag *diag)
{
    DIR *dir RCA_CLEANUP(close_dir) = opendir(path);
    const struct dirent *entry;
    int err = 0;

    if (!dir)
        return rca_diag_set(diag, -errno, path, 0, "cannot be read: %s",
                            rca_strerror(-errno));
    while (!err && (entry = readdir(dir))) {
        char *inner RCA_CLEANUP(rca_freep) = NULL;

        if (entry->d_name[0] == '.')
            continue;
        err = join(path, entry->d_name, &inner);
        if (!err && is_folder(inner))
            err = push(todo, inner);
    }
    return err;
}

static unsigned depth(const char *path, size_t root)
{
    unsigned slashes = 0;

    for (path += root; *path; path++)
        slashes += *path == '/';
    return slashes;
}

/* In any order: the whole is sorted at the end. */
static int look(struct rca_folders *folders, const char *root,
                struct rca_diag *diag)
{
    struct rca_folders todo RCA_CLEANUP(rca_folders_done) = {0};
    int err = push(&todo, root);

    while (!err && todo.n > 0) {
        char *path RCA_CLEANUP(rca_freep) = todo.paths[--todo.n];

        if (rca_case_is_folder(path))
            err = push(folders, path);
        else if (depth(path, strlen(root)) < MAX_DEPTH)
            err = list(&todo, path, diag);
    }
    return err;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int rca_folders_add(struct rca_folders *folders, const char *path,
                    struct rca_diag *diag)
{
    size_t before = folders->n;
    int err;

    if (!is_folder(path))
        return rca_diag_set(diag, RCA_EUNKNOWN, path, 0,
                            "no such folder; want a case or a folder of cases");
    err = look(folders, path, diag);
    if (folders->n > before)
        qsort((void *)(folders->paths + before), folders->n - before,
              sizeof(*folders->paths), by_bytes);
    if (err)
        return err;
    if (folders->n == before)
        return rca_diag_set(diag, RCA_EUNKNOWN, path, 0,
                            "no case in it; a case is a folder with "
                            "metrics.csv and truth.json");
    return 0;
}

void rca_folders_done(struct rca_folders *folders)
{
    for (size_t i = 0; i < folders->n; i++)
        free(folders->paths[i]);
    free((void *)folders->paths);
    *folders = (struct rca_folders){0};
}
