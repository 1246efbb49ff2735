/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/show_model.h"
#include "cli/slice.h"
#include "cli/spark.h"
#include "graph/base/name.h"
#include "graph/base/time.h"
#include "graph/dot.h"

/** Ticks that may be missing before the time that is asked for. */
#define STALE_TICKS 5

static const struct rca_usage usage = {
    "show",
    "rca show entities|edges|graph [--at TIME | --from TIME --to TIME]\n"
    "       rca show series|entity NAME [--at TIME]\n"
    "       rca show --model",
    "What is known: the entities, the edges between them (each from the\n"
    "dependent to what it depends on), the graph in DOT, with when each was\n"
    "first and last seen; of all times, or those that were there at a time or\n"
    "within a range. The metrics of one entity over the hour up to a time, or\n"
    "what the model learned of it; the model as a whole: what it was learned\n"
    "from and how much each piece of evidence counts.",
    "  rca show entities\n"
    "  rca show series web\n"
    "  rca show entity web\n"
    "  rca show --model\n"
    "  rca show graph | dot -Tsvg > graph.svg\n"
    "  rca show edges --at 14:02\n"
    "  rca show entities --from -1h --to -30min\n",
};

static int show_entities(const struct rca_open *open, const char *name)
{
    char first[RCA_TIME_TEXT_SIZE], last[RCA_TIME_TEXT_SIZE];

    (void)name;
    for (uint32_t i = 0; i < rca_graph_size(open->graph); i++) {
        const struct rca_entity *e = rca_graph_entity(open->graph, i);

        printf("%-10s %-44s %s  %s\n", rca_kind_name(e->kind), e->name,
               rca_time_utc(e->first, first), rca_time_utc(e->last, last));
    }
    return RCA_EXIT_DONE;
}

static const struct rca_entity *end(const struct rca_graph *g, rca_id id)
{
    return rca_graph_entity(g, rca_graph_node(g, id));
}

static int show_edges(const struct rca_open *open, const char *name)
{
    char first[RCA_TIME_TEXT_SIZE], last[RCA_TIME_TEXT_SIZE];

    (void)name;
    for (uint32_t i = 0; i < rca_graph_edges(open->graph); i++) {
        const struct rca_edge *edge = rca_graph_edge(open->graph, i);
        const struct rca_entity *a = end(open->graph, edge->source);
        const struct rca_entity *b = end(open->graph, edge->target);

        printf("%s/%s %s %s/%s  %s  %s\n", rca_kind_name(a->kind), a->name,
               rca_edge_name(edge->kind), rca_kind_name(b->kind), b->name,
               rca_time_utc(edge->first, first),
               rca_time_utc(edge->last, last));
    }
    return RCA_EXIT_DONE;
}

static int show_graph(const struct rca_open *open, const char *name)
{
    struct rca_buf buf = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    int r;

    (void)name;
    rca_buf_str(&buf, "digraph entities {\n  rankdir=LR;\n"
                      "  node [shape=box, fontname=\"DejaVu Sans\"];\n");
    for (uint32_t i = 0; i < rca_graph_size(open->graph); i++) {
        rca_buf_fmt(&buf, "  n%u [label=", (unsigned)i);
        rca_dot_quote(&buf, rca_graph_entity(open->graph, i)->name);
        rca_buf_str(&buf, "];\n");
    }
    for (uint32_t i = 0; i < rca_graph_edges(open->graph); i++) {
        const struct rca_edge *edge = rca_graph_edge(open->graph, i);

        rca_buf_fmt(&buf, "  n%u -> n%u [label=\"%s\"%s];\n",
                    (unsigned)rca_graph_node(open->graph, edge->source),
                    (unsigned)rca_graph_node(open->graph, edge->target),
                    rca_edge_name(edge->kind),
                    edge->kind == RCA_EDGE_LINK ? ", dir=none" : "");
    }
    rca_buf_str(&buf, "}\n");
    r = rca_buf_take(&buf, &text);
    if (r)
        return rca_say("show", NULL, r);
    (void)fputs(text, stdout);
    return RCA_EXIT_DONE;
}

