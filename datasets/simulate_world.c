/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Drawing a world. Services are numbered so that calls go upwards, service 0
 * is where requests come in; capacities are then set so that the usual load
 * fills them to a drawn part, as people do who buy machines.
 */

#include "datasets/simulate_world.h"

#include <math.h>
#include <string.h>

#define STORE_PART 0.25 /* of the services */
#define FAN_OUT 7
#define BACK_PART 0.05 /* of its load that a service gets back */

size_t rca_sim_world_entities(const struct rca_sim_world *w)
{
    return w->n_services + w->n_clients + w->n_hosts + w->n_pods;
}

uint32_t rca_sim_world_client(const struct rca_sim_world *w, size_t client)
{
    return (uint32_t)(w->n_services + client);
}

uint32_t rca_sim_world_host(const struct rca_sim_world *w, size_t host)
{
    return (uint32_t)(w->n_services + w->n_clients + host);
}

uint32_t rca_sim_world_pod(const struct rca_sim_world *w, size_t pod)
{
    return (uint32_t)(w->n_services + w->n_clients + w->n_hosts + pod);
}

static size_t calls_of(const struct rca_sim_world *w, size_t service)
{
    size_t n = 0;

    for (size_t c = 0; c < w->n_calls; c++)
        n += w->call[c].from == service;
    return n;
}

static _Bool has_call(const struct rca_sim_world *w, size_t from, size_t to)
{
    for (size_t c = 0; c < w->n_calls; c++) {
        if (w->call[c].from == from && w->call[c].to == to)
            return 1;
    }
    return 0;
}

static void add_call(struct rca_sim_world *w, size_t from, size_t to,
                     struct rca_sim_random *r)
{
    struct rca_sim_call call = {.from = (uint32_t)from, .to = (uint32_t)to};

    call.back = to < from;
    call.calls = rca_sim_random_scale(r, 0.15, w->service[to].store ? 4 : 2);
    call.retries = (double)rca_sim_random_below(r, 6) - 2;
    call.retries = call.retries > 0 ? call.retries : 0;
    call.critical = rca_sim_random_chance(r, 0.8);
    if (w->n_calls < RCA_SIM_CALLS && !has_call(w, from, to))
        w->call[w->n_calls++] = call;
}

static void draw_service(struct rca_sim_service *s, struct rca_sim_random *r)
{
    const double time = rca_sim_random_scale(r, 0.001, 0.12);

    s->time = s->store ? time / 4 : time;
    s->cost = s->time * rca_sim_random_scale(r, 0.05, 0.9);
    s->idle = rca_sim_random_scale(r, 0.003, 0.05);
    s->memory = rca_sim_random_scale(r, 30e6, 2e9);
    s->memory_limit = s->memory * rca_sim_random_range(r, 1.5, 3);
    s->inflight_bytes = rca_sim_random_scale(r, 1e4, 2e6);
    s->io = s->store ? rca_sim_random_scale(r, 0.05, 1)
                     : rca_sim_random_scale(r, 0.0005, 0.03);
    s->bytes = rca_sim_random_scale(r, 500, 5e4);
    s->error =
        rca_sim_random_chance(r, 0.6) ? 0 : rca_sim_random_scale(r, 1e-4, 1e-2);
    s->spread = rca_sim_random_range(r, 1.6, 4);
}

/* a caller before @to, rather a near one, that does not yet call many */
static size_t draw_caller(const struct rca_sim_world *w, size_t to,
                          struct rca_sim_random *r)
{
    for (int i = 0; i < 20; i++) {
        const double u = rca_sim_random_unit(r);
        const size_t from = (size_t)((double)to * (1 - u * u));

        if (from < to && !w->service[from].store && !w->service[from].batch &&
            calls_of(w, from) < FAN_OUT)
            return from;
    }
    return 0;
}

