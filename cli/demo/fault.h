/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * fault - one real fault in the demonstration's application, and which
 * entities a person would accept as its name.
 */

#include "cli/demo/stage.h"
#include "graph/kind.h"

enum demo_fault {
    DEMO_FAULT_CPU, /* the batch job eats the quota it shares with a service */
    DEMO_FAULT_LOSS, /* an nftables rule drops packets on a service's link */
    DEMO_FAULT_LINK, /* a token bucket limits the rate of a service's link */
    DEMO_FAULT_SLOW, /* a service needs longer for each request */
    DEMO_FAULT_ERRORS, /* a service answers with errors */
    DEMO_FAULT_SURGE, /* the client multiplies its load */
    DEMO_FAULT_FREEZE, /* a service is stopped in bursts */
    DEMO_FAULT_MEMORY, /* the db's cgroup loses its file cache */
    DEMO_FAULT_COUNT,
};

const char *demo_fault_name(enum demo_fault fault);
/** demo_fault_parse() - 0, or RCA_EUNKNOWN */
RCA_MUST_CHECK int demo_fault_parse(const char *name, enum demo_fault *ret);

/** demo_fault_target() - whom to hit; @choice picks among those that can be */
enum demo_role demo_fault_target(enum demo_fault fault, unsigned choice);
/** demo_fault_can_hit() - whether @fault can be injected at @target */
_Bool demo_fault_can_hit(enum demo_fault fault, enum demo_role target);

#define DEMO_TRUTHS 4

struct demo_injection {
    enum demo_fault fault;
    enum demo_role target;
    char what[160]; /* in words: "30 % of db's replies are errors" */
    pid_t helper; /* process that keeps the fault going, or 0 */
    size_t n_truths;
    struct {
        enum rca_kind kind;
        char name[64]; /* of the entity; a rule: how its name begins */
    } truths[DEMO_TRUTHS];
};

/**
 * demo_fault_inject() - do it, for real
 *
 * Return: 0; RCA_ENOSUPPORT or -ENOENT if this kernel or host cannot (@diag
 *         says what is missing); -errno.
 */
RCA_MUST_CHECK int demo_fault_inject(const struct demo_stage *stage,
                                     enum demo_fault fault,
                                     enum demo_role target,
                                     struct rca_diag *diag,
                                     struct demo_injection *ret_injection);
/** demo_fault_end() - end its helper; the rest goes with the stage */
void demo_fault_end(struct demo_injection *injection);

/** demo_fault_is() - whether (kind, name) is an accepted name of the fault */
_Bool demo_fault_is(const struct demo_injection *injection, enum rca_kind kind,
                    const char *name);
