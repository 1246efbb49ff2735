/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/model/incident.h"

#define METHOD RCA_METHOD_BARO

/* 1..9: median 5, quartiles 3 and 7: 25 is 20 away, 5 ranges; the outlier 900
 * of normal times changes nothing */
static void the_furthest_row_counts_in_quartile_ranges(void **unused)
{
    const double x[] = {3, 900, 1, 4, 5, 6, 8, 2, 7, 5, 25, NAN};
    struct rca_ranking *r = NULL;
    struct incident c;

    (void)unused;
    incident_init(&c, 12, 9);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_metric(&c, 0, "a_latency", x);
    assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
    assert_int_equal(r->n, 1);
    assert_close(r->list[0].score, 5, 1e-12);
    assert_nan(r->list[0].share);
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

/* three quarters are equal: no range, so its own unit */
static void a_nearly_constant_metric_counts_in_its_own_unit(void **unused)
{
    const double x[] = {4, 4, 4, 4, 4, 4, 4, 9, 4, 4, 11};
    struct rca_ranking *r = NULL;
    struct incident c;

    (void)unused;
    incident_init(&c, 11, 10);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_metric(&c, 0, "a_bytes", x);
    assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
    assert_close(r->list[0].score, 7, 1e-12);
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

/* random normal times; the metric that is pushed 60 of its ranges wins */
static void the_pushed_entity_comes_first(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < 50; k++) {
        const rca_id truth = (rca_id)(test_random(&state) * 8);
        struct rca_ranking *r = NULL;
        struct incident c;

        incident_init(&c, 60, 50);
        for (rca_id e = 0; e < 8; e++) {
            const double unit = pow(10, 6 * test_random(&state) - 3);
            double *x;

            (void)incident_entity(&c, RCA_KIND_SERVICE);
            x = incident_metric(&c, e, "a_latency", NULL);
            for (size_t row = 0; row < 60; row++)
                x[row] = unit * (10 + incident_normal(&state));
            x[55] += e == truth ? 60 * unit * 1.349 : 0;
        }
        assert_ok(incident_rank(&c, METHOD, 0, 1, &r));
        assert_int_equal(r->n, 8);
        assert_int_equal(r->list[0].entity, truth);
        rca_ranking_free(&r);
        rca_graph_free(&c.g);
    }
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
        cmocka_unit_test(the_furthest_row_counts_in_quartile_ranges),
        cmocka_unit_test(a_nearly_constant_metric_counts_in_its_own_unit),
        cmocka_unit_test(the_pushed_entity_comes_first),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
