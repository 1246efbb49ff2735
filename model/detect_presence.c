/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>

#include "model/detecting.h"
#include "model/learned.h"

/*
 * Entities that came or went. Calls, processes and peers do so all the time and
 * are left out; and of the rest only those are told that were always there and
 * of which nothing at all is measured any more, or that were never seen before.
 */

/* Always there: in this part of the model's rows. */
#define ALWAYS 0.8

static _Bool is_lasting(enum rca_kind kind)
{
    switch (kind) {
    case RCA_KIND_HOST:
    case RCA_KIND_SERVICE:
    case RCA_KIND_CLIENT:
    case RCA_KIND_CGROUP:
    case RCA_KIND_NIC:
    case RCA_KIND_QDISC:
    case RCA_KIND_DISK:
    case RCA_KIND_RULE:
        return 1;
    case RCA_KIND_CALL:
    case RCA_KIND_PROCESS:
    case RCA_KIND_NETNS:
    case RCA_KIND_FILESYSTEM:
    case RCA_KIND_CONNTRACK:
    case RCA_KIND_BRIDGE:
    case RCA_KIND_PEER:
    case RCA_KIND_OTHER:
    case RCA_KIND_PROBE:
    case RCA_KIND_COUNT:
        break;
    }
    return 0;
}

/* whether anything of @id is measured in the rows looked at */
static _Bool is_measured(const struct rca_lookout *l, rca_id id)
{
    const struct rca_window *w = l->w;

    for (size_t v = rca_window_first(w, id);
         v < w->n_vars && w->vars[v].entity == id; v++) {
        for (size_t r = l->rows.from; r < l->rows.to; r++) {
            if (!isnan(w->x[v * w->n_rows + r]))
                return 1;
        }
    }
    return 0;
}

/* of the variables of one entity, those from @at on; the next entity's first */
static size_t next_entity(const struct rca_model *m, size_t at,
                          _Bool *ret_always)
{
    const rca_id id = m->vars[at].entity;

    *ret_always = 0;
    for (; at < m->n_vars && m->vars[at].entity == id; at++) {
        if ((double)m->vars[at].known.spread.n >= ALWAYS * (double)m->rows)
            *ret_always = 1;
    }
    return at;
}

static int add(struct rca_detecting *k, const struct rca_entity *e,
               enum rca_change change, rca_time when)
{
    struct rca_finding *f = rca_detecting_add(k, e->id);

    if (!f)
        return -ENOMEM;
    f->change = change;
    f->card.label = change == RCA_CHANGE_APPEARED ? "appeared" : "vanished";
    f->card.onset = when;
    f->to = k->d->to;
    return 0;
}

/* what went; of what went before @begin nothing is known any more */
static int find_vanished(struct rca_detecting *k, const struct rca_model *m)
{
    const struct rca_graph *g = k->look->g;

    for (size_t at = 0; at < m->n_vars;) {
        const uint32_t node = rca_graph_node(g, m->vars[at].entity);
        _Bool always;
        int err = 0;

        at = next_entity(m, at, &always);
        if (!always || node == UINT32_MAX)
            continue;
        if (is_lasting(rca_graph_entity(g, node)->kind) &&
            rca_graph_entity(g, node)->last < k->d->from &&
            !is_measured(k->look, rca_graph_entity(g, node)->id))
            err = add(k, rca_graph_entity(g, node), RCA_CHANGE_VANISHED,
                      rca_graph_entity(g, node)->last);
        if (err)
            return err;
    }
    return 0;
}

static int find_appeared(struct rca_detecting *k, const struct rca_model *m,
                         rca_time begin)
{
    const struct rca_graph *g = k->look->g;
    const rca_time since = m->to > begin ? m->to : begin;

    for (uint32_t node = 0; node < rca_graph_size(g); node++) {
        const struct rca_entity *e = rca_graph_entity(g, node);

        if (e->first > since && e->first <= k->d->to && is_lasting(e->kind) &&
            is_measured(k->look, e->id) &&
            add(k, e, RCA_CHANGE_APPEARED, e->first))
            return -ENOMEM;
    }
    return 0;
}

int rca_detecting_presence(struct rca_detecting *k,
                           const struct rca_model *model, rca_time begin)
{
    const int err = find_vanished(k, model);

    return err ? err : find_appeared(k, model, begin);
}
