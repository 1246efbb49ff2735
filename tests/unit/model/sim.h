/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sim - a simulated application on one host, written into a store as the
 * collector would: raw counters, histogram buckets, gauges, entities, edges.
 *
 * loadgen -> gateway -> cart -> db, stock; gateway -> catalog -> db; gateway
 * -> auth. A request takes its service's own time, the time of its calls one
 * after the other, waiting for a processor and waiting for a worker. The
 * client is a closed loop of 40 workers. Latencies are lognormal.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collector/store/store.h"
#include "graph/histogram.h"
#include "tests/harness/test.h"

enum sim_fault {
    SIM_NONE,
    SIM_HOG, /* a cgroup outside the application takes the processors */
    SIM_DROP, /* a rule appears that drops packets to stock */
    SIM_SHAPE, /* a token bucket appears on catalog's interface */
    SIM_SLOW, /* stock itself is slow */
    SIM_FAIL, /* db answers with errors */
    SIM_LOAD, /* the client sends three times as much */
    SIM_FREEZE, /* auth stands still, a second in two */
    SIM_MEMORY, /* catalog's cgroup is at its memory limit */
    SIM_FAULTS,
};

#define SIM_SERVICES 6
#define SIM_CALLS 7
#define SIM_CORES 4.0
#define SIM_DRAWS 40
#define SIM_START (INT64_C(1700000000) * RCA_SECOND)

static const char *const sim_names[SIM_SERVICES] = {
    "gateway", "cart", "catalog", "stock", "db", "auth"};
/* caller -1 is the client; callees come after their callers */
static const struct {
    int caller, callee;
    double calls; /* per request of the caller */
} sim_calls[SIM_CALLS] = {{-1, 0, 1}, {0, 1, 1}, {0, 2, 0.5}, {0, 5, 1},
                          {1, 3, 1},  {1, 4, 2}, {2, 4, 1}};

struct sim {
    struct rca_store *store;
    uint64_t random;
    enum sim_fault fault;
    double rate; /* of the client, noise of the last tick */
    double latency; /* of the client's requests, last tick */
    rca_time now;
    _Bool on; /* the fault */
    size_t tick;
    struct rca_sample samples[6000];
    struct rca_edge edges[200];
    size_t n_samples, n_edges;
    double total[64][600]; /* counters: entity, series */
    rca_id host, client, service[SIM_SERVICES], cgroup[SIM_SERVICES], app,
        batch, netns[SIM_SERVICES], nic[SIM_SERVICES], call[SIM_CALLS], rule,
        qdisc;
};

static double sim_noise(struct sim *s)
{
    const double u = test_random(&s->random), v = test_random(&s->random);

    return sqrt(-2 * log(u + 1e-300)) * cos(2 * M_PI * v);
}

static double sim_jitter(struct sim *s, double part)
{
    return fmax(0.05, 1 + part * sim_noise(s));
}

static void sim_gauge(struct sim *s, rca_id entity, const char *name, double x)
{
    rca_id series;

    assert_ok(rca_store_series(s->store, name, &series));
    assert_true(s->n_samples < RCA_ARRAY_SIZE(s->samples));
    s->samples[s->n_samples++] = (struct rca_sample){entity, series, x};
}

static void sim_count(struct sim *s, rca_id entity, const char *name, double x)
{
    rca_id series;

    assert_ok(rca_store_series(s->store, name, &series));
    assert_true(entity < 64 && series < 600);
    s->total[entity][series] += x;
    sim_gauge(s, entity, name, s->total[entity][series]);
}

static void sim_edge(struct sim *s, rca_id from, rca_id to,
                     enum rca_edge_kind kind)
{
    assert_true(s->n_edges < RCA_ARRAY_SIZE(s->edges));
    s->edges[s->n_edges++] =
        (struct rca_edge){.source = from, .target = to, .kind = kind};
}

static rca_id sim_entity(struct sim *s, enum rca_kind kind, const char *name)
{
    rca_id id;

    assert_ok(rca_store_entity(s->store, kind, name, "vm", &id));
    return id;
}

