/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/learn.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* A data set of n cases counts SET_COUNT sqrt(n): a large one must not drown
 * the small ones, yet says more. Against the fit's ridge; by hand. */
#define SET_COUNT 3.0
/* A simulated case counts so much of a real one: leaving one data set out, the
 * real sets come out alike from 0.05 to 1. */
#define SIMULATED_COUNT 0.2

struct gathering {
    const struct rca_folders *folders;
    struct rca_taught *list;
    uint64_t seed;
};

static void taught_done(struct rca_taught *t)
{
    free(t->dataset);
    free(t->guilty);
    rca_evidence_free(&t->evidence);
    *t = (struct rca_taught){0};
}

void rca_lessons_done(struct rca_lessons *lessons)
{
    for (size_t i = 0; i < lessons->n; i++)
        taught_done(&lessons->list[i]);
    free(lessons->list);
    *lessons = (struct rca_lessons){0};
}

/* Only now the truth is read. */
static int convict(const char *folder, const struct rca_case *c,
                   struct rca_taught *t)
{
    struct rca_truth truth RCA_CLEANUP(rca_truth_done) = {0};
    const char *service;
    int err = rca_truth_read(folder, &truth, &t->broken.diag);

    if (err) {
        t->broken.err = err;
        return err;
    }
    t->guilty = calloc(t->evidence->n + 1, sizeof(*t->guilty));
    if (!t->guilty)
        return -ENOMEM;
    service = rca_evaluate_service(c, &truth);
    for (size_t i = 0; service && i < t->evidence->n; i++) {
        uint32_t node = rca_graph_node(c->graph, t->evidence->list[i].entity);

        t->guilty[i] = strcmp(c->service[node], service) == 0;
    }
    return 0;
}

static int gather_one(void *data, size_t i)
{
    const struct gathering *g = data;
    const char *folder = g->folders->paths[i];
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct rca_taught *t = &g->list[i];
    int err = rca_case_read(folder, &c, &t->broken.diag);

    if (err) {
        t->broken.err = err;
        return err == -ENOMEM ? err : 0;
    }
    t->simulated = c->simulated;
    t->dataset = strdup(c->dataset);
    if (!t->dataset)
        return -ENOMEM;
    err = rca_evidence_new(&c->incident, g->seed, &t->evidence);
    err = err ? err : convict(folder, c, t);
    if (err)
        rca_evidence_free(&t->evidence);
    return err == -ENOMEM ? err : 0;
}

int rca_learn_gather(const struct rca_folders *folders,
                     const struct rca_pool *pool, uint64_t seed,
                     struct rca_lessons *ret_lessons)
{
    struct rca_lessons lessons = {0};
    struct gathering g = {.folders = folders, .seed = seed};
    struct rca_pool all = *pool;
    int err;

    lessons.list = calloc(folders->n + 1, sizeof(*lessons.list));
    if (!lessons.list)
        return -ENOMEM;
    lessons.n = folders->n;
    g.list = lessons.list;
    all.n = folders->n;
    err = rca_pool_run(&all, gather_one, &g);
    if (err)
        rca_lessons_done(&lessons);
    else
        *ret_lessons = lessons;
    return err;
}

/* --- fitting -------------------------------------------------------------- */

static _Bool counts(const struct rca_taught *t, const char *without)
{
    return t->evidence && t->evidence->n > 0 &&
           !(without && strcmp(t->dataset, without) == 0);
}

/* Cases of the data set of @t that count. */
static size_t siblings(const struct rca_lessons *lessons,
                       const struct rca_taught *t)
{
    size_t n = 0;

    for (size_t i = 0; i < lessons->n; i++)
        n += counts(&lessons->list[i], NULL) &&
             strcmp(lessons->list[i].dataset, t->dataset) == 0;
    return n;
}

int rca_learn_fit(const struct rca_lessons *lessons, const char *without,
                  struct rca_weights *ret_weights)
{
    struct rca_lesson *list RCA_CLEANUP(rca_freep) =
        calloc(lessons->n + 1, sizeof(*list));
    size_t n = 0;

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < lessons->n; i++) {
        const struct rca_taught *t = &lessons->list[i];

        if (counts(t, without))
            list[n++] = (struct rca_lesson){
                .evidence = t->evidence,
                .guilty = t->guilty,
                .count = (t->simulated ? SIMULATED_COUNT : 1) * SET_COUNT /
                         sqrt((double)siblings(lessons, t)),
            };
    }
    return rca_weights_fit(list, n, ret_weights);
}
