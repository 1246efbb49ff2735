/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * slice - a range of the store as rows of columns, in pieces of bounded size:
 * what is read does not depend on how long the range is, and no reader stays
 * open while its output is written.
 *
 * A column is one raw series of one entity, or one metric of it as
 * model/window.h makes them. Gaps are NAN.
 */

#include "collector/store/store.h"
#include "graph/metric.h"

/** struct rca_slice_column - strings borrowed for the call
 * @name:   of the series or metric
 * @metric: what it is; NULL for a raw series
 * @x:      a value for each of the slice's times */
struct rca_slice_column {
    rca_id entity;
    const char *name;
    const struct rca_metric *metric;
    const double *x;
};

/** struct rca_slice - @columns in order of entity and name; a row may be all gaps */
struct rca_slice {
    const rca_time *times;
    size_t n_times;
    const struct rca_slice_column *columns;
    size_t n_columns;
};

/** rca_slice_visit - a non-zero return ends the reading and is returned */
typedef int rca_slice_visit(void *arg, const struct rca_slice *slice);

/**
 * struct rca_slices - what to read; all borrowed
 * @graph:    the store's, of all times
 * @from, @to: both included
 * @step:     of metrics, above 0; their rows end at multiples of it after the
 *            first sample
 * @entities: @n ids, or NULL for all
 * @metric:   a pattern as of fnmatch(3) that names must match, or NULL
 * @raw:      series as they are stored rather than metrics
 * @progress: called now and then with @progress_arg and the part of the range
 *            that is read; or NULL
 */
struct rca_slices {
    struct rca_store *store;
    const struct rca_graph *graph;
    rca_time from, to, step;
    const rca_id *entities;
    size_t n;
    const char *metric;
    _Bool raw;
    void (*progress)(void *arg, double part);
    void *progress_arg;
};

/**
 * rca_slices_read() - visit the slices in order of time
 *
 * Memory: a window of the store (raw) or some hundred rows. O(samples).
 * Return: 0, also where there is nothing; what @visit returned; the store's
 * errors; -ENOMEM.
 */
RCA_MUST_CHECK int rca_slices_read(const struct rca_slices *want,
                                   rca_slice_visit *visit, void *arg);

/** rca_slices_newest() - time of the newest tick within [from, to] of @want, or
 * RCA_TIME_NONE */
RCA_MUST_CHECK int rca_slices_newest(const struct rca_slices *want,
                                     rca_time *ret_time);

/** rca_slices_has() - whether entity @id, seen from @first to @last, is asked
 * for */
_Bool rca_slices_has(const struct rca_slices *want, rca_id id, rca_time first,
                     rca_time last);
