/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/import.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* struct importer - @entity: the store's id by node; @series: by variable;
 * the rest has room for one tick */
struct importer {
    struct rca_store *store;
    const struct rca_case *c;
    rca_id *entity, *series, *seen;
    struct rca_sample *samples;
    struct rca_edge *edges;
};

static void done(struct importer *im)
{
    free(im->entity);
    free(im->series);
    free(im->seen);
    free(im->samples);
    free(im->edges);
}

/* @name less "_total" */
static void cut_total(char *name)
{
    const char total[] = "_total";
    const size_t n = strlen(name), m = sizeof(total) - 1;

    if (n > m && !strcmp(name + n - m, total))
        name[n - m] = '\0';
}

const char *rca_import_series(const struct rca_case *c, size_t v,
                              char name[RCA_IMPORT_NAME_SIZE])
{
    const struct rca_variable *var = &c->window->vars[v];
    const int room = RCA_IMPORT_NAME_SIZE - 16;
    size_t n;

    (void)snprintf(name, RCA_IMPORT_NAME_SIZE, "%.*s", room, var->metric.name);
    if (var->metric.make == RCA_MAKE_MEAN &&
        rca_series_type(name, NULL) == RCA_SERIES_GAUGE)
        return name;
    cut_total(name);
    n = strlen(name);
    if (var->metric.make == RCA_MAKE_RATE)
        (void)snprintf(name + n, RCA_IMPORT_NAME_SIZE - n, "_per_second");
    n = strlen(name);
    /* still no gauge's name, or that of another metric of the entity */
    if (rca_series_type(name, NULL) != RCA_SERIES_GAUGE ||
        rca_window_find(c->window, var->entity, name) < c->window->n_vars)
        (void)snprintf(name + n, RCA_IMPORT_NAME_SIZE - n, "_1");
    return name;
}

static int make_entities(struct importer *im)
{
    const struct rca_graph *g = im->c->graph;
    int err = 0;

    for (uint32_t i = 0; i < rca_graph_size(g) && !err; i++) {
        const struct rca_entity *e = rca_graph_entity(g, i);

        err = rca_store_entity(im->store, e->kind, e->name, e->host,
                               &im->entity[i]);
    }
    return err;
}

static int make_series(struct importer *im)
{
    int err = 0;

    for (size_t v = 0; v < im->c->window->n_vars && !err; v++) {
        char name[RCA_IMPORT_NAME_SIZE];

        err = rca_store_series(im->store, rca_import_series(im->c, v, name),
                               &im->series[v]);
    }
    return err;
}

static int init(struct importer *im)
{
    const size_t nodes = rca_graph_size(im->c->graph);
    const size_t edges = rca_graph_edges(im->c->graph);
    const size_t vars = im->c->window->n_vars;

    im->entity = calloc(nodes + 1, sizeof(*im->entity));
    im->seen = calloc(nodes + 1, sizeof(*im->seen));
    im->series = calloc(vars + 1, sizeof(*im->series));
    im->samples = calloc(vars + 1, sizeof(*im->samples));
    im->edges = calloc(edges + 1, sizeof(*im->edges));
    return im->entity && im->seen && im->series && im->samples && im->edges
               ? 0
               : -ENOMEM;
}

static size_t gather_samples(const struct importer *im, size_t row)
{
    const struct rca_window *w = im->c->window;
    size_t n = 0;

    for (size_t v = 0; v < w->n_vars; v++) {
        const double value = w->x[v * w->n_rows + row];
        const uint32_t node = rca_graph_node(im->c->graph, w->vars[v].entity);

        if (!isnan(value))
            im->samples[n++] =
                (struct rca_sample){im->entity[node], im->series[v], value};
    }
    return n;
}

/* entities that appear or vanish now: samples alone may not show it */
static size_t gather_seen(const struct importer *im, rca_time now)
{
    const struct rca_graph *g = im->c->graph;
    size_t n = 0;

    for (uint32_t i = 0; i < rca_graph_size(g); i++) {
        const struct rca_entity *e = rca_graph_entity(g, i);

        if (e->first == now || e->last == now)
            im->seen[n++] = im->entity[i];
    }
    return n;
}

/* An edge is seen when the second of its ends appears and when the first of
 * them vanishes, so that neither is seen when it was not, if they ever met. */
static size_t gather_edges(const struct importer *im, rca_time now)
{
    const struct rca_graph *g = im->c->graph;
    size_t n = 0;

    for (uint32_t i = 0; i < rca_graph_edges(g); i++) {
        const struct rca_edge *e = rca_graph_edge(g, i);
        const uint32_t from = rca_graph_node(g, e->source);
        const uint32_t to = rca_graph_node(g, e->target);
        const struct rca_entity *a = rca_graph_entity(g, from);
        const struct rca_entity *b = rca_graph_entity(g, to);
        const rca_time first = a->first > b->first ? a->first : b->first;
        const rca_time last = a->last < b->last ? a->last : b->last;

        if (first == now || last == now)
            im->edges[n++] = (struct rca_edge){.source = im->entity[from],
                                               .target = im->entity[to],
                                               .kind = e->kind};
    }
    return n;
}

static int append_row(struct importer *im, size_t row)
{
    const rca_time now = im->c->times[row];
    struct rca_tick tick = {.time = now,
                            .samples = im->samples,
                            .edges = im->edges,
                            .seen = im->seen};

    tick.n_samples = gather_samples(im, row);
    tick.n_edges = gather_edges(im, now);
    tick.n_seen = gather_seen(im, now);
    return rca_store_append(im->store, &tick);
}

int rca_import(struct rca_store *store, const struct rca_case *c)
{
    struct importer im RCA_CLEANUP(done) = {.store = store, .c = c};
    struct rca_store_info info;
    int err = rca_store_info(store, &info);

    if (!err && info.last != RCA_TIME_NONE && info.last >= c->times[0])
        return -EEXIST;
    err = err ? err : init(&im);
    err = err ? err : make_entities(&im);
    err = err ? err : make_series(&im);
    for (size_t r = 0; r < c->window->n_rows && !err; r++)
        err = append_row(&im, r);
    return err ? err : rca_store_seal(store);
}
