/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "cli/detect.h"
#include "cli/json_value.h"
#include "cli/show.h"

#define SCHEMA_VERSION 1

static void next(struct rca_buf *buf)
{
    rca_buf_str(buf, ",");
}

static void text(struct rca_buf *buf, const char *key, const char *value)
{
    rca_json_string(buf, key, value);
    next(buf);
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

static void moment(struct rca_buf *buf, const char *key, rca_time t)
{
    rca_show_json_time(buf, key, t);
    next(buf);
}

static const char *change_name(enum rca_change change)
{
    switch (change) {
    case RCA_CHANGE_APPEARED:
        return "appeared";
    case RCA_CHANGE_VANISHED:
        return "vanished";
    case RCA_CHANGE_SHIFT:
        break;
    }
    return "shift";
}

static void finding(struct rca_buf *buf, const struct rca_finding *f)
{
    const struct rca_card *c = &f->card;

    rca_buf_str(buf, "{");
    count(buf, "incident", f->group);
    text(buf, "entity", c->name);
    text(buf, "kind", rca_kind_name(c->kind));
    text(buf, "host", c->host);
    text(buf, "metric", *c->metric ? c->metric : NULL);
    text(buf, "label", c->label);
    text(buf, "role", rca_role_name(c->role));
    text(buf, "change", change_name(f->change));
    rca_buf_fmt(buf, "\"symptom\":%s,", f->is_symptom ? "true" : "false");
    number(buf, "before", c->before);
    number(buf, "after", c->after);
    text(buf, "unit", rca_unit_suffix(c->unit));
    number(buf, "factor", c->factor);
    number(buf, "strength", c->strength);
    moment(buf, "onset", c->onset);
    moment(buf, "to", f->to);
    rca_json_number(buf, "p", f->p);
    rca_buf_str(buf, "}");
}

static void incident(struct rca_buf *buf, const struct rca_group *g)
{
    rca_buf_str(buf, "{");
    count(buf, "worst", g->first);
    moment(buf, "onset", g->onset);
    moment(buf, "to", g->to);
    count(buf, "symptoms", g->n_symptoms);
    count(buf, "findings", g->n_findings);
    rca_buf_fmt(buf, "\"entities\":%zu}", g->n_entities);
}

int rca_detect_json(const struct rca_detection *d, struct rca_buf *buf)
{
    rca_buf_fmt(buf, "{\"schema_version\":%d,\"abnormal\":%s,", SCHEMA_VERSION,
                d->n_groups ? "true" : "false");
    moment(buf, "from", d->from);
    moment(buf, "to", d->to);
    moment(buf, "trained_from", d->trained_from);
    moment(buf, "trained_to", d->trained_to);
    number(buf, "stretch_seconds", (double)d->stretch / RCA_SECOND);
    number(buf, "fdr", d->fdr);
    count(buf, "metrics", d->n_metrics);
    count(buf, "entities", d->n_entities);
    count(buf, "tested", d->n_tested);
    rca_buf_str(buf, "\n\"incidents\":[");
    for (size_t i = 0; i < d->n_groups; i++) {
        rca_buf_str(buf, i ? ",\n " : "\n ");
        incident(buf, &d->groups[i]);
    }
    rca_buf_str(buf, "],\n\"findings\":[");
    for (size_t i = 0; i < d->n_findings; i++) {
        rca_buf_str(buf, i ? ",\n " : "\n ");
        finding(buf, &d->findings[i]);
    }
    rca_buf_str(buf, "]}\n");
    return buf->err;
}
