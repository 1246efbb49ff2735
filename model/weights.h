/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * weights - how much each piece of evidence counts, and how sure the first
 * suspect is: a conditional logit, learned from labelled incidents.
 *
 * The score of a suspect is sum_k w_k x_k, and the probability that it is the
 * cause exp(score) over the sum of all suspects'. Weights are drawn towards
 * values set by hand and keep their sign: few incidents must not teach that a
 * deviation acquits.
 *
 * Source: D. McFadden, "Conditional Logit Analysis of Qualitative Choice
 * Behavior", in Frontiers in Econometrics, 1974.
 */

#include "model/evidence.h"

/** Inputs of the confidence, in order: 1, log odds of the first suspect, part
 * of the bootstrap's draws in which its share is largest (1/2 without a
 * symptom), log of
 * its probability over the second one's, log(1 + the symptom's strength). */
#define RCA_TRUST_COUNT 5
/** rca_trust_text() - input @k in words */
const char *rca_trust_text(size_t k);

struct rca_weights {
    double w[RCA_EVIDENCE_COUNT];
    double trust[RCA_TRUST_COUNT];
};

/** rca_weights_default() - those that came with the program */
const struct rca_weights *rca_weights_default(void);
/** rca_weights_by_hand() - what learning starts from */
const struct rca_weights *rca_weights_by_hand(void);

/** rca_weights_score() - of one suspect */
double rca_weights_score(const struct rca_weights *weights,
                         const double x[RCA_EVIDENCE_COUNT]);

/** rca_weights_reasons() - the pieces of evidence that raise suspect @of over
 * the mean of all suspects of @e most, by what it has and not by what it
 * lacks, the largest first; returns their number,
 * @max at most. O(suspects * evidence). */
unsigned rca_weights_reasons(const struct rca_weights *weights,
                             const struct rca_evidence *e, size_t of,
                             unsigned max, unsigned *ret_kinds);

/** rca_weights_trust() - inputs of the confidence for the suspect @first of
 * @e; @chance: probability of each suspect */
void rca_weights_trust(const struct rca_evidence *e, size_t first,
                       const double *chance, double ret[RCA_TRUST_COUNT]);

/** rca_weights_chances() - probability of each suspect of @e; they add up to 1
 */
void rca_weights_chances(const struct rca_weights *weights,
                         const struct rca_evidence *e, double *ret_chance);

/**
 * struct rca_lesson - one labelled incident; borrows the evidence
 * @guilty: by suspect; none guilty: nothing was wrong, or the cause is not
 *          among the suspects
 * @count:  how much it counts (give each dataset the same sum, not each case)
 */
struct rca_lesson {
    const struct rca_evidence *evidence;
    const _Bool *guilty;
    double count;
};

/**
 * rca_weights_fit() - learn; the same lessons in any order give the same
 * weights to 1e-5
 *
 * O(lessons * suspects * evidence * steps). 0 or -ENOMEM; without a guilty
 * suspect anywhere the weights by hand, and a confidence that has learned from
 * that; a lesson without suspects teaches nothing.
 */
RCA_MUST_CHECK int rca_weights_fit(const struct rca_lesson *lessons, size_t n,
                                   struct rca_weights *ret_weights);
