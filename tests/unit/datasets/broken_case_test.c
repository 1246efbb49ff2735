/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A good case folder with one file broken in one way at a time: what the
 * diagnostic says, and where. And what looks odd but is accepted. */

#include <errno.h>

#include "datasets/case.h"
#include "tests/harness/oom.h"
#include "tests/unit/datasets/folder.h"

#define METRICS                                                                \
    "time,web.latency,web.requests_total,db.cpu\n"                             \
    "100,0.1,10,1\n110,0.1,20,1\n120,0.1,30,1\n130,0.1,40,1\n140,0.1,50,1\n"   \
    "150,0.9,60,9\n160,0.9,70,9\n"
#define TRUTH                                                                  \
    "{\"incident_start\": 150,\n"                                              \
    " \"victim\": {\"entity\": \"web\", \"metric\": \"latency\"},\n"           \
    " \"root_cause\": {\"entity\": \"db\"}}\n"

static void put_good(const struct folder *f)
{
    folder_put(f, "metrics.csv", METRICS);
    folder_put(f, "graph.csv", "source,target,kind\nweb,db,calls\n");
    folder_put(f, "entities.csv", "entity,service,kind\ndb,db,database\n");
    folder_put(f, "truth.json", TRUTH);
}

/* struct breakage - @file gets @text instead; then: @line, @text in the
 * diagnostic */
struct breakage {
    const char *file, *text;
    unsigned line, column;
    const char *want;
};

static const struct breakage breakages[] = {
    {"metrics.csv", "", 1, 0, "empty; expected a header"},
    {"metrics.csv", "\n\n \r\n", 1, 0, "empty; expected a header"},
    {"metrics.csv", "a.b,c.d\n1,2\n", 1, 0, "no column 'time'"},
    {"metrics.csv", "100,0.1,10\n110,0.1,20\n", 1, 0, "no column 'time'"},
    {"metrics.csv", "time\n100\n", 1, 0, "no metrics"},
    {"metrics.csv", "time,latency\n100,1\n", 1, 2, "expected ENTITY.METRIC"},
    {"metrics.csv", "time,web.,b.c\n1,2,3\n", 1, 2, "expected ENTITY.METRIC"},
    {"metrics.csv", "time,.cpu,b.c\n1,2,3\n", 1, 2, "expected ENTITY.METRIC"},
    {"metrics.csv", "time,a.b\n", 1, 0, "no rows"},
    {"metrics.csv", "time,a.b\n150,2\n160\n", 3, 0, "1 cells; expected 2"},
    {"metrics.csv", "time,a.b\n150,2,3\n", 2, 0, "3 cells; expected 2"},
    {"metrics.csv", "time,a.b\n\n\n150,abc\n", 4, 2, "'abc' is no number"},
    {"metrics.csv", "time,a.b\n150,1e\n", 2, 2, "'1e' is no number"},
    {"metrics.csv", "time,a.b\n150,0x1F\n", 2, 2, "'0x1F' is no number"},
    {"metrics.csv", "time,a.b\n150,\"1,5\"\n", 2, 2, "'1,5' is no number"},
    {"metrics.csv", "time,a.b\n150,1 2\n", 2, 2, "'1 2' is no number"},
    {"metrics.csv", "time,a.b\n,1\n", 2, 1, "'' is no time"},
    {"metrics.csv", "time,a.b\nnan,1\n", 2, 1, "is no time"},
    {"metrics.csv", "time,a.b\nnoon,1\n", 2, 1, "'noon' is no time"},
    {"metrics.csv", "time,a.b\n2023-13-01T00:00:00Z,1\n", 2, 1, "is no time"},
    {"metrics.csv", "time,a.b\n150,1\n1e99,1\n", 3, 0, "a time of 1e+99"},
    {"metrics.csv", "time,a.b\n150,\"1\n160,2\n", 2, 2, "does not end"},
    {"metrics.csv", "time,\"a.b\n150,1\n", 1, 2, "does not end"},
    {"metrics.csv", "time,a.b\n150,\"1\"2\n", 2, 2, "behind a closing quote"},
    {"metrics.csv", "time;a.b\n150;1\n", 1, 0, "no column 'time'"},
    {"graph.csv", "", 1, 0, "empty; expected a header with 'source'"},
    {"graph.csv", "web,db,calls\n", 1, 0, "no column 'source'"},
    {"graph.csv", "source,kind\nweb,calls\n", 1, 0, "no column 'target'"},
    {"graph.csv", "source,target,kind\nweb,db\n", 2, 0, "2 cells; expected 3"},
    {"graph.csv", "source,target\nweb,db\n,db\n", 3, 0, "'source' is empty"},
    {"graph.csv", "source,target\n\nweb,\n", 3, 0, "'target' is empty"},
    {"graph.csv", "source,target\n\"web,db\n", 2, 1, "does not end"},
    {"entities.csv", "", 1, 0, "empty; expected a header with 'entity'"},
    {"entities.csv", "service,kind\na,b\n", 1, 0, "no column 'entity'"},
    {"entities.csv", "entity,kind\nweb\n", 2, 0, "1 cells; expected 2"},
    {"entities.csv", "entity,kind\n,host\n", 2, 0, "'entity' is empty"},
    {"truth.json", "", 1, 0, "expected a JSON object"},
    {"truth.json", "{\"incident_start\": 150,\n", 2, 0, "JSON object"},
    {"truth.json", "{'incident_start': 150}", 1, 2, "JSON object"},
    {"truth.json", "[150]", 1, 0, "expected a JSON object"},
    {"truth.json", "{}", 0, 0, "'incident_start': expected a time"},
    {"truth.json", "{\n\"incident_start\": null}", 2, 0, "expected a time"},
    {"truth.json", "{\n\"incident_start\": \"noon\"}", 2, 0, "a time"},
    {"truth.json", "{\n\"incident_start\": true}", 2, 0, "expected a time"},
    {"truth.json", "{\n\"incident_start\": 1e300}", 2, 0, "expected a time"},
    {"truth.json", "{\"incident_start\": 150,\n\"incident_end\": {}}", 2, 0,
     "'incident_end': expected a time"},
    {"truth.json", "{\"incident_start\": 150,\n\"incident_end\": 149}", 1, 0,
     "ends before it starts"},
    {"truth.json", "{\"incident_start\": 161}", 1, 0, "no row"},
    {"truth.json", "{\"incident_start\": 1700000000}", 1, 0, "no row"},
    {"truth.json", "{\"incident_start\": 141, \"incident_end\": 149}", 1, 0,
     "no row"},
    {"truth.json", "{\"incident_start\": 150,\n\"victim\": 7}", 2, 0,
     "'victim': expected"},
    {"truth.json", "{\"incident_start\": 150,\n\"victim\": {\"entity\": 7}}", 2,
     0, "'entity': expected a string"},
    {"truth.json", "{\"incident_start\": 150,\n\"dataset\": []}", 2, 0,
     "'dataset': expected a string"},
};