static double newest(const double *x, size_t n)
{
    while (n > 0 && isnan(x[n - 1]))
        n--;
    return n ? x[n - 1] : NAN;
}

static int show_series(const struct rca_open *open, const char *name)
{
    struct rca_window *w RCA_CLEANUP(rca_window_free) = NULL;
    const struct rca_entity *e;
    rca_time from = open->info.last - RCA_SECOND * 3600;
    int r = rca_open_entity(open, name, &e);

    if (r >= 0)
        return r;
    if (from < open->info.first)
        from = open->info.first;
    r = rca_window_read(open->store, from, open->info.last,
                        open->info.interval ? open->info.interval : RCA_SECOND,
                        &e->id, 1, &w);
    if (r)
        return rca_say("nothing is measured of it in the last hour", NULL, r);
    for (size_t v = 0; v < w->n_vars; v++) {
        const struct rca_metric *m = &w->vars[v].metric;
        const double *x = w->x + v * w->n_rows;
        char spark[RCA_SPARK_TEXT], value[32];
        double cells[40];

        rca_spark_resample(x, w->n_rows, cells, RCA_ARRAY_SIZE(cells));
        printf("%-40s %-11s %12s  %s\n", m->name, rca_role_name(m->role),
               rca_value_text(newest(x, w->n_rows), m->unit, value),
               rca_spark_text(cells, RCA_ARRAY_SIZE(cells), spark));
    }
    return RCA_EXIT_DONE;
}

static void print_factor(const struct rca_open *open,
                         const struct rca_factor_view *v)
{
    printf("%s: usually %.4g, varies by %.3g, by %.3g where explained\n",
           v->metric, v->centre, v->scale, v->residual_scale);
    for (size_t p = 0; p < v->n_parents; p++) {
        uint32_t node = rca_graph_node(open->graph, v->parents[p].entity);

        printf("    %+.4g x %s of %s\n", v->parents[p].weight,
               v->parents[p].metric,
               node == UINT32_MAX ? "?"
                                  : rca_graph_entity(open->graph, node)->name);
    }
}

static int show_entity(const struct rca_open *open, const char *name)
{
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    const struct rca_entity *e;
    size_t shown = 0;
    int r = rca_open_entity(open, name, &e);

    r = r >= 0 ? r : rca_open_model(open, &model);
    if (r >= 0)
        return r;
    for (size_t i = 0; i < rca_model_variables(model); i++) {
        struct rca_factor_view view;

        rca_model_view(model, i, &view);
        if (view.entity != e->id)
            continue;
        print_factor(open, &view);
        shown++;
    }
    if (!shown)
        printf("the model knows nothing of %s\n", e->name);
    return RCA_EXIT_DONE;
}

static const struct {
    const char *word;
    _Bool wants_name;
    int (*show)(const struct rca_open *open, const char *name);
} subjects[] = {
    {"entities", 0, show_entities}, {"edges", 0, show_edges},
    {"graph", 0, show_graph},       {"series", 1, show_series},
    {"entity", 1, show_entity},
};

static int wrong(const char *what, const char *word)
{
    (void)fprintf(stderr, "rca show: %s%s; see rca show --help\n", what,
                  word ? word : "");
    return RCA_EXIT_USAGE;
}

static int unknown(const char *word)
{
    const char *names[RCA_ARRAY_SIZE(subjects)];
    size_t near;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(subjects); i++)
        names[i] = subjects[i].word;
    near = rca_name_nearest(word, names, RCA_ARRAY_SIZE(subjects));
    if (near == RCA_ARRAY_SIZE(subjects))
        return wrong("unknown subject ", word);
    (void)fprintf(stderr,
                  "rca show: unknown subject '%s': did you mean '%s'?\n", word,
                  names[near]);
    return RCA_EXIT_USAGE;
}

