/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The default method: all evidence in one score, and how far to trust it.
 */

#include <errno.h>
#include <math.h>

#include "model/method.h"
#include "model/weights.h"

/* Confidence from which a cause is named (DESIGN section 4). */
#define CONFIDENCE_FLOOR 0.5

static double confidence(const struct rca_weights *w,
                         const struct rca_evidence *e, size_t first,
                         const double *chance)
{
    double x[RCA_TRUST_COUNT], sum = 0;

    rca_weights_trust(e, first, chance, x);
    for (size_t k = 0; k < RCA_TRUST_COUNT; k++)
        sum += w->trust[k] * x[k];
    return 1 / (1 + exp(-sum));
}

static void set_verdict(struct rca_ranking *r, const struct rca_evidence *e,
                        double first)
{
    if (e->normal)
        r->verdict = RCA_VERDICT_NORMAL;
    else
        r->verdict =
            first >= CONFIDENCE_FLOOR ? RCA_VERDICT_CAUSE : RCA_VERDICT_UNCLEAR;
}

/* the first one's confidence is calibrated; what is left of it is shared by
 * the others as their chances say */
static void fill(struct rca_ranking *r, const struct rca_evidence *e,
                 const struct rca_weights *w, const double *chance)
{
    size_t best = 0;
    double first, rest;

    for (size_t i = 1; i < e->n; i++)
        best = chance[i] > chance[best] ? i : best;
    first = e->n ? confidence(w, e, best, chance) : 0;
    rest = e->n ? (1 - first) / fmax(1 - chance[best], 1e-12) : 0;
    for (size_t i = 0; i < e->n; i++) {
        const struct rca_suspect *s = &e->list[i];

        r->list[i] = (struct rca_ranked){
            .entity = s->entity,
            .variable = s->variable,
            .score = rca_weights_score(w, s->x),
            .share = s->share,
            .confidence = i == best ? first : fmin(first, chance[i] * rest)};
    }
    r->n = e->n;
    set_verdict(r, e, first);
}

int rca_attribution_rank(const struct rca_incident *incident,
                         const struct rca_rank_options *options,
                         struct rca_ranking *ranking)
{
    struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) = NULL;
    const struct rca_weights *w =
        options->weights ? options->weights : rca_weights_default();
    double *chance RCA_CLEANUP(rca_freep) = NULL;
    int err = rca_evidence_new(incident, options->seed, &e);

    if (err)
        return err;
    chance = malloc((e->n + 1) * sizeof(*chance));
    ranking->list = calloc(e->n + 1, sizeof(*ranking->list));
    if (!chance || !ranking->list)
        return -ENOMEM;
    rca_weights_chances(w, e, chance);
    fill(ranking, e, w, chance);
    return 0;
}
