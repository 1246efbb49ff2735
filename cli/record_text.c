/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/record_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/json_value.h"
#include "cli/words.h"
#include "graph/base/name.h"
#include "graph/base/time.h"
#include "graph/metric.h"

#define COLUMN 30
#define CELL 64

/* --- one line ----------------------------------------------------------------*/

/* "web latency p99", names cut */
static const char *subject(const struct rca_record_who *who,
                           char text[2 * CELL])
{
    const struct rca_metric *m = rca_metric_find(who->metric);
    char name[RCA_WORDS_NAME_MAX + 1], metric[RCA_WORDS_NAME_MAX + 1];

    (void)snprintf(text, (size_t)2 * CELL, "%s %s",
                   rca_words_name(who->name, name),
                   m ? m->label : rca_words_name(who->metric, metric));
    return text;
}

/* "cgroup batch", or "no clear cause" */
static const char *culprit(const struct rca_record *r, char text[2 * CELL])
{
    const struct rca_record_who c = rca_record_cause(r, 0);
    char name[RCA_WORDS_NAME_MAX + 1], kind[RCA_WORDS_NAME_MAX + 1];

    if (strcmp(rca_record_verdict(r), "cause") != 0 || !rca_record_causes(r))
        return "no clear cause";
    (void)snprintf(text, (size_t)2 * CELL, "%s %s",
                   rca_words_name(c.kind, kind), rca_words_name(c.name, name));
    return text;
}

static const char *length(const struct rca_record *r,
                          char text[RCA_TIME_TEXT_SIZE])
{
    if (r->closed == RCA_TIME_NONE)
        return "open";
    return rca_duration_text(
        r->closed > r->opened ? r->closed - r->opened : RCA_SECOND, text);
}

void rca_record_line(struct rca_buf *buf, const struct rca_record *record)
{
    const struct rca_record_who symptom = rca_record_symptom(record);
    const double sure = rca_record_cause(record, 0).confidence;
    char what[2 * CELL], cause[2 * CELL], time[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf, "%-32s  %s\n    %s: %s", record->id, length(record, time),
                subject(&symptom, what), culprit(record, cause));
    if (isfinite(sure))
        rca_buf_fmt(buf, ", %.0f %% sure", 100 * sure);
    if (record->feedback != RCA_FEEDBACK_NONE)
        rca_buf_fmt(buf, " (said to be %s)",
                    rca_feedback_name(record->feedback));
    rca_buf_str(buf, "\n");
}

/* --- one ---------------------------------------------------------------------*/

static void feedback(struct rca_buf *buf, const struct rca_record *r)
{
    char name[RCA_WORDS_NAME_MAX + 1], note[RCA_NAME_MAX + 1];

    if (r->feedback == RCA_FEEDBACK_NONE) {
        rca_buf_fmt(buf, "feedback  none yet: rca feedback %s --right\n",
                    r->id);
        return;
    }
    rca_buf_fmt(buf, "feedback  %s", rca_feedback_name(r->feedback));
    if (r->cause)
        rca_buf_fmt(buf, "; the cause was %s", rca_words_name(r->cause, name));
    if (r->note)
        rca_buf_fmt(buf, "; %s", rca_name_clean(r->note, note));
    rca_buf_str(buf, "\n");
}

/* the answer is ours, but the file may be anybody's */
static void answer(struct rca_buf *buf, const char *s)
{
    while (*s) {
        const size_t n = *s == '\n' ? 1 : rca_name_char(s);

        rca_buf_put(buf, n ? s : "?", n ? n : 1);
        s += n ? n : 1;
    }
}

