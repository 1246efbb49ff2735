/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>

#include "model/detecting.h"
#include "model/learned.h"

/*
 * What a detection reads of the store: all metrics over the stretches looked
 * at; then, only of the entities that seem abnormal, the rows around them (how
 * long has it been so?) and rows of the training window (how often was it so?).
 * On a quiet system the second reading does not happen.
 */

#define STRETCH_TIME (60 * RCA_SECOND)
#define STRETCH_ROWS 5
/* The training window is to hold so many at least: shorter ones where it is
 * short. */
#define STRETCHES 20
/* A time looked at is cut into so many stretches at most: longer ones then. */
#define MOST_STRETCHES 500
/* How long it has been so is looked for within this time and so many
 * stretches, but not more rows than that. */
#define AROUND_TIME (3600 * RCA_SECOND)
#define AROUND_STRETCHES 12
#define AROUND_ROWS 3600
/* Training rows read: at 1 s 120 stretches. */
#define TRAINED_ROWS 7200

struct reading {
    struct rca_store *store;
    const struct rca_model *model;
    struct rca_store_info info;
    struct rca_graph *g; /* owned */
    struct rca_window *w, *near, *train; /* owned */
    struct rca_past *past; /* owned */
    rca_time from, to, begin, end; /* looked at; read around it */
    size_t length;
    _Bool ranged;
};

static void reading_done(struct reading *r)
{
    rca_window_free(&r->w);
    rca_window_free(&r->near);
    rca_window_free(&r->train);
    rca_past_free(&r->past);
    rca_graph_free(&r->g);
}

/* --- when ------------------------------------------------------------------- */

/* the last time of the model's grid that is not after @t */
static rca_time on_grid(const struct rca_model *m, rca_time t)
{
    const rca_time back = (t - m->from) % m->step;

    return t - (back < 0 ? back + m->step : back);
}

static size_t usual_length(const struct rca_model *m)
{
    const size_t usual = (size_t)(STRETCH_TIME / m->step);
    const size_t most = m->rows / STRETCHES;
    const size_t rows = usual < most ? usual : most;

    return rows > STRETCH_ROWS ? rows : STRETCH_ROWS;
}

/* the time that was asked for, or the last stretch */
static void choose_range(struct reading *r, const struct rca_detect_options *o)
{
    const rca_time step = r->model->step;
    const rca_time stretch = (rca_time)usual_length(r->model) * step;
    const rca_time last = on_grid(r->model, r->info.last);

    r->to = o->to != RCA_TIME_NONE   ? on_grid(r->model, o->to)
            : o->at != RCA_TIME_NONE ? on_grid(r->model, o->at + stretch / 2)
                                     : last;
    r->to = r->to < last ? r->to : last;
    r->ranged = o->from != RCA_TIME_NONE;
    r->from = r->ranged ? on_grid(r->model, o->from) : r->to - stretch;
    if (r->from > r->to - STRETCH_ROWS * step && r->from < r->to)
        r->from = r->to - STRETCH_ROWS * step;
}

/* rows of a stretch, and what is read before and after those looked at */
static int choose_span(struct reading *r, const struct rca_detect_options *o)
{
    const rca_time step = r->model->step;
    rca_time around, rows;

    choose_range(r, o);
    rows = (r->to - r->from) / step;
    if (rows < 1 || r->to <= r->info.first)
        return RCA_ETOOFEW;
    r->length = usual_length(r->model);
    if ((size_t)rows < r->length)
        r->length = (size_t)rows;
    if ((size_t)rows / r->length > MOST_STRETCHES)
        r->length = (size_t)rows / MOST_STRETCHES;
    around = AROUND_STRETCHES * (rca_time)r->length * step;
    around = around > AROUND_TIME ? around : AROUND_TIME;
    around = around < AROUND_ROWS * step ? around : AROUND_ROWS * step;
    r->begin = on_grid(r->model, r->from - around);
    if (r->begin < on_grid(r->model, r->info.first))
        r->begin = on_grid(r->model, r->info.first);
    r->begin = r->begin < r->from ? r->begin : r->from;
    r->end = on_grid(r->model, r->to + around);
    if (r->end > on_grid(r->model, r->info.last))
        r->end = on_grid(r->model, r->info.last);
    r->end = r->end > r->to ? r->end : r->to;
    return 0;
}

