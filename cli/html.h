/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * html - the pieces of the page that rca_render_html() puts together; each is
 * appended to @buf, whose first failure sticks.
 *
 * Nothing in the page has a style of its own (the content security policy
 * allows none): lengths are attributes of SVG, in per cent of the width that
 * there is, so that text keeps its size on a phone.
 */

#include "graph/base/buf.h"
#include "model/explain.h"

/** rca_html_text() - @s as text or in a quoted attribute: markup escaped, what
 * is not printable is '?' */
void rca_html_text(struct rca_buf *buf, const char *s);

/** rca_html_name() - the same, at most RCA_NAME_MAX bytes, kept apart from the
 * direction of writing around it */
void rca_html_name(struct rca_buf *buf, const char *name);

/** rca_html_value() - "46 ms" */
void rca_html_value(struct rca_buf *buf, double x, enum rca_unit unit);

/** rca_html_class() - "cause", "path", "symptom", "alt": a class of the CSS */
const char *rca_html_class(enum rca_node_class class);

/** rca_html_role() - "#1 root cause", "on the path", "symptom" ... in words */
void rca_html_role(struct rca_buf *buf, const struct rca_explanation *e,
                   const struct rca_node *node);

/** rca_html_change() - "0.1 → 7.4 cores ▲ 74×" */
void rca_html_change(struct rca_buf *buf, const struct rca_card *card);

/** rca_html_label() - what a card says, in one line, for an attribute */
void rca_html_label(struct rca_buf *buf, const struct rca_explanation *e,
                    const struct rca_node *node);

/**
 * rca_html_picture() - what dot drew, as a part of the page
 * @svg: only elements and attributes that draw are taken over; the group
 *       of card K ("nK") becomes the link "card-K" to "#chart-K"
 *
 * Return: 0; RCA_ESYNTAX if it is not well-formed: @buf is as before; -ENOMEM.
 */
RCA_MUST_CHECK int rca_html_picture(struct rca_buf *buf,
                                    const struct rca_explanation *e,
                                    const char *svg);

/** rca_html_chart() - the metric of card @i over time, with what is usual, the
 * incident and what it would have been without the first cause */
void rca_html_chart(struct rca_buf *buf, const struct rca_explanation *e,
                    size_t i);

/** rca_html_causes() - the table of causes, with what speaks for each */
void rca_html_causes(struct rca_buf *buf, const struct rca_explanation *e);

/** rca_html_parts() - the symptom's change, part by part, as bars from what was
 * to what is; nothing where the method does not divide it */
void rca_html_parts(struct rca_buf *buf, const struct rca_explanation *e);

/** rca_html_packets() - what was captured: where packets died, as a table, and
 * how complete it is; nothing where there was no capture */
void rca_html_packets(struct rca_buf *buf, const struct rca_explanation *e);
/** rca_html_died() - how many of them died at card @i; nothing if none did */
void rca_html_died(struct rca_buf *buf, const struct rca_explanation *e,
                   size_t i);
