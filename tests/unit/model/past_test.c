/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Explanations from what a model knows of the past, against those that read
 * the past again: the same simulated incident, once with a model that was
 * learned before it and once with one whose window holds it.
 */

#include "model/explain.h"
#include "model/habit.h"
#include "tests/harness/oom.h"
#include "tests/unit/model/sim_store.h"

#define NORMAL 500
#define FAULTY 25

/* @until: end of the model's window */
static struct rca_explanation *explain(const struct sim_store *f,
                                       rca_time until, _Bool told)
{
    const rca_time start = f->sim->now - FAULTY * RCA_SECOND;
    const struct rca_explain_options o = {.entity = f->sim->service[0],
                                          .from = told ? start : RCA_TIME_NONE,
                                          .to = RCA_TIME_NONE,
                                          .at = RCA_TIME_NONE,
                                          .seed = 1};
    struct rca_model *m RCA_CLEANUP(rca_model_free) = NULL;
    struct rca_explanation *e = NULL;

    assert_ok(rca_model_train(f->store, SIM_START, until, 0, &m));
    assert_ok(rca_explain(f->store, m, &o, &e));
    return e;
}

static void compare(enum sim_fault fault, _Bool told)
{
    struct rca_explanation *known RCA_CLEANUP(rca_explanation_free) = NULL;
    struct rca_explanation *read RCA_CLEANUP(rca_explanation_free) = NULL;
    struct sim_store f;

    sim_store_open(&f, fault, test_seed(), NORMAL, FAULTY);
    known = explain(&f, f.sim->now - (FAULTY + 13) * RCA_SECOND, told);
    read = explain(&f, f.sim->now, told);
    assert_int_equal(known->verdict, RCA_VERDICT_CAUSE);
    assert_int_equal(read->verdict, RCA_VERDICT_CAUSE);
    assert_int_equal(known->causes[0].card.entity, sim_truth(f.sim));
    assert_int_equal(read->causes[0].card.entity, sim_truth(f.sim));
    assert_true(known->from == read->from && known->to == read->to);
    print_message("share %.6f %.6f, confidence %.6f %.6f\n",
                  known->causes[0].share, read->causes[0].share,
                  known->causes[0].confidence, read->causes[0].confidence);
    assert_true(fabs(known->causes[0].share - read->causes[0].share) < 0.1);
    assert_true(fabs(known->causes[0].confidence - read->causes[0].confidence) <
                0.15);
    sim_store_close(&f);
}

static void a_hog_is_named_from_memory(void **state)
{
    (void)state;
    compare(SIM_HOG, 1);
}

static void a_rule_is_named_from_memory(void **state)
{
    (void)state;
    compare(SIM_DROP, 1);
}

static void a_slow_service_is_named_from_memory(void **state)
{
    (void)state;
    compare(SIM_SLOW, 0);
}

static void a_failing_service_is_named_from_memory(void **state)
{
    (void)state;
    compare(SIM_FAIL, 0);
}

static void memory_may_run_out_anywhere(void **state)
{
    struct rca_explain_options o = {
        .to = RCA_TIME_NONE, .at = RCA_TIME_NONE, .seed = 1};
    struct rca_model *m RCA_CLEANUP(rca_model_free) = NULL;
    struct sim_store f;
    _Bool more = 1;

    (void)state;
    sim_store_open(&f, SIM_SLOW, test_seed(), NORMAL, FAULTY);
    o.entity = f.sim->service[0];
    o.from = f.sim->now - FAULTY * RCA_SECOND;
    assert_ok(rca_model_train(f.store, SIM_START, o.from, 0, &m));
    for (long n = 0; more; n += 1 + n / 6) {
        struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) = NULL;
        int err;

        oom_after(n);
        err = rca_explain(f.store, m, &o, &e);
        more = oom_hit();
        oom_after(-1);
        assert_int_equal(e == NULL, err != 0);
        assert_true(more || err == 0);
    }
    sim_store_close(&f);
}

/* Pure noise: what habit says is what rca_robust_null() finds in all of it. */
static void a_habit_is_the_null_of_long_stretches(void **state)
{
    enum { N = 4000 };
    static double x[N], scratch[2 * N + 1];
    uint64_t random = test_seed();
    struct rca_spread s;
    struct rca_habit h;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        x[i] = -6;
        for (int k = 0; k < 12; k++)
            x[i] += test_random(&random);
        x[i] = i % 17 == 3 ? NAN : 5 + x[i];
    }
    s = rca_robust_spread(x, N, 1e-9, scratch);
    h = rca_habit_learn(x, N, &s, scratch);
    for (size_t length = 4; length <= 300; length += length / 2)
        assert_close(rca_habit_usual(&h, length),
                     rca_robust_null(x, N, length, &s, 0.9, scratch), 0.25);
    assert_true(rca_habit_shift(&h, 64) < rca_habit_shift(&h, 4));
    assert_true(rca_habit_shift(&h, 64) > 0.05);
    assert_close(rca_habit_usual(&h, 1), rca_habit_usual(&h, 4), 1e-12);
    assert_close(rca_habit_usual(&h, 9999), rca_habit_usual(&h, 256), 1e-12);
}

static void few_rows_make_a_habit_too(void **state)
{
    const double x[] = {1, NAN, 1, 2, 1};
    double scratch[2 * 5 + 1];
    const struct rca_spread s = rca_robust_spread(x, 5, 0.5, scratch);
    const struct rca_habit h = rca_habit_learn(x, 5, &s, scratch);

    (void)state;
    for (size_t k = 0; k < RCA_HABIT_LENGTHS; k++) {
        assert_true(h.usual[k] >= 1 && h.usual[k] < 10);
        assert_true(h.shift[k] >= 0 && h.shift[k] < 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hog_is_named_from_memory),
        cmocka_unit_test(a_rule_is_named_from_memory),
        cmocka_unit_test(a_slow_service_is_named_from_memory),
        cmocka_unit_test(a_failing_service_is_named_from_memory),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(a_habit_is_the_null_of_long_stretches),
        cmocka_unit_test(few_rows_make_a_habit_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
