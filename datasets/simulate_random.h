/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate_random - chance for the simulator, the same on every machine: only
 * integer arithmetic, and floating point that IEEE 754 rounds exactly. The C
 * library's exp() and log() are not used because they differ between versions
 * in the last bit.
 *
 * The generator is SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast Splittable
 * Pseudorandom Number Generators", OOPSLA 2014). All functions are O(1), cannot
 * fail, and are not safe for use of one generator by two threads.
 */

#include "graph/base/base.h"

struct rca_sim_random {
    uint64_t state;
};

/** rca_sim_random_make() - generator of stream @stream under @seed */
struct rca_sim_random rca_sim_random_make(uint64_t seed, uint64_t stream);

uint64_t rca_sim_random_next(struct rca_sim_random *r);
/** uniform in [0, 1) */
double rca_sim_random_unit(struct rca_sim_random *r);
/** uniform in [@low, @high) */
double rca_sim_random_range(struct rca_sim_random *r, double low, double high);
/** uniform in the logarithm; 0 < @low <= @high */
double rca_sim_random_scale(struct rca_sim_random *r, double low, double high);
/** 0 .. @n - 1; 0 if @n is 0 */
size_t rca_sim_random_below(struct rca_sim_random *r, size_t n);
/** true with probability @p; always takes one draw */
_Bool rca_sim_random_chance(struct rca_sim_random *r, double p);
/** mean 0, variance 1: a sum of eight uniform numbers, so within 4.9 */
double rca_sim_random_normal(struct rca_sim_random *r);

/** rca_sim_exp(), rca_sim_log() - to 1e-14 relative; @x > 0 for the logarithm;
 * the exponential is 0 below -700 and that of 700 above */
double rca_sim_exp(double x);
double rca_sim_log(double x);
/** rca_sim_wave() - a sine of period 1 to 0.002 */
double rca_sim_wave(double phase);
