/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The answer as DOT without HTML-like labels, for tools that read DOT and are
 * not Graphviz (xdot, Gephi, networkx through pydot): the only nodes are the
 * cards, all at the top level, and their numbers are attributes, too. Title and
 * notes are the label of the graph.
 */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/card.h"
#include "cli/packets.h"
#include "cli/render.h"
#include "cli/words.h"
#include "graph/base/time.h"
#include "graph/dot.h"

#define FONT "DejaVu Sans,Verdana,sans-serif"

/* A piece of a label; @text is taken over. Each of its lines ends in @end. */
static void put_lines(struct rca_buf *buf, struct rca_buf *text, size_t width,
                      const char *end)
{
    char *wrapped RCA_CLEANUP(rca_freep) = rca_card_take(buf, text, width);

    for (char *line = wrapped, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        rca_dot_text(buf, line);
        rca_buf_str(buf, end);
    }
}
#define LEFT "\\l"

static void note(void *context, const char *head, const char *line)
{
    struct rca_buf *buf = context, text = {0};

    if (head[0]) {
        rca_buf_str(buf, LEFT);
        rca_dot_text(buf, head);
        rca_buf_str(buf, LEFT);
    }
    rca_buf_str(&text, line);
    put_lines(buf, &text, RCA_NOTE_WIDTH, LEFT);
}

static void label(struct rca_buf *buf, const struct rca_explanation *e)
{
    void (*const words[])(struct rca_buf *, const struct rca_explanation *) = {
        rca_words_title, rca_words_answer, rca_words_sure, rca_words_what_if};

    rca_buf_str(buf, "  graph [rankdir=TB, labelloc=t, labeljust=l, "
                     "fontname=\"" FONT "\", label=\"");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(words); i++) {
        struct rca_buf text = {0};

        words[i](&text, e);
        put_lines(buf, &text, RCA_NOTE_WIDTH, LEFT);
    }
    rca_card_notes(e, 0, note, buf);
    rca_buf_str(buf, LEFT "\"];\n"
                          "  node [shape=box, style=\"rounded,filled\", "
                          "fontname=\"" FONT "\", fontsize=11, "
                          "fontcolor=\"#1B1F24\"];\n"
                          "  edge [fontname=\"" FONT "\", fontsize=11, "
                          "fontcolor=\"#57606A\"];\n");
}

static void number(struct rca_buf *buf, const char *key, double x)
{
    if (isfinite(x))
        rca_buf_fmt(buf, ", %s=\"%.6g\"", key, x);
}

static void card_label(struct rca_buf *buf, const struct rca_explanation *e,
                       const struct rca_node *node)
{
    struct rca_buf banner = {0}, name = {0}, metric = {0}, change = {0},
                   packets = {0};
    const struct rca_card *c = &node->card;
    char clock[RCA_TIME_TEXT_SIZE];

    rca_card_banner(&banner, e, node);
    put_lines(buf, &banner, RCA_NOTE_WIDTH, "\\n");
    rca_card_name(&name, c);
    put_lines(buf, &name, RCA_CARD_WIDTH, "\\n");
    rca_card_metric(&metric, c);
    put_lines(buf, &metric, RCA_CARD_WIDTH, "\\n");
    rca_words_change(&change, c);
    rca_buf_str(&change, "  ");
    rca_words_factor(&change, c);
    put_lines(buf, &change, RCA_NOTE_WIDTH, "");
    if (c->onset != RCA_TIME_NONE)
        rca_buf_fmt(buf, "\\nsince %s", rca_time_clock(c->onset, clock));
    rca_packets_card(&packets, e, (size_t)(node - e->nodes));
    if (packets.len)
        rca_buf_str(buf, "\\n");
    put_lines(buf, &packets, RCA_NOTE_WIDTH, "");
}

static void card(struct rca_buf *buf, const struct rca_explanation *e, size_t i)
{
    const struct rca_node *node = &e->nodes[i];
    const struct rca_card *c = &node->card;
    const struct rca_card_style *style = rca_card_style(node->class);

    rca_buf_fmt(buf,
                "  n%zu [id=\"n%zu\", class=\"%s\", color=\"%s\", "
                "fillcolor=\"%s\", penwidth=%g, tooltip=",
                i, i, style->class, style->border, style->paper, style->width);
    rca_dot_tooltip(buf, c->name);
    rca_buf_str(buf, ", label=\"");
    card_label(buf, e, node);
    rca_buf_str(buf, "\", entity=");
    rca_dot_quote(buf, c->name);
    rca_buf_fmt(buf, ", kind=\"%s\", host=", rca_kind_name(c->kind));
    rca_dot_quote(buf, c->host);
    rca_buf_str(buf, ", metric=");
    rca_dot_quote(buf, c->metric);
    number(buf, "before", c->before);
    number(buf, "after", c->after);
    rca_buf_str(buf, "];\n");
}

static void frame(struct rca_buf *buf, const struct rca_explanation *e,
                  size_t first)
{
    const struct rca_card *lead = &e->nodes[first].card;

    rca_buf_fmt(
        buf,
        "  subgraph cluster_host%zu {\n    label=\"on one machine: ", first);
    rca_dot_text(buf, lead->host);
    rca_buf_str(buf, "\"; style=\"rounded,filled\"; fillcolor=\"#F6F8FA\"; "
                     "color=\"#D0D7DE\";\n   ");
    for (size_t i = first; i < e->n_nodes; i++) {
        if (rca_card_same_host(lead, &e->nodes[i].card))
            rca_buf_fmt(buf, " n%zu;", i);
    }
    rca_buf_str(buf, "\n  }\n");
}

static void arrow(struct rca_buf *buf, const struct rca_flow *flow)
{
    rca_buf_fmt(buf,
                "  n%zu -> n%zu [id=\"n%zu--n%zu\", class=\"%s\", "
                "color=\"%s\", penwidth=%.1f, label=\"",
                flow->from, flow->to, flow->from, flow->to,
                flow->main ? "main" : "alt", rca_card_colour(flow),
                rca_card_width(flow->share));
    rca_dot_text(buf, flow->verb);
    rca_buf_str(buf, "\\n");
    rca_card_share(buf, flow->share);
    rca_buf_str(buf, "\"");
    number(buf, "share", flow->share);
    rca_buf_str(buf, "];\n");
}

int rca_render_simple(const struct rca_explanation *e, struct rca_buf *buf)
{
    rca_buf_str(buf, "digraph explain {\n");
    label(buf, e);
    for (size_t i = 0; i < e->n_nodes; i++)
        card(buf, e, i);
    for (size_t i = 0; i < e->n_nodes; i++) {
        if (rca_card_leads_frame(e, i))
            frame(buf, e, i);
    }
    for (size_t f = 0; f < e->n_flows; f++)
        arrow(buf, &e->flows[f]);
    rca_buf_str(buf, "}\n");
    return buf->err;
}
