/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * past - what a model knows of the normal rows of each variable: it stands for
 * them where a scene's window holds only the incident and a stretch before it.
 *
 * The rows themselves are wanted only of what the attribution fits factors
 * to: the few abnormal variables from which influence reaches the symptom.
 */

#include "model/habit.h"
#include "model/window.h"

/* Parents of the factor that says what neighbours usually explain. */
#define RCA_PAST_PARENTS 6

/**
 * struct rca_known - of one variable
 * @spread:  n = 0: nothing is known
 * @habit:   of the variable
 * @parent, @weight: scaled by the spreads; parents are variables
 * @left, @left_habit: of what they leave, scaled
 */
struct rca_known {
    struct rca_spread spread, left;
    struct rca_habit habit, left_habit;
    uint32_t n_parents;
    uint32_t parent[RCA_PAST_PARENTS];
    float weight[RCA_PAST_PARENTS];
};

/**
 * struct rca_past - of all variables of a window; owned but for @rows
 * @n_rows: that the model was learned from
 * @known:  by variable
 * @rows:   normal rows of some variables, or NULL; owned
 * @column: by variable: the column of @rows, or UINT32_MAX
 */
struct rca_past {
    size_t n_vars, n_rows;
    struct rca_known *known;
    struct rca_window *rows;
    uint32_t *column;
};

void rca_past_free(struct rca_past **past);

/** rca_past_keep() - take @rows (owned from now on, and freed if this fails):
 * 0 or -ENOMEM */
RCA_MUST_CHECK int rca_past_keep(struct rca_past *past,
                                 const struct rca_window *w,
                                 struct rca_window *rows);
