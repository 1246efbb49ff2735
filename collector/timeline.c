/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/timeline.h"

rca_time rca_collect_next(rca_time now, rca_time last, rca_time interval)
{
    const rca_time after = last != RCA_TIME_NONE && last > now ? last : now;

    return after - after % interval + interval;
}

static _Bool is_step(const struct rca_timeline *line, rca_time step)
{
    return step > line->interval / 2 || step < -line->interval / 2;
}

rca_time rca_timeline_look(struct rca_timeline *line,
                           const struct rca_instant *now)
{
    const struct rca_instant then = line->at;
    const rca_time slept = (now->boot - then.boot) - (now->mono - then.mono);
    const rca_time step = (now->wall - then.wall) - (now->boot - then.boot);

    line->at = *now;
    if (!then.boot)
        return 0;
    if (slept > line->interval / 2)
        line->suspended += slept;
    if (!is_step(line, step))
        return 0;
    line->jumps++;
    line->ahead = 0; /* think again */
    return step;
}

rca_time rca_timeline_next(struct rca_timeline *line, rca_time *ret_wait)
{
    const rca_time interval = line->interval;
    rca_time now = line->at.wall, next;

    if (line->last == RCA_TIME_NONE || now > line->last)
        line->ahead = 0;
    else if (!line->ahead && line->last - now > RCA_TIMELINE_PATIENCE)
        line->ahead = (line->last - now + interval - 1) / interval * interval;
    now += line->ahead;
    next = rca_collect_next(now, line->last, interval);
    *ret_wait = next - now;
    return next;
}

_Bool rca_timeline_due(const struct rca_timeline *line, rca_time next)
{
    return !is_step(line, line->at.wall + line->ahead - next);
}

void rca_timeline_tick(struct rca_timeline *line, rca_time next)
{
    const rca_time ran = line->at.mono - line->tick.mono;
    const rca_time steps = (ran + line->interval / 2) / line->interval;

    if (line->tick.boot && steps > 1)
        line->lost += (uint64_t)steps - 1;
    line->tick = line->at;
    line->last = next;
}
