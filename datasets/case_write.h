/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * case_write - a case in memory as a case folder, which rca_case_read() reads
 * back as the same case: names, edges, rows, incident; values to 7 digits.
 */

#include <stdio.h>

#include "datasets/case.h"

/**
 * struct rca_case_label - what truth.json says besides; all may be NULL
 * @metrics: NULL-terminated list, or NULL
 * @others:  services of further root causes, NULL-terminated, or NULL */
struct rca_case_label {
    const char *entity, *service, *fault;
    const char *const *metrics;
    const char *const *others;
};

/**
 * rca_case_write() - write metrics.csv, graph.csv, entities.csv, truth.json
 * @folder: made if it is not there; files of these names in it are replaced
 *
 * truth.json comes last: a folder without it is no case, so one that was not
 * written to its end is not taken for one. O(cells). Return: 0 or -errno with
 * @diag->file filled.
 */
RCA_MUST_CHECK int rca_case_write(const char *folder, const struct rca_case *c,
                                  const struct rca_case_label *label,
                                  struct rca_diag *diag);
