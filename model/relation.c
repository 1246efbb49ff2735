/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/relation.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/relation_facts.h"

/* Calls per request beyond this are taken for a miscount. */
#define MAX_CALLS 20.0
/* A target takes no more candidates than this (DESIGN section 8). */
#define MAX_CANDIDATES 200

struct builder {
    const struct rca_window *w;
    const struct rca_graph *g;
    const struct rca_relation_filter *filter;
    struct rca_relations *r;
    size_t n, cap;
    struct rca_relation_facts f;
    const struct rca_rule **rules; /* found before, or &no_rule */
};

/* how a neighbour is seen from the target's entity */
struct view {
    uint32_t node;
    enum rca_edge_kind kind;
    _Bool up; /* the neighbour is what the target's entity depends on */
};

/* a candidate, and what is asked of its node for each of its metrics: -1 is
 * not known yet */
struct pair {
    const struct rca_metric *cause, *target;
    size_t cause_variable, target_variable;
    unsigned cause_statistic, target_statistic;
    int has_target; /* the same metric as the target */
    int has_latency; /* of requests */
    int has_pressure;
};

static enum rca_kind kind_of(const struct builder *b, uint32_t node)
{
    return rca_graph_entity(b->g, node)->kind;
}

static _Bool starts(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* --- the rules ------------------------------------------------------------ */

/* A slow callee makes requests queue in a caller that has no more workers. */
static const struct rca_rule caller_queue = {
    .edge = RCA_EDGE_CALLS, .up = 1, .sign = 1};

static const struct rca_rule no_rule;

/* rca_influence_find(), each question asked once */
static const struct rca_rule *find_rule(const struct builder *b,
                                        const struct view *v,
                                        struct rca_end cause,
                                        struct rca_end effect)
{
    size_t at = (size_t)v->kind * 2 + v->up;
    const struct rca_rule *rule;

    at = at * RCA_KIND_COUNT + cause.kind;
    at = at * RCA_KIND_COUNT + effect.kind;
    at = (at * RCA_ROLE_COUNT + cause.role) * RCA_ROLE_COUNT + effect.role;
    if (!b->rules[at]) {
        rule = rca_influence_find(v->kind, v->up, cause, effect);
        b->rules[at] = rule ? rule : &no_rule;
    }
    rule = b->rules[at];
    return rule == &no_rule ? NULL : rule;
}

#define RULES                                                                  \
    ((size_t)RCA_EDGE_COUNT * 2 * RCA_KIND_COUNT * RCA_KIND_COUNT *            \
     RCA_ROLE_COUNT * RCA_ROLE_COUNT)

static const struct rca_rule *rule_of(const struct builder *b,
                                      const struct pair *p,
                                      const struct view *v, uint32_t own)
{
    const struct rca_rule *rule;
    struct rca_end cause, effect;

    if (!v)
        return rca_influence_within(p->cause->role, p->target->role);
    cause = (struct rca_end){kind_of(b, v->node), p->cause->role};
    effect = (struct rca_end){kind_of(b, own), p->target->role};
    if (cause.kind == RCA_KIND_PROCESS && effect.kind == RCA_KIND_CGROUP)
        return NULL; /* the workload is the entity, not its processes */
    rule = find_rule(b, v, cause, effect);
    if (!rule && v->kind == RCA_EDGE_CALLS && v->up &&
        cause.role == RCA_ROLE_LATENCY &&
        starts(p->target->name, "queue_time_"))
        return &caller_queue;
    return rule;
}

static _Bool is_mean(const char *name)
{
    return rca_statistic(name) == rca_statistic("mean");
}

/* --- one pair ------------------------------------------------------------- */

static double turned(const struct rca_metric *m)
{
    return m->bad < 0 ? -1 : 1;
}

/* calls that the entity of the cause gets per request of the target's, or the
 * other way for a load that goes down the calls; NAN: not known. Rates of
 * different names may count different things. */
static double calls_per_request(const struct builder *b, uint32_t cause,
                                uint32_t target)
{
    const double ratio = b->f.rate[cause] / b->f.rate[target];

    if (!(ratio > 0) || isinf(ratio) ||
        strcmp(b->f.rate_name[cause], b->f.rate_name[target]) != 0)
        return NAN;
    return fmin(ratio, MAX_CALLS);
}

/* Where the rates are not known: a callee that takes longer than its caller is
 * not called in every request. */
static double guess_gain(const struct builder *b, const struct pair *p)
{
    const double ratio =
        b->f.centre[p->target_variable] / b->f.centre[p->cause_variable];

    return ratio > 0 && ratio < 1 ? ratio : 1;
}

/* The queue time is a part of the request latency of the same service. */
static _Bool is_part_of_latency(const struct rca_metric *cause,
                                const struct rca_metric *target)
{
    return starts(cause->name, "queue_time_") &&
           starts(target->name, "request_latency_");
}

/* Where no unit is known, metrics of the same name have the same. */
static _Bool is_same_unit(const struct rca_metric *a,
                          const struct rca_metric *b)
{
    return a->unit == b->unit &&
           (a->unit != RCA_UNIT_NONE || strcmp(a->name, b->name) == 0);
}

/* The drops of a namespace (or of the host, for its own) are the sum of those
 * of what is in it, and make none there. */
static _Bool is_sum(const struct builder *b, const struct rca_metric *cause,
                    const struct view *v, uint32_t whole)
{
    const enum rca_kind kind = kind_of(b, whole);

    if (v->kind == RCA_EDGE_USES && !v->up)
        return kind == RCA_KIND_NETNS &&
               strcmp(cause->name, "listen_drops_per_second") == 0;
    if (v->kind != RCA_EDGE_PART_OF || cause->role != RCA_ROLE_ERROR)
        return 0;
    return kind == RCA_KIND_NETNS ||
           (kind == RCA_KIND_HOST && starts(cause->name, "drops_"));
}

static struct rca_relation bound(const struct builder *b,
                                 const struct rca_rule *rule,
                                 const struct pair *p, const struct view *v,
                                 uint32_t own)
{
    const struct rca_metric *cause = p->cause, *target = p->target;
    const _Bool alike = is_same_unit(cause, target) &&
                        cause->role == target->role &&
                        p->cause_statistic == p->target_statistic;
    struct rca_relation r = {.low = -INFINITY, .high = INFINITY};
    double gain = 1, most;

    /* a link has no direction */
    r.weak = v && !v->up && v->kind != RCA_EDGE_CALLS &&
             v->kind != RCA_EDGE_LINK &&
             (cause->role == RCA_ROLE_LATENCY || cause->role == RCA_ROLE_ERROR);

    if (v && v->kind == RCA_EDGE_CALLS)
        gain = v->up ? calls_per_request(b, v->node, own)
                     : 1 / calls_per_request(b, v->node, own);
    most = fmax(1, gain);
    if (v && isnan(gain))
        gain = v->up ? guess_gain(b, p) : 1;
    /* A call is one request of its callee; but what the callee is slow with
     * may all fall on this one of its callers. */
    if (v && v->up && kind_of(b, own) == RCA_KIND_CALL)
        gain = 1;
    if (rule->sign) {
        r.low = turned(cause) * turned(target) > 0 ? 0 : -INFINITY;
        r.high = turned(cause) * turned(target) > 0 ? INFINITY : 0;
    }
    if (rule->gain == RCA_GAIN_CALLS && cause->unit == target->unit &&
        (cause->unit == RCA_UNIT_SECONDS || alike))
        r.high = fmin(r.high, most);
    if (v && !v->up && is_sum(b, cause, v, own))
        r.weak = 0;
    r.weak |= rule == &caller_queue; /* mostly it waits for itself */
    r.same = rule->identity && alike && r.high > 0 &&
             strcmp(cause->name, target->name) == 0;
    if (!v && is_part_of_latency(cause, target)) {
        r.same = 1;
        r.high = 1;
    }
    if (target->role == RCA_ROLE_LATENCY && !is_mean(target->name))
        gain = 1; /* quantiles do not add up over the calls of a request */
    r.prior = r.same ? fmin(gain, r.high) : 0;
    return r;
}

/* --- one neighbour -------------------------------------------------------- */

static _Bool has_metric(const struct builder *b, uint32_t node,
                        const char *name)
{
    for (size_t i = 0; i < b->f.count[node]; i++) {
        if (strcmp(b->w->vars[b->f.first[node] + i].metric.name, name) == 0)
            return 1;
    }
    return 0;
}

static _Bool has_request_latency(const struct builder *b, uint32_t node)
{
    for (size_t i = 0; i < b->f.count[node]; i++) {
        if (starts(b->w->vars[b->f.first[node] + i].metric.name,
                   "request_latency_"))
            return 1;
    }
    return 0;
}

/* The tasks that wait in a whole are its members' tasks: that they wait is no
 * reason for a member to wait, it is the same waiting. Pressure (PSI) is the
 * share of time in which anybody waits; where it is known it stands for what
 * the whole does to its members. */
static _Bool is_own_wait(const struct builder *b, struct pair *p,
                         const struct view *v)
{
    if (!v->up || strcmp(p->cause->name, "run_queue_wait_ratio") != 0 ||
        strcmp(p->cause->name, p->target->name) != 0)
        return 0;
    if (p->has_pressure < 0)
        p->has_pressure = has_metric(b, v->node, "cpu_pressure_ratio");
    return p->has_pressure > 0;
}

static _Bool has_target(const struct builder *b, struct pair *p,
                        const struct view *v)
{
    if (p->has_target < 0)
        p->has_target = has_metric(b, v->node, p->target->name);
    return p->has_target > 0;
}

/* callers see the whole request, not the parts of it */
static _Bool is_part_of_request(const struct builder *b, struct pair *p,
                                const struct view *v)
{
    if (v->kind != RCA_EDGE_CALLS || p->cause->role != RCA_ROLE_LATENCY ||
        starts(p->cause->name, "request_latency_"))
        return 0;
    if (p->has_latency < 0)
        p->has_latency = has_request_latency(b, v->node);
    return p->has_latency > 0;
}

/* What an entity does by itself, whatever fails around it: it drops, or it is
 * down. Only more load can make it, where there is no room for it. */
static _Bool is_own_doing(const struct rca_metric *m)
{
    static const char *const names[] = {
        "carrier_changes_per_second",
        "conntrack_drops_per_second",
        "conntrack_early_drops_per_second",
        "conntrack_insert_failures_per_second",
        "ip_no_route_per_second",
        "link_down",
        "listen_drops_per_second",
        "ovs_port_down",
        "qdisc_drops_per_second",
        "rule_drops_per_second",
    };

    for (size_t i = 0; i < RCA_ARRAY_SIZE(names); i++)
        if (strcmp(m->name, names[i]) == 0)
            return 1;
    return 0;
}

/* whether a neighbour cannot have made it, though roles and edge allow it */
static _Bool is_not_made_there(const struct builder *b, const struct pair *p,
                               const struct view *v)
{
    if (v->up && is_sum(b, p->cause, v, v->node))
        return 1;
    /* no answer to who connects, for want of a route */
    if (strcmp(p->cause->name, "ip_no_route_per_second") == 0 &&
        strcmp(p->target->name, "listen_drops_per_second") == 0)
        return 0;
    return is_own_doing(p->target) &&
           (v->kind == RCA_EDGE_LINK || p->cause->role != RCA_ROLE_LOAD);
}

static _Bool may_pair(const struct builder *b, struct pair *p,
                      const struct view *v)
{
    const struct rca_metric *cause = p->cause, *target = p->target;
    const unsigned s = p->cause_statistic, t = p->target_statistic;

    if (s && t && s != t && cause->unit == target->unit)
        return 0; /* like with like */
    if (!v)
        return 1;
    if (is_own_wait(b, p, v) || is_not_made_there(b, p, v))
        return 0;
    if (v->up && starts(cause->name, "cpu_pressure") &&
        starts(target->name, "run_queue_wait"))
        return 1; /* stands for the waiting */
    if (cause->role == target->role && cause->role != RCA_ROLE_OTHER &&
        strcmp(cause->name, target->name) != 0 && has_target(b, p, v))
        return 0; /* the same metric is there: that one */
    return !is_part_of_request(b, p, v);
}

static int push(struct builder *b, const struct rca_relation *r)
{
    struct rca_relation *grown =
        rca_grow(b->r->list, b->n, &b->cap, sizeof(*r));

    if (!grown)
        return -ENOMEM;
    b->r->list = grown;
    b->r->list[b->n++] = *r;
    return 0;
}

/* candidates for variable @t of node @own at the neighbour @v, or within */
static int relate(struct builder *b, size_t t, uint32_t own,
                  const struct view *v)
{
    const uint32_t node = v ? v->node : own;
    struct pair p = {.target = &b->w->vars[t].metric,
                     .target_variable = t,
                     .target_statistic = b->f.statistic[t],
                     .has_target = -1,
                     .has_latency = -1,
                     .has_pressure = -1};

    for (size_t i = 0; i < b->f.count[node]; i++) {
        const size_t c = b->f.first[node] + i;
        const struct rca_rule *rule;
        struct rca_relation r;
        int err;

        p.cause = &b->w->vars[c].metric;
        p.cause_statistic = b->f.statistic[c];
        p.cause_variable = c;
        rule = c == t ? NULL : rule_of(b, &p, v, own);
        if (!rule || !may_pair(b, &p, v))
            continue;
        r = bound(b, rule, &p, v, own);
        r.cause = (uint32_t)c;
        err = push(b, &r);
        if (err)
            return err;
    }
    return 0;
}

/* --- neighbours ----------------------------------------------------------- */

/* a call is a callee of the caller that it is part of */
static struct view view_of(const struct builder *b, uint32_t own,
                           const struct rca_arc *arc)
{
    struct view v = {.node = arc->node, .kind = arc->kind, .up = arc->out};

    if (arc->kind != RCA_EDGE_PART_OF)
        return v;
    if (kind_of(b, arc->out ? own : arc->node) == RCA_KIND_CALL) {
        v.kind = RCA_EDGE_CALLS;
        v.up = !arc->out;
    }
    return v;
}

static _Bool has_arc(const struct builder *b, uint32_t from, uint32_t to,
                     enum rca_edge_kind kind)
{
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(b->g, from, &n);

    for (size_t i = 0; i < n; i++) {
        if (arcs[i].node == to && arcs[i].out && arcs[i].kind == kind)
            return 1;
    }
    return 0;
}

/* whether a call entity stands between the two ends of a `calls` edge */
static _Bool is_mediated(const struct builder *b, uint32_t caller,
                         uint32_t callee)
{
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(b->g, caller, &n);

    if (kind_of(b, caller) == RCA_KIND_CALL ||
        kind_of(b, callee) == RCA_KIND_CALL)
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (kind_of(b, arcs[i].node) == RCA_KIND_CALL &&
            b->f.count[arcs[i].node] > 0 &&
            has_arc(b, arcs[i].node, callee, RCA_EDGE_CALLS) &&
            has_arc(b, arcs[i].node, caller, RCA_EDGE_PART_OF))
            return 1;
    }
    return 0;
}

