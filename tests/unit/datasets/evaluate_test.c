/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Cases written to a temporary folder, found, ranked, judged. */

#include "datasets/evaluate.h"

#include <errno.h>
#include <unistd.h>

#include "tests/harness/oom.h"
#include "tests/unit/datasets/case_dir.h"

static const struct rca_evaluate_options nsigma = {
    .rank.method = RCA_METHOD_NSIGMA, .jobs = 1};

/* Evaluate all under the root. */
static void evaluate(const struct rca_evaluate_options *options,
                     struct rca_evaluation *e)
{
    struct rca_folders folders RCA_CLEANUP(rca_folders_done) = {0};

    assert_ok(rca_folders_add(&folders, root, NULL));
    assert_ok(rca_evaluate(&folders, options, e));
}

/* --- folders -------------------------------------------------------------- */

static void assert_ends(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);

    assert_true(n >= m);
    assert_string_equal(path + n - m, end);
}

static void folders_are_found_at_any_depth_in_order(void **state)
{
    struct rca_folders folders RCA_CLEANUP(rca_folders_done) = {0};

    (void)state;
    make_case("b/two", "null");
    make_case("b/one/x", "null");
    make_case("a", "null");
    make_case("a/inside", "null"); /* of a case: not looked into */
    make_case(".hidden/c", "null");
    make_folders("empty");
    assert_ok(rca_folders_add(&folders, root, NULL));
    assert_int_equal(folders.n, 3);
    assert_ends(folders.paths[0], "/a");
    assert_ends(folders.paths[1], "/b/one/x");
    assert_ends(folders.paths[2], "/b/two");
    /* in the order of the paths given, and a case itself is one */
    assert_ok(rca_folders_add(&folders, in_root("a"), NULL));
    assert_int_equal(folders.n, 4);
    assert_ends(folders.paths[3], "/a");
}

static void links_count_nothing_twice(void **state)
{
    struct rca_folders folders RCA_CLEANUP(rca_folders_done) = {0};

    (void)state;
    make_case("b/two", "null");
    make_case("else/where/three", "null");
    assert_ok(symlink("..", in_root("b/up")));
    assert_ok(symlink("two", in_root("b/again")));
    assert_ok(symlink("../else/where", in_root("b/link")));
    assert_ok(symlink("nowhere", in_root("b/dangling")));
    assert_ok(rca_folders_add(&folders, in_root("b"), NULL));
    assert_int_equal(folders.n, 2);
    assert_ends(folders.paths[0], "/b/again");
    assert_ends(folders.paths[1], "/b/link/three");
}

static void a_path_without_cases_is_told(void **state)
{
    struct rca_folders folders RCA_CLEANUP(rca_folders_done) = {0};
    struct rca_diag diag = {0};

    (void)state;
    make_folders("empty/inner");
    assert_err(rca_folders_add(&folders, in_root("empty"), &diag),
               RCA_EUNKNOWN);
    assert_ends(diag.file, "/empty");
    assert_non_null(strstr(diag.text, "no case in it"));
    assert_err(rca_folders_add(&folders, in_root("nothing"), &diag),
               RCA_EUNKNOWN);
    assert_non_null(strstr(diag.text, "no such folder"));
    assert_int_equal(folders.n, 0);
}

/* --- outcomes ------------------------------------------------------------- */

