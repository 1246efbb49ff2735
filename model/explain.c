/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/explain.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/answer.h"
#include "model/learned.h"
#include "model/method.h"

/* Confidence and share from which a cause is named (DESIGN section 4). */
#define CONFIDENCE_FLOOR 0.5
#define SHARE_FLOOR 0.2
#define DEFAULT_TOP 5
/* The incident is looked for in the last hour. */
#define SEARCH_TIME (3600 * RCA_SECOND)
/* Normal rows read before an incident; more do not change centre or weights
 * enough to pay for reading them. */
#define NORMAL_ROWS 1500
#define MIN_NORMAL_ROWS 20
/* Of the graph around the symptom. */
#define AROUND_HOPS 8
#define AROUND_ENTITIES 500
/* Largest part of the normal rows that the guard band takes. */
#define GUARD_PART 0.4

/* --- from memory ------------------------------------------------------------ */

static size_t row_of(const struct rca_window *w, rca_time t)
{
    if (t <= w->from)
        return 0;
    return (size_t)((t - w->from) / w->step);
}

static int find_incident(const struct rca_inquiry *q,
                         const struct rca_explain_options *o,
                         struct rca_rows *ret)
{
    const struct rca_window *w = q->w;
    const struct rca_target target = {o->entity, o->metric};
    struct rca_rows rows;

    if (o->from != RCA_TIME_NONE) {
        rows.from = row_of(w, o->from);
        rows.to = o->to == RCA_TIME_NONE ? w->n_rows : row_of(w, o->to);
        if (rows.to > w->n_rows)
            rows.to = w->n_rows;
        if (rows.from >= rows.to)
            return RCA_ETOOFEW;
        *ret = rows;
        return 0;
    }
    if (o->at != RCA_TIME_NONE) {
        const size_t row = row_of(w, o->at - 1);

        return rca_symptom_rows_at(w, q->g, &target, row, ret);
    }
    return rca_symptom_find_rows(w, q->g, &target,
                                 (size_t)(SEARCH_TIME / w->step), ret);
}

/* what comes before the incident, less the guard band */
static struct rca_rows find_normal(const struct rca_inquiry *q,
                                   struct rca_rows incident)
{
    const size_t half = (incident.to - incident.from) / 2;
    const size_t most = (size_t)(GUARD_PART * (double)incident.from);
    struct rca_rows normal = {0, incident.from};
    const size_t trained_to = row_of(q->w, q->trained_to);
    const size_t trained_from = row_of(q->w, q->trained_from);

    normal.to -= half < most ? half : most;
    /* the model's own window where enough of it is there */
    if (trained_to < normal.to && trained_to >= MIN_NORMAL_ROWS)
        normal.to = trained_to;
    if (trained_from + MIN_NORMAL_ROWS <= normal.to)
        normal.from = trained_from;
    return normal;
}

static void set_times(struct rca_answer *answer, const struct rca_inquiry *q,
                      const struct rca_rows *rows)
{
    const struct rca_window *w = q->w;
    struct rca_explanation *e = answer->e;
    const size_t n = rows->to - rows->from;
    const size_t lead = n > RCA_SPARK / 2 ? n : RCA_SPARK / 2;
    const size_t spark = rows->from > lead ? rows->from - lead : 0;

    e->from = w->from + (rca_time)rows->from * w->step;
    e->to = w->from + (rca_time)rows->to * w->step;
    e->spark_from = w->from + (rca_time)spark * w->step;
    e->spark_to = e->to;
    e->trained_from = q->trained_from;
    e->trained_to = q->trained_to;
}

static void set_verdict(struct rca_explanation *e)
{
    /* other methods name whom they list */
    const _Bool clear =
        e->n_causes > 0 && (e->method != RCA_METHOD_ATTRIBUTION ||
                            (e->causes[0].confidence >= CONFIDENCE_FLOOR &&
                             e->causes[0].share >= SHARE_FLOOR));

    e->verdict = clear ? RCA_VERDICT_CAUSE : RCA_VERDICT_UNCLEAR;
}

