/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/loop.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "collector/config.h"
#include "collector/notify.h"
#include "collector/store/upkeep.h"
#include "graph/base/buf.h"
#include "graph/base/log.h"

/*
 * The loop sleeps at most NAP at once: a signal that comes between the look at
 * @stop and the sleep is noticed after that. The clocks are read again when the
 * reading itself was interrupted, or a step would be seen that was none.
 */
#define NAP RCA_SECOND
#define READ_NS (5 * RCA_SECOND / 1000) /* longest reading of three clocks */
#define READ_TRIES 5

static rca_time mono(const struct rca_loop *loop)
{
    return loop->clock->mono(loop->clock->arg);
}

static _Bool stopped(const struct rca_loop *loop)
{
    return loop->stop && *loop->stop;
}

/* --- profiles ------------------------------------------------------------- */

/* What is wanted, were it not for the budget. */
static enum rca_profile wish(const struct rca_loop *loop)
{
    const enum rca_profile base = loop->config->profile;

    if (!loop->deep)
        return base;
    if (mono(loop) - loop->start < loop->deep)
        return RCA_PROFILE_DEEP;
    return base == RCA_PROFILE_DEEP ? RCA_PROFILE_STANDARD : base;
}

static void show_profile(struct rca_loop *loop)
{
    const enum rca_profile want = wish(loop);
    char how[96];

    if (loop->profile == want) {
        rca_observer_feature(loop->obs, "profile", RCA_FEATURE_ON,
                             rca_profile_name(want), "");
        return;
    }
    (void)snprintf(how, sizeof(how), "%s, not %s: over the CPU budget of %g %%",
                   rca_profile_name(loop->profile), rca_profile_name(want),
                   loop->config->cpu_budget * 100);
    rca_observer_feature(loop->obs, "profile", RCA_FEATURE_TWIN, how, "");
}

/* Change what is watched; a source that cannot goes on as it is. */
static void set_profile(struct rca_loop *loop, enum rca_profile profile)
{
    rca_governor_stop(&loop->gov, loop->meter);
    for (size_t i = 0; i < loop->n_active; i++) {
        const struct rca_active *a = &loop->active[i];
        int r = 0;

        if (a->source->set_profile)
            r = a->source->set_profile(a->state, loop->obs, profile);
        if (r < 0)
            rca_log(RCA_LOG_WARN,
                    "source '%s' cannot change to profile '%s' and go on: %s",
                    a->source->name, rca_profile_name(profile),
                    rca_strerror(r));
    }
    loop->profile = profile;
}

/* Bring the profile to what is wanted and allowed. */
static void settle_profile(struct rca_loop *loop)
{
    const enum rca_profile want = wish(loop);
    const enum rca_profile use = want < loop->gov.most ? want : loop->gov.most;

    if (use == loop->profile)
        return;
    set_profile(loop, use);
    show_profile(loop);
}

/* --- the budget ----------------------------------------------------------- */

static void say_step(struct rca_loop *loop, enum rca_profile before)
{
    const double bpf = isnan(loop->gov.bpf_ratio) ? 0 : loop->gov.bpf_ratio;
    const double percent = 100 * (loop->gov.cpu_ratio + bpf);

    if (loop->profile < before)
        rca_log(RCA_LOG_WARN,
                "collecting takes %.2f %% of a core, the budget is %g %%: "
                "step down to profile '%s'",
                percent, 100 * loop->gov.budget,
                rca_profile_name(loop->profile));
    else if (loop->profile > before)
        rca_log(RCA_LOG_INFO,
                "collecting takes %.2f %% of a core: step up to profile '%s'",
                percent, rca_profile_name(loop->profile));
}

static void govern(struct rca_loop *loop)
{
    const enum rca_profile before = loop->profile;

    if (rca_governor_run(&loop->gov, loop->meter, mono(loop), wish(loop)) != 1)
        return;
    loop->resident = (double)rca_self_resident();
    settle_profile(loop);
    say_step(loop, before);
}

/* --- one tick ------------------------------------------------------------- */

static uint64_t thread_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * RCA_SECOND + (uint64_t)ts.tv_nsec;
}

static void tick_source(struct rca_loop *loop, struct rca_active *a)
{
    const uint64_t before = thread_ns();
    const int r = a->source->tick(a->state, loop->obs);

    if (r < 0 && !a->failing)
        rca_log(RCA_LOG_WARN, "source '%s' failed and go on: %s",
                a->source->name, rca_strerror(r));
    a->failing = r < 0;
    a->cpu_ns += thread_ns() - before;
    a->ticks++;
}

