/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The habits are ranges and odds, not averages of any one system: what is
 * learned from simulated cases must hold for systems that nobody has seen.
 */

#include "datasets/simulate_plan.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define BIT(q) RCA_SIM_BIT(RCA_SIM_Q_##q)
#define TIMES                                                                  \
    (BIT(LATENCY) | BIT(LATENCY_P50) | BIT(LATENCY_P90) | BIT(LATENCY_P95) |   \
     BIT(LATENCY_P99))
#define TRACED                                                                 \
    (TIMES | BIT(LOAD) | BIT(ERRORS) | BIT(AVAILABILITY) | BIT(ERROR_RATE) |   \
     BIT(RETRIES))
#define USED                                                                   \
    (BIT(CPU) | BIT(CPU_SHARE) | BIT(THROTTLED) | BIT(MEMORY) |                \
     BIT(MEMORY_SHARE) | BIT(RX) | BIT(TX) | BIT(RETRANSMITS) |                \
     BIT(DISK_READ) | BIT(DISK_WRITE) | BIT(COLLECTION) | BIT(RESTARTS))
#define COUNTED (BIT(SOCKETS) | BIT(THREADS) | BIT(QUEUE))
#define PLACED (BIT(HOST_CPU) | BIT(HOST_MEMORY))
#define CALLED (BIT(CLIENT_P90) | BIT(CLIENT_P99))
#define HOSTED                                                                 \
    (BIT(CPU_SHARE) | BIT(LOAD1) | BIT(MEMORY) | BIT(MEMORY_SHARE) |           \
     BIT(DISK_BUSY) | BIT(DISK_WAIT) | BIT(DISK_READ) | BIT(DISK_WRITE) |      \
     BIT(RX) | BIT(TX) | BIT(RETRANSMITS))

#define CELLS_MAX 160000 /* of a drawn case */

#define REQUESTS_MIN 60.0 /* in a row */

struct range {
    double low, high;
};

static const struct style {
    const char *name;
    uint16_t steps[4]; /* s */
    struct range normal, incident, services, hosts, pods, rate;
    unsigned conventions;
    uint64_t of_services, of_pods, of_hosts;
    double clients; /* how often they are seen */
    double graph[RCA_SIM_GRAPH_COUNT], victim[RCA_SIM_VICTIM_COUNT]; /* odds */
} styles[] = {
    [RCA_SIM_STYLE_TRACE] =
        {
            .name = "sim-trace",
            .steps = {10, 60, 60, 300},
            .normal = {60, 600},
            .incident = {3, 30},
            .services = {6, 50},
            .hosts = {2, 8},
            .pods = {1, 2},
            .rate = {0.3, 300},
            .conventions = 0x3b,
            .of_services = TRACED,
            .clients = 0.4,
            .graph = {0, 5, 0, 0, 2, 3},
            .victim = {0, 9, 0, 1, 0},
        },
    [RCA_SIM_STYLE_RESOURCES] =
        {
            .name = "sim-resources",
            .steps = {15, 30, 60, 60},
            .normal = {40, 300},
            .incident = {3, 20},
            .services = {6, 50},
            .hosts = {2, 8},
            .pods = {1, 1},
            .rate = {2, 200},
            .conventions = 0x4d,
            .of_services = USED | PLACED | CALLED | COUNTED | BIT(LOAD) |
                           BIT(LATENCY_P90) | BIT(LATENCY_P99),
            .clients = 0,
            .graph = {0, 5, 1, 1, 1, 2},
            .victim = {0, 2, 6, 0, 2},
        },
    [RCA_SIM_STYLE_K8S] =
        {
            .name = "sim-k8s",
            .steps = {10, 15, 30, 60},
            .normal = {60, 500},
            .incident = {6, 60},
            .services = {5, 30},
            .hosts = {2, 10},
            .pods = {1, 3},
            .rate = {2, 1000},
            .conventions = 0x2e,
            .of_services = TRACED | BIT(QUEUE) | BIT(THREADS),
            .of_pods = USED,
            .of_hosts = HOSTED,
            .clients = 0.3,
            .graph = {0, 6, 0, 1, 1, 2},
            .victim = {0, 6, 1, 1, 2},
        },
    [RCA_SIM_STYLE_NOGRAPH] =
        {
            .name = "sim-nograph",
            .steps = {1, 1, 1, 5},
            .normal = {100, 720},
            .incident = {40, 500},
            .services = {5, 45},
            .hosts = {2, 8},
            .pods = {1, 1},
            .rate = {5, 500},
            .conventions = 0x0f,
            .of_services = TRACED | USED | COUNTED,
            .clients = 0,
            .graph = {0, 0, 1, 0, 0, 0},
            .victim = {0, 2, 0, 2, 6},
        },
    [RCA_SIM_STYLE_HOSTS] =
        {
            .name = "sim-hosts",
            .steps = {5, 10, 60, 300},
            .normal = {30, 300},
            .incident = {3, 40},
            .services = {5, 14},
            .hosts = {5, 24},
            .pods = {2, 4},
            .rate = {5, 500},
            .conventions = 0x7f,
            .of_services = TRACED | BIT(CPU),
            .of_hosts = HOSTED,
            .clients = 0.2,
            .graph = {0, 3, 1, 5, 1, 1},
            .victim = {0, 5, 0, 1, 4},
        },
    [RCA_SIM_STYLE_NET] =
        {
            .name = "sim-net",
            .steps = {10, 10, 30, 60},
            .normal = {20, 200},
            .incident = {4, 40},
            .services = {5, 12}, /* routers */
            .conventions = 0x7f,
            .graph = {0, 7, 0, 1, 1, 1},
            .victim = {0, 0, 0, 0, 1},
        },
    [RCA_SIM_STYLE_MIXED] =
        {
            .name = "sim-mixed",
            .steps = {1, 5, 30, 60},
            .normal = {20, 1500},
            .incident = {3, 300},
            .services = {5, 60},
            .hosts = {2, 16},
            .pods = {1, 2},
            .rate = {0.5, 2000},
            .conventions = 0x7f,
            .of_services = TRACED | USED | COUNTED | CALLED | PLACED,
            .of_pods = USED,
            .of_hosts = HOSTED,
            .clients = 0.3,
            .graph = {0, 2, 1, 2, 3, 2},
            .victim = {0, 4, 2, 2, 2},
        },
};
static_assert(RCA_ARRAY_SIZE(styles) == RCA_SIM_STYLE_COUNT, "one each");

