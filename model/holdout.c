/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/holdout.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/robust.h"

/* As in learn_factor.c. */
#define RIDGE 0.1
#define RIDGE_SAME 1.0
#define MIN_CORRELATION 0.05
#define CLIP 8.0

static void scale_column(struct rca_holdout *h, size_t v, double *scratch)
{
    const double *x = h->w->x + v * h->w->n_rows;
    double *z = h->z + v * h->w->n_rows;
    const struct rca_spread s = rca_robust_spread(
        x, h->w->n_rows, fmax(h->w->vars[v].metric.resolution, 1e-12), scratch);

    h->scale[v] = s.scale;
    for (size_t r = 0; r < h->w->n_rows; r++) {
        const double d = (x[r] - s.centre) / s.scale;

        z[r] = isnan(d) ? 0 : fmin(fmax(d, -CLIP), CLIP);
    }
}

int rca_holdout_init(struct rca_holdout *h, const struct rca_window *w,
                     const struct rca_graph *g, const _Bool *wanted)
{
    double *scratch RCA_CLEANUP(rca_freep) =
        malloc((w->n_rows + 1) * sizeof(*scratch));
    double *median RCA_CLEANUP(rca_freep) =
        malloc((w->n_vars + 1) * sizeof(*median));
    const struct rca_relation_filter filter = {.median = median,
                                               .wanted = wanted};
    int err = -ENOMEM;

    *h = (struct rca_holdout){.w = w};
    h->z = malloc((w->n_vars * w->n_rows + 1) * sizeof(*h->z));
    h->scale = malloc((w->n_vars + 1) * sizeof(*h->scale));
    if (scratch && median && h->z && h->scale)
        err = 0;
    for (size_t v = 0; v < w->n_vars && !err; v++) {
        const double *x = w->x + v * w->n_rows;

        median[v] = rca_robust_quantile(
            scratch, rca_robust_pack(x, w->n_rows, scratch), 0.5);
        scale_column(h, v, scratch);
    }
    if (!err)
        err = rca_relations_of(w, &filter, g, &h->relations);
    if (err)
        rca_holdout_done(h);
    return err;
}

void rca_holdout_done(struct rca_holdout *h)
{
    rca_relations_free(&h->relations);
    free(h->z);
    free(h->scale);
    h->z = h->scale = NULL;
}

const double *rca_holdout_column(const struct rca_holdout *h, size_t v)
{
    return h->z + v * h->w->n_rows;
}

_Bool rca_holdout_has(const struct rca_holdout *h, size_t v, size_t row)
{
    return !isnan(h->w->x[v * h->w->n_rows + row]);
}

/* --- rows ----------------------------------------------------------------- */

/* the rows that are learned from: those of the target outside of @out */
struct rows {
    const struct rca_holdout *h;
    const double *known; /* 1 where the target is known and learned from */
    double n;
};

static double mean(const struct rows *rows, const double *z)
{
    double sum = 0;

    for (size_t r = 0; r < rows->h->w->n_rows; r++)
        sum += rows->known[r] * z[r];
    return sum / rows->n;
}

static double product(const struct rows *rows, const double *a, double mean_a,
                      const double *b, double mean_b)
{
    double sum = 0;

    for (size_t r = 0; r < rows->h->w->n_rows; r++)
        sum += rows->known[r] * (a[r] - mean_a) * (b[r] - mean_b);
    return sum / rows->n;
}

/* --- parents -------------------------------------------------------------- */

struct chosen {
    const struct rca_relation *relation;
    double merit, mean;
};

static void keep_best(struct chosen *best, size_t *n, struct chosen c)
{
    size_t i = *n;

    if (*n == RCA_HOLDOUT_PARENTS) {
        if (c.merit <= best[*n - 1].merit)
            return;
        i--;
    } else {
        (*n)++;
    }
    for (; i > 0 && c.merit > best[i - 1].merit; i--)
        best[i] = best[i - 1];
    best[i] = c;
}

