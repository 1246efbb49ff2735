/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/evidence.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/anomaly.h"
#include "model/attribution.h"
#include "model/gathered.h"
#include "model/nearness.h"
#include "model/symptom.h"
#include "model/together.h"

#define DAMPING 0.8
#define LOAD_STANDING 0.5
/* A strength from which a metric counts as out of the usual. */
#define UNUSUAL 1.5
/* Where the victim is known to suffer, small shifts are shifts too. */
#define RANKING_NOISE 0.1
/* A share of nothing counts as this much. */
#define SHARE_FLOOR 0.02
#define VISITS_FLOOR 1e-3
/* A callee that moves with the symptom this much explains the caller. */
#define TOGETHER_DISCOUNT 0.9
/* From this strength on, moving together counts in full. */
#define FULL_STRENGTH 2.0

/* --- members and wholes --------------------------------------------------- */

static uint32_t step_up(const struct rca_graph *g, uint32_t node)
{
    const enum rca_kind own = rca_graph_entity(g, node)->kind;
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(g, node, &n);

    for (size_t i = 0; i < n; i++) {
        const enum rca_kind whole = rca_graph_entity(g, arcs[i].node)->kind;

        if (arcs[i].kind != RCA_EDGE_PART_OF || !arcs[i].out)
            continue;
        if ((whole == RCA_KIND_SERVICE && own != RCA_KIND_CALL) ||
            (whole == RCA_KIND_HOST && own == RCA_KIND_NIC))
            return arcs[i].node;
    }
    return node;
}

uint32_t rca_whole_of(const struct rca_graph *g, uint32_t node)
{
    /* a member of a member; no more, so that a circle ends */
    return step_up(g, step_up(g, node));
}

/* --- the work space -------------------------------------------------------- */

struct work {
    const struct rca_incident *in;
    const struct rca_scene *scene;
    struct rca_anomaly *anomaly; /* owned */
    uint32_t *whole; /* by node; owned */
    struct rca_gathered *all; /* by node of the whole; owned */
    double *odd; /* by node: its own strongest; owned */
    double typical; /* mean log strength of a measured entity */
    double waiting, callers; /* sum of log strengths of latency; number */
    _Bool mapped; /* who depends on whom is known */
    _Bool shared; /* there are shares */
    double covered; /* part of the symptom's change that has a suspect */
    struct rca_evidence *e; /* under construction */
};

static uint32_t suspect_of(const struct work *k, rca_id entity)
{
    const uint32_t node = rca_graph_node(k->in->g, entity);

    return node == UINT32_MAX ? node : k->whole[node];
}

static void work_done(struct work *k)
{
    free(k->anomaly);
    free(k->whole);
    free(k->all);
    free(k->odd);
}

/* --- the strengths ----------------------------------------------------------*/

static void add_role(struct rca_gathered *s, enum rca_role role,
                     const struct rca_anomaly *a)
{
    switch (role) {
    case RCA_ROLE_USAGE:
    case RCA_ROLE_SATURATION:
        s->usage = fmax(s->usage, a->bad * a->unexplained);
        break;
    case RCA_ROLE_ERROR:
        s->errors = fmax(s->errors, a->bad * a->strength);
        break;
    case RCA_ROLE_LATENCY:
        s->latency = fmax(s->latency, a->bad * a->strength);
        break;
    case RCA_ROLE_LOAD:
        s->load = fmax(s->load, a->unexplained);
        break;
    case RCA_ROLE_OTHER:
    case RCA_ROLE_COUNT:
        break;
    }
}

/* Load that changes is mostly what somebody else did. */
static double standing(const struct rca_metric *m)
{
    return m->role == RCA_ROLE_LOAD ? LOAD_STANDING : 1;
}

/* something that was the same all the time, and is not any more */
static _Bool is_state(const struct work *k, size_t v)
{
    const enum rca_role role = k->in->w->vars[v].metric.role;
    const struct rca_trait *t = &k->scene->traits[v];

    return t->known && t->spread.constant && t->strength > 1 &&
           (role == RCA_ROLE_ERROR || role == RCA_ROLE_SATURATION);
}