static const char *const fault_names[RCA_SIM_FAULT_COUNT + 1] = {
    "none",        "cpu-hog",    "noisy-neighbour",
    "memory-leak", "disk",       "network-delay",
    "packet-loss", "code-error", "slow-code",
    "lock",        "load-surge", "deploy",
    "outage",      "bad-config", "link-down",
    "link-loss",   "blackhole",  "router-down",
    NULL,
};

const char *rca_sim_style_name(enum rca_sim_style style)
{
    return styles[style].name;
}

const char *rca_sim_fault_name(enum rca_sim_fault fault)
{
    return fault_names[fault];
}

const char *const *rca_sim_fault_names(void)
{
    return fault_names;
}

const char *const *rca_sim_style_names(void)
{
    static const char *const names[RCA_SIM_STYLE_COUNT + 1] = {
        "sim-trace", "sim-resources", "sim-k8s",   "sim-nograph",
        "sim-hosts", "sim-net",       "sim-mixed", NULL,
    };

    return names;
}

_Bool rca_sim_can(enum rca_sim_style style, enum rca_sim_fault fault)
{
    const _Bool net = fault >= RCA_SIM_FAULT_LINK_DOWN;

    if (fault == RCA_SIM_FAULT_NONE)
        return 1;
    if (net != (style == RCA_SIM_STYLE_NET) || fault >= RCA_SIM_FAULT_COUNT)
        return 0;
    if (fault == RCA_SIM_FAULT_DEPLOY)
        return styles[style].of_pods != 0;
    return fault != RCA_SIM_FAULT_NEIGHBOUR ||
           (styles[style].of_services & BIT(CPU)) || styles[style].of_pods;
}

static double in(const struct range *range, struct rca_sim_random *r)
{
    return range->low > 0 ? rca_sim_random_scale(r, range->low, range->high)
                          : 0;
}

static size_t whole(const struct range *range, struct rca_sim_random *r)
{
    return (size_t)(in(range, r) + 0.5);
}

static size_t by_odds(const double *odds, size_t n, struct rca_sim_random *r)
{
    double sum = 0, at;

    for (size_t i = 0; i < n; i++)
        sum += odds[i];
    at = rca_sim_random_unit(r) * sum;
    for (size_t i = 0; i < n; i++) {
        at -= odds[i];
        if (at < 0)
            return i;
    }
    return n - 1;
}

/* each quantity is there or not in the whole system */
static uint64_t some_of(uint64_t set, double part, struct rca_sim_random *r)
{
    uint64_t some = 0;

    for (unsigned q = 0; q < RCA_SIM_Q_COUNT; q++) {
        if (rca_sim_random_chance(r, part))
            some |= set & RCA_SIM_BIT(q);
    }
    return some;
}

