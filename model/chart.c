/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The charts of an explanation: each card's metric from a while before the
 * incident to its end, what is usual of it, and what it would have been
 * without the first cause.
 */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/answer.h"

/* Rows before the incident: so many times its length, and so many at least. */
#define LEAD_TIMES 2
#define LEAD_ROWS 60
/* 90 % of a normal distribution lie within so many standard deviations. */
#define USUAL_SCALES 1.645

static uint32_t find_variable(const struct rca_window *w,
                              const struct rca_card *card)
{
    for (uint32_t v = 0; v < w->n_vars; v++) {
        if (w->vars[v].entity == card->entity &&
            strcmp(w->vars[v].metric.name, card->metric) == 0)
            return v;
    }
    return UINT32_MAX;
}

/* rows shown: a while before the incident, and all of it */
static struct rca_rows shown_rows(const struct rca_scene *s)
{
    const size_t length = s->incident.to - s->incident.from;
    const size_t lead =
        LEAD_TIMES * length > LEAD_ROWS ? LEAD_TIMES * length : LEAD_ROWS;

    return (struct rca_rows){
        s->incident.from > lead ? s->incident.from - lead : 0, s->incident.to};
}

/* means of @each rows, the last point of what is left */
static void condense(const double *x, struct rca_rows rows, size_t each,
                     struct rca_chart *chart)
{
    for (size_t k = 0; k < chart->n; k++) {
        const size_t from = rows.from + k * each;
        const size_t n = rows.to - from < each ? rows.to - from : each;

        chart->x[k] = rca_robust_mean(x + from, n, NULL);
    }
}

static int draw(const struct rca_scene *s, uint32_t v, struct rca_chart *ret)
{
    const struct rca_window *w = s->w;
    const struct rca_spread *spread = &s->traits[v].spread;
    const struct rca_rows rows = shown_rows(s);
    const size_t n = rows.to - rows.from;
    const size_t each = (n + RCA_CHART_POINTS - 1) / RCA_CHART_POINTS;
    struct rca_chart c = {.from = w->from + (rca_time)rows.from * w->step,
                          .step = (rca_time)each * w->step,
                          .n = (n + each - 1) / each,
                          .low = NAN,
                          .high = NAN,
                          .instead = NAN};

    c.x = calloc(c.n, sizeof(*c.x));
    if (!c.x)
        return -ENOMEM;
    condense(w->x + (size_t)v * w->n_rows, rows, each, &c);
    if (spread->n > 0) {
        c.low = spread->centre - USUAL_SCALES * spread->scale;
        c.high = spread->centre + USUAL_SCALES * spread->scale;
        if (spread->centre >= 0) /* what is not negative stays so */
            c.low = fmax(c.low, 0);
    }
    *ret = c;
    return 0;
}

/* Down the path of #1: shares multiply where there is one way only, and are an
 * approximation where there are more; at the symptom the
 * attribution says it itself. */
static void set_instead(struct rca_explanation *e)
{
    const struct rca_flow *over;
    size_t at = 0;
    double part = 1;

    while (at < e->n_nodes && e->nodes[at].rank != 1)
        at++;
    if (at == e->n_nodes)
        return;
    e->nodes[at].chart.instead = e->nodes[at].card.before;
    for (size_t k = 0; k < e->n_nodes && (over = rca_explanation_onward(e, at));
         k++) {
        const struct rca_card *card = &e->nodes[over->to].card;

        at = over->to;
        part *= over->share;
        e->nodes[at].chart.instead =
            card->after - part * (card->after - card->before);
        if (e->nodes[at].class == RCA_NODE_SYMPTOM)
            e->nodes[at].chart.instead = e->causes[0].value;
    }
}

int rca_answer_charts(struct rca_answer *answer)
{
    struct rca_explanation *e = answer->e;

    for (size_t i = 0; i < e->n_nodes; i++) {
        const uint32_t v = find_variable(answer->scene->w, &e->nodes[i].card);
        const int err =
            v == UINT32_MAX ? 0 : draw(answer->scene, v, &e->nodes[i].chart);

        if (err)
            return err;
    }
    if (e->method == RCA_METHOD_ATTRIBUTION)
        set_instead(e);
    return 0;
}

void rca_answer_quality(struct rca_answer *answer)
{
    const struct rca_scene *s = answer->scene;
    const struct rca_window *w = s->w;
    size_t all = 0, gaps = 0;

    for (size_t v = 0; v < w->n_vars; v++) {
        if (!s->traits[v].known)
            continue;
        for (size_t r = s->incident.from; r < s->incident.to; r++)
            gaps += isnan(w->x[v * w->n_rows + r]) != 0;
        all += s->incident.to - s->incident.from;
    }
    answer->e->quality = (struct rca_quality){
        .step = w->step,
        .normal_rows =
            s->past ? s->past->n_rows : s->normal.to - s->normal.from,
        .incident_rows = s->incident.to - s->incident.from,
        .missing = all ? (double)gaps / (double)all : 1};
}
