/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "datasets/simulate.h"

#include <errno.h>

#include "datasets/case_write.h"
#include "datasets/simulate_net.h"
#include "datasets/simulate_random.h"
#include "datasets/simulate_world.h"
#include "tests/harness/oom.h"
#include "tests/unit/datasets/folder.h"

struct made {
    struct rca_case *c;
    struct rca_sim_truth truth;
};

static struct rca_sim_options drawn(uint64_t seed)
{
    return (struct rca_sim_options){.seed = seed,
                                    .style = RCA_SIM_STYLE_COUNT,
                                    .fault = RCA_SIM_FAULT_COUNT,
                                    .second = RCA_SIM_FAULT_COUNT};
}

static void make(const struct rca_sim_options *o, struct made *m)
{
    *m = (struct made){0};
    assert_ok(rca_simulate(o, &m->c, &m->truth));
}

static void drop(struct made *m)
{
    rca_case_free(&m->c);
    rca_sim_truth_done(&m->truth);
}

static rca_id id_of(const struct rca_case *c, const char *name)
{
    for (uint32_t i = 0; i < rca_graph_size(c->graph); i++) {
        if (!strcmp(rca_graph_entity(c->graph, i)->name, name))
            return rca_graph_entity(c->graph, i)->id;
    }
    return RCA_ID_NONE;
}

static void same_value(double got, double want, double rtol)
{
    if (isnan(want))
        assert_nan(got);
    else
        assert_close(got, want, rtol);
}

/* values to @rtol, all else exactly */
static void same_case(const struct rca_case *a, const struct rca_case *b,
                      double rtol)
{
    const struct rca_window *w = a->window;

    assert_string_equal(a->name, b->name);
    assert_string_equal(a->dataset, b->dataset);
    assert_int_equal(w->n_rows, b->window->n_rows);
    assert_int_equal(w->n_vars, b->window->n_vars);
    assert_int_equal(w->step, b->window->step);
    assert_memory_equal(a->times, b->times, w->n_rows * sizeof(*a->times));
    for (size_t v = 0; v < w->n_vars; v++) {
        assert_int_equal(w->vars[v].entity, b->window->vars[v].entity);
        assert_string_equal(w->vars[v].metric.name,
                            b->window->vars[v].metric.name);
        assert_int_equal(w->vars[v].metric.role,
                         b->window->vars[v].metric.role);
    }
    for (size_t i = 0; i < w->n_rows * w->n_vars; i++)
        same_value(w->x[i], b->window->x[i], rtol);
}

static void same_surroundings(const struct rca_case *a,
                              const struct rca_case *b)
{
    assert_int_equal(rca_graph_size(a->graph), rca_graph_size(b->graph));
    assert_int_equal(rca_graph_edges(a->graph), rca_graph_edges(b->graph));
    for (uint32_t i = 0; i < rca_graph_size(a->graph); i++) {
        const struct rca_entity *e = rca_graph_entity(a->graph, i);

        assert_string_equal(e->name, rca_graph_entity(b->graph, i)->name);
        assert_int_equal(e->kind, rca_graph_entity(b->graph, i)->kind);
        assert_string_equal(a->service[i], b->service[i]);
    }
    assert_int_equal(a->incident.victim, b->incident.victim);
    assert_int_equal(!a->incident.metric, !b->incident.metric);
    if (a->incident.metric)
        assert_string_equal(a->incident.metric, b->incident.metric);
    assert_memory_equal(&a->incident.before, &b->incident.before,
                        sizeof(a->incident.before));
    assert_memory_equal(&a->incident.incident, &b->incident.incident,
                        sizeof(a->incident.incident));
}

static void the_generator_is_the_published_one(void **state)
{
    /* the reference implementation's first numbers for seed 1234567 */
    struct rca_sim_random r = {1234567};

    (void)state;
    assert_true(rca_sim_random_next(&r) == UINT64_C(6457827717110365317));
    assert_true(rca_sim_random_next(&r) == UINT64_C(3203168211198807973));
    assert_true(rca_sim_random_next(&r) == UINT64_C(9817491932198370423));
}