static void add_strengths(struct work *k)
{
    const struct rca_window *w = k->in->w;
    double measured = 0;

    for (size_t v = 0; v < w->n_vars; v++) {
        const struct rca_anomaly *a = &k->anomaly[v];
        const uint32_t own = rca_graph_node(k->in->g, w->vars[v].entity);
        const double weight = standing(&w->vars[v].metric);
        struct rca_gathered *s;

        if (own == UINT32_MAX)
            continue;
        s = &k->all[k->whole[own]];
        k->odd[own] = fmax(k->odd[own], a->unexplained * weight);
        s->states += is_state(k, v);
        s->metrics++;
        s->appeared += a->appeared;
        s->vanished += a->vanished;
        s->unusual += a->strength > UNUSUAL;
        rca_gathered_keep(s->odd, a->unexplained * weight);
        rca_gathered_keep(s->local, a->local * weight);
        add_role(s, w->vars[v].metric.role, a);
        if (s->variable == UINT32_MAX || a->unexplained > s->loudest) {
            s->variable = (uint32_t)v;
            s->loudest = a->unexplained;
        }
    }
    for (uint32_t i = 0; i < rca_graph_size(k->in->g); i++) {
        k->typical += log1p(k->odd[i]);
        measured += k->odd[i] > 0;
    }
    k->typical /= fmax(1, measured);
    for (uint32_t i = 0; i < rca_graph_size(k->in->g); i++)
        k->all[i].odd3 = rca_gathered_mean(k->all[i].odd, k->all[i].metrics);
}

/* --- the symptom -------------------------------------------------------------*/

/* the victim's metric, or its loudest one; without victim there is none */
static int find_symptom(struct work *k)
{
    struct rca_target target = {k->in->victim, k->in->metric};
    int err = 0;

    if (k->e->symptom == UINT32_MAX && k->in->victim != RCA_ID_NONE) {
        err = rca_symptom_choose(k->scene, &target, &k->e->symptom);
        target.metric = NULL;
        if (err == RCA_EUNKNOWN)
            err = rca_symptom_choose(k->scene, &target, &k->e->symptom);
    }
    if (err && err != RCA_EUNKNOWN && err != RCA_ETOOFEW)
        return err;
    if (k->e->symptom == UINT32_MAX)
        return 0;
    k->e->severity = k->anomaly[k->e->symptom].strength;
    return rca_symptom_is_normal(k->scene, k->e->symptom, &k->e->normal);
}

/* the scene with small shifts taken for shifts, too; @ret->traits is owned */
static int relax(const struct rca_scene *scene, struct rca_scene *ret,
                 _Bool really)
{
    const size_t n = scene->w->n_vars;

    *ret = *scene;
    ret->traits = malloc((n + 1) * sizeof(*ret->traits));
    if (!ret->traits)
        return -ENOMEM;
    memcpy(ret->traits, scene->traits, n * sizeof(*ret->traits));
    for (size_t v = 0; v < n && really; v++) {
        struct rca_trait *t = &ret->traits[v];

        t->noise = RANKING_NOISE * t->spread.scale;
        t->abnormal = t->known && fabs(t->shift) > t->noise;
    }
    return 0;
}

static int add_shares(struct work *k, uint64_t seed)
{
    struct rca_attribution *a RCA_CLEANUP(rca_attribution_free) = NULL;
    struct rca_scene relaxed;
    int err;

    if (k->e->symptom == UINT32_MAX || !k->mapped)
        return 0;
    k->shared = 1;
    err = relax(k->scene, &relaxed, k->e->normal);
    if (err)
        return err;
    err = rca_attribution_new(&relaxed, k->e->symptom, seed, &a);
    free(relaxed.traits);
    if (err)
        return err;
    k->covered = 1 - a->unexplained;
    for (size_t i = 0; i < a->n_culprits; i++) {
        const uint32_t node = suspect_of(k, a->culprits[i].entity);

        if (node == UINT32_MAX)
            continue;
        k->all[node].share += a->culprits[i].share;
        k->all[node].first += a->culprits[i].first;
    }
    return 0;
}

