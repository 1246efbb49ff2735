/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * nearness - how much of what deviates lies near the victim: the visits of a
 * random walk that starts anew at the victim and prefers neighbours that
 * deviate.
 *
 * Source: L. Page et al., "The PageRank Citation Ranking", 1999 (personalized,
 * section 6); weighted by anomaly as in L. Wu et al., "MicroRCA", NOMS 2020.
 */

#include "graph/graph.h"

/**
 * rca_nearness() - part of the visits to each node; they add up to 1
 * @odd:   by node, strength of what deviates, 0 or more
 * @start: node of the victim; UINT32_MAX: wherever anything deviates
 * @ret_visits: by node
 *
 * O(60 * (nodes + edges)). 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_nearness(const struct rca_graph *g, const double *odd,
                                uint32_t start, double *ret_visits);
