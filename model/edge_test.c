/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "model/edge_parts.h"

/*
 * The test of one edge: two series less their other parents, what is new in
 * each, and whether it moves together.
 */

/* In scaled units: only so that copies of a column do no harm. */
#define RIDGE 1e-6
/* Less than this part of its square left is rounding, not what is new. */
#define NOTHING_LEFT 1e-4
/* Of its fair share that the effect must gain. */
#define LEAST_FLOW 0.25

int rca_edge_bench_init(struct rca_edge_bench *b, size_t n)
{
    *b = (struct rca_edge_bench){
        .cause = malloc((n + 1) * sizeof(double)),
        .effect = malloc((n + 1) * sizeof(double)),
        .scratch = malloc((n + 1) * sizeof(double)),
        .controls = malloc((n + 1) * RCA_BOX_MAX * sizeof(double)),
        .rows = malloc((n + 1) * sizeof(uint32_t)),
    };
    return b->cause && b->effect && b->scratch && b->controls && b->rows
               ? 0
               : -ENOMEM;
}

void rca_edge_bench_done(struct rca_edge_bench *b)
{
    free(b->cause);
    free(b->effect);
    free(b->scratch);
    free(b->controls);
    free(b->rows);
}

/* --- residuals ------------------------------------------------------------ */

static void copy_centred(const struct rca_edge_work *work,
                         const struct rca_edge_bench *b, uint32_t v,
                         const struct rca_filter *filter, double *ret)
{
    const double *z = rca_holdout_column(&work->h, v);
    double sum = 0;

    for (size_t i = 0; i < b->n; i++)
        sum += ret[i] = z[b->rows[i]];
    for (size_t i = 0; i < b->n; i++)
        ret[i] -= sum / (double)b->n;
    if (filter)
        rca_filter_apply(filter, ret, b->n);
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum / (double)n;
}

void rca_edge_residual(const struct rca_edge_work *work,
                       const struct rca_edge_bench *b, uint32_t v,
                       const struct rca_edge_controls *controls,
                       const struct rca_filter *filter, double *ret)
{
    const size_t n = controls->n, n_rows = b->n;
    struct rca_box box = {.n = n};
    double w[RCA_BOX_MAX] = {0};
    double square;

    copy_centred(work, b, v, filter, ret);
    square = dot(ret, ret, n_rows);
    for (size_t i = 0; i < n; i++) {
        double *x = b->controls + i * n_rows;

        copy_centred(work, b, controls->at[i], filter, x);
        box.low[i] = -INFINITY;
        box.high[i] = INFINITY;
        box.ridge[i] = RIDGE;
        box.moment[i] = dot(x, ret, n_rows);
        for (size_t j = 0; j <= i; j++)
            box.gram[i][j] = box.gram[j][i] =
                dot(x, b->controls + j * n_rows, n_rows);
    }
    rca_box_solve(&box, w);
    for (size_t i = 0; i < n; i++) {
        for (size_t r = 0; r < n_rows; r++)
            ret[r] -= w[i] * b->controls[i * n_rows + r];
    }
    if (dot(ret, ret, n_rows) < NOTHING_LEFT * square)
        memset(ret, 0, n_rows * sizeof(*ret));
}

struct rca_filter rca_edge_new(const struct rca_edge_work *work,
                               const struct rca_edge_bench *b, uint32_t v,
                               const struct rca_edge_controls *controls,
                               double *ret)
{
    struct rca_filter filter;

    rca_edge_residual(work, b, v, controls, NULL, ret);
    rca_filter_learn(ret, b->n, &filter);
    rca_edge_residual(work, b, v, controls, &filter, ret);
    return filter;
}

_Bool rca_edge_varies(const struct rca_edge_work *work, uint32_t v)
{
    const double *x = work->h.w->x + v * work->h.w->n_rows;
    size_t moves = 0;

    for (size_t r = work->test.from + 1; r < work->test.to; r++)
        moves += x[r] > x[r - 1] || x[r] < x[r - 1];
    return moves * 20 >= work->test.to - work->test.from;
}

/* --- one pair ------------------------------------------------------------- */

/* rows in which both are known */
static void list_rows(const struct rca_edge_work *work,
                      struct rca_edge_bench *b, uint32_t cause, uint32_t effect)
{
    b->n = 0;
    for (size_t r = work->test.from; r < work->test.to; r++) {
        if (rca_holdout_has(&work->h, cause, r) &&
            rca_holdout_has(&work->h, effect, r))
            b->rows[b->n++] = (uint32_t)r;
    }
}

