/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/simulate_net.h"

#include <math.h>
#include <string.h>

#define ROUTES 400.0
#define BACK_OFF 0.9 /* of a flow that meets a hole: its senders give up */

static size_t routers(const struct rca_sim_net *net)
{
    return net->leaves + net->spines;
}

size_t rca_sim_net_entities(const struct rca_sim_net *net)
{
    return routers(net) + net->leaves * net->ports +
           2 * net->leaves * net->spines * net->lanes;
}

uint32_t rca_sim_net_port(const struct rca_sim_net *net, size_t leaf,
                          size_t port)
{
    return (uint32_t)(routers(net) + leaf * net->ports + port);
}

uint32_t rca_sim_net_end(const struct rca_sim_net *net, size_t leaf,
                         size_t spine, size_t lane, _Bool at_spine)
{
    const size_t link = (leaf * net->spines + spine) * net->lanes + lane;

    return (uint32_t)(routers(net) + net->leaves * net->ports + 2 * link +
                      at_spine);
}

void rca_sim_net_make(struct rca_sim_net *net, size_t n, double rough,
                      struct rca_sim_random *r)
{
    const double scale = rca_sim_random_scale(r, 1e6, 1e9);

    memset(net, 0, sizeof(*net));
    net->spines = 2 + rca_sim_random_below(r, n > 8 ? 3 : 2);
    net->leaves =
        n - net->spines < RCA_SIM_LEAVES ? n - net->spines : RCA_SIM_LEAVES;
    net->lanes = 1 + rca_sim_random_below(r, RCA_SIM_LANES);
    net->ports = 2 + rca_sim_random_below(r, RCA_SIM_PORTS - 1);
    net->rough = rough / 2;
    net->keep = rca_sim_random_range(r, 0.2, 0.95);
    net->packet = rca_sim_random_range(r, 300, 1300);
    net->period = rca_sim_random_scale(r, 40, 2000);
    net->phase = rca_sim_random_unit(r);
    net->swing = rca_sim_random_range(r, 0, 0.3);
    net->capacity = scale * 20;
    for (size_t a = 0; a < net->leaves; a++) {
        double sum = 0;

        for (size_t b = 0; b < net->leaves; b++)
            net->demand[a][b] =
                a == b ? 0 : scale * rca_sim_random_scale(r, 0.05, 2);
        for (size_t p = 0; p < net->ports; p++)
            sum += net->port_part[a][p] = rca_sim_random_scale(r, 0.1, 1);
        for (size_t p = 0; p < net->ports; p++)
            net->port_part[a][p] /= sum;
    }
    for (size_t i = 0; i < routers(net); i++)
        net->cpu[i] = rca_sim_random_range(r, 0.03, 0.3);
    net->random = rca_sim_random_make(rca_sim_random_next(r), 1);
}

void rca_sim_cut_draw(const struct rca_sim_net *net, enum rca_sim_fault kind,
                      struct rca_sim_random *r, struct rca_sim_cut *ret_cut)
{
    struct rca_sim_cut c = {.kind = kind};
    const _Bool at_spine = rca_sim_random_chance(r, 0.5);

    c.leaf = (uint32_t)rca_sim_random_below(r, net->leaves);
    c.spine = (uint32_t)rca_sim_random_below(r, net->spines);
    c.lane = (uint32_t)rca_sim_random_below(r, net->lanes);
    c.router = at_spine ? (uint32_t)net->leaves + c.spine : c.leaf;
    if (kind == RCA_SIM_FAULT_BLACKHOLE)
        c.router = (uint32_t)net->leaves + c.spine;
    c.culprit = c.router;
    if (kind == RCA_SIM_FAULT_LINK_DOWN || kind == RCA_SIM_FAULT_LINK_LOSS)
        c.culprit = rca_sim_net_end(net, c.leaf, c.spine, c.lane, at_spine);
    *ret_cut = c;
}

static double level(const struct rca_sim_cut *c, size_t row)
{
    const size_t age = row - c->from;
    double part = c->size;

    if (row < c->from)
        return 0;
    if (age < c->ramp)
        part *= (double)(age + 1) / (double)(c->ramp + 1);
    if (c->flap && age % c->flap >= (c->flap + 1) / 2)
        part = 0;
    return part < 1 ? part : 1;
}

