/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Kept incidents: as bytes, in a store, by id, and what was said of them. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/record_store.h"
#include "cli/record_text.h"
#include "tests/harness/oom.h"
#include "tests/unit/collector/store/store_fixture.h"

/* text that turns the direction of writing is what is tested */
/* NOLINTBEGIN(misc-misleading-bidirectional) */
#define RTL "\xe2\x80\xae"
#define HOSTILE "a\"b\n\x1b[31m<script>\xff" RTL ";$(x)"

static const char explanation[] =
    "{\"schema_version\":1,\"verdict\":\"cause\",\"symptom\":{\"entity\":"
    "\"Web Shop/1\",\"kind\":\"service\",\"host\":\"h\",\"metric\":"
    "\"request_latency_mean_seconds\",\"before\":0.046,\"after\":0.189,"
    "\"unit\":\"s\",\"onset\":\"2026-11-22T14:02:10Z\"},\"causes\":[{"
    "\"entity\":\"batch\",\"kind\":\"cgroup\",\"host\":\"h\",\"metric\":"
    "\"cpu_usage_cores\",\"share\":0.8,\"confidence\":0.9,\"before\":0.02,"
    "\"after\":1.9,\"unit\":\"cores\",\"onset\":null}],\"nodes\":[{\"entity\":"
    "\"batch\",\"kind\":\"cgroup\"},{\"entity\":\"batch\",\"kind\":\"cgroup\"},"
    "{\"entity\":\"Web Shop/1\",\"kind\":\"service\"}]}";

static struct rca_record *made(const char *id, rca_time opened)
{
    struct rca_record *r = NULL;

    assert_ok(rca_record_new(&r));
    (void)snprintf(r->id, sizeof(r->id), "%s", id);
    r->opened = opened;
    assert_ok(rca_record_explain(r, explanation, "Why?\n"));
    assert_ok(rca_record_add(r, "service", "web", NULL));
    return r;
}

static struct rca_record *again(const struct rca_record *r)
{
    char *json RCA_CLEANUP(rca_freep) = NULL;
    struct rca_record *back = NULL;

    assert_ok(rca_record_encode(r, &json));
    assert_ok(rca_record_decode(json, strlen(json), NULL, &back));
    return back;
}

static void a_record_comes_back_as_it_was(void **state)
{
    struct rca_record *r = made("x", TICK(1)), *b;

    (void)state;
    r->explained = TICK(2);
    r->updates = 3;
    r->shift = -0.25;
    assert_ok(rca_record_judge(r, RCA_FEEDBACK_WRONG, HOSTILE, NULL));
    r->judged = TICK(9);
    b = again(r);
    assert_string_equal(b->id, "x");
    assert_true(b->opened == TICK(1) && b->explained == TICK(2));
    assert_true(b->closed == RCA_TIME_NONE && b->judged == TICK(9));
    assert_int_equal(b->updates, 3);
    assert_true(b->shift == -0.25);
    assert_int_equal(b->n_members, 1);
    assert_string_equal(b->members[0].kind, "service");
    assert_string_equal(b->members[0].name, "web");
    assert_string_equal(b->members[0].host, "");
    assert_string_equal(b->text, "Why?\n");
    assert_int_equal(b->feedback, RCA_FEEDBACK_WRONG);
    assert_string_equal(b->cause, "a\"b\n?[31m<script>????;$(x)");
    assert_null(b->note);
    rca_record_free(&r);
    rca_record_free(&b);
}

