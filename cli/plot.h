/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * plot - one series over time as characters: braille dots where the terminal
 * has them, else stars. A cell shows all that lies in its stretch of time, from
 * the least to the greatest value, so that no spike is lost.
 */

#include "graph/base/buf.h"
#include "graph/kind.h"

#define RCA_PLOT_ROWS 15
#define RCA_PLOT_COLUMNS_MIN 40

/**
 * struct rca_plot - what is drawn; all borrowed
 * @x:         @n values, at least 1, of the rows that end at @from + @step,
 *             @from + 2 @step ...; NAN: a gap, left blank
 * @low, @high: what is usual, in the series' unit, as dots; NAN: not known
 * @mark_from, @mark_to: a stretch that is marked; RCA_TIME_NONE: none
 * @columns:   of the terminal, RCA_PLOT_COLUMNS_MIN or more
 */
struct rca_plot {
    const double *x;
    size_t n;
    rca_time from, step;
    enum rca_unit unit;
    double low, high;
    rca_time mark_from, mark_to;
    unsigned columns;
    _Bool colour, utf8;
};

/** rca_plot() - RCA_PLOT_ROWS lines of at most @columns; O(n) */
void rca_plot(struct rca_buf *buf, const struct rca_plot *plot);

/** rca_plot_range() - "40 to 55 ms": the unit once where both have the same */
void rca_plot_range(struct rca_buf *buf, double low, double high,
                    enum rca_unit unit);
