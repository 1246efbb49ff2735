/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * columns - text in the columns of a terminal: how many it takes, and made to
 * fit into fewer. Wide characters (East Asian ones, emoji) take two, combining
 * marks none; the ranges are those of Unicode's EastAsianWidth.txt, merged.
 */

#include "graph/base/buf.h"
#include "graph/base/name.h"

/** rca_columns() - columns that @text, of printable UTF-8, takes */
int rca_columns(const char *text);

/**
 * rca_columns_fit() - @name cleaned, and with "…" in its middle if it takes more
 * than @columns (at least 3); two thirds of what stays are its end, as the end
 * of a path says most
 *
 * Return: @buf. O(length).
 */
const char *rca_columns_fit(const char *name, int columns,
                            char buf[RCA_NAME_MAX + 1]);

/** rca_columns_pad() - append @text and blanks up to @columns */
void rca_columns_pad(struct rca_buf *buf, const char *text, int columns);

/**
 * rca_columns_wrap() - append @text broken between words, at most @lines lines
 * of @columns, each with '\n' at its end; the last ends in "…" if there is more
 *
 * A word longer than a line stays whole.
 */
void rca_columns_wrap(struct rca_buf *buf, const char *text, int columns,
                      int lines);
