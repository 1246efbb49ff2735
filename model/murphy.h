/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * murphy - the parts of the method of that name, apart so that each can be
 * tested: entities as a graph, a chain of metrics to be resampled, and its
 * answer by sampling and in closed form. The method itself is murphy.c.
 *
 * Source: V. Harsh, W. Zhou, S. Ashok, R. N. Mysore, B. Godfrey, S. Banerjee,
 * "Murphy: Performance Diagnosis of Distributed Cloud Applications", SIGCOMM
 * 2023, section 4.
 *
 * Values are standardized (regress.h) throughout.
 */

#include "model/regress.h"

/* Rounds of Gibbs sampling, and samples (section 4.2). */
#define RCA_MURPHY_ROUNDS 4
#define RCA_MURPHY_SAMPLES 5000

/* --- entities --------------------------------------------------------------- */

/**
 * struct rca_murphy_graph - who is related to whom, in whatever way: edges have
 * no direction and no kind here
 * @n:     nodes: those of the graph, then the window's entities that it does
 *         not know
 * @list:  neighbours of node i, each once, ascending: at[i] to at[i + 1]
 * @first: its variables are first[i] to end[i]
 * @whole: everything is a neighbour of everything: the symptom's entity has no
 *         edge, so nothing is known of who may matter to it
 */
struct rca_murphy_graph {
    size_t n;
    uint32_t *at, *list, *first, *end;
    _Bool whole;
};

#define RCA_MURPHY_FAR UINT32_MAX

/** rca_murphy_graph_init() - O(edges log edges + variables); 0 or -ENOMEM */
RCA_MUST_CHECK int rca_murphy_graph_init(struct rca_murphy_graph *g,
                                         const struct rca_incident *incident,
                                         uint32_t symptom);
void rca_murphy_graph_done(struct rca_murphy_graph *g);

/** rca_murphy_graph_node() - of the entity of variable @v; O(log n) */
uint32_t rca_murphy_graph_node(const struct rca_murphy_graph *g,
                               const struct rca_incident *incident, size_t v);

/** rca_murphy_graph_walk() - breadth first from @start
 * @passes: nodes that the walk may go on from, or NULL: all
 * @ret_order: nodes reached, nearest first; room for n
 * @ret_hops: of every node; RCA_MURPHY_FAR where it is not reached
 * O(nodes + edges). Return: how many were reached. */
size_t rca_murphy_graph_walk(const struct rca_murphy_graph *g, uint32_t start,
                             const _Bool *passes, uint32_t *ret_order,
                             uint32_t *ret_hops);

/* --- chains ----------------------------------------------------------------- */

/**
 * struct rca_murphy_chain - metrics that are resampled in order, each from its
 * factor, RCA_MURPHY_ROUNDS times; all others keep their values; borrowed
 * @n, @order: variables, each once, none of them dead
 * @slot:      by variable: its place in @order, or RCA_MURPHY_FAR
 * @factors:   by variable; made for all of @order
 * @value:     by variable: what it begins with, or keeps
 * @symptom:   a variable, in @order
 */
struct rca_murphy_chain {
    size_t n;
    const uint32_t *order;
    const uint32_t *slot;
    const struct rca_regression *factors;
    const double *value;
    uint32_t symptom;
};

/** struct rca_murphy_moments - of the symptom after the last round */
struct rca_murphy_moments {
    double mean, variance;
};

/** rca_murphy_sample() - by RCA_MURPHY_SAMPLES independent runs of the chain
 * O(samples * rounds * n). 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_murphy_sample(const struct rca_murphy_chain *chain,
                                     uint64_t seed, uint64_t stream,
                                     struct rca_murphy_moments *ret);

/**
 * rca_murphy_exact() - the same in closed form
 *
 * The last value of the symptom is linear in the values at the start and in the
 * noise of each step; one sweep backwards through the steps gives the weight of
 * each. O(rounds * n). 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_murphy_exact(const struct rca_murphy_chain *chain,
                                    struct rca_murphy_moments *ret);
