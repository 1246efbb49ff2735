/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/box.h"
#include "model/learned.h"
#include "model/relation.h"
#include "model/robust.h"

/*
 * Training: centre and scale of every variable, and its factor given the most
 * informative of its candidates. An explanation fits the factors of its
 * neighbourhood again, with the incident's rows (scene.h); these here are what
 * is usual.
 */

#define MIN_ROWS 20
/* Rows that rank the candidates; more does not change the choice. */
#define RANK_ROWS 512
/* In scaled units, against a total row weight of 1; as in factor.c. */
#define RIDGE 0.1
#define RIDGE_SAME 1.0
/* Rows further out than this are an incident's: they count as this far. */
#define CLIP 8.0
/* A candidate with less correlation than this is chance in any window. */
#define MIN_CORRELATION 0.05

struct learner {
    const struct rca_window *w;
    struct rca_relations *relations;
    struct rca_model *m;
    double *z; /* scaled, clipped; gaps are 0 */
};

struct ranked {
    const struct rca_relation *relation;
    double merit;
};

static int by_merit(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->merit != y->merit)
        return x->merit > y->merit ? -1 : 1;
    return x->relation->cause < y->relation->cause ? -1 : 1;
}

static double dot(const double *x, const double *y, size_t n, size_t stride)
{
    double sum = 0;

    for (size_t i = 0; i < n; i += stride)
        sum += x[i] * y[i];
    return sum;
}

static double correlation(const struct learner *l, size_t a, size_t b)
{
    const size_t n = l->w->n_rows;
    const size_t stride = n / RANK_ROWS ? n / RANK_ROWS : 1;
    const double *x = l->z + a * n, *y = l->z + b * n;
    const double r = dot(x, y, n, stride) /
                     sqrt(dot(x, x, n, stride) * dot(y, y, n, stride));

    return isfinite(r) ? r : 0;
}

static int choose(const struct learner *l, uint32_t target, struct rca_box *box,
                  struct rca_learned *v)
{
    size_t n, m = 0;
    const struct rca_relation *all =
        rca_relations_get(l->relations, target, &n);
    struct ranked *list RCA_CLEANUP(rca_freep) =
        malloc((n + 1) * sizeof(*list));

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const double r = correlation(l, target, all[i].cause);

        if (all[i].same || fabs(r) >= MIN_CORRELATION)
            list[m++] = (struct ranked){&all[i], fabs(r) + all[i].same};
    }
    if (m)
        qsort(list, m, sizeof(*list), by_merit);
    box->n = m < RCA_LEARNED_PARENTS ? m : RCA_LEARNED_PARENTS;
    for (size_t i = 0; i < box->n; i++) {
        const struct rca_relation *r = list[i].relation;
        const double scale = l->m->vars[r->cause].scale / v->scale;

        v->parent[i] = r->cause;
        box->low[i] = r->low * scale;
        box->high[i] = r->high * scale;
        box->prior[i] = r->prior * scale;
        box->ridge[i] = r->same ? RIDGE_SAME : RIDGE;
    }
    return 0;
}

static void sort_parents(struct rca_learned *v, double *scaled)
{
    for (uint32_t i = 1; i < v->n_parents; i++) {
        for (uint32_t j = i; j > 0 && fabs(scaled[j]) > fabs(scaled[j - 1]);
             j--) {
            const double s = scaled[j], w = v->weight[j];
            const uint32_t p = v->parent[j];

            scaled[j] = scaled[j - 1];
            v->weight[j] = v->weight[j - 1];
            v->parent[j] = v->parent[j - 1];
            scaled[j - 1] = s;
            v->weight[j - 1] = w;
            v->parent[j - 1] = p;
        }
    }
}

/* leave out parents without weight, and give the others their units */
static void keep_weights(const struct learner *l, struct rca_learned *v,
                         size_t n, const double *w)
{
    double scaled[RCA_BOX_MAX];

    v->n_parents = 0;
    for (size_t i = 0; i < n; i++) {
        if (fabs(w[i]) < 1e-9)
            continue;
        scaled[v->n_parents] = w[i];
        v->weight[v->n_parents] =
            w[i] * v->scale / l->m->vars[v->parent[i]].scale;
        v->parent[v->n_parents++] = v->parent[i];
    }
    sort_parents(v, scaled);
    l->m->n_factors += v->n_parents > 0;
}

