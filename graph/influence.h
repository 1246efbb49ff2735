/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * influence - which role may move which role over which edge: the rules as a
 * table, DESIGN section 2. They bound what the model may learn.
 *
 * A `call` that is part_of its caller is treated as a callee of it: over
 * (call part_of caller) and (call calls callee) the rules of `calls` hold.
 */

#include "graph/kind.h"

enum rca_gain {
    RCA_GAIN_ANY, /* no limit */
    RCA_GAIN_CALLS, /* calls per request of the caller, at least 1 */
};

/**
 * struct rca_rule - "@from at the cause may move @to at the effect"
 * @within:  inside one entity; @edge and @up mean nothing then
 * @edge:    kind of the edge
 * @up:      true: the cause is the edge's target (what is depended on) and the
 *           effect its source; false: the other way; for RCA_EDGE_LINK both
 * @effect:  the only kind of entity that may be the effect; RCA_KIND_COUNT: any
 * @from:    bit set of roles, 1 << enum rca_role
 * @to:      bit set of roles
 * @sign:    +1, or 0 for any sign (after turning so that up is worse)
 * @gain:    limit of the weight where both have the same unit
 * @identity: the same quantity seen twice or summed (a member's usage in its
 *           whole's, a callee's latency in its caller's): where the metrics
 *           are the same kind of number, the expected weight is the limit of
 *           the gain (1 where it is not known), not 0
 */
struct rca_rule {
    _Bool within;
    _Bool up;
    _Bool identity;
    enum rca_edge_kind edge;
    enum rca_kind effect;
    unsigned from;
    unsigned to;
    int sign;
    enum rca_gain gain;
};

/** rca_influence_rules() - the table; the first rule that fits a pair holds */
const struct rca_rule *rca_influence_rules(size_t *ret_n);

/** struct rca_end - one end of an influence: a metric's role, on an entity */
struct rca_end {
    enum rca_kind kind;
    enum rca_role role;
};

/**
 * rca_influence_find() - the rule for a pair of metrics, or NULL if there is
 * none; also maps a call that is part_of its caller to the rules of `calls`
 * @edge: kind of the edge between the two entities
 * @up:   whether the cause's entity is the edge's target, as stored
 */
const struct rca_rule *rca_influence_find(enum rca_edge_kind edge, _Bool up,
                                          struct rca_end cause,
                                          struct rca_end effect);

/** rca_influence_within() - the same for two metrics of one entity */
const struct rca_rule *rca_influence_within(enum rca_role cause,
                                            enum rca_role effect);

/** rca_influence_verb() - at most three words for an arrow of a picture:
 * "slows", "takes CPU", "drops packets", "loads", "causes errors"
 * @unit: of the cause's metric: usage takes CPU (cores) or memory (bytes) */
const char *rca_influence_verb(struct rca_end cause, enum rca_unit unit,
                               struct rca_end effect);