static void check(const struct folder *f, const struct breakage *b, int want)
{
    struct rca_case *c = NULL;
    struct rca_diag diag = {0};
    const int err = rca_case_read(f->at, &c, &diag);
    const size_t n = strlen(diag.file), m = strlen(b->file);

    if (err != want || c || diag.line != b->line ||
        (b->column && diag.column != b->column) || n < m ||
        strcmp(diag.file + n - m, b->file) != 0 || !strstr(diag.text, b->want))
        fail_msg("%s <%s>: %d %s:%u:%u: %s; want line %u: %s", b->file,
                 b->text ? b->text : "", err, diag.file, diag.line, diag.column,
                 diag.text, b->line, b->want);
}

static void each_broken_file_is_named_with_its_line(void **state)
{
    struct folder f;

    (void)state;
    folder_new(&f, "case");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(breakages); i++) {
        put_good(&f);
        folder_put(&f, breakages[i].file, breakages[i].text);
        check(&f, &breakages[i], RCA_ESYNTAX);
    }
    folder_done(&f);
}

static void binary_junk_is_refused_in_each_file(void **state)
{
    static const char *const files[] = {"metrics.csv", "graph.csv",
                                        "entities.csv", "truth.json"};
    static const char junk[] = "\x7f"
                               "ELF\x02\x01\0\n\0\xff\xfe\"\n,";
    struct folder f;

    (void)state;
    folder_new(&f, "case");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(files); i++) {
        const struct breakage b = {files[i], "junk", 1, 0, "expected"};

        put_good(&f);
        folder_write(&f, files[i], junk, sizeof(junk) - 1);
        check(&f, &b, RCA_ESYNTAX);
    }
    folder_done(&f);
}

