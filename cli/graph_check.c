/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/graph_check.h"

#include <math.h>
#include <stdio.h>

#include "cli/json_value.h"
#include "cli/show.h"
#include "graph/base/time.h"

#define LISTED 8 /* of each state, without --all */
#define LINE 80

static const struct rca_entity *end(const struct rca_graph_report *r, rca_id id)
{
    return rca_graph_entity(r->g, rca_graph_node(r->g, id));
}

static const struct rca_metric *metric(const struct rca_graph_report *r,
                                       uint32_t v)
{
    return &r->w->vars[v].metric;
}

static const char *full_name(const struct rca_graph_report *r, rca_id id,
                             char ret[RCA_SHOW_NAME_SIZE])
{
    return rca_show_full_name(end(r, id), ret);
}

/* --- text ----------------------------------------------------------------- */

/* "%s MIDDLE %s", on two lines where one is too short */
static void put_pair(struct rca_buf *buf, const char *a, const char *middle,
                     const char *b)
{
    const int width =
        rca_show_width(a) + rca_show_width(middle) + rca_show_width(b) + 4;

    rca_buf_fmt(buf, "  %s %s%s%s\n", a, middle, width > LINE ? "\n    " : " ",
                b);
}

static void put_why(struct rca_buf *buf, const struct rca_graph_report *r,
                    const struct rca_edge_finding *f)
{
    const struct rca_edge *edge = rca_graph_edge(r->g, f->edge);
    const char *cause, *effect;
    _Bool same;

    if (f->cause == UINT32_MAX)
        return;
    cause = metric(r, f->cause)->label;
    effect = metric(r, f->effect)->label;
    if (f->against == RCA_EDGE_AGAINST_FLOW) {
        rca_buf_fmt(buf,
                    "    at most %.0f %% of its share of what should be handed "
                    "on is\n",
                    100 * f->flow);
        return;
    }
    same = r->w->vars[f->cause].entity == edge->source;
    rca_buf_fmt(buf, "    %s of the %s, then %s of the %s: r = %.2f%s\n", cause,
                same ? "first" : "second", effect, same ? "second" : "first",
                f->r, f->lag ? ", a row later" : "");
    if (f->against == RCA_EDGE_AGAINST_ORDER)
        rca_buf_str(buf, "    but the second of these moves before the "
                         "first\n");
}

static void put_finding(struct rca_buf *buf, const struct rca_graph_report *r,
                        const struct rca_edge_finding *f)
{
    const struct rca_edge *edge = rca_graph_edge(r->g, f->edge);
    char a[RCA_SHOW_NAME_SIZE], b[RCA_SHOW_NAME_SIZE];

    put_pair(buf, full_name(r, edge->source, a), rca_edge_name(edge->kind),
             full_name(r, edge->target, b));
    if (f->state != RCA_EDGE_UNSEEN)
        put_why(buf, r, f);
}

static void put_state(struct rca_buf *buf, const struct rca_graph_report *r,
                      enum rca_edge_state state, const char *head)
{
    const struct rca_edge_check *c = r->check;
    size_t listed = 0;

    if (!c->count[state])
        return;
    rca_buf_fmt(buf, "\n%s\n", head);
    for (size_t i = 0; i < c->n_edges; i++) {
        if (c->findings[i].state != state)
            continue;
        if (!r->all && listed == LISTED)
            break;
        put_finding(buf, r, &c->findings[i]);
        listed++;
    }
    if (listed < c->count[state])
        rca_buf_fmt(buf, "  and %zu more: --all\n", c->count[state] - listed);
}

static void put_missing(struct rca_buf *buf, const struct rca_graph_report *r)
{
    const struct rca_edge_check *c = r->check;

    if (!c->n_missing)
        return;
    rca_buf_str(buf, "\nMOVE TOGETHER WITHOUT AN EDGE (or by a common cause "
                     "that is not measured)\n");
    for (size_t i = 0; i < c->n_missing; i++) {
        const struct rca_edge_missing *m = &c->missing[i];
        char a[RCA_SHOW_NAME_SIZE], b[RCA_SHOW_NAME_SIZE];

        put_pair(buf, full_name(r, r->w->vars[m->a].entity, a), "and",
                 full_name(r, r->w->vars[m->b].entity, b));
        rca_buf_fmt(buf, "    %s and %s: r = %.2f\n", metric(r, m->a)->label,
                    metric(r, m->b)->label, m->r);
    }
    if (c->n_missing < c->n_believed)
        rca_buf_fmt(buf, "  and %zu more\n", c->n_believed - c->n_missing);
}

static void put_summary(struct rca_buf *buf, const struct rca_graph_report *r)
{
    const struct rca_edge_check *c = r->check;
    const size_t *n = c->count;
    char step[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf,
                "%zu of %zu edges supported, %zu contradicted\n"
                "(%zu shared, %zu not seen, %zu not testable)\n",
                n[RCA_EDGE_SUPPORTED], c->n_edges, n[RCA_EDGE_CONTRADICTED],
                n[RCA_EDGE_SHARED], n[RCA_EDGE_UNSEEN], n[RCA_EDGE_UNTESTABLE]);
    rca_show_span(buf, r->w->from,
                  r->w->from + (rca_time)c->n_rows * r->w->step);
    rca_buf_fmt(buf, ", %zu rows of %s; the later half is the test.\n",
                c->n_rows, rca_duration_text(r->w->step, step));
    rca_buf_fmt(buf,
                "Of what is called supported, contradicted or missing, at most "
                "%.3g %% each\nis expected to be chance.\n",
                100 * c->level);
}

