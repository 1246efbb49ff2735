/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * common - what several commands do in the same way: open the store, load the
 * model, find the entity that a person typed. Each says what is wrong on
 * standard error and returns an exit code, or -1 to go on.
 */

#include "cli/cli.h"

struct rca_open {
    struct rca_store *store; /* owned */
    struct rca_store_info info;
    struct rca_graph *graph; /* owned: of all times */
};

/** rca_open_store() - for reading; RCA_EXIT_UNCLEAR if it holds no data */
int rca_open_store(const struct rca_cli *cli, struct rca_open *ret_open);
void rca_open_done(struct rca_open *open);

/** rca_open_model() - RCA_EXIT_UNCLEAR if there is none */
int rca_open_model(const struct rca_open *open, struct rca_model **ret_model);

/** rca_open_entity() - @text as typed; unknown and ambiguous are said with the
 * candidates */
int rca_open_entity(const struct rca_open *open, const char *text,
                    const struct rca_entity **ret_entity);

/** rca_unknown_metric() - say that @entity (NULL: none) has no metric @name in
 * @model, with the nearest; RCA_EXIT_USAGE */
int rca_unknown_metric(const struct rca_model *model,
                       const struct rca_entity *entity, const char *name);

/** rca_keep_model() - put @model into the store; 0 or -errno */
RCA_MUST_CHECK int rca_keep_model(struct rca_store *store,
                                  const struct rca_model *model);
/** rca_load_model() - 0; 1 if there is none; RCA_ECORRUPT; -errno */
RCA_MUST_CHECK int rca_load_model(struct rca_store *store,
                                  struct rca_model **ret_model);

/** struct rca_watch_args - options that say how much is watched, the same in
 * several commands; @profile: index, -1 if not given */
struct rca_watch_args {
    int profile;
    const char *without;
    const char *budget;
};
extern const char *const rca_profile_choices[];

/** rca_watch_apply() - put them over @config; -1 to go on, else an exit code */
int rca_watch_apply(const struct rca_watch_args *args, const char *command,
                    struct rca_config *config);

/** rca_share_option() - "50%" or "0.5" of --@name, above 0 and at most @most,
 * to @ret_share; @text NULL: unchanged. -1 to go on, else an exit code */
int rca_share_option(const char *command, const char *name, const char *text,
                     double most, double *ret_share);

/** rca_say() - "rca: WHAT: [FILE[:LINE]: ]diag or err" on standard error; the exit code that
 * @err means */
int rca_say(const char *what, const struct rca_diag *diag, int err);
