/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * answer - writing an explanation: what answer.c, picture.c, survey.c and
 * explain.c share.
 */

#include "model/arena.h"
#include "model/explain.h"
#include "model/path.h"
#include "model/symptom.h"

#define RCA_ANSWER_NODES 15
#define RCA_ANSWER_LISTED 5

/** struct rca_answer - an explanation under construction */
struct rca_answer {
    struct rca_explanation *e; /* borrowed */
    struct rca_arena arena; /* its strings, until they are handed over */
    const struct rca_scene *scene;
    const struct rca_attribution *a; /* NULL where nothing is abnormal */
    uint32_t symptom;
};

/** struct rca_inquiry - all that is known when the store has been read
 * @features: "name\tstate\thow\tlost" lines, or NULL
 * @past:   what a model knows of what came before the window, or NULL
 * @recall: called with @arg once the symptom is known: the time to read those
 *          rows of the past that its explanation needs; 0 or negative; or NULL */
struct rca_inquiry {
    const struct rca_window *w;
    const struct rca_graph *g;
    rca_time trained_from, trained_to;
    const char *features;
    const struct rca_past *past;
    int (*recall)(void *arg, const struct rca_scene *scene, uint32_t symptom);
    void *arg;
};

/** The incident is looked for in the last hour. */
#define RCA_INQUIRY_SEARCH (3600 * RCA_SECOND)

/** rca_inquiry_incident() - its rows, as @options say or as they are found;
 * the returns of rca_explain() */
RCA_MUST_CHECK int rca_inquiry_incident(
    const struct rca_inquiry *inquiry,
    const struct rca_explain_options *options, struct rca_rows *ret);

/** rca_explain_window() - rca_explain() from memory; same returns */
RCA_MUST_CHECK int rca_explain_window(const struct rca_inquiry *inquiry,
                                      const struct rca_explain_options *options,
                                      struct rca_explanation **ret_explanation);

/** rca_answer_card() - fill the card of @variable; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_answer_card(struct rca_answer *answer, uint32_t variable,
                                   struct rca_card *ret_card);

/** rca_answer_charts() - a chart for each node; 0 or -ENOMEM.
 * O(nodes * (variables + rows)). */
RCA_MUST_CHECK int rca_answer_charts(struct rca_answer *answer);

/** rca_answer_quality() - what the answer rests on */
void rca_answer_quality(struct rca_answer *answer);

/** rca_answer_causes() - list the culprits, @top at most, and divide the
 * symptom's change among them; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_answer_causes(struct rca_answer *answer, size_t top);

/** rca_answer_incident() - what the methods of rank.h are asked; borrows of
 * the scene */
struct rca_incident rca_answer_incident(const struct rca_answer *answer);

/** rca_answer_rank() - list the causes that another method names: those with
 * scores above 0, @top at most. Return: as rca_rank() */
RCA_MUST_CHECK int rca_answer_rank(struct rca_answer *answer,
                                   const struct rca_explain_options *options,
                                   size_t top);

/** rca_answer_draw() - nodes and flows; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_answer_draw(struct rca_answer *answer);

/** rca_answer_survey() - what was checked and normal, what was not seen */
RCA_MUST_CHECK int rca_answer_survey(struct rca_answer *answer,
                                     const char *features);
