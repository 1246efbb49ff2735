/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Graphviz decodes XML entities in plain labels as well as in HTML-like ones
 * ("&lt;" is drawn as "<"), so an ampersand is escaped in both.
 */

#include "graph/dot.h"

#include "graph/base/name.h"

/* the next character of @s as it is, or '?' for a byte that is none */
static const char *put_char(struct rca_buf *buf, const char *s)
{
    const size_t n = rca_name_char(s);

    rca_buf_put(buf, n ? s : "?", n ? n : 1);
    return s + (n ? n : 1);
}

static const char *quote_escape(char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '&':
        return "&amp;";
    default:
        return NULL;
    }
}

static const char *html_escape(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\\': /* \N and the like are replaced even there */
        return "\\\\";
    case '\n':
        return "<BR/>";
    default:
        return NULL;
    }
}

static void put_escaped(struct rca_buf *buf, const char *s,
                        const char *(*escape)(char c))
{
    while (*s) {
        const char *text = escape(*s);

        if (text) {
            rca_buf_str(buf, text);
            s++;
        } else {
            s = put_char(buf, s);
        }
    }
}

/* Graphviz (2.43 to 7 at least) replaces \N and the like twice in tooltips */
static const char *tooltip_escape(char c)
{
    return c == '\\' ? "\\\\\\\\" : quote_escape(c);
}

void rca_dot_text(struct rca_buf *buf, const char *s)
{
    put_escaped(buf, s, quote_escape);
}

void rca_dot_quote(struct rca_buf *buf, const char *s)
{
    rca_buf_str(buf, "\"");
    rca_dot_text(buf, s);
    rca_buf_str(buf, "\"");
}

void rca_dot_tooltip(struct rca_buf *buf, const char *s)
{
    rca_buf_str(buf, "\"");
    put_escaped(buf, s, tooltip_escape);
    rca_buf_str(buf, "\"");
}

void rca_dot_html(struct rca_buf *buf, const char *s)
{
    put_escaped(buf, s, html_escape);
}
