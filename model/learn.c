/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cblas.h>

#include "model/box.h"
#include "model/learned.h"
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
/* In scaled units, against a total row weight of 1; as in factor.c. */
#define RIDGE 0.1
#define RIDGE_SAME 1.0
/* Rows further out than this are an incident's: they count as this far. */
#define CLIP 8.0
/* A candidate with less correlation than this is chance in any window. */
#define MIN_CORRELATION 0.05
/* Targets of one product. */
#define GROUP 32
/* Up to so many columns that nobody wants are multiplied rather than begin a
 * new product. */
#define MERGE 6
#define BLOCKS 16
/* Of what the neighbours leave; as in anomaly.c. */
#define MIN_KNOWN_CORRELATION 0.1
#define MIN_LEFT_SCALE 0.3
/* The last rows, from which is learned how it usually varies. */
#define LEFT_ROWS 1000

/* Of a Gram matrix: BLAS is twice as fast with a multiple of 4. */
#define WIDTH 12
static_assert(WIDTH >= RCA_LEARNED_PARENTS + 1, "the target is the last");

struct column {
    double square; /* sum of squares */
    size_t seen; /* rows that are known */
};

/* rows from .. to - 1 */
struct stretch {
    size_t from, to;
};

struct group {
    uint32_t first, n; /* variables */
};

/* consecutive candidates, and where their products begin */
struct run {
    uint32_t first, n;
    size_t at;
};

/* what one thread needs */
struct bench {
    uint64_t *wanted; /* a bit a variable; owned */
    struct run *runs; /* owned */
    size_t n_runs, cap_runs;
    float *product; /* targets x candidates; owned */
    size_t cap_product, width;
    double *scratch; /* two columns and one; owned */
    double left[LEFT_ROWS];
    float *packed; /* WIDTH x the rows of a block; owned */
};

struct rca_learner {
    unsigned jobs;
    size_t n_rows, cap;
    struct rca_model *m; /* owned */
    struct rca_window shape; /* variables without data; vars owned */
    struct column *columns; /* owned */
    float *z; /* owned; n_rows each, scaled, clipped; a gap is -0 */
    struct bench *benches; /* owned; one a thread */
    struct rca_relations *relations; /* owned */
    const struct rca_window *portion; /* of rca_learner_add() */
    size_t first; /* variable of the portion */
    struct group *groups; /* owned */
    size_t n_groups, cap_groups;
    rca_progress *progress;
    void *arg;
};

static struct stretch block_rows(const struct rca_learner *l, size_t b)
{
    return (struct stretch){l->n_rows * b / BLOCKS,
                            l->n_rows * (b + 1) / BLOCKS};
}

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

/* --- one factor ----------------------------------------------------------- */

struct ranked {
    const struct rca_relation *relation;
    double merit;
};

/* one target: row @row of the products */
struct target {
    uint32_t variable;
    const float *products;
};

static int by_merit(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->merit != y->merit)
        return x->merit > y->merit ? -1 : 1;
    return x->relation->cause < y->relation->cause ? -1 : 1;
}

/* put @r among the best, which are sorted; there are @n of them now */
static size_t keep_best(struct ranked *best, size_t n, struct ranked r)
{
    size_t i = n;

    if (n == RCA_LEARNED_PARENTS) {
        if (by_merit(&r, &best[n - 1]) > 0)
            return n;
        i = --n;
    }
    for (; i > 0 && by_merit(&r, &best[i - 1]) < 0; i--)
        best[i] = best[i - 1];
    best[i] = r;
    return n + 1;
}

/* the most informative candidates; their number. Both the candidates and the
 * runs are in order of the variables. */
static size_t choose(const struct rca_learner *l, const struct bench *b,
                     const struct target *t, struct ranked *best)
{
    const struct run *run = b->runs;
    size_t n, m = 0;
    const struct rca_relation *all =
        rca_relations_get(l->relations, t->variable, &n);

    for (size_t i = 0; i < n; i++) {
        const uint32_t c = all[i].cause;
        double r;

        while (c >= run->first + run->n)
            run++;
        r = fabs((double)t->products[run->at + c - run->first] /
                 sqrt(l->columns[t->variable].square * l->columns[c].square));
        r = isfinite(r) ? r : 0;
        if (all[i].same || r >= MIN_CORRELATION)
            m = keep_best(best, m, (struct ranked){&all[i], r + all[i].same});
    }
    return m;
}

