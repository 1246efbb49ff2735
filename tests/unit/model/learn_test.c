/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Learning from memory: random truths, an oracle without matrices, threads. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/learned.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define ENTITIES ((size_t)5)
#define METRICS ((size_t)3)
#define ROWS ((size_t)200)

/* a chain of links: entity e beside e + 1; of the metrics nothing is known */
struct fixture {
    struct rca_graph *g;
    struct rca_window w;
    struct rca_variable vars[ENTITIES * METRICS];
    double x[ENTITIES * METRICS * ROWS];
    char names[METRICS][8];
};

static double noise(uint64_t *random)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += test_random(random);
    return sum;
}

/* metric 0 of an entity follows metric 0 of the one before; metric 1 is noise,
 * one in eight of it missing; metric 2 stands still */
static void fill(struct fixture *f, uint64_t *random)
{
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t e = 0; e < ENTITIES; e++) {
            double *x = f->x + e * METRICS * ROWS + r;
            const double before = e ? (x - METRICS * ROWS)[0] - 100 : 0;

            x[0] = 100 + 2 * before + noise(random);
            x[ROWS] = test_random(random) < 0.125 ? NAN : noise(random);
            x[2 * ROWS] = 7;
        }
    }
}

static int set_up(void **state)
{
    static struct fixture f;
    struct rca_entity entities[ENTITIES];
    struct rca_edge edges[ENTITIES - 1];
    uint64_t random = test_seed();

    memset(&f, 0, sizeof(f));
    for (rca_id e = 0; e < ENTITIES; e++) {
        entities[e] = (struct rca_entity){
            .id = e + 10, .kind = RCA_KIND_OTHER, .name = "e", .host = ""};
        if (e + 1 < ENTITIES)
            edges[e] = (struct rca_edge){
                .source = e + 10, .target = e + 11, .kind = RCA_EDGE_LINK};
    }
    for (size_t v = 0; v < RCA_ARRAY_SIZE(f.vars); v++) {
        char *name = f.names[v % METRICS];

        (void)snprintf(name, sizeof(f.names[0]), "m%zu", v % METRICS);
        f.vars[v] = (struct rca_variable){.entity = (rca_id)(v / METRICS) + 10,
                                          .metric = {.name = name,
                                                     .label = name,
                                                     .role = RCA_ROLE_OTHER,
                                                     .unit = RCA_UNIT_NONE,
                                                     .resolution = 0.01}};
    }
    f.w = (struct rca_window){.step = RCA_SECOND,
                              .n_rows = ROWS,
                              .n_vars = RCA_ARRAY_SIZE(f.vars),
                              .vars = f.vars,
                              .x = f.x};
    fill(&f, &random);
    assert_ok(rca_graph_new(entities, ENTITIES, edges, ENTITIES - 1, &f.g));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    rca_graph_free(&f->g);
    return 0;
}

static struct rca_model *learn(const struct fixture *f, unsigned jobs)
{
    struct rca_model *m = NULL;

    assert_ok(rca_model_learn(&f->w, f->g, jobs, &m));
    return m;
}

static void a_metric_is_explained_by_its_neighbour(void **state)
{
    struct rca_model *m RCA_CLEANUP(rca_model_free) = learn(*state, 1);
    struct rca_factor_view view;

    rca_model_view(m, (ENTITIES - 1) * METRICS, &view);
    assert_int_equal(view.entity, 10 + ENTITIES - 1);
    assert_true(view.n_parents >= 1);
    assert_int_equal(view.parents[0].entity, 10 + ENTITIES - 2);
    assert_string_equal(view.parents[0].metric, "m0");
    assert_true(view.residual_scale < 0.7 * view.scale);
}

/* a value as the factors see it; what is missing is what is expected */
static double scaled(const struct fixture *f, const struct rca_model *m,
                     size_t v, size_t row)
{
    const double z =
        (f->x[v * ROWS + row] - m->vars[v].centre) / m->vars[v].scale;

    return isnan(z) ? 0 : fmin(fmax(z, -8), 8);
}

/* half the derivative of what the k-th weight of @t makes best: the mean
 * square of what is left, and the ridge */
