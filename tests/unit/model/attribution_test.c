/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/attribution.h"

#include "tests/unit/model/incident.h"

#define ROWS 100
#define START 80

/* front -calls-> back -calls-> store; latency in seconds times @unit; `back`
 * is slow from row START on */
struct chain {
    struct rca_window w;
    struct rca_variable vars[6];
    double x[6 * ROWS];
    struct rca_graph *g;
};

static double noise(uint64_t *state)
{
    return test_random(state) + test_random(state) - 1;
}

static void make(struct chain *c, const rca_id id[3], uint64_t state)
{
    const struct rca_metric *latency =
        rca_metric_find("request_latency_mean_seconds");
    const struct rca_metric *rate = rca_metric_find("request_rate_per_second");
    struct rca_entity e[3];
    const struct rca_edge edges[] = {
        {.source = id[0], .target = id[1], .kind = RCA_EDGE_CALLS},
        {.source = id[1], .target = id[2], .kind = RCA_EDGE_CALLS}};

    memset(c, 0, sizeof(*c));
    c->w = (struct rca_window){.step = RCA_SECOND,
                               .n_rows = ROWS,
                               .n_vars = 6,
                               .vars = c->vars,
                               .x = c->x};
    for (rca_id rank = 0; rank < 3; rank++) {
        for (int k = 0; k < 3; k++) {
            if (id[k] != rank)
                continue;
            c->vars[(size_t)2 * rank] = (struct rca_variable){rank, *latency};
            c->vars[(size_t)2 * rank + 1] = (struct rca_variable){rank, *rate};
        }
        e[rank] = (struct rca_entity){
            .id = rank, .kind = RCA_KIND_SERVICE, .name = "s", .host = ""};
    }
    for (size_t r = 0; r < ROWS; r++) {
        double below = 0;

        for (int k = 2; k >= 0; k--) {
            below += 0.01 + 0.001 * noise(&state);
            if (k == 1 && r >= START)
                below += 0.05;
            c->x[(size_t)2 * id[k] * ROWS + r] = below;
            c->x[((size_t)2 * id[k] + 1) * ROWS + r] = 100 + 5 * noise(&state);
        }
    }
    assert_ok(rca_graph_new(e, 3, edges, 2, &c->g));
}

static void attribute(struct chain *c, rca_id symptom, struct rca_scene *s,
                      struct rca_attribution **ret)
{
    assert_ok(rca_scene_init(s, &c->w, c->g, (struct rca_rows){0, START - 5},
                             (struct rca_rows){START, ROWS}));
    assert_ok(rca_attribution_new(s, 2 * symptom, 1, ret));
}

static void the_parts_add_up_to_the_change(void **unused)
{
    const rca_id id[] = {0, 1, 2};
    struct rca_attribution *a = NULL;
    struct rca_scene s;
    struct chain c;
    double sum = 0, shares = 0;

    (void)unused;
    make(&c, id, test_seed() * 88172645463325252U);
    attribute(&c, 0, &s, &a);
    for (size_t i = 0; i < a->n; i++)
        sum += a->part[i];
    assert_close(sum, s.traits[0].shift, 1e-9);
    assert_true(a->feedback == 0); /* there is no cycle */
    for (size_t e = 0; e < a->n_culprits; e++)
        shares += a->culprits[e].share;
    assert_close(shares + a->unexplained, 1, 1e-9);
    rca_attribution_free(&a);
    rca_scene_done(&s);
    rca_graph_free(&c.g);
}

static void the_entity_in_the_middle_is_the_cause(void **unused)
{
    const rca_id id[] = {0, 1, 2};
    struct rca_attribution *a = NULL;
    struct rca_scene s;
    struct chain c;

    (void)unused;
    make(&c, id, test_seed() * 88172645463325252U);
    attribute(&c, 0, &s, &a);
    assert_int_equal(a->culprits[0].entity, 1);
    assert_true(a->culprits[0].share > 0.9);
    assert_true(a->culprits[0].confidence > 0.9);
    assert_close(a->culprits[0].part, 0.05, 0.1);
    assert_true(rca_attribution_flow(a, 0, 0) > 0.9);
    rca_attribution_free(&a);
    rca_scene_done(&s);
    rca_graph_free(&c.g);
}