void rca_record_show(struct rca_buf *buf, const struct rca_record *record)
{
    char from[RCA_TIME_TEXT_SIZE], zone[RCA_TIME_TEXT_SIZE];
    char time[RCA_TIME_TEXT_SIZE];

    rca_buf_fmt(buf, "incident  %s, began %s %s, %s%s\n", record->id,
                rca_time_local(record->opened, from),
                rca_time_zone(record->opened, zone),
                record->closed == RCA_TIME_NONE ? "" : "lasted ",
                length(record, time));
    if (record->updates)
        rca_buf_fmt(buf, "updated   %u time%s, as more was seen\n",
                    record->updates, record->updates == 1 ? "" : "s");
    feedback(buf, record);
    rca_buf_str(buf, "\n");
    answer(buf, record->text ? record->text : "it was not explained\n");
}

/* --- two ---------------------------------------------------------------------*/

_Bool rca_record_same_cause(const struct rca_record *a,
                            const struct rca_record *b)
{
    const struct rca_record_who x = rca_record_cause(a, 0);
    const struct rca_record_who y = rca_record_cause(b, 0);

    return strcmp(rca_record_verdict(a), "cause") == 0 &&
           strcmp(rca_record_verdict(b), "cause") == 0 &&
           strcmp(x.kind, y.kind) == 0 && strcmp(x.name, y.name) == 0 &&
           strcmp(x.host, y.host) == 0;
}

static void row(struct rca_buf *buf, const char *head, const char *a,
                const char *b)
{
    rca_buf_fmt(buf, "%-10s %-*.*s  %.*s\n", head, COLUMN, COLUMN, a,
                COLUMN + 6, b);
}

static const char *percent(double x, char text[CELL])
{
    if (!isfinite(x))
        return "-";
    (void)snprintf(text, CELL, "%.0f %%", 100 * x);
    return text;
}

/* a unit's suffix as in JSON, back to the unit */
static const char *change(const struct rca_record_who *who, char text[2 * CELL])
{
    enum rca_unit unit = RCA_UNIT_NONE;
    char before[32], after[32];

    for (unsigned u = 0; u < RCA_UNIT_COUNT; u++) {
        if (strcmp(rca_unit_suffix((enum rca_unit)u), who->unit) == 0)
            unit = (enum rca_unit)u;
    }
    (void)snprintf(text, (size_t)2 * CELL, "%s to %s",
                   rca_value_text(who->before, unit, before),
                   rca_value_text(who->after, unit, after));
    return text;
}

static const char *onset(const struct rca_record *r, size_t causes,
                         char text[RCA_TIME_TEXT_SIZE])
{
    return causes ? rca_time_local(rca_record_cause(r, 0).onset, text) : "-";
}

static void compare_symptoms(struct rca_buf *buf, const struct rca_record *a,
                             const struct rca_record *b)
{
    const struct rca_record_who x = rca_record_symptom(a);
    const struct rca_record_who y = rca_record_symptom(b);
    char s[2 * CELL], t[2 * CELL], from[RCA_TIME_TEXT_SIZE];
    char to[RCA_TIME_TEXT_SIZE];

    row(buf, "", a->id, b->id);
    row(buf, "began", rca_time_local(a->opened, from),
        rca_time_local(b->opened, to));
    row(buf, "lasted", length(a, from), length(b, to));
    row(buf, "symptom", subject(&x, s), subject(&y, t));
    row(buf, "", change(&x, s), change(&y, t));
}

static void compare_causes(struct rca_buf *buf, const struct rca_record *a,
                           const struct rca_record *b)
{
    const size_t na = rca_record_causes(a), nb = rca_record_causes(b);
    const struct rca_record_who x = rca_record_cause(a, 0);
    const struct rca_record_who y = rca_record_cause(b, 0);
    char s[2 * CELL], t[2 * CELL], from[RCA_TIME_TEXT_SIZE];
    char to[RCA_TIME_TEXT_SIZE];

    row(buf, "cause", culprit(a, s), culprit(b, t));
    if (na || nb) {
        row(buf, "", na ? change(&x, s) : "-", nb ? change(&y, t) : "-");
        row(buf, "share", percent(x.share, s), percent(y.share, t));
        row(buf, "sure", percent(x.confidence, s), percent(y.confidence, t));
        row(buf, "onset", onset(a, na, from), onset(b, nb, to));
    }
}

