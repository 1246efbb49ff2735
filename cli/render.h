/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * render - an explanation in one format each; appended to @buf.
 *
 * They read struct rca_explanation and nothing else, and depend on nothing
 * else but the time zone. Strings are tidy (cli/tidy.h; rca_render() sees to
 * it) and are escaped as the format wants. Return of all: 0 or -ENOMEM.
 */

#include "graph/base/buf.h"
#include "model/explain.h"

RCA_MUST_CHECK int rca_render_text(const struct rca_explanation *e,
                                   _Bool colour, struct rca_buf *buf);
RCA_MUST_CHECK int rca_render_dot(const struct rca_explanation *e,
                                  struct rca_buf *buf);
/** rca_render_graph() - the DOT of cards and arrows alone, for a page that has
 * title and footer itself */
RCA_MUST_CHECK int rca_render_graph(const struct rca_explanation *e,
                                    struct rca_buf *buf);
/** rca_render_simple() - DOT without HTML-like labels, for other tools */
RCA_MUST_CHECK int rca_render_simple(const struct rca_explanation *e,
                                     struct rca_buf *buf);
/** rca_render_mermaid() - a flowchart of Mermaid, from version 10 on */
RCA_MUST_CHECK int rca_render_mermaid(const struct rca_explanation *e,
                                      struct rca_buf *buf);

/* Counts up when a field goes or changes its meaning, not when one is added. */
#define RCA_JSON_SCHEMA_VERSION 1
RCA_MUST_CHECK int rca_render_json(const struct rca_explanation *e,
                                   struct rca_buf *buf);
/** words of enum rca_node_class and enum rca_part_kind there; "?" for others */
const char *rca_json_class_name(unsigned class);
const char *rca_json_part_name(unsigned kind);

/**
 * rca_render_html() - one page that needs nothing else: the answer, the
 * picture, a chart of each card, the causes, the parts of the symptom's change,
 * what was checked and not seen, and the JSON of all of it
 * @svg: what dot drew of rca_render_graph(), its elements and attributes are
 *       sieved; NULL, or what is no such picture: the page goes without it
 *
 * Every name is text in it, whatever it holds; it runs one script of its own
 * and nothing else may (a content security policy by hash), and it asks the
 * network for nothing.
 */
RCA_MUST_CHECK int rca_render_html(const struct rca_explanation *e,
                                   const char *svg, struct rca_buf *buf);
