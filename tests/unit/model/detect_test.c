/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What is abnormal, in memory: chance alone is believed as seldom as is stated, planted
 * changes are found, and what belongs together is one incident.
 */

#include "model/detect.h"

#include "model/detecting.h"
#include "model/fdr.h"
#include "model/tail.h"
#include "tests/unit/model/incident.h"

#define ROWS 300
#define START 288
#define LENGTH 12

/* --- tail -------------------------------------------------------------------- */

static void a_tail_is_counted_and_then_exponential(void **state)
{
    double x[20];

    (void)state;
    for (size_t i = 0; i < 20; i++)
        x[i] = (double)((i * 7) % 20); /* 0 to 19 */
    /* k = 8, u = 11, excesses 1 to 8: sum 36 */
    assert_close(rca_tail_p(x, 20, 11, 0.1), 10.0 / 21, 1e-12);
    assert_close(rca_tail_p(x, 20, 5.5, 0.1), 15.0 / 21, 1e-12);
    assert_close(rca_tail_p(x, 20, -1, 0.1), 1, 1e-12);
    assert_close(rca_tail_p(x, 20, 47, 0.1), 9.0 / 21 * pow(2, -8), 1e-12);
    assert_close(rca_tail_p(x, 20, 11 + 800, 100), 9.0 / 21 * pow(2, -8),
                 1e-12);
    assert_nan(rca_tail_p(x, 5, 1, 0.1));
}

static void the_tail_of_exponential_values_is_exact(void **state)
{
    enum { ROUNDS = 20000, N = 60 };
    static const double levels[] = {0.1, 0.01, 0.001};
    uint64_t random = 5;
    size_t below[3] = {0};

    (void)state;
    for (int r = 0; r < ROUNDS; r++) {
        double x[N], p;

        for (size_t i = 0; i < N; i++)
            x[i] = -log(1 - test_random(&random));
        p = rca_tail_p(x, N, -log(1 - test_random(&random)), 1e-9);
        for (size_t k = 0; k < 3; k++)
            below[k] += p <= levels[k];
    }
    for (size_t k = 0; k < 3; k++) {
        const double want = levels[k] * ROUNDS;

        print_message("p <= %g: %zu of %d\n", levels[k], below[k], ROUNDS);
        assert_true(fabs((double)below[k] - want) < 4 * sqrt(want));
    }
}

/* --- false discovery rate ------------------------------------------------------- */

/* by hand: 1 + 1/2 + 1/3 + 1/4 = 25/12, steps of 0.05 / 4 / (25/12) = 0.006 */
static void the_limit_is_that_of_benjamini_and_yekutieli(void **state)
{
    double few[] = {0.5, 0.011, 0.001}, one[] = {0.006}, none[] = {0.0061};
    double up[] = {0.018, 0.017, 0.016, 0.9};

    (void)state;
    assert_close(rca_fdr_limit(few, 3, 4, 0.05), 0.012, 1e-12);
    assert_close(rca_fdr_limit(one, 1, 4, 0.05), 0.006, 1e-12);
    assert_true(rca_fdr_limit(none, 1, 4, 0.05) < 0);
    assert_true(rca_fdr_limit(none, 0, 0, 0.05) < 0);
    /* a step up: none would do alone */
    assert_close(rca_fdr_limit(up, 4, 4, 0.05), 0.018, 1e-12);
}

/* --- outliers --------------------------------------------------------------------- */

static double gauss(uint64_t *random)
{
    const double u = test_random(random), v = test_random(random);

    return sqrt(-2 * log(u + 1e-300)) * cos(2 * M_PI * v);
}

static struct rca_outlier_series series_of(double *x, double *scratch)
{
    struct rca_outlier_series s = {
        .x = x, .n = ROWS, .past = x, .n_past = START, .direction = 1};

    s.spread = rca_robust_spread(x, 240, 1e-9, scratch);
    s.usual = 1;
    return s;
}

