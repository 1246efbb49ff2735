/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/detect.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/detecting.h"
#include "model/fdr.h"

/*
 * In two passes, since rows of the training window cost reading: all variables
 * by what is known of them, and only those that could be believed at all by
 * the training rows themselves. The second p-value is never below the first,
 * so what the first pass leaves out would not have been believed either.
 */

#define MIN_NORMAL_ROWS 10
#define USUAL_QUANTILE 0.9
/* Of the windows that the usual shift is taken from each overlaps the next but
 * for a quarter. */
#define OVERLAP 4
/* Less than this is usual of nothing, in scales: at 1.5 of it, a stretch is out
 * at all. What was constant tells nothing of how it moves: RCA_ROBUST_MOVED
 * scales are one in 10^5. */
#define LEAST_USUAL 0.5
/* 90 % quantile of |x| over its median, under normal noise. */
#define HALF_TO_USUAL 2.44
#define CONSTANT_USUAL 1.0
/* Symptoms are few and are what is looked for: together they get this part of
 * the false discovery rate. */
#define SYMPTOM_PART 0.5

/* --- what a variable is ----------------------------------------------------- */

static enum rca_kind kind_of(const struct rca_graph *g, rca_id id)
{
    const uint32_t node = rca_graph_node(g, id);

    return node == UINT32_MAX ? RCA_KIND_OTHER
                              : rca_graph_entity(g, node)->kind;
}

static _Bool is_trouble(const struct rca_metric *m)
{
    return (m->role == RCA_ROLE_LATENCY || m->role == RCA_ROLE_ERROR) &&
           m->bad != 0;
}

static _Bool is_symptom(const struct rca_graph *g,
                        const struct rca_variable *var)
{
    const enum rca_kind kind = kind_of(g, var->entity);

    return is_trouble(&var->metric) &&
           (kind == RCA_KIND_SERVICE || kind == RCA_KIND_CLIENT ||
            kind == RCA_KIND_CALL || kind == RCA_KIND_PROBE);
}

/* quantile @q of |mean - centre| of earlier stretches */
static double usual_shift(const double *x, size_t n, size_t length,
                          double centre, double q, double *scratch)
{
    const size_t stride = length / OVERLAP ? length / OVERLAP : 1;
    size_t m = 0;

    for (size_t at = 0; at + length <= n; at += stride) {
        const double mean = rca_robust_mean(x + at, length, NULL);

        if (!isnan(mean))
            scratch[m++] = fabs(mean - centre);
    }
    return m ? rca_robust_quantile(scratch, m, q) : 0;
}

/* in scales */
static double usual_of(const struct rca_spread *spread, double shift)
{
    return fmax(shift / spread->scale,
                spread->constant ? CONSTANT_USUAL : LEAST_USUAL);
}

/* what is usual of @c->variable; false: nothing is known */
static _Bool recall(const struct rca_lookout *look, struct rca_candidate *c,
                    double *scratch)
{
    const struct rca_window *w = look->w;
    const double *x = w->x + c->variable * w->n_rows + look->normal.from;
    const size_t n = look->normal.to - look->normal.from;
    double shift = 0;

    if (look->past) {
        const struct rca_known *known = &look->past->known[c->variable];

        c->spread = known->spread;
        if (!look->inside) /* else it is known from the rows, later */
            shift = rca_habit_shift(&known->habit, look->length);
    } else {
        c->spread = rca_robust_spread(
            x, n, fmax(w->vars[c->variable].metric.resolution, 1e-12), scratch);
        shift = usual_shift(x, n, look->length, c->spread.centre,
                            USUAL_QUANTILE, scratch);
    }
    c->usual = usual_of(&c->spread, shift);
    return c->spread.n >= MIN_NORMAL_ROWS;
}

/* --- first pass -------------------------------------------------------------- */

struct screen {
    struct rca_detecting *k;
    double *scratch;
    size_t n_symptoms;
};