/* by caller, so that each service has a stretch of them */
static void index_calls(struct rca_sim_world *w)
{
    for (size_t i = 1; i < w->n_calls; i++) {
        const struct rca_sim_call call = w->call[i];
        size_t k = i;

        for (; k > 0 && w->call[k - 1].from > call.from; k--)
            w->call[k] = w->call[k - 1];
        w->call[k] = call;
    }
    for (size_t i = w->n_calls; i-- > 0;) {
        struct rca_sim_service *s = &w->service[w->call[i].from];

        s->call = (uint32_t)i;
        s->n_calls++;
    }
}

static void draw_calls(struct rca_sim_world *w, _Bool cycles,
                       struct rca_sim_random *r)
{
    for (size_t to = 1; to < w->n_services; to++) {
        const size_t n =
            1 + rca_sim_random_below(r, w->service[to].store ? 4 : 2);

        for (size_t i = 0; i < n && !w->service[to].batch; i++)
            add_call(w, draw_caller(w, to, r), to, r);
    }
    for (size_t i = 0; cycles && i < 1 + w->n_services / 10; i++) {
        const size_t from = rca_sim_random_below(r, w->n_services);
        const size_t to = rca_sim_random_below(r, from + 1);

        if (from != to && !w->service[from].store && !w->service[from].batch &&
            !w->service[to].batch)
            add_call(w, from, to, r);
    }
    index_calls(w);
}

static void draw_pods(struct rca_sim_world *w, double mean,
                      struct rca_sim_random *r)
{
    for (size_t i = 0; i < w->n_services; i++) {
        struct rca_sim_service *s = &w->service[i];
        const double want =
            s->batch ? 1 : rca_sim_random_range(r, 0.6, 2 * mean);
        const size_t n = want < 1.5 ? 1 : (size_t)want;
        double sum = 0;

        s->pod = (uint32_t)w->n_pods;
        for (size_t k = 0; k < n && w->n_pods < RCA_SIM_PODS - 2; k++) {
            struct rca_sim_pod *p = &w->pod[w->n_pods++];

            p->service = (uint32_t)i;
            p->host = (uint32_t)rca_sim_random_below(r, w->n_hosts);
            p->part = rca_sim_random_range(r, 0.8, 1.2);
            sum += p->part;
            s->n_pods++;
        }
        for (size_t k = 0; k < s->n_pods; k++)
            w->pod[s->pod + k].part /= sum;
    }
}

static void draw_clients(struct rca_sim_world *w, double rate,
                         struct rca_sim_random *r)
{
    for (size_t i = 0; i < w->n_clients; i++) {
        struct rca_sim_client *c = &w->client[i];

        /* the second comes in at the second service, if that calls somebody */
        c->service = i && calls_of(w, 1) ? 1 : 0;
        c->rate = rate / (double)w->n_clients;
        c->swing = rca_sim_random_range(r, 0, 0.35);
        c->phase = rca_sim_random_unit(r);
        c->period = rca_sim_random_scale(r, 60, 3000); /* rows */
        c->drift = rca_sim_random_range(r, -0.15, 0.25);
        c->burst_rate = rca_sim_random_range(r, 0, 0.015);
    }
}

/* the load that each service has on a usual day */
static void usual_loads(struct rca_sim_world *w)
{
    for (size_t i = 0; i < w->n_clients; i++)
        w->service[w->client[i].service].load += w->client[i].rate;
    for (size_t i = 0; i < w->n_services; i++) {
        for (size_t c = 0; c < w->n_calls; c++) {
            const struct rca_sim_call *call = &w->call[c];

            if (call->from == i && !call->back)
                w->service[call->to].load += w->service[i].load * call->calls;
        }
    }
    for (size_t i = 0; i < w->n_services; i++)
        w->service[i].usual = w->service[i].load;
    /* a cycle must not feed on itself */
    for (size_t c = 0; c < w->n_calls; c++) {
        struct rca_sim_call *call = &w->call[c];

        if (call->back)
            call->calls = BACK_PART * w->service[call->to].usual /
                          (w->service[call->from].usual + 1e-9);
    }
}