static void an_explanation_is_read_by_keys(void **state)
{
    struct rca_record *r = made("x", TICK(1));
    struct rca_record_who who = rca_record_symptom(r);

    (void)state;
    assert_string_equal(rca_record_verdict(r), "cause");
    assert_string_equal(who.name, "Web Shop/1");
    assert_true(who.onset == 1795356130 * RCA_SECOND);
    assert_close(who.after, 0.189, 0);
    assert_nan(who.share);
    assert_int_equal(rca_record_causes(r), 1);
    who = rca_record_cause(r, 0);
    assert_string_equal(who.kind, "cgroup");
    assert_true(who.onset == RCA_TIME_NONE);
    assert_int_equal(rca_record_nodes(r), 3);
    assert_close(rca_record_confidence(r), 0.9, 0);
    r->shift = -1; /* what is 0.9 with it was 0.961 without */
    assert_close(rca_record_confidence(r), 1 / (1 + exp(-log(9) - 1)), 1e-12);
    who = rca_record_cause(r, 7);
    assert_string_equal(who.name, "");
    assert_nan(who.confidence);
    rca_record_free(&r);
    assert_ok(rca_record_new(&r));
    assert_string_equal(rca_record_verdict(r), "");
    assert_int_equal(rca_record_causes(r), 0);
    assert_nan(rca_record_confidence(r));
    assert_err(rca_record_explain(r, "[1]", ""), RCA_ECORRUPT);
    assert_err(rca_record_explain(r, "{", ""), RCA_ECORRUPT);
    rca_record_free(&r);
    rca_record_free(&r);
}

static void damaged_bytes_are_refused(void **state)
{
    static const struct {
        const char *bytes, *says;
        int err;
    } cases[] = {
        {"", "no JSON", RCA_ECORRUPT},
        {"{", "no JSON", RCA_ECORRUPT},
        {"[]", "no schema_version", RCA_ECORRUPT},
        {"{}", "no schema_version", RCA_ECORRUPT},
        {"{\"schema_version\":0}", "no schema_version", RCA_ECORRUPT},
        {"{\"schema_version\":2}", "newer", RCA_ESCHEMA},
        {"{\"schema_version\":1}", "id", RCA_ECORRUPT},
        {"{\"schema_version\":1,\"id\":\"\",\"opened\":1}", "id", RCA_ECORRUPT},
        {"{\"schema_version\":1,\"id\":\"x\"}", "id", RCA_ECORRUPT},
        {"{\"schema_version\":1,\"id\":\"x\",\"opened\":1,\"members\":[{}]}",
         "members", RCA_ECORRUPT},
        {"{\"schema_version\":1,\"id\":\"01234567890123456789012345678901234567"
         "89012345678901234567890123456\",\"opened\":1}",
         "id", RCA_ECORRUPT},
    };
    struct rca_record *r = NULL;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(cases); i++) {
        struct rca_diag diag = {0};

        assert_err(rca_record_decode(cases[i].bytes, strlen(cases[i].bytes),
                                     &diag, &r),
                   cases[i].err);
        assert_non_null(strstr(diag.text, cases[i].says));
        assert_null(r);
    }
}

/* --- in a store --------------------------------------------------------------*/

static void keep(struct fixture *f, const char *id, rca_time opened)
{
    struct rca_record *r = made(id, opened);

    assert_ok(rca_record_put(f->store, r));
    rca_record_free(&r);
}

static void records_are_found_by_prefix(void **state)
{
    struct fixture *f = *state;
    struct rca_records all = {0};
    size_t at = 9;

    keep(f, "2026-11-22-1402-web", TICK(2));
    keep(f, "2026-11-22-1402-web-2", TICK(3));
    keep(f, "2026-11-21-0900-db", TICK(1));
    assert_ok(rca_store_put(f->store, "incident/z", TICK(1), "{", 1));
    assert_ok(rca_store_put(f->store, "model", TICK(1), "{", 1));
    assert_ok(rca_records_read(f->store, &all));
    assert_int_equal(all.n, 3);
    assert_int_equal(all.n_damaged, 1);
    assert_string_equal(all.list[0]->id, "2026-11-21-0900-db");
    assert_ok(rca_records_find(&all, "last", &at));
    assert_int_equal(at, 2);
    assert_ok(rca_records_find(&all, "2026-11-21", &at));
    assert_int_equal(at, 0);
    assert_ok(rca_records_find(&all, "2026-11-22-1402-web", &at));
    assert_int_equal(at, 1);
    assert_err(rca_records_find(&all, "2026-11-22", &at), RCA_EAMBIGUOUS);
    assert_err(rca_records_find(&all, "", &at), RCA_EUNKNOWN);
    assert_err(rca_records_find(&all, "2027", &at), RCA_EUNKNOWN);
    rca_records_done(&all);
    assert_err(rca_records_find(&all, "last", &at), RCA_EUNKNOWN);
}

