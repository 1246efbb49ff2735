/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/anomaly.h"

#include "tests/unit/model/incident.h"

#define ROWS 200
#define START 180

static void look(struct incident *c, struct rca_anomaly **ret)
{
    struct rca_scene s;

    incident_scene(c, &s);
    assert_ok(rca_anomaly_new(&s, ret));
    rca_scene_done(&s);
}

/* @n services without edges */
static void make(struct incident *c, int n)
{
    incident_init(c, ROWS, START);
    for (int i = 0; i < n; i++)
        (void)incident_entity(c, RCA_KIND_SERVICE);
}

static void pushed(double *x, double by, uint64_t *state)
{
    for (size_t r = 0; r < ROWS; r++)
        x[r] = 100 + 10 * incident_normal(state) + (r < START ? 0 : by);
}

/* noise of sd 10: a push by 100 is 10 scales, against about 1.5 that is usual */
static void a_pushed_metric_is_as_far_out_as_it_was_pushed(void **unused)
{
    struct rca_anomaly *a RCA_CLEANUP(rca_freep) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;

    (void)unused;
    make(&c, 3);
    pushed(incident_metric(&c, 0, "a_latency", NULL), 100, &state);
    pushed(incident_metric(&c, 1, "a_latency", NULL), 0, &state);
    pushed(incident_metric(&c, 2, "a_latency", NULL), -100, &state);
    look(&c, &a);
    assert_true(a[0].strength > 5.5 && a[0].strength < 9.5);
    assert_true(a[1].strength < 1.6);
    assert_close(a[0].local, a[0].strength, 0.5);
    /* nothing explains it */
    assert_true(a[0].unexplained == a[0].strength);
    assert_true(a[0].bad == 1);
    /* a latency that went down counts half */
    assert_true(a[2].strength > 5.5 && a[2].bad == 0.5);
    rca_graph_free(&c.g);
}

static void the_direction_decides_what_is_bad(void **unused)
{
    struct rca_anomaly *a RCA_CLEANUP(rca_freep) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;

    (void)unused;
    make(&c, 3);
    pushed(incident_metric(&c, 0, "availability", NULL), -90, &state);
    pushed(incident_metric(&c, 1, "availability", NULL), 90, &state);
    pushed(incident_metric(&c, 2, "requests", NULL), -90, &state);
    look(&c, &a);
    assert_true(a[0].bad == 1);
    assert_true(a[1].bad == 0.5);
    assert_true(a[2].bad == 0.8); /* load has none */
    rca_graph_free(&c.g);
}

/* 0 at first, rises by a tenth of the noise a row; it just goes on */
static void a_drift_is_not_odd_against_the_last_rows(void **unused)
{
    struct rca_anomaly *a RCA_CLEANUP(rca_freep) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;
    double *drift, *step;

    (void)unused;
    make(&c, 2);
    drift = incident_metric(&c, 0, "a_latency", NULL);
    step = incident_metric(&c, 1, "a_latency", NULL);
    for (size_t r = 0; r < ROWS; r++) {
        drift[r] = (double)r * 0.5 + incident_normal(&state);
        step[r] = r < START ? incident_normal(&state) : 90;
    }
    look(&c, &a);
    assert_true(a[0].local < 0.5 * a[1].local);
    assert_true(a[0].local < 2);
    assert_true(a[1].local > 10);
    rca_graph_free(&c.g);
}

/* 0 calls 1, whose latency jumps: 0's is explained, 1's is not */
static void what_the_callee_does_is_not_the_callers(void **unused)
{
    struct rca_anomaly *a RCA_CLEANUP(rca_freep) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;
    double *caller, *callee;

    (void)unused;
    make(&c, 2);
    incident_edge(&c, 0, 1, RCA_EDGE_CALLS);
    caller = incident_metric(&c, 0, "a_latency", NULL);
    callee = incident_metric(&c, 1, "a_latency", NULL);
    for (size_t r = 0; r < ROWS; r++) {
        callee[r] = 10 + incident_normal(&state) + (r < START ? 0 : 12);
        caller[r] = 5 + callee[r] + 0.3 * incident_normal(&state);
    }
    look(&c, &a);
    assert_true(a[0].strength > 4 && a[1].strength > 4);
    assert_true(a[0].unexplained < 0.6 * a[0].strength);
    assert_true(a[1].unexplained > 0.9 * a[1].strength);
    rca_graph_free(&c.g);
}

