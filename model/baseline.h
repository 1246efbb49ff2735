/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * baseline - what the published methods (baro.c, nsigma.c, circa.c, murphy.c)
 * share: how far a metric strayed from what was usual, and making a ranking of
 * entities from scores of variables. NaN marks a gap and is left out.
 *
 * These are ports of the published code and keep its conventions, the doubtful
 * ones too: a metric without spread is measured in its own unit (its scale
 * counts as 1, as scikit-learn's scalers have it), so that bytes outweigh
 * seconds. The default method does better; here the figures must be theirs.
 */

#include "model/rank.h"

/** struct rca_usual - centre NAN where nothing is known; scale above 0 */
struct rca_usual {
    double centre, scale;
};

/** rca_usual_moments() - mean and standard deviation (divided by n) of @rows
 * of @x; O(rows) */
struct rca_usual rca_usual_moments(const double *x, struct rca_rows rows);

/** rca_usual_quartiles() - median and interquartile range; @scratch: room for
 * all of @rows; O(rows) expected */
struct rca_usual rca_usual_quartiles(const double *x, struct rca_rows rows,
                                     double *scratch);

/** rca_usual_excess() - largest |x - centre| / scale in @rows; NAN where
 * nothing is known */
double rca_usual_excess(const double *x, struct rca_rows rows,
                        struct rca_usual usual);

/** rca_baseline_column() - column of variable @v */
const double *rca_baseline_column(const struct rca_window *w, size_t v);

/** rca_baseline_may_cause() - false for probes */
_Bool rca_baseline_may_cause(const struct rca_incident *incident,
                             rca_id entity);

/**
 * rca_baseline_list() - rank entities by their best variable
 * @score: one for each variable of the window; what is not above 0 (or NAN)
 *         speaks against nobody: an entity with nothing else is not listed
 * @ranking: its list is replaced on success; verdict: RCA_VERDICT_CAUSE where
 *         anything is listed, else RCA_VERDICT_UNCLEAR
 *
 * O(variables). Return: 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_baseline_list(const struct rca_incident *incident,
                                     const double *score,
                                     struct rca_ranking *ranking);
