/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The causes as a table, and the symptom's change divided among them as a
 * waterfall: a bar from zero to what was usual, one for each part from where
 * the one before it ended, and one to what is.
 */

#include <math.h>

#include "cli/html.h"
#include "graph/base/time.h"
#include "graph/metric.h"

/* --- table ------------------------------------------------------------------*/

/* Whether the method says more than a ranking. */
static _Bool has_shares(const struct rca_explanation *e)
{
    return isfinite(e->causes[0].share);
}

/* On a phone the columns lie below each other: each cell has its heading. */
static void cell(struct rca_buf *buf, const char *heading)
{
    rca_buf_fmt(buf, "<td data-label=\"%s\">", heading);
}

static void percent(struct rca_buf *buf, const char *heading, double x)
{
    rca_buf_fmt(buf, "<td class=\"short\" data-label=\"%s\">", heading);
    if (isfinite(x))
        rca_buf_fmt(buf, "%.0f %%", 100 * x);
    else
        rca_buf_str(buf, "–");
    rca_buf_str(buf, "</td>");
}

static void without(struct rca_buf *buf, const struct rca_cause *c,
                    enum rca_unit unit)
{
    cell(buf, "symptom without it");
    if (isfinite(c->value))
        rca_html_value(buf, c->value, unit);
    else
        rca_buf_str(buf, "–");
    if (isfinite(c->low) && isfinite(c->high)) {
        rca_buf_str(buf, " <span class=\"faded\">(");
        rca_html_value(buf, c->low, unit);
        rca_buf_str(buf, " to ");
        rca_html_value(buf, c->high, unit);
        rca_buf_str(buf, ")</span>");
    }
    rca_buf_str(buf, "</td>");
}

static void evidence(struct rca_buf *buf, const struct rca_cause *c)
{
    cell(buf, "evidence");
    for (size_t i = 0; i < RCA_REASONS && c->reasons[i]; i++) {
        rca_buf_str(buf, i ? "; " : "");
        rca_html_text(buf, c->reasons[i]);
    }
    rca_buf_str(buf, c->reasons[0] ? "</td>" : "–</td>");
}

static void cause(struct rca_buf *buf, const struct rca_explanation *e,
                  size_t i)
{
    const struct rca_cause *c = &e->causes[i];
    char clock[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf, "<tr><td data-label=\"rank\">%zu</td>", i + 1);
    rca_buf_str(buf, "<td class=\"name\" data-label=\"entity\">");
    rca_buf_fmt(buf, "%s ", rca_kind_name(c->card.kind));
    rca_html_name(buf, c->card.name);
    rca_buf_str(buf, "</td>");
    rca_buf_str(buf, "<td class=\"metric\" data-label=\"metric\">");
    rca_html_text(buf, c->card.label);
    rca_buf_str(buf, "</td><td class=\"change\" data-label=\"change\">");
    rca_html_change(buf, &c->card);
    rca_buf_str(buf, "</td>");
    rca_buf_fmt(buf, "<td class=\"short\" data-label=\"began\">%s</td>",
                c->card.onset == RCA_TIME_NONE
                    ? "–"
                    : rca_time_clock(c->card.onset, clock));
    if (has_shares(e)) {
        percent(buf, "share", c->share);
        percent(buf, "confidence", c->confidence);
        without(buf, c, e->symptom.unit);
        evidence(buf, c);
    }
    rca_buf_str(buf, "</tr>\n");
}

void rca_html_causes(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (!e->n_causes)
        return;
    rca_buf_fmt(buf,
                "<section id=\"causes\"><h2>%s</h2>\n<table><thead><tr>"
                "<th>#</th><th>entity</th><th>metric</th><th>change</th>"
                "<th>began</th>%s</tr></thead><tbody>\n",
                e->verdict == RCA_VERDICT_CAUSE ? "Root causes" : "Candidates",
                has_shares(e) ? "<th>share</th><th>confidence</th><th>symptom "
                                "without it</th><th>evidence</th>"
                              : "");
    for (size_t i = 0; i < e->n_causes; i++)
        cause(buf, e, i);
    rca_buf_str(buf, "</tbody></table>\n<p class=\"faded\">");
    rca_buf_str(buf, has_shares(e)
                         ? "Share: how much of the symptom’s change would "
                           "vanish without it. Confidence: how likely it is "
                           "the root cause."
                         : "This method ranks causes, and says no more.");
    rca_buf_str(buf, "</p></section>\n");
}

