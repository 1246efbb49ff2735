/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * suspect - which rule of nftables dropped packets, by what it counted.
 *
 * A kernel without a trace rule says that netfilter dropped a packet, and not
 * which rule did. But rules that drop and have a counter, and policies that
 * have one, count: read before and after a capture, which changes nothing of
 * the system. It is a conclusion, not an observation.
 */

#include "collector/trace/names.h"

/** struct rca_trace_suspect - a rule that drops: @rule.handle 0: a policy
 * @packets: that it counted since the first look; @there: seen in the last one */
struct rca_trace_suspect {
    uint32_t netns;
    struct rca_trace_rule rule;
    uint64_t before, packets;
    _Bool there;
};

/** struct rca_trace_suspects - all-zero is empty; owned
 * @silent: namespaces with a rule that drops and does not count */
#define RCA_TRACE_SUSPECTS_MAX 4096
struct rca_trace_suspects {
    struct rca_trace_suspect *list;
    size_t n, cap;
    uint32_t *silent;
    size_t n_silent, cap_silent;
    size_t at; /* where the last one was found */
    unsigned looks;
};

void rca_trace_suspects_done(struct rca_trace_suspects *suspects);

/** rca_trace_suspects_look() - read the counters of all namespaces that @names
 * was read from; the first look is what they began with. Where nothing can be
 * read nobody is suspected. A millisecond for a hundred rules. 0, -ENOMEM */
RCA_MUST_CHECK int rca_trace_suspects_look(struct rca_trace_suspects *suspects,
                                           struct rca_trace_names *names);

/** rca_trace_suspects_note() - that a rule stands at @packets in this look; 0,
 * -ENOMEM; what is over the maximum is passed over */
RCA_MUST_CHECK int rca_trace_suspects_note(struct rca_trace_suspects *suspects,
                                           uint32_t netns,
                                           const struct rca_trace_rule *rule,
                                           uint64_t packets);
/** rca_trace_suspects_silent() - that @netns has a rule that says nothing */
RCA_MUST_CHECK int rca_trace_suspects_silent(
    struct rca_trace_suspects *suspects, uint32_t netns);

/**
 * rca_trace_suspects_find() - the rule of @netns that dropped @packets
 *
 * One that counted as many, or a quarter more (what came while the capture began
 * and ended, and of other flows); if it is the only one that counted at least
 * as many, and all that drop there count, any number more. O(n).
 *
 * Return: NULL if there is none, or several could have.
 */
const struct rca_trace_suspect *rca_trace_suspects_find(
    const struct rca_trace_suspects *suspects, uint32_t netns,
    uint64_t packets);
