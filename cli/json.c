/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The answer for programs, DESIGN section 6: times RFC 3339 in UTC, what is
 * not known null, names as JSON strings whatever they hold (they may
 * hold anything; a byte that is not UTF-8 becomes '?').
 */

#include <math.h>

#include "cli/render.h"
#include "graph/base/name.h"
#include "graph/base/time.h"

#define SCHEMA_VERSION 1

static void string(struct rca_buf *buf, const char *key, const char *s)
{
    rca_buf_fmt(buf, "\"%s\":\"", key);
    while (*s) {
        unsigned char c = (unsigned char)*s;
        size_t n = rca_name_char(s);

        if (c == '"' || c == '\\')
            rca_buf_fmt(buf, "\\%c", c);
        else if (c < 0x20)
            rca_buf_fmt(buf, "\\u%04x", c);
        else
            rca_buf_put(buf, n ? s : "?", n ? n : 1);
        s += n ? n : 1;
    }
    rca_buf_str(buf, "\"");
}

static void number(struct rca_buf *buf, const char *key, double x)
{
    if (isfinite(x))
        rca_buf_fmt(buf, "\"%s\":%.17g", key, x);
    else
        rca_buf_fmt(buf, "\"%s\":null", key);
}

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
    string(buf, "entity", c->name);
    next(buf);
    string(buf, "kind", rca_kind_name(c->kind));
    next(buf);
    string(buf, "host", c->host);
    next(buf);
    string(buf, "metric", c->metric);
    next(buf);
}

static void change(struct rca_buf *buf, const struct rca_card *c)
{
    number(buf, "before", c->before);
    next(buf);
    number(buf, "after", c->after);
    next(buf);
    string(buf, "unit", rca_unit_suffix(c->unit));
    next(buf);
    moment(buf, "onset", c->onset);
}

static void cause(struct rca_buf *buf, const struct rca_cause *c)
{
    rca_buf_str(buf, "{");
    identity(buf, &c->card);
    number(buf, "share", c->share);
    next(buf);
    number(buf, "confidence", c->confidence);
    next(buf);
    change(buf, &c->card);
    rca_buf_str(buf, ",\"counterfactual\":{");
    number(buf, "value", c->value);
    next(buf);
    number(buf, "low", c->low);
    next(buf);
    number(buf, "high", c->high);
    rca_buf_str(buf, "}}");
}

static void node(struct rca_buf *buf, size_t i, const struct rca_node *n)
{
    rca_buf_fmt(buf, "{\"id\":\"n%zu\",", i);
    identity(buf, &n->card);
    string(buf, "role", rca_role_name(n->card.role));
    next(buf);
    change(buf, &n->card);
    rca_buf_str(buf, "}");
}

static void edge(struct rca_buf *buf, const struct rca_flow *f)
{
    rca_buf_fmt(buf, "{\"from\":\"n%zu\",\"to\":\"n%zu\",", f->from, f->to);
    number(buf, "share", f->share);
    next(buf);
    string(buf, "verb", f->verb);
    rca_buf_str(buf, "}");
}

static void strings(struct rca_buf *buf, const char *key,
                    const char *const *items, size_t n)
{
    rca_buf_fmt(buf, ",\n\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        rca_buf_str(buf, i ? ",{" : "{");
        string(buf, "text", items[i]);
        rca_buf_str(buf, "}");
    }
    rca_buf_str(buf, "]");
}

int rca_render_json(const struct rca_explanation *e, struct rca_buf *buf)
{
    rca_buf_fmt(buf, "{\"schema_version\":%d,", SCHEMA_VERSION);
    string(buf, "verdict", rca_verdict_name(e->verdict));
    rca_buf_str(buf, ",\n\"symptom\":{");
    identity(buf, &e->symptom);
    change(buf, &e->symptom);
    rca_buf_str(buf, "},\n");
    moment(buf, "from", e->from);
    next(buf);
    moment(buf, "to", e->to);
    next(buf);
    number(buf, "unexplained", e->unexplained);
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
