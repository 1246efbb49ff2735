/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/model/incident.h"

#define METHOD RCA_METHOD_CIRCA
#define ROWS 120
#define START 100

/* front -calls-> middle -calls-> back; latencies add up; @slow has 20 ms more,
 * front's other callee, `side`, is left alone. Half the noise in the incident:
 * a callee that is beyond 3 sds by chance would inherit its caller's score. */
static void make_chain(struct incident *c, rca_id slow, uint64_t *state)
{
    double *x[4];

    incident_init(c, ROWS, START);
    for (rca_id e = 0; e < 4; e++) {
        assert_int_equal(incident_entity(c, RCA_KIND_SERVICE), e);
        x[e] = incident_metric(c, e, "request_latency", NULL);
    }
    incident_edge(c, 0, 1, RCA_EDGE_CALLS);
    incident_edge(c, 1, 2, RCA_EDGE_CALLS);
    incident_edge(c, 0, 3, RCA_EDGE_CALLS);
    for (size_t r = 0; r < ROWS; r++) {
        for (rca_id e = 0; e < 4; e++) {
            x[e][r] = 10 + (r < START ? 1 : 0.5) * incident_normal(state);
            x[e][r] += e == slow && r >= START ? 20 : 0;
        }
        x[1][r] += x[2][r];
        x[0][r] += x[1][r] + x[3][r];
    }
}

static double score_of(const struct rca_ranking *r, rca_id entity)
{
    for (size_t k = 0; k < r->n; k++) {
        if (r->list[k].entity == entity)
            return r->list[k].score;
    }
    return NAN;
}

static void callers_are_explained_by_what_they_call(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < 60; k++) {
        const rca_id slow = (rca_id)k % 4;
        struct rca_ranking *r = NULL;
        struct incident c;

        make_chain(&c, slow, &state);
        assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
        assert_int_equal(r->list[0].entity, slow);
        assert_int_equal(r->verdict, RCA_VERDICT_CAUSE);
        /* the residuals of the others are noise, and what a
         * few percent of error in a weight carries over */
        for (rca_id e = 0; e < 4; e++)
            assert_true(e == slow || score_of(r, e) < 18);
        rca_ranking_free(&r);
        rca_graph_free(&c.g);
    }
}

/* saturation of one entity: 0 1 0 1 ...: mean 1/2, sd 1/2. Latency above it is
 * unrelated (2 0 0 2 ...: mean 1, sd 1, no correlation). In the incident
 * saturation is 4 (z 7) and latency 5 (z 4): both abnormal, 7 + 4. */
