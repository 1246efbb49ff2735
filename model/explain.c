/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/explain.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/answer.h"
#include "model/calibrate.h"
#include "model/learned.h"
#include "model/method.h"

#define DEFAULT_TOP 5
#define MIN_NORMAL_ROWS 20

/* --- from memory ------------------------------------------------------------ */

static size_t row_of(const struct rca_window *w, rca_time t)
{
    if (t <= w->from)
        return 0;
    return (size_t)((t - w->from) / w->step);
}

int rca_inquiry_incident(const struct rca_inquiry *q,
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
                                 (size_t)(RCA_INQUIRY_SEARCH / w->step), ret);
}

/* what comes before the incident, less the guard band */
static struct rca_rows find_normal(const struct rca_inquiry *q,
                                   struct rca_rows incident)
{
    struct rca_rows normal =
        rca_scene_guard((struct rca_rows){0, incident.from}, incident);
    const size_t trained_to = row_of(q->w, q->trained_to);
    const size_t trained_from = row_of(q->w, q->trained_from);

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

/* The first one's confidence as feedback has it; what is left of it is shared
 * by the others as before. */
static void calibrate(struct rca_explanation *e, double shift)
{
    double *first = e->n_causes ? &e->causes[0].confidence : NULL, old, rest;

    if (shift == 0 || !first || isnan(*first))
        return;
    old = *first;
    *first = rca_calibrate(old, shift);
    rest = old < 1 ? (1 - *first) / (1 - old) : 0;
    for (size_t i = 1; i < e->n_causes; i++)
        e->causes[i].confidence = fmin(*first, rest * e->causes[i].confidence);
}

static void set_verdict(struct rca_explanation *e)
{
    /* other methods name whom they list */
    const _Bool clear =
        e->n_causes > 0 && (e->method != RCA_METHOD_ATTRIBUTION ||
                            e->causes[0].confidence >= RCA_CONFIDENCE_FLOOR);

    e->verdict = clear ? RCA_VERDICT_CAUSE : RCA_VERDICT_UNCLEAR;
}

static int find_causes(struct rca_answer *answer,
                       const struct rca_explain_options *o)
{
    const struct rca_incident incident = rca_answer_incident(answer);
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
    calibrate(answer->e, o->shift);
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
    if (!err && q->recall)
        err = q->recall(q->arg, answer->scene, answer->symptom);
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
    if (!err)
        err = rca_answer_charts(answer);
    rca_answer_quality(answer);
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
    err = rca_inquiry_incident(inquiry, options, &incident);
    if (!err)
        err = rca_scene_recall(&scene, inquiry->w, inquiry->g,
                               find_normal(inquiry, incident), incident,
                               inquiry->past);
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

const struct rca_flow *rca_explanation_onward(const struct rca_explanation *e,
                                              size_t from)
{
    for (size_t f = 0; f < e->n_flows; f++) {
        if (e->flows[f].main && e->flows[f].from == from)
            return &e->flows[f];
    }
    return NULL;
}

void rca_explanation_free(struct rca_explanation **explanation)
{
    struct rca_explanation *e = *explanation;

    *explanation = NULL;
    if (!e)
        return;
    for (size_t i = 0; e->nodes && i < e->n_nodes; i++)
        free(e->nodes[i].chart.x);
    free(e->causes);
    free(e->parts);
    free(e->nodes);
    free(e->flows);
    free(e->checked);
    free(e->unseen);
    free(e->packets);
    rca_arena_drop(e->strings);
    free(e);
}
