/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <langinfo.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/plot.h"
#include "cli/show.h"
#include "cli/slice.h"
#include "graph/base/name.h"
#include "graph/base/parse.h"
#include "graph/base/time.h"

/** Ticks that may be missing before the time that is asked for. */
#define STALE_TICKS 5
#define HOPS 2
#define COLUMNS 80

static const struct rca_usage usage = {
    "show",
    "rca show entities|edges [--kind KIND] [--format text|json]\n"
    "       rca show graph [--entity NAME [--hops N]] [--kind KIND]\n"
    "       rca show entity NAME [--format text|json]\n"
    "       rca show series NAME [METRIC] [--format text|json|csv]\n"
    "       rca show --model",
    "What is known: the entities, the edges between them (each from the\n"
    "dependent to what it depends on), the graph in DOT, with when each was\n"
    "first and last seen; of all times, or those that were there at a time or\n"
    "within a range. One entity: its neighbours, its metrics and what is usual\n"
    "of each, what moves them and how well that predicts them. Its series over\n"
    "the hour up to a time, or one of them as a plot. The model as a whole:\n"
    "what it was learned from and how much each piece of evidence counts.",
    "  rca show entities --kind service\n"
    "  rca show edges --at 14:02\n"
    "  rca show entity web\n"
    "  rca show series web\n"
    "  rca show series web request_latency_p99_seconds\n"
    "  rca show graph | dot -Tsvg > graph.svg\n"
    "  rca show --graph --entity web --hops 1\n"
    "  rca show --model\n",
};

/* what a subject takes */
static const struct subject {
    const char *word;
    unsigned formats; /* 1 << enum rca_show_format */
    _Bool name, metric, kind;
    int (*show)(const struct rca_show *show);
} subjects[] = {
    {"entities", 1 << RCA_SHOW_TEXT | 1 << RCA_SHOW_JSON, 0, 0, 1,
     rca_show_entities},
    {"edges", 1 << RCA_SHOW_TEXT | 1 << RCA_SHOW_JSON, 0, 0, 1, rca_show_edges},
    {"graph", 1 << RCA_SHOW_DOT, 0, 0, 1, rca_show_graph},
    {"series", 1 << RCA_SHOW_TEXT | 1 << RCA_SHOW_JSON | 1 << RCA_SHOW_CSV, 1,
     1, 0, rca_show_series},
    {"entity", 1 << RCA_SHOW_TEXT | 1 << RCA_SHOW_JSON, 1, 0, 0,
     rca_show_entity},
};

static const char *const formats[] = {"text", "json", "csv", "dot", NULL};
static_assert(RCA_ARRAY_SIZE(formats) == RCA_SHOW_FORMAT_COUNT + 1,
              "as enum rca_show_format");

/* struct asked - the command line */
struct asked {
    rca_time at, from, to;
    const char *entity, *kind;
    uint64_t hops;
    int format; /* -1: the subject's first */
    _Bool model, graph;
    const char *words[3];
};

static int wrong(const char *what, const char *word)
{
    (void)fprintf(stderr, "rca show: %s%s; see rca show --help\n", what,
                  word ? word : "");
    return RCA_EXIT_USAGE;
}

static int unknown(const char *what, const char *word, const char *const *names,
                   size_t n)
{
    const size_t near = rca_name_nearest(word, names, n);

    if (near == n) {
        (void)fprintf(stderr,
                      "rca show: unknown %s '%s'; see rca show --help\n", what,
                      word);
        return RCA_EXIT_USAGE;
    }
    (void)fprintf(stderr, "rca show: unknown %s '%s': did you mean '%s'?\n",
                  what, word, names[near]);
    return RCA_EXIT_USAGE;
}

/* --- when ----------------------------------------------------------------- */

/* The graph of the newest tick up to @at. */
static int go_back(struct rca_open *open, rca_time at, struct asked *ret)
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

/* Keep of the graph what was there when it is @asked for. */
static int restrict_to(struct rca_open *open, struct asked asked)
{
    struct rca_graph *g;
    int r = asked.at == RCA_TIME_NONE ? -1 : go_back(open, asked.at, &asked);

    if (r >= 0)
        return r;
    if (asked.from == RCA_TIME_NONE && asked.to == RCA_TIME_NONE)
        return -1;
    r = rca_store_graph(
        open->store,
        asked.from == RCA_TIME_NONE ? open->info.first : asked.from,
        asked.to == RCA_TIME_NONE ? open->info.last : asked.to, &g);
    if (r)
        return rca_say("cannot read", NULL, r);
    rca_graph_free(&open->graph);
    open->graph = g;
    return -1;
}

static int check_times(const struct asked *a)
{
    if (a->at != RCA_TIME_NONE &&
        (a->from != RCA_TIME_NONE || a->to != RCA_TIME_NONE))
        return wrong("--at goes without --from and --to", NULL);
    if (a->from != RCA_TIME_NONE && a->to != RCA_TIME_NONE && a->from > a->to)
        return wrong("--from is after --to", NULL);
    return -1;
}

/* --- what ----------------------------------------------------------------- */

static int check_kind(const char *kind)
{
    const char *names[RCA_KIND_COUNT + RCA_EDGE_COUNT];
    size_t n = 0;

    for (unsigned i = 0; i < RCA_KIND_COUNT; i++)
        names[n++] = rca_kind_name((enum rca_kind)i);
    for (unsigned i = 0; i < RCA_EDGE_COUNT; i++)
        names[n++] = rca_edge_name((enum rca_edge_kind)i);
    for (size_t i = 0; i < n && kind; i++) {
        if (strcmp(kind, names[i]) == 0)
            kind = NULL;
    }
    return kind ? unknown("kind", kind, names, n) : -1;
}

