/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/detect.h"
#include "cli/show.h"
#include "graph/base/time.h"

static const struct rca_usage usage = {
    "detect",
    "rca detect [--at TIME | --from TIME --to TIME] [--fdr 0.05] [--all]\n"
    "                  [--format text|json]",
    "Say what is abnormal, now or at a time: latency and errors of services,\n"
    "clients and calls first. What the graph connects and overlaps in time is\n"
    "one incident, and one line. Not more than the part --fdr of all that is\n"
    "told is expected to be chance. Why, says rca explain. Exit: 0 something is\n"
    "abnormal, 3 nothing is, 4 no model or too little data.",
    "  rca detect\n"
    "  rca detect --at 14:02 --all\n"
    "  rca detect --from 14:00 --to 15:00 --format json\n",
};

struct options {
    struct rca_detect_options detect;
    const char *fdr;
    _Bool all;
    int format;
};

static int wrong(const char *what)
{
    (void)fprintf(stderr, "rca detect: %s\n", what);
    return RCA_EXIT_USAGE;
}

static int check(struct options *o)
{
    struct rca_detect_options *d = &o->detect;
    const int r = rca_share_option("detect", "fdr", o->fdr, 0.99, &d->fdr);

    if (r >= 0)
        return r;
    if (d->at != RCA_TIME_NONE &&
        (d->from != RCA_TIME_NONE || d->to != RCA_TIME_NONE))
        return wrong("--at goes without --from and --to");
    if (d->from != RCA_TIME_NONE && d->to != RCA_TIME_NONE && d->from >= d->to)
        return wrong("--from must be before --to");
    return -1;
}

static int parse(int argc, char **argv, struct options *o)
{
    static const char *const formats[] = {"text", "json", NULL};
    const struct rca_arg args[] = {
        {"at", 0, RCA_ARG_TIME, "TIME", &o->detect.at, NULL,
         "around this time (the newest data)"},
        {"from", 0, RCA_ARG_TIME, "TIME", &o->detect.from, NULL,
         "begin of the time looked at"},
        {"to", 0, RCA_ARG_TIME, "TIME", &o->detect.to, NULL, "end of it"},
        {"fdr", 0, RCA_ARG_TEXT, "SHARE", &o->fdr, NULL,
         "of what is told that may be chance (0.05)"},
        {"all", 'a', RCA_ARG_FLAG, NULL, &o->all, NULL,
         "every metric under its incident"},
        {"format", 'f', RCA_ARG_CHOICE, "FORMAT", &o->format, formats,
         "text or json (text)"},
        {0},
    };
    const int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    return r >= 0 ? r : check(o);
}

static int make(const struct rca_open *open, const struct options *o,
                struct rca_detection **ret_d)
{
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    int r = rca_open_model(open, &model);

    if (r >= 0)
        return r;
    r = rca_detect(open->store, model, &o->detect, ret_d);
    if (r == RCA_ETOOFEW)
        return rca_say("too little data at that time, or in training", NULL, r);
    return r ? rca_say("cannot detect", NULL, r) : -1;
}

static int print(const struct rca_detection *d, const struct options *o,
                 _Bool colour)
{
    const struct rca_detect_view view = {
        .all = o->all, .colour = colour, .now = rca_time_now()};
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    int r = o->format == 1 ? rca_detect_json(d, &buf)
                           : rca_detect_text(d, &view, &buf);

    if (r)
        return rca_say("cannot write", NULL, r);
    r = rca_show_put(&buf);
    if (r != RCA_EXIT_DONE)
        return r;
    return d->n_groups > 0 ? RCA_EXIT_DONE : RCA_EXIT_NORMAL;
}

int rca_cmd_detect(struct rca_cli *cli, int argc, char **argv)
{
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;
    struct options o = {.detect = {.from = RCA_TIME_NONE,
                                   .to = RCA_TIME_NONE,
                                   .at = RCA_TIME_NONE}};
    struct rca_open open;
    int r = parse(argc, argv, &o);

    r = r >= 0 ? r : rca_open_store(cli, &open);
    if (r >= 0)
        return r;
    r = make(&open, &o, &d);
    rca_open_done(&open);
    return r >= 0 ? r : print(d, &o, cli->colour);
}
