/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * window - a stretch of the store as an aligned matrix of metrics with gaps.
 *
 * Rows are steps of equal length; a row's time is the end of its step. Columns
 * are metrics made from raw series (graph/metric.h): rates from the counters'
 * ends, quantiles from histogram buckets, shares. Missing = NaN; nothing is
 * interpolated. A counter that goes down was reset: that step is a gap. One
 * thing is known without being measured: an entity that did not exist yet had
 * no load, no usage, no saturation and no errors, so such metrics of an entity
 * first seen inside the window are 0 before (and a bucket or counter series
 * that appears later than its entity counted from 0).
 */

#include "collector/store/store.h"
#include "graph/metric.h"

/** struct rca_span - @n_rows rows of @step, the first one ends at from + step
 * @context: also what is for people only, see rca_metric_is_context() */
struct rca_span {
    rca_time from, step;
    size_t n_rows;
    _Bool context;
};

/** struct rca_variable - one metric of one entity; strings owned by the window*/
struct rca_variable {
    rca_id entity;
    struct rca_metric metric;
};

/**
 * struct rca_window - all owned; columns sorted by (entity, metric name)
 * @x: column-major, x[v * n_rows + r]
 */
struct rca_window {
    rca_time from; /* rows are from + step, from + 2 step, ... */
    rca_time step;
    size_t n_rows;
    size_t n_vars;
    struct rca_variable *vars;
    double *x;
    void *strings;
};

/**
 * rca_window_read() - make it from the store
 * @entities: ids, or NULL for all
 *
 * With what is for people only. O(samples). Return: 0; RCA_ETOOFEW if not one sample lies in it; -ENOMEM;
 * the store's errors.
 */
RCA_MUST_CHECK int rca_window_read(struct rca_store *store, rca_time from,
                                   rca_time to, rca_time step,
                                   const rca_id *entities, size_t n,
                                   struct rca_window **ret_window);
/** rca_window_read_of() - the same with the graph of that time, or of a longer
 * one, where it is at hand */
RCA_MUST_CHECK int rca_window_read_of(struct rca_store *store,
                                      const struct rca_graph *g,
                                      const struct rca_span *span,
                                      const rca_id *entities, size_t n,
                                      struct rca_window **ret_window);

/** rca_window_take - takes nothing: @portion is good for the call only; a
 * non-zero return ends the reading and is returned by it */
typedef int rca_window_take(void *arg, const struct rca_window *portion);

/**
 * rca_window_stream() - as rca_window_read() for all entities, but in portions
 * of some entities each, in order of their ids: for windows that are too large
 * @jobs: above 1: @take runs on another thread, beside the reading of what
 *        comes next; never two at a time
 */
RCA_MUST_CHECK int rca_window_stream(struct rca_store *store,
                                     const struct rca_span *span, unsigned jobs,
                                     rca_window_take *take, void *arg);
void rca_window_free(struct rca_window **window);

/** rca_window_sort() - put the columns in order: for who makes a window;
 * O(values) where they are not. 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_window_sort(struct rca_window *w);

/** rca_window_first() - index of the first variable of @entity or of one after
 * it, or n_vars; those of an entity follow each other; O(log n_vars) */
size_t rca_window_first(const struct rca_window *w, rca_id entity);

/** rca_window_find() - index of the variable, or n_vars; O(log n_vars) */
size_t rca_window_find(const struct rca_window *w, rca_id entity,
                       const char *metric);
