/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/export.h"
#include "cli/outfile.h"
#include "cli/progress.h"
#include "graph/base/time.h"

/** Ticks after which a value that was not seen again is no longer the newest,
 * for --at and Prometheus' text. */
#define STALE_TICKS 5

static const struct rca_usage usage = {
    "export",
    "rca export [--format csv|jsonl|prometheus|case] [--raw]\n"
    "                  [--entity NAME]... [--metric GLOB] [--from TIME]\n"
    "                  [--to TIME] [--at TIME] [--step TIME] [--incident TIME]\n"
    "                  [--victim NAME] [-o FILE]",
    "Write what the store holds: metrics (rates, quantiles, shares) as they are\n"
    "explained, or with --raw the series as they are stored. Formats: csv, a\n"
    "column for each ENTITY.METRIC; jsonl, a line for each time and entity, which\n"
    "'rca import' reads back (with --raw: the same samples); prometheus, the\n"
    "newest values as text exposition; case, a folder that 'rca import' and 'rca\n"
    "evaluate' read (docs/CASES.md). Long ranges need no more memory than short\n"
    "ones. docs/EXPORT.md has the formats. Exit 4 if nothing was measured.",
    "  rca export --from -1h -o last-hour.csv\n"
    "  rca export --raw --format jsonl -o everything.jsonl\n"
    "  rca export --entity web --metric '*latency*' --from 14:00 --to 14:10\n"
    "  rca export --format prometheus -o /var/lib/node_exporter/rca.prom\n"
    "  rca export --format case --incident 14:02 --victim web -o incident\n",
};

enum format { CSV, JSONL, PROMETHEUS, CASE };
static const char *const formats[] = {"csv", "jsonl", "prometheus", "case",
                                      NULL};

struct options {
    enum format format;
    _Bool raw;
    struct rca_arg_list entities;
    const char *metric, *victim, *out;
    rca_time from, to, at, step, incident;
};

static int wrong(const char *what)
{
    (void)fprintf(stderr, "rca export: %s; see rca export --help\n", what);
    return RCA_EXIT_USAGE;
}

static int check(const struct options *o)
{
    const _Bool range = o->from != RCA_TIME_NONE || o->to != RCA_TIME_NONE;

    if (o->at != RCA_TIME_NONE && range)
        return wrong("--at goes without --from and --to");
    if (o->format == PROMETHEUS && range)
        return wrong("prometheus is of one time: say --at, not --from or --to");
    if (o->format == CASE && !o->out)
        return wrong("a case is a folder: name it with -o");
    if (o->format != CASE && (o->incident != RCA_TIME_NONE || o->victim))
        return wrong("--incident and --victim are of --format case");
    return -1;
}

static int nothing(void)
{
    (void)fprintf(stderr, "rca: nothing was measured there\n");
    return RCA_EXIT_UNCLEAR;
}

/* one tick: the newest up to @at, and what came shortly before it */
static int choose_tick(const struct rca_open *open, const struct options *o,
                       struct rca_slices *want)
{
    const rca_time step =
        want->step > open->info.interval ? want->step : open->info.interval;
    const rca_time at = o->at != RCA_TIME_NONE ? o->at : open->info.last;
    int r;

    want->from = at - STALE_TICKS * step;
    want->to = at;
    r = rca_slices_newest(want, &want->to);
    if (r)
        return rca_say("cannot read", NULL, r);
    if (want->to == RCA_TIME_NONE)
        return rca_say("nothing was measured at that time", NULL, RCA_ETOOFEW);
    want->from = o->format == PROMETHEUS ? want->to - (STALE_TICKS - 1) * step
                                         : want->to;
    return -1;
}

static int choose_time(const struct rca_open *open, const struct options *o,
                       struct rca_slices *want)
{
    want->step = o->step               ? o->step
                 : open->info.interval ? open->info.interval
                                       : RCA_SECOND;
    if (o->at != RCA_TIME_NONE || o->format == PROMETHEUS)
        return choose_tick(open, o, want);
    want->from = o->from != RCA_TIME_NONE ? o->from : open->info.first;
    want->to = o->to;
    if (o->to == RCA_TIME_NONE) /* so that the last row is a whole one */
        want->to = open->info.last + (o->raw ? 0 : want->step - 1);
    return want->from <= want->to ? -1 : wrong("--from is after --to");
}

static int choose_entities(const struct rca_open *open,
                           const struct rca_arg_list *names,
                           rca_id ids[RCA_ARG_LIST_MAX],
                           struct rca_slices *want)
{
    for (size_t i = 0; i < names->n; i++) {
        const struct rca_entity *e;
        const int r = rca_open_entity(open, names->at[i], &e);

        if (r >= 0)
            return r;
        ids[i] = e->id;
    }
    want->entities = names->n ? ids : NULL;
    want->n = names->n;
    return -1;
}

