/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is written as JSON and read again: the same answer in every form, so all
 * that is told, each number too, is in the JSON. And the schema's words. */

#include "cli/json_read.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/render.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/cli/stories.h"

static __attribute__((noinline)) char *render(const struct rca_explanation *e,
                                              enum rca_format format)
{
    char *text = NULL;

    assert_ok(rca_render(e, format, 0, &text));
    return text;
}

static struct rca_explanation *read_back(const char *json)
{
    struct rca_explanation *e = NULL;
    struct rca_diag diag = {0};

    if (rca_json_read(json, strlen(json), "x.json", &diag, &e))
        fail_msg("%s", diag.text);
    return e;
}

static void check_told_again(const struct rca_explanation *e)
{
    char *json RCA_CLEANUP(rca_freep) = render(e, RCA_FORMAT_JSON);
    struct rca_explanation *again RCA_CLEANUP(rca_explanation_free) =
        read_back(json);

    for (int f = 0; f < RCA_FORMAT_COUNT; f++) {
        const enum rca_format format = (enum rca_format)f;
        char *want RCA_CLEANUP(rca_freep) = NULL;
        char *have RCA_CLEANUP(rca_freep) = NULL;

        if (format == RCA_FORMAT_SVG || format == RCA_FORMAT_PNG)
            continue; /* drawn from DOT */
        want = render(e, format);
        have = render(again, format);
        assert_string_equal(have, want);
    }
}

static void every_form_is_made_of_what_the_json_holds(void **state)
{
    struct story s;
    struct story_max m;

    (void)state;
    story_tell(&s, "batch-job");
    check_told_again(&s.e);
    story_unclear(&s);
    check_told_again(&s.e);
    story_normal(&s);
    check_told_again(&s.e);
    story_hosts(&s);
    check_told_again(&s.e);
    story_hostile(&s);
    check_told_again(&s.e);
    story_max(&m);
    check_told_again(&m.s.e);
    story_packets(&s);
    check_told_again(&s.e);
    story_hostile_packets(&s);
    check_told_again(&s.e);
    story_packets(&s);
    s.packets = (struct rca_packets){.unseen = "needs root"};
    check_told_again(&s.e);
}

static void numbers_that_are_none_come_back_as_none(void **state)
{
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    s.causes[0].confidence = s.causes[0].share = s.causes[0].value = NAN;
    s.causes[1].card.before = NAN;
    s.nodes[1].card.factor = NAN;
    s.e.unexplained = NAN;
    s.e.symptom.onset = RCA_TIME_NONE;
    s.e.method = RCA_METHOD_BARO;
    s.e.n_parts = 0;
    check_told_again(&s.e);
}

static void times_keep_their_fractions(void **state)
{
    struct rca_explanation *again RCA_CLEANUP(rca_explanation_free) = NULL;
    char *json RCA_CLEANUP(rca_freep) = NULL;
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    s.e.from = AT(3) + 250000001;
    s.nodes[0].chart.step = RCA_SECOND / 8;
    json = render(&s.e, RCA_FORMAT_JSON);
    again = read_back(json);
    assert_true(again->from == s.e.from);
    assert_true(again->nodes[0].chart.step == RCA_SECOND / 8);
}

/* @from in the JSON of the story replaced by @to: not read, and said why */
static void check_refused(const char *from, const char *to, int err,
                          const char *why)
{
    struct rca_explanation *e = NULL;
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    char *json RCA_CLEANUP(rca_freep) = NULL;
    struct rca_diag diag = {0};
    const char *at;
    struct story s;

    story_packets(&s);
    json = render(&s.e, RCA_FORMAT_JSON);
    at = strstr(json, from);
    assert_non_null(at);
    rca_buf_put(&buf, json, (size_t)(at - json));
    rca_buf_str(&buf, to);
    rca_buf_str(&buf, at + strlen(from));
    assert_int_equal(rca_json_read(buf.text, buf.len, "x.json", &diag, &e),
                     err);
    assert_null(e);
    assert_string_equal(diag.file, "x.json");
    if (!strstr(diag.text, why))
        fail_msg("'%s' lacks '%s'", diag.text, why);
}

