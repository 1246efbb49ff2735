/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * watch - the part of the demonstration that any user could do: collect in a
 * process of its own, train on a normal period, explain.
 */

#include <signal.h>
#include <sys/types.h>

#include "cli/cli.h"

/** demo_collect_start() - `rca collect` into @db every second, in a child that
 * ends with the parent; its process, or -errno */
RCA_MUST_CHECK pid_t demo_collect_start(const struct rca_cli *cli,
                                        const char *db);
/** demo_collect_stop() - end it cleanly; 0, or RCA_ENOSUPPORT if it could not
 * run for want of privileges, -EIO if it failed */
int demo_collect_stop(pid_t pid);

/** demo_train() - learn from [@from, now] and keep the model in the store */
RCA_MUST_CHECK int demo_train(const char *db, rca_time from);

/** demo_explain() - why is @entity abnormal, with the model in the store */
RCA_MUST_CHECK int demo_explain(const char *db, const char *entity,
                                struct rca_diag *diag,
                                struct rca_explanation **ret_explanation);
