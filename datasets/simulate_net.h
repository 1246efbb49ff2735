/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate_net - a network: leaves with ports towards the outside, spines
 * between them, several links from each leaf to each spine. Traffic between two
 * leaves is spread evenly over the links that are up (equal-cost multipath); what
 * meets a dead link takes another, what meets a hole is lost and its senders
 * slow down. Plain data, as simulate_world.h.
 */

#include "datasets/simulate.h"
#include "datasets/simulate_random.h"
#include "datasets/simulate_system.h"

#define RCA_SIM_LEAVES 8
#define RCA_SIM_SPINES 6
#define RCA_SIM_LANES 3 /* links between one leaf and one spine */
#define RCA_SIM_PORTS 5 /* of a leaf, towards the outside */

/** struct rca_sim_net
 * @demand: bits a second from leaf to leaf; @noise: its state
 * @up:     part of the row that a link is up; @lost: of what it carries
 * @hole:   part of what spine passes on to leaf that it drops */
struct rca_sim_net {
    size_t leaves, spines, lanes, ports;
    double rough, keep, packet, capacity, period, phase, swing;
    double demand[RCA_SIM_LEAVES][RCA_SIM_LEAVES];
    double noise[RCA_SIM_LEAVES][RCA_SIM_LEAVES];
    double port_part[RCA_SIM_LEAVES][RCA_SIM_PORTS];
    double cpu[RCA_SIM_LEAVES + RCA_SIM_SPINES];
    struct rca_sim_random random;

    double up[RCA_SIM_LEAVES][RCA_SIM_SPINES][RCA_SIM_LANES];
    double lost[RCA_SIM_LEAVES][RCA_SIM_SPINES][RCA_SIM_LANES];
    double hole[RCA_SIM_SPINES][RCA_SIM_LEAVES];
    double flow[RCA_SIM_LEAVES][RCA_SIM_SPINES][2]; /* up, down; each link */
    double sent[RCA_SIM_LEAVES], taken[RCA_SIM_LEAVES]; /* at the ports */
    double dropped[RCA_SIM_SPINES]; /* bits a second */
    double alarm[RCA_SIM_LEAVES + RCA_SIM_SPINES]; /* control plane, 0..1 */
    double dead[RCA_SIM_LEAVES + RCA_SIM_SPINES];
};

/** struct rca_sim_cut - a fault of a network; as struct rca_sim_blow
 * @router: index among leaves, then spines */
struct rca_sim_cut {
    enum rca_sim_fault kind;
    uint32_t leaf, spine, lane, router, culprit;
    double size;
    size_t from, ramp, flap;
};

/** rca_sim_net_make() - of @n routers */
void rca_sim_net_make(struct rca_sim_net *net, size_t n, double rough,
                      struct rca_sim_random *r);
void rca_sim_cut_draw(const struct rca_sim_net *net, enum rca_sim_fault kind,
                      struct rca_sim_random *r, struct rca_sim_cut *ret_cut);

/** Entities: leaves, spines, then interfaces: for each leaf its ports, for each
 * link the leaf's end and the spine's. */
size_t rca_sim_net_entities(const struct rca_sim_net *net);
uint32_t rca_sim_net_end(const struct rca_sim_net *net, size_t leaf,
                         size_t spine, size_t lane, _Bool at_spine);
uint32_t rca_sim_net_port(const struct rca_sim_net *net, size_t leaf,
                          size_t port);

/** rca_sim_net_run() - one row; draws the same numbers whatever @cut is */
void rca_sim_net_run(struct rca_sim_net *net, const struct rca_sim_cut *cut,
                     size_t row);
void rca_sim_net_show(const struct rca_sim_net *net,
                      struct rca_sim_frame *frame);