/* drops of rules that filter the packets of @own's users */
static int relate_rules(struct builder *b, size_t t, uint32_t own)
{
    const struct rca_metric *target = &b->w->vars[t].metric;
    size_t n, m;
    const struct rca_arc *users = rca_graph_arcs(b->g, own, &n);

    if (strstr(target->name, "drops") == NULL)
        return 0;
    for (size_t i = 0; i < n; i++) {
        const struct rca_arc *arcs = rca_graph_arcs(b->g, users[i].node, &m);

        for (size_t j = 0; j < m && !users[i].out; j++) {
            const size_t c =
                arcs[j].kind == RCA_EDGE_FILTERED_BY && arcs[j].out
                    ? rca_window_find(b->w,
                                      rca_graph_entity(b->g, arcs[j].node)->id,
                                      "rule_drops_per_second")
                    : b->w->n_vars;
            const struct rca_relation r = {
                .cause = (uint32_t)c, .high = 1, .prior = 1, .same = 1};

            if (c < b->w->n_vars && push(b, &r))
                return -ENOMEM;
        }
    }
    return 0;
}

static int relate_neighbours(struct builder *b, size_t t, uint32_t own)
{
    const enum rca_kind kind = kind_of(b, own);
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(b->g, own, &n);

    for (size_t i = 0; i < n; i++) {
        const struct view v = view_of(b, own, &arcs[i]);
        int err;

        if (v.kind == RCA_EDGE_CALLS &&
            is_mediated(b, v.up ? own : v.node, v.up ? v.node : own))
            continue;
        err = relate(b, t, own, &v);
        if (err)
            return err;
    }
    if (kind == RCA_KIND_NETNS || kind == RCA_KIND_HOST)
        return relate_rules(b, t, own);
    return 0;
}