static double gradient(const struct fixture *f, const struct rca_model *m,
                       size_t t, uint32_t k)
{
    const struct rca_learned *v = &m->vars[t];
    double w[RCA_LEARNED_PARENTS], sum = 0, seen = 0;

    for (uint32_t i = 0; i < v->n_parents; i++)
        w[i] = v->weight[i] * m->vars[v->parent[i]].scale / v->scale;
    for (size_t r = 0; r < ROWS; r++) {
        double left = scaled(f, m, t, r);

        if (isnan(f->x[t * ROWS + r]))
            continue;
        for (uint32_t i = 0; i < v->n_parents; i++)
            left -= w[i] * scaled(f, m, v->parent[i], r);
        sum -= left * scaled(f, m, v->parent[k], r);
        seen++;
    }
    return sum / seen + 0.1 * w[k];
}

/* From the rows themselves, in double precision. No limit holds any weight. */
static void weights_are_where_the_gradient_is_zero(void **state)
{
    struct rca_model *m RCA_CLEANUP(rca_model_free) = learn(*state, 1);

    for (size_t t = 0; t < m->n_vars; t++) {
        for (uint32_t k = 0; k < m->vars[t].n_parents; k++)
            assert_true(fabs(gradient(*state, m, t, k)) < 1e-5);
    }
    assert_true(m->n_factors > ENTITIES);
}

static void threads_change_no_bit(void **state)
{
    struct rca_model *one RCA_CLEANUP(rca_model_free) = learn(*state, 1);
    void *want RCA_CLEANUP(rca_freep) = NULL;
    size_t size;

    assert_ok(rca_model_encode(one, &want, &size));
    for (unsigned jobs = 2; jobs < 5; jobs++) {
        struct rca_model *m RCA_CLEANUP(rca_model_free) = learn(*state, jobs);
        void *got RCA_CLEANUP(rca_freep) = NULL;
        size_t n;

        assert_ok(rca_model_encode(m, &got, &n));
        assert_int_equal(n, size);
        assert_memory_equal(got, want, size);
    }
}

/* Entity by entity or all at once. */
static void portions_change_no_bit(void **state)
{
    const struct fixture *f = *state;
    const struct rca_span span = {0, RCA_SECOND, ROWS, 0};
    struct rca_learner *l RCA_CLEANUP(rca_learner_free) = NULL;
    struct rca_model *all RCA_CLEANUP(rca_model_free) = learn(f, 1);
    struct rca_model *m RCA_CLEANUP(rca_model_free) = NULL;
    void *want RCA_CLEANUP(rca_freep) = NULL,
               *got RCA_CLEANUP(rca_freep) = NULL;
    size_t size, n;

    assert_ok(rca_learner_new(&span, 2, &l));
    for (size_t e = 0; e < ENTITIES; e++) {
        struct rca_window part = f->w;

        part.n_vars = METRICS;
        part.vars += e * METRICS;
        part.x += e * METRICS * ROWS;
        assert_ok(rca_learner_add(l, &part));
    }
    assert_ok(rca_learner_finish(l, f->g, NULL, NULL, &m));
    assert_ok(rca_model_encode(all, &want, &size));
    assert_ok(rca_model_encode(m, &got, &n));
    assert_int_equal(n, size);
    assert_memory_equal(got, want, size);
}

static void too_few_rows_are_refused(void **state)
{
    struct fixture *f = *state;
    struct rca_window w = f->w;
    struct rca_model *m = NULL;

    w.n_rows = 19;
    assert_err(rca_model_learn(&w, f->g, 1, &m), RCA_ETOOFEW);
    assert_null(m);
}

static void every_allocation_may_fail(void **state)
{
    const struct fixture *f = *state;
    long n = 0;

    for (_Bool more = 1; more; n++) {
        struct rca_model *m RCA_CLEANUP(rca_model_free) = NULL;
        int err;

        oom_after(n);
        err = rca_model_learn(&f->w, f->g, 1, &m);
        more = oom_hit();
        oom_after(-1);
        assert_int_equal(err, more ? -ENOMEM : 0);
        assert_int_equal(m == NULL, more);
    }
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metric_is_explained_by_its_neighbour),
        cmocka_unit_test(weights_are_where_the_gradient_is_zero),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(portions_change_no_bit),
        cmocka_unit_test(too_few_rows_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
