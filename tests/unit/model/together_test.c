/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/together.h"

#include "tests/unit/model/incident.h"

/* 40 rows, the last 10 are the incident: 20 before it count, and it */
#define ROWS 40
#define START 30

static void compare(struct incident *c, double **ret)
{
    struct rca_scene s;

    incident_scene(c, &s);
    assert_ok(rca_together_new(&s, 0, ret));
    rca_scene_done(&s);
}

/* Pearson's r by its definition, over rows where both are known */
static double pearson(const double *x, const double *y, size_t n)
{
    double m = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i]))
            continue;
        m++;
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        syy += y[i] * y[i];
        sxy += x[i] * y[i];
    }
    return (m * sxy - sx * sy) /
           sqrt((m * sxx - sx * sx) * (m * syy - sy * sy));
}

/* how many are smaller, and half of those that are equal */
static void rank(const double *x, const double *other, size_t n, double *ret)
{
    for (size_t i = 0; i < n; i++) {
        ret[i] = isnan(x[i]) || isnan(other[i]) ? NAN : 0;
        for (size_t j = 0; j < n; j++) {
            if (!isnan(other[j]))
                ret[i] += x[j] < x[i] ? 1 : x[j] == x[i] ? 0.5 : 0;
        }
    }
}

static double want(const double *x, const double *y, size_t n)
{
    double rx[ROWS], ry[ROWS];

    rank(x, y, n, rx);
    rank(y, x, n, ry);
    return (fabs(pearson(x, y, n)) + fabs(pearson(rx, ry, n))) / 2;
}

static void make(struct incident *c)
{
    incident_init(c, ROWS, START);
    for (int i = 0; i < 5; i++)
        (void)incident_entity(c, RCA_KIND_SERVICE);
}

static void the_known_correlations_come_out(void **unused)
{
    double *list RCA_CLEANUP(rca_freep) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    double x[ROWS], down[ROWS], cube[ROWS];
    struct incident c;

    (void)unused;
    make(&c);
    for (size_t r = 0; r < ROWS; r++) {
        x[r] = test_random(&state);
        down[r] = 7 - 3 * x[r];
        cube[r] = exp(8 * x[r]);
    }
    (void)incident_metric(&c, 0, "a_latency", x);
    (void)incident_metric(&c, 1, "a_latency", down);
    (void)incident_metric(&c, 2, "a_latency", cube);
    (void)incident_metric(&c, 3, "a_errors", x);
    compare(&c, &list);
    assert_close(list[0], 1, 1e-12);
    assert_close(list[1], 1, 1e-12); /* either way */
    assert_close(list[2], (1 + pearson(x, cube, ROWS)) / 2, 1e-9);
    assert_true(list[3] == 0); /* of another role */
    rca_graph_free(&c.g);
}

static void ties_and_gaps_are_as_by_definition(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < 30; k++) {
        double *list RCA_CLEANUP(rca_freep) = NULL;
        double x[ROWS], y[ROWS];
        struct incident c;

        make(&c);
        for (size_t r = 0; r < ROWS; r++) {
            x[r] = floor(5 * test_random(&state)) + (r == 3);
            y[r] = x[r] + floor(7 * test_random(&state));
            x[r] = test_random(&state) < 0.2 ? NAN : x[r];
            y[r] = test_random(&state) < 0.2 ? NAN : y[r];
        }
        (void)incident_metric(&c, 0, "a_latency", x);
        (void)incident_metric(&c, 1, "a_latency", y);
        compare(&c, &list);
        assert_close(list[1], want(x, y, ROWS), 1e-9);
        rca_graph_free(&c.g);
    }
}

/* what was long ago does not count: three times the incident, 20 at least */
static void only_the_recent_past_counts(void **unused)
{
    double *list RCA_CLEANUP(rca_freep) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    double x[100], y[100];
    struct incident c;

    (void)unused;
    incident_init(&c, 100, 96);
    for (int i = 0; i < 2; i++)
        (void)incident_entity(&c, RCA_KIND_SERVICE);
    for (size_t r = 0; r < 100; r++) {
        x[r] = test_random(&state);
        y[r] = r < 76 ? test_random(&state) : x[r];
    }
    (void)incident_metric(&c, 0, "a_latency", x);
    (void)incident_metric(&c, 1, "a_latency", y);
    compare(&c, &list);
    assert_close(list[1], 1, 1e-12);
    rca_graph_free(&c.g);
}

static void what_says_nothing_is_0(void **unused)
{
    double *list RCA_CLEANUP(rca_freep) = NULL;
    double x[ROWS], constant[ROWS], gone[ROWS], few[ROWS];
    struct incident c;

    (void)unused;
    make(&c);
    for (size_t r = 0; r < ROWS; r++) {
        x[r] = (double)((r * 7) % 11);
        constant[r] = 3;
        gone[r] = r < START ? x[r] : NAN;
        few[r] = r % 8 ? NAN : x[r];
    }
    (void)incident_metric(&c, 0, "a_latency", x);
    (void)incident_metric(&c, 1, "a_latency", constant);
    (void)incident_metric(&c, 2, "a_latency", gone);
    (void)incident_metric(&c, 3, "a_latency", few);
    compare(&c, &list);
    for (size_t v = 1; v < 4; v++)
        assert_true(list[v] == 0);
    rca_graph_free(&c.g);
}

static void every_failed_allocation_is_reported(void **unused)
{
    double x[ROWS], *list = NULL;
    struct rca_scene s;
    struct incident c;
    int err = -1;

    (void)unused;
    make(&c);
    for (size_t r = 0; r < ROWS; r++)
        x[r] = (double)((r * 7) % 11);
    (void)incident_metric(&c, 0, "a_latency", x);
    incident_scene(&c, &s);
    for (long n = 0; err; n++) {
        oom_after(n);
        err = rca_together_new(&s, 0, &list);
        assert_true(err == 0 || (err == -ENOMEM && oom_hit() && !list));
        oom_after(-1);
    }
    free(list);
    rca_scene_done(&s);
    rca_graph_free(&c.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_correlations_come_out),
        cmocka_unit_test(ties_and_gaps_are_as_by_definition),
        cmocka_unit_test(only_the_recent_past_counts),
        cmocka_unit_test(what_says_nothing_is_0),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
