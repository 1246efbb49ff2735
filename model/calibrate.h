/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * calibrate - what people said of earlier answers, "right" or "wrong", brought
 * to bear on how sure the next answer claims to be.
 *
 * A confidence c becomes expit(logit(c) + b). Only the intercept b is learned:
 * a handful of verdicts cannot tell a slope too, and with the slope left at 1
 * the order of answers never changes. b is the mode of its posterior under
 * b ~ N(0, RCA_CALIBRATE_SD^2) and the likelihood of the verdicts, so that
 * without any it is 0, and each pulls it a little.
 *
 * Sources: J. C. Platt, "Probabilistic Outputs for Support Vector Machines",
 * 1999 (a sigmoid over a score); A. Gelman et al., "A Weakly Informative
 * Default Prior Distribution for Logistic and Other Regression Models", Annals
 * of Applied Statistics 2, 2008 (why a prior).
 */

#include "graph/base/base.h"

/** Standard deviation of the prior, in logits: that a claim of 0.9 is true less
 * than 0.77 or more than 0.96 of the time on somebody's machines is taken to be
 * as likely as one standard deviation off. */
#define RCA_CALIBRATE_SD 1.0

/** struct rca_judged - one answer; @confidence as claimed without any shift */
struct rca_judged {
    double confidence;
    _Bool right;
};

/** rca_calibrate_shift() - b of @n verdicts; 0 if @n is 0. Confidences are
 * taken to be within [0.001, 0.999]; those that are not numbers are left out.
 * O(@n). */
double rca_calibrate_shift(const struct rca_judged *list, size_t n);

/** rca_calibrate() - @confidence moved by @shift; the same bits where @shift is
 * 0 or @confidence is not a number */
double rca_calibrate(double confidence, double shift);
