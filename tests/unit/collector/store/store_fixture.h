/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * store_fixture - a store in a directory of its own, and the samples of a scan
 * as one flat list. All of it asserts success.
 */

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/store/store.h"
#include "collector/store/vec.h"
#include "tests/harness/test.h"

#define TICK(i) (INT64_C(1700000000) * RCA_SECOND + (i)*RCA_SECOND)

struct fixture {
    char dir[64];
    char path[80];
    struct rca_store *store;
};

struct seen_sample {
    rca_time time;
    rca_id entity, series;
    double value;
};

struct seen_samples {
    struct seen_sample *at;
    size_t n, cap;
    size_t blocks;
};

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/rca-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/rca.db", f->dir);
    assert_ok(rca_store_open(f->path, RCA_STORE_WRITE, NULL, &f->store));
    *state = f;
    return 0;
}

/* What a test left behind in its directory goes too. */
static inline void fixture_empty(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        if (e->d_name[0] != '.')
            (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        (void)closedir(d);
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    rca_store_close(&f->store);
    fixture_empty(f->dir);
    (void)rmdir(f->dir);
    free(f);
    return 0;
}

static inline void fixture_reopen(struct fixture *f, enum rca_store_mode mode)
{
    struct rca_diag diag = {0};

    rca_store_close(&f->store);
    if (rca_store_open(f->path, mode, &diag, &f->store))
        fail_msg("%s", diag.text);
}

static inline rca_id fixture_entity(struct fixture *f, unsigned n)
{
    char name[32];
    rca_id id = RCA_ID_NONE;

    (void)snprintf(name, sizeof(name), "e%u", n);
    assert_ok(rca_store_entity(f->store, RCA_KIND_SERVICE, name, "host", &id));
    return id;
}

static inline rca_id fixture_series(struct fixture *f, unsigned n)
{
    char name[32];
    rca_id id = RCA_ID_NONE;

    (void)snprintf(name, sizeof(name), "s%u_total", n);
    assert_ok(rca_store_series(f->store, name, &id));
    return id;
}

/* What append returns. */
static inline int fixture_append(struct fixture *f, rca_time time,
                                 const struct rca_sample *samples, size_t n)
{
    const struct rca_tick tick = {
        .time = time, .samples = samples, .n_samples = n};

    return rca_store_append(f->store, &tick);
}

static inline int fixture_collect(void *arg, const struct rca_block *b)
{
    struct seen_samples *s = arg;

    s->blocks++;
    assert_true(b->n_times > 0 && b->n_series > 0);
    for (size_t c = 0; c < b->n_series; c++) {
        assert_true(c == 0 || b->series[c] > b->series[c - 1]);
        for (size_t t = 0; t < b->n_times; t++) {
            struct seen_sample one = {b->times[t], b->entity, b->series[c],
                                      b->values[c * b->n_times + t]};

            assert_true(t == 0 || b->times[t] > b->times[t - 1]);
            if (!isnan(one.value))
                assert_ok(rca_vec_push(s, one));
        }
    }
    return 0;
}

/* All samples in scan order, without gaps; the caller frees at. */
static inline struct seen_samples fixture_scan(struct rca_store *store,
                                               rca_time from, rca_time to,
                                               const rca_id *ids, size_t n)
{
    struct seen_samples s = {0};

    assert_ok(rca_store_scan(store, from, to, ids, n, fixture_collect, &s));
    return s;
}
