/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a store holds, as rows and as the three text formats. */

#include "cli/export.h"

#include <errno.h>

#include "cli/outfile.h"
#include "collector/store/store.h"
#include "graph/base/err.h"
#include "tests/harness/oom.h"
#include "tests/unit/collector/store/store_fixture.h"

#define START TICK(0)
enum { TICKS = 600 }; /* more than two windows, and a head */

struct ids {
    rca_id web, disk, requests, busy, sum, bucket;
};

/* Growth of 10 a second; a gauge that is missing at each 7th tick; a gap of an
 * hour after the first 300 ticks. */
static struct ids fill(struct fixture *f)
{
    struct ids id;
    const char *hist = "request_latency_seconds_bucket_004";

    assert_ok(
        rca_store_entity(f->store, RCA_KIND_SERVICE, "we\"b", "h\\1", &id.web));
    assert_ok(
        rca_store_entity(f->store, RCA_KIND_DISK, "sda, b", "h\\1", &id.disk));
    assert_ok(rca_store_series(f->store, "requests_total", &id.requests));
    assert_ok(rca_store_series(f->store, "cpu_busiest_ratio", &id.busy));
    assert_ok(rca_store_series(f->store, "request_latency_seconds_sum_total",
                               &id.sum));
    assert_ok(rca_store_series(f->store, hist, &id.bucket));
    for (int i = 0; i < TICKS; i++) {
        const struct rca_sample samples[] = {
            {id.web, id.requests, 10.0 * i},
            {id.web, id.sum, 0.1 * i},
            {id.web, id.bucket, 2.0 * i},
            {id.disk, id.busy, 1.0 / (1 + i)},
        };
        const struct rca_edge edge = {
            .source = id.web, .target = id.disk, .kind = RCA_EDGE_USES};
        const struct rca_tick tick = {.time = TICK(i) +
                                              (i < 300 ? 0 : 3600 * RCA_SECOND),
                                      .samples = samples,
                                      .n_samples = i % 7 ? 4 : 3,
                                      .edges = &edge,
                                      .n_edges = 1};

        assert_ok(rca_store_append(f->store, &tick));
    }
    return id;
}

struct rows {
    rca_time last;
    size_t rows, values, slices;
    double web;
};

/* rows come in order of time; each has what was stored */
static int count_rows(void *arg, const struct rca_slice *s)
{
    struct rows *r = arg;

    r->slices++;
    for (size_t t = 0; t < s->n_times; t++) {
        assert_true(s->times[t] > r->last);
        r->last = s->times[t];
        r->rows++;
        for (size_t c = 0; c < s->n_columns; c++) {
            r->values += isnan(s->columns[c].x[t]) ? 0 : 1;
            if (strcmp(s->columns[c].name, "requests_total") == 0)
                r->web += s->columns[c].x[t];
            if (strcmp(s->columns[c].name, "request_rate_per_second") == 0 &&
                !isnan(s->columns[c].x[t]))
                assert_close(s->columns[c].x[t], 10.0, 1e-12);
        }
    }
    return 0;
}

static struct rca_slices all_of(struct fixture *f, struct rca_graph **g)
{
    struct rca_store_info info;

    assert_ok(rca_store_info(f->store, &info));
    assert_ok(rca_store_graph(f->store, info.first, info.last, g));
    return (struct rca_slices){.store = f->store,
                               .graph = *g,
                               .from = info.first,
                               .to = info.last,
                               .step = RCA_SECOND};
}

static void raw_rows_are_what_was_stored(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rows r = {.last = RCA_TIME_NONE};
    struct rca_slices want;

    (void)fill(f);
    want = all_of(f, &g);
    want.raw = 1;
    assert_ok(rca_slices_read(&want, count_rows, &r));
    assert_int_equal(r.rows, TICKS);
    assert_int_equal(r.values, 4 * TICKS - (TICKS + 6) / 7);
    assert_close(r.web, 10.0 * TICKS * (TICKS - 1) / 2, 1e-12);
    assert_true(r.slices >= 3);

    r = (struct rows){.last = RCA_TIME_NONE};
    want.from = TICK(10);
    want.to = TICK(19);
    want.metric = "requests*";
    assert_ok(rca_slices_read(&want, count_rows, &r));
    assert_int_equal(r.rows, 10);
    assert_int_equal(r.values, 10);
}

static void metrics_do_not_depend_on_where_a_slice_begins(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rows r = {.last = RCA_TIME_NONE};
    struct rca_slices want;
    const struct ids id = fill(f);

    want = all_of(f, &g);
    want.metric = "request_rate_per_second";
    assert_ok(rca_slices_read(&want, count_rows, &r));
    assert_int_equal(r.values, TICKS - 2); /* none where there is no before */
    assert_true(r.rows < TICKS + 1000); /* the hour's gap is passed over */

    r = (struct rows){.last = RCA_TIME_NONE};
    want.entities = &id.disk;
    want.n = 1;
    assert_ok(rca_slices_read(&want, count_rows, &r));
    assert_int_equal(r.values, 0);
}

