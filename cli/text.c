/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The answer as text: what is wrong, the causes as a table, and in some lines
 * why, what if, what is normal, what was not seen, what to do next.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/render.h"
#include "cli/words.h"
#include "graph/base/name.h"
#include "graph/base/time.h"

#define NAME_WIDTH_MAX 40
#define LINE_WIDTH 80
enum { INDENT = 9 };

struct table {
    int name, metric, change;
};

static const char *on(_Bool colour, const char *code)
{
    return colour ? code : "";
}
#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define PLAIN "\033[0m"

/* Columns that @text takes: characters, not bytes. */
static int width(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void pad(struct rca_buf *buf, const char *text, int columns)
{
    rca_buf_str(buf, text);
    for (int n = width(text); n < columns; n++)
        rca_buf_str(buf, " ");
}

static void headline(struct rca_buf *buf, const struct rca_explanation *e,
                     _Bool colour)
{
    char clock[RCA_TIME_TEXT_SIZE];

    rca_buf_str(buf, on(colour, BOLD));
    rca_words_title(buf, e);
    rca_buf_fmt(buf, "%s  %s ", on(colour, PLAIN), e->symptom.label);
    rca_words_change(buf, &e->symptom);
    if (e->verdict != RCA_VERDICT_NORMAL) {
        rca_buf_str(buf, " (");
        rca_words_factor(buf, &e->symptom);
        rca_buf_str(buf, ")");
        if (e->symptom.onset != RCA_TIME_NONE)
            rca_buf_fmt(buf, " since %s",
                        rca_time_clock(e->symptom.onset, clock));
    }
    rca_buf_fmt(buf, "\n%s",
                on(colour, e->verdict == RCA_VERDICT_CAUSE ? RED : BOLD));
    rca_words_answer(buf, e);
    rca_buf_fmt(buf, ".%s\n", on(colour, PLAIN));
    rca_words_sure(buf, e);
    rca_buf_str(buf, "\n");
}

static int change_text(const struct rca_card *card, char **ret_text)
{
    struct rca_buf buf = {0};

    rca_words_change(&buf, card);
    rca_buf_str(&buf, "  ");
    rca_words_factor(&buf, card);
    return rca_buf_take(&buf, ret_text);
}

static int measure(const struct rca_explanation *e, struct table *t)
{
    for (size_t i = 0; i < e->n_causes; i++) {
        const struct rca_card *c = &e->causes[i].card;
        char *change RCA_CLEANUP(rca_freep) = NULL;
        int kind = width(rca_kind_name(c->kind)) + 1;
        int r = change_text(c, &change);

        if (r)
            return r;
        if (width(c->name) + kind > t->name)
            t->name = width(c->name) + kind;
        if (width(c->label) > t->metric)
            t->metric = width(c->label);
        if (width(change) > t->change)
            t->change = width(change);
    }
    if (t->name > NAME_WIDTH_MAX)
        t->name = NAME_WIDTH_MAX;
    return 0;
}

/* without blanks before it */
static void end_line(struct rca_buf *buf)
{
    while (buf->len && buf->text[buf->len - 1] == ' ')
        buf->len--;
    rca_buf_str(buf, "\n");
}

static int cause_row(struct rca_buf *buf, const struct rca_explanation *e,
                     size_t i, const struct table *t, _Bool colour)
{
    const struct rca_cause *cause = &e->causes[i];
    const struct rca_card *c = &cause->card;
    char *change RCA_CLEANUP(rca_freep) = NULL;
    struct rca_buf name RCA_CLEANUP(rca_buf_done) = {0};
    char *full RCA_CLEANUP(rca_freep) = NULL;
    char clock[RCA_TIME_TEXT_SIZE] = "", clean[RCA_NAME_MAX + 1];
    int r = change_text(c, &change);

    rca_buf_fmt(&name, "%s %s", rca_kind_name(c->kind),
                rca_name_clean(c->name, clean));
    r = r ? r : rca_buf_take(&name, &full);
    if (r)
        return r;
    if (c->onset != RCA_TIME_NONE)
        (void)rca_time_clock(c->onset, clock);
    rca_buf_fmt(buf, " %zu  %s", i + 1, on(colour && i == 0, BOLD));
    pad(buf, full, t->name);
    rca_buf_fmt(buf, "%s  ", on(colour && i == 0, PLAIN));
    pad(buf, c->label, t->metric);
    rca_buf_str(buf, "  ");
    pad(buf, change, t->change);
    if (isfinite(cause->share))
        rca_buf_fmt(buf, "  %-8s  %3.0f %%", clock, 100 * cause->share);
    else if (*clock)
        rca_buf_fmt(buf, "  %s", clock);
    if (i == 0 && isfinite(cause->confidence))
        rca_buf_fmt(buf, "  (%.0f %% sure)", 100 * cause->confidence);
    end_line(buf);
    return 0;
}

static int cause_table(struct rca_buf *buf, const struct rca_explanation *e,
                       _Bool colour)
{
    struct table t = {10, 6, 6};
    int r = measure(e, &t);

    if (r || !e->n_causes)
        return r;
    rca_buf_str(buf, "\n #  ");
    pad(buf, e->verdict == RCA_VERDICT_CAUSE ? "root cause" : "candidate",
        t.name);
    rca_buf_str(buf, "  ");
    pad(buf, "", t.metric);
    rca_buf_str(buf, "  ");
    pad(buf, "change", t.change);
    rca_buf_fmt(buf, "  began%s\n",
                isfinite(e->causes[0].share) ? "     share" : "");
    for (size_t i = 0; i < e->n_causes && !r; i++)
        r = cause_row(buf, e, i, &t, colour);
    return r;
}

/* Append @text to the line, or to a next one if it would be too long. */
static void flow(struct rca_buf *buf, const char *text, int *column)
{
    if (*column > INDENT && *column + width(text) > LINE_WIDTH) {
        if (buf->len && buf->text[buf->len - 1] == ' ')
            buf->len--; /* no blank at the end of a line */
        rca_buf_fmt(buf, "\n%*s", INDENT, "");
        *column = INDENT;
    }
    rca_buf_str(buf, text);
    *column += width(text);
}

static void step(struct rca_buf *buf, const struct rca_flow *over,
                 const struct rca_card *card, int *column)
{
    char text[2 * RCA_NAME_MAX + 64], clean[RCA_NAME_MAX + 1];

    if (over)
        (void)snprintf(text, sizeof(text), " =%.0f%%=> %s %s",
                       100 * over->share, rca_name_clean(card->name, clean),
                       card->label);
    else
        (void)snprintf(text, sizeof(text), "%s %s",
                       rca_name_clean(card->name, clean), card->label);
    flow(buf, text, column);
}

static const struct rca_flow *main_flow(const struct rca_explanation *e,
                                        size_t from)
{
    for (size_t f = 0; f < e->n_flows; f++) {
        if (e->flows[f].main && e->flows[f].from == from)
            return &e->flows[f];
    }
    return NULL;
}

/* The main path, from the cause on: each node has one main arrow out. */
static void why(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct rca_flow *over;
    size_t at = e->n_nodes;
    int column = INDENT;

    for (size_t i = 0; i < e->n_nodes; i++) {
        if (e->nodes[i].rank == 1)
            at = i;
    }
    if (at == e->n_nodes || !main_flow(e, at))
        return;
    rca_buf_fmt(buf, "%-*s", INDENT, "why");
    step(buf, NULL, &e->nodes[at].card, &column);
    for (size_t n = 0; n < e->n_nodes && (over = main_flow(e, at)); n++) {
        at = over->to;
        step(buf, over, &e->nodes[at].card, &column);
    }
    rca_buf_str(buf, "\n");
}

static void what_if(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (!e->n_causes || !isfinite(e->causes[0].value))
        return;
    rca_buf_fmt(buf, "%-*s", INDENT, "what if");
    rca_words_what_if(buf, e);
    rca_buf_str(buf, "\n");
}

static void list(struct rca_buf *buf, const char *head,
                 const char *const *items, size_t n, size_t more)
{
    char text[RCA_NAME_MAX + 64], clean[RCA_NAME_MAX + 1];
    int column = INDENT;

    if (!n && !more)
        return;
    rca_buf_fmt(buf, "%-*s", INDENT, head);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(text, sizeof(text), "%s%s",
                       rca_name_clean(items[i], clean),
                       i + 1 < n || more ? "; " : "");
        flow(buf, text, &column);
    }
    (void)snprintf(text, sizeof(text), "%zu more entities", more);
    if (more)
        flow(buf, text, &column);
    rca_buf_str(buf, "\n");
}

