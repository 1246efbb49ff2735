/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/robust.h"

#include <math.h>

/* The deviation of pure normal noise: mean of the upper half of |z| is 1.27,
 * its 90 % quantile over windows of 15 to 30 rows about 1.5. */
#define NULL_PRIOR 1.5
/* The prior counts as much as this many independent windows. */
#define NULL_PRIOR_WEIGHT 4.0
/* Windows overlap by three quarters. */
#define NULL_OVERLAP 4

size_t rca_robust_pack(const double *x, size_t n, double *out)
{
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(x[i]))
            out[m++] = x[i];
    }
    return m;
}

static void swap(double *a, double *b)
{
    const double t = *a;

    *a = *b;
    *b = t;
}

/* Hoare's selection: x[k] becomes the k-th smallest, smaller ones before it */
static double nth(double *x, size_t n, size_t k)
{
    size_t lo = 0, hi = n - 1;

    while (lo < hi) {
        const double pivot = x[lo + (hi - lo) / 2];
        size_t i, j;

        for (i = lo, j = hi;; i++, j--) {
            while (x[i] < pivot)
                i++;
            while (pivot < x[j])
                j--;
            if (i >= j)
                break;
            swap(&x[i], &x[j]);
        }
        if (k <= j)
            hi = j;
        else
            lo = j + 1;
    }
    return x[lo];
}

double rca_robust_quantile(double *x, size_t n, double q)
{
    double at, below, above;
    size_t k;

    if (n == 0)
        return NAN;
    at = q * (double)(n - 1);
    k = (size_t)at;
    below = nth(x, n, k);
    if (k + 1 >= n || at <= (double)k)
        return below;
    above = x[k + 1];
    for (size_t i = k + 2; i < n; i++)
        above = fmin(above, x[i]);
    return below + (at - (double)k) * (above - below);
}

static double sd_of(const double *x, size_t n)
{
    double mean = 0, m2 = 0;

    for (size_t i = 0; i < n; i++) {
        const double d = x[i] - mean;

        mean += d / (double)(i + 1);
        m2 += d * (x[i] - mean);
    }
    return n > 1 ? sqrt(m2 / (double)(n - 1)) : 0;
}

static _Bool all_equal(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (x[i] != x[0])
            return 0;
    }
    return 1;
}

struct rca_spread rca_robust_spread(const double *x, size_t n,
                                    double resolution, double *scratch)
{
    struct rca_spread s = {.centre = NAN, .scale = resolution};
    double iqr, mad;

    s.n = rca_robust_pack(x, n, scratch);
    if (s.n == 0)
        return s;
    s.constant = all_equal(scratch, s.n);
    s.centre = rca_robust_quantile(scratch, s.n, 0.5);
    s.scale = fmax(s.scale, 0.02 * fabs(s.centre));
    s.scale = fmax(s.scale, 0.25 * sd_of(scratch, s.n));
    iqr = rca_robust_quantile(scratch, s.n, 0.75) -
          rca_robust_quantile(scratch, s.n, 0.25);
    s.scale = fmax(s.scale, iqr / 1.349);
    for (size_t i = 0; i < s.n; i++)
        scratch[i] = fabs(scratch[i] - s.centre);
    mad = rca_robust_quantile(scratch, s.n, 0.5);
    s.scale = fmax(s.scale, 1.483 * mad);
    return s;
}

double rca_robust_deviation(const double *x, size_t n,
                            const struct rca_spread *spread, int direction,
                            double *scratch)
{
    const size_t m = rca_robust_pack(x, n, scratch);
    const size_t half = m / 2;
    double sum = 0;

    if (m == 0 || isnan(spread->centre))
        return NAN;
    for (size_t i = 0; i < m; i++) {
        const double z = (scratch[i] - spread->centre) / spread->scale;

        scratch[i] = direction ? fmax(0, z * direction) : fabs(z);
    }
    (void)nth(scratch, m, half);
    for (size_t i = half; i < m; i++)
        sum += scratch[i];
    sum /= (double)(m - half);
    if (spread->constant && sum > 1)
        return RCA_ROBUST_MOVED;
    return sum;
}

double rca_robust_null(const double *x, size_t n, size_t length,
                       const struct rca_spread *spread, double q,
                       double *scratch)
{
    const size_t stride = length / NULL_OVERLAP ? length / NULL_OVERLAP : 1;
    double *seen = scratch + length;
    double independent, usual;
    size_t m = 0;

    for (size_t at = 0; at + length <= n; at += stride) {
        const double d =
            rca_robust_deviation(x + at, length, spread, 0, scratch);

        if (!isnan(d))
            seen[m++] = d;
    }
    if (m == 0)
        return NULL_PRIOR;
    independent = fmax(1, (double)m * (double)stride / (double)length);
    usual = rca_robust_quantile(seen, m, q);
    usual = (independent * usual + NULL_PRIOR_WEIGHT * NULL_PRIOR) /
            (independent + NULL_PRIOR_WEIGHT);
    return fmax(1, usual);
}

double rca_robust_mean(const double *x, size_t n, size_t *ret_n)
{
    double sum = 0;
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(x[i])) {
            sum += x[i];
            m++;
        }
    }
    if (ret_n)
        *ret_n = m;
    return m ? sum / (double)m : NAN;
}
