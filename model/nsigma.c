/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * N-Sigma: an entity is as suspicious as its metric that strays furthest from
 * the mean of normal times, in standard deviations. The baseline of M. Li et
 * al., "Causal Inference-Based Root Cause Analysis for Online Service Systems
 * with Intervention Recognition", KDD 2022, section 5.1; O(rows * variables).
 */

#include <errno.h>

#include "model/baseline.h"
#include "model/method.h"

int rca_nsigma_rank(const struct rca_incident *incident,
                    const struct rca_rank_options *options,
                    struct rca_ranking *ranking)
{
    const struct rca_window *w = incident->w;
    double *score RCA_CLEANUP(rca_freep) = calloc(w->n_vars, sizeof(*score));

    (void)options;
    if (!score)
        return -ENOMEM;
    for (size_t v = 0; v < w->n_vars; v++) {
        const double *x = rca_baseline_column(w, v);

        score[v] = rca_usual_excess(x, incident->incident,
                                    rca_usual_moments(x, incident->before));
    }
    return rca_baseline_list(incident, score, ranking);
}
