/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/score.h"

#include <errno.h>
#include <string.h>

#include "datasets/pool.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

/* --- ranks ---------------------------------------------------------------- */

static const struct rca_named ranking[] = {
    {.entity = "a-1", .service = "a"}, {.entity = "b-1", .service = "b"},
    {.entity = "a-2", .service = "a"}, {.entity = "b-2", .service = "b"},
    {.entity = "c", .service = "c"},   {.entity = "d", .service = "d"},
};

static size_t rank_of(const char *truth)
{
    size_t rank = 99;

    assert_ok(rca_score_rank(ranking, RCA_ARRAY_SIZE(ranking), truth, &rank));
    return rank;
}

static void members_of_a_service_count_once(void **state)
{
    (void)state;
    assert_int_equal(rank_of("a"), 1);
    assert_int_equal(rank_of("b"), 2);
    assert_int_equal(rank_of("c"), 3);
    assert_int_equal(rank_of("d"), 4);
}

static void what_is_not_ranked_has_no_rank(void **state)
{
    size_t rank = 99;

    (void)state;
    assert_int_equal(rank_of("e"), 0);
    assert_int_equal(rank_of("a-1"), 0); /* an entity, not a service */
    assert_ok(rca_score_rank(NULL, 0, "a", &rank));
    assert_int_equal(rank, 0);
}

/* Against counting by hand, with random services. */
static void ranks_agree_with_counting(void **state)
{
    static const char *const names[] = {"p", "q", "r", "s", "t", "u", "v"};
    uint64_t seed = test_seed() * 77 + 1;

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct rca_named list[20];
        size_t seen = 0, want = 0, got = 99;
        unsigned mask = 0;

        for (size_t i = 0; i < RCA_ARRAY_SIZE(list); i++) {
            unsigned k = (unsigned)(test_random(&seed) * 7);

            list[i] = (struct rca_named){.service = names[k]};
            if (mask & 1U << k)
                continue;
            mask |= 1U << k;
            seen++;
            if (k == 3)
                want = seen;
        }
        assert_ok(rca_score_rank(list, RCA_ARRAY_SIZE(list), "s", &got));
        assert_int_equal(got, want);
    }
}

/* --- tables --------------------------------------------------------------- */

/* a: ranks 1, 3, miss and one not known; b: 2; c: not known */
static const struct rca_outcome outcomes[] = {
    {.name = "1",
     .dataset = "b",
     .fault = "x",
     .known = 1,
     .rank = 2,
     .seconds = 0.5},
    {.name = "2",
     .dataset = "a",
     .fault = "x",
     .known = 1,
     .rank = 1,
     .seconds = 1},
    {.name = "3",
     .dataset = "a",
     .fault = "y",
     .known = 1,
     .rank = 3,
     .seconds = 2,
     .verdict = RCA_VERDICT_UNCLEAR},
    {.name = "4",
     .dataset = "c",
     .fault = "",
     .known = 0,
     .rank = 0,
     .seconds = 4},
    {.name = "5",
     .dataset = "a",
     .fault = "y",
     .known = 1,
     .rank = 0,
     .seconds = 8,
     .verdict = RCA_VERDICT_NORMAL},
    {.name = "6",
     .dataset = "a",
     .fault = "y",
     .known = 0,
     .rank = 0,
     .seconds = 16},
};

static void a_table_has_a_line_for_each_data_set(void **state)
{
    struct rca_score_table t = {0};

    (void)state;
    assert_ok(rca_score_tabulate(outcomes, RCA_ARRAY_SIZE(outcomes),
                                 RCA_SCORE_BY_DATASET, &t));
    assert_int_equal(t.n, 3);
    assert_string_equal(t.rows[0].name, "a");
    assert_int_equal(t.rows[0].n, 4);
    assert_int_equal(t.rows[0].scored, 3);
    assert_int_equal(t.rows[0].causes, 2);
    assert_close(t.rows[0].seconds, 27.0, 1e-12);
    assert_close(t.rows[0].top[0], 1.0 / 3, 1e-12);
    assert_close(t.rows[0].top[1], 1.0 / 3, 1e-12);
    assert_close(t.rows[0].top[2], 2.0 / 3, 1e-12);
    assert_close(t.rows[0].top[4], 2.0 / 3, 1e-12);
    /* (1/3 + 1/3 + 2/3 + 2/3 + 2/3) / 5 */
    assert_close(t.rows[0].avg5, 8.0 / 15, 1e-12);
    assert_string_equal(t.rows[1].name, "b");
    assert_close(t.rows[1].top[1], 1.0, 1e-12);
    assert_close(t.rows[1].avg5, 0.8, 1e-12);
    rca_score_table_done(&t);
}