static int add_together(struct work *k)
{
    double *together RCA_CLEANUP(rca_freep) = NULL;
    uint32_t victim;
    int err;

    if (k->e->symptom == UINT32_MAX)
        return 0;
    victim = suspect_of(k, k->in->w->vars[k->e->symptom].entity);
    err = rca_together_new(k->scene, k->e->symptom, &together);
    for (size_t v = 0; v < k->in->w->n_vars && !err; v++) {
        const uint32_t node = suspect_of(k, k->in->w->vars[v].entity);
        const double full = fmin(1, k->anomaly[v].strength / FULL_STRENGTH);

        /* where nobody knows what the victim depends on, it would be its own
         * cause by definition */
        if (node != UINT32_MAX && (node != victim || k->mapped))
            k->all[node].together =
                fmax(k->all[node].together, together[v] * full);
    }
    return err;
}

static int add_visits(struct work *k)
{
    const size_t n = rca_graph_size(k->in->g);
    double *visits RCA_CLEANUP(rca_freep) = calloc(n + 1, sizeof(*visits));
    int err;

    if (!visits)
        return -ENOMEM;
    err = rca_nearness(k->in->g, k->odd,
                       rca_graph_node(k->in->g, k->in->victim), visits);
    for (uint32_t i = 0; i < n && !err; i++)
        k->all[k->whole[i]].visits += visits[i];
    return err;
}

/* --- the neighbours ----------------------------------------------------------*/

/* what the suspects around one look like */
struct around {
    double odd; /* largest ODD3 */
    double sum, n; /* of the neighbours' own strongest; their number */
    double latency, together; /* of its callees */
    _Bool calls, called; /* somebody; by somebody */
    double
        least; /* log strength of the latency of the caller that waits least */
    double waiting, callers; /* sum of these, and their number */
};

static void add_caller(struct around *a, double wait)
{
    a->least = a->callers > 0 ? fmin(a->least, wait) : wait;
    a->waiting += wait;
    a->callers++;
}

static void look_around(const struct work *k, uint32_t node, uint32_t own,
                        struct around *ret)
{
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(k->in->g, node, &n);

    for (size_t i = 0; i < n; i++) {
        const uint32_t other = k->whole[arcs[i].node];
        const struct rca_gathered *s = &k->all[other];

        if (other == own ||
            rca_graph_entity(k->in->g, other)->kind == RCA_KIND_PROBE)
            continue;
        ret->odd = fmax(ret->odd, s->odd3);
        ret->sum += log1p(k->odd[arcs[i].node]);
        ret->n++;
        if (arcs[i].kind != RCA_EDGE_CALLS)
            continue;
        if (!arcs[i].out)
            add_caller(ret, log1p(s->latency));
        ret->called |= !arcs[i].out;
        ret->calls |= arcs[i].out;
        if (!arcs[i].out)
            continue;
        ret->latency = fmax(ret->latency, s->latency);
        ret->together = fmax(ret->together, s->together);
    }
}

static void add_around(const struct work *k, struct around *around)
{
    const size_t n = rca_graph_size(k->in->g);

    for (uint32_t i = 0; i < n; i++)
        look_around(k, i, k->whole[i], &around[k->whole[i]]);
}

/* --- the suspects ------------------------------------------------------------*/

static _Bool is_suspect(const struct work *k, uint32_t node)
{
    const enum rca_kind kind = rca_graph_entity(k->in->g, node)->kind;

    return k->whole[node] == node && kind != RCA_KIND_PROBE;
}

/* An alert is on a metric that suffers. Where only the victim's name is known,
 * a metric that hardly moved tells nothing. */
