/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/simulate_fault.h"

#include <math.h>

#define LOAD_PART 0.03 /* of the clients' load: less is nobody's concern */

static _Bool calls(const struct rca_sim_world *w, uint32_t from, uint32_t to)
{
    const struct rca_sim_service *s = &w->service[from];

    for (size_t c = s->call; c < s->call + s->n_calls; c++) {
        if (w->call[c].to == to)
            return 1;
    }
    return 0;
}

static _Bool is_shared(const struct rca_sim_world *w, uint32_t store)
{
    size_t callers = 0;

    for (size_t c = 0; c < w->n_calls; c++)
        callers += w->call[c].to == store;
    return w->service[store].store && callers > 1;
}

/* a service that has something to do, rarely the one where requests come in */
static _Bool draw_service(const struct rca_sim_world *w,
                          const struct rca_sim_place *place, _Bool caller,
                          struct rca_sim_random *r, uint32_t *ret)
{
    const uint32_t avoid = place->avoid;

    for (int i = 0; i < 60; i++) {
        const uint32_t k = (uint32_t)rca_sim_random_below(r, w->n_services);
        const _Bool entry = rca_sim_random_chance(r, 0.1);
        const struct rca_sim_service *s = &w->service[k];
        const _Bool near =
            avoid != UINT32_MAX &&
            (k == avoid || calls(w, k, avoid) || calls(w, avoid, k));

        if (s->batch || near || (k == 0 && !entry) || (caller && !s->n_calls) ||
            (place->store && !is_shared(w, k)) ||
            s->load < LOAD_PART * w->client[0].rate)
            continue;
        *ret = k;
        return 1;
    }
    return 0;
}

static _Bool draw_batch(struct rca_sim_world *w, struct rca_sim_random *r,
                        struct rca_sim_blow *b)
{
    const size_t n = w->n_services;
    const struct rca_sim_place anywhere = {.avoid = UINT32_MAX};
    uint32_t place;
    struct rca_sim_service *s;

    b->service = (uint32_t)(n - 1 - rca_sim_random_below(r, w->n_batches));
    s = &w->service[b->service];
    /* beside a service that matters, and with the room to do harm */
    if (!draw_service(w, &anywhere, 0, r, &place))
        return 0;
    b->host = w->pod[w->service[place].pod].host;
    w->pod[s->pod].host = b->host;
    w->host[b->host].cores += s->cpu / 0.4;
    s->limit = 1.5 * w->host[b->host].cores;
    return 1;
}

static void add_spares(struct rca_sim_world *w, uint32_t service,
                       struct rca_sim_random *r)
{
    const struct rca_sim_service *s = &w->service[service];

    for (size_t k = 0; k < s->n_pods && w->n_pods < RCA_SIM_PODS; k++) {
        struct rca_sim_pod *p = &w->pod[w->n_pods++];

        *p = w->pod[s->pod + k];
        p->spare = 1;
        p->host = (uint32_t)rca_sim_random_below(r, w->n_hosts);
    }
}

static void blame(const struct rca_sim_world *w, struct rca_sim_blow *b)
{
    b->culprit = b->service;
    if (b->on_host)
        b->culprit = rca_sim_world_host(w, b->host);
    if (b->kind == RCA_SIM_FAULT_SURGE && !b->variant)
        b->culprit = rca_sim_world_client(w, b->client);
}

static _Bool may_be_a_host(enum rca_sim_fault kind)
{
    return kind == RCA_SIM_FAULT_DISK || kind == RCA_SIM_FAULT_DELAY ||
           kind == RCA_SIM_FAULT_LOSS || kind == RCA_SIM_FAULT_NEIGHBOUR;
}

_Bool rca_sim_blow_draw(struct rca_sim_world *w, enum rca_sim_fault kind,
                        const struct rca_sim_place *place,
                        struct rca_sim_random *r, struct rca_sim_blow *ret_blow)
{
    struct rca_sim_blow b = {.kind = kind};
    const _Bool caller = kind == RCA_SIM_FAULT_CONFIG;

    b.variant = rca_sim_random_chance(r, 0.5);
    if (!draw_service(w, place, caller, r, &b.service))
        return 0;
    b.host = w->pod[w->service[b.service].pod].host;
    b.client = (uint32_t)rca_sim_random_below(r, w->n_clients);
    b.on_host =
        place->hosts && may_be_a_host(kind) && rca_sim_random_chance(r, 0.5);
    b.on_host |= place->busy && kind == RCA_SIM_FAULT_DISK;
    if (kind == RCA_SIM_FAULT_NEIGHBOUR && !b.on_host && !draw_batch(w, r, &b))
        return 0;
    if (kind == RCA_SIM_FAULT_DEPLOY)
        add_spares(w, b.service, r);
    blame(w, &b);
    *ret_blow = b;
    return 1;
}

/* how much of it is there on @row, 0..1 */
static double level(const struct rca_sim_blow *b, size_t row)
{
    const size_t age = row - b->from;
    double part = 1;

    if (row < b->from)
        return 0;
    if (age < b->ramp)
        part = (double)(age + 1) / (double)(b->ramp + 1);
    if (b->flap && age % b->flap >= (b->flap + 1) / 2)
        part *= 0.1;
    return part;
}

