/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * metric - what is measured, as tables.
 *
 * The collector stores raw *series* (monotonic counters "*_total", histogram
 * buckets "X_bucket_017", gauges); people and the model see *metrics*, which
 * are made from series when they are read: a rate from a counter's ends, a
 * quantile from buckets, a share from two counters. So a coarser step loses
 * nothing. A series that no built-in metric uses is a metric itself (counters
 * as a rate, "x_total" -> "x_per_second"), its unit and role guessed from its
 * name.
 */

#include "graph/kind.h"

/** enum rca_make - how a metric's value over one step is made */
enum rca_make {
    RCA_MAKE_MEAN, /* mean of gauge @of over the step */
    RCA_MAKE_MAX, /* largest value of gauge @of in the step */
    RCA_MAKE_RATE, /* growth of counter @of per second */
    RCA_MAKE_SHARE, /* growth of @of over growth of @per */
    RCA_MAKE_QUANTILE, /* quantile @q of the growth of "@of_bucket_NNN" */
    RCA_MAKE_COUNT,
};

/**
 * struct rca_metric - one metric; strings are static or the caller's
 * @name:       Prometheus style, "request_latency_p99_seconds"
 * @label:      for people, "latency p99"
 * @role, @unit: see graph/kind.h
 * @bad:        +1 up is worse, -1 down is worse, 0 neither
 * @make, @of, @per, @q: how it is made from series; @of == NULL: of @name
 * @resolution: smallest change that can matter, in @unit
 */
struct rca_metric {
    const char *name;
    const char *label;
    enum rca_role role;
    enum rca_unit unit;
    int bad;
    enum rca_make make;
    double resolution;
    const char *of;
    const char *per;
    double q;
};

/** rca_metric_table() - all built-in metrics, sorted by name */
const struct rca_metric *rca_metric_table(size_t *ret_n);

/** rca_metric_find() - built-in metric @name, or NULL; O(log n) */
const struct rca_metric *rca_metric_find(const char *name);

/** rca_metric_is_context() - whether @metric is kept for people only: a built-in
 * one of role `other` (a limit, a size), or the collector's own ("rca_..."). It
 * can be shown and exported; the model never takes it for a cause or an effect.
 * An imported metric of which nothing is known is role `other`, too, but may be
 * either. O(log n). */
_Bool rca_metric_is_context(const struct rca_metric *metric);

/** enum rca_series_type - by the series' name alone */
enum rca_series_type {
    RCA_SERIES_GAUGE,
    RCA_SERIES_COUNTER, /* "..._total" */
    RCA_SERIES_BUCKET, /* "..._bucket_NNN", NNN = 000 to 103 */
};

/** rca_series_type() - @ret_bucket (may be NULL) is set for a bucket */
enum rca_series_type rca_series_type(const char *series, unsigned *ret_bucket);

/** rca_series_is_operand() - whether a built-in metric is made from @series */
_Bool rca_series_is_operand(const char *series);

/**
 * rca_metric_guess() - the metric that a series without a built-in one is
 * @series: name of a gauge or counter
 * @name:   buffer for the metric's name, which @ret_metric->name and ->label
 *          point to; ->of points to @series
 *
 * Role, unit, direction and resolution come from a table of name patterns
 * ("latency|duration|delay" -> latency, "cpu" -> usage, "error|fail|drop|reset|
 * retrans" -> error, "request|qps|rps|throughput|packets" -> load, ...).
 */
void rca_metric_guess(const char *series, char name[96],
                      struct rca_metric *ret_metric);

/** rca_value_text() - @value with 3 significant digits and a readable unit:
 * "46 ms", "7.4 cores", "310 /s", "1.2 MiB/s", "12 %"; never an exponent; "~0 s"
 * for what is too small to tell; NAN and infinite: "no data". Returns @buf */
const char *rca_value_text(double value, enum rca_unit unit, char buf[32]);

/** rca_value_digits_text() - the same with @digits, 1 to 6, significant ones */
const char *rca_value_digits_text(double value, enum rca_unit unit, int digits,
                                  char buf[32]);

/** rca_value_digits() - as many digits, 3 to 6, as it takes to tell @a from @b:
 * "46 to 46 ms" would be a lie of rounding */
int rca_value_digits(double a, double b, enum rca_unit unit);

#define RCA_RANGE_TEXT_SIZE 96

/** rca_range_text() - "46 to 189 ms" for @between " to " (at most 16 bytes):
 * with digits enough to tell them apart, and in one unit unless one of the two
 * would be below 0.01 in it ("46 µs to 5 s"). Returns @buf */
const char *rca_range_text(double a, double b, enum rca_unit unit,
                           const char *between, char buf[RCA_RANGE_TEXT_SIZE]);
