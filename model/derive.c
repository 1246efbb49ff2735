/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/derive.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/histogram.h"

/* A rate may span this many slots back: one lost tick is no gap in a counter,
 * a longer pause is. */
#define BASE_SLOTS 2

/* --- columns -------------------------------------------------------------- */

void rca_raw_pool_done(struct rca_raw_pool *pool)
{
    for (size_t i = 0; i < pool->n; i++)
        free(pool->columns[i]);
    free(pool->columns);
    *pool = (struct rca_raw_pool){0};
}

static double *take_column(struct rca_raw_entity *e)
{
    return e->pool->n ? e->pool->columns[--e->pool->n]
                      : malloc(e->slots * sizeof(double));
}

static void give_back(struct rca_raw_entity *e, double *column)
{
    struct rca_raw_pool *p = e->pool;
    void *grown;

    if (!column)
        return;
    grown = rca_grow(p->columns, p->n, &p->cap, sizeof(*p->columns));
    if (!grown) {
        free(column);
        return;
    }
    p->columns = grown;
    p->columns[p->n++] = column;
}

void rca_raw_done(struct rca_raw_entity *e)
{
    for (size_t i = 0; i < e->n_raw; i++) {
        give_back(e, e->raw[i].end);
        give_back(e, e->raw[i].mean);
        give_back(e, e->raw[i].max);
        free(e->raw[i].seen);
    }
    free(e->raw);
    free(e->time);
    free(e->base);
    free(e->seconds);
    *e = (struct rca_raw_entity){.entity = e->entity, .pool = e->pool};
}

/* --- samples -------------------------------------------------------------- */

static int open_raw(struct rca_raw_entity *e, rca_id id, const char *name)
{
    struct rca_raw *r = rca_grow(e->raw, e->n_raw, &e->cap_raw, sizeof(*r));

    if (!r)
        return -ENOMEM;
    e->raw = r;
    r = &e->raw[e->n_raw++]; /* half-built is fine: rca_raw_done() */
    *r = (struct rca_raw){.id = id, .name = name};
    r->type = rca_series_type(name, &r->bucket);
    r->end = take_column(e);
    if (!r->end)
        return -ENOMEM;
    for (size_t i = 0; i < e->slots; i++)
        r->end[i] = NAN;
    return 0;
}

/* so far no slot holds two values */
static int open_mean(struct rca_raw_entity *e, struct rca_raw *r)
{
    r->mean = take_column(e);
    r->max = take_column(e);
    r->seen = calloc(e->slots, sizeof(*r->seen));
    if (!r->mean || !r->max || !r->seen)
        return -ENOMEM;
    for (size_t i = 0; i < e->slots; i++) {
        r->mean[i] = r->max[i] = r->end[i];
        r->seen[i] = isnan(r->end[i]) ? 0U : 1U;
    }
    return 0;
}

/* Blocks hold the same series in the same order. */
static struct rca_raw *find_id(struct rca_raw_entity *e, rca_id id)
{
    for (size_t i = 0; i < e->n_raw; i++) {
        const size_t at = (e->next + i) % e->n_raw;

        if (e->raw[at].id == id) {
            e->next = at + 1;
            return &e->raw[at];
        }
    }
    return NULL;
}

static int add_gauge(struct rca_raw_entity *e, struct rca_raw *r, size_t slot,
                     double value)
{
    const int err = r->seen || isnan(r->end[slot]) ? 0 : open_mean(e, r);

    if (err)
        return err;
    r->end[slot] = value;
    if (!r->seen)
        return 0;
    if (++r->seen[slot] == 1) {
        r->mean[slot] = r->max[slot] = value;
        return 0;
    }
    r->max[slot] = value > r->max[slot] ? value : r->max[slot];
    r->mean[slot] += (value - r->mean[slot]) / r->seen[slot];
    return 0;
}

int rca_raw_add(struct rca_raw_entity *e, const struct rca_raw_samples *s)
{
    struct rca_raw *r = find_id(e, s->id);
    int err = 0;

    if (!r) {
        err = open_raw(e, s->id, s->name);
        if (err)
            return err;
        r = &e->raw[e->n_raw - 1];
    }
    for (size_t i = 0; i < s->n && !err; i++) {
        const size_t slot = s->slots[i];

        if (!isfinite(s->values[i]) || slot >= e->slots)
            continue;
        e->time[slot] = s->times[i];
        if (r->type == RCA_SERIES_GAUGE)
            err = add_gauge(e, r, slot, s->values[i]);
        else
            r->end[slot] = s->values[i];
    }
    return err;
}

/* slot of the last sample of the entity before @slot, or @slot if too old */
static size_t base_slot(const struct rca_raw_entity *e, size_t slot)
{
    for (size_t back = 1; back <= BASE_SLOTS && back <= slot; back++) {
        if (e->time[slot - back] != RCA_TIME_NONE)
            return slot - back;
    }
    return slot;
}

static int by_name(const void *a, const void *b)
{
    const struct rca_raw *x = a, *y = b;

    return strcmp(x->name, y->name);
}

