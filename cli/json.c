/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The answer for programs, DESIGN section 6 and docs/explain.schema.json: times
 * RFC 3339 in UTC, what is not known null, numbers exact, names as JSON strings
 * whatever they hold. All that the other renderers tell is in it: json_read.h
 * makes the same text and pictures from it again.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/json_value.h"
#include "cli/render.h"
#include "graph/base/time.h"

const char *rca_json_class_name(unsigned class)
{
    static const char *const names[] = {[RCA_NODE_CAUSE] = "cause",
                                        [RCA_NODE_PATH] = "path",
                                        [RCA_NODE_SYMPTOM] = "symptom",
                                        [RCA_NODE_OTHER] = "alt"};

    return class < RCA_ARRAY_SIZE(names) ? names[class] : "?";
}

const char *rca_json_part_name(unsigned kind)
{
    static const char *const names[] = {[RCA_PART_CAUSE] = "cause",
                                        [RCA_PART_OTHERS] = "others",
                                        [RCA_PART_UNEXPLAINED] = "unexplained",
                                        [RCA_PART_FEEDBACK] = "feedback"};

    return kind < RCA_ARRAY_SIZE(names) ? names[kind] : "?";
}

/* "2023-11-14T22:13:40Z", or with nine digits of a second if it is not whole */
static void moment(struct rca_buf *buf, const char *key, rca_time t)
{
    char text[RCA_TIME_TEXT_SIZE];

    if (t == RCA_TIME_NONE) {
        rca_buf_fmt(buf, "\"%s\":null", key);
        return;
    }
    (void)rca_time_utc(t, text);
    if (t > 0 && t % RCA_SECOND != 0)
        rca_buf_fmt(buf, "\"%s\":\"%.*s.%09dZ\"", key, (int)strlen(text) - 1,
                    text, (int)(t % RCA_SECOND));
    else
        rca_buf_fmt(buf, "\"%s\":\"%s\"", key, text);
}

static void next(struct rca_buf *buf)
{
    rca_buf_str(buf, ",");
}

static void number(struct rca_buf *buf, const char *key, double x)
{
    rca_json_number(buf, key, x);
    next(buf);
}

static void count(struct rca_buf *buf, const char *key, size_t n)
{
    rca_buf_fmt(buf, "\"%s\":%zu,", key, n);
}

static void numbers(struct rca_buf *buf, const char *key, const double *x,
                    size_t n)
{
    rca_buf_fmt(buf, "\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        if (i)
            next(buf);
        rca_json_value(buf, x[i]);
    }
    rca_buf_str(buf, "]");
}

/* the fields that symptom, causes and nodes have in common */
static void card(struct rca_buf *buf, const struct rca_card *c)
{
    rca_json_string(buf, "entity", c->name);
    next(buf);
    rca_json_string(buf, "kind", rca_kind_name(c->kind));
    next(buf);
    rca_json_string(buf, "host", c->host);
    next(buf);
    rca_json_string(buf, "metric", c->metric);
    next(buf);
    rca_json_string(buf, "label", c->label);
    next(buf);
    rca_json_string(buf, "role", rca_role_name(c->role));
    next(buf);
    number(buf, "before", c->before);
    number(buf, "after", c->after);
    rca_json_string(buf, "unit", rca_unit_suffix(c->unit));
    next(buf);
    number(buf, "factor", c->factor);
    number(buf, "strength", c->strength);
    moment(buf, "onset", c->onset);
}

static void reasons(struct rca_buf *buf, const struct rca_cause *c)
{
    rca_buf_str(buf, ",\"reasons\":[");
    for (size_t i = 0; i < RCA_REASONS && c->reasons[i]; i++) {
        if (i)
            next(buf);
        rca_json_text(buf, c->reasons[i]);
    }
    rca_buf_str(buf, "]");
}

