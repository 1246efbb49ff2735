/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The default rules. What a dependent feels of what it depends on goes up
 * (against the edge as stored), what it demands goes down.
 */

#include "graph/influence.h"

#define BIT(role) (1U << RCA_ROLE_##role)
#define ALL ((1U << RCA_ROLE_COUNT) - 1)

#define RULE(edge_, up_, from_, to_, sign_)                                    \
    .edge = RCA_EDGE_##edge_, .up = (up_), .effect = RCA_KIND_COUNT,           \
    .from = (from_), .to = (to_), .sign = (sign_)

/* a user or member of a resource or whole, and back */
#define RESOURCE(edge_, same_usage)                                            \
    {RULE(edge_, 1, BIT(SATURATION) | BIT(ERROR),                              \
          BIT(LATENCY) | BIT(ERROR) | BIT(SATURATION), +1)},                   \
        {RULE(edge_, 0, BIT(USAGE), BIT(USAGE), +1),                           \
         .identity = (same_usage)},                                            \
        {RULE(edge_, 0, BIT(LOAD), BIT(LOAD), +1)},                            \
        {RULE(edge_, 0, BIT(ERROR), BIT(ERROR), +1)},                          \
        {RULE(edge_, 0, BIT(LATENCY), BIT(LATENCY), +1)},                      \
    {                                                                          \
        RULE(edge_, 0, BIT(USAGE) | BIT(LOAD) | BIT(ERROR) | BIT(LATENCY),     \
             BIT(SATURATION), +1)                                              \
    }

/* a metric of which nothing is known may do anything to a neighbour */
#define UNKNOWN(edge_)                                                         \
    {RULE(edge_, 1, BIT(OTHER), ALL, 0)},                                      \
        {RULE(edge_, 1, ALL, BIT(OTHER), 0)},                                  \
        {RULE(edge_, 0, BIT(OTHER), ALL, 0)},                                  \
    {                                                                          \
        RULE(edge_, 0, ALL, BIT(OTHER), 0)                                     \
    }

#define WITHIN(from_, to_)                                                     \
    {                                                                          \
        .within = 1, .effect = RCA_KIND_COUNT, .from = BIT(from_),             \
        .to = (to_), .sign = +1                                                \
    }

static const struct rca_rule rules[] = {
    {RULE(CALLS, 1, BIT(LATENCY), BIT(LATENCY), +1), .gain = RCA_GAIN_CALLS,
     .identity = 1},
    {RULE(CALLS, 1, BIT(ERROR), BIT(ERROR), +1), .gain = RCA_GAIN_CALLS,
     .identity = 1},
    {RULE(CALLS, 1, BIT(ERROR), BIT(LATENCY), +1), .gain = RCA_GAIN_CALLS},
    {RULE(CALLS, 0, BIT(LOAD), BIT(LOAD), +1), .identity = 1},
    /* retries: more calls of the caller, not more requests to it */
    {.edge = RCA_EDGE_CALLS,
     .up = 1,
     .effect = RCA_KIND_CALL,
     .from = BIT(LATENCY) | BIT(ERROR),
     .to = BIT(LOAD),
     .sign = +1},
    /* what a callee has no room for is sent again */
    {.edge = RCA_EDGE_CALLS,
     .up = 1,
     .effect = RCA_KIND_CALL,
     .from = BIT(ERROR),
     .to = BIT(SATURATION),
     .sign = +1},

    /* serving requests takes processor time and memory */
    {RULE(RUNS_ON, 0, BIT(LOAD), BIT(USAGE), +1)},
    /* the usage of a whole is the sum of its members' */
    RESOURCE(RUNS_ON, 1),
    RESOURCE(PART_OF, 1),
    RESOURCE(USES, 0),
    RESOURCE(FILTERED_BY, 0),

    WITHIN(LOAD, BIT(USAGE) | BIT(SATURATION) | BIT(LATENCY) | BIT(ERROR)),
    WITHIN(USAGE, BIT(SATURATION) | BIT(LATENCY) | BIT(ERROR)),
    WITHIN(SATURATION, BIT(LATENCY) | BIT(ERROR)),
    WITHIN(LATENCY, BIT(ERROR)),

    /* fewer packets are what drops make, and no reason for them */
    {RULE(LINK, 1, BIT(LOAD), BIT(LATENCY) | BIT(ERROR) | BIT(SATURATION), +1)},
    {RULE(LINK, 1, ALL, ALL, 0)},
    UNKNOWN(CALLS),
    UNKNOWN(RUNS_ON),
    UNKNOWN(PART_OF),
    UNKNOWN(USES),
    UNKNOWN(FILTERED_BY),
};

