/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/answer.h"
#include "tests/unit/model/incident.h"

#define ROWS 120
#define START 100

/* front -calls-> middle -calls-> back, which is slow from START on if @slow */
static void make_chain(struct incident *c, _Bool slow)
{
    uint64_t state = 88172645463325252U;
    double *x[3];

    incident_init(c, ROWS, START);
    for (rca_id e = 0; e < 3; e++) {
        assert_int_equal(incident_entity(c, RCA_KIND_SERVICE), e);
        x[e] = incident_metric(c, e, "request_latency_seconds", NULL);
    }
    incident_edge(c, 0, 1, RCA_EDGE_CALLS);
    incident_edge(c, 1, 2, RCA_EDGE_CALLS);
    for (size_t r = 0; r < ROWS; r++) {
        for (rca_id e = 0; e < 3; e++)
            x[e][r] = 1 + 0.1 * incident_normal(&state);
        x[2][r] += slow && r >= START ? 5 : 0;
        x[1][r] += x[2][r];
        x[0][r] += x[1][r];
    }
    assert_ok(
        rca_graph_new(c->entities, c->n_entities, c->edges, c->n_edges, &c->g));
}

static int explain(const struct incident *c, enum rca_method method,
                   struct rca_explanation **ret)
{
    const struct rca_inquiry q = {
        .w = &c->w, .g = c->g, .trained_to = START * RCA_SECOND};
    const struct rca_explain_options o = {.entity = 0,
                                          .from = START * RCA_SECOND,
                                          .to = ROWS * RCA_SECOND,
                                          .at = RCA_TIME_NONE,
                                          .top = 4,
                                          .seed = 1,
                                          .method = method,
                                          .exact = 1};

    return rca_explain_window(&q, &o, ret);
}

static void causes_come_with_cards_and_without_shares(void **unused)
{
    (void)unused;
    for (unsigned m = RCA_METHOD_ATTRIBUTION + 1; m < RCA_METHOD_COUNT; m++) {
        struct rca_explanation *e = NULL;
        _Bool cause = 0, symptom = 0;
        struct incident c;

        make_chain(&c, 1);
        assert_ok(explain(&c, (enum rca_method)m, &e));
        assert_int_equal(e->verdict, RCA_VERDICT_CAUSE);
        assert_int_equal(e->method, m);
        assert_true(e->n_causes > 0 && e->n_causes <= 3);
        assert_int_equal(e->causes[0].card.entity, 2);
        assert_true(e->causes[0].card.after > 4 * e->causes[0].card.before);
        assert_nan(e->causes[0].share);
        assert_nan(e->causes[0].confidence);
        assert_nan(e->causes[0].value);
        assert_nan(e->unexplained);
        for (size_t k = 0; k < e->n_nodes; k++) {
            cause |= e->nodes[k].class == RCA_NODE_CAUSE &&
                     e->nodes[k].card.entity == 2 && e->nodes[k].rank == 1;
            symptom |= e->nodes[k].class == RCA_NODE_SYMPTOM;
        }
        assert_true(cause && symptom);
        rca_explanation_free(&e);
        rca_graph_free(&c.g);
    }
}

static void the_arrows_are_those_of_the_attribution(void **unused)
{
    struct rca_explanation *e = NULL, *ours = NULL;
    struct incident c;

    (void)unused;
    make_chain(&c, 1);
    assert_ok(explain(&c, RCA_METHOD_ATTRIBUTION, &ours));
    assert_ok(explain(&c, RCA_METHOD_NSIGMA, &e));
    assert_true(ours->n_flows > 0);
    assert_int_equal(e->n_flows, ours->n_flows);
    for (size_t k = 0; k < e->n_flows; k++)
        assert_close(e->flows[k].share, ours->flows[k].share, 1e-12);
    rca_explanation_free(&e);
    rca_explanation_free(&ours);
    rca_graph_free(&c.g);
}

/* slow, too, but nothing leads from it to the symptom: murphy rejects it */
static void what_was_not_accepted_is_no_cause(void **unused)
{
    struct rca_explanation *e = NULL;
    struct incident c;
    double *x;

    (void)unused;
    make_chain(&c, 1);
    rca_graph_free(&c.g);
    assert_int_equal(incident_entity(&c, RCA_KIND_SERVICE), 3);
    x = incident_metric(&c, 3, "request_latency_seconds", NULL);
    for (size_t r = 0; r < ROWS; r++)
        x[r] = (r < START ? 1 : 90) + 0.01 * (double)(r % 3);
    assert_ok(
        rca_graph_new(c.entities, c.n_entities, c.edges, c.n_edges, &c.g));
    assert_ok(explain(&c, RCA_METHOD_MURPHY, &e));
    assert_int_equal(e->causes[0].card.entity, 2);
    for (size_t k = 0; k < e->n_causes; k++)
        assert_true(e->causes[k].card.entity != 3);
    rca_explanation_free(&e);
    rca_graph_free(&c.g);
}

static void a_normal_symptom_stays_normal(void **unused)
{
    struct rca_explanation *e = NULL;
    struct incident c;

    (void)unused;
    make_chain(&c, 0);
    assert_ok(explain(&c, RCA_METHOD_NSIGMA, &e));
    assert_int_equal(e->verdict, RCA_VERDICT_NORMAL);
    assert_int_equal(e->n_causes, 0);
    rca_explanation_free(&e);
    rca_graph_free(&c.g);
}

static void every_failed_allocation_is_survived(void **unused)
{
    struct rca_explanation *e = NULL;
    struct incident c;
    int err = -ENOMEM;

    (void)unused;
    make_chain(&c, 1);
    for (long n = 0; err; n++) {
        oom_after(n);
        err = explain(&c, RCA_METHOD_MURPHY, &e);
        if (err) {
            assert_true(oom_hit());
            assert_err(err, -ENOMEM);
            assert_null(e);
        }
        oom_after(-1);
        assert_true(n < 100000);
    }
    assert_int_equal(e ? e->causes[0].card.entity : 0, 2);
    rca_explanation_free(&e);
    rca_graph_free(&c.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(causes_come_with_cards_and_without_shares),
        cmocka_unit_test(the_arrows_are_those_of_the_attribution),
        cmocka_unit_test(what_was_not_accepted_is_no_cause),
        cmocka_unit_test(a_normal_symptom_stays_normal),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
