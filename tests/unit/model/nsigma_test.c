/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/model/incident.h"

#define METHOD RCA_METHOD_NSIGMA

/* 1..9: mean 5, squares' mean 60 / 9, so sd 2.58199; 12 is 7 away */
static void the_furthest_row_counts_in_standard_deviations(void **unused)
{
    const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 5, 12, 4};
    const double y[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 5, -4, 4};
    struct rca_ranking *r = NULL;
    struct incident c;

    (void)unused;
    incident_init(&c, 12, 9);
    for (int k = 0; k < 2; k++)
        (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_metric(&c, 0, "a_latency", x);
    (void)incident_metric(&c, 1, "a_latency", x);
    (void)incident_metric(&c, 1, "b_latency", y);
    assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
    assert_int_equal(r->n, 2);
    assert_int_equal(r->list[0].entity, 1);
    assert_int_equal(r->list[0].variable, 2);
    assert_close(r->list[0].score, 9 / sqrt(60. / 9), 1e-12);
    assert_close(r->list[1].score, 7 / sqrt(60. / 9), 1e-12);
    assert_nan(r->list[0].share);
    assert_nan(r->list[0].confidence);
    assert_int_equal(r->verdict, RCA_VERDICT_CAUSE);
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

/* the published convention: a scale of 0 is 1 */
static void a_constant_counts_in_its_own_unit(void **unused)
{
    /* 0.1 has no exact mean: rounding must not be taken for spread */
    const double x[] = {.1, .1, .1, .1, .1, .1, .1, 3.1};
    struct rca_ranking *r = NULL;
    struct incident c;

    (void)unused;
    incident_init(&c, 8, 7);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_metric(&c, 0, "a_latency", x);
    assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
    assert_close(r->list[0].score, 3, 1e-12);
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

static void gaps_and_probes_accuse_nobody(void **unused)
{
    const double x[] = {1, 2, NAN, 3, 2, 1, 2, 3, 9, NAN};
    const double gone[] = {1, 2, 1, 2, 1, 2, 1, 2, NAN, NAN};
    const double born[] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 7, 7};
    const double same[] = {4, 4, 4, 4, 4, 4, 4, 4, 4, 4};
    struct rca_ranking *r = NULL;
    struct incident c;

    (void)unused;
    incident_init(&c, 10, 8);
    (void)incident_entity(&c, RCA_KIND_PROBE);
    for (int k = 1; k < 5; k++)
        (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_metric(&c, 0, "a_latency", x);
    (void)incident_metric(&c, 1, "a_latency", gone);
    (void)incident_metric(&c, 2, "a_latency", born);
    (void)incident_metric(&c, 3, "a_latency", same);
    (void)incident_metric(&c, 4, "a_latency", x);
    assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
    assert_int_equal(r->n, 1);
    assert_int_equal(r->list[0].entity, 4);
    assert_close(r->list[0].score, 7 / sqrt(4. / 7), 1e-12);
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

static void nothing_abnormal_is_unclear(void **unused)
{
    struct rca_ranking *r = NULL;
    struct incident c;

    (void)unused;
    incident_init(&c, 10, 8);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_metric(&c, 0, "a_latency", NULL);
    assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
    assert_int_equal(r->n, 0);
    assert_int_equal(r->verdict, RCA_VERDICT_UNCLEAR);
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

static void too_few_rows_are_refused(void **unused)
{
    struct rca_ranking *r = NULL;
    struct incident c;

    (void)unused;
    incident_init(&c, 6, 4);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_metric(&c, 0, "a_latency", NULL);
    assert_err(incident_rank(&c, METHOD, 0, 1, &r), RCA_ETOOFEW);
    assert_null(r);
    rca_graph_free(&c.g);
}

static void every_failed_allocation_is_survived(void **unused)
{
    const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 50};
    struct incident c;

    (void)unused;
    incident_init(&c, 10, 9);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_metric(&c, 0, "a_latency", x);
    incident_survives_oom(&c, METHOD, 0);
    rca_graph_free(&c.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_furthest_row_counts_in_standard_deviations),
        cmocka_unit_test(a_constant_counts_in_its_own_unit),
        cmocka_unit_test(gaps_and_probes_accuse_nobody),
        cmocka_unit_test(nothing_abnormal_is_unclear),
        cmocka_unit_test(too_few_rows_are_refused),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