static void a_run_is_as_long_as_it_lasts(void **state)
{
    const struct rca_outlier_grid grid = {START, LENGTH, 1};
    double x[ROWS], scratch[2 * ROWS + LENGTH];
    struct rca_outlier_series s;
    struct rca_outlier_run run;
    uint64_t random = 3;

    (void)state;
    for (size_t r = 0; r < ROWS; r++)
        x[r] = 10 + gauss(&random) + (r >= 245 ? 12 : 0);
    x[270] = x[271] = NAN;
    s = series_of(x, scratch);
    assert_true(rca_outlier_test(&s, &grid, scratch) < 1e-5);
    assert_true(rca_outlier_screen(&s, &grid, scratch) <=
                rca_outlier_test(&s, &grid, scratch));
    assert_true(rca_outlier_next(&s, &grid, 1e-5, 0, scratch, &run));
    assert_int_equal(run.onset, 245);
    assert_int_equal(run.to, ROWS);
    assert_true(run.from <= 245 && run.from > 245 - LENGTH);
    assert_true(run.strength > 3);
    assert_false(rca_outlier_next(&s, &grid, 1e-5, run.to, scratch, &run));
}

static void one_row_in_five_is_no_outlier(void **state)
{
    const struct rca_outlier_grid grid = {START, LENGTH, 1};
    double x[ROWS], scratch[2 * ROWS + LENGTH];
    struct rca_outlier_series s;
    uint64_t random = 4;

    (void)state;
    for (size_t r = 0; r < ROWS; r++)
        x[r] = 10 + gauss(&random) + (r >= START && r % 5 == 0 ? 1e6 : 0);
    s = series_of(x, scratch);
    assert_true(rca_outlier_test(&s, &grid, scratch) > 0.01);
    for (size_t r = START; r < ROWS; r++)
        x[r] = NAN;
    assert_nan(rca_outlier_test(&s, &grid, scratch));
    assert_nan(rca_outlier_screen(&s, &grid, scratch));
}

static void a_constant_that_moves_is_an_outlier(void **state)
{
    const struct rca_outlier_grid grid = {START, LENGTH, 1};
    double x[ROWS], scratch[2 * ROWS + LENGTH];
    struct rca_outlier_series s;
    double p;

    (void)state;
    for (size_t r = 0; r < ROWS; r++)
        x[r] = r >= START ? 3 : 0;
    s = series_of(x, scratch);
    p = rca_outlier_test(&s, &grid, scratch);
    assert_true(p > 1e-6 && p < 1e-4);
    s.n_past = (size_t)3 * LENGTH; /* of three stretches nothing is unlikely */
    assert_close(rca_outlier_test(&s, &grid, scratch), 1, 1e-12);
    s.past = NULL; /* what is usual must do */
    assert_true(rca_outlier_test(&s, &grid, scratch) < 1e-4);
}

/* --- chance, and planted changes --------------------------------------------------- */

enum noise { GAUSS, LASTING, SKEW, COMMON, NOISES };

/* a column of noise: white, AR(1), log-normal, or mostly @shared */
static void fill(double *x, enum noise kind, const double *shared,
                 uint64_t *random)
{
    double was = 0;

    for (size_t r = 0; r < ROWS; r++) {
        const double e = gauss(random);

        was = 0.7 * was + e;
        x[r] = kind == GAUSS     ? 10 + e
               : kind == LASTING ? 10 + was
               : kind == SKEW    ? exp(0.8 * e)
                                 : 10 + 0.9 * shared[r] + 0.3 * e;
    }
}

static struct rca_detection *detect(struct incident *c, size_t length,
                                    double fdr)
{
    const struct rca_incident *i = incident_made(c);
    struct rca_lookout look = {.w = i->w,
                               .g = i->g,
                               .rows = i->incident,
                               .normal = i->before,
                               .length = length,
                               .fdr = fdr};
    struct rca_detection *d = NULL;

    assert_ok(rca_detect_window(&look, &d));
    return d;
}

/* 40 metrics of 20 services, @planted of which move; ones that did not and are
 * told, and all that are told */
static void draw(enum noise kind, size_t planted, uint64_t *random,
                 size_t *ret_false, size_t *ret_all)
{
    struct incident c;
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;
    double shared[ROWS];

    incident_init(&c, ROWS, START);
    fill(shared, GAUSS, NULL, random);
    for (size_t v = 0; v < 40; v++) {
        const rca_id id =
            v % 2 ? (rca_id)(v / 2) : incident_entity(&c, RCA_KIND_SERVICE);
        double *x =
            incident_metric(&c, id, v % 2 ? "x_latency" : "a_size", NULL);

        fill(x, kind, shared, random);
        for (size_t r = START; v < planted && r < ROWS; r++)
            x[r] += 15;
    }
    d = detect(&c, LENGTH, 0);
    assert_int_equal(d->n_tested, 40);
    *ret_all = d->n_findings;
    *ret_false = 0;
    for (size_t i = 0; i < d->n_findings; i++)
        *ret_false += d->findings[i].card.entity >= planted / 2;
    rca_graph_free(&c.g);
}