/* the effect's parents but those of the cause's entity */
static void list_controls(const struct rca_edge_work *work, uint32_t cause,
                          uint32_t effect, struct rca_edge_controls *ret)
{
    const struct rca_holdout_fit *fit = &work->fits[effect];
    const struct rca_variable *vars = work->h.w->vars;

    for (size_t i = 0; i < fit->n; i++) {
        if (vars[fit->parent[i]].entity != vars[cause].entity)
            ret->at[ret->n++] = fit->parent[i];
    }
}

static int sign_of(const struct rca_relation *r)
{
    if (r->low >= 0)
        return 1;
    return r->high <= 0 ? -1 : 0;
}

/* what came of one pair; @rows: less what the controls and filters took */
struct outcome {
    struct rca_comove moves;
    double rows, slope, slope_error;
};

/* slope of the effect on the cause, both through the effect's filter, so that
 * its error is that of independent rows */
static void fit_slope(const double *cause, const double *effect, size_t n,
                      struct outcome *o)
{
    const double xx = dot(cause, cause, n), xy = dot(cause, effect, n);
    const double yy = dot(effect, effect, n);

    o->slope = xx > 0 ? xy / xx : NAN;
    o->slope_error = sqrt(fmax(yy - o->slope * xy, 0) / (xx * o->rows));
}

/* @plain: whatever the effect's other parents are */
static void compare(const struct rca_edge_work *work, struct rca_edge_bench *b,
                    const struct rca_edge_pair *pair, _Bool plain,
                    struct outcome *o)
{
    const uint32_t cause = pair->relation->cause;
    struct rca_edge_controls controls = {0};
    struct rca_filter filter;

    *o = (struct outcome){.moves = {NAN, NAN, NAN}, .slope = NAN};
    list_rows(work, b, cause, pair->effect);
    if (b->n < RCA_COMOVE_ROWS_MIN)
        return;
    if (!plain)
        list_controls(work, cause, pair->effect, &controls);
    o->rows = (double)b->n - (double)controls.n - RCA_COMOVE_ORDER - 1;
    filter = rca_edge_new(work, b, pair->effect, &controls, b->effect);
    rca_edge_residual(work, b, cause, &controls, &filter, b->cause);
    fit_slope(b->cause, b->effect, b->n, o);
    (void)rca_edge_new(work, b, cause, &controls, b->cause);
    rca_normal_scores(b->cause, b->n, b->scratch);
    rca_normal_scores(b->effect, b->n, b->scratch);
    rca_comove(b->cause, b->effect, b->n, &o->moves);
}

/* the smaller p of the same row and the next, times two */
static double p_of(const struct outcome *o, int sign, double *ret_r,
                   int *ret_lag)
{
    const double same = rca_comove_p(o->moves.same, o->rows, sign);
    const double later = rca_comove_p(o->moves.leads, o->rows, sign);

    *ret_lag = later < same;
    *ret_r = later < same ? o->moves.leads : o->moves.same;
    return fmin(1, 2 * fmin(same, later));
}

/* --- against -------------------------------------------------------------- */

/* how many hand the same on to the effect */
static double count_sources(const struct rca_edge_work *work, uint32_t effect)
{
    size_t n, m = 0;
    const struct rca_relation *all =
        rca_relations_get(work->h.relations, effect, &n);

    for (size_t i = 0; i < n; i++)
        m += all[i].same && work->h.w->vars[all[i].cause].entity !=
                                work->h.w->vars[effect].entity;
    return m > 0 ? (double)m : 1;
}

/* whether the effect should gain what the cause has: requests, usage */
static _Bool hands_on(const struct rca_edge_work *work,
                      const struct rca_edge_pair *pair)
{
    const enum rca_role role = work->h.w->vars[pair->effect].metric.role;

    return pair->relation->same &&
           (role == RCA_ROLE_LOAD || role == RCA_ROLE_USAGE);
}

/* p of a gain of LEAST_FLOW of the fair share or more; @ret_flow: the part of
 * it that the gain is at most */
