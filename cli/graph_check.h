/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * graph_check - what `rca graph check` says, as text of at most 80 columns and
 * as JSON.
 */

#include "graph/base/buf.h"
#include "model/edge_check.h"

/** struct rca_graph_report - all borrowed; @all: list every edge */
struct rca_graph_report {
    const struct rca_edge_check *check;
    const struct rca_window *w;
    const struct rca_graph *g;
    _Bool all;
};

void rca_graph_text(struct rca_buf *buf, const struct rca_graph_report *r);
void rca_graph_json(struct rca_buf *buf, const struct rca_graph_report *r);
