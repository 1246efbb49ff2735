/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/calibrate.h"

#include <math.h>

/* What is certain could not be moved. */
#define LEAST 0.001
/* Newton's method on a concave function of one variable; it takes 5 or so. */
#define STEPS 50
#define ENOUGH 1e-12

static double logit(double p)
{
    const double q = fmin(fmax(p, LEAST), 1 - LEAST);

    return log(q / (1 - q));
}

static double expit(double x)
{
    return 1 / (1 + exp(-x));
}

/* the Newton step of the log posterior at @b */
static double newton(const struct rca_judged *list, size_t n, double b)
{
    const double precision = 1 / (RCA_CALIBRATE_SD * RCA_CALIBRATE_SD);
    double slope = -b * precision, curve = precision;

    for (size_t i = 0; i < n; i++) {
        const double p = expit(logit(list[i].confidence) + b);

        if (isnan(list[i].confidence))
            continue;
        slope += (list[i].right ? 1 : 0) - p;
        curve += p * (1 - p);
    }
    return slope / curve;
}

double rca_calibrate_shift(const struct rca_judged *list, size_t n)
{
    double b = 0;

    for (int i = 0; n && i < STEPS; i++) {
        /* far from the mode the curve is flat: no leaps */
        const double step = fmin(fmax(newton(list, n, b), -1), 1);

        b += step;
        if (fabs(step) < ENOUGH)
            break;
    }
    return b;
}

double rca_calibrate(double confidence, double shift)
{
    if (shift == 0 || isnan(confidence))
        return confidence;
    return expit(logit(confidence) + shift);
}
