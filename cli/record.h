/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * record - an incident as it is kept in the store: a note "incident/ID" of one
 * JSON object, beside a running collector. The explanation in it is what
 * rca_render() wrote as JSON, so that a record outlives the samples, and is
 * read back by keys: what is missing there is unknown, not an error.
 *
 * The newest RCA_RECORD_MOST are kept, however old: they are small.
 */

#include "collector/store/store.h"

#define RCA_RECORD_MOST 1000
#define RCA_RECORD_ID_SIZE 64

/** enum rca_feedback - what a person said of the first-named cause */
enum rca_feedback {
    RCA_FEEDBACK_NONE,
    RCA_FEEDBACK_RIGHT,
    RCA_FEEDBACK_WRONG,
    RCA_FEEDBACK_COUNT,
};
const char *rca_feedback_name(enum rca_feedback feedback);

/** struct rca_record_entity - one whose symptom was abnormal; all owned */
struct rca_record_entity {
    char *kind, *name, *host;
};

/** struct rca_record_who - of an explanation: a symptom or a cause; strings
 * borrowed from the record, "" where unknown; numbers NAN */
struct rca_record_who {
    const char *kind, *name, *host, *metric, *unit;
    double before, after, share, confidence;
    rca_time onset;
};

/**
 * struct rca_record - all strings owned
 * @opened:  when the symptom began; @explained: when it was explained last
 * @closed:  when it was over; RCA_TIME_NONE: it is open
 * @updates: how often a better explanation replaced one
 * @shift:   of the confidences in the explanation (model/calibrate.h)
 * @members: entities of the incident, to know it again after a restart
 * @explanation: JSON, or NULL; @text: for people, or NULL
 * @cause, @note: of the feedback, or NULL; @judged: when it was given
 */
struct rca_record {
    char id[RCA_RECORD_ID_SIZE];
    rca_time opened, explained, closed;
    unsigned updates;
    double shift;
    struct rca_record_entity *members;
    size_t n_members;
    void *explanation;
    char *text;
    enum rca_feedback feedback;
    char *cause, *note;
    rca_time judged;
};

void rca_record_free(struct rca_record **record);
/** rca_record_new() - empty and open; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_record_new(struct rca_record **ret_record);

/** rca_record_add() - a member; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_record_add(struct rca_record *record, const char *kind,
                                  const char *name, const char *host);

/** rca_record_explain() - set or replace the explanation, as rca_render() wrote
 * it: 0; RCA_ECORRUPT (not a JSON object); -ENOMEM */
RCA_MUST_CHECK int rca_record_explain(struct rca_record *record,
                                      const char *json, const char *text);

/** rca_record_judge() - set or replace the feedback; strings may be NULL and
 * any bytes; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_record_judge(struct rca_record *record,
                                    enum rca_feedback feedback,
                                    const char *cause, const char *note);

/* --- what the explanation says ----------------------------------------------*/

/** rca_record_verdict() - "cause", "unclear", "normal", or "" */
const char *rca_record_verdict(const struct rca_record *record);
struct rca_record_who rca_record_symptom(const struct rca_record *record);
size_t rca_record_causes(const struct rca_record *record);
struct rca_record_who rca_record_cause(const struct rca_record *record,
                                       size_t i);
/** rca_record_nodes() - entities of the picture; the same may come again */
size_t rca_record_nodes(const struct rca_record *record);
struct rca_record_who rca_record_node(const struct rca_record *record,
                                      size_t i);
/** rca_record_confidence() - of the first cause, as it was before any shift;
 * NAN without one */
double rca_record_confidence(const struct rca_record *record);

/* --- bytes ------------------------------------------------------------------*/

/** rca_record_encode() - as JSON, on one line, which the caller frees
 * rca_record_decode() - damaged or foreign bytes: RCA_ECORRUPT, of a newer
 * version: RCA_ESCHEMA; @diag, which may be NULL, says what. Both: -ENOMEM. */
RCA_MUST_CHECK int rca_record_encode(const struct rca_record *record,
                                     char **ret_json);
RCA_MUST_CHECK int rca_record_decode(const void *data, size_t size,
                                     struct rca_diag *diag,
                                     struct rca_record **ret_record);
