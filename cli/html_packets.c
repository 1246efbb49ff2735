/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The short capture of the affected flow: what it says in words, each way in
 * which packets died, and what the capture was.
 */

#include <string.h>

#include "cli/html.h"
#include "cli/packets.h"
#include "cli/words.h"
#include "graph/base/time.h"

/* words, taken over, in a paragraph; nothing where there are none */
static void paragraph(struct rca_buf *buf, const char *class,
                      struct rca_buf *words)
{
    if (words->len) {
        rca_buf_fmt(buf, "<p class=\"%s\">", class);
        rca_html_text(buf, words->text);
        rca_buf_str(buf, ".</p>\n");
    }
    buf->err = buf->err ? buf->err : words->err;
    rca_buf_done(words);
}

/* On a phone the columns lie below each other: each cell has its heading. */
static void cell(struct rca_buf *buf, const char *heading, const char *text)
{
    rca_buf_fmt(buf, "<td class=\"name\" data-label=\"%s\">", heading);
    if (text && *text)
        rca_html_name(buf, text);
    else
        rca_buf_str(buf, "–");
    rca_buf_str(buf, "</td>");
}

static void rule(struct rca_buf *buf, const struct rca_packet_death *d)
{
    rca_buf_str(buf, "<td class=\"rule\" data-label=\"rule\">");
    if (d->rule)
        rca_html_name(buf, d->rule);
    if (d->rule && d->text)
        rca_buf_str(buf, ": ");
    if (d->text)
        rca_html_name(buf, d->text);
    rca_buf_str(buf, d->rule || d->text ? "</td>" : "–</td>");
}

static void death(struct rca_buf *buf, const struct rca_packet_death *d)
{
    char n[RCA_WORDS_COUNT_SIZE];

    rca_buf_fmt(buf, "<tr><td class=\"short\" data-label=\"packets\">%s</td>",
                rca_words_count(d->packets, n));
    cell(buf, "why", d->reason);
    rule(buf, d);
    cell(buf, "device", d->device);
    cell(buf, "namespace", d->netns);
    cell(buf, "service", d->service);
    cell(buf, "in the kernel", d->place);
    rca_buf_str(buf, "</tr>\n");
}

static void others(struct rca_buf *buf, const struct rca_packets *p)
{
    const struct rca_packet_death all = {.reason = "in other ways",
                                         .packets = p->others};

    if (p->others)
        death(buf, &all);
}

static void fact(struct rca_buf *buf, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    rca_buf_fmt(buf, "<dt>%s</dt><dd>", name);
    rca_html_name(buf, text);
    rca_buf_str(buf, "</dd>\n");
}

static void facts(struct rca_buf *buf, const struct rca_packets *p)
{
    char from[RCA_TIME_TEXT_SIZE], to[RCA_TIME_TEXT_SIZE],
        zone[RCA_TIME_TEXT_SIZE], n[RCA_WORDS_COUNT_SIZE];

    rca_buf_str(buf, "<dl>\n");
    fact(buf, "filter", p->filter);
    if (rca_packets_captured(p))
        rca_buf_fmt(buf,
                    "<dt>when</dt><dd>%s to %s %s</dd>\n<dt>lost</dt><dd>%s "
                    "%s</dd>\n",
                    rca_time_local(p->from, from), rca_time_local(p->to, to),
                    rca_time_zone(p->to, zone), rca_words_count(p->lost, n),
                    p->lost == 1 ? "event" : "events");
    fact(buf, "not seen", p->unseen);
    rca_buf_str(buf, "</dl>\n");
}

void rca_html_died(struct rca_buf *buf, const struct rca_explanation *e,
                   size_t i)
{
    struct rca_buf words = {0};

    rca_packets_card(&words, e, i);
    paragraph(buf, "died", &words);
}

void rca_html_packets(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct rca_packets *p = e->packets;
    struct rca_buf words = {0}, against = {0};

    if (!p)
        return;
    rca_buf_str(buf, "<section id=\"packets\"><h2>Packets, captured</h2>\n");
    rca_packets_words(&words, p, 0);
    paragraph(buf, "died", &words);
    rca_packets_against(&against, e);
    paragraph(buf, "against", &against);
    if (p->n_deaths) {
        rca_buf_str(buf, "<table><thead><tr><th>packets</th><th>why</th>"
                         "<th>rule</th><th>device</th><th>namespace</th>"
                         "<th>service</th><th>in the kernel</th></tr></thead>"
                         "<tbody>\n");
        for (size_t i = 0; i < p->n_deaths; i++)
            death(buf, &p->deaths[i]);
        others(buf, p);
        rca_buf_str(buf, "</tbody></table>\n");
    }
    facts(buf, p);
    rca_buf_str(buf, "</section>\n");
}
