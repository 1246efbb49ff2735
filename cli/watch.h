/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * watch - look at the store again and again, beside the collector: explain
 * each new incident once, keep it, and tell.
 *
 * A look detects what is abnormal (model/detect.h), keeps what is large and
 * lasts (model/severity.h), and follows it (model/tracker.h). Nothing is fatal
 * but a lack of memory at the start: what fails is said once and tried again.
 * Time is that of the data, so that a store without new samples stands still.
 */

#include <signal.h>

#include "cli/cli.h"
#include "cli/hook.h"
#include "cli/record_store.h"
#include "model/detect.h"
#include "model/severity.h"
#include "model/tracker.h"

/**
 * struct rca_watch_options - times in nanoseconds
 * @interval: between looks
 * @settle:   from an incident's onset until it is explained
 * @quiet:    without symptoms until it is over
 * @window:   how much to learn from; @train_every: how often
 * @evidence: to capture packets for, where an answer points at the network; 0:
 *            never
 * @no_train: the model is somebody else's business
 * @once:     one look
 * @folder:   for the files of each incident, or NULL
 * @hook:     command to run for each, or NULL
 * @stop:     set by a signal
 */
struct rca_watch_options {
    rca_time interval, settle, quiet, window, train_every, evidence;
    struct rca_severity severity;
    double fdr;
    _Bool no_train, once;
    const char *folder, *hook;
    const volatile sig_atomic_t *stop;
};

/** struct rca_watcher - all owned but @cli and @options */
struct rca_watcher {
    const struct rca_cli *cli;
    const struct rca_watch_options *options;
    struct rca_store *store; /* NULL until it can be opened */
    struct rca_store_info info;
    struct rca_graph *graph; /* of the last hour */
    struct rca_model *model;
    rca_time tried; /* data's time of the last try to train */
    rca_time last; /* newest sample that was looked at */
    rca_time fresh; /* monotonic: when that changed */
    _Bool stale; /* has been said */
    _Bool blind; /* likewise */
    _Bool undrawn; /* there is no dot */
    char said[256]; /* the last complaint, not to be repeated */
    struct rca_tracker tracker;
    char ids[RCA_TRACKER_SLOTS][RCA_RECORD_ID_SIZE]; /* of open incidents */
    struct rca_hooks hooks;
};

/** struct rca_concern - a group whose symptom matters: @finding is to be
 * explained; @members owned */
struct rca_concern {
    const struct rca_finding *finding;
    rca_id *members;
    size_t n;
    rca_time onset;
};

/** rca_watch_run() - until stopped. Return: the exit code. */
int rca_watch_run(const struct rca_cli *cli,
                  const struct rca_watch_options *options);

/* --- what its files do for one another ---------------------------------------*/

/** rca_watch_complain() - one line on standard error, once as long as nothing
 * else goes wrong; @err 0: @what says it all */
void rca_watch_complain(struct rca_watcher *w, const char *what, int err);

/** rca_watch_concerns() - of what was detected, that which matters
 * @ret_list: d->n_groups of them at most, worst first, owned, see
 *            rca_watch_concerns_free()
 * Return: 0, -ENOMEM, or the store's errors */
RCA_MUST_CHECK int rca_watch_concerns(struct rca_watcher *w,
                                      const struct rca_detection *d,
                                      struct rca_concern **ret_list,
                                      size_t *ret_n);
void rca_watch_concerns_free(struct rca_concern *list, size_t n);

/** rca_watch_blind() - @ret_blind: hosts whose collector is in the light profile;
 * 0 or an error; rca_watch_tell_blind() says so when that changes */
RCA_MUST_CHECK int rca_watch_blind(struct rca_watcher *w, size_t *ret_blind);
void rca_watch_tell_blind(struct rca_watcher *w);

/** rca_watch_train() - learn where there is no model, or it is of age and all
 * is quiet. What fails is said. */
void rca_watch_train(struct rca_watcher *w);

/** rca_watch_explain() - the candidate at @slot: kept and told, joined to
 * another, or rejected. Return: 0 or what went wrong; it stays a candidate
 * then. */
RCA_MUST_CHECK int rca_watch_explain(struct rca_watcher *w, size_t slot,
                                     const struct rca_concern *concern);
/** rca_watch_review() - explain the incident again; what is surer replaces
 * what was said. Return: as above; what was said stays then. */
RCA_MUST_CHECK int rca_watch_review(struct rca_watcher *w, size_t slot,
                                    const struct rca_concern *concern);
/** rca_watch_close() - say that it is over, and keep that */
RCA_MUST_CHECK int rca_watch_close(struct rca_watcher *w, size_t slot);
/** rca_watch_resume() - go on with what is kept as open */
RCA_MUST_CHECK int rca_watch_resume(struct rca_watcher *w);
