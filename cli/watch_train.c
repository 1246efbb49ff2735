/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "cli/common.h"
#include "cli/watch.h"
#include "graph/base/time.h"

/*
 * When to learn, and from what: not from incidents. A young model is replaced
 * as soon as there is twice as much to learn from; after that, every hour.
 */

/* At least so much for a first model of one's own; fewer rows say too little of
 * what is usual. */
#define FIRST (RCA_SECOND * 60 * 5)
#define FIRST_ROWS 60
/* What has not been looked at yet may be the beginning of an incident. */
#define GUARD (60 * RCA_SECOND)
/* What is learned from less has not seen a day's changes: say so. */
#define SHORT (3600 * RCA_SECOND)

struct stretch {
    rca_time from, to;
};

/* the longest part of @all without an incident of @records */
static struct stretch calm(const struct rca_records *records,
                           struct stretch all)
{
    struct stretch best = {all.from, all.from}, now = all;

    for (size_t i = 0; i <= records->n; i++) {
        const struct rca_record *r = i < records->n ? records->list[i] : NULL;
        const rca_time begin = r ? r->opened - GUARD : all.to;
        const rca_time end =
            !r ? all.to : (r->closed == RCA_TIME_NONE ? all.to : r->closed);

        now.to = begin < all.to ? begin : all.to;
        if (now.to - now.from > best.to - best.from)
            best = now;
        if (r && end + GUARD > now.from)
            now.from = end + GUARD;
    }
    return best;
}

/* Whether it is time to; @ret: from what */
static int is_due(struct rca_watcher *w, struct stretch *ret, _Bool *ret_due)
{
    struct rca_records records RCA_CLEANUP(rca_records_done) = {0};
    struct rca_model_info info = {0};
    struct stretch all = {w->info.first, w->info.last - GUARD};
    rca_time length, wanted = FIRST;
    int r;

    *ret_due = 0;
    if (all.from < w->info.last - w->options->window)
        all.from = w->info.last - w->options->window;
    if (wanted < FIRST_ROWS * w->info.interval)
        wanted = FIRST_ROWS * w->info.interval;
    if (w->model) {
        rca_model_info(w->model, &info);
        wanted = 2 * (info.to - info.from) > wanted ? 2 * (info.to - info.from)
                                                    : wanted;
    }
    if (all.to - all.from < FIRST || !rca_tracker_is_quiet(&w->tracker))
        return 0;
    r = rca_records_read(w->store, &records);
    if (r)
        return r;
    *ret = calm(&records, all);
    length = ret->to - ret->from;
    *ret_due = length >= wanted ||
               (w->model && w->info.last - info.to >= w->options->train_every &&
                2 * length >= info.to - info.from);
    return 0;
}

static void tell(const struct rca_model_info *info)
{
    const rca_time length = info->to - info->from;
    char text[RCA_TIME_TEXT_SIZE], clock[RCA_TIME_TEXT_SIZE];

    (void)fprintf(
        stderr, "rca watch: learned what is usual from %s, up to %s%s\n",
        rca_duration_text(length, text), rca_time_clock(info->to, clock),
        length < SHORT ? "; changes that did not occur in it may look "
                         "like incidents"
                       : "");
}

static int learn(struct rca_watcher *w, const struct stretch *from)
{
    const struct rca_training how = {
        .from = from->from, .to = from->to, .jobs = 1};
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    struct rca_model_info info;
    int r = rca_model_train_as(w->store, &how, &model);

    r = r ? r : rca_keep_model(w->store, model);
    if (r)
        return r;
    rca_model_info(model, &info);
    tell(&info);
    rca_model_free(&w->model);
    w->model = RCA_TAKE(model);
    return 0;
}

/* the model that somebody else has put there meanwhile; the first one is told */
static int load(struct rca_watcher *w)
{
    struct rca_model *model RCA_CLEANUP(rca_model_free) = NULL;
    struct rca_model_info info;
    int r = rca_load_model(w->store, &model);

    if (r > 0)
        return 0;
    if (r)
        return r;
    rca_model_info(model, &info);
    if (!w->model && w->cli->verbosity > 0)
        tell(&info);
    rca_model_free(&w->model);
    w->model = RCA_TAKE(model);
    return 0;
}

void rca_watch_train(struct rca_watcher *w)
{
    /* not more often than this: reading it all takes its time */
    const rca_time pause = 60 * RCA_SECOND;
    struct stretch from = {0};
    _Bool due = 0;
    int r;

    if (w->model && w->last - w->tried < pause)
        return;
    w->tried = w->last;
    r = load(w);
    if (r == RCA_ESCHEMA || r == RCA_ECORRUPT)
        r = 0; /* of another version, or damaged: a new one replaces it */
    if (!r && !w->options->no_train && !w->blind)
        r = is_due(w, &from, &due);
    if (!r && due)
        r = learn(w, &from);
    if (r && r != RCA_ETOOFEW)
        rca_watch_complain(w, "cannot learn", r);
}
