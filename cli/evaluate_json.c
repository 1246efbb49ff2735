/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/evaluate_render.h"
#include "cli/json_value.h"

static void named(struct rca_buf *buf, const struct rca_named *c)
{
    rca_buf_str(buf, "{");
    rca_json_string(buf, "entity", c->entity);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "service", c->service);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "metric", c->metric);
    rca_buf_str(buf, ",");
    rca_json_number(buf, "score", c->score);
    rca_buf_str(buf, ",");
    rca_json_number(buf, "share", c->share);
    rca_buf_str(buf, ",");
    rca_json_number(buf, "confidence", c->confidence);
    rca_buf_str(buf, "}");
}

static void outcome(struct rca_buf *buf, const struct rca_outcome *o)
{
    rca_buf_str(buf, "{");
    rca_json_string(buf, "case", o->name);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "dataset", o->dataset);
    rca_buf_fmt(buf, ",\"seconds\":%.6f,", o->seconds);
    if (o->rank)
        rca_buf_fmt(buf, "\"rank\":%zu,", o->rank);
    else
        rca_buf_str(buf, "\"rank\":null,");
    rca_json_string(buf, "verdict", rca_verdict_name(o->verdict));
    rca_buf_str(buf, ",\n  \"ranking\":[");
    for (size_t i = 0; i < o->n; i++) {
        rca_buf_str(buf, i ? ",\n   " : "\n   ");
        named(buf, &o->list[i]);
    }
    rca_buf_str(buf, "]}");
}

static void summary(struct rca_buf *buf, const struct rca_score_table *t)
{
    const struct {
        const char *key;
        double value;
    } figures[] = {
        {"top1", t->all.top[0]},         {"top3", t->all.top[2]},
        {"top5", t->all.top[4]},         {"avg5", t->all.avg5},
        {"macro_top1", t->macro.top[0]}, {"macro_top3", t->macro.top[2]},
        {"macro_avg5", t->macro.avg5},
    };

    rca_buf_fmt(buf, "\"summary\":{\"n\":%zu,\"scored\":%zu,", t->all.n,
                t->all.scored);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(figures); i++) {
        rca_json_number(buf, figures[i].key, figures[i].value);
        rca_buf_str(buf, ",");
    }
    rca_buf_fmt(buf, "\"seconds\":%.6f}}\n", t->all.seconds);
}

int rca_render_evaluation_json(const struct rca_evaluation *e,
                               struct rca_buf *buf)
{
    struct rca_score_table table RCA_CLEANUP(rca_score_table_done) = {0};
    int err =
        rca_score_tabulate(e->outcomes, e->n, RCA_SCORE_BY_DATASET, &table);

    if (err)
        return err;
    rca_buf_str(buf, "{\"cases\":[");
    for (size_t i = 0; i < e->n; i++) {
        rca_buf_str(buf, i ? ",\n " : "\n ");
        outcome(buf, &e->outcomes[i]);
    }
    rca_buf_str(buf, "],\n");
    summary(buf, &table);
    return buf->err;
}