static void other_numbers_for_the_entities_change_nothing(void **unused)
{
    const rca_id id[] = {0, 1, 2}, other[] = {2, 0, 1};
    struct rca_attribution *a = NULL, *b = NULL;
    struct rca_scene s, t;
    struct chain c, d;

    (void)unused;
    make(&c, id, 4711);
    make(&d, other, 4711);
    attribute(&c, 0, &s, &a);
    attribute(&d, 2, &t, &b);
    assert_int_equal(b->culprits[0].entity, 0);
    assert_close(a->culprits[0].share, b->culprits[0].share, 1e-9);
    assert_close(a->culprits[0].part, b->culprits[0].part, 1e-9);
    rca_attribution_free(&a);
    rca_attribution_free(&b);
    rca_scene_done(&s);
    rca_scene_done(&t);
    rca_graph_free(&c.g);
    rca_graph_free(&d.g);
}

static void other_units_change_nothing(void **unused)
{
    const rca_id id[] = {0, 1, 2};
    struct rca_attribution *a = NULL, *b = NULL;
    struct rca_scene s, t;
    struct chain c, d;

    (void)unused;
    make(&c, id, 4711);
    make(&d, id, 4711);
    for (size_t v = 0; v < 6; v++)
        d.vars[v].metric.resolution *= 1000;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(d.x); i++)
        d.x[i] *= 1000;
    attribute(&c, 0, &s, &a);
    attribute(&d, 0, &t, &b);
    assert_close(a->culprits[0].share, b->culprits[0].share, 1e-9);
    assert_close(1000 * a->culprits[0].part, b->culprits[0].part, 1e-9);
    rca_attribution_free(&a);
    rca_attribution_free(&b);
    rca_scene_done(&s);
    rca_scene_done(&t);
    rca_graph_free(&c.g);
    rca_graph_free(&d.g);
}

/* 10 services that call each other at random, cycles and all, a load that all
 * follow, and faults in some of them */
static void make_random(struct incident *c, uint64_t *state)
{
    double common[ROWS], *x;

    incident_init(c, ROWS, START);
    for (size_t r = 0; r < ROWS; r++)
        common[r] = incident_normal(state) + (r < START ? 0 : 4);
    for (rca_id i = 0; i < 10; i++) {
        const double fault = test_random(state) < 0.3 ? 20 : 0;
        const double part = 3 * test_random(state);

        (void)incident_entity(c, RCA_KIND_SERVICE);
        for (int k = 0; k < 3; k++)
            incident_edge(c, i, (rca_id)(test_random(state) * 10),
                          RCA_EDGE_CALLS);
        x = incident_metric(c, i, "a_latency", NULL);
        for (size_t r = 0; r < ROWS; r++)
            x[r] = 50 + part * common[r] + 0.3 * incident_normal(state) +
                   (r < START ? 0 : fault * test_random(state));
        x = incident_metric(c, i, "errors", NULL);
        for (size_t r = START; r < ROWS && part > 1; r++)
            x[r] = fault * test_random(state);
    }
}

/* sum of what all did, what nobody did and what went round in cycles */
static double add_up(const struct rca_attribution *a)
{
    double sum = a->rest + a->feedback;

    for (size_t e = 0; e < a->n_culprits; e++)
        sum += a->culprits[e].part;
    return sum;
}

static void the_terms_add_up_in_any_graph(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    size_t resolved = 0, unresolved = 0;
    const int rounds = test_rounds(60);

    (void)unused;
    for (int k = 0; k < rounds; k++) {
        struct rca_scene s;
        struct incident c;

        make_random(&c, &state);
        incident_scene(&c, &s);
        for (uint32_t v = 0; v < c.w.n_vars; v += 2) {
            struct rca_attribution *a = NULL;
            double shares = 0;

            assert_ok(rca_attribution_new(&s, v, 1, &a));
            if (s.traits[v].abnormal)
                assert_close(add_up(a), s.traits[v].shift, 1e-9);
            for (size_t e = 0; e < a->n_culprits; e++)
                shares += a->culprits[e].share;
            assert_close(shares + a->unexplained, 1, 1e-9);
            resolved += a->feedback == 0;
            unresolved += a->feedback != 0;
            rca_attribution_free(&a);
        }
        rca_scene_done(&s);
        rca_graph_free(&c.g);
    }
    /* both were tried */
    assert_true(rounds < 60 || (resolved > 0 && unresolved > 0));
}

/* 0 calls 1 and 2 one after the other, 1 calls 3, 2 calls 4; 3 gets slower by
 * @by[0], 4 by @by[1] */
