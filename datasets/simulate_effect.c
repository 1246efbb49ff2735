/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/simulate_effect.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define SMALLEST 1e-4
#define HALVINGS 7
#define EFFECT_MAX 1000.0

_Bool rca_sim_belongs(const struct rca_sim_stage *stage, size_t v,
                      uint32_t culprit)
{
    const uint32_t e = stage->columns.list[v].entity;

    return stage->columns.list[v].kind == RCA_SIM_MEASURED &&
           culprit != UINT32_MAX &&
           (e == culprit || stage->entities[e].whole == culprit);
}

_Bool rca_sim_complains(const struct rca_sim_stage *stage, size_t v)
{
    const struct rca_sim_column *c = &stage->columns.list[v];
    const enum rca_sim_quantity q = c->quantity;

    return c->kind == RCA_SIM_MEASURED && c->entity == stage->victim &&
           ((q >= RCA_SIM_Q_LATENCY && q <= RCA_SIM_Q_LATENCY_P99) ||
            (q >= RCA_SIM_Q_ERRORS && q <= RCA_SIM_Q_ERROR_RATE));
}

/* of what is there */
static double mean(const double *x, size_t from, size_t to, size_t *ret_n)
{
    double sum = 0;
    size_t n = 0;

    for (size_t r = from; r < to; r++) {
        if (!isnan(x[r])) {
            sum += x[r];
            n++;
        }
    }
    *ret_n = n;
    return n ? sum / (double)n : 0;
}

static double spread(const double *x, size_t rows)
{
    size_t n;
    const double centre = mean(x, 0, rows, &n);
    double sum = 0;

    for (size_t r = 0; r < rows; r++)
        sum += isnan(x[r]) ? 0 : (x[r] - centre) * (x[r] - centre);
    return n > 1 ? sqrt(sum / (double)(n - 1)) : 0;
}

/* changes below this are nobody's concern, however quiet the column was */
static double smallest(const struct rca_sim_stage *stage, size_t v,
                       double centre)
{
    const struct rca_sim_column *c = &stage->columns.list[v];
    const double step = (double)stage->plan.o.step;
    double floor = 0;

    switch ((int)c->quantity) {
    case RCA_SIM_Q_ERRORS:
    case RCA_SIM_Q_AVAILABILITY:
        floor = 0.004;
        break;
    case RCA_SIM_Q_THROTTLED:
    case RCA_SIM_Q_COLLECTION:
        floor = 0.02;
        break;
    case RCA_SIM_Q_QUEUE:
    case RCA_SIM_Q_ROUTES:
        floor = 1;
        break;
    case RCA_SIM_Q_RESTARTS:
        floor = 0.1;
        break;
    case RCA_SIM_Q_ERROR_RATE:
    case RCA_SIM_Q_RETRIES:
    case RCA_SIM_Q_RETRANSMITS:
    case RCA_SIM_Q_IN_ERRORS:
    case RCA_SIM_Q_OUT_DROPS:
    case RCA_SIM_Q_NO_ROUTE:
        floor = 0.5 / step;
        break;
    default:
        break;
    }
    return fmax(floor * c->unit, 0.005 * fabs(centre));
}

double rca_sim_story_effect(const struct rca_sim_stage *stage,
                            const struct rca_sim_story *story, size_t v)
{
    const size_t normal = stage->plan.o.normal;
    const double *x = story->x + v * story->rows;
    const double *without = story->without + v * story->rows;
    size_t n, m;
    const double usual = mean(without, normal, story->rows, &m);
    const double shift = fabs(mean(x, normal, story->rows, &n) - usual);
    const double sd = fmax(spread(without, normal), smallest(stage, v, usual));

    if (!n || !m || shift <= 0)
        return 0;
    return shift < EFFECT_MAX * sd ? shift / sd : EFFECT_MAX;
}

struct search {
    struct rca_sim_stage *stage;
    struct rca_sim_story *story;
    struct rca_sim_run *start, *run; /* before the first changed row */
    _Bool *wanted;
};

/* @culprit that nobody sees: on whatever shows it */
static double strongest(const struct search *s, uint32_t culprit, _Bool seen)
{
    double best = 0;

    for (size_t v = 0; v < s->stage->columns.n; v++) {
        if (!seen || rca_sim_belongs(s->stage, v, culprit))
            best = fmax(best, rca_sim_story_effect(s->stage, s->story, v));
    }
    return best;
}

static double suffered(const struct search *s)
{
    double best = 0;

    for (size_t v = 0; v < s->stage->columns.n; v++) {
        if (rca_sim_complains(s->stage, v))
            best = fmax(best, rca_sim_story_effect(s->stage, s->story, v));
    }
    return best;
}

static _Bool has_victim(const struct rca_sim_stage *s)
{
    for (size_t v = 0; v < s->columns.n; v++) {
        if (rca_sim_complains(s, v))
            return 1;
    }
    return 0;
}

static _Bool is_seen(const struct rca_sim_stage *s, uint32_t culprit)
{
    for (size_t v = 0; v < s->columns.n; v++) {
        if (rca_sim_belongs(s, v, culprit))
            return 1;
    }
    return 0;
}

