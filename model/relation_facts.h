/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * relation_facts - what relation.c asks of each node and variable again and
 * again: where a node's variables are, how many requests it gets, how long
 * they take. For relation.c only.
 */

#include "graph/graph.h"
#include "model/window.h"

/** struct rca_relation_facts - of @g's nodes and a window's variables; all
 * arrays are owned */
struct rca_relation_facts {
    size_t *first; /* first variable of a node, where it has any */
    size_t *count; /* variables of a node */
    double *rate; /* median request rate of a node, NAN: not known */
    const char **rate_name; /* the metric that it is; borrowed of the window */
    double *centre; /* median of a variable, NAN: not known or no latency */
    unsigned char *statistic; /* of a variable's name */
};

/** rca_relation_facts_init() - O(variables * rows), without @median
 * @median: of each variable, or NULL: the data of @w are looked at
 * @ret_facts: is to be given to rca_relation_facts_done() on failure, too
 *
 * Return: 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_relation_facts_init(
    const struct rca_window *w, const struct rca_graph *g, const double *median,
    struct rca_relation_facts *ret_facts);
void rca_relation_facts_done(struct rca_relation_facts *facts);

/** rca_statistic() - 0 if @metric names no statistic of a time, else a number
 * for "mean", "p50", "max", ...: equal for equal statistics */
unsigned rca_statistic(const char *metric);