static double relevance(const struct work *k)
{
    return k->in->metric ? 1 : fmin(1, k->e->severity / FULL_STRENGTH);
}

/* Who is slow to answer makes all wait that call it, and nobody else: how much
 * longer the least of its callers waits than the mean of the other callers */
static double pointed(const struct work *k, const struct around *a)
{
    const double others = k->callers - a->callers;

    if (a->callers == 0 || others <= 0)
        return 0;
    return fmax(0, a->least - (k->waiting - a->waiting) / others);
}

static void weigh(const struct work *k, const struct rca_gathered *s,
                  const struct around *a, double x[RCA_EVIDENCE_COUNT])
{
    x[RCA_EVIDENCE_ODD3] = s->odd3;
    x[RCA_EVIDENCE_ODD] = log1p(s->odd[0]);
    x[RCA_EVIDENCE_LOCAL3] = rca_gathered_mean(s->local, s->metrics);
    x[RCA_EVIDENCE_USAGE] = log1p(s->usage);
    x[RCA_EVIDENCE_ERRORS] = log1p(s->errors);
    x[RCA_EVIDENCE_LATENCY] = fmax(0, log1p(s->latency) - log1p(a->latency));
    /* where load comes in, it is not somebody else's */
    x[RCA_EVIDENCE_POINTED] = pointed(k, a);
    x[RCA_EVIDENCE_LOAD] = a->calls && !a->called ? 0 : log1p(s->load);
    x[RCA_EVIDENCE_BREADTH] = s->metrics > 0 ? s->unusual / s->metrics : 0;
    x[RCA_EVIDENCE_AROUND] = a->odd;
    x[RCA_EVIDENCE_TOGETHER] =
        fmax(0, s->together - TOGETHER_DISCOUNT * a->together);
    x[RCA_EVIDENCE_SHARE] =
        k->shared ? log(SHARE_FLOOR + fmin(1, s->share) * relevance(k)) : 0;
    x[RCA_EVIDENCE_CLEAR] =
        k->e->normal ? 0 : k->covered * x[RCA_EVIDENCE_SHARE];
    x[RCA_EVIDENCE_REACH] = log(VISITS_FLOOR + s->visits);
    x[RCA_EVIDENCE_HIDDEN] =
        s->metrics > 0 || a->n < 2 ? 0 : fmax(0, a->sum / a->n - k->typical);
    x[RCA_EVIDENCE_STATE] = log1p(s->states);
    x[RCA_EVIDENCE_APPEARED] = log1p(s->appeared);
    x[RCA_EVIDENCE_VANISHED] = log1p(s->vanished);
}

/* The victim is odd by definition. What others did of it is not its own. */
static double own_part(const struct work *k, const struct rca_gathered *victim)
{
    return k->shared ? 1 - k->covered * (1 - fmin(1, victim->share)) : 1;
}

/* Where the symptom is clear and its change is accounted for, who deviates most
 * by itself matters less than whose deviation reaches the symptom. */
static void damp(const struct work *k, double own, double x[RCA_EVIDENCE_COUNT])
{
    const double rest = k->e->normal ? 1 : (1 - DAMPING * k->covered) * own;

    for (size_t i = 0; i < RCA_EVIDENCE_SHARE; i++)
        x[i] *= rest;
}

static void add_callers(struct work *k, const struct around *around)
{
    for (uint32_t i = 0; i < rca_graph_size(k->in->g); i++) {
        const enum rca_kind kind = rca_graph_entity(k->in->g, i)->kind;

        if (!around[i].calls || kind == RCA_KIND_PROBE || k->whole[i] != i)
            continue;
        k->waiting += log1p(k->all[i].latency);
        k->callers++;
    }
}

