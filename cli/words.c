/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/phrase.h"
#include "graph/base/name.h"
#include "graph/base/time.h"

/* Less than this part of the symptom is written as 0. */
#define NEXT_TO_NONE 1e-3
/* A larger factor is not told: it is by a value close to nothing. */
#define FACTOR_MAX 1000
/* Rises below this are told with two decimals: "1.0×" would be none. */
#define FINE_FACTOR 1.1
/* A second cause whose share is this part of the first one's is named, too. */
#define AS_LARGE 0.9

static void value(struct rca_buf *buf, double x, enum rca_unit unit)
{
    char text[32];

    rca_buf_str(buf, rca_value_text(x, unit, text));
}

static void range(struct rca_buf *buf, double a, double b, enum rca_unit unit,
                  const char *between)
{
    char text[RCA_RANGE_TEXT_SIZE];

    rca_buf_str(buf, rca_range_text(a, b, unit, between, text));
}

static _Bool is_inside_character(const char *s)
{
    return ((unsigned char)*s & 0xc0) == 0x80;
}

const char *rca_words_name(const char *name, char buf[RCA_WORDS_NAME_MAX + 1])
{
    static const char dots[] = "…";
    const size_t room = RCA_WORDS_NAME_MAX - strlen(dots);
    char clean[RCA_NAME_MAX + 1];
    size_t length = strlen(rca_name_clean(name, clean)), head = room / 3, tail;

    if (length <= RCA_WORDS_NAME_MAX) {
        memcpy(buf, clean, length + 1);
        return buf;
    }
    tail = length - (room - head);
    while (is_inside_character(clean + head))
        head--;
    while (is_inside_character(clean + tail))
        tail++;
    memmove(clean + head + strlen(dots), clean + tail, length - tail + 1);
    for (size_t i = 0; dots[i]; i++)
        clean[head + i] = dots[i];
    memcpy(buf, clean, strlen(clean) + 1);
    return buf;
}

/* "nic eth0", "host web-1"; "web" of what runs: its kind says nothing new */
static void kind_and_name(const struct rca_card *c, const char *name, char *buf,
                          size_t size)
{
    const char *kind = rca_kind_name(c->kind);
    const _Bool runs = c->kind == RCA_KIND_SERVICE ||
                       c->kind == RCA_KIND_CGROUP ||
                       c->kind == RCA_KIND_PROCESS;

    if (runs || c->kind == RCA_KIND_OTHER || strcmp(name, kind) == 0)
        (void)snprintf(buf, size, "%s", name);
    else
        (void)snprintf(buf, size, "%s %s", kind, name);
}

static void subject(struct rca_buf *buf, const struct rca_card *c)
{
    char text[RCA_WORDS_NAME_MAX + 1], full[RCA_WORDS_NAME_MAX + 32];

    kind_and_name(c, rca_words_name(c->name, text), full, sizeof(full));
    rca_buf_str(buf, full);
}

void rca_words_title(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct rca_state *state = rca_phrase_state(&e->symptom);

    if (e->verdict == RCA_VERDICT_NORMAL) {
        subject(buf, &e->symptom);
        rca_buf_str(buf, " is normal");
        return;
    }
    rca_buf_fmt(buf, "Why %s ", state->aux);
    subject(buf, &e->symptom);
    rca_buf_fmt(buf, " %s?", state->rest);
}

/* --- the first line ----------------------------------------------------------*/

static void headline_factor(struct rca_buf *buf, const struct rca_card *c)
{
    const double f = c->after / c->before;
    const enum rca_turn turn = rca_turn_of(c);

    if (turn == RCA_TURN_ROSE && c->before > 0 && f <= FACTOR_MAX)
        rca_buf_fmt(buf, " (%.*f×)", f < FINE_FACTOR ? 2 : (f < 9.95 ? 1 : 0),
                    f);
    else if (turn == RCA_TURN_APPEARED ||
             (turn == RCA_TURN_ROSE && c->before == 0))
        rca_buf_str(buf, " (new)");
    else if (turn == RCA_TURN_FELL && c->after > 0)
        rca_buf_fmt(buf, " (-%.0f %%)", 100 * (1 - f));
}

static void headline_when(struct rca_buf *buf, const struct rca_explanation *e)
{
    char from[RCA_TIME_TEXT_SIZE], to[RCA_TIME_TEXT_SIZE],
        zone[RCA_TIME_TEXT_SIZE];

    if (e->verdict != RCA_VERDICT_NORMAL && e->symptom.onset != RCA_TIME_NONE)
        rca_buf_fmt(buf, " since %s %s", rca_time_clock(e->symptom.onset, from),
                    rca_time_zone(e->symptom.onset, zone));
    else
        rca_buf_fmt(buf, ", %s to %s %s", rca_time_clock(e->from, from),
                    rca_time_clock(e->to, to), rca_time_zone(e->to, zone));
}

