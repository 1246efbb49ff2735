/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * detecting - a detection under construction: what detect.c (metrics),
 * detect_group.c (incidents), detect_presence.c (entities that came or went)
 * and detect_store.c (what is read) share; and detection in memory alone.
 */

#include "model/arena.h"
#include "model/detect.h"
#include "model/outlier.h"

/** struct rca_candidate - a variable that seems abnormal
 * @variable: of the window looked at
 * @weight:   of its p-value
 * @p:        smallest p-value of its stretches, times their number */
struct rca_candidate {
    uint32_t variable;
    struct rca_spread spread;
    double usual, weight, p; /* usual: as of struct rca_outlier_series */
    int direction;
    _Bool is_symptom;
};

/** struct rca_lookout - what is looked at; borrowed
 * @w, @rows: the stretches are the last ones of these rows; rows before and
 *         after them are used where they are there
 * @past:  what a model knows of the variables of @w; NULL: @normal of @w
 * @length: rows of a stretch
 * @inside: what @past knows was learned from a short window that holds the
 *         incident, too: usual is what its rows say, if nearly half of them
 *         belong to it */
struct rca_lookout {
    const struct rca_window *w;
    const struct rca_graph *g;
    const struct rca_past *past;
    struct rca_rows rows, normal;
    size_t length;
    double fdr;
    _Bool inside;
};

/**
 * struct rca_detecting
 * @grid:    stretches, in rows of the lookout's window
 * @candidates: owned
 * @near:    rows around the time looked at, of the candidates at least: the
 *           window of the lookout or another one; borrowed
 * @near_from: row of @near where the first stretch begins
 * @train, @trained: rows of a window that were normal, on the same grid of
 *           time; NULL: they are not to be had
 * @d:       owned
 * @weight, @other_weight: of symptoms and of the rest, of mean 1
 */
struct rca_detecting {
    const struct rca_lookout *look;
    struct rca_outlier_grid grid;
    struct rca_candidate *candidates;
    size_t n;
    double weight, other_weight;
    const struct rca_window *near, *train;
    size_t near_from;
    struct rca_rows trained;
    struct rca_arena arena;
    struct rca_detection *d;
    size_t cap;
};

/** rca_detecting_init() - find the candidates: O(values of the stretches).
 * Return: 0; RCA_ETOOFEW (fewer rows than one stretch, nothing is known as
 * normal); -ENOMEM */
RCA_MUST_CHECK int rca_detecting_init(struct rca_detecting *k,
                                      const struct rca_lookout *look);
void rca_detecting_done(struct rca_detecting *k);

/** rca_detecting_choose() - candidates to findings: those that the false
 * discovery rate allows; @k->near and @k->train are set. 0 or -ENOMEM */
RCA_MUST_CHECK int rca_detecting_choose(struct rca_detecting *k);

/** rca_detecting_add() - one finding more, with the identity of entity @id;
 * numbers NAN, metric and label "". Return: it, or NULL (no memory) */
struct rca_finding *rca_detecting_add(struct rca_detecting *k, rca_id id);

/** rca_detecting_presence() - findings for entities that were always there in
 * the training window of @model and are not any more, and for those that were
 * first seen after it and after @begin. O(variables of the model + entities +
 * values looked at). 0 or -ENOMEM */
RCA_MUST_CHECK int rca_detecting_presence(struct rca_detecting *k,
                                          const struct rca_model *model,
                                          rca_time begin);

/** rca_detecting_group() - findings to incidents, both sorted; what is only
 * there by having appeared or vanished stays where it belongs to an incident,
 * or where a service, a client or a host vanished. O(findings log findings +
 * arcs of their entities and neighbours * runs of these). 0 or -ENOMEM */
RCA_MUST_CHECK int rca_detecting_group(struct rca_detecting *k);

/** rca_detecting_finish() - hand the detection over */
void rca_detecting_finish(struct rca_detecting *k,
                          struct rca_detection **ret_detection);

/** rca_detect_window() - all of it from memory; as rca_detect() */
RCA_MUST_CHECK int rca_detect_window(const struct rca_lookout *look,
                                     struct rca_detection **ret_detection);
