/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The answer as text, for a terminal at 3 a.m.: at most LINES_MAX lines of
 * LINE_WIDTH columns for any explanation. First what is wrong, then why and how
 * sure, then the causes as a table, then one line each for the rest. What does
 * not fit is counted ("and 41 more") or, of a name, left out in its middle.
 */

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/packets.h"
#include "cli/render.h"
#include "cli/text_table.h"
#include "cli/words.h"
#include "graph/base/time.h"

enum {
    LINES_MAX = 15,
    LINE_WIDTH = 80,
    INDENT = 9, /* of what follows the first word of a line */
    ROOM = LINE_WIDTH - INDENT,
    ANSWER_LINES = 2,
    WHY_LINES = 3, /* or one less where there is no room */
    PACKET_LINES = 2,
    DEATHS_TOLD = 2,
    STEPS_MAX = 15, /* of a path: explain.h */
};

/* The answer rests on little: below these, or above these, it is said. */
#define FEW_INCIDENT_ROWS 10
#define FEW_NORMAL_ROWS 30
#define MANY_GAPS 0.1
#define MUCH_UNEXPLAINED 0.25
#define MODEL_OLD (86400 * RCA_SECOND)

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define PLAIN "\033[0m"

static const char *on(_Bool colour, const char *code)
{
    return colour ? code : "";
}

static int lines_of(const struct rca_buf *buf)
{
    int n = 0;

    for (size_t i = 0; i < buf->len; i++)
        n += buf->text[i] == '\n';
    return n;
}

static _Bool is_within(const char *text, int columns)
{
    char line[1024];

    while (*text) {
        const size_t n = strcspn(text, "\n");

        (void)snprintf(line, sizeof(line), "%.*s", (int)n, text);
        if (rca_columns(line) > columns)
            return 0;
        text += n + (text[n] == '\n');
    }
    return 1;
}

/* --- the first two lines ------------------------------------------------------*/

static void how_sure(struct rca_buf *text, const struct rca_explanation *e)
{
    const double sure = e->n_causes ? e->causes[0].confidence : NAN;

    if (!e->n_causes)
        rca_buf_str(text, ": nothing that was measured explains it.");
    else if (!isfinite(sure))
        rca_buf_fmt(text, "; ranked by %s, which does not say how sure it is.",
                    rca_method_name(e->method));
    else if (e->verdict == RCA_VERDICT_UNCLEAR)
        rca_buf_fmt(text, "; %.0f %% sure, too little to name a cause.",
                    rca_words_percent(sure));
    else
        rca_buf_fmt(text, "; %.0f %% sure.", rca_words_percent(sure));
    rca_words_rival(text, e);
}

/* without "(it was 2 ms)", "(none before)": the table has it, too */
static void cut_before(char *text)
{
    char *from = strstr(text, " (it was ");
    char *to;

    from = from ? from : strstr(text, " (none before)");
    to = from ? strchr(from, ')') : NULL;
    if (to)
        memmove(from, to + 1, strlen(to + 1) + 1);
}

/* with a name and a label that leave room for the rest of the sentence */
static void answer(struct rca_buf *text, const struct rca_explanation *e)
{
    struct rca_explanation brief = *e;
    struct rca_cause first;
    char name[RCA_NAME_MAX + 1], label[RCA_NAME_MAX + 1];

    if (e->n_causes) {
        const _Bool itself =
            strcmp(e->symptom.name, e->causes[0].card.name) == 0;

        first = e->causes[0];
        first.card.name = rca_columns_fit(first.card.name, 40, name);
        first.card.label = rca_columns_fit(first.card.label, 30, label);
        if (itself)
            brief.symptom.name = first.card.name;
        brief.causes = &first;
        brief.n_causes = 1;
    }
    rca_words_answer(text, &brief);
}

