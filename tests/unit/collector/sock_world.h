/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sock_world - a book that is fed by hand, and what it reported.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/observer_state.h"
#include "collector/sock_book.h"
#include "tests/harness/test.h"

#define WEB_NS 11
#define DB_NS 12
#define WEB "10.0.0.1"
#define DB "10.0.0.2"

struct world {
    struct rca_sock_book book;
    struct rca_observer *obs;
    int ticks;
};

static inline int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    if (!w || rca_observer_new(NULL, "testhost", &w->obs))
        return -1;
    rca_sock_book_init(&w->book, NULL, 0);
    *state = w;
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *w = (struct world *)*state;

    rca_sock_book_done(&w->book);
    rca_observer_free(&w->obs);
    free(w);
    return 0;
}

static inline struct rca_sock_key side(unsigned role, uint32_t netns,
                                       const char *comm, const char *local,
                                       const char *remote)
{
    struct rca_sock_key key = {.cgroup = 1,
                               .netns = netns,
                               .port = 80,
                               .role = (uint8_t)role,
                               .family = AF_INET};

    assert_int_equal(inet_pton(AF_INET, local, key.local), 1);
    assert_int_equal(inet_pton(AF_INET, remote, key.remote), 1);
    (void)snprintf(key.comm, sizeof(key.comm), "%s", comm);
    return key;
}

static inline struct rca_sock_edge requests(uint64_t n, uint64_t errors)
{
    struct rca_sock_edge e = {.sum = {.requests = n, .errors = errors}};

    e.sum_ns[RCA_SOCK_LATENCY] = n * 2000000;
    e.bucket[RCA_SOCK_LATENCY][rca_latency_bucket(2000000)] = (uint32_t)n;
    return e;
}

static inline void feed(struct world *w, struct rca_sock_key key,
                        struct rca_sock_edge edge)
{
    assert_ok(rca_sock_book_feed(&w->book, &key, &edge));
}

static inline void begin(struct world *w)
{
    rca_observer_begin(w->obs, (1700000000 + w->ticks++) * RCA_SECOND);
}

static inline void report(struct world *w)
{
    begin(w);
    assert_ok(rca_sock_book_report(&w->book, w->obs, 0));
}

/* What the last tick said; NAN: nothing. */
static inline double value(struct world *w, enum rca_kind kind,
                           const char *name, const char *series)
{
    const rca_id entity = rca_observe_entity(w->obs, kind, name);
    rca_id id;

    if (!rca_map_get(&w->obs->series, series, strlen(series), &id))
        return NAN;
    for (size_t i = 0; i < w->obs->n_samples; i++) {
        if (w->obs->samples[i].entity == entity &&
            w->obs->samples[i].series == id)
            return w->obs->samples[i].value;
    }
    return NAN;
}

static inline double requests_of(struct world *w, enum rca_kind kind,
                                 const char *name)
{
    return value(w, kind, name, "requests_total");
}

static inline void assert_edge(struct world *w, rca_id from, rca_id to,
                               enum rca_edge_kind kind)
{
    for (size_t i = 0; i < w->obs->n_edges; i++) {
        const struct rca_edge *e = &w->obs->edges[i];

        if (e->source == from && e->target == to && e->kind == kind)
            return;
    }
    fail_msg("no edge of kind %d", (int)kind);
}

/** world_test() - a test of a book of its own */
#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