static void its_mathematics_agree_with_the_library(void **state)
{
    (void)state;
    for (int i = -800; i < 800; i++) {
        const double x = 0.037 * i;

        assert_close(rca_sim_exp(x), exp(x), 1e-14);
        assert_true(fabs(rca_sim_log(exp(x)) - x) <= 1e-14 * (1 + fabs(x)));
        assert_true(fabs(rca_sim_wave(x) - sin(2 * 3.14159265358979 * x)) <
                    0.002);
    }
    assert_true(rca_sim_exp(-1000) <= 0);
}

static void normal_numbers_have_mean_0_and_variance_1(void **state)
{
    struct rca_sim_random r = rca_sim_random_make(test_seed(), 3);
    const int n = 100000;
    double sum = 0, square = 0;

    (void)state;
    for (int i = 0; i < n; i++) {
        const double z = rca_sim_random_normal(&r);

        sum += z;
        square += z * z;
    }
    assert_true(fabs(sum / n) < 0.02);
    assert_true(fabs(square / n - 1) < 0.03);
}

static void one_seed_makes_one_case(void **state)
{
    const uint64_t first = test_seed() * 1000;

    (void)state;
    for (uint64_t seed = first; seed < first + 5; seed++) {
        const struct rca_sim_options o = drawn(seed);
        struct made a, b;

        make(&o, &a);
        make(&o, &b);
        same_case(a.c, b.c, 0);
        same_surroundings(a.c, b.c);
        drop(&a);
        drop(&b);
    }
}

static void check_sane(const struct made *m)
{
    const struct rca_case *c = m->c;
    const struct rca_rows rows = c->incident.incident;

    assert_true(c->incident.before.to == rows.from && rows.to > rows.from);
    assert_true(c->window->n_vars > 0);
    for (size_t i = 0; i < c->window->n_vars * c->window->n_rows; i++)
        assert_true(isnan(c->window->x[i]) || fabs(c->window->x[i]) < 1e18);
    if (!m->truth.entity)
        return;
    assert_int_not_equal(id_of(c, m->truth.entity), RCA_ID_NONE);
    assert_int_not_equal(id_of(c, m->truth.service), RCA_ID_NONE);
    assert_int_equal(m->truth.hidden, m->truth.metric[0] == NULL);
    for (size_t i = 0; m->truth.metric[i]; i++)
        assert_true(strlen(m->truth.metric[i]) > 0);
}

static void every_style_can_have_every_fault_it_should(void **state)
{
    const uint64_t seed = test_seed();

    (void)state;
    for (unsigned s = 0; s < RCA_SIM_STYLE_COUNT; s++) {
        for (unsigned f = 0; f < RCA_SIM_FAULT_COUNT; f++) {
            struct rca_sim_options o = drawn(seed * 1000 + f);
            struct made m;

            o.style = (enum rca_sim_style)s;
            o.fault = (enum rca_sim_fault)f;
            o.normal = 40;
            o.incident = 10;
            if (!rca_sim_can(o.style, o.fault))
                continue;
            make(&o, &m);
            check_sane(&m);
            drop(&m);
        }
    }
}

static void what_was_asked_for_is_made(void **state)
{
    struct rca_sim_options o = drawn(test_seed());
    struct made m;

    (void)state;
    o.style = RCA_SIM_STYLE_TRACE;
    o.fault = RCA_SIM_FAULT_SLOW;
    o.second = RCA_SIM_FAULT_NONE;
    o.graph = RCA_SIM_GRAPH_NONE;
    o.victim = RCA_SIM_VICTIM_METRIC;
    o.services = 9;
    o.step = 30;
    o.normal = 70;
    o.incident = 12;
    make(&o, &m);
    assert_int_equal(m.truth.fault, RCA_SIM_FAULT_SLOW);
    assert_null(m.truth.other);
    assert_int_equal(m.c->window->n_rows, 82);
    assert_int_equal(m.c->window->step, 30 * RCA_SECOND);
    assert_int_equal(m.c->incident.before.to, 70);
    assert_int_equal(rca_graph_edges(m.c->graph), 0);
    assert_non_null(m.c->incident.metric);
    drop(&m);
}