/* Whether a shell takes the name as one word, as it is. */
static _Bool is_plain(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@:-+,");

    return n > 0 && !text[n] && text[0] != '-';
}

static void then(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct rca_card *c = &e->causes[0].card;

    if (!e->n_causes || !is_plain(c->name) || !is_plain(e->symptom.name))
        return;
    rca_buf_fmt(buf,
                "%-*srca show series %s/%s;  rca explain --entity %s/%s "
                "-o why.svg\n",
                INDENT, "next", rca_kind_name(c->kind), c->name,
                rca_kind_name(e->symptom.kind), e->symptom.name);
}

int rca_render_text(const struct rca_explanation *e, _Bool colour,
                    struct rca_buf *buf)
{
    int r;

    headline(buf, e, colour);
    r = e->verdict == RCA_VERDICT_NORMAL ? 0 : cause_table(buf, e, colour);
    if (r)
        return r;
    rca_buf_str(buf, "\n");
    if (e->verdict == RCA_VERDICT_CAUSE) {
        why(buf, e);
        what_if(buf, e);
    }
    list(buf, "normal", e->checked, e->n_checked,
         e->checked_entities - e->n_checked);
    list(buf, "unseen", e->unseen, e->n_unseen, 0);
    if (e->verdict != RCA_VERDICT_NORMAL)
        then(buf, e);
    return buf->err;
}
