/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/gathered.h"

#include <math.h>

/* Tail of the strengths of what is usual, and metrics of an entity from which
 * it shows. */
#define CHANCE_TAIL 0.25
#define FEW_METRICS 10.0
/* What a suspect must have of a symptom to be what a call shows: so much of the
 * call's share, and so much at least. */
#define SHOWN_BY_CALL 0.25
#define SHOWN_LEAST 0.02

void rca_gathered_keep(double list[RCA_GATHERED_STRONGEST], double x)
{
    for (size_t i = 0; i < RCA_GATHERED_STRONGEST; i++) {
        if (x > list[i]) {
            const double t = list[i];

            list[i] = x;
            x = t;
        }
    }
}

double rca_gathered_mean(const double list[RCA_GATHERED_STRONGEST], double n)
{
    const double usual = 1 + CHANCE_TAIL * log(fmax(1, n / FEW_METRICS));
    double sum = 0;

    for (size_t i = 0; i < RCA_GATHERED_STRONGEST; i++)
        sum += list[i];
    return log1p(sum / RCA_GATHERED_STRONGEST / usual);
}

struct search {
    const struct rca_graph *g;
    const uint32_t *whole;
    struct rca_gathered *all;
    struct rca_gathered *found; /* NULL: none has enough */
    double most;
};

static void consider(struct search *k, uint32_t node)
{
    struct rca_gathered *s = &k->all[k->whole[node]];

    if (s->share < k->most)
        return;
    k->most = s->share;
    k->found = s;
}

/* what is in a namespace that packets pass */
static void consider_members(struct search *k, uint32_t netns)
{
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(k->g, netns, &n);

    for (size_t i = 0; i < n; i++)
        if (!arcs[i].out && arcs[i].kind == RCA_EDGE_PART_OF)
            consider(k, arcs[i].node);
}

/* of what the call depends on, the one with the largest share */
static void look_below(struct search *k, uint32_t call)
{
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(k->g, call, &n);

    for (size_t i = 0; i < n; i++) {
        if (!arcs[i].out || arcs[i].kind == RCA_EDGE_PART_OF)
            continue;
        consider(k, arcs[i].node);
        if (rca_graph_entity(k->g, arcs[i].node)->kind == RCA_KIND_NETNS)
            consider_members(k, arcs[i].node);
    }
}

static void hand_down(struct rca_gathered *call, struct rca_gathered *below)
{
    for (size_t i = 0; i < RCA_GATHERED_STRONGEST; i++) {
        rca_gathered_keep(below->odd, call->odd[i]);
        rca_gathered_keep(below->local, call->local[i]);
        call->odd[i] = call->local[i] = 0;
    }
    below->odd3 = rca_gathered_mean(below->odd, below->metrics);
    below->usage = fmax(below->usage, call->usage);
    below->errors = fmax(below->errors, call->errors);
    below->together = fmax(below->together, call->together);
    below->states = fmax(below->states, call->states);
    call->odd3 = call->usage = call->errors = call->together = 0;
    call->states = call->appeared = call->vanished = 0;
}

void rca_gathered_hand_down(const struct rca_graph *g, const uint32_t *whole,
                            struct rca_gathered *all)
{
    for (uint32_t i = 0; i < rca_graph_size(g); i++) {
        struct search k = {.g = g, .whole = whole, .all = all};

        if (rca_graph_entity(g, i)->kind != RCA_KIND_CALL || whole[i] != i)
            continue;
        k.most = fmax(SHOWN_LEAST, SHOWN_BY_CALL * all[i].share);
        look_below(&k, i);
        if (k.found)
            hand_down(&all[i], k.found);
    }
}