static size_t choose(const struct rows *rows, uint32_t target,
                     struct chosen *best, float *ret_r)
{
    const double *y = rca_holdout_column(rows->h, target);
    const double mean_y = mean(rows, y);
    const double square_y = product(rows, y, mean_y, y, mean_y);
    size_t n, m = 0;
    const struct rca_relation *all =
        rca_relations_get(rows->h->relations, target, &n);

    for (size_t i = 0; i < n; i++) {
        const double *x = rca_holdout_column(rows->h, all[i].cause);
        struct chosen c = {.relation = &all[i], .mean = mean(rows, x)};
        const double square = product(rows, x, c.mean, x, c.mean);
        double r =
            product(rows, x, c.mean, y, mean_y) / sqrt(square * square_y);

        r = isfinite(r) ? r : 0;
        if (ret_r)
            ret_r[i] = (float)r;
        c.merit = fabs(r) + all[i].same;
        if (square > 0 && c.merit >= MIN_CORRELATION)
            keep_best(best, &m, c);
    }
    return m;
}

/* --- weights -------------------------------------------------------------- */

static void solve(const struct rows *rows, uint32_t target,
                  const struct chosen *best, struct rca_holdout_fit *fit)
{
    const struct rca_holdout *h = rows->h;
    const double *y = rca_holdout_column(h, target);
    struct rca_box box = {.n = fit->n};
    double w[RCA_BOX_MAX] = {0};

    for (size_t i = 0; i < fit->n; i++) {
        const struct rca_relation *r = best[i].relation;
        const double *x = rca_holdout_column(h, r->cause);
        const double scale = h->scale[r->cause] / h->scale[target];

        fit->parent[i] = r->cause;
        fit->parent_mean[i] = best[i].mean;
        box.low[i] = r->low * scale;
        box.high[i] = r->high * scale;
        w[i] = box.prior[i] = r->prior * scale;
        box.ridge[i] = r->same ? RIDGE_SAME : RIDGE;
        box.moment[i] = product(rows, x, best[i].mean, y, fit->mean);
        for (size_t j = 0; j <= i; j++)
            box.gram[i][j] = box.gram[j][i] = product(
                rows, x, best[i].mean,
                rca_holdout_column(h, best[j].relation->cause), best[j].mean);
    }
    rca_box_solve(&box, w);
    memcpy(fit->weight, w, sizeof(fit->weight));
}

/* marks of the rows that are learned from; their number */
static size_t mark_rows(const struct rca_holdout *h, uint32_t target,
                        struct rca_rows out, double *known)
{
    size_t n = 0;

    for (size_t r = 0; r < h->w->n_rows; r++) {
        const _Bool in =
            (r < out.from || r >= out.to) && rca_holdout_has(h, target, r);

        known[r] = in;
        n += in;
    }
    return n;
}

void rca_holdout_fit(const struct rca_holdout *h, uint32_t target,
                     struct rca_rows out, double *scratch, float *ret_r,
                     struct rca_holdout_fit *ret_fit)
{
    struct chosen best[RCA_HOLDOUT_PARENTS] = {{0}};
    struct rows rows = {.h = h, .known = scratch};

    *ret_fit = (struct rca_holdout_fit){0};
    ret_fit->rows = mark_rows(h, target, out, scratch);
    if (!ret_fit->rows)
        return;
    rows.n = (double)ret_fit->rows;
    ret_fit->mean = mean(&rows, rca_holdout_column(h, target));
    if (ret_fit->rows < RCA_HOLDOUT_ROWS_MIN)
        return;
    ret_fit->n = choose(&rows, target, best, ret_r);
    solve(&rows, target, best, ret_fit);
}

double rca_holdout_predict(const struct rca_holdout *h,
                           const struct rca_holdout_fit *fit, size_t row)
{
    double y = fit->mean;

    for (size_t i = 0; i < fit->n; i++)
        y += fit->weight[i] *
             (rca_holdout_column(h, fit->parent[i])[row] - fit->parent_mean[i]);
    return y;
}
