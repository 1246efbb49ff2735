/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "model/murphy.h"

/* variables lie in order of entity; those of entities that the graph does not
 * know get nodes of their own, after the graph's */
static size_t count_nodes(const struct rca_incident *incident)
{
    const struct rca_window *w = incident->w;
    size_t n = rca_graph_size(incident->g);

    for (size_t v = 0; v < w->n_vars; v++) {
        const rca_id entity = w->vars[v].entity;

        n += (v == 0 || w->vars[v - 1].entity != entity) &&
             rca_graph_node(incident->g, entity) == UINT32_MAX;
    }
    return n;
}

static void index_variables(struct rca_murphy_graph *g,
                            const struct rca_incident *incident)
{
    const struct rca_window *w = incident->w;
    uint32_t next = (uint32_t)rca_graph_size(incident->g);

    for (uint32_t v = 0; v < w->n_vars;) {
        const rca_id entity = w->vars[v].entity;
        uint32_t node = rca_graph_node(incident->g, entity);

        node = node == UINT32_MAX ? next++ : node;
        g->first[node] = v;
        while (v < w->n_vars && w->vars[v].entity == entity)
            v++;
        g->end[node] = v;
    }
}

uint32_t rca_murphy_graph_node(const struct rca_murphy_graph *g,
                               const struct rca_incident *incident, size_t v)
{
    const size_t known = rca_graph_size(incident->g);
    size_t low = known, high = g->n;
    const uint32_t node =
        rca_graph_node(incident->g, incident->w->vars[v].entity);

    if (node != UINT32_MAX)
        return node;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;

        if (g->first[middle] <= v)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low;
}

/* arcs are sorted by the other node, so that doubles lie side by side */
static void list_neighbours(struct rca_murphy_graph *g,
                            const struct rca_incident *incident)
{
    const size_t known = rca_graph_size(incident->g);
    uint32_t n = 0;

    for (uint32_t node = 0; node < g->n; node++) {
        const struct rca_arc *arcs = NULL;
        size_t m = 0;

        g->at[node] = n;
        if (node < known)
            arcs = rca_graph_arcs(incident->g, node, &m);
        for (size_t a = 0; a < m; a++) {
            if (a == 0 || arcs[a].node != arcs[a - 1].node)
                g->list[n++] = arcs[a].node;
        }
    }
    g->at[g->n] = n;
}

int rca_murphy_graph_init(struct rca_murphy_graph *g,
                          const struct rca_incident *incident, uint32_t symptom)
{
    const size_t n = count_nodes(incident);
    const size_t edges = rca_graph_edges(incident->g);
    uint32_t node;

    *g = (struct rca_murphy_graph){.n = n};
    g->at = calloc(n + 1, sizeof(*g->at));
    g->list = calloc(2 * edges + 1, sizeof(*g->list));
    g->first = calloc(n, sizeof(*g->first));
    g->end = calloc(n, sizeof(*g->end));
    if (!g->at || !g->list || !g->first || !g->end) {
        rca_murphy_graph_done(g);
        return -ENOMEM;
    }
    index_variables(g, incident);
    list_neighbours(g, incident);
    node = rca_murphy_graph_node(g, incident, symptom);
    g->whole = g->at[node] == g->at[node + 1];
    return 0;
}

void rca_murphy_graph_done(struct rca_murphy_graph *g)
{
    free(g->at);
    free(g->list);
    free(g->first);
    free(g->end);
    *g = (struct rca_murphy_graph){0};
}

static size_t walk_whole(const struct rca_murphy_graph *g, uint32_t start,
                         uint32_t *ret_order, uint32_t *ret_hops)
{
    size_t n = 0;

    ret_order[n++] = start;
    for (uint32_t node = 0; node < g->n; node++) {
        ret_hops[node] = node != start;
        if (node != start)
            ret_order[n++] = node;
    }
    return n;
}

size_t rca_murphy_graph_walk(const struct rca_murphy_graph *g, uint32_t start,
                             const _Bool *passes, uint32_t *ret_order,
                             uint32_t *ret_hops)
{
    size_t n = 0;

    if (g->whole)
        return walk_whole(g, start, ret_order, ret_hops);
    memset(ret_hops, 0xff, g->n * sizeof(*ret_hops));
    static_assert(RCA_MURPHY_FAR == UINT32_MAX, "all bits set");
    ret_hops[start] = 0;
    ret_order[n++] = start;
    for (size_t i = 0; i < n; i++) {
        const uint32_t node = ret_order[i];

        if (passes && i > 0 && !passes[node])
            continue;
        for (uint32_t a = g->at[node]; a < g->at[node + 1]; a++) {
            const uint32_t other = g->list[a];

            if (ret_hops[other] != RCA_MURPHY_FAR)
                continue;
            ret_hops[other] = ret_hops[node] + 1;
            ret_order[n++] = other;
        }
    }
    return n;
}