static void a_line_without_known_causes_counts_nowhere(void **state)
{
    struct rca_score_table t = {0};

    (void)state;
    assert_ok(rca_score_tabulate(outcomes, RCA_ARRAY_SIZE(outcomes),
                                 RCA_SCORE_BY_DATASET, &t));
    assert_int_equal(t.rows[2].scored, 0);
    assert_nan(t.rows[2].top[0]);
    assert_nan(t.rows[2].avg5);
    assert_nan(t.rows[2].top1.low);
    /* pooled: 1 of 4 and 3 of 4; macro: mean of a and b */
    assert_int_equal(t.all.n, 6);
    assert_int_equal(t.all.scored, 4);
    assert_close(t.all.top[0], 0.25, 1e-12);
    assert_close(t.all.top[2], 0.75, 1e-12);
    assert_close(t.macro.top[0], 1.0 / 6, 1e-12);
    assert_close(t.macro.top[2], 5.0 / 6, 1e-12);
    assert_close(t.macro.avg5, (8.0 / 15 + 0.8) / 2, 1e-12);
    assert_close(t.all.seconds, 31.5, 1e-12);
    rca_score_table_done(&t);
}

static void faults_make_lines_too(void **state)
{
    struct rca_score_table t = {0};

    (void)state;
    assert_ok(rca_score_tabulate(outcomes, RCA_ARRAY_SIZE(outcomes),
                                 RCA_SCORE_BY_FAULT, &t));
    assert_int_equal(t.n, 3);
    assert_string_equal(t.rows[0].name, "");
    assert_string_equal(t.rows[1].name, "x");
    assert_close(t.rows[1].top[0], 0.5, 1e-12);
    assert_int_equal(t.rows[2].scored, 2);
    rca_score_table_done(&t);
}

static void no_cases_make_an_empty_table(void **state)
{
    struct rca_score_table t = {0};

    (void)state;
    assert_ok(rca_score_tabulate(NULL, 0, RCA_SCORE_BY_DATASET, &t));
    assert_int_equal(t.n, 0);
    assert_int_equal(t.all.n, 0);
    assert_nan(t.all.top[0]);
    assert_nan(t.macro.top[0]);
    assert_nan(t.macro.top3.high);
    rca_score_table_done(&t);
}

/* 100 cases, 60 right: the 90 % interval of a binomial share is 0.6 +- 1.645
 * sqrt(0.24 / 100) = 0.52..0.68; the bootstrap's ends lie on hundredths. */
static void ranges_are_those_of_a_binomial_share(void **state)
{
    struct rca_outcome many[100];
    struct rca_score_table t = {0}, again = {0};

    (void)state;
    for (size_t i = 0; i < 100; i++)
        many[i] = (struct rca_outcome){.dataset = i % 2 ? "a" : "b",
                                       .fault = "",
                                       .known = 1,
                                       .rank = i < 60   ? 1
                                               : i < 80 ? 2
                                                        : 0};
    assert_ok(rca_score_tabulate(many, 100, RCA_SCORE_BY_DATASET, &t));
    assert_true(fabs(t.all.top1.low - 0.52) < 0.015);
    assert_true(fabs(t.all.top1.high - 0.68) < 0.015);
    assert_true(fabs(t.macro.top1.low - 0.52) < 0.015);
    assert_true(fabs(t.macro.top1.high - 0.68) < 0.015);
    /* 80 within three: 0.8 +- 1.645 sqrt(0.16 / 100) */
    assert_true(fabs(t.all.top3.low - 0.734) < 0.015);
    assert_true(fabs(t.all.top3.high - 0.866) < 0.015);
    assert_true(t.rows[0].top1.low < t.all.top1.low);
    assert_ok(rca_score_tabulate(many, 100, RCA_SCORE_BY_DATASET, &again));
    assert_true(t.macro.top1.low == again.macro.top1.low);
    rca_score_table_done(&t);
    rca_score_table_done(&again);
}

/* --- reliability ---------------------------------------------------------- */

