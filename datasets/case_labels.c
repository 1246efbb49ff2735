/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * truth.json in two readers: what a method may know, and the cause, which only
 * the scorer asks for.
 */

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "datasets/case_parts.h"
#include "graph/base/name.h"

/* struct document - the file being read */
struct document {
    json_t *root;
    const struct rca_text *text;
    struct rca_diag *diag;
};

static void close_document(struct document *doc)
{
    json_decref(doc->root);
}

/* jansson keeps no places: the line of the first "key" in the text */
static unsigned line_of(const struct rca_text *text, const char *key)
{
    char quoted[64];
    const char *at;
    unsigned line = 1;

    (void)snprintf(quoted, sizeof(quoted), "\"%s\"", key);
    at = memmem(text->bytes, text->size, quoted, strlen(quoted));
    for (const char *p = text->bytes; at && p < at; p++)
        line += *p == '\n';
    return at ? line : 0;
}

static int wrong(const struct document *doc, const char *key, const char *what)
{
    return rca_diag_set(doc->diag, RCA_ESYNTAX, doc->text->path,
                        line_of(doc->text, key), "'%s': expected %s", key,
                        what);
}

static int open_document(const struct rca_text *text, struct rca_diag *diag,
                         struct document *ret)
{
    const _Bool marked =
        text->size >= 3 && !memcmp(text->bytes, "\xef\xbb\xbf", 3);
    const size_t skip = marked ? 3 : 0;
    json_error_t error;

    *ret = (struct document){.text = text, .diag = diag};
    ret->root = json_loadb(text->bytes + skip, text->size - skip, 0, &error);
    if (!ret->root && json_error_code(&error) == json_error_out_of_memory)
        return -ENOMEM;
    if (!ret->root) {
        (void)rca_diag_set(diag, RCA_ESYNTAX, text->path,
                           error.line > 0 ? (unsigned)error.line : 0,
                           "%s; expected a JSON object", error.text);
        if (diag && error.column > 0)
            diag->column = (unsigned)error.column;
        return RCA_ESYNTAX;
    }
    if (!json_is_object(ret->root))
        return rca_diag_set(diag, RCA_ESYNTAX, text->path, 1,
                            "expected a JSON object");
    return 0;
}

/* @object's string @key; NULL for none, null and "" */
static int get_text(const struct document *doc, const json_t *object,
                    const char *key, char **ret)
{
    const json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value))
        return 0;
    if (!json_is_string(value))
        return wrong(doc, key, "a string or null");
    if (!*json_string_value(value))
        return 0;
    *ret = strdup(json_string_value(value));
    if (!*ret)
        return -ENOMEM;
    rca_name_print(*ret);
    return 0;
}

static int get_time(const struct document *doc, const char *key, rca_time *ret)
{
    const json_t *value = json_object_get(doc->root, key);
    double number = (double)NAN;

    *ret = RCA_TIME_NONE;
    if (!value || json_is_null(value))
        return 0;
    if (json_is_string(value)) {
        if (!rca_case_time_text(json_string_value(value), ret))
            return 0;
        if (rca_csv_number(json_string_value(value), &number))
            number = (double)NAN;
    } else if (json_is_number(value)) {
        number = json_number_value(value);
    }
    return rca_case_time(number, ret) ? wrong(doc, key,
                                              "a time in seconds since the "
                                              "epoch")
                                      : 0;
}

/* victim: null, {entity, metric}, or the entity's name alone */
static int get_victim(const struct document *doc, struct rca_labels *labels)
{
    const json_t *victim = json_object_get(doc->root, "victim");
    int err;

    if (!victim || json_is_null(victim))
        return 0;
    if (json_is_string(victim))
        return get_text(doc, doc->root, "victim", &labels->victim);
    if (!json_is_object(victim))
        return wrong(doc, "victim", "{\"entity\": ..., \"metric\": ...}");
    err = get_text(doc, victim, "entity", &labels->victim);
    return err ? err : get_text(doc, victim, "metric", &labels->metric);
}

int rca_labels_read(const struct rca_text *text, struct rca_labels *ret_labels,
                    struct rca_diag *diag)
{
    struct rca_labels labels RCA_CLEANUP(rca_labels_done) = {0};
    struct document doc RCA_CLEANUP(close_document) = {0};
    int err = open_document(text, diag, &doc);