/* @level: of brevity; 0 all, 1 without the factor, 2 without the time too; of
 * what is normal the time goes first */
static void headline(struct rca_buf *buf, const struct rca_explanation *e,
                     int columns, int level)
{
    const struct rca_card *c = &e->symptom;
    const _Bool normal = e->verdict == RCA_VERDICT_NORMAL;
    char fitted[RCA_NAME_MAX + 1], label[RCA_NAME_MAX + 1],
        titled[RCA_NAME_MAX + 32], clean[RCA_NAME_MAX + 1];

    kind_and_name(c, rca_name_clean(c->name, clean), titled, sizeof(titled));
    rca_buf_fmt(buf, "%s %s: %s ", rca_columns_fit(titled, columns, fitted),
                normal ? "is normal" : rca_phrase_state(c)->statement,
                rca_columns_fit(c->label, columns, label));
    if (normal) {
        value(buf, c->after, c->unit);
        if (isfinite(c->before) && level < 2) {
            rca_buf_str(buf, ", typically ");
            value(buf, c->before, c->unit);
        }
    } else {
        rca_words_change(buf, c);
        if (level == 0)
            headline_factor(buf, c);
    }
    if (level < (normal ? 1 : 2))
        headline_when(buf, e);
}

/* What is tried in this order until the line fits: how brief, and columns of
 * the name and of the label. */
static const struct {
    int level, columns;
} headlines[] = {{0, 40}, {0, 30}, {0, 22}, {1, 40}, {1, 30}, {1, 22}, {0, 16},
                 {1, 16}, {2, 40}, {2, 30}, {2, 22}, {2, 16}, {2, 12}};

void rca_words_headline(struct rca_buf *buf, const struct rca_explanation *e,
                        int columns)
{
    const size_t last = RCA_ARRAY_SIZE(headlines) - 1;
    char line[RCA_NAME_MAX + 1];

    for (size_t i = 0; i <= last; i++) {
        struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};

        headline(&text, e, headlines[i].columns, headlines[i].level);
        buf->err = buf->err ? buf->err : text.err;
        if (text.err)
            return;
        if (i < last && rca_columns(text.text) > columns)
            continue;
        rca_buf_str(buf, rca_columns_fit(text.text, columns, line));
        return;
    }
}

/* --- the cause ---------------------------------------------------------------*/

static _Bool is_same(const struct rca_card *a, const struct rca_card *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
           strcmp(a->host, b->host) == 0;
}

static void cause(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct rca_card *c = &e->causes[0].card;
    const _Bool itself = is_same(c, &e->symptom);

    subject(buf, c);
    if (itself)
        rca_buf_str(buf, " itself");
    if (itself && strcmp(c->metric, e->symptom.metric) == 0)
        rca_buf_str(buf, ": nothing else that was measured explains it better");
    else
        rca_phrase(buf, c);
}

static _Bool is_rivalled(const struct rca_explanation *e)
{
    return e->n_causes > 1 && isfinite(e->causes[0].share) &&
           e->causes[1].share >= AS_LARGE * e->causes[0].share;
}

void rca_words_rival(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (!is_rivalled(e))
        return;
    rca_buf_str(buf, " But ");
    subject(buf, &e->causes[1].card);
    rca_buf_fmt(buf, " has a share of %.0f %%, too.",
                rca_words_percent(e->causes[1].share));
}

void rca_words_answer(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (e->verdict == RCA_VERDICT_NORMAL) {
        rca_buf_fmt(
            buf, "Its %s is within what is usual for it: ", e->symptom.label);
        value(buf, e->symptom.after, e->symptom.unit);
        return;
    }
    if (e->verdict == RCA_VERDICT_UNCLEAR || !e->n_causes)
        rca_buf_fmt(buf, "No clear cause%s", e->n_causes ? ". Perhaps: " : "");
    if (e->n_causes)
        cause(buf, e);
}

static void before_symptom(struct rca_buf *buf, rca_time cause,
                           rca_time symptom)
{
    char clock[RCA_TIME_TEXT_SIZE], lag[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf, " It began at %s", rca_time_clock(cause, clock));
    if (symptom != RCA_TIME_NONE && cause != symptom)
        rca_buf_fmt(buf, ", %s %s the symptom",
                    rca_duration_text(llabs(symptom - cause), lag),
                    cause < symptom ? "before" : "after");
    rca_buf_str(buf, ".");
}

