/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/scene.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define MIN_NORMAL_ROWS 10
/* Largest part of the rows before that the guard band takes. */
#define GUARD_PART 0.4
/* A shift is chance below so many standard errors ... */
#define NOISE_ERRORS 3.0
/* ... below this part of the scale, ... */
#define NOISE_SCALES 1.0
/* ... or below what earlier windows of that length often show. */
#define NULL_QUANTILE 0.9

/* A metric that is missing (no requests, no latency) in most of the incident
 * says nothing. */
#define MIN_INCIDENT_PART 0.2

/* 95 % of the shifts of earlier windows are below this */
static double usual_shift(const double *x, size_t n, size_t length,
                          double centre, double *scratch)
{
    const size_t stride = length / 4 ? length / 4 : 1;
    size_t m = 0;

    for (size_t at = 0; at + length <= n; at += stride) {
        const double mean = rca_robust_mean(x + at, length, NULL);

        if (!isnan(mean))
            scratch[m++] = fabs(mean - centre);
    }
    return m ? rca_robust_quantile(scratch, m, 0.95) : 0;
}

/* what the model knows of variable @v, or NULL */
static const struct rca_known *known_of(const struct rca_scene *s, size_t v)
{
    return s->past && s->past->known[v].spread.n > 0 ? &s->past->known[v]
                                                     : NULL;
}

static void look(struct rca_scene *s, size_t v, double *scratch)
{
    const struct rca_known *known = known_of(s, v);
    const struct rca_metric *metric = &s->w->vars[v].metric;
    const double *x = s->w->x + v * s->w->n_rows;
    const size_t n = s->normal.to - s->normal.from;
    const size_t length = s->incident.to - s->incident.from;
    struct rca_trait *t = &s->traits[v];
    double mean, raw;
    size_t seen;

    t->spread =
        known ? known->spread
              : rca_robust_spread(x + s->normal.from, n,
                                  fmax(metric->resolution, 1e-12), scratch);
    t->unit = t->spread.scale;
    mean = rca_robust_mean(x + s->incident.from, length, &seen);
    t->known = t->spread.n >= MIN_NORMAL_ROWS / 2 &&
               (double)seen >= MIN_INCIDENT_PART * (double)length && seen > 0;
    if (!t->known)
        return;
    t->shift = mean - t->spread.centre;
    raw = rca_robust_deviation(x + s->incident.from, length, &t->spread, 0,
                               scratch);
    t->usual = known ? rca_habit_usual(&known->habit, length)
                     : rca_robust_null(x + s->normal.from, n, length,
                                       &t->spread, NULL_QUANTILE, scratch);
    t->strength = raw / t->usual;
    t->noise =
        t->spread.scale * fmax(NOISE_SCALES, NOISE_ERRORS / sqrt((double)seen));
    t->noise = fmax(t->noise, known ? rca_habit_shift(&known->habit, length)
                                    : usual_shift(x + s->normal.from, n, length,
                                                  t->spread.centre, scratch));
    t->abnormal = fabs(t->shift) > t->noise;
    t->unit = fmax(t->unit, fabs(t->shift) / RCA_SCENE_FAR);
}

/* relations of the abnormal variables */
static int relate(struct rca_scene *s)
{
    const size_t n = s->w->n_vars;
    struct rca_relation_filter f = {0};
    double *median RCA_CLEANUP(rca_freep) = malloc((n + 1) * sizeof(*median));
    _Bool *wanted RCA_CLEANUP(rca_freep) = malloc(n + 1);

    if (!median || !wanted)
        return -ENOMEM;
    for (size_t v = 0; v < n; v++) {
        median[v] = s->traits[v].spread.centre;
        wanted[v] = s->traits[v].abnormal;
    }
    f.median = median;
    f.wanted = wanted;
    return rca_relations_of(s->w, &f, s->g, &s->relations);
}

int rca_scene_init(struct rca_scene *scene, const struct rca_window *w,
                   const struct rca_graph *g, struct rca_rows normal,
                   struct rca_rows incident)
{
    return rca_scene_recall(scene, w, g, normal, incident, NULL);
}

int rca_scene_recall(struct rca_scene *scene, const struct rca_window *w,
                     const struct rca_graph *g, struct rca_rows normal,
                     struct rca_rows incident, const struct rca_past *past)
{
    struct rca_scene s = {
        .w = w, .g = g, .normal = normal, .incident = incident, .past = past};
    double *scratch RCA_CLEANUP(rca_freep) =
        malloc((2 * w->n_rows + 1) * sizeof(*scratch));
    int err;

    if (incident.to <= incident.from || incident.to > w->n_rows ||
        normal.to < normal.from + MIN_NORMAL_ROWS || normal.to > w->n_rows)
        return RCA_ETOOFEW;
    s.traits = calloc(w->n_vars + 1, sizeof(*s.traits));
    if (!s.traits || !scratch) {
        rca_scene_done(&s);
        return -ENOMEM;
    }
    for (size_t v = 0; v < w->n_vars; v++)
        look(&s, v, scratch);
    err = past ? relate(&s) : rca_relations_new(w, g, &s.relations);
    if (err) {
        rca_scene_done(&s);
        return err;
    }
    *scene = s;
    return 0;
}

void rca_scene_done(struct rca_scene *scene)
{
    rca_relations_free(&scene->relations);
    free(scene->traits);
    scene->traits = NULL;
}

struct rca_normal_rows rca_scene_normal(const struct rca_scene *scene,
                                        size_t variable)
{
    const struct rca_past *p = scene->past;
    const struct rca_window *w = scene->w;

    if (p && p->rows && p->column[variable] != UINT32_MAX)
        return (struct rca_normal_rows){p->rows->x + p->column[variable] *
                                                         p->rows->n_rows,
                                        p->rows->n_rows};
    return (struct rca_normal_rows){w->x + variable * w->n_rows +
                                        scene->normal.from,
                                    scene->normal.to - scene->normal.from};
}

struct rca_rows rca_scene_guard(struct rca_rows before,
                                struct rca_rows incident)
{
    const size_t n = before.to - before.from;
    const size_t half = (incident.to - incident.from) / 2;
    const size_t most = (size_t)(GUARD_PART * (double)n);
    const size_t guard = half < most ? half : most;

    if (n < guard + MIN_NORMAL_ROWS)
        return before;
    return (struct rca_rows){before.from, before.to - guard};
}

struct rca_rows rca_scene_block(const struct rca_scene *scene, size_t b)
{
    const _Bool normal = b < RCA_SCENE_NORMAL_BLOCKS;
    const struct rca_rows *all = normal ? &scene->normal : &scene->incident;
    const size_t k = normal ? b : b - RCA_SCENE_NORMAL_BLOCKS;
    const size_t of =
        normal ? RCA_SCENE_NORMAL_BLOCKS : RCA_SCENE_INCIDENT_BLOCKS;
    const size_t n = all->to - all->from;

    return (struct rca_rows){all->from + n * k / of,
                             all->from + n * (k + 1) / of};
}
