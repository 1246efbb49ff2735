/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * evidence - what speaks for and against each entity as the root cause, as a
 * few numbers of known meaning. Weights (model/weights.h) make one score of
 * them.
 *
 * A suspect is a workload or a device: evidence on a member (a pod of a
 * service, an interface of a device) counts for the whole. Strengths enter as
 * log(1 + x): the step from 2 to 4 matters as much as from 20 to 40. Only
 * differences between the suspects of one incident matter.
 */

#include "model/rank.h"

enum rca_evidence_kind {
    RCA_EVIDENCE_ODD3, /* unexplained strength, mean of the three strongest */
    RCA_EVIDENCE_ODD, /* the strongest alone */
    RCA_EVIDENCE_LOCAL3, /* strength against the last rows, three strongest */
    RCA_EVIDENCE_USAGE, /* unexplained: usage and saturation */
    RCA_EVIDENCE_ERRORS, /* strength of errors */
    RCA_EVIDENCE_LATENCY, /* strength of latency beyond that of its callees */
    RCA_EVIDENCE_POINTED, /* all its callers wait, and others do not */
    RCA_EVIDENCE_LOAD, /* unexplained: load */
    RCA_EVIDENCE_BREADTH, /* part of its metrics that are out of the usual */
    RCA_EVIDENCE_AROUND, /* largest ODD3 of the neighbours */
    RCA_EVIDENCE_TOGETHER, /* moves with the symptom, beyond its callees */
    RCA_EVIDENCE_SHARE, /* log of the share of the symptom's change */
    RCA_EVIDENCE_CLEAR, /* the same, where the symptom is beyond doubt */
    RCA_EVIDENCE_REACH, /* log of a random walk's visits from the victim */
    RCA_EVIDENCE_HIDDEN, /* not measured, its neighbours odder than most */
    RCA_EVIDENCE_STATE, /* states that were constant and changed */
    RCA_EVIDENCE_APPEARED, /* members or metrics that are new */
    RCA_EVIDENCE_VANISHED, /* members or metrics that are gone */
    RCA_EVIDENCE_HOST, /* it is a host */
    RCA_EVIDENCE_VICTIM, /* it is the victim itself */
    RCA_EVIDENCE_COUNT,
};
/** rca_evidence_name() - "odd3"; rca_evidence_text(): for people */
const char *rca_evidence_name(enum rca_evidence_kind kind);
const char *rca_evidence_text(enum rca_evidence_kind kind);
/** rca_evidence_reason() - why it speaks for a suspect that has more of it than
 * others: "moves with the symptom"; some kinds share a sentence */
const char *rca_evidence_reason(enum rca_evidence_kind kind);

/** struct rca_suspect - one candidate
 * @variable: its strongest, or UINT32_MAX if nothing of it is measured
 * @share:    of the symptom's change; NAN if there is no symptom, or no edge
 *            that says who depends on whom
 * @first:    part of the bootstrap's draws in which it has the largest share
 * @x:        the evidence */
struct rca_suspect {
    rca_id entity;
    uint32_t variable;
    double share, first;
    double x[RCA_EVIDENCE_COUNT];
};

/** struct rca_evidence - of all suspects, by entity id; owned
 * @symptom: variable, or UINT32_MAX where nothing can be one
 * @severity: strength of the symptom; without one that of the oddest suspect
 * @normal:  the symptom is within what it often was */
struct rca_evidence {
    size_t n;
    struct rca_suspect *list;
    uint32_t symptom;
    double severity;
    _Bool normal;
};

/**
 * rca_evidence_new() - gather it
 * @seed: of the bootstrap
 *
 * O(variables * rows * candidates + attribution). Return: 0; RCA_ETOOFEW;
 * -ENOMEM.
 */
RCA_MUST_CHECK int rca_evidence_new(const struct rca_incident *incident,
                                    uint64_t seed,
                                    struct rca_evidence **ret_evidence);

/** rca_evidence_of() - the same for a scene that is already there; @symptom:
 * variable, or UINT32_MAX to let it be found */
RCA_MUST_CHECK int rca_evidence_of(const struct rca_scene *scene,
                                   const struct rca_incident *incident,
                                   uint32_t symptom, uint64_t seed,
                                   struct rca_evidence **ret_evidence);
void rca_evidence_free(struct rca_evidence **evidence);

/** rca_whole_of() - the workload or device that @node is a member of, else
 * itself: pods and containers of a service, interfaces of a device; not the
 * parts that are entities of their own (calls, cgroups of a slice) */
uint32_t rca_whole_of(const struct rca_graph *g, uint32_t node);
