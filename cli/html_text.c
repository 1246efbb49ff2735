/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Words of the page: escaped, and what a card says of itself. */

#include <math.h>
#include <string.h>

#include "cli/html.h"
#include "cli/words.h"
#include "graph/base/name.h"
#include "graph/metric.h"

static const char *escape_of(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void rca_html_text(struct rca_buf *buf, const char *s)
{
    while (s && *s) {
        const char *escape = escape_of(*s);
        const size_t n = rca_name_char(s);

        if (escape)
            rca_buf_str(buf, escape);
        else
            rca_buf_put(buf, n ? s : "?", n ? n : 1);
        s += n ? n : 1;
    }
}

void rca_html_name(struct rca_buf *buf, const char *name)
{
    char clean[RCA_NAME_MAX + 1];

    rca_buf_str(buf, "<bdi>");
    rca_html_text(buf, rca_name_clean(name, clean));
    rca_buf_str(buf, "</bdi>");
}

/* @words on one line, and what went wrong with them; emptied */
static void put_together(struct rca_buf *buf, struct rca_buf *words)
{
    for (char *p = words->text; p && *p;) {
        const size_t n = strcspn(p, " ");
        const char end = p[n];

        p[n] = '\0';
        rca_html_text(buf, p);
        rca_buf_str(buf, end ? "&nbsp;" : "");
        p += n + (end != '\0');
    }
    if (words->err && !buf->err)
        buf->err = words->err;
    rca_buf_done(words);
}

void rca_html_value(struct rca_buf *buf, double x, enum rca_unit unit)
{
    struct rca_buf words = {0};
    char text[32];

    rca_buf_str(&words, rca_value_text(x, unit, text));
    put_together(buf, &words);
}

const char *rca_html_class(enum rca_node_class class)
{
    static const char *const names[] = {[RCA_NODE_CAUSE] = "cause",
                                        [RCA_NODE_PATH] = "path",
                                        [RCA_NODE_SYMPTOM] = "symptom",
                                        [RCA_NODE_OTHER] = "alt"};

    return names[class];
}

void rca_html_role(struct rca_buf *buf, const struct rca_explanation *e,
                   const struct rca_node *node)
{
    if (node->class == RCA_NODE_PATH)
        rca_buf_str(buf, "on the path");
    else if (node->class == RCA_NODE_SYMPTOM)
        rca_buf_str(buf,
                    e->verdict == RCA_VERDICT_NORMAL ? "normal" : "symptom");
    else
        rca_buf_fmt(buf, "#%u %s", node->rank,
                    node->class == RCA_NODE_CAUSE &&
                            e->verdict == RCA_VERDICT_CAUSE
                        ? "root cause"
                        : "possible cause");
}

void rca_html_change(struct rca_buf *buf, const struct rca_card *card)
{
    struct rca_buf words = {0};

    rca_words_change(&words, card);
    put_together(buf, &words);
    rca_buf_str(buf, " ");
    rca_words_factor(&words, card);
    put_together(buf, &words);
}

void rca_html_label(struct rca_buf *buf, const struct rca_explanation *e,
                    const struct rca_node *node)
{
    char name[RCA_WORDS_NAME_MAX + 1];

    rca_html_text(buf, rca_words_name(node->card.name, name));
    rca_buf_str(buf, ", ");
    rca_html_role(buf, e, node);
    rca_buf_str(buf, ": ");
    rca_html_text(buf, node->card.label);
    rca_buf_str(buf, " ");
    rca_html_change(buf, &node->card);
}
