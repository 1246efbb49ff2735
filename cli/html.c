/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The page: its frame, what is said in words, and the pieces in between. Style
 * and script are cli/report.css and cli/report.js, allowed by their digests.
 */

#include "cli/html.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/render.h"
#include "cli/report_css.h"
#include "cli/report_js.h"
#include "cli/sha256.h"
#include "cli/words.h"
#include "graph/base/time.h"

typedef void words_of(struct rca_buf *, const struct rca_explanation *);

static void words(struct rca_buf *buf, const struct rca_explanation *e,
                  words_of *say)
{
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};

    say(&text, e);
    rca_html_text(buf, text.text);
    if (text.err && !buf->err)
        buf->err = text.err;
}

static void paragraph(struct rca_buf *buf, const struct rca_explanation *e,
                      const char *class, words_of *say)
{
    const size_t before = buf->len;
    size_t begun;

    rca_buf_fmt(buf, "<p class=\"%s\">", class);
    begun = buf->len;
    words(buf, e, say);
    if (buf->len == begun)
        buf->len = before;
    else
        rca_buf_str(buf, "</p>\n");
}

/* --- frame ------------------------------------------------------------------*/

static void policy(struct rca_buf *buf)
{
    char css[RCA_SHA256_BASE64], js[RCA_SHA256_BASE64];

    rca_buf_fmt(buf,
                "<meta http-equiv=\"Content-Security-Policy\" "
                "content=\"default-src 'none'; style-src 'sha256-%s'; "
                "script-src 'sha256-%s'; base-uri 'none'; "
                "form-action 'none'\">\n",
                rca_sha256_base64(report_css, strlen(report_css), css),
                rca_sha256_base64(report_js, strlen(report_js), js));
}

static void head(struct rca_buf *buf, const struct rca_explanation *e)
{
    rca_buf_str(buf, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                     "<meta charset=\"utf-8\">\n");
    policy(buf);
    rca_buf_str(buf, "<meta name=\"viewport\" content=\"width=device-width, "
                     "initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<meta name=\"generator\" content=\"rca\">\n<title>");
    words(buf, e, rca_words_title);
    rca_buf_str(buf, "</title>\n<style>");
    rca_buf_str(buf, report_css);
    rca_buf_str(buf, "</style>\n</head>\n<body>\n");
}

/* "<" is written as an escape of JSON, so that nothing in it ends the element
 * or begins a comment; it occurs only within strings. */
static void data(struct rca_buf *buf, const struct rca_explanation *e)
{
    struct rca_buf json RCA_CLEANUP(rca_buf_done) = {0};
    const int r = rca_render_json(e, &json);

    if (r) {
        buf->err = buf->err ? buf->err : r;
        return;
    }
    rca_buf_str(buf, "<script type=\"application/json\" id=\"explanation\">\n");
    for (const char *p = json.text; *p;) {
        const size_t n = strcspn(p, "<");

        rca_buf_put(buf, p, n);
        rca_buf_str(buf, p[n] ? "\\u003c" : "");
        p += n + (p[n] != '\0');
    }
    rca_buf_str(buf, "</script>\n");
}

/* --- what is said -----------------------------------------------------------*/

static void stretch(struct rca_buf *buf, rca_time from, rca_time to)
{
    char a[RCA_TIME_TEXT_SIZE], b[RCA_TIME_TEXT_SIZE], zone[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf, "%s to %s %s", rca_time_local(from, a),
                rca_time_local(to, b), rca_time_zone(to, zone));
}

static void answer(struct rca_buf *buf, const struct rca_explanation *e)
{
    rca_buf_fmt(buf, "<header class=\"%s\">\n<h1>",
                rca_verdict_name(e->verdict));
    words(buf, e, rca_words_title);
    rca_buf_str(buf, "</h1>\n");
    paragraph(buf, e, "answer", rca_words_answer);
    paragraph(buf, e, "sure", rca_words_sure);
    paragraph(buf, e, "what-if", rca_words_what_if);
    rca_buf_str(buf, "<p class=\"faded\">");
    rca_html_name(buf, e->symptom.name);
    rca_buf_str(buf, ": ");
    rca_html_text(buf, e->symptom.label);
    rca_buf_str(buf, " ");
    rca_html_change(buf, &e->symptom);
    rca_buf_str(buf, ". Incident: ");
    stretch(buf, e->from, e->to);
    rca_buf_str(buf, ".</p>\n</header>\n");
}

static void picture(struct rca_buf *buf, const struct rca_explanation *e,
                    const char *svg)
{
    rca_buf_str(buf, "<section id=\"picture\"><h2>From cause to symptom</h2>\n"
                     "<div class=\"paper\">\n");
    if (!svg || rca_html_picture(buf, e, svg))
        rca_buf_str(buf, "<p>The picture is drawn by Graphviz, which was "
                         "missing or failed (apt install graphviz). The charts "
                         "tell the same: each names what moves what.</p>\n");
    rca_buf_str(buf, "</div>\n<p class=\"faded\">A card opens its chart: "
                     "click it, or go there by Tab and press Enter; Esc comes "
                     "back.</p></section>\n");
}