static void set_bounds(const struct rca_learner *l, const struct ranked *best,
                       struct rca_learned *v, struct rca_box *box)
{
    for (size_t i = 0; i < box->n; i++) {
        const struct rca_relation *r = best[i].relation;
        const double scale = l->m->vars[r->cause].scale / v->scale;

        v->parent[i] = r->cause;
        box->low[i] = r->low * scale;
        box->high[i] = r->high * scale;
        box->prior[i] = r->prior * scale;
        box->ridge[i] = r->same ? RIDGE_SAME : RIDGE;
    }
}

static _Bool is_gap(float z)
{
    return z == 0 && signbit(z);
}

/* rows of block @k in which the target is known, the target last; their
 * number */
static size_t pack(const struct rca_learner *l, const struct rca_learned *v,
                   size_t n, size_t k, float *packed)
{
    const struct stretch rows = block_rows(l, k);
    const size_t m = rows.to - rows.from;
    const size_t target = (size_t)(v - l->m->vars);
    const float *y = l->z + target * l->n_rows + rows.from;
    size_t kept = 0;

    for (size_t i = 0; i <= n; i++) {
        const size_t c = i < n ? v->parent[i] : target;
        const float *x = l->z + c * l->n_rows + rows.from;

        if (l->columns[target].seen == l->n_rows) {
            memcpy(packed + i * m, x, m * sizeof(*packed));
            kept = m;
            continue;
        }
        kept = 0;
        for (size_t r = 0; r < m; r++) {
            if (!is_gap(y[r]))
                packed[i * m + kept++] = x[r];
        }
    }
    return kept;
}

/* Gram matrix and moments over the rows in which the target is known; returns
 * the target's own mean square */
static double add_up(const struct rca_learner *l, struct bench *b,
                     const struct rca_learned *v, struct rca_box *box)
{
    const size_t n = box->n, width = (n + 4) / 4 * 4;
    const double rows = (double)l->columns[v - l->m->vars].seen;
    double sum[WIDTH][WIDTH] = {{0}};

    for (size_t k = 0; k < BLOCKS; k++) {
        const struct stretch of = block_rows(l, k);
        const size_t m = pack(l, v, n, k, b->packed);
        float g[WIDTH * WIDTH];

        if (m == 0)
            continue;
        for (size_t i = n + 1; i < width; i++)
            memset(b->packed + i * (of.to - of.from), 0, m * sizeof(float));
        cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, (int)width, (int)m,
                    1, b->packed, (int)(of.to - of.from), 0, g, WIDTH);
        for (size_t i = 0; i <= n; i++) {
            for (size_t j = i; j <= n; j++)
                sum[i][j] += (double)g[i * WIDTH + j];
        }
    }
    for (size_t i = 0; i < n && rows > 0; i++) {
        for (size_t j = i; j < n; j++)
            box->gram[i][j] = box->gram[j][i] = sum[i][j] / rows;
        box->moment[i] = sum[i][n] / rows;
    }
    return rows > 0 ? sum[n][n] / rows : 0;
}

static void sort_parents(struct rca_learned *v, double *scaled)
{
    for (uint32_t i = 1; i < v->n_parents; i++) {
        for (uint32_t j = i; j > 0 && fabs(scaled[j]) > fabs(scaled[j - 1]);
             j--) {
            const double s = scaled[j], w = v->weight[j];
            const uint32_t p = v->parent[j];

            scaled[j] = scaled[j - 1];
            v->weight[j] = v->weight[j - 1];
            v->parent[j] = v->parent[j - 1];
            scaled[j - 1] = s;
            v->weight[j - 1] = w;
            v->parent[j - 1] = p;
        }
    }
}

/* leave out parents without weight, and give the others their units */
static void keep_weights(const struct rca_learner *l, struct rca_learned *v,
                         size_t n, const double *w)
{
    double scaled[RCA_BOX_MAX];

    v->n_parents = 0;
    for (size_t i = 0; i < n; i++) {
        if (fabs(w[i]) < 1e-9)
            continue;
        scaled[v->n_parents] = w[i];
        v->weight[v->n_parents] =
            w[i] * v->scale / l->m->vars[v->parent[i]].scale;
        v->parent[v->n_parents++] = v->parent[i];
    }
    sort_parents(v, scaled);
}

