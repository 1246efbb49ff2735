/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The answer as a picture: cards from the cause down to the symptom, an arrow
 * from cause to effect with one number, the question as its title, and what
 * was checked, what was not seen, how to read it below.
 *
 * Of HTML-like labels: a card lies in a borderless table of 5 px, or thick
 * arrowheads pierce it; text never begins or ends with a blank, since viewers
 * of SVG drop it; distances are cells. Colours are Okabe and Ito's, text is
 * darkened to a contrast of 5:1 at least, and each role has its words and its
 * border too.
 */

#include "graph/dot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/card.h"
#include "cli/packets.h"
#include "cli/render.h"
#include "cli/spark.h"
#include "cli/words.h"
#include "graph/base/time.h"
#include "graph/metric.h"

#define FONT "DejaVu Sans,Verdana,sans-serif"
#define INK "#1B1F24"
#define FADED "#57606A"

static void font(struct rca_buf *buf, double size, const char *colour,
                 _Bool bold)
{
    rca_buf_fmt(buf, "<FONT POINT-SIZE=\"%g\" COLOR=\"%s\">%s", size, colour,
                bold ? "<B>" : "");
}

static void end_font(struct rca_buf *buf, _Bool bold)
{
    rca_buf_str(buf, bold ? "</B></FONT>" : "</FONT>");
}

/* @words: what rca_words_*() put there; taken over. */
static void put_words(struct rca_buf *buf, struct rca_buf *words, double size,
                      const char *colour, _Bool bold)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;

    if (rca_buf_take(words, &text)) {
        buf->err = buf->err ? buf->err : -ENOMEM;
        return;
    }
    font(buf, size, colour, bold);
    rca_dot_html(buf, text);
    end_font(buf, bold);
}

typedef void words_of(struct rca_buf *, const struct rca_explanation *);

/* @width: characters that fit into the page at that size */
static void title_row(struct rca_buf *buf, const struct rca_explanation *e,
                      words_of *words, size_t width, double size,
                      const char *colour)
{
    struct rca_buf text = {0}, lines = {0};
    char *whole RCA_CLEANUP(rca_freep) = NULL;

    words(&text, e);
    if (!text.len && !text.err)
        return;
    if (rca_buf_take(&text, &whole)) {
        buf->err = buf->err ? buf->err : -ENOMEM;
        return;
    }
    rca_card_wrap(&lines, whole, width);
    rca_buf_str(buf, "<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\">");
    put_words(buf, &lines, size, colour, size > 15);
    rca_buf_str(buf, "</TD></TR>\n");
}

static void title(struct rca_buf *buf, const struct rca_explanation *e)
{
    const char *colour = e->verdict == RCA_VERDICT_CAUSE ? "#B34700" : FADED;

    rca_buf_str(buf, ",\n    label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" "
                     "CELLSPACING=\"0\" CELLPADDING=\"2\">\n");
    title_row(buf, e, rca_words_title, 38, 24, INK);
    title_row(buf, e, rca_words_answer, 56, 16, colour);
    title_row(buf, e, rca_words_sure, 84, 12.5, FADED);
    title_row(buf, e, rca_words_what_if, 84, 12.5, FADED);
    rca_buf_str(buf, "<TR><TD HEIGHT=\"8\"></TD></TR></TABLE>>");
}

/* @e: whose title it gets, or NULL */
static void defaults(struct rca_buf *buf, const struct rca_explanation *e)
{
    rca_buf_str(buf, "  graph [rankdir=TB, bgcolor=\"white\", pad=\"0.3\", "
                     "nodesep=\"0.35\", ranksep=\"0.32\", splines=line, "
                     "newrank=true, fontname=\"" FONT "\", labelloc=t, "
                     "labeljust=l, tooltip=\" \"");
    if (e)
        title(buf, e);
    rca_buf_str(buf, "];\n"
                     "  node [shape=plain, fontname=\"" FONT "\"];\n"
                     "  edge [fontname=\"" FONT "\", arrowsize=0.75];\n");
}

/* --- footer -----------------------------------------------------------------*/

/* struct footer - a table row for each head, its lines in one cell */
struct footer {
    struct rca_buf *buf;
    _Bool open;
};

