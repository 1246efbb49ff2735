/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A reader walks the document with the first error sticking: what is read
 * after it is not looked at. All that becomes an index is checked.
 */

#include "cli/json_read.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/render.h"
#include "graph/base/time.h"
#include "model/arena.h"

/* Lists are short; more is no explanation of ours. */
#define LIST_MAX 4096
/* Longest step: a hundred years would still fit into rca_time. */
#define STEP_MAX 1e9

struct reader {
    const char *file;
    struct rca_diag *diag;
    struct rca_arena arena;
    int err;
};

static void fail(struct reader *r, const char *key, const char *want)
{
    if (!r->err)
        r->err = rca_diag_set(r->diag, RCA_ESYNTAX, r->file, 0,
                              "'%s': expected %s", key, want);
}

/* --- values: what is missing or null is the type's own "not known" --------- */

static const json_t *value(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);

    return json_is_null(v) ? NULL : v;
}

static double number(struct reader *r, const json_t *o, const char *key)
{
    const json_t *v = value(o, key);

    if (v && !json_is_number(v))
        fail(r, key, "a number");
    return v ? json_number_value(v) : NAN;
}

static size_t count(struct reader *r, const json_t *o, const char *key)
{
    const json_t *v = value(o, key);

    if (v && (!json_is_integer(v) || json_integer_value(v) < 0))
        fail(r, key, "a count");
    return v ? (size_t)json_integer_value(v) : 0;
}

static const char *kept(struct reader *r, const char *text)
{
    const char *copy = rca_arena_text(&r->arena, text);

    if (!copy && !r->err)
        r->err = -ENOMEM;
    return copy ? copy : "";
}

/* "" and an error where there is none */
static const char *text(struct reader *r, const json_t *o, const char *key)
{
    const json_t *v = value(o, key);

    if (!json_is_string(v)) {
        fail(r, key, "a string");
        return "";
    }
    return kept(r, json_string_value(v));
}

static rca_time moment(struct reader *r, const json_t *o, const char *key)
{
    const json_t *v = value(o, key);
    rca_time t = RCA_TIME_NONE;

    if (v &&
        (!json_is_string(v) || rca_time_parse(json_string_value(v), 0, &t)))
        fail(r, key, "a time, RFC 3339");
    return t;
}

static rca_time step(struct reader *r, const json_t *o)
{
    const double seconds = number(r, o, "step_seconds");

    if (!(fabs(seconds) <= STEP_MAX))
        return 0;
    return (rca_time)llround(seconds * RCA_SECOND);
}

/* index of @key's word among @n, each asked of @name */
static unsigned word(struct reader *r, const json_t *o, const char *key,
                     const char *(*name)(unsigned i), unsigned n)
{
    const char *have = text(r, o, key);

    for (unsigned i = 0; i < n && !r->err; i++) {
        if (strcmp(name(i), have) == 0)
            return i;
    }
    fail(r, key, "another word");
    return 0;
}

static const char *verdict_name(unsigned i)
{
    return rca_verdict_name((enum rca_verdict)i);
}

static const char *method_name(unsigned i)
{
    return rca_method_name((enum rca_method)i);
}

static const char *kind_name(unsigned i)
{
    return rca_kind_name((enum rca_kind)i);
}

static const char *role_name(unsigned i)
{
    return rca_role_name((enum rca_role)i);
}

static const char *unit_name(unsigned i)
{
    return rca_unit_suffix((enum rca_unit)i);
}

/* An array of @size each for list @key; *ret_n is 0 where there is none. */
static void *list(struct reader *r, const json_t *o, const char *key,
                  size_t size, size_t *ret_n)
{
    const json_t *v = value(o, key);
    const size_t n = json_array_size(v);
    void *array;

    if (v && (!json_is_array(v) || n > LIST_MAX))
        fail(r, key, "a list");
    if (r->err)
        return NULL;
    array = calloc(n ? n : 1, size);
    if (array)
        *ret_n = n;
    else
        r->err = -ENOMEM;
    return array;
}

static const json_t *item(const json_t *o, const char *key, size_t i)
{
    return json_array_get(json_object_get(o, key), i);
}

/* --- parts of an explanation ----------------------------------------------- */

static void read_card(struct reader *r, const json_t *o, struct rca_card *c)
{
    *c = (struct rca_card){.entity = RCA_ID_NONE,
                           .name = text(r, o, "entity"),
                           .host = text(r, o, "host"),
                           .metric = text(r, o, "metric"),
                           .before = number(r, o, "before"),
                           .after = number(r, o, "after"),
                           .factor = number(r, o, "factor"),
                           .strength = number(r, o, "strength"),
                           .onset = moment(r, o, "onset")};
    c->label = value(o, "label") ? text(r, o, "label") : c->metric;
    c->kind = (enum rca_kind)word(r, o, "kind", kind_name, RCA_KIND_COUNT);
    c->unit = (enum rca_unit)word(r, o, "unit", unit_name, RCA_UNIT_COUNT);
    c->role = value(o, "role")
                  ? (enum rca_role)word(r, o, "role", role_name, RCA_ROLE_COUNT)
                  : RCA_ROLE_OTHER;
    for (size_t k = 0; k < RCA_SPARK; k++) {
        const json_t *x = item(o, "spark", k);

        c->spark[k] = json_is_number(x) ? json_number_value(x) : NAN;
    }
}