static enum rca_sim_convention draw_convention(unsigned allowed,
                                               struct rca_sim_random *r)
{
    for (int i = 0; i < 100; i++) {
        const size_t c = rca_sim_random_below(r, RCA_SIM_CONVENTION_COUNT);

        if (allowed >> c & 1)
            return (enum rca_sim_convention)c;
    }
    return RCA_SIM_PLAIN;
}

static enum rca_sim_fault draw_fault(enum rca_sim_style style,
                                     struct rca_sim_random *r)
{
    double odds[RCA_SIM_FAULT_COUNT];

    for (unsigned f = 0; f < RCA_SIM_FAULT_COUNT; f++)
        odds[f] = rca_sim_can(style, (enum rca_sim_fault)f);
    return (enum rca_sim_fault)by_odds(odds, RCA_SIM_FAULT_COUNT, r);
}

static enum rca_sim_style draw_style(const struct rca_sim_options *o,
                                     struct rca_sim_random *r)
{
    double odds[RCA_SIM_STYLE_COUNT];

    for (unsigned s = 0; s < RCA_SIM_STYLE_COUNT; s++)
        odds[s] = o->fault == RCA_SIM_FAULT_COUNT ||
                  rca_sim_can((enum rca_sim_style)s, o->fault);
    return (enum rca_sim_style)by_odds(odds, RCA_SIM_STYLE_COUNT, r);
}

/* the options, and what they leave open */
static void fill_options(struct rca_sim_plan *p, const struct style *s,
                         struct rca_sim_random *r)
{
    struct rca_sim_options *o = &p->o;
    const enum rca_sim_fault second = draw_fault(o->style, r);
    const _Bool two = rca_sim_random_chance(r, 1.0 / 12);
    const size_t graph = by_odds(s->graph, RCA_SIM_GRAPH_COUNT, r);
    const size_t victim = by_odds(s->victim, RCA_SIM_VICTIM_COUNT, r);
    const size_t services = whole(&s->services, r);
    const size_t step = s->steps[rca_sim_random_below(r, 4)];
    const size_t normal = whole(&s->normal, r);
    const size_t incident = whole(&s->incident, r);
    static const double effects[] = {1, 3, 10, 60};
    const size_t size = rca_sim_random_below(r, 5) / 2; /* few are large */
    const double effect =
        rca_sim_random_scale(r, effects[size], effects[size + 1]);

    if (o->second == RCA_SIM_FAULT_COUNT)
        o->second = two && o->fault && o->style != RCA_SIM_STYLE_NET
                        ? second
                        : RCA_SIM_FAULT_NONE;
    o->graph = o->graph ? o->graph : (enum rca_sim_graph)graph;
    o->victim = o->victim ? o->victim : (enum rca_sim_victim)victim;
    o->services = o->services ? o->services : services;
    o->step = o->step ? o->step : step;
    o->normal = o->normal ? o->normal : normal;
    o->incident = o->incident ? o->incident : incident;
    o->effect = o->effect > 0 ? o->effect : effect;
}

static void draw_seen(struct rca_sim_plan *p, const struct style *s,
                      struct rca_sim_random *r)
{
    p->convention = draw_convention(s->conventions, r);
    p->namer = rca_sim_namer_draw(r);
    p->of_services =
        some_of(s->of_services, rca_sim_random_range(r, 0.4, 1), r);
    p->of_services |= s->of_services & (BIT(LATENCY_P90) | BIT(LATENCY));
    p->of_pods = some_of(s->of_pods, rca_sim_random_range(r, 0.5, 1), r);
    p->of_pods |= s->of_pods & (BIT(CPU) | BIT(MEMORY));
    p->of_hosts = some_of(s->of_hosts, rca_sim_random_range(r, 0.5, 1), r);
    p->of_clients =
        rca_sim_random_chance(r, s->clients)
            ? BIT(LOAD) | BIT(LATENCY) | BIT(LATENCY_P90) | BIT(ERRORS)
            : 0;
    if (p->o.style == RCA_SIM_STYLE_MIXED) {
        if (rca_sim_random_chance(r, 0.5) && p->o.fault != RCA_SIM_FAULT_DEPLOY)
            p->of_pods = 0;
        if (rca_sim_random_chance(r, 0.4))
            p->of_hosts = 0;
    }
}

