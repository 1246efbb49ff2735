/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "cli/record.h"
#include "graph/base/name.h"

/*
 * A record as bytes: {"schema_version":1,"id":...,"opened":ns,...}. Times are
 * nanoseconds since the epoch or null.
 */

#define SCHEMA_VERSION 1
#define SOURCE "the kept incident"

/* Texts may hold any bytes; JSON holds UTF-8. */
static json_t *text(const char *s)
{
    json_t *value;
    char *copy;

    if (!s)
        return json_null();
    value = json_string(s);
    if (value)
        return value;
    copy = strdup(s);
    for (char *c = copy; c && *c;) {
        const size_t n = rca_name_char(c);

        if (!n && *c != '\n')
            *c = '?';
        c += n ? n : 1;
    }
    value = copy ? json_string(copy) : NULL;
    free(copy);
    return value;
}

static json_t *moment(rca_time t)
{
    return t == RCA_TIME_NONE ? json_null() : json_integer(t);
}

static json_t *members(const struct rca_record *r)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < r->n_members; i++) {
        const struct rca_record_entity *m = &r->members[i];
        json_t *item = json_pack("{s:o,s:o,s:o}", "kind", text(m->kind), "name",
                                 text(m->name), "host", text(m->host));

        if (json_array_append_new(list, item)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *feedback(const struct rca_record *r)
{
    if (r->feedback == RCA_FEEDBACK_NONE)
        return json_null();
    return json_pack("{s:s,s:o,s:o,s:o}", "verdict",
                     rca_feedback_name(r->feedback), "cause", text(r->cause),
                     "note", text(r->note), "time", moment(r->judged));
}

int rca_record_encode(const struct rca_record *record, char **ret_json)
{
    json_t *object;
    char *bytes;

    object = json_pack(
        "{s:i,s:s,s:o,s:o,s:o,s:i,s:f,s:o,s:O?,s:o,s:o}", "schema_version",
        SCHEMA_VERSION, "id", record->id, "opened", moment(record->opened),
        "explained", moment(record->explained), "closed",
        moment(record->closed), "updates", (int)record->updates,
        "confidence_shift", record->shift, "members", members(record),
        "explanation", (json_t *)record->explanation, "text",
        text(record->text), "feedback", feedback(record));
    if (!object)
        return -ENOMEM;
    bytes = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(object);
    if (!bytes)
        return -ENOMEM;
    *ret_json = bytes;
    return 0;
}

/* --- back -------------------------------------------------------------------*/

static rca_time take_moment(const json_t *object, const char *key)
{
    const json_t *x = json_object_get(object, key);

    return json_is_integer(x) ? json_integer_value(x) : RCA_TIME_NONE;
}

/* a copy of the text, NULL where there is none; 0 or -ENOMEM */
static int take_text(const json_t *object, const char *key, char **ret_text)
{
    const char *s = json_string_value(json_object_get(object, key));

    *ret_text = s ? strdup(s) : NULL;
    return s && !*ret_text ? -ENOMEM : 0;
}

static int take_members(struct rca_record *r, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *m = json_array_get(list, i);
        const char *kind = json_string_value(json_object_get(m, "kind"));
        const char *name = json_string_value(json_object_get(m, "name"));
        const char *host = json_string_value(json_object_get(m, "host"));
        int err;

        if (!kind || !name)
            return RCA_ECORRUPT;
        err = rca_record_add(r, kind, name, host);
        if (err)
            return err;
    }
    return 0;
}

static int take_feedback(struct rca_record *r, const json_t *object)
{
    const char *said = json_string_value(json_object_get(object, "verdict"));
    int err;

    if (!said)
        return 0;
    r->feedback =
        strcmp(said, rca_feedback_name(RCA_FEEDBACK_RIGHT)) == 0
            ? RCA_FEEDBACK_RIGHT
            : (strcmp(said, rca_feedback_name(RCA_FEEDBACK_WRONG)) == 0
                   ? RCA_FEEDBACK_WRONG
                   : RCA_FEEDBACK_NONE);
    r->judged = take_moment(object, "time");
    err = take_text(object, "cause", &r->cause);
    return err ? err : take_text(object, "note", &r->note);
}

static int take_all(struct rca_record *r, json_t *object)
{
    const char *id = json_string_value(json_object_get(object, "id"));
    const json_t *updates = json_object_get(object, "updates");
    json_t *explanation = json_object_get(object, "explanation");
    const double shift =
        json_number_value(json_object_get(object, "confidence_shift"));
    int err;

    if (!id || !*id || strlen(id) >= sizeof(r->id) ||
        id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        return RCA_ECORRUPT;
    memcpy(r->id, id, strlen(id) + 1);
    r->opened = take_moment(object, "opened");
    r->explained = take_moment(object, "explained");
    r->closed = take_moment(object, "closed");
    r->updates = (unsigned)json_integer_value(updates);
    r->shift = isfinite(shift) ? shift : 0;
    if (json_is_object(explanation))
        r->explanation = json_incref(explanation);
    err = take_members(r, json_object_get(object, "members"));
    if (!err)
        err = take_text(object, "text", &r->text);
    if (!err)
        err = take_feedback(r, json_object_get(object, "feedback"));
    return err ? err : (r->opened == RCA_TIME_NONE ? RCA_ECORRUPT : 0);
}

static int refuse(struct rca_diag *diag, const json_t *object,
                  const json_error_t *error)
{
    const json_t *version = json_object_get(object, "schema_version");

    if (!object && json_error_code(error) == json_error_out_of_memory)
        return -ENOMEM;
    if (!object)
        return rca_diag_set(diag, RCA_ECORRUPT, "", 0,
                            SOURCE " is damaged: it is no JSON");
    if (json_is_integer(version) &&
        json_integer_value(version) > SCHEMA_VERSION)
        return rca_diag_set(diag, RCA_ESCHEMA, "", 0,
                            SOURCE " is of a newer version of rca");
    if (!json_is_integer(version) ||
        json_integer_value(version) != SCHEMA_VERSION)
        return rca_diag_set(diag, RCA_ECORRUPT, "", 0,
                            SOURCE " is damaged: it has no schema_version");
    return 0;
}

int rca_record_decode(const void *data, size_t size, struct rca_diag *diag,
                      struct rca_record **ret_record)
{
    struct rca_record *r RCA_CLEANUP(rca_record_free) = NULL;
    json_error_t error;
    json_t *object = json_loadb(data, size, 0, &error);
    int err = refuse(diag, object, &error);

    if (!err)
        err = rca_record_new(&r);
    if (!err) {
        err = take_all(r, object);
        if (err == RCA_ECORRUPT)
            (void)rca_diag_set(diag, err, "", 0,
                               SOURCE " is damaged: its id, times or members");
    }
    json_decref(object);
    if (err)
        return err;
    *ret_record = RCA_TAKE(r);
    return 0;
}
