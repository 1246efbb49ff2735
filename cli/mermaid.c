/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The answer as a Mermaid flowchart, for pages that draw it themselves
 * (GitHub's and GitLab's Markdown). One statement a line, no HTML, no links.
 *
 * A label is a quoted string in which Mermaid decodes #NNN; and \n, and then
 * may take Markdown for itself: whatever could be syntax of either is written
 * as its code, and so is what begins a line unless it is a letter ("1." and "-"
 * begin lists). Invisible links (~~~) keep the answer above and the notes
 * below; they count as links, so they come after those that linkStyle numbers.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/card.h"
#include "cli/packets.h"
#include "cli/render.h"
#include "cli/words.h"
#include "graph/base/name.h"
#include "graph/base/time.h"

#define NEWLINE "\\n"

static _Bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether @s[0] means itself inside a label wherever it stands. */
static _Bool is_plain(const char *s)
{
    if ((unsigned char)*s >= 0x80)
        return rca_name_char(s) > 0;
    return is_letter(*s) || (*s >= '0' && *s <= '9') ||
           (*s == '%' && s[1] != '%') || (*s && strchr(" .,:/()+-?!=", *s));
}

/* Whether @s may begin a line: letters may, and numbers that number no item. */
static _Bool may_begin(const char *s)
{
    const size_t digits = strspn(s, "0123456789");

    if (!digits)
        return is_letter(*s) || (unsigned char)*s >= 0x80;
    return s[digits] == '\0' || !strchr(".)", s[digits]) ||
           (s[digits + 1] && s[digits + 1] != ' ');
}

/* @text of one or more lines, the first of which begins one, inside quotes */
static void put_text(struct rca_buf *buf, const char *text)
{
    _Bool begins = 1;

    while (*text) {
        const size_t n = rca_name_char(text);
        const _Bool plain = is_plain(text) && (!begins || may_begin(text));

        if (*text == '\n')
            rca_buf_str(buf, NEWLINE);
        else if (plain)
            rca_buf_put(buf, text, n ? n : 1);
        else
            rca_buf_fmt(buf, "#%u;", n ? (unsigned char)*text : '?');
        begins = *text == '\n';
        text += n ? n : 1;
    }
}

/* One line of a label, wrapped; @text is taken over; nothing if it is empty. */
static void put_line(struct rca_buf *buf, struct rca_buf *text, size_t width)
{
    char *wrapped RCA_CLEANUP(rca_freep) = rca_card_take(buf, text, width);

    if (!wrapped)
        return;
    if (buf->len && buf->text[buf->len - 1] != '"')
        rca_buf_str(buf, NEWLINE);
    put_text(buf, wrapped);
}

static void answer(struct rca_buf *buf, const struct rca_explanation *e)
{
    void (*const words[])(struct rca_buf *, const struct rca_explanation *) = {
        rca_words_title, rca_words_answer, rca_words_sure, rca_words_what_if};

    rca_buf_str(buf, "  answer[\"");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(words); i++) {
        struct rca_buf text = {0};

        words[i](&text, e);
        put_line(buf, &text, RCA_NOTE_WIDTH);
    }
    rca_buf_str(buf, "\"]:::note\n");
}

static void card(struct rca_buf *buf, const struct rca_explanation *e, size_t i)
{
    const struct rca_node *node = &e->nodes[i];
    struct rca_buf banner = {0}, name = {0}, metric = {0}, change = {0},
                   onset = {0}, packets = {0};
    char clock[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf, "  n%zu[\"", i);
    rca_card_banner(&banner, e, node);
    put_line(buf, &banner, RCA_NOTE_WIDTH);
    rca_card_name(&name, &node->card);
    put_line(buf, &name, RCA_CARD_WIDTH);
    rca_card_metric(&metric, &node->card);
    put_line(buf, &metric, RCA_CARD_WIDTH);
    rca_words_change(&change, &node->card);
    rca_buf_str(&change, " ");
    rca_words_factor(&change, &node->card);
    put_line(buf, &change, RCA_NOTE_WIDTH);
    if (node->card.onset != RCA_TIME_NONE)
        rca_buf_fmt(&onset, "since %s",
                    rca_time_clock(node->card.onset, clock));
    put_line(buf, &onset, RCA_NOTE_WIDTH);
    rca_packets_card(&packets, e, i);
    put_line(buf, &packets, RCA_NOTE_WIDTH);
    rca_buf_fmt(buf, "\"]:::%s\n", rca_card_style(node->class)->class);
}