/* --- all ------------------------------------------------------------------ */

static int by_cause(const void *a, const void *b)
{
    const struct rca_relation *x = a, *y = b;

    if (x->cause != y->cause)
        return x->cause < y->cause ? -1 : 1;
    return (int)y->same - (int)x->same;
}

/* sort by cause, each cause once (the identity if there are several), and no
 * more than the limit, identities first */
static void tidy(struct builder *b, size_t from)
{
    struct rca_relation *l = b->r->list + from;
    size_t n = b->n - from, m = 0;

    if (n == 0)
        return;
    while (m + 1 < n && l[m].cause < l[m + 1].cause)
        m++;
    if (m + 1 < n) /* rarely: neighbours come in order */
        qsort(l, n, sizeof(*l), by_cause);
    m = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || l[i].cause != l[m - 1].cause)
            l[m++] = l[i];
    }
    n = m;
    for (size_t i = n; i-- > 0 && m > MAX_CANDIDATES;) {
        if (!l[i].same) {
            memmove(l + i, l + i + 1, (m - i - 1) * sizeof(*l));
            m--;
        }
    }
    b->n = from + m;
}

static int build(struct builder *b)
{
    int err = rca_relation_facts_init(b->w, b->g, b->filter->median, &b->f);

    b->rules = calloc(RULES, sizeof(const struct rca_rule *));
    if (!b->rules && !err)
        err = -ENOMEM;
    for (size_t t = 0; t < b->w->n_vars && !err; t++) {
        const uint32_t own = rca_graph_node(b->g, b->w->vars[t].entity);
        const size_t from = b->n;

        b->r->at[t] = from;
        if (own == UINT32_MAX || (b->filter->wanted && !b->filter->wanted[t]))
            continue;
        err = relate(b, t, own, NULL);
        if (!err)
            err = relate_neighbours(b, t, own);
        tidy(b, from);
    }
    b->r->at[b->w->n_vars] = b->n;
    rca_relation_facts_done(&b->f);
    free(b->rules);
    return err;
}