static void cut_router(struct rca_sim_net *net, size_t router, double x)
{
    for (size_t l = 0; l < net->leaves; l++) {
        for (size_t s = 0; s < net->spines; s++) {
            const _Bool mine = router == l || router == net->leaves + s;

            for (size_t k = 0; mine && k < net->lanes; k++)
                net->up[l][s][k] = 1 - x;
        }
    }
    net->dead[router] = x;
}

static void apply(struct rca_sim_net *net, const struct rca_sim_cut *c,
                  size_t row)
{
    const double x = level(c, row);
    const double edge =
        row >= c->from && row < c->from + 4 && c->size > 0 ? 0.3 : 0.05;

    if (x <= 0)
        return;
    switch ((int)c->kind) {
    case RCA_SIM_FAULT_LINK_DOWN:
        net->up[c->leaf][c->spine][c->lane] = 1 - x;
        break;
    case RCA_SIM_FAULT_LINK_LOSS:
        net->lost[c->leaf][c->spine][c->lane] = 0.3 * x;
        break;
    case RCA_SIM_FAULT_BLACKHOLE:
        net->hole[c->spine][c->leaf] = x;
        break;
    case RCA_SIM_FAULT_ROUTER_DOWN:
        cut_router(net, c->router, x);
        break;
    default:
        return;
    }
    /* the control plane of the guilty one works most, the others converge */
    for (size_t i = 0; i < routers(net); i++)
        net->alarm[i] += x * edge * (i == c->router ? 1 : 0.25);
}

static void reset(struct rca_sim_net *net)
{
    for (size_t l = 0; l < net->leaves; l++) {
        for (size_t s = 0; s < net->spines; s++) {
            for (size_t k = 0; k < net->lanes; k++) {
                net->up[l][s][k] = 1;
                net->lost[l][s][k] = 0;
            }
            net->hole[s][l] = 0;
            net->flow[l][s][0] = net->flow[l][s][1] = 0;
        }
        net->sent[l] = net->taken[l] = 0;
    }
    memset(net->dropped, 0, sizeof(net->dropped));
    memset(net->alarm, 0, sizeof(net->alarm));
    memset(net->dead, 0, sizeof(net->dead));
}

static double lanes_up(const struct rca_sim_net *net, size_t leaf, size_t spine)
{
    double sum = 0;

    for (size_t k = 0; k < net->lanes; k++)
        sum += net->up[leaf][spine][k];
    return sum;
}

static double loss(const struct rca_sim_net *net, size_t leaf, size_t spine)
{
    double sum = 0;

    for (size_t k = 0; k < net->lanes; k++)
        sum += net->lost[leaf][spine][k];
    return sum / (double)net->lanes;
}

/* traffic of one pair over one spine; flow is kept for the whole bundle */
static void carry(struct rca_sim_net *net, size_t a, size_t b, size_t s,
                  double bits)
{
    const double hole = net->hole[s][b];
    /* TCP slows down far more than what is lost: Mathis et al., CCR 1997 */
    const double lost = loss(net, a, s) + loss(net, b, s);
    const double calm = 1 / (1 + 30 * lost);
    const double up = bits * calm * (1 - BACK_OFF * hole);
    const double down = bits * calm * (1 - hole);

    net->flow[a][s][0] += up;
    net->flow[b][s][1] += down;
    net->dropped[s] += up > down ? up - down : 0;
    net->sent[a] += up;
    net->taken[b] += down;
}

static void route(struct rca_sim_net *net, size_t a, size_t b, double bits)
{
    double part[RCA_SIM_SPINES] = {0}, sum = 0;

    for (size_t s = 0; s < net->spines; s++) {
        const double first = lanes_up(net, a, s), second = lanes_up(net, b, s);

        part[s] = first < second ? first : second;
        sum += part[s];
    }
    for (size_t s = 0; sum > 0 && s < net->spines; s++)
        carry(net, a, b, s, bits * part[s] / sum);
}