/* @n requests of mean @mean seconds */
static void sim_times(struct sim *s, rca_id entity, const char *base, double n,
                      double mean)
{
    double bucket[RCA_HISTOGRAM_BUCKETS] = {0}, sum = 0, max = 0;
    char name[96];

    for (int i = 0; i < SIM_DRAWS; i++) {
        const double x = mean * exp(0.4 * sim_noise(s) - 0.08);

        bucket[rca_histogram_bucket((uint64_t)(x * 1e9))] += n / SIM_DRAWS;
        sum += x * n / SIM_DRAWS;
        max = fmax(max, x);
    }
    (void)snprintf(name, sizeof(name), "%s_sum_total", base);
    sim_count(s, entity, name, sum);
    (void)snprintf(name, sizeof(name), "%s_max", base);
    sim_gauge(s, entity, name, max);
    for (unsigned b = 0; b < RCA_HISTOGRAM_BUCKETS; b++) {
        rca_id series;

        (void)snprintf(name, sizeof(name), "%s_bucket_%03u", base, b);
        assert_ok(rca_store_series(s->store, name, &series));
        if (bucket[b] > 0 || s->total[entity][series] > 0)
            sim_count(s, entity, name, bucket[b]);
    }
}

static void sim_open(struct sim *s, struct rca_store *store,
                     enum sim_fault fault, uint64_t seed)
{
    char name[64];

    memset(s, 0, sizeof(*s));
    s->store = store;
    s->random = seed * 2654435761U + 88172645463325252U;
    s->fault = fault;
    s->rate = 1;
    s->latency = 0.02;
    s->now = SIM_START;
    s->host = sim_entity(s, RCA_KIND_HOST, "vm");
    s->app = sim_entity(s, RCA_KIND_CGROUP, "app");
    s->client = sim_entity(s, RCA_KIND_CLIENT, "loadgen");
    for (int i = 0; i < SIM_SERVICES; i++) {
        s->service[i] = sim_entity(s, RCA_KIND_SERVICE, sim_names[i]);
        (void)snprintf(name, sizeof(name), "app/%s", sim_names[i]);
        s->cgroup[i] = sim_entity(s, RCA_KIND_CGROUP, name);
        s->netns[i] = sim_entity(s, RCA_KIND_NETNS, sim_names[i]);
        (void)snprintf(name, sizeof(name), "%s/eth0", sim_names[i]);
        s->nic[i] = sim_entity(s, RCA_KIND_NIC, name);
    }
    for (int c = 0; c < SIM_CALLS; c++) {
        const int caller = sim_calls[c].caller;

        (void)snprintf(name, sizeof(name), "%s->%s",
                       caller < 0 ? "loadgen" : sim_names[caller],
                       sim_names[sim_calls[c].callee]);
        s->call[c] = sim_entity(s, RCA_KIND_CALL, name);
    }
}

static void sim_call_edges(struct sim *s, int c)
{
    const int callee = sim_calls[c].callee, caller = sim_calls[c].caller;
    const rca_id from = caller < 0 ? s->client : s->service[caller];

    sim_edge(s, from, s->service[callee], RCA_EDGE_CALLS);
    sim_edge(s, s->call[c], from, RCA_EDGE_PART_OF);
    sim_edge(s, s->call[c], s->service[callee], RCA_EDGE_CALLS);
    sim_edge(s, s->call[c], s->nic[callee], RCA_EDGE_USES);
    sim_edge(s, s->call[c], s->netns[callee], RCA_EDGE_USES);
    if (caller >= 0) {
        sim_edge(s, s->call[c], s->nic[caller], RCA_EDGE_USES);
        sim_edge(s, s->call[c], s->netns[caller], RCA_EDGE_USES);
    }
    if (s->on && s->fault == SIM_DROP && callee == 3) {
        sim_edge(s, s->call[c], s->rule, RCA_EDGE_FILTERED_BY);
        sim_edge(s, s->service[3], s->rule, RCA_EDGE_FILTERED_BY);
    }
    if (s->on && s->fault == SIM_SHAPE && callee == 2) {
        sim_edge(s, s->call[c], s->qdisc, RCA_EDGE_USES);
        sim_edge(s, s->nic[2], s->qdisc, RCA_EDGE_USES);
    }
}