static void observe_sources(struct rca_loop *loop, rca_id host)
{
    char series[96];

    for (size_t i = 0; i < loop->n_active; i++) {
        (void)snprintf(series, sizeof(series), "rca_%s_cpu_seconds_total",
                       loop->active[i].source->name);
        rca_observe_value(loop->obs, host, series,
                          (double)loop->active[i].cpu_ns * 1e-9);
    }
}

static void observe_clock(struct rca_loop *loop, rca_id host)
{
    const struct rca_timeline *line = &loop->line;

    rca_observe_loss(loop->obs, "ticks", line->lost + loop->refused);
    rca_observe_value(loop->obs, host, "rca_clock_jumps_total",
                      (double)line->jumps);
    rca_observe_value(loop->obs, host, "rca_suspended_seconds_total",
                      (double)line->suspended / (double)RCA_SECOND);
    rca_observe_value(loop->obs, host, "rca_clock_ahead_seconds",
                      (double)line->ahead / (double)RCA_SECOND);
}

/* What the collector itself costs, as series of the host. Values that change
 * once a minute are given with each tick: they cost nothing in the store. */
static void observe_self(struct rca_loop *loop, rca_time spent)
{
    const rca_id host = rca_observe_host(loop->obs);
    struct rca_cost cost = {0};

    rca_observe_value(loop->obs, host, "rca_tick_seconds",
                      (double)spent / (double)RCA_SECOND);
    if (loop->meter->read(loop->meter->arg, 0, &cost) == 0)
        rca_observe_value(loop->obs, host, "rca_cpu_seconds_total", cost.cpu_s);
    rca_observe_value(loop->obs, host, "rca_profile", loop->profile);
    rca_observe_value(loop->obs, host, "rca_bpf_cpu_ratio",
                      loop->gov.bpf_ratio);
    if (loop->resident > 0)
        rca_observe_value(loop->obs, host, "rca_resident_bytes",
                          loop->resident);
    observe_sources(loop, host);
    observe_clock(loop, host);
}

/* A full disk or a busy file costs the tick and is said once. */
static int forgive(struct rca_loop *loop, int r)
{
    if (r != -ENOSPC && r != -EBUSY)
        return r;
    if (!loop->said_full)
        rca_log(RCA_LOG_WARN, "cannot store a tick and go on: %s",
                rca_strerror(r));
    loop->said_full = 1;
    return 0;
}

static int put_features(struct rca_loop *loop, rca_time now)
{
    const unsigned changes = rca_observer_features_changes(loop->obs);
    char *text RCA_CLEANUP(rca_freep) = NULL;
    int r;

    if (!loop->store || changes == loop->features_seen)
        return 0;
    r = rca_observer_features_text(loop->obs, &text);
    if (r == 0)
        r = rca_store_put(loop->store, "features", now, text, strlen(text));
    if (r == 0)
        loop->features_seen = changes;
    return r;
}

/* A small step of what is due; how old something is goes by @now. */
static int maintain(struct rca_loop *loop, rca_time now)
{
    const struct rca_retention keep = {
        .fine = loop->config->retention,
        .coarse = loop->config->retention_coarse,
        .max_bytes = loop->config->max_size,
    };
    int r;

    if (!loop->store)
        return 0;
    r = rca_store_maintain(loop->store, &keep, now);
    return r > 0 ? 0 : r;
}

static void tick_sources(struct rca_loop *loop, rca_time now)
{
    const rca_time start = mono(loop);

    rca_observer_begin(loop->obs, now);
    for (size_t i = 0; i < loop->n_active; i++)
        tick_source(loop, &loop->active[i]);
    observe_self(loop, mono(loop) - start);
}

static int commit(struct rca_loop *loop)
{
    const int r = loop->commit(loop->obs);

    if (r == 0) {
        loop->ticks++;
        loop->said_full = 0;
    } else {
        loop->refused++;
    }
    return forgive(loop, r);
}

static int tick_once(struct rca_loop *loop, rca_time now)
{
    int r;

    tick_sources(loop, now);
    r = commit(loop);
    if (r == 0)
        r = forgive(loop, put_features(loop, now));
    if (r == 0)
        r = forgive(loop, maintain(loop, now));
    return r;
}

/* --- clocks --------------------------------------------------------------- */

static void read_clocks(const struct rca_loop *loop, struct rca_instant *ret)
{
    const struct rca_clock *c = loop->clock;

    for (int i = 0; i < READ_TRIES; i++) {
        ret->mono = c->mono(c->arg);
        ret->wall = c->wall(c->arg);
        ret->boot = c->boot(c->arg);
        if (c->mono(c->arg) - ret->mono < READ_NS)
            return;
    }
}

static void look(struct rca_loop *loop)
{
    struct rca_instant now;
    rca_time step;

    read_clocks(loop, &now);
    step = rca_timeline_look(&loop->line, &now);
    if (step)
        rca_log(RCA_LOG_WARN, "the clock was set %s by %.3f s",
                step > 0 ? "forward" : "back",
                fabs((double)step / (double)RCA_SECOND));
}