static void footer_line(void *context, const char *head, const char *line)
{
    struct footer *f = context;
    struct rca_buf *buf = f->buf, lines = {0};

    if (head[0]) {
        rca_buf_str(buf, f->open ? "</TD></TR>\n" : "");
        rca_buf_str(buf, "<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\">");
        font(buf, 11, INK, 1);
        rca_buf_str(buf, head);
        end_font(buf, 1);
        f->open = 1;
    }
    rca_buf_str(buf, "<BR/>");
    rca_card_wrap(&lines, line, RCA_NOTE_WIDTH);
    put_words(buf, &lines, 11, FADED, 0);
}

static void footer(struct rca_buf *buf, const struct rca_explanation *e)
{
    struct footer f = {.buf = buf};

    rca_buf_str(buf, "  subgraph cluster_page {\n    penwidth=0; margin=0; "
                     "labelloc=b; labeljust=l; tooltip=\" \";\n    "
                     "label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" "
                     "CELLSPACING=\"0\" CELLPADDING=\"5\"><TR><TD "
                     "HEIGHT=\"6\"></TD></TR>\n");
    rca_card_notes(e, 1, footer_line, &f);
    rca_buf_str(buf, "</TD></TR></TABLE>>;\n");
}

/* --- cards ------------------------------------------------------------------*/

static void banner(struct rca_buf *buf, const struct rca_explanation *e,
                   const struct rca_node *node)
{
    struct rca_buf text = {0};

    rca_card_banner(&text, e, node);
    if (!text.len && !text.err) {
        rca_buf_str(buf, "<TR><TD COLSPAN=\"3\" HEIGHT=\"3\" "
                         "CELLPADDING=\"0\"></TD></TR>\n");
        return;
    }
    rca_buf_fmt(buf,
                "<TR><TD COLSPAN=\"3\"><TABLE BORDER=\"0\" CELLBORDER=\"0\" "
                "CELLSPACING=\"0\" CELLPADDING=\"3\" BGCOLOR=\"%s\" "
                "STYLE=\"ROUNDED\"><TR><TD>",
                rca_card_style(node->class)->text);
    put_words(buf, &text, 10.5, "white", 1);
    rca_buf_str(buf, "</TD></TR></TABLE></TD></TR>\n");
}

/* The next row's two cells, both taken over. */
static void row(struct rca_buf *buf, struct rca_buf *left, double size,
                struct rca_buf *right, double right_size, const char *colour)
{
    rca_buf_str(buf, "<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\">");
    put_words(buf, left, size, size > 11 ? INK : FADED, size > 14);
    rca_buf_str(buf, "</TD><TD WIDTH=\"12\" CELLPADDING=\"0\"></TD>"
                     "<TD ALIGN=\"RIGHT\">");
    if (right->len || right->err)
        put_words(buf, right, right_size, colour, right_size > 14);
    rca_buf_str(buf, "</TD></TR>\n");
}

static void card_rows(struct rca_buf *buf, const struct rca_card *c,
                      const char *colour)
{
    struct rca_buf name = {0}, onset = {0}, metric = {0}, factor = {0},
                   change = {0}, spark = {0};
    char clock[RCA_TIME_TEXT_SIZE], bars[RCA_SPARK_TEXT];

    rca_card_name(&name, c);
    if (c->onset != RCA_TIME_NONE)
        rca_buf_str(&onset, rca_time_clock(c->onset, clock));
    row(buf, &name, 15, &onset, 10.5, FADED);
    rca_card_metric(&metric, c);
    rca_words_factor(&factor, c);
    row(buf, &metric, 11.5, &factor, 14.5, colour);
    rca_words_change(&change, c);
    rca_buf_str(&spark, rca_spark_text(c->spark, RCA_SPARK, bars));
    row(buf, &change, 10.5, &spark, 11, colour);
}

