/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "tests/sim/scenarios.h"

int change_units(struct rca_case *c, const struct rca_sim_truth *truth)
{
    static const double factors[] = {1000, 1e-6, 60, 1.0 / 1024};
    struct rca_window *w = c->window;

    (void)truth;
    for (size_t v = 0; v < w->n_vars; v++) {
        const char *name = w->vars[v].metric.name;
        /* the same for all of one name, as in another system */
        const double factor =
            factors[(strlen(name) + (unsigned char)name[0]) % 4];

        /* what a name promises must stay true */
        if (w->vars[v].metric.unit != RCA_UNIT_NONE)
            continue;
        for (size_t r = 0; r < w->n_rows; r++)
            w->x[v * w->n_rows + r] *= factor;
    }
    return 0;
}

static _Bool is_metric(const struct rca_case *c, size_t v, const char *entity,
                       const char *metric)
{
    const uint32_t node = rca_graph_node(c->graph, c->window->vars[v].entity);

    return entity && metric &&
           !strcmp(rca_graph_entity(c->graph, node)->name, entity) &&
           !strcmp(c->window->vars[v].metric.name, metric);
}

static void keep(struct rca_window *w, size_t v, size_t *n)
{
    memmove(w->x + *n * w->n_rows, w->x + v * w->n_rows,
            w->n_rows * sizeof(*w->x));
    w->vars[(*n)++] = w->vars[v];
}

/* the culprit's best, the victim's, and the first of somebody else */
int change_to_three(struct rca_case *c, const struct rca_sim_truth *truth)
{
    struct rca_window *w = c->window;
    size_t n = 0;
    _Bool other = 0;

    for (size_t v = 0; v < w->n_vars; v++) {
        const _Bool guilty = is_metric(c, v, truth->entity, truth->metric[0]);
        const _Bool victim =
            w->vars[v].entity == c->incident.victim && c->incident.metric &&
            !strcmp(w->vars[v].metric.name, c->incident.metric);
        const _Bool rest =
            !other &&
            strcmp(c->service[w->vars[v].entity], truth->service) != 0 &&
            w->vars[v].entity != c->incident.victim;

        other |= rest && !guilty && !victim;
        if (guilty || victim || rest)
            keep(w, v, &n);
    }
    w->n_vars = n;
    return 0;
}
