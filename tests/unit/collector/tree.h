/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* tree - files in a folder of its own, for sources that read /proc and /sys. */

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/test.h"

/** tree_make() - an empty folder; @root gets its path */
static inline void tree_make(char root[64])
{
    (void)snprintf(root, 64, "/tmp/rca-tree-XXXXXX");
    assert_non_null(mkdtemp(root));
}

static inline int tree_remove_one(const char *path, const struct stat *st,
                                  int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline void tree_remove(const char *path)
{
    assert_ok(nftw(path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS));
}

/** tree_write() - file @name below @root, folders made as needed */
static inline void tree_write(const char *root, const char *name,
                              const char *text)
{
    char path[PATH_MAX];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        (void)mkdir(path, 0755);
        *p = '/';
    }
    f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_ok(fclose(f));
}