static void make_branches(struct incident *c, const double by[2],
                          uint64_t *state)
{
    static const rca_id calls[][2] = {{0, 1}, {0, 2}, {1, 3}, {2, 4}, {2, 5}};
    double *x[6];

    incident_init(c, ROWS, START);
    for (rca_id i = 0; i < 6; i++) {
        (void)incident_entity(c, RCA_KIND_SERVICE);
        x[i] = incident_metric(c, i, "a_latency", NULL);
        for (size_t r = 0; r < ROWS; r++)
            x[i][r] = 10 + incident_normal(state);
    }
    for (size_t r = START; r < ROWS; r++) {
        x[3][r] += by[0];
        x[4][r] += by[1];
    }
    for (size_t k = RCA_ARRAY_SIZE(calls); k-- > 0;) {
        incident_edge(c, calls[k][0], calls[k][1], RCA_EDGE_CALLS);
        for (size_t r = 0; r < ROWS; r++)
            x[calls[k][0]][r] += x[calls[k][1]][r];
    }
    c->i.victim = 0;
}

static void two_faults_on_two_branches_share_the_change(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < 30; k++) {
        const double by[] = {15 + 15 * test_random(&state),
                             15 + 15 * test_random(&state)};
        struct rca_ranking *r = NULL;
        struct incident c;
        int found = 0;

        make_branches(&c, by, &state);
        assert_ok(incident_rank(&c, RCA_METHOD_ATTRIBUTION, 0, 1, &r));
        for (size_t i = 0; i < 3; i++) {
            const rca_id e = r->list[i].entity;

            if (e != 3 && e != 4)
                continue;
            found++;
            assert_true(fabs(r->list[i].share - by[e - 3] / (by[0] + by[1])) <
                        0.15);
        }
        assert_int_equal(found, 2);
        rca_ranking_free(&r);
        rca_graph_free(&c.g);
    }
}

/* A queue through which nothing went before: what it does to its user is that
 * packets wait, not that there are some. */
static void a_first_load_is_not_what_is_felt(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct rca_attribution *a = NULL;
    struct rca_scene s;
    struct incident c;
    double *latency, *packets, *wait;

    (void)unused;
    incident_init(&c, ROWS, START);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)incident_entity(&c, RCA_KIND_QDISC);
    incident_edge(&c, 0, 1, RCA_EDGE_USES);
    latency = incident_metric(&c, 0, "request_latency_mean_seconds", NULL);
    packets = incident_metric(&c, 1, "qdisc_packets_per_second", NULL);
    wait = incident_metric(&c, 1, "qdisc_sojourn_mean_seconds", NULL);
    for (size_t r = 0; r < ROWS; r++)
        latency[r] = 0.01 + 0.001 * noise(&state);
    for (size_t r = START; r < ROWS; r++) {
        packets[r] = 34 + noise(&state);
        wait[r] = 0.066 + 0.01 * noise(&state);
        latency[r] += wait[r];
    }
    (void)incident_made(&c);
    assert_ok(rca_scene_init(&s, &c.w, c.g, (struct rca_rows){0, START - 5},
                             (struct rca_rows){START, ROWS}));
    assert_ok(rca_attribution_new(&s, 0, 1, &a));
    for (size_t e = 0; e < a->n_culprits; e++) {
        const struct rca_culprit *culprit = &a->culprits[e];
        const uint32_t v = a->factors[culprit->carrier].target;

        if (c.vars[v].entity == 1)
            assert_int_equal(v, 2);
    }
    rca_attribution_free(&a);
    rca_scene_done(&s);
    rca_graph_free(&c.g);
}

static void every_failed_allocation_is_reported(void **unused)
{
    const rca_id id[] = {0, 1, 2};
    struct chain c;
    int err = -1;

    (void)unused;
    make(&c, id, 4711);
    for (long n = 0; err; n++) {
        struct rca_attribution *a = NULL;
        struct rca_scene s = {0};

        oom_after(n);
        err = rca_scene_init(&s, &c.w, c.g, (struct rca_rows){0, START - 5},
                             (struct rca_rows){START, ROWS});
        if (!err)
            err = rca_attribution_new(&s, 0, 1, &a);
        assert_true(err == 0 || oom_hit());
        oom_after(-1);
        rca_attribution_free(&a);
        rca_scene_done(&s);
    }
    rca_graph_free(&c.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_add_up_to_the_change),
        cmocka_unit_test(the_entity_in_the_middle_is_the_cause),
        cmocka_unit_test(other_numbers_for_the_entities_change_nothing),
        cmocka_unit_test(other_units_change_nothing),
        cmocka_unit_test(the_terms_add_up_in_any_graph),
        cmocka_unit_test(two_faults_on_two_branches_share_the_change),
        cmocka_unit_test(a_first_load_is_not_what_is_felt),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
