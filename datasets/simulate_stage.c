/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/simulate_stage.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static _Bool is_net(const struct rca_sim_stage *s)
{
    return s->plan.o.style == RCA_SIM_STYLE_NET;
}

static int add_edge(struct rca_sim_stage *s, uint32_t from, uint32_t to,
                    enum rca_edge_kind kind)
{
    struct rca_sim_edge *grown =
        rca_grow(s->edges, s->n_edges, &s->cap_edges, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    s->edges = grown;
    s->edges[s->n_edges++] = (struct rca_sim_edge){from, to, kind};
    return 0;
}

static struct rca_sim_entity *entity(struct rca_sim_stage *s, size_t i,
                                     enum rca_kind kind, size_t whole)
{
    struct rca_sim_entity *e = &s->entities[i];

    e->kind = kind;
    e->whole = (uint32_t)whole;
    e->place = UINT32_MAX;
    return e;
}

static void name_world(struct rca_sim_stage *s, struct rca_sim_random *r)
{
    const struct rca_sim_world *w = &s->world;
    const struct rca_sim_namer *n = &s->plan.namer;

    for (size_t i = 0; i < w->n_services; i++)
        rca_sim_name_service(n, i, entity(s, i, RCA_KIND_SERVICE, i)->name);
    for (size_t i = 0; i < w->n_clients; i++) {
        const uint32_t e = rca_sim_world_client(w, i);

        rca_sim_name_client(n, i, entity(s, e, RCA_KIND_CLIENT, e)->name);
    }
    for (size_t i = 0; i < w->n_hosts; i++) {
        const uint32_t e = rca_sim_world_host(w, i);

        rca_sim_name_host(n, i, entity(s, e, RCA_KIND_HOST, e)->name);
    }
    for (size_t i = 0; i < w->n_pods; i++) {
        const uint32_t of = w->pod[i].service, e = rca_sim_world_pod(w, i);
        struct rca_sim_entity *pod = entity(s, e, RCA_KIND_CGROUP, of);

        pod->place = rca_sim_world_host(w, w->pod[i].host);
        rca_sim_name_pod(n, s->entities[of].name, i, rca_sim_random_next(r),
                         pod->name);
    }
}

/* where services run is known by their pods, or, without these, at once */
static int place_world(struct rca_sim_stage *s, _Bool pods)
{
    const struct rca_sim_world *w = &s->world;
    int err = 0;

    for (size_t i = 0; i < w->n_pods && !err; i++) {
        const uint32_t of = w->pod[i].service, pod = rca_sim_world_pod(w, i);
        const uint32_t host = rca_sim_world_host(w, w->pod[i].host);

        if (!pods && !w->pod[i].spare)
            err = add_edge(s, of, host, RCA_EDGE_RUNS_ON);
        if (!pods)
            continue;
        err = add_edge(s, pod, of, RCA_EDGE_PART_OF);
        err = err ? err : add_edge(s, pod, host, RCA_EDGE_RUNS_ON);
    }
    return err;
}

static int link_world(struct rca_sim_stage *s, struct rca_sim_random *r)
{
    const struct rca_sim_world *w = &s->world;
    /* who knows of a neighbour knows where things run */
    const _Bool guests = rca_sim_random_chance(r, 0.5) ||
                         s->plan.o.fault == RCA_SIM_FAULT_NEIGHBOUR;
    const _Bool clients = rca_sim_random_chance(r, 0.2) || s->plan.of_clients;
    const _Bool hosts = s->plan.of_hosts || s->plan.of_pods ||
                        (s->plan.o.style == RCA_SIM_STYLE_RESOURCES && guests);
    int err = 0;

    for (size_t c = 0; c < w->n_calls && !err; c++)
        err = add_edge(s, w->call[c].from, w->call[c].to, RCA_EDGE_CALLS);
    for (size_t i = 0; clients && i < w->n_clients && !err; i++)
        err = add_edge(s, rca_sim_world_client(w, i), w->client[i].service,
                       RCA_EDGE_CALLS);
    if (hosts && !err)
        err = place_world(s, s->plan.of_pods != 0);
    return err;
}

static const char *layer(const struct rca_sim_stage *s, size_t router)
{
    return router < s->net.leaves ? "tor" : "agg";
}

static void name_net(struct rca_sim_stage *s)
{
    const struct rca_sim_net *net = &s->net;
    const size_t routers = net->leaves + net->spines;

    for (size_t i = 0; i < routers; i++)
        (void)snprintf(entity(s, i, RCA_KIND_HOST, i)->name, RCA_SIM_NAME,
                       "%s%zu", layer(s, i), i + 1);
    for (size_t i = routers; i < s->n_entities; i++)
        (void)entity(s, i, RCA_KIND_NIC, 0);
}

static int add_interface(struct rca_sim_stage *s, uint32_t e, size_t router,
                         size_t number)
{
    struct rca_sim_entity *nic = entity(s, e, RCA_KIND_NIC, router);

    (void)snprintf(nic->name, RCA_SIM_NAME, "%s%zu:Eth0/%zu", layer(s, router),
                   router + 1, number);
    return add_edge(s, e, (uint32_t)router, RCA_EDGE_PART_OF);
}

static int add_link(struct rca_sim_stage *s, size_t l, size_t spine, size_t k)
{
    const struct rca_sim_net *net = &s->net;
    const uint32_t a = rca_sim_net_end(net, l, spine, k, 0);
    const uint32_t b = rca_sim_net_end(net, l, spine, k, 1);
    int err = add_interface(s, a, l, net->ports + spine * net->lanes + k);

    err = err ? err
              : add_interface(s, b, net->leaves + spine, l * net->lanes + k);
    return err ? err : add_edge(s, a, b, RCA_EDGE_LINK);
}

static int link_net(struct rca_sim_stage *s)
{
    const struct rca_sim_net *net = &s->net;
    int err = 0;

    for (size_t l = 0; l < net->leaves && !err; l++) {
        for (size_t p = 0; p < net->ports && !err; p++)
            err = add_interface(s, rca_sim_net_port(net, l, p), l, p);
        for (size_t i = 0; i < net->spines * net->lanes && !err; i++)
            err = add_link(s, l, i / net->lanes, i % net->lanes);
    }
    return err;
}

static int add_entities(struct rca_sim_stage *s, struct rca_sim_random *r)
{
    s->n_entities = is_net(s) ? rca_sim_net_entities(&s->net)
                              : rca_sim_world_entities(&s->world);
    s->entities = calloc(s->n_entities, sizeof(*s->entities));
    if (!s->entities)
        return -ENOMEM;
    if (is_net(s)) {
        name_net(s);
        return link_net(s);
    }
    name_world(s, r);
    return link_world(s, r);
}

static void make_system(struct rca_sim_stage *s, struct rca_sim_random *r)
{
    const struct rca_sim_plan *p = &s->plan;
    const struct rca_sim_make make = {
        .services = p->o.services,
        .hosts = p->hosts < RCA_SIM_HOSTS ? p->hosts : RCA_SIM_HOSTS,
        .pods = p->pods,
        .rate = p->rate,
        .step = (double)p->o.step,
        .rough = p->rough,
        .cycles = p->o.cycles || rca_sim_random_chance(r, 0.3)};

    if (is_net(s))
        rca_sim_net_make(&s->net, p->o.services, p->rough, r);
    else
        rca_sim_world_make(&s->world, &make, r);
}

static _Bool draw_fate(struct rca_sim_stage *s, enum rca_sim_fault kind,
                       uint32_t avoid, struct rca_sim_random *r)
{
    const struct rca_sim_plan *p = &s->plan;
    struct rca_sim_fate *f = &s->fates[s->n_fates];
    const size_t from = p->o.normal;
    const long start = (long)from + p->late;
    const uint64_t disks =
        RCA_SIM_BIT(RCA_SIM_Q_DISK_READ) | RCA_SIM_BIT(RCA_SIM_Q_DISK_WRITE);
    const struct rca_sim_place place = {
        .busy = p->of_hosts && !((p->of_services | p->of_pods) & disks),
        .hosts = p->of_hosts != 0,
        .store = p->o.store,
        .avoid = avoid};

    *f = (struct rca_sim_fate){.culprit = UINT32_MAX};
    f->target = p->o.effect;
    if (is_net(s)) {
        rca_sim_cut_draw(&s->net, kind, r, &f->cut);
        f->culprit = f->cut.culprit;
    } else {
        if (!rca_sim_blow_draw(&s->world, kind, &place, r, &f->blow))
            return 0;
        f->culprit = f->blow.culprit;
    }
    f->blow.from = f->cut.from = start > 0 ? (size_t)start : 0;
    f->blow.ramp = f->cut.ramp = p->ramp;
    f->blow.flap = f->cut.flap = p->flap;
    f->blow.life = p->o.incident;
    s->n_fates++;
    return 1;
}

static int draw_fates(struct rca_sim_stage *s, struct rca_sim_random *r)
{
    const struct rca_sim_options *o = &s->plan.o;
    uint32_t first;

    if (o->fault && !draw_fate(s, o->fault, UINT32_MAX, r))
        return -EINVAL;
    first = s->n_fates ? s->fates[0].blow.service : UINT32_MAX;
    if (o->second && s->n_fates)
        (void)draw_fate(s, o->second, first, r);
    return 0;
}

/* some at any time, some while the fault lasts */
static void draw_herrings(struct rca_sim_stage *s, struct rca_sim_random *r)
{
    const struct rca_sim_plan *p = &s->plan;
    const size_t n = p->o.normal / 40, during = p->herrings / 2;

    if (is_net(s) || p->o.no_herrings)
        return;
    for (size_t i = 0; i < n && s->n_herrings < RCA_SIM_HERRINGS - 4; i++)
        s->herrings[s->n_herrings++] = rca_sim_herring_draw(
            &s->world, rca_sim_random_below(r, p->o.normal), 12, 0, r);
    for (size_t i = 0; i < during; i++) {
        const size_t at =
            p->o.normal + rca_sim_random_below(r, 1 + p->o.incident / 2);

        s->herrings[s->n_herrings++] =
            rca_sim_herring_draw(&s->world, at, p->o.incident, 1, r);
    }
}

/* who complains: mostly where requests come in */
static void draw_victim(struct rca_sim_stage *s, struct rca_sim_random *r)
{
    const struct rca_sim_world *w = &s->world;
    const _Bool second = rca_sim_random_chance(r, 0.2);
    const uint32_t last =
        w->client[w->n_clients ? w->n_clients - 1 : 0].service;

    s->victim = UINT32_MAX;
    if (is_net(s) || s->plan.o.victim == RCA_SIM_VICTIM_NONE)
        return;
    s->victim = second ? last : w->client[0].service;
}

int rca_sim_stage_make(const struct rca_sim_plan *plan,
                       struct rca_sim_random *r,
                       struct rca_sim_stage *ret_stage)
{
    struct rca_sim_stage *s = ret_stage;
    uint32_t hidden = UINT32_MAX;
    int err;

    memset(s, 0, sizeof(*s));
    s->plan = *plan;
    make_system(s, r);
    err = draw_fates(s, r);
    draw_herrings(s, r);
    draw_victim(s, r);
    s->seed = rca_sim_random_next(r);
    err = err ? err : add_entities(s, r);
    if (!err && plan->hide && s->n_fates && s->n_edges &&
        s->fates[0].culprit != s->victim)
        hidden = s->entities[s->fates[0].culprit].whole;
    err = err ? err
              : rca_sim_columns_draw(plan, s->entities, s->n_entities, hidden,
                                     r, &s->columns);
    if (err)
        rca_sim_stage_done(s);
    return err;
}

void rca_sim_stage_done(struct rca_sim_stage *stage)
{
    free(stage->entities);
    free(stage->edges);
    rca_sim_columns_done(&stage->columns);
    stage->entities = NULL;
    stage->edges = NULL;
}
