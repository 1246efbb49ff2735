/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * task - the task source: processor time and run-queue wait of processes,
 * cgroups and host, and who lives in which network namespace.
 */

#include "collector/source.h"

enum rca_task_hook {
    RCA_TASK_HOOK_BEST, /* the iterator if there is one */
    RCA_TASK_HOOK_PROC, /* its twin in any case: for tests */
};

struct rca_task_source;

/** rca_task_open() - as struct rca_source.open, with the choice of hook */
RCA_MUST_CHECK int rca_task_open(const struct rca_source_env *env,
                                 struct rca_observer *obs,
                                 enum rca_task_hook hook,
                                 struct rca_task_source **ret_source);

/** rca_task_cgroup() - entity of the cgroup of process @pid, read from @proc:
 * where its number alone is not known to the observer; RCA_ID_NONE for the
 * root, or if the process is gone */
rca_id rca_task_cgroup(struct rca_observer *obs, const char *proc,
                       uint32_t pid);
