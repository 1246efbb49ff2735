/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * text_table - the causes of an answer as the rows of a table.
 */

#include "graph/base/buf.h"
#include "model/explain.h"

/**
 * rca_text_table() - append the heading and a row for each cause
 * @lines:   at most so many (2 or more); what has no room is counted
 * @columns: of a line, at most (80 or more): how sure each is and the factors
 *           are left out first, then metrics and names are shortened, then the
 *           onset is left out
 *
 * Return: 0 or -ENOMEM.
 */
RCA_MUST_CHECK int rca_text_table(struct rca_buf *buf,
                                  const struct rca_explanation *e, int lines,
                                  int columns, _Bool colour);
