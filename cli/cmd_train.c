/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/args.h"
#include "cli/common.h"
#include "graph/base/time.h"

static const struct rca_usage usage = {
    "train",
    "rca train [--window 24h] [--until TIME] [--step 10s]",
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

int rca_cmd_train(struct rca_cli *cli, int argc, char **argv)
{
    rca_time window = RCA_SECOND * 3600 * 24, until = RCA_TIME_NONE, step = 0;
    const struct rca_arg args[] = {
        {"window", 'w', RCA_ARG_DURATION, "TIME", &window, NULL,
         "how much to learn from (24h)"},
        {"until", 'u', RCA_ARG_TIME, "TIME", &until, NULL,
         "end of the window (the newest data)"},
        {"step", 0, RCA_ARG_DURATION, "TIME", &step, NULL,
         "length of a row (the store's interval)"},
        {0},
    };
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    struct rca_open open;
    int r = rca_args_parse(argc, argv, args, &usage, 0, NULL);

    r = r >= 0 ? r : rca_open_store(cli, &open);
    if (r >= 0)
        return r;
    if (until == RCA_TIME_NONE)
        until = open.info.last;
    r = rca_model_train(open.store,
                        window < until - open.info.first ? until - window
                                                         : open.info.first,
                        until, step, &model);
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
