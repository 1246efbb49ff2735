/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/clock.h"

#include <time.h>

static rca_time read_clock(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts);
    return ts.tv_sec * RCA_SECOND + ts.tv_nsec;
}

static rca_time wall(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_REALTIME);
}

static rca_time mono(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_MONOTONIC);
}

static rca_time boot(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_BOOTTIME);
}

static void wait_until(void *arg, rca_time until)
{
    const struct timespec ts = {.tv_sec = until / RCA_SECOND,
                                .tv_nsec = until % RCA_SECOND};

    (void)arg;
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

const struct rca_clock *rca_clock_system(void)
{
    static const struct rca_clock clock = {
        .wall = wall, .mono = mono, .boot = boot, .wait = wait_until};

    return &clock;
}
