/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cblas.h>

#include "model/edge_parts.h"
#include "model/fdr.h"

/*
 * Pairs without an edge. For each role one metric of an entity stands for it:
 * as it is, and less what its parents explain. All of the ones times all of the
 * others is a product of two matrices.
 */

/* Larger ones are believed of no number of pairs that is of use. */
#define P_MAX 1e-3

/* struct field - what is compared of one role; @plain, @left: a column of @rows
 * normal scores each; @lost: rows that controls and filters took; all owned */
struct field {
    size_t n, rows;
    uint32_t *vars;
    double *plain, *left, *product, *lost;
};

static void field_done(struct field *f)
{
    free(f->vars);
    free(f->plain);
    free(f->left);
    free(f->product);
    free(f->lost);
}

/* struct found - pairs that may be believed; owned */
struct found {
    struct rca_edge_missing *at;
    size_t n, cap, pairs;
};

/* --- who is compared ------------------------------------------------------ */

static _Bool may_call(enum rca_kind kind)
{
    return kind == RCA_KIND_SERVICE || kind == RCA_KIND_CLIENT;
}

static _Bool is_compared(enum rca_kind kind)
{
    return may_call(kind) || kind == RCA_KIND_HOST || kind == RCA_KIND_OTHER;
}

static _Bool are_alike(enum rca_kind a, enum rca_kind b)
{
    return (may_call(a) && may_call(b) &&
            (a == RCA_KIND_SERVICE || b == RCA_KIND_SERVICE)) ||
           (a == b && !may_call(a));
}

/* how well a metric stands for its role: 0 not at all; what nothing is known of
 * is compared once, as if it were load */
static int standing(const struct rca_metric *m, enum rca_role role)
{
    static const char *const best[] = {"request_rate_per_second",
                                       "request_latency_mean_seconds",
                                       "request_error_ratio"};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(best); i++) {
        if (m->role == role && strcmp(m->name, best[i]) == 0)
            return 3;
    }
    if (m->role == role)
        return 2;
    return role == RCA_ROLE_LOAD && m->role == RCA_ROLE_OTHER;
}

/* the metric of each entity that stands best for @role */
static int choose(const struct rca_edge_work *work, enum rca_role role,
                  struct field *f)
{
    const struct rca_window *w = work->h.w;
    int best = 0;

    f->vars = malloc((w->n_vars + 1) * sizeof(*f->vars));
    if (!f->vars)
        return -ENOMEM;
    for (uint32_t v = 0; v < w->n_vars; v++) {
        const rca_id id = w->vars[v].entity;
        const uint32_t node = rca_graph_node(work->g, id);
        const int fit = standing(&w->vars[v].metric, role);
        const _Bool is_new =
            f->n == 0 || w->vars[f->vars[f->n - 1]].entity != id;

        if (node == UINT32_MAX || !fit || !rca_edge_varies(work, v) ||
            !is_compared(rca_graph_entity(work->g, node)->kind))
            continue;
        if (is_new)
            f->vars[f->n++] = v;
        else if (fit > best)
            f->vars[f->n - 1] = v;
        best = is_new || fit > best ? fit : best;
    }
    return 0;
}

/* --- columns -------------------------------------------------------------- */

/* what is new in the residual, as scores; rows that are not known are 0 */
static void put_column(const struct rca_edge_work *work,
                       const struct rca_edge_bench *b, uint32_t v,
                       const struct rca_edge_controls *controls, double *ret)
{
    (void)rca_edge_new(work, b, v, controls, b->effect);
    rca_normal_scores(b->effect, b->n, b->scratch);
    for (size_t i = 0; i < b->n; i++)
        ret[b->rows[i] - work->test.from] = b->effect[i];
}

static void list_rows(const struct rca_edge_work *work,
                      struct rca_edge_bench *b, uint32_t v)
{
    b->n = 0;
    for (size_t r = work->test.from; r < work->test.to; r++) {
        if (rca_holdout_has(&work->h, v, r))
            b->rows[b->n++] = (uint32_t)r;
    }
}

static int fill(const struct rca_edge_work *work, struct rca_edge_bench *b,
                struct field *f)
{
    f->rows = work->test.to - work->test.from;
    f->plain = calloc(f->n * f->rows + 1, sizeof(double));
    f->left = calloc(f->n * f->rows + 1, sizeof(double));
    f->product = calloc(f->n * f->n + 1, sizeof(double));
    f->lost = calloc(f->n + 1, sizeof(double));
    if (!f->plain || !f->left || !f->product || !f->lost)
        return -ENOMEM;
    for (size_t i = 0; i < f->n; i++) {
        const struct rca_holdout_fit *fit = &work->fits[f->vars[i]];
        const struct rca_edge_controls none = {0};
        struct rca_edge_controls parents = {.n = fit->n};

        memcpy(parents.at, fit->parent, sizeof(parents.at));
        list_rows(work, b, f->vars[i]);
        f->lost[i] = (double)(f->rows - b->n + fit->n) + RCA_COMOVE_ORDER + 1;
        if (b->n < RCA_COMOVE_ROWS_MIN)
            continue;
        put_column(work, b, f->vars[i], &none, f->plain + i * f->rows);
        put_column(work, b, f->vars[i], &parents, f->left + i * f->rows);
    }
    return 0;
}

