/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The truth is read in one place, judge(), when all rankings of the case are
 * made and nothing can change them any more.
 */

#include "datasets/evaluate.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "datasets/learn.h"
#include "datasets/pool.h"
#include "model/arena.h"

struct incidents {
    size_t n;
    struct rca_incident list[RCA_EVALUATE_WINDOWS];
};

struct result {
    size_t n;
    struct rca_outcome outcomes[RCA_EVALUATE_WINDOWS]; /* owned */
    struct rca_broken broken; /* err is 0 if it is not */
};

struct run {
    const struct rca_folders *folders;
    const struct rca_evaluate_options *options;
    struct result *results; /* one a folder */
    const struct rca_weights *fits; /* NULL: those of the options */
    const size_t *which; /* of the fits, by folder */
};

/* --- which rows ----------------------------------------------------------- */

static void normal_windows(const struct rca_incident *i, struct incidents *to)
{
    const size_t end = i->before.to, rows = i->before.to - i->before.from;
    const size_t half = rows / 2;
    size_t length = i->incident.to - i->incident.from, stride;

    if (length > half)
        length = half;
    if (!length)
        return;
    to->n = half / length;
    if (to->n > RCA_EVALUATE_WINDOWS)
        to->n = RCA_EVALUATE_WINDOWS;
    stride = half / to->n;
    for (size_t k = 0; k < to->n; k++) {
        const size_t from = end - (to->n - 1 - k) * stride - length;

        to->list[k] = *i;
        to->list[k].incident = (struct rca_rows){from, from + length};
        to->list[k].before.to = from;
    }
}

static void choose(const struct rca_case *c, _Bool normal,
                   struct incidents *incidents)
{
    *incidents = (struct incidents){0};
    if (normal)
        normal_windows(&c->incident, incidents);
    else
        incidents->list[incidents->n++] = c->incident;
}

/* --- one ranking ---------------------------------------------------------- */

static double now(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* NULL stays NULL. */
static int text(struct rca_arena *arena, const char *from, const char **ret)
{
    *ret = from ? rca_arena_text(arena, from) : NULL;
    return from && !*ret ? -ENOMEM : 0;
}

static int name_one(const struct rca_case *c, const struct rca_ranked *from,
                    struct rca_arena *arena, struct rca_named *to)
{
    const uint32_t node = rca_graph_node(c->graph, from->entity);
    const char *metric = from->variable < c->window->n_vars
                             ? c->window->vars[from->variable].metric.name
                             : NULL;

    *to = (struct rca_named){.score = from->score,
                             .share = from->share,
                             .confidence = from->confidence};
    assert(node != UINT32_MAX);
    if (text(arena, rca_graph_entity(c->graph, node)->name, &to->entity) ||
        text(arena, c->service[node], &to->service))
        return -ENOMEM;
    return text(arena, metric, &to->metric);
}

static int name_all(const struct rca_case *c, const struct rca_ranking *ranking,
                    struct rca_outcome *o)
{
    o->list = calloc(ranking->n + 1, sizeof(*o->list));
    if (!o->list)
        return -ENOMEM;
    for (; o->n < ranking->n; o->n++) {
        if (name_one(c, &ranking->list[o->n], &o->strings, &o->list[o->n]))
            return -ENOMEM;
    }
    return 0;
}

/* A case that is too short is answered with nothing. */
static int answer(const struct rca_case *c, const struct rca_incident *incident,
                  const struct rca_rank_options *options, struct rca_outcome *o)
{
    struct rca_ranking *ranking RCA_CLEANUP(rca_ranking_free) = NULL;
    int err = rca_rank(incident, options, &ranking);

    if (err && err != RCA_ETOOFEW)
        return err;
    o->verdict = ranking ? ranking->verdict : RCA_VERDICT_UNCLEAR;
    o->fault = "";
    if (text(&o->strings, c->name, &o->name) ||
        text(&o->strings, c->dataset, &o->dataset))
        return -ENOMEM;
    return ranking ? name_all(c, ranking, o) : 0;
}

/* --- the truth ------------------------------------------------------------ */

const char *rca_evaluate_service(const struct rca_case *c,
                                 const struct rca_truth *truth)
{
    if (truth->service || !truth->entity)
        return truth->service;
    for (uint32_t i = 0; i < rca_graph_size(c->graph); i++) {
        if (strcmp(rca_graph_entity(c->graph, i)->name, truth->entity) == 0)
            return c->service[i];
    }
    return truth->entity;
}

static int judge(const char *folder, const struct rca_case *c,
                 struct rca_outcome *o, struct rca_broken *ret_broken)
{
    struct rca_truth truth RCA_CLEANUP(rca_truth_done) = {0};
    const char *service;
    int err = rca_truth_read(folder, &truth, &ret_broken->diag);

    if (err == -ENOMEM)
        return err;
    if (err) {
        ret_broken->err = err;
        return 0;
    }
    service = rca_evaluate_service(c, &truth);
    o->known = service != NULL;
    if (truth.fault && text(&o->strings, truth.fault, &o->fault))
        return -ENOMEM;
    return service ? rca_score_rank(o->list, o->n, service, &o->rank) : 0;
}

/* --- one case ------------------------------------------------------------- */

static int answer_all(const struct rca_case *c, _Bool normal,
                      const struct rca_rank_options *options, double began,
                      struct result *result)
{
    struct incidents incidents;

    choose(c, normal, &incidents);
    while (result->n < incidents.n) {
        struct rca_outcome *o = &result->outcomes[result->n];
        double ended;
        int err = answer(c, &incidents.list[result->n++], options, o);

        if (err)
            return err;
        ended = now();
        o->seconds = ended - began;
        began = ended;
    }
    return 0;
}

static int evaluate_one(void *data, size_t i)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    const struct run *run = data;
    const struct rca_evaluate_options *options = run->options;
    const char *folder = run->folders->paths[i];
    struct result *result = &run->results[i];
    struct rca_rank_options rank = options->rank;
    const double began = now();
    int err = rca_case_read(folder, &c, &result->broken.diag);

    if (err == -ENOMEM)
        return err;
    if (err) {
        result->broken.err = err;
        return 0;
    }
    rca_case_shift(c, options->shift);
    if (run->fits)
        rank.weights = &run->fits[run->which[i]];
    err = answer_all(c, options->normal, &rank, began, result);
    if (err || options->normal)
        return err;
    return judge(folder, c, &result->outcomes[0], &result->broken);
}