static int again(struct search *s, const _Bool *wanted)
{
    s->run->world = s->start->world;
    s->run->net = s->start->net;
    s->run->from = s->start->from;
    s->run->to = s->story->rows;
    s->run->faults = 1;
    s->run->wanted = wanted;
    s->run->x = s->story->x;
    return rca_sim_stage_run(s->stage, s->run);
}

static void set_size(struct rca_sim_fate *f, double size)
{
    f->blow.size = f->cut.size = size;
}

/* a link or a router is mostly down or up, nothing between */
static _Bool is_whole(const struct rca_sim_stage *stage,
                      const struct rca_sim_fate *f)
{
    struct rca_sim_random r = rca_sim_random_make(stage->seed, 1);
    const _Bool whole = rca_sim_random_chance(&r, 0.7);

    return whole && (f->cut.kind == RCA_SIM_FAULT_LINK_DOWN ||
                     f->cut.kind == RCA_SIM_FAULT_ROUTER_DOWN);
}

/* the smallest size of fault @f, alone, that does what is wanted */
static int search_size(struct search *s, struct rca_sim_fate *f,
                       _Bool *ret_enough)
{
    const _Bool seen = is_seen(s->stage, f->culprit);
    const _Bool victim = has_victim(s->stage);
    const double wanted = s->stage->plan.victim_effect;
    double low = SMALLEST, high = 1;
    int err = 0;

    *ret_enough = 1;
    if (is_whole(s->stage, f)) {
        set_size(f, 1);
        return 0;
    }
    for (int i = 0; i < HALVINGS && !err; i++) {
        const double size = sqrt(low * high);
        _Bool enough;

        set_size(f, size);
        err = again(s, s->wanted);
        enough = strongest(s, f->culprit, seen) >= f->target &&
                 (!victim || suffered(s) >= wanted);
        if (enough)
            high = size;
        else
            low = size;
    }
    set_size(f, high);
    *ret_enough = high < 1;
    return err;
}

static int search_sizes(struct search *s)
{
    struct rca_sim_stage *stage = s->stage;
    double size[RCA_SIM_BLOWS] = {0};
    _Bool enough = 1;
    int err = 0;

    for (size_t v = 0; v < stage->columns.n; v++) {
        s->wanted[v] = rca_sim_complains(stage, v);
        for (size_t i = 0; i < stage->n_fates; i++)
            s->wanted[v] |=
                rca_sim_belongs(stage, v, stage->fates[i].culprit) ||
                !is_seen(stage, stage->fates[i].culprit);
    }
    for (size_t i = 0; i < stage->n_fates && !err; i++) {
        for (size_t k = 0; k < stage->n_fates; k++)
            set_size(&stage->fates[k], 0);
        err = search_size(s, &stage->fates[i], &enough);
        s->story->weak |= !enough;
        size[i] = stage->fates[i].blow.size;
    }
    for (size_t i = 0; i < stage->n_fates; i++)
        set_size(&stage->fates[i], size[i]);
    return err ? err : again(s, NULL);
}

/* all rows without the faults; the state before the first row with one stays
 * in s->start */
static int run_without(struct search *s)
{
    const size_t rows = s->story->rows;
    size_t from = rows;
    int err = rca_sim_stage_start(s->stage, s->run);

    for (size_t i = 0; i < s->stage->n_fates; i++) {
        const size_t first = s->stage->fates[i].blow.from;

        from = first < from ? first : from;
    }
    s->run->from = 0;
    s->run->to = from;
    s->run->x = s->story->without;
    err = err ? err : rca_sim_stage_run(s->stage, s->run);
    if (err)
        return err;
    *s->start = *s->run;
    s->start->from = s->run->from = from;
    s->run->to = rows;
    return rca_sim_stage_run(s->stage, s->run);
}

static int tell(struct search *s)
{
    const size_t cells = s->story->rows * s->stage->columns.n;
    int err;

    s->start = calloc(1, sizeof(*s->start));
    s->run = calloc(1, sizeof(*s->run));
    s->wanted = calloc(s->stage->columns.n + 1, sizeof(*s->wanted));
    s->story->x = calloc(cells + 1, sizeof(*s->story->x));
    s->story->without = calloc(cells + 1, sizeof(*s->story->without));
    if (!s->start || !s->run || !s->wanted || !s->story->x ||
        !s->story->without)
        return -ENOMEM;
    err = run_without(s);
    if (err)
        return err;
    memcpy(s->story->x, s->story->without, cells * sizeof(*s->story->x));
    return s->stage->n_fates ? search_sizes(s) : 0;
}

int rca_sim_story_tell(struct rca_sim_stage *stage,
                       struct rca_sim_story *ret_story)
{
    struct rca_sim_story story = {.rows = stage->plan.o.normal +
                                          stage->plan.o.incident};
    struct search s = {.stage = stage, .story = &story};
    const int err = tell(&s);

    free(s.start);
    free(s.run);
    free(s.wanted);
    if (err) {
        rca_sim_story_done(&story);
        return err;
    }
    *ret_story = story;
    return 0;
}

void rca_sim_story_done(struct rca_sim_story *story)
{
    free(story->x);
    free(story->without);
    *story = (struct rca_sim_story){0};
}
