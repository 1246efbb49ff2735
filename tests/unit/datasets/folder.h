/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* folder - a case folder that a test writes into a temporary directory. */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/test.h"

struct folder {
    char path[64]; /* the temporary directory */
    char at[192]; /* the case's folder in it */
};

static inline void folder_write(const struct folder *f, const char *name,
                                const void *bytes, size_t size)
{
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", f->at, name);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void folder_put(const struct folder *f, const char *name,
                              const char *text)
{
    folder_write(f, name, text, strlen(text));
}

/** folder_new() - with the folders @below ("set/case") in it */
static inline void folder_new(struct folder *f, const char *below)
{
    *f = (struct folder){.path = "/tmp/rca-case-XXXXXX"};
    assert_non_null(mkdtemp(f->path));
    (void)snprintf(f->at, sizeof(f->at), "%s/%s", f->path, below);
    for (char *p = f->at + strlen(f->path) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        assert_int_equal(mkdir(f->at, 0700), 0);
        *p = '/';
    }
    assert_int_equal(mkdir(f->at, 0700), 0);
}

static inline void folder_remove(const struct folder *f, const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/%s", f->at, name);
    (void)unlink(path);
}

static inline void folder_done(struct folder *f)
{
    static const char *const names[] = {
        "metrics.csv", "graph.csv",          "entities.csv",   "truth.json",
        "data.csv",    "simple_metrics.csv", "inject_time.txt"};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(names); i++)
        folder_remove(f, names[i]);
    while (strlen(f->at) >= strlen(f->path)) {
        assert_int_equal(rmdir(f->at), 0);
        *strrchr(f->at, '/') = '\0';
    }
}