const struct rca_rule *rca_influence_rules(size_t *ret_n)
{
    *ret_n = RCA_ARRAY_SIZE(rules);
    return rules;
}

static _Bool moves(const struct rca_rule *rule, enum rca_role from,
                   enum rca_role to)
{
    return (rule->from & 1U << from) && (rule->to & 1U << to);
}

const struct rca_rule *rca_influence_find(enum rca_edge_kind edge, _Bool up,
                                          struct rca_end cause,
                                          struct rca_end effect)
{
    const enum rca_kind source = up ? effect.kind : cause.kind;

    /* stored call -> caller, yet the call is what the caller depends on */
    if (edge == RCA_EDGE_PART_OF && source == RCA_KIND_CALL) {
        edge = RCA_EDGE_CALLS;
        up = !up;
    }
    for (size_t i = 0; i < RCA_ARRAY_SIZE(rules); i++) {
        const struct rca_rule *rule = &rules[i];

        if (rule->within || rule->edge != edge)
            continue;
        if (rule->up != up && edge != RCA_EDGE_LINK)
            continue;
        if (rule->effect != RCA_KIND_COUNT && rule->effect != effect.kind)
            continue;
        if (moves(rule, cause.role, effect.role))
            return rule;
    }
    return NULL;
}

const struct rca_rule *rca_influence_within(enum rca_role cause,
                                            enum rca_role effect)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(rules); i++) {
        if (rules[i].within && moves(&rules[i], cause, effect))
            return &rules[i];
    }
    return NULL;
}

/* --- words ---------------------------------------------------------------- */

static _Bool is_network(enum rca_kind kind)
{
    return kind == RCA_KIND_NETNS || kind == RCA_KIND_NIC ||
           kind == RCA_KIND_QDISC || kind == RCA_KIND_RULE ||
           kind == RCA_KIND_CONNTRACK || kind == RCA_KIND_BRIDGE;
}

static const char *usage_verb(enum rca_unit unit)
{
    if (unit == RCA_UNIT_CORES)
        return "takes CPU";
    return unit == RCA_UNIT_BYTES ? "takes memory" : "takes room";
}

static const char *latency_verb(enum rca_role effect)
{
    if (effect == RCA_ROLE_ERROR)
        return "causes timeouts";
    return effect == RCA_ROLE_LOAD ? "causes retries" : "slows";
}

static const char *saturation_verb(enum rca_kind cause, enum rca_role effect)
{
    if (cause == RCA_KIND_QDISC)
        return "queues packets";
    return effect == RCA_ROLE_ERROR ? "causes errors" : "delays";
}

static const char *error_verb(enum rca_kind cause, enum rca_role effect)
{
    if (is_network(cause))
        return "drops packets";
    if (effect == RCA_ROLE_LOAD)
        return "causes retries";
    if (effect == RCA_ROLE_ERROR)
        return "causes errors";
    return effect == RCA_ROLE_LATENCY ? "delays" : "affects";
}

const char *rca_influence_verb(struct rca_end cause, enum rca_unit unit,
                               struct rca_end effect)
{
    switch (cause.role) {
    case RCA_ROLE_LOAD:
        return "loads";
    case RCA_ROLE_USAGE:
        return usage_verb(unit);
    case RCA_ROLE_SATURATION:
        return saturation_verb(cause.kind, effect.role);
    case RCA_ROLE_LATENCY:
        return latency_verb(effect.role);
    case RCA_ROLE_ERROR:
        return error_verb(cause.kind, effect.role);
    case RCA_ROLE_OTHER:
    case RCA_ROLE_COUNT:
        break;
    }
    return "affects";
}
