/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/logit.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define K 4
#define MOST 6
#define CHOICES 4000

/* an alternative as a caller keeps it: inputs amidst other things */
struct alternative {
    double before;
    double x[K];
    char after[16];
};

struct sample {
    struct alternative list[CHOICES][MOST];
    _Bool right[CHOICES][MOST];
    struct rca_logit_choice choices[CHOICES];
    size_t n;
};

static void add(struct sample *s, size_t n, double count)
{
    s->choices[s->n] =
        (struct rca_logit_choice){.n = n,
                                  .stride = sizeof(struct alternative),
                                  .x = s->list[s->n][0].x,
                                  .right = s->right[s->n],
                                  .count = count};
    s->n++;
}

static struct sample *sample_new(void)
{
    struct sample *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    return s;
}

/* one of the alternatives, as likely as the weights say */
static size_t draw(const struct alternative *list, size_t n, const double *w,
                   uint64_t *state)
{
    double p[MOST], sum = 0, u;

    for (size_t i = 0; i < n; i++) {
        p[i] = 0;
        for (size_t j = 0; j < K; j++)
            p[i] += w[j] * list[i].x[j];
        p[i] = exp(p[i]);
        sum += p[i];
    }
    u = sum * test_random(state);
    for (size_t i = 0; i + 1 < n; i++) {
        if (u < p[i])
            return i;
        u -= p[i];
    }
    return n - 1;
}

static void fill(struct sample *s, size_t n, const double *w, uint64_t *state)
{
    while (s->n < n) {
        struct alternative *list = s->list[s->n];
        const size_t m = 2 + (size_t)(test_random(state) * (MOST - 1));

        for (size_t i = 0; i < m; i++) {
            for (size_t j = 0; j < K; j++)
                list[i].x[j] = 4 * test_random(state) - 2;
        }
        s->right[s->n][draw(list, m, w, state)] = 1;
        if (s->n % 7 == 0) /* a second right one */
            s->right[s->n][draw(list, m, w, state)] = 1;
        add(s, m, s->n % 3 ? 1 : 0.5);
    }
}

/* d/dw of what is to be the largest, straight from its definition */
static double gradient(const struct rca_logit *l, const struct sample *s,
                       const double *w, size_t j)
{
    double g = -l->ridge * (w[j] - l->prior[j]);

    for (size_t c = 0; c < s->n; c++) {
        double all = 0, right = 0, all_x = 0, right_x = 0;

        for (size_t i = 0; i < s->choices[c].n; i++) {
            const double *x = s->list[c][i].x;
            double u = 0;

            for (size_t k = 0; k < l->n_inputs; k++)
                u += w[k] * x[k];
            u = exp(u);
            all += u;
            all_x += u * x[j];
            right += s->right[c][i] ? u : 0;
            right_x += s->right[c][i] ? u * x[j] : 0;
        }
        g += s->choices[c].count * (right_x / right - all_x / all);
    }
    return g;
}

/* 30 choices for the alternative with input 1, 10 for that with 0: the odds
 * are 3 to 1 */
static void the_weight_is_the_log_of_the_odds(void **unused)
{
    const double prior = 0;
    const struct rca_logit l = {.n_inputs = 1, .prior = &prior, .ridge = 1e-7};
    struct sample *s RCA_CLEANUP(rca_freep) = sample_new();
    double w = NAN;

    (void)unused;
    for (int c = 0; c < 40; c++) {
        s->list[c][0].x[0] = 1;
        s->right[c][c < 30 ? 0 : 1] = 1;
        add(s, 2, 1);
    }
    assert_ok(rca_logit_fit(&l, s->choices, s->n, &w));
    assert_close(w, log(3), 1e-6);

    /* the same by counts */
    s->choices[0].count = 30;
    s->choices[1] = s->choices[39];
    s->choices[1].count = 10;
    assert_ok(rca_logit_fit(&l, s->choices, 2, &w));
    assert_close(w, log(3), 1e-6);
}

/* always the first: ridge (w - prior) = n (1 - P), solved by bisection */
static void separable_choices_stay_finite(void **unused)
{
    const double prior = 0.5;
    const struct rca_logit l = {.n_inputs = 1, .prior = &prior, .ridge = 1};
    struct sample *s RCA_CLEANUP(rca_freep) = sample_new();
    double w = NAN, low = 0, high = 50;

    (void)unused;
    for (int c = 0; c < 20; c++) {
        s->list[c][0].x[0] = 1;
        s->right[c][0] = 1;
        add(s, 2, 1);
    }
    for (int i = 0; i < 100; i++) {
        const double mid = (low + high) / 2;

        if (mid - prior > 20 / (1 + exp(mid)))
            high = mid;
        else
            low = mid;
    }
    assert_ok(rca_logit_fit(&l, s->choices, s->n, &w));
    assert_close(w, low, 1e-7);
}