static void sim_draw_edges(struct sim *s)
{
    s->n_edges = 0;
    sim_edge(s, s->app, s->host, RCA_EDGE_RUNS_ON);
    sim_edge(s, s->client, s->host, RCA_EDGE_RUNS_ON);
    for (int i = 0; i < SIM_SERVICES; i++) {
        sim_edge(s, s->service[i], s->cgroup[i], RCA_EDGE_RUNS_ON);
        sim_edge(s, s->cgroup[i], s->app, RCA_EDGE_PART_OF);
        sim_edge(s, s->netns[i], s->host, RCA_EDGE_PART_OF);
        sim_edge(s, s->nic[i], s->netns[i], RCA_EDGE_PART_OF);
        sim_edge(s, s->service[i], s->netns[i], RCA_EDGE_USES);
        sim_edge(s, s->service[i], s->nic[i], RCA_EDGE_USES);
    }
    for (int c = 0; c < SIM_CALLS; c++)
        sim_call_edges(s, c);
    if (s->on && s->fault == SIM_HOG)
        sim_edge(s, s->batch, s->host, RCA_EDGE_RUNS_ON);
}

/* what one tick does: rates down the calls, then latencies up them */
struct sim_flow {
    double rate[SIM_SERVICES], call_rate[SIM_CALLS];
    double own[SIM_SERVICES], queue[SIM_SERVICES], latency[SIM_SERVICES];
    double error[SIM_SERVICES];
    double call_latency[SIM_CALLS], retransmits[SIM_CALLS];
    double cpu[SIM_SERVICES], wait, busy, hog;
};

static void sim_rates(struct sim *s, struct sim_flow *f)
{
    const double want = s->on && s->fault == SIM_LOAD ? 600 : 200;
    const double workers = s->on && s->fault == SIM_LOAD ? 120 : 40;

    s->rate += 0.3 * (1 - s->rate) + 0.04 * sim_noise(s);
    for (int c = 0; c < SIM_CALLS; c++) {
        const int caller = sim_calls[c].caller, callee = sim_calls[c].callee;

        f->call_rate[c] = caller < 0
                              ? fmin(want * s->rate, workers / s->latency)
                              : f->rate[caller] * sim_calls[c].calls;
        f->call_rate[c] = floor(f->call_rate[c] * sim_jitter(s, 0.01)) + 1;
        f->rate[callee] += f->call_rate[c];
    }
    for (int i = 0; i < SIM_SERVICES; i++) {
        f->cpu[i] = f->rate[i] * 0.0008 * sim_jitter(s, 0.05);
        f->busy += f->cpu[i];
    }
    f->hog = s->on && s->fault == SIM_HOG ? 3.2 * sim_jitter(s, 0.03) : 0;
    f->busy = fmin((f->busy + f->hog) / SIM_CORES, 0.97);
    /* seconds waited for a second of processor time */
    f->wait = 0.05 * sim_jitter(s, 0.2) + f->busy * f->busy / (1 - f->busy);
}

static void sim_service(struct sim *s, struct sim_flow *f, int i)
{
    double own = 0.003 * sim_jitter(s, 0.05) + 0.0008 * f->wait;
    double load;

    if (s->on && s->fault == SIM_SLOW && i == 3)
        own += 0.03 * sim_jitter(s, 0.1);
    if (s->on && s->fault == SIM_MEMORY && i == 2)
        own += 0.03 * sim_jitter(s, 0.3);
    f->error[i] = fmax(0, 0.001 * sim_jitter(s, 1));
    if (s->on && s->fault == SIM_FAIL && i == 4)
        f->error[i] = 0.3 * sim_jitter(s, 0.1);
    for (int c = 0; c < SIM_CALLS; c++) {
        if (sim_calls[c].caller != i)
            continue;
        own += sim_calls[c].calls * f->call_latency[c];
        f->error[i] +=
            fmin(1, sim_calls[c].calls) * f->error[sim_calls[c].callee] * 0.8;
    }
    f->error[i] = fmin(f->error[i], 1);
    f->own[i] = own;
    load = fmin(f->rate[i] * 0.0014, 0.95);
    f->queue[i] = 0.0004 * sim_jitter(s, 0.1) + 0.0004 * f->wait +
                  0.0005 * load * load / (1 - load);
    if (s->on && s->fault == SIM_FREEZE && i == 5 && s->tick % 2)
        f->queue[i] += 0.1 * sim_jitter(s, 0.3);
    f->latency[i] = f->queue[i] + f->own[i];
}