/* --- reading ------------------------------------------------------------------ */

static int read_rows(struct reading *r, rca_time from, rca_time to,
                     const rca_id *ids, size_t n, struct rca_window **ret_w)
{
    const rca_time step = r->model->step;
    const struct rca_span span = {
        .from = from, .step = step, .n_rows = (size_t)((to - from) / step)};

    return rca_window_read_of(r->store, r->g, &span, ids, n, ret_w);
}

/* rows around the time, and of the training window, of the candidates */
static int read_more(struct reading *r, struct rca_detecting *k)
{
    const struct rca_model *m = r->model;
    const rca_time most = TRAINED_ROWS * m->step;
    const rca_time from = m->to - m->from > most ? m->to - most : m->from;
    rca_id *ids RCA_CLEANUP(rca_freep) = malloc((k->n + 1) * sizeof(*ids));
    size_t n = 0;
    int err;

    if (!ids)
        return -ENOMEM;
    for (size_t i = 0; i < k->n; i++) {
        const rca_id id = r->w->vars[k->candidates[i].variable].entity;

        if (n == 0 || ids[n - 1] != id)
            ids[n++] = id;
    }
    err = read_rows(r, r->begin, r->end, ids, n, &r->near);
    if (err)
        return err;
    err = read_rows(r, on_grid(m, from), m->to, ids, n, &r->train);
    if (err == RCA_ETOOFEW)
        return 0; /* they are not kept any more: what is usual must do */
    if (err)
        return err;
    k->train = r->train;
    k->trained = (struct rca_rows){0, r->train->n_rows};
    return 0;
}

static int choose(struct reading *r, struct rca_detecting *k)
{
    int err = 0;

    if (k->n > 0)
        err = read_more(r, k);
    if (err || k->n == 0)
        return err;
    k->near = r->near;
    k->near_from = (size_t)((k->d->from - r->near->from) / r->model->step);
    return rca_detecting_choose(k);
}

static int look(struct reading *r, const struct rca_lookout *look,
                struct rca_detection **ret_detection)
{
    struct rca_detecting k RCA_CLEANUP(rca_detecting_done);
    int err = rca_detecting_init(&k, look);

    if (err)
        return err;
    k.d->trained_from = r->model->from;
    k.d->trained_to = r->model->to;
    err = choose(r, &k);
    err = err ? err : rca_detecting_presence(&k, r->model, r->begin);
    err = err ? err : rca_detecting_group(&k);
    if (!err)
        rca_detecting_finish(&k, ret_detection);
    return err;
}

static _Bool is_valid(const struct rca_detect_options *o)
{
    return !(o->fdr < 0) && o->fdr < 1 && !isnan(o->fdr) &&
           (o->from == RCA_TIME_NONE || o->to == RCA_TIME_NONE ||
            o->from < o->to);
}

int rca_detect(struct rca_store *store, const struct rca_model *model,
               const struct rca_detect_options *options,
               struct rca_detection **ret_detection)
{
    struct reading r RCA_CLEANUP(reading_done) = {.store = store,
                                                  .model = model};
    struct rca_lookout lookout = {.fdr = options->fdr};
    int err;

    if (!is_valid(options))
        return -EINVAL;
    err = rca_store_info(store, &r.info);
    if (err)
        return err;
    if (r.info.last == RCA_TIME_NONE)
        return RCA_ETOOFEW;
    err = choose_span(&r, options);
    if (!err)
        err = rca_store_graph(store, r.begin, r.end, &r.g);
    if (!err)
        err = read_rows(&r, r.from, r.to, NULL, 0, &r.w);
    if (!err)
        err = rca_model_past(model, r.w, &r.past);
    if (err)
        return err;
    lookout.w = r.w;
    lookout.g = r.g;
    lookout.past = r.past;
    lookout.rows = (struct rca_rows){0, r.w->n_rows};
    lookout.length = r.length;
    lookout.inside =
        model->rows <= TRAINED_ROWS && r.from < model->to && r.to > model->from;
    return look(&r, &lookout, ret_detection);
}