static void read_causes(struct reader *r, const json_t *o,
                        struct rca_explanation *e)
{
    e->causes = list(r, o, "causes", sizeof(*e->causes), &e->n_causes);
    for (size_t i = 0; i < e->n_causes && !r->err; i++) {
        const json_t *from = item(o, "causes", i);
        const json_t *what_if = json_object_get(from, "counterfactual");
        struct rca_cause *c = &e->causes[i];

        read_card(r, from, &c->card);
        c->share = number(r, from, "share");
        c->confidence = number(r, from, "confidence");
        c->value = number(r, what_if, "value");
        c->low = number(r, what_if, "low");
        c->high = number(r, what_if, "high");
        for (size_t k = 0; k < RCA_REASONS; k++) {
            const json_t *reason = item(from, "reasons", k);

            if (json_is_string(reason))
                c->reasons[k] = kept(r, json_string_value(reason));
        }
    }
}

static void read_chart(struct reader *r, const json_t *o, struct rca_chart *c)
{
    const json_t *from = value(o, "chart");

    *c = (struct rca_chart){
        .from = RCA_TIME_NONE, .low = NAN, .high = NAN, .instead = NAN};
    if (!from)
        return;
    c->from = moment(r, from, "from");
    c->step = step(r, from);
    c->low = number(r, from, "low");
    c->high = number(r, from, "high");
    c->instead = number(r, from, "instead");
    c->x = list(r, from, "values", sizeof(*c->x), &c->n);
    if (c->n > RCA_CHART_POINTS)
        fail(r, "values", "fewer of them");
    for (size_t k = 0; k < c->n; k++) {
        const json_t *x = item(from, "values", k);

        c->x[k] = json_is_number(x) ? json_number_value(x) : NAN;
    }
}

static void read_nodes(struct reader *r, const json_t *o,
                       struct rca_explanation *e)
{
    e->nodes = list(r, o, "nodes", sizeof(*e->nodes), &e->n_nodes);
    for (size_t i = 0; i < e->n_nodes && !r->err; i++) {
        const json_t *from = item(o, "nodes", i);
        struct rca_node *n = &e->nodes[i];

        read_card(r, from, &n->card);
        n->class = (enum rca_node_class)word(
            r, from, "class", rca_json_class_name, RCA_NODE_OTHER + 1);
        n->rank = (unsigned)count(r, from, "rank");
        read_chart(r, from, &n->chart);
    }
}

/* "n3" of @key, one of @n */
static size_t read_id(struct reader *r, const json_t *o, const char *key,
                      size_t n)
{
    const char *id = text(r, o, key);
    char want[32];

    for (size_t i = 0; i < n && !r->err; i++) {
        (void)snprintf(want, sizeof(want), "n%zu", i);
        if (strcmp(want, id) == 0)
            return i;
    }
    fail(r, key, "the id of a node");
    return 0;
}

static void read_flows(struct reader *r, const json_t *o,
                       struct rca_explanation *e)
{
    e->flows = list(r, o, "edges", sizeof(*e->flows), &e->n_flows);
    for (size_t i = 0; i < e->n_flows && !r->err; i++) {
        const json_t *from = item(o, "edges", i);

        e->flows[i] = (struct rca_flow){
            .from = read_id(r, from, "from", e->n_nodes),
            .to = read_id(r, from, "to", e->n_nodes),
            .share = number(r, from, "share"),
            .verb = text(r, from, "verb"),
            .main = json_is_true(json_object_get(from, "main"))};
    }
}

static void read_parts(struct reader *r, const json_t *o,
                       struct rca_explanation *e)
{
    e->parts = list(r, o, "parts", sizeof(*e->parts), &e->n_parts);
    for (size_t i = 0; i < e->n_parts && !r->err; i++) {
        const json_t *from = item(o, "parts", i);
        struct rca_part *p = &e->parts[i];
        const size_t rank = count(r, from, "rank");

        p->kind = (enum rca_part_kind)word(r, from, "kind", rca_json_part_name,
                                           RCA_PART_FEEDBACK + 1);
        p->amount = number(r, from, "amount");
        if (p->kind != RCA_PART_CAUSE)
            continue;
        if (rank < 1 || rank > e->n_causes)
            fail(r, "rank", "that of a cause");
        p->cause = rank - 1;
    }
}

static const char **read_strings(struct reader *r, const json_t *o,
                                 const char *key, size_t *ret_n)
{
    const char **all = list(r, o, key, sizeof(*all), ret_n);

    for (size_t i = 0; i < *ret_n; i++)
        all[i] = text(r, item(o, key, i), "text");
    return all;
}

