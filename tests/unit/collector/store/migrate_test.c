/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sqlite3.h>

#include "collector/store/store.h"
#include "tests/unit/collector/store/schema_1.h"
#include "tests/unit/collector/store/store_fixture.h"

/* Put an old store where the fixture's is. */
static void make_old(struct fixture *f)
{
    sqlite3 *db = NULL;

    rca_store_close(&f->store);
    fixture_empty(f->dir);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, schema_1, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static double truth(rca_id entity, rca_id series, int t)
{
    if (entity == 1)
        return 1.0 / (t + 1);
    return series == 1 ? t / 4.0 : 100 + t * 7 + t % 3;
}

static void assert_all_there(struct fixture *f)
{
    struct seen_samples got =
        fixture_scan(f->store, INT64_MIN, INT64_MAX, NULL, 0);

    assert_int_equal(got.n, 8 * 3 - 1);
    for (size_t i = 0; i < got.n; i++) {
        const struct seen_sample *s = &got.at[i];
        const int t = (int)((s->time - TICK(0)) / RCA_SECOND);

        assert_true(s->value == truth(s->entity, s->series, t));
    }
    free(got.at);
}

static void a_store_of_version_1_is_brought_forward(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *graph = NULL;
    struct rca_sample sample = {1, 1, 5};
    rca_time when;
    void *note = NULL;
    size_t size;

    make_old(f);
    fixture_reopen(f, RCA_STORE_WRITE);
    assert_all_there(f);
    assert_ok(rca_store_graph(f->store, TICK(7), TICK(7), &graph));
    assert_int_equal(rca_graph_size(graph), 2);
    assert_int_equal(rca_graph_edges(graph), 1);
    rca_graph_free(&graph);
    assert_ok(rca_store_get(f->store, "note", &when, &note, &size));
    assert_memory_equal(note, "hi", 2);
    free(note);

    assert_err(fixture_append(f, TICK(7), &sample, 1), -EINVAL);
    assert_ok(rca_store_seal(f->store));
    assert_all_there(f);
    assert_ok(fixture_append(f, TICK(8), &sample, 1));
    fixture_reopen(f, RCA_STORE_READ);
}

static void a_reader_leaves_an_old_store_alone(void **state)
{
    struct fixture *f = *state;
    struct rca_store *store = NULL;

    make_old(f);
    assert_err(rca_store_open(f->path, RCA_STORE_READ, NULL, &store),
               RCA_ESCHEMA);
    assert_err(rca_store_open(f->path, RCA_STORE_NOTES, NULL, &store),
               RCA_ESCHEMA);
}

#define STORE_TEST(name)                                                       \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_store_of_version_1_is_brought_forward),
        STORE_TEST(a_reader_leaves_an_old_store_alone),
    };

    return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