static void what_is_no_explanation_is_refused(void **state)
{
    (void)state;
    check_refused("{\"schema", "{{", RCA_ESYNTAX, "expected");
    check_refused("\"schema_version\":1", "\"schema_version\":2", RCA_ESCHEMA,
                  "newer");
    check_refused("\"schema_version\":1", "\"schema_version\":-1", RCA_ESYNTAX,
                  "'schema_version'");
    check_refused("\"verdict\":\"cause\"", "\"verdict\":\"perhaps\"",
                  RCA_ESYNTAX, "'verdict'");
    check_refused("\"kind\":\"service\"", "\"kind\":7", RCA_ESYNTAX, "'kind'");
    check_refused("\"share\":0.87", "\"share\":\"much\"", RCA_ESYNTAX,
                  "'share'");
    check_refused("\"from\":\"2023", "\"from\":\"today", RCA_ESYNTAX, "'from'");
    check_refused("\"to\":\"n1\"", "\"to\":\"n9\"", RCA_ESYNTAX, "'to'");
    check_refused("\"kind\":\"cause\",\"rank\":1",
                  "\"kind\":\"cause\",\"rank\":9", RCA_ESYNTAX, "'rank'");
    check_refused("\"causes\":[", "\"causes\":7,\"other\":[", RCA_ESYNTAX,
                  "'causes'");
    check_refused("\"packets\":{", "\"packets\":7,\"other\":{", RCA_ESYNTAX,
                  "'packets'");
    check_refused("\"deaths\":[", "\"deaths\":{},\"other\":[", RCA_ESYNTAX,
                  "'deaths'");
    check_refused("\"deaths\":[", "\"deaths\":[{},{},{},{},{},{},{},",
                  RCA_ESYNTAX, "'deaths'");
    check_refused("\"lost\":17", "\"lost\":-17", RCA_ESYNTAX, "'lost'");
    check_refused("\"service\":\"web\"", "\"service\":[]", RCA_ESYNTAX,
                  "'service'");
    check_refused("{\"text\":\"db: latency, errors\"}", "7", RCA_ESYNTAX,
                  "'text'");
}

static void every_allocation_may_fail(void **state)
{
    char *json RCA_CLEANUP(rca_freep) = NULL;
    struct story s;
    int r = -1;

    (void)state;
    story_packets(&s);
    json = render(&s.e, RCA_FORMAT_JSON);
    for (long n = 0; r != 0 && n < 1000; n++) {
        struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;

        oom_after(n);
        r = rca_json_read(json, strlen(json), "x.json", NULL, &e);
        oom_after(-1);
        assert_true(r == 0 ? e != NULL : (r == -ENOMEM && !e));
    }
    assert_ok(r);
}

/* --- docs/explain.schema.json ----------------------------------------------*/

/* The enum at @path of the schema holds the words of @name and no other. */
static void check_words(const json_t *schema, const char *const *path,
                        const char *(*name)(unsigned), unsigned n)
{
    const json_t *o = schema;

    for (; *path; path++)
        o = json_object_get(o, *path);
    assert_int_equal(json_array_size(o), n);
    for (unsigned i = 0; i < n; i++) {
        size_t k = 0;

        while (k < n &&
               strcmp(json_string_value(json_array_get(o, k)), name(i)) != 0)
            k++;
        assert_true(k < n);
    }
}

static const char *verdict(unsigned i)
{
    return rca_verdict_name((enum rca_verdict)i);
}

static const char *method(unsigned i)
{
    return rca_method_name((enum rca_method)i);
}

static const char *kind(unsigned i)
{
    return rca_kind_name((enum rca_kind)i);
}

static const char *role(unsigned i)
{
    return rca_role_name((enum rca_role)i);
}

static const char *unit(unsigned i)
{
    return rca_unit_suffix((enum rca_unit)i);
}

static void the_schema_knows_the_same_words(void **state)
{
    static const struct {
        const char *path[7];
        const char *(*name)(unsigned);
        unsigned n;
    } words[] = {
        {{"properties", "verdict", "enum"}, verdict, RCA_VERDICT_COUNT},
        {{"properties", "method", "enum"}, method, RCA_METHOD_COUNT},
        {{"$defs", "card", "properties", "kind", "enum"}, kind, RCA_KIND_COUNT},
        {{"$defs", "card", "properties", "role", "enum"}, role, RCA_ROLE_COUNT},
        {{"$defs", "card", "properties", "unit", "enum"}, unit, RCA_UNIT_COUNT},
        {{"$defs", "node", "properties", "class", "enum"},
         rca_json_class_name,
         RCA_NODE_OTHER + 1},
        {{"$defs", "part", "properties", "kind", "enum"},
         rca_json_part_name,
         RCA_PART_FEEDBACK + 1},
    };
    json_error_t error;
    json_t *schema = json_load_file("docs/explain.schema.json", 0, &error);

    (void)state;
    assert_non_null(schema);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(words); i++)
        check_words(schema, words[i].path, words[i].name, words[i].n);
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_made_of_what_the_json_holds),
        cmocka_unit_test(numbers_that_are_none_come_back_as_none),
        cmocka_unit_test(times_keep_their_fractions),
        cmocka_unit_test(what_is_no_explanation_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(the_schema_knows_the_same_words),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("cli/json_read", tests, NULL, NULL);
}
