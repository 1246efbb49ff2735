/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/nearness.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define DAMPING 0.85
#define STEPS 60
/* From what is depended on back to the dependent. */
#define BACK 0.2
#define STAY 0.5
#define LEAST 1e-3

static double preference(const struct rca_arc *arc, const double *odd)
{
    const _Bool both_ways =
        arc->kind == RCA_EDGE_PART_OF || arc->kind == RCA_EDGE_LINK;

    return (odd[arc->node] + LEAST) * (arc->out || both_ways ? 1 : BACK);
}

/* one step of the walk from @p to @next */
static void walk(const struct rca_graph *g, const double *odd, const double *p,
                 double *next)
{
    const size_t nodes = rca_graph_size(g);

    for (uint32_t i = 0; i < nodes; i++) {
        size_t n;
        const struct rca_arc *arcs = rca_graph_arcs(g, i, &n);
        double all = STAY * (odd[i] + LEAST);

        for (size_t a = 0; a < n; a++)
            all += preference(&arcs[a], odd);
        next[i] += DAMPING * p[i] * STAY * (odd[i] + LEAST) / all;
        for (size_t a = 0; a < n; a++)
            next[arcs[a].node] +=
                DAMPING * p[i] * preference(&arcs[a], odd) / all;
    }
}

int rca_nearness(const struct rca_graph *g, const double *odd, uint32_t start,
                 double *ret_visits)
{
    const size_t n = rca_graph_size(g);
    double *next RCA_CLEANUP(rca_freep) = calloc(2 * n + 1, sizeof(*next));
    double *restart;
    double all = 0;

    if (!next)
        return -ENOMEM;
    if (n == 0)
        return 0;
    restart = next + n;
    for (size_t i = 0; i < n; i++)
        all += odd[i] + LEAST;
    for (uint32_t i = 0; i < n; i++)
        restart[i] = start == UINT32_MAX ? (odd[i] + LEAST) / all : i == start;
    memcpy(ret_visits, restart, n * sizeof(*restart));
    for (int step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < n; i++)
            next[i] = (1 - DAMPING) * restart[i];
        walk(g, odd, ret_visits, next);
        memcpy(ret_visits, next, n * sizeof(*next));
    }
    return 0;
}
