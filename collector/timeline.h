/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * timeline - when the next tick is, whatever the clocks do.
 *
 * Ticks lie on multiples of the interval in wall-clock time, so that those of a
 * restart and of several hosts fall on the same grid, and their times increase.
 * A tick that cannot be had within half an interval of its time is lost: there
 * is a gap, and it is counted; no tick is ever stretched over two.
 *
 *   late, or too long a tick   the grid points that passed are counted as lost
 *   clock set forward          the grid goes on there; the jump is counted
 *   clock set back a little    wait for the newest tick's time; those are lost
 *   clock set back far         go on in the store's time: each tick follows the
 *                              newest one, until the clock has caught up
 *   machine suspended          nothing was there to see: seconds are counted
 *
 * "A little" is RCA_TIMELINE_PATIENCE. Pure: the clocks are read by the caller.
 */

#include "graph/base/base.h"

/** how far the wall clock may be behind the newest tick to be waited for */
#define RCA_TIMELINE_PATIENCE (120 * RCA_SECOND)

/** struct rca_instant - the three clocks, read at once */
struct rca_instant {
    rca_time wall, mono, boot;
};

/**
 * struct rca_timeline - @interval and @last are set by the caller
 * @last:      time of the newest tick, or RCA_TIME_NONE
 * @ahead:     what is added to the wall clock, while it is far behind @last
 * @lost:      grid points without a tick while the machine ran
 * @jumps:     times that the wall clock was set
 * @suspended: ns that the machine slept
 * @at, @tick: clocks when last looked at, and at the newest tick
 */
struct rca_timeline {
    rca_time interval;
    rca_time last;
    rca_time ahead;
    uint64_t lost, jumps;
    rca_time suspended;
    struct rca_instant at, tick;
};

/**
 * rca_collect_next() - the grid: time of the tick to wait for
 * @now:  the clock; @last: newest tick stored, or RCA_TIME_NONE
 *
 * Return: the smallest multiple of @interval after both.
 */
rca_time rca_collect_next(rca_time now, rca_time last, rca_time interval);

/** rca_timeline_look() - note what the clocks did since the last look.
 * Return: by how much the wall clock was set since then, ns, 0 if it was not;
 * what is under half an interval is taken as slewing. */
rca_time rca_timeline_look(struct rca_timeline *line,
                           const struct rca_instant *now);

/** rca_timeline_next() - time of the next tick after the last look, @ret_wait
 * ns from then; more than an interval where the clock is behind @last */
rca_time rca_timeline_next(struct rca_timeline *line, rca_time *ret_wait);

/** rca_timeline_due() - whether the last look is within half an interval of
 * @next: else the tick is too late, or the clock was set meanwhile */
_Bool rca_timeline_due(const struct rca_timeline *line, rca_time next);

/** rca_timeline_tick() - a tick is made now, of time @next: count what was
 * lost since the one before */
void rca_timeline_tick(struct rca_timeline *line, rca_time next);
