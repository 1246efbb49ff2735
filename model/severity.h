/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * severity - whether an abnormal symptom is large enough, and lasts long
 * enough, for a person to care. Significance cannot say that: on a quiet
 * service 2 % more latency is far beyond chance, and nobody wants to be woken
 * by it.
 *
 * Large is what exceeds both a part of the usual value and an absolute floor
 * (which networks and schedulers add without anybody's fault). Lasting is what
 * is large in most parts of a stretch, not one burst that lifts its mean.
 * Felt is the mean or the median of a latency, or errors: a maximum or a tail
 * quantile of a short step rests on one or two requests, and a tail that
 * matters moves the mean as well.
 */

#include "model/explain.h"

/**
 * struct rca_severity - limits of what matters
 * @change:  over the usual value, as a part of it: 0.5 = half again
 * @latency: floor in seconds
 * @ratio:   floor of errors that are a part of all requests
 * @rate:    floor of errors a second
 */
struct rca_severity {
    double change, latency, ratio, rate;
};

/** Half again is what a person notices; 5 ms are beyond what scheduling and
 * networks of one site add on a good day; one request in 100 and an error a
 * second are where error budgets of 99 % begin. */
#define RCA_SEVERITY_USUAL                                                     \
    ((struct rca_severity){                                                    \
        .change = 0.5, .latency = 0.005, .ratio = 0.01, .rate = 1})

/** rca_severity_is_felt() - whether the card's metric is one that users feel */
_Bool rca_severity_is_felt(const struct rca_card *card);

/** rca_severity_is_large() - whether @value instead of @card->before matters;
 * what is not a number does not */
_Bool rca_severity_is_large(const struct rca_severity *limits,
                            const struct rca_card *card, double value);

/** rca_severity_lasts() - whether at least 2 of 3 parts of @x[0..n), rows of
 * the card's metric in order of time, are large; parts without data do not
 * count, and at least two must have some. O(n). */
_Bool rca_severity_lasts(const struct rca_severity *limits,
                         const struct rca_card *card, const double *x,
                         size_t n);
