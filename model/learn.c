/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cblas.h>

#include "model/learner.h"
#include "model/parallel.h"
#include "model/relation.h"
#include "model/robust.h"

/*
 * Training: centre and scale of every variable, and its factor given the most
 * informative of its candidates. An explanation fits the factors of its
 * neighbourhood again, with the incident's rows (scene.h); these here are what
 * is usual.
 *
 * The metrics of one entity have nearly the same candidates, their
 * neighbourhood: so the correlations of up to GROUP of them with all of these
 * are products of two matrices. Candidates lie in runs, since the metrics of
 * an entity lie side by side. Groups are independent of each other: that is
 * what the threads divide.
 */

#define MIN_ROWS 20
/* Rows further out than this are an incident's: they count as this far. */
#define CLIP 8.0
/* Targets of one product. */
#define GROUP 32
/* Up to so many columns that nobody wants are multiplied rather than begin a
 * new product. */
#define MERGE 6

/* --- portions ------------------------------------------------------------- */

int rca_learner_new(const struct rca_span *span, unsigned jobs,
                    struct rca_learner **ret_learner)
{
    struct rca_learner *l RCA_CLEANUP(rca_learner_free) = NULL;

    if (span->n_rows < MIN_ROWS)
        return RCA_ETOOFEW;
    l = calloc(1, sizeof(*l));
    if (!l)
        return -ENOMEM;
    l->jobs = jobs;
    l->n_rows = span->n_rows;
    l->m = calloc(1, sizeof(*l->m));
    l->benches = calloc(jobs, sizeof(*l->benches));
    if (!l->m || !l->benches)
        return -ENOMEM;
    l->m->from = span->from;
    l->m->to = span->from + (rca_time)span->n_rows * span->step;
    l->m->step = span->step;
    l->m->rows = span->n_rows;
    for (unsigned k = 0; k < jobs; k++) {
        struct bench *b = &l->benches[k];

        b->scratch = malloc((2 * l->n_rows + 1) * sizeof(*b->scratch));
        b->packed =
            malloc(WIDTH * (l->n_rows / BLOCKS + 1) * sizeof(*b->packed));
        if (!b->scratch || !b->packed)
            return -ENOMEM;
    }
    *ret_learner = RCA_TAKE(l);
    return 0;
}

void rca_learner_free(struct rca_learner **learner)
{
    struct rca_learner *l = *learner;

    *learner = NULL;
    if (!l)
        return;
    for (unsigned k = 0; l->benches && k < l->jobs; k++) {
        free(l->benches[k].wanted);
        free(l->benches[k].runs);
        free(l->benches[k].product);
        free(l->benches[k].scratch);
        free(l->benches[k].packed);
    }
    rca_model_free(&l->m);
    rca_relations_free(&l->relations);
    free(l->shape.vars);
    free(l->columns);
    free(l->z);
    free(l->benches);
    free(l->groups);
    free(l);
}

static int grow_to(void *array, size_t n, size_t size)
{
    void **slot = (void **)array;
    void *grown = realloc(*slot, n * size);

    if (!grown)
        return -ENOMEM;
    *slot = grown;
    return 0;
}

/* room for @n variables more */
static int make_room(struct rca_learner *l, size_t n)
{
    const size_t want = l->m->n_vars + n;
    const size_t cap = want > l->cap + l->cap / 4 ? want : l->cap + l->cap / 4;
    int err;

    if (want <= l->cap)
        return 0;
    err = grow_to(&l->m->vars, cap, sizeof(*l->m->vars));
    if (!err)
        err = grow_to(&l->shape.vars, cap, sizeof(*l->shape.vars));
    if (!err)
        err = grow_to(&l->columns, cap, sizeof(*l->columns));
    if (!err)
        err = grow_to(&l->z, cap * l->n_rows, sizeof(*l->z));
    if (!err)
        l->cap = cap;
    return err;
}

