/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/box.h"

#include "tests/harness/test.h"

#define ROWS 40

/* a problem from random rows, with limits that often bind */
static void make(struct rca_box *box, uint64_t *state)
{
    double x[ROWS][RCA_BOX_MAX + 1];

    *box = (struct rca_box){.n = 1 + (size_t)(test_random(state) * 11.9)};
    for (size_t r = 0; r < ROWS; r++) {
        const double common = test_random(state) - 0.5;

        for (size_t i = 0; i <= box->n; i++)
            x[r][i] = test_random(state) - 0.5 + 3 * common;
    }
    for (size_t i = 0; i < box->n; i++) {
        for (size_t r = 0; r < ROWS; r++) {
            for (size_t j = 0; j < box->n; j++)
                box->gram[i][j] += x[r][i] * x[r][j];
            box->moment[i] += x[r][i] * x[r][box->n];
        }
        box->ridge[i] = 1e-3 + test_random(state);
        box->prior[i] = test_random(state) - 0.5;
        box->low[i] = test_random(state) < 0.3 ? -INFINITY : 0;
        box->high[i] = test_random(state) < 0.5 ? INFINITY : 0.2;
    }
}

/* Karush, Kuhn and Tucker: the gradient is 0 inside, and pushes outwards at a
 * limit */
static void check_optimal(const struct rca_box *b, const double *w)
{
    for (size_t i = 0; i < b->n; i++) {
        double g = b->ridge[i] * (w[i] - b->prior[i]) - b->moment[i];

        for (size_t j = 0; j < b->n; j++)
            g += b->gram[i][j] * w[j];
        assert_true(w[i] >= b->low[i] && w[i] <= b->high[i]);
        if (w[i] > b->low[i])
            assert_true(g < 1e-6);
        if (w[i] < b->high[i])
            assert_true(g > -1e-6);
    }
}

static void the_answer_is_optimal_wherever_it_starts(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < 500; k++) {
        struct rca_box box;
        double a[RCA_BOX_MAX] = {0}, b[RCA_BOX_MAX];

        make(&box, &state);
        for (size_t i = 0; i < box.n; i++)
            b[i] = 10 * test_random(&state) - 5;
        rca_box_solve(&box, a);
        check_optimal(&box, a);
        rca_box_solve(&box, b);
        for (size_t i = 0; i < box.n; i++)
            assert_true(fabs(a[i] - b[i]) < 1e-6);
    }
}

/* by hand: (4 + 1) w = 6 + 1 * 2, w = 8/5; within [0, 1]: 1 */
static void a_limit_holds(void **unused)
{
    struct rca_box box = {.n = 1,
                          .gram = {{4}},
                          .moment = {6},
                          .ridge = {1},
                          .prior = {2},
                          .low = {-INFINITY},
                          .high = {INFINITY}};
    double w[RCA_BOX_MAX] = {0};

    (void)unused;
    rca_box_solve(&box, w);
    assert_close(w[0], 1.6, 1e-12);
    box.low[0] = 0;
    box.high[0] = 1;
    rca_box_solve(&box, w);
    assert_close(w[0], 1, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_is_optimal_wherever_it_starts),
        cmocka_unit_test(a_limit_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
