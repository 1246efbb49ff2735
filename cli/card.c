/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/card.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/packets.h"
#include "cli/words.h"
#include "graph/base/name.h"
#include "graph/base/time.h"

#define WIDEST 6.0 /* arrow, points */

/* "#1 ROOT CAUSE · 87 %" */
static void put_rank(struct rca_buf *buf, const struct rca_explanation *e,
                     unsigned rank)
{
    const double share = rank <= e->n_causes ? e->causes[rank - 1].share : NAN;

    rca_buf_fmt(buf, "#%u %s", rank,
                rank == 1 && e->verdict == RCA_VERDICT_CAUSE ? "ROOT CAUSE"
                                                             : "POSSIBLE");
    if (isfinite(share))
        rca_buf_fmt(buf, " · %.0f %%", 100 * share);
}

void rca_card_banner(struct rca_buf *buf, const struct rca_explanation *e,
                     const struct rca_node *node)
{
    if (node->class == RCA_NODE_SYMPTOM) {
        rca_buf_str(buf,
                    e->verdict == RCA_VERDICT_NORMAL ? "NORMAL" : "SYMPTOM");
        if (node->rank) /* it is its own cause */
            rca_buf_str(buf, " AND ");
    }
    if (node->rank)
        put_rank(buf, e, node->rank);
}

/* --- lines ------------------------------------------------------------------*/

static size_t character(const char *s)
{
    const size_t n = rca_name_char(s);

    return n ? n : 1;
}

static _Bool is_mark(char c)
{
    return c && strchr("-/._:,=>", c);
}

/* Whether a name may be cut between @s[-1] and @s[0]: after marks, all of them,
 * and not within a number. */
static _Bool may_cut(const char *s)
{
    return is_mark(s[-1]) && !is_mark(s[0]) &&
           !(s[-1] == '.' && s[0] >= '0' && s[0] <= '9');
}

/* Bytes of @text on a line of @width characters; *ret_skip: a blank or the end
 * of a line after it. */
static size_t fit(const char *text, size_t width, size_t *ret_skip)
{
    size_t at = 0, blank = 0, mark = 0;

    for (size_t column = 0; text[at] && column < width; column++) {
        if (text[at] == '\n')
            break;
        at += character(text + at);
        if (text[at] == ' ' && 2 * column > width)
            blank = at;
        else if (may_cut(text + at) && 3 * column > width)
            mark = at;
    }
    *ret_skip = text[at] == '\n' || (text[at] && blank);
    if (!text[at] || text[at] == '\n')
        return at;
    if (blank || mark)
        return blank ? blank : mark;
    return at;
}

void rca_card_wrap(struct rca_buf *buf, const char *text, size_t width)
{
    while (*text) {
        size_t skip;
        const size_t n = fit(text, width, &skip);

        rca_buf_put(buf, text, n);
        text += n + skip;
        if (*text)
            rca_buf_str(buf, "\n");
    }
}

void rca_card_name(struct rca_buf *buf, const struct rca_card *card)
{
    char name[RCA_WORDS_NAME_MAX + 1];

    rca_card_wrap(buf, rca_words_name(card->name, name), RCA_CARD_WIDTH);
}

void rca_card_metric(struct rca_buf *buf, const struct rca_card *card)
{
    char label[RCA_WORDS_NAME_MAX + 1], text[RCA_WORDS_NAME_MAX + 32];
    const char *kind = rca_kind_name(card->kind);
    const size_t n = strlen(kind);
    /* "rule drops", not "rule rule drops" */
    const _Bool is_told =
        strncmp(card->label, kind, n) == 0 && card->label[n] == ' ';

    (void)snprintf(text, sizeof(text), "%s%s%s", is_told ? "" : kind,
                   is_told ? "" : " ", rca_words_name(card->label, label));
    rca_card_wrap(buf, text, RCA_CARD_WIDTH);
}

/* --- place ------------------------------------------------------------------*/

char *rca_card_take(struct rca_buf *buf, struct rca_buf *text, size_t width)
{
    struct rca_buf lines = {0};
    char *whole RCA_CLEANUP(rca_freep) = NULL;
    char *wrapped = NULL;
    int r;

    if (!text->len && !text->err)
        return NULL;
    r = rca_buf_take(text, &whole);
    if (!r)
        rca_card_wrap(&lines, whole, width);
    r = r ? r : rca_buf_take(&lines, &wrapped);
    if (r)
        buf->err = buf->err ? buf->err : r;
    return wrapped;
}

_Bool rca_card_same_host(const struct rca_card *a, const struct rca_card *b)
{
    return a->host[0] && strcmp(a->host, b->host) == 0;
}

