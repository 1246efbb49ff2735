/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/show.h"

static void print_factor(const struct rca_open *open,
                         const struct rca_factor_view *v)
{
    printf("%s: usually %.4g, varies by %.3g, by %.3g where explained\n",
           v->metric, v->centre, v->scale, v->residual_scale);
    for (size_t p = 0; p < v->n_parents; p++) {
        uint32_t node = rca_graph_node(open->graph, v->parents[p].entity);

        printf("    %+.4g x %s of %s\n", v->parents[p].weight,
               v->parents[p].metric,
               node == UINT32_MAX ? "?"
                                  : rca_graph_entity(open->graph, node)->name);
    }
}

int rca_show_entity(const struct rca_show *show)
{
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    const struct rca_open *open = show->open;
    const struct rca_entity *e;
    size_t shown = 0;
    int r = rca_open_entity(open, show->name, &e);

    r = r >= 0 ? r : rca_open_model(open, &model);
    if (r >= 0)
        return r;
    for (size_t i = 0; i < rca_model_variables(model); i++) {
        struct rca_factor_view view;

        rca_model_view(model, i, &view);
        if (view.entity != e->id)
            continue;
        print_factor(open, &view);
        shown++;
    }
    if (!shown)
        printf("the model knows nothing of %s\n", e->name);
    return RCA_EXIT_DONE;
}
