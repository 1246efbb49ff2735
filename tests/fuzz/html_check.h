/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * html_check - a small, strict reader of the pages that rca writes: known
 * elements and attributes only, all quoted and nested, links only within the
 * page, two scripts and nothing that runs besides. abort() where it is not so.
 */

#include <stdlib.h>
#include <string.h>

#include "graph/base/base.h"

#define HTML_DEEPEST 40

/** struct html - what is open, and how many scripts there were */
struct html {
    const char *open[HTML_DEEPEST];
    size_t depth, scripts;
};

static void html_check_that(_Bool holds)
{
    if (!holds)
        abort();
}

static _Bool html_is_word(const char *p, size_t n, const char *words)
{
    for (const char *w = words; (w = strstr(w, " ")) && w[1]; w++) {
        if (strncmp(w + 1, p, n) == 0 && w[1 + n] == ' ')
            return 1;
    }
    return 0;
}

static size_t html_word(const char *p)
{
    return strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789-");
}

/* @p: after the name of an element. Return: at its > or /> */
static const char *html_attributes(const char *p)
{
    static const char words[] =
        " aria-controls aria-hidden aria-label charset class content cx cy d "
        "data-label fill font-family font-size font-style font-weight height "
        "href http-equiv id lang name open points preserveAspectRatio role rx "
        "ry scope stroke stroke-dasharray stroke-width text-anchor transform "
        "type viewBox width x x1 x2 y y1 y2 ";

    while (*p == ' ') {
        const char *name = ++p, *end;

        p += html_word(p);
        html_check_that(html_is_word(name, (size_t)(p - name), words));
        if (*p != '=')
            continue;
        html_check_that(p[1] == '"');
        end = strchr(p + 2, '"');
        html_check_that(end != NULL);
        html_check_that(strncmp(name, "href", 4) != 0 ||
                        strncmp(p, "=\"#chart-", 9) == 0);
        for (p += 2; p < end; p++)
            html_check_that(*p != '<' && *p != '>');
        p = end + 1;
    }
    return p;
}

static const char *html_end(struct html *h, const char *p)
{
    const size_t n = html_word(p);

    html_check_that(h->depth > 0 && p[n] == '>');
    h->depth--;
    html_check_that(strncmp(h->open[h->depth], p, n) == 0 &&
                    html_word(h->open[h->depth]) == n);
    return p + n + 1;
}

/* past what is no markup: a script's or a style's text */
static const char *html_raw(const char *p, const char *end)
{
    const char *at = strstr(p, end);

    html_check_that(at != NULL);
    return at;
}

/* @p: after < */
static const char *html_start(struct html *h, const char *p)
{
    static const char words[] =
        " a b bdi body dd details div dl dt ellipse g h1 h2 head header html "
        "li line main meta p path polygon polyline rect script section span "
        "style summary svg table tbody td text th thead title tr ul ";
    const char *name = p;
    const size_t n = html_word(p);

    html_check_that(html_is_word(name, n, words));
    p = html_attributes(p + n);
    if (*p == '/' && p[1] == '>')
        return p + 2;
    html_check_that(*p == '>');
    if (n == 4 && strncmp(name, "meta", n) == 0)
        return p + 1;
    html_check_that(h->depth < HTML_DEEPEST);
    h->open[h->depth++] = name;
    if (n == 6 && strncmp(name, "script", n) == 0) {
        h->scripts++;
        return html_raw(p + 1, "</script");
    }
    return n == 5 && strncmp(name, "style", n) == 0 ? html_raw(p + 1, "</style")
                                                    : p + 1;
}

/** html_check() - @p a whole page, or a part of one; returns how many scripts
 * are in it */
static size_t html_check(const char *p)
{
    static const char doctype[] = "<!DOCTYPE html>\n";
    struct html h = {{NULL}, 0, 0};

    if (strncmp(p, doctype, strlen(doctype)) == 0)
        p += strlen(doctype);
    while (*p) {
        html_check_that(*p != '>' || h.depth > 0);
        if (*p == '<' && p[1] == '/')
            p = html_end(&h, p + 2);
        else if (*p == '<')
            p = html_start(&h, p + 1);
        else
            p++;
    }
    html_check_that(h.depth == 0);
    return h.scripts;
}
