/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/symptom.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* A mean latency that is at least this part as abnormal as the best. */
#define MEAN_PREFERENCE 0.5
/* A stretch ends where this many rows in a row are near the centre. */
#define QUIET_ROWS 3
#define MIN_SEGMENT 3
#define MIN_BEFORE 10
/* Rows count as no further out than this, so that one spike is no change. */
#define WINSOR 20.0
/* Below this the best change point is chance. */
#define MIN_CHANGE 5.0
/* What is looked at where nothing has changed: a part of the rows. */
#define DEFAULT_PART 10
#define BEYOND 3.0

static _Bool is_symptom_role(enum rca_role role)
{
    return role == RCA_ROLE_LATENCY || role == RCA_ROLE_ERROR;
}

static _Bool is_front(const struct rca_graph *g, rca_id entity)
{
    const uint32_t node = rca_graph_node(g, entity);
    enum rca_kind kind;

    if (node == UINT32_MAX)
        return 0;
    kind = rca_graph_entity(g, node)->kind;
    return kind == RCA_KIND_SERVICE || kind == RCA_KIND_CLIENT;
}

/* 0: cannot be the symptom; 2: latency or error; 1: anything else asked for */
static int fitness(const struct rca_window *w, const struct rca_graph *g,
                   const struct rca_target *target, size_t v)
{
    const struct rca_variable *var = &w->vars[v];

    if (target->metric && strcmp(target->metric, var->metric.name) != 0)
        return 0;
    if (target->entity != RCA_ID_NONE)
        return var->entity != target->entity       ? 0
               : is_symptom_role(var->metric.role) ? 2
                                                   : 1;
    if (target->metric)
        return 2;
    if (!is_symptom_role(var->metric.role))
        return 0;
    return is_front(g, var->entity) ? 2 : 1;
}

static int best_fitness(const struct rca_window *w, const struct rca_graph *g,
                        const struct rca_target *target)
{
    int best = 0;

    for (size_t v = 0; v < w->n_vars && best < 2; v++) {
        const int f = fitness(w, g, target, v);

        best = f > best ? f : best;
    }
    return best;
}

static _Bool is_mean_latency(const struct rca_metric *m)
{
    return strcmp(m->name, "request_latency_mean_seconds") == 0;
}

/* --- when ----------------------------------------------------------------- */

struct change {
    size_t row;
    double size;
};

/* noise of @x from its steps, which a change of level does not touch */
static double step_scale(const double *x, size_t n, double resolution,
                         double *scratch)
{
    double was = NAN, scale, centre;
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        if (!isnan(was))
            scratch[m++] = fabs(x[i] - was);
        was = x[i];
    }
    scale = m ? 1.483 / sqrt(2) * rca_robust_quantile(scratch, m, 0.5) : 0;
    m = rca_robust_pack(x, n, scratch);
    centre = m ? rca_robust_quantile(scratch, m, 0.25) : 0;
    return fmax(fmax(scale, 0.05 * fabs(centre)), fmax(resolution, 1e-12));
}

/* @z: the column in scales, winsorized, turned so that up is worse */
static struct change best_change(const double *z, size_t n, size_t first,
                                 _Bool both)
{
    struct change best = {n, 0};
    double sum = 0, all = 0, seen = 0, total = 0;

    for (size_t i = 0; i < n; i++) {
        all += isnan(z[i]) ? 0 : z[i];
        total += !isnan(z[i]);
    }
    for (size_t i = 0; i + MIN_SEGMENT <= n; i++) {
        const double after = total - seen;
        double size;

        if (i >= first && seen >= MIN_BEFORE && after >= MIN_SEGMENT) {
            size =
                ((all - sum) / after - sum / seen) * sqrt(seen * after / total);
            size = both ? fabs(size) : size;
            if (size > best.size)
                best = (struct change){i, size};
        }
        sum += isnan(z[i]) ? 0 : z[i];
        seen += !isnan(z[i]);
    }
    return best;
}

static void standardize(const struct rca_window *w, size_t v, double *z,
                        double *scratch)
{
    const struct rca_metric *m = &w->vars[v].metric;
    const double *x = w->x + v * w->n_rows;
    const double scale = step_scale(x, w->n_rows, m->resolution, scratch);
    const size_t n = rca_robust_pack(x, w->n_rows, scratch);
    const double centre = rca_robust_quantile(scratch, n, 0.5);
    const double turn = m->bad < 0 ? -1 : 1;

    for (size_t r = 0; r < w->n_rows; r++)
        z[r] = fmin(fmax((x[r] - centre) / scale * turn, -WINSOR), WINSOR);
    for (size_t r = 0; r < w->n_rows; r++)
        z[r] = isnan(x[r]) ? NAN : z[r];
}

int rca_symptom_find_rows(const struct rca_window *w, const struct rca_graph *g,
                          const struct rca_target *target, size_t last,
                          struct rca_rows *ret)
{
    const int want = best_fitness(w, g, target);
    const size_t n = w->n_rows;
    const size_t first = n > last ? n - last : 0;
    double *z RCA_CLEANUP(rca_freep) = malloc((2 * n + 1) * sizeof(*z));
    struct change best = {n, 0}, mean = {n, 0};