static void head(struct rca_buf *buf, const struct rca_explanation *e,
                 _Bool colour)
{
    const _Bool named = e->verdict == RCA_VERDICT_CAUSE && e->n_causes;
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};

    rca_buf_str(buf, on(colour, BOLD));
    rca_words_headline(buf, e, LINE_WIDTH);
    rca_buf_fmt(buf, "%s\n", on(colour, PLAIN));
    if (named)
        rca_buf_str(&text, "Cause: ");
    if (e->verdict == RCA_VERDICT_NORMAL) {
        rca_buf_str(&text, "It was as far off in over 1 % of its past: there "
                           "is nothing to explain.");
    } else {
        answer(&text, e);
        how_sure(&text, e);
    }
    rca_buf_str(buf, on(colour, named ? RED : BOLD));
    if (text.len && rca_columns(text.text) > LINE_WIDTH)
        cut_before(text.text);
    if (text.len)
        rca_columns_wrap(buf, text.text, LINE_WIDTH, ANSWER_LINES);
    if (buf->len && colour)
        buf->len--; /* the colour ends on its line */
    rca_buf_str(buf, on(colour, PLAIN "\n"));
    buf->err = buf->err ? buf->err : text.err;
}

/* --- the path -----------------------------------------------------------------*/

/* The main path from the cause on: each node has one main arrow out. Returns
 * the number of its arrows. */
static size_t find_path(const struct rca_explanation *e,
                        const struct rca_flow *path[STEPS_MAX])
{
    const struct rca_flow *flow;
    size_t n = 0, at = 0;

    while (at < e->n_nodes && e->nodes[at].rank != 1)
        at++;
    while (at < e->n_nodes && n < STEPS_MAX &&
           (flow = rca_explanation_onward(e, at))) {
        path[n++] = flow;
        at = flow->to;
    }
    return n;
}

static void flow_text(struct rca_buf *buf, const char *text, int *column)
{
    const _Bool is_blank = text[0] == ' ';

    if (*column > INDENT && *column + rca_columns(text) > LINE_WIDTH) {
        rca_buf_fmt(buf, "\n%*s", INDENT, "");
        *column = INDENT;
        text += is_blank;
    }
    rca_buf_str(buf, text);
    *column += rca_columns(text);
}

static void step(struct rca_buf *buf, const struct rca_flow *over,
                 const struct rca_card *card, int columns, int *column)
{
    char name[RCA_NAME_MAX + 1], label[RCA_NAME_MAX + 1],
        text[2 * RCA_NAME_MAX + 64], arrow[32] = "";

    if (over)
        (void)snprintf(arrow, sizeof(arrow), " =%.0f%%=> ",
                       rca_words_percent(over->share));
    (void)snprintf(text, sizeof(text), "%s%s %s", arrow,
                   rca_columns_fit(card->name, columns, name),
                   rca_columns_fit(card->label, columns, label));
    flow_text(buf, text, column);
}

/* @skip arrows after the first one are only counted */
static void put_path(struct rca_buf *buf, const struct rca_explanation *e,
                     const struct rca_flow *const *path, size_t n, size_t skip,
                     int columns)
{
    char text[32];
    int column = INDENT;

    rca_buf_fmt(buf, "%-*s", INDENT, "why");
    step(buf, NULL, &e->nodes[path[0]->from].card, columns, &column);
    for (size_t i = 0; i < n; i++) {
        if (skip && i == 1) {
            (void)snprintf(text, sizeof(text), " => (%zu more)", skip);
            flow_text(buf, text, &column);
            i += skip;
        }
        step(buf, path[i], &e->nodes[path[i]->to].card, columns, &column);
    }
    rca_buf_str(buf, "\n");
}

/* Names get shorter, then the middle is left out, until it fits. */
static void why(struct rca_buf *buf, const struct rca_explanation *e, int lines)
{
    const struct rca_flow *path[STEPS_MAX];
    const size_t n = find_path(e, path);

    for (size_t skip = 0; n && skip + 2 <= n + (n == 1); skip++) {
        for (int columns = 40; columns >= 16; columns -= 8) {
            struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};

            put_path(&text, e, path, n, skip, columns);
            buf->err = buf->err ? buf->err : text.err;
            if (text.err)
                return;
            if (lines_of(&text) <= lines && is_within(text.text, LINE_WIDTH)) {
                rca_buf_str(buf, text.text);
                return;
            }
        }
    }
}

