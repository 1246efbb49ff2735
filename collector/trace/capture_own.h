/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * capture_own - what a capture is made of, for its own files only: capture.c
 * (the loop), capture_plan.c (options to programs), capture_feeds.c (what does
 * not come from the ring), capture_features.c (what works).
 */

#include "collector/trace/capture_hooks.h"
#include "collector/trace/capture_load.h"
#include "collector/trace/capture_sort.h"
#include "collector/trace/feed.h"
#include "collector/trace/match.h"
#include "collector/trace/probe.h"

#define RCA_TRACE_BUFFER (16U << 20)
#define RCA_TRACE_HOLD_BYTES (64U << 20)
#define RCA_TRACE_FEATURES 40
#define RCA_TRACE_FEEDS 2

struct ring_buffer;

/** struct rca_trace_source - a feed at work; @state NULL: it is not there */
struct rca_trace_source {
    const struct rca_trace_feed *ops;
    void *state;
};

struct rca_trace_capture {
    struct rca_trace_object *object; /* owned */
    struct rca_trace_probe *probe; /* owned */
    struct rca_trace_names *names; /* borrowed */
    struct rca_trace_filter *filter; /* owned; NULL: there is none */
    struct rca_trace_meta *meta; /* owned; likewise */
    struct rca_trace_match *match; /* owned; NULL: nothing to match */
    struct rca_trace_sort *sort; /* owned */
    struct ring_buffer *ring; /* owned */
    struct rca_trace_hooks hooks;
    struct rca_trace_source feeds[RCA_TRACE_FEEDS];
    struct rca_trace_feature features[RCA_TRACE_FEATURES];
    size_t n_features;
    struct rca_trace_event event; /* being read */
    uint64_t last_place;
    uint64_t unmatched; /* rules for which there was no room to wait */
    size_t read; /* events, of this look at the ring */
    _Bool more; /* the feeds have more than they were asked for */
    int epoll;
    rca_time offset; /* from CLOCK_MONOTONIC to the epoch */
    rca_time refreshed; /* CLOCK_MONOTONIC */
    rca_time gathered; /* since the epoch: when the feeds were read last */
};

/** rca_trace_plan_check() - 0; RCA_ESYNTAX: sizes that cannot be */
RCA_MUST_CHECK int rca_trace_plan_check(const struct rca_trace_options *options,
                                        struct rca_diag *diag);
/** rca_trace_plan_open() - the filters translated, the programs loaded; errors as
 * rca_trace_open() */
RCA_MUST_CHECK int rca_trace_plan_open(struct rca_trace_capture *capture,
                                       const struct rca_trace_options *options,
                                       struct rca_diag *diag);

/** rca_trace_feeds_open() - those whose part is wanted; 0, -ENOMEM
 * rca_trace_feeds_read() - what they have now, or a part of it if that is much,
 * which @more then says; rules wait for their packets
 * rca_trace_feeds_sort() - rules that found theirs, into the order; to be called
 * once the ring was read after the feeds; @now: RCA_TIME_NONE: all of them
 * Both: 0 or negative */
RCA_MUST_CHECK int rca_trace_feeds_open(struct rca_trace_capture *capture,
                                        const struct rca_trace_options *options,
                                        struct rca_diag *diag);
RCA_MUST_CHECK int rca_trace_feeds_read(struct rca_trace_capture *capture);
RCA_MUST_CHECK int rca_trace_feeds_sort(struct rca_trace_capture *capture,
                                        rca_time now);
/** rca_trace_feeds_stop() - what is there is all that will be */
void rca_trace_feeds_stop(struct rca_trace_capture *capture);
void rca_trace_feeds_loss(const struct rca_trace_capture *capture,
                          struct rca_trace_loss *loss);
void rca_trace_feeds_close(struct rca_trace_capture *capture);

/** rca_trace_add_feature() - what does not fit is left out */
void rca_trace_add_feature(struct rca_trace_capture *capture,
                           const struct rca_trace_feature *feature);
/** rca_trace_tell_features() - add all but the feeds'
 * rca_trace_check_must() - 0; RCA_ENOSUPPORT, said in @diag, if a part that must
 * work does not */
void rca_trace_tell_features(struct rca_trace_capture *capture,
                             const struct rca_trace_options *options);
RCA_MUST_CHECK int rca_trace_check_must(const struct rca_trace_capture *capture,
                                        const struct rca_trace_options *options,
                                        struct rca_diag *diag);
