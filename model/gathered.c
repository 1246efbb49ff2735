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

/* of those that the call depends on, the one with the largest share; NULL:
 * none has enough of it */
static struct rca_gathered *below_call(const struct rca_graph *g,
                                       const uint32_t *whole,
                                       struct rca_gathered *all, uint32_t call)
{
    double most = fmax(SHOWN_LEAST, SHOWN_BY_CALL * all[call].share);
    struct rca_gathered *found = NULL;
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(g, call, &n);

    for (size_t i = 0; i < n; i++) {
        struct rca_gathered *s = &all[whole[arcs[i].node]];

        if (!arcs[i].out || arcs[i].kind == RCA_EDGE_PART_OF || s->share < most)
            continue;
        most = s->share;
        found = s;
    }
    return found;
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
        struct rca_gathered *below;

        if (rca_graph_entity(g, i)->kind != RCA_KIND_CALL || whole[i] != i)
            continue;
        below = below_call(g, whole, all, i);
        if (below)
            hand_down(&all[i], below);
    }
}
