/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * scenarios - simulated incidents with stated limits: how often, over the
 * seeds, the default method must be right. Each limit is a little below what was
 * measured when it was set, and is there to be raised: a change of the ranking
 * that makes a scenario worse than its limit must say why.
 */

#include "datasets/simulate.h"

/** What a scenario does to a case before it is ranked; 0 or -ENOMEM. */
typedef int scenario_change(struct rca_case *c,
                            const struct rca_sim_truth *truth);

/**
 * struct scenario
 * @name:   "NNN-name"
 * @o:      of the case; its seed is 1 ... @seeds, and NNN thousands
 * @seeds:  0: 20
 * @change: or NULL
 * @shift:  rows by which the start that is told is too late
 * @first, @top3: seeds, at least, in which the true service is the first, among
 *          the first three
 * @both:   in which both of two faults are among the first three
 * @quiet:  in which no cause is named
 * @same:   in which the three first are those of the case without @change
 */
struct scenario {
    const char *name;
    struct rca_sim_options o;
    size_t seeds;
    scenario_change *change;
    int shift;
    size_t first, top3, both, quiet, same;
};

extern const struct scenario scenarios[];
extern const size_t n_scenarios;

/** Changes: the units of columns whose name promises none; only three columns:
 * the culprit's strongest, the victim's, somebody else's. */
scenario_change change_units, change_to_three;
