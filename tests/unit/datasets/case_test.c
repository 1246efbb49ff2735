/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/case.h"

#include <errno.h>
#include <glob.h>

#include "tests/unit/datasets/folder.h"

static const char metrics[] =
    "time,web.latency_p99,web.requests_per_second,db.cpu,host1.cpu\r\n"
    "1700000000,0.1,10,1,50\r\n"
    "1700000060,0.1,11,,51\r\n"
    "1700000120,0.1,10,1,nan\r\n"
    "1700000180,0.9,10,9,52\r\n"
    "1700000240,0.9,10,9,inf\r\n";
static const char graph[] = "source,target,kind\n"
                            "web,db,calls\n"
                            "web,web-1,has_pod\n"
                            "web-1,host1,runs_on\n"
                            "eth0,host1,interface_of\n"
                            "eth0,eth1,wire\n";
static const char entities[] = "entity,service,kind\n"
                               "web,web,service\n"
                               "db,store,database\n"
                               "host1,host1,node\n"
                               "web-1,web,pod\n"
                               "outside,outside,probe\n"
                               "odd,odd,gizmo\n";
static const char truth[] =
    "{\"incident_start\": 1700000180.0, \"incident_end\": 1700000240,\n"
    " \"dataset\": \"set\", \"victim\": {\"entity\": \"web\", \"metric\": "
    "\"latency_p99\"},\n"
    " \"fault_type\": \"slow\", \"root_cause\": {\"entity\": \"db\", "
    "\"service\": \"store\",\n"
    " \"metric\": [\"cpu\", \"mem\"]}}\n";

static void put_all(const struct folder *f)
{
    folder_put(f, "metrics.csv", metrics);
    folder_put(f, "graph.csv", graph);
    folder_put(f, "entities.csv", entities);
    folder_put(f, "truth.json", truth);
}

/* the case in @f; freed by the caller */
static struct rca_case *read_case(const struct folder *f)
{
    struct rca_diag diag = {0};
    struct rca_case *c = NULL;
    const int err = rca_case_read(f->at, &c, &diag);

    if (err)
        print_error("%s:%u:%u: %s\n", diag.file, diag.line, diag.column,
                    diag.text);
    assert_ok(err);
    return c;
}

static rca_id id_of(const struct rca_case *c, const char *name)
{
    for (uint32_t i = 0; i < rca_graph_size(c->graph); i++) {
        if (!strcmp(rca_graph_entity(c->graph, i)->name, name))
            return rca_graph_entity(c->graph, i)->id;
    }
    fail_msg("no entity '%s'", name);
    return RCA_ID_NONE;
}

static const double *column(const struct rca_case *c, const char *entity,
                            const char *metric)
{
    const struct rca_window *w = c->window;
    const size_t v = rca_window_find(w, id_of(c, entity), metric);

    assert_true(v < w->n_vars);
    return w->x + v * w->n_rows;
}

static _Bool has_edge(const struct rca_case *c, const char *source,
                      const char *target, enum rca_edge_kind kind)
{
    const rca_id from = id_of(c, source), to = id_of(c, target);

    for (uint32_t i = 0; i < rca_graph_edges(c->graph); i++) {
        const struct rca_edge *e = rca_graph_edge(c->graph, i);

        if (e->source == from && e->target == to && e->kind == kind)
            return 1;
    }
    return 0;
}

static enum rca_kind kind_of(const struct rca_case *c, const char *name)
{
    return rca_graph_entity(c->graph, rca_graph_node(c->graph, id_of(c, name)))
        ->kind;
}

