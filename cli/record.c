/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/record.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "graph/base/time.h"
#include "model/calibrate.h"

/* A record in memory: its parts, and what its explanation says. */

static const char *const names[] = {
    [RCA_FEEDBACK_NONE] = "none",
    [RCA_FEEDBACK_RIGHT] = "right",
    [RCA_FEEDBACK_WRONG] = "wrong",
};
static_assert(RCA_ARRAY_SIZE(names) == RCA_FEEDBACK_COUNT,
              "every feedback has a name");

const char *rca_feedback_name(enum rca_feedback feedback)
{
    return names[feedback];
}

int rca_record_new(struct rca_record **ret_record)
{
    struct rca_record *r = calloc(1, sizeof(*r));

    if (!r)
        return -ENOMEM;
    r->opened = r->explained = r->closed = r->judged = RCA_TIME_NONE;
    *ret_record = r;
    return 0;
}

void rca_record_free(struct rca_record **record)
{
    struct rca_record *r = *record;

    *record = NULL;
    if (!r)
        return;
    for (size_t i = 0; i < r->n_members; i++) {
        free(r->members[i].kind);
        free(r->members[i].name);
        free(r->members[i].host);
    }
    free(r->members);
    json_decref(r->explanation);
    free(r->text);
    free(r->cause);
    free(r->note);
    free(r);
}

int rca_record_add(struct rca_record *record, const char *kind,
                   const char *name, const char *host)
{
    struct rca_record_entity *e = realloc(
        record->members, (record->n_members + 1) * sizeof(*record->members));

    if (!e)
        return -ENOMEM;
    record->members = e;
    e += record->n_members;
    e->kind = strdup(kind);
    e->name = strdup(name);
    e->host = strdup(host ? host : "");
    if (e->kind && e->name && e->host) {
        record->n_members++;
        return 0;
    }
    free(e->kind);
    free(e->name);
    free(e->host);
    return -ENOMEM;
}

int rca_record_explain(struct rca_record *record, const char *json,
                       const char *text)
{
    char *copy RCA_CLEANUP(rca_freep) = strdup(text);
    json_error_t error;
    json_t *object;

    if (!copy)
        return -ENOMEM;
    object = json_loads(json, 0, &error);
    if (!json_is_object(object)) {
        const _Bool memory =
            !object && json_error_code(&error) == json_error_out_of_memory;

        json_decref(object);
        return memory ? -ENOMEM : RCA_ECORRUPT;
    }
    json_decref(record->explanation);
    record->explanation = object;
    free(record->text);
    record->text = RCA_TAKE(copy);
    return 0;
}

int rca_record_judge(struct rca_record *record, enum rca_feedback feedback,
                     const char *cause, const char *note)
{
    char *a RCA_CLEANUP(rca_freep) = cause ? strdup(cause) : NULL;
    char *b RCA_CLEANUP(rca_freep) = note ? strdup(note) : NULL;

    if ((cause && !a) || (note && !b))
        return -ENOMEM;
    free(record->cause);
    free(record->note);
    record->feedback = feedback;
    record->cause = RCA_TAKE(a);
    record->note = RCA_TAKE(b);
    return 0;
}

/* --- what the explanation says ----------------------------------------------*/

static const char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : "";
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *x = json_object_get(object, key);

    return json_is_number(x) ? json_number_value(x) : NAN;
}

static rca_time moment_of(const json_t *object, const char *key)
{
    rca_time t = RCA_TIME_NONE;
    const char *s = text_of(object, key);

    if (!strchr(s, 'T') || rca_time_parse(s, 0, &t))
        return RCA_TIME_NONE;
    return t;
}

static struct rca_record_who who_of(const json_t *object)
{
    return (struct rca_record_who){
        .kind = text_of(object, "kind"),
        .name = text_of(object, "entity"),
        .host = text_of(object, "host"),
        .metric = text_of(object, "metric"),
        .unit = text_of(object, "unit"),
        .before = number_of(object, "before"),
        .after = number_of(object, "after"),
        .share = number_of(object, "share"),
        .confidence = number_of(object, "confidence"),
        .onset = moment_of(object, "onset"),
    };
}

static const json_t *part(const struct rca_record *record, const char *key)
{
    return json_object_get(record->explanation, key);
}

const char *rca_record_verdict(const struct rca_record *record)
{
    return text_of(record->explanation, "verdict");
}

struct rca_record_who rca_record_symptom(const struct rca_record *record)
{
    return who_of(part(record, "symptom"));
}

size_t rca_record_causes(const struct rca_record *record)
{
    return json_array_size(part(record, "causes"));
}

struct rca_record_who rca_record_cause(const struct rca_record *record,
                                       size_t i)
{
    return who_of(json_array_get(part(record, "causes"), i));
}

size_t rca_record_nodes(const struct rca_record *record)
{
    return json_array_size(part(record, "nodes"));
}

struct rca_record_who rca_record_node(const struct rca_record *record, size_t i)
{
    return who_of(json_array_get(part(record, "nodes"), i));
}

double rca_record_confidence(const struct rca_record *record)
{
    return rca_calibrate(rca_record_cause(record, 0).confidence,
                         -record->shift);
}