/* What the timeline is about to do about a clock that is behind the store. */
static void say_behind(struct rca_loop *loop, rca_time wait)
{
    const _Bool waiting = wait > 2 * loop->line.interval;
    const _Bool ahead = loop->line.ahead > 0;

    if (waiting && !loop->said_wait)
        rca_log(RCA_LOG_WARN,
                "the clock is %lld s behind the newest sample: wait for it",
                (long long)(wait / RCA_SECOND));
    if (ahead && !loop->said_ahead)
        rca_log(RCA_LOG_WARN,
                "the clock is %lld s behind the newest sample: go on in the "
                "store's time until it has caught up",
                (long long)(loop->line.ahead / RCA_SECOND));
    loop->said_wait = waiting;
    loop->said_ahead = ahead;
}

static void say_lost(struct rca_loop *loop, uint64_t before)
{
    const uint64_t lost = loop->line.lost - before;

    if (!lost)
        return;
    rca_log(loop->said_lost ? RCA_LOG_INFO : RCA_LOG_WARN,
            "%llu ticks were late and are gaps", (unsigned long long)lost);
    loop->said_lost = 1;
}

/* Sleep until @deadline, or until stopped, looking after what is due. */
static void wait_until(struct rca_loop *loop, rca_time deadline)
{
    rca_time now = mono(loop);

    while (now < deadline && !stopped(loop)) {
        rca_time to = deadline - now > NAP ? now + NAP : deadline;

        if (loop->gov.due > now && loop->gov.due < to)
            to = loop->gov.due;
        loop->clock->wait(loop->clock->arg, to);
        now = mono(loop);
        rca_notify_alive(loop->notify, now);
        govern(loop);
    }
}

/* Wait for the next tick. Return: its time, or RCA_TIME_NONE if it was missed
 * or the loop was stopped. A clock that is set while we wait is looked at again
 * soon. */
static rca_time wait_tick(struct rca_loop *loop)
{
    const rca_time interval = loop->line.interval;
    rca_time next, wait;

    look(loop);
    next = rca_timeline_next(&loop->line, &wait);
    say_behind(loop, wait);
    wait_until(loop, loop->line.at.mono + (wait < interval ? wait : interval));
    look(loop);
    if (stopped(loop) || !rca_timeline_due(&loop->line, next))
        return RCA_TIME_NONE;
    return next;
}

/* --- the loop ------------------------------------------------------------- */

int rca_loop_begin(struct rca_loop *loop)
{
    loop->start = mono(loop);
    rca_governor_start(&loop->gov, loop->meter, loop->config->cpu_budget,
                       loop->start);
    loop->resident = (double)rca_self_resident();
    loop->start_s = rca_self_age();
    loop->start_cpu_s = loop->gov.spent;
    show_profile(loop);
    return forgive(loop,
                   put_features(loop, loop->clock->wall(loop->clock->arg)));
}

static _Bool is_over(const struct rca_loop *loop)
{
    return (loop->duration && mono(loop) - loop->start >= loop->duration) ||
           (loop->enough && loop->ticks >= loop->enough);
}

int rca_loop_run(struct rca_loop *loop)
{
    int r = 0;

    while (r == 0 && !stopped(loop)) {
        const uint64_t lost = loop->line.lost;
        rca_time next;

        if (is_over(loop))
            break;
        next = wait_tick(loop);
        if (next == RCA_TIME_NONE)
            continue;
        rca_timeline_tick(&loop->line, next);
        say_lost(loop, lost);
        settle_profile(loop);
        r = tick_once(loop, next);
    }
    rca_governor_stop(&loop->gov, loop->meter);
    return r;
}

void rca_loop_close(struct rca_loop *loop)
{
    while (loop->n_active) {
        struct rca_active *a = &loop->active[--loop->n_active];

        a->source->close(&a->state);
    }
}

int rca_loop_costs(const struct rca_loop *loop, char **ret_text)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    rca_buf_fmt(&buf, "start %.2f s, %.3f s of processor time\n", loop->start_s,
                loop->start_cpu_s);
    rca_buf_fmt(&buf, "%-10s %8s %14s\n", "source", "ticks", "CPU us a tick");
    for (size_t i = 0; i < loop->n_active; i++) {
        const struct rca_active *a = &loop->active[i];

        rca_buf_fmt(&buf, "%-10s %8llu %14.1f\n", a->source->name,
                    (unsigned long long)a->ticks,
                    a->ticks ? (double)a->cpu_ns / 1e3 / (double)a->ticks : 0);
    }
    return rca_buf_take(&buf, ret_text);
}
