/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * detect - what is abnormal now, or was at a time, against what was usual
 * before; not why (model/explain.h).
 *
 * Time is cut into stretches of equal length. Each metric of each entity gets
 * a p-value: how often its own past has a stretch as far out (model/outlier.h),
 * times the number of stretches looked at. What is listed is chosen so that of all findings that are listed, at most the
 * part `fdr` is expected to be chance, however the metrics depend on each
 * other (Y. Benjamini, D. Yekutieli, "The control of the false discovery rate
 * in multiple testing under dependency", Annals of Statistics 29, 2001).
 * Findings that the graph connects and that overlap in time are one incident.
 *
 * A finding is more than chance; whether it is large enough to wake somebody
 * is for the caller to say, by card.before, card.after and card.factor.
 */

#include "model/explain.h"

/* What is listed at most by chance, where nobody says. */
#define RCA_DETECT_FDR 0.05

/**
 * struct rca_detect_options - all-zero is not valid: times must be set
 * @from, @to: the time looked at; both RCA_TIME_NONE: see @at
 * @at:        the stretch that holds it, RCA_TIME_NONE: the last one of the
 *             store (1 minute, but a 20th of the training window at most and 5 rows
 *             at least)
 * @fdr:       0 < fdr < 1; 0: RCA_DETECT_FDR
 */
struct rca_detect_options {
    rca_time from, to, at;
    double fdr;
};

enum rca_change {
    RCA_CHANGE_SHIFT, /* its value is unusual */
    RCA_CHANGE_APPEARED, /* the entity was not there before */
    RCA_CHANGE_VANISHED, /* nothing is measured of the entity any more */
};

/**
 * struct rca_finding - one metric of one entity that is abnormal
 * @card:    onset is when it began, which may be up to an hour before the time
 *           looked at; strength in usual shifts (1: usual); metric is ""
 *           and numbers are NAN where the entity appeared or vanished
 * @to:      end of the last stretch in which it is abnormal
 * @p:       how likely so far a stretch, or farther, is by chance among all that
 *           were looked at; NAN for what appeared or vanished: that is a fact,
 *           and no test
 * @is_symptom: latency or error of a service, client or call, in its bad
 *           direction
 * @group:   index of its incident
 */
struct rca_finding {
    struct rca_card card;
    enum rca_change change;
    rca_time to;
    double p;
    _Bool is_symptom;
    size_t group;
};

/**
 * struct rca_group - findings that are one incident
 * @first:  index of its worst symptom, or if it has none of its worst finding
 * @onset, @to: from the first onset of its findings to the last end
 */
struct rca_group {
    size_t first, n_findings, n_entities, n_symptoms;
    rca_time onset, to;
};

/**
 * struct rca_detection - all owned by it, strings, too
 * @from, @to:  what was looked at; @stretch: length of one stretch
 * @trained_from, @trained_to: what is known as usual
 * @n_metrics, @n_entities: that could be judged: measured then and before
 * @n_tested:   p-values among which the findings were chosen
 * @findings:   symptoms first, then by strength, largest first
 * @groups:     those with symptoms first, then by strength of their first
 */
struct rca_detection {
    rca_time from, to, stretch;
    rca_time trained_from, trained_to;
    size_t n_metrics, n_entities, n_tested;
    double fdr;
    size_t n_findings, n_groups;
    struct rca_finding *findings;
    struct rca_group *groups;
    void *strings;
};

/**
 * rca_detect() - look at the newest data, or at the time that @options say
 * @model: trained before, on a window that may hold the time looked at
 *
 * O(values of the time looked at), and of what seems abnormal also those of
 * the training window, an hour before the time and findings squared in the worst
 * case of one entity with all of them.
 *
 * Return: 0, also when nothing is abnormal; RCA_ETOOFEW (no data at that time,
 *         or too few rows of training); -EINVAL (@fdr, or from after to);
 *         -ENOMEM; the store's errors.
 */
RCA_MUST_CHECK int rca_detect(struct rca_store *store,
                              const struct rca_model *model,
                              const struct rca_detect_options *options,
                              struct rca_detection **ret_detection);
void rca_detection_free(struct rca_detection **detection);
