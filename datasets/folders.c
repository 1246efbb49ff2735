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

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Folders that were looked into: links may lead to one again. */
struct seen {
    size_t n, cap;
    struct place {
        dev_t device;
        ino_t number;
    } * places; /* owned */
};

static void seen_done(struct seen *seen)
{
    free(seen->places);
}

/* Return: 0; 1 if it was seen before; -ENOMEM. What vanished is as seen. */
static int see(struct seen *seen, const char *path)
{
    struct place *grown;
    struct stat st;

    if (stat(path, &st))
        return 1;
    for (size_t i = 0; i < seen->n; i++) {
        if (seen->places[i].device == st.st_dev &&
            seen->places[i].number == st.st_ino)
            return 1;
    }
    grown = rca_grow(seen->places, seen->n, &seen->cap, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    seen->places = grown;
    grown[seen->n++] = (struct place){st.st_dev, st.st_ino};
    return 0;
}

static int last_first(const void *a, const void *b)
{
    return by_bytes(b, a);
}

static void sort(struct rca_folders *folders, size_t from,
                 int (*order)(const void *a, const void *b))
{
    if (folders->n > from)
        qsort((void *)(folders->paths + from), folders->n - from,
              sizeof(*folders->paths), order);
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

/* Taken from the end, so that which of two ways to a folder is found does not
 * depend on the file system's order. */
static int look(struct rca_folders *folders, const char *root,
                struct rca_diag *diag)
{
    struct rca_folders todo RCA_CLEANUP(rca_folders_done) = {0};
    struct seen seen RCA_CLEANUP(seen_done) = {0};
    int err = push(&todo, root);

    while (err >= 0 && todo.n > 0) {
        char *path RCA_CLEANUP(rca_freep) = todo.paths[--todo.n];
        size_t before = todo.n;

        err = see(&seen, path);
        if (err)
            continue;
        if (rca_case_is_folder(path))
            err = push(folders, path);
        else if (depth(path, strlen(root)) < MAX_DEPTH)
            err = list(&todo, path, diag);
        sort(&todo, before, last_first);
    }
    return err < 0 ? err : 0;
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
    sort(folders, before, by_bytes);
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
