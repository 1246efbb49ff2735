/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * relation - which variables may move which: the influence rules
 * (graph/influence.h) applied to the metrics of one window and the edges of
 * one graph. It decides by names, roles and edges only; no data are looked at
 * but the request rates, for the calls per request.
 *
 * Beyond the table:
 * - A call stands between its caller and its callee: a direct edge of the two
 *   is skipped where there is such a call.
 * - Like goes with like: statistics of times (mean, p50, p99, max) are moved
 *   only by the same statistic. So mean, p50, p99 and max are separate chains
 *   and no change is counted twice.
 * - Where the neighbour has the same metric as the target, no other metric of
 *   the same role of it is a candidate.
 * - Requests that wait in a caller because its callee is slow: a callee's
 *   latency may move its caller's queue time.
 * - The waiting of a whole's tasks does not explain its members' waiting, where
 *   its pressure is known: it is the same waiting, counted once more.
 * - A process does not explain its cgroup: the workload is the entity that is
 *   named. It does explain the host, where it has no cgroup of its own.
 * - What an entity does by itself (a rule, a table or queue that drops, a link
 *   that is down, no route) is made by no neighbour's errors; more load may.
 * - The drops of a network namespace or host are the sum of those in it: they
 *   make none of them.
 * - A rule that drops is what the drops of its users' network namespace and
 *   host are: two edges apart, but the same packets.
 */

#include "graph/influence.h"
#include "model/window.h"

/**
 * struct rca_relation - "@cause may move the target", in raw units of both
 * @cause: variable of the window
 * @low, @high: limits of the weight (units of target per unit of cause);
 *         -INFINITY and INFINITY where there is none
 * @prior: what the weight is drawn towards: 0, or the known gain where both
 *         are the same quantity
 * @same: true where @prior is such a gain
 * @weak: a user's latency or errors moving what it uses: requests that pile up.
 *        It happens, but the other direction is far more usual, and both
 *        together make a cycle of everything: it takes much to be believed
 */
struct rca_relation {
    uint32_t cause;
    double low, high, prior;
    _Bool same, weak;
};

/** struct rca_relations - of all targets; those of target v are list[at[v]]
 * to list[at[v + 1]], sorted by cause; all owned */
struct rca_relations {
    size_t n_vars;
    size_t *at;
    struct rca_relation *list;
};

/** rca_relations_new() - O(variables * candidates); entities of @w that @g
 * does not know relate to nothing but themselves. 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_relations_new(const struct rca_window *w,
                                     const struct rca_graph *g,
                                     struct rca_relations **ret_relations);
/** struct rca_relation_filter - @median: of each variable, NAN where it is not
 * known; @wanted: targets, all others relate to nothing; NULL: all */
struct rca_relation_filter {
    const double *median;
    const _Bool *wanted;
};

/** rca_relations_of() - the same without looking at the data of @w, which may
 * have none */
RCA_MUST_CHECK int rca_relations_of(const struct rca_window *w,
                                    const struct rca_relation_filter *filter,
                                    const struct rca_graph *g,
                                    struct rca_relations **ret_relations);
void rca_relations_free(struct rca_relations **relations);

/** rca_relations_get() - the relations of target @v, or none */
const struct rca_relation *rca_relations_get(const struct rca_relations *r,
                                             size_t v, size_t *ret_n);