_Bool rca_card_leads_frame(const struct rca_explanation *e, size_t i)
{
    size_t here = 0, before = 0;

    for (size_t k = 0; k < e->n_nodes; k++) {
        const _Bool same =
            rca_card_same_host(&e->nodes[i].card, &e->nodes[k].card);

        here += same;
        before += same && k < i;
    }
    return !before && here > 1 && here < e->n_nodes;
}

/* --- looks ------------------------------------------------------------------*/

const struct rca_card_style *rca_card_style(enum rca_node_class class)
{
    static const struct rca_card_style styles[] = {
        [RCA_NODE_CAUSE] = {"cause", "#D55E00", "#FFF4EC", "#B34700", 3},
        [RCA_NODE_PATH] = {"path", "#E69F00", "#FFFCF3", "#8A5A00", 1.5},
        [RCA_NODE_SYMPTOM] = {"symptom", "#0072B2", "#EFF7FC", "#005A8C", 3},
        [RCA_NODE_OTHER] = {"alt", "#8C959F", "#FFFFFF", "#57606A", 1.2},
    };

    return &styles[class];
}

const char *rca_card_colour(const struct rca_flow *flow)
{
    return flow->main ? "#D55E00" : "#8C959F";
}

void rca_card_share(struct rca_buf *buf, double share)
{
    if (isfinite(share))
        rca_buf_fmt(buf, "%.0f %%", 100 * share);
    else
        rca_buf_str(buf, "?");
}

double rca_card_width(double share)
{
    return share > 0 ? fmin(fmax(1, WIDEST * share), WIDEST) : 1;
}

/* --- notes ------------------------------------------------------------------*/

static void note_list(const char *head, const char *mark,
                      const char *const *items, size_t n, rca_card_note *note,
                      void *context)
{
    char line[RCA_NAME_MAX + 8];

    for (size_t i = 0; i < n; i++) {
        (void)snprintf(line, sizeof(line), "%s%s", mark, items[i]);
        note(context, i ? "" : head, line);
    }
}

static void note_checked(const struct rca_explanation *e, rca_card_note *note,
                         void *context)
{
    static const char head[] = "Checked, found normal";
    char line[128], metrics[RCA_WORDS_COUNT_SIZE], more[RCA_WORDS_COUNT_SIZE];

    note_list(head, "✓ ", e->checked, e->n_checked, note, context);
    (void)snprintf(line, sizeof(line), "✓ %s more entities (%s metrics in all)",
                   rca_words_count(e->checked_entities - e->n_checked, more),
                   rca_words_count(e->checked_metrics, metrics));
    if (e->checked_entities > e->n_checked)
        note(context, e->n_checked ? "" : head, line);
    if (!e->checked_entities)
        note(context, head, "nothing");
}

/* a line each: what was captured, where packets died, what speaks against */
static void note_packets(const struct rca_explanation *e, rca_card_note *note,
                         void *context)
{
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_buf against RCA_CLEANUP(rca_buf_done) = {0};

    if (!e->packets)
        return;
    rca_packets_words(&text, e->packets, RCA_DEATHS_MAX);
    note(context, "Packets, captured", text.text ? text.text : "");
    rca_packets_against(&against, e);
    if (against.len)
        note(context, "", against.text);
}

static void note_legend(const struct rca_explanation *e, _Bool bars,
                        rca_card_note *note, void *context)
{
    char a[RCA_TIME_TEXT_SIZE], b[RCA_TIME_TEXT_SIZE], line[160];
    char zone[RCA_TIME_TEXT_SIZE];
    const char *head = "How to read this";

    if (e->n_flows) {
        note(context, head,
             "An arrow points from cause to effect; thicker is stronger.");
        note(context, "",
             "% on an arrow is how much of the lower card’s change would");
        note(context, "", "vanish had the upper card stayed as usual.");
        head = "";
    }
    if (e->n_causes && isfinite(e->causes[0].share)) {
        note(context, head,
             "% of a cause is its share of the symptom’s change.");
        head = "";
    }
    (void)rca_time_zone(e->spark_to, zone);
    if (bars)
        (void)snprintf(line, sizeof(line),
                       "Bars run from %s to %s; all times are %s.",
                       rca_time_clock(e->spark_from, a),
                       rca_time_clock(e->spark_to, b), zone);
    else
        (void)snprintf(line, sizeof(line), "All times are %s.", zone);
    note(context, head, line);
    (void)snprintf(line, sizeof(line), "%zu weaker %s left out.", e->n_left_out,
                   e->n_left_out == 1 ? "card is" : "cards are");
    if (e->n_left_out)
        note(context, "", line);
}

void rca_card_notes(const struct rca_explanation *e, _Bool bars,
                    rca_card_note *note, void *context)
{
    note_checked(e, note, context);
    note_packets(e, note, context);
    note_list("Could not see", "! ", e->unseen, e->n_unseen, note, context);
    note_legend(e, bars, note, context);
}
