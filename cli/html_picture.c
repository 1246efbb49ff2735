/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Graphviz' picture as a part of the page. Of its elements those that draw are
 * taken over, and of their attributes those that say where and in which colour;
 * all else is left out: titles, identifiers, links, styles, and whatever a
 * later version may add. The text between tags is escaped by dot already.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/html.h"
#include "graph/base/err.h"

enum { DEEPEST = 32, NOT_A_CARD = -1 };

static const char *const elements[] = {
    "svg", "g", "a", "path", "polygon", "polyline", "ellipse", "text"};
static const char *const attributes[] = {"d",
                                         "points",
                                         "x",
                                         "y",
                                         "cx",
                                         "cy",
                                         "rx",
                                         "ry",
                                         "fill",
                                         "stroke",
                                         "transform",
                                         "text-anchor",
                                         "viewBox",
                                         "width",
                                         "font-size",
                                         "font-weight",
                                         "font-style",
                                         "class",
                                         "stroke-width",
                                         "font-family",
                                         "stroke-dasharray"};

/** struct sieve - where the reader is in the picture
 * @open:  what the end of each open element is written as; NULL: not at all
 * @depth: elements that are open
 * @left_out: the depth of the outermost element that is not taken over, or 0
 * @card:  whose group was opened last, for the link in it */
struct sieve {
    struct rca_buf *buf;
    const struct rca_explanation *e;
    const char *open[DEEPEST];
    size_t depth, left_out;
    long card;
};

/** struct piece - a part of the input */
struct piece {
    const char *text;
    size_t n;
};

static _Bool is(struct piece p, const char *word)
{
    return strlen(word) == p.n && memcmp(p.text, word, p.n) == 0;
}

static const char *find(struct piece p, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is(p, words[i]))
            return words[i];
    }
    return NULL;
}

/* The next attribute of @*tag, which is what is left of the tag; 0 at its end
 * or where it is none. */
static _Bool next_attribute(struct piece *tag, struct piece *ret_name,
                            struct piece *ret_value)
{
    const char *p = tag->text, *end = p + tag->n, *close;

    while (p < end && isspace((unsigned char)*p))
        p++;
    ret_name->text = p;
    while (p < end && (isalnum((unsigned char)*p) || *p == '-' || *p == ':'))
        p++;
    ret_name->n = (size_t)(p - ret_name->text);
    if (!ret_name->n || end - p < 3 || p[0] != '=' || p[1] != '"')
        return 0;
    close = memchr(p + 2, '"', (size_t)(end - p - 2));
    if (!close)
        return 0;
    *ret_value = (struct piece){p + 2, (size_t)(close - p - 2)};
    *tag = (struct piece){close + 1, (size_t)(end - close - 1)};
    return 1;
}

static _Bool is_harmless(struct piece value)
{
    static const char others[] = " .,-#()+\n";

    for (size_t i = 0; i < value.n; i++) {
        if (!isalnum((unsigned char)value.text[i]) &&
            !memchr(others, value.text[i], sizeof(others) - 1))
            return 0;
    }
    return value.n < 4 || memcmp(value.text, "url(", 4) != 0;
}

static void put_attributes(struct rca_buf *buf, struct piece tag)
{
    struct piece name, value;

    while (next_attribute(&tag, &name, &value)) {
        if (find(name, attributes, RCA_ARRAY_SIZE(attributes)) &&
            is_harmless(value)) {
            rca_buf_str(buf, " ");
            rca_buf_put(buf, name.text, name.n);
            rca_buf_str(buf, "=\"");
            rca_buf_put(buf, value.text, value.n);
            rca_buf_str(buf, "\"");
        }
    }
}

/* K of <g id="nK" ...>, or NOT_A_CARD */
static long card_of(const struct sieve *s, struct piece tag)
{
    struct piece name, value;
    long card = 0;

    while (next_attribute(&tag, &name, &value)) {
        if (!is(name, "id") || value.n < 2 || value.n > 5 ||
            value.text[0] != 'n')
            continue;
        for (size_t i = 1; i < value.n; i++) {
            if (!isdigit((unsigned char)value.text[i]))
                return NOT_A_CARD;
            card = 10 * card + value.text[i] - '0';
        }
        return card < (long)s->e->n_nodes ? card : NOT_A_CARD;
    }
    return NOT_A_CARD;
}

static void put_link(struct sieve *s)
{
    const long k = s->card;

    rca_buf_fmt(s->buf,
                "<a id=\"card-%ld\" href=\"#chart-%ld\" role=\"button\" "
                "aria-controls=\"chart-%ld\" aria-label=\"",
                k, k, k);
    rca_html_label(s->buf, s->e, &s->e->nodes[k]);
    rca_buf_str(s->buf, "\">");
    s->card = NOT_A_CARD;
}

