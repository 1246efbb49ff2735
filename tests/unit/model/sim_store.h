/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sim_store - the simulated application of sim.h in a store of its own.
 */

#include <unistd.h>

#include "tests/unit/model/sim.h"

struct sim_store {
    struct sim *sim; /* owned */
    struct rca_store *store; /* owned */
    char path[64];
};

/* @normal seconds, then @faulty with @fault */
static inline void sim_store_open(struct sim_store *f, enum sim_fault fault,
                                  uint64_t seed, size_t normal, size_t faulty)
{
    int fd;

    memset(f, 0, sizeof(*f));
    /* in memory where there is such a place: every tick is committed */
    (void)snprintf(f->path, sizeof(f->path), "%s/rca-sim-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fd = mkstemp(f->path);
    assert_true(fd >= 0);
    (void)close(fd);
    (void)unlink(f->path);
    f->sim = malloc(sizeof(*f->sim));
    assert_non_null(f->sim);
    assert_ok(rca_store_open(f->path, RCA_STORE_WRITE, NULL, &f->store));
    sim_open(f->sim, f->store, fault, seed);
    sim_run(f->sim, normal, faulty);
}

static inline void sim_store_close(struct sim_store *f)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
    char name[80];

    rca_store_close(&f->store);
    free(f->sim);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(suffixes); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", f->path, suffixes[i]);
        (void)unlink(name);
    }
}
