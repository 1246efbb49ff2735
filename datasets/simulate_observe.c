/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/simulate_observe.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FEW 0.7 /* requests in a row: below, there is no latency */

struct drawing {
    const struct rca_sim_plan *plan;
    struct rca_sim_random *r;
    struct rca_sim_columns *columns;
    uint32_t entity;
    size_t n; /* columns of this entity */
};

static int add(struct drawing *d, const struct rca_sim_column *column,
               const char *name)
{
    struct rca_sim_columns *all = d->columns;
    struct rca_sim_column *grown =
        rca_grow(all->list, all->n, &all->cap, sizeof(*grown));
    struct rca_sim_column *c;

    if (!grown)
        return -ENOMEM;
    all->list = grown;
    c = &all->list[all->n++];
    *c = *column;
    c->entity = d->entity;
    c->seed = rca_sim_random_next(d->r);
    (void)snprintf(c->name, sizeof(c->name), "%s", name);
    d->n++;
    return 0;
}

static uint64_t quantities(const struct rca_sim_plan *p, enum rca_kind kind)
{
    const uint64_t interfaces =
        RCA_SIM_BIT(RCA_SIM_Q_IN_RATE) | RCA_SIM_BIT(RCA_SIM_Q_OUT_RATE) |
        RCA_SIM_BIT(RCA_SIM_Q_IN_PACKETS) | RCA_SIM_BIT(RCA_SIM_Q_OUT_PACKETS) |
        RCA_SIM_BIT(RCA_SIM_Q_IN_ERRORS) | RCA_SIM_BIT(RCA_SIM_Q_OUT_DROPS);
    const uint64_t routers = RCA_SIM_BIT(RCA_SIM_Q_CPU_SHARE) |
                             RCA_SIM_BIT(RCA_SIM_Q_ROUTES) |
                             RCA_SIM_BIT(RCA_SIM_Q_NO_ROUTE);

    if (kind == RCA_KIND_NIC)
        return interfaces;
    if (kind == RCA_KIND_HOST)
        return p->o.style == RCA_SIM_STYLE_NET ? routers : p->of_hosts;
    if (kind == RCA_KIND_CGROUP)
        return p->of_pods;
    return kind == RCA_KIND_CLIENT ? p->of_clients : p->of_services;
}

static int add_measured(struct drawing *d, enum rca_kind kind)
{
    const uint64_t set = quantities(d->plan, kind);
    const size_t most = d->plan->o.metrics;
    int err = 0;

    for (unsigned i = 0; i < RCA_SIM_Q_COUNT && !err; i++) {
        const enum rca_sim_quantity q = (enum rca_sim_quantity)i;
        const struct rca_sim_spelling *s =
            rca_sim_name_metric(kind, q, d->plan->convention);
        const struct rca_sim_column column = {.quantity = q,
                                              .unit = s ? s->unit : 0};
        const _Bool lost = rca_sim_random_chance(d->r, d->plan->missing);

        if ((set >> i & 1) && s && !lost && (!most || d->n < most))
            err = add(d, &column, s->name);
    }
    return err;
}

static int add_idle(struct drawing *d)
{
    const double want = d->plan->idle * rca_sim_random_range(d->r, 0.5, 1.5);
    const size_t n = (size_t)want + d->plan->o.idle;
    const size_t first = rca_sim_random_below(d->r, 20);
    int err = 0;

    for (size_t i = 0; i < n && !err && !d->plan->o.metrics; i++) {
        struct rca_sim_column c = {.kind = RCA_SIM_IDLE};
        char name[RCA_SIM_NAME];

        c.level = rca_sim_random_scale(d->r, 0.01, 1e6);
        c.pace = rca_sim_random_scale(d->r, 1e-3, 0.2);
        rca_sim_name_idle(first + i, name);
        err = add(d, &c, name);
    }
    return err;
}

/* a column that says what another says already, or nothing at all */
static int add_useless(struct drawing *d, double copies, double constants)
{
    struct rca_sim_column copy = {.kind = RCA_SIM_COPY};
    struct rca_sim_column constant = {.kind = RCA_SIM_CONSTANT};
    const size_t own = d->n;
    char name[RCA_SIM_NAME + 8];
    int err = 0;

    if (own && rca_sim_random_chance(d->r, copies)) {
        const size_t of = d->columns->n - 1 - rca_sim_random_below(d->r, own);

        copy.of = (uint32_t)of;
        (void)snprintf(name, sizeof(name), "%s_raw", d->columns->list[of].name);
        err = add(d, &copy, name);
    }
    if (!err && own && rca_sim_random_chance(d->r, constants)) {
        constant.level = (double)(1 + rca_sim_random_below(d->r, 8));
        err = add(d, &constant, "replicas");
    }
    return err;
}

struct order {
    const struct rca_sim_entity *of;
};

static int by_place(const void *a, const void *b, void *arg)
{
    const struct rca_sim_entity *entities = ((const struct order *)arg)->of;
    const struct rca_sim_column *x = a, *y = b;
    const int order =
        strcmp(entities[x->entity].name, entities[y->entity].name);

    return order ? order : strcmp(x->name, y->name);
}

/* sorting moves what copies point to: their seeds find them again */
static int sort(struct rca_sim_columns *all,
                const struct rca_sim_entity *entities)
{
    struct rca_sim_column *old RCA_CLEANUP(rca_freep) = NULL;
    struct order order = {entities};

    if (!all->n)
        return 0;
    old = malloc(all->n * sizeof(*old));
    if (!old)
        return -ENOMEM;
    memcpy(old, all->list, all->n * sizeof(*old));
    qsort_r(all->list, all->n, sizeof(*all->list), by_place, &order);
    for (size_t i = 0; i < all->n; i++) {
        struct rca_sim_column *c = &all->list[i];
        const uint64_t seed = old[c->of].seed;
        size_t at = 0;

        while (c->kind == RCA_SIM_COPY && all->list[at].seed != seed)
            at++;
        c->of = (uint32_t)at;
    }
    return 0;
}

