/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/answer.h"
#include "model/attribution.h"
#include "model/explain.h"
#include "model/learned.h"

/*
 * What an explanation reads of the store. Where the model was learned before
 * the incident it knows what is usual, and of each metric only the incident is
 * read and a stretch before it; then, of the few entities from which influence
 * may reach the symptom, rows of the training window for their factors. Else,
 * and for methods that know nothing of models, everything around the symptom
 * is read, with enough rows before the incident.
 */

/* Normal rows read before an incident; more do not change centre or weights
 * enough to pay for reading them. */
#define NORMAL_ROWS 1500
#define MIN_NORMAL_ROWS 20
/* Of the graph around the symptom. */
#define AROUND_HOPS 8
#define AROUND_ENTITIES 500
/* Rows before the incident that are read in any case: so many times its
 * length, or so many. */
#define STRETCH_TIMES 4
#define STRETCH_ROWS 60
/* An incident may take this part of the model's rows and still leave what is
 * usual as it was. */
#define OVERLAP 50

struct span {
    rca_time from, to;
};

/* what to read: the incident and enough before it, on the model's grid */
static int choose_span(struct rca_store *store, const struct rca_model *m,
                       const struct rca_explain_options *o, struct span *ret)
{
    const rca_time step = m->step, before = NORMAL_ROWS * step;
    struct rca_store_info info;
    rca_time from = o->from;
    struct span s;
    int err;

    err = rca_store_info(store, &info);
    if (err)
        return err;
    if (info.last == RCA_TIME_NONE)
        return RCA_ETOOFEW;
    s.to = o->to == RCA_TIME_NONE || o->to > info.last ? info.last : o->to;
    if (from == RCA_TIME_NONE)
        from = (o->at != RCA_TIME_NONE && o->at < s.to ? o->at : s.to) -
               RCA_INQUIRY_SEARCH;
    if (from > s.to)
        return RCA_ETOOFEW;
    s.from = m->from > from - before ? m->from : from - before;
    if (s.from > from - MIN_NORMAL_ROWS * step && o->from != RCA_TIME_NONE)
        s.from = from - before; /* the model's window is no use */
    if (s.from < info.first - step)
        s.from = info.first - step;
    /* rows begin where the model's did, so that both see the same rows */
    s.from = m->from + (s.from - m->from) / step * step;
    *ret = s;
    return s.to - s.from < step ? RCA_ETOOFEW : 0;
}

/* ids of the entities around the symptom's, or of all (NULL) */
static int choose_entities(const struct rca_graph *g, rca_id entity,
                           rca_id **ret_ids, size_t *ret_n)
{
    uint32_t *nodes RCA_CLEANUP(rca_freep) = NULL;
    rca_id *ids RCA_CLEANUP(rca_freep) = NULL;
    uint32_t start;
    int n;

    *ret_ids = NULL;
    *ret_n = 0;
    if (entity == RCA_ID_NONE)
        return 0;
    start = rca_graph_node(g, entity);
    if (start == UINT32_MAX)
        return RCA_EUNKNOWN;
    nodes = malloc(AROUND_ENTITIES * sizeof(*nodes));
    ids = malloc(AROUND_ENTITIES * sizeof(*ids));
    if (!nodes || !ids)
        return -ENOMEM;
    n = rca_graph_walk(g, start, AROUND_HOPS, AROUND_ENTITIES, nodes, NULL);
    if (n < 0)
        return n;
    for (int i = 0; i < n; i++)
        ids[i] = rca_graph_entity(g, nodes[i])->id;
    *ret_ids = RCA_TAKE(ids);
    *ret_n = (size_t)n;
    return 0;
}

/* the note of what the collector could not watch, or NULL */
static int read_features(struct rca_store *store, char **ret_text)
{
    void *data RCA_CLEANUP(rca_freep) = NULL;
    rca_time when;
    size_t size;
    const int err = rca_store_get(store, "features", &when, &data, &size);

    if (err)
        return err < 0 ? err : 0;
    *ret_text = strndup(data ? data : "", size);
    return *ret_text ? 0 : -ENOMEM;
}

/* --- by what the model knows ------------------------------------------------ */

struct recollection {
    struct rca_store *store;
    const struct rca_model *model;
    const struct rca_graph *g;
    const struct rca_window *w;
    struct rca_past *past; /* owned */
    rca_time until; /* rows up to here are normal */
};

static int read_rows(const struct recollection *r, const struct span *span,
                     const rca_id *ids, size_t n, struct rca_window **ret_w)
{
    struct rca_span rows = {.from = span->from, .step = r->model->step};

    if (span->to - span->from < rows.step)
        return RCA_ETOOFEW;
    rows.n_rows = (size_t)((span->to - span->from) / rows.step);
    return rca_window_read_of(r->store, r->g, &rows, ids, n, ret_w);
}

static void recollection_done(struct recollection *r)
{
    rca_past_free(&r->past);
}

/* variables from which influence reaches @symptom, as the attribution finds
 * them; their number, or -ENOMEM */
static int trace_back(const struct rca_scene *s, uint32_t symptom,
                      uint32_t list[RCA_ATTRIBUTION_MAX])
{
    _Bool *seen RCA_CLEANUP(rca_freep) =
        calloc(s->w->n_vars + 1, sizeof(*seen));
    int n = 0;

    if (!seen)
        return -ENOMEM;
    seen[symptom] = 1;
    list[n++] = symptom;
    for (int at = 0; at < n; at++) {
        struct rca_factor f;
        const int err = rca_factor_choose(&f, s, list[at]);

        if (err)
            return err;
        for (size_t k = 0; k < f.box.n && n < RCA_ATTRIBUTION_MAX; k++) {
            if (seen[f.parent[k]])
                continue;
            seen[f.parent[k]] = 1;
            list[n++] = f.parent[k];
        }
    }
    return n;
}