static void size_services(struct rca_sim_world *w, struct rca_sim_random *r)
{
    for (size_t i = 0; i < w->n_services; i++) {
        struct rca_sim_service *s = &w->service[i];

        if (s->batch)
            s->idle = rca_sim_random_range(r, 0.1, 1);
        s->cpu = s->load * s->cost + s->idle;
        s->limit = s->cpu / rca_sim_random_range(r, 0.1, 0.45);
        for (size_t k = 0; k < s->n_pods; k++)
            w->host[w->pod[s->pod + k].host].cpu +=
                s->cpu * w->pod[s->pod + k].part;
    }
}

static void size_hosts(struct rca_sim_world *w, struct rca_sim_random *r)
{
    for (size_t h = 0; h < w->n_hosts; h++) {
        struct rca_sim_host *host = &w->host[h];
        double io = 1, bytes = 1e4;

        for (size_t p = 0; p < w->n_pods; p++) {
            const struct rca_sim_service *s = &w->service[w->pod[p].service];

            if (w->pod[p].host == h) {
                io += s->load * s->io * w->pod[p].part;
                bytes += s->load * s->bytes * w->pod[p].part;
            }
        }
        host->idle = 0.05 + 0.05 * host->cpu;
        host->cores =
            (host->cpu + host->idle) / rca_sim_random_range(r, 0.15, 0.5);
        host->disk = io / rca_sim_random_range(r, 0.1, 0.5);
        host->nic = bytes / rca_sim_random_range(r, 0.05, 0.4);
        host->delay = rca_sim_random_scale(r, 0.0001, 0.001);
        host->memory = rca_sim_random_range(r, 0.3, 0.75);
    }
}

/* thread pools and timeouts want to know how long a request takes */
static void size_waits(struct rca_sim_world *w, struct rca_sim_random *r)
{
    for (size_t i = w->n_services; i-- > 0;) {
        struct rca_sim_service *s = &w->service[i];

        s->latency = s->time * 1.2 + s->io * 0.005;
        for (size_t c = 0; c < w->n_calls; c++) {
            struct rca_sim_call *call = &w->call[c];

            if (call->from != i || call->back)
                continue;
            call->timeout =
                w->service[call->to].latency * rca_sim_random_scale(r, 6, 40) +
                0.02;
            s->latency += w->service[call->to].latency * call->calls;
        }
        s->threads =
            4 + s->load * s->latency / rca_sim_random_range(r, 0.03, 0.3);
    }
    for (size_t c = 0; c < w->n_calls; c++) {
        if (w->call[c].back)
            w->call[c].timeout = w->service[w->call[c].to].latency * 5;
    }
}

void rca_sim_world_make(struct rca_sim_world *w,
                        const struct rca_sim_make *make,
                        struct rca_sim_random *r)
{
    const size_t stores = (size_t)(STORE_PART * (double)make->services);

    memset(w, 0, sizeof(*w));
    w->step = make->step;
    w->rough = make->rough;
    w->keep = rca_sim_exp(-make->step / rca_sim_random_scale(r, 10, 300));
    w->n_services = make->services;
    w->n_batches = make->services > 8 ? 2 : 1;
    w->n_hosts = make->hosts;
    w->n_clients = 1 + rca_sim_random_below(r, RCA_SIM_CLIENTS);
    for (size_t i = 0; i < w->n_services; i++) {
        const size_t rest = w->n_services - i;

        w->service[i].batch = rest <= w->n_batches;
        w->service[i].store =
            !w->service[i].batch && i > 0 && rest <= w->n_batches + stores;
        draw_service(&w->service[i], r);
    }
    draw_calls(w, make->cycles, r);
    draw_pods(w, make->pods, r);
    draw_clients(w, make->rate, r);
    usual_loads(w);
    size_services(w, r);
    size_hosts(w, r);
    size_waits(w, r);
    w->random = rca_sim_random_make(rca_sim_random_next(r), 1);
}