/* the packets that died there, over the width of the card */
static void packets_row(struct rca_buf *buf, const struct rca_explanation *e,
                        size_t i, const char *colour)
{
    struct rca_buf text = {0}, lines = {0};
    char *whole RCA_CLEANUP(rca_freep) = NULL;

    rca_packets_card(&text, e, i);
    whole = rca_card_take(buf, &text, RCA_CARD_WIDTH);
    if (!whole)
        return;
    rca_buf_str(&lines, whole);
    rca_buf_str(buf, "<TR><TD COLSPAN=\"3\" ALIGN=\"LEFT\" "
                     "BALIGN=\"LEFT\">");
    put_words(buf, &lines, 11.5, colour, 1);
    rca_buf_str(buf, "</TD></TR>\n");
}

static void card(struct rca_buf *buf, const struct rca_explanation *e, size_t i)
{
    const struct rca_node *node = &e->nodes[i];
    const struct rca_card_style *style = rca_card_style(node->class);

    rca_buf_fmt(buf,
                "    n%zu [id=\"n%zu\", class=\"%s\", URL=\"#n%zu\", "
                "tooltip=",
                i, i, style->class, i);
    rca_dot_tooltip(buf, node->card.name);
    rca_buf_fmt(buf,
                ", label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" "
                "CELLSPACING=\"0\" CELLPADDING=\"5\"><TR><TD><TABLE "
                "BORDER=\"%g\" COLOR=\"%s\" BGCOLOR=\"%s\" STYLE=\"ROUNDED\" "
                "CELLBORDER=\"0\" CELLSPACING=\"1\" CELLPADDING=\"3\">\n",
                style->width, style->border, style->paper);
    banner(buf, e, node);
    card_rows(buf, &node->card, style->text);
    packets_row(buf, e, i, style->text);
    rca_buf_str(buf, "</TABLE></TD></TR></TABLE>>];\n");
}

/* --- arrows -----------------------------------------------------------------*/

/* The card before @node on the main path, or n_nodes. */
static size_t predecessor(const struct rca_explanation *e, size_t node)
{
    for (size_t f = 0; f < e->n_flows; f++) {
        if (e->flows[f].main && e->flows[f].to == node)
            return e->flows[f].from;
    }
    return e->n_nodes;
}

static _Bool is_on_path(const struct rca_explanation *e, size_t node)
{
    for (size_t f = 0; f < e->n_flows; f++) {
        if (e->flows[f].main &&
            (e->flows[f].from == node || e->flows[f].to == node))
            return 1;
    }
    return 0;
}

/* Whether @flow comes to the main path from beside it. */
static _Bool joins_path(const struct rca_explanation *e,
                        const struct rca_flow *flow)
{
    return !flow->main && !is_on_path(e, flow->from) &&
           predecessor(e, flow->to) < e->n_nodes;
}

/* How much an arrow wants to be short and straight: those of the main path most;
 * those that join it from beside not at all, as their cards have their place
 * (place_beside()). Others somewhat, or cards would lie between. */
static int weight_of(const struct rca_explanation *e,
                     const struct rca_flow *flow)
{
    if (flow->main)
        return 1000;
    return joins_path(e, flow) ? 0 : 2;
}

/* "batch-job takes CPU: 96 % of the change of host-3" */
static void arrow_tip(struct rca_buf *buf, const struct rca_explanation *e,
                      const struct rca_flow *flow)
{
    struct rca_buf tip = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;

    rca_buf_fmt(&tip, "%s %s: ", e->nodes[flow->from].card.name, flow->verb);
    rca_card_share(&tip, flow->share);
    rca_buf_fmt(&tip, " of the change of %s", e->nodes[flow->to].card.name);
    if (rca_buf_take(&tip, &text)) {
        buf->err = buf->err ? buf->err : -ENOMEM;
        return;
    }
    rca_buf_str(buf, ", edgetooltip=");
    rca_dot_tooltip(buf, text);
    rca_buf_str(buf, ", labeltooltip=");
    rca_dot_tooltip(buf, text);
}

