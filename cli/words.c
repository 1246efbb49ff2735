/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/words.h"

#include <math.h>
#include <string.h>

#include "graph/base/name.h"
#include "graph/base/time.h"

/* A larger factor is not told: it is by a value close to nothing. */
#define FACTOR_MAX 1000
/* Below this part of what it does now, it did next to nothing before. */
#define NEXT_TO_NOTHING 0.1

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

static void name(struct rca_buf *buf, const struct rca_card *c)
{
    char text[RCA_WORDS_NAME_MAX + 1];

    rca_buf_str(buf, rca_words_name(c->name, text));
}

static void was(struct rca_buf *buf, const struct rca_card *c)
{
    rca_buf_str(buf, " (it was ");
    value(buf, c->before, c->unit);
    rca_buf_str(buf, ")");
}

void rca_words_title(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (e->verdict != RCA_VERDICT_NORMAL)
        rca_buf_str(buf, "Why is ");
    name(buf, &e->symptom);
    if (e->verdict == RCA_VERDICT_NORMAL)
        rca_buf_str(buf, " is normal");
    else
        rca_buf_fmt(buf, " %s?", trouble(e->symptom.role));
}

/* A ratio that is a sum over tasks, so that it may be above 1. */
static const char a_second[] = "s a second";

/**
 * What a cause does, by a part of its metric's name; the first row fits.
 * "KIND NAME now VALUE noun rest", or "began to begin VALUE noun rest" where
 * it did next to nothing of the kind before.
 */
static const struct phrase {
    const char *metric;
    const char *now;
    const char *begin;
    const char *noun;
    const char *rest;
} phrases[] = {
    {"backlog", "queues", "queue", "", ""},
    {"overlimits", "holds back", "hold back", "packets", ""},
    {"requeues", "holds back", "hold back", "packets", ""},
    {"drops", "drops", "drop", "packets", ""},
    {"retransmits", "sends again", "send again", "packets", ""},
    {"cpu_usage", "uses", "use", "CPU", ""},
    {"run_queue", "waits for a CPU", "wait for a CPU", a_second, ""},
    {"throttled_ratio", "is throttled for", "be throttled for", a_second, ""},
    {"cpu_pressure", "waits for a CPU", "wait for a CPU", "", " of the time"},
    {"memory_pressure", "waits for memory", "wait for memory", "",
     " of the time"},
    {"io_pressure", "waits for disks", "wait for disks", "", " of the time"},
    {"io_busy", "is busy", "be busy", "", " of the time"},
    {"memory_usage", "uses", "use", "", " of memory"},
    {"memory_limit_hits", "hits its memory limit", "hit its memory limit",
     "times", ""},
    {"refaults", "reads back", "read back", "pages",
     " that memory had no room for"},
    {"major_faults", "waits for", "wait for", "pages", " from disk"},
    {"oom_kills", "loses", "lose", "processes", " to the out-of-memory killer"},
    {"connect_failures", "fails to connect", "fail to connect", "times", ""},
    {"connection_resets", "has", "have", "connections", " reset"},
};

/* "12 packets/s", "7.4 CPU cores", "0.31 s a second", "64 kB" */
static void amount(struct rca_buf *buf, const struct rca_card *c,
                   const char *noun)
{
    const char *unit = c->unit == RCA_UNIT_PER_SECOND ? "/s" : "core";
    char text[32];
    char *tail = strstr(rca_value_text(c->after, c->unit, text), unit);

    if (noun == a_second && isfinite(c->after)) {
        rca_buf_str(buf, rca_value_text(c->after, RCA_UNIT_NONE, text));
        rca_buf_fmt(buf, " %s", a_second);
    } else if (noun[0] && tail) {
        rca_buf_put(buf, text, (size_t)(tail - text));
        rca_buf_fmt(buf, "%s%s%s", noun, tail[0] == '/' ? "" : " ", tail);
    } else {
        rca_buf_str(buf, text);
    }
}

static void say_amount(struct rca_buf *buf, const struct rca_card *c,
                       const struct phrase *p)
{
    _Bool new = fabs(c->before) < NEXT_TO_NOTHING *fabs(c->after);

    rca_buf_fmt(buf, " %s%s ", new ? "began to " : "", new ? p->begin : p->now);
    amount(buf, c, p->noun);
    rca_buf_str(buf, p->rest);
}

static void say_change(struct rca_buf *buf, const struct rca_card *c)
{
    rca_buf_fmt(buf, ": %s %s from ", c->label,
                c->after < c->before ? "fell" : "rose");
    range(buf, c->before, c->after, c->unit, " to ");
}

static _Bool is(const struct rca_card *c, const char *word)
{
    return strstr(c->metric, word) != NULL;
}

