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

#include "cli/render.h"
#include "cli/spark.h"
#include "cli/words.h"
#include "graph/base/time.h"
#include "graph/metric.h"

#define FONT "DejaVu Sans,Verdana,sans-serif"
#define INK "#1B1F24"
#define FADED "#57606A"
#define WIDEST 6.0 /* arrow, points */

static const struct style {
    const char *class;
    const char *border;
    const char *paper;
    const char *text;
    double width;
} styles[] = {
    [RCA_NODE_CAUSE] = {"cause", "#D55E00", "#FFF4EC", "#B34700", 3},
    [RCA_NODE_PATH] = {"path", "#E69F00", "#FFFCF3", "#8A5A00", 1.5},
    [RCA_NODE_SYMPTOM] = {"symptom", "#0072B2", "#EFF7FC", "#005A8C", 3},
    [RCA_NODE_OTHER] = {"alt", "#8C959F", "#FFFFFF", "#57606A", 1.2},
};

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

static void title_row(struct rca_buf *buf, const struct rca_explanation *e,
                      words_of *words, double size, const char *colour)
{
    struct rca_buf text = {0};

    words(&text, e);
    if (!text.len && !text.err)
        return;
    rca_buf_str(buf, "<TR><TD ALIGN=\"LEFT\">");
    put_words(buf, &text, size, colour, size > 15);
    rca_buf_str(buf, "</TD></TR>\n");
}

static void title(struct rca_buf *buf, const struct rca_explanation *e)
{
    const char *colour = e->verdict == RCA_VERDICT_CAUSE ? "#B34700" : FADED;

    rca_buf_str(buf, "  graph [rankdir=TB, bgcolor=\"white\", pad=\"0.3\", "
                     "nodesep=\"0.35\", ranksep=\"0.32\", splines=line, "
                     "newrank=true, fontname=\"" FONT "\", labelloc=t, "
                     "labeljust=l, tooltip=\" \",\n    label=<<TABLE "
                     "BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
                     "CELLPADDING=\"2\">\n");
    title_row(buf, e, rca_words_title, 24, INK);
    title_row(buf, e, rca_words_answer, 16, colour);
    title_row(buf, e, rca_words_sure, 12.5, FADED);
    title_row(buf, e, rca_words_what_if, 12.5, FADED);
    rca_buf_str(buf, "<TR><TD HEIGHT=\"8\"></TD></TR></TABLE>>];\n"
                     "  node [shape=plain, fontname=\"" FONT "\"];\n"
                     "  edge [fontname=\"" FONT "\", arrowsize=0.75];\n");
}

/* --- footer -----------------------------------------------------------------*/

static void footer_head(struct rca_buf *buf, const char *head)
{
    rca_buf_str(buf, "<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\">");
    font(buf, 11, INK, 1);
    rca_buf_str(buf, head);
    end_font(buf, 1);
}

static void footer_line(struct rca_buf *buf, const char *mark, const char *text)
{
    rca_buf_str(buf, "<BR/>");
    font(buf, 11, FADED, 0);
    rca_buf_str(buf, mark);
    rca_dot_html(buf, text);
    end_font(buf, 0);
}

/* "1,204" */
static const char *thousands(size_t n, char buf[32])
{
    if (n < 1000)
        (void)snprintf(buf, 32, "%zu", n);
    else
        (void)snprintf(buf, 32, "%zu,%03zu", n / 1000, n % 1000);
    return buf;
}

static void footer_list(struct rca_buf *buf, const struct rca_explanation *e)
{
    char text[128], metrics[32];

    footer_head(buf, "Checked, found normal");
    for (size_t i = 0; i < e->n_checked; i++)
        footer_line(buf, "✓ ", e->checked[i]);
    if (e->checked_entities > e->n_checked) {
        (void)snprintf(text, sizeof(text),
                       "%zu more entities (%s metrics in all)",
                       e->checked_entities - e->n_checked,
                       thousands(e->checked_metrics, metrics));
        footer_line(buf, "✓ ", text);
    }
    if (!e->checked_entities)
        footer_line(buf, "", "nothing");
    rca_buf_str(buf, "</TD></TR>");
    if (!e->n_unseen)
        return;
    footer_head(buf, "Could not see");
    for (size_t i = 0; i < e->n_unseen; i++)
        footer_line(buf, "! ", e->unseen[i]);
    rca_buf_str(buf, "</TD></TR>");
}

