/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate_plan - a case before it is run: what the options leave open is drawn
 * here, within the habits of a style.
 */

#include "datasets/simulate.h"
#include "datasets/simulate_name.h"

/** Sets of quantities: one bit each. */
#define RCA_SIM_BIT(q) (UINT64_C(1) << (q))
static_assert(RCA_SIM_Q_COUNT <= 64, "a set is 64 bits");

/**
 * struct rca_sim_plan - @o: the options with nothing left open
 * @of_services, @of_pods, @of_hosts, @of_clients: quantities measured; 0: these
 *            entities are not seen at all
 * @scrape:   relative error of each value
 * @missing:  part of the columns that an entity lacks
 * @odd:      part of the columns with an event of their own
 * @late:     rows by which the fault follows the start of the incident; may be
 *            negative
 * @victim_effect: that the victim must suffer, in standard deviations
 * @hide:     the culprit is not monitored */
struct rca_sim_plan {
    struct rca_sim_options o;
    enum rca_sim_convention convention;
    struct rca_sim_namer namer;
    uint64_t of_services, of_pods, of_hosts, of_clients;
    size_t hosts;
    double pods, rate, rough;
    double scrape, missing, odd, gap, copies, constants, idle;
    long late;
    size_t ramp, flap, herrings;
    double victim_effect;
    _Bool hide;
};

/** rca_sim_plan_choose() - style and fault, if @options leaves them open */
void rca_sim_plan_choose(struct rca_sim_options *options,
                         struct rca_sim_random *r);

/** rca_sim_plan_draw() - all the rest; Return: 0 or -EINVAL (see
 * rca_simulate()) */
RCA_MUST_CHECK int rca_sim_plan_draw(const struct rca_sim_options *options,
                                     struct rca_sim_random *r,
                                     struct rca_sim_plan *ret_plan);