static int recall(void *arg, const struct rca_scene *scene, uint32_t symptom)
{
    struct recollection *r = arg;
    const struct rca_model *m = r->model;
    const rca_time before = NORMAL_ROWS * m->step;
    const rca_time from =
        r->until - m->from > before ? r->until - before : m->from;
    struct rca_window *rows = NULL;
    uint32_t *list RCA_CLEANUP(rca_freep) =
        calloc(RCA_ATTRIBUTION_MAX, sizeof(*list));
    int n, err;

    if (!list)
        return -ENOMEM;
    n = trace_back(scene, symptom, list);
    if (n < 0)
        return n;
    for (int i = 0; i < n; i++)
        list[i] = r->w->vars[list[i]].entity;
    err = read_rows(r, &(struct span){from, r->until}, list, (size_t)n, &rows);
    if (err == RCA_ETOOFEW)
        return 0; /* they are not kept any more: what is before must do */
    return err ? err : rca_past_keep(r->past, r->w, rows);
}

/* the incident, where it can be known from the symptom's entity alone */
static int find_times(const struct recollection *r, const struct span *span,
                      struct rca_explain_options *o)
{
    struct rca_window *w RCA_CLEANUP(rca_window_free) = NULL;
    struct rca_inquiry q = {.g = r->g};
    struct rca_rows rows;
    int err;

    if (o->from != RCA_TIME_NONE)
        return 0;
    err = read_rows(r, span, &o->entity, 1, &w);
    if (err)
        return err;
    q.w = w;
    err = rca_inquiry_incident(&q, o, &rows);
    if (err)
        return err;
    o->from = w->from + (rca_time)rows.from * w->step;
    o->to = w->from + (rca_time)rows.to * w->step;
    o->at = RCA_TIME_NONE;
    return 0;
}

/* whether the model knows what is usual better than what would be read */
static _Bool may_recall(const struct rca_model *m, const struct span *span,
                        const struct rca_explain_options *o,
                        struct span *ret_narrow, rca_time *ret_until)
{
    const rca_time to =
        o->to == RCA_TIME_NONE || o->to > span->to ? span->to : o->to;
    const rca_time length = (to - o->from) / m->step;
    const rca_time guard = length / 2 * m->step;
    const rca_time begin = o->from - guard;
    const rca_time shared =
        ((to < m->to ? to : m->to) - (begin > m->from ? begin : m->from)) /
        m->step;
    const rca_time stretch = STRETCH_TIMES * length > STRETCH_ROWS
                                 ? STRETCH_TIMES * length
                                 : STRETCH_ROWS;
    const rca_time from = o->from - stretch * m->step;

    ret_narrow->from = m->from + (from - m->from) / m->step * m->step;
    ret_narrow->to = span->to;
    *ret_until = begin < m->to ? begin : m->to;
    return o->method == RCA_METHOD_ATTRIBUTION && length > 0 &&
           shared * OVERLAP <= (rca_time)m->rows &&
           *ret_until - m->from >= MIN_NORMAL_ROWS * m->step &&
           (from - span->from) / m->step > stretch;
}

/* --- all ---------------------------------------------------------------------*/

/* @o with its times found, and what is to be read, if the model's knowledge
 * serves; else they are unchanged */
static _Bool choose_recall(struct recollection *r, struct span *span,
                           struct rca_explain_options *o)
{
    struct rca_explain_options found = *o;
    struct span narrow;

    if (o->entity == RCA_ID_NONE && o->from == RCA_TIME_NONE)
        return 0;
    if (find_times(r, span, &found) ||
        !may_recall(r->model, span, &found, &narrow, &r->until))
        return 0;
    *o = found;
    *span = narrow;
    return 1;
}

int rca_explain(struct rca_store *store, const struct rca_model *model,
                const struct rca_explain_options *options,
                struct rca_explanation **ret_explanation)
{
    struct rca_window *w RCA_CLEANUP(rca_window_free) = NULL;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    rca_id *ids RCA_CLEANUP(rca_freep) = NULL;
    char *features RCA_CLEANUP(rca_freep) = NULL;
    struct recollection r RCA_CLEANUP(recollection_done) = {.store = store,
                                                            .model = model};
    struct rca_inquiry q = {.trained_from = model->from,
                            .trained_to = model->to};
    struct rca_explain_options o = *options;
    _Bool recalls = 0;
    struct span span;
    size_t n;
    int err;

    err = choose_span(store, model, options, &span);
    if (!err)
        err = rca_store_graph(store, span.from, span.to, &g);
    r.g = g;
    if (!err)
        err = choose_entities(g, options->entity, &ids, &n);
    if (!err)
        err = read_features(store, &features);
    if (!err)
        recalls = choose_recall(&r, &span, &o);
    if (!err)
        err = read_rows(&r, &span, ids, n, &w);
    if (!err && recalls)
        err = rca_model_past(model, w, &r.past);
    if (err)
        return err;
    r.w = q.w = w;
    q.g = g;
    q.features = features;
    q.past = r.past;
    q.recall = recalls ? recall : NULL;
    q.arg = &r;
    return rca_explain_window(&q, &o, ret_explanation);
}
