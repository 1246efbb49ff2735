/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cblas.h>

#include "model/box.h"
#include "model/learner.h"

/* In scaled units, against a total row weight of 1; as in factor.c. */
#define RIDGE 0.1
#define RIDGE_SAME 1.0
/* A candidate with less correlation than this is chance in any window. */
#define MIN_CORRELATION 0.05
/* Of what the neighbours leave; as in anomaly.c. */
#define MIN_KNOWN_CORRELATION 0.1
#define MIN_LEFT_SCALE 0.3

/* --- parents -------------------------------------------------------------- */

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

/* put @r among the best, which are sorted; there are @n of them now */
static size_t keep_best(struct ranked *best, size_t n, struct ranked r)
{
    size_t i = n;

    if (n == RCA_LEARNED_PARENTS) {
        if (by_merit(&r, &best[n - 1]) > 0)
            return n;
        i = --n;
    }
    for (; i > 0 && by_merit(&r, &best[i - 1]) < 0; i--)
        best[i] = best[i - 1];
    best[i] = r;
    return n + 1;
}

/* the most informative candidates; their number. Both the candidates and the
 * runs are in order of the variables. */
static size_t choose(const struct rca_learner *l, const struct bench *b,
                     const struct target *t, struct ranked *best)
{
    const struct run *run = b->runs;
    size_t n, m = 0;
    const struct rca_relation *all =
        rca_relations_get(l->relations, t->variable, &n);

    for (size_t i = 0; i < n; i++) {
        const uint32_t c = all[i].cause;
        double r;

        while (c >= run->first + run->n)
            run++;
        r = fabs((double)t->products[run->at + c - run->first] /
                 sqrt(l->columns[t->variable].square * l->columns[c].square));
        r = isfinite(r) ? r : 0;
        if (all[i].same || r >= MIN_CORRELATION)
            m = keep_best(best, m, (struct ranked){&all[i], r + all[i].same});
    }
    return m;
}

static void set_bounds(const struct rca_learner *l, const struct ranked *best,
                       struct rca_learned *v, struct rca_box *box)
{
    for (size_t i = 0; i < box->n; i++) {
        const struct rca_relation *r = best[i].relation;
        const double scale = l->m->vars[r->cause].scale / v->scale;

        v->parent[i] = r->cause;
        box->low[i] = r->low * scale;
        box->high[i] = r->high * scale;
        box->prior[i] = r->prior * scale;
        box->ridge[i] = r->same ? RIDGE_SAME : RIDGE;
    }
}

static _Bool is_gap(float z)
{
    return z == 0 && signbit(z);
}

/* rows of block @k in which the target is known, the target last; their
 * number */
static size_t pack(const struct rca_learner *l, const struct rca_learned *v,
                   size_t n, size_t k, float *packed)
{
    const struct stretch rows = block_rows(l, k);
    const size_t m = rows.to - rows.from;
    const size_t target = (size_t)(v - l->m->vars);
    const float *y = l->z + target * l->n_rows + rows.from;
    size_t kept = 0;

    for (size_t i = 0; i <= n; i++) {
        const size_t c = i < n ? v->parent[i] : target;
        const float *x = l->z + c * l->n_rows + rows.from;

        if (l->columns[target].seen == l->n_rows) {
            memcpy(packed + i * m, x, m * sizeof(*packed));
            kept = m;
            continue;
        }
        kept = 0;
        for (size_t r = 0; r < m; r++) {
            if (!is_gap(y[r]))
                packed[i * m + kept++] = x[r];
        }
    }
    return kept;
}

/* Gram matrix and moments over the rows in which the target is known; returns
 * the target's own mean square */
static double add_up(const struct rca_learner *l, struct bench *b,
                     const struct rca_learned *v, struct rca_box *box)
{
    const size_t n = box->n, width = (n + 4) / 4 * 4;
    const double rows = (double)l->columns[v - l->m->vars].seen;
    double sum[WIDTH][WIDTH] = {{0}};

    for (size_t k = 0; k < BLOCKS; k++) {
        const struct stretch of = block_rows(l, k);
        const size_t m = pack(l, v, n, k, b->packed);
        float g[WIDTH * WIDTH];

        if (m == 0)
            continue;
        for (size_t i = n + 1; i < width; i++)
            memset(b->packed + i * (of.to - of.from), 0, m * sizeof(float));
        cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, (int)width, (int)m,
                    1, b->packed, (int)(of.to - of.from), 0, g, WIDTH);
        for (size_t i = 0; i <= n; i++) {
            for (size_t j = i; j <= n; j++)
                sum[i][j] += (double)g[i * WIDTH + j];
        }
    }
    for (size_t i = 0; i < n && rows > 0; i++) {
        for (size_t j = i; j < n; j++)
            box->gram[i][j] = box->gram[j][i] = sum[i][j] / rows;
        box->moment[i] = sum[i][n] / rows;
    }
    return rows > 0 ? sum[n][n] / rows : 0;
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
static void keep_weights(const struct rca_learner *l, struct rca_learned *v,
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
}

