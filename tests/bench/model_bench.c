/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * model_bench - learning, explaining and ranking at the size of DESIGN section
 * 8: an application of 1,000 services in a tree of calls, 20 metrics each. TSV:
 * what, value, unit; medians of several runs. Training alone at its full size
 * is in train_bench.c.
 *
 * From a store: a model learned before the incident is there, or is learned
 * first. From memory: the same incident for Murphy's Gibbs sampling and for
 * the attribution.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model/answer.h"
#include "model/attribution.h"
#include "model/learned.h"
#include "model/rank.h"

#define ENTITIES 1000U
#define METRICS 20U
#define ROWS 300
#define INCIDENT 30
#define RUNS 5
#define TICKS 1030 /* in the store */
#define STEP (10 * RCA_SECOND)
#define START (INT64_C(1700000000) * RCA_SECOND)

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

/* the last entity's tasks wait for a processor: its latency rises by 40, and so
 * does that of everybody on the way up */
static int fill(struct rca_window *w)
{
    const struct rca_metric *table;
    uint64_t state = 88172645463325252U;
    size_t n, first = 0;

    table = rca_metric_table(&n);
    while (first < n && strcmp(table[first].name, "request_error_ratio") != 0)
        first++;
    if (first + METRICS > n)
        return RCA_EUNKNOWN;
    for (size_t v = 0; v < w->n_vars; v++) {
        const size_t entity = v / METRICS;
        const struct rca_metric *m = &table[first + v % METRICS];
        _Bool slow = entity == 0 && m->role == RCA_ROLE_LATENCY;

        for (size_t up = ENTITIES - 1; up > 0 && !slow; up = (up - 1) / 4)
            slow = up == entity && m->role == RCA_ROLE_LATENCY;
        slow |= entity == ENTITIES - 1 &&
                strcmp(m->name, "run_queue_wait_ratio") == 0;
        w->vars[v].entity = (rca_id)entity;
        w->vars[v].metric = *m;
        for (size_t r = 0; r < ROWS; r++)
            w->x[v * ROWS + r] =
                10 + noise(&state) + (slow && r >= ROWS - INCIDENT ? 40 : 0);
    }
    return 0;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(const char *what, double *ms, size_t n)
{
    qsort(ms, n, sizeof(*ms), by_value);
    printf("model/%s\t%.4g\tms\n", what, ms[n / 2]);
    (void)fflush(stdout);
}

static void check(int err, const char *what)
{
    if (err == 0)
        return;
    (void)fprintf(stderr, "model_bench: %s: %s\n", what, rca_strerror(err));
    exit(EXIT_FAILURE);
}

/* --- from memory ---------------------------------------------------------- */

static void run(const struct rca_window *w, const struct rca_graph *g)
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

        check(rca_model_learn(w, g, 1, &m), "learn");
        learn[i] = now_ms() - start;
        check(rca_explain_window(&q, &o, &e), "explain");
        explain[i] = now_ms() - start - learn[i];
    }
    report("learn 20000 series x 300 rows, 1 thread", learn, RUNS);
    report("explain 20000 series from 300 rows", explain, RUNS);
}

/* the first that @method names, and how long it takes */
static rca_id time_rank(const struct rca_incident *in, enum rca_method method,
                        double *ret_ms)
{
    const struct rca_rank_options o = {.method = method, .seed = 1};
    struct rca_ranking *r RCA_CLEANUP(rca_ranking_free) = NULL;
    const double start = now_ms();

    check(rca_rank(in, &o, &r), rca_method_name(method));
    *ret_ms = now_ms() - start;
    return r->n ? r->list[0].entity : RCA_ID_NONE;
}

/* the attribution alone, of a scene that is there */
static void time_attribution(const struct rca_incident *in, double *ret_ms)
{
    struct rca_scene scene;
    struct rca_attribution *a RCA_CLEANUP(rca_attribution_free) = NULL;
    double start;

    check(rca_scene_init(&scene, in->w, in->g, in->before, in->incident),
          "scene");
    start = now_ms();
    check(rca_attribution_new(
              &scene, (uint32_t)rca_window_find(in->w, 0, in->metric), 1, &a),
          "attribution");
    *ret_ms = now_ms() - start;
    rca_scene_done(&scene);
}

static void compare(const struct rca_window *w, const struct rca_graph *g)
{
    const struct rca_incident in = {.w = w,
                                    .g = g,
                                    .before = {0, ROWS - INCIDENT},
                                    .incident = {ROWS - INCIDENT, ROWS},
                                    .victim = 0,
                                    .metric = "request_latency_mean_seconds"};
    double gibbs, all, alone[RUNS];
    const rca_id theirs = time_rank(&in, RCA_METHOD_MURPHY, &gibbs);
    const rca_id ours = time_rank(&in, RCA_METHOD_ATTRIBUTION, &all);

    for (int i = 0; i < RUNS; i++)
        time_attribution(&in, &alone[i]);
    report("murphy, Gibbs sampling", &gibbs, 1);
    report("attribution with all evidence", &all, 1);
    report("attribution alone, 100 bootstrap draws", alone, RUNS);
    printf("model/Gibbs sampling over attribution alone\t%.4g\ttimes\n",
           gibbs / alone[RUNS / 2]);
    printf("model/first suspect of both\t%u %u\tof %u\n", theirs, ours,
           ENTITIES - 1);
}

