/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * dot - pieces of Graphviz' DOT language, exactly escaped.
 *
 * Whatever bytes a name holds, they reach the picture as characters and never
 * as syntax, markup or an escape: bytes that are not UTF-8 and control
 * characters become '?'.
 */

#include "graph/base/buf.h"

/** rca_dot_quote() - append @s as a double-quoted string, for labels and ids; a
 * backslash is doubled, so that Graphviz' \N, \G, \l mean nothing; '&' becomes
 * &amp;, as entities are decoded there too; newline becomes \n */
void rca_dot_quote(struct rca_buf *buf, const char *s);

/** rca_dot_text() - the same without the quotes, for one of several pieces */
void rca_dot_text(struct rca_buf *buf, const char *s);

/** rca_dot_tooltip() - the same for tooltip, edgetooltip and labeltooltip, in
 * which Graphviz undoes backslashes twice */
void rca_dot_tooltip(struct rca_buf *buf, const char *s);

/** rca_dot_html() - append @s as text inside an HTML-like label; newline becomes
 * <BR/>, a backslash is doubled, as it means something even there */
void rca_dot_html(struct rca_buf *buf, const char *s);
