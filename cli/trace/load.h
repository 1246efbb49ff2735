/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * load - a recording that a subcommand of `rca trace` reads, and which events of
 * a packet make it one that is asked for.
 */

#include "collector/trace/file.h"
#include "collector/trace/meta.h"

/** rca_trace_load() - read @path ("-": standard input); a cut recording and one
 * with losses is read, and said to be so. An exit code, with what is wrong said
 * on standard error, or -1 to go on. */
int rca_trace_load(const char *path, struct rca_trace_file *ret_file);

/** struct rca_trace_choice - all-zero takes everything; both owned */
struct rca_trace_choice {
    struct rca_trace_filter *filter;
    struct rca_trace_meta *meta;
};

/** rca_trace_choice_new() - of expressions, NULL: none; @names lives longer.
 * Return as rca_trace_filter_new(), rca_trace_meta_new(). */
RCA_MUST_CHECK int rca_trace_choice_new(const char *filter, const char *meta,
                                        struct rca_trace_names *names,
                                        struct rca_diag *diag,
                                        struct rca_trace_choice *ret_choice);
void rca_trace_choice_done(struct rca_trace_choice *choice);

/** rca_trace_choice_takes() - an event without a packet passes no packet filter */
_Bool rca_trace_choice_takes(const struct rca_trace_choice *choice,
                             const struct rca_trace_event *event);