/* it moves against its callee, which no rule allows: not much more than it
 * moved itself, although the residual is far larger */
static void the_unexplained_part_stays_near_the_deviation(void **unused)
{
    struct rca_anomaly *a RCA_CLEANUP(rca_freep) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;
    double *caller, *callee;

    (void)unused;
    make(&c, 2);
    incident_edge(&c, 0, 1, RCA_EDGE_CALLS);
    caller = incident_metric(&c, 0, "a_latency", NULL);
    callee = incident_metric(&c, 1, "a_latency", NULL);
    for (size_t r = 0; r < ROWS; r++) {
        callee[r] = 10 + incident_normal(&state);
        caller[r] = callee[r] + 0.3 * incident_normal(&state);
        callee[r] += r < START ? 0 : 40;
    }
    look(&c, &a);
    assert_true(a[0].unexplained <= 1.5 * a[0].strength + 1 + 1e-12);
    rca_graph_free(&c.g);
}

static void a_constant_that_moves_counts_as_5(void **unused)
{
    struct rca_anomaly *a RCA_CLEANUP(rca_freep) = NULL;
    struct incident c;
    double *moves, *stays;

    (void)unused;
    make(&c, 2);
    moves = incident_metric(&c, 0, "errors", NULL);
    stays = incident_metric(&c, 1, "errors", NULL);
    for (size_t r = 0; r < ROWS; r++) {
        moves[r] = r < START ? 0 : 1e9;
        stays[r] = 7;
    }
    look(&c, &a);
    /* 5, over what is usual: at least 1, towards 1.5 */
    assert_true(a[0].strength >= 5 / 1.5 && a[0].strength <= 5);
    assert_true(a[0].local >= 5 / 1.5 && a[0].local <= 5);
    assert_true(a[0].bad == 1);
    assert_true(a[1].strength == 0 && a[1].unexplained == 0);
    rca_graph_free(&c.g);
}

static void what_appears_or_vanishes_is_told(void **unused)
{
    struct rca_anomaly *a RCA_CLEANUP(rca_freep) = NULL;
    struct incident c;
    double *appears, *vanishes, *rare, *never;

    (void)unused;
    make(&c, 4);
    appears = incident_metric(&c, 0, "errors", NULL);
    vanishes = incident_metric(&c, 1, "errors", NULL);
    rare = incident_metric(&c, 2, "errors", NULL);
    never = incident_metric(&c, 3, "errors", NULL);
    for (size_t r = 0; r < ROWS; r++) {
        appears[r] = r < START ? NAN : 1;
        vanishes[r] = r < START ? 1 : NAN;
        rare[r] = r < START && r % 2 ? 1 : NAN; /* nothing to miss */
        never[r] = NAN;
    }
    look(&c, &a);
    assert_true(a[0].appeared && !a[0].vanished);
    assert_true(a[1].vanished && !a[1].appeared);
    assert_false(a[2].vanished || a[2].appeared);
    assert_false(a[3].vanished || a[3].appeared);
    for (size_t v = 0; v < 4; v++)
        assert_true(a[v].strength == 0);
    rca_graph_free(&c.g);
}

static void every_failed_allocation_is_reported(void **unused)
{
    uint64_t state = 4711;
    struct rca_anomaly *a = NULL;
    struct rca_scene s;
    struct incident c;
    int err = -1;

    (void)unused;
    make(&c, 1);
    pushed(incident_metric(&c, 0, "a_latency", NULL), 100, &state);
    incident_scene(&c, &s);
    for (long n = 0; err; n++) {
        oom_after(n);
        err = rca_anomaly_new(&s, &a);
        assert_true(err == 0 || (err == -ENOMEM && oom_hit() && !a));
        oom_after(-1);
    }
    free(a);
    rca_scene_done(&s);
    rca_graph_free(&c.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pushed_metric_is_as_far_out_as_it_was_pushed),
        cmocka_unit_test(the_direction_decides_what_is_bad),
        cmocka_unit_test(a_drift_is_not_odd_against_the_last_rows),
        cmocka_unit_test(what_the_callee_does_is_not_the_callers),
        cmocka_unit_test(the_unexplained_part_stays_near_the_deviation),
        cmocka_unit_test(a_constant_that_moves_counts_as_5),
        cmocka_unit_test(what_appears_or_vanishes_is_told),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
