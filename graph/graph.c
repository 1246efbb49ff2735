/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Everything is in five arrays made once. Duplicates of an edge meet by
 * sorting; then the edges are numbered in the order in which they came first,
 * so the numbers do not depend on the sort. The arcs of node v are
 * arcs[start[v] .. start[v + 1]).
 */

#include "graph/graph.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* an entity's id and its node, for the look-up */
struct slot {
    rca_id id;
    uint32_t node;
};

/* an edge by nodes, as it came; @order is its place in what was given */
struct raw {
    uint32_t source, target;
    enum rca_edge_kind kind;
    uint32_t order;
};

struct rca_graph {
    size_t n, m;
    struct rca_entity *entities; /* owned, n */
    char *strings; /* owned, what entities point to */
    struct slot *slots; /* owned, n, sorted by id */
    struct rca_edge *edges; /* owned, m */
    size_t *start; /* owned, n + 1 */
    struct rca_arc *arcs; /* owned, start[n] */
};

void rca_graph_free(struct rca_graph **graph)
{
    struct rca_graph *g = *graph;

    if (!g)
        return;
    free(g->entities);
    free(g->strings);
    free(g->slots);
    free(g->edges);
    free(g->start);
    free(g->arcs);
    free(g);
    *graph = NULL;
}

static int compare_u32(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_slot(const void *a, const void *b)
{
    return compare_u32(((const struct slot *)a)->id,
                       ((const struct slot *)b)->id);
}

static int compare_raw(const void *a, const void *b)
{
    const struct raw *x = a, *y = b;
    int order = compare_u32(x->source, y->source);

    order = order ? order : compare_u32(x->target, y->target);
    order = order ? order : compare_u32(x->kind, y->kind);
    return order ? order : compare_u32(x->order, y->order);
}

static int compare_order(const void *a, const void *b)
{
    return compare_u32(((const struct raw *)a)->order,
                       ((const struct raw *)b)->order);
}

static int compare_arc(const void *a, const void *b)
{
    const struct rca_arc *x = a, *y = b;
    int order = compare_u32(x->node, y->node);

    order = order ? order : compare_u32(x->kind, y->kind);
    return order ? order : compare_u32(x->edge, y->edge);
}

/* --- making it ------------------------------------------------------------ */

/* calloc(3) that is never asked for nothing */
static void *make_array(size_t n, size_t size)
{
    return calloc(n ? n : 1, size);
}

static const char *copy_text(const char *text, char **place)
{
    const size_t size = strlen(text) + 1;
    char *copy = *place;

    memcpy(copy, text, size);
    *place += size;
    return copy;
}

static int copy_entities(struct rca_graph *g, const struct rca_entity *entities)
{
    size_t size = 0;
    char *place;

    for (size_t i = 0; i < g->n; i++)
        size += strlen(entities[i].name) + strlen(entities[i].host) + 2;
    g->entities = make_array(g->n, sizeof(*g->entities));
    g->strings = make_array(size, 1);
    if (!g->entities || !g->strings)
        return -ENOMEM;

    place = g->strings;
    for (size_t i = 0; i < g->n; i++) {
        g->entities[i] = entities[i];
        g->entities[i].name = copy_text(entities[i].name, &place);
        g->entities[i].host = copy_text(entities[i].host, &place);
    }
    return 0;
}

static int index_ids(struct rca_graph *g)
{
    g->slots = make_array(g->n, sizeof(*g->slots));
    if (!g->slots)
        return -ENOMEM;
    for (size_t i = 0; i < g->n; i++) {
        g->slots[i].id = g->entities[i].id;
        g->slots[i].node = (uint32_t)i;
    }
    qsort(g->slots, g->n, sizeof(*g->slots), compare_slot);
    for (size_t i = 1; i < g->n; i++) {
        if (g->slots[i].id == g->slots[i - 1].id)
            return -EINVAL;
    }
    return 0;
}

static rca_time earlier(rca_time a, rca_time b)
{
    if (a == RCA_TIME_NONE || b == RCA_TIME_NONE)
        return a == RCA_TIME_NONE ? b : a;
    return a < b ? a : b;
}

/* what of @edges is between two known nodes; a link's ends in order */
static size_t collect_edges(const struct rca_graph *g,
                            const struct rca_edge *edges, size_t m,
                            struct raw *ret_raw)
{
    size_t n = 0;

    for (size_t i = 0; i < m; i++) {
        uint32_t source = rca_graph_node(g, edges[i].source);
        uint32_t target = rca_graph_node(g, edges[i].target);

        if (source == UINT32_MAX || target == UINT32_MAX || source == target)
            continue;
        if (edges[i].kind == RCA_EDGE_LINK && source > target) {
            const uint32_t swap = source;

            source = target;
            target = swap;
        }
        ret_raw[n++] = (struct raw){source, target, edges[i].kind, (uint32_t)i};
    }
    return n;
}

static _Bool is_same_edge(const struct raw *a, const struct raw *b)
{
    return a->source == b->source && a->target == b->target &&
           a->kind == b->kind;
}

/* sort, widen the times of the first of equal edges, and keep only it */
static size_t merge_edges(struct raw *raw, size_t n, struct rca_edge *edges)
{
    size_t kept = 0;

    qsort(raw, n, sizeof(*raw), compare_raw);
    for (size_t i = 0; i < n; i++) {
        struct rca_edge *first, *more = &edges[raw[i].order];

        if (!kept || !is_same_edge(&raw[kept - 1], &raw[i])) {
            raw[kept++] = raw[i];
            continue;
        }
        first = &edges[raw[kept - 1].order];
        first->first = earlier(first->first, more->first);
        /* RCA_TIME_NONE is below all */
        first->last = first->last > more->last ? first->last : more->last;
    }
    qsort(raw, kept, sizeof(*raw), compare_order);
    return kept;
}

/* compressed sparse rows, both directions of each of the g->m edges @raw */
static int fill_arcs(struct rca_graph *g, const struct raw *raw)
{
    size_t *next RCA_CLEANUP(rca_freep) = make_array(g->n, sizeof(*next));

    g->start = make_array(g->n + 1, sizeof(*g->start));
    g->arcs = make_array(2 * g->m, sizeof(*g->arcs));
    if (!next || !g->start || !g->arcs)
        return -ENOMEM;

    for (size_t e = 0; e < g->m; e++) {
        g->start[raw[e].source + 1]++;
        g->start[raw[e].target + 1]++;
    }
    for (size_t v = 0; v < g->n; v++) {
        g->start[v + 1] += g->start[v];
        next[v] = g->start[v];
    }
    for (size_t e = 0; e < g->m; e++) {
        const struct raw *r = &raw[e];

        g->arcs[next[r->source]++] =
            (struct rca_arc){r->target, (uint32_t)e, r->kind, 1};
        g->arcs[next[r->target]++] =
            (struct rca_arc){r->source, (uint32_t)e, r->kind, 0};
    }
    for (size_t v = 0; v < g->n; v++)
        qsort(g->arcs + g->start[v], g->start[v + 1] - g->start[v],
              sizeof(*g->arcs), compare_arc);
    return 0;
}

static int add_edges(struct rca_graph *g, const struct rca_edge *edges,
                     size_t m)
{
    struct raw *raw RCA_CLEANUP(rca_freep) = make_array(m, sizeof(*raw));
    size_t n;

    g->edges = make_array(m, sizeof(*g->edges));
    if (!raw || !g->edges)
        return -ENOMEM;
    if (m)
        memcpy(g->edges, edges, m * sizeof(*edges));
    n = collect_edges(g, edges, m, raw);
    g->m = merge_edges(raw, n, g->edges);
    /* raw is in the order given, so this only ever moves down */
    for (size_t e = 0; e < g->m; e++) {
        g->edges[e] = g->edges[raw[e].order];
        g->edges[e].source = g->entities[raw[e].source].id;
        g->edges[e].target = g->entities[raw[e].target].id;
    }
    return fill_arcs(g, raw);
}

int rca_graph_new(const struct rca_entity *entities, size_t n,
                  const struct rca_edge *edges, size_t m,
                  struct rca_graph **ret_graph)
{
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = calloc(1, sizeof(*g));
    int err;

    if (!g || n >= UINT32_MAX || m >= UINT32_MAX)
        return -ENOMEM;
    g->n = n;
    err = copy_entities(g, entities);
    if (!err)
        err = index_ids(g);
    if (!err)
        err = add_edges(g, edges, m);
    if (err)
        return err;
    *ret_graph = RCA_TAKE(g);
    return 0;
}

/* --- reading it ----------------------------------------------------------- */

size_t rca_graph_size(const struct rca_graph *g)
{
    return g->n;
}

size_t rca_graph_edges(const struct rca_graph *g)
{
    return g->m;
}

const struct rca_entity *rca_graph_entity(const struct rca_graph *g,
                                          uint32_t node)
{
    assert(node < g->n);
    return &g->entities[node];
}

const struct rca_edge *rca_graph_edge(const struct rca_graph *g, uint32_t edge)
{
    assert(edge < g->m);
    return &g->edges[edge];
}

uint32_t rca_graph_node(const struct rca_graph *g, rca_id id)
{
    const struct slot key = {.id = id};
    const struct slot *slot =
        bsearch(&key, g->slots, g->n, sizeof(key), compare_slot);

    return slot ? slot->node : UINT32_MAX;
}

const struct rca_arc *rca_graph_arcs(const struct rca_graph *g, uint32_t node,
                                     size_t *ret_n)
{
    assert(node < g->n);
    *ret_n = g->start[node + 1] - g->start[node];
    return g->arcs + g->start[node];
}

/* --- walking -------------------------------------------------------------- */

static int compare_node(const void *a, const void *b)
{
    return compare_u32(*(const uint32_t *)a, *(const uint32_t *)b);
}

/* append the nodes that neighbour order[from..to) and were not seen */
static size_t expand_level(const struct rca_graph *g, uint32_t *order,
                           size_t from, size_t to, _Bool *seen)
{
    size_t end = to;

    for (size_t i = from; i < to; i++) {
        const uint32_t v = order[i];

        for (size_t a = g->start[v]; a < g->start[v + 1]; a++) {
            const uint32_t node = g->arcs[a].node;

            if (!seen[node])
                order[end++] = node;
            seen[node] = 1;
        }
    }
    qsort(order + to, end - to, sizeof(*order), compare_node);
    return end;
}

int rca_graph_walk(const struct rca_graph *g, uint32_t start, unsigned hops,
                   size_t max, uint32_t *ret_nodes, unsigned *ret_hops)
{
    uint32_t *order RCA_CLEANUP(rca_freep) = make_array(g->n, sizeof(*order));
    _Bool *seen RCA_CLEANUP(rca_freep) = make_array(g->n, sizeof(*seen));
    const size_t most = max < INT_MAX ? max : INT_MAX;
    size_t from = 0, to = 1, end;

    assert(start < g->n);
    if (!order || !seen)
        return -ENOMEM;
    order[0] = start;
    seen[start] = 1;
    for (unsigned level = 0;; level++) {
        for (size_t i = from; i < to && i < most; i++) {
            ret_nodes[i] = order[i];
            if (ret_hops)
                ret_hops[i] = level;
        }
        if (from == to || to >= most || level == hops)
            break;
        end = expand_level(g, order, from, to, seen);
        from = to;
        to = end;
    }
    return (int)(to < most ? to : most);
}