int rca_sim_columns_draw(const struct rca_sim_plan *plan,
                         const struct rca_sim_entity *entities, size_t n,
                         uint32_t hidden, struct rca_sim_random *r,
                         struct rca_sim_columns *ret)
{
    struct rca_sim_columns all RCA_CLEANUP(rca_sim_columns_done) = {0};
    struct drawing d = {.plan = plan, .r = r, .columns = &all};
    const double least = 1.0 / (double)(n + 1);
    const double copies = plan->copies + least * (double)plan->o.copies;
    const double constants =
        plan->constants + least * (double)plan->o.constants;
    int err = 0;

    for (size_t e = 0; e < n && !err; e++) {
        d.entity = (uint32_t)e;
        d.n = 0;
        if (e == hidden || entities[e].whole == hidden)
            continue;
        err = add_measured(&d, entities[e].kind);
        if (d.n && !err)
            err = add_useless(&d, copies, constants);
        if (d.n && !err)
            err = add_idle(&d);
    }
    err = err ? err : sort(&all, entities);
    if (err)
        return err;
    *ret = all;
    all = (struct rca_sim_columns){0};
    return 0;
}

void rca_sim_columns_done(struct rca_sim_columns *columns)
{
    free(columns->list);
    *columns = (struct rca_sim_columns){0};
}

/* events that were counted: Poisson's spread */
static double counted(double rate, double step, double z)
{
    const double n = rate * step + sqrt(rate * step) * z;

    return n > 0 ? floor(n + 0.5) / step : 0;
}

static double failed(double part, double requests, double z)
{
    const double sd = sqrt(part * (1 - part) * requests);
    double n = floor(part * requests + sd * z + 0.5);

    if (requests < FEW)
        return NAN;
    n = n < 0 ? 0 : n > requests ? requests : n;
    return n / requests;
}

/* a quantile of few requests is worth little, a high one less */
static double timed(double value, double spread, double requests, double z)
{
    const double error = spread / sqrt(requests + 1);

    if (requests < FEW)
        return NAN;
    return value * rca_sim_exp(z * (error < 0.5 ? error : 0.5));
}

static double see(enum rca_sim_quantity quantity, double value, double load,
                  const struct rca_sim_look *look, double z)
{
    const double step = (double)look->plan->o.step;
    const double requests = load * step;

    switch ((int)quantity) {
    case RCA_SIM_Q_LOAD:
    case RCA_SIM_Q_ERROR_RATE:
    case RCA_SIM_Q_RETRIES:
    case RCA_SIM_Q_RETRANSMITS:
    case RCA_SIM_Q_IN_ERRORS:
    case RCA_SIM_Q_OUT_DROPS:
    case RCA_SIM_Q_NO_ROUTE:
        return counted(value, step, z);
    case RCA_SIM_Q_ERRORS:
        return failed(value, requests, z);
    case RCA_SIM_Q_AVAILABILITY:
        return 1 - failed(1 - value, requests, z);
    case RCA_SIM_Q_LATENCY:
        return timed(value, 0.9, requests, z);
    case RCA_SIM_Q_LATENCY_P50:
        return timed(value, 0.7, requests, z);
    case RCA_SIM_Q_LATENCY_P90:
    case RCA_SIM_Q_CLIENT_P90:
        return timed(value, 1.3, requests, z);
    case RCA_SIM_Q_LATENCY_P95:
        return timed(value, 1.8, requests, z);
    case RCA_SIM_Q_LATENCY_P99:
    case RCA_SIM_Q_CLIENT_P99:
        return timed(value, 3, requests, z);
    case RCA_SIM_Q_ROUTES:
        return value;
    default:
        return value * (1 + 0.01 * z);
    }
}

double rca_sim_observe(const struct rca_sim_column *column,
                       const struct rca_sim_look *look)
{
    struct rca_sim_random r = rca_sim_random_make(column->seed, look->row + 1);
    const double *q = rca_sim_frame_of(look->frame, column->entity);
    const double own = rca_sim_random_normal(&r);
    const double scrape = rca_sim_random_normal(&r);
    const double gap = look->plan->gap + look->plan->o.gap;
    const _Bool lost = rca_sim_random_chance(&r, gap);
    const double z = 0.6 * look->common[column->entity] + 0.8 * own;
    double value;

    if (lost || isnan(q[column->quantity]))
        return NAN;
    value =
        see(column->quantity, q[column->quantity], q[RCA_SIM_Q_LOAD], look, z);
    if (column->quantity == RCA_SIM_Q_ROUTES ||
        column->quantity == RCA_SIM_Q_ERRORS ||
        column->quantity == RCA_SIM_Q_AVAILABILITY)
        return value * column->unit;
    return value * column->unit * (1 + look->plan->scrape * scrape);
}

double rca_sim_wander(struct rca_sim_column *column, size_t row)
{
    struct rca_sim_random r = rca_sim_random_make(column->seed, row + 1);
    const double z = rca_sim_random_normal(&r);
    const double jump = rca_sim_random_normal(&r);
    const _Bool jumps = rca_sim_random_chance(&r, 0.001);

    if (column->kind == RCA_SIM_CONSTANT)
        return column->level;
    if (row == 0)
        column->walk = 0;
    column->walk = 0.97 * column->walk + column->pace * z / 3;
    if (jumps)
        column->walk += 5 * column->pace * jump;
    return column->level * rca_sim_exp(column->walk);
}