static void an_abnormal_effect_adds_to_its_cause(void **unused)
{
    struct rca_ranking *r = NULL;
    struct incident c;
    double *cpu, *latency;

    (void)unused;
    incident_init(&c, 44, 40);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_entity(&c, RCA_KIND_HOST);
    latency = incident_metric(&c, 0, "request_latency", NULL);
    cpu = incident_metric(&c, 1, "cpu_pressure", NULL);
    incident_edge(&c, 0, 1, RCA_EDGE_RUNS_ON);
    for (size_t k = 0; k < 44; k++) {
        cpu[k] = k < 40 ? (double)(k & 1) : 4;
        latency[k] = k < 40 ? 2 * (double)((k >> 1 ^ k) & 1) : 5;
    }
    assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
    assert_int_equal(r->list[0].entity, 1);
    assert_close(score_of(r, 0), 4, 1e-6);
    assert_close(score_of(r, 1), 11, 1e-6);
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

/* each calls the next, the last the first */
static void a_cycle_of_calls_is_answered(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct rca_ranking *r = NULL;
    struct incident c;

    (void)unused;
    incident_init(&c, ROWS, START);
    for (rca_id e = 0; e < 5; e++) {
        double *x;

        (void)incident_entity(&c, RCA_KIND_SERVICE);
        x = incident_metric(&c, e, "request_latency", NULL);
        for (size_t k = 0; k < ROWS; k++)
            x[k] = (k < START ? 1 : 0.5) * incident_normal(&state) +
                   (e == 3 && k >= START ? 30 : 0);
        incident_edge(&c, e, (e + 1) % 5, RCA_EDGE_CALLS);
    }
    assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
    assert_int_equal(r->list[0].entity, 3);
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

/* one abnormal metric @cause and one that follows it, at @effect; the ends are
 * entities 0 and 1 of kinds @kinds, with an edge from 0 to 1 */
static rca_id first_of(const char *const names[2], rca_id cause,
                       const enum rca_kind kinds[2], enum rca_edge_kind edge)
{
    uint64_t state = 88172645463325252U;
    struct rca_ranking *r = NULL;
    struct incident c;
    double *x[2];
    rca_id first;

    incident_init(&c, ROWS, START);
    for (rca_id e = 0; e < 2; e++) {
        (void)incident_entity(&c, kinds[e]);
        x[e] = incident_metric(&c, e, names[e], NULL);
    }
    incident_edge(&c, 0, 1, edge);
    for (size_t k = 0; k < ROWS; k++) {
        x[cause][k] = incident_normal(&state) + (k < START ? 0 : 20);
        /* less noise: without the regression it would come first */
        x[!cause][k] = x[cause][k] + 0.2 * incident_normal(&state);
        x[cause][k] += k < START ? 0.5 * incident_normal(&state) : 0;
    }
    assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
    first = r->list[0].entity;
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
    return first;
}

static void causes_lie_where_the_edges_say(void **unused)
{
    static const char *const latency[] = {"a_latency", "a_latency"};
    static const char *const load[] = {"requests", "requests"};
    static const char *const cpu[] = {"a_latency", "cpu_pressure"};
    static const enum rca_kind services[] = {RCA_KIND_SERVICE,
                                             RCA_KIND_SERVICE};
    static const enum rca_kind call[] = {RCA_KIND_CALL, RCA_KIND_SERVICE};
    static const enum rca_kind host[] = {RCA_KIND_SERVICE, RCA_KIND_HOST};

    (void)unused;
    /* latency comes up from a callee, traffic down from a caller */
    assert_int_equal(first_of(latency, 1, services, RCA_EDGE_CALLS), 1);
    assert_int_equal(first_of(load, 0, services, RCA_EDGE_CALLS), 0);
    /* a whole feels its member, a caller its call */
    assert_int_equal(first_of(latency, 0, services, RCA_EDGE_PART_OF), 0);
    assert_int_equal(first_of(latency, 0, call, RCA_EDGE_PART_OF), 0);
    assert_int_equal(first_of(cpu, 1, host, RCA_EDGE_RUNS_ON), 1);
}

/* two equal columns explain each other fully: rounding is no evidence */
static void equal_columns_accuse_nobody(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct rca_ranking *r = NULL;
    struct incident c;
    double *x, *y;

    (void)unused;
    incident_init(&c, ROWS, START);
    for (rca_id e = 0; e < 2; e++)
        (void)incident_entity(&c, RCA_KIND_SERVICE);
    incident_edge(&c, 0, 1, RCA_EDGE_CALLS);
    x = incident_metric(&c, 0, "request_latency", NULL);
    y = incident_metric(&c, 1, "request_latency", NULL);
    for (size_t k = 0; k < ROWS; k++)
        x[k] = y[k] = incident_normal(&state) + (k >= START ? 9 : 0);
    assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
    assert_int_equal(r->list[0].entity, 1);
    assert_true(score_of(r, 1) > 5);
    assert_true(!(score_of(r, 0) > 1e-3));
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

/* without edges it is N-Sigma, but for what an entity's own metrics explain */
static void without_edges_each_stands_for_itself(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct rca_ranking *a = NULL, *b = NULL;
    struct incident c;

    (void)unused;
    make_chain(&c, 2, &state);
    c.n_edges = 0;
    assert_ok(incident_rank(&c, METHOD, 0, 1, &a));
    assert_ok(incident_rank(&c, RCA_METHOD_NSIGMA, 0, 1, &b));
    assert_int_equal(a->n, b->n);
    for (size_t k = 0; k < a->n; k++) {
        assert_int_equal(a->list[k].entity, b->list[k].entity);
        assert_close(a->list[k].score, b->list[k].score, 1e-9);
    }
    rca_ranking_free(&a);
    rca_ranking_free(&b);
    rca_graph_free(&c.g);
}

static void every_failed_allocation_is_survived(void **unused)
{
    uint64_t state = 88172645463325252U;
    struct incident c;

    (void)unused;
    make_chain(&c, 1, &state);
    incident_survives_oom(&c, METHOD, 0);
    rca_graph_free(&c.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callers_are_explained_by_what_they_call),
        cmocka_unit_test(an_abnormal_effect_adds_to_its_cause),
        cmocka_unit_test(a_cycle_of_calls_is_answered),
        cmocka_unit_test(causes_lie_where_the_edges_say),
        cmocka_unit_test(equal_columns_accuse_nobody),
        cmocka_unit_test(without_edges_each_stands_for_itself),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