/* --- a line each --------------------------------------------------------------*/

/* "what if  batch as usual: latency p99 about 65 ms (58 to 71 ms)" */
static void what_if(struct rca_buf *buf, const struct rca_explanation *e)
{
    char name[RCA_NAME_MAX + 1], label[RCA_NAME_MAX + 1],
        line[RCA_NAME_MAX + 1];

    if (!e->n_causes || !isfinite(e->causes[0].value))
        return;
    for (int columns = 40; columns >= 10; columns -= 6) {
        struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};
        const int narrow = columns > 16 ? columns : 16;

        rca_buf_fmt(&text, "%s as usual: %s ",
                    rca_columns_fit(e->causes[0].card.name, columns, name),
                    rca_columns_fit(e->symptom.label, narrow, label));
        rca_words_instead(&text, e);
        buf->err = buf->err ? buf->err : text.err;
        if (buf->err)
            return;
        if (rca_columns(text.text) > ROOM && columns > 10)
            continue;
        rca_buf_fmt(buf, "%-*s%s\n", INDENT, "what if",
                    rca_columns_fit(text.text, ROOM, line));
        return;
    }
}

/* Append "; ITEM" if it fits into @room columns; an only one is made to. */
static _Bool add_item(struct rca_buf *line, const char *item, int room)
{
    char text[RCA_NAME_MAX + 1];
    const int used = line->len ? rca_columns(line->text) + 2 : 0;

    (void)rca_columns_fit(item, used ? RCA_NAME_MAX : room, text);
    if (used + rca_columns(text) > room)
        return 0;
    rca_buf_fmt(line, "%s%s", used ? "; " : "", text);
    return 1;
}

/* without what comes after its last ": " */
static void cut_details(char *text)
{
    char *colon = NULL;

    for (char *p = text; (p = strstr(p, ": ")); p++)
        colon = p;
    if (colon)
        *colon = '\0';
}

/* "HEAD  a; b and 41 more", in one line */
static void list(struct rca_buf *buf, const char *head,
                 const char *const *items, size_t n, size_t all, _Bool brief)
{
    struct rca_buf line RCA_CLEANUP(rca_buf_done) = {0};
    char text[RCA_NAME_MAX + 1];
    const int tail = (int)sizeof(" and 12345 more");
    size_t i = 0;

    if (!all)
        return;
    for (; i < n; i++) {
        (void)rca_name_clean(items[i], text);
        if (brief)
            cut_details(text);
        if (!add_item(&line, text, ROOM - (i + 1 < all ? tail : 0)))
            break;
    }
    rca_buf_fmt(buf, "%-*s%s", INDENT, head, line.len ? line.text : "");
    if (i < all)
        rca_buf_fmt(buf, i ? " and %zu more" : "%zu entities", all - i);
    rca_buf_str(buf, "\n");
    buf->err = buf->err ? buf->err : line.err;
}

/* "HEAD  words", in at most @lines lines */
static void paragraph(struct rca_buf *buf, const char *head,
                      const struct rca_buf *text, int lines)
{
    struct rca_buf wrapped RCA_CLEANUP(rca_buf_done) = {0};

    if (text->len)
        rca_columns_wrap(&wrapped, text->text, ROOM, lines);
    for (const char *p = wrapped.text; p && *p;) {
        const size_t n = strcspn(p, "\n") + 1;

        rca_buf_fmt(buf, "%-*s%.*s", INDENT, head, (int)n, p);
        head = "";
        p += n;
    }
    buf->err = buf->err ? buf->err : text->err ? text->err : wrapped.err;
}

