/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/outlier.h"

#include <math.h>

#include "model/tail.h"

/* This part of a stretch must be out. Half would miss what stops and goes, as a
 * process that is frozen every other second; a burst of a row or two in five
 * is not to count: single rows have far heavier tails than stretches. */
#define OUT_PART 0.4
/* A stretch with less than this part of its rows says nothing. */
#define MIN_PART 0.2
/* Beyond the usual deviation the tail falls to a tenth with each further one;
 * that of the training rows is never believed to fall more than 4 times as
 * fast: stretches that are all equal have no tail to see. */
#define USUAL_TAIL 0.1
#define FASTEST 4.0
/* An onset is looked for among rows that are so many scales out, most of the
 * next ones, too. */
#define BEYOND 3.0
#define NEXT_ROWS 5

/* --- how far out ---------------------------------------------------------- */

/* what OUT_PART of the rows reach or exceed, on the side that counts; negative
 * where they are on the other. A constant that moves counts as in
 * rca_robust_deviation(). */
static double deviation(const struct rca_outlier_series *s, const double *x,
                        size_t length, double *scratch)
{
    const struct rca_spread *spread = &s->spread;
    const size_t n = rca_robust_pack(x, length, scratch);
    double up, down, out;

    if (n == 0 || (double)n < MIN_PART * (double)length)
        return NAN;
    up = rca_robust_quantile(scratch, n, 1 - OUT_PART) - spread->centre;
    down = spread->centre - rca_robust_quantile(scratch, n, OUT_PART);
    out = (s->direction > 0   ? up
           : s->direction < 0 ? down
                              : fmax(up, down)) /
          spread->scale;
    return spread->constant && out > 1 ? RCA_ROBUST_MOVED : out;
}

static double usual_p(const struct rca_outlier_series *s, double t)
{
    return isnan(t) ? NAN : pow(USUAL_TAIL, fmax(0, t) / s->usual);
}

double rca_outlier_screen(const struct rca_outlier_series *s,
                          const struct rca_outlier_grid *grid, double *scratch)
{
    double best = NAN;

    for (size_t i = 0; i < grid->n; i++) {
        const double *x = s->x + grid->first + i * grid->length;
        const double t = deviation(s, x, grid->length, scratch);

        if (!isnan(t))
            best = fmin(best, usual_p(s, t)); /* of NAN and a: a */
    }
    return isnan(best) ? NAN : fmin(1, best * (double)grid->n);
}

/* --- runs: stretches counted from the first whole one ----------------------- */

struct field {
    const struct rca_outlier_series *s;
    const struct rca_outlier_grid *grid;
    double *t; /* deviations of all stretches */
    double *null, *scratch;
    size_t origin, n, judged; /* first row; stretches; first judged one */
};

static struct field survey(const struct rca_outlier_series *s,
                           const struct rca_outlier_grid *grid, double *scratch)
{
    struct field f = {.s = s,
                      .grid = grid,
                      .t = scratch,
                      .origin = grid->first % grid->length,
                      .judged = grid->first / grid->length};

    f.n = (s->n - f.origin) / grid->length;
    f.null = f.t + f.n;
    f.scratch = f.null + s->n_past / grid->length;
    for (size_t i = 0; i < f.n; i++)
        f.t[i] = deviation(s, s->x + f.origin + i * grid->length, grid->length,
                           f.scratch);
    return f;
}

static _Bool is_out(const struct field *f, size_t i)
{
    return f->t[i] >= RCA_OUTLIER_OUT * f->s->usual;
}

/* a stretch without data between two that are out does not end a run */
static _Bool goes_on(const struct field *f, size_t i, size_t beyond)
{
    return is_out(f, i) ||
           (isnan(f->t[i]) && beyond < f->n && is_out(f, beyond));
}

/* stretches [from, to) around @i that are out */
static void extend(const struct field *f, size_t i, size_t *ret_from,
                   size_t *ret_to)
{
    size_t from = i, to = i + 1;

    while (from > 0 && goes_on(f, from - 1, from - 2))
        from--;
    while (to < f->n && goes_on(f, to, to + 1))
        to++;
    *ret_from = from;
    *ret_to = to;
}