static int list_suspects(struct work *k)
{
    const size_t n = rca_graph_size(k->in->g);
    struct around *around RCA_CLEANUP(rca_freep) =
        calloc(n + 1, sizeof(*around));

    k->e->list = calloc(n + 1, sizeof(*k->e->list));
    if (!around || !k->e->list)
        return -ENOMEM;
    add_around(k, around);
    add_callers(k, around);
    for (uint32_t i = 0; i < n; i++) {
        const struct rca_entity *entity = rca_graph_entity(k->in->g, i);
        const struct rca_gathered *s = &k->all[i];
        struct rca_suspect *suspect = &k->e->list[k->e->n];

        if (!is_suspect(k, i))
            continue;
        suspect->entity = entity->id;
        suspect->variable = s->variable;
        suspect->share = k->shared ? fmin(1, s->share) : NAN;
        suspect->first = fmin(1, s->first);
        weigh(k, s, &around[i], suspect->x);
        damp(k, entity->id == k->in->victim ? own_part(k, s) : 1, suspect->x);
        suspect->x[RCA_EVIDENCE_HOST] = entity->kind == RCA_KIND_HOST;
        suspect->x[RCA_EVIDENCE_VICTIM] = entity->id == k->in->victim;
        if (k->e->symptom == UINT32_MAX)
            k->e->severity = fmax(k->e->severity, s->odd[0]);
        k->e->n++;
    }
    return 0;
}

/* --- all ----------------------------------------------------------------------*/

static _Bool is_mapped(const struct rca_graph *g)
{
    for (uint32_t i = 0; i < rca_graph_edges(g); i++) {
        if (rca_graph_edge(g, i)->kind != RCA_EDGE_PART_OF)
            return 1;
    }
    return 0;
}

static int work_init(struct work *k)
{
    const size_t n = rca_graph_size(k->in->g);

    k->whole = calloc(n + 1, sizeof(*k->whole));
    k->all = calloc(n + 1, sizeof(*k->all));
    k->odd = calloc(n + 1, sizeof(*k->odd));
    if (!k->whole || !k->all || !k->odd)
        return -ENOMEM;
    k->mapped = is_mapped(k->in->g);
    for (uint32_t i = 0; i < n; i++) {
        k->whole[i] = rca_whole_of(k->in->g, i);
        k->all[i].variable = UINT32_MAX;
    }
    return rca_anomaly_new(k->scene, &k->anomaly);
}

static int gather(struct work *k, uint64_t seed)
{
    int err = work_init(k);

    if (err)
        return err;
    add_strengths(k);
    err = find_symptom(k);
    if (!err)
        err = add_together(k);
    if (!err)
        err = add_visits(k);
    if (!err)
        err = add_shares(k, seed);
    if (err)
        return err;
    rca_gathered_hand_down(k->in->g, k->whole, k->all);
    return list_suspects(k);
}

int rca_evidence_of(const struct rca_scene *scene,
                    const struct rca_incident *incident, uint32_t symptom,
                    uint64_t seed, struct rca_evidence **ret_evidence)
{
    struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) =
        calloc(1, sizeof(*e));
    struct work k = {.in = incident, .scene = scene, .e = e};
    int err;

    if (!e)
        return -ENOMEM;
    e->symptom = symptom;
    err = gather(&k, seed);
    work_done(&k);
    if (err)
        return err;
    *ret_evidence = RCA_TAKE(e);
    return 0;
}

int rca_evidence_new(const struct rca_incident *incident, uint64_t seed,
                     struct rca_evidence **ret_evidence)
{
    struct rca_scene scene;
    int err =
        rca_scene_init(&scene, incident->w, incident->g,
                       rca_scene_guard(incident->before, incident->incident),
                       incident->incident);

    if (err)
        return err;
    err = rca_evidence_of(&scene, incident, UINT32_MAX, seed, ret_evidence);
    rca_scene_done(&scene);
    return err;
}

void rca_evidence_free(struct rca_evidence **evidence)
{
    struct rca_evidence *e = *evidence;

    *evidence = NULL;
    if (!e)
        return;
    free(e->list);
    free(e);
}