static void reliability_compares_confidence_and_truth(void **state)
{
    /* bins by hand: 0.9, 0.8 and 1.0 are in the last, 0.1 in the first */
    struct rca_named sure[] = {{.confidence = 0.9}, {.confidence = 0.8},
                               {.confidence = 1.0}, {.confidence = 0.1},
                               {.confidence = NAN}, {.confidence = 0.5}};
    const struct rca_outcome list[] = {
        {.known = 1, .rank = 1, .n = 1, .list = &sure[0]},
        {.known = 1, .rank = 2, .n = 1, .list = &sure[1]},
        {.known = 1, .rank = 1, .n = 1, .list = &sure[2]},
        {.known = 1, .rank = 0, .n = 1, .list = &sure[3]},
        {.known = 1, .rank = 1, .n = 1, .list = &sure[4]},
        {.known = 0, .rank = 0, .n = 1, .list = &sure[5]},
        {.known = 1, .rank = 0},
    };
    struct rca_reliability r;

    (void)state;
    assert_ok(rca_score_reliability(list, RCA_ARRAY_SIZE(list), &r));
    assert_int_equal(r.n, 4);
    assert_int_equal(r.bin[0].n, 1);
    assert_close(r.bin[0].confidence, 0.1, 1e-12);
    assert_close(r.bin[0].right, 0.0, 1e-12);
    assert_int_equal(r.bin[2].n, 0);
    assert_nan(r.bin[2].right);
    assert_int_equal(r.bin[4].n, 3);
    assert_close(r.bin[4].confidence, 0.9, 1e-12);
    assert_close(r.bin[4].right, 2.0 / 3, 1e-12);
    /* 1/4 * 0.1 + 3/4 * (0.9 - 2/3) */
    assert_close(r.error, 0.2, 1e-12);
    assert_true(r.range.low <= r.error && r.error <= r.range.high);
}

static void reliability_of_nothing_is_not_known(void **state)
{
    struct rca_reliability r;

    (void)state;
    assert_ok(rca_score_reliability(NULL, 0, &r));
    assert_int_equal(r.n, 0);
    assert_nan(r.error);
    assert_nan(r.range.low);
}

/* A forecaster that is right as often as it says has a small error. */
static void honest_confidence_has_a_small_error(void **state)
{
    enum { N = 4000 };
    struct rca_named *sure = calloc(N, sizeof(*sure));
    struct rca_outcome *list = calloc(N, sizeof(*list));
    uint64_t seed = test_seed() * 31 + 5;
    struct rca_reliability r;

    (void)state;
    assert_non_null(sure);
    assert_non_null(list);
    for (size_t i = 0; i < N; i++) {
        sure[i].confidence = test_random(&seed);
        list[i] = (struct rca_outcome){
            .known = 1,
            .rank = test_random(&seed) < sure[i].confidence ? 1 : 2,
            .n = 1,
            .list = &sure[i]};
    }
    assert_ok(rca_score_reliability(list, N, &r));
    assert_true(r.error < 0.05);
    assert_true(r.range.low <= r.error && r.error <= r.range.high);
    assert_true(r.range.high < 0.06);
    free(sure);
    free(list);
}

/* Every draw of a perfect forecaster has some error; the range holds 0. */
static void the_range_holds_the_error(void **state)
{
    enum { N = 3000 };
    struct rca_named sure = {.confidence = 0.5};
    struct rca_outcome *list = calloc(N, sizeof(*list));
    struct rca_reliability r;

    (void)state;
    assert_non_null(list);
    for (size_t i = 0; i < N; i++)
        list[i] = (struct rca_outcome){
            .known = 1, .rank = 1 + i % 2, .n = 1, .list = &sure};
    assert_ok(rca_score_reliability(list, N, &r));
    assert_true(r.error < 1e-12);
    assert_true(r.range.low <= r.error);
    assert_true(r.range.high < 0.03);
    free(list);
}

static void causes_are_drawn_by_case(void **state)
{
    /* one case of 10 windows that all name a cause, 9 of 10 that never do */
    struct rca_outcome list[100];
    struct rca_range range;
    double share;

    (void)state;
    for (size_t i = 0; i < 100; i++)
        list[i] = (struct rca_outcome){.of = i / 10,
                                       .verdict = i < 10 ? RCA_VERDICT_CAUSE
                                                         : RCA_VERDICT_NORMAL};
    assert_ok(rca_score_causes(list, 100, &share, &range));
    assert_close(share, 0.1, 1e-12);
    /* draws of 10 cases: Binomial(10, 0.1) / 10, 5 % is 0, 95 % is 0.3 */
    assert_close(range.low + 1, 1.0, 1e-12);
    assert_close(range.high, 0.3, 1e-12);
    assert_ok(rca_score_causes(NULL, 0, &share, &range));
    assert_nan(share);
    assert_nan(range.high);
}

