/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/watch.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cli/common.h"
#include "graph/base/time.h"

/* The loop: what a look does, and when. */

/* Without new samples for so long the collector does not seem to run. */
#define STALE (30 * RCA_SECOND)
/* The graph is that of so long before the newest sample. */
#define GRAPH (3600 * RCA_SECOND)
#define WAIT (RCA_SECOND / 5)

static rca_time monotonic(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * RCA_SECOND + ts.tv_nsec;
}

void rca_watch_complain(struct rca_watcher *w, const char *what, int err)
{
    char text[sizeof(w->said)];

    (void)snprintf(text, sizeof(text), "%s%s%s", what, err ? ": " : "",
                   err ? rca_strerror(err) : "");
    if (strcmp(text, w->said) == 0)
        return;
    (void)snprintf(w->said, sizeof(w->said), "%s", text);
    (void)fprintf(stderr, "rca watch: %s%s\n", text,
                  w->options->once ? "" : ", and go on");
}

/* --- a look --------------------------------------------------------------------*/

static int open_store(struct rca_watcher *w)
{
    struct rca_diag diag = {0};
    char what[sizeof(w->said)];
    int r;

    if (w->store)
        return 0;
    r = rca_store_open(w->cli->db, RCA_STORE_NOTES, &diag, &w->store);
    r = r ? r : rca_watch_resume(w);
    if (!r)
        return 0;
    rca_store_close(&w->store);
    (void)snprintf(what, sizeof(what), "%.100s: %.140s", w->cli->db,
                   diag.text[0] ? diag.text : rca_strerror(r));
    rca_watch_complain(w, what, 0);
    return r;
}

/* Return: 1 if there are new samples, 0 if not, or the store's errors */
static int is_new(struct rca_watcher *w)
{
    const rca_time now = monotonic();
    char text[RCA_TIME_TEXT_SIZE];
    const int r = rca_store_info(w->store, &w->info);

    if (r)
        return r;
    if (w->info.last != w->last && w->info.last != RCA_TIME_NONE) {
        w->last = w->info.last;
        w->fresh = now;
        w->stale = 0;
        return 1;
    }
    if (now - w->fresh >= STALE && !w->stale) {
        w->stale = 1;
        (void)fprintf(stderr,
                      "rca watch: no new samples for %s: is the collector "
                      "running? (rca collect)\n",
                      rca_duration_text(now - w->fresh, text));
    }
    return 0;
}

static int act(struct rca_watcher *w, const struct rca_tracker_event *e,
               const struct rca_concern *concerns)
{
    switch (e->todo) {
    case RCA_TRACKER_EXPLAIN:
        return rca_watch_explain(w, e->slot, &concerns[e->sighting]);
    case RCA_TRACKER_REVIEW:
        return rca_watch_review(w, e->slot, &concerns[e->sighting]);
    case RCA_TRACKER_CLOSE:
        break;
    }
    return rca_watch_close(w, e->slot);
}

static int follow(struct rca_watcher *w, const struct rca_concern *concerns,
                  size_t n)
{
    struct rca_tracker_event events[RCA_TRACKER_SLOTS];
    struct rca_sighting *sightings RCA_CLEANUP(rca_freep) =
        calloc(n + 1, sizeof(*sightings));
    size_t n_events;
    int r = 0;

    if (!sightings)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        sightings[i] = (struct rca_sighting){concerns[i].members, concerns[i].n,
                                             concerns[i].onset};
    n_events = rca_tracker_look(&w->tracker, w->last, sightings, n, events);
    for (size_t i = 0; i < n_events; i++) {
        const int err = act(w, &events[i], concerns);

        r = r ? r : err;
    }
    return r;
}

/* what is abnormal in the newest data, followed */
static int detect(struct rca_watcher *w)
{
    const struct rca_detect_options options = {
        .from = w->last - w->options->settle,
        .to = w->last,
        .at = RCA_TIME_NONE,
        .fdr = w->options->fdr,
    };
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;
    struct rca_concern *concerns = NULL;
    size_t n = 0;
    int r;

    rca_graph_free(&w->graph);
    r = rca_store_graph(w->store, w->last - GRAPH, w->last, &w->graph);
    if (!r)
        rca_watch_tell_blind(w);
    r = r ? r : rca_detect(w->store, w->model, &options, &d);
    r = r ? r : rca_watch_concerns(w, d, &concerns, &n);
    r = r ? r : follow(w, concerns, n);
    rca_watch_concerns_free(concerns, n);
    return r == RCA_ETOOFEW ? 0 : r;
}

static int look(struct rca_watcher *w)
{
    int r = open_store(w);

    if (r)
        return r;
    r = is_new(w);
    if (r > 0) {
        r = 0;
        rca_watch_train(w);
        if (w->model)
            r = detect(w);
    }
    if (r)
        rca_watch_complain(w, "cannot look", r);
    else
        w->said[0] = '\0';
    (void)rca_hooks_reap(&w->hooks, monotonic());
    return r;
}

/* --- all of them ----------------------------------------------------------------*/

/* until @until, looking after hooks */
static void wait_until(struct rca_watcher *w, rca_time until)
{
    for (rca_time now = monotonic(); now < until && !*w->options->stop;
         now = monotonic()) {
        const rca_time left = until - now < WAIT ? until - now : WAIT;
        const struct timespec ts = {.tv_nsec = left};

        (void)nanosleep(&ts, NULL);
        (void)rca_hooks_reap(&w->hooks, monotonic());
    }
}

static _Bool has_open(const struct rca_tracker *t)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(t->slots); i++) {
        if (t->slots[i].state == RCA_TRACKED_OPEN)
            return 1;
    }
    return 0;
}

static int run_once(struct rca_watcher *w)
{
    const int r = look(w);

    while (rca_hooks_reap(&w->hooks, monotonic()) && !*w->options->stop)
        wait_until(w, monotonic() + WAIT);
    if (!r && !w->model) {
        (void)fputs("rca watch: there is no model, and too little data to "
                    "learn one\n",
                    stderr);
        return RCA_EXIT_UNCLEAR;
    }
    if (!r && w->cli->verbosity >= 0 && !has_open(&w->tracker))
        (void)fputs("rca watch: nothing is wrong that is large and lasts "
                    "(--min-change, --settle); 'rca detect' lists all\n",
                    stderr);
    return r ? RCA_EXIT_ERROR : RCA_EXIT_DONE;
}

static void done(struct rca_watcher *w)
{
    rca_hooks_end(&w->hooks);
    rca_graph_free(&w->graph);
    rca_model_free(&w->model);
    rca_store_close(&w->store);
    free(w);
}

int rca_watch_run(const struct rca_cli *cli,
                  const struct rca_watch_options *options)
{
    const struct rca_tracker_options tracker = {
        .looks = options->once ? 1 : 2,
        .settle = options->settle,
        .review = 2 * options->settle,
        .quiet = options->quiet,
    };
    struct rca_watcher *w = calloc(1, sizeof(*w));
    int code = RCA_EXIT_DONE;

    if (!w)
        return rca_say("watch", NULL, -ENOMEM);
    w->cli = cli;
    w->options = options;
    w->last = w->tried = RCA_TIME_NONE;
    w->fresh = monotonic();
    rca_tracker_init(&w->tracker, &tracker);
    if (options->once) {
        code = run_once(w);
    } else {
        while (!*options->stop) {
            const rca_time next = monotonic() + options->interval;

            (void)look(w);
            wait_until(w, next);
        }
    }
    done(w);
    return code;
}