static void a_folder_becomes_a_case(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;

    (void)state;
    folder_new(&f, "parent/one");
    put_all(&f);
    assert_true(rca_case_is_folder(f.at));
    assert_false(rca_case_is_folder(f.path));
    c = read_case(&f);
    assert_string_equal(c->name, "one");
    assert_string_equal(c->dataset, "set");
    assert_int_equal(c->window->n_rows, 5);
    assert_int_equal(c->window->n_vars, 4);
    assert_int_equal(c->window->step, 60 * RCA_SECOND);
    assert_int_equal(c->times[0], 1700000000 * RCA_SECOND);
    assert_int_equal(c->incident.before.from, 0);
    assert_int_equal(c->incident.before.to, 3);
    assert_int_equal(c->incident.incident.from, 3);
    assert_int_equal(c->incident.incident.to, 5);
    assert_int_equal(c->incident.victim, id_of(c, "web"));
    assert_string_equal(c->incident.metric, "latency_p99");
    assert_ptr_equal(c->incident.w, c->window);
    assert_ptr_equal(c->incident.g, c->graph);
    assert_close(column(c, "db", "cpu")[0], 1, 0);
    assert_nan(column(c, "db", "cpu")[1]);
    assert_nan(column(c, "host1", "cpu")[2]);
    assert_nan(column(c, "host1", "cpu")[4]);
    assert_int_equal(c->window->vars[c->window->n_vars - 1].metric.role,
                     RCA_ROLE_LOAD);
    folder_done(&f);
}

static void kinds_and_edges_are_in_the_models_terms(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;

    (void)state;
    folder_new(&f, "one");
    put_all(&f);
    c = read_case(&f);
    assert_int_equal(rca_graph_size(c->graph), 8);
    assert_int_equal(kind_of(c, "web"), RCA_KIND_SERVICE);
    assert_int_equal(kind_of(c, "db"), RCA_KIND_SERVICE);
    assert_int_equal(kind_of(c, "host1"), RCA_KIND_HOST);
    assert_int_equal(kind_of(c, "web-1"), RCA_KIND_CGROUP);
    assert_int_equal(kind_of(c, "eth0"), RCA_KIND_NIC);
    assert_int_equal(kind_of(c, "outside"), RCA_KIND_PROBE);
    assert_int_equal(kind_of(c, "odd"), RCA_KIND_OTHER);
    assert_true(has_edge(c, "web", "db", RCA_EDGE_CALLS));
    assert_true(has_edge(c, "web-1", "web", RCA_EDGE_PART_OF));
    assert_true(has_edge(c, "web-1", "host1", RCA_EDGE_RUNS_ON));
    assert_true(has_edge(c, "eth0", "host1", RCA_EDGE_PART_OF));
    assert_true(has_edge(c, "eth0", "eth1", RCA_EDGE_LINK));
    assert_true(has_edge(c, "outside", "web", RCA_EDGE_CALLS));
    assert_false(has_edge(c, "outside", "db", RCA_EDGE_CALLS));
    assert_string_equal(c->service[id_of(c, "db")], "store");
    assert_string_equal(c->service[id_of(c, "web-1")], "web");
    assert_string_equal(c->service[id_of(c, "eth0")], "eth0");
    folder_done(&f);
}

static void edges_and_services_tell_what_is_not_said(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;

    (void)state;
    folder_new(&f, "one");
    put_all(&f);
    folder_put(&f, "graph.csv",
               "source,target,kind\nshop,shop-1,has_pod\nweb,db,calls\n"
               "shop-1,vm1,runs_on\nshop-1,fargate,runs_on\np2,db,calls\n"
               "p2,shop,calls\nport1,switch1,interface_of\n");
    folder_put(&f, "entities.csv",
               "entity,service,kind\nfargate,fargate,service\np1,,probe\n"
               "p2,p2,probe\nworker,web,\n");
    c = read_case(&f);
    assert_int_equal(kind_of(c, "shop-1"), RCA_KIND_CGROUP);
    assert_int_equal(kind_of(c, "vm1"), RCA_KIND_HOST);
    assert_int_equal(kind_of(c, "switch1"), RCA_KIND_HOST);
    assert_int_equal(kind_of(c, "port1"), RCA_KIND_NIC);
    assert_int_equal(kind_of(c, "fargate"), RCA_KIND_SERVICE);
    assert_true(has_edge(c, "worker", "web", RCA_EDGE_PART_OF));
    assert_string_equal(c->service[id_of(c, "p1")], "p1");
    /* a probe's calls make nobody called, and a tied probe gets no more */
    assert_true(has_edge(c, "p1", "shop", RCA_EDGE_CALLS));
    assert_true(has_edge(c, "p1", "web", RCA_EDGE_CALLS));
    assert_false(has_edge(c, "p1", "db", RCA_EDGE_CALLS));
    assert_false(has_edge(c, "p1", "vm1", RCA_EDGE_CALLS));
    assert_false(has_edge(c, "p2", "web", RCA_EDGE_CALLS));
    folder_done(&f);
}