static void rankings_are_judged_by_service(void **state)
{
    struct rca_evaluation e RCA_CLEANUP(rca_evaluation_done) = {0};

    (void)state;
    make_case("d/1", "{\"entity\":\"b\",\"service\":\"back\"}");
    make_case("d/2", "{\"entity\":\"b\"}"); /* its service */
    make_case("d/3", "{\"service\":\"b\"}"); /* an entity, no service */
    make_case("d/4", "{\"entity\":\"z\"}"); /* not in the file */
    make_case("d/5", "null");
    evaluate(&nsigma, &e);
    assert_int_equal(e.n, 5);
    assert_int_equal(e.n_broken, 0);
    assert_int_equal(e.outcomes[0].rank, 1);
    assert_int_equal(e.outcomes[1].rank, 1);
    assert_int_equal(e.outcomes[2].rank, 0);
    assert_int_equal(e.outcomes[3].rank, 0);
    assert_true(e.outcomes[3].known);
    assert_false(e.outcomes[4].known);
    assert_string_equal(e.outcomes[0].name, "1");
    assert_string_equal(e.outcomes[0].dataset, "d");
    assert_string_equal(e.outcomes[0].fault, "delay");
    assert_int_equal(e.outcomes[4].n, 3); /* ranked all the same */
    assert_string_equal(e.outcomes[4].list[0].entity, "b");
    assert_string_equal(e.outcomes[4].list[0].service, "back");
    assert_string_equal(e.outcomes[4].list[0].metric, "latency");
    assert_true(e.outcomes[0].seconds > 0);
}

static void assert_same(const struct rca_outcome *a,
                        const struct rca_outcome *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->rank, b->rank);
    assert_int_equal(a->of, b->of);
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_string_equal(a->list[i].entity, b->list[i].entity);
        assert_true(a->list[i].score == b->list[i].score);
    }
}

static void threads_change_nothing(void **state)
{
    struct rca_evaluation one RCA_CLEANUP(rca_evaluation_done) = {0};
    struct rca_evaluation many RCA_CLEANUP(rca_evaluation_done) = {0};
    struct rca_evaluate_options options = nsigma;
    char name[16];

    (void)state;
    for (int i = 0; i < 12; i++) {
        (void)snprintf(name, sizeof(name), "d/%c", 'a' + i);
        make_case(name, i % 2 ? "{\"entity\":\"b\"}" : "{\"entity\":\"a\"}");
    }
    evaluate(&options, &one);
    options.jobs = 4;
    evaluate(&options, &many);
    assert_int_equal(one.n, 12);
    assert_int_equal(many.n, 12);
    for (size_t i = 0; i < one.n; i++)
        assert_same(&one.outcomes[i], &many.outcomes[i]);
}

static void normal_rows_make_windows_without_a_cause(void **state)
{
    struct rca_evaluation e RCA_CLEANUP(rca_evaluation_done) = {0};
    struct rca_evaluate_options options = nsigma;

    (void)state;
    options.normal = 1;
    make_case("d/1", "{\"entity\":\"b\"}");
    make_case("d/2", "{\"entity\":\"b\"}");
    evaluate(&options, &e);
    assert_int_equal(e.n, 4); /* 25 rows hold two windows of 10 */
    assert_int_equal(e.outcomes[1].of, e.outcomes[0].of);
    assert_int_not_equal(e.outcomes[2].of, e.outcomes[0].of);
    for (size_t i = 0; i < e.n; i++) {
        assert_false(e.outcomes[i].known);
        assert_int_equal(e.outcomes[i].rank, 0);
        assert_true(e.outcomes[i].list[0].score < 5); /* not the jump */
    }
}

/* c is up in the last ten normal rows: the last window, and in no window's
 * rows before. */
static void a_window_is_not_normal_to_itself(void **state)
{
    struct rca_evaluation e RCA_CLEANUP(rca_evaluation_done) = {0};
    struct rca_evaluate_options options = nsigma;

    (void)state;
    options.normal = 1;
    make_case("d/1", "{\"entity\":\"b\"}");
    write_metrics("d/1", BEFORE - 10);
    evaluate(&options, &e);
    assert_int_equal(e.n, 2);
    assert_true(e.outcomes[0].list[0].score < 5);
    assert_string_equal(e.outcomes[1].list[0].entity, "c");
    assert_true(e.outcomes[1].list[0].score > 50);
}

