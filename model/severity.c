/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/severity.h"

#include <math.h>

#include "graph/metric.h"
#include "model/robust.h"

/* Of a stretch: a burst of a fifth of it is in one or two of them. */
#define PARTS 6
/* A quantile above this is a tail. */
#define TAIL 0.5

_Bool rca_severity_is_felt(const struct rca_card *card)
{
    const struct rca_metric *m = rca_metric_find(card->metric);

    if (card->role == RCA_ROLE_ERROR)
        return 1;
    if (card->role != RCA_ROLE_LATENCY)
        return 0;
    return !m || (m->make != RCA_MAKE_MAX &&
                  (m->make != RCA_MAKE_QUANTILE || m->q <= TAIL));
}

static double floor_of(const struct rca_severity *limits,
                       const struct rca_card *card)
{
    if (card->role == RCA_ROLE_LATENCY)
        return card->unit == RCA_UNIT_SECONDS ? limits->latency : 0;
    return card->unit == RCA_UNIT_RATIO ? limits->ratio : limits->rate;
}

_Bool rca_severity_is_large(const struct rca_severity *limits,
                            const struct rca_card *card, double value)
{
    const double more = value - card->before;

    return more > 0 && more >= floor_of(limits, card) &&
           more >= limits->change * fabs(card->before);
}

_Bool rca_severity_lasts(const struct rca_severity *limits,
                         const struct rca_card *card, const double *x, size_t n)
{
    unsigned known = 0, large = 0;

    for (size_t k = 0; k < PARTS; k++) {
        const size_t a = n * k / PARTS, b = n * (k + 1) / PARTS;
        const double mean = b > a ? rca_robust_mean(x + a, b - a, NULL) : NAN;

        if (isnan(mean))
            continue;
        known++;
        large += rca_severity_is_large(limits, card, mean);
    }
    return known >= 2 && 3 * large >= 2 * known;
}
