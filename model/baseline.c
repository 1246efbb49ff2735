/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/baseline.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

/* Spread that is rounding: of a mean over n values, and of a quantile
 * (scikit-learn 1.x: _is_constant_feature(), _handle_zeros_in_scale()). */
#define QUANTILE_ROUNDING (10 * DBL_EPSILON)

struct rca_usual rca_usual_moments(const double *x, struct rca_rows rows)
{
    double sum = 0, square = 0, mean, sd;
    size_t n = 0;

    for (size_t r = rows.from; r < rows.to; r++) {
        sum += isnan(x[r]) ? 0 : x[r];
        n += isnan(x[r]) ? 0 : 1;
    }
    if (n == 0)
        return (struct rca_usual){NAN, 1};
    mean = sum / (double)n;
    for (size_t r = rows.from; r < rows.to; r++)
        square += isnan(x[r]) ? 0 : (x[r] - mean) * (x[r] - mean);
    sd = sqrt(square / (double)n);
    if (sd <= (double)n * DBL_EPSILON * fabs(mean))
        sd = 0;
    return (struct rca_usual){mean, sd > 0 ? sd : 1};
}

struct rca_usual rca_usual_quartiles(const double *x, struct rca_rows rows,
                                     double *scratch)
{
    const size_t n =
        rca_robust_pack(x + rows.from, rows.to - rows.from, scratch);
    const double range = rca_robust_quantile(scratch, n, 0.75) -
                         rca_robust_quantile(scratch, n, 0.25);

    return (struct rca_usual){rca_robust_quantile(scratch, n, 0.5),
                              range > QUANTILE_ROUNDING ? range : 1};
}

double rca_usual_excess(const double *x, struct rca_rows rows,
                        struct rca_usual usual)
{
    double most = NAN;

    for (size_t r = rows.from; r < rows.to; r++)
        most = fmax(most, fabs(x[r] - usual.centre) / usual.scale);
    return most;
}

const double *rca_baseline_column(const struct rca_window *w, size_t v)
{
    return w->x + v * w->n_rows;
}

_Bool rca_baseline_may_cause(const struct rca_incident *incident, rca_id entity)
{
    const uint32_t node = rca_graph_node(incident->g, entity);

    return node == UINT32_MAX ||
           rca_graph_entity(incident->g, node)->kind != RCA_KIND_PROBE;
}

int rca_baseline_list(const struct rca_incident *incident, const double *score,
                      struct rca_ranking *ranking)
{
    const struct rca_window *w = incident->w;
    struct rca_ranked *list RCA_CLEANUP(rca_freep) = NULL;
    size_t n = 0, cap = 0;

    for (size_t v = 0; v < w->n_vars; v++) {
        const rca_id entity = w->vars[v].entity;
        struct rca_ranked *last = n ? &list[n - 1] : NULL;
        void *grown;

        if (!(score[v] > 0) || !rca_baseline_may_cause(incident, entity))
            continue;
        if (last && last->entity == entity) {
            if (score[v] > last->score) {
                last->score = score[v];
                last->variable = (uint32_t)v;
            }
            continue;
        }
        grown = rca_grow(list, n, &cap, sizeof(*list));
        if (!grown)
            return -ENOMEM;
        list = grown;
        list[n++] =
            (struct rca_ranked){entity, (uint32_t)v, score[v], NAN, NAN};
    }
    free(ranking->list);
    ranking->list = RCA_TAKE(list);
    ranking->n = n;
    ranking->verdict = n ? RCA_VERDICT_CAUSE : RCA_VERDICT_UNCLEAR;
    return 0;
}