void rca_words_sure(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (e->verdict == RCA_VERDICT_NORMAL) {
        rca_buf_str(buf, "Nothing to explain.");
        return;
    }
    if (!e->n_causes) {
        rca_buf_str(buf, "Nothing that was measured explains it.");
        return;
    }
    if (!isfinite(e->causes[0].confidence))
        rca_buf_fmt(buf, "Ranked by %s, which does not say how sure it is.",
                    rca_method_name(e->method));
    else
        rca_buf_fmt(buf,
                    e->verdict == RCA_VERDICT_UNCLEAR
                        ? "Only %.0f %% sure: a cause is named from 50 %% on."
                        : "%.0f %% sure.",
                    rca_words_percent(e->causes[0].confidence));
    if (e->causes[0].card.onset != RCA_TIME_NONE)
        before_symptom(buf, e->causes[0].card.onset, e->symptom.onset);
    rca_words_rival(buf, e);
}

/* A linear model may go below 0 where the symptom never does, and what is next
 * to nothing beside the symptom is nothing. */
static double floor_at_zero(double x, const struct rca_card *symptom)
{
    if (symptom->before < 0 || symptom->after < 0)
        return x;
    return x < NEXT_TO_NONE * symptom->after ? 0 : x;
}

void rca_words_instead(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct rca_cause *c = e->causes;
    const struct rca_card *symptom = &e->symptom;

    rca_buf_str(buf, "about ");
    value(buf, floor_at_zero(c->value, symptom), symptom->unit);
    if (!isfinite(c->low) || !isfinite(c->high))
        return;
    rca_buf_str(buf, " (");
    range(buf, floor_at_zero(c->low, symptom), floor_at_zero(c->high, symptom),
          symptom->unit, " to ");
    rca_buf_str(buf, ")");
}

void rca_words_what_if(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (e->verdict != RCA_VERDICT_CAUSE || !e->n_causes ||
        !isfinite(e->causes[0].value))
        return;
    rca_buf_fmt(buf, "Had it stayed as usual, %s would be ", e->symptom.label);
    rca_words_instead(buf, e);
    rca_buf_str(buf, ", not ");
    value(buf, e->symptom.after, e->symptom.unit);
    rca_buf_str(buf, ".");
}

const char *rca_words_count(uint64_t n, char buf[RCA_WORDS_COUNT_SIZE])
{
    char digits[RCA_WORDS_COUNT_SIZE];
    const int length = snprintf(digits, sizeof(digits), "%" PRIu64, n);
    size_t to = 0;

    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            buf[to++] = ',';
        buf[to++] = digits[i];
    }
    buf[to] = '\0';
    return buf;
}

double rca_words_percent(double share)
{
    return 100 * fmin(fmax(share, 0), 1);
}

void rca_words_change(struct rca_buf *buf, const struct rca_card *card)
{
    range(buf, card->before, card->after, card->unit, " → ");
}

/* Two or three digits, and never an exponent. */
static void times(struct rca_buf *buf, const char *mark, double f)
{
    rca_buf_fmt(buf, "%s %.*f×", mark, f < FINE_FACTOR ? 2 : (f < 9.95 ? 1 : 0),
                f);
}

void rca_words_factor(struct rca_buf *buf, const struct rca_card *card)
{
    const enum rca_turn turn = rca_turn_of(card);
    const _Bool up = turn == RCA_TURN_ROSE;
    const char *mark = up ? "▲" : "▼";
    const double from = up ? card->before : card->after;
    const double to = up ? card->after : card->before;

    if (turn == RCA_TURN_APPEARED || turn == RCA_TURN_VANISHED)
        rca_buf_str(buf, turn == RCA_TURN_APPEARED ? "▲ new" : "▼ gone");
    else if (turn == RCA_TURN_UNKNOWN)
        rca_buf_str(buf, "no data");
    else if (turn == RCA_TURN_SAME)
        rca_buf_str(buf, "as usual");
    else if (from < 0)
        rca_buf_str(buf, mark); /* no factor across zero */
    else if (from == 0)
        rca_buf_str(buf, up ? "▲ new" : "▼ gone");
    else if (to / from > FACTOR_MAX)
        rca_buf_fmt(buf, "%s >%d×", mark, FACTOR_MAX);
    else
        times(buf, mark, to / from);
}
