/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/attribution.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Strength at which an entity counts in full. */
#define FULL_STRENGTH 3.0
/* Rows of the incident that weigh as much as the bootstrap's word. */
#define SHARE_ROWS 8.0
/* Jacobi steps; 0.8^200 is below rounding. */
#define MAX_STEPS 400
#define POWER_STEPS 30
#define SCALE_STEPS 8

#define P RCA_SCENE_PARENTS

/* what one draw of the rows says; arrays by index, lent by the work space */
struct solution {
    double *shift, *residual, *effect, *part;
    double unexplained, rest, feedback;
};

struct work {
    struct rca_attribution *a;
    struct solution s;
    double *x, *y; /* power iteration, Jacobi */
    size_t *entity; /* of variable i: which culprit */
    double *share, *score, *total; /* by culprit */
    double *parts; /* draws x culprits */
    double *memory; /* owned */
    size_t *indexes; /* owned */
    uint64_t random;
};

/* --- which variables ------------------------------------------------------ */

static int grow_factors(struct rca_attribution *a, const struct rca_scene *s,
                        uint32_t symptom, size_t *at)
{
    size_t done = 0;

    at[symptom] = 0;
    a->factors[a->n++].target = symptom;
    for (; done < a->n; done++) {
        struct rca_factor *f = &a->factors[done];
        const int err = rca_factor_init(f, s, f->target);
        size_t kept = 0;

        if (err)
            return err;
        for (size_t k = 0; k < f->box.n; k++) {
            const uint32_t p = f->parent[k];

            if (at[p] == SIZE_MAX && a->n < RCA_ATTRIBUTION_MAX) {
                at[p] = a->n;
                a->factors[a->n++].target = p;
            }
            /* beyond the limit: a parent that may not move anything */
            if (at[p] == SIZE_MAX) {
                f->box.low[k] = f->box.high[k] = f->box.prior[k] = 0;
                a->parent[done * P + kept++] = 0;
                continue;
            }
            a->parent[done * P + kept++] = at[p];
        }
    }
    return 0;
}

/* --- one draw --------------------------------------------------------------*/

static double drawn_shift(const struct rca_scene *s, uint32_t v,
                          const struct rca_draw *draw)
{
    const double *x = s->w->x + v * s->w->n_rows;
    const struct rca_trait *t = &s->traits[v];
    double sum = 0, n = 0;

    for (size_t b = RCA_SCENE_NORMAL_BLOCKS; b < RCA_SCENE_BLOCKS; b++) {
        const struct rca_rows rows = rca_scene_block(s, b);

        for (size_t r = rows.from; r < rows.to; r++) {
            if (!isnan(x[r])) {
                sum += draw->times[b] * x[r];
                n += draw->times[b];
            }
        }
    }
    return n > 0 ? (sum / n - t->spread.centre) / t->unit : t->shift / t->unit;
}

/* row i of (|W| + I) x within its component */
static double one_row(const struct work *k, size_t i, double others)
{
    const struct rca_attribution *a = k->a;
    const struct rca_factor *f = &a->factors[i];
    double sum = k->x[i];

    for (size_t p = 0; p < f->box.n; p++) {
        const size_t j = a->parent[i * P + p];

        if (a->component[j] == a->component[i])
            sum += fabs(f->weight[p]) * k->x[j] * (f->same[p] ? 1 : others);
    }
    return sum;
}

/* an upper bound of the spectral radius of |W| within component @c, by
 * Collatz and Wielandt: max_i (M x)_i / x_i for any positive x; M = |W| + I
 * so that the iteration settles. Weights that are not identities count
 * @others times. */
static double radius(const struct work *k, size_t c, double others)
{
    const struct rca_attribution *a = k->a;
    double bound = INFINITY;

    for (size_t i = 0; i < a->n; i++)
        k->x[i] = 1;
    for (int step = 0; step < POWER_STEPS; step++) {
        double most = 0, least = INFINITY, size = 0;

        for (size_t i = 0; i < a->n; i++) {
            if (a->component[i] != c)
                continue;
            k->y[i] = one_row(k, i, others);
            most = fmax(most, k->y[i] / k->x[i]);
            least = fmin(least, k->y[i] / k->x[i]);
            size = fmax(size, k->y[i]);
        }
        /* never 0, so that the bounds stay bounds */
        for (size_t i = 0; i < a->n; i++) {
            if (a->component[i] == c)
                k->x[i] = fmax(k->y[i] / size, 1e-6);
        }
        bound = fmin(bound, most - 1);
        if (bound <= RCA_ATTRIBUTION_RADIUS ||
            (others > 0 && least - 1 > RCA_ATTRIBUTION_RADIUS))
            break; /* that is all that is asked */
    }
    return bound;
}

