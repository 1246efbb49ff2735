/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/answer.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/evidence.h"

/* Shares below this are not worth a line. */
#define MIN_SHARE 0.02

static rca_time row_end(const struct rca_window *w, size_t row)
{
    return w->from + (rca_time)(row + 1) * w->step;
}

/* means of equal parts of the rows from spark_from to spark_to */
static void sketch(const struct rca_answer *answer, uint32_t v,
                   double spark[RCA_SPARK])
{
    const struct rca_window *w = answer->scene->w;
    const double *x = w->x + v * w->n_rows;
    const size_t from = (size_t)((answer->e->spark_from - w->from) / w->step);
    const size_t n = answer->scene->incident.to - from;

    for (size_t k = 0; k < RCA_SPARK; k++) {
        const size_t a = from + n * k / RCA_SPARK;
        const size_t b = from + n * (k + 1) / RCA_SPARK;

        spark[k] = rca_robust_mean(x + a, b > a ? b - a : 1, NULL);
    }
}

int rca_answer_card(struct rca_answer *answer, uint32_t variable,
                    struct rca_card *ret_card)
{
    const struct rca_scene *s = answer->scene;
    const struct rca_variable *var = &s->w->vars[variable];
    const struct rca_trait *t = &s->traits[variable];
    const uint32_t node = rca_graph_node(s->g, var->entity);
    const struct rca_entity *e =
        node == UINT32_MAX ? NULL : rca_graph_entity(s->g, node);
    const size_t onset = rca_symptom_onset(s, variable);
    struct rca_card c = {.entity = var->entity,
                         .kind = e ? e->kind : RCA_KIND_OTHER,
                         .role = var->metric.role,
                         .unit = var->metric.unit,
                         .before = t->spread.centre,
                         .after = t->spread.centre + t->shift,
                         .factor = NAN,
                         .strength = t->strength,
                         .onset = RCA_TIME_NONE};

    if (onset < s->w->n_rows)
        c.onset = row_end(s->w, onset);
    if (fabs(c.before) > 0.5 * t->spread.scale && c.before != 0)
        c.factor = c.after / c.before;
    c.name = rca_arena_text(&answer->arena, e ? e->name : "?");
    c.host = rca_arena_text(&answer->arena, e && e->host ? e->host : "");
    c.metric = rca_arena_text(&answer->arena, var->metric.name);
    c.label =
        rca_arena_text(&answer->arena, var->metric.label ? var->metric.label
                                                         : var->metric.name);
    if (!c.name || !c.host || !c.metric || !c.label)
        return -ENOMEM;
    sketch(answer, variable, c.spark);
    *ret_card = c;
    return 0;
}

/* each sentence once; shares are told as numbers */
static void tell_reasons(struct rca_cause *cause, const struct rca_culprit *c)
{
    size_t n = 0;

    for (unsigned k = 0; k < c->n_reasons && n < RCA_REASONS; k++) {
        const unsigned kind = c->reasons[k];
        const char *reason = rca_evidence_reason((enum rca_evidence_kind)kind);
        size_t at = 0;

        while (at < n && strcmp(cause->reasons[at], reason) != 0)
            at++;
        if (at == n && kind != RCA_EVIDENCE_SHARE && kind != RCA_EVIDENCE_CLEAR)
            cause->reasons[n++] = reason;
    }
}

/* The culprit's part of the symptom's change says what it did before feedback;
 * of that it gets as much as its share is, so that share and counterfactual
 * say the same (docs/DECISIONS.md). */
static double with_feedback(const struct rca_explanation *e,
                            const struct rca_culprit *c)
{
    const double times =
        c->share * (e->symptom.after - e->symptom.before) / c->part;

    return isfinite(times) && times > 0 ? times : 1;
}

static int add_cause(struct rca_answer *answer, const struct rca_culprit *c)
{
    struct rca_explanation *e = answer->e;
    struct rca_cause *cause = &e->causes[e->n_causes];
    const double after = e->symptom.after;
    const double times = with_feedback(e, c);
    const int err = rca_answer_card(
        answer, answer->a->factors[c->carrier].target, &cause->card);

    if (err)
        return err;
    cause->share = c->share;
    cause->confidence = c->confidence;
    cause->value = after - times * c->part;
    cause->low = after - times * c->high;
    cause->high = after - times * c->low;
    tell_reasons(cause, c);
    e->n_causes++;
    return 0;
}

static void add_part(struct rca_explanation *e, enum rca_part_kind kind,
                     size_t cause, double amount)
{
    if (amount != 0)
        e->parts[e->n_parts++] = (struct rca_part){kind, cause, amount};
}

/* the symptom's change: what the listed causes did, all others, the rest */
static int divide(struct rca_answer *answer)
{
    const struct rca_attribution *a = answer->a;
    struct rca_explanation *e = answer->e;
    double others = 0;

    e->parts = calloc(e->n_causes + 3, sizeof(*e->parts));
    if (!e->parts)
        return -ENOMEM;
    for (size_t i = 0; i < a->n_culprits; i++) {
        if (i < e->n_causes)
            add_part(e, RCA_PART_CAUSE, i, a->culprits[i].part);
        else
            others += a->culprits[i].part;
    }
    add_part(e, RCA_PART_OTHERS, 0, others);
    add_part(e, RCA_PART_UNEXPLAINED, 0, a->rest);
    add_part(e, RCA_PART_FEEDBACK, 0, a->feedback);
    return 0;
}

int rca_answer_causes(struct rca_answer *answer, size_t top)
{
    const struct rca_attribution *a = answer->a;
    struct rca_explanation *e = answer->e;

    e->unexplained = a->unexplained;
    e->causes = calloc(top ? top : 1, sizeof(*e->causes));
    if (!e->causes)
        return -ENOMEM;
    for (size_t i = 0; i < a->n_culprits && e->n_causes < top; i++) {
        int err;

        if (a->culprits[i].share < MIN_SHARE || a->culprits[i].score <= 0)
            break;
        err = add_cause(answer, &a->culprits[i]);
        if (err)
            return err;
    }
    return divide(answer);
}