int rca_raw_ready(struct rca_raw_entity *e)
{
    if (e->n_raw)
        qsort(e->raw, e->n_raw, sizeof(*e->raw), by_name);
    e->base = malloc(e->slots * sizeof(*e->base));
    e->seconds = malloc(e->slots * sizeof(*e->seconds));
    if (!e->base || !e->seconds)
        return -ENOMEM;
    for (size_t s = 0; s < e->slots; s++) {
        const size_t base = base_slot(e, s);

        e->base[s] = (uint32_t)base;
        e->seconds[s] = NAN;
        if (e->time[s] != RCA_TIME_NONE && e->time[s] > e->time[base])
            e->seconds[s] =
                (double)(e->time[s] - e->time[base]) / (double)RCA_SECOND;
    }
    return 0;
}

static const struct rca_raw *find_name(const struct rca_raw_entity *e,
                                       const char *name)
{
    const struct rca_raw key = {.name = name};

    if (e->n_raw == 0)
        return NULL;
    return bsearch(&key, e->raw, e->n_raw, sizeof(*e->raw), by_name);
}

/* first of the sorted buckets "@of_bucket_NNN", and how many there are */
static const struct rca_raw *find_buckets(const struct rca_raw_entity *e,
                                          const char *of, size_t *ret_n)
{
    const size_t len = strlen(of);
    const struct rca_raw *first = NULL;

    *ret_n = 0;
    for (size_t i = 0; i < e->n_raw; i++) {
        const struct rca_raw *r = &e->raw[i];

        if (r->type != RCA_SERIES_BUCKET || strncmp(r->name, of, len) != 0 ||
            strncmp(r->name + len, "_bucket_", 8) != 0)
            continue;
        if (!first)
            first = r;
        ++*ret_n;
    }
    return first;
}

static const char *operand(const struct rca_metric *metric)
{
    return metric->of ? metric->of : metric->name;
}

_Bool rca_raw_has(const struct rca_raw_entity *e,
                  const struct rca_metric *metric)
{
    size_t n;

    if (metric->make == RCA_MAKE_QUANTILE)
        return find_buckets(e, operand(metric), &n) != NULL;
    if (!find_name(e, operand(metric)))
        return 0;
    return metric->make != RCA_MAKE_SHARE || find_name(e, metric->per);
}

/* growth of counter @r from @base to @slot; NAN: gap or reset */
static double growth(const struct rca_raw *r, size_t base, size_t slot)
{
    const double now = r->end[slot];
    const double was = r->end[base];

    if (isnan(now))
        return NAN;
    if (!isnan(was))
        return now >= was ? now - was : NAN;
    for (size_t s = 0; s < base; s++) {
        if (!isnan(r->end[s]))
            return NAN; /* a gap of this series alone */
    }
    return now; /* it appears now: it counted from 0 */
}

static double quantile(const struct rca_raw *first, size_t n, double q,
                       size_t base, size_t slot)
{
    double count[RCA_HISTOGRAM_BUCKETS] = {0};
    double total = 0;

    for (size_t i = 0; i < n; i++) {
        const double g = growth(&first[i], base, slot);

        if (first[i].bucket < RCA_HISTOGRAM_BUCKETS && g > 0) {
            count[first[i].bucket] = g;
            total += g;
        }
    }
    return total > 0 ? rca_histogram_quantile(count, q) : NAN;
}

/* the operands of a metric, looked up once for all rows */
struct operands {
    const struct rca_raw *of, *per;
    size_t n_buckets;
};

static double over_step(const struct rca_raw_entity *e,
                        const struct rca_metric *metric,
                        const struct operands *o, size_t slot)
{
    const size_t base = e->base[slot];
    double per;

    if (isnan(e->seconds[slot]))
        return NAN;
    if (metric->make == RCA_MAKE_RATE)
        return growth(o->of, base, slot) / e->seconds[slot];
    if (metric->make == RCA_MAKE_QUANTILE)
        return quantile(o->of, o->n_buckets, metric->q, base, slot);
    if (!o->per)
        return NAN; /* not a share */
    per = growth(o->per, base, slot);
    return per > 0 ? growth(o->of, base, slot) / per : NAN;
}

static struct operands find_operands(const struct rca_raw_entity *e,
                                     const struct rca_metric *metric)
{
    struct operands o = {0};

    if (metric->make == RCA_MAKE_QUANTILE)
        o.of = find_buckets(e, operand(metric), &o.n_buckets);
    else
        o.of = find_name(e, operand(metric));
    if (metric->make == RCA_MAKE_SHARE)
        o.per = find_name(e, metric->per);
    if (metric->make == RCA_MAKE_SHARE && !o.per)
        o.of = NULL;
    return o;
}

void rca_derive(const struct rca_raw_entity *e, const struct rca_metric *metric,
                double *ret_x)
{
    const struct operands o = find_operands(e, metric);
    const double *gauge = NULL;

    if (o.of && metric->make == RCA_MAKE_MEAN)
        gauge = o.of->mean ? o.of->mean : o.of->end;
    else if (o.of && metric->make == RCA_MAKE_MAX)
        gauge = o.of->max ? o.of->max : o.of->end;
    for (size_t r = 0; r + 1 < e->slots; r++) {
        const double x = gauge  ? gauge[r + 1]
                         : o.of ? over_step(e, metric, &o, r + 1)
                                : NAN;

        ret_x[r] = isfinite(x) ? x : NAN;
    }
}
