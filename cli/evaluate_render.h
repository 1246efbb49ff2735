/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * evaluate_render - what `rca evaluate` prints; appended to @buf.
 *
 * Return of all: 0 or -ENOMEM.
 */

#include "datasets/evaluate.h"
#include "graph/base/buf.h"

/** rca_render_evaluation_json() - the keys are fixed: DESIGN section 5 */
RCA_MUST_CHECK int rca_render_evaluation_json(const struct rca_evaluation *e,
                                              struct rca_buf *buf);

/**
 * rca_render_evaluation_text() - tables, blanks between columns and none inside
 * but in the names of cases and faults
 * @normal:  the outcomes are of normal rows
 * @verbose: a line a case and a table by kind of fault, too
 */
RCA_MUST_CHECK int rca_render_evaluation_text(const struct rca_evaluation *e,
                                              _Bool normal, _Bool verbose,
                                              struct rca_buf *buf);