static void footer_legend(struct rca_buf *buf, const struct rca_explanation *e)
{
    char a[RCA_TIME_TEXT_SIZE], b[RCA_TIME_TEXT_SIZE], text[128];

    footer_head(buf, "How to read this");
    footer_line(buf, "",
                "An arrow points from cause to effect; thicker is "
                "stronger.");
    footer_line(buf, "",
                "% is how much of the lower card’s change would "
                "vanish");
    footer_line(buf, "", "had the upper card stayed as usual.");
    (void)snprintf(text, sizeof(text), "Bars run from %s to %s.",
                   rca_time_clock(e->spark_from, a),
                   rca_time_clock(e->spark_to, b));
    footer_line(buf, "", text);
    if (e->n_left_out) {
        (void)snprintf(text, sizeof(text), "%zu weaker %s left out.",
                       e->n_left_out,
                       e->n_left_out == 1 ? "card is" : "cards are");
        footer_line(buf, "", text);
    }
    rca_buf_str(buf, "</TD></TR>");
}

static void footer(struct rca_buf *buf, const struct rca_explanation *e)
{
    rca_buf_str(buf, "  subgraph cluster_page {\n    penwidth=0; margin=0; "
                     "labelloc=b; labeljust=l; tooltip=\" \";\n    "
                     "label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" "
                     "CELLSPACING=\"0\" CELLPADDING=\"5\"><TR><TD "
                     "HEIGHT=\"6\"></TD></TR>");
    footer_list(buf, e);
    footer_legend(buf, e);
    rca_buf_str(buf, "</TABLE>>;\n");
}

/* --- cards ------------------------------------------------------------------*/

static void banner(struct rca_buf *buf, const struct rca_explanation *e,
                   const struct rca_node *node, double share)
{
    const struct style *style = &styles[node->class];

    if (node->class == RCA_NODE_PATH) {
        rca_buf_str(buf, "<TR><TD COLSPAN=\"3\" HEIGHT=\"3\" "
                         "CELLPADDING=\"0\"></TD></TR>\n");
        return;
    }
    rca_buf_fmt(buf,
                "<TR><TD COLSPAN=\"3\"><TABLE BORDER=\"0\" CELLBORDER=\"0\" "
                "CELLSPACING=\"0\" CELLPADDING=\"3\" BGCOLOR=\"%s\" "
                "STYLE=\"ROUNDED\"><TR><TD>",
                style->text);
    font(buf, 10.5, "white", 1);
    if (node->class == RCA_NODE_SYMPTOM)
        rca_buf_str(buf,
                    e->verdict == RCA_VERDICT_NORMAL ? "NORMAL" : "SYMPTOM");
    else
        rca_buf_fmt(buf, "#%u %s", node->rank,
                    node->class == RCA_NODE_CAUSE &&
                            e->verdict == RCA_VERDICT_CAUSE
                        ? "ROOT CAUSE"
                        : "POSSIBLE");
    if (node->class != RCA_NODE_SYMPTOM && isfinite(share))
        rca_buf_fmt(buf, " · %.0f %%", 100 * share);
    end_font(buf, 1);
    rca_buf_str(buf, "</TD></TR></TABLE></TD></TR>\n");
}

/* The next row's two cells: @left is plain text, @right is taken over. */
static void row(struct rca_buf *buf, const char *left, double size,
                struct rca_buf *right, double right_size, const char *colour)
{
    rca_buf_str(buf, "<TR><TD ALIGN=\"LEFT\">");
    font(buf, size, size > 11 ? INK : FADED, size > 14);
    rca_dot_html(buf, left);
    end_font(buf, size > 14);
    rca_buf_str(buf, "</TD><TD WIDTH=\"12\" CELLPADDING=\"0\"></TD>"
                     "<TD ALIGN=\"RIGHT\">");
    if (right->len || right->err)
        put_words(buf, right, right_size, colour, right_size > 14);
    rca_buf_str(buf, "</TD></TR>\n");
}

