/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate_observe - what monitoring makes of the true values: columns with
 * names and units, noise that depends on how much there was to measure, gaps,
 * constants, copies, and things of no meaning.
 */

#include "datasets/simulate_plan.h"

enum rca_sim_column_kind {
    RCA_SIM_MEASURED,
    RCA_SIM_CONSTANT,
    RCA_SIM_COPY, /* of another column */
    RCA_SIM_IDLE, /* wanders by itself */
};

/** struct rca_sim_column
 * @of:   the column that it copies
 * @level, @pace: of a constant or of what wanders
 * @walk: state of what wanders */
struct rca_sim_column {
    enum rca_sim_column_kind kind;
    enum rca_sim_quantity quantity;
    uint32_t entity, of;
    double unit, level, pace, walk;
    uint64_t seed;
    char name[RCA_SIM_NAME];
};

/** struct rca_sim_columns - sorted by the names of entity and metric, each once;
 * owned */
struct rca_sim_columns {
    struct rca_sim_column *list;
    size_t n, cap;
};

/** rca_sim_columns_draw() - which columns @entities have
 * @hidden: an entity that with its members has none, or UINT32_MAX
 * O(columns log columns). 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_sim_columns_draw(const struct rca_sim_plan *plan,
                                        const struct rca_sim_entity *entities,
                                        size_t n, uint32_t hidden,
                                        struct rca_sim_random *r,
                                        struct rca_sim_columns *ret);
void rca_sim_columns_done(struct rca_sim_columns *columns);

/** struct rca_sim_look - at one row; @common: noise that all metrics of an
 * entity share, by entity */
struct rca_sim_look {
    const struct rca_sim_plan *plan;
    const struct rca_sim_frame *frame;
    const double *common;
    size_t row;
};

/** rca_sim_observe() - what is written down for a measured column; NAN for a
 * gap. Depends on column, row and true values only. */
double rca_sim_observe(const struct rca_sim_column *column,
                       const struct rca_sim_look *look);
/** rca_sim_wander() - the next value of a constant or of what wanders */
double rca_sim_wander(struct rca_sim_column *column, size_t row);
