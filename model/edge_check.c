/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/edge_check.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "graph/influence.h"
#include "model/edge_parts.h"
#include "model/fdr.h"
#include "model/parallel.h"

const char *rca_edge_state_name(enum rca_edge_state state)
{
    static const char *const names[] = {"supported", "shared", "unseen",
                                        "contradicted", "untestable"};

    static_assert(RCA_ARRAY_SIZE(names) == RCA_EDGE_STATE_COUNT, "one each");
    return names[state];
}

void rca_edge_check_free(struct rca_edge_check **check)
{
    struct rca_edge_check *c = *check;

    *check = NULL;
    if (!c)
        return;
    free(c->findings);
    free(c);
}

/* struct list - pairs that an edge may carry, best first */
struct list {
    struct rca_edge_pair pairs[RCA_EDGE_PAIRS];
    size_t n;
};

/* struct job - the work and what each thread and edge needs; @p: by edge and
 * kind of p-value; all owned */
struct job {
    struct rca_edge_work work;
    struct rca_edge_bench *benches;
    unsigned jobs;
    struct list *lists;
    double (*p)[RCA_EDGE_P_COUNT];
    struct rca_edge_check *check;
};

static void job_done(struct job *j)
{
    for (unsigned k = 0; j->benches && k < j->jobs; k++)
        rca_edge_bench_done(&j->benches[k]);
    rca_holdout_done(&j->work.h);
    rca_edge_check_free(&j->check);
    free(j->work.fits);
    free(j->work.r);
    free(j->benches);
    free(j->lists);
    free(j->p);
}

/* --- what to test --------------------------------------------------------- */

static int fit_target(void *arg, size_t t, unsigned worker)
{
    struct job *j = arg;
    const struct rca_holdout *h = &j->work.h;

    rca_holdout_fit(h, (uint32_t)t, j->work.test, j->benches[worker].scratch,
                    j->work.r + h->relations->at[t], &j->work.fits[t]);
    return 0;
}

/* What should be handed on comes first, whatever it looks like: that it is not
 * speaks against the edge. */
static float merit_of(const struct job *j, const struct rca_relation *r,
                      uint32_t effect, float correlation)
{
    const enum rca_role role = j->work.h.w->vars[effect].metric.role;

    if (r->same && (role == RCA_ROLE_LOAD || role == RCA_ROLE_USAGE))
        return 2 + fabsf(correlation);
    if (r->low >= 0)
        return fmaxf(correlation, 0);
    return r->high <= 0 ? fmaxf(-correlation, 0) : fabsf(correlation);
}

static void keep_best(struct list *l, struct rca_edge_pair p)
{
    size_t i = l->n;

    if (l->n == RCA_EDGE_PAIRS) {
        if (p.merit <= l->pairs[l->n - 1].merit)
            return;
        i--;
    } else {
        l->n++;
    }
    for (; i > 0 && p.merit > l->pairs[i - 1].merit; i--)
        l->pairs[i] = l->pairs[i - 1];
    l->pairs[i] = p;
}

