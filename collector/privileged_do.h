/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * privileged_do - carries out one request (collector/privileged_wire.h) with
 * the privileges that the process has: the helper's, or, without a helper, the
 * collector's own.
 */

#include "collector/privileged_wire.h"

/** struct rca_privileged_do - what a request may use; borrowed
 * @ovs:           folder of Open vSwitch's sockets, or NULL
 * @allow_changes: of the kernel's settings
 * @was:           what they were, "" where nothing was changed */
struct rca_privileged_do {
    const char *ovs;
    _Bool allow_changes;
    char was[2][24];
};

/**
 * rca_privileged_do() - carry out @request, which was checked
 * @fds: request->n_fds descriptors, borrowed
 *
 * The calling thread may end in another network namespace.
 * Return: 0 or a descriptor (as the verb has it), or -errno.
 */
RCA_MUST_CHECK int rca_privileged_do(struct rca_privileged_do *with,
                                     const struct rca_wire_request *request,
                                     const void *payload, const int *fds);

/** rca_privileged_undo() - set back every setting that was changed */
void rca_privileged_undo(struct rca_privileged_do *with);