static void sim_call(struct sim *s, struct sim_flow *f, int c)
{
    const int callee = sim_calls[c].callee;

    f->call_latency[c] = f->latency[callee] + 0.0002 * sim_jitter(s, 0.1);
    f->retransmits[c] = s->tick % 13 == 0;
    if (s->on && s->fault == SIM_DROP && callee == 3) {
        f->retransmits[c] = f->call_rate[c] * 0.1 * sim_jitter(s, 0.2);
        f->call_latency[c] += 0.022 * sim_jitter(s, 0.2);
    }
    if (s->on && s->fault == SIM_SHAPE && callee == 2)
        f->call_latency[c] += 0.05 * sim_jitter(s, 0.1);
}

static void sim_latencies(struct sim *s, struct sim_flow *f)
{
    static const int order[SIM_SERVICES] = {4, 3, 5, 2, 1, 0};

    for (int k = 0; k < SIM_SERVICES; k++) {
        sim_service(s, f, order[k]);
        for (int c = 0; c < SIM_CALLS; c++) {
            if (sim_calls[c].callee == order[k])
                sim_call(s, f, c);
        }
    }
    s->latency = f->call_latency[0];
}

static void sim_put_requests(struct sim *s, const struct sim_flow *f)
{
    for (int i = 0; i < SIM_SERVICES; i++) {
        const rca_id e = s->service[i];
        const double n = f->rate[i];

        sim_count(s, e, "requests_total", n);
        sim_count(s, e, "request_errors_total", floor(n * f->error[i]));
        sim_count(s, e, "received_bytes_total", n * 300 * sim_jitter(s, 0.02));
        sim_count(s, e, "sent_bytes_total", n * 900 * sim_jitter(s, 0.02));
        sim_times(s, e, "request_latency_seconds", n, f->latency[i]);
        sim_times(s, e, "service_time_seconds", n, f->own[i]);
        sim_times(s, e, "queue_time_seconds", n, f->queue[i]);
    }
    for (int k = -1; k < SIM_CALLS; k++) {
        const int c = k < 0 ? 0 : k;
        const rca_id e = k < 0 ? s->client : s->call[c];
        const double n = f->call_rate[c];

        sim_count(s, e, "requests_total", n);
        sim_count(s, e, "request_errors_total",
                  floor(n * f->error[sim_calls[c].callee]));
        sim_times(s, e, "request_latency_seconds", n, f->call_latency[c]);
        sim_count(s, e, "retransmits_total", f->retransmits[c]);
    }
}

static double sim_put_cgroup(struct sim *s, const struct sim_flow *f, int i)
{
    const _Bool tight = s->on && s->fault == SIM_MEMORY && i == 2;
    const double wait = f->cpu[i] * f->wait * sim_jitter(s, 0.1);
    const rca_id e = s->cgroup[i];

    sim_count(s, e, "cpu_seconds_total", f->cpu[i]);
    sim_count(s, e, "run_queue_seconds_total", wait);
    sim_count(s, e, "cpu_pressure_seconds_total", fmin(1, wait * 0.8));
    sim_gauge(s, e, "memory_bytes",
              (tight ? 64e6 : 50e6) * sim_jitter(s, .003));
    sim_count(s, e, "memory_limit_hits_total",
              tight ? 200 * sim_jitter(s, 0.2) : 0);
    sim_count(s, e, "major_faults_total", tight ? 90 * sim_jitter(s, 0.3) : 0);
    sim_count(s, e, "memory_refaults_total",
              tight ? 150 * sim_jitter(s, 0.3) : 0);
    return wait;
}

