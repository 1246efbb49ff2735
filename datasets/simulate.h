/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * simulate - labelled incidents from a known causal truth: a system of services
 * on hosts (simulate_world.h) or a network (simulate_net.h), one fault or two,
 * and what somebody's monitoring would have seen of it.
 *
 * The truth is causal: the same system is run with and without the fault, with
 * the same chance; the difference is the fault's effect. That makes it possible
 * to ask for an effect of a given size, and to name a victim that truly
 * suffers. The equations are not those of the model (docs/SIMULATE.md).
 *
 * Everything follows from the options: the same options give the same case on
 * every machine. No function here does I/O.
 */

#include "datasets/case.h"

/** enum rca_sim_style - what kind of monitoring there is, and its habits */
enum rca_sim_style {
    RCA_SIM_STYLE_TRACE, /* latency, errors and load by service, call graph */
    RCA_SIM_STYLE_RESOURCES, /* processors, memory, disk; probe as victim */
    RCA_SIM_STYLE_K8S, /* services, pods and hosts */
    RCA_SIM_STYLE_NOGRAPH, /* few metrics, often by the second, no graph */
    RCA_SIM_STYLE_HOSTS, /* few services, many hosts, links */
    RCA_SIM_STYLE_NET, /* routers and interfaces */
    RCA_SIM_STYLE_MIXED, /* anything, with wrong and missing edges */
    RCA_SIM_STYLE_COUNT,
};

enum rca_sim_fault {
    RCA_SIM_FAULT_NONE, /* a normal case */
    RCA_SIM_FAULT_CPU, /* a hog in a container */
    RCA_SIM_FAULT_NEIGHBOUR, /* another workload of the host ramps up */
    RCA_SIM_FAULT_LEAK, /* of memory: collection, then restarts */
    RCA_SIM_FAULT_DISK, /* of a host is full of work */
    RCA_SIM_FAULT_DELAY, /* on the network of a service or host */
    RCA_SIM_FAULT_LOSS, /* of packets, ditto */
    RCA_SIM_FAULT_ERROR, /* code that fails, often quickly */
    RCA_SIM_FAULT_SLOW, /* code that waits: no more processor time */
    RCA_SIM_FAULT_LOCK, /* threads that are stuck */
    RCA_SIM_FAULT_SURGE, /* a client sends more */
    RCA_SIM_FAULT_DEPLOY, /* new pods, then it is worse */
    RCA_SIM_FAULT_OUTAGE, /* a service is down */
    RCA_SIM_FAULT_CONFIG, /* timeouts too short */
    RCA_SIM_FAULT_LINK_DOWN, /* networks: traffic takes other links */
    RCA_SIM_FAULT_LINK_LOSS, /* errors on a link */
    RCA_SIM_FAULT_BLACKHOLE, /* a router drops what it should pass on */
    RCA_SIM_FAULT_ROUTER_DOWN,
    RCA_SIM_FAULT_COUNT,
};

/** enum rca_sim_graph - what is known of the edges */
enum rca_sim_graph {
    RCA_SIM_GRAPH_DRAWN, /* as the style has it */
    RCA_SIM_GRAPH_FULL,
    RCA_SIM_GRAPH_NONE,
    RCA_SIM_GRAPH_LINKS, /* undirected */
    RCA_SIM_GRAPH_WRONG, /* some missing, some wrong, some turned round */
    RCA_SIM_GRAPH_PARTIAL, /* some missing */
    RCA_SIM_GRAPH_COUNT,
};

enum rca_sim_victim {
    RCA_SIM_VICTIM_DRAWN,
    RCA_SIM_VICTIM_METRIC, /* an entity and its metric */
    RCA_SIM_VICTIM_PROBE, /* an outside point of measurement, no metric */
    RCA_SIM_VICTIM_ENTITY, /* an entity with metrics, but none is named */
    RCA_SIM_VICTIM_NONE,
    RCA_SIM_VICTIM_COUNT,
};

/**
 * struct rca_sim_options - all-zero (but for style, fault and second = their
 * COUNT, for drawn) leaves everything to the seed
 * @seed:     of all chance
 * @second:   another fault at the same time, on another branch; COUNT: drawn
 *            (in one case of twelve)
 * @services: 5 to 60; @step: s; @normal, @incident: rows; 0: drawn
 * @effect:   on the cause's own metrics, in standard deviations of normal rows;
 *            0: drawn (a third are 1 to 3)
 * @no_herrings: nothing else goes wrong at the time
 * @cycles:   services that call back
 * @store:    the fault is at a database, cache or queue that two call at least
 * @idle:     metrics without meaning added for each entity
 * @copies, @constants: columns that repeat another, or never change; beyond
 *            those that are drawn
 * @gap:      part of the cells that is missing, beyond what is drawn
 * @rows_lost: rows missing in the middle of the normal ones, and as many in the
 *            incident if it is long enough
 * @metrics:  at most so many metrics of an entity; 0: no limit */
struct rca_sim_options {
    uint64_t seed;
    enum rca_sim_style style;
    enum rca_sim_fault fault, second;
    enum rca_sim_graph graph;
    enum rca_sim_victim victim;
    _Bool no_herrings, cycles, store;
    size_t services, step, normal, incident;
    size_t idle, copies, constants, rows_lost, metrics;
    double effect, gap;
};

#define RCA_SIM_PREFIXES 8

/**
 * struct rca_sim_truth - what was done; strings owned by the truth
 * @entity:  NULL: no root cause (nothing happened, or nobody is to blame)
 * @service: as which it is scored
 * @other:   the second fault's service, or NULL
 * @metric:  names of its metrics that show the fault, strongest first, NULL at
 *           the end
 * @effect:  on the strongest of these, in normal standard deviations
 * @victim_effect: ditto, on the victim's metric; NAN without one
 * @hidden:  the cause has no metrics of its own */
struct rca_sim_truth {
    enum rca_sim_style style;
    enum rca_sim_fault fault, second;
    char *entity, *service, *other;
    char *metric[RCA_SIM_PREFIXES + 1];
    double effect, victim_effect;
    _Bool hidden;
};

/**
 * rca_simulate() - make one case in memory
 *
 * O(rows * columns * 8): a few milliseconds for a usual case, up to a second
 * for 20,000 columns. Return: 0; -EINVAL for options out of their range or a
 * fault that the style cannot have; -ENOMEM.
 */
RCA_MUST_CHECK int rca_simulate(const struct rca_sim_options *options,
                                struct rca_case **ret_case,
                                struct rca_sim_truth *ret_truth);
void rca_sim_truth_done(struct rca_sim_truth *truth);

/** Names as in "sim-trace" and "noisy-neighbour"; static. */
const char *rca_sim_style_name(enum rca_sim_style style);
const char *rca_sim_fault_name(enum rca_sim_fault fault);
/** rca_sim_*_names() - all, NULL at the end, for a command's options; static */
const char *const *rca_sim_style_names(void);
const char *const *rca_sim_fault_names(void);
/** rca_sim_can() - whether a system of @style can have @fault */
_Bool rca_sim_can(enum rca_sim_style style, enum rca_sim_fault fault);
