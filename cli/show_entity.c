/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/json_value.h"
#include "cli/plot.h"
#include "cli/show.h"
#include "cli/words.h"
#include "graph/base/time.h"
#include "model/predict.h"

/* struct card - all about one entity; owned but for @e and @show
 * @w:          of it and its neighbours, over the newest rows of the training
 *              window; NULL where there are none
 * @prediction: by variable of @w, of the entity's own
 * @newest:     its metrics in the newest rows, or NULL */
struct card {
    const struct rca_show *show;
    const struct rca_entity *e;
    struct rca_model *model;
    struct rca_window *w, *newest;
    struct rca_prediction *prediction;
};

/* struct line - of one metric; @p: NULL where it could not be judged */
struct line {
    struct rca_factor_view view;
    struct rca_metric metric;
    const struct rca_prediction *p;
    double newest;
    char name[96];
};

#define NEWEST_ROWS 60

static void card_done(struct card *c)
{
    rca_model_free(&c->model);
    rca_window_free(&c->w);
    rca_window_free(&c->newest);
    rca_freep(&c->prediction);
}

/* 0, or -errno; what was not measured then is no error */
static int read_newest(struct card *c)
{
    const struct rca_store_info *i = &c->show->open->info;
    const rca_time step = i->interval ? i->interval : RCA_SECOND;
    const int r =
        rca_window_read(c->show->open->store, i->last - NEWEST_ROWS * step,
                        i->last, step, &c->e->id, 1, &c->newest);

    return r == RCA_ETOOFEW ? 0 : r;
}

static int read_card(struct card *c)
{
    const struct rca_open *open = c->show->open;
    struct rca_model_info info;
    struct rca_span span;
    int r = read_newest(c);

    if (r)
        return rca_say("cannot read", NULL, r);
    r = rca_open_model(open, &c->model);
    if (r >= 0)
        return r;
    rca_model_info(c->model, &info);
    span = (struct rca_span){
        .from = info.from, .step = info.step, .n_rows = info.rows};
    r = rca_predict_read(open->store, open->graph, c->e->id, &span, &c->w,
                         &c->prediction);
    /* an old model's rows may be gone */
    return r && r != RCA_ETOOFEW ? rca_say("cannot read", NULL, r) : -1;
}

static double last_of(const struct rca_window *w, size_t v)
{
    const double *x = w->x + v * w->n_rows;
    size_t n = w->n_rows;

    while (n > 0 && isnan(x[n - 1]))
        n--;
    return n ? x[n - 1] : NAN;
}

/* what the model only knows the name of */
static void find_metric(const struct card *c, rca_id entity, const char *name,
                        char buf[96], struct rca_metric *ret)
{
    const size_t v = c->w ? rca_window_find(c->w, entity, name) : 0;
    const struct rca_metric *known = rca_metric_find(name);

    if (c->w && v < c->w->n_vars)
        *ret = c->w->vars[v].metric;
    else if (known)
        *ret = *known;
    else
        rca_metric_guess(name, buf, ret);
}

/* line of variable @i of the model; false: of another entity */
static _Bool find_line(const struct card *c, size_t i, struct line *ret)
{
    size_t v;

    *ret = (struct line){.newest = NAN};
    rca_model_view(c->model, i, &ret->view);
    if (ret->view.entity != c->e->id)
        return 0;
    find_metric(c, c->e->id, ret->view.metric, ret->name, &ret->metric);
    v = c->w ? rca_window_find(c->w, c->e->id, ret->view.metric) : 0;
    if (c->w && v < c->w->n_vars)
        ret->p = &c->prediction[v];
    if (c->newest) {
        v = rca_window_find(c->newest, c->e->id, ret->view.metric);
        ret->newest = v < c->newest->n_vars ? last_of(c->newest, v) : NAN;
    }
    return 1;
}

/* --- text ----------------------------------------------------------------- */

static void put_neighbours(struct rca_buf *buf, const struct card *c, _Bool out)
{
    const struct rca_graph *g = c->show->open->graph;
    const uint32_t node = rca_graph_node(g, c->e->id);
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(g, node, &n);
    const char *head = out ? "\nDepends on\n" : "\nWhat depends on it\n";

    for (size_t i = 0; i < n; i++) {
        char name[RCA_SHOW_NAME_SIZE];

        if (arcs[i].out != out)
            continue;
        rca_buf_fmt(
            buf, "%s  %-12s %s\n", head, rca_edge_name(arcs[i].kind),
            rca_show_full_name(rca_graph_entity(g, arcs[i].node), name));
        head = "";
    }
}

static void put_head(struct rca_buf *buf, const struct card *c)
{
    char name[RCA_SHOW_NAME_SIZE], host[RCA_WORDS_NAME_MAX + 1];

    rca_buf_str(buf, rca_show_full_name(c->e, name));
    if (c->e->host[0])
        rca_buf_fmt(buf, " on %s", rca_words_name(c->e->host, host));
    rca_buf_str(buf, ", seen ");
    rca_show_span(buf, c->e->first, c->e->last);
    rca_buf_str(buf, "\n");
    put_neighbours(buf, c, 1);
    put_neighbours(buf, c, 0);
}