/* the strongest reasons, as many as fit */
static void evidence(struct rca_buf *buf, const struct rca_explanation *e)
{
    struct rca_buf line RCA_CLEANUP(rca_buf_done) = {0};

    for (size_t i = 0; e->n_causes && i < RCA_REASONS; i++) {
        const char *reason = e->causes[0].reasons[i];

        if (reason)
            (void)add_item(&line, reason, ROOM);
    }
    if (line.len)
        rca_buf_fmt(buf, "%-*s%s\n", INDENT, "evidence", line.text);
    buf->err = buf->err ? buf->err : line.err;
}

/* Fewer ways to die are told apart until it fits: what was lost comes last. */
static void put_packets(struct rca_buf *buf, const struct rca_packets *p,
                        int lines)
{
    for (size_t most = DEATHS_TOLD; most > 0; most--) {
        struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};
        struct rca_buf whole RCA_CLEANUP(rca_buf_done) = {0};

        rca_packets_words(&text, p, most);
        if (text.len)
            rca_columns_wrap(&whole, text.text, ROOM, LINES_MAX);
        if (most == 1 || lines_of(&whole) <= lines) {
            paragraph(buf, "packets", &text, lines);
            return;
        }
    }
}

/* what was captured, and what of it speaks against the causes */
static void packets(struct rca_buf *buf, const struct rca_explanation *e,
                    _Bool roomy)
{
    struct rca_buf against RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_packets brief;
    char unseen[RCA_NAME_MAX + 1];

    if (!e->packets)
        return;
    brief = *e->packets;
    if (brief.unseen)
        brief.unseen = rca_columns_fit(brief.unseen, ROOM, unseen);
    rca_packets_against(&against, e);
    put_packets(buf, &brief, roomy || !against.len ? PACKET_LINES : 1);
    paragraph(buf, "", &against, 1);
}

/* "; " and what is bad about the data */
RCA_PRINTF(2, 3)
static void remark(struct rca_buf *buf, const char *format, ...)
{
    char text[96];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    rca_buf_fmt(buf, "%s%s", buf->len ? "; " : "", text);
}

static void age_of_model(struct rca_buf *buf, const struct rca_explanation *e)
{
    char age[RCA_TIME_TEXT_SIZE];

    if (e->trained_to <= e->trained_from)
        return;
    if (e->trained_from >= e->from)
        remark(buf, "the model knows no time before it");
    else if (e->from - e->trained_to > MODEL_OLD)
        remark(buf, "model %s old",
               rca_duration_text(e->from - e->trained_to, age));
}

/* What makes the answer less sure than it looks; nothing if there is none. */
static void quality(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct rca_quality *q = &e->quality;
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};
    char line[RCA_NAME_MAX + 1];

    if (e->verdict != RCA_VERDICT_NORMAL && e->unexplained >= MUCH_UNEXPLAINED)
        remark(&text, "%.0f %% unexplained", rca_words_percent(e->unexplained));
    if (q->step > 0 && q->incident_rows < FEW_INCIDENT_ROWS)
        remark(&text, "only %zu %s of the incident", q->incident_rows,
               q->incident_rows == 1 ? "sample" : "samples");
    if (q->step > 0 && q->normal_rows < FEW_NORMAL_ROWS)
        remark(&text, "only %zu of normal time", q->normal_rows);
    if (q->missing > MANY_GAPS)
        remark(&text, "%.0f %% of values missing",
               rca_words_percent(q->missing));
    age_of_model(&text, e);
    if (text.len)
        rca_buf_fmt(buf, "%-*s%s\n", INDENT, "quality",
                    rca_columns_fit(text.text, ROOM, line));
    buf->err = buf->err ? buf->err : text.err;
}

/* Whether a shell takes the name as one word, as it is. */
static _Bool is_plain(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@:-+,");

    return n > 0 && !text[n] && text[0] != '-' && n < RCA_NAME_MAX;
}