static void arrow(struct rca_buf *buf, const struct rca_explanation *e,
                  const struct rca_flow *flow)
{
    struct rca_buf share = {0};

    rca_buf_fmt(buf,
                "    n%zu -> n%zu [id=\"n%zu--n%zu\", class=\"%s\", "
                "URL=\"#n%zu\", penwidth=%.1f, color=\"%s\", weight=%d, "
                "label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" "
                "CELLSPACING=\"0\" CELLPADDING=\"0\"><TR><TD WIDTH=\"12\" "
                "ROWSPAN=\"2\"></TD><TD ALIGN=\"LEFT\">",
                flow->from, flow->to, flow->from, flow->to,
                flow->main ? "main" : "alt", flow->to,
                rca_card_width(flow->share), rca_card_colour(flow),
                weight_of(e, flow));
    font(buf, 10.5, FADED, 0);
    rca_dot_html(buf, flow->verb);
    end_font(buf, 0);
    rca_buf_str(buf, "</TD></TR><TR><TD ALIGN=\"LEFT\">");
    rca_card_share(&share, flow->share);
    put_words(buf, &share, 13.5, flow->main ? "#B34700" : FADED, 1);
    rca_buf_str(buf, "</TD></TR></TABLE>>");
    arrow_tip(buf, e, flow);
    rca_buf_str(buf, "];\n");
}

/* --- layout -----------------------------------------------------------------*/

static void cluster(struct rca_buf *buf, const struct rca_explanation *e,
                    size_t first)
{
    const char *host = e->nodes[first].card.host;

    rca_buf_fmt(buf, "    subgraph cluster_host%zu {\n      label=<", first);
    font(buf, 11, FADED, 1);
    rca_buf_str(buf, "on one machine: ");
    rca_dot_html(buf, host);
    end_font(buf, 1);
    rca_buf_str(buf, ">; labelloc=t; labeljust=l; style=\"rounded,filled\"; "
                     "fillcolor=\"#F6F8FA\"; color=\"#D0D7DE\"; "
                     "penwidth=1.2; margin=12; tooltip=");
    rca_dot_quote(buf, host);
    rca_buf_str(buf, ";\n     ");
    for (size_t i = first; i < e->n_nodes; i++) {
        if (rca_card_same_host(&e->nodes[first].card, &e->nodes[i].card))
            rca_buf_fmt(buf, " n%zu;", i);
    }
    rca_buf_str(buf, "\n    }\n");
}

static _Bool is_placed(const struct rca_explanation *e, size_t flow)
{
    for (size_t f = 0; f < flow; f++) {
        if (joins_path(e, &e->flows[f]) &&
            e->flows[f].from == e->flows[flow].from)
            return 1;
    }
    return 0;
}

/* A card beside the path lies at the height of the card above the one that it
 * moves, so that its arrow crosses none; several are chained to the right. */
static void place_beside(struct rca_buf *buf, const struct rca_explanation *e)
{
    for (size_t f = 0; f < e->n_flows; f++) {
        const struct rca_flow *flow = &e->flows[f];
        size_t left = predecessor(e, flow->to);

        if (!joins_path(e, flow) || is_placed(e, f))
            continue;
        for (size_t k = 0; k < f; k++) {
            if (joins_path(e, &e->flows[k]) && !is_placed(e, k) &&
                e->flows[k].to == flow->to)
                left = e->flows[k].from;
        }
        rca_buf_fmt(buf, "    { rank=same; n%zu -> n%zu [style=invis]; }\n",
                    left, flow->from);
    }
}

static void cards(struct rca_buf *buf, const struct rca_explanation *e)
{
    for (size_t i = 0; i < e->n_nodes; i++)
        card(buf, e, i);
    for (size_t i = 0; i < e->n_nodes; i++) {
        if (rca_card_leads_frame(e, i))
            cluster(buf, e, i);
    }
    for (size_t f = 0; f < e->n_flows; f++)
        arrow(buf, e, &e->flows[f]);
    place_beside(buf, e);
}

int rca_render_dot(const struct rca_explanation *e, struct rca_buf *buf)
{
    rca_buf_str(buf, "digraph explain {\n");
    defaults(buf, e);
    footer(buf, e);
    cards(buf, e);
    rca_buf_str(buf, "  }\n}\n");
    return buf->err;
}

int rca_render_graph(const struct rca_explanation *e, struct rca_buf *buf)
{
    rca_buf_str(buf, "digraph explain {\n");
    defaults(buf, NULL);
    cards(buf, e);
    rca_buf_str(buf, "}\n");
    return buf->err;
}
