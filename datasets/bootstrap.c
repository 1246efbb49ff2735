/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/bootstrap.h"

#include <math.h>

#define TAIL 0.05

size_t rca_bootstrap_pick(uint64_t *state, size_t n)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (size_t)(((z >> 32) * (uint64_t)n) >> 32);
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double quantile(const double *sorted, size_t n, double p)
{
    double at = p * (double)(n - 1);
    size_t i = (size_t)at;
    double rest = at - (double)i;

    return i + 1 < n ? sorted[i] + rest * (sorted[i + 1] - sorted[i])
                     : sorted[i];
}

struct rca_range rca_bootstrap_range(double *draws, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(draws[i]))
            draws[kept++] = draws[i];
    }
    if (!kept)
        return (struct rca_range){NAN, NAN};
    qsort(draws, kept, sizeof(*draws), by_value);
    return (struct rca_range){quantile(draws, kept, TAIL),
                              quantile(draws, kept, 1 - TAIL)};
}
