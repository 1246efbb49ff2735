/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/import.h"

#include <errno.h>

#include "tests/harness/oom.h"
#include "tests/unit/datasets/folder.h"

/* "a" appears late; "b.things_total" grows as a counter does, "b.oddities_total"
 * is counted anew in each minute */
static const char metrics[] =
    "time,a.cpu,b.things_total,b.oddities_total,b.x_bucket_017,b.up\n"
    "600,,100,3,1,1\n"
    "660,,160,1,2,1\n"
    "720,,220,4,3,\n"
    "780,7,340,1,4,1\n"
    "840,8,400,5,5,1\n"
    "900,9,410,9,6,0\n";
static const char graph[] = "source,target,kind\na,b,calls\nb,disk,uses\n";
static const char truth[] = "{\"incident_start\": 840, \"root_cause\": null}";

static char db[96];

static struct rca_case *make_case(void)
{
    struct rca_case *c = NULL;
    struct folder f;

    folder_new(&f, "one");
    folder_put(&f, "metrics.csv", metrics);
    folder_put(&f, "graph.csv", graph);
    folder_put(&f, "truth.json", truth);
    assert_ok(rca_case_read(f.at, &c, NULL));
    folder_done(&f);
    return c;
}

static int open_store(void **state)
{
    struct rca_store *store = NULL;

    (void)snprintf(db, sizeof(db), "/tmp/rca-import-%d.db", (int)getpid());
    (void)unlink(db);
    if (rca_store_open(db, RCA_STORE_WRITE, NULL, &store))
        return -1;
    *state = store;
    return 0;
}

static int close_store(void **state)
{
    char lock[sizeof(db) + 8];

    rca_store_close((struct rca_store **)state);
    (void)snprintf(lock, sizeof(lock), "%s-lock", db);
    (void)unlink(lock);
    return unlink(db);
}

static const char *series_of(const struct rca_case *c, rca_id entity,
                             const char *metric,
                             char name[RCA_IMPORT_NAME_SIZE])
{
    const size_t v = rca_window_find(c->window, entity, metric);

    assert_true(v < c->window->n_vars);
    return rca_import_series(c, v, name);
}

static void names_say_what_the_values_are(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = make_case();
    char name[RCA_IMPORT_NAME_SIZE];

    (void)state;
    assert_string_equal(series_of(c, 0, "cpu", name), "cpu");
    assert_string_equal(series_of(c, 1, "things_total", name),
                        "things_per_second");
    assert_string_equal(series_of(c, 1, "oddities_total", name), "oddities");
    assert_string_equal(series_of(c, 1, "x_bucket_017", name),
                        "x_bucket_017_1");
}

/* the node of @name in @g */
static const struct rca_entity *find(const struct rca_graph *g,
                                     const char *name)
{
    for (uint32_t i = 0; i < rca_graph_size(g); i++) {
        if (!strcmp(rca_graph_entity(g, i)->name, name))
            return rca_graph_entity(g, i);
    }
    fail_msg("no entity '%s'", name);
    return NULL;
}

static void a_window_reads_back_what_was_imported(void **state)
{
    struct rca_store *store = *state;
    struct rca_case *c RCA_CLEANUP(rca_case_free) = make_case();
    struct rca_window *w RCA_CLEANUP(rca_window_free) = NULL;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;

    assert_ok(rca_import(store, c));
    assert_ok(rca_store_graph(store, 0, 900 * RCA_SECOND, &g));
    assert_int_equal(rca_graph_size(g), 3);
    assert_int_equal(rca_graph_edges(g), 2);
    assert_int_equal(find(g, "a")->first, 780 * RCA_SECOND);
    assert_int_equal(find(g, "disk")->first, 600 * RCA_SECOND);
    assert_ok(rca_window_read(store, 540 * RCA_SECOND, 900 * RCA_SECOND,
                              60 * RCA_SECOND, NULL, 0, &w));
    assert_int_equal(w->n_vars, 5);
    for (size_t v = 0; v < c->window->n_vars; v++) {
        const rca_id id =
            find(g, rca_graph_entity(c->graph, c->window->vars[v].entity)->name)
                ->id;
        char name[RCA_IMPORT_NAME_SIZE];
        const size_t u = rca_window_find(w, id, rca_import_series(c, v, name));

        assert_true(u < w->n_vars);
        for (size_t r = 0; r < 6; r++) {
            const double want = c->window->x[v * 6 + r];

            if (!isnan(want))
                assert_close(w->x[u * 6 + r], want, 0);
        }
    }
}

static void what_the_store_already_covers_is_refused(void **state)
{
    struct rca_store *store = *state;
    struct rca_case *c RCA_CLEANUP(rca_case_free) = make_case();
    struct rca_store_info before, after;

    assert_ok(rca_import(store, c));
    assert_ok(rca_store_info(store, &before));
    assert_err(rca_import(store, c), -EEXIST);
    assert_ok(rca_store_info(store, &after));
    assert_int_equal(before.samples, after.samples);
}

/* a case that begins with the store's last tick; "a" is gone when "b" comes */
static void ends_that_never_meet_keep_their_edge(void **state)
{
    struct rca_store *store = *state;
    struct rca_case *c = NULL;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct folder f;

    folder_new(&f, "one");
    folder_put(&f, "metrics.csv", "time,a.x,b.x\n1,1,\n2,1,\n3,,1\n4,,1\n");
    folder_put(&f, "graph.csv", "source,target,kind\na,b,calls\n");
    folder_put(&f, "truth.json", "{\"incident_start\": 3}");
    assert_ok(rca_case_read(f.at, &c, NULL));
    assert_ok(rca_import(store, c));
    rca_case_free(&c);
    assert_ok(rca_store_graph(store, 0, 9 * RCA_SECOND, &g));
    assert_int_equal(rca_graph_edges(g), 1);
    folder_put(&f, "metrics.csv", "time,a.x\n4,1\n5,1\n6,2\n");
    folder_put(&f, "truth.json", "{\"incident_start\": 5}");
    assert_ok(rca_case_read(f.at, &c, NULL));
    assert_err(rca_import(store, c), -EEXIST);
    rca_case_free(&c);
    folder_done(&f);
}

static void no_memory_is_survived(void **state)
{
    struct rca_store *store = *state;
    struct rca_case *c RCA_CLEANUP(rca_case_free) = make_case();
    int err = -ENOMEM;

    for (long n = 0; n < 7; n++) {
        oom_after(n);
        err = rca_import(store, c);
        oom_after(-1);
        assert_err(err, -ENOMEM);
    }
    assert_ok(rca_import(store, c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_say_what_the_values_are),
        cmocka_unit_test_setup_teardown(a_window_reads_back_what_was_imported,
                                        open_store, close_store),
        cmocka_unit_test_setup_teardown(
            what_the_store_already_covers_is_refused, open_store, close_store),
        cmocka_unit_test_setup_teardown(ends_that_never_meet_keep_their_edge,
                                        open_store, close_store),
        cmocka_unit_test_setup_teardown(no_memory_is_survived, open_store,
                                        close_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