/* --- pairs ---------------------------------------------------------------- */

/* whether an edge, or a call between them, makes them neighbours */
static _Bool are_joined(const struct rca_graph *g, uint32_t a, uint32_t b)
{
    size_t n, m;
    const struct rca_arc *arcs = rca_graph_arcs(g, a, &n);

    for (size_t i = 0; i < n; i++) {
        const struct rca_arc *next = rca_graph_arcs(g, arcs[i].node, &m);

        if (arcs[i].node == b)
            return 1;
        if (rca_graph_entity(g, arcs[i].node)->kind != RCA_KIND_CALL)
            continue;
        for (size_t k = 0; k < m; k++) {
            if (next[k].node == b)
                return 1;
        }
    }
    return 0;
}

static int keep(struct found *found, struct rca_edge_missing pair)
{
    void *grown;

    if (pair.p > P_MAX)
        return 0;
    grown = rca_grow(found->at, found->n, &found->cap, sizeof(*found->at));
    if (!grown)
        return -ENOMEM;
    found->at = grown;
    found->at[found->n++] = pair;
    return 0;
}

static int compare(const struct rca_edge_work *work, const struct field *f,
                   struct found *found)
{
    const struct rca_variable *vars = work->h.w->vars;

    for (size_t i = 0; i < f->n; i++) {
        const uint32_t a = rca_graph_node(work->g, vars[f->vars[i]].entity);

        for (size_t k = 0; k < i; k++) {
            const uint32_t b = rca_graph_node(work->g, vars[f->vars[k]].entity);
            const double to = f->product[i * f->n + k] / (double)f->rows;
            const double fro = f->product[k * f->n + i] / (double)f->rows;
            const double r = fmin(to, fro);
            const double rows = (double)f->rows - f->lost[i] - f->lost[k];

            if (!are_alike(rca_graph_entity(work->g, a)->kind,
                           rca_graph_entity(work->g, b)->kind))
                continue;
            found->pairs++;
            if (!(r > 0) || are_joined(work->g, a, b))
                continue;
            if (keep(found, (struct rca_edge_missing){
                                f->vars[k], f->vars[i], r, fmax(to, fro),
                                rca_comove_p(r, rows, 1)}))
                return -ENOMEM;
        }
    }
    return 0;
}

static int compare_role(const struct rca_edge_work *work,
                        struct rca_edge_bench *bench, enum rca_role role,
                        struct found *found)
{
    struct field f RCA_CLEANUP(field_done) = {0};
    int err = choose(work, role, &f);

    if (!err)
        err = fill(work, bench, &f);
    if (err || f.n == 0)
        return err;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)f.n, (int)f.n,
                (int)f.rows, 1, f.left, (int)f.rows, f.plain, (int)f.rows, 0,
                f.product, (int)f.n);
    return compare(work, &f, found);
}

/* --- all ------------------------------------------------------------------ */

static int by_strength(const void *pa, const void *pb)
{
    const struct rca_edge_missing *a = pa, *b = pb;
    const double x = a->r + a->r_other, y = b->r + b->r_other;

    if (x < y || x > y)
        return x > y ? -1 : 1;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return (a->b > b->b) - (a->b < b->b);
}

static _Bool is_listed(const struct rca_edge_work *work,
                       const struct rca_edge_check *check, uint32_t v)
{
    const struct rca_variable *vars = work->h.w->vars;

    for (size_t i = 0; i < check->n_missing; i++) {
        if (vars[check->missing[i].a].entity == vars[v].entity ||
            vars[check->missing[i].b].entity == vars[v].entity)
            return 1;
    }
    return 0;
}

static int believe(const struct rca_edge_work *work, struct found *found,
                   struct rca_edge_check *check)
{
    double *p RCA_CLEANUP(rca_freep) = malloc((found->n + 1) * sizeof(*p));
    double limit;

    if (!p)
        return -ENOMEM;
    check->n_pairs = found->pairs;
    if (!found->n)
        return 0;
    for (size_t i = 0; i < found->n; i++)
        p[i] = found->at[i].p;
    limit = rca_fdr_limit(p, found->n, found->pairs, work->level);
    qsort(found->at, found->n, sizeof(*found->at), by_strength);
    for (size_t i = 0; i < found->n; i++) {
        const struct rca_edge_missing *m = &found->at[i];

        if (m->p > limit)
            continue;
        check->n_believed++;
        if (check->n_missing < RCA_EDGE_MISSING_MAX &&
            !is_listed(work, check, m->a) && !is_listed(work, check, m->b))
            check->missing[check->n_missing++] = *m;
    }
    return 0;
}

int rca_edge_find_missing(const struct rca_edge_work *work,
                          struct rca_edge_bench *bench,
                          struct rca_edge_check *check)
{
    const enum rca_role roles[] = {RCA_ROLE_LOAD, RCA_ROLE_LATENCY,
                                   RCA_ROLE_ERROR};
    struct found found = {0};
    int err = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(roles) && !err; i++)
        err = compare_role(work, bench, roles[i], &found);
    if (!err)
        err = believe(work, &found, check);
    free(found.at);
    return err;
}