static void charts(struct rca_buf *buf, const struct rca_explanation *e)
{
    char zone[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf,
                "<section id=\"charts\"><h2>Charts</h2>\n"
                "<p class=\"faded\">Times are %s.",
                rca_time_zone(e->to, zone));
    if (e->n_left_out)
        rca_buf_fmt(buf, " %zu weaker %s left out.", e->n_left_out,
                    e->n_left_out == 1 ? "card is" : "cards are");
    rca_buf_str(buf, "</p>\n");
    for (size_t i = 0; i < e->n_nodes; i++)
        rca_html_chart(buf, e, i);
    rca_buf_str(buf, "</section>\n");
}

static void list(struct rca_buf *buf, const char *class,
                 const char *const *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        rca_buf_fmt(buf, "<li class=\"%s\"><bdi>", class);
        rca_html_text(buf, items[i]);
        rca_buf_str(buf, "</bdi></li>\n");
    }
}

static void looked_at(struct rca_buf *buf, const struct rca_explanation *e)
{
    rca_buf_str(buf, "<section id=\"checked\"><h2>Checked, found normal</h2>\n"
                     "<ul>\n");
    list(buf, "checked", e->checked, e->n_checked);
    if (e->checked_entities > e->n_checked)
        rca_buf_fmt(buf,
                    "<li class=\"checked\">%zu more entities (%zu metrics "
                    "in all)</li>\n",
                    e->checked_entities - e->n_checked, e->checked_metrics);
    if (!e->checked_entities && !e->n_checked)
        rca_buf_str(buf, "<li>nothing</li>\n");
    rca_buf_str(buf, "</ul></section>\n<section id=\"unseen\"><h2>Could not "
                     "see</h2>\n<ul>\n");
    list(buf, "unseen", e->unseen, e->n_unseen);
    if (!e->n_unseen)
        rca_buf_str(buf, "<li>Nothing is known to be missing.</li>\n");
    rca_buf_str(buf, "</ul></section>\n");
}

static void quality(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct rca_quality *q = &e->quality;
    char step[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf,
                "<section id=\"quality\"><h2>What this rests on</h2>\n<dl>\n"
                "<dt>rows compared</dt><dd>%zu of the incident with %zu of "
                "normal times, one each %s</dd>\n",
                q->incident_rows, q->normal_rows,
                rca_duration_text(q->step, step));
    if (isfinite(q->missing))
        rca_buf_fmt(buf,
                    "<dt>gaps</dt><dd>%.1f %% of the incident’s "
                    "values are missing</dd>\n",
                    100 * q->missing);
    if (isfinite(e->unexplained))
        rca_buf_fmt(buf, "<dt>unexplained</dt><dd>%.0f %% of the change</dd>\n",
                    100 * e->unexplained);
    if (e->trained_to > e->trained_from) {
        rca_buf_str(buf, "<dt>learned from</dt><dd>");
        stretch(buf, e->trained_from, e->trained_to);
        rca_buf_str(buf, "</dd>\n");
    }
    rca_buf_fmt(buf, "<dt>method</dt><dd>%s</dd>\n</dl></section>\n",
                rca_method_name(e->method));
}

static void how_to_read(struct rca_buf *buf)
{
    rca_buf_str(
        buf,
        "<section id=\"reading\"><h2>How to read this</h2>\n<ul>\n"
        "<li>An arrow points from cause to effect; thicker is stronger. Its % "
        "is how much of the lower card’s change would vanish had the upper "
        "card stayed as usual.</li>\n"
        "<li>▲ 74× is how many times more than usual, ▼ how many times "
        "less. Usual is what the metric did in the time learned from.</li>\n"
        "<li>In a chart the band is where 9 in 10 usual values lie, the "
        "shaded stretch the incident; a dotted line is when it began, a dashed "
        "one what it would have been had the first cause been as usual. A gap "
        "is time without data.</li>\n"
        "<li>Vermilion with a thick border is the root cause, amber the path, "
        "blue the symptom, grey what is possible but less likely.</li>\n"
        "<li>A cause is named from 50 % confidence on. What is not measured "
        "cannot be named: see what could not be seen.</li>\n"
        "</ul></section>\n");
}

int rca_render_html(const struct rca_explanation *e, const char *svg,
                    struct rca_buf *buf)
{
    head(buf, e);
    answer(buf, e);
    rca_buf_str(buf, "<main>\n<div class=\"pair\">\n");
    picture(buf, e, svg);
    charts(buf, e);
    rca_buf_str(buf, "</div>\n");
    rca_html_causes(buf, e);
    rca_html_packets(buf, e);
    rca_html_parts(buf, e);
    rca_buf_str(buf, "<div class=\"columns\">\n");
    looked_at(buf, e);
    quality(buf, e);
    how_to_read(buf);
    rca_buf_str(buf, "</div>\n</main>\n");
    data(buf, e);
    rca_buf_str(buf, "<script>");
    rca_buf_str(buf, report_js);
    rca_buf_str(buf, "</script>\n</body>\n</html>\n");
    return buf->err;
}