static void push_host(const struct rca_sim_blow *b, double x,
                      struct rca_sim_push *push)
{
    if (b->kind == RCA_SIM_FAULT_DISK)
        push->host[b->host].io += 1.2 * x;
    else if (b->kind == RCA_SIM_FAULT_DELAY)
        push->host[b->host].delay += x;
    else if (b->kind == RCA_SIM_FAULT_LOSS)
        push->host[b->host].loss += 0.5 * x;
    else
        push->host[b->host].cpu += 1.5 * x;
}

/* a new version: dearer, slower or broken, and always in new pods */
static void push_deploy(const struct rca_sim_blow *b, double x,
                        struct rca_sim_push *push)
{
    push->service[b->service].renewed = x > 0;
    if (b->variant) {
        push->service[b->service].cost += 5 * x;
        push->service[b->service].slow += 5 * x;
    } else {
        push->service[b->service].error += 0.6 * x;
        push->service[b->service].slow += 2 * x;
    }
}

static void push_service(const struct rca_sim_blow *b,
                         const struct rca_sim_world *w, double x,
                         struct rca_sim_push *push)
{
    const struct rca_sim_service *s = &w->service[b->service];
    const double life = (double)(b->life ? b->life : 1);

    switch ((int)b->kind) {
    case RCA_SIM_FAULT_CPU:
        push->service[b->service].cpu += 2 * x * s->limit;
        break;
    case RCA_SIM_FAULT_NEIGHBOUR:
        push->service[b->service].cpu += 1.2 * x * w->host[b->host].cores;
        break;
    case RCA_SIM_FAULT_LEAK:
        push->service[b->service].leak += 4 * x * s->memory_limit / life;
        break;
    case RCA_SIM_FAULT_DISK:
        push->service[b->service].io += 1.2 * x * w->host[b->host].disk;
        break;
    case RCA_SIM_FAULT_DELAY:
        push->service[b->service].delay += x;
        break;
    case RCA_SIM_FAULT_LOSS:
        push->service[b->service].loss += 0.5 * x;
        break;
    case RCA_SIM_FAULT_ERROR:
        push->service[b->service].error += 0.9 * x;
        break;
    case RCA_SIM_FAULT_SLOW:
        push->service[b->service].slow += 60 * x;
        break;
    case RCA_SIM_FAULT_LOCK:
        push->service[b->service].stuck += 1 - 1 / (1 + 60 * x);
        break;
    case RCA_SIM_FAULT_SURGE:
        if (b->variant)
            push->service[b->service].load += 10 * x;
        else
            push->surge[b->client] += 6 * x;
        break;
    case RCA_SIM_FAULT_DEPLOY:
        push_deploy(b, x, push);
        break;
    case RCA_SIM_FAULT_OUTAGE:
        push->service[b->service].down += x < 1 ? x : 1;
        break;
    case RCA_SIM_FAULT_CONFIG:
        push->service[b->service].hurry += 1 - 1 / (1 + 40 * x);
        break;
    default:
        break;
    }
}

void rca_sim_blow_push(const struct rca_sim_blow *blow,
                       const struct rca_sim_world *w, size_t row,
                       struct rca_sim_push *push)
{
    const double x = blow->size * level(blow, row);

    if (blow->on_host)
        push_host(blow, x, push);
    else
        push_service(blow, w, x, push);
}

struct rca_sim_herring rca_sim_herring_draw(const struct rca_sim_world *w,
                                            size_t from, size_t longest,
                                            _Bool harmless,
                                            struct rca_sim_random *r)
{
    struct rca_sim_herring h = {.from = from};
    const size_t kind = rca_sim_random_below(r, harmless ? 2 : 4);

    h.kind = kind == 0   ? RCA_SIM_SWELL
             : kind == 1 ? RCA_SIM_BATCH
             : kind == 2 ? RCA_SIM_BUSY
                         : RCA_SIM_DRAG;
    h.service = (uint32_t)rca_sim_random_below(r, w->n_services);
    if (h.kind == RCA_SIM_BATCH)
        h.service = (uint32_t)(w->n_services - 1 -
                               rca_sim_random_below(r, w->n_batches));
    h.to = from + 1 + rca_sim_random_below(r, longest);
    h.size = rca_sim_random_scale(r, 0.03, 0.5);
    return h;
}

void rca_sim_herring_push(const struct rca_sim_herring *h,
                          const struct rca_sim_world *w, size_t row,
                          struct rca_sim_push *push)
{
    const struct rca_sim_service *s = &w->service[h->service];

    if (row < h->from || row >= h->to)
        return;
    if (h->kind == RCA_SIM_SWELL)
        push->service[h->service].memory += h->size * s->memory;
    else if (h->kind == RCA_SIM_DRAG)
        push->service[h->service].slow += 2 * h->size;
    else
        push->service[h->service].cpu += 0.6 * h->size * s->limit;
}
