/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * clock - the three clocks of the loop and its sleep, as arguments, so that a
 * test can let a day pass in a minute, set the clock, or suspend the machine.
 */

#include "graph/base/base.h"

/**
 * struct rca_clock - nanoseconds each
 * @wall: CLOCK_REALTIME: may be set, forward and back
 * @mono: CLOCK_MONOTONIC: time that the machine ran
 * @boot: CLOCK_BOOTTIME: the same with the time that it was suspended
 * @wait: sleep until @until of @mono, or a little less; a signal ends it
 */
struct rca_clock {
    rca_time (*wall)(void *arg);
    rca_time (*mono)(void *arg);
    rca_time (*boot)(void *arg);
    void (*wait)(void *arg, rca_time until);
    void *arg;
};

/** rca_clock_system() - the kernel's; static */
const struct rca_clock *rca_clock_system(void);
