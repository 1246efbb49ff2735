/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/anomaly.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Parents of the factor that explains a variable from its neighbours. */
#define PARENTS 6
#define MIN_CORRELATION 0.1
#define RIDGE 0.1
/* Normal rows further out than this count as this far. */
#define CLIP 20.0
/* Normal rows that factors are fitted to. */
#define MAX_ROWS 1000
/* Scale of a residual is at least this part of its variable's. */
#define MIN_RESIDUAL_SCALE 0.3
/* An unexplained part is at most FACTOR * strength + 1: noise of the parents
 * makes no anomaly. */
#define MOST_FACTOR 1.5
#define NULL_QUANTILE 0.9
/* Rows that count as the last ones: twice the incident, or so many. */
#define LOCAL_ROWS 10
#define MIN_LOCAL 5
/* What moved for the better, or in a metric without direction. */
#define GOOD_WEIGHT 0.5
#define NEUTRAL_WEIGHT 0.8

struct work {
    const struct rca_scene *s;
    size_t from, n; /* the normal rows that count */
    double *z; /* scaled normal rows, n a variable; gaps are 0 */
    double *size; /* root of the sum of squares, by variable */
    double *residual; /* normal rows, then the incident's */
    double *scratch; /* 2 * n_rows + 1 */
};

struct parent {
    const struct rca_relation *relation;
    double correlation;
};

/* a factor fitted to the normal rows */
struct fitted {
    struct parent list[PARENTS];
    size_t n;
    double w[RCA_BOX_MAX]; /* scaled */
};

/* what the model knows of variable @v, or NULL */
static const struct rca_known *known_of(const struct work *k, size_t v)
{
    const struct rca_past *p = k->s->past;

    return p && p->known[v].spread.n > 0 ? &p->known[v] : NULL;
}

static const double *column(const struct work *k, size_t v)
{
    return k->s->w->x + v * k->s->w->n_rows;
}

/* --- against the last rows --------------------------------------------------*/

static double local_strength(const struct work *k, size_t v, double usual)
{
    const struct rca_scene *s = k->s;
    const struct rca_trait *t = &s->traits[v];
    const size_t length = s->incident.to - s->incident.from;
    const size_t want = 2 * length > LOCAL_ROWS ? 2 * length : LOCAL_ROWS;
    const size_t have = s->normal.to - s->normal.from;
    const size_t n = want < have ? want : have;
    struct rca_spread last = rca_robust_spread(
        column(k, v) + s->normal.to - n, n, t->spread.scale / 2, k->scratch);

    if (last.n < MIN_LOCAL)
        return t->strength;
    last.constant = t->spread.constant;
    return rca_robust_deviation(column(k, v) + s->incident.from, length, &last,
                                0, k->scratch) /
           usual;
}

/* --- what the neighbours leave -----------------------------------------------*/

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* the most correlated candidates, strongest first */
static size_t choose(const struct work *k, size_t v,
                     struct parent list[PARENTS])
{
    size_t n, m = 0;
    const struct rca_relation *all = rca_relations_get(k->s->relations, v, &n);

    for (size_t i = 0; i < n; i++) {
        const size_t c = all[i].cause;
        const double size = k->size[c] * k->size[v];
        struct parent p = {&all[i], 0};
        size_t at;

        if (!k->s->traits[c].known || !(size > 0) || all[i].weak)
            continue;
        p.correlation =
            fabs(dot(k->z + c * k->n, k->z + v * k->n, k->n)) / size;
        if (p.correlation < MIN_CORRELATION)
            continue;
        for (at = m; at > 0 && list[at - 1].correlation < p.correlation; at--) {
            if (at < PARENTS)
                list[at] = list[at - 1];
        }
        if (at < PARENTS)
            list[at] = p;
        m += m < PARENTS;
    }
    return m;
}

static void fit(const struct work *k, size_t v, struct fitted *f)
{
    const double *y = k->z + v * k->n, rows = (double)k->n;
    struct rca_box box = {.n = f->n};

    for (size_t i = 0; i < f->n; i++) {
        const struct rca_relation *r = f->list[i].relation;
        const double *x = k->z + r->cause * k->n;
        const double scale =
            k->s->traits[r->cause].spread.scale / k->s->traits[v].spread.scale;

        for (size_t j = 0; j <= i; j++)
            box.gram[i][j] = box.gram[j][i] =
                dot(x, k->z + f->list[j].relation->cause * k->n, k->n) / rows;
        box.moment[i] = dot(x, y, k->n) / rows;
        box.ridge[i] = RIDGE;
        box.low[i] = r->low * scale;
        box.high[i] = r->high * scale;
        f->w[i] = 0;
    }
    rca_box_solve(&box, f->w);
}

static double scaled(const struct work *k, size_t v, size_t row)
{
    const struct rca_spread *s = &k->s->traits[v].spread;

    return (column(k, v)[row] - s->centre) / s->scale;
}

