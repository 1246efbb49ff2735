/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What labelled cases teach, and what they do not when they are left out. */

#include "datasets/learn.h"

#include <errno.h>

#include "tests/harness/oom.h"
#include "tests/unit/datasets/case_dir.h"

#define CAUSE_B "{\"entity\":\"b\",\"service\":\"back\"}"

static const struct rca_pool pool = {.jobs = 2};

static void gather(const char *path, struct rca_lessons *lessons)
{
    struct rca_folders folders RCA_CLEANUP(rca_folders_done) = {0};

    assert_ok(rca_folders_add(&folders, path, NULL));
    assert_ok(rca_learn_gather(&folders, &pool, 1, lessons));
}

static const struct rca_taught *lesson(const struct rca_lessons *lessons,
                                       size_t i)
{
    assert(lessons->list && i < lessons->n);
    return &lessons->list[i];
}

static void make_some(void)
{
    make_case("one/1", CAUSE_B);
    make_case("one/2", CAUSE_B);
    make_case("one/3", "{\"entity\":\"a\"}");
    make_case("two/1", CAUSE_B);
    make_case("two/2", "null");
}

static void assert_same(const struct rca_weights *a,
                        const struct rca_weights *b)
{
    for (size_t k = 0; k < RCA_EVIDENCE_COUNT; k++)
        assert_true(fabs(a->w[k] - b->w[k]) < 1e-6);
    for (size_t k = 0; k < RCA_TRUST_COUNT; k++)
        assert_true(fabs(a->trust[k] - b->trust[k]) < 1e-6);
}

static _Bool is_same(const struct rca_weights *a, const struct rca_weights *b)
{
    double sum = 0;

    for (size_t k = 0; k < RCA_EVIDENCE_COUNT; k++)
        sum += fabs(a->w[k] - b->w[k]);
    return sum < 1e-6;
}

static void guilty_are_those_of_the_true_service(void **state)
{
    struct rca_lessons lessons RCA_CLEANUP(rca_lessons_done) = {0};
    const struct rca_taught *t;

    (void)state;
    make_some();
    gather(root, &lessons);
    assert_int_equal(lessons.n, 5);
    t = lesson(&lessons, 0); /* suspects are by entity id, which is by name */
    assert_string_equal(t->dataset, "one");
    assert_int_equal(t->evidence->n, 3);
    assert_false(t->guilty[0]);
    assert_true(t->guilty[1]);
    assert_false(t->guilty[2]);
    t = lesson(&lessons, 4);
    for (size_t i = 0; i < t->evidence->n; i++)
        assert_false(t->guilty[i]);
}

static void a_set_that_is_left_out_teaches_nothing(void **state)
{
    struct rca_lessons all RCA_CLEANUP(rca_lessons_done) = {0};
    struct rca_lessons one RCA_CLEANUP(rca_lessons_done) = {0};
    struct rca_weights of_all, without, alone;

    (void)state;
    make_some();
    gather(root, &all);
    gather(in_root("one"), &one);
    assert_ok(rca_learn_fit(&all, NULL, &of_all));
    assert_ok(rca_learn_fit(&all, "two", &without));
    assert_ok(rca_learn_fit(&one, NULL, &alone));
    assert_same(&without, &alone);
    assert_false(is_same(&of_all, &alone));
}

static void without_lessons_the_weights_are_by_hand(void **state)
{
    struct rca_lessons lessons RCA_CLEANUP(rca_lessons_done) = {0};
    struct rca_weights w;

    (void)state;
    make_case("one/1", CAUSE_B);
    gather(root, &lessons);
    assert_ok(rca_learn_fit(&lessons, "one", &w));
    assert_true(is_same(&w, rca_weights_by_hand()));
}