/* the mean false discovery proportion over many draws, against what is stated
 * plus three standard errors */
static void chance_is_told_as_seldom_as_stated(void **state)
{
    const int rounds = test_rounds(300);
    uint64_t random = 11;

    (void)state;
    for (int kind = 0; kind < NOISES; kind++) {
        for (size_t planted = 0; planted <= 8; planted += 8) {
            double sum = 0;
            size_t found = 0;

            for (int r = 0; r < rounds; r++) {
                size_t bad, all;

                draw((enum noise)kind, planted, &random, &bad, &all);
                sum += all ? (double)bad / (double)all : 0;
                found += all - bad;
            }
            print_message("noise %d, %zu planted: false %.4f, found %.3f\n",
                          kind, planted, sum / rounds,
                          (double)found / (double)(planted ? planted : 1) /
                              rounds);
            assert_true(sum / rounds <= 0.05 + 3 * sqrt(0.05 / rounds));
            if (planted)
                assert_true((double)found >= 0.9 * (double)planted * rounds);
        }
    }
}

/* --- incidents ----------------------------------------------------------------------- */

/* @n services in a row, each calling the next, all on one host */
static void chain(struct incident *c, size_t n)
{
    incident_init(c, ROWS, START);
    for (size_t i = 0; i < n; i++)
        (void)incident_entity(c, RCA_KIND_SERVICE);
    (void)incident_entity(c, RCA_KIND_HOST);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n)
            incident_edge(c, (rca_id)i, (rca_id)(i + 1), RCA_EDGE_CALLS);
        incident_edge(c, (rca_id)i, (rca_id)n, RCA_EDGE_RUNS_ON);
    }
}

static void metric(struct incident *c, rca_id entity, const char *name,
                   size_t from, size_t to, double by)
{
    uint64_t random = 77 + entity + 31 * (uint64_t)name[0];
    double *x = incident_metric(c, entity, name, NULL);

    for (size_t r = 0; r < c->w.n_rows; r++)
        x[r] = 10 + gauss(&random) + (r >= from && r < to ? by : 0);
}

static void a_fault_that_spreads_is_one_incident(void **state)
{
    struct incident c;
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;

    (void)state;
    chain(&c, 5);
    for (rca_id i = 0; i < 5; i++) {
        metric(&c, i, "cpu_usage", START, i == 2 ? ROWS : START, 20);
        metric(&c, i, "latency", START + (2 - i), i <= 2 ? ROWS : 0, 20 + i);
    }
    d = detect(&c, LENGTH, 0);
    assert_int_equal(d->n_findings, 4);
    assert_int_equal(d->n_groups, 1);
    assert_int_equal(d->groups[0].n_findings, 4);
    assert_int_equal(d->groups[0].n_entities, 3);
    assert_int_equal(d->groups[0].n_symptoms, 3);
    assert_true(d->groups[0].onset == (START + 1) * RCA_SECOND);
    assert_true(d->groups[0].to == ROWS * RCA_SECOND);
    assert_true(d->findings[d->groups[0].first].is_symptom);
    assert_int_equal(d->n_metrics, 10);
    assert_int_equal(d->n_entities, 5);
    assert_false(d->findings[3].is_symptom); /* after all symptoms */
    rca_graph_free(&c.g);
}

static void two_faults_far_from_each_other_are_two(void **state)
{
    struct incident c;
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;

    (void)state;
    chain(&c, 6);
    for (rca_id i = 0; i < 6; i++)
        metric(&c, i, "latency", START, i == 0 || i == 4 || i == 5 ? ROWS : 0,
               i == 4 ? 40 : 20);
    metric(&c, 6, "cpu_usage", 0, 0, 0); /* what they share is normal */
    d = detect(&c, LENGTH, 0);
    assert_int_equal(d->n_findings, 3);
    assert_int_equal(d->n_groups, 2);
    assert_int_equal(d->groups[0].n_entities, 2);
    assert_int_equal(d->findings[0].card.entity, 4);
    assert_int_equal(d->findings[0].group, 0);
    assert_int_equal(d->groups[1].n_entities, 1);
    rca_graph_free(&c.g);
}