static int write_stream(const struct options *o, const struct rca_slices *want,
                        struct rca_export_count *ret)
{
    struct rca_outfile file RCA_CLEANUP(rca_outfile_done) = {0};
    struct rca_export_names names RCA_CLEANUP(rca_export_names_done) = {0};
    int r = rca_export_names(want->graph, &names);

    r = r ? r : rca_outfile_open(o->out, &file);
    if (r)
        return r;
    if (o->format == CSV)
        r = rca_export_csv(want, &names, file.f, ret);
    else if (o->format == JSONL)
        r = rca_export_jsonl(want, file.f, ret);
    else
        r = rca_export_prometheus(want, file.f, ret);
    r = !r && !ret->rows ? RCA_ETOOFEW : r;
    return r ? r : rca_outfile_commit(&file);
}

static int write_case(const struct rca_open *open, const struct options *o,
                      const struct rca_slices *want,
                      struct rca_export_count *ret)
{
    struct rca_export_incident incident = {.start = o->incident};
    const struct rca_entity *victim = NULL;
    const int r = o->victim ? rca_open_entity(open, o->victim, &victim) : -1;

    if (r >= 0)
        return r; /* said */
    if (victim)
        incident.victim = &victim->id;
    return rca_export_case(want, &incident, o->out, ret);
}

static int report(const struct rca_cli *cli, const struct options *o,
                  const struct rca_export_count *count)
{
    if (o->out && cli->verbosity >= 0)
        (void)fprintf(stderr, "rca: wrote %llu rows, %llu values to %s\n",
                      (unsigned long long)count->rows,
                      (unsigned long long)count->values, o->out);
    return RCA_EXIT_DONE;
}

static int export(const struct rca_cli *cli, const struct rca_open *open,
                  const struct options *o)
{
    struct rca_progress_line line RCA_CLEANUP(rca_progress_end) =
        rca_progress_begin(cli, "export");
    rca_id ids[RCA_ARG_LIST_MAX];
    struct rca_export_count count = {0};
    struct rca_slices want = {.store = open->store,
                              .graph = open->graph,
                              .metric = o->metric,
                              .raw = o->raw,
                              .progress = rca_progress_tell,
                              .progress_arg = &line};
    int r = choose_entities(open, &o->entities, ids, &want);

    r = r >= 0 ? r : choose_time(open, o, &want);
    if (r >= 0)
        return r;
    /* columns are found first, so that the rows may be of any number */
    line.passes = o->format == CSV || o->format == CASE ? 2 : 1;
    r = o->format == CASE ? write_case(open, o, &want, &count)
                          : write_stream(o, &want, &count);
    rca_progress_end(&line);
    if (r > 0)
        return r;
    if (r == RCA_ETOOFEW)
        return nothing();
    return r ? rca_say(o->out ? o->out : "cannot write", NULL, r)
             : report(cli, o, &count);
}

int rca_cmd_export(struct rca_cli *cli, int argc, char **argv)
{
    int format = CSV;
    struct options o = {.from = RCA_TIME_NONE,
                        .to = RCA_TIME_NONE,
                        .at = RCA_TIME_NONE,
                        .incident = RCA_TIME_NONE};
    const struct rca_arg args[] = {
        {"format", 'f', RCA_ARG_CHOICE, "FORMAT", &format, formats,
         "csv, jsonl, prometheus or case (csv)"},
        {"raw", 0, RCA_ARG_FLAG, NULL, &o.raw, NULL,
         "series as they are stored, not metrics"},
        {"entity", 'e', RCA_ARG_LIST, "NAME", &o.entities, NULL,
         "only this one; may be repeated"},
        {"metric", 'm', RCA_ARG_TEXT, "GLOB", &o.metric, NULL,
         "only names that match, '*latency*'"},
        {"from", 0, RCA_ARG_TIME, "TIME", &o.from, NULL,
         "first time (the oldest)"},
        {"to", 0, RCA_ARG_TIME, "TIME", &o.to, NULL, "last time (the newest)"},
        {"at", 0, RCA_ARG_TIME, "TIME", &o.at, NULL,
         "one time: the newest tick up to then"},
        {"step", 0, RCA_ARG_DURATION, "TIME", &o.step, NULL,
         "between rows of metrics (as collected)"},
        {"incident", 0, RCA_ARG_TIME, "TIME", &o.incident, NULL,
         "case: when it began"},
        {"victim", 0, RCA_ARG_TEXT, "NAME", &o.victim, NULL,
         "case: what suffered"},
        {"output", 'o', RCA_ARG_TEXT, "FILE", &o.out, NULL,
         "not standard output; whole or not at all"},
        {0},
    };
    struct rca_open open;
    int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    o.format = (enum format)format;
    r = r >= 0 ? r : check(&o);
    r = r >= 0 ? r : rca_open_store(cli, &open);
    if (r >= 0)
        return r;
    r = export(cli, &open, &o);
    rca_open_done(&open);
    return r;
}
