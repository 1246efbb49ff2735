/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * loop - a tick of all sources into the store at each point of the timeline,
 * the governor between them. Everything that it works with is given, so that a
 * test can run a day of it in a minute.
 */

#include <signal.h>

#include "collector/clock.h"
#include "collector/governor.h"
#include "collector/meter.h"
#include "collector/observer.h"
#include "collector/source.h"
#include "collector/timeline.h"

struct rca_config;
struct rca_notify;

#define RCA_LOOP_MAX_SOURCES 32

/**
 * struct rca_loop - all borrowed but the states of the sources
 * @clock, @meter: required
 * @commit: rca_observer_commit(), or a test's; required
 * @stop:   ends the loop when not zero; may be NULL
 * @notify: told of life; may be NULL
 * @duration: ns to run, 0: until stopped; @enough: ticks to store, 0: any
 * @deep:   ns of profile deep from the start, 0: none
 * @line:   @line.interval and @line.last are set by the caller
 * @active: the sources, opened in @profile
 */
struct rca_loop {
    const struct rca_clock *clock;
    const struct rca_meter *meter;
    int (*commit)(struct rca_observer *obs);
    struct rca_store *store;
    struct rca_observer *obs;
    const struct rca_config *config;
    const volatile sig_atomic_t *stop;
    struct rca_notify *notify;
    rca_time duration, deep;
    uint64_t enough;

    struct rca_timeline line;
    struct rca_governor gov;
    struct rca_active active[RCA_LOOP_MAX_SOURCES];
    size_t n_active;
    enum rca_profile profile; /* in use */

    rca_time start; /* monotonic */
    double start_s,
        start_cpu_s; /* from the process's start to the first tick */
    double resident; /* bytes at the last look */
    uint64_t ticks, refused; /* stored; not taken by the store */
    unsigned features_seen;
    _Bool said_wait, said_full, said_lost, said_ahead;
};

/** rca_loop_begin() - what precedes the first tick: the profile's feature, the
 * governor's first reading, the features into the store; 0 or as
 * rca_store_put(), but for a full or busy store, which is only said */
RCA_MUST_CHECK int rca_loop_begin(struct rca_loop *loop);

/**
 * rca_loop_run() - until stopped or @duration is over
 *
 * Return: 0, or what the store failed with; -ENOSPC and -EBUSY cost the tick
 *         (a loss, "ticks") and are said once.
 */
RCA_MUST_CHECK int rca_loop_run(struct rca_loop *loop);

/** rca_loop_close() - close the sources, the last opened first */
void rca_loop_close(struct rca_loop *loop);

/** rca_loop_costs() - what each source's ticks took, as lines to print; the
 * caller frees @ret_text */
RCA_MUST_CHECK int rca_loop_costs(const struct rca_loop *loop, char **ret_text);