static void the_gradient_is_zero_or_pushes_at_the_sign(void **unused)
{
    const double truth[K] = {1, -0.7, 0, 0.4};
    const double prior[K] = {0.2, 0, 0.1, -1};
    const int sign[K] = {1, 1, 0, -1}; /* two of them against the truth */
    const struct rca_logit l = {
        .n_inputs = K, .prior = prior, .sign = sign, .ridge = 2};
    struct sample *s RCA_CLEANUP(rca_freep) = sample_new();
    uint64_t state = test_seed() * 88172645463325252U;
    double w[K];

    (void)unused;
    fill(s, 200, truth, &state);
    assert_ok(rca_logit_fit(&l, s->choices, s->n, w));
    assert_true(w[0] > 0);
    assert_true(w[1] == 0 && gradient(&l, s, w, 1) < 0);
    assert_true(w[3] == 0 && gradient(&l, s, w, 3) > 0);
    /* the curvature is about 100: 1e-6 of the weight */
    assert_true(fabs(gradient(&l, s, w, 0)) < 1e-4);
    assert_true(fabs(gradient(&l, s, w, 2)) < 1e-4);
}

static void the_truth_is_found_again(void **unused)
{
    const double prior[K] = {0};
    const struct rca_logit l = {.n_inputs = K, .prior = prior, .ridge = 1e-3};
    struct sample *s RCA_CLEANUP(rca_freep) = sample_new();
    uint64_t state = test_seed() * 88172645463325252U;
    double truth[K], w[K];

    (void)unused;
    for (size_t j = 0; j < K; j++)
        truth[j] = 3 * test_random(&state) - 1.5;
    fill(s, CHOICES, truth, &state);
    for (size_t c = 0; c < s->n; c++) /* one right one each */
        s->choices[c].count = c % 7 ? 1 : 0;
    assert_ok(rca_logit_fit(&l, s->choices, s->n, w));
    for (size_t j = 0; j < K; j++)
        assert_true(fabs(w[j] - truth[j]) < 0.15); /* 5 standard errors */
}

static void the_order_does_not_matter(void **unused)
{
    const double truth[K] = {0.5, -0.2, 0, 1}, prior[K] = {0};
    const struct rca_logit l = {.n_inputs = K, .prior = prior, .ridge = 1};
    struct sample *s RCA_CLEANUP(rca_freep) = sample_new();
    uint64_t state = test_seed() * 88172645463325252U;
    double w[K], again[K];

    (void)unused;
    fill(s, 100, truth, &state);
    assert_ok(rca_logit_fit(&l, s->choices, s->n, w));
    for (size_t i = s->n - 1; i > 0; i--) {
        const size_t j = (size_t)(test_random(&state) * (double)(i + 1));
        const struct rca_logit_choice c = s->choices[i];

        s->choices[i] = s->choices[j];
        s->choices[j] = c;
    }
    assert_ok(rca_logit_fit(&l, s->choices, s->n, again));
    for (size_t j = 0; j < K; j++)
        assert_true(fabs(w[j] - again[j]) < 1e-6);
}

static void without_choices_it_is_what_was_believed_before(void **unused)
{
    const double prior[3] = {2, -3, 4};
    const int sign[3] = {1, 1, -1};
    const struct rca_logit l = {
        .n_inputs = 3, .prior = prior, .sign = sign, .ridge = 1};
    double w[3];

    (void)unused;
    assert_ok(rca_logit_fit(&l, NULL, 0, w));
    assert_true(w[0] == 2);
    assert_true(w[1] == 0 && w[2] == 0); /* but the sign holds */
}

/* exp() of such scores alone would overflow */
static void large_inputs_do_not_overflow(void **unused)
{
    const double prior = 1;
    const struct rca_logit l = {.n_inputs = 1, .prior = &prior, .ridge = 1e-3};
    struct sample *s RCA_CLEANUP(rca_freep) = sample_new();
    double w = NAN;

    (void)unused;
    for (int c = 0; c < 10; c++) {
        s->list[c][0].x[0] = 1e5;
        s->list[c][1].x[0] = 1e5 + (c < 5 ? 1 : -1);
        s->right[c][c < 8] = 1;
        add(s, 2, 1);
    }
    /* the larger input is right in 5 + 2 of 10 */
    assert_ok(rca_logit_fit(&l, s->choices, s->n, &w));
    assert_true(isfinite(w));
    assert_true(fabs(gradient(&l, s, &(double){0}, 0)) > 1);
    assert_true(fabs(w - log(7.0 / 3)) < 0.01);
}

static void a_failed_allocation_leaves_the_result_alone(void **unused)
{
    const double prior = 1;
    const struct rca_logit l = {.n_inputs = 1, .prior = &prior, .ridge = 1};
    double w = 42;

    (void)unused;
    oom_after(0);
    assert_err(rca_logit_fit(&l, NULL, 0, &w), -ENOMEM);
    oom_after(-1);
    assert_true(w == 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_weight_is_the_log_of_the_odds),
        cmocka_unit_test(separable_choices_stay_finite),
        cmocka_unit_test(the_gradient_is_zero_or_pushes_at_the_sign),
        cmocka_unit_test(the_truth_is_found_again),
        cmocka_unit_test(the_order_does_not_matter),
        cmocka_unit_test(without_choices_it_is_what_was_believed_before),
        cmocka_unit_test(large_inputs_do_not_overflow),
        cmocka_unit_test(a_failed_allocation_leaves_the_result_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