static void ids_are_typed_by_people_and_unique(void **state)
{
    struct fixture *f = *state;
    struct rca_records all = {0};
    struct rca_record *r = made("", 1795356130 * RCA_SECOND);

    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    rca_record_name(&all, r);
    assert_string_equal(r->id, "2026-11-22-1402-web-shop-1");
    assert_ok(rca_record_put(f->store, r));
    assert_ok(rca_records_read(f->store, &all));
    rca_record_name(&all, r);
    assert_string_equal(r->id, "2026-11-22-1402-web-shop-1-2");
    assert_ok(rca_record_explain(
        r, "{\"symptom\":{\"entity\":\"\\u00e4--\\u0007;rm -rf $HOME/../x\"}}",
        ""));
    rca_record_name(&all, r);
    assert_string_equal(r->id, "2026-11-22-1402-rm-rf-home-x");
    assert_ok(rca_record_explain(r, "{}", ""));
    rca_record_name(&all, r);
    assert_string_equal(r->id, "2026-11-22-1402");
    rca_record_free(&r);
    rca_records_done(&all);
}

static void the_newest_thousand_are_kept(void **state)
{
    struct fixture *f = *state;
    struct rca_records all = {0};
    char id[32], name[48], *json = NULL;
    struct rca_record *r = made("x", TICK(0));

    for (int i = 0; i < RCA_RECORD_MOST; i++) {
        (void)snprintf(r->id, sizeof(r->id), "%04d", i);
        (void)snprintf(name, sizeof(name), "incident/%04d", i);
        r->opened = TICK(i);
        assert_ok(rca_record_encode(r, &json));
        assert_ok(rca_store_put(f->store, name, TICK(i), json, strlen(json)));
        free(json);
    }
    (void)snprintf(id, sizeof(id), "%04d", RCA_RECORD_MOST);
    keep(f, id, TICK(RCA_RECORD_MOST));
    assert_ok(rca_records_read(f->store, &all));
    assert_int_equal(all.n, RCA_RECORD_MOST);
    assert_string_equal(all.list[0]->id, "0001");
    rca_records_done(&all);
    rca_record_free(&r);
}

static void feedback_shifts_confidence(void **state)
{
    struct fixture *f = *state;
    struct rca_record *r = made("a", TICK(1));
    struct rca_verdicts v;

    assert_ok(rca_record_put(f->store, r));
    assert_ok(rca_store_verdicts(f->store, &v));
    assert_true(v.right == 0 && v.wrong == 0 && v.shift == 0);
    assert_ok(rca_record_judge(r, RCA_FEEDBACK_WRONG, "db", "note"));
    assert_ok(rca_record_put(f->store, r));
    assert_ok(rca_store_verdicts(f->store, &v));
    assert_true(v.right == 0 && v.wrong == 1 && v.shift < 0);
    assert_ok(rca_record_judge(r, RCA_FEEDBACK_RIGHT, NULL, NULL));
    assert_null(r->cause);
    assert_ok(rca_record_put(f->store, r));
    assert_ok(rca_store_verdicts(f->store, &v));
    assert_true(v.right == 1 && v.wrong == 0 && v.shift > 0);
    rca_record_free(&r);
}

/* --- as text -----------------------------------------------------------------*/

