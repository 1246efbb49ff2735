/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>

#include "graph/influence.h"
#include "model/answer.h"

/*
 * A card is an entity: of the variables of one entity on a way, the cause
 * shows the one that carries most, the symptom itself, and all others the one
 * by which they move what comes next.
 */

/* one card's place on a way to the symptom */
struct stop {
    size_t shown; /* variable, by index of the attribution */
    size_t in, out; /* first and last variable of the entity on the way */
    double flow; /* of the entity: share of the change of the next shown one */
};

static rca_id entity_of(const struct rca_answer *answer, size_t i)
{
    const struct rca_attribution *a = answer->a;

    return a->scene->w->vars[a->factors[i].target].entity;
}

/* the way of @from to the symptom as stops; returns their number */
static size_t find_stops(const struct rca_answer *answer,
                         const struct rca_paths *paths, size_t from,
                         struct stop *stops, size_t room)
{
    size_t n = 0;

    for (size_t i = from; i != SIZE_MAX; i = paths->next[i]) {
        size_t k = 0;

        while (k < n && entity_of(answer, stops[k].in) != entity_of(answer, i))
            k++;
        if (k == room)
            return 0;
        if (k == n)
            stops[n].in = i;
        stops[k].out = i;
        n = k + 1; /* a way that comes back to an entity has not left it */
    }
    for (size_t k = 0; k < n; k++)
        stops[k].shown = k == 0 ? stops[k].in : stops[k].out;
    if (n > 0)
        stops[n - 1].shown = stops[n - 1].out;
    for (size_t k = 0; k + 1 < n; k++)
        stops[k].flow =
            rca_path_total(answer->a, entity_of(answer, stops[k].shown),
                           stops[k + 1].shown, paths->scratch);
    return n;
}

static size_t find_node(const struct rca_explanation *e, rca_id entity)
{
    size_t i = 0;

    while (i < e->n_nodes && e->nodes[i].card.entity != entity)
        i++;
    return i;
}

static int add_node(struct rca_answer *answer, size_t variable,
                    enum rca_node_class class, size_t *ret_node)
{
    struct rca_explanation *e = answer->e;
    const size_t at = find_node(e, entity_of(answer, variable));
    int err;

    *ret_node = at;
    if (at < e->n_nodes)
        return 0;
    err = rca_answer_card(answer, answer->a->factors[variable].target,
                          &e->nodes[at].card);
    if (err)
        return err;
    e->nodes[at].class = class;
    e->n_nodes++;
    return 0;
}

static void add_flow(struct rca_answer *answer, const struct stop *from,
                     const struct stop *to, _Bool main)
{
    struct rca_explanation *e = answer->e;
    const size_t a = find_node(e, entity_of(answer, from->in));
    const size_t b = find_node(e, entity_of(answer, to->in));
    const struct rca_window *w = answer->scene->w;
    const struct rca_metric *cause =
        &w->vars[answer->a->factors[from->out].target].metric;
    const struct rca_metric *effect =
        &w->vars[answer->a->factors[to->in].target].metric;

    for (size_t i = 0; i < e->n_flows; i++) {
        if (e->flows[i].from == a && e->flows[i].to == b) {
            e->flows[i].main |= main;
            return;
        }
    }
    e->flows[e->n_flows++] = (struct rca_flow){
        .from = a,
        .to = b,
        .share = from->flow,
        .verb = rca_influence_verb(
            (struct rca_end){e->nodes[a].card.kind, cause->role}, cause->unit,
            (struct rca_end){e->nodes[b].card.kind, effect->role}),
        .main = main};
}

static size_t count_new(const struct rca_answer *answer,
                        const struct stop *stops, size_t n)
{
    size_t fresh = 0;

    for (size_t k = 0; k < n; k++)
        fresh += find_node(answer->e, entity_of(answer, stops[k].in)) ==
                 answer->e->n_nodes;
    return fresh;
}

/* the culprit that entity @entity is, or NULL */
static const struct rca_culprit *find_culprit(const struct rca_attribution *a,
                                              rca_id entity)
{
    for (size_t i = 0; i < a->n_culprits; i++) {
        if (a->culprits[i].entity == entity)
            return &a->culprits[i];
    }
    return NULL;
}

/* the card of the @rank-th cause, where there is room and it has none */
static void draw_cause(struct rca_explanation *e, unsigned rank)
{
    const struct rca_card *card = &e->causes[rank - 1].card;
    const size_t at = find_node(e, card->entity);

    if (at == RCA_ANSWER_NODES)
        return;
    if (at == e->n_nodes) {
        e->nodes[at] = (struct rca_node){.card = *card,
                                         .class = rank == 1 ? RCA_NODE_CAUSE
                                                            : RCA_NODE_OTHER};
        e->n_nodes++;
    }
    e->nodes[at].rank = rank;
}

/* the way of the @rank-th cause, if there is room for all of it; a cause of
 * which the attribution knows nothing stands alone */
static int draw_way(struct rca_answer *answer, const struct rca_paths *paths,
                    unsigned rank)
{
    struct rca_explanation *e = answer->e;
    const struct rca_culprit *culprit =
        find_culprit(answer->a, e->causes[rank - 1].card.entity);
    struct stop stops[RCA_ANSWER_NODES];
    const size_t n = culprit ? find_stops(answer, paths, culprit->carrier,
                                          stops, RCA_ANSWER_NODES)
                             : 0;
    size_t node;

    if (!culprit)
        draw_cause(e, rank);
    if (n == 0 || e->n_nodes + count_new(answer, stops, n) > RCA_ANSWER_NODES)
        return 0;
    draw_cause(e, rank);
    for (size_t k = 1; k < n; k++) {
        const int err = add_node(answer, stops[k].shown, RCA_NODE_PATH, &node);

        if (err)
            return err;
    }
    for (size_t k = 0; k + 1 < n; k++)
        add_flow(answer, &stops[k], &stops[k + 1], rank == 1);
    return 0;
}

int rca_answer_draw(struct rca_answer *answer)
{
    struct rca_paths *paths RCA_CLEANUP(rca_paths_free) = NULL;
    struct rca_explanation *e = answer->e;
    size_t drawn = 0, symptom;
    int err;

    e->nodes = calloc(RCA_ANSWER_NODES, sizeof(*e->nodes));
    e->flows =
        calloc((size_t)RCA_ANSWER_NODES * RCA_ANSWER_NODES, sizeof(*e->flows));
    if (!e->nodes || !e->flows)
        return -ENOMEM;
    if (!answer->a) {
        e->nodes[0] =
            (struct rca_node){.card = e->symptom, .class = RCA_NODE_SYMPTOM};
        e->n_nodes = 1;
        return 0;
    }
    err = rca_paths_new(answer->a, &paths);
    if (!err)
        err = add_node(answer, 0, RCA_NODE_SYMPTOM, &symptom);
    for (unsigned rank = 1; rank <= e->n_causes && !err; rank++)
        err = draw_way(answer, paths, rank);
    for (size_t i = 0; i < answer->a->n_culprits; i++)
        drawn += find_node(e, answer->a->culprits[i].entity) < e->n_nodes;
    e->n_left_out = answer->a->n_culprits - drawn;
    return err;
}
