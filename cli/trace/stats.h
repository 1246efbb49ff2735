/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * stats - a recording in numbers: where packets died, whose they were, where
 * they were seen, and what is not in it.
 */

#include "cli/trace/line.h"
#include "collector/trace/file.h"
#include "collector/trace/point.h"

/** Flows and services that are told, those with most packets. */
#define RCA_TRACE_TOP 10

/** struct rca_trace_tally - @name: owned, fit to be shown */
struct rca_trace_tally {
    char *name;
    uint64_t packets, died;
};

/** struct rca_trace_numbers - @flows, @services: owned, most packets first;
 * @refused: likewise, requests for a connection that were not answered, by where
 * to (cli/trace/answers.h)
 * @file: borrowed; @deaths: of @summary, which is owned */
struct rca_trace_numbers {
    const struct rca_trace_file *file;
    struct rca_trace_summary *summary;
    const struct rca_trace_death *deaths;
    size_t n_deaths;
    uint64_t packets, died;
    uint64_t points[RCA_TRACE_POINT_COUNT];
    struct rca_trace_tally *flows, *services, *refused;
    size_t n_flows, n_services, n_refused;
};

/** rca_trace_count() - sorts @file's events by packet; 0 or -ENOMEM; @ret is to
 * be freed by rca_trace_numbers_done() in any case */
RCA_MUST_CHECK int rca_trace_count(struct rca_trace_file *file,
                                   struct rca_trace_numbers *ret);
void rca_trace_numbers_done(struct rca_trace_numbers *numbers);

/** rca_trace_stats_text(), _json() - append; the JSON is
 * {"schema_version":1,"from","to","host","kernel","filter","meta","complete",
 *  "events","packets","died","lost":{"ring","nested","netlink","late",
 *  "untracked"},"deaths":[{"packets","reason","namespace","device","place",
 *  "rule":{"family","table","chain","handle","text"},"port":{"bridge","name",
 *  "down"},"first","last"}],"flows":[{"name","packets","died"}],
 *  "services":[...],"refused":[...],"points":{"drop":1},"unseen":[...]}; what is not known is
 * null. 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_trace_stats_text(const struct rca_trace_numbers *n,
                                        const struct rca_trace_view *view,
                                        struct rca_buf *buf);
RCA_MUST_CHECK int rca_trace_stats_json(const struct rca_trace_numbers *n,
                                        const struct rca_trace_view *view,
                                        struct rca_buf *buf);