/* Return: whether @v can be judged; it is the last candidate then */
static _Bool screen(struct screen *s, size_t v)
{
    struct rca_detecting *k = s->k;
    const struct rca_lookout *look = k->look;
    const struct rca_window *w = look->w;
    struct rca_candidate *c = &k->candidates[k->n];
    struct rca_outlier_series series = {.x = w->x + v * w->n_rows,
                                        .n = w->n_rows};

    *c = (struct rca_candidate){.variable = (uint32_t)v};
    if (rca_metric_is_context(&w->vars[v].metric) ||
        !recall(look, c, s->scratch))
        return 0;
    c->direction = is_trouble(&w->vars[v].metric) ? w->vars[v].metric.bad : 0;
    c->is_symptom = is_symptom(look->g, &w->vars[v]);
    series.spread = c->spread;
    series.usual = c->usual;
    series.direction = c->direction;
    c->p = rca_outlier_screen(&series, &k->grid, s->scratch);
    return !isnan(c->p);
}

/* weights, and of the candidates only those that may be believed */
static void keep(struct rca_detecting *k, size_t n_symptoms)
{
    const double all = (double)k->d->n_tested, few = (double)n_symptoms;
    const _Bool both = n_symptoms > 0 && n_symptoms < k->d->n_tested;
    size_t kept = 0;

    k->weight = both ? SYMPTOM_PART * all / few : 1;
    k->other_weight = both ? (1 - SYMPTOM_PART) * all / (all - few) : 1;
    for (size_t i = 0; i < k->n; i++) {
        struct rca_candidate *c = &k->candidates[i];

        c->weight = c->is_symptom ? k->weight : k->other_weight;
        if (c->p <= k->d->fdr * c->weight)
            k->candidates[kept++] = *c;
    }
    k->n = kept;
}

static int screen_all(struct rca_detecting *k)
{
    const struct rca_window *w = k->look->w;
    struct screen s = {.k = k};
    double *scratch RCA_CLEANUP(rca_freep) = malloc(
        ((OVERLAP + 1) * w->n_rows + k->look->length + 1) * sizeof(*scratch));
    rca_id last = RCA_ID_NONE;

    k->candidates = malloc((w->n_vars + 1) * sizeof(*k->candidates));
    if (!k->candidates || !scratch)
        return -ENOMEM;
    s.scratch = scratch;
    for (size_t v = 0; v < w->n_vars; v++) {
        if (!screen(&s, v))
            continue;
        k->d->n_tested++;
        k->d->n_entities += w->vars[v].entity != last;
        last = w->vars[v].entity;
        s.n_symptoms += k->candidates[k->n].is_symptom;
        k->n++;
    }
    k->d->n_metrics = k->d->n_tested;
    keep(k, s.n_symptoms);
    return k->d->n_tested ? 0 : RCA_ETOOFEW;
}

int rca_detecting_init(struct rca_detecting *k, const struct rca_lookout *look)
{
    const size_t n = look->rows.to - look->rows.from;
    const struct rca_window *w = look->w;

    *k = (struct rca_detecting){.look = look};
    if (look->length == 0 || n < look->length || look->rows.to > w->n_rows)
        return RCA_ETOOFEW;
    k->grid = (struct rca_outlier_grid){.length = look->length,
                                        .n = n / look->length};
    k->grid.first = look->rows.to - k->grid.n * look->length;
    k->d = calloc(1, sizeof(*k->d));
    if (!k->d)
        return -ENOMEM;
    k->d->fdr = look->fdr > 0 ? look->fdr : RCA_DETECT_FDR;
    k->d->stretch = (rca_time)look->length * w->step;
    k->d->from = w->from + (rca_time)k->grid.first * w->step;
    k->d->to = w->from + (rca_time)look->rows.to * w->step;
    return screen_all(k);
}

void rca_detecting_done(struct rca_detecting *k)
{
    rca_detection_free(&k->d);
    rca_arena_done(&k->arena);
    free(k->candidates);
    k->candidates = NULL;
}

/* --- findings ------------------------------------------------------------------ */