static int learn_factor(const struct learner *l, uint32_t target)
{
    const size_t rows = l->w->n_rows;
    struct rca_learned *v = &l->m->vars[target];
    const double *y = l->z + target * rows;
    struct rca_box box = {0};
    double w[RCA_BOX_MAX] = {0};
    double left = dot(y, y, rows, 1) / (double)rows;
    const int err = choose(l, target, &box, v);

    if (err)
        return err;
    for (size_t i = 0; i < box.n; i++) {
        const double *x = l->z + v->parent[i] * rows;

        for (size_t j = 0; j <= i; j++)
            box.gram[i][j] = box.gram[j][i] =
                dot(x, l->z + v->parent[j] * rows, rows, 1) / (double)rows;
        box.moment[i] = dot(x, y, rows, 1) / (double)rows;
        w[i] = box.prior[i];
    }
    rca_box_solve(&box, w);
    for (size_t i = 0; i < box.n; i++) {
        left -= 2 * w[i] * box.moment[i];
        for (size_t j = 0; j < box.n; j++)
            left += w[i] * w[j] * box.gram[i][j];
    }
    v->residual_scale = sqrt(fmax(left, 0)) * v->scale;
    keep_weights(l, v, box.n, w);
    return 0;
}

static int describe(struct learner *l, double *scratch)
{
    const struct rca_window *w = l->w;

    for (size_t i = 0; i < w->n_vars; i++) {
        struct rca_learned *v = &l->m->vars[i];
        const double *x = w->x + i * w->n_rows;
        const struct rca_spread s = rca_robust_spread(
            x, w->n_rows, fmax(w->vars[i].metric.resolution, 1e-12), scratch);

        v->entity = w->vars[i].entity;
        v->metric = rca_arena_text(&l->m->strings, w->vars[i].metric.name);
        if (!v->metric)
            return -ENOMEM;
        v->centre = isnan(s.centre) ? 0 : s.centre;
        v->scale = s.scale;
        l->m->n_entities += i == 0 || v->entity != v[-1].entity;
        for (size_t r = 0; r < w->n_rows; r++) {
            const double z = (x[r] - v->centre) / v->scale;

            l->z[i * w->n_rows + r] = isnan(z) ? 0 : fmin(fmax(z, -CLIP), CLIP);
        }
    }
    return 0;
}

int rca_model_learn(const struct rca_window *w, const struct rca_graph *g,
                    struct rca_model **ret_model)
{
    struct rca_model *m RCA_CLEANUP(rca_model_free) = calloc(1, sizeof(*m));
    struct rca_relations *relations RCA_CLEANUP(rca_relations_free) = NULL;
    double *z RCA_CLEANUP(rca_freep) =
        malloc((w->n_rows * w->n_vars + 1) * sizeof(*z));
    double *scratch RCA_CLEANUP(rca_freep) =
        malloc((w->n_rows + 1) * sizeof(*scratch));
    struct learner l = {.w = w, .m = m, .z = z};
    int err;

    if (w->n_rows < MIN_ROWS)
        return RCA_ETOOFEW;
    if (!m || !z || !scratch)
        return -ENOMEM;
    m->from = w->from;
    m->to = w->from + (rca_time)w->n_rows * w->step;
    m->step = w->step;
    m->rows = w->n_rows;
    m->n_vars = w->n_vars;
    m->vars = calloc(w->n_vars + 1, sizeof(*m->vars));
    if (!m->vars)
        return -ENOMEM;
    err = rca_relations_new(w, g, &relations);
    l.relations = relations;
    if (!err)
        err = describe(&l, scratch);
    for (size_t v = 0; v < w->n_vars && !err; v++)
        err = learn_factor(&l, (uint32_t)v);
    if (err)
        return err;
    *ret_model = RCA_TAKE(m);
    return 0;
}

int rca_model_train(struct rca_store *store, rca_time from, rca_time to,
                    rca_time step, struct rca_model **ret_model)
{
    struct rca_window *w RCA_CLEANUP(rca_window_free) = NULL;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_store_info info;
    int err;

    err = rca_store_info(store, &info);
    if (err)
        return err;
    if (info.first == RCA_TIME_NONE)
        return RCA_ETOOFEW;
    if (step <= 0)
        step = info.interval > 0 ? info.interval : RCA_SECOND;
    /* rows before the first sample would be empty */
    if (from < info.first - step)
        from = info.first - step;
    if (to > info.last)
        to = info.last;
    if (to - from < MIN_ROWS * step)
        return RCA_ETOOFEW;
    err = rca_window_read(store, from, to, step, NULL, 0, &w);
    if (!err)
        err = rca_store_graph(store, from, to, &g);
    return err ? err : rca_model_learn(w, g, ret_model);
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
    for (uint32_t i = 0; i < v->n_parents; i++) {
        ret_view->parents[i].entity = model->vars[v->parent[i]].entity;
        ret_view->parents[i].metric = model->vars[v->parent[i]].metric;
        ret_view->parents[i].weight = v->weight[i];
    }
}