/* --- draws and threads ---------------------------------------------------- */

static void picks_are_even_and_repeatable(void **state)
{
    size_t count[7] = {0};
    uint64_t a = 3, b = 3;

    (void)state;
    for (int i = 0; i < 70000; i++) {
        size_t k = rca_bootstrap_pick(&a, 7);

        assert_true(k < 7);
        assert_int_equal(k, rca_bootstrap_pick(&b, 7));
        count[k]++;
    }
    for (size_t k = 0; k < 7; k++) /* sd is 93 */
        assert_true(count[k] > 9500 && count[k] < 10500);
}

static void quantiles_are_interpolated(void **state)
{
    double x[] = {4, NAN, 1, 3, 2, 0};
    struct rca_range r = rca_bootstrap_range(x, 6);

    (void)state;
    assert_close(r.low, 0.2, 1e-12);
    assert_close(r.high, 3.8, 1e-12);
}

struct squares {
    size_t n[1000];
    size_t calls;
    size_t bad;
};

static int square(void *data, size_t i)
{
    struct squares *s = data;

    if (i == s->bad)
        return -EIO;
    s->n[i] = i * i;
    return 0;
}

static void count_calls(void *data, size_t done, size_t n)
{
    struct squares *s = data;

    assert_true(done <= n);
    s->calls++;
}

static void a_pool_does_everything_once(void **state)
{
    (void)state;
    for (unsigned jobs = 0; jobs < 5; jobs++) {
        struct squares s = {.bad = SIZE_MAX};
        const struct rca_pool pool = {1000, jobs, count_calls, &s};

        assert_ok(rca_pool_run(&pool, square, &s));
        assert_int_equal(s.calls, 1000);
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(s.n[i], i * i);
    }
}

static void a_pool_stops_at_a_failure(void **state)
{
    struct squares s = {.bad = 10};
    const struct rca_pool pool = {1000, 3, NULL, NULL};

    (void)state;
    assert_err(rca_pool_run(&pool, square, &s), -EIO);
    assert_int_equal(s.n[999], 0);
}

static int score_everything(void)
{
    struct rca_score_table t = {0};
    struct rca_reliability r;
    struct rca_range range;
    double share;
    size_t rank;
    int err = rca_score_rank(ranking, RCA_ARRAY_SIZE(ranking), "d", &rank);

    err = err ? err
              : rca_score_tabulate(outcomes, RCA_ARRAY_SIZE(outcomes),
                                   RCA_SCORE_BY_FAULT, &t);
    rca_score_table_done(&t);
    err = err ? err
              : rca_score_reliability(outcomes, RCA_ARRAY_SIZE(outcomes), &r);
    return err ? err
               : rca_score_causes(outcomes, RCA_ARRAY_SIZE(outcomes), &share,
                                  &range);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        int err;

        oom_after(n);
        err = score_everything();
        if (!oom_hit()) {
            oom_after(-1);
            assert_ok(err);
            assert_true(n > 5);
            return;
        }
        oom_after(-1);
        assert_err(err, -ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_a_service_count_once),
        cmocka_unit_test(what_is_not_ranked_has_no_rank),
        cmocka_unit_test(ranks_agree_with_counting),
        cmocka_unit_test(a_table_has_a_line_for_each_data_set),
        cmocka_unit_test(a_line_without_known_causes_counts_nowhere),
        cmocka_unit_test(faults_make_lines_too),
        cmocka_unit_test(no_cases_make_an_empty_table),
        cmocka_unit_test(ranges_are_those_of_a_binomial_share),
        cmocka_unit_test(reliability_compares_confidence_and_truth),
        cmocka_unit_test(reliability_of_nothing_is_not_known),
        cmocka_unit_test(honest_confidence_has_a_small_error),
        cmocka_unit_test(the_range_holds_the_error),
        cmocka_unit_test(causes_are_drawn_by_case),
        cmocka_unit_test(picks_are_even_and_repeatable),
        cmocka_unit_test(quantiles_are_interpolated),
        cmocka_unit_test(a_pool_does_everything_once),
        cmocka_unit_test(a_pool_stops_at_a_failure),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("datasets/score", tests, NULL, NULL);
}