/* residuals of @f in the rows [from, to) */
static void leave(const struct work *k, size_t v, const struct fitted *f,
                  struct rca_rows rows, double *out)
{
    for (size_t r = rows.from; r < rows.to; r++) {
        double x = scaled(k, v, r);

        for (size_t i = 0; i < f->n; i++) {
            const double z = scaled(k, f->list[i].relation->cause, r);

            x -= isnan(z) ? 0 : f->w[i] * z;
        }
        *out++ = x;
    }
}

/* by the factor that the model has learned */
static double recalled(const struct work *k, size_t v,
                       const struct rca_known *known)
{
    const struct rca_scene *s = k->s;
    const struct rca_trait *t = &s->traits[v];
    const size_t length = s->incident.to - s->incident.from;
    double odd;

    if (known->n_parents == 0)
        return t->strength;
    for (size_t r = 0; r < length; r++) {
        double x = scaled(k, v, s->incident.from + r);

        for (uint32_t i = 0; i < known->n_parents; i++) {
            const double z = scaled(k, known->parent[i], s->incident.from + r);

            x -= isnan(z) ? 0 : (double)known->weight[i] * z;
        }
        k->residual[r] = x;
    }
    odd =
        rca_robust_deviation(k->residual, length, &known->left, 0, k->scratch) /
        rca_habit_usual(&known->left_habit, length);
    return fmin(isnan(odd) ? t->strength : odd, MOST_FACTOR * t->strength + 1);
}

static double unexplained(const struct work *k, size_t v)
{
    const struct rca_scene *s = k->s;
    const struct rca_trait *t = &s->traits[v];
    const struct rca_rows normal = {k->from, k->from + k->n};
    const size_t length = s->incident.to - s->incident.from;
    struct fitted f;
    struct rca_spread spread;
    double odd;

    f.n = choose(k, v, f.list);
    if (f.n == 0)
        return t->strength;
    fit(k, v, &f);
    leave(k, v, &f, normal, k->residual);
    leave(k, v, &f, s->incident, k->residual + k->n);
    spread =
        rca_robust_spread(k->residual, k->n, MIN_RESIDUAL_SCALE, k->scratch);
    odd = rca_robust_deviation(k->residual + k->n, length, &spread, 0,
                               k->scratch) /
          rca_robust_null(k->residual, k->n, length, &spread, NULL_QUANTILE,
                          k->scratch);
    return fmin(isnan(odd) ? t->strength : odd, MOST_FACTOR * t->strength + 1);
}

/* --- all ----------------------------------------------------------------------*/

static double badness(const struct rca_scene *s, size_t v)
{
    const int bad = s->w->vars[v].metric.bad;

    if (s->traits[v].spread.constant)
        return 1; /* a state that changes is an event either way */
    if (bad == 0)
        return NEUTRAL_WEIGHT;
    return bad * s->traits[v].shift < 0 ? GOOD_WEIGHT : 1;
}

static void look(const struct work *k, size_t v, struct rca_anomaly *a)
{
    const struct rca_scene *s = k->s;
    const struct rca_trait *t = &s->traits[v];
    const size_t length = s->incident.to - s->incident.from;
    const struct rca_known *known = known_of(k, v);
    const size_t before =
        known ? s->past->n_rows : s->normal.to - s->normal.from;
    size_t seen;

    a->bad = badness(s, v);
    if (!t->known) {
        (void)rca_robust_mean(column(k, v) + s->incident.from, length, &seen);
        a->appeared = t->spread.n == 0 && 2 * seen > length;
        a->vanished = seen == 0 && 5 * t->spread.n > 4 * before;
        return;
    }
    a->strength = t->strength;
    a->local = local_strength(k, v, t->usual);
    a->unexplained = known ? recalled(k, v, known) : unexplained(k, v);
}

static void scale_rows(const struct work *k)
{
    for (size_t v = 0; v < k->s->w->n_vars; v++) {
        double *z = k->z + v * k->n;

        if (!k->s->traits[v].known || known_of(k, v))
            continue;
        for (size_t i = 0; i < k->n; i++) {
            const double x = scaled(k, v, k->from + i);

            z[i] = isnan(x) ? 0 : fmin(fmax(x, -CLIP), CLIP);
        }
        k->size[v] = sqrt(dot(z, z, k->n));
    }
}

int rca_anomaly_new(const struct rca_scene *scene,
                    struct rca_anomaly **ret_list)
{
    const size_t n_vars = scene->w->n_vars, rows = scene->w->n_rows;
    const size_t all = scene->normal.to - scene->normal.from;
    const size_t n = all < MAX_ROWS ? all : MAX_ROWS;
    struct rca_anomaly *list RCA_CLEANUP(rca_freep) =
        calloc(n_vars + 1, sizeof(*list));
    double *memory RCA_CLEANUP(rca_freep) =
        calloc((n + 1) * n_vars + 3 * rows + 2, sizeof(*memory));
    struct work k = {.s = scene, .from = scene->normal.to - n, .n = n};

    if (!list || !memory)
        return -ENOMEM;
    k.z = memory;
    k.size = k.z + n * n_vars;
    k.residual = k.size + n_vars;
    k.scratch = k.residual + rows;
    scale_rows(&k);
    for (size_t v = 0; v < n_vars; v++)
        look(&k, v, &list[v]);
    *ret_list = RCA_TAKE(list);
    return 0;
}