struct rca_finding *rca_detecting_add(struct rca_detecting *k, rca_id id)
{
    struct rca_detection *d = k->d;
    const uint32_t node = rca_graph_node(k->look->g, id);
    const struct rca_entity *e =
        node == UINT32_MAX ? NULL : rca_graph_entity(k->look->g, node);
    struct rca_finding *grown =
        rca_grow(d->findings, d->n_findings, &k->cap, sizeof(*d->findings));
    struct rca_finding *f;

    if (!grown)
        return NULL;
    d->findings = grown;
    f = &d->findings[d->n_findings];
    *f = (struct rca_finding){
        .card = {.entity = id,
                 .kind = e ? e->kind : RCA_KIND_OTHER,
                 .name = rca_arena_text(&k->arena, e ? e->name : "?"),
                 .host = rca_arena_text(&k->arena, e && e->host ? e->host : ""),
                 .metric = "",
                 .label = "",
                 .role = RCA_ROLE_OTHER,
                 .before = NAN,
                 .after = NAN,
                 .factor = NAN,
                 .strength = NAN,
                 .onset = RCA_TIME_NONE},
        .to = RCA_TIME_NONE,
        .p = NAN};
    for (size_t i = 0; i < RCA_SPARK; i++)
        f->card.spark[i] = NAN;
    if (!f->card.name || !f->card.host)
        return NULL;
    d->n_findings++;
    return f;
}

/* means of equal parts from as long before the run as it lasts, or a stretch */
static void sketch(const struct rca_outlier_run *run, size_t length,
                   const double *x, double spark[RCA_SPARK])
{
    const size_t n = run->to - run->from;
    const size_t lead = n > length ? n : length;
    const size_t from = run->from > lead ? run->from - lead : 0;
    const size_t all = run->to - from;

    for (size_t i = 0; i < RCA_SPARK; i++) {
        const size_t a = from + all * i / RCA_SPARK;
        const size_t b = from + all * (i + 1) / RCA_SPARK;

        spark[i] = rca_robust_mean(x + a, b > a ? b - a : 1, NULL);
    }
}

static int add_run(struct rca_detecting *k, const struct rca_candidate *c,
                   const double *x, const struct rca_outlier_run *run)
{
    const struct rca_variable *var = &k->look->w->vars[c->variable];
    const struct rca_metric *m = &var->metric;
    struct rca_finding *f = rca_detecting_add(k, var->entity);
    struct rca_card *card = f ? &f->card : NULL;

    if (!f)
        return -ENOMEM;
    card->metric = rca_arena_text(&k->arena, m->name);
    card->label = rca_arena_text(&k->arena, m->label ? m->label : m->name);
    if (!card->metric || !card->label)
        return -ENOMEM;
    card->role = m->role;
    card->unit = m->unit;
    card->before = c->spread.centre;
    card->after = rca_robust_mean(x + run->onset, run->to - run->onset, NULL);
    if (fabs(card->before) > 0.5 * c->spread.scale && card->before != 0)
        card->factor = card->after / card->before;
    card->strength = run->strength;
    card->onset = k->near->from + (rca_time)(run->onset + 1) * k->near->step;
    sketch(run, k->grid.length, x, card->spark);
    f->to = k->near->from + (rca_time)run->to * k->near->step;
    f->p = run->p;
    f->is_symptom = c->is_symptom;
    return 0;
}

/* --- second pass ----------------------------------------------------------------- */

/* column of the candidate's variable in @w, or NULL */
static const double *column(const struct rca_detecting *k,
                            const struct rca_candidate *c,
                            const struct rca_window *w)
{
    const struct rca_variable *var = &k->look->w->vars[c->variable];
    const size_t at = w == k->look->w
                          ? c->variable
                          : rca_window_find(w, var->entity, var->metric.name);

    return at < w->n_vars ? w->x + at * w->n_rows : NULL;
}

static _Bool view(const struct rca_detecting *k, const struct rca_candidate *c,
                  struct rca_outlier_series *ret)
{
    const double *past = k->train ? column(k, c, k->train) : NULL;

