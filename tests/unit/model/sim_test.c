/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The simulated application of sim.h, one fault at a time, from raw samples in
 * a store to the entity that is named. Each fault runs over several seeds; the
 * limits say how often the right entity must come first.
 */

#include "model/explain.h"
#include "tests/unit/model/sim_store.h"

#define SEEDS 3
#define NORMAL 75
#define FAULTY 25

struct fixture {
    struct sim_store in;
    struct rca_explanation *e;
};

static void open_fixture(struct fixture *f, enum sim_fault fault, uint64_t seed)
{
    f->e = NULL;
    sim_store_open(&f->in, fault, seed, NORMAL, FAULTY);
}

static void close_fixture(struct fixture *f)
{
    rca_explanation_free(&f->e);
    sim_store_close(&f->in);
}

/* @before: train before the fault only, else on all of it; @told: say when */
static void explain(struct fixture *f, rca_id symptom, _Bool before, _Bool told)
{
    const rca_time start = f->in.sim->now - FAULTY * RCA_SECOND;
    const struct rca_explain_options o = {.entity = symptom,
                                          .from = told ? start : RCA_TIME_NONE,
                                          .to = RCA_TIME_NONE,
                                          .at = RCA_TIME_NONE,
                                          .seed = 1};
    struct rca_model *m = NULL;

    assert_ok(rca_model_train(f->in.store, SIM_START,
                              before ? start : f->in.sim->now, 0, &m));
    assert_ok(rca_explain(f->in.store, m, &o, &f->e));
    rca_model_free(&m);
}

/* the bars of the waterfall lead from the symptom's value before to that now */
static void check_parts(const struct rca_explanation *e)
{
    const double change = e->symptom.after - e->symptom.before;
    double sum = 0;

    for (size_t i = 0; i < e->n_parts; i++) {
        sum += e->parts[i].amount;
        if (e->parts[i].kind == RCA_PART_CAUSE)
            assert_true(e->parts[i].cause < e->n_causes);
    }
    if (e->verdict != RCA_VERDICT_NORMAL)
        assert_close(sum, change, 1e-6);
}

static void check_chart(const struct rca_explanation *e,
                        const struct rca_node *node)
{
    const struct rca_chart *c = &node->chart;
    size_t known = 0;

    assert_in_range(c->n, 1, RCA_CHART_POINTS);
    for (size_t k = 0; k < c->n; k++)
        known += isfinite(c->x[k]) != 0;
    assert_true(known > c->n / 2);
    assert_true(c->low <= c->high);
    assert_true(c->from < e->from);
    assert_true(c->from + (rca_time)c->n * c->step >= e->to);
    if (node->rank == 1)
        assert_close(c->instead, node->card.before, 1e-9);
    if (node->class == RCA_NODE_SYMPTOM && isfinite(c->instead))
        assert_close(c->instead, e->causes[0].value, 1e-9);
}

static void check_sane(const struct rca_explanation *e)
{
    double sum = e->unexplained;

    for (size_t i = 0; i < e->n_causes; i++) {
        const struct rca_cause *c = &e->causes[i];

        sum += c->share;
        assert_true(c->share >= 0 && c->share <= 1);
        assert_true(c->confidence >= 0 && c->confidence <= 1);
        assert_true(c->low <= c->value && c->value <= c->high);
        for (size_t k = 1; k < RCA_REASONS; k++)
            assert_true(c->reasons[k - 1] || !c->reasons[k]);
    }
    assert_true(e->n_causes == 0 || e->causes[0].reasons[0]);
    check_parts(e);
    for (size_t i = 0; i < e->n_nodes; i++)
        check_chart(e, &e->nodes[i]);
    assert_true(e->quality.normal_rows >= 10 && e->quality.incident_rows > 0);
    assert_true(e->quality.missing >= 0 && e->quality.missing < 0.5);
    assert_true(sum <= 1 + 1e-9);
    assert_true(e->n_nodes >= 1 && e->n_nodes <= 15);
    for (size_t i = 0; i < e->n_flows; i++) {
        assert_true(e->flows[i].from < e->n_nodes);
        assert_true(e->flows[i].to < e->n_nodes);
        assert_true(e->flows[i].from != e->flows[i].to);
        assert_true(e->flows[i].share >= 0 && e->flows[i].share <= 1);
    }
}

/* in how many of SEEDS the true entity comes first and is named */
static int count_right(enum sim_fault fault, _Bool from_client, _Bool told)
{
    int right = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture f;

        open_fixture(&f, fault, seed);
        explain(&f, from_client ? f.in.sim->client : f.in.sim->service[0],
                seed % 2, told);
        check_sane(f.e);
        right += f.e->verdict == RCA_VERDICT_CAUSE && f.e->n_causes > 0 &&
                 f.e->causes[0].card.entity == sim_truth(f.in.sim);
        close_fixture(&f);
    }
    return right;
}

static void a_processor_hog_is_named(void **state)
{
    (void)state;
    assert_int_equal(count_right(SIM_HOG, 0, 1), SEEDS);
}

static void a_rule_that_drops_is_named(void **state)
{
    (void)state;
    assert_int_equal(count_right(SIM_DROP, 0, 1), SEEDS);
}

static void a_shaped_interface_is_named(void **state)
{
    (void)state;
    assert_int_equal(count_right(SIM_SHAPE, 0, 1), SEEDS);
}

