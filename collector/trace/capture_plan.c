/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "collector/trace/capture_own.h"

#define SMALLEST 4096 /* a page */

static int check_buffer(size_t buffer, struct rca_diag *diag)
{
    if (buffer >= SMALLEST && !(buffer & (buffer - 1)) && buffer <= 1u << 30)
        return 0;
    return rca_diag_set(diag, RCA_ESYNTAX, NULL, 0,
                        "a buffer of %zu bytes: want a power of 2 from 4 KiB "
                        "to 1 GiB",
                        buffer);
}

int rca_trace_plan_open(const struct rca_trace_options *options,
                        struct rca_trace_names *names, struct rca_diag *diag,
                        struct rca_trace_object **ret_object)
{
    struct rca_trace_plan plan = {
        .points = options->points ? options->points : ~0u,
        .wanted = options->wanted,
        .buffer = options->buffer ? options->buffer : RCA_TRACE_BUFFER,
        .without = options->without,
    };
    int r = check_buffer(plan.buffer, diag);

    (void)names;
    if (r == 0 && (options->filter || options->meta))
        r = rca_diag_set(diag, RCA_ENOSUPPORT, NULL, 0, "no filters yet");
    if (r)
        return r;
    return rca_trace_object_open(&plan, diag, ret_object);
}