/* first arc at @node to @other, or @n */
static size_t find_arc(const struct rca_arc *arcs, size_t n, uint32_t other)
{
    size_t low = 0, high = n;

    while (low < high) {
        const size_t mid = low + (high - low) / 2;

        if (arcs[mid].node < other)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* give a relation to the edges whose rules make it */
static void place(struct job *j, const struct rca_relation *r, uint32_t effect,
                  float correlation)
{
    const struct rca_graph *g = j->work.g;
    const struct rca_variable *vars = j->work.h.w->vars;
    const uint32_t from = rca_graph_node(g, vars[r->cause].entity);
    const uint32_t to = rca_graph_node(g, vars[effect].entity);
    const struct rca_end cause = {rca_graph_entity(g, from)->kind,
                                  vars[r->cause].metric.role};
    const struct rca_end end = {rca_graph_entity(g, to)->kind,
                                vars[effect].metric.role};
    const struct rca_edge_pair pair = {r, effect,
                                       merit_of(j, r, effect, correlation)};
    size_t n;
    const struct rca_arc *arcs = rca_graph_arcs(g, to, &n);

    for (size_t i = find_arc(arcs, n, from); i < n && arcs[i].node == from;
         i++) {
        if (rca_influence_find(arcs[i].kind, arcs[i].out, cause, end))
            keep_best(&j->lists[arcs[i].edge], pair);
    }
}

static void place_all(struct job *j, const _Bool *varies)
{
    const struct rca_holdout *h = &j->work.h;

    for (uint32_t t = 0; t < h->w->n_vars; t++) {
        const rca_id own = h->w->vars[t].entity;
        size_t n;
        const struct rca_relation *all = rca_relations_get(h->relations, t, &n);
        const float *r = j->work.r + h->relations->at[t];

        for (size_t i = 0; i < n && varies[t]; i++) {
            if (h->w->vars[all[i].cause].entity != own && varies[all[i].cause])
                place(j, &all[i], t, r[i]);
        }
    }
}

/* --- the tests ------------------------------------------------------------ */

static int test_edge(void *arg, size_t e, unsigned worker)
{
    struct job *j = arg;
    struct rca_edge_finding *f = &j->check->findings[e];

    *f = (struct rca_edge_finding){.edge = (uint32_t)e,
                                   .cause = UINT32_MAX,
                                   .effect = UINT32_MAX,
                                   .r = NAN,
                                   .flow = NAN};
    rca_edge_test(&j->work, &j->benches[worker], j->lists[e].pairs,
                  j->lists[e].n, f, j->p[e]);
    f->p = j->p[e][RCA_EDGE_P];
    return 0;
}

/* the limit of the p-values of @kind of the edges tested; @scratch: one each */
static double limit_of(const struct job *j, size_t kind, double *scratch)
{
    const struct rca_edge_check *c = j->check;
    size_t n = 0;

    for (size_t e = 0; e < c->n_edges; e++) {
        if (c->findings[e].tested)
            scratch[n++] = j->p[e][kind];
    }
    return n ? rca_fdr_limit(scratch, n, n, c->level) : -1;
}

static enum rca_edge_state judge(const struct rca_edge_finding *f,
                                 const double *p, const double *limit)
{
    const _Bool against = p[RCA_EDGE_P_AGAINST] <= limit[RCA_EDGE_P_AGAINST];
    const _Bool for_it = p[RCA_EDGE_P] <= limit[RCA_EDGE_P];

    if (!f->tested)
        return RCA_EDGE_UNTESTABLE;
    if (against && (f->against == RCA_EDGE_AGAINST_ORDER || !for_it))
        return RCA_EDGE_CONTRADICTED;
    if (for_it)
        return RCA_EDGE_SUPPORTED;
    return p[RCA_EDGE_P_PLAIN] <= limit[RCA_EDGE_P_PLAIN] ? RCA_EDGE_SHARED
                                                          : RCA_EDGE_UNSEEN;
}

static int rank(enum rca_edge_state state)
{
    static const int ranks[] = {3, 2, 1, 0, 4};

    static_assert(RCA_ARRAY_SIZE(ranks) == RCA_EDGE_STATE_COUNT, "one each");
    return ranks[state];
}

static int by_state(const void *pa, const void *pb)
{
    const struct rca_edge_finding *a = pa, *b = pb;

    if (a->state != b->state)
        return rank(a->state) - rank(b->state);
    if (a->p < b->p || a->p > b->p)
        return a->p < b->p ? -1 : 1;
    return (a->edge > b->edge) - (a->edge < b->edge);
}

static int judge_all(struct job *j)
{
    struct rca_edge_check *c = j->check;
    double *scratch RCA_CLEANUP(rca_freep) =
        malloc((c->n_edges + 1) * sizeof(*scratch));
    double limit[RCA_EDGE_P_COUNT];

    if (!scratch)
        return -ENOMEM;
    for (size_t k = 0; k < RCA_EDGE_P_COUNT; k++)
        limit[k] = limit_of(j, k, scratch);
    for (size_t e = 0; e < c->n_edges; e++) {
        struct rca_edge_finding *f = &c->findings[e];

        f->state = judge(f, j->p[e], limit);
        if (f->state != RCA_EDGE_CONTRADICTED)
            f->against = RCA_EDGE_AGAINST_NOTHING;
        if (f->state == RCA_EDGE_SHARED) {
            f->cause = f->plain.cause;
            f->effect = f->plain.effect;
            f->r = f->plain.r;
            f->lag = f->plain.lag;
        }
        c->count[f->state]++;
    }
    if (c->n_edges)
        qsort(c->findings, c->n_edges, sizeof(*c->findings), by_state);
    return 0;
}

/* --- all ------------------------------------------------------------------ */

static int make_room(struct job *j)
{
    const struct rca_window *w = j->work.h.w;
    const size_t edges = rca_graph_edges(j->work.g) + 1;
    int err = 0;

    j->work.fits = calloc(w->n_vars + 1, sizeof(*j->work.fits));
    j->work.r =
        calloc(j->work.h.relations->at[w->n_vars] + 1, sizeof(*j->work.r));
    j->benches = calloc(j->jobs, sizeof(*j->benches));
    j->lists = calloc(edges, sizeof(*j->lists));
    j->p = calloc(edges, sizeof(*j->p));
    j->check = calloc(1, sizeof(*j->check));
    if (!j->work.fits || !j->work.r || !j->benches || !j->lists || !j->p ||
        !j->check)
        return -ENOMEM;
    for (unsigned k = 0; k < j->jobs && !err; k++)
        err = rca_edge_bench_init(&j->benches[k], w->n_rows);
    j->check->findings = calloc(edges, sizeof(*j->check->findings));
    return j->check->findings ? err : -ENOMEM;
}

static int check_edges(struct job *j)
{
    const struct rca_window *w = j->work.h.w;
    _Bool *varies RCA_CLEANUP(rca_freep) =
        calloc(w->n_vars + 1, sizeof(*varies));
    int err;

    if (!varies)
        return -ENOMEM;
    for (uint32_t v = 0; v < w->n_vars; v++)
        varies[v] = rca_edge_varies(&j->work, v);
    err = rca_parallel(j->jobs, w->n_vars, fit_target, j);
    if (err)
        return err;
    place_all(j, varies);
    err = rca_parallel(j->jobs, j->check->n_edges, test_edge, j);
    return err ? err : judge_all(j);
}

int rca_edge_check(const struct rca_window *w, const struct rca_graph *g,
                   double level, unsigned jobs,
                   struct rca_edge_check **ret_check)
{
    struct job j RCA_CLEANUP(job_done) = {.jobs = rca_parallel_jobs(jobs)};
    int err;

    if (w->n_rows < 2 * RCA_COMOVE_ROWS_MIN)
        return RCA_ETOOFEW;
    j.work.g = g;
    j.work.level = level;
    j.work.test = (struct rca_rows){w->n_rows / 2, w->n_rows};
    err = rca_holdout_init(&j.work.h, w, g, NULL);
    if (!err)
        err = make_room(&j);
    if (err)
        return err;
    j.check->n_rows = w->n_rows;
    j.check->n_edges = rca_graph_edges(g);
    j.check->level = level;
    err = check_edges(&j);
    if (!err)
        err = rca_edge_find_missing(&j.work, &j.benches[0], j.check);
    if (!err)
        *ret_check = RCA_TAKE(j.check);
    return err;
}
