/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* samples - what an observer holds of the tick in progress, for tests. */

#include <stdio.h>
#include <string.h>

#include "collector/observer_state.h"
#include "tests/harness/test.h"

/** sample_of() - newest value of @series of @entity in this tick, or NAN */
static inline double sample_of(const struct rca_observer *obs, rca_id entity,
                               const char *series)
{
    uint32_t id;

    if (!rca_map_get(&obs->series, series, strlen(series), &id))
        return NAN;
    for (size_t i = obs->n_samples; i-- > 0;) {
        if (obs->samples[i].entity == entity && obs->samples[i].series == id)
            return obs->samples[i].value;
    }
    return NAN;
}

/** has_edge() - whether the tick has it */
static inline _Bool has_edge(const struct rca_observer *obs, rca_id source,
                             rca_id target, enum rca_edge_kind kind)
{
    for (size_t i = 0; i < obs->n_edges; i++) {
        const struct rca_edge *e = &obs->edges[i];

        if (e->source == source && e->target == target && e->kind == kind)
            return 1;
    }
    return 0;
}

/** is_known() - whether the entity was ever reported, without reporting it */
static inline _Bool is_known(const struct rca_observer *obs, enum rca_kind kind,
                             const char *name)
{
    char key[256];
    uint32_t at;
    const int n = snprintf(key, sizeof(key), "%c%s", (char)kind, name);

    key[0] = (char)kind;
    return rca_map_get(&obs->by_key, key, (size_t)n, &at);
}
