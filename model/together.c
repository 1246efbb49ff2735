/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/together.h"

#include <errno.h>
#include <math.h>

/* Rows before the incident: so many times its length, or this many. */
#define BEFORE_TIMES 3
#define BEFORE_ROWS 20
#define MIN_ROWS 6

struct ranked {
    double x;
    size_t at;
};

struct work {
    const struct rca_scene *s;
    struct rca_rows rows;
    double *x, *y, *rank_x, *rank_y;
    struct ranked *order;
    size_t n_y; /* values that @rank_y is of */
};

static _Bool is_before(const struct ranked *x, const struct ranked *y)
{
    return x->x < y->x || (x->x == y->x && x->at < y->at);
}

/* D. L. Shell's sort with the gaps of M. Ciura, "Best Increments for the
 * Average Case of Shellsort", 2001: a fifth of qsort()'s time for 100 rows */
static void sort_values(struct ranked *list, size_t n)
{
    static const size_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};

    for (size_t g = 0; g < RCA_ARRAY_SIZE(gaps); g++) {
        const size_t gap = gaps[g];

        for (size_t i = gap; i < n; i++) {
            const struct ranked r = list[i];
            size_t j = i;

            for (; j >= gap && is_before(&r, &list[j - gap]); j -= gap)
                list[j] = list[j - gap];
            list[j] = r;
        }
    }
}

/* mean ranks, so that ties rank equal */
static void rank(const struct work *k, const double *x, size_t n, double *ret)
{
    for (size_t i = 0; i < n; i++)
        k->order[i] = (struct ranked){x[i], i};
    sort_values(k->order, n);
    for (size_t i = 0; i < n;) {
        size_t j = i + 1;

        while (j < n && k->order[j].x == k->order[i].x)
            j++;
        for (size_t t = i; t < j; t++)
            ret[k->order[t].at] = (double)(i + j - 1) / 2;
        i = j;
    }
}

/* means are taken from the first value on: that of a constant is exact, and no
 * rounding correlates with anything */
static double correlation(const double *x, const double *y, size_t n)
{
    double mx = 0, my = 0, xy = 0, xx = 0, yy = 0;

    for (size_t i = 0; i < n; i++) {
        mx += x[i] - x[0];
        my += y[i] - y[0];
    }
    mx = x[0] + mx / (double)n;
    my = y[0] + my / (double)n;
    for (size_t i = 0; i < n; i++) {
        xy += (x[i] - mx) * (y[i] - my);
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

static double compare(struct work *k, size_t v, size_t symptom)
{
    const struct rca_window *w = k->s->w;
    const double *x = w->x + v * w->n_rows, *y = w->x + symptom * w->n_rows;
    const size_t before = k->n_y;
    size_t n = 0;

    for (size_t r = k->rows.from; r < k->rows.to; r++) {
        if (isnan(x[r]) || isnan(y[r]))
            continue;
        k->x[n] = x[r];
        k->y[n++] = y[r];
    }
    if (n < MIN_ROWS)
        return 0;
    rank(k, k->x, n, k->rank_x);
    k->n_y = n;
    if (n < k->rows.to - k->rows.from || before != n)
        rank(k, k->y, n, k->rank_y); /* else they are the last ones */
    return (fabs(correlation(k->x, k->y, n)) +
            fabs(correlation(k->rank_x, k->rank_y, n))) /
           2;
}

int rca_together_new(const struct rca_scene *scene, uint32_t symptom,
                     double **ret_list)
{
    const struct rca_window *w = scene->w;
    const size_t length = scene->incident.to - scene->incident.from;
    const size_t want = BEFORE_TIMES * length > BEFORE_ROWS
                            ? BEFORE_TIMES * length
                            : BEFORE_ROWS;
    const size_t begin = scene->incident.from;
    struct work k = {
        .s = scene,
        .rows = {begin > want ? begin - want : 0, scene->incident.to}};
    const size_t n = k.rows.to - k.rows.from;
    double *list RCA_CLEANUP(rca_freep) = calloc(w->n_vars + 1, sizeof(*list));
    double *memory RCA_CLEANUP(rca_freep) =
        malloc((4 * n + 1) * sizeof(double));
    struct ranked *order RCA_CLEANUP(rca_freep) =
        malloc((n + 1) * sizeof(*order));

    if (!list || !memory || !order)
        return -ENOMEM;
    k.x = memory;
    k.y = memory + n;
    k.rank_x = memory + 2 * n;
    k.rank_y = memory + 3 * n;
    k.order = order;
    for (size_t v = 0; v < w->n_vars; v++) {
        if (scene->traits[v].known &&
            w->vars[v].metric.role == w->vars[symptom].metric.role)
            list[v] = compare(&k, v, symptom);
    }
    *ret_list = RCA_TAKE(list);
    return 0;
}
