/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * histogram - the one latency histogram of the project: 104 buckets, four an
 * octave, from 1.02 us to 69 s. bpf/events.h fills the same buckets.
 *
 * Bucket i counts values in [lower(i), lower(i + 1)) nanoseconds, with
 * lower(i) = 2^(10 + i / 4) * (1 + (i % 4) / 4); bucket 0 also takes all below
 * and the last one all above.
 */

#include "graph/base/base.h"

#define RCA_HISTOGRAM_BUCKETS 104

/** rca_histogram_bucket() - the bucket of @ns */
unsigned rca_histogram_bucket(uint64_t ns);

/** rca_histogram_lower() - lower bound in seconds; @i up to and including
 * RCA_HISTOGRAM_BUCKETS (then the upper bound of the last) */
double rca_histogram_lower(unsigned i);

/**
 * rca_histogram_quantile() - quantile @q of 0..1, in seconds
 * @count: observations in each of RCA_HISTOGRAM_BUCKETS buckets, >= 0; NaN
 *         counts as 0
 *
 * Linear within the bucket. Return: seconds, or NAN where nothing was counted.
 */
double rca_histogram_quantile(const double *count, double q);
