/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/tail.h"

#include <math.h>

/* The tail is the upper tenth, or so many values, but never over a half. */
#define PART 10
#define FEW 8

static int falling(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x < y) - (x > y);
}

static size_t tail_size(size_t n)
{
    const size_t wanted = n / PART > FEW ? n / PART : FEW;

    return wanted < n / 2 ? wanted : n / 2;
}

double rca_tail_p(double *x, size_t n, double t, double floor)
{
    const size_t k = tail_size(n);
    double sum = 0, u;
    size_t above = 0;

    if (n < RCA_TAIL_MIN)
        return NAN;
    qsort(x, n, sizeof(*x), falling);
    u = x[k];
    if (t <= u) {
        while (above < n && x[above] >= t)
            above++;
        return (double)(above + 1) / (double)(n + 1);
    }
    for (size_t i = 0; i < k; i++)
        sum += x[i] - u;
    sum = fmax(sum, (double)k * floor);
    return (double)(k + 1) / (double)(n + 1) *
           pow(1 + (t - u) / sum, -(double)k);
}
