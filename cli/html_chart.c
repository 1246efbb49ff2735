/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The chart of a card: its metric over time, gaps left open, with a band where
 * nine in ten values of normal times lie, the incident shaded, the onset, and a
 * dashed line at what it would have been in the incident had the first cause
 * been as usual.
 *
 * Across, lengths are per cent of the width that there is; down, pixels. Only
 * the line of the metric lies in a picture of its own that is stretched.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/html.h"
#include "graph/base/time.h"
#include "graph/metric.h"

enum {
    TOP = 20, /* pixels: of the plot, ... */
    BOTTOM = 170,
    HEIGHT = 192, /* ... and with the times below it */
    LABEL_ABOVE = 4, /* a label lies on its line */
    TICKS = 4, /* times, at most */
    LEVELS = 4 /* values, about */
};

#define LATEST 9e18 /* that rca_time holds, with room */

/** struct plot - @low, @high: values at the bottom and the top */
struct plot {
    struct rca_buf *buf;
    const struct rca_card *card;
    const struct rca_chart *chart;
    double low, high;
};

static void widen(struct plot *p, double x)
{
    if (!isfinite(x))
        return;
    p->low = isnan(p->low) ? x : fmin(p->low, x);
    p->high = isnan(p->high) ? x : fmax(p->high, x);
}

static double span(const struct plot *p)
{
    return (double)p->chart->n * (double)p->chart->step;
}

/* What does not fall below zero begins there, unless it is far away. */
static _Bool set_range(struct plot *p)
{
    double room;

    p->low = p->high = NAN;
    if (span(p) <= 0 || p->chart->from < 0 ||
        (double)p->chart->from + span(p) > LATEST)
        return 0;
    for (size_t k = 0; k < p->chart->n; k++)
        widen(p, p->chart->x[k]);
    if (isnan(p->low))
        return 0;
    widen(p, p->chart->low);
    widen(p, p->chart->high);
    widen(p, p->chart->instead);
    if (p->low >= 0 && p->low <= p->high / 2)
        p->low = 0;
    room = p->high - p->low;
    if (!(room > 0))
        room = p->high != 0 ? fabs(p->high) : 1;
    p->high += 0.08 * room;
    p->low -= p->low == 0 ? 0 : 0.08 * room;
    return isfinite(p->high - p->low) && p->high > p->low;
}

/* pixels from the top */
static double height_of(const struct plot *p, double x)
{
    const double part = (x - p->low) / (p->high - p->low);

    return BOTTOM - (BOTTOM - TOP) * fmin(fmax(part, 0), 1);
}

/* per cent from the left */
static double place_of(const struct plot *p, rca_time t)
{
    const double part = ((double)t - (double)p->chart->from) / span(p);

    return 100 * fmin(fmax(part, 0), 1);
}

static _Bool is_inside(const struct plot *p, rca_time t)
{
    return t != RCA_TIME_NONE && t >= p->chart->from &&
           (double)t - (double)p->chart->from <= span(p);
}

/* --- what lies behind -------------------------------------------------------*/

static void band(const struct plot *p)
{
    const struct rca_chart *c = p->chart;
    double top, bottom;

    if (!isfinite(c->low) || !isfinite(c->high))
        return;
    top = height_of(p, c->high);
    bottom = height_of(p, c->low);
    rca_buf_fmt(p->buf,
                "<rect class=\"usual\" x=\"0\" width=\"100%%\" y=\"%.1f\" "
                "height=\"%.1f\"/>",
                top, fmax(bottom - top, 2));
}

static void incident(const struct plot *p, const struct rca_explanation *e)
{
    const double from = place_of(p, e->from), to = place_of(p, e->to);

    if (to <= from)
        return;
    rca_buf_fmt(p->buf,
                "<rect class=\"incident\" x=\"%.2f%%\" width=\"%.2f%%\" "
                "y=\"%d\" height=\"%d\"/>",
                from, to - from, TOP, BOTTOM - TOP);
    rca_buf_fmt(p->buf,
                "<text class=\"note\" x=\"%.2f%%\" y=\"%d\" "
                "text-anchor=\"%s\">incident</text>",
                from > 60 ? to : from, TOP - 6, from > 60 ? "end" : "start");
}

/* 1, 2 or 5 times a power of ten, of KiB, MiB, ... where values are told in
 * these: about LEVELS of them in @room */
static double nice_step(double room, enum rca_unit unit)
{
    const _Bool binary =
        unit == RCA_UNIT_BYTES || unit == RCA_UNIT_BYTES_PER_SECOND;
    const double scale =
        binary ? pow(1024, floor(fmax(log2(room / LEVELS), 0) / 10)) : 1;
    const double rough = room / LEVELS / scale;
    const double power = pow(10, floor(log10(rough)));
    const double digit = rough / power;

    return scale * power * (digit > 5 ? 10 : digit > 2 ? 5 : digit > 1 ? 2 : 1);
}

