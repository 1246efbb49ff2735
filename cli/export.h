/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * export - what the store holds, in formats that others read: CSV in the layout
 * of cases (docs/CASES.md), JSON lines (docs/EXPORT.md), Prometheus' text
 * exposition. All of it streams; streams keep their error, which whoever opened
 * them looks at.
 */

#include <stdio.h>

#include "cli/slice.h"
#include "graph/base/buf.h"

/** rca_number_text() - the shortest text that is read back as @x, which is
 * finite; returns @buf */
#define RCA_NUMBER_TEXT_SIZE 32
const char *rca_number_text(double x, char buf[RCA_NUMBER_TEXT_SIZE]);

/**
 * struct rca_export_names - a name for each node that no other has: its own,
 * KIND/NAME where several kinds share it, KIND/NAME@HOST where hosts do
 */
struct rca_export_names {
    char **at; /* owned, by node */
    size_t n;
};

/** rca_export_names() - 0 or -ENOMEM; O(n log n) */
RCA_MUST_CHECK int rca_export_names(const struct rca_graph *g,
                                    struct rca_export_names *ret_names);
void rca_export_names_done(struct rca_export_names *names);

/** struct rca_export_count - what was written; @last: time of the last row */
struct rca_export_count {
    size_t columns;
    uint64_t rows, values;
    rca_time last;
};

/** rca_export_csv() - time, then ENTITY.METRIC columns in order of their names;
 * rows without any value are left out. Reads @want twice. */
RCA_MUST_CHECK int rca_export_csv(const struct rca_slices *want,
                                  const struct rca_export_names *names,
                                  FILE *out, struct rca_export_count *ret);

/** rca_export_jsonl() - entities and edges of @want's time, then one line for
 * each time and entity */
RCA_MUST_CHECK int rca_export_jsonl(const struct rca_slices *want, FILE *out,
                                    struct rca_export_count *ret);

/** rca_export_prometheus() - the newest value of each column */
RCA_MUST_CHECK int rca_export_prometheus(const struct rca_slices *want,
                                         FILE *out,
                                         struct rca_export_count *ret);

/** struct rca_export_incident - @start RCA_TIME_NONE: not known; @victim NULL
 * or an entity's id */
struct rca_export_incident {
    rca_time start;
    const rca_id *victim;
};

/** rca_export_case() - a case folder at @folder, made if it is not there:
 * metrics.csv, graph.csv, entities.csv and, last, truth.json. Where the start
 * of the incident is not known it is the last row. */
RCA_MUST_CHECK int rca_export_case(const struct rca_slices *want,
                                   const struct rca_export_incident *incident,
                                   const char *folder,
                                   struct rca_export_count *ret);
