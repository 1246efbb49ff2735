/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/words.h"

#include <math.h>
#include <string.h>

#include "graph/base/time.h"

/* As large as this and more, a factor says less than "new". */
#define FACTOR_MAX 1000

static const char *trouble(enum rca_role role)
{
    switch (role) {
    case RCA_ROLE_LATENCY:
        return "slow";
    case RCA_ROLE_ERROR:
        return "failing";
    case RCA_ROLE_SATURATION:
        return "overloaded";
    case RCA_ROLE_LOAD:
    case RCA_ROLE_USAGE:
    case RCA_ROLE_OTHER:
    case RCA_ROLE_COUNT:
        break;
    }
    return "not as usual";
}

void rca_words_title(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (e->verdict == RCA_VERDICT_NORMAL)
        rca_buf_fmt(buf, "%s is normal", e->symptom.name);
    else
        rca_buf_fmt(buf, "Why is %s %s?", e->symptom.name,
                    trouble(e->symptom.role));
}

static void value(struct rca_buf *buf, double x, enum rca_unit unit)
{
    char text[32];

    rca_buf_str(buf, rca_value_text(x, unit, text));
}

static void was(struct rca_buf *buf, const struct rca_card *c)
{
    rca_buf_str(buf, " (it was ");
    value(buf, c->before, c->unit);
    rca_buf_str(buf, ")");
}

static _Bool is(const struct rca_card *c, const char *word)
{
    return strstr(c->metric, word) != NULL;
}

static void of_service(struct rca_buf *buf, const struct rca_card *c)
{
    if (is(c, "queue_time")) {
        rca_buf_fmt(buf, "%s left its requests waiting: %s ", c->name,
                    c->label);
        value(buf, c->after, c->unit);
    } else if (c->role == RCA_ROLE_ERROR && c->unit == RCA_UNIT_RATIO) {
        rca_buf_fmt(buf, "%s fails ", c->name);
        value(buf, c->after, c->unit);
        rca_buf_str(buf, " of its requests");
    } else if (c->role == RCA_ROLE_LATENCY) {
        rca_buf_fmt(buf, "%s became slow by itself: %s ", c->name, c->label);
        value(buf, c->after, c->unit);
    } else {
        rca_buf_fmt(buf, "%s: %s is ", c->name, c->label);
        value(buf, c->after, c->unit);
    }
    was(buf, c);
}

/* What most kinds have in common: "KIND NAME VERB VALUE". */
static const struct {
    const char *metric; /* part of its name */
    const char *verb;
} phrases[] = {
    {"rule_drops", "drops packets,"},
    {"qdisc_drops", "drops packets,"},
    {"backlog", "holds packets back,"},
    {"overlimits", "delays packets,"},
    {"cpu_usage", "began to use"},
    {"run_queue", "waits for a processor,"},
    {"throttled_ratio", "is throttled,"},
    {"memory_limit_hits", "hits its memory limit,"},
    {"refaults", "reads back what it lost from memory,"},
    {"major_faults", "waits for pages from disk,"},
    {"drops", "drops packets,"},
    {"request_rate", "sends requests,"},
};

static void of_card(struct rca_buf *buf, const struct rca_card *c)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(phrases); i++) {
        if (!is(c, phrases[i].metric))
            continue;
        rca_buf_fmt(buf, "%s %s %s ", rca_kind_name(c->kind), c->name,
                    phrases[i].verb);
        value(buf, c->after, c->unit);
        was(buf, c);
        return;
    }
    rca_buf_fmt(buf, "%s %s: %s is ", rca_kind_name(c->kind), c->name,
                c->label);
    value(buf, c->after, c->unit);
    was(buf, c);
}

void rca_words_answer(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (e->verdict == RCA_VERDICT_NORMAL)
        rca_buf_fmt(buf, "%s is as usual", e->symptom.label);
    else if (e->verdict == RCA_VERDICT_UNCLEAR)
        rca_buf_str(buf, "No clear cause");
    else if (e->causes[0].card.kind == RCA_KIND_SERVICE)
        of_service(buf, &e->causes[0].card);
    else
        of_card(buf, &e->causes[0].card);
}

static void before_symptom(struct rca_buf *buf, rca_time cause,
                           rca_time symptom)
{
    char clock[RCA_TIME_TEXT_SIZE], lag[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf, " It began at %s", rca_time_clock(cause, clock));
    if (symptom != RCA_TIME_NONE && cause < symptom)
        rca_buf_fmt(buf, ", %s before the symptom",
                    rca_duration_text(symptom - cause, lag));
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
    if (e->verdict == RCA_VERDICT_UNCLEAR)
        rca_buf_fmt(buf,
                    "The first candidate is %.0f %% sure, 50 %% are "
                    "needed to name it.",
                    100 * e->causes[0].confidence);
    else
        rca_buf_fmt(buf, "%.0f %% sure.", 100 * e->causes[0].confidence);
    if (e->causes[0].card.onset != RCA_TIME_NONE)
        before_symptom(buf, e->causes[0].card.onset, e->symptom.onset);
}

void rca_words_what_if(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (e->verdict != RCA_VERDICT_CAUSE)
        return;
    rca_buf_fmt(buf, "Had it stayed as usual, %s would be about ",
                e->symptom.label);
    value(buf, e->causes[0].value, e->symptom.unit);
    rca_buf_str(buf, ", not ");
    value(buf, e->symptom.after, e->symptom.unit);
    was(buf, &e->symptom);
    rca_buf_str(buf, ".");
}

void rca_words_change(struct rca_buf *buf, const struct rca_card *card)
{
    value(buf, card->before, card->unit);
    rca_buf_str(buf, " → ");
    value(buf, card->after, card->unit);
}

/* Two digits, and never an exponent. */
static void times(struct rca_buf *buf, const char *mark, double f)
{
    rca_buf_fmt(buf, "%s %.*f×", mark, f < 9.95 ? 1 : 0, f);
}

void rca_words_factor(struct rca_buf *buf, const struct rca_card *card)
{
    double f = card->factor;

    if (card->after >= card->before && (isnan(f) || f > FACTOR_MAX))
        rca_buf_str(buf, "▲ new");
    else if (card->after >= card->before)
        times(buf, "▲", f);
    else if (isnan(f) || f <= 1.0 / FACTOR_MAX)
        rca_buf_str(buf, "▼ gone");
    else
        times(buf, "▼", 1 / f);
}
