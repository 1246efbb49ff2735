/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/weights.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/logit.h"

/* How strongly the weights are drawn to those by hand, against a total count of
 * 1 for each lesson. */
#define RIDGE 1.0
#define TRUST_RIDGE 0.1

static const struct rca_weights by_hand = {
    .w =
        {
            [RCA_EVIDENCE_ODD3] = 0.8,
            [RCA_EVIDENCE_ODD] = 0.2,
            [RCA_EVIDENCE_LOCAL3] = 0.4,
            [RCA_EVIDENCE_USAGE] = 0.5,
            [RCA_EVIDENCE_ERRORS] = 0.4,
            [RCA_EVIDENCE_LATENCY] = 0.4,
            [RCA_EVIDENCE_POINTED] = 0.3,
            [RCA_EVIDENCE_TOGETHER] = 0.5,
            [RCA_EVIDENCE_SHARE] = 0.8,
            [RCA_EVIDENCE_CLEAR] = 1,
            [RCA_EVIDENCE_REACH] = 0.1,
            [RCA_EVIDENCE_HIDDEN] = 0.5,
            [RCA_EVIDENCE_STATE] = 0.5,
            [RCA_EVIDENCE_APPEARED] = 0.2,
            [RCA_EVIDENCE_VANISHED] = 0.2,
            [RCA_EVIDENCE_VICTIM] = -0.5,
        },
    .trust = {0, 1, 0, 0, 0},
};

/* what may not change its sign */
static const int signs[RCA_EVIDENCE_COUNT] = {
    [RCA_EVIDENCE_ODD3] = 1,     [RCA_EVIDENCE_ODD] = 1,
    [RCA_EVIDENCE_LOCAL3] = 1,   [RCA_EVIDENCE_USAGE] = 1,
    [RCA_EVIDENCE_ERRORS] = 1,   [RCA_EVIDENCE_LATENCY] = 1,
    [RCA_EVIDENCE_POINTED] = 1,  [RCA_EVIDENCE_TOGETHER] = 1,
    [RCA_EVIDENCE_SHARE] = 1,    [RCA_EVIDENCE_CLEAR] = 1,
    [RCA_EVIDENCE_REACH] = 1,    [RCA_EVIDENCE_HIDDEN] = 1,
    [RCA_EVIDENCE_STATE] = 1,    [RCA_EVIDENCE_APPEARED] = 1,
    [RCA_EVIDENCE_VANISHED] = 1, [RCA_EVIDENCE_VICTIM] = -1,
};

/* learned; docs/ACCURACY.md says from what, and how to do it again */
static const struct rca_weights learned = {
    .w =
        {
            [RCA_EVIDENCE_ODD3] = 0.817,     [RCA_EVIDENCE_ODD] = 0.000,
            [RCA_EVIDENCE_LOCAL3] = 0.520,   [RCA_EVIDENCE_USAGE] = 0.600,
            [RCA_EVIDENCE_ERRORS] = 0.246,   [RCA_EVIDENCE_LATENCY] = 0.000,
            [RCA_EVIDENCE_POINTED] = 1.246,  [RCA_EVIDENCE_LOAD] = -0.642,
            [RCA_EVIDENCE_BREADTH] = 0.549,  [RCA_EVIDENCE_AROUND] = 0.496,
            [RCA_EVIDENCE_TOGETHER] = 0.546, [RCA_EVIDENCE_SHARE] = 0.927,
            [RCA_EVIDENCE_CLEAR] = 0.590,    [RCA_EVIDENCE_REACH] = 0.000,
            [RCA_EVIDENCE_HIDDEN] = 1.977,   [RCA_EVIDENCE_STATE] = 1.893,
            [RCA_EVIDENCE_APPEARED] = 0.645, [RCA_EVIDENCE_VANISHED] = 0.740,
            [RCA_EVIDENCE_HOST] = -0.548,    [RCA_EVIDENCE_VICTIM] = -1.129,
        },
    .trust = {-0.029, 0.583, 0.048, 0.266, -0.022},
};

static const char *const trust_texts[] = {
    "1",
    "the log of its odds: its chance over that of all others",
    "how often it has the largest share when rows are drawn again",
    "the log of its chance over that of the second",
    "how far the symptom deviates, log(1 + strength)",
};
static_assert(RCA_ARRAY_SIZE(trust_texts) == RCA_TRUST_COUNT, "one each");

const char *rca_trust_text(size_t k)
{
    return k < RCA_TRUST_COUNT ? trust_texts[k] : "?";
}

const struct rca_weights *rca_weights_by_hand(void)
{
    return &by_hand;
}

const struct rca_weights *rca_weights_default(void)
{
    return &learned;
}

double rca_weights_score(const struct rca_weights *weights,
                         const double x[RCA_EVIDENCE_COUNT])
{
    double sum = 0;

    for (size_t k = 0; k < RCA_EVIDENCE_COUNT; k++)
        sum += weights->w[k] * x[k];
    return sum;
}

static double mean_of(const struct rca_evidence *e, size_t k)
{
    double sum = 0;

    for (size_t i = 0; i < e->n; i++)
        sum += e->list[i].x[k];
    return sum / (double)e->n;
}

