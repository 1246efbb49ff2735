/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What people know of the edges: all, some, some wrong, the neighbours without
 * the direction, or nothing. Membership is never lost: it is in the names.
 */

#include <errno.h>

#include "datasets/simulate_stage.h"

static size_t lose(struct rca_sim_stage *s, double part,
                   struct rca_sim_random *r)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_edges; i++) {
        const _Bool lost = rca_sim_random_chance(r, part);

        if (!lost || s->edges[i].kind == RCA_EDGE_PART_OF)
            s->edges[n++] = s->edges[i];
    }
    return n;
}

static void turn(struct rca_sim_stage *s, double part, struct rca_sim_random *r)
{
    for (size_t i = 0; i < s->n_edges; i++) {
        struct rca_sim_edge *e = &s->edges[i];
        const uint32_t from = e->from;
        const _Bool turned = rca_sim_random_chance(r, part);

        if (turned && e->kind == RCA_EDGE_CALLS) {
            e->from = e->to;
            e->to = from;
        }
    }
}

static int invent(struct rca_sim_stage *s, size_t n, struct rca_sim_random *r)
{
    const _Bool net = s->plan.o.style == RCA_SIM_STYLE_NET;
    const size_t among = net ? s->n_entities : s->world.n_services;

    for (size_t i = 0; i < n; i++) {
        struct rca_sim_edge *grown =
            rca_grow(s->edges, s->n_edges, &s->cap_edges, sizeof(*grown));
        struct rca_sim_edge *e;

        if (!grown)
            return -ENOMEM;
        s->edges = grown;
        e = &s->edges[s->n_edges];
        e->from = (uint32_t)rca_sim_random_below(r, among);
        e->to = (uint32_t)rca_sim_random_below(r, among);
        e->kind = net ? RCA_EDGE_LINK : RCA_EDGE_CALLS;
        s->n_edges += e->from != e->to;
    }
    return 0;
}

static void loosen(struct rca_sim_stage *s)
{
    for (size_t i = 0; i < s->n_edges; i++) {
        if (s->edges[i].kind != RCA_EDGE_PART_OF)
            s->edges[i].kind = RCA_EDGE_LINK;
    }
}

int rca_sim_stage_edges(struct rca_sim_stage *stage, struct rca_sim_random *r)
{
    const size_t all = stage->n_edges;
    const double part = rca_sim_random_range(r, 0.1, 0.4);

    switch (stage->plan.o.graph) {
    case RCA_SIM_GRAPH_NONE:
        stage->n_edges = lose(stage, 1, r);
        break;
    case RCA_SIM_GRAPH_LINKS:
        loosen(stage);
        break;
    case RCA_SIM_GRAPH_PARTIAL:
        stage->n_edges = lose(stage, part, r);
        break;
    case RCA_SIM_GRAPH_WRONG:
        stage->n_edges = lose(stage, part, r);
        turn(stage, part / 2, r);
        return invent(stage, all / 8 + 1, r);
    case RCA_SIM_GRAPH_DRAWN:
    case RCA_SIM_GRAPH_FULL:
    case RCA_SIM_GRAPH_COUNT:
        break;
    }
    return 0;
}
