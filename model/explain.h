/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * explain - why is this entity abnormal: the one entry point of the model.
 *
 * Factors of the symptom's neighbourhood are fitted again with the incident's
 * rows; the symptom's change is divided among all that did something that
 * their neighbours do not explain (attribution, DESIGN section 4).
 */

#include "model/model.h"
#include "model/packets.h"
#include "model/rank.h"

struct rca_explain_options {
    rca_id entity; /* RCA_ID_NONE: the most severe symptom anywhere */
    const char
        *metric; /* NULL: its most abnormal one, latency and error first*/
    rca_time from, to; /* the incident; RCA_TIME_NONE: found by itself */
    rca_time at; /* the abnormal stretch that holds it; or RCA_TIME_NONE */
    size_t top; /* causes wanted; 0: 5 */
    uint64_t seed; /* of the bootstrap, or of what the method draws */
    enum rca_method method; /* that ranks the causes */
    _Bool exact; /* murphy: in closed form */
    double shift; /* of confidences, by feedback (model/calibrate.h); or 0 */
};

#define RCA_SPARK 12

/** struct rca_card - one metric of one entity, before and in the incident;
 * strings owned by the explanation. The best-known fields of every list. */
struct rca_card {
    rca_id entity;
    enum rca_kind kind;
    const char *name; /* of the entity */
    const char *host;
    const char *metric;
    const char *label; /* of the metric, for people */
    enum rca_role role;
    enum rca_unit unit;
    double before, after;
    double factor; /* after / before; NAN if before is about 0 */
    double strength; /* sustained deviation in scales, against its own past */
    rca_time onset; /* RCA_TIME_NONE if not known */
    double spark[RCA_SPARK]; /* from a while before to the end; NAN: gap */
};

#define RCA_REASONS 3

struct rca_cause {
    struct rca_card card; /* the entity's metric that carries most of it */
    /* NAN where the method does not give them, all below: */
    double share; /* of the symptom's change, 0..1 */
    double confidence; /* that this entity is the cause, 0..1 */
    double value, low, high; /* of the symptom, had this been as usual */
    /* evidence that speaks most for it, in words, the strongest first; NULL
     * where there is no more; not owned */
    const char *reasons[RCA_REASONS];
};

#define RCA_CHART_POINTS 240

/** struct rca_chart - the card's metric before and in the incident, and what
 * it would have done without the first cause; @x owned by the explanation */
struct rca_chart {
    rca_time from, step; /* point k covers from + k * step, for step */
    size_t n; /* at most RCA_CHART_POINTS */
    double *x; /* means; NAN: gap */
    double low, high; /* 90 % of what is usual lies between; NAN: not known */
    double instead; /* mean of the incident, had #1 been as usual; NAN: not
                     * known, or not on the path of #1 */
};

enum rca_node_class {
    RCA_NODE_CAUSE,
    RCA_NODE_PATH,
    RCA_NODE_SYMPTOM,
    RCA_NODE_OTHER, /* a candidate that is not #1 */
};

struct rca_node {
    struct rca_card card;
    enum rca_node_class class;
    unsigned rank; /* of a cause or candidate, from 1; 0 otherwise */
    struct rca_chart chart;
};

struct rca_flow {
    size_t from, to; /* indexes of nodes: cause to effect */
    double share; /* of the effect's change that would vanish had the cause been
                   * as usual, over all ways (model/path.h), 0..1 */
    const char *verb;
    _Bool main; /* on the path of #1 */
};

enum rca_part_kind {
    RCA_PART_CAUSE, /* causes[cause] */
    RCA_PART_OTHERS, /* entities that are no listed cause */
    RCA_PART_UNEXPLAINED, /* within the noise of nobody in particular */
    RCA_PART_FEEDBACK, /* went round in cycles and is nobody's */
};

/** struct rca_part - of the symptom's change, in its unit; all parts together
 * are after - before of the symptom */
struct rca_part {
    enum rca_part_kind kind;
    size_t cause;
    double amount;
};

/** struct rca_quality - what the answer rests on
 * @step:    seconds between rows
 * @normal_rows, @incident_rows: that were compared
 * @missing: part of the incident's values that are gaps, 0..1, of what is
 *           measured around the symptom */
struct rca_quality {
    rca_time step;
    size_t normal_rows, incident_rows;
    double missing;
};

/** struct rca_explanation - the answer; everything in it is owned by it */
struct rca_explanation {
    enum rca_verdict verdict;
    enum rca_method method; /* that ranked the causes; the flows are always the
                             * attribution's */
    struct rca_card symptom;
    rca_time from, to; /* the incident */
    rca_time spark_from, spark_to;
    rca_time trained_from, trained_to;
    size_t n_causes;
    struct rca_cause *causes; /* best first; also when unclear */
    size_t n_nodes, n_left_out; /* at most 15 nodes */
    struct rca_node *nodes;
    size_t n_flows;
    struct rca_flow *flows;
    size_t n_checked; /* entities looked at and found normal, nearest first */
    const char **checked; /* "db: latency, errors, load" */
    size_t checked_metrics; /* metrics of all of these */
    size_t checked_entities; /* their number; n_checked are listed, 5 at most */
    size_t n_unseen;
    const char **unseen; /* "web->db: no data 14:03 to 14:04" */
    double unexplained; /* share of the change that no entity takes, 0..1 */
    size_t n_parts; /* 0 where the method does not divide the change */
    struct rca_part *parts; /* causes in their order, then the others */
    struct rca_quality quality;
    struct rca_packets *packets; /* or NULL: none were captured */
    void *strings;
};

/**
 * rca_explain() - make the explanation
 * @model: trained before, on a window that may hold the incident
 *
 * Return: 0; RCA_EUNKNOWN (the entity has no such metric, or none); RCA_ETOOFEW
 *         (no data in the incident, or too little before it); -ENOMEM; the
 *         store's errors.
 */
RCA_MUST_CHECK int rca_explain(struct rca_store *store,
                               const struct rca_model *model,
                               const struct rca_explain_options *options,
                               struct rca_explanation **ret_explanation);
/** rca_explanation_onward() - the arrow of the path of #1 that leaves node
 * @from, or NULL; each node has one at most. O(flows). */
const struct rca_flow *rca_explanation_onward(const struct rca_explanation *e,
                                              size_t from);
void rca_explanation_free(struct rca_explanation **explanation);