static void broken_cases_teach_nothing_and_are_told(void **state)
{
    struct rca_lessons lessons RCA_CLEANUP(rca_lessons_done) = {0};
    struct rca_weights w;
    FILE *f;

    (void)state;
    make_some();
    f = create("one/2", "metrics.csv");
    (void)fprintf(f, "time,a.x\n1,2\n2,oops\n");
    (void)fclose(f);
    f = create("one/3", "metrics.csv"); /* too short */
    (void)fprintf(f, "time,a.x\n%d,2\n%d,3\n", START, START + 10 * BEFORE);
    (void)fclose(f);
    gather(root, &lessons);
    assert_int_equal(lesson(&lessons, 1)->broken.err, RCA_ESYNTAX);
    assert_int_equal(lesson(&lessons, 1)->broken.diag.line, 3);
    assert_int_equal(lesson(&lessons, 2)->broken.err, 0);
    assert_null(lesson(&lessons, 2)->evidence);
    assert_ok(rca_learn_fit(&lessons, NULL, &w));
}

static void evaluate(const char *path,
                     const struct rca_evaluate_options *options,
                     struct rca_evaluation *e)
{
    struct rca_folders folders RCA_CLEANUP(rca_folders_done) = {0};

    assert_ok(rca_folders_add(&folders, path, NULL));
    assert_ok(rca_evaluate(&folders, options, e));
}

/* The same as ranking with what the other set alone teaches. */
static void leaving_out_leaves_nothing_behind(void **state)
{
    struct rca_evaluation loo RCA_CLEANUP(rca_evaluation_done) = {0};
    struct rca_evaluation by_two RCA_CLEANUP(rca_evaluation_done) = {0};
    struct rca_lessons two RCA_CLEANUP(rca_lessons_done) = {0};
    struct rca_evaluate_options options = {.rank.seed = 1, .loo = 1, .jobs = 2};
    struct rca_weights w;

    (void)state;
    make_some();
    evaluate(root, &options, &loo);
    gather(in_root("two"), &two);
    assert_ok(rca_learn_fit(&two, NULL, &w));
    options.loo = 0;
    options.rank.weights = &w;
    evaluate(in_root("one"), &options, &by_two);
    assert_int_equal(loo.n, 5);
    assert_int_equal(by_two.n, 3);
    for (size_t i = 0; i < by_two.n; i++) {
        assert_string_equal(loo.outcomes[i].dataset, "one");
        assert_int_equal(loo.outcomes[i].n, by_two.outcomes[i].n);
        for (size_t k = 0; k < by_two.outcomes[i].n; k++)
            assert_true(fabs(loo.outcomes[i].list[k].score -
                             by_two.outcomes[i].list[k].score) < 1e-9);
    }
}

static void a_set_counts_as_the_root_of_its_cases(void **state)
{
    struct rca_lessons lessons RCA_CLEANUP(rca_lessons_done) = {0};
    struct rca_weights learned, want;
    struct rca_lesson list[5];

    (void)state;
    make_some();
    gather(root, &lessons);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(list); i++) {
        const struct rca_taught *t = lesson(&lessons, i);

        list[i] = (struct rca_lesson){t->evidence, t->guilty,
                                      3 / sqrt(i < 3 ? 3 : 2)};
    }
    assert_ok(rca_weights_fit(list, RCA_ARRAY_SIZE(list), &want));
    assert_ok(rca_learn_fit(&lessons, NULL, &learned));
    assert_same(&learned, &want);
}

static int learn_everything(void)
{
    struct rca_lessons lessons RCA_CLEANUP(rca_lessons_done) = {0};
    struct rca_folders folders RCA_CLEANUP(rca_folders_done) = {0};
    const struct rca_pool alone = {.jobs = 1};
    struct rca_weights w;
    int err = rca_folders_add(&folders, root, NULL);

    err = err ? err : rca_learn_gather(&folders, &alone, 1, &lessons);
    return err ? err : rca_learn_fit(&lessons, NULL, &w);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    make_case("d", CAUSE_B);
    for (long n = 0;; n++) {
        int err;

        oom_after(n);
        err = learn_everything();
        if (!oom_hit()) {
            oom_after(-1);
            assert_ok(err);
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
        TEST(guilty_are_those_of_the_true_service),
        TEST(a_set_that_is_left_out_teaches_nothing),
        TEST(without_lessons_the_weights_are_by_hand),
        TEST(broken_cases_teach_nothing_and_are_told),
        TEST(leaving_out_leaves_nothing_behind),
        TEST(a_set_counts_as_the_root_of_its_cases),
        TEST(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("datasets/learn", tests, NULL, NULL);
}