/* centre, scale and the scaled column of one variable of the portion */
static int describe(void *arg, size_t i, unsigned worker)
{
    struct rca_learner *l = arg;
    const double *x = l->portion->x + i * l->n_rows;
    struct rca_learned *v = &l->m->vars[l->first + i];
    struct column *c = &l->columns[l->first + i];
    float *z = l->z + (l->first + i) * l->n_rows;
    const struct rca_spread s = rca_robust_spread(
        x, l->n_rows, fmax(l->portion->vars[i].metric.resolution, 1e-12),
        l->benches[worker].scratch);
    double square = 0;

    v->centre = isnan(s.centre) ? 0 : s.centre;
    v->scale = s.scale;
    v->known.spread = s;
    v->known.spread.centre = v->centre;
    if (s.n)
        v->known.habit =
            rca_habit_learn(x, l->n_rows, &s, l->benches[worker].scratch);
    for (size_t r = 0; r < l->n_rows; r++) {
        double d = (x[r] - v->centre) / v->scale;

        d = d > CLIP ? CLIP : d < -CLIP ? -CLIP : d;
        z[r] = isnan(d) ? -0.0F : (float)d + 0.0F;
        square += (double)z[r] * (double)z[r];
    }
    *c = (struct column){.square = square, .seen = s.n};
    return 0;
}

int rca_learner_add(struct rca_learner *l, const struct rca_window *w)
{
    struct rca_model *m = l->m;
    const size_t first = m->n_vars;
    int err = make_room(l, w->n_vars);

    for (size_t i = 0; i < w->n_vars && !err; i++) {
        struct rca_learned *v = &m->vars[first + i];

        *v = (struct rca_learned){.entity = w->vars[i].entity};
        v->metric = rca_arena_text(&m->strings, w->vars[i].metric.name);
        l->shape.vars[first + i] = w->vars[i];
        l->shape.vars[first + i].metric.name = v->metric;
        l->shape.vars[first + i].metric.label = NULL;
        err = v->metric ? 0 : -ENOMEM;
    }
    if (err)
        return err;
    l->portion = w;
    l->first = first;
    m->n_vars += w->n_vars;
    l->shape.n_vars = m->n_vars;
    return rca_parallel(l->jobs, w->n_vars, describe, l);
}

/* --- neighbourhoods ------------------------------------------------------- */

static void want(const struct rca_learner *l, struct bench *b, uint32_t target)
{
    size_t n;
    const struct rca_relation *all =
        rca_relations_get(l->relations, target, &n);

    for (size_t i = 0; i < n; i++)
        b->wanted[all[i].cause / 64] |= UINT64_C(1) << all[i].cause % 64;
}

/* take variable @v into the last run, or begin one */
static int add_to_runs(struct bench *b, uint32_t v)
{
    struct run *last = b->n_runs ? &b->runs[b->n_runs - 1] : NULL;
    void *grown;

    if (last && v <= last->first + last->n + MERGE) {
        last->n = v - last->first + 1;
        return 0;
    }
    grown = rca_grow(b->runs, b->n_runs, &b->cap_runs, sizeof(*b->runs));
    if (!grown)
        return -ENOMEM;
    b->runs = grown;
    b->runs[b->n_runs++] = (struct run){.first = v, .n = 1};
    return 0;
}

/* the candidates of all of the group as runs, and room for their products */
static int list_runs(const struct rca_learner *l, struct bench *b,
                     const struct group *g)
{
    const size_t words = l->m->n_vars / 64 + 1;
    size_t room;

    memset(b->wanted, 0, words * sizeof(*b->wanted));
    for (uint32_t i = 0; i < g->n; i++)
        want(l, b, g->first + i);
    b->n_runs = 0;
    b->width = 0;
    for (size_t k = 0; k < words; k++) {
        for (uint64_t bits = b->wanted[k]; bits; bits &= bits - 1) {
            const int bit = __builtin_ctzll(bits);

            if (add_to_runs(b, (uint32_t)(k * 64) + (uint32_t)bit))
                return -ENOMEM;
        }
    }
    for (size_t k = 0; k < b->n_runs; k++) {
        b->runs[k].at = b->width;
        b->width += b->runs[k].n;
    }
    room = b->width * g->n + 1;
    if (room > b->cap_product && grow_to(&b->product, room, sizeof(float)))
        return -ENOMEM;
    b->cap_product = room > b->cap_product ? room : b->cap_product;
    return 0;
}