/* @labels: their values; these lie above the metric, the lines below it */
static void levels(const struct plot *p, _Bool labels)
{
    const double step = nice_step(p->high - p->low, p->card->unit);
    const double first = ceil(p->low / step);

    for (int k = 0; isfinite(first) && k <= 2 * LEVELS; k++) {
        const double x = (first + k) * step, y = height_of(p, x);

        if (!(x <= p->high))
            break;
        if (labels) {
            rca_buf_fmt(p->buf, "<text x=\"2\" y=\"%.1f\">", y - LABEL_ABOVE);
            rca_html_value(p->buf, fabs(x) < step / 2 ? 0 : x, p->card->unit);
            rca_buf_str(p->buf, "</text>");
        } else {
            rca_buf_fmt(p->buf,
                        "<line class=\"grid\" x1=\"0\" x2=\"100%%\" "
                        "y1=\"%.1f\" y2=\"%.1f\"/>",
                        y, y);
        }
    }
}

/* --- times ------------------------------------------------------------------*/

static rca_time tick_step(double seconds)
{
    static const int steps[] = {1,    2,    5,     10,    15,   30,
                                60,   120,  300,   600,   900,  1800,
                                3600, 7200, 10800, 21600, 43200};
    rca_time step = 86400;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(steps); i++) {
        if (seconds / steps[i] <= TICKS)
            return steps[i] * RCA_SECOND;
    }
    while (seconds / (double)step > TICKS)
        step *= 2;
    return step * RCA_SECOND;
}

/* "14:02:30", "14:02" where that says it all, with its day where days pass */
static const char *time_text(rca_time t, rca_time step,
                             char buf[RCA_TIME_TEXT_SIZE])
{
    char *end;

    if (step < 43200 * RCA_SECOND)
        (void)rca_time_clock(t, buf);
    else
        (void)rca_time_local(t, buf);
    end = strrchr(buf, ':');
    if (step >= 60 * RCA_SECOND && end)
        *end = '\0';
    return buf;
}

static void times(const struct plot *p)
{
    const rca_time from = p->chart->from;
    const rca_time step = tick_step(span(p) / (double)RCA_SECOND);
    char text[RCA_TIME_TEXT_SIZE];

    for (rca_time t = from - from % step + (from % step ? step : 0);
         is_inside(p, t); t += step) {
        const double x = place_of(p, t);

        rca_buf_fmt(p->buf,
                    "<line class=\"tick\" x1=\"%.2f%%\" x2=\"%.2f%%\" "
                    "y1=\"%d\" y2=\"%d\"/><text x=\"%.2f%%\" y=\"%d\" "
                    "text-anchor=\"%s\">%s</text>",
                    x, x, BOTTOM, BOTTOM + 4, x, HEIGHT - 5,
                    x < 8    ? "start"
                    : x > 92 ? "end"
                             : "middle",
                    time_text(t, step, text));
    }
}

/* --- the metric -------------------------------------------------------------*/

/* A lone value is a dot: a line without length, with round ends. */
static void line(const struct plot *p)
{
    const struct rca_chart *c = p->chart;
    _Bool drawing = 0;

    rca_buf_fmt(p->buf,
                "<svg viewBox=\"0 0 %zu %d\" width=\"100%%\" height=\"%d\" "
                "preserveAspectRatio=\"none\"><path class=\"line\" d=\"",
                c->n, HEIGHT, HEIGHT);
    for (size_t k = 0; k < c->n; k++) {
        if (isfinite(c->x[k])) {
            rca_buf_fmt(p->buf, "%c%.1f %.1f", drawing ? 'L' : 'M',
                        (double)k + 0.5, height_of(p, c->x[k]));
            if (!drawing)
                rca_buf_str(p->buf, "h0");
        }
        drawing = isfinite(c->x[k]);
    }
    rca_buf_str(p->buf, "\"/></svg>");
}

static void instead(const struct plot *p, const struct rca_explanation *e)
{
    const double y = height_of(p, p->chart->instead);

    if (!isfinite(p->chart->instead) || place_of(p, e->to) == 0)
        return;
    rca_buf_fmt(p->buf,
                "<line class=\"instead\" x1=\"%.2f%%\" x2=\"%.2f%%\" "
                "y1=\"%.1f\" y2=\"%.1f\"/>",
                place_of(p, e->from), place_of(p, e->to), y, y);
}

static void onset(const struct plot *p)
{
    double x;

    if (!is_inside(p, p->card->onset))
        return;
    x = place_of(p, p->card->onset);
    rca_buf_fmt(p->buf,
                "<line class=\"onset\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" "
                "y2=\"%d\"/>",
                x, x, TOP, BOTTOM);
}

static void figure(const struct plot *p, const struct rca_explanation *e,
                   const struct rca_node *node)
{
    rca_buf_fmt(p->buf,
                "<svg class=\"plot %s\" width=\"100%%\" height=\"%d\" "
                "role=\"img\" aria-label=\"",
                rca_html_class(node->class), HEIGHT);
    rca_html_label(p->buf, e, node);
    rca_buf_str(p->buf, "\">");
    incident(p, e);
    band(p);
    levels(p, 0);
    times(p);
    onset(p);
    line(p);
    instead(p, e);
    levels(p, 1);
    rca_buf_str(p->buf, "</svg>\n");
}

