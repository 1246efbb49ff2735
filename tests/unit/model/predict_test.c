/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How well a factor predicts: relations whose R2 and residual are known. */

#include "model/predict.h"

#include <stdio.h>

#include "model/holdout.h"
#include "tests/unit/model/incident.h"

#define ROWS INCIDENT_ROWS

struct pair {
    struct incident c;
    double *cause, *effect;
};

/* "b" depends on "a" by a link; effect = @weight * cause + noise of variance 1
 * and autocorrelation @memory */
static void pair_init(struct pair *p, double weight, double memory)
{
    uint64_t random = test_seed();
    double noise = 0;
    rca_id a, b;

    incident_init(&p->c, ROWS, ROWS);
    a = incident_entity(&p->c, RCA_KIND_OTHER);
    b = incident_entity(&p->c, RCA_KIND_OTHER);
    incident_edge(&p->c, b, a, RCA_EDGE_LINK);
    p->cause = incident_metric(&p->c, a, "foo", NULL);
    p->effect = incident_metric(&p->c, b, "bar", NULL);
    for (size_t r = 0; r < ROWS; r++) {
        noise = memory * noise +
                sqrt(1 - memory * memory) * incident_normal(&random);
        p->cause[r] = 10 + incident_normal(&random);
        p->effect[r] = 5 + weight * p->cause[r] + noise;
    }
}

static struct rca_prediction predicted(struct pair *p)
{
    struct rca_prediction ret[2] = {{0}};

    assert_ok(rca_predict(&p->c.w, incident_made(&p->c)->g, 1, ret));
    rca_graph_free(&p->c.g);
    assert_int_equal(ret[0].n, 0); /* of the other entity: not touched */
    return ret[1];
}

static void r2_is_what_the_cause_explains(void **state)
{
    struct pair p;
    struct rca_prediction got;

    (void)state;
    pair_init(&p, 2, 0);
    got = predicted(&p);
    assert_int_equal(got.n, ROWS);
    /* 4 / (4 + 1), less a ridge; two standard errors are 0.03 */
    assert_true(fabs(got.r2 - 0.8) < 0.1);
    assert_true(fabs(got.lag1) < 2 * got.chance);
    assert_false(rca_predict_has_memory(&got));
    assert_close(got.chance, 1.96 / sqrt(ROWS), 1e-12);
}

static void what_has_no_cause_is_predicted_no_better_than_the_mean(void **state)
{
    struct pair p;
    struct rca_prediction got;

    (void)state;
    pair_init(&p, 0, 0);
    got = predicted(&p);
    assert_true(got.r2 < 0.05 && got.r2 > -0.1);
}

static void a_residual_with_a_memory_shows_it(void **state)
{
    struct pair p;
    struct rca_prediction got;

    (void)state;
    pair_init(&p, 2, 0.8);
    got = predicted(&p);
    assert_true(fabs(got.lag1 - 0.8) < 0.16);
    assert_true(rca_predict_has_memory(&got));
}

/* Many candidates that are noise: the rows held out did not choose among them,
 * so R2 stays at nothing, where fitted rows would say 0.1. */
static void chance_among_many_candidates_does_not_count(void **state)
{
    struct pair p;
    uint64_t random = test_seed();
    struct rca_prediction got[INCIDENT_VARS] = {{0}};
    rca_id b;

    (void)state;
    incident_init(&p.c, ROWS, ROWS);
    (void)incident_entity(&p.c, RCA_KIND_OTHER);
    b = incident_entity(&p.c, RCA_KIND_OTHER);
    incident_edge(&p.c, b, 0, RCA_EDGE_LINK);
    for (size_t v = 0; v < 41; v++) {
        char name[16];
        double *x;

        (void)snprintf(name, sizeof(name), "m%zu", v);
        x = incident_metric(&p.c, v < 40 ? 0 : b, name, NULL);
        for (size_t r = 0; r < ROWS; r++)
            x[r] = incident_normal(&random);
    }
    assert_ok(rca_predict(&p.c.w, incident_made(&p.c)->g, b, got));
    assert_true(got[40].r2 < 0.02);
    rca_graph_free(&p.c.g);
}

static void what_cannot_be_judged_is_no_number(void **state)
{
    struct pair p;
    struct rca_prediction got;

    (void)state;
    pair_init(&p, 2, 0);
    for (size_t r = 0; r < ROWS; r++)
        p.effect[r] = 7;
    got = predicted(&p);
    assert_nan(got.r2); /* it does not vary */

    pair_init(&p, 2, 0);
    for (size_t r = 20; r < ROWS; r++)
        p.effect[r] = NAN;
    got = predicted(&p);
    assert_nan(got.r2); /* too few rows */
    assert_nan(got.lag1);
    assert_false(rca_predict_has_memory(&got));

    pair_init(&p, 0, 0.8);
    p.c.n_edges = 0; /* nothing can move it */
    got = predicted(&p);
    assert_nan(got.r2);
    assert_true(fabs(got.lag1 - 0.8) < 0.2);
}

static void gaps_are_not_predicted(void **state)
{
    struct pair p;
    struct rca_prediction got;

    (void)state;
    pair_init(&p, 2, 0);
    for (size_t r = 0; r < ROWS; r += 3)
        p.effect[r] = NAN;
    got = predicted(&p);
    assert_int_equal(got.n, ROWS - ROWS / 3);
    assert_true(fabs(got.r2 - 0.8) < 0.12);
}

static void a_fit_without_rows_is_the_mean(void **state)
{
    struct pair p;
    struct rca_holdout h;
    struct rca_holdout_fit fit;
    double scratch[ROWS];

    (void)state;
    pair_init(&p, 2, 0);
    assert_ok(rca_holdout_init(&h, &p.c.w, incident_made(&p.c)->g, NULL));
    rca_holdout_fit(&h, 1, (struct rca_rows){0, ROWS}, scratch, NULL, &fit);
    assert_int_equal(fit.rows, 0);
    assert_int_equal(fit.n, 0);
    rca_holdout_fit(&h, 1, (struct rca_rows){10, ROWS}, scratch, NULL, &fit);
    assert_int_equal(fit.rows, 10);
    assert_int_equal(fit.n, 0);
    assert_close(rca_holdout_predict(&h, &fit, 0), fit.mean, 1e-12);
    rca_holdout_fit(&h, 1, (struct rca_rows){0, 0}, scratch, NULL, &fit);
    assert_int_equal(fit.n, 1);
    assert_close(fit.weight[0] * h.scale[1] / h.scale[0], 2, 0.25);
    rca_holdout_done(&h);
    rca_graph_free(&p.c.g);
}

static void every_allocation_may_fail(void **state)
{
    struct pair p;
    const struct rca_graph *g;
    int err = -ENOMEM;

    (void)state;
    pair_init(&p, 2, 0);
    g = incident_made(&p.c)->g;
    for (long n = 0; err; n++) {
        struct rca_prediction ret[2];

        oom_after(n);
        err = rca_predict(&p.c.w, g, 1, ret);
        if (err)
            assert_true(oom_hit());
        oom_after(-1);
        assert_true(n < 1000);
    }
    rca_graph_free(&p.c.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r2_is_what_the_cause_explains),
        cmocka_unit_test(
            what_has_no_cause_is_predicted_no_better_than_the_mean),
        cmocka_unit_test(a_residual_with_a_memory_shows_it),
        cmocka_unit_test(chance_among_many_candidates_does_not_count),
        cmocka_unit_test(what_cannot_be_judged_is_no_number),
        cmocka_unit_test(gaps_are_not_predicted),
        cmocka_unit_test(a_fit_without_rows_is_the_mean),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