static void what_is_no_file_is_refused(void **state)
{
    static const char *const files[] = {"metrics.csv", "graph.csv",
                                        "entities.csv", "truth.json"};
    struct folder f;
    char path[256];

    (void)state;
    folder_new(&f, "case");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(files); i++) {
        const struct breakage folder = {files[i], NULL, 0, 0, "regular file"};
        const struct breakage loop = {files[i], NULL, 0, 0, "cannot be read"};

        put_good(&f);
        folder_remove(&f, files[i]);
        (void)snprintf(path, sizeof(path), "%s/%s", f.at, files[i]);
        assert_int_equal(mkdir(path, 0700), 0);
        check(&f, &folder, RCA_ESYNTAX);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        check(&f, &folder, RCA_ESYNTAX);
        folder_remove(&f, files[i]);
        assert_int_equal(symlink(files[i], path), 0);
        check(&f, &loop, -ELOOP);
        folder_remove(&f, files[i]);
    }
    folder_done(&f);
}

static void a_missing_file_is_named(void **state)
{
    struct rca_case *c = NULL;
    struct rca_diag diag = {0};
    struct folder f;

    (void)state;
    folder_new(&f, "case");
    put_good(&f);
    folder_remove(&f, "metrics.csv");
    assert_err(rca_case_read(f.at, &c, &diag), -ENOENT);
    assert_string_equal(diag.file, f.at);
    assert_non_null(strstr(diag.text, "metrics.csv"));
    put_good(&f);
    folder_remove(&f, "truth.json");
    assert_err(rca_case_read(f.at, &c, &diag), -ENOENT);
    assert_non_null(strstr(diag.text, "truth.json"));
    assert_false(rca_case_is_folder(f.at));
    assert_err(rca_case_read("/nowhere/at/all", &c, &diag), -ENOENT);
    assert_string_equal(diag.file, "/nowhere/at/all");
    assert_err(rca_case_read("/nowhere/at/all", &c, NULL), -ENOENT);
    folder_done(&f);
}

static void a_broken_truth_is_the_scorers_matter(void **state)
{
    static const char *const truths[] = {
        "{\"incident_start\": 150,\n\"root_cause\": 7}",
        "{\"incident_start\": 150,\n\"root_cause\": [{}]}",
        "{\"incident_start\": 150, \"root_cause\": {\n\"service\": 1}}",
        "{\"incident_start\": 150, \"root_cause\": {\n\"metric\": {}}}",
        "{\"incident_start\": 150, \"root_cause\": {\n\"metric\": [1]}}",
        "{\"incident_start\": 150,\n\"fault_type\": 7}",
    };
    struct folder f;

    (void)state;
    folder_new(&f, "case");
    put_good(&f);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(truths); i++) {
        struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
        struct rca_truth truth = {0};
        struct rca_diag diag = {0};

        folder_put(&f, "truth.json", truths[i]);
        assert_ok(rca_case_read(f.at, &c, &diag));
        assert_err(rca_truth_read(f.at, &truth, &diag), RCA_ESYNTAX);
        assert_int_equal(diag.line, 2);
        assert_null(truth.entity);
    }
    folder_done(&f);
}

/* RCAEval's files */
static void the_other_layout_is_as_strict(void **state)
{
    static const struct breakage others[] = {
        {"data.csv", "time,cpu\n1,2\n", 1, 0, "SERVICE_METRIC"},
        {"data.csv", "time,_cpu,a_\n1,2,3\n", 1, 0, "SERVICE_METRIC"},
        {"data.csv", "time,a_cpu\n1,x\n", 2, 2, "'x' is no number"},
        {"inject_time.txt", "", 1, 0, "is no time"},
        {"inject_time.txt", "noon\n", 1, 0, "'noon' is no time"},
        {"inject_time.txt", "nan\n", 1, 0, "is no time"},
        {"inject_time.txt", "9999\n", 1, 0, "no row"},
    };
    struct folder f;

    (void)state;
    folder_new(&f, "set/a_cpu/1");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(others); i++) {
        folder_put(&f, "data.csv", "time,a_cpu\n1,1\n2,2\n");
        folder_put(&f, "inject_time.txt", "2\n");
        folder_put(&f, others[i].file, others[i].text);
        check(&f, &others[i], RCA_ESYNTAX);
    }
    folder_done(&f);
}

/* put a good case into @f but for metrics and truth, and read it */
static struct rca_case *read_with(const struct folder *f, const char *metrics,
                                  const char *truth)
{
    struct rca_case *c = NULL;
    struct rca_diag diag = {0};

    put_good(f);
    folder_put(f, "metrics.csv", metrics);
    folder_put(f, "truth.json", truth);
    if (rca_case_read(f->at, &c, &diag))
        fail_msg("%s:%u:%u: %s", diag.file, diag.line, diag.column, diag.text);
    return c;
}