/* products of the group's targets with all candidates, over all rows */
static void multiply(const struct rca_learner *l, struct bench *b,
                     const struct group *g)
{
    memset(b->product, 0, b->width * g->n * sizeof(*b->product));
    for (size_t k = 0; k < BLOCKS; k++) {
        const struct stretch rows = block_rows(l, k);
        const float *targets = l->z + g->first * l->n_rows + rows.from;

        for (size_t i = 0; i < b->n_runs && rows.to > rows.from; i++) {
            const struct run *run = &b->runs[i];

            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)g->n,
                        (int)run->n, (int)(rows.to - rows.from), 1, targets,
                        (int)l->n_rows,
                        l->z + run->first * l->n_rows + rows.from,
                        (int)l->n_rows, 1, b->product + run->at, (int)b->width);
        }
    }
}
static int learn_group(void *arg, size_t i, unsigned worker)
{
    const struct rca_learner *l = arg;
    struct bench *b = &l->benches[worker];
    const struct group *g = &l->groups[i];
    const int err = list_runs(l, b, g);

    if (err)
        return err;
    multiply(l, b, g);
    for (uint32_t k = 0; k < g->n; k++) {
        const struct target t = {g->first + k, b->product + k * b->width};

        rca_learner_factor(l, b, &t);
    }
    if (l->progress && worker == 0)
        l->progress(l->arg, (double)i / (double)l->n_groups);
    return 0;
}

/* --- all ------------------------------------------------------------------ */

static int divide(struct rca_learner *l)
{
    const struct rca_model *m = l->m;

    for (uint32_t v = 0; v < m->n_vars; v++) {
        struct group *last = l->n_groups ? &l->groups[l->n_groups - 1] : NULL;
        void *grown;

        if (last && last->n < GROUP &&
            m->vars[last->first].entity == m->vars[v].entity) {
            last->n++;
            continue;
        }
        grown = rca_grow(l->groups, l->n_groups, &l->cap_groups,
                         sizeof(*l->groups));
        if (!grown)
            return -ENOMEM;
        l->groups = grown;
        l->groups[l->n_groups++] = (struct group){v, 1};
    }
    return 0;
}

static int relate(struct rca_learner *l, const struct rca_graph *g)
{
    const size_t n = l->m->n_vars;
    struct rca_relation_filter filter = {0};
    double *median RCA_CLEANUP(rca_freep) = malloc((n + 1) * sizeof(*median));

    if (!median)
        return -ENOMEM;
    for (size_t v = 0; v < n; v++)
        median[v] = l->columns[v].seen ? l->m->vars[v].centre : NAN;
    filter.median = median;
    return rca_relations_of(&l->shape, &filter, g, &l->relations);
}

static void count(struct rca_model *m)
{
    for (size_t v = 0; v < m->n_vars; v++) {
        m->n_entities += v == 0 || m->vars[v].entity != m->vars[v - 1].entity;
        m->n_factors += m->vars[v].n_parents > 0;
    }
}

int rca_learner_finish(struct rca_learner *l, const struct rca_graph *g,
                       rca_progress *progress, void *arg,
                       struct rca_model **ret_model)
{
    int err = relate(l, g);

    l->progress = progress;
    l->arg = arg;

    if (!err)
        err = divide(l);
    for (unsigned k = 0; k < l->jobs && !err; k++) {
        l->benches[k].wanted =
            calloc(l->m->n_vars / 64 + 1, sizeof(*l->benches[k].wanted));
        err = l->benches[k].wanted ? 0 : -ENOMEM;
    }
    rca_parallel_hold_blas();
    if (!err)
        err = rca_parallel(l->jobs, l->n_groups, learn_group, l);
    if (err)
        return err;
    count(l->m);
    *ret_model = RCA_TAKE(l->m);
    return 0;
}

int rca_model_learn(const struct rca_window *w, const struct rca_graph *g,
                    unsigned jobs, struct rca_model **ret_model)
{
    const struct rca_span span = {
        .from = w->from, .step = w->step, .n_rows = w->n_rows};
    struct rca_learner *l RCA_CLEANUP(rca_learner_free) = NULL;
    int err = rca_learner_new(&span, jobs, &l);

    if (!err)
        err = rca_learner_add(l, w);
    return err ? err : rca_learner_finish(l, g, NULL, NULL, ret_model);
}
