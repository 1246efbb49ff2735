/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * case_parts - the readers behind rca_case_read(), one for each file of a case.
 * All read text in memory, which they write into (datasets/csv.h) and which
 * must outlive what they return. Errors as rca_case_read().
 */

#include "datasets/case.h"
#include "datasets/csv.h"

/** struct rca_text - a file's bytes, a NUL behind them; owned
 * @path: the file's, for diagnostics */
struct rca_text {
    char *bytes;
    size_t size;
    char *path;
};

/**
 * rca_case_text_read() - read @folder/@name whole
 *
 * Return: 0; -ENOENT without a diagnostic; RCA_ESYNTAX (not a file);
 * another -errno with @diag filled.
 */
RCA_MUST_CHECK int rca_case_text_read(const char *folder, const char *name,
                                      struct rca_text *ret_text,
                                      struct rca_diag *diag);
void rca_case_text_done(struct rca_text *text);

/** struct rca_column - of a table: names borrow from the text
 * @name: as in the header; after the split the entity alone
 * @at:   its place in the file, from 1 */
struct rca_column {
    char *name;
    const char *entity, *metric;
    unsigned at;
};

/**
 * struct rca_table - metrics.csv: columns sorted by (entity, metric), each once;
 * rows by time, each time once
 * @x:       column-major, n_rows * n_columns; a value in each column
 * @n_empty: of columns without any value: behind the others in @columns
 */
struct rca_table {
    size_t n_rows, n_columns, n_empty;
    rca_time *times; /* owned */
    double *x; /* owned */
    struct rca_column *columns; /* owned */
};

/**
 * rca_table_split - cut the header's names into entity and metric
 * @columns: @n of them, .name and .at set, the rest NULL; a column whose
 *           .metric stays NULL is skipped. The cut is made in .name.
 */
typedef int rca_table_split(struct rca_csv *csv, struct rca_column *columns,
                            size_t n);

/** rca_table_split_dot() - ENTITY.METRIC, at the last dot */
rca_table_split rca_table_split_dot;
/** rca_table_split_service() - SERVICE_METRIC (datasets/rcaeval.c) */
rca_table_split rca_table_split_service;

/* Largest time, seconds from the epoch either way: differences of times and
 * their sums still fit. */
#define RCA_CASE_TIME_MAX 3e9

/**
 * rca_table_read() - metrics.csv or data.csv
 *
 * Times are numbers in seconds, or, if the file's largest would be after the
 * year 2065, in ms, us or ns; or RFC 3339, UTC unless it says otherwise. Rows of
 * one time are merged by the mean of what is known.
 * O(bytes + columns log columns); memory: that of the values.
 */
RCA_MUST_CHECK int rca_table_read(struct rca_text *text, rca_table_split *split,
                                  struct rca_diag *diag,
                                  struct rca_table *ret_table);
void rca_table_done(struct rca_table *table);

/** rca_case_time() - a number as a point in time: seconds, or a finer unit by
 * its magnitude. Return: 0, or RCA_ESYNTAX if it is none. */
RCA_MUST_CHECK int rca_case_time(double number, rca_time *ret_time);
/** rca_case_time_text() - RFC 3339, UTC unless it says otherwise; as above */
RCA_MUST_CHECK int rca_case_time_text(const char *text, rca_time *ret_time);

/**
 * struct rca_labels - what truth.json says and a method may know; owned
 * @start, @end: RCA_TIME_NONE where the file says nothing
 * @dataset, @victim, @metric: NULL where the file says nothing
 */
struct rca_labels {
    rca_time start, end;
    unsigned start_line;
    char *dataset, *victim, *metric;
    _Bool simulated;
    const char *path; /* borrowed: of which file, for diagnostics */
};

RCA_MUST_CHECK int rca_labels_read(const struct rca_text *text,
                                   struct rca_labels *ret_labels,
                                   struct rca_diag *diag);
void rca_labels_done(struct rca_labels *labels);
/** rca_truth_parse() - rca_truth_read() of truth.json's text */
RCA_MUST_CHECK int rca_truth_parse(const struct rca_text *text,
                                   struct rca_truth *ret_truth,
                                   struct rca_diag *diag);

/** rca_inject_read() - inject_time.txt: one point in time */
RCA_MUST_CHECK int rca_inject_read(const struct rca_text *text,
                                   struct rca_labels *ret_labels,
                                   struct rca_diag *diag);
/** rca_truth_of_folder() - SERVICE_FAULT; an entity without a '_' has no fault;
 * 0 or -ENOMEM */
RCA_MUST_CHECK int rca_truth_of_folder(const char *name,
                                       struct rca_truth *ret_truth);

/**
 * struct rca_case_parts - all that was read of a case
 * @edges:    source, target, kind
 * @entities: entity, service, kind
 */
struct rca_case_parts {
    struct rca_table table;
    struct rca_csv_records edges, entities;
    struct rca_labels labels;
};

/** rca_edges_read(), rca_entities_read() - graph.csv and entities.csv */
RCA_MUST_CHECK int rca_edges_read(struct rca_text *text, struct rca_diag *diag,
                                  struct rca_csv_records *ret);
RCA_MUST_CHECK int rca_entities_read(struct rca_text *text,
                                     struct rca_diag *diag,
                                     struct rca_csv_records *ret);
void rca_case_parts_done(struct rca_case_parts *parts);

/**
 * rca_case_make() - a case of its parts
 * @parts: the table's times and values are taken
 *
 * What the parts borrow from may be freed afterwards; @ret_case has no name.
 * Return: as rca_case_read(): labels that do not fit the table are a mistake
 * in the labels' file.
 */
RCA_MUST_CHECK int rca_case_make(struct rca_case_parts *parts,
                                 struct rca_case **ret_case,
                                 struct rca_diag *diag);

/** rca_case_graph() - the entities' graph; ids are places in @names (sorted,
 * @n), which the graph copies; @ret_service: by id, borrows */
RCA_MUST_CHECK int rca_case_graph(const struct rca_case_parts *parts,
                                  const char *const *names, size_t n,
                                  struct rca_graph **ret_graph,
                                  const char **ret_service);

/**
 * rca_case_metrics() - roles, units and rates of a window's columns
 * @w:      vars with entity and metric.name set
 * @times:  of its rows
 * @normal: how many of them precede the incident
 *
 * A metric named like a counter ("..._total", "..._count", "..._sum") is one if
 * its values say so: hardly ever falling, and growing in the normal rows; it
 * becomes its rate per second, a reset is a gap. It keeps its name.
 */
void rca_case_metrics(struct rca_window *w, const rca_time *times,
                      size_t normal);