/* "40 to 55 ms", "always 0 /s" */
static void put_usual(struct rca_buf *buf, const struct line *l)
{
    struct rca_buf text = {0};
    char *range RCA_CLEANUP(rca_freep) = NULL;

    if (isnan(l->view.low)) {
        rca_show_pad(buf, "not known", 20);
        return;
    }
    if (l->view.constant)
        rca_buf_str(&text, "always ");
    rca_plot_range(&text, l->view.low, l->view.high, l->metric.unit);
    if (rca_buf_take(&text, &range))
        buf->err = -ENOMEM;
    else
        rca_show_pad(buf, range, 20);
}

static void put_quality(struct rca_buf *buf, const struct line *l)
{
    if (!l->p || isnan(l->p->r2))
        rca_buf_str(buf, "   -      ");
    else if (l->p->r2 < -1)
        rca_buf_str(buf, "below -1  ");
    else
        rca_buf_fmt(buf, "%5.2f     ", l->p->r2);
    if (!l->p || isnan(l->p->lag1))
        rca_buf_str(buf, "-");
    else
        rca_buf_fmt(buf, "%.2f%s", l->p->lag1,
                    rca_predict_has_memory(l->p) ? " !" : "");
    rca_buf_str(buf, "\n");
}

/* returns whether a residual has a memory */
static _Bool put_metrics(struct rca_buf *buf, const struct card *c)
{
    _Bool memory = 0;
    struct line l;

    rca_buf_str(buf, "\nMETRIC                  NEWEST      USUALLY"
                     "               R2    LAG 1\n");
    for (size_t i = 0; i < rca_model_variables(c->model); i++) {
        char value[32];

        if (!find_line(c, i, &l))
            continue;
        rca_show_pad(buf, l.metric.label, 22);
        rca_show_pad(buf, rca_value_text(l.newest, l.metric.unit, value), 10);
        put_usual(buf, &l);
        put_quality(buf, &l);
        memory |= l.p && rca_predict_has_memory(l.p);
    }
    return memory;
}

/* A step of the cause that people can think in: a power of ten, at most what
 * is usual of it. */
static double human_step(double scale)
{
    return scale > 0 ? pow(10, floor(log10(scale) + 1e-9)) : 1;
}

/* A parent that usually moves less than this part of what is usual is not
 * listed in text. */
#define LITTLE 0.01

/* scale of the metric @metric of @entity, or 0 */
static double scale_of(const struct card *c, rca_id entity, const char *metric)
{
    struct rca_factor_view view;

    for (size_t i = 0; i < rca_model_variables(c->model); i++) {
        rca_model_view(c->model, i, &view);
        if (view.entity == entity && strcmp(view.metric, metric) == 0)
            return view.scale;
    }
    return 0;
}

static void put_parent(struct rca_buf *buf, const struct card *c,
                       const struct line *l, size_t p)
{
    const struct rca_graph *g = c->show->open->graph;
    const rca_id id = l->view.parents[p].entity;
    const uint32_t node = rca_graph_node(g, id);
    const double scale = scale_of(c, id, l->view.parents[p].metric);
    const double step = human_step(scale);
    const double moves = step * l->view.parents[p].weight;
    char name[RCA_SHOW_NAME_SIZE], buffer[96], cause[32], effect[32];
    struct rca_metric m;

    if (fabs(scale * l->view.parents[p].weight) < LITTLE * l->view.scale)
        return;
    find_metric(c, id, l->view.parents[p].metric, buffer, &m);
    rca_buf_fmt(buf, "    +%s %s", rca_value_text(step, m.unit, cause),
                m.label);
    if (id == c->e->id)
        rca_buf_str(buf, " here");
    else
        rca_buf_fmt(buf, " of %s",
                    node == UINT32_MAX
                        ? "what is gone"
                        : rca_show_full_name(rca_graph_entity(g, node), name));
    rca_buf_fmt(buf, ": %s%s\n", moves < 0 ? "" : "+",
                rca_value_text(moves, l->metric.unit, effect));
}

static void put_factors(struct rca_buf *buf, const struct card *c)
{
    const char *head = "\nWhat moves them, by weight\n";
    struct line l;

    for (size_t i = 0; i < rca_model_variables(c->model); i++) {
        if (!find_line(c, i, &l) || !l.view.n_parents || l.view.constant)
            continue;
        rca_buf_fmt(buf, "%s  %s\n", head, l.metric.label);
        for (size_t p = 0; p < l.view.n_parents; p++)
            put_parent(buf, c, &l, p);
        head = "";
    }
}

static void put_explained(struct rca_buf *buf, const struct card *c,
                          _Bool memory)
{
    rca_buf_str(buf, "\n");
    if (c->w) {
        rca_buf_str(buf, "R2: part of the changes that the factor predicts on "
                         "rows it was not fitted to\n(1 all, 0 or less "
                         "nothing); ");
        rca_show_span(buf, c->w->from,
                      c->w->from + (rca_time)c->w->n_rows * c->w->step);
        rca_buf_str(buf, ".\nLag 1: how much what is left is like that of the "
                         "row before.\n");
    } else {
        rca_buf_str(buf, "The rows that the model was learned from are gone: "
                         "how well it predicts is not known.\n");
    }
    if (memory)
        rca_buf_str(buf, "! The residual has a memory: intervals of confidence "
                         "are too narrow.\n");
    rca_buf_str(buf, "Usually: nine in ten stretches of four rows stayed "
                     "within.\n");
}