static const double *find(const struct rca_case *c, const char *metric)
{
    for (size_t v = 0; v < c->window->n_vars; v++) {
        if (!strcmp(c->window->vars[v].metric.name, metric))
            return c->window->x + v * c->window->n_rows;
    }
    fail_msg("no metric '%s'", metric);
    return NULL;
}

static void odd_cells_are_missing_values(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;
    const double *x;

    (void)state;
    folder_new(&f, "case");
    c = read_with(
        &f,
        "\xef\xbb\xbf"
        "a.x , time,\"b, the \"\"great\"\".y\",a.void,a.x\r\n"
        " 7 ,150, 1e2 ,,1\r\n+.5,160,inf,NaN,2\r\nnull,170,TRUE,,3\r\n"
        "5.,180,-1e999,n/a,4",
        "\xef\xbb\xbf{\"incident_start\": \"160\"}");
    assert_int_equal(c->window->n_rows, 4);
    assert_int_equal(c->window->n_vars, 2);
    x = find(c, "x");
    assert_close(x[0], 7, 0);
    assert_close(x[1], 0.5, 0);
    assert_nan(x[2]);
    assert_close(x[3], 5, 0);
    x = find(c, "y");
    assert_close(x[0], 100, 0);
    assert_nan(x[1]);
    assert_close(x[2], 1, 0);
    assert_nan(x[3]);
    assert_string_equal(
        rca_graph_entity(c->graph, c->window->vars[1].entity)->name,
        "b, the \"great\"");
    assert_int_equal(c->incident.incident.from, 1);
    assert_int_equal(c->incident.victim, RCA_ID_NONE);
    folder_done(&f);
}

static void columns_that_are_no_metrics_are_skipped(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;

    (void)state;
    folder_new(&f, "case");
    c = read_with(&f,
                  "Unnamed: 0,time,,a.x,datetime\n0,150,q,1,Monday\n"
                  "1,160,,2,Tuesday\n",
                  "{\"incident_start\": 160}");
    assert_int_equal(c->window->n_vars, 1);
    assert_close(find(c, "x")[1], 2, 0);
    folder_done(&f);
}

static void times_are_read_in_any_unit(void **state)
{
    static const char *const metrics[] = {
        "time,a.x\n1681770720,1\n1681771020,2\n1681770420,0\n",
        "time,a.x\n1681771020000,2\n1681770420000,0\n1681770720000,1\n",
        "time,a.x\n1681771020000000,2\n1681770420000000,0\n"
        "1681770720000000,1\n",
        "time,a.x\n1681771020000000000,2\n1681770420000000000,0\n"
        "1.68177072e18,1\n",
        "time,a.x\n2023-04-17 22:37:00,2\n2023-04-17T22:27:00Z,0\n"
        "2023-04-18T00:32:00+02:00,1\n",
        "time,a.x\n1681771020.0,3\n1681770420,0\n1681770720,1\n1681771020,1\n",
    };
    static const char *const truths[] = {
        "{\"incident_start\": 1681771020}",
        "{\"incident_start\": 1681771020000}",
        "{\"incident_start\": \"2023-04-17T22:37:00Z\", \"incident_end\": "
        "null}",
    };
    struct folder f;

    (void)state;
    folder_new(&f, "case");
    for (size_t i = 0; i < RCA_ARRAY_SIZE(metrics); i++) {
        struct rca_case *c RCA_CLEANUP(rca_case_free) =
            read_with(&f, metrics[i], truths[i % RCA_ARRAY_SIZE(truths)]);

        assert_int_equal(c->window->n_rows, 3);
        assert_int_equal(c->times[0], 1681770420 * RCA_SECOND);
        assert_int_equal(c->times[2], 1681771020 * RCA_SECOND);
        assert_int_equal(c->window->step, 300 * RCA_SECOND);
        assert_int_equal(c->incident.incident.from, 2);
        for (size_t r = 0; r < 3; r++)
            assert_close(find(c, "x")[r], (double)r, 0);
    }
    folder_done(&f);
}