void rca_sim_net_run(struct rca_sim_net *net, const struct rca_sim_cut *cut,
                     size_t row)
{
    const double day = rca_sim_wave((double)row / net->period + net->phase);
    const double fresh = sqrt(1 - net->keep * net->keep) * net->rough;

    reset(net);
    if (cut)
        apply(net, cut, row);
    for (size_t a = 0; a < net->leaves; a++) {
        for (size_t b = 0; b < net->leaves; b++) {
            const double z = rca_sim_random_normal(&net->random);

            net->noise[a][b] = net->keep * net->noise[a][b] + fresh * z;
            if (a != b)
                route(net, a, b,
                      net->demand[a][b] * (1 + net->swing * day) *
                          rca_sim_exp(net->noise[a][b]));
        }
    }
}

/* @in, @out: bits a second of the interface; @bad: part of @in that is broken */
static void show_interface(const struct rca_sim_net *net, double in, double out,
                           double bad, double *q)
{
    const double bytes = 8 * net->packet;
    const double full = out / net->capacity;

    q[RCA_SIM_Q_IN_RATE] = in + 300;
    q[RCA_SIM_Q_OUT_RATE] = out + 300;
    q[RCA_SIM_Q_IN_PACKETS] = in / bytes + 1;
    q[RCA_SIM_Q_OUT_PACKETS] = out / bytes + 1;
    q[RCA_SIM_Q_IN_ERRORS] = bad * in / bytes;
    q[RCA_SIM_Q_OUT_DROPS] = full > 0.9 ? (full - 0.9) * out / bytes : 0;
}

static void show_link(const struct rca_sim_net *net, size_t l, size_t s,
                      size_t k, struct rca_sim_frame *frame)
{
    const double all = lanes_up(net, l, s);
    const double part = all > 0 ? net->up[l][s][k] / all : 0;
    const double up = net->flow[l][s][0] * part;
    const double down = net->flow[l][s][1] * part;

    show_interface(net, down, up, 0,
                   rca_sim_frame_of(frame, rca_sim_net_end(net, l, s, k, 0)));
    show_interface(net, up, down, net->lost[l][s][k],
                   rca_sim_frame_of(frame, rca_sim_net_end(net, l, s, k, 1)));
}

static void show_router(const struct rca_sim_net *net, size_t i, double *q)
{
    double load = 0;

    for (size_t s = 0; i < net->leaves && s < net->spines; s++)
        load += net->flow[i][s][0];
    for (size_t l = 0; i >= net->leaves && l < net->leaves; l++)
        load += net->flow[l][i - net->leaves][0];
    q[RCA_SIM_Q_CPU_SHARE] =
        net->cpu[i] + net->alarm[i] + 0.02 * load / net->capacity;
    q[RCA_SIM_Q_ROUTES] = ROUTES - floor(40 * net->alarm[i]);
    q[RCA_SIM_Q_NO_ROUTE] =
        i < net->leaves ? 0 : net->dropped[i - net->leaves] / net->packet / 8;
}

/* a router that is down says nothing */
static void silence(const struct rca_sim_net *net, struct rca_sim_frame *frame,
                    size_t router)
{
    double *q = rca_sim_frame_of(frame, router);

    for (size_t i = 0; i < RCA_SIM_Q_COUNT; i++)
        q[i] = NAN;
    for (size_t p = 0; router < net->leaves && p < net->ports; p++) {
        q = rca_sim_frame_of(frame, rca_sim_net_port(net, router, p));
        for (size_t i = 0; i < RCA_SIM_Q_COUNT; i++)
            q[i] = NAN;
    }
}

void rca_sim_net_show(const struct rca_sim_net *net,
                      struct rca_sim_frame *frame)
{
    for (size_t i = 0; i < frame->n * RCA_SIM_Q_COUNT; i++)
        frame->q[i] = NAN;
    for (size_t i = 0; i < routers(net); i++)
        show_router(net, i, rca_sim_frame_of(frame, i));
    for (size_t l = 0; l < net->leaves; l++) {
        for (size_t p = 0; p < net->ports; p++)
            show_interface(
                net, net->sent[l] * net->port_part[l][p],
                net->taken[l] * net->port_part[l][p], 0,
                rca_sim_frame_of(frame, rca_sim_net_port(net, l, p)));
        for (size_t s = 0; s < net->spines; s++) {
            for (size_t k = 0; k < net->lanes; k++)
                show_link(net, l, s, k, frame);
        }
    }
    for (size_t i = 0; i < routers(net); i++) {
        if (net->dead[i] > 0.9)
            silence(net, frame, i);
    }
}
