/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sink - where the events of `rca trace record` go: to a file as they come,
 * so that one that was killed can be read; to one that is called *.pcapng as
 * packets for other programs; or as text to standard output.
 */

#include <stdio.h>

#include "cli/trace/line.h"
#include "cli/trace/pcapng.h"
#include "collector/trace/file.h"

/**
 * struct rca_trace_sink - all-zero is none
 * @view:   for text, and the names for both
 * @out:    the file, or NULL: text
 * @packets: of *.pcapng; its @out NULL: another format
 * @named:  names that the file has
 * @events: that it got; @most: it takes no more than that, 0: any number
 * @full:   it has @most, or its reader is gone
 */
struct rca_trace_sink {
    struct rca_trace_view view;
    FILE *out; /* owned */
    struct rca_pcapng packets; /* owned */
    size_t named;
    uint64_t events, most;
    _Bool full;
    struct rca_trace_summary *summary; /* owned */
};

/** rca_trace_sink_open() - @path NULL: text; 0; -EBUSY: another process records
 * to @path, which stays as it is; -errno, with nothing opened */
RCA_MUST_CHECK int rca_trace_sink_open(const char *path,
                                       const struct rca_trace_about *about,
                                       struct rca_trace_sink *sink);
/** rca_trace_sink_put() - one event, an rca_trace_visit; -errno: writing failed */
int rca_trace_sink_put(void *arg, const struct rca_trace_event *event);
/** rca_trace_sink_flush() - let readers see it; 0 or -errno */
RCA_MUST_CHECK int rca_trace_sink_flush(struct rca_trace_sink *sink);
/** rca_trace_sink_end() - the end of the file; 0 or -errno */
RCA_MUST_CHECK int rca_trace_sink_end(struct rca_trace_sink *sink,
                                      const struct rca_trace_stats *stats);
void rca_trace_sink_done(struct rca_trace_sink *sink);
