/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cblas.h>

#include "model/scene.h"

/*
 * Ridges in scaled units, against a total row weight of 1. Sixty rows of noise
 * give a correlation of +-0.13 by chance: the ridge is of that order. The
 * identities are known before any data, so they yield only to the incident
 * itself, whose rows weigh hundreds.
 */
#define RIDGE 0.1
#define RIDGE_SAME 1.0
#define RIDGE_WEAK 30.0
/* A weak relation is chosen behind all others. */
#define WEAK_MERIT 1e-3
/* Normal rows further out than this are a past incident's. */
#define CLIP_NORMAL 20.0

/* Merits are of single precision: all that is far out is equally far out, and
 * rounding, which depends on units, does not choose. */
struct choice {
    const struct rca_relation *relation;
    float merit, steady;
};

static int by_merit(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;

    if (x->relation->same != y->relation->same)
        return x->relation->same ? -1 : 1;
    if (x->merit != y->merit)
        return x->merit > y->merit ? -1 : 1;
    if (x->steady != y->steady)
        return x->steady > y->steady ? -1 : 1;
    return x->relation->cause < y->relation->cause ? -1 : 1;
}

/* whether the sign allows @r to move the target the way it moved */
static _Bool pushes(const struct rca_relation *r, double cause, double target)
{
    return (r->high > 0 && cause * target > 0) ||
           (r->low < 0 && cause * target < 0);
}

static double merit(const struct rca_scene *s, const struct rca_relation *r,
                    uint32_t target)
{
    const struct rca_trait *c = &s->traits[r->cause];
    const struct rca_trait *t = &s->traits[target];

    if (!c->known || !c->abnormal)
        return 0;
    if (!r->same && !pushes(r, c->shift, t->shift))
        return 0;
    return fabs(c->shift) / c->unit * (r->weak ? WEAK_MERIT : 1);
}

/* how much alike the rows of the incident are: mean over root mean square of
 * what variable @v departs from its centre by */
static double steadiness(const struct rca_scene *s, uint32_t v)
{
    const struct rca_trait *t = &s->traits[v];
    const double *x = s->w->x + v * s->w->n_rows;
    double sum = 0, square = 0, n = 0;

    for (size_t r = s->incident.from; r < s->incident.to; r++) {
        const double z = (x[r] - t->spread.centre) / t->unit;

        if (isnan(z))
            continue;
        sum += z;
        square += z * z;
        n++;
    }
    return square > 0 ? fabs(sum) / sqrt(n * square) : 0;
}

static int choose(struct rca_factor *f, const struct rca_scene *s)
{
    size_t n, m = 0;
    const struct rca_relation *all =
        rca_relations_get(s->relations, f->target, &n);
    struct choice *list RCA_CLEANUP(rca_freep) =
        malloc((n + 1) * sizeof(*list));
    const double unit = s->traits[f->target].unit;

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        list[m].relation = &all[i];
        list[m].merit = (float)merit(s, &all[i], f->target);
        list[m].steady = 0;
        if (n > RCA_SCENE_PARENTS && list[m].merit > 0)
            list[m].steady = (float)steadiness(s, all[i].cause);
        m += list[m].merit > 0;
    }
    if (m)
        qsort(list, m, sizeof(*list), by_merit);
    f->box.n = m < RCA_SCENE_PARENTS ? m : RCA_SCENE_PARENTS;
    for (size_t i = 0; i < f->box.n; i++) {
        const struct rca_relation *r = list[i].relation;
        const double scale = s->traits[r->cause].unit / unit;

        f->parent[i] = r->cause;
        f->box.low[i] = r->low * scale;
        f->box.high[i] = r->high * scale;
        f->box.prior[i] = r->prior * scale;
        f->box.ridge[i] = r->same ? RIDGE_SAME : r->weak ? RIDGE_WEAK : RIDGE;
        f->same[i] = r->same;
        f->weight[i] = f->box.prior[i];
    }
    return 0;
}

/* where the rows of a block lie: in the scene's window, or in what was read of
 * the past */
struct source {
    const struct rca_scene *s;
    const struct rca_window *w;
    const uint32_t *column; /* by variable; NULL: the variable itself */
    struct rca_rows rows;
    _Bool normal;
};

static struct source source_of(const struct rca_scene *s, size_t b)
{
    struct source from = {.s = s, .w = s->w, .rows = rca_scene_block(s, b)};

    from.normal = b < RCA_SCENE_NORMAL_BLOCKS;
    if (from.normal && s->past && s->past->rows) {
        from.w = s->past->rows;
        from.column = s->past->column;
        from.rows = (struct rca_rows){
            from.w->n_rows * b / RCA_SCENE_NORMAL_BLOCKS,
            from.w->n_rows * (b + 1) / RCA_SCENE_NORMAL_BLOCKS};
    }
    return from;
}

static double raw(const struct source *from, uint32_t v, size_t row)
{
    const size_t c = from->column ? from->column[v] : v;

    return c == UINT32_MAX ? NAN : from->w->x[c * from->w->n_rows + row];
}