static void counters_become_rates_by_their_values(void **state)
{
    static const char metrics[] =
        "time,a.sent_total,a.lost_total,a.restarts_total,a.grown\n"
        "100,10,3,0,1\n110,20,1,0,2\n120,,4,0,3\n130,60,1,0,4\n140,60,5,1,5\n"
        "150,25,9,1,6\n160,105,2,2,7\n";
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;
    const double *x;
    char many[2048];
    size_t n = (size_t)snprintf(many, sizeof(many), "%s", metrics);

    (void)state;
    for (int t = 170; t < 600; t += 10)
        n += (size_t)snprintf(many + n, sizeof(many) - n, "%d,%d,1,2,8\n", t,
                              t * 10);
    folder_new(&f, "case");
    c = read_with(&f, many, "{\"incident_start\": 500}");
    x = find(c, "sent_total");
    assert_nan(x[0]);
    assert_close(x[1], 1, 0);
    assert_nan(x[2]);
    assert_close(x[3], 2, 0); /* over the gap */
    assert_close(x[4], 0, 0);
    assert_nan(x[5]); /* a reset */
    assert_close(x[6], 8, 0);
    assert_close(find(c, "lost_total")[3], 1, 0);
    assert_close(find(c, "restarts_total")[6], 2, 0);
    assert_close(find(c, "grown")[6], 7, 0);
    folder_done(&f);
}

static const struct rca_metric *metric_of(const struct rca_case *c,
                                          const char *name)
{
    for (size_t v = 0; v < c->window->n_vars; v++) {
        if (!strcmp(c->window->vars[v].metric.name, name))
            return &c->window->vars[v].metric;
    }
    fail_msg("no metric '%s'", name);
    return NULL;
}

/* requests_total: a counter; fails_total: falls a little once;
 * late_total: grows in the incident only; request_latency_p99_seconds: known */
static void roles_and_units_follow_names_and_values(void **state)
{
    struct rca_case *c RCA_CLEANUP(rca_case_free) = NULL;
    struct folder f;
    char text[4096];
    size_t n;

    (void)state;
    folder_new(&f, "case");
    n = (size_t)snprintf(text, sizeof(text),
                         "time,a.requests_total,a.fails_total,a.late_total,"
                         "a.request_latency_p99_seconds\n");
    for (int t = 0; t < 60; t++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%d,%d,%d,%d,0.5\n",
                              t, 7 * t, t == 30 ? 25 : t, t < 50 ? 3 : t - 40);
    c = read_with(&f, text, "{\"incident_start\": 50}");
    assert_int_equal(metric_of(c, "requests_total")->make, RCA_MAKE_RATE);
    assert_int_equal(metric_of(c, "requests_total")->unit, RCA_UNIT_PER_SECOND);
    assert_int_equal(metric_of(c, "requests_total")->role, RCA_ROLE_LOAD);
    assert_int_equal(metric_of(c, "fails_total")->make, RCA_MAKE_MEAN);
    assert_int_equal(metric_of(c, "fails_total")->unit, RCA_UNIT_NONE);
    assert_int_equal(metric_of(c, "fails_total")->role, RCA_ROLE_ERROR);
    assert_int_equal(metric_of(c, "late_total")->make, RCA_MAKE_MEAN);
    assert_int_equal(metric_of(c, "request_latency_p99_seconds")->unit,
                     RCA_UNIT_SECONDS);
    assert_string_not_equal(metric_of(c, "request_latency_p99_seconds")->label,
                            "request_latency_p99_seconds");
    folder_done(&f);
}

static void no_memory_is_reported_and_survived(void **state)
{
    struct rca_case *c = NULL;
    struct rca_truth truth = {0};
    struct folder f;
    int err = -ENOMEM;
    long n = 0;

    (void)state;
    folder_new(&f, "case");
    put_good(&f);
    for (; err; n++) {
        oom_after(n);
        err = rca_case_read(f.at, &c, NULL);
        oom_after(-1);
        if (err)
            assert_err(err, -ENOMEM);
        assert_true(n < 1000);
    }
    assert_true(n > 30);
    rca_case_free(&c);
    for (n = 0, err = -ENOMEM; err; n++) {
        oom_after(n);
        err = rca_truth_read(f.at, &truth, NULL);
        oom_after(-1);
        if (err)
            assert_err(err, -ENOMEM);
        assert_true(n < 100);
    }
    rca_truth_done(&truth);
    folder_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_broken_file_is_named_with_its_line),
        cmocka_unit_test(binary_junk_is_refused_in_each_file),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_broken_truth_is_the_scorers_matter),
        cmocka_unit_test(the_other_layout_is_as_strict),
        cmocka_unit_test(odd_cells_are_missing_values),
        cmocka_unit_test(columns_that_are_no_metrics_are_skipped),
        cmocka_unit_test(times_are_read_in_any_unit),
        cmocka_unit_test(counters_become_rates_by_their_values),
        cmocka_unit_test(roles_and_units_follow_names_and_values),
        cmocka_unit_test(no_memory_is_reported_and_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
