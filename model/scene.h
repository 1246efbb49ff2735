/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * scene - an incident as the model sees it: a window of rows, which of them
 * are normal and which are the incident, what each variable did, and the
 * factors that were fitted to both.
 *
 * Works on memory alone: a window and a graph, wherever they come from.
 *
 * All factors work in scaled units: (x - centre) / unit, with unit the scale,
 * or more where the incident is so far out that its size says no more
 * (RCA_SCENE_FAR): a constant that moves must not count a thousandfold.
 */

#include "model/box.h"
#include "model/past.h"
#include "model/relation.h"
#include "model/robust.h"

/* Blocks of rows that the bootstrap draws from. */
#define RCA_SCENE_NORMAL_BLOCKS 8
#define RCA_SCENE_INCIDENT_BLOCKS 6
#define RCA_SCENE_BLOCKS (RCA_SCENE_NORMAL_BLOCKS + RCA_SCENE_INCIDENT_BLOCKS)
/* Total weight of the incident's rows in a factor (DESIGN section 4). */
#define RCA_SCENE_INCIDENT_WEIGHT 0.2
#define RCA_SCENE_FAR 30.0
/* Parents of one factor. */
#define RCA_SCENE_PARENTS 10

/** struct rca_trait - what one variable did
 * @shift:    mean of the incident less the centre, in the metric's unit; 0
 *            where nothing is known
 * @strength: deviation over what is usual, or 0
 * @usual:    90 % of the deviations of earlier windows are below this
 * @noise:    shifts below this may be chance
 * @unit:     of the scaled units
 * @known:    it has both normal and incident rows
 * @abnormal: its shift is more than chance */
struct rca_trait {
    struct rca_spread spread;
    double shift, strength, usual, noise, unit;
    _Bool known, abnormal;
};

/** struct rca_rows - half open */
struct rca_rows {
    size_t from, to;
};

struct rca_scene {
    const struct rca_window *w; /* borrowed */
    const struct rca_graph *g; /* borrowed */
    struct rca_relations *relations; /* owned */
    struct rca_rows normal, incident;
    struct rca_trait *traits; /* owned, one a variable */
    const struct rca_past *past; /* borrowed; NULL: the window is all */
};

/**
 * rca_scene_init() - look at every variable
 * @normal, @incident: rows of @w, not overlapping; normal may be any length
 *
 * Return: 0; RCA_ETOOFEW (no incident rows, or under 10 normal ones); -ENOMEM.
 */
RCA_MUST_CHECK int rca_scene_init(struct rca_scene *scene,
                                  const struct rca_window *w,
                                  const struct rca_graph *g,
                                  struct rca_rows normal,
                                  struct rca_rows incident);

/**
 * rca_scene_recall() - the same where the window begins shortly before the
 * incident: what is usual comes from @past, of what it does not know from the
 * window. Relations are there for abnormal variables only. O(variables * rows
 * of the window).
 */
RCA_MUST_CHECK int rca_scene_recall(struct rca_scene *scene,
                                    const struct rca_window *w,
                                    const struct rca_graph *g,
                                    struct rca_rows normal,
                                    struct rca_rows incident,
                                    const struct rca_past *past);
void rca_scene_done(struct rca_scene *scene);

/** rca_scene_normal() - the normal rows of @variable that are at hand: those
 * read of the past, or else those of the window; borrowed */
struct rca_normal_rows {
    const double *x;
    size_t n;
};
struct rca_normal_rows rca_scene_normal(const struct rca_scene *scene,
                                        size_t variable);

/** rca_scene_guard() - @before less the guard band, since nobody knows exactly
 * when an incident began: its last rows, half as many as the incident has, but
 * at most 40 % of @before (DESIGN section 4); all of @before where too few
 * would be left */
struct rca_rows rca_scene_guard(struct rca_rows before,
                                struct rca_rows incident);

/** rca_scene_block() - the rows of bootstrap block @b; may be empty */
struct rca_rows rca_scene_block(const struct rca_scene *scene, size_t b);

/** struct rca_draw - how often each block counts; all 1 = the data as it is */
struct rca_draw {
    double times[RCA_SCENE_BLOCKS];
};

/**
 * struct rca_factor - the factor of one abnormal variable given those of its
 * candidates that are abnormal too
 * @parent: variables; @n of them; bounds in @box are in scaled units
 * @same:   the parent is the same quantity (rca_relation)
 * @gram:   by block: (n + 1) x (n + 1), the target last; owned
 * @weight: of the last fit, scaled
 * @residual: variance of what the last fit leaves, over all rows; scaled
 */
struct rca_factor {
    uint32_t target;
    uint32_t parent[RCA_SCENE_PARENTS];
    _Bool same[RCA_SCENE_PARENTS];
    struct rca_box box;
    double *gram;
    double rows[RCA_SCENE_BLOCKS];
    double weight[RCA_BOX_MAX];
    double residual;
};

/** rca_factor_init() - choose parents and gather their Gram matrices
 * O(rows * parents^2). 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_factor_init(struct rca_factor *f,
                                   const struct rca_scene *scene,
                                   uint32_t target);
void rca_factor_done(struct rca_factor *f);

/** rca_factor_choose() - the first half of rca_factor_init(): parents and their
 * limits, no Gram matrices. 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_factor_choose(struct rca_factor *f,
                                     const struct rca_scene *scene,
                                     uint32_t target);

/** rca_factor_fit() - weights for the rows as @draw counts them */
void rca_factor_fit(struct rca_factor *f, const struct rca_draw *draw);
