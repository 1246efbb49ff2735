/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The answer for programs, DESIGN section 6: times RFC 3339 in UTC, what is
 * not known null, names as JSON strings whatever they hold (they may
 * hold anything; a byte that is not UTF-8 becomes '?').
 */

#include "cli/json_value.h"
#include "cli/render.h"
#include "graph/base/time.h"

#define SCHEMA_VERSION 1

static void moment(struct rca_buf *buf, const char *key, rca_time t)
{
    char text[RCA_TIME_TEXT_SIZE];

    if (t == RCA_TIME_NONE)
        rca_buf_fmt(buf, "\"%s\":null", key);
    else
        rca_buf_fmt(buf, "\"%s\":\"%s\"", key, rca_time_utc(t, text));
}

static void next(struct rca_buf *buf)
{
    rca_buf_str(buf, ",");
}

static void identity(struct rca_buf *buf, const struct rca_card *c)
{
    rca_json_string(buf, "entity", c->name);
    next(buf);
    rca_json_string(buf, "kind", rca_kind_name(c->kind));
    next(buf);
    rca_json_string(buf, "host", c->host);
    next(buf);
    rca_json_string(buf, "metric", c->metric);
    next(buf);
}

static void change(struct rca_buf *buf, const struct rca_card *c)
{
    rca_json_number(buf, "before", c->before);
    next(buf);
    rca_json_number(buf, "after", c->after);
    next(buf);
    rca_json_string(buf, "unit", rca_unit_suffix(c->unit));
    next(buf);
    moment(buf, "onset", c->onset);
}

static void cause(struct rca_buf *buf, const struct rca_cause *c)
{
    rca_buf_str(buf, "{");
    identity(buf, &c->card);
    rca_json_number(buf, "share", c->share);
    next(buf);
    rca_json_number(buf, "confidence", c->confidence);
    next(buf);
    change(buf, &c->card);
    rca_buf_str(buf, ",\"counterfactual\":{");
    rca_json_number(buf, "value", c->value);
    next(buf);
    rca_json_number(buf, "low", c->low);
    next(buf);
    rca_json_number(buf, "high", c->high);
    rca_buf_str(buf, "}}");
}

static void node(struct rca_buf *buf, size_t i, const struct rca_node *n)
{
    rca_buf_fmt(buf, "{\"id\":\"n%zu\",", i);
    identity(buf, &n->card);
    rca_json_string(buf, "role", rca_role_name(n->card.role));
    next(buf);
    change(buf, &n->card);
    rca_buf_str(buf, "}");
}

static void edge(struct rca_buf *buf, const struct rca_flow *f)
{
    rca_buf_fmt(buf, "{\"from\":\"n%zu\",\"to\":\"n%zu\",", f->from, f->to);
    rca_json_number(buf, "share", f->share);
    next(buf);
    rca_json_string(buf, "verb", f->verb);
    rca_buf_str(buf, "}");
}

static void strings(struct rca_buf *buf, const char *key,
                    const char *const *items, size_t n)
{
    rca_buf_fmt(buf, ",\n\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        rca_buf_str(buf, i ? ",{" : "{");
        rca_json_string(buf, "text", items[i]);
        rca_buf_str(buf, "}");
    }
    rca_buf_str(buf, "]");
}

int rca_render_json(const struct rca_explanation *e, struct rca_buf *buf)
{
    rca_buf_fmt(buf, "{\"schema_version\":%d,", SCHEMA_VERSION);
    rca_json_string(buf, "verdict", rca_verdict_name(e->verdict));
    next(buf);
    rca_json_string(buf, "method", rca_method_name(e->method));
    rca_buf_str(buf, ",\n\"symptom\":{");
    identity(buf, &e->symptom);
    change(buf, &e->symptom);
    rca_buf_str(buf, "},\n");
    moment(buf, "from", e->from);
    next(buf);
    moment(buf, "to", e->to);
    next(buf);
    rca_json_number(buf, "unexplained", e->unexplained);
    rca_buf_str(buf, ",\n\"causes\":[");
    for (size_t i = 0; i < e->n_causes; i++) {
        rca_buf_str(buf, i ? ",\n " : "\n ");
        cause(buf, &e->causes[i]);
    }
    rca_buf_str(buf, "],\n\"nodes\":[");
    for (size_t i = 0; i < e->n_nodes; i++) {
        rca_buf_str(buf, i ? ",\n " : "\n ");
        node(buf, i, &e->nodes[i]);
    }
    rca_buf_str(buf, "],\n\"edges\":[");
    for (size_t i = 0; i < e->n_flows; i++) {
        rca_buf_str(buf, i ? ",\n " : "\n ");
        edge(buf, &e->flows[i]);
    }
    rca_buf_str(buf, "]");
    strings(buf, "checked", e->checked, e->n_checked);
    strings(buf, "unseen", e->unseen, e->n_unseen);
    rca_buf_str(buf, "}\n");
    return buf->err;
}