/* struct when - RCA_TIME_NONE where it was not said */
struct when {
    rca_time at, from, to;
};

/* The graph of the newest tick up to @at. */
static int go_back(struct rca_open *open, rca_time at, struct when *ret)
{
    const rca_time interval =
        open->info.interval ? open->info.interval : RCA_SECOND;
    const struct rca_slices want = {
        .store = open->store, .from = at - STALE_TICKS * interval, .to = at};
    rca_time tick;
    const int r = rca_slices_newest(&want, &tick);

    if (r)
        return rca_say("cannot read", NULL, r);
    if (tick == RCA_TIME_NONE) {
        (void)fprintf(stderr, "rca: nothing was collected at that time\n");
        return RCA_EXIT_UNCLEAR;
    }
    ret->from = ret->to = open->info.last = tick;
    return -1;
}

/* Keep of the graph what was there @when. */
static int restrict_to(struct rca_open *open, struct when when)
{
    struct rca_graph *g;
    int r = when.at == RCA_TIME_NONE ? -1 : go_back(open, when.at, &when);

    if (r >= 0)
        return r;
    if (when.from == RCA_TIME_NONE && when.to == RCA_TIME_NONE)
        return -1;
    r = rca_store_graph(
        open->store, when.from == RCA_TIME_NONE ? open->info.first : when.from,
        when.to == RCA_TIME_NONE ? open->info.last : when.to, &g);
    if (r)
        return rca_say("cannot read", NULL, r);
    rca_graph_free(&open->graph);
    open->graph = g;
    return -1;
}

static int show_subject(struct rca_cli *cli, const char *word, const char *name,
                        struct when when)
{
    struct rca_open open;
    int r;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(subjects); i++) {
        if (strcmp(word, subjects[i].word) != 0)
            continue;
        if (subjects[i].wants_name != (name != NULL))
            return wrong(name ? "unexpected word " : "the name is missing",
                         name);
        r = rca_open_store(cli, &open);
        if (r >= 0)
            return r;
        r = restrict_to(&open, when);
        r = r >= 0 ? r : subjects[i].show(&open, name);
        rca_open_done(&open);
        return r;
    }
    return unknown(word);
}

static int show_model(struct rca_cli *cli)
{
    struct rca_open open;
    int r = rca_open_store(cli, &open);

    if (r >= 0)
        return r;
    r = rca_show_model(&open);
    rca_open_done(&open);
    return r;
}

int rca_cmd_show(struct rca_cli *cli, int argc, char **argv)
{
    struct when when = {RCA_TIME_NONE, RCA_TIME_NONE, RCA_TIME_NONE};
    _Bool model = 0;
    const struct rca_arg args[] = {
        {"at", 0, RCA_ARG_TIME, "TIME", &when.at, NULL,
         "as of then: of the newest tick up to it"},
        {"from", 0, RCA_ARG_TIME, "TIME", &when.from, NULL,
         "what was seen since"},
        {"to", 0, RCA_ARG_TIME, "TIME", &when.to, NULL,
         "what was seen until then"},
        {"model", 0, RCA_ARG_FLAG, NULL, &model, NULL,
         "what was learned, and what counts for a cause"},
        {0},
    };
    const char *words[2];
    int r = rca_args_parse(argc, argv, args, &usage, 2, words);

    if (r >= 0)
        return r;
    if (model)
        return words[0] ? wrong("--model goes without ", words[0])
                        : show_model(cli);
    if (!words[0])
        return wrong("show what? entities, edges, graph, series, entity or "
                     "--model",
                     NULL);
    if (when.at != RCA_TIME_NONE &&
        (when.from != RCA_TIME_NONE || when.to != RCA_TIME_NONE))
        return wrong("--at goes without --from and --to", NULL);
    if (when.from != RCA_TIME_NONE && when.to != RCA_TIME_NONE &&
        when.from > when.to)
        return wrong("--from is after --to", NULL);
    return show_subject(cli, words[0], words[1], when);
}
