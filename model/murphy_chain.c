/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "model/murphy.h"
#include "model/normal.h"

/* Samples drawn together, so that a chain of some hundred metrics stays in the
 * cache. */
#define BLOCK 100
static_assert(RCA_MURPHY_SAMPLES % BLOCK == 0, "whole blocks");

/* --- sampling --------------------------------------------------------------- */

/* Most of the time goes here. Inlined it would not be vectorized: the compiler
 * loses sight of which arrays are apart. */
__attribute__((__noinline__)) static void add_scaled(
    double *restrict to, const double *restrict from, double w)
{
    for (size_t s = 0; s < BLOCK; s++)
        to[s] += w * from[s];
}

/* one step for all samples of a block: draw variable @v anew */
static void resample(const struct rca_murphy_chain *c, uint32_t v, double *x,
                     struct rca_normal *normal)
{
    const struct rca_regression *f = &c->factors[v];
    double *to = x + (size_t)c->slot[v] * BLOCK;
    double base = 0;

    for (size_t k = 0; k < f->n; k++) {
        if (c->slot[f->parent[k]] == RCA_MURPHY_FAR)
            base += f->weight[k] * c->value[f->parent[k]];
    }
    for (size_t s = 0; s < BLOCK; s++)
        to[s] = base + f->sd * rca_normal_draw(normal);
    for (size_t k = 0; k < f->n; k++) {
        const uint32_t slot = c->slot[f->parent[k]];

        if (slot != RCA_MURPHY_FAR)
            add_scaled(to, x + (size_t)slot * BLOCK, f->weight[k]);
    }
}

static const double *run_block(const struct rca_murphy_chain *c, double *x,
                               struct rca_normal *normal)
{
    for (size_t i = 0; i < c->n; i++) {
        for (size_t s = 0; s < BLOCK; s++)
            x[i * BLOCK + s] = c->value[c->order[i]];
    }
    for (int round = 0; round < RCA_MURPHY_ROUNDS; round++) {
        for (size_t i = 0; i < c->n; i++)
            resample(c, c->order[i], x, normal);
    }
    return x + (size_t)c->slot[c->symptom] * BLOCK;
}

int rca_murphy_sample(const struct rca_murphy_chain *chain, uint64_t seed,
                      uint64_t stream, struct rca_murphy_moments *ret)
{
    double *x RCA_CLEANUP(rca_freep) = calloc(chain->n * BLOCK, sizeof(*x));
    const double n = RCA_MURPHY_SAMPLES;
    double mean = 0, square = 0;
    struct rca_normal normal;

    if (!x)
        return -ENOMEM;
    rca_normal_init(&normal, seed, stream);
    for (size_t done = 0; done < RCA_MURPHY_SAMPLES; done += BLOCK) {
        const double *symptom = run_block(chain, x, &normal);

        /* Welford's update: sums of squares would cancel */
        for (size_t s = 0; s < BLOCK; s++) {
            const double off = symptom[s] - mean;

            mean += off / (double)(done + s + 1);
            square += off * (symptom[s] - mean);
        }
    }
    *ret = (struct rca_murphy_moments){mean, square / (n - 1)};
    return 0;
}

/* --- closed form ------------------------------------------------------------ */

int rca_murphy_exact(const struct rca_murphy_chain *chain,
                     struct rca_murphy_moments *ret)
{
    /* of the symptom's last value on what each variable is at this step */
    double *weight RCA_CLEANUP(rca_freep) = calloc(chain->n, sizeof(*weight));
    double mean = 0, variance = 0;

    if (!weight)
        return -ENOMEM;
    weight[chain->slot[chain->symptom]] = 1;
    for (size_t step = RCA_MURPHY_ROUNDS * chain->n; step-- > 0;) {
        const size_t i = step % chain->n;
        const struct rca_regression *f = &chain->factors[chain->order[i]];
        const double w = weight[i];

        /* what it was before this step does not matter */
        weight[i] = 0;
        variance += w * w * f->sd * f->sd;
        for (size_t k = 0; k < f->n; k++) {
            const uint32_t slot = chain->slot[f->parent[k]];

            if (slot == RCA_MURPHY_FAR)
                mean += w * f->weight[k] * chain->value[f->parent[k]];
            else
                weight[slot] += w * f->weight[k];
        }
    }
    for (size_t i = 0; i < chain->n; i++)
        mean += weight[i] * chain->value[chain->order[i]];
    *ret = (struct rca_murphy_moments){mean, variance};
    return 0;
}