static void the_step_is_the_median(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;

    (void)state;
    folder_new(&f, "one");
    folder_put(&f, "metrics.csv", "time,a.x\n0,1\n1,1\n11,1\n21,1\n500,1\n");
    folder_put(&f, "truth.json", "{\"incident_start\": 11}");
    c = read_case(&f);
    assert_int_equal(c->window->step, 10 * RCA_SECOND);
    assert_int_equal(c->window->from, -10 * RCA_SECOND);
    folder_done(&f);
}

static void the_truth_is_read_apart(void **state)
{
    struct rca_truth t RCA_CLEANUP(rca_truth_done) = {0};
    struct folder f;

    (void)state;
    folder_new(&f, "one");
    put_all(&f);
    assert_ok(rca_truth_read(f.at, &t, NULL));
    assert_string_equal(t.entity, "db");
    assert_string_equal(t.service, "store");
    assert_string_equal(t.fault, "slow");
    assert_string_equal(t.prefixes[0], "cpu");
    assert_string_equal(t.prefixes[1], "mem");
    assert_null(t.prefixes[2]);
    folder_done(&f);
}

static void rcaevals_layout_is_read_too(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct rca_truth t RCA_CLEANUP(rca_truth_done) = {0};
    struct folder f;

    (void)state;
    folder_new(&f, "RE0-X/cart-db_cpu/3");
    folder_put(&f, "data.csv",
               "time,cart-db_cpu,cart_latency-90,cart_latency_p50,cart_cpu,"
               "load_balancer_cpu,load_balancer_latency_p50\n"
               "100,1,2,3,4,5,6\n101,1,2,3,4,5,6\n102,9,2,3,4,5,6\n");
    folder_put(&f, "inject_time.txt", "102\n");
    c = read_case(&f);
    assert_string_equal(c->name, "cart-db_cpu/3");
    assert_string_equal(c->dataset, "RE0-X");
    assert_int_equal(rca_graph_size(c->graph), 3);
    assert_int_equal(c->incident.victim, RCA_ID_NONE);
    assert_int_equal(c->incident.before.to, 2);
    assert_int_equal(c->incident.incident.to, 3);
    assert_close(column(c, "cart-db", "cpu")[2], 9, 0);
    assert_close(column(c, "cart", "latency-90")[0], 2, 0);
    assert_close(column(c, "cart", "latency_p50")[0], 3, 0);
    assert_close(column(c, "load_balancer", "cpu")[0], 5, 0);
    assert_ok(rca_truth_read(f.at, &t, NULL));
    assert_string_equal(t.entity, "cart-db");
    assert_string_equal(t.fault, "cpu");
    folder_done(&f);
}

static void an_instance_may_have_no_folder_of_its_own(void **state)
{
    static const struct {
        const char *folder, *name, *dataset, *entity;
    } want[] = {
        {"RE0/cart-db_cpu/3", "cart-db_cpu/3", "RE0", "cart-db"},
        {"RE_0/cart_db_cpu/run_1", "cart_db_cpu/run_1", "RE_0", "cart_db"},
        {"RE0/cart_cpu", "cart_cpu", "RE0", "cart"},
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(want); i++) {
        struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
        struct rca_truth t RCA_CLEANUP(rca_truth_done) = {0};
        struct folder f;

        folder_new(&f, want[i].folder);
        folder_put(&f, "simple_metrics.csv", "time,time.1,a_cpu\n1,1,1\n2,2,2");
        folder_put(&f, "inject_time.txt", "2");
        c = read_case(&f);
        assert_string_equal(c->name, want[i].name);
        assert_string_equal(c->dataset, want[i].dataset);
        assert_ok(rca_truth_read(f.at, &t, NULL));
        assert_string_equal(t.entity, want[i].entity);
        folder_done(&f);
    }
}

