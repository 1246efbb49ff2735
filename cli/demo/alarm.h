/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * alarm - `rca watch` beside the demonstration: normal operation with changes
 * of load, then one fault. What it should do: nothing, and then tell of one
 * incident with the right cause.
 */

#include "cli/cli.h"
#include "cli/demo/fault.h"

/** demo_alarm_start() - `rca watch` of @db in a child that ends with the
 * parent; its lines go to standard output. Its process, or -errno */
RCA_MUST_CHECK pid_t demo_alarm_start(const struct rca_cli *cli,
                                      const char *db);
/** demo_alarm_stop() - end it cleanly */
void demo_alarm_stop(pid_t pid);

/** demo_alarm_load() - the client's load from now on, requests a second: one of
 * half, three quarters, all, and as much more of the usual
 * @ret_s: for so many seconds, 20 to 60 */
unsigned demo_alarm_load(unsigned *seed, unsigned *ret_s);

/** struct demo_alarms - what was kept; of those that began after the fault,
 * @first names its first one's cause as "kind name", or "no cause" */
struct demo_alarms {
    unsigned before, after, right;
    char first[256];
};

/** demo_alarm_judge() - count the incidents in @db, which began before and after
 * @injected. 0, or the store's errors. */
RCA_MUST_CHECK int demo_alarm_judge(const char *db,
                                    const struct demo_injection *injection,
                                    rca_time injected,
                                    struct demo_alarms *ret_alarms);