static void a_wrong_start_is_told_to_the_method(void **state)
{
    struct rca_evaluation right RCA_CLEANUP(rca_evaluation_done) = {0};
    struct rca_evaluation late RCA_CLEANUP(rca_evaluation_done) = {0};
    struct rca_evaluate_options options = nsigma;

    (void)state;
    make_case("d/1", "{\"entity\":\"b\"}");
    evaluate(&options, &right);
    options.shift = 3;
    evaluate(&options, &late);
    /* three rows of the jump are taken for normal: its sd grows */
    assert_true(late.outcomes[0].list[0].score <
                0.5 * right.outcomes[0].list[0].score);
    assert_int_equal(late.outcomes[0].rank, 1);
}

static void broken_cases_are_told_and_left_out(void **state)
{
    struct rca_evaluation e RCA_CLEANUP(rca_evaluation_done) = {0};
    FILE *f;

    (void)state;
    make_case("d/1", "{\"entity\":\"b\"}");
    make_case("d/2", "{\"entity\":\"b\"}");
    make_case("d/3", "{\"entity\":\"b\"}");
    f = create("d/2", "metrics.csv");
    (void)fprintf(f, "time,a.x\n1,2\n2,oops\n");
    (void)fclose(f);
    evaluate(&nsigma, &e);
    assert_int_equal(e.n, 2);
    assert_string_equal(e.outcomes[1].name, "3");
    assert_int_equal(e.n_broken, 1);
    assert_int_equal(e.broken[0].err, RCA_ESYNTAX);
    assert_ends(e.broken[0].diag.file, "/d/2/metrics.csv");
    assert_int_equal(e.broken[0].diag.line, 3);
}

static void too_short_a_case_is_a_miss(void **state)
{
    struct rca_evaluation e RCA_CLEANUP(rca_evaluation_done) = {0};
    FILE *f;

    (void)state;
    make_case("d/1", "{\"entity\":\"b\"}");
    f = create("d/1", "metrics.csv");
    (void)fprintf(f, "time,a.x,b.x\n%d,1,2\n%d,1,9\n", START, START + 500);
    (void)fclose(f);
    evaluate(&nsigma, &e);
    assert_int_equal(e.n, 1);
    assert_true(e.outcomes[0].known);
    assert_int_equal(e.outcomes[0].rank, 0);
    assert_int_equal(e.outcomes[0].n, 0);
    assert_int_equal(e.outcomes[0].verdict, RCA_VERDICT_UNCLEAR);
}

static int find_and_evaluate(void)
{
    struct rca_folders folders RCA_CLEANUP(rca_folders_done) = {0};
    struct rca_evaluation e RCA_CLEANUP(rca_evaluation_done) = {0};
    int err = rca_folders_add(&folders, root, NULL);

    err = err ? err : rca_evaluate(&folders, &nsigma, &e);
    if (!err) {
        assert_int_equal(e.n, 1);
        assert_int_equal(e.outcomes[0].rank, 1);
    }
    return err;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    make_case("d", "{\"entity\":\"b\"}");
    for (long n = 0;; n++) {
        int err;

        oom_after(n);
        err = find_and_evaluate();
        if (!oom_hit()) {
            oom_after(-1);
            assert_ok(err);
            assert_true(n > 20);
            return;
        }
        oom_after(-1);
        assert_err(err, -ENOMEM);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, dir_start, dir_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(folders_are_found_at_any_depth_in_order),
        TEST(links_count_nothing_twice),
        TEST(a_path_without_cases_is_told),
        TEST(rankings_are_judged_by_service),
        TEST(threads_change_nothing),
        TEST(normal_rows_make_windows_without_a_cause),
        TEST(a_window_is_not_normal_to_itself),
        TEST(a_wrong_start_is_told_to_the_method),
        TEST(broken_cases_are_told_and_left_out),
        TEST(too_short_a_case_is_a_miss),
        TEST(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("datasets/evaluate", tests, NULL, NULL);
}
