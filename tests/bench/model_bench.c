/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * model_bench - attribution at the size of DESIGN section 8: an application of
 * 1,000 services in a tree of calls, 20 metrics each, from memory. TSV: what,
 * milliseconds (median of the runs).
 */

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/answer.h"
#include "model/learned.h"

#define ENTITIES 1000
#define METRICS 20
#define ROWS 300
#define INCIDENT 30
#define RUNS 5

static double now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double noise(uint64_t *state)
{
    double sum = 0;

    for (int i = 0; i < 4; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        sum += (double)(*state >> 11) / 9007199254740992.0;
    }
    return (sum - 2) * 1.732;
}

static struct rca_graph *make_graph(void)
{
    struct rca_entity *entities = calloc(ENTITIES, sizeof(*entities));
    struct rca_edge *edges = calloc(ENTITIES, sizeof(*edges));
    struct rca_graph *g = NULL;

    for (rca_id i = 0; entities && edges && i < ENTITIES; i++) {
        entities[i] = (struct rca_entity){
            .id = i, .kind = RCA_KIND_SERVICE, .name = "service", .host = ""};
        edges[i] = (struct rca_edge){
            .source = i ? (i - 1) / 4 : 0, .target = i, .kind = RCA_EDGE_CALLS};
    }
    if (entities && edges &&
        rca_graph_new(entities, ENTITIES, edges, ENTITIES, &g))
        g = NULL;
    free(entities);
    free(edges);
    return g;
}

/* the last entity is slow; so is everybody on the way up, and half the metrics
 * of each of them */
static int fill(struct rca_window *w)
{
    const struct rca_metric *table;
    uint64_t state = 88172645463325252U;
    size_t n;

    table = rca_metric_table(&n);
    for (size_t v = 0; v < w->n_vars; v++) {
        const size_t entity = v / METRICS;
        _Bool slow = 0;

        for (size_t up = ENTITIES - 1; up > 0 && !slow; up = (up - 1) / 4)
            slow = up == entity;
        slow = (slow || entity == 0) && v % 2;
        w->vars[v].entity = (rca_id)entity;
        w->vars[v].metric = table[n - METRICS + v % METRICS];
        for (size_t r = 0; r < ROWS; r++)
            w->x[v * ROWS + r] =
                10 + noise(&state) + (slow && r >= ROWS - INCIDENT ? 40 : 0);
    }
    return n < METRICS;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int run(const struct rca_window *w, const struct rca_graph *g)
{
    const struct rca_inquiry q = {
        .w = w, .g = g, .trained_to = ROWS * RCA_SECOND};
    const struct rca_explain_options o = {.entity = 0,
                                          .from =
                                              (ROWS - INCIDENT) * RCA_SECOND,
                                          .to = RCA_TIME_NONE,
                                          .at = RCA_TIME_NONE};
    double learn[RUNS], explain[RUNS];

    for (int i = 0; i < RUNS; i++) {
        struct rca_model *m RCA_CLEANUP(rca_model_free) = NULL;
        struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;
        const double start = now_ms();

        if (rca_model_learn(w, g, 1, &m))
            return 1;
        learn[i] = now_ms() - start;
        if (rca_explain_window(&q, &o, &e))
            return 1;
        explain[i] = now_ms() - start - learn[i];
    }
    qsort(learn, RUNS, sizeof(*learn), by_value);
    qsort(explain, RUNS, sizeof(*explain), by_value);
    printf("model learn 20000 series x %d rows\t%.1f\n", ROWS, learn[RUNS / 2]);
    printf("model explain 20000 series\t%.1f\n", explain[RUNS / 2]);
    return 0;
}

int main(void)
{
    struct rca_window w = {.step = RCA_SECOND,
                           .n_rows = ROWS,
                           .n_vars = (size_t)ENTITIES * METRICS};
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = make_graph();
    int err = 1;

    w.vars = calloc(w.n_vars, sizeof(*w.vars));
    w.x = calloc(w.n_vars * ROWS, sizeof(*w.x));
    if (g && w.vars && w.x && fill(&w) == 0)
        err = run(&w, g);
    free(w.vars);
    free(w.x);
    return err;
}
