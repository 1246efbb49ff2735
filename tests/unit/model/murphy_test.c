/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/murphy.h"

#include "tests/unit/model/incident.h"

#define METHOD RCA_METHOD_MURPHY
#define ROWS 120
#define START 100

/* --- chains ----------------------------------------------------------------- */

#define VARS 40

/* some variables resampled, the others held; owns what the chain borrows */
struct bench {
    struct rca_murphy_chain chain;
    uint32_t order[VARS], slot[VARS];
    struct rca_regression factors[VARS];
    double value[VARS];
};

static void bench_init(struct bench *b, size_t n)
{
    memset(b, 0, sizeof(*b));
    b->chain = (struct rca_murphy_chain){.n = n,
                                         .order = b->order,
                                         .slot = b->slot,
                                         .factors = b->factors,
                                         .value = b->value};
    for (uint32_t v = 0; v < VARS; v++) {
        b->slot[v] = v < n ? v : RCA_MURPHY_FAR;
        b->order[v] = v;
    }
}

static void add_parent(struct bench *b, uint32_t v, uint32_t parent,
                       double weight)
{
    struct rca_regression *f = &b->factors[v];

    f->parent[f->n] = parent;
    f->weight[f->n++] = weight;
}

/* parents anywhere, so with cycles; the last weights make runs amplify */
static void draw_bench(struct bench *b, uint64_t *state)
{
    const size_t n = 1 + (size_t)(test_random(state) * 24);

    bench_init(b, n);
    for (uint32_t v = 0; v < VARS; v++)
        b->value[v] = 6 * test_random(state) - 3;
    for (uint32_t v = 0; v < n; v++) {
        b->factors[v].sd = test_random(state);
        for (int k = (int)(test_random(state) * 10.9); k > 0; k--) {
            const uint32_t p = (uint32_t)(test_random(state) * VARS);

            if (p != v)
                add_parent(b, v, p, 0.8 * test_random(state) - 0.4);
        }
    }
    b->chain.symptom = (uint32_t)(test_random(state) * (double)n);
}

static void sampling_agrees_with_the_closed_form(void **unused)
{
    const uint64_t seed = test_seed();
    uint64_t state = seed * 88172645463325252U;
    const double n = RCA_MURPHY_SAMPLES;

    (void)unused;
    for (uint64_t k = 0; k < 60; k++) {
        struct rca_murphy_moments exact, sampled;
        struct bench b;
        double sd;

        draw_bench(&b, &state);
        assert_ok(rca_murphy_exact(&b.chain, &exact));
        assert_ok(rca_murphy_sample(&b.chain, seed, k, &sampled));
        sd = sqrt(exact.variance);
        assert_true(fabs(sampled.mean - exact.mean) <= 4.5 * sd / sqrt(n));
        assert_true(fabs(sampled.variance - exact.variance) <=
                    4.5 * exact.variance * sqrt(2 / n));
    }
}

/* the oracle carries the whole covariance matrix forwards */
static void oracle(const struct bench *b, struct rca_murphy_moments *ret)
{
    double cov[VARS][VARS] = {{0}}, mean[VARS];
    const size_t n = b->chain.n;

    memcpy(mean, b->value, sizeof(mean));
    for (size_t step = 0; step < RCA_MURPHY_ROUNDS * n; step++) {
        const size_t v = step % n;
        const struct rca_regression *f = &b->factors[v];
        double m = 0, row[VARS] = {0}, var = f->sd * f->sd;

        for (size_t k = 0; k < f->n; k++) {
            m += f->weight[k] * mean[f->parent[k]];
            for (size_t j = 0; j < n; j++)
                row[j] += f->weight[k] * cov[f->parent[k]][j];
        }
        for (size_t k = 0; k < f->n; k++) {
            if (f->parent[k] < n)
                var += f->weight[k] * row[f->parent[k]];
        }
        mean[v] = m;
        for (size_t j = 0; j < n; j++)
            cov[v][j] = cov[j][v] = j == v ? var : row[j];
    }
    *ret = (struct rca_murphy_moments){mean[b->chain.symptom],
                                       cov[b->chain.symptom][b->chain.symptom]};
}

