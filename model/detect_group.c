/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "graph/influence.h"
#include "model/detecting.h"

/*
 * Findings of one entity that overlap in time are one episode of it. Two
 * episodes that overlap (give or take a stretch: an onset is no more exact) are
 * one incident where the influence rules let a metric of one move a metric of
 * the other over an edge, either way; or where a normal entity lies between
 * them in a chain of dependence (a service, its cgroup, its host). Two users of
 * one resource that is normal itself are not connected by it, nor are two
 * callees of a normal caller: nothing flows from one to the other there.
 */

/* A service's or client's symptom speaks for an incident rather than a call's
 * that is at most so many times as strong, and a mean latency rather than
 * another metric: means add up over calls. */
#define PREFERENCE 2.0
#define MEAN_LATENCY "request_latency_mean_seconds"

struct episode {
    rca_id entity;
    uint32_t node; /* UINT32_MAX: not in the graph */
    rca_time from, to;
    unsigned roles; /* 1 << role; 0: it appeared or vanished */
    size_t parent; /* of the union of episodes */
};

struct groups {
    struct rca_detecting *k;
    struct episode *episodes;
    size_t n;
    uint32_t *first, *count; /* episodes by node of the graph */
    size_t *episode; /* by finding; then the group by episode */
};

/* --- episodes ----------------------------------------------------------------- */

static int by_entity(const void *a, const void *b)
{
    const struct rca_finding *x = a, *y = b;

    if (x->card.entity != y->card.entity)
        return x->card.entity < y->card.entity ? -1 : 1;
    if (x->card.onset != y->card.onset)
        return x->card.onset < y->card.onset ? -1 : 1;
    return strcmp(x->card.metric, y->card.metric);
}

/* the episode of @f: the last one, or a new one */
static struct episode *episode_of(struct groups *g, const struct rca_finding *f)
{
    struct episode *e = &g->episodes[g->n];

    if (g->n > 0 && e[-1].entity == f->card.entity && f->card.onset <= e[-1].to)
        return e - 1;
    *e = (struct episode){.entity = f->card.entity,
                          .node = rca_graph_node(g->k->look->g, f->card.entity),
                          .from = f->card.onset,
                          .to = f->to,
                          .parent = g->n};
    g->n++;
    return e;
}

static void make_episodes(struct groups *g)
{
    struct rca_detection *d = g->k->d;

    for (size_t i = 0; i < d->n_findings; i++) {
        const struct rca_finding *f = &d->findings[i];
        struct episode *e = episode_of(g, f);

        if (f->change == RCA_CHANGE_SHIFT)
            e->roles |= 1U << f->card.role;
        e->to = f->to > e->to ? f->to : e->to;
        g->episode[i] = g->n - 1;
    }
    for (size_t i = g->n; i-- > 0;) {
        if (g->episodes[i].node == UINT32_MAX)
            continue;
        g->first[g->episodes[i].node] = (uint32_t)i;
        g->count[g->episodes[i].node]++;
    }
}

/* --- incidents: unions of episodes ---------------------------------------------- */

static size_t root(struct groups *g, size_t i)
{
    while (g->episodes[i].parent != i) {
        g->episodes[i].parent = g->episodes[g->episodes[i].parent].parent;
        i = g->episodes[i].parent;
    }
    return i;
}

static void join(struct groups *g, size_t a, size_t b)
{
    a = root(g, a);
    b = root(g, b);
    g->episodes[a > b ? a : b].parent = a < b ? a : b;
}

static _Bool overlap(const struct groups *g, const struct episode *a,
                     const struct episode *b)
{
    const rca_time slack = g->k->d->stretch;

    return a->from <= b->to + slack && b->from <= a->to + slack;
}

/* whether any metric of @cause may move one of @effect over @arc, which is the
 * effect's */
static _Bool may_move(const struct groups *g, const struct episode *cause,
                      const struct episode *effect, const struct rca_arc *arc)
{
    const struct rca_graph *graph = g->k->look->g;

    if (cause->roles == 0 || effect->roles == 0)
        return 1; /* it came or went: nothing is known of how */
    for (unsigned r = 0; r < RCA_ROLE_COUNT; r++) {
        for (unsigned s = 0; s < RCA_ROLE_COUNT; s++) {
            const struct rca_end from = {
                rca_graph_entity(graph, cause->node)->kind, (enum rca_role)r};
            const struct rca_end to = {
                rca_graph_entity(graph, effect->node)->kind, (enum rca_role)s};

            if (cause->roles >> r & 1 && effect->roles >> s & 1 &&
                rca_influence_find(arc->kind, arc->out, from, to))
                return 1;
        }
    }
    return 0;
}

static _Bool related(const struct groups *g, const struct episode *a,
                     const struct episode *b, const struct rca_arc *arc)
{
    const struct rca_arc back = {.kind = arc->kind, .out = !arc->out};

    return may_move(g, b, a, arc) || may_move(g, a, b, &back);
}

/* with the episodes at the other end of @arc; @direct: nothing lies between */
static void meet(struct groups *g, size_t i, const struct rca_arc *arc,
                 _Bool direct)
{
    for (size_t k = 0; k < g->count[arc->node]; k++) {
        const size_t j = g->first[arc->node] + k;

        if (i != j && overlap(g, &g->episodes[i], &g->episodes[j]) &&
            (!direct || related(g, &g->episodes[i], &g->episodes[j], arc)))
            join(g, i, j);
    }
}