static double p_flow(const struct rca_edge_work *work,
                     const struct rca_edge_pair *pair, const struct outcome *o,
                     double *ret_flow)
{
    const uint32_t cause = pair->relation->cause;
    const uint32_t node =
        rca_graph_node(work->g, work->h.w->vars[cause].entity);
    const double scale = work->h.scale[cause] / work->h.scale[pair->effect];
    double gain = pair->relation->prior, fair;

    /* a call is one request of its callee, whoever else calls it */
    if (rca_graph_entity(work->g, node)->kind == RCA_KIND_CALL)
        gain = fmin(gain, 1);
    fair = gain * scale / count_sources(work, pair->effect);
    if (!(fair > 0) || !(o->slope_error > 0))
        return 1;
    *ret_flow = fmax(o->slope + 1.645 * o->slope_error, 0) / fair;
    return gsl_cdf_ugaussian_P((o->slope - LEAST_FLOW * fair) / o->slope_error);
}

/* whether a rule allows that the effect moves the cause */
static _Bool goes_both_ways(const struct rca_edge_work *work,
                            const struct rca_edge_pair *pair)
{
    size_t n;
    const struct rca_relation *all =
        rca_relations_get(work->h.relations, pair->relation->cause, &n);

    for (size_t i = 0; i < n; i++) {
        if (all[i].cause == pair->effect)
            return 1;
    }
    return 0;
}

/* p of the effect being no earlier */
static double p_order(const struct outcome *o, int sign)
{
    const double before = sign < 0 ? -o->moves.lags : o->moves.lags;
    const double after = sign < 0 ? -o->moves.leads : o->moves.leads;
    const double same = sign < 0 ? -o->moves.same : o->moves.same;
    double z;

    if (sign == 0 || !(before > fabs(same)) || o->rows <= 3)
        return 1;
    z = (atanh(fmin(before, 0.999)) - atanh(fmin(fmax(after, same), 0.999))) *
        sqrt((o->rows - 3) / 2);
    return gsl_cdf_ugaussian_Q(z);
}

static void look_against(const struct rca_edge_work *work,
                         const struct rca_edge_pair *pair,
                         const struct outcome *o,
                         struct rca_edge_finding *finding, double *p)
{
    double flow = NAN;
    const double of_flow =
        hands_on(work, pair) ? p_flow(work, pair, o, &flow) : 1;
    const double of_order =
        goes_both_ways(work, pair) ? 1 : p_order(o, sign_of(pair->relation));

    if (fmin(of_flow, of_order) >= *p)
        return;
    *p = fmin(of_flow, of_order);
    finding->against =
        of_flow < of_order ? RCA_EDGE_AGAINST_FLOW : RCA_EDGE_AGAINST_ORDER;
    finding->flow = flow;
}

/* --- one edge ------------------------------------------------------------- */

void rca_edge_test(const struct rca_edge_work *work,
                   struct rca_edge_bench *bench,
                   const struct rca_edge_pair *pairs, size_t n,
                   struct rca_edge_finding *finding,
                   double ret_p[RCA_EDGE_P_COUNT])
{
    for (size_t k = 0; k < RCA_EDGE_P_COUNT; k++)
        ret_p[k] = 1;
    for (size_t i = 0; i < n; i++) {
        const struct rca_relation *r = pairs[i].relation;
        struct outcome o;
        double p, rho;
        int lag;

        compare(work, bench, &pairs[i], 0, &o);
        if (o.rows <= 0)
            continue;
        finding->tested++;
        look_against(work, &pairs[i], &o, finding, &ret_p[RCA_EDGE_P_AGAINST]);
        p = p_of(&o, sign_of(r), &rho, &lag);
        if (p < ret_p[RCA_EDGE_P] || finding->cause == UINT32_MAX) {
            ret_p[RCA_EDGE_P] = p;
            finding->cause = r->cause;
            finding->effect = pairs[i].effect;
            finding->r = rho;
            finding->lag = lag;
        }
        compare(work, bench, &pairs[i], 1, &o);
        p = p_of(&o, sign_of(r), &rho, &lag);
        if (p < ret_p[RCA_EDGE_P_PLAIN]) {
            ret_p[RCA_EDGE_P_PLAIN] = p;
            finding->plain.cause = r->cause;
            finding->plain.effect = pairs[i].effect;
            finding->plain.r = rho;
            finding->plain.lag = lag;
        }
    }
    for (size_t k = 0; k < RCA_EDGE_P_COUNT; k++) {
        const double tests =
            (double)finding->tested * (k == RCA_EDGE_P_AGAINST ? 2 : 1);

        ret_p[k] = fmin(1, ret_p[k] * fmax(tests, 1));
    }
}
