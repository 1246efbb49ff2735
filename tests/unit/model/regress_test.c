/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/regress.h"

#include "tests/unit/model/incident.h"

#define ROWS 200
#define START 150
#define VARS 30

/* 29 candidates with more and more of a common part, and a target of it */
static void make(struct incident *c, uint64_t *state)
{
    incident_init(c, ROWS, START);
    (void)incident_entity(c, RCA_KIND_SERVICE);
    for (int v = 0; v < VARS; v++)
        (void)incident_metric(c, 0, "a_latency", NULL);
    for (size_t r = 0; r < ROWS; r++) {
        const double common = incident_normal(state);

        for (size_t v = 0; v < VARS; v++)
            c->x[v * ROWS + r] =
                5 + 0.03 * (double)v * common + incident_normal(state);
        c->x[(size_t)(VARS - 1) * ROWS + r] =
            3 * common + incident_normal(state);
    }
}

static double correlation(const struct rca_regress *t, size_t a, size_t b)
{
    double sum = 0;

    for (size_t r = 0; r < t->n_train; r++)
        sum += rca_regress_column(t, a)[r] * rca_regress_column(t, b)[r];
    return sum / (double)t->n_train;
}

/* the normal equations of the ridge hold, and no candidate that was left out
 * is better correlated than one that was taken */
static void the_best_ten_are_fitted(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    const uint32_t target = VARS - 1;
    const double ridge = 0.1;

    (void)unused;
    for (int k = 0; k < 40; k++) {
        uint32_t all[VARS];
        double least = INFINITY;
        struct rca_regression f;
        struct rca_regress t;
        struct incident c;

        make(&c, &state);
        assert_ok(rca_regress_init(&t, &c.i, k % 2 != 0));
        assert_int_equal(t.n_train, k % 2 ? ROWS : START);
        for (uint32_t v = 0; v < VARS; v++)
            all[v] = (v * 7 + 3) % VARS;
        rca_regress_fit(&t, target, all, VARS, ridge, &f);
        assert_int_equal(f.n, RCA_REGRESS_PARENTS);
        for (size_t i = 0; i < f.n; i++) {
            const double own = correlation(&t, target, f.parent[i]);
            double gradient = ridge * f.weight[i] - own;

            for (size_t j = 0; j < f.n; j++)
                gradient +=
                    f.weight[j] * correlation(&t, f.parent[i], f.parent[j]);
            assert_true(fabs(gradient) < 1e-9);
            assert_true(fabs(own) <= least);
            least = fabs(own);
        }
        for (uint32_t v = 0; v < target; v++) {
            _Bool taken = 0;

            for (size_t i = 0; i < f.n; i++)
                taken |= f.parent[i] == v;
            assert_true(taken || fabs(correlation(&t, target, v)) <= least);
        }
        rca_regress_done(&t);
    }
}

static void the_columns_are_standardized(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct rca_regression f;
    struct rca_regress t;
    struct incident c;
    const uint32_t dead[] = {1, 2};

    (void)unused;
    make(&c, &state);
    for (size_t r = 0; r < ROWS; r++) {
        c.x[(size_t)1 * ROWS + r] = 0.1; /* never moves */
        c.x[(size_t)2 * ROWS + r] = NAN; /* is never seen */
        c.x[(size_t)3 * ROWS + r] = r % 4 ? NAN : (double)r; /* gaps */
    }
    assert_ok(rca_regress_init(&t, &c.i, 0));
    assert_true(t.dead[1] && t.dead[2] && !t.dead[3]);
    assert_close(correlation(&t, 0, 0), 1, 1e-12);
    assert_true(!(fabs(rca_regress_column(&t, 3)[1]) > 0));
    rca_regress_fit(&t, 0, dead, 2, 0.1, &f);
    assert_int_equal(f.n, 0);
    assert_close(f.sd, 1, 1e-12);
    rca_regress_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_ten_are_fitted),
        cmocka_unit_test(the_columns_are_standardized),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
