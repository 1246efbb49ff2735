/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/show.h"
#include "graph/base/time.h"
#include "graph/metric.h"

#define LABEL 10 /* "12.3 cores" */
#define CANVAS_ROWS ((size_t)12) /* below: the axis, its times, the legend */
static_assert(CANVAS_ROWS + 3 == RCA_PLOT_ROWS, "nothing else");
#define DOTS_ACROSS 2
#define DOTS_DOWN 4
#define ACROSS_MAX 400
#define DAY (RCA_SECOND * 86400)

#define RED "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

/* struct canvas - @dots: by dot row from above and cell, a bit for each dot of
 * the cell's rows; @seen: by cell, whether there is a value */
struct canvas {
    const struct rca_plot *plot;
    size_t cells, across, down; /* dots */
    double low, high; /* of the axis */
    unsigned char dots[CANVAS_ROWS][ACROSS_MAX];
    _Bool seen[ACROSS_MAX];
};

static void choose_axis(struct canvas *c)
{
    double low = c->plot->low, high = c->plot->high;

    for (size_t i = 0; i < c->plot->n; i++) {
        low = fmin(low, c->plot->x[i]); /* ignores NaN */
        high = fmax(high, c->plot->x[i]);
    }
    if (!isfinite(low) || !isfinite(high))
        low = high = 0;
    if (low > 0 && low < high / 2)
        low = 0;
    if (!(high > low))
        high = low + (low == 0 ? 1 : fabs(low) / 10);
    c->low = low;
    c->high = high;
}

/* dot row from above */
static size_t dot_row(const struct canvas *c, double x)
{
    const double most = (double)(c->down - 1);
    const double up = (x - c->low) / (c->high - c->low) * most;

    return (size_t)lround(most - fmin(fmax(up, 0), most));
}