    *ret = (struct rca_outlier_series){.x = column(k, c, k->near),
                                       .n = k->near->n_rows,
                                       .spread = c->spread,
                                       .usual = c->usual,
                                       .direction = c->direction};
    if (past) {
        ret->past = past + k->trained.from;
        ret->n_past = k->trained.to - k->trained.from;
        ret->offset = (long)((k->train->from - k->near->from) / k->near->step) +
                      (long)k->trained.from;
    }
    return ret->x != NULL;
}

/* what is usual by rows that hold the incident, too: it may take nearly half
 * of them */
static void learn_usual(const struct rca_detecting *k, struct rca_candidate *c,
                        double *scratch)
{
    const double *past = k->train ? column(k, c, k->train) : NULL;

    if (k->look->inside && past)
        c->usual = usual_of(&c->spread,
                            HALF_TO_USUAL *
                                usual_shift(past + k->trained.from,
                                            k->trained.to - k->trained.from,
                                            k->grid.length, c->spread.centre,
                                            0.5, scratch));
}

/* the largest p / weight to believe */
static double find_limit(struct rca_detecting *k,
                         const struct rca_outlier_grid *grid, double *scratch,
                         double *p)
{
    for (size_t i = 0; i < k->n; i++) {
        struct rca_candidate *c = &k->candidates[i];
        struct rca_outlier_series s;

        learn_usual(k, c, scratch);
        c->p = view(k, c, &s) ? rca_outlier_test(&s, grid, scratch) : 1;
        c->p = isnan(c->p) ? 1 : c->p;
        p[i] = c->p / c->weight;
    }
    return rca_fdr_limit(p, k->n, k->d->n_tested, k->d->fdr);
}

static int add_all(struct rca_detecting *k, const struct rca_outlier_grid *grid,
                   double limit, double *scratch)
{
    for (size_t i = 0; i < k->n; i++) {
        const struct rca_candidate *c = &k->candidates[i];
        struct rca_outlier_run run = {0};
        struct rca_outlier_series s;
        int err = 0;

        if (c->p > limit * c->weight || !view(k, c, &s))
            continue;
        while (!err && rca_outlier_next(&s, grid, limit * c->weight, run.to,
                                        scratch, &run))
            err = add_run(k, c, s.x, &run);
        if (err)
            return err;
    }
    return 0;
}

int rca_detecting_choose(struct rca_detecting *k)
{
    const size_t trained = k->train ? k->train->n_rows : 0;
    const size_t rows = k->near->n_rows + (OVERLAP + 1) * trained;
    struct rca_outlier_grid grid = k->grid;
    double *scratch RCA_CLEANUP(rca_freep) =
        malloc((rows + grid.length + 1) * sizeof(*scratch));
    double *p RCA_CLEANUP(rca_freep) = malloc((k->n + 1) * sizeof(*p));
    double limit;

    if (!scratch || !p)
        return -ENOMEM;
    grid.first = k->near_from;
    limit = find_limit(k, &grid, scratch, p);
    return add_all(k, &grid, limit, scratch);
}

/* --- all of it -------------------------------------------------------------------- */

void rca_detecting_finish(struct rca_detecting *k,
                          struct rca_detection **ret_detection)
{
    k->d->strings = rca_arena_release(&k->arena);
    *ret_detection = RCA_TAKE(k->d);
}

void rca_detection_free(struct rca_detection **detection)
{
    struct rca_detection *d = *detection;

    *detection = NULL;
    if (!d)
        return;
    free(d->findings);
    free(d->groups);
    rca_arena_drop(d->strings);
    free(d);
}

int rca_detect_window(const struct rca_lookout *look,
                      struct rca_detection **ret_detection)
{
    struct rca_detecting k RCA_CLEANUP(rca_detecting_done);
    int err = rca_detecting_init(&k, look);

    if (err)
        return err;
    k.near = k.train = look->w;
    k.near_from = k.grid.first;
    k.trained = look->normal;
    k.d->trained_from =
        look->w->from + (rca_time)look->normal.from * look->w->step;
    k.d->trained_to = look->w->from + (rca_time)look->normal.to * look->w->step;
    err = rca_detecting_choose(&k);
    err = err ? err : rca_detecting_group(&k);
    if (!err)
        rca_detecting_finish(&k, ret_detection);
    return err;
}