static int stop_here(void *arg, const struct rca_slice *s)
{
    (void)arg;
    (void)s;
    return 7;
}

static void a_visitor_may_end_it(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_slices want;
    rca_time newest = 0;

    (void)fill(f);
    want = all_of(f, &g);
    assert_int_equal(rca_slices_read(&want, stop_here, NULL), 7);
    want.raw = 1;
    assert_int_equal(rca_slices_read(&want, stop_here, NULL), 7);
    want.to = TICK(5) + 1;
    assert_ok(rca_slices_newest(&want, &newest));
    assert_int_equal(newest, TICK(5));
    want.from = TICK(5) + 2;
    want.to = TICK(6) - 1;
    assert_ok(rca_slices_newest(&want, &newest));
    assert_int_equal(newest, RCA_TIME_NONE);
    assert_ok(rca_slices_read(&want, stop_here, NULL));
}

enum format { CSV, JSONL, PROMETHEUS };

/* the text of a format; the caller frees it */
static char *text_of(const struct rca_slices *want, enum format format,
                     struct rca_export_count *ret, int *ret_err)
{
    struct rca_export_names names RCA_CLEANUP(rca_export_names_done) = {0};
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    int err = rca_export_names(want->graph, &names);

    assert_non_null(f);
    if (!err && format == CSV)
        err = rca_export_csv(want, &names, f, ret);
    else if (!err && format == JSONL)
        err = rca_export_jsonl(want, f, ret);
    else if (!err)
        err = rca_export_prometheus(want, f, ret);
    assert_ok(fclose(f));
    *ret_err = err;
    return text;
}

static void assert_text(const struct rca_slices *want, enum format format,
                        const char *expected)
{
    struct rca_export_count count;
    int err;
    char *text RCA_CLEANUP(rca_freep) = text_of(want, format, &count, &err);

    assert_ok(err);
    assert_string_equal(text, expected);
}

static void a_table_has_a_column_for_each(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_slices want;

    (void)fill(f);
    want = all_of(f, &g);
    want.raw = 1;
    want.from = TICK(6);
    want.to = TICK(8);
    want.metric = "*s*_[rt][ao]t*";
    assert_text(&want, CSV,
                "time,\"sda, b.cpu_busiest_ratio\","
                "\"we\"\"b.request_latency_seconds_sum_total\","
                "\"we\"\"b.requests_total\"\n"
                "1700000006,0.14285714285714285,0.6000000000000001,60\n"
                "1700000007,,0.7000000000000001,70\n"
                "1700000008,0.1111111111111111,0.8,80\n");
}

static void lines_have_the_graph_first(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_slices want;

    (void)fill(f);
    want = all_of(f, &g);
    want.raw = 1;
    want.from = want.to = TICK(8);
    want.metric = "*s_t*";
    assert_text(
        &want, JSONL,
        "{\"entity\":\"we\\\"b\",\"kind\":\"service\",\"host\":\"h\\\\1\","
        "\"first\":1700000008,\"last\":1700000008}\n"
        "{\"entity\":\"sda, b\",\"kind\":\"disk\",\"host\":\"h\\\\1\","
        "\"first\":1700000008,\"last\":1700000008}\n"
        "{\"edge\":\"uses\",\"source\":{\"entity\":\"we\\\"b\",\"kind\":"
        "\"service\",\"host\":\"h\\\\1\"},\"target\":{\"entity\":\"sda, b\","
        "\"kind\":\"disk\",\"host\":\"h\\\\1\"},\"first\":1700000008,\"last\":"
        "1700000008}\n"
        "{\"time\":1700000008,\"entity\":\"we\\\"b\",\"kind\":\"service\","
        "\"host\":\"h\\\\1\",\"values\":{\"requests_total\":80}}\n");
}

static void exposition_is_of_the_newest_values(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_slices want;

    (void)fill(f);
    want = all_of(f, &g);
    want.from = TICK(6);
    want.to = TICK(7); /* where the gauge is missing */
    want.metric = "cpu*";
    assert_text(&want, PROMETHEUS,
                "# HELP rca_cpu_busiest_ratio busiest CPU (usage)\n"
                "# TYPE rca_cpu_busiest_ratio gauge\n"
                "rca_cpu_busiest_ratio{entity=\"sda, b\",host=\"h\\\\1\","
                "kind=\"disk\"} 0.14285714285714285\n");
    want.raw = 1;
    want.metric = "requests*";
    assert_text(&want, PROMETHEUS,
                "# HELP rca_requests_total total of requests_total\n"
                "# TYPE rca_requests_total counter\n"
                "rca_requests_total{entity=\"we\\\"b\",host=\"h\\\\1\","
                "kind=\"service\"} 70\n");
}

