/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/comove.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

/* Of a correlation: beyond it Fisher's z is taken for infinite. */
#define ALMOST_ONE (1 - 1e-12)

static double lagged(const double *x, const double *y, size_t n, size_t lag)
{
    double sum = 0;

    for (size_t i = lag; i < n; i++)
        sum += x[i - lag] * y[i];
    return sum;
}

/* Levinson and Durbin's recursion */
void rca_filter_learn(const double *x, size_t n, struct rca_filter *ret)
{
    double c[RCA_COMOVE_ORDER + 1], left;

    *ret = (struct rca_filter){{0}};
    for (size_t k = 0; k <= RCA_COMOVE_ORDER; k++)
        c[k] = lagged(x, x, n, k);
    left = c[0];
    for (size_t k = 0; k < RCA_COMOVE_ORDER; k++) {
        struct rca_filter before = *ret;
        double top = c[k + 1], partial;

        if (!(left > 0))
            return;
        for (size_t j = 0; j < k; j++)
            top -= before.a[j] * c[k - j];
        partial = top / left;
        ret->a[k] = partial;
        for (size_t j = 0; j < k; j++)
            ret->a[j] = before.a[j] - partial * before.a[k - 1 - j];
        left *= 1 - partial * partial;
    }
}

void rca_filter_apply(const struct rca_filter *filter, double *x, size_t n)
{
    for (size_t i = n; i-- > RCA_COMOVE_ORDER;) {
        for (size_t k = 0; k < RCA_COMOVE_ORDER; k++)
            x[i] -= filter->a[k] * x[i - 1 - k];
    }
    for (size_t i = 0; i < n && i < RCA_COMOVE_ORDER; i++)
        x[i] = 0;
}

static int by_value(const void *pa, const void *pb)
{
    const double a = *(const double *)pa, b = *(const double *)pb;

    return (a > b) - (a < b);
}

/* first index whose value is not below @x (@above: is above it) */
static size_t bound(const double *sorted, size_t n, double x, _Bool above)
{
    size_t low = 0, high = n;

    while (low < high) {
        const size_t mid = low + (high - low) / 2;

        if (sorted[mid] < x || (above && sorted[mid] <= x))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void rca_normal_scores(double *x, size_t n, double *scratch)
{
    double square = 0;

    if (n == 0)
        return;
    memcpy(scratch, x, n * sizeof(*x));
    qsort(scratch, n, sizeof(*x), by_value);
    for (size_t i = 0; i < n; i++) {
        const size_t first = bound(scratch, n, x[i], 0);
        const size_t next = bound(scratch, n, x[i], 1);
        const double rank = (double)(first + next) / 2;

        x[i] = gsl_cdf_ugaussian_Pinv(rank / (double)n);
        if (first == 0 && next == n)
            x[i] = 0;
        square += x[i] * x[i];
    }
    for (size_t i = 0; i < n && square > 0; i++)
        x[i] /= sqrt(square / (double)n);
}

void rca_comove(const double *first, const double *second, size_t n,
                struct rca_comove *ret)
{
    const double scale =
        sqrt(lagged(first, first, n, 0) * lagged(second, second, n, 0));

    *ret = (struct rca_comove){NAN, NAN, NAN};
    if (!(scale > 0))
        return;
    ret->same = lagged(first, second, n, 0) / scale;
    ret->leads = lagged(first, second, n, 1) / scale;
    ret->lags = lagged(second, first, n, 1) / scale;
}

double rca_comove_p(double r, double rows, int sign)
{
    double z;

    if (isnan(r) || rows <= 3)
        return 1;
    z = atanh(fmin(fmax(r, -ALMOST_ONE), ALMOST_ONE)) * sqrt(rows - 3);
    if (sign == 0)
        return fmin(1, 2 * gsl_cdf_ugaussian_Q(fabs(z)));
    return gsl_cdf_ugaussian_Q(sign * z);
}