static void a_wrong_start_can_be_told(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;

    (void)state;
    folder_new(&f, "one");
    put_all(&f);
    c = read_case(&f);
    rca_case_shift(c, 1);
    assert_int_equal(c->incident.before.to, 4);
    assert_int_equal(c->incident.incident.from, 4);
    rca_case_shift(c, 7);
    assert_int_equal(c->incident.incident.from, 4);
    rca_case_shift(c, -9);
    assert_int_equal(c->incident.incident.from, 0);
    folder_done(&f);
}

/* equal in all that a method may see */
static void same_case(const struct rca_case *a, const struct rca_case *b)
{
    const struct rca_window *v = a->window, *w = b->window;

    assert_int_equal(v->n_vars, w->n_vars);
    assert_int_equal(v->n_rows, w->n_rows);
    assert_int_equal(v->from, w->from);
    assert_int_equal(v->step, w->step);
    for (size_t i = 0; i < v->n_vars; i++) {
        assert_int_equal(v->vars[i].entity, w->vars[i].entity);
        assert_string_equal(v->vars[i].metric.name, w->vars[i].metric.name);
        assert_int_equal(v->vars[i].metric.role, w->vars[i].metric.role);
        for (size_t r = 0; r < v->n_rows; r++) {
            const double x = v->x[i * v->n_rows + r];
            const double y = w->x[i * v->n_rows + r];

            assert_true(x == y || (isnan(x) && isnan(y)));
        }
    }
    assert_int_equal(rca_graph_size(a->graph), rca_graph_size(b->graph));
    assert_int_equal(rca_graph_edges(a->graph), rca_graph_edges(b->graph));
    for (uint32_t i = 0; i < rca_graph_size(a->graph); i++) {
        const struct rca_entity *e = rca_graph_entity(a->graph, i);
        const struct rca_entity *f = rca_graph_entity(b->graph, i);
        size_t n, m;
        const struct rca_arc *p = rca_graph_arcs(a->graph, i, &n);
        const struct rca_arc *q = rca_graph_arcs(b->graph, i, &m);

        assert_string_equal(e->name, f->name);
        assert_int_equal(e->kind, f->kind);
        assert_int_equal(e->first, f->first);
        assert_string_equal(a->service[i], b->service[i]);
        assert_int_equal(n, m);
        for (size_t k = 0; k < n; k++)
            assert_true(p[k].node == q[k].node && p[k].kind == q[k].kind &&
                        p[k].out == q[k].out);
    }
}

static void the_order_in_the_files_changes_nothing(void **state)
{
    struct rca_case *a RCA_CLEANUP(rca_case_free) = NULL;
    struct rca_case *b RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;

    (void)state;
    folder_new(&f, "one");
    put_all(&f);
    a = read_case(&f);
    folder_put(&f, "metrics.csv",
               "db.cpu,host1.cpu,time,web.requests_per_second,web.latency_p99\n"
               "9,,1700000240,10,0.9\n9,52,1700000180,10,0.9\n"
               "1,50,1700000000,10,0.1\n1,,1700000120,10,0.1\n"
               ",51,1700000060,11,0.1\n");
    folder_put(&f, "graph.csv",
               "kind,target,source\nwire,eth0,eth1\ninterface_of,host1,eth0\n"
               "runs_on,host1,web-1\nhas_pod,web-1,web\ncalls,db,web\n"
               "calls,db,web\n");
    folder_put(&f, "entities.csv",
               "service,kind,entity\nodd,gizmo,odd\noutside,probe,outside\n"
               "web,pod,web-1\nhost1,node,host1\nstore,database,db\n"
               "web,service,web\n");
    b = read_case(&f);
    same_case(a, b);
    folder_done(&f);
}

/* Two fresh columns, one of an entity that appears with the incident */
static void who_appears_is_seen_from_then(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;

    (void)state;
    folder_new(&f, "one");
    folder_put(&f, "metrics.csv",
               "time,a.x,b.x,b.y,gone.x,never.x\n1,1,,,1,\n2,1,,1,1,\n"
               "3,1,1,1,,\n4,1,,,,\n");
    folder_put(&f, "truth.json", "{\"incident_start\": 3}");
    c = read_case(&f);
    assert_int_equal(c->window->n_vars, 4);
    assert_int_equal(rca_graph_entity(c->graph, id_of(c, "b"))->first,
                     2 * RCA_SECOND);
    assert_int_equal(rca_graph_entity(c->graph, id_of(c, "b"))->last,
                     3 * RCA_SECOND);
    assert_int_equal(rca_graph_entity(c->graph, id_of(c, "gone"))->last,
                     2 * RCA_SECOND);
    assert_int_equal(rca_graph_entity(c->graph, id_of(c, "never"))->last,
                     4 * RCA_SECOND);
    folder_done(&f);
}

