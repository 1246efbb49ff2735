/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/box.h"

#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

/* Gradient within this part of its terms' size counts as zero. */
#define TOLERANCE 1e-10
/* Each round frees one weight; cycling is impossible but for rounding. */
#define MAX_ROUNDS (20 * RCA_BOX_MAX)

struct solver {
    const struct rca_box *box;
    double *w;
    _Bool free[RCA_BOX_MAX];
};

static double clip(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

static double hessian(const struct rca_box *b, size_t i, size_t j)
{
    return b->gram[i][j] + (i == j ? b->ridge[i] : 0);
}

/* minimum over the free weights with the others held */
static void solve_free(const struct solver *s, double *ret_w)
{
    const struct rca_box *b = s->box;
    double a[RCA_BOX_MAX * RCA_BOX_MAX];
    double rhs[RCA_BOX_MAX];
    size_t at[RCA_BOX_MAX];
    size_t k = 0;
    gsl_matrix_view m;
    gsl_vector_view x;

    for (size_t i = 0; i < b->n; i++) {
        ret_w[i] = s->w[i];
        if (s->free[i])
            at[k++] = i;
    }
    for (size_t r = 0; r < k; r++) {
        const size_t i = at[r];

        rhs[r] = b->moment[i] + b->ridge[i] * b->prior[i];
        for (size_t j = 0; j < b->n; j++) {
            if (!s->free[j])
                rhs[r] -= b->gram[i][j] * s->w[j];
        }
        for (size_t c = 0; c < k; c++)
            a[r * RCA_BOX_MAX + c] = hessian(b, i, at[c]);
    }
    if (k == 0)
        return;
    /* positive definite by the ridges, which are above 0 */
    m = gsl_matrix_view_array_with_tda(a, k, k, RCA_BOX_MAX);
    x = gsl_vector_view_array(rhs, k);
    if (gsl_linalg_cholesky_decomp1(&m.matrix) ||
        gsl_linalg_cholesky_svx(&m.matrix, &x.vector))
        return;
    for (size_t r = 0; r < k; r++)
        ret_w[at[r]] = rhs[r];
}

/* go towards @to until the first limit and hold that weight there; whether
 * there was one */
static _Bool step(struct solver *s, const double *to)
{
    const struct rca_box *b = s->box;
    double alpha = 1;
    size_t hit = b->n;

    for (size_t i = 0; i < b->n; i++) {
        const double room =
            to[i] < b->low[i] ? b->low[i] - s->w[i] : b->high[i] - s->w[i];
        const double way = to[i] - s->w[i];

        if (!s->free[i] || (to[i] >= b->low[i] && to[i] <= b->high[i]))
            continue;
        if (hit == b->n || room / way < alpha) {
            alpha = clip(room / way, 0, 1);
            hit = i;
        }
    }
    for (size_t i = 0; i < b->n; i++) {
        if (s->free[i])
            s->w[i] = clip(s->w[i] + alpha * (to[i] - s->w[i]), b->low[i],
                           b->high[i]);
    }
    if (hit == b->n)
        return 0;
    s->w[hit] = to[hit] < b->low[hit] ? b->low[hit] : b->high[hit];
    s->free[hit] = 0;
    return 1;
}

/* the held weight that most wants to leave its limit, or n */
static size_t worst(const struct solver *s)
{
    const struct rca_box *b = s->box;
    double most = 0;
    size_t at = b->n;

    for (size_t i = 0; i < b->n; i++) {
        double g = b->ridge[i] * (s->w[i] - b->prior[i]) - b->moment[i];
        double size = fabs(b->moment[i]) + b->ridge[i];

        if (s->free[i] || b->low[i] >= b->high[i])
            continue;
        for (size_t j = 0; j < b->n; j++) {
            g += b->gram[i][j] * s->w[j];
            size += fabs(b->gram[i][j] * s->w[j]);
        }
        g = s->w[i] <= b->low[i] ? -g : g; /* how much is to be gained */
        if (g > TOLERANCE * size && g / size > most) {
            most = g / size;
            at = i;
        }
    }
    return at;
}

void rca_box_solve(const struct rca_box *box, double w[RCA_BOX_MAX])
{
    struct solver s = {.box = box, .w = w};
    double to[RCA_BOX_MAX];

    (void)gsl_set_error_handler_off();
    for (size_t i = 0; i < box->n; i++) {
        w[i] = clip(w[i], box->low[i], box->high[i]);
        s.free[i] = w[i] > box->low[i] && w[i] < box->high[i];
    }
    for (int round = 0; round < MAX_ROUNDS; round++) {
        size_t next;

        do
            solve_free(&s, to);
        while (step(&s, to));
        next = worst(&s);
        if (next == box->n)
            return;
        s.free[next] = 1;
    }
}
