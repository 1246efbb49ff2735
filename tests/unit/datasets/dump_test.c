/* SPDX-License-Identifier: GPL-3.0-or-later */

/* JSON lines: what is read, what is refused and where, and that a store comes
 * out as it was. */

#include "datasets/dump.h"

#include <errno.h>

#include "graph/base/err.h"
#include "tests/harness/oom.h"
#include "tests/unit/collector/store/store_fixture.h"

#define WEB "\"entity\":\"web\",\"kind\":\"service\",\"host\":\"h\""
#define DB "\"entity\":\"db\",\"kind\":\"disk\",\"host\":\"h\""

static int read_text(const char *text, struct rca_store *store,
                     struct rca_diag *diag, struct rca_dump_info *ret)
{
    char *copy = strdup(text);
    FILE *f = copy ? fmemopen(copy, strlen(copy), "r") : NULL;
    int err;

    assert_non_null(f);
    err = rca_dump_read(f, "x.jsonl", store, diag, ret);
    (void)fclose(f);
    free(copy);
    return err;
}

static const char small[] =
    "{" WEB ",\"first\":1700000000,\"last\":1700000002}\n"
    "{" DB ",\"first\":1700000001,\"last\":1700000001}\n"
    "\n"
    "{\"edge\":\"uses\",\"source\":{" WEB "},\"target\":{" DB "},"
    "\"first\":1700000001,\"last\":1700000001}\r\n"
    "{\"time\":1700000000," WEB ",\"values\":{\"a\":1.5,\"b_total\":0.1}}\n"
    "{\"time\":1700000001," WEB ",\"values\":{\"a\":-2e300,\"b_total\":null}}\n"
    "{\"time\":1700000001," DB ",\"values\":{\"a\":7}}\n"
    "{\"time\":1700000002.25," WEB ",\"values\":{\"b_total\":4}}";

static void lines_become_a_store(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    const struct rca_entity *e;
    struct rca_dump_info info;
    struct seen_samples s;

    assert_ok(read_text(small, NULL, NULL, &info));
    assert_int_equal(info.samples, 5);
    assert_int_equal(info.ticks, 3);
    assert_int_equal(info.entities, 2);
    assert_int_equal(info.edges, 1);
    assert_int_equal(info.first, TICK(0));
    assert_int_equal(info.last, TICK(2) + RCA_SECOND / 4);
    assert_ok(read_text(small, f->store, NULL, &info));

    s = fixture_scan(f->store, 0, INT64_MAX, NULL, 0);
    assert_int_equal(s.n, 5);
    free(s.at);
    assert_ok(rca_store_graph(f->store, 0, INT64_MAX, &g));
    assert_int_equal(rca_graph_size(g), 2);
    assert_int_equal(rca_graph_edges(g), 1);
    assert_int_equal(rca_graph_edge(g, 0)->first, TICK(1));
    assert_int_equal(rca_graph_edge(g, 0)->last, TICK(1));
    e = rca_graph_entity(g, rca_graph_node(g, rca_graph_edge(g, 0)->target));
    assert_string_equal(e->name, "db");
    assert_int_equal(e->kind, RCA_KIND_DISK);
    assert_int_equal(e->first, TICK(1));
    assert_int_equal(e->last, TICK(1));
}

static const struct {
    const char *text, *says;
} refused[] = {
    {"{", "expected an object"},
    {"[1]", "expected an object"},
    {"7", "expected"},
    {"{}", "expected an entity, an edge or values"},
    {"{\"a\":1,\"a\":2}", "duplicate"},
    {"{\"entity\":\"\",\"kind\":\"disk\",\"first\":1,\"last\":2}", "'entity'"},
    {"{\"entity\":7,\"kind\":\"disk\",\"first\":1,\"last\":2}", "'entity'"},
    {"{\"entity\":\"a\",\"kind\":\"duck\",\"first\":1,\"last\":2}", "'kind'"},
    {"{" WEB ",\"first\":1}", "'last'"},
    {"{" WEB ",\"first\":2,\"last\":1}", "not before"},
    {"{" WEB ",\"first\":-2,\"last\":1}", "'first'"},
    {"{" WEB ",\"first\":\"now\",\"last\":1}", "'first'"},
    {"{" WEB ",\"first\":1,\"last\":1e30}", "'last'"},
    {"{\"edge\":\"eats\",\"first\":1,\"last\":1}", "'edge'"},
    {"{\"edge\":\"uses\",\"first\":1,\"last\":1}", "'entity'"},
    {"{\"edge\":\"uses\",\"source\":{" WEB "},\"target\":3,\"first\":1,"
     "\"last\":1}",
     "'entity'"},
    {"{" WEB ",\"values\":{\"a\":1}}", "'time'"},
    {"{\"time\":1," WEB ",\"values\":[1]}", "'values'"},
    {"{\"time\":1," WEB ",\"values\":{\"a\":\"1\"}}", "'a': expected a number"},
    {"{\"time\":1," WEB ",\"values\":{\"\":1}}", "expected a number"},
    {"{\"time\":1," WEB ",\"values\":{\"a\":1e999}}", "expected"},
    {"{\"time\":0," WEB ",\"values\":{\"a\":1}}", "goes back"},
};

static void what_is_wrong_is_said_with_its_line(void **state)
{
    struct rca_dump_info info;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(refused); i++) {
        struct rca_diag diag = {0};
        char text[512];

        (void)snprintf(text, sizeof(text),
                       "{\"time\":0.5," WEB ",\"values\":{}}\n%s\n",
                       refused[i].text);
        assert_err(read_text(text, NULL, &diag, &info), RCA_ESYNTAX);
        assert_string_equal(diag.file, "x.jsonl");
        assert_int_equal(diag.line, 2);
        if (!strstr(diag.text, refused[i].says))
            fail_msg("%s: %s", refused[i].text, diag.text);
        assert_err(read_text(text, NULL, NULL, &info), RCA_ESYNTAX);
    }
}

static void a_store_that_is_ahead_refuses(void **state)
{
    struct fixture *f = *state;
    struct rca_dump_info info;

    assert_ok(read_text(small, f->store, NULL, &info));
    assert_err(read_text(small, f->store, NULL, &info), -EINVAL);
}

static void every_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    _Bool hit = 1;

    for (long n = 0; hit; n++) {
        struct rca_dump_info info;
        char copy[sizeof(small)];
        FILE *file;
        int err;

        memcpy(copy, small, sizeof(small));
        file = fmemopen(copy, sizeof(small) - 1, "r");
        assert_non_null(file);
        oom_after(n);
        err = rca_dump_read(file, "x", f->store, NULL, &info);
        hit = oom_hit();
        oom_after(-1);
        (void)fclose(file);
        assert_int_equal(err, hit ? -ENOMEM : 0);
        if (hit) {
            rca_store_close(&f->store);
            fixture_empty(f->dir);
            assert_ok(
                rca_store_open(f->path, RCA_STORE_WRITE, NULL, &f->store));
        }
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_become_a_store),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        TEST(a_store_that_is_ahead_refuses),
        TEST(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("datasets/dump", tests, NULL, NULL);
}
