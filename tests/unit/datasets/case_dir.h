/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * case_dir - small cases in a temporary folder, for one test program.
 */

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/harness/test.h"

#define START 1700000000
enum { ROWS = 60, BEFORE = 50, PATH_SIZE = 512 };

static char root[] = "/tmp/rca-evaluate-XXXXXX";

static inline const char *in_root(const char *name)
{
    static char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    return path;
}

static inline FILE *create(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s/%s", root, folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    return f;
}

static inline void make_folders(const char *folder)
{
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "%s/%s", root, folder);
    for (char *s = path + strlen(root) + 1; *s; s++) {
        if (*s != '/')
            continue;
        *s = '\0';
        (void)mkdir(path, 0700);
        *s = '/';
    }
    (void)mkdir(path, 0700);
}

static inline void write_metrics(const char *folder, int bump)
{
    FILE *f = create(folder, "metrics.csv");

    (void)fprintf(f, "time,a.latency,b.latency,c.latency\n");
    for (int t = 0; t < ROWS; t++)
        (void)fprintf(f, "%d,%d,%d,%d\n", START + 10 * t, 10 + t * 7 % 5,
                      20 + t * 11 % 7 + (t < BEFORE ? 0 : 100),
                      1 + t * 13 % 3 + (t < bump || t >= BEFORE ? 0 : 100));
    (void)fclose(f);
}

/* Three services that wave a little; after BEFORE rows b goes up. */
static inline void make_case(const char *folder, const char *cause)
{
    FILE *f;

    make_folders(folder);
    write_metrics(folder, BEFORE);
    f = create(folder, "entities.csv");
    (void)fprintf(f, "entity,service,kind\na,front,service\nb,back,service\n");
    (void)fclose(f);
    f = create(folder, "truth.json");
    (void)fprintf(f,
                  "{\"incident_start\":%d,\"incident_end\":%d,"
                  "\"fault_type\":\"delay\",\"root_cause\":%s}",
                  START + 10 * BEFORE, START + 10 * (ROWS - 1), cause);
    (void)fclose(f);
}

static inline int remove_one(const char *path, const struct stat *st, int type,
                             struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline int dir_start(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof(root), "/tmp/rca-evaluate-XXXXXX");
    return mkdtemp(root) ? 0 : 1;
}

static inline int dir_stop(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
