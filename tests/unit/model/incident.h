/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * incident - a small incident made by hand, for the ranking methods' tests.
 * Entities are 0, 1, ... and variables are added in order of entity.
 */

#include <errno.h>
#include <string.h>

#include "model/rank.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define INCIDENT_ENTITIES 24
#define INCIDENT_VARS 48
#define INCIDENT_ROWS 300

struct incident {
    struct rca_window w;
    struct rca_variable vars[INCIDENT_VARS];
    char names[INCIDENT_VARS][96];
    double x[INCIDENT_VARS * INCIDENT_ROWS];
    struct rca_entity entities[INCIDENT_ENTITIES];
    struct rca_edge edges[4 * INCIDENT_ENTITIES];
    size_t n_entities, n_edges;
    struct rca_graph *g;
    struct rca_incident i;
};

static inline void incident_init(struct incident *c, size_t rows, size_t start)
{
    memset(c, 0, sizeof(*c));
    c->w = (struct rca_window){
        .step = RCA_SECOND, .n_rows = rows, .vars = c->vars, .x = c->x};
    c->i = (struct rca_incident){.w = &c->w,
                                 .before = {0, start},
                                 .incident = {start, rows},
                                 .victim = RCA_ID_NONE};
}

static inline rca_id incident_entity(struct incident *c, enum rca_kind kind)
{
    const rca_id id = (rca_id)c->n_entities;

    assert_true(id < INCIDENT_ENTITIES);
    c->entities[c->n_entities++] =
        (struct rca_entity){.id = id, .kind = kind, .name = "e", .host = ""};
    return id;
}

static inline void incident_edge(struct incident *c, rca_id source,
                                 rca_id target, enum rca_edge_kind kind)
{
    assert_true(c->n_edges < RCA_ARRAY_SIZE(c->edges));
    c->edges[c->n_edges++] =
        (struct rca_edge){.source = source, .target = target, .kind = kind};
}

/* @values: the column, or NULL: zeros; it is returned */
static inline double *incident_metric(struct incident *c, rca_id entity,
                                      const char *name, const double *values)
{
    const size_t v = c->w.n_vars++;
    double *x = c->x + v * c->w.n_rows;

    assert_true(v < INCIDENT_VARS && c->w.n_rows <= INCIDENT_ROWS);
    c->vars[v].entity = entity;
    rca_metric_guess(name, c->names[v], &c->vars[v].metric);
    for (size_t r = 0; r < c->w.n_rows; r++)
        x[r] = values ? values[r] : 0;
    return x;
}

/* the graph, made at its first use; returns the incident as methods get it */
static inline const struct rca_incident *incident_made(struct incident *c)
{
    if (!c->g)
        assert_ok(rca_graph_new(c->entities, c->n_entities, c->edges,
                                c->n_edges, &c->g));
    c->i.g = c->g;
    return &c->i;
}

/* all rows before the incident are normal; rca_scene_done() */
static inline void incident_scene(struct incident *c, struct rca_scene *ret)
{
    const struct rca_incident *i = incident_made(c);

    assert_ok(rca_scene_init(ret, i->w, i->g, i->before, i->incident));
}

static inline int incident_rank(struct incident *c, enum rca_method method,
                                _Bool exact, uint64_t seed,
                                struct rca_ranking **ret)
{
    const struct rca_rank_options options = {
        .method = method, .seed = seed, .exact = exact};

    return rca_rank(incident_made(c), &options, ret);
}

/* every allocation fails once, nothing leaks, and the answer stays the same */
static inline void incident_survives_oom(struct incident *c,
                                         enum rca_method method, _Bool exact)
{
    struct rca_ranking *want = NULL, *got = NULL;
    int err = -ENOMEM;

    assert_ok(incident_rank(c, method, exact, 1, &want));
    for (long n = 0; err; n++) {
        oom_after(n);
        err = incident_rank(c, method, exact, 1, &got);
        if (err) {
            assert_true(oom_hit());
            assert_err(err, -ENOMEM);
            assert_null(got);
        }
        oom_after(-1);
        assert_true(n < 10000);
    }
    assert_int_equal(got ? got->n : 0, want->n);
    for (size_t k = 0; k < want->n; k++)
        assert_memory_equal(got ? &got->list[k].score : NULL,
                            &want->list[k].score, sizeof(double));
    rca_ranking_free(&want);
    rca_ranking_free(&got);
}

/* two normal draws of variance 1 by Box and Muller; the first only */
static inline double incident_normal(uint64_t *state)
{
    const double u = 1 - test_random(state), v = test_random(state);

    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}
