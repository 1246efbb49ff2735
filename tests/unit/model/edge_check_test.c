/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Edges judged by simulated requests: true ones, planted ones, missing ones,
 * and worlds in which nothing has to do with anything. */

#include "model/edge_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define SERVICES ((rca_id)12)
#define ROWS ((size_t)2000)

struct world {
    struct rca_window w;
    struct rca_variable vars[SERVICES];
    struct rca_entity entities[SERVICES];
    struct rca_edge edges[4 * SERVICES];
    size_t n_edges;
    double x[SERVICES * ROWS];
    struct rca_graph *g;
    struct rca_edge_check *check;
};

static double noise(uint64_t *random)
{
    const double u = 1 - test_random(random), v = test_random(random);

    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* Service i > 1 is called by service i / 2 (and nobody calls 0 and 1): half of
 * the requests of each come from there, unless all are @alone; what is their
 * own changes slowly. */
static void world_init(struct world *w, uint64_t seed, _Bool alone)
{
    uint64_t random = seed;

    memset(w, 0, sizeof(*w));
    w->w = (struct rca_window){.step = RCA_SECOND,
                               .n_rows = ROWS,
                               .n_vars = SERVICES,
                               .vars = w->vars,
                               .x = w->x};
    for (rca_id i = 0; i < SERVICES; i++) {
        double own = 0, *x = w->x + i * ROWS;

        w->entities[i] = (struct rca_entity){
            .id = i, .kind = RCA_KIND_SERVICE, .name = "s", .host = ""};
        w->vars[i].entity = i;
        w->vars[i].metric = *rca_metric_find("request_rate_per_second");
        for (size_t r = 0; r < ROWS; r++) {
            own = 0.8 * own + 10 * noise(&random);
            x[r] = 200 + own;
            if (!alone && i > 1)
                x[r] += (w->x[i / 2 * ROWS + r] - 200);
        }
        if (!alone && i > 1)
            w->edges[w->n_edges++] = (struct rca_edge){
                .source = i / 2, .target = i, .kind = RCA_EDGE_CALLS};
    }
}

static void add_edge(struct world *w, rca_id source, rca_id target)
{
    w->edges[w->n_edges++] = (struct rca_edge){
        .source = source, .target = target, .kind = RCA_EDGE_CALLS};
}

static void check(struct world *w)
{
    assert_ok(
        rca_graph_new(w->entities, SERVICES, w->edges, w->n_edges, &w->g));
    assert_ok(rca_edge_check(&w->w, w->g, RCA_EDGE_LEVEL, 1, &w->check));
}

static void world_done(struct world *w)
{
    rca_graph_free(&w->g);
    rca_edge_check_free(&w->check);
}

static const struct rca_edge_finding *finding(const struct world *w,
                                              rca_id source, rca_id target)
{
    for (size_t i = 0; i < w->check->n_edges; i++) {
        const struct rca_edge *e =
            rca_graph_edge(w->g, w->check->findings[i].edge);

        if (e->source == source && e->target == target)
            return &w->check->findings[i];
    }
    return NULL;
}

static void true_edges_are_supported(void **state)
{
    static struct world w;

    (void)state;
    world_init(&w, test_seed(), 0);
    check(&w);
    assert_int_equal(w.check->n_edges, SERVICES - 2);
    assert_int_equal(w.check->count[RCA_EDGE_SUPPORTED], SERVICES - 2);
    assert_int_equal(w.check->n_missing, 0);
    assert_int_equal(w.check->n_rows, ROWS);
    for (size_t i = 0; i < w.check->n_edges; i++) {
        const struct rca_edge_finding *f = &w.check->findings[i];

        /* both move by 10 a row, so that half of the callee's is the
         * caller's */
        assert_true(f->r > 0.5 && f->r < 0.9);
        assert_int_equal(f->lag, 0);
        assert_int_equal(f->tested, 1);
        assert_int_equal(f->against, RCA_EDGE_AGAINST_NOTHING);
    }
    world_done(&w);
}

static void a_planted_edge_is_contradicted(void **state)
{
    const struct rca_edge_finding *f;
    static struct world w;

    (void)state;
    world_init(&w, 1, 0); /* chance decides how clear it is */
    add_edge(&w, 0, 7); /* 7 is of the family of 1 */
    check(&w);
    f = finding(&w, 0, 7);
    assert_int_equal(f->state, RCA_EDGE_CONTRADICTED);
    assert_int_equal(f->against, RCA_EDGE_AGAINST_FLOW);
    assert_true(f->flow < 0.4);
    assert_ptr_equal(f, &w.check->findings[0]); /* the worst come first */
    assert_int_equal(w.check->count[RCA_EDGE_SUPPORTED], SERVICES - 2);
    world_done(&w);
}

static void a_removed_edge_is_missing(void **state)
{
    static struct world w;

    (void)state;
    world_init(&w, test_seed(), 0);
    w.n_edges--; /* 5 calls 11 */
    check(&w);
    assert_true(w.check->n_missing >= 1);
    assert_int_equal(w.check->missing[0].a, 5);
    assert_int_equal(w.check->missing[0].b, 11);
    assert_true(w.check->missing[0].r > 0.4);
    assert_int_equal(w.check->n_pairs, SERVICES * (SERVICES - 1) / 2);
    world_done(&w);
}

static void an_effect_that_comes_first_contradicts(void **state)
{
    const struct rca_edge_finding *f;
    static struct world w;
    double *cause, *effect;

    (void)state;
    world_init(&w, test_seed(), 1);
    cause = w.x + 2 * ROWS;
    effect = w.x + 3 * ROWS;
    for (size_t r = ROWS - 1; r > 0; r--)
        cause[r] = effect[r - 1];
    add_edge(&w, 2, 3);
    check(&w);
    f = finding(&w, 2, 3);
    assert_int_equal(f->state, RCA_EDGE_CONTRADICTED);
    world_done(&w);

    /* a row later is as it should be */
    world_init(&w, test_seed(), 1);
    for (size_t r = ROWS - 1; r > 0; r--)
        w.x[3 * ROWS + r] = w.x[2 * ROWS + r - 1];
    add_edge(&w, 2, 3);
    check(&w);
    f = finding(&w, 2, 3);
    assert_int_equal(f->state, RCA_EDGE_SUPPORTED);
    assert_int_equal(f->lag, 1);
    world_done(&w);
}

/* Nothing has to do with anything: whatever is believed is a false discovery.
 * At a level of 5 % at most 1 world of 20 may have one. */
static void a_null_world_has_its_false_discoveries_at_most(void **state)
{
    const int worlds = test_rounds(100);
    int supported = 0, missing = 0;

    (void)state;
    for (int k = 0; k < worlds; k++) {
        struct world w;

        world_init(&w, 1000 + (uint64_t)k, 1);
        for (rca_id i = 2; i < SERVICES; i++)
            add_edge(&w, i / 2, i);
        check(&w);
        supported += w.check->count[RCA_EDGE_SUPPORTED] > 0;
        missing += w.check->n_missing > 0;
        world_done(&w);
    }
    print_message("of %d null worlds %d have a supported edge, %d a missing "
                  "one\n",
                  worlds, supported, missing);
    assert_true(supported * 20 <= worlds || worlds < 100);
    assert_true(missing * 20 <= worlds || worlds < 100);
}

static void what_does_not_vary_is_not_tested(void **state)
{
    static struct world w;

    (void)state;
    world_init(&w, test_seed(), 0);
    for (size_t r = 0; r < ROWS; r++)
        w.x[11 * ROWS + r] = 7;
    check(&w);
    assert_int_equal(finding(&w, 5, 11)->state, RCA_EDGE_UNTESTABLE);
    assert_int_equal(finding(&w, 5, 11)->cause, UINT32_MAX);
    assert_int_equal(w.check->count[RCA_EDGE_UNTESTABLE], 1);
    world_done(&w);
}

static void gaps_are_left_out(void **state)
{
    static struct world w;

    (void)state;
    world_init(&w, test_seed(), 0);
    for (size_t r = 0; r < SERVICES * ROWS; r += 7)
        w.x[r] = NAN;
    check(&w);
    assert_true(w.check->count[RCA_EDGE_SUPPORTED] >= SERVICES - 4);
    assert_int_equal(w.check->count[RCA_EDGE_CONTRADICTED], 0);
    world_done(&w);
}

static void threads_change_nothing(void **state)
{
    struct rca_edge_check *other = NULL;
    static struct world w;

    (void)state;
    world_init(&w, test_seed(), 0);
    add_edge(&w, 0, 7);
    check(&w);
    assert_ok(rca_edge_check(&w.w, w.g, RCA_EDGE_LEVEL, 3, &other));
    assert_int_equal(other->n_edges, w.check->n_edges);
    for (size_t i = 0; i < other->n_edges; i++) {
        assert_int_equal(other->findings[i].edge, w.check->findings[i].edge);
        assert_int_equal(other->findings[i].state, w.check->findings[i].state);
        assert_memory_equal(&other->findings[i].p, &w.check->findings[i].p,
                            sizeof(double));
    }
    rca_edge_check_free(&other);
    world_done(&w);
}

static void too_few_rows_are_refused(void **state)
{
    struct rca_edge_check *got = NULL;
    static struct world w;

    (void)state;
    world_init(&w, test_seed(), 0);
    w.w.n_rows = 59;
    assert_ok(rca_graph_new(w.entities, SERVICES, w.edges, w.n_edges, &w.g));
    assert_err(rca_edge_check(&w.w, w.g, RCA_EDGE_LEVEL, 1, &got), RCA_ETOOFEW);
    assert_null(got);
    world_done(&w);
}

static void every_allocation_may_fail(void **state)
{
    static struct world w;
    int err = -ENOMEM;

    (void)state;
    world_init(&w, test_seed(), 0);
    w.n_edges--;
    assert_ok(rca_graph_new(w.entities, SERVICES, w.edges, w.n_edges, &w.g));
    for (long n = 0; err; n++) {
        oom_after(n);
        err = rca_edge_check(&w.w, w.g, RCA_EDGE_LEVEL, 1, &w.check);
        if (err) {
            assert_true(oom_hit());
            assert_err(err, -ENOMEM);
            assert_null(w.check);
        }
        oom_after(-1);
        assert_true(n < 1000);
    }
    world_done(&w);
}

static void states_have_names(void **state)
{
    (void)state;
    assert_string_equal(rca_edge_state_name(RCA_EDGE_SUPPORTED), "supported");
    assert_string_equal(rca_edge_state_name(RCA_EDGE_UNTESTABLE), "untestable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(true_edges_are_supported),
        cmocka_unit_test(a_planted_edge_is_contradicted),
        cmocka_unit_test(a_removed_edge_is_missing),
        cmocka_unit_test(an_effect_that_comes_first_contradicts),
        cmocka_unit_test(a_null_world_has_its_false_discoveries_at_most),
        cmocka_unit_test(what_does_not_vary_is_not_tested),
        cmocka_unit_test(gaps_are_left_out),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(too_few_rows_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(states_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