static void the_closed_form_is_exact(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < 300; k++) {
        struct rca_murphy_moments got, want;
        struct bench b;

        draw_bench(&b, &state);
        oracle(&b, &want);
        assert_ok(rca_murphy_exact(&b.chain, &got));
        assert_true(fabs(got.mean - want.mean) < 1e-10 * (1 + fabs(want.mean)));
        assert_true(fabs(got.variance - want.variance) <
                    1e-10 * (1 + want.variance));
    }
}

/* Three variables of precision 1 with 0.1 between each two: given the others
 * x_i ~ N(-0.1 (x_j + x_k), 1). The inverse of 0.9 I + 0.1 J has 55 / 54 on its
 * diagonal. Gibbs sampling leaves that distribution alone, and so weak a
 * coupling reaches it in 4 rounds to within 1e-5, from anywhere. */
static void a_known_gaussian_has_its_marginals(void **unused)
{
    struct rca_murphy_moments exact, sampled;
    struct bench b;

    (void)unused;
    bench_init(&b, 3);
    for (uint32_t v = 0; v < 3; v++) {
        b.value[v] = 2;
        b.factors[v].sd = 1;
        add_parent(&b, v, (v + 1) % 3, -0.1);
        add_parent(&b, v, (v + 2) % 3, -0.1);
    }
    for (uint32_t v = 0; v < 3; v++) {
        b.chain.symptom = v;
        assert_ok(rca_murphy_exact(&b.chain, &exact));
        assert_true(fabs(exact.mean) < 1e-5);
        assert_close(exact.variance, 55. / 54, 1e-5);
        assert_ok(rca_murphy_sample(&b.chain, test_seed(), v, &sampled));
        assert_true(fabs(sampled.mean) < 4.5 / sqrt(RCA_MURPHY_SAMPLES));
        assert_true(fabs(sampled.variance - 55. / 54) <
                    4.5 * sqrt(2. / RCA_MURPHY_SAMPLES));
    }
}

/* --- entities --------------------------------------------------------------- */

/* 0 - 1 - 2 - 3 with two edges between 1 and 2; 5 is not in the graph */
static void a_walk_goes_on_from_what_passes(void **unused)
{
    static const _Bool passes[] = {0, 1, 0, 1, 1};
    struct rca_murphy_graph g;
    uint32_t order[5], hops[5];
    struct incident c;

    (void)unused;
    incident_init(&c, 10, 8);
    for (rca_id e = 0; e < 4; e++) {
        assert_int_equal(incident_entity(&c, RCA_KIND_SERVICE), e);
        (void)incident_metric(&c, e, "request_latency", NULL);
    }
    (void)incident_metric(&c, 5, "request_latency", NULL);
    incident_edge(&c, 1, 0, RCA_EDGE_CALLS);
    incident_edge(&c, 1, 2, RCA_EDGE_CALLS);
    incident_edge(&c, 2, 1, RCA_EDGE_LINK);
    incident_edge(&c, 3, 2, RCA_EDGE_USES);
    assert_ok(
        rca_graph_new(c.entities, c.n_entities, c.edges, c.n_edges, &c.g));
    c.i.g = c.g;
    assert_ok(rca_murphy_graph_init(&g, &c.i, 0));
    assert_int_equal(g.n, 5);
    assert_int_equal(g.at[5], 6); /* each neighbour once, both ways */
    assert_int_equal(rca_murphy_graph_node(&g, &c.i, 4), 4);
    /* the start goes on whatever it is; 2 is reached and goes no further */
    assert_int_equal(rca_murphy_graph_walk(&g, 0, passes, order, hops), 3);
    assert_int_equal(hops[2], 2);
    assert_int_equal(hops[3], RCA_MURPHY_FAR);
    assert_int_equal(rca_murphy_graph_walk(&g, 0, NULL, order, hops), 4);
    assert_int_equal(hops[3], 3);
    rca_murphy_graph_done(&g);
    /* nothing is known of who may matter to 5 */
    assert_ok(rca_murphy_graph_init(&g, &c.i, 4));
    assert_int_equal(rca_murphy_graph_walk(&g, 4, passes, order, hops), 5);
    assert_int_equal(hops[3], 1);
    rca_murphy_graph_done(&g);
    rca_graph_free(&c.g);
}

/* --- the method ------------------------------------------------------------- */

