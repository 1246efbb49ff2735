/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * case - an incident on disk: metrics, graph, entities, and apart from these
 * the truth, which only the scorer reads, and only after ranking.
 *
 * Two layouts. A case folder (docs/CASES.md):
 *   metrics.csv   time,ENTITY.METRIC,... split at the last dot; seconds since
 *                 the epoch; empty = missing; LF or CRLF
 *   graph.csv     source,target,kind; may be missing
 *   entities.csv  entity,service,kind; may be missing
 *   truth.json    incident_start, incident_end (inclusive), dataset, victim
 *                 {entity, metric}, root_cause {entity, service, metric}
 * and RCAEval's (L. Pham et al., "RCAEval: A Benchmark for Root Cause Analysis
 * of Microservice Systems", 2024): data.csv or simple_metrics.csv with `time`
 * and SERVICE_METRIC columns, inject_time.txt beside it, the truth in the
 * folder's name: .../SERVICE_FAULT/INSTANCE.
 *
 * What is normal input: rows out of order, gaps, unequal sampling, constant,
 * empty, duplicate and infinite columns (infinite and "nan" cells count as
 * missing; of two columns of one name the first is kept; an empty one is left
 * out, its entity stays), entities that appear or vanish, or are named in one
 * file only. What is not: a diagnostic with file, line and what was expected.
 */

#include "graph/graph.h"
#include "model/rank.h"

/** struct rca_case - everything owned
 * @name:    the folder's; of RCAEval's layout SERVICE_FAULT/INSTANCE
 * @dataset: truth.json's, else the parent folder's name; of RCAEval's layout
 *           that of the folder above SERVICE_FAULT
 * @window:  one row for each time in the file, in order of time; its grid is
 *           nominal (the median step), @times are the rows' own. Metrics keep
 *           the file's names; role and unit are those of rca_metric_find() or
 *           rca_metric_guess(). A counter, by name and values, is its rate.
 * @graph:   entity ids are places in the order of names (strcmp), from 0, and
 *           equal to the nodes; first and last are when any metric of it has a
 *           value, all rows for one without
 * @service: by node of @graph: the service it is scored as; its own name where
 *           entities.csv does not say
 * @simulated: `rca simulate` made it; learning counts it less
 * @incident: what a method is given; borrows from the case. `before` are all
 *           rows before the incident's start, `incident` those up to its end;
 *           later rows are in neither. The metric is NULL if it is not
 *           in the window. */
struct rca_case {
    char *name, *dataset;
    struct rca_window *window;
    rca_time *times;
    struct rca_graph *graph;
    const char **service;
    _Bool simulated;
    struct rca_incident incident;
    void *strings;
};

/**
 * rca_case_read() - read everything but the root cause
 *
 * In the graph `has_pod` becomes part_of (member to whole) and `interface_of`
 * part_of; an entity whose service is another entity is part_of it; a probe
 * without edges depends (calls) on the entities that nobody calls. Edge kinds
 * that are not known are links, entity kinds that are not known are `other`; an
 * entity whose kind is not said is what its edges say, else a service.
 *
 * O(bytes + columns log columns). Return: 0; RCA_ESYNTAX with @diag filled for
 * a file that is broken; -ENOMEM; another -errno with @diag->file filled.
 */
RCA_MUST_CHECK int rca_case_read(const char *folder, struct rca_case **ret_case,
                                 struct rca_diag *diag);
void rca_case_free(struct rca_case **c);

/** struct rca_truth - owned strings; NULL where the file has null or nothing
 * @fault:    truth.json's fault_type, or the folder's FAULT
 * @prefixes: metric names that count as the cause's, NULL-terminated, or NULL */
struct rca_truth {
    char *entity, *service, *fault;
    char **prefixes;
};

/** rca_truth_read() - for the scorer alone; returns as rca_case_read() */
RCA_MUST_CHECK int rca_truth_read(const char *folder,
                                  struct rca_truth *ret_truth,
                                  struct rca_diag *diag);
void rca_truth_done(struct rca_truth *truth);

/** rca_case_is_folder() - whether @folder looks like a case in either layout */
_Bool rca_case_is_folder(const char *folder);

/** rca_case_shift() - let the incident begin @rows later (or earlier if
 * negative), within the rows there are; a method is told this wrong start */
void rca_case_shift(struct rca_case *c, int rows);