static void say_requests(struct rca_buf *buf, const struct rca_card *c)
{
    const _Bool serves = c->kind == RCA_KIND_SERVICE;

    if (is(c, "queue_time_max"))
        rca_buf_str(buf, " did not read its requests for up to ");
    else if (is(c, "queue_time"))
        rca_buf_fmt(buf, " reads its requests late: %s ", c->label);
    else if (is(c, "error_ratio"))
        rca_buf_str(buf, serves ? " fails " : " sees failures in ");
    else if (is(c, "request_rate"))
        rca_buf_str(buf, serves ? " gets " : " sends ");
    else
        rca_buf_fmt(buf, " became slow%s: %s ", serves ? " by itself" : "",
                    c->label);
    amount(buf, c, "requests");
    if (is(c, "error_ratio"))
        rca_buf_str(buf, " of its requests");
}

static const struct phrase *phrase_of(const struct rca_card *c)
{
    for (size_t i = 0; i < RCA_ARRAY_SIZE(phrases); i++) {
        if (is(c, phrases[i].metric))
            return &phrases[i];
    }
    return NULL;
}

static _Bool is_of_requests(const struct rca_card *c)
{
    return is(c, "request_latency") || is(c, "service_time") ||
           is(c, "queue_time") || is(c, "request_rate") ||
           is(c, "request_error_ratio");
}

static void cause(struct rca_buf *buf, const struct rca_card *c)
{
    const struct phrase *phrase = phrase_of(c);
    const _Bool more = c->after > c->before;

    if (c->kind != RCA_KIND_SERVICE && c->kind != RCA_KIND_CGROUP &&
        c->kind != RCA_KIND_PROCESS &&
        strcmp(c->name, rca_kind_name(c->kind)) != 0)
        rca_buf_fmt(buf, "%s ", rca_kind_name(c->kind));
    name(buf, c);
    if (!more || !(phrase || is_of_requests(c))) {
        say_change(buf, c);
        return;
    }
    if (is_of_requests(c))
        say_requests(buf, c);
    else if (phrase)
        say_amount(buf, c, phrase);
    was(buf, c);
}

void rca_words_answer(struct rca_buf *buf, const struct rca_explanation *e)
{
    if (e->verdict == RCA_VERDICT_NORMAL) {
        rca_buf_fmt(buf, "Its %s is as usual: ", e->symptom.label);
        value(buf, e->symptom.after, e->symptom.unit);
        return;
    }
    if (e->verdict == RCA_VERDICT_UNCLEAR || !e->n_causes)
        rca_buf_fmt(buf, "No clear cause%s", e->n_causes ? ". Perhaps: " : "");
    if (e->n_causes)
        cause(buf, &e->causes[0].card);
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
    if (!isfinite(e->causes[0].confidence))
        rca_buf_fmt(buf, "Ranked by %s, which does not say how sure it is.",
                    rca_method_name(e->method));
    else
        rca_buf_fmt(buf,
                    e->verdict == RCA_VERDICT_UNCLEAR
                        ? "Only %.0f %% sure: a cause is named from 50 %% on."
                        : "%.0f %% sure.",
                    100 * e->causes[0].confidence);
    if (e->causes[0].card.onset != RCA_TIME_NONE)
        before_symptom(buf, e->causes[0].card.onset, e->symptom.onset);
}

/* A linear model may go below 0 where the symptom never does. */
static double floor_at_zero(double x, const struct rca_card *symptom)
{
    return symptom->before >= 0 && symptom->after >= 0 ? fmax(x, 0) : x;
}

void rca_words_what_if(struct rca_buf *buf, const struct rca_explanation *e)
{
    const struct rca_cause *c = e->causes;

    if (e->verdict != RCA_VERDICT_CAUSE || !e->n_causes || !isfinite(c->value))
        return;
    rca_buf_fmt(buf, "Had it stayed as usual, %s would be about ",
                e->symptom.label);
    value(buf, floor_at_zero(c->value, &e->symptom), e->symptom.unit);
    if (isfinite(c->low) && isfinite(c->high)) {
        rca_buf_str(buf, " (");
        range(buf, floor_at_zero(c->low, &e->symptom),
              floor_at_zero(c->high, &e->symptom), e->symptom.unit, " to ");
        rca_buf_str(buf, ")");
    }
    rca_buf_str(buf, ", not ");
    value(buf, e->symptom.after, e->symptom.unit);
    rca_buf_str(buf, ".");
}

void rca_words_change(struct rca_buf *buf, const struct rca_card *card)
{
    range(buf, card->before, card->after, card->unit, " → ");
}

/* Two digits, and never an exponent. */
static void times(struct rca_buf *buf, const char *mark, double f)
{
    rca_buf_fmt(buf, "%s %.*f×", mark, f < 9.95 ? 1 : 0, f);
}

void rca_words_factor(struct rca_buf *buf, const struct rca_card *card)
{
    const _Bool up = card->after >= card->before;
    const double from = fabs(up ? card->before : card->after);
    const double to = fabs(up ? card->after : card->before);

    if (!isfinite(from) || !isfinite(to))
        rca_buf_str(buf, "no data");
    else if (from == to)
        rca_buf_str(buf, "as usual");
    else if (from <= 0)
        rca_buf_str(buf, up ? "▲ new" : "▼ gone");
    else if (to / from > FACTOR_MAX)
        rca_buf_fmt(buf, "%s >%d×", up ? "▲" : "▼", FACTOR_MAX);
    else
        times(buf, up ? "▲" : "▼", to / from);
}