static void a_case_read_back_is_the_same(void **state)
{
    const uint64_t first = test_seed() * 100;

    (void)state;
    for (uint64_t seed = first; seed < first + 10; seed++) {
        struct rca_sim_options o = drawn(seed);
        struct rca_truth truth = {0};
        struct rca_diag diag = {0};
        struct rca_case *back = NULL;
        struct folder f;
        struct made m;
        struct rca_case_label label = {.fault = "a \"fault\"\\"};

        o.normal = 30;
        o.incident = 6;
        make(&o, &m);
        label.entity = m.truth.entity;
        label.service = m.truth.service;
        label.metrics = (const char *const *)m.truth.metric;
        folder_new(&f, m.c->name);
        assert_ok(rca_case_write(f.at, m.c, &label, &diag));
        assert_ok(rca_case_read(f.at, &back, &diag));
        same_case(back, m.c, 1e-6);
        same_surroundings(back, m.c);
        assert_ok(rca_truth_read(f.at, &truth, &diag));
        assert_string_equal(truth.fault, label.fault);
        assert_int_equal(!truth.entity, !m.truth.entity);
        if (truth.entity)
            assert_string_equal(truth.entity, m.truth.entity);
        rca_truth_done(&truth);
        rca_case_free(&back);
        folder_done(&f);
        drop(&m);
    }
}

static void a_folder_that_cannot_be_written_is_named(void **state)
{
    const struct rca_sim_options o = drawn(1);
    const struct rca_case_label label = {0};
    struct rca_diag diag = {0};
    struct made m;

    (void)state;
    make(&o, &m);
    assert_int_equal(rca_case_write("/proc/none/here", m.c, &label, &diag),
                     -ENOENT);
    assert_string_equal(diag.file, "/proc/none/here");
    drop(&m);
}

static void options_out_of_range_are_refused(void **state)
{
    struct rca_sim_options bad[7];
    struct made m = {0};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(bad); i++)
        bad[i] = drawn(1);
    bad[0].services = 4;
    bad[1].services = 61;
    bad[2].style = RCA_SIM_STYLE_NET;
    bad[2].fault = RCA_SIM_FAULT_LEAK;
    bad[3].gap = 1;
    bad[4].normal = 1;
    bad[5].style = RCA_SIM_STYLE_COUNT + 1;
    bad[6].step = 100000;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(bad); i++)
        assert_int_equal(rca_simulate(&bad[i], &m.c, &m.truth), -EINVAL);
    assert_null(m.c);
}

static const struct rca_sim_make small = {.services = 8,
                                          .hosts = 2,
                                          .pods = 1,
                                          .rate = 50,
                                          .step = 10,
                                          .rough = 0.05};

struct lives {
    struct rca_sim_world without, with;
    struct rca_sim_push push;
};

/* two lives of one world, @rows long, that differ by lives->push */
static void live_twice(struct lives *lives, size_t rows)
{
    static const struct rca_sim_push none;

    for (size_t row = 0; row < rows; row++) {
        rca_sim_world_run(&lives->without, &none, row);
        rca_sim_world_run(&lives->with, &lives->push, row);
    }
}

static struct lives *lives_new(uint64_t seed)
{
    struct rca_sim_random r = rca_sim_random_make(seed, 1);
    struct lives *lives = calloc(1, sizeof(*lives));

    assert_non_null(lives);
    rca_sim_world_make(&lives->without, &small, &r);
    lives->with = lives->without;
    return lives;
}

static void without_a_fault_two_lives_are_the_same(void **state)
{
    struct lives *lives = lives_new(test_seed());

    (void)state;
    live_twice(lives, 50);
    assert_memory_equal(&lives->without, &lives->with, sizeof(lives->with));
    free(lives);
}

static void a_slow_callee_makes_its_callers_slow(void **state)
{
    struct lives *lives = lives_new(test_seed());
    const struct rca_sim_call *call = &lives->with.call[0];
    const struct rca_sim_service *with, *without;

    (void)state;
    lives->push.service[call->to].slow = 5;
    live_twice(lives, 5);
    with = &lives->with.service[call->from];
    without = &lives->without.service[call->from];
    assert_true(with->latency > without->latency);
    /* the caller's own work is as it was, unless its threads ran out */
    assert_true(with->busy > 0.8 || with->own <= without->own * 1.5);
    free(lives);
}

static void a_service_that_is_down_uses_no_processor(void **state)
{
    struct lives *lives = lives_new(test_seed());
    const uint32_t to = lives->with.call[0].to;

    (void)state;
    lives->push.service[to].down = 1;
    live_twice(lives, 1);
    assert_true(lives->with.service[to].cpu < lives->without.service[to].cpu);
    assert_true(lives->with.service[to].errors >= 1);
    assert_true(lives->with.call[0].fail >= 1);
    free(lives);
}