static void two_with_one_cause_are_said_to_have_it(void **state)
{
    struct rca_record *a = made("a", TICK(1)), *b = made("b", TICK(100));
    struct rca_buf buf = {0};

    (void)state;
    assert_true(rca_record_same_cause(a, b));
    rca_record_compare(&buf, a, b);
    assert_non_null(strstr(buf.text, "b has the same cause as a"));
    assert_non_null(strstr(buf.text, "in both    cgroup/batch\n"
                                     "           service/Web Shop/1\n"));
    rca_buf_done(&buf);
    assert_ok(rca_record_explain(b, "{\"verdict\":\"unclear\"}", ""));
    assert_false(rca_record_same_cause(a, b));
    rca_record_compare(&buf, a, b);
    assert_non_null(strstr(buf.text, "different causes"));
    assert_non_null(strstr(buf.text, "no entity"));
    rca_buf_done(&buf);
    rca_record_free(&a);
    rca_record_free(&b);
}

static void hostile_names_stay_text(void **state)
{
    struct rca_record *r = made("a", TICK(1));
    struct rca_buf buf = {0};

    (void)state;
    assert_ok(rca_record_explain(
        r,
        "{\"verdict\":\"cause\",\"symptom\":{\"entity\":\"\\u001b[31m\\n"
        "\\u202e\"},\"causes\":[{\"entity\":\"\\r\\nx\",\"kind\":\"\\u001b\"}],"
        "\"nodes\":[{\"entity\":\"\\u001b\"}]}",
        "\x1b[31mtext\n"));
    assert_ok(rca_record_judge(r, RCA_FEEDBACK_WRONG, HOSTILE, HOSTILE));
    rca_record_line(&buf, r);
    rca_record_show(&buf, r);
    rca_record_compare(&buf, r, r);
    rca_record_summary(&buf, r);
    assert_null(strchr(buf.text, '\x1b'));
    assert_null(strchr(buf.text, '\r'));
    assert_null(strstr(buf.text, RTL));
    rca_buf_done(&buf);
    rca_record_free(&r);
}

/* NOLINTEND(misc-misleading-bidirectional) */

/* --- without memory ------------------------------------------------------------*/

static void every_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    _Bool hit = 1;

    keep(f, "one", TICK(1));
    for (long n = 0; hit; n++) {
        struct rca_record *r = NULL;
        struct rca_records all = {0};
        struct rca_buf buf = {0};
        struct rca_verdicts v;
        int err;

        oom_after(n);
        err = rca_record_new(&r);
        err = err ? err : rca_record_explain(r, explanation, "text");
        err = err ? err : rca_record_add(r, "service", "web", "h");
        err = err ? err : rca_record_judge(r, RCA_FEEDBACK_RIGHT, "c", "n");
        if (!err) {
            (void)snprintf(r->id, sizeof(r->id), "two");
            r->opened = TICK(2);
            err = rca_record_put(f->store, r);
        }
        err = err ? err : rca_records_read(f->store, &all);
        err = err ? err : rca_records_verdicts(&all, &v);
        if (!err) {
            rca_record_compare(&buf, r, r);
            rca_record_show(&buf, r);
            rca_record_line(&buf, r);
            rca_record_summary(&buf, r);
            err = buf.err;
        }
        hit = oom_hit();
        oom_after(-1);
        assert_int_equal(err, hit ? -ENOMEM : 0);
        rca_buf_done(&buf);
        rca_records_done(&all);
        rca_record_free(&r);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_was),
        cmocka_unit_test(an_explanation_is_read_by_keys),
        cmocka_unit_test(damaged_bytes_are_refused),
        TEST(records_are_found_by_prefix),
        TEST(ids_are_typed_by_people_and_unique),
        TEST(the_newest_thousand_are_kept),
        TEST(feedback_shifts_confidence),
        cmocka_unit_test(two_with_one_cause_are_said_to_have_it),
        cmocka_unit_test(hostile_names_stay_text),
        TEST(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("cli/record", tests, NULL, NULL);
}
