/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * normal - a fast source of standard normal numbers, the same for the same
 * seed everywhere. Not for secrets.
 *
 * Bits: xoshiro256++ seeded by SplitMix64 (D. Blackman, S. Vigna, "Scrambled
 * Linear Pseudorandom Number Generators", ACM TOMS 47, 2021). Normals: the
 * ziggurat of 128 layers (G. Marsaglia, W. W. Tsang, "The Ziggurat Method for
 * Generating Random Variables", Journal of Statistical Software 5, 2000), with
 * the layer and the value from separate bits (J. A. Doornik, "An Improved
 * Ziggurat Method to Generate Normal Random Samples", 2005).
 */

#include "graph/base/base.h"

#define RCA_NORMAL_LAYERS 128

/** struct rca_normal - the caller's; not to be shared between threads
 * @edge: right ends of the layers; @ratio: edge[i + 1] / edge[i] */
struct rca_normal {
    uint64_t state[4];
    double edge[RCA_NORMAL_LAYERS + 1];
    double ratio[RCA_NORMAL_LAYERS];
};

/** rca_normal_init() - equal @seed and @stream, equal numbers; streams are
 * independent for all that matters here */
void rca_normal_init(struct rca_normal *normal, uint64_t seed, uint64_t stream);

/** rca_normal_draw() - next number of N(0, 1) */
double rca_normal_draw(struct rca_normal *normal);