unsigned rca_weights_reasons(const struct rca_weights *weights,
                             const struct rca_evidence *e, size_t of,
                             unsigned max, unsigned *ret_kinds)
{
    double said[RCA_EVIDENCE_COUNT];
    unsigned n = 0;

    for (unsigned k = 0; k < RCA_EVIDENCE_COUNT; k++)
        said[k] = fmax(weights->w[k], 0) * (e->list[of].x[k] - mean_of(e, k));
    for (; n < max; n++) {
        unsigned best = 0;

        for (unsigned k = 1; k < RCA_EVIDENCE_COUNT; k++)
            best = said[k] > said[best] ? k : best;
        if (said[best] <= 0)
            break;
        ret_kinds[n] = best;
        said[best] = 0;
    }
    return n;
}

void rca_weights_chances(const struct rca_weights *weights,
                         const struct rca_evidence *e, double *ret_chance)
{
    double most = -INFINITY, all = 0;

    for (size_t i = 0; i < e->n; i++) {
        ret_chance[i] = rca_weights_score(weights, e->list[i].x);
        most = fmax(most, ret_chance[i]);
    }
    for (size_t i = 0; i < e->n; i++) {
        ret_chance[i] = exp(ret_chance[i] - most);
        all += ret_chance[i];
    }
    for (size_t i = 0; i < e->n; i++)
        ret_chance[i] /= all;
}

void rca_weights_trust(const struct rca_evidence *e, size_t first,
                       const double *chance, double ret[RCA_TRUST_COUNT])
{
    const double p = fmin(fmax(chance[first], 1e-6), 1 - 1e-6);
    double second = 0;

    for (size_t i = 0; i < e->n; i++)
        second = i != first ? fmax(second, chance[i]) : second;
    ret[0] = 1;
    ret[1] = log(p / (1 - p));
    ret[2] = e->symptom == UINT32_MAX ? 0.5 : e->list[first].first;
    ret[3] = log(p / fmax(second, 1e-6));
    ret[4] = log1p(e->severity);
}

/* --- learning ----------------------------------------------------------------*/

static size_t best_of(const double *chance, size_t n)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        best = chance[i] > chance[best] ? i : best;
    return best;
}

static int fit_scores(const struct rca_lesson *lessons, size_t n,
                      struct rca_weights *w)
{
    struct rca_logit_choice *list RCA_CLEANUP(rca_freep) =
        calloc(n + 1, sizeof(*list));
    struct rca_logit fit = {.n_inputs = RCA_EVIDENCE_COUNT,
                            .prior = by_hand.w,
                            .sign = signs,
                            .ridge = RIDGE};
    size_t m = 0;

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct rca_evidence *e = lessons[i].evidence;
        _Bool any = 0;

        for (size_t k = 0; k < e->n; k++)
            any |= lessons[i].guilty[k];
        if (any)
            list[m++] = (struct rca_logit_choice){.n = e->n,
                                                  .x = e->list[0].x,
                                                  .stride = sizeof(*e->list),
                                                  .right = lessons[i].guilty,
                                                  .count = lessons[i].count};
    }
    return rca_logit_fit(&fit, list, m, w->w);
}

/* the confidence: was the first right? a choice between "it is" and "it is
 * not", whose inputs are all 0 */
static int fit_trust(const struct rca_lesson *lessons, size_t n,
                     struct rca_weights *w)
{
    struct pair {
        double x[2][RCA_TRUST_COUNT];
        _Bool right[2];
    } * pairs RCA_CLEANUP(rca_freep) = calloc(n + 1, sizeof(*pairs));
    struct rca_logit_choice *list RCA_CLEANUP(rca_freep) =
        calloc(n + 1, sizeof(*list));
    struct rca_logit fit = {.n_inputs = RCA_TRUST_COUNT,
                            .prior = by_hand.trust,
                            .ridge = TRUST_RIDGE};
    size_t m = 0;

    if (!pairs || !list)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct rca_evidence *e = lessons[i].evidence;
        double *chance RCA_CLEANUP(rca_freep) =
            malloc((e->n + 1) * sizeof(*chance));
        size_t first;

        if (!chance)
            return -ENOMEM;
        if (e->n == 0)
            continue; /* nobody is first */
        rca_weights_chances(w, e, chance);
        first = best_of(chance, e->n);
        rca_weights_trust(e, first, chance, pairs[m].x[0]);
        pairs[m].right[0] = lessons[i].guilty[first];
        pairs[m].right[1] = !pairs[m].right[0];
        list[m] = (struct rca_logit_choice){.n = 2,
                                            .x = pairs[m].x[0],
                                            .stride = sizeof(pairs[m].x[0]),
                                            .right = pairs[m].right,
                                            .count = lessons[i].count};
        m++;
    }
    return rca_logit_fit(&fit, list, m, w->trust);
}

int rca_weights_fit(const struct rca_lesson *lessons, size_t n,
                    struct rca_weights *ret_weights)
{
    struct rca_weights w = by_hand;
    int err = fit_scores(lessons, n, &w);

    if (!err)
        err = fit_trust(lessons, n, &w);
    if (err)
        return err;
    *ret_weights = w;
    return 0;
}