static void what_lies_between_in_a_chain_connects(void **state)
{
    struct incident c;
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;

    (void)state;
    incident_init(&c, ROWS, START);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_entity(&c, RCA_KIND_CGROUP);
    (void)incident_entity(&c, RCA_KIND_HOST);
    incident_edge(&c, 0, 1, RCA_EDGE_RUNS_ON);
    incident_edge(&c, 1, 2, RCA_EDGE_RUNS_ON);
    metric(&c, 0, "latency", START, ROWS, 20);
    metric(&c, 1, "cpu_usage", 0, 0, 0);
    metric(&c, 2, "cpu_usage", START, ROWS, 20);
    d = detect(&c, LENGTH, 0);
    assert_int_equal(d->n_findings, 2);
    assert_int_equal(d->n_groups, 1);
    rca_graph_free(&c.g);
}

static void at_other_times_is_another_incident(void **state)
{
    struct incident c;
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;

    (void)state;
    chain(&c, 2);
    c.i.before.to = 120;
    c.i.incident = (struct rca_rows){120, ROWS};
    for (rca_id i = 0; i < 2; i++)
        metric(&c, i, "latency", i ? 132 : 240, i ? 156 : 252, 30);
    d = detect(&c, LENGTH, 0);
    assert_int_equal(d->n_findings, 2);
    assert_int_equal(d->n_groups, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct rca_finding *f = &d->findings[i];

        assert_true(f->card.onset == (f->card.entity ? 133 : 241) * RCA_SECOND);
        assert_true(f->to == (f->card.entity ? 156 : 252) * RCA_SECOND);
    }
    rca_graph_free(&c.g);
}

static void better_is_no_symptom(void **state)
{
    struct incident c;
    struct rca_detection *d RCA_CLEANUP(rca_detection_free) = NULL;

    (void)state;
    chain(&c, 1);
    metric(&c, 0, "latency", START, ROWS, -20);
    d = detect(&c, LENGTH, 0);
    assert_int_equal(d->n_findings, 0);
    assert_int_equal(d->n_groups, 0);
    rca_graph_free(&c.g);
}

static void too_little_is_said(void **state)
{
    struct incident c;
    struct rca_lookout look = {.length = LENGTH};
    struct rca_detection *d = NULL;

    (void)state;
    chain(&c, 1);
    metric(&c, 0, "latency", START, ROWS, 20);
    look.w = incident_made(&c)->w;
    look.g = c.g;
    look.normal = c.i.before;
    look.rows = (struct rca_rows){START, START + LENGTH - 1};
    assert_err(rca_detect_window(&look, &d), RCA_ETOOFEW);
    look.rows = (struct rca_rows){START, ROWS + 1};
    assert_err(rca_detect_window(&look, &d), RCA_ETOOFEW);
    look.rows = c.i.incident;
    look.normal.to = 5;
    assert_err(rca_detect_window(&look, &d), RCA_ETOOFEW);
    assert_null(d);
    rca_graph_free(&c.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tail_is_counted_and_then_exponential),
        cmocka_unit_test(the_tail_of_exponential_values_is_exact),
        cmocka_unit_test(the_limit_is_that_of_benjamini_and_yekutieli),
        cmocka_unit_test(a_run_is_as_long_as_it_lasts),
        cmocka_unit_test(one_row_in_five_is_no_outlier),
        cmocka_unit_test(a_constant_that_moves_is_an_outlier),
        cmocka_unit_test(chance_is_told_as_seldom_as_stated),
        cmocka_unit_test(a_fault_that_spreads_is_one_incident),
        cmocka_unit_test(two_faults_far_from_each_other_are_two),
        cmocka_unit_test(what_lies_between_in_a_chain_connects),
        cmocka_unit_test(at_other_times_is_another_incident),
        cmocka_unit_test(better_is_no_symptom),
        cmocka_unit_test(too_little_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