/* --- in words ---------------------------------------------------------------*/

static void item(const struct plot *p, const char *mark, const char *text)
{
    rca_buf_fmt(p->buf, "<li><span class=\"key %s\"></span>%s", mark, text);
}

static void legend(const struct plot *p, const struct rca_explanation *e)
{
    const struct rca_chart *c = p->chart;
    char clock[RCA_TIME_TEXT_SIZE];

    rca_buf_str(p->buf, "<ul class=\"legend\">");
    if (isfinite(c->low) && isfinite(c->high)) {
        item(p, "usual", "usual (9 in 10 values): ");
        rca_html_value(p->buf, c->low, p->card->unit);
        rca_buf_str(p->buf, " to ");
        rca_html_value(p->buf, c->high, p->card->unit);
        rca_buf_str(p->buf, "</li>");
    }
    item(p, "incident", "in the incident: ");
    rca_html_value(p->buf, p->card->after, p->card->unit);
    rca_buf_str(p->buf, "</li>");
    if (isfinite(c->instead) && e->n_causes) {
        item(p, "instead", "had ");
        rca_html_name(p->buf, e->causes[0].card.name);
        rca_buf_str(p->buf, " been as usual: about ");
        rca_html_value(p->buf, c->instead, p->card->unit);
        rca_buf_str(p->buf, "</li>");
    }
    if (p->card->onset != RCA_TIME_NONE) {
        item(p, "onset", "began at ");
        rca_buf_fmt(p->buf, "%s</li>", rca_time_clock(p->card->onset, clock));
    }
    rca_buf_str(p->buf, "</ul>\n");
}

static void flow(struct rca_buf *buf, const struct rca_explanation *e,
                 const struct rca_flow *f, _Bool out)
{
    const struct rca_card *other = &e->nodes[out ? f->to : f->from].card;

    rca_buf_str(buf, out ? "<li>" : "<li>moved by ");
    if (out) {
        rca_html_text(buf, f->verb);
        rca_buf_str(buf, " → ");
    }
    rca_buf_fmt(buf, "<a href=\"#chart-%zu\">", out ? f->to : f->from);
    rca_html_name(buf, other->name);
    rca_buf_str(buf, "</a>: ");
    rca_buf_fmt(buf,
                out ? "%.0f %% of that card’s change"
                    : "%.0f %% of this card’s change",
                100 * f->share);
    rca_buf_str(buf, "</li>");
}

static void flows(struct rca_buf *buf, const struct rca_explanation *e,
                  size_t i)
{
    rca_buf_str(buf, "<ul class=\"flows\">");
    for (size_t f = 0; f < e->n_flows; f++) {
        if (e->flows[f].to == i)
            flow(buf, e, &e->flows[f], 0);
        if (e->flows[f].from == i)
            flow(buf, e, &e->flows[f], 1);
    }
    rca_buf_str(buf, "</ul>\n");
}

/* --- the whole --------------------------------------------------------------*/

static void summary(struct rca_buf *buf, const struct rca_explanation *e,
                    const struct rca_node *node)
{
    rca_buf_fmt(buf, "<summary><span class=\"badge %s\">",
                rca_html_class(node->class));
    rca_html_role(buf, e, node);
    rca_buf_str(buf, "</span> <b>");
    rca_html_name(buf, node->card.name);
    rca_buf_fmt(buf, "</b> %s ", rca_kind_name(node->card.kind));
    rca_html_text(buf, node->card.label);
    rca_buf_str(buf, " <span class=\"change\">");
    rca_html_change(buf, &node->card);
    rca_buf_str(buf, "</span></summary>\n");
}

void rca_html_chart(struct rca_buf *buf, const struct rca_explanation *e,
                    size_t i)
{
    const struct rca_node *node = &e->nodes[i];
    struct plot p = {buf, &node->card, &node->chart, NAN, NAN};
    const _Bool open =
        node->class == RCA_NODE_SYMPTOM || node->class == RCA_NODE_CAUSE;

    rca_buf_fmt(buf, "<details class=\"chart\" id=\"chart-%zu\"%s>\n", i,
                open ? " open" : "");
    summary(buf, e, node);
    if (set_range(&p))
        figure(&p, e, node);
    else
        rca_buf_str(buf, "<p>There is no data to draw.</p>\n");
    legend(&p, e);
    rca_html_died(buf, e, i);
    flows(buf, e, i);
    if (node->card.host && node->card.host[0]) {
        rca_buf_str(buf, "<p class=\"faded\">on ");
        rca_html_name(buf, node->card.host);
        rca_buf_str(buf, ", metric ");
        rca_html_name(buf, node->card.metric);
        rca_buf_str(buf, "</p>\n");
    }
    rca_buf_str(buf, "</details>\n");
}
