/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * upkeep - what keeps a store small and sound: the coarse tier, retention,
 * check and compaction. Of the same handles as collector/store/store.h.
 */

#include "collector/store/store.h"

/*
 * The coarse tier: what the samples come to in steps of five minutes, for
 * longer than the samples themselves are kept. rca_store_maintain() makes it
 * of four hours at a time, when these are over; so the newest hours are not in
 * it yet. How fine a window of rca_store_scan() is does not change.
 */
#define RCA_STORE_COARSE (300 * RCA_SECOND)

/** enum rca_stat - of the samples in a step. Gauges have MIN, MAX, SUM and
 * SAMPLES; counters and buckets (graph/metric.h, rca_series_type()) have FIRST
 * and LAST values, INCREASE within the step (from 0 after a fall: a reset) and
 * SAMPLES. From LAST to the next step's FIRST a counter grows, too. */
enum rca_stat {
    RCA_STAT_MIN,
    RCA_STAT_MAX,
    RCA_STAT_SUM,
    RCA_STAT_FIRST,
    RCA_STAT_LAST,
    RCA_STAT_INCREASE,
    RCA_STAT_SAMPLES, /* how many */
    RCA_STAT_COUNT,
};

/**
 * struct rca_coarse_block - all series of one entity over one coarse window
 * @times: @n_times, where each step begins
 * @stats: each column-major, stats[k][c * n_times + t]; NaN where there was no
 *         sample, or the series has no such stat
 */
struct rca_coarse_block {
    rca_id entity;
    const rca_time *times;
    size_t n_times;
    const rca_id *series;
    size_t n_series;
    const double *stats[RCA_STAT_COUNT];
};

typedef int rca_store_visit_coarse(void *arg,
                                   const struct rca_coarse_block *block);

/** rca_store_scan_coarse() - read steps that begin within [@from, @to]; else as
 * rca_store_scan() */
RCA_MUST_CHECK int rca_store_scan_coarse(struct rca_store *store, rca_time from,
                                         rca_time to, const rca_id *entities,
                                         size_t n,
                                         rca_store_visit_coarse *visit,
                                         void *arg);

/** struct rca_retention - how long what is kept; ages in ns
 * @coarse:    of the coarse tier; 0: there is none
 * @max_bytes: of the file, without free pages; 0: no limit. The oldest samples
 *             go first, then the oldest of the coarse tier; the newest window
 *             stays. */
struct rca_retention {
    rca_time fine, coarse;
    uint64_t max_bytes;
};

/**
 * rca_store_maintain() - a step of what is to be done between ticks: make the
 * coarse tier, delete the oldest window, forget entities and edges that nothing
 * refers to, give back free pages
 * @now: ages are against this
 *
 * Nothing is done until a window is sealed or the store was opened. A step is
 * bounded: about 10 ms of processor time for some entities of the coarse tier,
 * one window, 256 pages. Samples that the coarse tier has not seen wait for it
 * up to 8 hours. Return: 1 there may be more to do, 0 there is not; -EROFS,
 * -EBUSY, -ENOSPC, -ENOMEM, -EIO, RCA_ECORRUPT.
 */
RCA_MUST_CHECK int rca_store_maintain(struct rca_store *store,
                                      const struct rca_retention *keep,
                                      rca_time now);

/** rca_store_report - what a check calls for each finding, a line without its
 * end; good for the call only */
typedef void rca_store_report(void *arg, const char *finding);

/**
 * rca_store_check() - whether all that the store holds is sound: the pages of
 * the database, every chunk and tick decodes, spans agree with their chunks in
 * times, numbers and bytes, all ids are known
 * @ret_findings: how many, of which the first 100 are reported
 *
 * Reads everything: O(samples). Return: 0, whatever was found; -ENOMEM, -EIO,
 * -EBUSY.
 */
RCA_MUST_CHECK int rca_store_check(struct rca_store *store,
                                   rca_store_report *report, void *arg,
                                   size_t *ret_findings);

/** rca_store_remove() - the files of a closed store that was made in vain; what
 * cannot be removed stays */
void rca_store_remove(const char *path);

/**
 * rca_store_compact() - seal, write the file anew without free pages and cut
 * the log; needs as much room again while it runs
 *
 * Return: 0; -EROFS (not WRITE); -EBUSY (a reader is in the way); -ENOSPC;
 *         -ENOMEM; -EIO. On failure nothing is lost.
 */
RCA_MUST_CHECK int rca_store_compact(struct rca_store *store);
