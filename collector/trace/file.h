/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * file - recorded events: written as they come, read back whole.
 *
 * The format, little-endian: "rcatrace", version (u32), size of struct
 * rca_trace_event (u32), then blocks of type (u32), bytes that follow (u32) and
 * these bytes: an EVENT (the struct up to the end of what it captured), a NAME
 * (struct rca_trace_name_key, text), a TEXT of what was asked for (which, u32;
 * text), the END (the numbers of struct rca_trace_stats, u64 each). A file
 * that ends in the middle of a block was cut: what is before it counts, and the
 * reader says so. Blocks of unknown type are passed over. Any bytes may be
 * read; strings in events that were read end with a NUL.
 */

#include <stdio.h>

#include "collector/trace/capture.h"

/** struct rca_trace_about - what a file says of itself; strings owned by the
 * reader; NULL where it says nothing */
struct rca_trace_about {
    const char *filter, *meta, *kernel, *host;
    const char *unseen; /* what was off and why, a line each */
    struct rca_trace_stats stats;
    _Bool complete; /* it has its end */
};

/** rca_trace_write_*() - to @out; 0 or -errno; RCA_ENOSUPPORT on a machine that
 * is not little-endian. _begin() first (@about's texts); names before the
 * events that need them: those from @from on; _end() last */
RCA_MUST_CHECK int rca_trace_write_begin(FILE *out,
                                         const struct rca_trace_about *about);
RCA_MUST_CHECK int rca_trace_write_event(FILE *out,
                                         const struct rca_trace_event *event);
RCA_MUST_CHECK int rca_trace_write_names(FILE *out,
                                         const struct rca_trace_names *names,
                                         size_t from);
RCA_MUST_CHECK int rca_trace_write_end(FILE *out,
                                       const struct rca_trace_stats *stats);

/** struct rca_trace_file - a file that was read: events in order of time; who
 * reads may put them in another order, and leave some out by a smaller @n */
struct rca_trace_file {
    struct rca_trace_about about;
    struct rca_trace_names *names; /* owned */
    const struct rca_trace_event **events; /* each is only as long as its
                                            * @captured: never copy one */
    size_t n;
    struct rca_trace_own *own; /* owned: what the pointers above point to */
};

/** rca_trace_read() - all of @in, from where it is; 0; RCA_ESYNTAX (no such file, damaged:
 * said in @diag with the offset); RCA_ESCHEMA (another version); -ENOMEM; -errno.
 * O(n log n) time, about as much memory as the file is long. */
RCA_MUST_CHECK int rca_trace_read(FILE *in, const char *path,
                                  struct rca_diag *diag,
                                  struct rca_trace_file *ret_file);
void rca_trace_file_done(struct rca_trace_file *file);
