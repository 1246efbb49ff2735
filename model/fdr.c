/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/fdr.h"

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double rca_fdr_limit(double *p, size_t n, size_t all, double fdr)
{
    double harmonic = 0;

    for (size_t i = all; i > 0; i--) /* small ones first: no loss of digits */
        harmonic += 1 / (double)i;
    qsort(p, n, sizeof(*p), rising);
    for (size_t i = n; i > 0; i--) {
        const double limit = fdr * (double)i / ((double)all * harmonic);

        if (p[i - 1] <= limit)
            return limit;
    }
    return -1;
}