static void buckets_become_a_histogram(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_export_count count;
    struct rca_slices want;
    char *text RCA_CLEANUP(rca_freep) = NULL;
    int err;

    (void)fill(f);
    want = all_of(f, &g);
    want.raw = 1;
    want.from = want.to = TICK(9);
    text = text_of(&want, PROMETHEUS, &count, &err);
    assert_ok(err);
#define LABELS "{entity=\"we\\\"b\",host=\"h\\\\1\",kind=\"service\""
#define NAME "rca_request_latency_seconds"
    assert_non_null(strstr(text, "# TYPE " NAME " histogram\n"));
    assert_non_null(strstr(text,
                           NAME "_bucket" LABELS ",le=\"2.048e-06\"} 0\n" NAME
                                "_bucket" LABELS ",le=\"2.56e-06\"} 18\n"));
    assert_non_null(strstr(text, NAME "_bucket" LABELS ",le=\"+Inf\"} 18\n" NAME
                                      "_sum" LABELS "} 0.9\n" NAME
                                      "_count" LABELS "} 18\n"));
    assert_null(strstr(text, "sum_total"));
}

static void names_are_told_apart(void **state)
{
    const struct rca_entity list[] = {
        {.id = 0, .kind = RCA_KIND_SERVICE, .name = "web", .host = "a"},
        {.id = 1, .kind = RCA_KIND_CGROUP, .name = "web", .host = "a"},
        {.id = 2, .kind = RCA_KIND_CGROUP, .name = "web", .host = "b"},
        {.id = 3, .kind = RCA_KIND_HOST, .name = "service/web", .host = "a"},
        {.id = 4, .kind = RCA_KIND_HOST, .name = "a", .host = "a"},
    };
    const char *const expected[] = {"service/web@a", "cgroup/web@a",
                                    "cgroup/web@b", "host/service/web@a", "a"};
    struct rca_export_names names = {0};
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;

    (void)state;
    assert_ok(rca_graph_new(list, RCA_ARRAY_SIZE(list), NULL, 0, &g));
    assert_ok(rca_export_names(g, &names));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(expected); i++)
        assert_string_equal(names.at[i], expected[i]);
    rca_export_names_done(&names);
}

static void numbers_are_short_and_exact(void **state)
{
    static const struct {
        double x;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "-0"},
        {0.1, "0.1"},
        {1e300, "1e+300"},
        {1.0 / 3, "0.3333333333333333"},
        {123456789012345.0, "123456789012345"},
    };
    char buf[RCA_NUMBER_TEXT_SIZE];
    uint64_t seed = test_seed();

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(rows); i++)
        assert_string_equal(rca_number_text(rows[i].x, buf), rows[i].text);
    for (int i = 0; i < 1000; i++) {
        const double x =
            (test_random(&seed) - 0.5) * exp(100 * (test_random(&seed) - 0.5));

        assert_true(strtod(rca_number_text(x, buf), NULL) == x);
    }
}

static void every_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_slices want;

    (void)fill(f);
    want = all_of(f, &g);
    want.to = TICK(20);
    for (enum format format = CSV; format <= PROMETHEUS; format++) {
        for (int raw = 0; raw < 2; raw++) {
            _Bool hit = 1;

            want.raw = raw;
            for (long n = 0; hit; n++) {
                struct rca_export_count count;
                char *text;
                int err;

                oom_after(n);
                text = text_of(&want, format, &count, &err);
                hit = oom_hit();
                oom_after(-1);
                free(text);
                assert_int_equal(err, hit ? -ENOMEM : 0);
            }
        }
    }
}

static void a_file_is_there_whole_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    struct rca_outfile file = {0};
    char path[128], text[16] = "";
    FILE *in;

    (void)snprintf(path, sizeof(path), "%s/out", f->dir);
    assert_ok(rca_outfile_open(path, &file));
    (void)fputs("one", file.f);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_ok(rca_outfile_commit(&file));
    assert_ok(access(path, F_OK));
    assert_ok(rca_outfile_open(path, &file));
    (void)fputs("two", file.f);
    rca_outfile_done(&file);
    in = fopen(path, "r");
    assert_non_null(in);
    assert_non_null(fgets(text, sizeof(text), in));
    (void)fclose(in);
    assert_string_equal(text, "one");
    assert_err(rca_outfile_open("/nowhere/at/all", &file), -ENOENT);
    assert_ok(rca_outfile_open("/dev/full", &file));
    (void)fputs("two", file.f);
    assert_err(rca_outfile_commit(&file), -ENOSPC);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(raw_rows_are_what_was_stored),
        TEST(metrics_do_not_depend_on_where_a_slice_begins),
        TEST(a_visitor_may_end_it),
        TEST(a_table_has_a_column_for_each),
        TEST(lines_have_the_graph_first),
        TEST(exposition_is_of_the_newest_values),
        TEST(buckets_become_a_histogram),
        cmocka_unit_test(names_are_told_apart),
        cmocka_unit_test(numbers_are_short_and_exact),
        TEST(every_allocation_may_fail),
        TEST(a_file_is_there_whole_or_not_at_all),
    };

    return cmocka_run_group_tests_name("cli/export", tests, NULL, NULL);
}