    if (want == 0)
        return RCA_EUNKNOWN;
    if (n < MIN_BEFORE + MIN_SEGMENT)
        return RCA_ETOOFEW;
    if (!z)
        return -ENOMEM;
    for (size_t v = 0; v < w->n_vars; v++) {
        struct change c;

        if (fitness(w, g, target, v) != want)
            continue;
        standardize(w, v, z, z + n);
        c = best_change(z, n, first, w->vars[v].metric.bad == 0);
        if (c.size > best.size)
            best = c;
        if (is_mean_latency(&w->vars[v].metric) && c.size > mean.size)
            mean = c;
    }
    if (mean.size >= MEAN_PREFERENCE * best.size)
        best = mean;
    if (best.size < MIN_CHANGE)
        best.row = n - (n / DEFAULT_PART > MIN_SEGMENT ? n / DEFAULT_PART
                                                       : MIN_SEGMENT);
    *ret = (struct rca_rows){best.row, n};
    return 0;
}

static _Bool is_quiet(const double *z, size_t n, size_t row, int way)
{
    for (size_t k = 0; k < QUIET_ROWS; k++) {
        if (z[row] >= BEYOND)
            return 0;
        if (way > 0 ? row + 1 >= n : row == 0)
            return 1;
        row = way > 0 ? row + 1 : row - 1;
    }
    return 1;
}

static struct rca_rows stretch(const double *z, size_t n, size_t row)
{
    struct rca_rows s = {row, row + 1};

    while (s.from > 0 && !is_quiet(z, n, s.from - 1, -1))
        s.from--;
    while (s.to < n && !is_quiet(z, n, s.to, 1))
        s.to++;
    return s;
}

int rca_symptom_rows_at(const struct rca_window *w, const struct rca_graph *g,
                        const struct rca_target *target, size_t row,
                        struct rca_rows *ret)
{
    const int want = best_fitness(w, g, target);
    const size_t n = w->n_rows;
    double *z RCA_CLEANUP(rca_freep) = malloc((2 * n + 1) * sizeof(*z));
    struct rca_rows longest = {0, 0};

    if (want == 0)
        return RCA_EUNKNOWN;
    if (row >= n)
        return RCA_ETOOFEW;
    if (!z)
        return -ENOMEM;
    for (size_t v = 0; v < w->n_vars; v++) {
        struct rca_rows s;

        if (fitness(w, g, target, v) != want)
            continue;
        standardize(w, v, z, z + n);
        s = stretch(z, n, row);
        if (s.to - s.from > longest.to - longest.from)
            longest = s;
    }
    if (longest.to - longest.from < MIN_SEGMENT)
        return RCA_ETOOFEW;
    *ret = longest;
    return 0;
}

/* --- what ----------------------------------------------------------------- */

int rca_symptom_choose(const struct rca_scene *scene,
                       const struct rca_target *target, uint32_t *ret_variable)
{
    const struct rca_window *w = scene->w;
    double best = -1, mean = -1;
    size_t best_at = w->n_vars, mean_at = w->n_vars;
    int want = 0;

    for (size_t v = 0; v < w->n_vars; v++) {
        const int f = fitness(w, scene->g, target, v);

        want = f > want && scene->traits[v].known ? f : want;
    }
    if (want == 0)
        return best_fitness(w, scene->g, target) ? RCA_ETOOFEW : RCA_EUNKNOWN;
    for (size_t v = 0; v < w->n_vars; v++) {
        const struct rca_trait *t = &scene->traits[v];
        const struct rca_metric *m = &w->vars[v].metric;
        const double s = t->shift * m->bad < 0 ? 0 : t->strength;

        if (!t->known || fitness(w, scene->g, target, v) != want)
            continue;
        if (s > best) {
            best = s;
            best_at = v;
        }
        if (is_mean_latency(m) && s > mean) {
            mean = s;
            mean_at = v;
        }
    }
    *ret_variable =
        (uint32_t)(mean_at < w->n_vars && mean >= MEAN_PREFERENCE * best
                       ? mean_at
                       : best_at);
    return 0;
}

int rca_symptom_is_normal(const struct rca_scene *scene, uint32_t variable,
                          _Bool *ret_normal)
{
    const struct rca_window *w = scene->w;
    const struct rca_trait *t = &scene->traits[variable];
    const struct rca_rows i = scene->incident;
    const double *x = w->x + variable * w->n_rows;
    const struct rca_normal_rows past = rca_scene_normal(scene, variable);
    const int bad = w->vars[variable].metric.bad;
    double *scratch RCA_CLEANUP(rca_freep) =
        malloc((2 * w->n_rows + past.n + 1) * sizeof(*scratch));
    double now, usual;

    if (!scratch)
        return -ENOMEM;
    now = rca_robust_deviation(x + i.from, i.to - i.from, &t->spread, bad,
                               scratch);
    usual = rca_robust_null(past.x, past.n, i.to - i.from, &t->spread, 0.99,
                            scratch);
    *ret_normal = !t->abnormal || !(now > usual);
    return 0;
}

size_t rca_symptom_onset(const struct rca_scene *scene, uint32_t variable)
{
    const struct rca_window *w = scene->w;
    const struct rca_trait *t = &scene->traits[variable];
    const double *x = w->x + variable * w->n_rows;
    const struct rca_rows rows = scene->incident;
    const size_t early = (rows.to - rows.from) / 2;
    const double sign = t->shift < 0 ? -1 : 1;

    for (size_t r = rows.from > early ? rows.from - early : 0; r < rows.to;
         r++) {
        size_t out = 0, seen = 0;

        for (size_t k = r; k < rows.to && k < r + 5; k++) {
            const double z = sign * (x[k] - t->spread.centre) / t->spread.scale;

            seen += isnan(x[k]) ? 0 : 1;
            out += z > BEYOND;
        }
        if (sign * (x[r] - t->spread.centre) > BEYOND * t->spread.scale &&
            2 * out > seen)
            return r;
    }
    return w->n_rows;
}
