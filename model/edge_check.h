/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * edge_check - which edges of the graph the data support or contradict, and
 * which pairs of entities without one move together as if there were one.
 *
 * Edges are observed, not guessed: a packet, a process in a cgroup. So an edge
 * of which nothing is seen here may well be there (a call a minute, a cache);
 * but the model lets influence flow over it, and this says how far the data
 * bear that out. Nothing here shows what is cause and what is effect: it shows
 * that two metrics move together though all else that the model holds for a
 * cause of the one is allowed for. Rows are split in time: the first half says
 * what to test, the second half is the test.
 *
 * For each edge, of the pairs of metrics that an influence rule relates over it,
 * the three most correlated in the first half are tested in the second: both
 * less what the effect's other parents explain (those of other entities that
 * its factor has), as comove.h compares series, in the same row or with the
 * effect a row later, in the direction that the rule allows. The smallest
 * p-value, times the number of tests made for the edge, is the edge's; the
 * false discovery rate over all edges is held at a level (fdr.h).
 *
 * An edge is contradicted where
 *   - a quantity should be handed on (requests to a callee, usage to a whole)
 *     and is not: what the effect gains by it is less than a quarter of its
 *     fair share (what would be handed on if all that hand on to the effect did
 *     alike); or
 *   - the effect moves a row before the cause, more than in the same row and
 *     more than a row later, where no rule allows the other direction.
 * These p-values are held at the level, too, on their own.
 *
 * Missing edges: of services, clients, hosts, and entities of which nothing is
 * known, the load, the latency and the errors. Each pair without an edge (or a
 * call between them) is compared: what the parents of the one leave with the
 * other, and the other way round; both must move together. A common cause that
 * nobody measured looks the same. What calls a caller moves with its callee,
 * too: so each entity is listed once, with what it moves with most.
 */

#include "model/window.h"

enum rca_edge_state {
    RCA_EDGE_SUPPORTED,
    RCA_EDGE_SHARED, /* move together, but other parents explain it as well */
    RCA_EDGE_UNSEEN, /* nothing seen: not enough moves, or too weak */
    RCA_EDGE_CONTRADICTED,
    RCA_EDGE_UNTESTABLE, /* no two metrics that vary and that a rule relates */
    RCA_EDGE_STATE_COUNT,
};

/** rca_edge_state_name() - "supported", "shared", "unseen", "contradicted",
 * "untestable" */
const char *rca_edge_state_name(enum rca_edge_state state);

/** enum rca_edge_against - why an edge is contradicted */
enum rca_edge_against {
    RCA_EDGE_AGAINST_NOTHING,
    RCA_EDGE_AGAINST_FLOW, /* what should be handed on is not */
    RCA_EDGE_AGAINST_ORDER, /* the effect moves first */
};

/**
 * struct rca_edge_finding - one edge
 * @edge:    number in the graph
 * @cause, @effect: variables of the window: the pair that says most for the
 *           state; UINT32_MAX where none was tested
 * @tested:  pairs of metrics that were
 * @r:       correlation of that pair less other parents; of both as they are
 *           where the state is shared
 * @lag:     rows by which the effect is later
 * @p:       of the edge, against nothing moving together; 1 where not tested
 * @flow:    part of its fair share that the effect gains at most (95 %), for
 *           RCA_EDGE_AGAINST_FLOW
 */
struct rca_edge_finding {
    uint32_t edge, cause, effect;
    enum rca_edge_state state;
    enum rca_edge_against against;
    size_t tested;
    double r, p, flow;
    int lag;
    /* the pair that moves together most where nothing is allowed for */
    struct {
        uint32_t cause, effect;
        double r;
        int lag;
    } plain;
};

/** struct rca_edge_missing - a pair without an edge; variables of the window
 * @r, @p: of the weaker one of both ways; @r_other: of the other one */
struct rca_edge_missing {
    uint32_t a, b;
    double r, r_other, p;
};

#define RCA_EDGE_MISSING_MAX 10

/**
 * struct rca_edge_check - all owned
 * @n_rows:    of which the second half was the test
 * @findings:  one for each edge, contradicted ones first, then by state
 *             (unseen, shared, supported, untestable) and p
 * @count:     of each state
 * @missing:   the strongest first; @n_missing listed of @n_believed; @n_pairs
 *             were compared
 */
struct rca_edge_check {
    size_t n_rows, n_edges, n_missing, n_believed, n_pairs;
    double level;
    size_t count[RCA_EDGE_STATE_COUNT];
    struct rca_edge_finding *findings;
    struct rca_edge_missing missing[RCA_EDGE_MISSING_MAX];
};

/** Of a false discovery rate. */
#define RCA_EDGE_LEVEL 0.05

/**
 * rca_edge_check() - all edges of @g by the rows of @w
 * @level: 0..1
 * @jobs:  threads; the result is the same for any number
 *
 * O(variables * candidates * rows + edges * rows log rows + entities^2 * rows),
 * the last by BLAS. Memory: another copy of the window, and 4 bytes a relation.
 * Return: 0; RCA_ETOOFEW under 60 rows; -ENOMEM.
 */
RCA_MUST_CHECK int rca_edge_check(const struct rca_window *w,
                                  const struct rca_graph *g, double level,
                                  unsigned jobs,
                                  struct rca_edge_check **ret_check);
void rca_edge_check_free(struct rca_edge_check **check);
