/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * rank - the entities of an incident, likeliest root cause first, by any of
 * the methods. Works on memory alone and knows nothing of the truth.
 *
 * Every method gets the same incident and gives the same kind of answer, so
 * that they can be compared on anybody's incidents (`rca evaluate --method`).
 */

#include "model/scene.h"

/* Confidence from which a cause is named (DESIGN section 4). */
#define RCA_CONFIDENCE_FLOOR 0.5

enum rca_verdict {
    RCA_VERDICT_CAUSE,
    RCA_VERDICT_UNCLEAR, /* no cause reaches the floor of confidence */
    RCA_VERDICT_NORMAL, /* nothing abnormal at the symptom */
    RCA_VERDICT_COUNT,
};
const char *rca_verdict_name(enum rca_verdict verdict);

enum rca_method {
    RCA_METHOD_ATTRIBUTION, /* the default */
    RCA_METHOD_MURPHY,
    RCA_METHOD_BARO,
    RCA_METHOD_NSIGMA,
    RCA_METHOD_CIRCA,
    RCA_METHOD_COUNT,
};
const char *rca_method_name(enum rca_method method);
/** rca_method_parse() - 0, or RCA_EUNKNOWN and @ret unchanged */
RCA_MUST_CHECK int rca_method_parse(const char *name, enum rca_method *ret);

/**
 * struct rca_incident - all that a method may know; borrowed
 * @w:        rows before the incident and the incident's own
 * @g:        entities and edges; may have no edges
 * @before:   rows that precede the incident; a method that wants a guard band
 *            leaves it out itself
 * @incident: rows
 * @victim:   what suffers; RCA_ID_NONE: not known
 * @metric:   the victim's metric that shows it; NULL: not known
 */
struct rca_incident {
    const struct rca_window *w;
    const struct rca_graph *g;
    struct rca_rows before, incident;
    rca_id victim;
    const char *metric;
};

/**
 * struct rca_ranked - one candidate
 * @variable:   of the window, the one that speaks loudest against it;
 *              UINT32_MAX: none, it was named by its neighbours' evidence
 * @score:      what it is ranked by; comparable within one ranking only
 * @share:      of the symptom's change, 0..1; NAN where the method has none
 * @confidence: that it is the cause, 0..1; NAN where the method has none
 */
struct rca_ranked {
    rca_id entity;
    uint32_t variable;
    double score, share, confidence;
};

/** struct rca_ranking - best first, ties by entity; each entity once; @list
 * owned */
struct rca_ranking {
    enum rca_verdict verdict;
    size_t n;
    struct rca_ranked *list;
};

struct rca_weights;

/**
 * struct rca_rank_options
 * @seed:    of whatever is drawn; the same seed, the same answer
 * @exact:   murphy: means and variances in closed form instead of samples
 * @weights: of the default method; NULL: those that came with the program
 */
struct rca_rank_options {
    enum rca_method method;
    uint64_t seed;
    _Bool exact;
    const struct rca_weights *weights;
};

/**
 * rca_rank() - Return: 0; RCA_ETOOFEW (fewer than 5 rows before, or none in the
 * incident, or nothing is measured); -ENOMEM.
 */
RCA_MUST_CHECK int rca_rank(const struct rca_incident *incident,
                            const struct rca_rank_options *options,
                            struct rca_ranking **ret_ranking);
void rca_ranking_free(struct rca_ranking **ranking);
