/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * graph - the entity graph: who depends on whom, since when. Immutable once
 * made; cycles and parallel edges of different kinds are normal.
 *
 * A node is a dense index 0..n-1 in the order of the entities given; an
 * entity's id (the store's) is found by rca_graph_node(). Arcs are kept in
 * compressed sparse rows, in both directions.
 */

#include "graph/kind.h"

/** struct rca_entity - strings borrowed when given, owned once in a graph */
struct rca_entity {
    rca_id id;
    enum rca_kind kind;
    const char *name;
    const char *host; /* "" where unknown */
    rca_time first, last; /* seen */
};

/** struct rca_edge - ids of entities; source depends on target */
struct rca_edge {
    rca_id source, target;
    enum rca_edge_kind kind;
    rca_time first, last;
};

/** struct rca_arc - one end of an edge as seen from a node
 * @node:  index of the node at the other end
 * @edge:  number of the edge, for rca_graph_edge()
 * @kind:  its kind
 * @out:   true if the node at hand is the edge's source */
struct rca_arc {
    uint32_t node;
    uint32_t edge;
    enum rca_edge_kind kind;
    _Bool out;
};

struct rca_graph;

/**
 * rca_graph_new() - build a graph; copies everything
 * @entities: @n, ids distinct
 * @edges:    @m; duplicates of (source, target, kind) are merged to the union
 *            of their times (a link has no direction); an edge to an unknown id
 *            or to itself is dropped; the rest are numbered as they came
 *
 * O((n + m) log(n + m)). Return: 0, -ENOMEM, or -EINVAL for a duplicate id.
 */
RCA_MUST_CHECK int rca_graph_new(const struct rca_entity *entities, size_t n,
                                 const struct rca_edge *edges, size_t m,
                                 struct rca_graph **ret_graph);
void rca_graph_free(struct rca_graph **graph);

size_t rca_graph_size(const struct rca_graph *g);
size_t rca_graph_edges(const struct rca_graph *g);
const struct rca_entity *rca_graph_entity(const struct rca_graph *g,
                                          uint32_t node);
const struct rca_edge *rca_graph_edge(const struct rca_graph *g, uint32_t edge);
/** rca_graph_node() - node of entity @id, or UINT32_MAX; O(log n) */
uint32_t rca_graph_node(const struct rca_graph *g, rca_id id);

/** rca_graph_arcs() - all arcs at @node, both directions, sorted by (other
 * node, kind, edge); borrowed */
const struct rca_arc *rca_graph_arcs(const struct rca_graph *g, uint32_t node,
                                     size_t *ret_n);

/**
 * rca_graph_walk() - nodes within @hops of @start, any direction, nearest
 * first, ties by index; at most @max, @start included
 * @ret_nodes: room for @max; @ret_hops: room for @max, or NULL
 *
 * O(nodes + arcs touched). Return: their number, or -ENOMEM.
 */
RCA_MUST_CHECK int rca_graph_walk(const struct rca_graph *g, uint32_t start,
                                  unsigned hops, size_t max,
                                  uint32_t *ret_nodes, unsigned *ret_hops);

/**
 * rca_graph_match() - find what a person typed
 * @text: "name", "kind/name", "name@host" or "kind/name@host"; a name may
 *        itself hold '/' and '@': the reading that matches wins. A bare name
 *        that several kinds share means, if there is exactly one, the service,
 *        else the client, else it is ambiguous.
 * @ret_node: the match
 * @ret_list: the candidates (RCA_EAMBIGUOUS, up to 16) or the nearest names, up
 *            to 5 (RCA_EUNKNOWN), as node indexes; @ret_n their number
 *
 * O(n * length). Return: 0, RCA_EUNKNOWN or RCA_EAMBIGUOUS.
 */
RCA_MUST_CHECK int rca_graph_match(const struct rca_graph *g, const char *text,
                                   uint32_t *ret_node, uint32_t ret_list[16],
                                   size_t *ret_n);