static void frame(struct rca_buf *buf, const struct rca_explanation *e,
                  size_t first)
{
    const struct rca_card *lead = &e->nodes[first].card;
    char host[RCA_WORDS_NAME_MAX + 1];

    rca_buf_fmt(buf, "  subgraph host%zu[\"on one machine: ", first);
    put_text(buf, rca_words_name(lead->host, host));
    rca_buf_str(buf, "\"]\n");
    for (size_t i = first; i < e->n_nodes; i++) {
        if (rca_card_same_host(lead, &e->nodes[i].card))
            rca_buf_fmt(buf, "    n%zu\n", i);
    }
    rca_buf_fmt(buf, "  end\n  class host%zu machine\n", first);
}

static void arrow(struct rca_buf *buf, const struct rca_flow *flow)
{
    rca_buf_fmt(buf, "  n%zu -->|\"", flow->from);
    put_text(buf, flow->verb);
    rca_buf_str(buf, NEWLINE);
    rca_card_share(buf, flow->share);
    rca_buf_fmt(buf, "\"| n%zu\n", flow->to);
}

static void note(void *context, const char *head, const char *line)
{
    struct rca_buf *buf = context, text = {0}, title = {0};

    if (head[0]) {
        rca_buf_fmt(&title, "%s:", head);
        put_line(buf, &title, RCA_NOTE_WIDTH);
    }
    rca_buf_str(&text, line);
    put_line(buf, &text, RCA_NOTE_WIDTH);
}

static void looks(struct rca_buf *buf, const struct rca_explanation *e)
{
    for (unsigned k = RCA_NODE_CAUSE; k <= RCA_NODE_OTHER; k++) {
        const struct rca_card_style *s = rca_card_style((enum rca_node_class)k);

        rca_buf_fmt(buf,
                    "  classDef %s fill:%s,stroke:%s,stroke-width:%gpx,"
                    "color:#1B1F24\n",
                    s->class, s->paper, s->border, s->width);
    }
    rca_buf_str(buf, "  classDef note fill:#FFFFFF,stroke:#D0D7DE,"
                     "color:#1B1F24,text-align:left\n"
                     "  classDef machine fill:#F6F8FA,stroke:#D0D7DE,"
                     "color:#57606A\n");
    for (size_t f = 0; f < e->n_flows; f++)
        rca_buf_fmt(buf, "  linkStyle %zu stroke:%s,stroke-width:%.1fpx\n", f,
                    rca_card_colour(&e->flows[f]),
                    rca_card_width(e->flows[f].share));
}

/* Cards that nothing leads to stand below the answer, and those that lead to
 * nothing above the notes. */
static void keep_order(struct rca_buf *buf, const struct rca_explanation *e)
{
    for (size_t i = 0; i < e->n_nodes; i++) {
        _Bool in = 0, out = 0;

        for (size_t f = 0; f < e->n_flows; f++) {
            in |= e->flows[f].to == i;
            out |= e->flows[f].from == i;
        }
        if (!in)
            rca_buf_fmt(buf, "  answer ~~~ n%zu\n", i);
        if (!out)
            rca_buf_fmt(buf, "  n%zu ~~~ notes\n", i);
    }
}

int rca_render_mermaid(const struct rca_explanation *e, struct rca_buf *buf)
{
    rca_buf_str(buf, "%%{init: {\"flowchart\": {\"wrappingWidth\": 640}}}%%\n"
                     "flowchart TD\n");
    answer(buf, e);
    for (size_t i = 0; i < e->n_nodes; i++)
        card(buf, e, i);
    for (size_t i = 0; i < e->n_nodes; i++) {
        if (rca_card_leads_frame(e, i))
            frame(buf, e, i);
    }
    for (size_t f = 0; f < e->n_flows; f++)
        arrow(buf, &e->flows[f]);
    rca_buf_str(buf, "  notes[\"");
    rca_card_notes(e, 0, note, buf);
    rca_buf_str(buf, "\"]:::note\n");
    keep_order(buf, e);
    looks(buf, e);
    return buf->err;
}
