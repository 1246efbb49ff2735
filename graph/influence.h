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
    enum rca_edge_kind edge;
    _Bool up;
    unsigned from;
    unsigned to;
    int sign;
    enum rca_gain gain;
    _Bool identity;
};

/** rca_influence_rules() - the table; the first rule that fits a pair holds */
const struct rca_rule *rca_influence_rules(size_t *ret_n);

/** rca_influence_verb() - at most three words for an arrow of a picture:
 * "slows", "takes CPU", "drops packets", "loads", "fails" */
const char *rca_influence_verb(enum rca_role from, enum rca_role to,
                               enum rca_kind cause, enum rca_kind effect);
