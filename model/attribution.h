/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * attribution - the symptom's change, divided among all that did something
 * that their neighbours do not explain.
 *
 * With D the shifts of the abnormal variables from which influence can reach
 * the symptom v, and W the weights of their factors, r = D - W D is what each
 * did by itself. Inside a strongly connected component W is scaled to W' so
 * that its spectral radius is at most RCA_ATTRIBUTION_RADIUS: series with one
 * common driver, regressed on each other both ways, would amplify anything.
 * Then
 *
 *     D_v = sum_i L_i r_i + sum_i L_i ((W - W') D)_i,
 *     L = row v of (I - W')^-1
 *
 * holds exactly. The second sum is feedback that was not resolved: what went
 * round in cycles faster than the scaled weights can follow; 0 where no
 * component had to be scaled. A residual within noise counts as unexplained.
 *
 * Confidence: how often an entity comes first when blocks of normal rows and
 * of the incident's rows are drawn again with replacement and everything is
 * fitted anew (B. Efron, R. Tibshirani, "An Introduction to the Bootstrap",
 * 1993, section 8.6, moving blocks), drawn towards its share where rows are
 * few.
 */

#include "model/scene.h"

#define RCA_ATTRIBUTION_RADIUS 0.8
#define RCA_ATTRIBUTION_DRAWS 100
/* Variables looked at, nearest to the symptom first. */
#define RCA_ATTRIBUTION_MAX 2000

/** struct rca_culprit - one entity with a part in the change
 * @carrier: index (of rca_attribution) of the variable that carries most; load
 *           where there was none before only if nothing else is felt of it
 * @share, @score: of the change, and what it is ranked by
 * @part:    of the symptom's shift, in its unit; @low, @high: 90 % of draws
 * @first:   part of the draws in which it ranks first
 * @confidence: see above
 * @reasons: @n_reasons pieces of evidence (enum rca_evidence_kind) that speak
 *           most for it, the strongest first; rca_suspects_judge() finds them */
#define RCA_CULPRIT_REASONS 5
struct rca_culprit {
    rca_id entity;
    size_t carrier;
    double share, score, part, low, high, first, confidence;
    unsigned n_reasons, reasons[RCA_CULPRIT_REASONS];
};

/** struct rca_attribution - everything owned
 * @n:       variables, [0] the symptom; @factors[i] is that of variable i
 * @parent:  of factor i's k-th parent: its index, parent[i * PARENTS + k]
 * @shift, @residual, @effect, @part: D, r, L, and L r in the symptom's unit;
 *           D, r and L in scaled units
 * @rest, @feedback: of the symptom's shift, in its unit: of residuals within
 *          noise, and of feedback that was not resolved. Together with the
 *          @part of all culprits they are the shift.
 * @unexplained: share of the change that is @rest; feedback is nobody's and
 *          takes no part in shares (DESIGN section 4)
 * @culprits: best first */
struct rca_attribution {
    const struct rca_scene *scene; /* borrowed */
    size_t n, n_culprits;
    struct rca_factor *factors;
    size_t *parent;
    size_t *component; /* strongly connected component of each */
    double *shift, *residual, *effect, *part;
    double rest, feedback, unexplained;
    struct rca_culprit *culprits;
};

/** rca_attribution_new() - @symptom: a variable that is known
 * O(variables * (rows + draws) * parents^2). 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_attribution_new(const struct rca_scene *scene,
                                       uint32_t symptom, uint64_t seed,
                                       struct rca_attribution **ret);
void rca_attribution_free(struct rca_attribution **attribution);

/** rca_attribution_flow() - share of the shift of variable i that comes over
 * its k-th parent, clipped to 0..1 */
double rca_attribution_flow(const struct rca_attribution *a, size_t i,
                            size_t k);

/** rca_attribution_components() - strongly connected components of @n factors
 * with @parent as above; @ret_component: @n numbers. 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_attribution_components(const struct rca_factor *factors,
                                              const size_t *parent, size_t n,
                                              size_t *ret_component);
