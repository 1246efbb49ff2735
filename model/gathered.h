/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * gathered - what is gathered of one suspect before it becomes evidence
 * (model/evidence.h). Strengths are those of model/anomaly.h.
 */

#include "graph/graph.h"

#define RCA_GATHERED_STRONGEST 3

/** struct rca_gathered - of one suspect
 * @odd, @local: largest first
 * @loudest: strength of @variable, which is its strongest
 * @odd3:    of @odd, by rca_gathered_mean()
 * @share, @first: of the attribution
 * the others: as the evidence of that name, before its logarithm */
struct rca_gathered {
    double odd[RCA_GATHERED_STRONGEST], local[RCA_GATHERED_STRONGEST];
    double loudest;
    double usage, errors, latency, load, together, unusual, share, first;
    double odd3, metrics, states, appeared, vanished, visits;
    uint32_t variable;
};

/** rca_gathered_keep() - put @x in its place, if it is one of the strongest */
void rca_gathered_keep(double list[RCA_GATHERED_STRONGEST], double x);

/** rca_gathered_mean() - log(1 + mean), of @n metrics: some of many are far out
 * by chance, as the largest of n exponential tails */
double rca_gathered_mean(const double list[RCA_GATHERED_STRONGEST], double n);

/**
 * rca_gathered_hand_down() - give what is odd about calls to what they show
 * @whole: by node of @g: the suspect that it belongs to
 * @all:   by node of the whole
 *
 * A call does nothing by itself: it is two ends and what lies between. What is
 * odd about it is evidence on what it depends on (its callee, what its packets
 * pass, what is in a namespace that they pass): on that with the largest share,
 * where this is no less than a quarter of the call's own. Where nothing has that much, the call is all that can be
 * named, and keeps it. O(edges).
 */
void rca_gathered_hand_down(const struct rca_graph *g, const uint32_t *whole,
                            struct rca_gathered *all);