static void a_slow_service_is_named(void **state)
{
    (void)state;
    assert_int_equal(count_right(SIM_SLOW, 0, 1), SEEDS);
}

static void a_failing_service_is_named(void **state)
{
    (void)state;
    assert_int_equal(count_right(SIM_FAIL, 0, 1), SEEDS);
}

static void a_client_that_sends_more_is_named(void **state)
{
    (void)state;
    assert_int_equal(count_right(SIM_LOAD, 0, 1), SEEDS);
}

static void a_service_that_freezes_is_named(void **state)
{
    (void)state;
    assert_int_equal(count_right(SIM_FREEZE, 0, 1), SEEDS);
}

static void a_cgroup_short_of_memory_is_named(void **state)
{
    (void)state;
    assert_int_equal(count_right(SIM_MEMORY, 0, 1), SEEDS);
}

static void the_client_sees_the_same_cause(void **state)
{
    (void)state;
    assert_int_equal(count_right(SIM_SLOW, 1, 1), SEEDS);
    assert_int_equal(count_right(SIM_HOG, 1, 1), SEEDS);
}

static void the_incident_is_found_when_nobody_says_when(void **state)
{
    (void)state;
    assert_int_equal(count_right(SIM_SLOW, 0, 0), SEEDS);
    assert_int_equal(count_right(SIM_SHAPE, 0, 0), SEEDS);
}

static void a_quiet_application_is_normal(void **state)
{
    int normal = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture f;

        open_fixture(&f, SIM_NONE, seed);
        explain(&f, f.in.sim->service[0], 1, 1);
        normal += f.e->verdict == RCA_VERDICT_NORMAL;
        close_fixture(&f);
    }
    assert_int_equal(normal, SEEDS);
}

static void without_an_entity_the_worst_symptom_is_explained(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f, SIM_SLOW, 1);
    explain(&f, RCA_ID_NONE, 1, 1);
    assert_int_equal(f.e->verdict, RCA_VERDICT_CAUSE);
    assert_int_equal(f.e->causes[0].card.entity, sim_truth(f.in.sim));
    close_fixture(&f);
}

static void an_unknown_metric_is_refused(void **state)
{
    struct rca_explain_options o = {
        .metric = "no_such_metric", .to = RCA_TIME_NONE, .at = RCA_TIME_NONE};
    struct rca_model *m = NULL;
    struct fixture f;

    (void)state;
    open_fixture(&f, SIM_SLOW, 1);
    assert_ok(rca_model_train(f.in.store, SIM_START, f.in.sim->now, 0, &m));
    o.entity = f.in.sim->service[0];
    o.from = f.in.sim->now - FAULTY * RCA_SECOND;
    assert_err(rca_explain(f.in.store, m, &o, &f.e), RCA_EUNKNOWN);
    o.metric = NULL;
    o.from = f.in.sim->now + 100 * RCA_SECOND;
    assert_err(rca_explain(f.in.store, m, &o, &f.e), RCA_ETOOFEW);
    rca_model_free(&m);
    close_fixture(&f);
}

static void a_model_survives_encoding(void **state)
{
    struct rca_model *m = NULL, *back = NULL;
    void *data = NULL;
    size_t size = 0;
    struct fixture f;

    (void)state;
    open_fixture(&f, SIM_NONE, 1);
    assert_ok(rca_model_train(f.in.store, SIM_START, f.in.sim->now, 0, &m));
    assert_ok(rca_model_encode(m, &data, &size));
    assert_ok(rca_model_decode(data, size, &back));
    assert_int_equal(rca_model_variables(m), rca_model_variables(back));
    for (size_t v = 0; v < rca_model_variables(m); v++) {
        struct rca_factor_view a, b;

        rca_model_view(m, v, &a);
        rca_model_view(back, v, &b);
        assert_string_equal(a.metric, b.metric);
        assert_int_equal(a.entity, b.entity);
        assert_true(a.centre == b.centre && a.scale == b.scale);
        assert_int_equal(a.n_parents, b.n_parents);
        for (size_t i = 0; i < a.n_parents; i++)
            assert_true(a.parents[i].weight == b.parents[i].weight);
    }
    for (size_t cut = 0; cut < size; cut += 1 + size / 97) {
        struct rca_model *none = NULL;

        assert_err(rca_model_decode(data, cut, &none), RCA_ECORRUPT);
        ((unsigned char *)data)[cut] ^= 1;
        assert_err(rca_model_decode(data, size, &none), RCA_ECORRUPT);
        ((unsigned char *)data)[cut] ^= 1;
    }
    free(data);
    rca_model_free(&m);
    rca_model_free(&back);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_processor_hog_is_named),
        cmocka_unit_test(a_rule_that_drops_is_named),
        cmocka_unit_test(a_shaped_interface_is_named),
        cmocka_unit_test(a_slow_service_is_named),
        cmocka_unit_test(a_failing_service_is_named),
        cmocka_unit_test(a_client_that_sends_more_is_named),
        cmocka_unit_test(a_service_that_freezes_is_named),
        cmocka_unit_test(a_cgroup_short_of_memory_is_named),
        cmocka_unit_test(the_client_sees_the_same_cause),
        cmocka_unit_test(the_incident_is_found_when_nobody_says_when),
        cmocka_unit_test(a_quiet_application_is_normal),
        cmocka_unit_test(without_an_entity_the_worst_symptom_is_explained),
        cmocka_unit_test(an_unknown_metric_is_refused),
        cmocka_unit_test(a_model_survives_encoding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
