/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The default method: all evidence in one score, and how far to trust it.
 */

#include <errno.h>
#include <math.h>

#include "model/method.h"
#include "model/weights.h"

/* A symptom as usual is no incident, unless somebody stands out so much: the
 * victim may be a poor witness. The price: 6 of 438 normal windows of the real
 * incidents name a cause, 1 without (docs/ACCURACY.md). */
#define BEYOND_DOUBT 0.9

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
    if (e->normal && first < BEYOND_DOUBT)
        r->verdict = RCA_VERDICT_NORMAL;
    else
        r->verdict = first >= RCA_CONFIDENCE_FLOOR ? RCA_VERDICT_CAUSE
                                                   : RCA_VERDICT_UNCLEAR;
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

static const struct rca_weights *weights_of(
    const struct rca_rank_options *options)
{
    return options->weights ? options->weights : rca_weights_default();
}

static int rank_all(const struct rca_evidence *e,
                    const struct rca_rank_options *options,
                    struct rca_ranking *ranking)
{
    const struct rca_weights *w = weights_of(options);
    double *chance RCA_CLEANUP(rca_freep) =
        malloc((e->n + 1) * sizeof(*chance));

    ranking->list = calloc(e->n + 1, sizeof(*ranking->list));
    if (!chance || !ranking->list)
        return -ENOMEM;
    rca_weights_chances(w, e, chance);
    fill(ranking, e, w, chance);
    return 0;
}

static void ranking_done(struct rca_ranking *ranking)
{
    free(ranking->list);
}

/* --- in an explanation ------------------------------------------------------*/

/* index of the suspect that @entity belongs to, or r->n */
static size_t find(const struct rca_ranking *r, const struct rca_graph *g,
                   rca_id entity)
{
    const uint32_t node = rca_graph_node(g, entity);
    const rca_id whole = node == UINT32_MAX
                             ? entity
                             : rca_graph_entity(g, rca_whole_of(g, node))->id;

    size_t i = 0;

    while (i < r->n && r->list[i].entity != whole)
        i++;
    return i;
}

static int by_score(const void *a, const void *b)
{
    const struct rca_culprit *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->entity > y->entity) - (x->entity < y->entity);
}

int rca_suspects_judge(struct rca_attribution *a,
                       const struct rca_incident *incident,
                       const struct rca_rank_options *options)
{
    struct rca_ranking r RCA_CLEANUP(ranking_done) = {0};
    struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) = NULL;
    int err = rca_evidence_of(a->scene, incident, a->factors[0].target,
                              options->seed, &e);

    if (!err)
        err = rank_all(e, options, &r);
    if (err)
        return err;
    for (size_t i = 0; i < a->n_culprits; i++) {
        struct rca_culprit *c = &a->culprits[i];
        const size_t at = find(&r, incident->g, c->entity);

        c->n_reasons = 0;
        if (at == r.n) {
            c->score = c->confidence = 0;
            continue;
        }
        c->score = c->score > 0 ? exp(r.list[at].score) : 0;
        c->confidence = r.list[at].confidence;
        c->n_reasons = rca_weights_reasons(weights_of(options), e, at,
                                           RCA_CULPRIT_REASONS, c->reasons);
    }
    qsort(a->culprits, a->n_culprits, sizeof(*a->culprits), by_score);
    return 0;
}

/* --- the method ---------------------------------------------------------------*/

int rca_attribution_rank(const struct rca_incident *incident,
                         const struct rca_rank_options *options,
                         struct rca_ranking *ranking)
{
    struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) = NULL;
    const int err = rca_evidence_new(incident, options->seed, &e);

    return err ? err : rank_all(e, options, ranking);
}