static _Bool has_node(const struct rca_record *r, const char *kind,
                      const char *name)
{
    for (size_t i = 0; i < rca_record_nodes(r); i++) {
        const struct rca_record_who n = rca_record_node(r, i);

        if (strcmp(n.kind, kind) == 0 && strcmp(n.name, name) == 0)
            return 1;
    }
    return 0;
}

/* entities in both pictures, each once */
static void common(struct rca_buf *buf, const struct rca_record *a,
                   const struct rca_record *b)
{
    char name[RCA_WORDS_NAME_MAX + 1], kind[RCA_WORDS_NAME_MAX + 1];
    size_t n = 0;

    for (size_t i = 0; i < rca_record_nodes(a); i++) {
        const struct rca_record_who x = rca_record_node(a, i);
        _Bool again = 0;

        for (size_t k = 0; k < i && !again; k++) {
            const struct rca_record_who y = rca_record_node(a, k);

            again = strcmp(x.kind, y.kind) == 0 && strcmp(x.name, y.name) == 0;
        }
        if (!again && has_node(b, x.kind, x.name))
            rca_buf_fmt(buf, "%s%s/%s", n++ ? "\n           " : "in both    ",
                        rca_words_name(x.kind, kind),
                        rca_words_name(x.name, name));
    }
    rca_buf_str(buf, n ? "\n" : "in both    no entity\n");
}

void rca_record_compare(struct rca_buf *buf, const struct rca_record *a,
                        const struct rca_record *b)
{
    char cause[2 * CELL];

    if (rca_record_same_cause(a, b))
        rca_buf_fmt(buf, "%s has the same cause as %s:\n%s\n\n", b->id, a->id,
                    culprit(a, cause));
    else
        rca_buf_fmt(buf, "%s and %s have different causes.\n\n", a->id, b->id);
    compare_symptoms(buf, a, b);
    compare_causes(buf, a, b);
    common(buf, a, b);
}

/* --- for programs ------------------------------------------------------------*/

static void moment(struct rca_buf *buf, const char *key, rca_time t)
{
    char text[RCA_TIME_TEXT_SIZE];

    rca_json_string(buf, key,
                    t == RCA_TIME_NONE ? NULL : rca_time_utc(t, text));
    rca_buf_str(buf, ",");
}

static void who(struct rca_buf *buf, const char *key,
                const struct rca_record_who *w, _Bool there)
{
    rca_json_key(buf, key);
    if (!there) {
        rca_buf_str(buf, "null,");
        return;
    }
    rca_buf_str(buf, "{");
    rca_json_string(buf, "entity", w->name);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "kind", w->kind);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "host", w->host);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "metric", w->metric);
    rca_buf_str(buf, ",");
    rca_json_number(buf, "share", w->share);
    rca_buf_str(buf, ",");
    rca_json_number(buf, "confidence", w->confidence);
    rca_buf_str(buf, "},");
}

void rca_record_summary(struct rca_buf *buf, const struct rca_record *record)
{
    const struct rca_record_who symptom = rca_record_symptom(record);
    const struct rca_record_who cause = rca_record_cause(record, 0);

    rca_buf_str(buf, "{");
    rca_json_string(buf, "id", record->id);
    rca_buf_str(buf, ",");
    moment(buf, "opened", record->opened);
    moment(buf, "explained", record->explained);
    moment(buf, "closed", record->closed);
    rca_json_number(buf, "updates", record->updates);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "verdict", rca_record_verdict(record));
    rca_buf_str(buf, ",");
    who(buf, "symptom", &symptom, record->explanation != NULL);
    who(buf, "cause", &cause, rca_record_causes(record) > 0);
    rca_json_string(buf, "feedback",
                    record->feedback == RCA_FEEDBACK_NONE
                        ? NULL
                        : rca_feedback_name(record->feedback));
    rca_buf_str(buf, ",");
    rca_json_string(buf, "true_cause", record->cause);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "note", record->note);
    rca_buf_str(buf, "}");
}
