/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * score - how good rankings are: ranks, tables with intervals, reliability.
 * Knows names and numbers only: no case, no method, no file.
 *
 * Scored is by service: a ranking names entities, and the first entity of a
 * service stands for it. top-k = share of the scored cases whose true service
 * is among the first k services; avg5 = mean of top-1 to top-5. A case whose
 * cause is known and not ranked is a miss; a case whose cause is not known
 * counts nowhere. Macro = mean over data sets, so that large ones do not drown
 * small ones.
 */

#include "datasets/bootstrap.h"
#include "model/arena.h"
#include "model/rank.h"

#define RCA_SCORE_TOP 5
#define RCA_SCORE_BINS 5

/** struct rca_named - one candidate of a ranking, in words; borrowed
 * @metric: NULL: none
 * @share, @confidence: NAN where the method gives none */
struct rca_named {
    const char *entity, *service, *metric;
    double score, share, confidence;
};

/**
 * struct rca_outcome - how one case was answered
 * @name, @dataset, @fault: borrowed from @strings; fault "" where not known
 * @of:      number of the case that it is of; several may be of one (windows
 *           of its normal rows), one after another
 * @seconds: that reading and ranking took
 * @known:   the true cause is known: the case is scored
 * @rank:    of the true service among the ranking's, from 1; 0: missed, or not
 *           known
 * @list:    the ranking, best first; owned
 * @strings: of everything
 */
struct rca_outcome {
    const char *name, *dataset, *fault;
    size_t of;
    double seconds;
    size_t rank;
    size_t n;
    struct rca_named *list;
    struct rca_arena strings;
    enum rca_verdict verdict;
    _Bool known;
};
/** rca_outcome_done() - free what @outcome owns and zero it */
void rca_outcome_done(struct rca_outcome *outcome);

/**
 * rca_score_rank() - where the service @truth stands
 * @ret_rank: among the distinct services of @list, from 1; 0 if it is not there
 *
 * O(n log n). Return: 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_score_rank(const struct rca_named *list, size_t n,
                                  const char *truth, size_t *ret_rank);

/** struct rca_score - one line of a table; NAN where nothing is scored
 * @name: borrowed from the first outcome of the line; NULL for totals
 * @n:    cases, of which @scored; @causes have the verdict `cause`
 * @top:  top[k - 1] is top-k
 * @seconds: of its cases, added up */
struct rca_score {
    const char *name;
    size_t n, scored, causes;
    double top[RCA_SCORE_TOP], avg5;
    struct rca_range top1, top3;
    double seconds;
};

/** struct rca_score_table - @all: over the cases; @macro: the mean over @rows,
 * drawn anew within each; @rows sorted by name, owned */
struct rca_score_table {
    struct rca_score all, macro;
    size_t n;
    struct rca_score *rows;
};

enum rca_score_by { RCA_SCORE_BY_DATASET, RCA_SCORE_BY_FAULT };

/** rca_score_tabulate() - O(n log n + n RCA_BOOTSTRAP_DRAWS). 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_score_tabulate(const struct rca_outcome *outcomes,
                                      size_t n, enum rca_score_by by,
                                      struct rca_score_table *ret_table);
void rca_score_table_done(struct rca_score_table *table);

/**
 * struct rca_reliability - the first-named entity's confidence against how
 * often its service is the true one, over scored cases that have a confidence
 * @bin:   of equal width; confidence and right are means, NAN where empty
 * @error: expected calibration error: mean over cases of |confidence - right|
 *         of their bins (M. P. Naeini et al., AAAI 2015); NAN without cases
 * @range: of the error, less the bias of drawing
 */
struct rca_reliability {
    struct rca_reliability_bin {
        size_t n;
        double confidence, right;
    } bin[RCA_SCORE_BINS];
    size_t n;
    double error;
    struct rca_range range;
};

/** rca_score_reliability() - O(n RCA_BOOTSTRAP_DRAWS). 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_score_reliability(const struct rca_outcome *outcomes,
                                         size_t n, struct rca_reliability *ret);

/** rca_score_causes() - share of outcomes that name a cause: 1 - specificity on
 * normal data; with its interval, drawn by case; NAN without outcomes. 0 or
 * -ENOMEM. */
RCA_MUST_CHECK int rca_score_causes(const struct rca_outcome *outcomes,
                                    size_t n, double *ret_share,
                                    struct rca_range *ret_range);
