/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/regress.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "model/box.h"

static_assert(RCA_REGRESS_PARENTS <= RCA_BOX_MAX, "one problem holds them");

/* --- the columns ------------------------------------------------------------ */

static void standardize(struct rca_regress *t, size_t v)
{
    double *z = t->z + v * t->n_rows;
    const struct rca_rows train = {0, t->n_train};
    double low = INFINITY, high = -INFINITY;

    t->usual[v] = rca_usual_moments(z, train);
    for (size_t r = 0; r < t->n_train; r++) {
        low = fmin(low, z[r]);
        high = fmax(high, z[r]);
    }
    /* a spread of rounding errors is none; see baseline.c */
    t->dead[v] = !(high - low >
                   (double)t->n_train * DBL_EPSILON * fabs(t->usual[v].centre));
    for (size_t r = 0; r < t->n_rows; r++) {
        const double d = (z[r] - t->usual[v].centre) / t->usual[v].scale;

        z[r] = isnan(d) ? 0 : d;
    }
}

int rca_regress_init(struct rca_regress *t, const struct rca_incident *incident,
                     _Bool whole)
{
    const struct rca_window *w = incident->w;
    const struct rca_rows b = incident->before, i = incident->incident;

    *t = (struct rca_regress){.n_vars = w->n_vars,
                              .n_before = b.to - b.from,
                              .n_rows = b.to - b.from + (i.to - i.from)};
    t->n_train = whole ? t->n_rows : t->n_before;
    t->z = calloc(t->n_vars * t->n_rows, sizeof(*t->z));
    t->usual = calloc(t->n_vars, sizeof(*t->usual));
    t->dead = calloc(t->n_vars, sizeof(*t->dead));
    if (!t->z || !t->usual || !t->dead) {
        rca_regress_done(t);
        return -ENOMEM;
    }
    for (size_t v = 0; v < t->n_vars; v++) {
        const double *x = rca_baseline_column(w, v);
        double *z = t->z + v * t->n_rows;

        memcpy(z, x + b.from, t->n_before * sizeof(*z));
        memcpy(z + t->n_before, x + i.from, (i.to - i.from) * sizeof(*z));
        standardize(t, v);
    }
    return 0;
}

void rca_regress_done(struct rca_regress *t)
{
    free(t->z);
    free(t->usual);
    free(t->dead);
    *t = (struct rca_regress){0};
}

const double *rca_regress_column(const struct rca_regress *t, size_t v)
{
    return t->z + v * t->n_rows;
}

/* --- the regression --------------------------------------------------------- */

static double product(const struct rca_regress *t, size_t a, size_t b)
{
    const double *x = rca_regress_column(t, a), *y = rca_regress_column(t, b);
    double sum = 0;

    for (size_t r = 0; r < t->n_train; r++)
        sum += x[r] * y[r];
    return sum;
}

static _Bool is_before(double size, uint32_t v, double than, uint32_t other)
{
    return size > than || (!(size < than) && v < other);
}

/* keep the strongest, in order */
static void choose(const struct rca_regress *t, uint32_t target,
                   const uint32_t *candidates, size_t n,
                   struct rca_regression *f)
{
    double size[RCA_REGRESS_PARENTS + 1];

    for (size_t c = 0; c < n; c++) {
        const uint32_t v = candidates[c];
        double s;
        size_t k = f->n;

        if (v == target || t->dead[v])
            continue;
        s = fabs(product(t, target, v));
        for (; k > 0 && is_before(s, v, size[k - 1], f->parent[k - 1]); k--) {
            if (k == RCA_REGRESS_PARENTS)
                continue;
            size[k] = size[k - 1];
            f->parent[k] = f->parent[k - 1];
        }
        if (k == RCA_REGRESS_PARENTS)
            continue;
        size[k] = s;
        f->parent[k] = v;
        f->n += f->n < RCA_REGRESS_PARENTS;
    }
}

static void solve(const struct rca_regress *t, uint32_t target, double ridge,
                  struct rca_regression *f)
{
    struct rca_box box = {.n = f->n};
    double w[RCA_BOX_MAX] = {0};

    for (size_t i = 0; i < f->n; i++) {
        for (size_t j = 0; j <= i; j++)
            box.gram[i][j] = box.gram[j][i] =
                product(t, f->parent[i], f->parent[j]);
        box.moment[i] = product(t, f->parent[i], target);
        box.ridge[i] = ridge * (double)t->n_train;
        box.low[i] = -INFINITY;
        box.high[i] = INFINITY;
    }
    rca_box_solve(&box, w);
    memcpy(f->weight, w, sizeof(f->weight));
}

double rca_regress_predict(const struct rca_regression *f,
                           const struct rca_regress *t, size_t row)
{
    double sum = 0;

    for (size_t k = 0; k < f->n; k++)
        sum += f->weight[k] * rca_regress_column(t, f->parent[k])[row];
    return sum;
}

void rca_regress_fit(const struct rca_regress *t, uint32_t target,
                     const uint32_t *candidates, size_t n, double ridge,
                     struct rca_regression *ret)
{
    const double *z = rca_regress_column(t, target);
    double square = 0;

    *ret = (struct rca_regression){0};
    if (!t->dead[target]) {
        choose(t, target, candidates, n, ret);
        solve(t, target, ridge, ret);
    }
    for (size_t r = 0; r < t->n_train; r++) {
        const double e = z[r] - rca_regress_predict(ret, t, r);

        square += e * e;
    }
    ret->sd = sqrt(square / (double)t->n_train);
}
