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

/** rca_dot_quote() - append @s as a double-quoted string; a backslash is
 * doubled, so that Graphviz' \N, \G, \l mean nothing; newline becomes \n */
void rca_dot_quote(struct rca_buf *buf, const char *s);

/** rca_dot_html() - append @s as text inside an HTML-like label */
void rca_dot_html(struct rca_buf *buf, const char *s);
