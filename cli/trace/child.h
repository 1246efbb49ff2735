/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * child - the command of `rca trace record --cmd`: run by /bin/sh -c, as make
 * does, with our standard streams.
 */

#include <sys/types.h>

#include "graph/base/err.h"

/** struct rca_trace_child - all-zero: none; @status: of wait(2), once @ended */
struct rca_trace_child {
    pid_t pid;
    _Bool ended;
    int status;
};

/** rca_trace_child_start() - 0 or -errno; a shell that cannot be run is exit code
 * 127 */
RCA_MUST_CHECK int rca_trace_child_start(const char *command,
                                         struct rca_trace_child *ret_child);
/** rca_trace_child_ended() - whether it is over; does not wait */
_Bool rca_trace_child_ended(struct rca_trace_child *child);
/** rca_trace_child_stop() - SIGTERM if it runs, SIGKILL 3 s later, and wait for
 * its end; says on standard error how it ended */
void rca_trace_child_stop(struct rca_trace_child *child, const char *command);
