/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/governor.h"

#include <math.h>

void rca_governor_start(struct rca_governor *gov, const struct rca_meter *meter,
                        double budget, rca_time now)
{
    struct rca_cost cost = {0};

    *gov = (struct rca_governor){.budget = budget,
                                 .most = RCA_PROFILE_DEEP,
                                 .bpf_ratio = NAN,
                                 .cpu_ratio = NAN,
                                 .patience = RCA_GOVERNOR_QUIET,
                                 .since = now,
                                 .due = now + RCA_GOVERNOR_PERIOD};
    if (meter->read(meter->arg, 1, &cost) == 0)
        gov->spent = cost.cpu_s;
}

static void step_down(struct rca_governor *gov, enum rca_profile in_use)
{
    gov->over = 0;
    if (in_use == RCA_PROFILE_LIGHT)
        return;
    if (gov->raised && gov->patience < RCA_GOVERNOR_QUIET_MAX)
        gov->patience *= 2;
    if (gov->patience > RCA_GOVERNOR_QUIET_MAX)
        gov->patience = RCA_GOVERNOR_QUIET_MAX;
    gov->raised = 0;
    gov->most = (enum rca_profile)(in_use - 1);
}

/* One more; that it was right shows by lasting as long as it took. */
static void step_up(struct rca_governor *gov)
{
    gov->most = (enum rca_profile)(gov->most + 1);
    gov->raised = 1;
    gov->quiet = 0;
    gov->held = 0;
}

void rca_governor_judge(struct rca_governor *gov, double ratio,
                        enum rca_profile wish)
{
    const enum rca_profile in_use = wish < gov->most ? wish : gov->most;

    if (gov->budget <= 0)
        return;
    gov->over = ratio > gov->budget ? gov->over + 1 : 0;
    gov->quiet = ratio < gov->budget / 2 ? gov->quiet + 1 : 0;
    if (gov->over >= RCA_GOVERNOR_OVER)
        step_down(gov, in_use);
    else if (gov->quiet >= gov->patience && gov->most < wish)
        step_up(gov);
    else if (gov->raised && ++gov->held >= gov->patience) {
        gov->raised = 0;
        gov->patience = RCA_GOVERNOR_QUIET;
    }
}

static int begin(struct rca_governor *gov, const struct rca_meter *meter,
                 rca_time now)
{
    int r;

    gov->counting = meter->stats(meter->arg, 1) == 0;
    r = meter->read(meter->arg, 1, &gov->begin);
    if (r < 0) {
        rca_governor_stop(gov, meter);
        gov->due = now + RCA_GOVERNOR_PERIOD;
        return r;
    }
    gov->looking = 1;
    gov->look_at = now;
    gov->due = now + RCA_GOVERNOR_LOOK;
    return 0;
}

/* Run time of programs in the look, without what counting it cost. A program
 * that was detached meanwhile makes the sums smaller: then nothing is known. */
static double bpf_ratio(const struct rca_governor *gov,
                        const struct rca_cost *end, rca_time now)
{
    const double ns = (double)end->bpf_ns - (double)gov->begin.bpf_ns;
    const double runs = (double)end->bpf_runs - (double)gov->begin.bpf_runs;

    if (!gov->counting || ns < 0 || runs < 0)
        return NAN;
    return fmax(0, ns - runs * RCA_GOVERNOR_STATS_NS) /
           (double)(now - gov->look_at);
}

static int end(struct rca_governor *gov, const struct rca_meter *meter,
               rca_time now, enum rca_profile wish)
{
    struct rca_cost cost = {0};
    const int r = meter->read(meter->arg, 1, &cost);

    gov->due = gov->look_at + RCA_GOVERNOR_PERIOD;
    if (r == 0) {
        gov->bpf_ratio = bpf_ratio(gov, &cost, now);
        gov->cpu_ratio = (cost.cpu_s - gov->spent) * (double)RCA_SECOND /
                         (double)(now - gov->since);
        gov->spent = cost.cpu_s;
        gov->since = now;
        gov->looks++;
    }
    rca_governor_stop(gov, meter);
    if (r < 0)
        return r;
    rca_governor_judge(
        gov, gov->cpu_ratio + (isnan(gov->bpf_ratio) ? 0 : gov->bpf_ratio),
        wish);
    return 1;
}

int rca_governor_run(struct rca_governor *gov, const struct rca_meter *meter,
                     rca_time now, enum rca_profile wish)
{
    if (now < gov->due)
        return 0;
    return gov->looking ? end(gov, meter, now, wish) : begin(gov, meter, now);
}

void rca_governor_stop(struct rca_governor *gov, const struct rca_meter *meter)
{
    if (gov->counting)
        (void)meter->stats(meter->arg, 0);
    gov->counting = 0;
    gov->looking = 0;
}