/* what to look at first: the unit of a service that systemd runs, else what the
 * store knows of the entity */
static void look_at(const struct rca_card *c, char *line, size_t size)
{
    const char *leaf = strrchr(c->name, '/');
    const char *suffix = strrchr(c->name, '.');

    leaf = leaf ? leaf + 1 : c->name;
    line[0] = '\0';
    if (!is_plain(c->name))
        return;
    if (c->kind == RCA_KIND_CGROUP && suffix && !strcmp(suffix, ".service"))
        (void)snprintf(line, size, "systemctl status %s", leaf);
    else
        (void)snprintf(line, size, "rca show entity %s/%s",
                       rca_kind_name(c->kind), c->name);
}

static void next(struct rca_buf *buf, const struct rca_explanation *e,
                 _Bool roomy)
{
    char look[RCA_NAME_MAX + 64] = "", draw[RCA_NAME_MAX + 64] = "";
    int a, b;

    if (e->n_causes)
        look_at(&e->causes[0].card, look, sizeof(look));
    if (is_plain(e->symptom.name))
        (void)snprintf(draw, sizeof(draw), "rca explain -e %s/%s -o why.html",
                       rca_kind_name(e->symptom.kind), e->symptom.name);
    a = rca_columns(look) <= ROOM ? rca_columns(look) : 0;
    b = rca_columns(draw) <= ROOM ? rca_columns(draw) : 0;
    if (a && b && a + b + 3 <= ROOM)
        rca_buf_fmt(buf, "%-*s%s;  %s\n", INDENT, "next", look, draw);
    else if (a || b)
        rca_buf_fmt(buf, "%-*s%s\n", INDENT, "next", a ? look : draw);
    if (a && b && a + b + 3 > ROOM && roomy)
        rca_buf_fmt(buf, "%-*s%s\n", INDENT, "", draw);
}

/* --- all of it ----------------------------------------------------------------*/

static void foot(struct rca_buf *buf, const struct rca_explanation *e,
                 _Bool roomy)
{
    if (e->verdict == RCA_VERDICT_CAUSE) {
        why(buf, e, roomy ? WHY_LINES : WHY_LINES - 1);
        what_if(buf, e);
    }
    if (e->verdict != RCA_VERDICT_NORMAL && (roomy || !e->packets))
        evidence(buf, e);
    packets(buf, e, roomy);
    list(buf, "normal", e->checked, e->n_checked, e->checked_entities, 1);
    list(buf, "unseen", e->unseen, e->n_unseen, e->n_unseen, 0);
    quality(buf, e);
    if (e->verdict != RCA_VERDICT_NORMAL)
        next(buf, e, roomy);
}

/* The table has what room the rest leaves; blank lines around it come last. */
int rca_render_text(const struct rca_explanation *e, _Bool colour,
                    struct rca_buf *buf)
{
    struct rca_buf first RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_buf rest RCA_CLEANUP(rca_buf_done) = {0};
    const int rows = e->verdict == RCA_VERDICT_NORMAL ? 0 : (int)e->n_causes;
    const int table = rows ? rows + 1 : 0;
    int room, r = 0;

    head(&first, e, colour);
    foot(&rest, e, 1);
    room = LINES_MAX - lines_of(&first);
    if (lines_of(&rest) + table > room) {
        rca_buf_done(&rest);
        foot(&rest, e, 0);
    }
    room -= lines_of(&rest);
    rca_buf_put(buf, first.text ? first.text : "", first.len);
    if (room > table && (rows || rest.len))
        rca_buf_str(buf, "\n");
    if (rows)
        r = rca_text_table(buf, e, room < table ? room : table, LINE_WIDTH,
                           colour);
    if (rows && room > table + 1 && rest.len)
        rca_buf_str(buf, "\n");
    rca_buf_put(buf, rest.text ? rest.text : "", rest.len);
    if (first.err || rest.err)
        return -ENOMEM;
    return r ? r : buf->err;
}
