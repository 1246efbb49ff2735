/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * spark - a tiny bar chart of block characters; a gap (what is not finite) is a blank.
 */

#include "graph/base/base.h"

#define RCA_SPARK_MAX 64
#define RCA_SPARK_TEXT (3 * RCA_SPARK_MAX + 1)

/** rca_spark_text() - @n (at most RCA_SPARK_MAX) values as blocks between
 * their least and greatest (or 0, if that is lower); returns @buf */
const char *rca_spark_text(const double *x, size_t n, char buf[RCA_SPARK_TEXT]);

/** rca_spark_resample() - means of @n values in @cells equal parts; NAN where
 * a part has none */
void rca_spark_resample(const double *x, size_t n, double *ret, size_t cells);
