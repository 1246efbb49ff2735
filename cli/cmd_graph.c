/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/args.h"
#include "cli/graph_check.h"
#include "cli/show.h"

/* Rows that are read where nothing else is said, and of a long range; fewer
 * where there are so many metrics that all would be more than CELLS. */
#define ROWS_MAX 1440
#define ROWS_MIN 200
#define CELLS 12000000
#define METRICS 20 /* of an entity, about */

static const struct rca_usage usage = {
    "graph",
    "rca graph check [--from TIME] [--to TIME] [--fdr SHARE] [--all]\n"
    "                       [--format text|json] [--jobs N]",
    "Which edges of the graph the data support or contradict, and which pairs\n"
    "of entities without an edge move together as if there were one: of the\n"
    "newest rows, or of a range. The later half of the rows is the test; the\n"
    "earlier half says what to test and what else the effect depends on.",
    "  rca graph check\n"
    "  rca graph check --from -6h --all\n"
    "  rca graph check --format json | jq .summary\n",
};

struct asked {
    rca_time from, to;
    const char *fdr;
    uint64_t jobs;
    int format; /* 0 text, 1 json */
    _Bool all;
    double level;
};

static int read_window(const struct rca_open *open, const struct asked *a,
                       struct rca_window **ret)
{
    const struct rca_store_info *i = &open->info;
    const rca_time interval = i->interval ? i->interval : RCA_SECOND;
    const rca_time fit = CELLS / METRICS / (rca_time)(i->entities + 1);
    const rca_time rows = fit > ROWS_MAX   ? ROWS_MAX
                          : fit < ROWS_MIN ? ROWS_MIN
                                           : fit;
    rca_time to = a->to == RCA_TIME_NONE || a->to > i->last ? i->last : a->to;
    rca_time from = a->from == RCA_TIME_NONE ? to - rows * interval : a->from;
    struct rca_span span = {.step = interval};

    from = from < i->first - interval ? i->first - interval : from;
    if (to <= from)
        return RCA_ETOOFEW;
    if (to - from > rows * interval)
        span.step =
            (to - from + rows * interval - 1) / (rows * interval) * interval;
    span.from = from;
    span.n_rows = (size_t)((to - from) / span.step);
    if (span.n_rows == 0)
        return RCA_ETOOFEW;
    return rca_window_read_of(open->store, open->graph, &span, NULL, 0, ret);
}

static int report(const struct rca_open *open, const struct asked *a,
                  const struct rca_window *w)
{
    struct rca_edge_check *check RCA_CLEANUP(rca_edge_check_free) = NULL;
    struct rca_graph_report r = {.w = w, .g = open->graph, .all = a->all};
    struct rca_buf buf = {0};
    const int err =
        rca_edge_check(w, open->graph, a->level,
                       (unsigned)(a->jobs > 64 ? 64 : a->jobs), &check);

    if (err)
        return rca_say("the graph cannot be checked", NULL, err);
    r.check = check;
    if (a->format)
        rca_graph_json(&buf, &r);
    else
        rca_graph_text(&buf, &r);
    return rca_show_put(&buf);
}

/* The graph of the time that is looked at. */
static int check(struct rca_cli *cli, const struct asked *a)
{
    struct rca_window *w RCA_CLEANUP(rca_window_free) = NULL;
    struct rca_graph *g = NULL;
    struct rca_open open;
    int r = rca_open_store(cli, &open), err;

    if (r >= 0)
        return r;
    err = read_window(&open, a, &w);
    if (!err)
        err = rca_store_graph(open.store, w->from,
                              w->from + (rca_time)w->n_rows * w->step, &g);
    if (!err) {
        rca_graph_free(&open.graph);
        open.graph = g;
    }
    r = err ? rca_say("the graph cannot be checked", NULL, err)
            : report(&open, a, w);
    rca_open_done(&open);
    return r;
}

static int wrong(const char *what, const char *word)
{
    (void)fprintf(stderr, "rca graph: %s%s; see rca graph --help\n", what,
                  word ? word : "");
    return RCA_EXIT_USAGE;
}

int rca_cmd_graph(struct rca_cli *cli, int argc, char **argv)
{
    static const char *const subjects[] = {"check", NULL};
    static const char *const formats[] = {"text", "json", NULL};
    struct asked a = {
        .from = RCA_TIME_NONE, .to = RCA_TIME_NONE, .level = RCA_EDGE_LEVEL};
    const struct rca_arg args[] = {
        {"what", 0, RCA_ARG_WORD, NULL, NULL, subjects, NULL},
        {"from", 0, RCA_ARG_TIME, "TIME", &a.from, NULL,
         "rows from then on (the newest 1440 or less)"},
        {"to", 0, RCA_ARG_TIME, "TIME", &a.to, NULL, "rows until then"},
        {"fdr", 0, RCA_ARG_TEXT, "SHARE", &a.fdr, NULL,
         "of what is found, this may be chance (0.05)"},
        {"all", 'a', RCA_ARG_FLAG, NULL, &a.all, NULL, "list every edge"},
        {"format", 'f', RCA_ARG_CHOICE, "FORMAT", &a.format, formats,
         "text or json (text)"},
        {"jobs", 'j', RCA_ARG_NUMBER, "N", &a.jobs, NULL,
         "threads (one a processor)"},
        {0},
    };
    const char *words[1];
    int r = rca_args_parse(argc, argv, args, &usage, 1, words);

    if (r >= 0)
        return r;
    if (!words[0])
        return wrong("graph what? check", NULL);
    if (a.from != RCA_TIME_NONE && a.to != RCA_TIME_NONE && a.from >= a.to)
        return wrong("--from must be before --to", NULL);
    r = rca_share_option("graph", "fdr", a.fdr, 0.99, &a.level);
    return r >= 0 ? r : check(cli, &a);
}