static void cause(struct rca_buf *buf, size_t i, const struct rca_cause *c)
{
    rca_buf_str(buf, "{");
    count(buf, "rank", i + 1);
    card(buf, &c->card);
    next(buf);
    number(buf, "share", c->share);
    number(buf, "confidence", c->confidence);
    rca_buf_str(buf, "\"counterfactual\":{");
    number(buf, "value", c->value);
    number(buf, "low", c->low);
    rca_json_number(buf, "high", c->high);
    rca_buf_str(buf, "}");
    reasons(buf, c);
    rca_buf_str(buf, "}");
}

static void chart(struct rca_buf *buf, const struct rca_chart *c)
{
    if (!c->n) {
        rca_buf_str(buf, ",\"chart\":null");
        return;
    }
    rca_buf_str(buf, ",\n  \"chart\":{");
    moment(buf, "from", c->from);
    next(buf);
    number(buf, "step_seconds", (double)c->step / RCA_SECOND);
    number(buf, "low", c->low);
    number(buf, "high", c->high);
    number(buf, "instead", c->instead);
    numbers(buf, "values", c->x, c->n);
    rca_buf_str(buf, "}");
}

static void node(struct rca_buf *buf, size_t i, const struct rca_node *n)
{
    rca_buf_fmt(buf, "{\"id\":\"n%zu\",", i);
    rca_json_string(buf, "class", rca_json_class_name(n->class));
    rca_buf_str(buf, ",\"rank\":");
    if (n->rank)
        rca_buf_fmt(buf, "%u,", n->rank);
    else
        rca_buf_str(buf, "null,");
    card(buf, &n->card);
    next(buf);
    numbers(buf, "spark", n->card.spark, RCA_SPARK);
    chart(buf, &n->chart);
    rca_buf_str(buf, "}");
}

static void edge(struct rca_buf *buf, const struct rca_flow *f)
{
    rca_buf_fmt(buf, "{\"from\":\"n%zu\",\"to\":\"n%zu\",", f->from, f->to);
    number(buf, "share", f->share);
    rca_json_string(buf, "verb", f->verb);
    rca_buf_fmt(buf, ",\"main\":%s}", f->main ? "true" : "false");
}

static void part(struct rca_buf *buf, const struct rca_explanation *e,
                 const struct rca_part *p)
{
    rca_buf_str(buf, "{");
    rca_json_string(buf, "kind", rca_json_part_name(p->kind));
    next(buf);
    if (p->kind == RCA_PART_CAUSE) {
        count(buf, "rank", p->cause + 1);
        rca_json_string(buf, "entity", e->causes[p->cause].card.name);
        next(buf);
    }
    rca_json_number(buf, "amount", p->amount);
    rca_buf_str(buf, "}");
}

static void quality(struct rca_buf *buf, const struct rca_quality *q)
{
    rca_buf_str(buf, "\"quality\":{");
    number(buf, "step_seconds", (double)q->step / RCA_SECOND);
    count(buf, "normal_rows", q->normal_rows);
    count(buf, "incident_rows", q->incident_rows);
    rca_json_number(buf, "missing", q->missing);
    rca_buf_str(buf, "},\n");
}