/* --- what neighbours usually explain --------------------------------------- */

/* of the chosen parents the most correlated, fitted to the data alone; @all:
 * the factor of them */
static void fit_known(const struct ranked *best, const struct rca_box *all,
                      struct rca_known *known)
{
    size_t at[RCA_LEARNED_PARENTS] = {0};
    struct rca_box box = {0};
    double w[RCA_BOX_MAX] = {0};

    for (size_t i = 0; i < all->n; i++) {
        const struct rca_relation *const relation = best[i].relation;
        const double r = relation ? best[i].merit - relation->same : 0;
        size_t k = box.n;

        if (!relation || relation->weak || r < MIN_KNOWN_CORRELATION)
            continue;
        /* identities come first whatever their correlation: sort again */
        for (; k > 0 &&
               r > best[at[k - 1]].merit - best[at[k - 1]].relation->same;
             k--) {
            if (k < RCA_PAST_PARENTS)
                at[k] = at[k - 1];
        }
        if (k < RCA_PAST_PARENTS)
            at[k] = i;
        box.n += box.n < RCA_PAST_PARENTS;
    }
    for (size_t i = 0; i < box.n; i++) {
        for (size_t j = 0; j < box.n; j++)
            box.gram[i][j] = all->gram[at[i]][at[j]];
        box.moment[i] = all->moment[at[i]];
        box.ridge[i] = RIDGE;
        box.low[i] = all->low[at[i]];
        box.high[i] = all->high[at[i]];
    }
    rca_box_solve(&box, w);
    known->n_parents = (uint32_t)box.n;
    for (size_t i = 0; i < box.n; i++) {
        known->parent[i] = best[at[i]].relation->cause;
        known->weight[i] = (float)w[i];
    }
}

/* how what they leave usually varies, from the last rows */
static void learn_left(const struct rca_learner *l, struct bench *b,
                       size_t target, struct rca_known *known)
{
    const size_t n = l->n_rows < LEFT_ROWS ? l->n_rows : LEFT_ROWS;
    const float *y = l->z + (target + 1) * l->n_rows - n;

    if (known->n_parents == 0)
        return;
    for (size_t r = 0; r < n; r++) {
        float left = y[r];

        for (uint32_t i = 0; i < known->n_parents; i++)
            left -= known->weight[i] *
                    l->z[(known->parent[i] + 1) * l->n_rows - n + r];
        b->left[r] = is_gap(y[r]) ? NAN : (double)left;
    }
    known->left = rca_robust_spread(b->left, n, MIN_LEFT_SCALE, b->scratch);
    /* to the precision that is kept */
    known->left.centre = known->left.n ? (double)(float)known->left.centre : 0;
    known->left.scale = (double)(float)known->left.scale;
    known->left_habit = rca_habit_learn(b->left, n, &known->left, b->scratch);
}

void rca_learner_factor(const struct rca_learner *l, struct bench *b,
                        const struct target *t)
{
    struct rca_learned *v = &l->m->vars[t->variable];
    struct ranked best[RCA_LEARNED_PARENTS] = {{0}};
    struct rca_box box = {0};
    double w[RCA_BOX_MAX] = {0};
    double left;

    box.n = choose(l, b, t, best);
    set_bounds(l, best, v, &box);
    left = add_up(l, b, v, &box);
    memcpy(w, box.prior, sizeof(w));
    rca_box_solve(&box, w);
    for (size_t i = 0; i < box.n; i++) {
        left -= 2 * w[i] * box.moment[i];
        for (size_t j = 0; j < box.n; j++)
            left += w[i] * w[j] * box.gram[i][j];
    }
    v->residual_scale = sqrt(fmax(left, 0)) * v->scale;
    fit_known(best, &box, &v->known);
    learn_left(l, b, t->variable, &v->known);
    keep_weights(l, v, box.n, w);
}