/* --- all of them ---------------------------------------------------------- */

static void results_free(struct result **results)
{
    free(*results);
}

static void result_done(struct result *result)
{
    for (size_t k = 0; k < result->n; k++)
        rca_outcome_done(&result->outcomes[k]);
}

/* Hand the results over, in order; the broken ones' outcomes are dropped. */
static int gather(struct result *results, size_t n,
                  struct rca_evaluation *ret_evaluation)
{
    struct rca_evaluation e = {0};
    size_t outcomes = 0;

    for (size_t i = 0; i < n; i++)
        outcomes += results[i].n;
    e.outcomes = calloc(outcomes + 1, sizeof(*e.outcomes));
    e.broken = calloc(n + 1, sizeof(*e.broken));
    if (!e.outcomes || !e.broken) {
        rca_evaluation_done(&e);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (results[i].broken.err) {
            e.broken[e.n_broken++] = results[i].broken;
            continue;
        }
        for (size_t k = 0; k < results[i].n; k++) {
            e.outcomes[e.n] = results[i].outcomes[k];
            e.outcomes[e.n++].of = i;
        }
        results[i].n = 0;
    }
    *ret_evaluation = e;
    return 0;
}

static int run_all(struct run *run, const struct rca_pool *pool,
                   struct rca_evaluation *ret_evaluation)
{
    struct result *results RCA_CLEANUP(results_free) =
        calloc(pool->n + 1, sizeof(*results));
    int err;

    if (!results)
        return -ENOMEM;
    run->results = results;
    err = rca_pool_run(pool, evaluate_one, run);
    err = err ? err : gather(results, pool->n, ret_evaluation);
    for (size_t i = 0; i < pool->n; i++)
        result_done(&results[i]);
    return err;
}

/* --- leaving one data set out --------------------------------------------- */

struct left_out {
    const struct rca_lessons *lessons;
    struct rca_weights *fits; /* that of a data set is at its first folder */
    size_t *which; /* by folder */
};

/* The first folder of the data set of folder @i. */
static size_t first_of(const struct rca_lessons *lessons, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (lessons->list[k].dataset &&
            strcmp(lessons->list[k].dataset, lessons->list[i].dataset) == 0)
            return k;
    }
    return i;
}

static int fit_one(void *data, size_t i)
{
    const struct left_out *l = data;
    const char *dataset = l->lessons->list[i].dataset;

    if (!dataset) /* broken: not ranked */
        return 0;
    l->which[i] = first_of(l->lessons, i);
    return l->which[i] < i ? 0
                           : rca_learn_fit(l->lessons, dataset, &l->fits[i]);
}

static int run_loo(struct run *run, const struct rca_pool *pool,
                   struct rca_evaluation *ret_evaluation)
{
    struct rca_lessons lessons RCA_CLEANUP(rca_lessons_done) = {0};
    struct rca_weights *fits RCA_CLEANUP(rca_freep) =
        calloc(pool->n + 1, sizeof(*fits));
    size_t *which RCA_CLEANUP(rca_freep) = calloc(pool->n + 1, sizeof(*which));
    struct left_out l = {.lessons = &lessons, .fits = fits, .which = which};
    struct rca_pool quiet = {.n = pool->n, .jobs = pool->jobs};
    int err;

    if (!fits || !which)
        return -ENOMEM;
    err =
        rca_learn_gather(run->folders, pool, run->options->rank.seed, &lessons);
    err = err ? err : rca_pool_run(&quiet, fit_one, &l);
    run->fits = fits;
    run->which = which;
    return err ? err : run_all(run, pool, ret_evaluation);
}

int rca_evaluate(const struct rca_folders *folders,
                 const struct rca_evaluate_options *options,
                 struct rca_evaluation *ret_evaluation)
{
    struct run run = {.folders = folders, .options = options};
    const struct rca_pool pool = {.n = folders->n,
                                  .jobs = options->jobs,
                                  .progress = options->progress,
                                  .progress_data = options->progress_data};

    return options->loo ? run_loo(&run, &pool, ret_evaluation)
                        : run_all(&run, &pool, ret_evaluation);
}

void rca_evaluation_done(struct rca_evaluation *evaluation)
{
    for (size_t i = 0; i < evaluation->n; i++)
        rca_outcome_done(&evaluation->outcomes[i]);
    free(evaluation->outcomes);
    free(evaluation->broken);
    *evaluation = (struct rca_evaluation){0};
}