/* --- from a store --------------------------------------------------------- */

static void fill_store(const char *path, const struct rca_window *w)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_sample *samples RCA_CLEANUP(rca_freep) =
        calloc(w->n_vars, sizeof(*samples));
    struct rca_edge edges[ENTITIES];
    char name[32];
    rca_id id = 0;

    check(samples ? 0 : -12, "memory");
    check(rca_store_open(path, RCA_STORE_WRITE, NULL, &store), path);
    for (size_t v = 0; v < w->n_vars; v++) {
        (void)snprintf(name, sizeof(name), "service-%04u", w->vars[v].entity);
        check(rca_store_entity(store, RCA_KIND_SERVICE, name, "",
                               &samples[v].entity),
              name);
        check(rca_store_series(store, w->vars[v].metric.name, &id), name);
        samples[v].series = id;
    }
    for (size_t i = 0; i < ENTITIES; i++)
        edges[i] = (struct rca_edge){
            .source = samples[(i ? (i - 1) / 4 : 0) * METRICS].entity,
            .target = samples[i * METRICS].entity,
            .kind = RCA_EDGE_CALLS};
    for (size_t t = 0; t < TICKS; t++) {
        /* the rows before the incident over and over */
        const size_t row =
            t < TICKS - INCIDENT ? t * 7 % (ROWS - INCIDENT) : t + ROWS - TICKS;
        const struct rca_tick tick = {.time = START + (rca_time)t * STEP,
                                      .samples = samples,
                                      .n_samples = w->n_vars,
                                      .edges = edges,
                                      .n_edges = ENTITIES};

        for (size_t v = 0; v < w->n_vars; v++)
            samples[v].value = rint(w->x[v * ROWS + row] * 1000) / 1000;
        check(rca_store_append(store, &tick), "append");
    }
}

static void explain_once(struct rca_store *store, const struct rca_model *m)
{
    const struct rca_explain_options o = {
        .entity = 0,
        .metric = "request_latency_mean_seconds",
        .from = START + (rca_time)(TICKS - INCIDENT - 1) * STEP,
        .to = RCA_TIME_NONE,
        .at = RCA_TIME_NONE,
        .seed = 1};
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;

    check(rca_explain(store, m, &o, &e), "explain");
}

static double cpu_ms(void)
{
    return (double)clock() / CLOCKS_PER_SEC * 1e3;
}

static void run_store(const char *path)
{
    const rca_time until = START + (rca_time)(TICKS - 2 * INCIDENT) * STEP;
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_model *first RCA_CLEANUP(rca_model_free) = NULL;
    void *data RCA_CLEANUP(rca_freep) = NULL;
    double train, load[RUNS], explain[RUNS], cpu[RUNS], start = now_ms();
    size_t size;

    check(rca_store_open(path, RCA_STORE_NOTES, NULL, &store), path);
    check(rca_model_train(store, START, until, 0, &first), "train");
    train = now_ms() - start;
    check(rca_model_encode(first, &data, &size), "encode");
    check(rca_store_put(store, "model", until, data, size), "put");
    for (int i = 0; i < RUNS; i++) {
        struct rca_model *m RCA_CLEANUP(rca_model_free) = NULL;
        void *back RCA_CLEANUP(rca_freep) = NULL;
        const double began = cpu_ms();
        rca_time when;
        size_t n;

        start = now_ms();
        check(rca_store_get(store, "model", &when, &back, &n), "get");
        check(rca_model_decode(back, n, &m), "decode");
        load[i] = now_ms() - start;
        explain_once(store, m);
        explain[i] = now_ms() - start;
        cpu[i] = cpu_ms() - began;
    }
    report("explain from the store, model in it", explain, RUNS);
    report("  of which loading the model", load, RUNS);
    report("  processor time", cpu, RUNS);
    train += explain[RUNS / 2] - load[RUNS / 2];
    report("explain from the store, model made first (1000 rows)", &train, 1);
    printf("model/size of the model\t%.4g\tMB\n", (double)size / 1e6);
}

int main(void)
{
    struct rca_window w = {.step = RCA_SECOND,
                           .n_rows = ROWS,
                           .n_vars = (size_t)ENTITIES * METRICS};
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = make_graph();
    const char path[] = "/tmp/rca-model-bench.db";

    w.vars = calloc(w.n_vars, sizeof(*w.vars));
    w.x = calloc(w.n_vars * ROWS, sizeof(*w.x));
    check(g && w.vars && w.x ? 0 : -12, "memory");
    check(fill(&w), "metrics");
    run(&w, g);
    compare(&w, g);
    (void)unlink(path);
    fill_store(path, &w);
    run_store(path);
    (void)unlink(path);
    free(w.vars);
    free(w.x);
    return 0;
}