/* NULL where there is none */
static const char *text_or_none(struct reader *r, const json_t *o,
                                const char *key)
{
    return value(o, key) ? text(r, o, key) : NULL;
}

static void read_death(struct reader *r, const json_t *o,
                       struct rca_packet_death *d)
{
    *d = (struct rca_packet_death){.reason = text_or_none(r, o, "reason"),
                                   .rule = text_or_none(r, o, "rule"),
                                   .text = text_or_none(r, o, "text"),
                                   .device = text_or_none(r, o, "device"),
                                   .netns = text_or_none(r, o, "netns"),
                                   .service = text_or_none(r, o, "service"),
                                   .place = text_or_none(r, o, "place"),
                                   .packets = count(r, o, "packets")};
}

static void read_packets(struct reader *r, const json_t *o,
                         struct rca_explanation *e)
{
    const json_t *from = value(o, "packets");
    const json_t *deaths = value(from, "deaths");
    struct rca_packets p = {.from = moment(r, from, "from"),
                            .to = moment(r, from, "to"),
                            .what = text_or_none(r, from, "what"),
                            .filter = text_or_none(r, from, "filter"),
                            .unseen = text_or_none(r, from, "unseen"),
                            .packets = count(r, from, "packets"),
                            .died = count(r, from, "died"),
                            .lost = count(r, from, "lost"),
                            .others = count(r, from, "others"),
                            .n_deaths = json_array_size(deaths)};

    if (from && !json_is_object(from))
        fail(r, "packets", "an object");
    if ((deaths && !json_is_array(deaths)) || p.n_deaths > RCA_DEATHS_MAX)
        fail(r, "deaths", "a short list");
    for (size_t i = 0; !r->err && i < p.n_deaths; i++)
        read_death(r, json_array_get(deaths, i), &p.deaths[i]);
    if (from && !r->err)
        r->err = rca_explanation_set_packets(e, &p);
}

static void read_head(struct reader *r, const json_t *o,
                      struct rca_explanation *e)
{
    const json_t *quality = json_object_get(o, "quality");

    e->verdict = (enum rca_verdict)word(r, o, "verdict", verdict_name,
                                        RCA_VERDICT_COUNT);
    e->method =
        (enum rca_method)word(r, o, "method", method_name, RCA_METHOD_COUNT);
    read_card(r, json_object_get(o, "symptom"), &e->symptom);
    e->from = moment(r, o, "from");
    e->to = moment(r, o, "to");
    e->spark_from = moment(r, o, "spark_from");
    e->spark_to = moment(r, o, "spark_to");
    e->trained_from = moment(r, o, "trained_from");
    e->trained_to = moment(r, o, "trained_to");
    e->unexplained = number(r, o, "unexplained");
    e->n_left_out = count(r, o, "n_left_out");
    e->checked_entities = count(r, o, "checked_entities");
    e->checked_metrics = count(r, o, "checked_metrics");
    e->quality = (struct rca_quality){
        .step = step(r, quality),
        .normal_rows = count(r, quality, "normal_rows"),
        .incident_rows = count(r, quality, "incident_rows"),
        .missing = number(r, quality, "missing")};
}

static void read_all(struct reader *r, const json_t *o,
                     struct rca_explanation *e)
{
    const size_t version = count(r, o, "schema_version");

    if (!r->err && version > RCA_JSON_SCHEMA_VERSION)
        r->err =
            rca_diag_set(r->diag, RCA_ESCHEMA, r->file, 0,
                         "schema version %zu is from a newer program", version);
    if (version < 1)
        fail(r, "schema_version", "an explanation");
    read_head(r, o, e);
    read_causes(r, o, e);
    read_nodes(r, o, e);
    read_flows(r, o, e);
    read_parts(r, o, e);
    e->checked = read_strings(r, o, "checked", &e->n_checked);
    e->unseen = read_strings(r, o, "unseen", &e->n_unseen);
    read_packets(r, o, e);
    if (e->checked_entities < e->n_checked)
        e->checked_entities = e->n_checked;
}

static void drop(json_t **o)
{
    json_decref(*o);
    *o = NULL;
}

int rca_json_read(const char *text, size_t length, const char *file,
                  struct rca_diag *diag,
                  struct rca_explanation **ret_explanation)
{
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
        calloc(1, sizeof(*e));
    struct reader r = {.file = file, .diag = diag};
    json_error_t error;
    json_t *o RCA_CLEANUP(drop) = json_loadb(text, length, 0, &error);

    if (!e)
        return -ENOMEM;
    if (!o)
        return rca_diag_set(diag, RCA_ESYNTAX, file,
                            error.line > 0 ? (unsigned)error.line : 0, "%s",
                            error.text);
    read_all(&r, o, e);
    e->strings = rca_arena_release(&r.arena);
    if (r.err)
        return r.err;
    *ret_explanation = RCA_TAKE(e);
    return 0;
}