static void put_text(struct rca_buf *buf, const struct card *c)
{
    _Bool memory;

    put_head(buf, c);
    memory = put_metrics(buf, c);
    put_factors(buf, c);
    put_explained(buf, c, memory);
}

/* --- JSON ----------------------------------------------------------------- */

static void put_number(struct rca_buf *buf, const char *key, double x)
{
    rca_buf_str(buf, ",");
    rca_json_number(buf, key, x);
}

static void put_string(struct rca_buf *buf, const char *key, const char *s)
{
    rca_buf_str(buf, ",");
    rca_json_string(buf, key, s);
}

static void put_edges_json(struct rca_buf *buf, const struct card *c)
{
    const struct rca_graph *g = c->show->open->graph;
    size_t n;
    const struct rca_arc *arcs =
        rca_graph_arcs(g, rca_graph_node(g, c->e->id), &n);

    rca_buf_str(buf, ",\"edges\":[");
    for (size_t i = 0; i < n; i++) {
        rca_buf_str(buf, i ? "," : "");
        rca_show_json_entity(buf, rca_graph_entity(g, arcs[i].node));
        put_string(buf, "edge", rca_edge_name(arcs[i].kind));
        put_string(buf, "direction",
                   arcs[i].out ? "depends_on" : "depends_on_it");
        rca_buf_str(buf, "}");
    }
    rca_buf_str(buf, "]");
}

static void put_parents_json(struct rca_buf *buf, const struct card *c,
                             const struct rca_factor_view *view)
{
    const struct rca_graph *g = c->show->open->graph;

    rca_buf_str(buf, ",\"parents\":[");
    for (size_t p = 0; p < view->n_parents; p++) {
        const uint32_t node = rca_graph_node(g, view->parents[p].entity);
        static const struct rca_entity gone = {
            .kind = RCA_KIND_OTHER, .name = "?", .host = ""};

        rca_buf_str(buf, p ? "," : "");
        rca_show_json_entity(
            buf, node == UINT32_MAX ? &gone : rca_graph_entity(g, node));
        put_string(buf, "metric", view->parents[p].metric);
        put_number(buf, "weight", view->parents[p].weight);
        rca_buf_str(buf, "}");
    }
    rca_buf_str(buf, "]}");
}

static void put_metric_json(struct rca_buf *buf, const struct card *c,
                            const struct line *l)
{
    rca_buf_str(buf, "{");
    rca_json_string(buf, "metric", l->view.metric);
    put_string(buf, "label", l->metric.label);
    put_string(buf, "role", rca_role_name(l->metric.role));
    put_string(buf, "unit", rca_unit_suffix(l->metric.unit));
    put_number(buf, "newest", l->newest);
    put_number(buf, "centre", l->view.centre);
    put_number(buf, "usual_low", l->view.low);
    put_number(buf, "usual_high", l->view.high);
    put_number(buf, "scale", l->view.scale);
    put_number(buf, "residual_scale", l->view.residual_scale);
    put_number(buf, "rows_held_out", l->p ? (double)l->p->n : NAN);
    put_number(buf, "r2_held_out", l->p ? l->p->r2 : NAN);
    put_number(buf, "residual_lag1", l->p ? l->p->lag1 : NAN);
    put_number(buf, "residual_lag1_chance", l->p ? l->p->chance : NAN);
    put_parents_json(buf, c, &l->view);
}

static void put_json(struct rca_buf *buf, const struct card *c)
{
    const char *comma = "";
    struct line l;

    rca_buf_str(buf, "{\"schema_version\":1,\"entity\":");
    rca_show_json_entity(buf, c->e);
    rca_buf_str(buf, ",");
    rca_show_json_time(buf, "first", c->e->first);
    rca_buf_str(buf, ",");
    rca_show_json_time(buf, "last", c->e->last);
    rca_buf_str(buf, "}");
    put_edges_json(buf, c);
    rca_buf_str(buf, ",\"metrics\":[");
    for (size_t i = 0; i < rca_model_variables(c->model); i++) {
        if (!find_line(c, i, &l))
            continue;
        rca_buf_str(buf, comma);
        put_metric_json(buf, c, &l);
        comma = ",";
    }
    rca_buf_str(buf, "]}\n");
}

int rca_show_entity(const struct rca_show *show)
{
    struct card c RCA_CLEANUP(card_done) = {.show = show};
    struct rca_buf buf = {0};
    int r = rca_open_entity(show->open, show->name, &c.e);

    r = r >= 0 ? r : read_card(&c);
    if (r >= 0)
        return r;
    if (show->format == RCA_SHOW_JSON)
        put_json(&buf, &c);
    else
        put_text(&buf, &c);
    return rca_show_put(&buf);
}