static void set_dot(struct canvas *c, size_t across, size_t row)
{
    static const unsigned char bits[DOTS_ACROSS][DOTS_DOWN] = {
        {0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};

    if (c->plot->utf8)
        c->dots[row / DOTS_DOWN][across / DOTS_ACROSS] |=
            bits[across % DOTS_ACROSS][row % DOTS_DOWN];
    else
        c->dots[row][across] = 1;
}

/* least and greatest value of column @across of dots; false: a gap */
static _Bool stretch(const struct canvas *c, size_t across, double *low,
                     double *high)
{
    const size_t n = c->plot->n, first = across * n / c->across;
    const size_t next = (across + 1) * n / c->across;

    *low = *high = NAN;
    for (size_t i = first; i < next || i == first; i++) {
        *low = fmin(*low, c->plot->x[i]);
        *high = fmax(*high, c->plot->x[i]);
    }
    return isfinite(*low) && isfinite(*high);
}

static void draw(struct canvas *c)
{
    double before_low = NAN, before_high = NAN;

    for (size_t d = 0; d < c->across; d++) {
        double low, high;
        size_t from, to;

        if (!stretch(c, d, &low, &high)) {
            before_low = before_high = NAN;
            continue;
        }
        c->seen[d / (c->across / c->cells)] = 1;
        /* joined to the column before; NaN joins nothing */
        from = dot_row(c, before_low > high ? before_low : high);
        to = dot_row(c, before_high < low ? before_high : low);
        for (size_t row = from; row <= to; row++)
            set_dot(c, d, row);
        before_low = low;
        before_high = high;
    }
}

static rca_time time_at(const struct canvas *c, size_t cell)
{
    const double rows = (double)c->plot->n * (double)cell / (double)c->cells;

    return c->plot->from + (rca_time)(rows * (double)c->plot->step);
}

static _Bool is_marked(const struct canvas *c, size_t cell)
{
    const struct rca_plot *p = c->plot;

    return p->mark_from != RCA_TIME_NONE &&
           time_at(c, cell + 1) > p->mark_from &&
           time_at(c, cell) <= p->mark_to;
}

static _Bool is_usual(const struct canvas *c, size_t row)
{
    const double height = (c->high - c->low) / CANVAS_ROWS;
    const double bottom = c->high - height * (double)(row + 1);

    return bottom < c->plot->high && bottom + height > c->plot->low;
}

/* U+2800 and the bits as UTF-8 */
static void put_braille(struct rca_buf *buf, unsigned char bits)
{
    const unsigned low = bits;

    rca_buf_fmt(buf, "\xe2%c%c", (int)(0xa0 + (low >> 6)),
                (int)(0x80 + (low & 0x3f)));
}

static void put_cell(struct rca_buf *buf, const struct canvas *c, size_t row,
                     size_t cell)
{
    const struct rca_plot *p = c->plot;
    const unsigned char dots = c->dots[row][cell];
    const char *colour = dots && is_marked(c, cell)  ? RED
                         : !dots && is_usual(c, row) ? GREEN
                                                     : NULL;

    if (p->colour && colour)
        rca_buf_str(buf, colour);
    if (dots && p->utf8)
        put_braille(buf, dots);
    else if (dots)
        rca_buf_str(buf, "*");
    else
        rca_buf_str(buf, !is_usual(c, row) ? " " : p->utf8 ? "·" : ".");
    if (p->colour && colour)
        rca_buf_str(buf, PLAIN);
}

static void put_label(struct rca_buf *buf, const struct canvas *c, size_t row)
{
    const double values[3] = {c->high, (c->high + c->low) / 2, c->low};
    const size_t rows[3] = {0, CANVAS_ROWS / 2, CANVAS_ROWS - 1};
    char text[32] = "";

    for (size_t i = 0; i < 3; i++) {
        if (rows[i] == row)
            (void)rca_value_text(values[i], c->plot->unit, text);
    }
    for (int n = rca_show_width(text); n < LABEL; n++)
        rca_buf_str(buf, " ");
    rca_buf_fmt(buf, "%s %s", text, c->plot->utf8 ? "│" : "|");
}

static void put_axis(struct rca_buf *buf, const struct canvas *c)
{
    const _Bool utf8 = c->plot->utf8;

    rca_buf_fmt(buf, "%*s %s", LABEL, "", utf8 ? "└" : "+");
    for (size_t i = 0; i < c->cells; i++) {
        if (is_marked(c, i))
            rca_buf_str(buf, utf8 ? "━" : "=");
        else
            rca_buf_str(buf, !c->seen[i] ? " " : utf8 ? "─" : "-");
    }
    rca_buf_str(buf, "\n");
}

/* "14:02:30", or "11-22 14:02" where the axis spans days */
static const char *short_time(const struct canvas *c, rca_time t,
                              char ret[RCA_TIME_TEXT_SIZE])
{
    if ((rca_time)c->plot->n * c->plot->step <= DAY)
        return rca_time_clock(t, ret);
    (void)rca_time_local(t, ret);
    ret[strlen("2026-11-22 14:02")] = '\0';
    return ret + strlen("2026-");
}

static void put_times(struct rca_buf *buf, const struct canvas *c)
{
    const size_t cells[3] = {0, c->cells / 2, c->cells};
    char text[3][RCA_TIME_TEXT_SIZE];
    const char *t[3];
    int width;

    for (size_t i = 0; i < 3; i++)
        t[i] = short_time(c, time_at(c, cells[i]), text[i]);
    width = (int)strlen(t[0]);
    rca_buf_fmt(buf, "%*s%s%*s%*s\n", LABEL + 2, "", t[0],
                (int)c->cells / 2 - width / 2, t[1],
                (int)c->cells - (int)c->cells / 2 - (width - width / 2), t[2]);
}

void rca_plot_range(struct rca_buf *buf, double low, double high,
                    enum rca_unit unit)
{
    char a[32], b[32];
    const char *unit_b = strrchr(rca_value_text(high, unit, b), ' ');
    char *unit_a = strrchr(rca_value_text(low, unit, a), ' ');

    if (strcmp(a, b) != 0) {
        /* 0 has no size: the unit of the other */
        if (unit_a && unit_b && (low == 0 || strcmp(unit_a, unit_b) == 0))
            *unit_a = '\0';
        rca_buf_fmt(buf, "%s to ", a);
    }
    rca_buf_str(buf, b);
}

static void put_legend(struct rca_buf *buf, const struct canvas *c)
{
    const struct rca_plot *p = c->plot;
    const char *blank = "";

    rca_buf_fmt(buf, "%*s", LABEL + 2, "");
    if (isfinite(p->low) && isfinite(p->high)) {
        rca_buf_str(buf, p->utf8 ? "· usual: " : ". usual: ");
        rca_plot_range(buf, p->low, p->high, p->unit);
        blank = "   ";
    }
    if (p->mark_from != RCA_TIME_NONE) {
        rca_buf_fmt(buf, "%s%s asked for", blank, p->utf8 ? "━" : "=");
        blank = "   ";
    }
    rca_buf_fmt(buf, "%sblank: no data\n", blank);
}

void rca_plot(struct rca_buf *buf, const struct rca_plot *plot)
{
    struct canvas c = {.plot = plot};
    const size_t room = plot->columns - LABEL - 2;
    const size_t most = plot->utf8 ? ACROSS_MAX / DOTS_ACROSS : ACROSS_MAX;

    assert(plot->n > 0 && plot->columns >= RCA_PLOT_COLUMNS_MIN);
    c.cells = room < most ? room : most;
    c.across = c.cells * (plot->utf8 ? DOTS_ACROSS : 1);
    c.down = CANVAS_ROWS * (plot->utf8 ? DOTS_DOWN : 1);
    choose_axis(&c);
    draw(&c);
    for (size_t row = 0; row < CANVAS_ROWS; row++) {
        put_label(buf, &c, row);
        for (size_t cell = 0; cell < c.cells; cell++)
            put_cell(buf, &c, row, cell);
        rca_buf_str(buf, "\n");
    }
    put_axis(buf, &c);
    put_times(buf, &c);
    put_legend(buf, &c);
}