/* Return: how the element ends */
static const char *put_start(struct sieve *s, const char *element,
                             struct piece tag, _Bool empty)
{
    const _Bool link = strcmp(element, "a") == 0;

    if (link && s->card != NOT_A_CARD && !empty) {
        put_link(s);
        return "a";
    }
    if (strcmp(element, "g") == 0 && card_of(s, tag) != NOT_A_CARD)
        s->card = card_of(s, tag);
    element = link ? "g" : element;
    rca_buf_fmt(s->buf, "<%s", element);
    put_attributes(s->buf, tag);
    if (s->depth == 0)
        rca_buf_str(s->buf, " role=\"group\" aria-label=\"Cards from the cause "
                            "to the symptom\"");
    rca_buf_str(s->buf, empty ? "/>" : ">");
    return element;
}

/* @tag: between < and > */
static int start(struct sieve *s, struct piece tag)
{
    const _Bool empty = tag.n && tag.text[tag.n - 1] == '/';
    struct piece name = {tag.text, 0}, rest;
    const char *element;

    tag.n -= empty;
    while (name.n < tag.n && isalnum((unsigned char)tag.text[name.n]))
        name.n++;
    rest = (struct piece){tag.text + name.n, tag.n - name.n};
    element = find(name, elements, RCA_ARRAY_SIZE(elements));
    if (s->depth == DEEPEST || !name.n ||
        (!s->left_out &&
         (s->depth == 0) != (element && strcmp(element, "svg") == 0)))
        return RCA_ESYNTAX;
    if (!s->left_out && element)
        element = put_start(s, element, rest, empty);
    else if (!s->left_out && !empty)
        s->left_out = s->depth + 1;
    if (!empty)
        s->open[s->depth++] = s->left_out ? NULL : element;
    return 0;
}

static int end(struct sieve *s)
{
    if (!s->depth)
        return RCA_ESYNTAX;
    s->depth--;
    if (s->left_out)
        s->left_out = s->left_out == s->depth + 1 ? 0 : s->left_out;
    else
        rca_buf_fmt(s->buf, "</%s>%s", s->open[s->depth], s->depth ? "" : "\n");
    return 0;
}

/* Whether an & there begins an entity of XML */
static _Bool is_entity(const char *p, const char *end)
{
    const char *q = p + 1;

    while (q < end && (isalnum((unsigned char)*q) || *q == '#'))
        q++;
    return q > p + 1 && q < end && *q == ';';
}

static void text(struct sieve *s, struct piece t)
{
    if (!s->depth || s->left_out)
        return;
    for (size_t i = 0; i < t.n; i++) {
        const char *p = t.text + i;

        if (*p == '&' && !is_entity(p, t.text + t.n))
            rca_buf_str(s->buf, "&amp;");
        else if (*p == '>')
            rca_buf_str(s->buf, "&gt;");
        else
            rca_buf_put(s->buf, p, 1);
    }
}

/* After the tag that begins at @p, whose > may not lie in an attribute; NULL:
 * it has no end */
static const char *after_tag(const char *p)
{
    char quote = '\0';

    if (strncmp(p, "<!--", 4) == 0) {
        p = strstr(p, "-->");
        return p ? p + 3 : NULL;
    }
    for (; *p; p++) {
        if (quote && *p == quote)
            quote = '\0';
        else if (quote)
            continue;
        else if (*p == '"' || *p == '\'')
            quote = *p;
        else if (*p == '>')
            return p + 1;
    }
    return NULL;
}

static int read_picture(struct sieve *s, const char *p)
{
    int r = 0;

    while (*p && !r) {
        const char *tag = strchr(p, '<'), *next;

        text(s, (struct piece){p, tag ? (size_t)(tag - p) : strlen(p)});
        if (!tag)
            break;
        next = after_tag(tag);
        if (!next)
            return RCA_ESYNTAX;
        if (tag[1] == '/')
            r = end(s);
        else if (tag[1] != '!' && tag[1] != '?')
            r = start(s, (struct piece){tag + 1, (size_t)(next - tag - 2)});
        p = next;
    }
    return r ? r : (s->depth ? RCA_ESYNTAX : 0);
}

int rca_html_picture(struct rca_buf *buf, const struct rca_explanation *e,
                     const char *svg)
{
    struct rca_buf part RCA_CLEANUP(rca_buf_done) = {0};
    struct sieve s = {.buf = &part, .e = e, .card = NOT_A_CARD};
    int r = read_picture(&s, svg);

    r = r ? r : part.err;
    if (!r && !part.len)
        r = RCA_ESYNTAX;
    if (!r)
        rca_buf_put(buf, part.text, part.len);
    return r;
}