static int check_words(const struct subject *s, const struct asked *a)
{
    if (s->name && !a->words[1])
        return wrong("the name is missing", NULL);
    if (!s->name && a->words[1])
        return wrong("unexpected word ", a->words[1]);
    if (!s->metric && a->words[2])
        return wrong("unexpected word ", a->words[2]);
    if (a->entity && strcmp(s->word, "graph") != 0)
        return wrong("--entity goes with graph; name it: show ", s->word);
    if (a->kind && !s->kind)
        return wrong("--kind goes without ", s->word);
    if (a->format >= 0 && !(s->formats & 1U << a->format))
        return wrong("it is not shown as ", formats[a->format]);
    return check_kind(a->kind);
}

static const struct subject *find_subject(const char *word)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(subjects); i++) {
        if (strcmp(word, subjects[i].word) == 0)
            return &subjects[i];
    }
    return NULL;
}

/* of the terminal, or what COLUMNS says, or 80 */
static unsigned columns(void)
{
    const char *text = getenv("COLUMNS");
    struct winsize size = {0};
    uint64_t n = 0;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        n = size.ws_col;
    if (!n && (!text || rca_parse_u64(text, &n)))
        n = 0;
    return n < RCA_PLOT_COLUMNS_MIN || n > 1000 ? COLUMNS : (unsigned)n;
}

static int show_subject(struct rca_cli *cli, const struct subject *s,
                        const struct asked *a)
{
    struct rca_open open;
    struct rca_show show = {
        .open = &open,
        .name = a->entity ? a->entity : a->words[1],
        .metric = a->words[1] ? a->words[2] : NULL,
        .kind = a->kind,
        .from = a->from,
        .to = a->to,
        .hops = a->hops > 100 ? 100 : (unsigned)a->hops,
        .columns = columns(),
        .colour = cli->colour,
        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
    };
    int r = rca_open_store(cli, &open);

    if (r >= 0)
        return r;
    if (a->format >= 0)
        show.format = (enum rca_show_format)a->format;
    r = restrict_to(&open, *a);
    r = r >= 0 ? r : s->show(&show);
    rca_open_done(&open);
    return r;
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

static int run(struct rca_cli *cli, struct asked *a)
{
    const struct subject *s;
    int r;

    if (a->model)
        return a->words[0] ? wrong("--model goes without ", a->words[0])
                           : show_model(cli);
    if (a->graph && a->words[0])
        return wrong("--graph goes without ", a->words[0]);
    if (a->graph)
        a->words[0] = "graph";
    if (!a->words[0])
        return wrong("show what? entities, edges, graph, series, entity or "
                     "--model",
                     NULL);
    s = find_subject(a->words[0]);
    assert(s); /* the table of options lets no other through */
    r = check_times(a);
    r = r >= 0 ? r : check_words(s, a);
    return r >= 0 ? r : show_subject(cli, s, a);
}

int rca_cmd_show(struct rca_cli *cli, int argc, char **argv)
{
    struct asked a = {.at = RCA_TIME_NONE,
                      .from = RCA_TIME_NONE,
                      .to = RCA_TIME_NONE,
                      .hops = HOPS,
                      .format = -1};
    const char *words[RCA_ARRAY_SIZE(subjects) + 1] = {NULL};
    const char *kinds[RCA_KIND_COUNT + 1] = {NULL};
    const struct rca_arg args[] = {
        {"subject", 0, RCA_ARG_WORD, NULL, NULL, words, NULL},
        {"entity", 0, RCA_ARG_WORD, "NAME", NULL, NULL, NULL},
        {"metric", 0, RCA_ARG_WORD, "METRIC", NULL, NULL, NULL},
        {"at", 0, RCA_ARG_TIME, "TIME", &a.at, NULL,
         "as of then: of the newest tick up to it"},
        {"from", 0, RCA_ARG_TIME, "TIME", &a.from, NULL,
         "what was seen since; a plot marks it"},
        {"to", 0, RCA_ARG_TIME, "TIME", &a.to, NULL,
         "what was seen until then"},
        {"kind", 'k', RCA_ARG_TEXT, "KIND", &a.kind, kinds,
         "entities (or edges) of this kind only"},
        {"format", 'f', RCA_ARG_CHOICE, "FORMAT", &a.format, formats,
         "text, json, csv (series) or dot (graph)"},
        {"graph", 0, RCA_ARG_FLAG, NULL, &a.graph, NULL, "as show graph"},
        {"entity", 'e', RCA_ARG_TEXT, "NAME", &a.entity, NULL,
         "graph: only what lies around it"},
        {"hops", 0, RCA_ARG_NUMBER, "N", &a.hops, NULL,
         "graph: so many edges from it (2)"},
        {"model", 0, RCA_ARG_FLAG, NULL, &a.model, NULL,
         "what was learned, and what counts for a cause"},
        {0},
    };
    int r;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(subjects); i++)
        words[i] = subjects[i].word;
    for (unsigned i = 0; i < RCA_KIND_COUNT; i++)
        kinds[i] = rca_kind_name((enum rca_kind)i);
    r = rca_args_parse(argc, argv, args, &usage, 3, a.words);
    return r >= 0 ? r : run(cli, &a);
}