static void look_around(struct groups *g, size_t i)
{
    const struct rca_graph *graph = g->k->look->g;
    size_t n, m;
    const struct rca_arc *arcs = rca_graph_arcs(graph, g->episodes[i].node, &n);

    for (size_t a = 0; a < n; a++) {
        const struct rca_arc *further;

        meet(g, i, &arcs[a], 1);
        if (g->count[arcs[a].node] > 0 || !arcs[a].out)
            continue; /* each chain is found from its dependent end */
        further = rca_graph_arcs(graph, arcs[a].node, &m);
        for (size_t b = 0; b < m; b++) {
            if (further[b].out)
                meet(g, i, &further[b], 0);
        }
    }
}

/* --- what is listed ----------------------------------------------------------------- */

static double strength(const struct rca_finding *f)
{
    return isnan(f->card.strength) ? 0 : f->card.strength;
}

static int by_weight(const void *a, const void *b)
{
    const struct rca_finding *x = a, *y = b;

    if (x->is_symptom != y->is_symptom)
        return x->is_symptom ? -1 : 1;
    if (strength(x) != strength(y))
        return strength(x) > strength(y) ? -1 : 1;
    return by_entity(a, b);
}

/* whether @f alone is an incident */
static _Bool stands_alone(const struct rca_finding *f)
{
    const enum rca_kind kind = f->card.kind;

    return f->change == RCA_CHANGE_SHIFT ||
           (f->change == RCA_CHANGE_VANISHED &&
            (kind == RCA_KIND_SERVICE || kind == RCA_KIND_CLIENT ||
             kind == RCA_KIND_HOST));
}

/* findings that belong to nothing go; the others know their root episode */
static void sieve(struct groups *g)
{
    struct rca_detection *d = g->k->d;
    size_t kept = 0;

    for (size_t i = 0; i < g->n; i++)
        g->episodes[i].roles = 0;
    for (size_t i = 0; i < d->n_findings; i++) {
        d->findings[i].group = root(g, g->episode[i]);
        if (stands_alone(&d->findings[i]))
            g->episodes[d->findings[i].group].roles = 1;
    }
    for (size_t i = 0; i < d->n_findings; i++) {
        if (g->episodes[d->findings[i].group].roles)
            d->findings[kept++] = d->findings[i];
    }
    d->n_findings = kept;
}

/* whether @f speaks for its incident rather than @than, which is as strong or
 * stronger */
static _Bool is_better(const struct rca_finding *f,
                       const struct rca_finding *than)
{
    const _Bool call = f->card.kind == RCA_KIND_CALL;
    const _Bool from_call = than->card.kind == RCA_KIND_CALL;

    if (f->is_symptom != than->is_symptom ||
        PREFERENCE * strength(f) < strength(than))
        return 0;
    if (call != from_call)
        return from_call;
    return strcmp(f->card.metric, MEAN_LATENCY) == 0 &&
           strcmp(than->card.metric, MEAN_LATENCY) != 0;
}

/* @g->episode becomes: group by root episode, or SIZE_MAX. The findings are
 * sorted, so groups come in the order in which they are to be listed. */
static void count_findings(struct groups *g)
{
    struct rca_detection *d = g->k->d;

    for (size_t i = 0; i < g->n; i++)
        g->episode[i] = SIZE_MAX;
    for (size_t i = 0; i < d->n_findings; i++) {
        struct rca_finding *f = &d->findings[i];
        size_t *at = &g->episode[f->group];
        struct rca_group *group;

        if (*at == SIZE_MAX) {
            *at = d->n_groups++;
            d->groups[*at] = (struct rca_group){
                .first = i, .onset = f->card.onset, .to = f->to};
        }
        group = &d->groups[*at];
        f->group = *at;
        group->n_findings++;
        group->n_symptoms += f->is_symptom;
        if (f->card.onset < group->onset)
            group->onset = f->card.onset;
        group->to = f->to > group->to ? f->to : group->to;
        if (is_better(f, &d->findings[group->first]))
            group->first = i;
    }
}

static int by_id(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* of each group its entities; @pairs: room for all findings */
static void count_entities(struct rca_detection *d, uint64_t *pairs)
{
    for (size_t i = 0; i < d->n_findings; i++)
        pairs[i] =
            (uint64_t)d->findings[i].group << 32 | d->findings[i].card.entity;
    qsort(pairs, d->n_findings, sizeof(*pairs), by_id);
    for (size_t i = 0; i < d->n_findings; i++) {
        if (i == 0 || pairs[i] != pairs[i - 1])
            d->groups[pairs[i] >> 32].n_entities++;
    }
}

int rca_detecting_group(struct rca_detecting *k)
{
    struct rca_detection *d = k->d;
    const size_t nodes = rca_graph_size(k->look->g), n = d->n_findings;
    struct episode *episodes RCA_CLEANUP(rca_freep) =
        calloc(n + 1, sizeof(*episodes));
    uint32_t *counts RCA_CLEANUP(rca_freep) =
        calloc(2 * (nodes + 1), sizeof(*counts));
    size_t *episode RCA_CLEANUP(rca_freep) = calloc(n + 1, sizeof(*episode));
    uint64_t *pairs RCA_CLEANUP(rca_freep) = calloc(n + 1, sizeof(*pairs));
    struct groups g = {.k = k, .episodes = episodes, .episode = episode};

    d->groups = calloc(n + 1, sizeof(*d->groups));
    if (!episodes || !counts || !episode || !pairs || !d->groups)
        return -ENOMEM;
    g.first = counts;
    g.count = counts + nodes + 1;
    if (n > 0)
        qsort(d->findings, n, sizeof(*d->findings), by_entity);
    make_episodes(&g);
    for (size_t i = 0; i < g.n; i++) {
        if (episodes[i].node != UINT32_MAX)
            look_around(&g, i);
    }
    sieve(&g);
    if (d->n_findings > 0)
        qsort(d->findings, d->n_findings, sizeof(*d->findings), by_weight);
    count_findings(&g);
    count_entities(d, pairs);
    return 0;
}