/* front -calls-> middle -calls-> back, and front calls `side`; latencies and
 * their p99s; @slow is 20 ms slower */
static void make_chain(struct incident *c, rca_id slow, uint64_t *state)
{
    double *x[4], *p99[4];

    incident_init(c, ROWS, START);
    for (rca_id e = 0; e < 4; e++) {
        assert_int_equal(incident_entity(c, RCA_KIND_SERVICE), e);
        p99[e] = incident_metric(c, e, "latency_p99", NULL);
        x[e] = incident_metric(c, e, "request_latency", NULL);
    }
    incident_edge(c, 0, 1, RCA_EDGE_CALLS);
    incident_edge(c, 1, 2, RCA_EDGE_CALLS);
    incident_edge(c, 0, 3, RCA_EDGE_CALLS);
    for (size_t r = 0; r < ROWS; r++) {
        for (rca_id e = 0; e < 4; e++) {
            x[e][r] = 10 + incident_normal(state);
            x[e][r] += e == slow && r >= START ? 20 : 0;
        }
        x[1][r] += x[2][r];
        x[0][r] += x[1][r] + x[3][r];
        for (rca_id e = 0; e < 4; e++)
            p99[e][r] = 2 * x[e][r] + incident_normal(state);
    }
    c->i.victim = 0;
    c->i.metric = c->vars[1].metric.name;
}

/* what is slow has the largest anomaly: its callers' normal spread is larger */
static void the_slow_callee_is_named(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < 30; k++) {
        const rca_id slow = 1 + (rca_id)k % 3;

        for (int exact = 0; exact < 2; exact++) {
            uint64_t same = state;
            struct rca_ranking *r = NULL;
            struct incident c;

            make_chain(&c, slow, &same);
            assert_ok(incident_rank(&c, METHOD, exact != 0, 1, &r));
            assert_int_equal(r->list[0].entity, slow);
            assert_true(r->list[0].score > 0);
            assert_nan(r->list[0].share);
            assert_nan(r->list[0].confidence);
            assert_int_equal(r->verdict, RCA_VERDICT_CAUSE);
            rca_ranking_free(&r);
            rca_graph_free(&c.g);
        }
        (void)test_random(&state);
    }
}

static void what_was_not_accepted_comes_last(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct rca_ranking *r = NULL;
    struct incident c;

    (void)unused;
    make_chain(&c, 2, &state);
    /* slow too, but nobody's neighbour: never a candidate */
    assert_int_equal(incident_entity(&c, RCA_KIND_SERVICE), 4);
    (void)incident_metric(&c, 4, "request_latency", NULL);
    for (size_t k = 0; k < ROWS; k++)
        c.x[(size_t)8 * ROWS + k] =
            incident_normal(&state) + (k < START ? 0 : 500);
    assert_ok(incident_rank(&c, METHOD, 1, 1, &r));
    assert_int_equal(r->list[0].entity, 2);
    for (size_t k = 0; k < r->n; k++) {
        if (r->list[k].entity == 4)
            assert_true(r->list[k].score < 0);
    }
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

static void a_seed_decides_everything(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct rca_ranking *a = NULL, *b = NULL;
    struct incident c;

    (void)unused;
    make_chain(&c, 1, &state);
    assert_ok(incident_rank(&c, METHOD, 0, 42, &a));
    assert_ok(incident_rank(&c, METHOD, 0, 42, &b));
    assert_int_equal(a->n, b->n);
    for (size_t k = 0; k < a->n; k++) {
        assert_int_equal(a->list[k].entity, b->list[k].entity);
        assert_memory_equal(&a->list[k].score, &b->list[k].score,
                            sizeof(double));
    }
    rca_ranking_free(&a);
    rca_ranking_free(&b);
    rca_graph_free(&c.g);
}

/* no edges, no victim, no metric of the victim: an answer all the same */
static void little_knowledge_is_enough(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < 5; k++) {
        struct rca_ranking *r = NULL;
        struct incident c;

        make_chain(&c, 2, &state);
        if (k == 0)
            c.n_edges = 0;
        if (k == 1)
            c.i.metric = NULL;
        if (k == 2 || k == 3)
            c.i.victim = RCA_ID_NONE;
        if (k == 4) /* it has no metrics */
            c.i.victim = incident_entity(&c, RCA_KIND_CLIENT);
        if (k == 3) /* the graph knows nobody */
            c.n_entities = c.n_edges = 0;
        assert_ok(incident_rank(&c, METHOD, 1, 1, &r));
        assert_int_equal(r->list[0].entity, 2);
        assert_int_equal(r->verdict, RCA_VERDICT_CAUSE);
        rca_ranking_free(&r);
        rca_graph_free(&c.g);
    }
}

