/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate_fault - what goes wrong in a world of services: where, when, how
 * much; and what goes wrong without harm.
 */

#include "datasets/simulate.h"
#include "datasets/simulate_world.h"

/**
 * struct rca_sim_blow - one fault
 * @service, @host, @client: where, as far as it applies
 * @on_host: on the host rather than on the service
 * @culprit: entity to blame, UINT32_MAX: nobody
 * @size:    0 to 1, from nothing to the worst
 * @from:    first row; @ramp: rows until it is there in full; @flap: rows of
 *           its period if it comes and goes, or 0
 * @life:    rows that it lasts at least */
struct rca_sim_blow {
    enum rca_sim_fault kind;
    uint32_t service, host, client, culprit;
    _Bool on_host, variant;
    double size;
    size_t from, ramp, flap, life;
};

/** struct rca_sim_place - where a fault may strike
 * @hosts: a host may be the culprit
 * @busy:  nobody sees who uses a host's disk: the host is the culprit
 * @store: only at a store that two services call at least
 * @avoid: a service that is not to be touched, with all that it calls and that
 *         calls it; UINT32_MAX: none */
struct rca_sim_place {
    _Bool hosts, busy, store;
    uint32_t avoid;
};

/** rca_sim_blow_draw() - choose a place for a fault of @kind; adds the spare
 * pods of a deploy to @w. Return: whether there is one. */
_Bool rca_sim_blow_draw(struct rca_sim_world *w, enum rca_sim_fault kind,
                        const struct rca_sim_place *place,
                        struct rca_sim_random *r,
                        struct rca_sim_blow *ret_blow);

/** rca_sim_blow_push() - add its effect on @row to @push */
void rca_sim_blow_push(const struct rca_sim_blow *blow,
                       const struct rca_sim_world *w, size_t row,
                       struct rca_sim_push *push);

/** struct rca_sim_herring - something that happens besides */
struct rca_sim_herring {
    enum { RCA_SIM_SWELL, RCA_SIM_BUSY, RCA_SIM_DRAG, RCA_SIM_BATCH } kind;
    uint32_t service;
    size_t from, to;
    double size;
};

/** rca_sim_herring_draw() - @harmless: one that slows nobody down */
struct rca_sim_herring rca_sim_herring_draw(const struct rca_sim_world *w,
                                            size_t from, size_t longest,
                                            _Bool harmless,
                                            struct rca_sim_random *r);
void rca_sim_herring_push(const struct rca_sim_herring *h,
                          const struct rca_sim_world *w, size_t row,
                          struct rca_sim_push *push);
