/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * drop - the drop source: packets dropped by the kernel, by network namespace
 * and reason.
 */

#include "collector/source.h"

enum rca_drop_hook {
    RCA_DROP_HOOK_BEST, /* the BTF tracepoint if it can be had */
    RCA_DROP_HOOK_RAW, /* its twin in any case: for tests */
};

struct rca_drop_source;

/** rca_drop_open() - as struct rca_source.open, with the choice of hook */
RCA_MUST_CHECK int rca_drop_open(const struct rca_source_env *env,
                                 struct rca_observer *obs,
                                 enum rca_drop_hook hook,
                                 struct rca_drop_source **ret_source);

/** rca_drop_count() - packets dropped so far in the namespace of inode @netns
 * for the reason of that name ("no_socket"), known or not to an observer */
uint64_t rca_drop_count(const struct rca_drop_source *source, uint32_t netns,
                        const char *reason);