/* a constant that stays, one that moves, gaps and a column that is empty */
static void odd_columns_are_survived(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    struct rca_ranking *r = NULL;
    struct incident c;
    double *x;

    (void)unused;
    make_chain(&c, 1, &state);
    for (rca_id e = 4; e < 8; e++) {
        assert_int_equal(incident_entity(&c, RCA_KIND_SERVICE), e);
        incident_edge(&c, 0, e, RCA_EDGE_CALLS);
        x = incident_metric(&c, e, "request_latency", NULL);
        for (size_t k = 0; k < ROWS; k++) {
            x[k] = e == 5 && k >= START ? 1 : 7;
            x[k] = e == 6 && k % 3 ? (double)k : x[k];
            x[k] = e == 7 || (e == 6 && k % 5 == 0) ? NAN : x[k];
        }
    }
    for (int exact = 0; exact < 2; exact++) {
        assert_ok(incident_rank(&c, METHOD, exact != 0, 1, &r));
        for (size_t k = 0; k < r->n; k++) {
            assert_true(isfinite(r->list[k].score));
            assert_true(r->list[k].entity != 7 && r->list[k].entity != 4);
        }
        rca_ranking_free(&r);
    }
    rca_graph_free(&c.g);
}

/* A ring of retries: each calls the next. Not 0 itself: of an entity whose only
 * metric is the symptom nothing can be set to normal. */
static void a_cycle_is_answered_both_ways_alike(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (rca_id slow = 1; slow < 6; slow++) {
        struct rca_ranking *exact = NULL, *sampled = NULL;
        struct incident c;
        double *x[6];

        incident_init(&c, ROWS, START);
        for (rca_id e = 0; e < 6; e++) {
            (void)incident_entity(&c, RCA_KIND_SERVICE);
            incident_edge(&c, e, (e + 1) % 6, RCA_EDGE_CALLS);
            x[e] = incident_metric(&c, e, "request_latency", NULL);
        }
        for (size_t k = 0; k < (size_t)ROWS * 18; k++) {
            const size_t e = 5 - k % 6, r = k / 18;

            if (k % 18 < 6)
                x[e][r] = incident_normal(&state) +
                          (e == slow && r >= START ? 25 : 0);
            else
                x[e][r] += 0.2 * x[(e + 1) % 6][r];
        }
        c.i.victim = 0;
        assert_ok(incident_rank(&c, METHOD, 1, 1, &exact));
        assert_ok(incident_rank(&c, METHOD, 0, 1, &sampled));
        assert_int_equal(exact->list[0].entity, slow);
        assert_int_equal(sampled->list[0].entity, slow);
        rca_ranking_free(&exact);
        rca_ranking_free(&sampled);
        rca_graph_free(&c.g);
    }
}

static void every_failed_allocation_is_survived(void **unused)
{
    uint64_t state = 88172645463325252U;

    (void)unused;
    for (int exact = 0; exact < 2; exact++) {
        struct incident c;

        make_chain(&c, 1, &state);
        incident_survives_oom(&c, METHOD, exact != 0);
        rca_graph_free(&c.g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sampling_agrees_with_the_closed_form),
        cmocka_unit_test(the_closed_form_is_exact),
        cmocka_unit_test(a_known_gaussian_has_its_marginals),
        cmocka_unit_test(a_walk_goes_on_from_what_passes),
        cmocka_unit_test(the_slow_callee_is_named),
        cmocka_unit_test(what_was_not_accepted_comes_last),
        cmocka_unit_test(a_seed_decides_everything),
        cmocka_unit_test(little_knowledge_is_enough),
        cmocka_unit_test(odd_columns_are_survived),
        cmocka_unit_test(a_cycle_is_answered_both_ways_alike),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