/* a victim that is known by name only, and its metric that is not measured */
static void a_victim_may_have_no_metrics(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;

    (void)state;
    folder_new(&f, "one");
    put_all(&f);
    folder_put(&f, "truth.json",
               "{\"incident_start\": 1700000180, \"victim\":"
               "{\"entity\": \"shop\", \"metric\": \"clicks\"}}");
    c = read_case(&f);
    assert_int_equal(c->incident.victim, id_of(c, "shop"));
    assert_null(c->incident.metric);
    assert_string_equal(c->dataset, strrchr(f.path, '/') + 1);
    folder_done(&f);
}

static void a_hundred_thousand_columns_are_read(void **state)
{
    enum { COLUMNS = 100000, ROWS = 17 };
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;
    char path[256];
    FILE *file;

    (void)state;
    folder_new(&f, "one");
    (void)snprintf(path, sizeof(path), "%s/metrics.csv", f.at);
    file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs("time", file);
    for (int i = 0; i < COLUMNS; i++)
        (void)fprintf(file, ",e%05d.m%d", (COLUMNS - 1 - i) / 10, i % 10);
    for (int r = 0; r < ROWS; r++) {
        (void)fprintf(file, "\n%d", r);
        for (int i = 0; i < COLUMNS; i++)
            (void)fprintf(file, ",%d", r * 1000000 + COLUMNS - 1 - i);
    }
    assert_int_equal(fclose(file), 0);
    folder_put(&f, "truth.json", "{\"incident_start\": 10}");
    c = read_case(&f);
    assert_int_equal(c->window->n_vars, COLUMNS);
    assert_int_equal(rca_graph_size(c->graph), COLUMNS / 10);
    for (size_t v = 0; v < COLUMNS; v++) {
        const double *x = c->window->x + v * ROWS;
        const double entity = floor(x[0] / 10);

        assert_true(c->window->vars[v].entity == (rca_id)entity);
        assert_true(x[ROWS - 1] - x[0] == (ROWS - 1) * 1e6);
    }
    folder_done(&f);
}

/* the real incidents, where they are */
static void all_shared_cases_are_read(void **state)
{
    glob_t found = {0};

    (void)state;
    if (glob("../shared/cases*/*/*/truth.json", 0, NULL, &found))
        print_message("skip: no ../shared/cases\n");
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
        struct rca_truth t RCA_CLEANUP(rca_truth_done) = {0};
        struct rca_diag diag = {0};
        char *path = found.gl_pathv[i];

        *strrchr(path, '/') = '\0';
        if (rca_case_read(path, &c, &diag))
            fail_msg("%s:%u: %s", diag.file, diag.line, diag.text);
        assert_ok(rca_truth_read(path, &t, NULL));
        assert_non_null(t.service);
        assert_true(c->incident.before.to >= 20);
        assert_true(c->incident.incident.to > c->incident.incident.from);
    }
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_becomes_a_case),
        cmocka_unit_test(kinds_and_edges_are_in_the_models_terms),
        cmocka_unit_test(edges_and_services_tell_what_is_not_said),
        cmocka_unit_test(the_step_is_the_median),
        cmocka_unit_test(the_truth_is_read_apart),
        cmocka_unit_test(rcaevals_layout_is_read_too),
        cmocka_unit_test(an_instance_may_have_no_folder_of_its_own),
        cmocka_unit_test(a_wrong_start_can_be_told),
        cmocka_unit_test(the_order_in_the_files_changes_nothing),
        cmocka_unit_test(who_appears_is_seen_from_then),
        cmocka_unit_test(a_victim_may_have_no_metrics),
        cmocka_unit_test(all_shared_cases_are_read),
        cmocka_unit_test(a_hundred_thousand_columns_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