/* largest factor on the other weights that keeps the component in bounds */
static double find_scale(const struct work *k, size_t c)
{
    double low = 0, high = 1;

    if (radius(k, c, 1) <= RCA_ATTRIBUTION_RADIUS)
        return 1;
    for (int step = 0; step < SCALE_STEPS; step++) {
        const double mid = (low + high) / 2;

        if (radius(k, c, mid) <= RCA_ATTRIBUTION_RADIUS)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* The identities are facts and rarely make a cycle by themselves: the other
 * weights give way, and the identities only if that is not enough. */
static void scale_component(struct work *k, size_t c)
{
    struct rca_attribution *a = k->a;
    const double others = find_scale(k, c);
    const double rho = radius(k, c, others);
    const double all = fmin(1, RCA_ATTRIBUTION_RADIUS / fmax(rho, 1e-12));

    if (others == 1)
        return;
    for (size_t i = 0; i < a->n; i++) {
        struct rca_factor *f = &a->factors[i];

        if (a->component[i] != c)
            continue;
        for (size_t p = 0; p < f->box.n; p++) {
            if (a->component[a->parent[i * P + p]] == c)
                f->weight[p] *= f->same[p] ? all : others * all;
        }
    }
}

static void tame_cycles(struct work *k)
{
    const struct rca_attribution *a = k->a;
    size_t *size = k->indexes; /* members of each component */

    memset(size, 0, a->n * sizeof(*size));
    for (size_t i = 0; i < a->n; i++)
        size[a->component[i]]++;
    for (size_t c = 0; c < a->n; c++) {
        if (size[c] > 1)
            scale_component(k, c);
    }
}

/* L = e_v + W' L */
static void sweep_back(struct work *k, double *effect)
{
    const struct rca_attribution *a = k->a;

    memset(effect, 0, a->n * sizeof(*effect));
    effect[0] = 1;
    for (int step = 0; step < MAX_STEPS; step++) {
        double change = 0;

        memset(k->x, 0, a->n * sizeof(*k->x));
        k->x[0] = 1;
        for (size_t i = 0; i < a->n; i++) {
            const struct rca_factor *f = &a->factors[i];

            for (size_t p = 0; p < f->box.n; p++)
                k->x[a->parent[i * P + p]] += f->weight[p] * effect[i];
        }
        for (size_t i = 0; i < a->n; i++) {
            change = fmax(change, fabs(k->x[i] - effect[i]));
            effect[i] = k->x[i];
        }
        if (change < 1e-13)
            return;
    }
}

static _Bool is_noise(const struct rca_attribution *a, size_t i, double r)
{
    const struct rca_trait *t = &a->scene->traits[a->factors[i].target];

    return fabs(r) * t->unit <= t->noise;
}

/* shares of entities and of what is unexplained; all 0 where nothing pushes */
static void share_out(struct work *k, double sign)
{
    struct rca_attribution *a = k->a;
    struct solution *s = &k->s;
    double sum = 0, unexplained = 0;

    memset(k->share, 0, a->n_culprits * sizeof(*k->share));
    memset(k->total, 0, a->n_culprits * sizeof(*k->total));
    for (size_t i = 0; i < a->n; i++) {
        const double c = s->part[i];

        if (is_noise(a, i, s->residual[i])) {
            unexplained += c;
            continue;
        }
        k->total[k->entity[i]] += c;
        k->share[k->entity[i]] += fmax(0, c * sign);
        sum += fmax(0, c * sign);
    }
    s->rest = unexplained;
    unexplained = fabs(s->rest);
    sum += unexplained;
    s->unexplained = sum > 0 ? unexplained / sum : 1;
    for (size_t e = 0; e < a->n_culprits; e++)
        k->share[e] /= sum > 0 ? sum : 1;
}

static void score(struct work *k)
{
    const struct rca_attribution *a = k->a;

    memset(k->score, 0, a->n_culprits * sizeof(*k->score));
    for (size_t i = 0; i < a->n; i++) {
        const size_t e = k->entity[i];
        const double strength = a->scene->traits[a->factors[i].target].strength;

        k->score[e] = fmax(k->score[e], fmin(1, strength / FULL_STRENGTH));
    }
    for (size_t e = 0; e < a->n_culprits; e++)
        k->score[e] *= k->share[e];
}

/* what the parents leave of the shift of variable i */
static double left_over(const struct work *k, size_t i)
{
    const struct rca_factor *f = &k->a->factors[i];
    double left = k->s.shift[i];

    for (size_t p = 0; p < f->box.n; p++)
        left -= f->weight[p] * k->s.shift[k->a->parent[i * P + p]];
    return left;
}

static void solve(struct work *k, const struct rca_draw *draw)
{
    struct rca_attribution *a = k->a;
    const double unit = a->scene->traits[a->factors[0].target].unit;
    struct solution *s = &k->s;

    for (size_t i = 0; i < a->n; i++) {
        rca_factor_fit(&a->factors[i], draw);
        s->shift[i] = drawn_shift(a->scene, a->factors[i].target, draw);
    }
    for (size_t i = 0; i < a->n; i++)
        s->residual[i] = left_over(k, i);
    tame_cycles(k);
    sweep_back(k, s->effect);
    s->feedback = 0;
    for (size_t i = 0; i < a->n; i++) {
        /* by how much more the parents explained before */
        const double tamed = left_over(k, i) - s->residual[i];

        s->part[i] = s->effect[i] * s->residual[i] * unit;
        s->feedback += s->effect[i] * tamed * unit;
    }
    share_out(k, s->shift[0] < 0 ? -1 : 1);
    score(k);
}

/* --- culprits --------------------------------------------------------------*/

static int name_entities(struct work *k)
{
    struct rca_attribution *a = k->a;
    const struct rca_window *w = a->scene->w;

    a->culprits = calloc(a->n, sizeof(*a->culprits));
    if (!a->culprits)
        return -ENOMEM;
    for (size_t i = 0; i < a->n; i++) {
        const rca_id id = w->vars[a->factors[i].target].entity;
        size_t e = 0;

        while (e < a->n_culprits && a->culprits[e].entity != id)
            e++;
        if (e == a->n_culprits)
            a->culprits[a->n_culprits++].entity = id;
        k->entity[i] = e;
    }
    return 0;
}

/* Load where there never was any tells that a thing is new, not what it does. */
static _Bool is_first_load(const struct work *k, size_t i)
{
    const struct rca_scene *s = k->a->scene;
    const uint32_t v = k->a->factors[i].target;

    return s->w->vars[v].metric.role == RCA_ROLE_LOAD &&
           s->traits[v].spread.constant && s->traits[v].spread.centre == 0;
}

/* the variable of culprit @e that carries most of its part; a first load only
 * where the symptom feels nothing else of it */
static size_t find_carrier(const struct work *k, size_t e, double sign)
{
    const struct rca_attribution *a = k->a;
    size_t best = SIZE_MAX, felt = SIZE_MAX;
    double most = -INFINITY, most_felt = 0;

    for (size_t i = 0; i < a->n; i++) {
        const double through = k->s.effect[i] * k->s.shift[i] * sign;

        if (k->entity[i] != e)
            continue;
        if (best == SIZE_MAX || k->s.part[i] * sign > most) {
            most = k->s.part[i] * sign;
            best = i;
        }
        if (!is_first_load(k, i) && through > most_felt) {
            most_felt = through;
            felt = i;
        }
    }
    return felt < SIZE_MAX && is_first_load(k, best) ? felt : best;
}

static void keep_answer(struct work *k)
{
    struct rca_attribution *a = k->a;
    const double sign = k->s.shift[0] < 0 ? -1 : 1;

    a->unexplained = k->s.unexplained;
    a->rest = k->s.rest;
    a->feedback = k->s.feedback;
    for (size_t e = 0; e < a->n_culprits; e++) {
        struct rca_culprit *c = &a->culprits[e];

        c->share = k->share[e];
        c->score = k->score[e];
        c->part = k->total[e];
        c->carrier = find_carrier(k, e, sign);
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * UINT64_C(2685821657736338717)) >> 33;
}

static void draw_blocks(struct work *k, struct rca_draw *draw)
{
    *draw = (struct rca_draw){{0}};
    for (size_t b = 0; b < RCA_SCENE_NORMAL_BLOCKS; b++)
        draw->times[next_random(&k->random) % RCA_SCENE_NORMAL_BLOCKS]++;
    for (size_t b = 0; b < RCA_SCENE_INCIDENT_BLOCKS; b++)
        draw->times[RCA_SCENE_NORMAL_BLOCKS +
                    next_random(&k->random) % RCA_SCENE_INCIDENT_BLOCKS]++;
}

static void resample(struct work *k)
{
    struct rca_attribution *a = k->a;
    const size_t m = a->n_culprits;

    for (size_t d = 0; d < RCA_ATTRIBUTION_DRAWS; d++) {
        struct rca_draw draw;
        size_t best = 0;

        draw_blocks(k, &draw);
        solve(k, &draw);
        for (size_t e = 0; e < m; e++) {
            k->parts[e * RCA_ATTRIBUTION_DRAWS + d] = k->total[e];
            if (k->score[e] > k->score[best])
                best = e;
        }
        if (k->score[best] > 0)
            a->culprits[best].first += 1.0 / RCA_ATTRIBUTION_DRAWS;
    }
}

static void judge(struct work *k)
{
    struct rca_attribution *a = k->a;
    const struct rca_rows *rows = &a->scene->incident;
    const double n = (double)(rows->to - rows->from);

    for (size_t e = 0; e < a->n_culprits; e++) {
        struct rca_culprit *c = &a->culprits[e];
        double *parts = k->parts + e * RCA_ATTRIBUTION_DRAWS;

        c->confidence =
            (n * c->first + SHARE_ROWS * c->share) / (n + SHARE_ROWS);
        c->low = fmin(c->part,
                      rca_robust_quantile(parts, RCA_ATTRIBUTION_DRAWS, 0.05));
        c->high = fmax(c->part,
                       rca_robust_quantile(parts, RCA_ATTRIBUTION_DRAWS, 0.95));
    }
}

static int by_score(const void *a, const void *b)
{
    const struct rca_culprit *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->entity > y->entity) - (x->entity < y->entity);
}

/* --- all --------------------------------------------------------------------*/

static int open_work(struct work *k, struct rca_attribution *a, uint64_t seed)
{
    const size_t n = a->n;
    double *m = calloc((5 + RCA_ATTRIBUTION_DRAWS) * n, sizeof(*m));

    k->memory = m;
    k->indexes = calloc(2 * n, sizeof(*k->indexes));
    a->shift = calloc(n, sizeof(*a->shift));
    a->residual = calloc(n, sizeof(*a->residual));
    a->effect = calloc(n, sizeof(*a->effect));
    a->part = calloc(n, sizeof(*a->part));
    a->component = calloc(n, sizeof(*a->component));
    if (!m || !k->indexes || !a->shift || !a->residual || !a->effect ||
        !a->part || !a->component)
        return -ENOMEM;
    k->a = a;
    k->random = seed ? seed : 1;
    k->entity = k->indexes + n;
    k->x = m;
    k->y = m + n;
    k->share = m + 2 * n;
    k->score = m + 3 * n;
    k->total = m + 4 * n;
    k->parts = m + 5 * n;
    k->s = (struct solution){.shift = a->shift,
                             .residual = a->residual,
                             .effect = a->effect,
                             .part = a->part};
    return rca_attribution_components(a->factors, a->parent, n, a->component);
}

static int attribute(struct rca_attribution *a, uint64_t seed)
{
    struct work k = {0};
    struct rca_draw all;
    int err = open_work(&k, a, seed);

    for (size_t b = 0; b < RCA_SCENE_BLOCKS; b++)
        all.times[b] = 1;
    if (!err)
        err = name_entities(&k);
    if (!err) {
        resample(&k);
        solve(&k, &all); /* last: what the arrays of @a show */
        keep_answer(&k);
        judge(&k);
        qsort(a->culprits, a->n_culprits, sizeof(*a->culprits), by_score);
    }
    free(k.memory);
    free(k.indexes);
    return err;
}

int rca_attribution_new(const struct rca_scene *scene, uint32_t symptom,
                        uint64_t seed, struct rca_attribution **ret)
{
    struct rca_attribution *a RCA_CLEANUP(rca_attribution_free) =
        calloc(1, sizeof(*a));
    const size_t n_vars = scene->w->n_vars;
    const size_t most =
        n_vars < RCA_ATTRIBUTION_MAX ? n_vars : RCA_ATTRIBUTION_MAX;
    size_t *at RCA_CLEANUP(rca_freep) = malloc(n_vars * sizeof(*at));
    int err;

    if (!a || !at)
        return -ENOMEM;
    a->scene = scene;
    a->factors = calloc(most, sizeof(*a->factors));
    a->parent = calloc(most * P, sizeof(*a->parent));
    if (!a->factors || !a->parent)
        return -ENOMEM;
    for (size_t v = 0; v < n_vars; v++)
        at[v] = SIZE_MAX;
    err = grow_factors(a, scene, symptom, at);
    if (!err)
        err = attribute(a, seed);
    if (err)
        return err;
    *ret = RCA_TAKE(a);
    return 0;
}

void rca_attribution_free(struct rca_attribution **attribution)
{
    struct rca_attribution *a = *attribution;

    *attribution = NULL;
    if (!a)
        return;
    for (size_t i = 0; a->factors && i < a->n; i++)
        rca_factor_done(&a->factors[i]);
    free(a->factors);
    free(a->parent);
    free(a->component);
    free(a->shift);
    free(a->residual);
    free(a->effect);
    free(a->part);
    free(a->culprits);
    free(a);
}

double rca_attribution_flow(const struct rca_attribution *a, size_t i, size_t k)
{
    const size_t j = a->parent[i * P + k];
    const double flow = a->factors[i].weight[k] * a->shift[j] / a->shift[i];

    return isfinite(flow) ? fmin(fmax(flow, 0), 1) : 0;
}
