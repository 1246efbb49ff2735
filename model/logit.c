/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/logit.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define MAX_STEPS 2000
#define TOLERANCE 1e-7
#define FIRST_STEP 0.1

struct problem {
    const struct rca_logit *logit;
    const struct rca_logit_choice *choices;
    size_t n;
    double *p; /* of the alternatives of one choice */
};

static const double *input(const struct rca_logit_choice *c, size_t i)
{
    return (const double *)(const void *)((const char *)c->x + i * c->stride);
}

/* log P of the right ones; adds the gradient of -count * log P to @g */
static double one(const struct problem *q, const struct rca_logit_choice *c,
                  const double *w, double *g)
{
    const size_t k = q->logit->n_inputs;
    double most = -INFINITY, all = 0, right = 0;

    for (size_t i = 0; i < c->n; i++) {
        const double *x = input(c, i);
        double u = 0;

        for (size_t j = 0; j < k; j++)
            u += w[j] * x[j];
        q->p[i] = u;
        most = fmax(most, u);
    }
    for (size_t i = 0; i < c->n; i++) {
        q->p[i] = exp(q->p[i] - most);
        all += q->p[i];
        right += c->right[i] ? q->p[i] : 0;
    }
    right = fmax(right, 1e-300);
    for (size_t i = 0; i < c->n; i++) {
        const double *x = input(c, i);
        const double d = q->p[i] / all - (c->right[i] ? q->p[i] / right : 0);

        for (size_t j = 0; j < k; j++)
            g[j] += c->count * d * x[j];
    }
    return log(right / all);
}

/* what is minimized, and its gradient */
static double evaluate(const struct problem *q, const double *w, double *g)
{
    const size_t k = q->logit->n_inputs;
    double loss = 0;

    for (size_t j = 0; j < k; j++) {
        const double d = w[j] - q->logit->prior[j];

        g[j] = q->logit->ridge * d;
        loss += q->logit->ridge * d * d / 2;
    }
    for (size_t i = 0; i < q->n; i++)
        loss -= q->choices[i].count * one(q, &q->choices[i], w, g);
    return loss;
}

static double allowed(const struct rca_logit *l, size_t j, double w)
{
    const int sign = l->sign ? l->sign[j] : 0;

    return sign > 0 ? fmax(0, w) : sign < 0 ? fmin(0, w) : w;
}

/* one step from @y into @next; halves *@step until it goes down enough */
static double descend(const struct problem *q, const double *y, double *step,
                      double *next)
{
    const size_t k = q->logit->n_inputs;
    double g[RCA_LOGIT_MAX], unused[RCA_LOGIT_MAX];
    const double at = evaluate(q, y, g);

    for (;;) {
        double slope = 0, square = 0, loss;

        for (size_t j = 0; j < k; j++) {
            next[j] = allowed(q->logit, j, y[j] - *step * g[j]);
            slope += g[j] * (next[j] - y[j]);
            square += (next[j] - y[j]) * (next[j] - y[j]);
        }
        loss = evaluate(q, next, unused);
        if (loss <= at + slope + square / (2 * *step) + 1e-12 * fabs(at) ||
            *step < 1e-12)
            return loss;
        *step /= 2;
    }
}

static void minimize(const struct problem *q, double *w)
{
    const size_t k = q->logit->n_inputs;
    double y[RCA_LOGIT_MAX], next[RCA_LOGIT_MAX] = {0};
    double step = FIRST_STEP, t = 1;
    double was = INFINITY;

    memcpy(y, w, k * sizeof(*y));
    for (int i = 0; i < MAX_STEPS; i++) {
        const double loss = descend(q, y, &step, next);
        const double t1 = (1 + sqrt(1 + 4 * t * t)) / 2;
        double moved = 0;

        for (size_t j = 0; j < k; j++) {
            const double d = next[j] - w[j];

            moved = fmax(moved, fabs(d));
            y[j] = next[j] + (loss > was ? 0 : (t - 1) / t1 * d);
            w[j] = next[j];
        }
        t = loss > was ? 1 : t1;
        was = loss;
        step *= 1.1;
        if (moved < TOLERANCE)
            break;
    }
}

int rca_logit_fit(const struct rca_logit *logit,
                  const struct rca_logit_choice *choices, size_t n,
                  double *ret_w)
{
    double w[RCA_LOGIT_MAX];
    size_t most = 1;
    double *p RCA_CLEANUP(rca_freep) = NULL;
    struct problem q = {logit, choices, n, NULL};

    assert(logit->n_inputs <= RCA_LOGIT_MAX);
    for (size_t i = 0; i < n; i++)
        most = choices[i].n > most ? choices[i].n : most;
    p = malloc(most * sizeof(*p));
    if (!p)
        return -ENOMEM;
    q.p = p;
    for (size_t j = 0; j < logit->n_inputs; j++)
        w[j] = allowed(logit, j, logit->prior[j]);
    minimize(&q, w);
    memcpy(ret_w, w, logit->n_inputs * sizeof(*w));
    return 0;
}
