/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/args.h"
#include "cli/common.h"
#include "cli/progress.h"
#include "graph/base/time.h"
#include "model/parallel.h"

static const struct rca_usage usage = {
    "train",
    "rca train [--window 24h] [--until TIME] [--step 10s] [--jobs N]",
    "Learn how the metrics of related entities move together, and keep the\n"
    "model in the store; 'rca explain' uses it. The window may hold the\n"
    "incident: an explanation leaves it out. Runs beside a collector.",
    "  rca train --window 24h\n"
    "  rca --db /tmp/try.db train --window 10min --until -5min\n",
};

static int keep(const struct rca_cli *cli, const struct rca_model *model)
{
    struct rca_store *store RCA_CLEANUP(rca_store_close) = NULL;
    struct rca_diag diag = {0};
    int r = rca_store_open(cli->db, RCA_STORE_NOTES, &diag, &store);

    r = r ? r : rca_keep_model(store, model);
    return r ? rca_say("cannot keep the model", &diag, r) : -1;
}

static void report(const struct rca_model *model)
{
    char from[RCA_TIME_TEXT_SIZE], to[RCA_TIME_TEXT_SIZE];
    char step[RCA_TIME_TEXT_SIZE];
    struct rca_model_info info;

    rca_model_info(model, &info);
    printf("learned %zu metrics of %zu entities from %zu rows of %s, %s to "
           "%s\n",
           info.variables, info.entities, info.rows,
           rca_duration_text(info.step, step), rca_time_clock(info.from, from),
           rca_time_clock(info.to, to));
}

/* @how with the window as it was asked for */
static int learn(const struct rca_cli *cli, const struct rca_open *open,
                 const struct rca_training *how, struct rca_model **ret_model)
{
    struct rca_progress_line line RCA_CLEANUP(rca_progress_end) =
        rca_progress_begin(cli, "train");
    struct rca_training exact = *how;

    if (exact.to == RCA_TIME_NONE)
        exact.to = open->info.last;
    exact.from = how->from < exact.to - open->info.first ? exact.to - how->from
                                                         : open->info.first;
    exact.progress = rca_progress_tell;
    exact.arg = &line;
    return rca_model_train_as(open->store, &exact, ret_model);
}

int rca_cmd_train(struct rca_cli *cli, int argc, char **argv)
{
    /* from: how long before its end */
    struct rca_training how = {.from = RCA_SECOND * 3600 * 24,
                               .to = RCA_TIME_NONE};
    uint64_t jobs = 0;
    const struct rca_arg args[] = {
        {"window", 'w', RCA_ARG_DURATION, "TIME", &how.from, NULL,
         "how much to learn from (24h)"},
        {"until", 'u', RCA_ARG_TIME, "TIME", &how.to, NULL,
         "end of the window (the newest data)"},
        {"step", 0, RCA_ARG_DURATION, "TIME", &how.step, NULL,
         "length of a row (the store's interval)"},
        {"jobs", 'j', RCA_ARG_NUMBER, "N", &jobs, NULL,
         "threads (one a processor)"},
        {0},
    };
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    struct rca_open open;
    int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    r = r >= 0 ? r : rca_open_store(cli, &open);
    if (r >= 0)
        return r;
    how.jobs = (unsigned)(jobs < RCA_PARALLEL_MAX ? jobs : RCA_PARALLEL_MAX);
    r = learn(cli, &open, &how, &model);
    rca_open_done(&open);
    if (r == RCA_ETOOFEW) {
        (void)fprintf(stderr, "rca: too few data to learn from in this "
                              "window: 20 rows at least\n");
        return RCA_EXIT_UNCLEAR;
    }
    if (r)
        return rca_say("cannot train", NULL, r);
    r = keep(cli, model);
    if (r >= 0)
        return r;
    report(model);
    return RCA_EXIT_DONE;
}