static void what_fails_early_calls_nobody(void **state)
{
    struct lives *lives = lives_new(test_seed());
    const struct rca_sim_call call = lives->with.call[0];

    (void)state;
    assert_int_equal(call.from, 0);
    lives->push.service[call.from].error = 0.9;
    live_twice(lives, 1);
    assert_true(lives->with.service[call.to].load <
                lives->without.service[call.to].load);
    assert_true(lives->with.service[call.from].latency <
                lives->without.service[call.from].latency);
    free(lives);
}

static void a_neighbour_slows_what_shares_its_host(void **state)
{
    struct lives *lives = lives_new(test_seed());
    const uint32_t host = lives->with.pod[0].host;

    (void)state;
    lives->push.host[host].cpu = 0.7;
    live_twice(lives, 3);
    assert_true(lives->with.host[host].slow > lives->without.host[host].slow);
    assert_true(lives->with.service[0].own > lives->without.service[0].own);
    free(lives);
}

static void failures_come_back_as_retries(void **state)
{
    struct lives *lives = lives_new(test_seed());
    struct rca_sim_call *call = &lives->with.call[0];

    (void)state;
    lives->without.call[0].retries = call->retries = 3;
    lives->push.service[call->to].down = 0.5;
    live_twice(lives, 2);
    assert_true(lives->with.service[call->from].retries >
                lives->without.service[call->from].retries +
                    0.1 * lives->with.service[call->from].served * call->calls);
    free(lives);
}

static double sum_flow(const struct rca_sim_net *net, size_t leaf)
{
    double sum = 0;

    for (size_t s = 0; s < net->spines; s++)
        sum += net->flow[leaf][s][0];
    return sum;
}

static void traffic_of_a_dead_link_takes_another(void **state)
{
    struct rca_sim_random r = rca_sim_random_make(test_seed(), 1);
    struct rca_sim_cut cut = {.kind = RCA_SIM_FAULT_LINK_DOWN, .size = 1};
    struct rca_sim_net without, with;

    (void)state;
    rca_sim_net_make(&without, 6, 0.1, &r);
    with = without;
    rca_sim_net_run(&without, NULL, 0);
    rca_sim_net_run(&with, &cut, 0);
    assert_close(sum_flow(&with, 0), sum_flow(&without, 0), 1e-12);
    assert_true(with.up[0][0][0] <= 0);
    assert_true(with.flow[0][0][0] < without.flow[0][0][0]);
}

static void every_allocation_may_fail(void **state)
{
    struct rca_sim_options o = drawn(5);
    struct made m = {0};
    int r = -ENOMEM;

    (void)state;
    o.style = RCA_SIM_STYLE_K8S;
    o.fault = RCA_SIM_FAULT_DISK;
    o.services = 5;
    o.normal = 10;
    o.incident = 3;
    for (long n = 0; r == -ENOMEM; n++) {
        oom_after(n);
        r = rca_simulate(&o, &m.c, &m.truth);
        oom_after(-1);
        assert_true(r == 0 || (r == -ENOMEM && !m.c));
    }
    assert_ok(r);
    drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_the_published_one),
        cmocka_unit_test(its_mathematics_agree_with_the_library),
        cmocka_unit_test(normal_numbers_have_mean_0_and_variance_1),
        cmocka_unit_test(one_seed_makes_one_case),
        cmocka_unit_test(every_style_can_have_every_fault_it_should),
        cmocka_unit_test(what_was_asked_for_is_made),
        cmocka_unit_test(a_case_read_back_is_the_same),
        cmocka_unit_test(a_folder_that_cannot_be_written_is_named),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(without_a_fault_two_lives_are_the_same),
        cmocka_unit_test(a_slow_callee_makes_its_callers_slow),
        cmocka_unit_test(a_service_that_is_down_uses_no_processor),
        cmocka_unit_test(what_fails_early_calls_nobody),
        cmocka_unit_test(a_neighbour_slows_what_shares_its_host),
        cmocka_unit_test(failures_come_back_as_retries),
        cmocka_unit_test(traffic_of_a_dead_link_takes_another),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
