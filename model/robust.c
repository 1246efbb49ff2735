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
/* Up to so many are sorted; from so many on a pivot is worth a larger sample. */
#define FEW 12
#define SAMPLE 33
#define SAMPLE_ALL 300

size_t rca_robust_pack(const double *x, size_t n, double *out)
{
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        out[m] = x[i];
        m += isnan(x[i]) ? 0U : 1U;
    }
    return m;
}

/* put @v among the @n of @x, which are sorted */
static void insert(double *x, size_t n, double v)
{
    for (; n > 0 && x[n - 1] > v; n--)
        x[n] = x[n - 1];
    x[n] = v;
}

static void sort_few(double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        insert(x, i, x[i]);
}

/* a value of about rank @k of @n: of that rank in an even sample */
static double guess_rank(const double *x, size_t n, size_t k)
{
    const size_t m = n > SAMPLE_ALL ? SAMPLE : 5;
    double sample[SAMPLE];

    sample[0] = x[n / (2 * m)];
    for (size_t i = 1; i < m; i++)
        insert(sample, i, x[(2 * i + 1) * n / (2 * m)]);
    return sample[k * m / n];
}

/* put what is below @pivot first; how many. No branch depends on the data:
 * half of those would be mispredicted. (A. Alexandrescu, "Lomuto's Comeback",
 * 2020) */
static size_t split_below(double *x, size_t n, double pivot)
{
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        const double v = x[i];

        x[i] = x[m];
        x[m] = v;
        m += v < pivot;
    }
    return m;
}

/* of what is not below @pivot, put what equals it first; how many */
static size_t split_equal(double *x, size_t n, double pivot)
{
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        const double v = x[i];

        x[i] = x[m];
        x[m] = v;
        m += v <= pivot;
    }
    return m;
}

/* x[k] becomes the k-th smallest, smaller ones before it. Selection by
 * pivots near the rank: R. W. Floyd, R. L. Rivest, "Expected time bounds for
 * selection", CACM 18, 1975. */
static double nth(double *x, size_t n, size_t k)
{
    size_t lo = 0, hi = n;

    while (hi - lo > FEW) {
        const double pivot = guess_rank(x + lo, hi - lo, k - lo);
        size_t m = lo + split_below(x + lo, hi - lo, pivot);

        if (k < m) {
            hi = m;
        } else if (m > lo) {
            lo = m;
        } else { /* the pivot is the smallest, perhaps many times */
            m += split_equal(x + m, hi - m, pivot);
            if (k < m)
                return pivot;
            lo = m;
        }
    }
    sort_few(x + lo, hi - lo);
    return x[k];
}

/* between the order statistics around rank @at, 0 <= at <= n - 1 */
static double at_rank(double *x, size_t n, double at)
{
    const size_t k = (size_t)at;
    const double below = nth(x, n, k);
    double above;

    if (k + 1 >= n || at <= (double)k)
        return below;
    above = x[k + 1];
    for (size_t i = k + 2; i < n; i++)
        above = x[i] < above ? x[i] : above;
    return below + (at - (double)k) * (above - below);
}

double rca_robust_quantile(double *x, size_t n, double q)
{
    return n ? at_rank(x, n, q * (double)(n - 1)) : NAN;
}

static double sd_of(const double *x, size_t n)
{
    double mean = 0, m2 = 0;

    for (size_t i = 0; i < n; i++)
        mean += x[i] - x[0];
    mean = x[0] + mean / (double)(n ? n : 1);
    for (size_t i = 0; i < n; i++)
        m2 += (x[i] - mean) * (x[i] - mean);
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

/* IQR of @x, whose median was taken by rca_robust_quantile(): each quartile is
 * looked for on its own side of it */
static double iqr_of(double *x, size_t n)
{
    const size_t middle = (n - 1) / 2;
    const double q1 = 0.25 * (double)(n - 1), q3 = 0.75 * (double)(n - 1);

    if (n < FEW)
        return rca_robust_quantile(x, n, 0.75) -
               rca_robust_quantile(x, n, 0.25);
    return at_rank(x + middle, n - middle, q3 - (double)middle) -
           at_rank(x, middle + 1, q1);
}

struct rca_spread rca_robust_spread(const double *x, size_t n,
                                    double resolution, double *scratch)
{
    struct rca_spread s = {.centre = NAN, .scale = resolution};
    double mad;

    s.n = rca_robust_pack(x, n, scratch);
    if (s.n == 0)
        return s;
    s.constant = all_equal(scratch, s.n);
    s.scale = fmax(s.scale, 0.25 * sd_of(scratch, s.n));
    s.centre = rca_robust_quantile(scratch, s.n, 0.5);
    s.scale = fmax(s.scale, 0.02 * fabs(s.centre));
    s.scale = fmax(s.scale, iqr_of(scratch, s.n) / 1.349);
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

double rca_robust_shrink(double *seen, size_t n, double independent, double q)
{
    double usual;

    if (n == 0)
        return NULL_PRIOR;
    independent = fmax(1, independent);
    usual = rca_robust_quantile(seen, n, q);
    usual = (independent * usual + NULL_PRIOR_WEIGHT * NULL_PRIOR) /
            (independent + NULL_PRIOR_WEIGHT);
    return fmax(1, usual);
}

double rca_robust_null(const double *x, size_t n, size_t length,
                       const struct rca_spread *spread, double q,
                       double *scratch)
{
    const size_t stride = length / NULL_OVERLAP ? length / NULL_OVERLAP : 1;
    double *seen = scratch + length;
    size_t m = 0;

    for (size_t at = 0; at + length <= n; at += stride) {
        const double d =
            rca_robust_deviation(x + at, length, spread, 0, scratch);

        if (!isnan(d))
            seen[m++] = d;
    }
    return rca_robust_shrink(seen, m,
                             (double)m * (double)stride / (double)length, q);
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