    labels.path = text->path;
    labels.start_line = line_of(text, "incident_start");
    err = err ? err : get_time(&doc, "incident_start", &labels.start);
    err = err ? err : get_time(&doc, "incident_end", &labels.end);
    err = err ? err : get_text(&doc, doc.root, "dataset", &labels.dataset);
    err = err ? err : get_victim(&doc, &labels);
    labels.simulated = json_is_true(json_object_get(doc.root, "simulated"));
    if (!err && labels.start == RCA_TIME_NONE)
        err =
            wrong(&doc, "incident_start", "a time in seconds since the epoch");
    if (err)
        return err;
    *ret_labels = labels;
    labels = (struct rca_labels){0};
    return 0;
}

void rca_labels_done(struct rca_labels *labels)
{
    free(labels->dataset);
    free(labels->victim);
    free(labels->metric);
    *labels = (struct rca_labels){0};
}

int rca_inject_read(const struct rca_text *text, struct rca_labels *ret_labels,
                    struct rca_diag *diag)
{
    const size_t from = strspn(text->bytes, " \t\r\n");
    const size_t length = strcspn(text->bytes + from, "\r\n");
    char *word RCA_CLEANUP(rca_freep) = strndup(text->bytes + from, length);
    struct rca_labels labels = {
        .end = RCA_TIME_NONE, .start_line = 1, .path = text->path};
    double number;

    if (!word)
        return -ENOMEM;
    while (*word && strchr(" \t", word[strlen(word) - 1]))
        word[strlen(word) - 1] = '\0';
    if (rca_case_time_text(word, &labels.start) &&
        (rca_csv_number(word, &number) || rca_case_time(number, &labels.start)))
        return rca_diag_set(diag, RCA_ESYNTAX, text->path, 1,
                            "'%s' is no time; expected seconds since the epoch",
                            word);
    *ret_labels = labels;
    return 0;
}

/* metric: null, one prefix, or a list of them */
static int get_prefixes(const struct document *doc, const json_t *cause,
                        char ***ret)
{
    const json_t *metric = json_object_get(cause, "metric");
    const size_t n = json_is_array(metric) ? json_array_size(metric) : 1;
    char **list;

    if (!metric || json_is_null(metric) || n == 0)
        return 0;
    list = calloc(n + 1, sizeof(*list));
    *ret = list;
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const json_t *one =
            json_is_array(metric) ? json_array_get(metric, i) : metric;

        if (!json_is_string(one))
            return wrong(doc, "metric", "a string, a list of strings, or null");
        list[i] = strdup(json_string_value(one));
        if (!list[i])
            return -ENOMEM;
    }
    return 0;
}

static int get_cause(const struct document *doc, struct rca_truth *truth)
{
    const json_t *cause = json_object_get(doc->root, "root_cause");
    int err;

    if (!cause || json_is_null(cause))
        return 0;
    if (json_is_string(cause))
        return get_text(doc, doc->root, "root_cause", &truth->entity);
    if (!json_is_object(cause))
        return wrong(doc, "root_cause",
                     "{\"entity\": ..., \"service\": ..., \"metric\": ...}");
    err = get_text(doc, cause, "entity", &truth->entity);
    err = err ? err : get_text(doc, cause, "service", &truth->service);
    return err ? err : get_prefixes(doc, cause, &truth->prefixes);
}

int rca_truth_parse(const struct rca_text *text, struct rca_truth *ret_truth,
                    struct rca_diag *diag)
{
    struct rca_truth truth RCA_CLEANUP(rca_truth_done) = {0};
    struct document doc RCA_CLEANUP(close_document) = {0};
    int err = open_document(text, diag, &doc);

    err = err ? err : get_text(&doc, doc.root, "fault_type", &truth.fault);
    err = err ? err : get_cause(&doc, &truth);
    if (err)
        return err;
    *ret_truth = truth;
    truth = (struct rca_truth){0};
    return 0;
}

void rca_truth_done(struct rca_truth *truth)
{
    for (char **p = truth->prefixes; p && *p; p++)
        free(*p);
    free(truth->prefixes);
    free(truth->entity);
    free(truth->service);
    free(truth->fault);
    *truth = (struct rca_truth){0};
}