static void strings(struct rca_buf *buf, const char *key,
                    const char *const *items, size_t n)
{
    rca_buf_fmt(buf, "\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        rca_buf_str(buf, i ? ",{" : "{");
        rca_json_string(buf, "text", items[i]);
        rca_buf_str(buf, "}");
    }
    rca_buf_str(buf, "]");
}

static void texts(struct rca_buf *buf, const char *const (*pairs)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        next(buf);
        rca_json_string(buf, pairs[i][0], pairs[i][1]);
    }
}

static void death(struct rca_buf *buf, const struct rca_packet_death *d)
{
    const char *const pairs[][2] = {
        {"reason", d->reason}, {"rule", d->rule},   {"text", d->text},
        {"device", d->device}, {"netns", d->netns}, {"service", d->service},
        {"place", d->place}};

    rca_buf_fmt(buf, "{\"packets\":%" PRIu64, d->packets);
    texts(buf, pairs, RCA_ARRAY_SIZE(pairs));
    rca_buf_str(buf, "}");
}

static void packets(struct rca_buf *buf, const struct rca_packets *p)
{
    const char *const pairs[][2] = {
        {"what", p->what}, {"filter", p->filter}, {"unseen", p->unseen}};

    rca_buf_str(buf, ",\n\"packets\":{");
    moment(buf, "from", p->from);
    next(buf);
    moment(buf, "to", p->to);
    texts(buf, pairs, RCA_ARRAY_SIZE(pairs));
    rca_buf_fmt(buf,
                ",\"packets\":%" PRIu64 ",\"died\":%" PRIu64
                ",\"lost\":%" PRIu64 ",\"others\":%" PRIu64 ",\n \"deaths\":[",
                p->packets, p->died, p->lost, p->others);
    for (size_t i = 0; i < p->n_deaths; i++) {
        rca_buf_str(buf, i ? ",\n  " : "\n  ");
        death(buf, &p->deaths[i]);
    }
    rca_buf_str(buf, "]}");
}

/* what holds for the answer as a whole */
static void head(struct rca_buf *buf, const struct rca_explanation *e)
{
    rca_buf_fmt(buf, "{\"schema_version\":%d,", RCA_JSON_SCHEMA_VERSION);
    rca_json_string(buf, "verdict", rca_verdict_name(e->verdict));
    next(buf);
    rca_json_string(buf, "method", rca_method_name(e->method));
    next(buf);
    rca_json_number(buf, "confidence_floor", RCA_CONFIDENCE_FLOOR);
    rca_buf_str(buf, ",\n\"symptom\":{");
    card(buf, &e->symptom);
    rca_buf_str(buf, "},\n");
    moment(buf, "from", e->from);
    next(buf);
    moment(buf, "to", e->to);
    next(buf);
    moment(buf, "spark_from", e->spark_from);
    next(buf);
    moment(buf, "spark_to", e->spark_to);
    rca_buf_str(buf, ",\n");
    moment(buf, "trained_from", e->trained_from);
    next(buf);
    moment(buf, "trained_to", e->trained_to);
    rca_buf_str(buf, ",\n");
    quality(buf, &e->quality);
    rca_json_number(buf, "unexplained", e->unexplained);
}

static void next_line(struct rca_buf *buf, size_t i)
{
    rca_buf_str(buf, i ? ",\n " : "\n ");
}

static void graph(struct rca_buf *buf, const struct rca_explanation *e)
{
    rca_buf_str(buf, ",\n\"nodes\":[");
    for (size_t i = 0; i < e->n_nodes; i++) {
        next_line(buf, i);
        node(buf, i, &e->nodes[i]);
    }
    rca_buf_fmt(buf, "],\"n_left_out\":%zu,\n\"edges\":[", e->n_left_out);
    for (size_t i = 0; i < e->n_flows; i++) {
        next_line(buf, i);
        edge(buf, &e->flows[i]);
    }
    rca_buf_str(buf, "]");
}

int rca_render_json(const struct rca_explanation *e, struct rca_buf *buf)
{
    head(buf, e);
    rca_buf_str(buf, ",\n\"causes\":[");
    for (size_t i = 0; i < e->n_causes; i++) {
        next_line(buf, i);
        cause(buf, i, &e->causes[i]);
    }
    rca_buf_str(buf, "],\n\"parts\":[");
    for (size_t i = 0; i < e->n_parts; i++) {
        next_line(buf, i);
        part(buf, e, &e->parts[i]);
    }
    rca_buf_str(buf, "]");
    graph(buf, e);
    rca_buf_str(buf, ",\n");
    strings(buf, "checked", e->checked, e->n_checked);
    next(buf);
    count(buf, "checked_entities", e->checked_entities);
    rca_buf_fmt(buf, "\"checked_metrics\":%zu,\n", e->checked_metrics);
    strings(buf, "unseen", e->unseen, e->n_unseen);
    if (e->packets)
        packets(buf, e->packets);
    rca_buf_str(buf, "}\n");
    return buf->err;
}
