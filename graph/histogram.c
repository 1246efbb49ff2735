/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The bucket of a number is its exponent and the two bits below its leading
 * one: no table, no logarithm, the same few instructions in the kernel.
 */

#include "graph/histogram.h"

#include <math.h>

enum { FIRST_OCTAVE = 10, STEPS = 4 };

unsigned rca_histogram_bucket(uint64_t ns)
{
    unsigned octave, bucket;

    if (ns < UINT64_C(1) << FIRST_OCTAVE)
        return 0;
    octave = 63U - (unsigned)__builtin_clzll(ns);
    bucket = (octave - FIRST_OCTAVE) * STEPS +
             ((unsigned)(ns >> (octave - 2)) & (STEPS - 1U));
    return bucket < RCA_HISTOGRAM_BUCKETS ? bucket : RCA_HISTOGRAM_BUCKETS - 1;
}

double rca_histogram_lower(unsigned i)
{
    return ldexp(1.0 + (double)(i % STEPS) / STEPS,
                 (int)(FIRST_OCTAVE + i / STEPS)) /
           1e9;
}

static double clean_count(double count)
{
    return isfinite(count) && count > 0 ? count : 0;
}

double rca_histogram_quantile(const double *count, double q)
{
    const double share = q > 0 ? fmin(q, 1) : 0;
    double total = 0, below = 0, rank;
    double result = NAN;

    for (unsigned i = 0; i < RCA_HISTOGRAM_BUCKETS; i++)
        total += clean_count(count[i]);
    rank = share * total;
    for (unsigned i = 0; i < RCA_HISTOGRAM_BUCKETS; i++) {
        const double n = clean_count(count[i]);
        const double lower = rca_histogram_lower(i);

        if (n <= 0)
            continue;
        /* the last one that holds anything takes what rounding leaves over */
        result = rca_histogram_lower(i + 1);
        if (rank <= below + n)
            return lower + (result - lower) * (rank - below) / n;
        below += n;
    }
    return result;
}