static void draw_errors(struct rca_sim_plan *p, struct rca_sim_random *r)
{
    const _Bool rich = p->o.style == RCA_SIM_STYLE_NOGRAPH ||
                       p->o.style == RCA_SIM_STYLE_MIXED ||
                       p->o.style == RCA_SIM_STYLE_RESOURCES;

    p->scrape = rca_sim_random_scale(r, 0.0005, 0.05);
    p->missing = rca_sim_random_range(r, 0, 0.06);
    p->odd = p->o.no_herrings ? 0 : rca_sim_random_range(r, 0, 0.05);
    p->gap =
        rca_sim_random_chance(r, 0.6) ? 0 : rca_sim_random_scale(r, 0.001, 0.1);
    p->copies = rca_sim_random_chance(r, 0.5) ? 0 : 0.08;
    p->constants = rca_sim_random_chance(r, 0.5) ? 0 : 0.08;
    p->idle = rich ? rca_sim_random_range(r, 0, 2) : 0;
    p->herrings = p->o.no_herrings ? 0 : rca_sim_random_below(r, 5);
    p->rough = rca_sim_random_scale(r, 0.02, 0.2);
    p->hide =
        rca_sim_random_chance(r, p->o.style == RCA_SIM_STYLE_NET ? 0.15 : 0.03);
}

/* the start of an incident is known badly */
static void draw_course(struct rca_sim_plan *p, struct rca_sim_random *r)
{
    const double length = (double)p->o.incident;
    const double u = rca_sim_random_unit(r);
    const double part = rca_sim_random_unit(r);
    const size_t ramp = rca_sim_random_below(r, 1 + p->o.incident / 3);
    const size_t flap = 4 + rca_sim_random_below(r, 12);

    if (u < 0.25)
        p->late = (long)(0.25 * part * length);
    else if (u < 0.4)
        p->late = -(long)(0.1 * part * length + part * 1.9);
    p->ramp = rca_sim_random_chance(r, 0.5) ? ramp : 0;
    p->flap = rca_sim_random_chance(r, 0.1) && p->o.incident > 20 ? flap : 0;
    p->victim_effect =
        rca_sim_random_chance(r, 0.85) ? rca_sim_random_scale(r, 1, 5) : 0.5;
}

static unsigned bits(uint64_t set)
{
    return (unsigned)__builtin_popcountll(set);
}

/* a long window of a large system would only take room */
static void limit_cells(struct rca_sim_plan *p, _Bool rows_given)
{
    const size_t n = p->o.services;
    const size_t columns =
        n * (size_t)(bits(p->of_services) + p->idle) * 2 / 3 +
        (size_t)((double)n * p->pods) * bits(p->of_pods) * 2 / 3 +
        p->hosts * bits(p->of_hosts) * 2 / 3 + 1;
    const size_t most = CELLS_MAX / columns;

    if (rows_given || p->o.style == RCA_SIM_STYLE_NET)
        return;
    if (p->o.incident > most / 3 && most / 3 >= 3)
        p->o.incident = most / 3;
    if (p->o.normal > most * 2 / 3)
        p->o.normal = most * 2 / 3 > 20 ? most * 2 / 3 : 20;
}

static _Bool is_sane(const struct rca_sim_options *o)
{
    return o->style < RCA_SIM_STYLE_COUNT && o->fault < RCA_SIM_FAULT_COUNT &&
           o->second < RCA_SIM_FAULT_COUNT && o->graph < RCA_SIM_GRAPH_COUNT &&
           o->victim < RCA_SIM_VICTIM_COUNT && o->services >= 5 &&
           o->services <= 60 && o->normal >= 5 && o->incident >= 1 &&
           o->normal <= 100000 && o->incident <= 100000 && o->step >= 1 &&
           o->step <= 86400 && o->gap >= 0 && o->gap < 1 && o->idle <= 1000 &&
           rca_sim_can(o->style, o->fault) && rca_sim_can(o->style, o->second);
}

void rca_sim_plan_choose(struct rca_sim_options *options,
                         struct rca_sim_random *r)
{
    if (options->style == RCA_SIM_STYLE_COUNT)
        options->style = draw_style(options, r);
    if (options->style < RCA_SIM_STYLE_COUNT &&
        options->fault == RCA_SIM_FAULT_COUNT)
        options->fault = draw_fault(options->style, r);
}

int rca_sim_plan_draw(const struct rca_sim_options *options,
                      struct rca_sim_random *r, struct rca_sim_plan *ret_plan)
{
    struct rca_sim_plan p = {.o = *options};
    const struct style *s;

    if (p.o.style >= RCA_SIM_STYLE_COUNT)
        return -EINVAL;
    s = &styles[p.o.style];
    fill_options(&p, s, r);
    if (!is_sane(&p.o))
        return -EINVAL;
    p.hosts = whole(&s->hosts, r);
    p.pods = in(&s->pods, r);
    p.rate = fmax(in(&s->rate, r), REQUESTS_MIN / (double)p.o.step);
    draw_seen(&p, s, r);
    draw_errors(&p, r);
    limit_cells(&p, options->normal || options->incident);
    draw_course(&p, r);
    *ret_plan = p;
    return 0;
}
