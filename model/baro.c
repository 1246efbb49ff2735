/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * BARO's ranking, RobustScorer: an entity is as suspicious as its metric that
 * strays furthest from the median of normal times, in interquartile ranges. L.
 * Pham, H. Ha, H. Zhang, "BARO: Robust Root Cause Analysis for Microservices
 * via Multivariate Bayesian Online Change Point Detection", FSE 2024, section
 * 3.3. The change point detector that goes before it finds when the incident
 * began; here that is known. O(rows * variables) expected.
 */

#include <errno.h>

#include "model/baseline.h"
#include "model/method.h"

int rca_baro_rank(const struct rca_incident *incident,
                  const struct rca_rank_options *options,
                  struct rca_ranking *ranking)
{
    const struct rca_window *w = incident->w;
    const struct rca_rows before = incident->before;
    double *score RCA_CLEANUP(rca_freep) = calloc(w->n_vars, sizeof(*score));
    double *scratch RCA_CLEANUP(rca_freep) =
        calloc(before.to - before.from, sizeof(*scratch));

    (void)options;
    if (!score || !scratch)
        return -ENOMEM;
    for (size_t v = 0; v < w->n_vars; v++) {
        const double *x = rca_baseline_column(w, v);

        score[v] = rca_usual_excess(x, incident->incident,
                                    rca_usual_quartiles(x, before, scratch));
    }
    return rca_baseline_list(incident, score, ranking);
}