/* --- what neighbours usually explain --------------------------------------- */

/* of the chosen parents the most correlated, fitted to the data alone; @all:
 * the factor of them */
static void fit_known(const struct ranked *best, const struct rca_box *all,
                      struct rca_known *known)
{
    size_t at[RCA_LEARNED_PARENTS] = {0};
    struct rca_box box = {0};
    double w[RCA_BOX_MAX] = {0};

    for (size_t i = 0; i < all->n; i++) {
        const struct rca_relation *const relation = best[i].relation;
        const double r = relation ? best[i].merit - relation->same : 0;
        size_t k = box.n;

        if (!relation || relation->weak || r < MIN_KNOWN_CORRELATION)
            continue;
        /* identities come first whatever their correlation: sort again */
        for (; k > 0 &&
               r > best[at[k - 1]].merit - best[at[k - 1]].relation->same;
             k--) {
            if (k < RCA_PAST_PARENTS)
                at[k] = at[k - 1];
        }
        if (k < RCA_PAST_PARENTS)
            at[k] = i;
        box.n += box.n < RCA_PAST_PARENTS;
    }
    for (size_t i = 0; i < box.n; i++) {
        for (size_t j = 0; j < box.n; j++)
            box.gram[i][j] = all->gram[at[i]][at[j]];
        box.moment[i] = all->moment[at[i]];
        box.ridge[i] = RIDGE;
        box.low[i] = all->low[at[i]];
        box.high[i] = all->high[at[i]];
    }
    rca_box_solve(&box, w);
    known->n_parents = (uint32_t)box.n;
    for (size_t i = 0; i < box.n; i++) {
        known->parent[i] = best[at[i]].relation->cause;
        known->weight[i] = (float)w[i];
    }
}

/* how what they leave usually varies, from the last rows */
static void learn_left(const struct rca_learner *l, struct bench *b,
                       size_t target, struct rca_known *known)
{
    const size_t n = l->n_rows < LEFT_ROWS ? l->n_rows : LEFT_ROWS;
    const float *y = l->z + (target + 1) * l->n_rows - n;

    if (known->n_parents == 0)
        return;
    for (size_t r = 0; r < n; r++) {
        float left = y[r];

        for (uint32_t i = 0; i < known->n_parents; i++)
            left -= known->weight[i] *
                    l->z[(known->parent[i] + 1) * l->n_rows - n + r];
        b->left[r] = is_gap(y[r]) ? NAN : (double)left;
    }
    known->left = rca_robust_spread(b->left, n, MIN_LEFT_SCALE, b->scratch);
    /* to the precision that is kept */
    known->left.centre = known->left.n ? (double)(float)known->left.centre : 0;
    known->left.scale = (double)(float)known->left.scale;
    known->left_habit = rca_habit_learn(b->left, n, &known->left, b->scratch);
}

static void learn_factor(const struct rca_learner *l, struct bench *b,
                         const struct target *t)
{
    struct rca_learned *v = &l->m->vars[t->variable];
    struct ranked best[RCA_LEARNED_PARENTS] = {{0}};
    struct rca_box box = {0};
    double w[RCA_BOX_MAX] = {0};
    double left;

    box.n = choose(l, b, t, best);
    set_bounds(l, best, v, &box);
    left = add_up(l, b, v, &box);
    memcpy(w, box.prior, sizeof(w));
    rca_box_solve(&box, w);
    for (size_t i = 0; i < box.n; i++) {
        left -= 2 * w[i] * box.moment[i];
        for (size_t j = 0; j < box.n; j++)
            left += w[i] * w[j] * box.gram[i][j];
    }
    v->residual_scale = sqrt(fmax(left, 0)) * v->scale;
    fit_known(best, &box, &v->known);
    learn_left(l, b, t->variable, &v->known);
    keep_weights(l, v, box.n, w);
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

        learn_factor(l, b, &t);
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
    const struct rca_span span = {w->from, w->step, w->n_rows};
    struct rca_learner *l RCA_CLEANUP(rca_learner_free) = NULL;
    int err = rca_learner_new(&span, jobs, &l);

    if (!err)
        err = rca_learner_add(l, w);
    return err ? err : rca_learner_finish(l, g, NULL, NULL, ret_model);
}
