/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * meter - what the collector costs: processor time of its processes, run time
 * of the eBPF programs of its sources, memory.
 */

#include "collector/governor.h"
#include "collector/privileged.h"
#include "collector/source.h"

/** struct rca_active - a source that was opened
 * @cpu_ns:  processor time of its ticks
 * @failing: its failure was logged */
struct rca_active {
    const struct rca_source *source;
    void *state;
    uint64_t cpu_ns, ticks;
    _Bool failing;
};

/** struct rca_self - @active: borrowed, @n of them; @helper: that works for this
 * process and turns statistics on, NULL if none; @stats: descriptor while statistics are on, else -1 */
struct rca_self {
    const struct rca_active *active;
    const size_t *n;
    struct rca_privileged *helper;
    int stats;
};

/** rca_self_meter() - the meter that reads @self, which it borrows. Statistics
 * need CAP_SYS_ADMIN; where sysctl kernel.bpf_stats_enabled is set they are on
 * in any case. */
struct rca_meter rca_self_meter(struct rca_self *self);

/** rca_self_age() - seconds since this process was started, to 10 ms; NAN if
 * that is not known */
double rca_self_age(void);

/** rca_self_resident() - resident memory of this process, bytes; 0: unknown */
uint64_t rca_self_resident(void);