static int find_causes(struct rca_answer *answer,
                       const struct rca_explain_options *o)
{
    const struct rca_scene *s = answer->scene;
    const struct rca_variable *symptom = &s->w->vars[answer->symptom];
    const struct rca_incident incident = {.w = s->w,
                                          .g = s->g,
                                          .before = s->normal,
                                          .incident = s->incident,
                                          .victim = symptom->entity,
                                          .metric = symptom->metric.name};
    const struct rca_rank_options options = {.seed = o->seed};
    struct rca_attribution *a RCA_CLEANUP(rca_attribution_free) = NULL;
    int err;

    err = rca_attribution_new(answer->scene, answer->symptom, o->seed, &a);
    if (!err)
        err = rca_suspects_judge(a, &incident, &options);
    if (err)
        return err;
    answer->a = a;
    err = o->method == RCA_METHOD_ATTRIBUTION
              ? rca_answer_causes(answer, o->top ? o->top : DEFAULT_TOP)
              : rca_answer_rank(answer, o, o->top ? o->top : DEFAULT_TOP);
    if (!err)
        err = rca_answer_draw(answer);
    answer->a = NULL;
    set_verdict(answer->e);
    return err;
}

static int write_answer(struct rca_answer *answer, const struct rca_inquiry *q,
                        const struct rca_explain_options *o)
{
    const struct rca_target target = {o->entity, o->metric};
    _Bool normal;
    int err;

    err = rca_symptom_choose(answer->scene, &target, &answer->symptom);
    if (!err)
        err = rca_symptom_is_normal(answer->scene, answer->symptom, &normal);
    if (err)
        return err;
    set_times(answer, q, &answer->scene->incident);
    answer->e->method = o->method;
    err = rca_answer_card(answer, answer->symptom, &answer->e->symptom);
    if (err)
        return err;
    if (normal) {
        answer->e->verdict = RCA_VERDICT_NORMAL;
        err = rca_answer_draw(answer);
    } else {
        err = find_causes(answer, o);
    }
    return err ? err : rca_answer_survey(answer, q->features);
}

int rca_explain_window(const struct rca_inquiry *inquiry,
                       const struct rca_explain_options *options,
                       struct rca_explanation **ret_explanation)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
        calloc(1, sizeof(*e));
    struct rca_scene scene = {0};
    struct rca_answer answer = {.e = e, .scene = &scene};
    struct rca_rows incident;
    int err;

    if (!e)
        return -ENOMEM;
    err = find_incident(inquiry, options, &incident);
    if (!err)
        err = rca_scene_init(&scene, inquiry->w, inquiry->g,
                             find_normal(inquiry, incident), incident);
    if (err)
        return err;
    err = write_answer(&answer, inquiry, options);
    e->strings = rca_arena_release(&answer.arena);
    rca_scene_done(&scene);
    if (err)
        return err;
    *ret_explanation = RCA_TAKE(e);
    return 0;
}

void rca_explanation_free(struct rca_explanation **explanation)
{
    struct rca_explanation *e = *explanation;

    *explanation = NULL;
    if (!e)
        return;
    free(e->causes);
    free(e->nodes);
    free(e->flows);
    free(e->checked);
    free(e->unseen);
    rca_arena_drop(e->strings);
    free(e);
}

/* --- from the store --------------------------------------------------------- */

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
               SEARCH_TIME;
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

int rca_explain(struct rca_store *store, const struct rca_model *model,
                const struct rca_explain_options *options,
                struct rca_explanation **ret_explanation)
{
    struct rca_window *w RCA_CLEANUP(rca_window_free) = NULL;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    rca_id *ids RCA_CLEANUP(rca_freep) = NULL;
    char *features RCA_CLEANUP(rca_freep) = NULL;
    struct rca_inquiry q = {.trained_from = model->from,
                            .trained_to = model->to};
    struct span span;
    size_t n;
    int err;

    err = choose_span(store, model, options, &span);
    if (!err)
        err = rca_store_graph(store, span.from, span.to, &g);
    if (!err)
        err = choose_entities(g, options->entity, &ids, &n);
    if (!err)
        err =
            rca_window_read(store, span.from, span.to, model->step, ids, n, &w);
    if (!err)
        err = read_features(store, &features);
    if (err)
        return err;
    q.w = w;
    q.g = g;
    q.features = features;
    return rca_explain_window(&q, options, ret_explanation);
}