static void sim_put_resources(struct sim *s, const struct sim_flow *f)
{
    const double drops =
        s->on && s->fault == SIM_DROP ? f->retransmits[4] * 1.1 : 0;
    double all = 0, waits = 0;

    for (int i = 0; i < SIM_SERVICES; i++) {
        waits += sim_put_cgroup(s, f, i);
        all += f->cpu[i];
        sim_count(s, s->netns[i], "drops_total", i == 3 ? drops : 0);
        sim_count(s, s->nic[i], "receive_bytes_total",
                  f->rate[i] * 400 * sim_jitter(s, 0.02));
        sim_count(s, s->nic[i], "receive_packets_total",
                  f->rate[i] * 3 * sim_jitter(s, 0.02));
        sim_count(s, s->nic[i], "transmit_bytes_total",
                  f->rate[i] * 1200 * sim_jitter(s, 0.02));
    }
    sim_count(s, s->app, "cpu_seconds_total", all);
    sim_count(s, s->app, "run_queue_seconds_total", waits);
    waits += f->hog * 0.6;
    sim_count(s, s->host, "cpu_seconds_total", all + f->hog + 0.1);
    sim_count(s, s->host, "run_queue_seconds_total",
              waits + 0.01 * sim_jitter(s, 0.3));
    sim_count(s, s->host, "cpu_pressure_seconds_total", fmin(1, 0.8 * waits));
    sim_count(s, s->host, "context_switches_total", 5000 * sim_jitter(s, .05));
    sim_count(s, s->host, "drops_total", drops);
}

static void sim_put_fault(struct sim *s, const struct sim_flow *f)
{
    const double drops = f->retransmits[4] * 1.1;

    if (s->fault == SIM_HOG) {
        sim_count(s, s->batch, "cpu_seconds_total", f->hog);
        sim_count(s, s->batch, "run_queue_seconds_total", f->hog * 0.6);
        sim_gauge(s, s->batch, "memory_bytes", 8e6);
    }
    if (s->fault == SIM_DROP)
        sim_count(s, s->rule, "rule_drops_total", drops);
    if (s->fault == SIM_SHAPE) {
        sim_count(s, s->qdisc, "qdisc_bytes_total", f->call_rate[2] * 1200);
        sim_count(s, s->qdisc, "qdisc_packets_total", f->call_rate[2] * 3);
        sim_count(s, s->qdisc, "qdisc_overlimits_total",
                  f->call_rate[2] * 2 * sim_jitter(s, 0.1));
        sim_gauge(s, s->qdisc, "qdisc_backlog_bytes",
                  6000 * sim_jitter(s, 0.3));
    }
}

static void sim_start_fault(struct sim *s)
{
    s->on = 1;
    if (s->fault == SIM_HOG)
        s->batch = sim_entity(s, RCA_KIND_CGROUP, "batch");
    if (s->fault == SIM_DROP)
        s->rule = sim_entity(s, RCA_KIND_RULE, "stock:filter/input/4");
    if (s->fault == SIM_SHAPE)
        s->qdisc = sim_entity(s, RCA_KIND_QDISC, "catalog/eth0:tbf");
}

static void sim_tick(struct sim *s)
{
    struct sim_flow f = {0};
    struct rca_tick t;

    s->tick++;
    s->now += RCA_SECOND;
    s->n_samples = 0;
    sim_draw_edges(s);
    sim_rates(s, &f);
    sim_latencies(s, &f);
    sim_put_requests(s, &f);
    sim_put_resources(s, &f);
    if (s->on)
        sim_put_fault(s, &f);
    t = (struct rca_tick){.time = s->now,
                          .samples = s->samples,
                          .n_samples = s->n_samples,
                          .edges = s->edges,
                          .n_edges = s->n_edges};
    assert_ok(rca_store_append(s->store, &t));
}

/* @normal seconds, then @faulty with the fault */
static void sim_run(struct sim *s, size_t normal, size_t faulty)
{
    for (size_t i = 0; i < normal; i++)
        sim_tick(s);
    sim_start_fault(s);
    for (size_t i = 0; i < faulty; i++)
        sim_tick(s);
}

/* the entity that is to be named */
static rca_id sim_truth(const struct sim *s)
{
    const rca_id truth[SIM_FAULTS] = {RCA_ID_NONE, s->batch,      s->rule,
                                      s->qdisc,    s->service[3], s->service[4],
                                      s->client,   s->service[5], s->cgroup[2]};

    return truth[s->fault];
}