static void card(struct rca_buf *buf, const struct rca_explanation *e, size_t i,
                 double share)
{
    const struct rca_node *node = &e->nodes[i];
    const struct rca_card *c = &node->card;
    const struct style *style = &styles[node->class];
    struct rca_buf onset = {0}, factor = {0}, spark = {0}, change = {0};
    char *text RCA_CLEANUP(rca_freep) = NULL;
    char clock[RCA_TIME_TEXT_SIZE], bars[RCA_SPARK_TEXT], metric[128],
        name[RCA_WORDS_NAME_MAX + 1];

    if (c->onset != RCA_TIME_NONE)
        rca_buf_str(&onset, rca_time_clock(c->onset, clock));
    rca_words_factor(&factor, c);
    rca_buf_str(&spark, rca_spark_text(c->spark, RCA_SPARK, bars));
    rca_words_change(&change, c);
    if (rca_buf_take(&change, &text))
        buf->err = buf->err ? buf->err : -ENOMEM;

    rca_buf_fmt(buf,
                "    n%zu [id=\"n%zu\", class=\"%s\", URL=\"#n%zu\", "
                "tooltip=",
                i, i, style->class, i);
    rca_dot_quote(buf, c->name);
    rca_buf_fmt(buf,
                ", label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" "
                "CELLSPACING=\"0\" CELLPADDING=\"5\"><TR><TD><TABLE "
                "BORDER=\"%g\" COLOR=\"%s\" BGCOLOR=\"%s\" STYLE=\"ROUNDED\" "
                "CELLBORDER=\"0\" CELLSPACING=\"1\" CELLPADDING=\"3\">\n",
                style->width, style->border, style->paper);
    banner(buf, e, node, share);
    row(buf, rca_words_name(c->name, name), 15, &onset, 10.5, FADED);
    (void)snprintf(metric, sizeof(metric), "%s %s", rca_kind_name(c->kind),
                   c->label);
    row(buf, metric, 11.5, &factor, 14.5, style->text);
    row(buf, text ? text : "", 10.5, &spark, 11, style->text);
    rca_buf_str(buf, "</TABLE></TD></TR></TABLE>>];\n");
}

static double share_of(const struct rca_explanation *e,
                       const struct rca_node *node)
{
    return node->rank && node->rank <= e->n_causes
               ? e->causes[node->rank - 1].share
               : NAN;
}

static void arrow(struct rca_buf *buf, const struct rca_flow *flow)
{
    const char *line = flow->main ? "#D55E00" : "#8C959F";
    const char *text = flow->main ? "#B34700" : FADED;
    int percent = (int)lround(100 * flow->share);

    rca_buf_fmt(buf,
                "    n%zu -> n%zu [id=\"n%zu--n%zu\", penwidth=%.1f, "
                "color=\"%s\", weight=%d, label=<<TABLE BORDER=\"0\" "
                "CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"0\"><TR><TD "
                "WIDTH=\"12\" ROWSPAN=\"2\"></TD><TD ALIGN=\"LEFT\">",
                flow->from, flow->to, flow->from, flow->to,
                fmax(1, WIDEST * flow->share), line, flow->main ? 1000 : 0);
    font(buf, 10.5, FADED, 0);
    rca_dot_html(buf, flow->verb);
    end_font(buf, 0);
    rca_buf_str(buf, "</TD></TR><TR><TD ALIGN=\"LEFT\">");
    font(buf, 13.5, text, 1);
    rca_buf_fmt(buf, "%d %%", percent);
    end_font(buf, 1);
    rca_buf_str(buf, "</TD></TR></TABLE>>, edgetooltip=");
    rca_dot_quote(buf, flow->verb);
    rca_buf_str(buf, ", labeltooltip=");
    rca_dot_quote(buf, flow->verb);
    rca_buf_str(buf, "];\n");
}

/* --- layout -----------------------------------------------------------------*/

static _Bool same_host(const struct rca_card *a, const struct rca_card *b)
{
    return a->host[0] && strcmp(a->host, b->host) == 0;
}

/* Whether @i is the first card of a host that has several, and others lie
 * elsewhere: a frame around everything would say nothing. */
static _Bool leads_cluster(const struct rca_explanation *e, size_t i)
{
    size_t here = 0, before = 0;

    for (size_t k = 0; k < e->n_nodes; k++) {
        _Bool same = same_host(&e->nodes[i].card, &e->nodes[k].card);

        here += same;
        before += same && k < i;
    }
    return !before && here > 1 && here < e->n_nodes;
}

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
        if (same_host(&e->nodes[first].card, &e->nodes[i].card))
            rca_buf_fmt(buf, " n%zu;", i);
    }
    rca_buf_str(buf, "\n    }\n");
}

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

int rca_render_dot(const struct rca_explanation *e, struct rca_buf *buf)
{
    rca_buf_str(buf, "digraph explain {\n");
    title(buf, e);
    footer(buf, e);
    for (size_t i = 0; i < e->n_nodes; i++)
        card(buf, e, i, share_of(e, &e->nodes[i]));
    for (size_t i = 0; i < e->n_nodes; i++) {
        if (leads_cluster(e, i))
            cluster(buf, e, i);
    }
    for (size_t f = 0; f < e->n_flows; f++)
        arrow(buf, &e->flows[f]);
    place_beside(buf, e);
    rca_buf_str(buf, "  }\n}\n");
    return buf->err;
}