/* --- how likely ------------------------------------------------------------- */

/* by the training rows but those of the run of stretches [from, to) */
static double past_p(const struct field *f, size_t i, size_t from, size_t to)
{
    const size_t length = f->grid->length;
    const long begin = (long)(f->origin + from * length);
    const long end = (long)(f->origin + to * length);
    const double floor = f->s->usual / log(1 / USUAL_TAIL) / FASTEST;
    size_t m = 0;

    for (size_t at = 0; at + length <= f->s->n_past; at += length) {
        const long row = (long)at + f->s->offset;
        const double t =
            row + (long)length > begin && row < end
                ? NAN
                : deviation(f->s, f->s->past + at, length, f->scratch);

        if (!isnan(t))
            f->null[m++] = t;
    }
    return rca_tail_p(f->null, m, f->t[i], floor);
}

/* p-value of stretch @i times the number of those judged, as far as it is
 * at most @enough; else 1 */
static double judge(const struct field *f, size_t i, double enough)
{
    const double n = (double)f->grid->n;
    double p = usual_p(f->s, f->t[i]), past;
    size_t from, to;

    if (!(p * n <= enough))
        return 1;
    if (f->s->past) {
        extend(f, i, &from, &to);
        past = past_p(f, i, from, to);
        p = isnan(past) ? 1 : fmax(p, past);
    }
    return fmin(1, p * n);
}

double rca_outlier_test(const struct rca_outlier_series *s,
                        const struct rca_outlier_grid *grid, double *scratch)
{
    const struct field f = survey(s, grid, scratch);
    double best = 1;
    _Bool seen = 0;

    for (size_t i = f.judged; i < f.judged + grid->n; i++) {
        seen = seen || !isnan(f.t[i]);
        best = fmin(best, judge(&f, i, best));
    }
    return seen ? best : NAN;
}

/* --- the run ------------------------------------------------------------------ */

static double out_by(const struct rca_outlier_series *s, size_t row, int way)
{
    return way * (s->x[row] - s->spread.centre) / s->spread.scale;
}

/* whether the series is out at @row, and for most of the rows that follow */
static _Bool stays_out(const struct rca_outlier_series *s, size_t row,
                       size_t end, int way)
{
    const double beyond = s->spread.constant ? 1 : BEYOND;
    size_t out = 0, seen = 0;

    if (!(out_by(s, row, way) > beyond))
        return 0;
    for (size_t r = row; r < end && r < row + NEXT_ROWS; r++) {
        seen += isnan(s->x[r]) ? 0 : 1;
        out += out_by(s, r, way) > beyond;
    }
    return 2 * out > seen;
}

/* first row that stays out, from one stretch before the run; else its first */
static size_t find_onset(const struct rca_outlier_series *s, size_t length,
                         size_t from, size_t to)
{
    const double mean = rca_robust_mean(s->x + from, to - from, NULL);
    const int way = mean < s->spread.centre ? -1 : 1;

    for (size_t r = from > length ? from - length : 0; r < to; r++) {
        if (stays_out(s, r, to, way))
            return r;
    }
    return from;
}

_Bool rca_outlier_next(const struct rca_outlier_series *s,
                       const struct rca_outlier_grid *grid, double limit,
                       size_t after, double *scratch,
                       struct rca_outlier_run *ret_run)
{
    const struct field f = survey(s, grid, scratch);
    struct rca_outlier_run run = {.p = 2};
    size_t from = 0, to = 0;

    for (size_t i = f.judged; i < f.judged + grid->n; i++) {
        double p;

        if (run.p > 1 && f.origin + i * grid->length < after)
            continue;
        if (run.p <= 1 && i >= to)
            break;
        p = judge(&f, i, limit);
        if (run.p > 1 && p > limit)
            continue;
        if (run.p > 1)
            extend(&f, i, &from, &to);
        run.p = fmin(run.p, p);
        run.strength = fmax(run.strength, f.t[i] / s->usual);
    }
    if (run.p > 1)
        return 0;
    run.from = f.origin + from * grid->length;
    run.to = f.origin + to * grid->length;
    run.onset = find_onset(s, grid->length, run.from, run.to);
    *ret_run = run;
    return 1;
}
