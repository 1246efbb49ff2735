/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>

#include "datasets/score.h"

struct guess {
    double confidence;
    _Bool right;
};

static _Bool is_guess(const struct rca_outcome *o)
{
    return o->known && o->n > 0 && isfinite(o->list[0].confidence);
}

static size_t bin_of(double confidence)
{
    double at = confidence * RCA_SCORE_BINS;

    if (at < 0)
        return 0;
    return at < RCA_SCORE_BINS ? (size_t)at : RCA_SCORE_BINS - 1;
}

static void add(struct rca_reliability *r, const struct guess *g)
{
    struct rca_reliability_bin *bin = &r->bin[bin_of(g->confidence)];

    bin->n++;
    bin->confidence += g->confidence;
    bin->right += g->right;
    r->n++;
}

/* From sums to means. */
static void finish(struct rca_reliability *r)
{
    double sum = 0;

    for (size_t b = 0; b < RCA_SCORE_BINS; b++) {
        struct rca_reliability_bin *bin = &r->bin[b];
        const double n = bin->n ? (double)bin->n : NAN;

        sum += fabs(bin->confidence - bin->right); /* an empty one adds 0 */
        bin->confidence /= n;
        bin->right /= n;
    }
    r->error = r->n ? sum / (double)r->n : NAN;
}

/* Binned errors are biased upwards, by the noise within the bins; drawn cases
 * are so twice, those of the sample once: the difference is taken off, or the
 * range would lie beside the figure. */
static void centre(double *draws, double error)
{
    double bias = -error;

    for (size_t d = 0; d < RCA_BOOTSTRAP_DRAWS; d++)
        bias += draws[d] / RCA_BOOTSTRAP_DRAWS;
    for (size_t d = 0; d < RCA_BOOTSTRAP_DRAWS; d++)
        draws[d] = draws[d] > bias ? draws[d] - bias : 0;
}

static void draw(const struct guess *guesses, size_t n, double *draws)
{
    uint64_t state = 1;

    for (size_t d = 0; d < RCA_BOOTSTRAP_DRAWS; d++) {
        struct rca_reliability r = {0};

        for (size_t i = 0; i < n; i++)
            add(&r, &guesses[rca_bootstrap_pick(&state, n)]);
        finish(&r);
        draws[d] = r.error;
    }
}

int rca_score_reliability(const struct rca_outcome *outcomes, size_t n,
                          struct rca_reliability *ret)
{
    struct guess *guesses RCA_CLEANUP(rca_freep) = NULL;
    double *draws RCA_CLEANUP(rca_freep) = NULL;
    struct rca_reliability r = {0};
    size_t kept = 0;

    guesses = calloc(n + 1, sizeof(*guesses));
    draws = calloc(RCA_BOOTSTRAP_DRAWS, sizeof(*draws));
    if (!guesses || !draws)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (!is_guess(&outcomes[i]))
            continue;
        guesses[kept] = (struct guess){outcomes[i].list[0].confidence,
                                       outcomes[i].rank == 1};
        add(&r, &guesses[kept++]);
    }
    finish(&r);
    draw(guesses, kept, draws);
    if (kept)
        centre(draws, r.error);
    r.range = rca_bootstrap_range(draws, RCA_BOOTSTRAP_DRAWS);
    *ret = r;
    return 0;
}

/* --- explanations that name a cause --------------------------------------- */

struct tally {
    size_t n, causes;
};

/* One tally a case. Return: how many. */
static size_t count(const struct rca_outcome *outcomes, size_t n,
                    struct tally *tallies)
{
    size_t cases = 0;

    for (size_t i = 0; i < n; i++) {
        if (i == 0 || outcomes[i].of != outcomes[i - 1].of)
            tallies[cases++] = (struct tally){0};
        tallies[cases - 1].n++;
        tallies[cases - 1].causes += outcomes[i].verdict == RCA_VERDICT_CAUSE;
    }
    return cases;
}

static double share(const struct tally *tally)
{
    return tally->n ? (double)tally->causes / (double)tally->n : NAN;
}

int rca_score_causes(const struct rca_outcome *outcomes, size_t n,
                     double *ret_share, struct rca_range *ret_range)
{
    struct tally *tallies RCA_CLEANUP(rca_freep) = NULL, all = {0};
    double *draws RCA_CLEANUP(rca_freep) = NULL;
    uint64_t state = 1;
    size_t cases;

    tallies = calloc(n + 1, sizeof(*tallies));
    draws = calloc(RCA_BOOTSTRAP_DRAWS, sizeof(*draws));
    if (!tallies || !draws)
        return -ENOMEM;
    cases = count(outcomes, n, tallies);
    for (size_t d = 0; d < RCA_BOOTSTRAP_DRAWS; d++) {
        struct tally drawn = {0};

        for (size_t i = 0; i < cases; i++) {
            size_t k = rca_bootstrap_pick(&state, cases);

            drawn.n += tallies[k].n;
            drawn.causes += tallies[k].causes;
        }
        draws[d] = share(&drawn);
    }
    for (size_t i = 0; i < cases; i++) {
        all.n += tallies[i].n;
        all.causes += tallies[i].causes;
    }
    *ret_share = share(&all);
    *ret_range = rca_bootstrap_range(draws, RCA_BOOTSTRAP_DRAWS);
    return 0;
}