/* --- waterfall --------------------------------------------------------------*/

/** struct scale - @low, @high: values at the left and the right end */
struct scale {
    double low, high;
};

static void widen(struct scale *s, double x)
{
    s->low = fmin(s->low, x);
    s->high = fmax(s->high, x);
}

static double place(const struct scale *s, double x)
{
    return 100 * (x - s->low) / (s->high - s->low);
}

static void bar(struct rca_buf *buf, const struct scale *s, const char *class,
                double from, double to)
{
    const double a = place(s, fmin(from, to)), b = place(s, fmax(from, to));

    rca_buf_fmt(buf,
                "<td class=\"bar\"><svg width=\"100%%\" height=\"18\" "
                "aria-hidden=\"true\"><rect class=\"%s\" x=\"%.2f%%\" "
                "width=\"%.2f%%\" y=\"1\" height=\"16\"/></svg></td></tr>\n",
                class, fmin(a, 99.5), fmax(b - a, 0.5));
}

static void row(struct rca_buf *buf, const char *text)
{
    rca_buf_fmt(buf, "<tr><th scope=\"row\">%s", text);
}

static const char *put_part(struct rca_buf *buf,
                            const struct rca_explanation *e,
                            const struct rca_part *part)
{
    const struct rca_card *card;

    switch (part->kind) {
    case RCA_PART_OTHERS:
        row(buf, "others, not listed");
        return "alt";
    case RCA_PART_UNEXPLAINED:
        row(buf, "noise of nobody in particular");
        return "noise";
    case RCA_PART_FEEDBACK:
        row(buf, "went round in cycles");
        return "noise";
    case RCA_PART_CAUSE:
        break;
    }
    assert(part->cause < e->n_causes);
    card = &e->causes[part->cause].card;
    row(buf, "");
    rca_buf_fmt(buf, "#%zu ", part->cause + 1);
    rca_html_name(buf, card->name);
    return part->cause ? "alt" : "cause";
}

/* "+124 ms", "−3 ms (relief)" */
static void amount(struct rca_buf *buf, const struct rca_explanation *e,
                   double x)
{
    const _Bool relief = x * (e->symptom.after - e->symptom.before) < 0;

    rca_buf_str(buf, x < 0 ? "−" : "+");
    rca_html_value(buf, fabs(x), e->symptom.unit);
    rca_buf_str(buf, relief ? " <span class=\"faded\">relief</span>" : "");
}

static void total(struct rca_buf *buf, const struct rca_explanation *e,
                  const struct scale *s, const char *text, double x)
{
    row(buf, text);
    rca_buf_str(buf, "</th><td class=\"number\">");
    rca_html_value(buf, x, e->symptom.unit);
    rca_buf_str(buf, "</td>");
    bar(buf, s, "symptom", fmin(fmax(0, s->low), s->high), x);
}

static struct scale scale_of(const struct rca_explanation *e)
{
    struct scale s = {e->symptom.before, e->symptom.before};
    double x = e->symptom.before;

    for (size_t i = 0; i < e->n_parts; i++)
        widen(&s, x += e->parts[i].amount);
    widen(&s, e->symptom.after);
    if (s.low > 0 && s.low < s.high / 2)
        s.low = 0;
    return s;
}

void rca_html_parts(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct scale s = scale_of(e);
    double x = e->symptom.before;

    if (!e->n_parts || !isfinite(s.high - s.low) || !(s.high > s.low))
        return;
    rca_buf_str(buf, "<section id=\"change\"><h2>What the change of ");
    rca_html_text(buf, e->symptom.label);
    rca_buf_str(buf, " is made of</h2>\n<table class=\"parts\"><tbody>\n");
    total(buf, e, &s, "as usual", e->symptom.before);
    for (size_t i = 0; i < e->n_parts; i++) {
        const struct rca_part *part = &e->parts[i];
        const char *class = put_part(buf, e, part);

        rca_buf_str(buf, "</th><td class=\"number\">");
        amount(buf, e, part->amount);
        rca_buf_str(buf, "</td>");
        bar(buf, &s, class, x, x + part->amount);
        x += part->amount;
    }
    total(buf, e, &s, "in the incident", e->symptom.after);
    rca_buf_str(buf, "</tbody></table></section>\n");
}