void rca_graph_text(struct rca_buf *buf, const struct rca_graph_report *r)
{
    put_summary(buf, r);
    put_state(buf, r, RCA_EDGE_CONTRADICTED, "CONTRADICTED");
    put_missing(buf, r);
    put_state(buf, r, RCA_EDGE_UNSEEN,
              "NOT SEEN (too little moved, or it is weak)");
    put_state(buf, r, RCA_EDGE_SHARED,
              "SHARED (they move together, but others explain it as well)");
    if (!r->all)
        return;
    put_state(buf, r, RCA_EDGE_SUPPORTED, "SUPPORTED");
    put_state(
        buf, r, RCA_EDGE_UNTESTABLE,
        "NOT TESTABLE (nothing that varies at both ends, or a call stands "
        "for it)");
}

/* --- JSON ----------------------------------------------------------------- */

static void put_end(struct rca_buf *buf, const struct rca_graph_report *r,
                    const char *key, rca_id id)
{
    rca_buf_fmt(buf, "\"%s\":", key);
    rca_show_json_entity(buf, end(r, id));
    rca_buf_str(buf, "},");
}

static void put_number(struct rca_buf *buf, const char *key, double x)
{
    rca_json_number(buf, key, x);
    rca_buf_str(buf, ",");
}

static void put_metric(struct rca_buf *buf, const struct rca_graph_report *r,
                       const char *key, uint32_t v)
{
    rca_buf_fmt(buf, "\"%s\":", key);
    if (v == UINT32_MAX) {
        rca_buf_str(buf, "null,");
        return;
    }
    rca_show_json_entity(buf, end(r, r->w->vars[v].entity));
    rca_buf_str(buf, ",");
    rca_json_string(buf, "metric", metric(r, v)->name);
    rca_buf_str(buf, "},");
}

static void put_edge_json(struct rca_buf *buf, const struct rca_graph_report *r,
                          const struct rca_edge_finding *f)
{
    static const char *const against[] = {NULL, "flow", "order"};
    const struct rca_edge *edge = rca_graph_edge(r->g, f->edge);

    rca_buf_str(buf, "{");
    put_end(buf, r, "source", edge->source);
    put_end(buf, r, "target", edge->target);
    rca_json_string(buf, "kind", rca_edge_name(edge->kind));
    rca_buf_str(buf, ",");
    rca_json_string(buf, "state", rca_edge_state_name(f->state));
    rca_buf_str(buf, ",");
    rca_json_string(buf, "against", against[f->against]);
    rca_buf_str(buf, ",");
    put_metric(buf, r, "cause", f->cause);
    put_metric(buf, r, "effect", f->effect);
    put_number(buf, "tested", (double)f->tested);
    put_number(buf, "partial_correlation", f->r);
    put_number(buf, "lag_rows", f->lag);
    put_number(buf, "p", f->tested ? f->p : NAN);
    rca_json_number(buf, "flow_at_most", f->flow);
    rca_buf_str(buf, "}");
}

static void put_counts(struct rca_buf *buf, const struct rca_edge_check *c)
{
    rca_buf_str(buf, "\"summary\":{");
    put_number(buf, "edges", (double)c->n_edges);
    for (unsigned k = 0; k < RCA_EDGE_STATE_COUNT; k++)
        put_number(buf, rca_edge_state_name((enum rca_edge_state)k),
                   (double)c->count[k]);
    put_number(buf, "pairs_compared", (double)c->n_pairs);
    rca_json_number(buf, "missing", (double)c->n_believed);
    rca_buf_str(buf, "},");
}

void rca_graph_json(struct rca_buf *buf, const struct rca_graph_report *r)
{
    const struct rca_edge_check *c = r->check;

    rca_buf_str(buf, "{\"schema_version\":1,");
    rca_show_json_time(buf, "from", r->w->from);
    rca_buf_str(buf, ",");
    rca_show_json_time(buf, "to",
                       r->w->from + (rca_time)c->n_rows * r->w->step);
    rca_buf_str(buf, ",");
    put_number(buf, "step_seconds", (double)r->w->step / (double)RCA_SECOND);
    put_number(buf, "rows", (double)c->n_rows);
    put_number(buf, "false_discovery_rate", c->level);
    put_counts(buf, c);
    rca_buf_str(buf, "\"edges\":[");
    for (size_t i = 0; i < c->n_edges; i++) {
        rca_buf_str(buf, i ? "," : "");
        put_edge_json(buf, r, &c->findings[i]);
    }
    rca_buf_str(buf, "],\"missing\":[");
    for (size_t i = 0; i < c->n_missing; i++) {
        rca_buf_str(buf, i ? ",{" : "{");
        put_metric(buf, r, "a", c->missing[i].a);
        put_metric(buf, r, "b", c->missing[i].b);
        put_number(buf, "correlation", c->missing[i].r);
        rca_json_number(buf, "p", c->missing[i].p);
        rca_buf_str(buf, "}");
    }
    rca_buf_str(buf, "]}\n");
}
