/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * derive - metrics from the raw series of one entity over the rows of a
 * window. Pure arithmetic: the store is read by window.c.
 */

#include "graph/metric.h"

/**
 * struct rca_raw - one raw series on the rows; slot 0 is the state when the
 * first row begins, slot r + 1 the state at the end of row r
 * @end:  last value in the slot; NaN = none; owned
 * @mean, @max, @seen: of a gauge's values in the slot, and how many; owned;
 *        NULL as long as no slot holds more than one
 */
struct rca_raw {
    rca_id id;
    const char *name;
    enum rca_series_type type;
    unsigned bucket;
    double *end, *mean, *max;
    uint32_t *seen;
};

/** struct rca_raw_pool - columns to be used again, all of the same length;
 * all-zero is empty; owned */
struct rca_raw_pool {
    double **columns;
    size_t n, cap;
};
void rca_raw_pool_done(struct rca_raw_pool *pool);

/**
 * struct rca_raw_entity - all raw series of one entity
 * @pool:   where its columns come from and go to; borrowed
 * @time:  @slots; when the entity was last sampled in the slot, or NONE; owned
 * @raw:   @n_raw, sorted by name once reading is done; owned
 * @first: when the entity was first seen at all
 * @base, @seconds: of each slot, once reading is done: where a rate of it
 *         starts, and how long ago that was; NAN: there is none; owned
 */
struct rca_raw_entity {
    struct rca_raw_pool *pool;
    rca_id entity;
    rca_time first;
    size_t slots;
    rca_time *time;
    struct rca_raw *raw;
    size_t n_raw, cap_raw;
    uint32_t *base;
    double *seconds;
    size_t next; /* where the next series asked for probably is */
};

void rca_raw_done(struct rca_raw_entity *e);

/** struct rca_raw_samples - @n samples of one series, in order of time; NaN is
 * none. Sample i falls into slot @slots[i]; slots of @slots or more are left
 * out. */
struct rca_raw_samples {
    rca_id id;
    const char *name; /* of the series; borrowed for good */
    size_t n;
    const rca_time *times;
    const uint32_t *slots;
    const double *values;
};

/** rca_raw_add() - count @samples; O(n). Return: 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_raw_add(struct rca_raw_entity *e,
                               const struct rca_raw_samples *samples);

/** rca_raw_ready() - after the last sample, before anything is derived; 0 or
 * -ENOMEM */
RCA_MUST_CHECK int rca_raw_ready(struct rca_raw_entity *e);

/** rca_raw_has() - whether the operands of @metric are there */
_Bool rca_raw_has(const struct rca_raw_entity *e,
                  const struct rca_metric *metric);

/**
 * rca_derive() - values of @metric on the rows
 * @ret_x: room for slots - 1; NaN = gap
 *
 * A counter that fell was reset: a gap. A counter that appears later than its
 * entity counts from 0. A step without a sample is a gap; the next one is
 * taken from the last sample before, if that is at most two steps old.
 */
void rca_derive(const struct rca_raw_entity *e, const struct rca_metric *metric,
                double *ret_x);
