/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/habit.h"

#include <math.h>

/* Windows that are looked at, of up to SHORT rows and of more. */
#define MANY 20
#define SOME 8
#define SHORT 32
#define NULL_QUANTILE 0.9
#define SHIFT_QUANTILE 0.95
/* They overlap by three quarters at most, as in rca_robust_null(). */
#define OVERLAP 4

/* windows of @length rows in @n, evenly spread; 0: none fits */
static size_t count_windows(size_t n, size_t length)
{
    const size_t most = length > SHORT ? SOME : MANY;
    const size_t fit = n < length ? 0 : OVERLAP * (n - length) / length + 1;

    return fit < most ? fit : most;
}

static void learn(const double *x, size_t n, const struct rca_spread *spread,
                  size_t k, double *scratch, struct rca_habit *h)
{
    const size_t length = (size_t)4 << k, m = count_windows(n, length);
    const size_t shorter = k > 0 ? k - 1 : 0;
    double *deviation = scratch + length, *shift = deviation + m;
    size_t seen = 0;

    for (size_t i = 0; i < m; i++) {
        const size_t at = m > 1 ? (n - length) * i / (m - 1) : 0;
        const double d =
            rca_robust_deviation(x + at, length, spread, 0, scratch);

        if (isnan(d))
            continue;
        deviation[seen] = d;
        shift[seen++] =
            fabs(rca_robust_mean(x + at, length, NULL) - spread->centre);
    }
    if (seen == 0 && shorter != k) {
        h->usual[k] = h->usual[shorter];
        h->shift[k] = h->shift[shorter];
        return;
    }
    h->usual[k] = (float)rca_robust_shrink(
        deviation, seen, fmin((double)seen, (double)n / (double)length),
        NULL_QUANTILE);
    h->shift[k] =
        seen ? (float)rca_robust_quantile(shift, seen, SHIFT_QUANTILE) : 0;
}

struct rca_habit rca_habit_learn(const double *x, size_t n,
                                 const struct rca_spread *spread,
                                 double *scratch)
{
    struct rca_habit h;

    for (size_t k = 0; k < RCA_HABIT_LENGTHS; k++)
        learn(x, n, spread, k, scratch, &h);
    return h;
}

static double between(const float table[RCA_HABIT_LENGTHS], size_t length)
{
    const double at = log2((double)(length ? length : 1)) - 2;
    size_t k;

    if (at <= 0)
        return (double)table[0];
    k = (size_t)at;
    if (k + 1 >= RCA_HABIT_LENGTHS)
        return (double)table[RCA_HABIT_LENGTHS - 1];
    return (double)table[k] +
           (at - (double)k) * ((double)table[k + 1] - (double)table[k]);
}

double rca_habit_usual(const struct rca_habit *h, size_t length)
{
    return between(h->usual, length);
}

double rca_habit_shift(const struct rca_habit *h, size_t length)
{
    return between(h->shift, length);
}
