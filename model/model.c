/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "model/learned.h"
#include "model/parallel.h"

#define MIN_ROWS 20
/* Of all the time, reading is about this part: for the progress. */
#define READING 0.5

struct trainer {
    struct rca_learner *learner; /* owned */
    const struct rca_training *how;
    size_t entities, done;
};

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void learning(void *arg, double part)
{
    const struct trainer *t = arg;

    t->how->progress(t->how->arg, READING + (1 - READING) * part);
}

static int take(void *arg, const struct rca_window *portion)
{
    struct trainer *t = arg;

    for (size_t v = 0; v < portion->n_vars; v++)
        t->done +=
            v == 0 || portion->vars[v].entity != portion->vars[v - 1].entity;
    if (t->how->progress)
        t->how->progress(t->how->arg,
                         READING * (double)t->done / (double)t->entities);
    return rca_learner_add(t->learner, portion);
}

/* the rows to learn from: on the store's data, not before or after */
static int choose_rows(struct rca_store *store, const struct rca_training *how,
                       struct rca_span *ret)
{
    rca_time from = how->from, to = how->to;
    struct rca_store_info info;
    const int err = rca_store_info(store, &info);

    if (err)
        return err;
    if (info.first == RCA_TIME_NONE)
        return RCA_ETOOFEW;
    ret->step = how->step > 0       ? how->step
                : info.interval > 0 ? info.interval
                                    : RCA_SECOND;
    /* rows before the first sample would be empty */
    if (from < info.first - ret->step)
        from = info.first - ret->step;
    if (to > info.last)
        to = info.last;
    if (to - from < MIN_ROWS * ret->step)
        return RCA_ETOOFEW;
    ret->from = from;
    ret->n_rows = (size_t)((to - from) / ret->step);
    return 0;
}

static int train(struct rca_store *store, struct trainer *t,
                 const struct rca_span *span, struct rca_model **ret_model)
{
    const rca_time to = span->from + (rca_time)span->n_rows * span->step;
    const unsigned jobs = rca_parallel_jobs(t->how->jobs);
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    const double start = now_s();
    double read;
    int err = rca_store_graph(store, span->from, to, &g);

    if (!err)
        err = rca_learner_new(span, jobs, &t->learner);
    if (err)
        return err;
    t->entities = rca_graph_size(g);
    err = rca_window_stream(store, span, jobs, take, t);
    read = now_s();
    if (!err)
        err = t->done ? rca_learner_finish(t->learner, g,
                                           t->how->progress ? learning : NULL,
                                           t, ret_model)
                      : RCA_ETOOFEW;
    if (t->how->ret_times)
        *t->how->ret_times =
            (struct rca_training_times){read - start, now_s() - read};
    return err;
}

int rca_model_train_as(struct rca_store *store, const struct rca_training *how,
                       struct rca_model **ret_model)
{
    struct trainer t = {.how = how};
    struct rca_span span = {0};
    int err = choose_rows(store, how, &span);

    if (!err)
        err = train(store, &t, &span, ret_model);
    rca_learner_free(&t.learner);
    return err;
}

int rca_model_train(struct rca_store *store, rca_time from, rca_time to,
                    rca_time step, struct rca_model **ret_model)
{
    const struct rca_training how = {.from = from, .to = to, .step = step};

    return rca_model_train_as(store, &how, ret_model);
}

void rca_model_free(struct rca_model **model)
{
    struct rca_model *m = *model;

    *model = NULL;
    if (!m)
        return;
    rca_arena_done(&m->strings);
    free(m->vars);
    free(m);
}

static size_t find_variable(const struct rca_model *m, rca_id entity,
                            const char *metric)
{
    size_t lo = 0, hi = m->n_vars;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const struct rca_learned *v = &m->vars[mid];
        const int c = v->entity != entity ? (v->entity < entity ? -1 : 1)
                                          : strcmp(v->metric, metric);

        if (c == 0)
            return mid;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return m->n_vars;
}

/* parents by the window's numbers; those that it lacks are left out */
static void translate(struct rca_known *k, const uint32_t *place)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < k->n_parents; i++) {
        if (place[k->parent[i]] == UINT32_MAX)
            continue;
        k->parent[n] = place[k->parent[i]];
        k->weight[n++] = k->weight[i];
    }
    k->n_parents = n;
}

int rca_model_past(const struct rca_model *model, const struct rca_window *w,
                   struct rca_past **ret_past)
{
    struct rca_past *p RCA_CLEANUP(rca_past_free) = calloc(1, sizeof(*p));
    uint32_t *place RCA_CLEANUP(rca_freep) =
        malloc((model->n_vars + 1) * sizeof(*place));

    if (!p || !place)
        return -ENOMEM;
    p->n_vars = w->n_vars;
    p->n_rows = model->rows;
    p->known = calloc(w->n_vars + 1, sizeof(*p->known));
    if (!p->known)
        return -ENOMEM;
    for (size_t v = 0; v < model->n_vars; v++)
        place[v] = UINT32_MAX;
    for (size_t v = 0; v < w->n_vars; v++) {
        const size_t at =
            find_variable(model, w->vars[v].entity, w->vars[v].metric.name);

        if (at == model->n_vars)
            continue;
        place[at] = (uint32_t)v;
        p->known[v] = model->vars[at].known;
    }
    for (size_t v = 0; v < w->n_vars; v++)
        translate(&p->known[v], place);
    *ret_past = RCA_TAKE(p);
    return 0;
}

void rca_model_info(const struct rca_model *model,
                    struct rca_model_info *ret_info)
{
    *ret_info = (struct rca_model_info){.from = model->from,
                                        .to = model->to,
                                        .step = model->step,
                                        .rows = model->rows,
                                        .variables = model->n_vars,
                                        .entities = model->n_entities,
                                        .factors = model->n_factors};
}

size_t rca_model_variables(const struct rca_model *model)
{
    return model->n_vars;
}

static void set_usual(const struct rca_learned *v, struct rca_factor_view *view)
{
    const double reach = rca_habit_usual(&v->known.habit, 4) * v->scale;

    view->constant = v->known.spread.constant;
    view->low = view->high = v->known.spread.n ? v->centre : NAN;
    if (view->constant)
        return;
    view->low -= reach;
    view->high += reach;
    if (v->centre >= 0 && view->low < 0)
        view->low = 0;
}

void rca_model_view(const struct rca_model *model, size_t variable,
                    struct rca_factor_view *ret_view)
{
    const struct rca_learned *v = &model->vars[variable];

    *ret_view = (struct rca_factor_view){.entity = v->entity,
                                         .metric = v->metric,
                                         .centre = v->centre,
                                         .scale = v->scale,
                                         .residual_scale = v->residual_scale,
                                         .n_parents = v->n_parents};
    set_usual(v, ret_view);
    for (uint32_t i = 0; i < v->n_parents; i++) {
        ret_view->parents[i].entity = model->vars[v->parent[i]].entity;
        ret_view->parents[i].metric = model->vars[v->parent[i]].metric;
        ret_view->parents[i].weight = v->weight[i];
    }
}