/* scaled value; a gap is what is expected: 0, or in the incident its shift */
static double value(const struct source *from, uint32_t v, size_t row)
{
    const struct rca_trait *t = &from->s->traits[v];
    const double x = raw(from, v, row);
    double z;

    if (isnan(x))
        return from->normal ? 0 : t->shift / t->unit;
    z = (x - t->spread.centre) / t->unit;
    return from->normal ? fmin(fmax(z, -CLIP_NORMAL), CLIP_NORMAL) : z;
}

/* the block's rows in which the target is known, scaled, row-major with the
 * target last; their number */
static size_t gather_rows(const struct rca_factor *f, const struct source *from,
                          double *ret_z)
{
    const size_t n = f->box.n;
    size_t m = 0;

    for (size_t r = from->rows.from; r < from->rows.to; r++) {
        double *z = ret_z + m * (n + 1);

        if (isnan(raw(from, f->target, r)))
            continue;
        for (size_t i = 0; i < n; i++)
            z[i] = value(from, f->parent[i], r);
        z[n] = value(from, f->target, r);
        m++;
    }
    return m;
}

static void add_rows(struct rca_factor *f, const struct rca_scene *s, size_t b,
                     double *z)
{
    const struct source from = source_of(s, b);
    const size_t k = f->box.n + 1;
    double *g = f->gram + b * k * k;
    const size_t m = gather_rows(f, &from, z);

    if (m == 0)
        return;
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)k, (int)m, 1, z,
                (int)k, 0, g, (int)k);
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < i; j++)
            g[i * k + j] = g[j * k + i];
    }
    f->rows[b] += (double)m;
}

int rca_factor_choose(struct rca_factor *f, const struct rca_scene *scene,
                      uint32_t target)
{
    *f = (struct rca_factor){.target = target};
    return choose(f, scene);
}

int rca_factor_init(struct rca_factor *f, const struct rca_scene *scene,
                    uint32_t target)
{
    const struct rca_past *past = scene->past;
    const size_t before = past && past->rows ? past->rows->n_rows : 0;
    const size_t most = before > scene->w->n_rows ? before : scene->w->n_rows;
    double *z RCA_CLEANUP(rca_freep) = NULL;
    size_t k;
    int err = rca_factor_choose(f, scene, target);

    if (err)
        return err;
    k = f->box.n + 1;
    f->gram = calloc(RCA_SCENE_BLOCKS * k * k, sizeof(*f->gram));
    z = malloc((most + 1) * k * sizeof(*z));
    if (!f->gram || !z)
        return -ENOMEM;
    for (size_t b = 0; b < RCA_SCENE_BLOCKS; b++)
        add_rows(f, scene, b, z);
    return 0;
}

void rca_factor_done(struct rca_factor *f)
{
    free(f->gram);
    f->gram = NULL;
}

/* rows that @draw takes of blocks [from, to) */
static double drawn_rows(const struct rca_factor *f,
                         const struct rca_draw *draw, size_t from, size_t to)
{
    double n = 0;

    for (size_t b = from; b < to; b++)
        n += draw->times[b] * f->rows[b];
    return n;
}

/* what is left of the target's own square, over all rows */
static double left_over(const struct rca_factor *f, double square)
{
    const size_t n = f->box.n;
    double left = square;

    for (size_t i = 0; i < n; i++) {
        left -= 2 * f->weight[i] * f->box.moment[i];
        for (size_t j = 0; j < n; j++)
            left += f->weight[i] * f->weight[j] * f->box.gram[i][j];
    }
    return fmax(left, 0);
}

void rca_factor_fit(struct rca_factor *f, const struct rca_draw *draw)
{
    const size_t n = f->box.n, k = n + 1;
    const double normal = drawn_rows(f, draw, 0, RCA_SCENE_NORMAL_BLOCKS);
    const double incident =
        drawn_rows(f, draw, RCA_SCENE_NORMAL_BLOCKS, RCA_SCENE_BLOCKS);
    double square = 0;

    memset(f->box.gram, 0, sizeof(f->box.gram));
    memset(f->box.moment, 0, sizeof(f->box.moment));
    for (size_t b = 0; b < RCA_SCENE_BLOCKS; b++) {
        const _Bool is_normal = b < RCA_SCENE_NORMAL_BLOCKS;
        const double rows = is_normal ? normal : incident;
        const double part = is_normal ? 1 - RCA_SCENE_INCIDENT_WEIGHT
                                      : RCA_SCENE_INCIDENT_WEIGHT;
        const double weight = rows > 0 ? draw->times[b] * part / rows : 0;
        const double *g = f->gram + b * k * k;

        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n; j++)
                f->box.gram[i][j] += weight * g[i * k + j];
            f->box.moment[i] += weight * g[i * k + n];
        }
        square += weight * g[k * k - 1];
    }
    rca_box_solve(&f->box, f->weight);
    f->residual = left_over(f, square);
}
