/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * train_bench - training at the size of DESIGN section 8: 1,000 entities of 20
 * metrics each, 8,640 rows (a day at 10 s), every metric with 200 candidates:
 * each entity has links to ten others, and of the metrics nothing is known.
 * Half of them are counters, half gauges; each follows a swing that it shares
 * with its neighbours. TSV: what, value, unit.
 *
 * The plain reference in the same run: the correlations of a hundredth of the
 * pairs, each by its own loop, over the same rows.
 */

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "model/model.h"
#include "model/parallel.h"

#define ENTITIES ((size_t)1000)
#define METRICS ((size_t)20)
#define WIDTH (ENTITIES * METRICS)
#define REACH ((size_t)5)
#define STEP (10 * RCA_SECOND)
#define START (INT64_C(1700000000) * RCA_SECOND)

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(int err, const char *what)
{
    if (err == 0)
        return;
    (void)fprintf(stderr, "train_bench: %s: %s\n", what, rca_strerror(err));
    exit(EXIT_FAILURE);
}

static void report(const char *what, double value, const char *unit)
{
    printf("train/%s\t%.4g\t%s\n", what, value, unit);
    (void)fflush(stdout);
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

/* --- the store ------------------------------------------------------------ */

struct load {
    struct rca_sample samples[WIDTH];
    struct rca_edge edges[ENTITIES * REACH];
    double swing[ENTITIES];
    uint64_t random;
};

static void name_all(struct rca_store *store, struct load *l)
{
    char name[64];
    rca_id entity = 0, series = 0;

    for (size_t i = 0; i < WIDTH; i++) {
        (void)snprintf(name, sizeof(name), "unit-%04zu", i / METRICS);
        check(rca_store_entity(store, RCA_KIND_OTHER, name, "h", &entity),
              name);
        (void)snprintf(name, sizeof(name),
                       i % 2 ? "thing_%02zu" : "thing_%02zu_total",
                       i % METRICS);
        check(rca_store_series(store, name, &series), name);
        l->samples[i] = (struct rca_sample){entity, series, 0};
    }
    for (size_t e = 0; e < ENTITIES; e++) {
        for (size_t k = 0; k < REACH; k++)
            l->edges[e * REACH + k] = (struct rca_edge){
                .source = l->samples[e * METRICS].entity,
                .target = l->samples[(e + k + 1) % ENTITIES * METRICS].entity,
                .kind = RCA_EDGE_LINK};
    }
}

static void next_tick(struct load *l)
{
    for (size_t e = 0; e < ENTITIES; e++)
        l->swing[e] = 0.98 * l->swing[e] + 0.2 * noise(&l->random);
    for (size_t i = 0; i < WIDTH; i++) {
        const size_t e = i / METRICS;
        const double common =
            l->swing[e] + 0.5 * l->swing[(e + i % REACH) % ENTITIES];
        const double x = rint(1000 + 20 * (common + noise(&l->random)));

        l->samples[i].value = i % 2 ? x : l->samples[i].value + x;
    }
}

static void fill(const char *path, size_t rows)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct load *l RCA_CLEANUP(rca_freep) = calloc(1, sizeof(*l));

    check(l ? 0 : -12, "memory");
    l->random = 88172645463325252U;
    check(rca_store_open(path, RCA_STORE_WRITE, NULL, &store), path);
    name_all(store, l);
    for (size_t t = 0; t <= rows; t++) {
        struct rca_tick tick = {.time = START + (rca_time)t * STEP,
                                .samples = l->samples,
                                .n_samples = WIDTH};

        if (t == 0 || t == rows) {
            tick.edges = l->edges;
            tick.n_edges = RCA_ARRAY_SIZE(l->edges);
        }
        next_tick(l);
        check(rca_store_append(store, &tick), "append");
    }
}

/* --- reading alone -------------------------------------------------------- */

static int sum_up(void *arg, const struct rca_block *b)
{
    double *sum = arg;

    for (size_t i = 0; i < b->n_times * b->n_series; i++)
        *sum += b->values[i];
    return 0;
}

static void time_scan(struct rca_store *store, size_t rows)
{
    const double start = now_s();
    double sum = 0;

    check(rca_store_scan(store, START, START + (rca_time)rows * STEP, NULL, 0,
                         sum_up, &sum),
          "scan");
    report("scan of the store alone", now_s() - start, "s");
}

/* --- training ------------------------------------------------------------- */

/* of all threads so far */
static double cpu_s(void)
{
    struct rusage use;

    (void)getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static void time_training(struct rca_store *store, size_t rows, unsigned jobs)
{
    struct rca_training how = {.from = START,
                               .to = START + (rca_time)rows * STEP,
                               .step = STEP,
                               .jobs = jobs};
    struct rca_model *m RCA_CLEANUP(rca_model_free) = NULL;
    struct rca_training_times times = {0};
    const double began = cpu_s();
    struct rusage use;
    char what[64];

    how.ret_times = &times;
    check(rca_model_train_as(store, &how, &m), "train");
    (void)getrusage(RUSAGE_SELF, &use);
    (void)snprintf(what, sizeof(what), "%zu series x %zu rows, %u threads",
                   WIDTH, rows, jobs);
    report(what, times.read_s + times.learn_s, "s");
    report("  of which reading", times.read_s, "s");
    report("  of which learning", times.learn_s, "s");
    report("  processor time of all threads", cpu_s() - began, "s");
    report("  peak memory so far", (double)use.ru_maxrss / 1024, "MiB");
}

/* --- the plain reference -------------------------------------------------- */

static void time_reference(size_t rows)
{
    double *x RCA_CLEANUP(rca_freep) = calloc(220 * rows + 1, sizeof(*x));
    uint64_t random = 1;
    double start, sum = 0, spent;

    check(x ? 0 : -12, "memory");
    for (size_t i = 0; i < 220 * rows; i++)
        x[i] = noise(&random);
    start = now_s();
    for (size_t k = 0; k < WIDTH * 200 / 1000; k++) {
        const double *a = x + k % 20 * rows, *b = x + (20 + k % 200) * rows;

        for (size_t r = 0; r < rows; r++)
            sum += a[r] * b[r];
    }
    spent = (now_s() - start) * 1000;
    report("plain loops over all pairs, from a thousandth", spent,
           sum > 1e300 ? "?" : "s");
}

int main(int argc, char **argv)
{
    const size_t rows = argc > 1 ? strtoul(argv[1], NULL, 10) : 8640;
    const char *keep = argc > 2 ? argv[2] : NULL;
    char path[] = "/tmp/rca-train-bench.db";
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    double start = now_s();

    if (!keep || access(keep, R_OK) != 0) {
        fill(keep ? keep : path, rows);
        report("writing the store", now_s() - start, "s");
    }
    check(rca_store_open(keep ? keep : path, RCA_STORE_READ, NULL, &store),
          path);
    time_scan(store, rows);
    for (unsigned jobs = 1; jobs <= rca_parallel_jobs(0); jobs++)
        time_training(store, rows, jobs);
    time_reference(rows);
    if (!keep)
        (void)unlink(path);
    return 0;
}
