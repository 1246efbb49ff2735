/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/evidence.h"
#include "cli/watch.h"

static volatile sig_atomic_t stop;

static void on_stop(int signal)
{
    (void)signal;
    stop = 1;
}

static const struct rca_usage usage = {
    "watch",
    "rca watch [--interval 10s] [--once] [--folder DIR] [--hook COMMAND]\n"
    "                 [--settle 30s] [--quiet-time 2min] [--min-change 50%]\n"
    "                 [--min-latency 5ms] [--min-errors 1%] [--fdr 5%]\n"
    "                 [--evidence 2s] [--window 24h] [--train-every 1h]\n"
    "                 [--no-train]",
    "Look at what 'rca collect' writes, again and again, and explain each new\n"
    "incident once: one line for each, kept for 'rca incidents', written to a\n"
    "folder and told to a command if wanted. An incident is a latency or error\n"
    "of a service, client or call that is worse than its past, by more than\n"
    "--min-change and the floors, for most of --settle. What is usual is learned\n"
    "here if there is no model yet, and again every hour in calm times.",
    "  rca watch --folder /var/lib/rca/incidents\n"
    "  rca watch --hook 'mail -s \"$RCA_INCIDENT\" ops < \"$RCA_FILE\"' "
    "--folder /tmp/i\n"
    "  rca watch --once\n",
};

struct texts {
    const char *change, *errors, *fdr, *evidence;
};

static int parse(int argc, char **argv, struct rca_watch_options *o)
{
    rca_time latency = (rca_time)(1e9 * o->severity.latency);
    struct texts texts = {0};
    const struct rca_arg args[] = {
        {"interval", 'i', RCA_ARG_DURATION, "TIME", &o->interval, NULL,
         "between looks (10s)"},
        {"once", 0, RCA_ARG_FLAG, NULL, &o->once, NULL,
         "one look, at what is in the store now"},
        {"folder", 'o', RCA_ARG_TEXT, "DIR", &o->folder, NULL,
         "write answers there: ID.txt .json .html .dot .svg"},
        {"hook", 0, RCA_ARG_TEXT, "COMMAND", &o->hook, NULL,
         "run by sh for each, told in RCA_INCIDENT, ..."},
        {"settle", 0, RCA_ARG_DURATION, "TIME", &o->settle, NULL,
         "it must last this long before it counts (30s)"},
        {"quiet-time", 0, RCA_ARG_DURATION, "TIME", &o->quiet, NULL,
         "without symptoms it is over after this (2min)"},
        {"min-change", 0, RCA_ARG_TEXT, "SHARE", &texts.change, NULL,
         "over the usual value (50%)"},
        {"min-latency", 0, RCA_ARG_DURATION, "TIME", &latency, NULL,
         "and at least so much more latency (5ms)"},
        {"min-errors", 0, RCA_ARG_TEXT, "SHARE", &texts.errors, NULL,
         "and at least so many more errors (1%)"},
        {"fdr", 0, RCA_ARG_TEXT, "SHARE", &texts.fdr, NULL,
         "of what is found abnormal, by chance at most (5%)"},
        {"evidence", 0, RCA_ARG_TEXT, "TIME", &texts.evidence, NULL,
         "capture packets if the network is it (2s; 0: no)"},
        {"window", 'w', RCA_ARG_DURATION, "TIME", &o->window, NULL,
         "how much to learn from (24h)"},
        {"train-every", 0, RCA_ARG_DURATION, "TIME", &o->train_every, NULL,
         "learn again after this, when all is calm (1h)"},
        {"no-train", 0, RCA_ARG_FLAG, NULL, &o->no_train, NULL,
         "never learn: 'rca train' is run by other means"},
        {0},
    };
    int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    r = r >= 0 ? r
               : rca_share_option("watch", "min-change", texts.change, 1000,
                                  &o->severity.change);
    r = r >= 0 ? r
               : rca_share_option("watch", "min-errors", texts.errors, 1,
                                  &o->severity.ratio);
    r = r >= 0 ? r : rca_share_option("watch", "fdr", texts.fdr, 0.5, &o->fdr);
    o->severity.latency = 1e-9 * (double)latency;
    return r >= 0 ? r
                  : rca_evidence_option("watch", texts.evidence, &o->evidence);
}

int rca_cmd_watch(struct rca_cli *cli, int argc, char **argv)
{
    const struct sigaction act = {.sa_handler = on_stop};
    struct rca_watch_options o = {
        .interval = 10 * RCA_SECOND,
        .settle = 30 * RCA_SECOND,
        .quiet = 120 * RCA_SECOND,
        .window = RCA_SECOND * 3600 * 24,
        .train_every = 3600 * RCA_SECOND,
        .evidence = RCA_EVIDENCE_SHORT,
        .severity = RCA_SEVERITY_USUAL,
        .fdr = RCA_DETECT_FDR,
        .stop = &stop,
    };
    int r = parse(argc, argv, &o);

    if (r >= 0)
        return r;
    if (o.folder && mkdir(o.folder, 0755) && errno != EEXIST)
        return rca_say(o.folder, NULL, -errno);
    stop = 0;
    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGTERM, &act, NULL);
    return rca_watch_run(cli, &o);
}