int rca_relations_of(const struct rca_window *w,
                     const struct rca_relation_filter *filter,
                     const struct rca_graph *g,
                     struct rca_relations **ret_relations)
{
    struct rca_relations *r RCA_CLEANUP(rca_relations_free) =
        calloc(1, sizeof(*r));
    struct builder b = {.w = w, .g = g, .r = r, .filter = filter};
    int err;

    if (!r)
        return -ENOMEM;
    r->n_vars = w->n_vars;
    r->at = calloc(w->n_vars + 1, sizeof(*r->at));
    if (!r->at)
        return -ENOMEM;
    err = build(&b);
    if (err)
        return err;
    *ret_relations = RCA_TAKE(r);
    return 0;
}

int rca_relations_new(const struct rca_window *w, const struct rca_graph *g,
                      struct rca_relations **ret_relations)
{
    const struct rca_relation_filter all = {0};

    return rca_relations_of(w, &all, g, ret_relations);
}

void rca_relations_free(struct rca_relations **relations)
{
    struct rca_relations *r = *relations;

    *relations = NULL;
    if (!r)
        return;
    free(r->at);
    free(r->list);
    free(r);
}

const struct rca_relation *rca_relations_get(const struct rca_relations *r,
                                             size_t v, size_t *ret_n)
{
    *ret_n = r->at[v + 1] - r->at[v];
    return r->list ? r->list + r->at[v] : NULL;
}
