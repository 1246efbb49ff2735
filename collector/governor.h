/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * governor - keeps the collector's cost under the user's budget.
 *
 * Each minute it looks at what was spent: the processor time of the collector
 * since the last look, and the run time of its eBPF programs, for which the
 * kernel's statistics are on for one second only. Above the budget at two looks
 * in succession it allows one profile less (deep, standard, light). Under half
 * the budget for ten looks in succession it allows one more; each time that
 * this was too much, the quiet time doubles, up to six hours. Pure but for the
 * meter, which is an argument.
 */

#include "collector/profile.h"

/** what statistics themselves cost each run, ns: measured, COLLECTOR 9 */
#define RCA_GOVERNOR_STATS_NS 70
#define RCA_GOVERNOR_PERIOD (60 * RCA_SECOND)
#define RCA_GOVERNOR_LOOK RCA_SECOND
/** looks above the budget before a step down; quiet ones before one up */
#define RCA_GOVERNOR_OVER 2
#define RCA_GOVERNOR_QUIET 10
#define RCA_GOVERNOR_QUIET_MAX 360

/** struct rca_cost - spent since some beginning
 * @cpu_s: processor time of the collector and its helper
 * @bpf_ns, @bpf_runs: run time and runs of eBPF programs, as the kernel's
 *         statistics count while they are on */
struct rca_cost {
    double cpu_s;
    uint64_t bpf_ns, bpf_runs;
};

/** struct rca_meter - @stats: turn the kernel's statistics on or off, 0 or
 * -errno; @read: what was spent, 0 or -errno; without @programs the two of
 * eBPF are 0 */
struct rca_meter {
    int (*stats)(void *arg, _Bool on);
    int (*read)(void *arg, _Bool programs, struct rca_cost *ret_cost);
    void *arg;
};

/**
 * struct rca_governor - all zero but @budget and @most is a start
 * @budget: share of one core; 0: only look
 * @most:   profile that the budget allows
 * @cpu_ratio, @bpf_ratio: found at the newest look, shares of one core;
 *          @bpf_ratio is NAN where statistics cannot be had
 * @looks:  so far
 */
struct rca_governor {
    double budget;
    enum rca_profile most;
    double cpu_ratio, bpf_ratio;
    uint64_t looks;

    unsigned over, quiet, patience; /* looks in succession; quiet ones wanted */
    unsigned held; /* looks since the last step up */
    _Bool raised; /* that step may yet be undone */
    _Bool looking, counting; /* a look is in progress; with statistics */
    rca_time due; /* the next thing to do, monotonic */
    rca_time since, look_at; /* last look's end, this one's beginning */
    double spent; /* cpu_s at @since */
    struct rca_cost begin; /* at @look_at */
};

/** rca_governor_start() - the first look begins a period after @now; a meter
 * that cannot be read is read again then */
void rca_governor_start(struct rca_governor *gov, const struct rca_meter *meter,
                        double budget, rca_time now);

/**
 * rca_governor_run() - begin or end a look if it is time; @gov->due is when to
 * call again
 * @wish: profile in use were it not for the budget
 *
 * Return: 1 if a look has ended (ratios and @most are new), 0, or what the
 *         meter's read returned: the look is skipped then.
 */
int rca_governor_run(struct rca_governor *gov, const struct rca_meter *meter,
                     rca_time now, enum rca_profile wish);

/** rca_governor_judge() - what a look's cost, a share of one core, means */
void rca_governor_judge(struct rca_governor *gov, double ratio,
                        enum rca_profile wish);

/** rca_governor_stop() - end a look in progress: statistics are off after it */
void rca_governor_stop(struct rca_governor *gov, const struct rca_meter *meter);
