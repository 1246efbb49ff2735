/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/nearness.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define MOST 12

static struct rca_graph *graph(size_t n, const struct rca_edge *edges, size_t m)
{
    struct rca_entity e[MOST];
    struct rca_graph *g = NULL;

    for (size_t i = 0; i < n; i++)
        e[i] = (struct rca_entity){
            .id = (rca_id)i, .kind = RCA_KIND_SERVICE, .name = "s", .host = ""};
    assert_ok(rca_graph_new(e, n, edges, m, &g));
    return g;
}

/* a visitor of @from prefers @to so much; the walk's definition once more, from
 * edges instead of arcs */
static double preference(const struct rca_edge *edges, size_t m,
                         const double *odd, const rca_id step[2])
{
    const double target = odd[step[1]] + 1e-3;
    double sum = step[0] == step[1] ? 0.5 * target : 0;

    for (size_t i = 0; i < m; i++) {
        const _Bool both =
            edges[i].kind == RCA_EDGE_PART_OF || edges[i].kind == RCA_EDGE_LINK;

        if (edges[i].source == step[0] && edges[i].target == step[1])
            sum += target;
        if (edges[i].target == step[0] && edges[i].source == step[1])
            sum += target * (both ? 1 : 0.2);
    }
    return sum;
}

/* (I - 0.85 P') visits = 0.15 restart, by Gauss with pivots */
static void solve(double a[MOST][MOST + 1], size_t n, double *ret)
{
    for (size_t c = 0; c < n; c++) {
        size_t best = c;

        for (size_t r = c; r < n; r++)
            best = fabs(a[r][c]) > fabs(a[best][c]) ? r : best;
        for (size_t k = 0; k <= n; k++) {
            const double t = a[c][k];

            a[c][k] = a[best][k];
            a[best][k] = t;
        }
        for (size_t r = 0; r < n; r++) {
            const double f = a[r][c] / a[c][c];

            for (size_t k = 0; k <= n && r != c; k++)
                a[r][k] -= f * a[c][k];
        }
    }
    for (size_t r = 0; r < n; r++)
        ret[r] = a[r][n] / a[r][r];
}

static void visits_by_algebra(const struct rca_edge *edges, size_t m,
                              const double *odd, size_t n, double *ret)
{
    double a[MOST][MOST + 1] = {{0}};

    for (rca_id i = 0; i < n; i++) {
        double all = 0;

        for (rca_id j = 0; j < n; j++)
            all += preference(edges, m, odd, (rca_id[]){i, j});
        for (rca_id j = 0; j < n; j++)
            a[j][i] -= 0.85 * preference(edges, m, odd, (rca_id[]){i, j}) / all;
        a[i][i] += 1;
        a[i][n] = i == 0 ? 0.15 : 0;
    }
    solve(a, n, ret);
}

static size_t random_edges(struct rca_edge *edges, size_t n, uint64_t *state)
{
    size_t m = 0;

    for (rca_id i = 0; i < n; i++) {
        for (rca_id j = 0; j < n; j++) {
            if (i != j && test_random(state) < 0.2)
                edges[m++] =
                    (struct rca_edge){.source = i,
                                      .target = j,
                                      .kind = (enum rca_edge_kind)(
                                          test_random(state) * RCA_EDGE_LINK)};
        }
    }
    return m;
}

static void the_visits_are_those_of_the_walk_and_add_up(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < 50; k++) {
        const size_t n = 2 + (size_t)(test_random(&state) * (MOST - 2));
        struct rca_edge edges[MOST * MOST];
        const size_t m = random_edges(edges, n, &state);
        struct rca_graph *g = graph(n, edges, m);
        double odd[MOST], visits[MOST], want[MOST], sum = 0;

        for (size_t i = 0; i < n; i++)
            odd[i] = test_random(&state) < 0.5 ? 0 : 9 * test_random(&state);
        assert_ok(rca_nearness(g, odd, 0, visits));
        visits_by_algebra(edges, m, odd, n, want);
        for (size_t i = 0; i < n; i++) {
            /* 0.85^60 = 6e-5 is left of where it began */
            assert_true(fabs(visits[i] - want[i]) < 1e-4);
            sum += visits[i];
        }
        assert_close(sum, 1, 1e-12);
        rca_graph_free(&g);
    }
}

static void a_victim_without_edges_is_never_left(void **unused)
{
    const struct rca_edge edge = {
        .source = 0, .target = 1, .kind = RCA_EDGE_CALLS};
    struct rca_graph *g = graph(3, &edge, 1);
    const double odd[] = {5, 5, 0};
    double visits[3];

    (void)unused;
    assert_ok(rca_nearness(g, odd, 2, visits));
    assert_close(visits[2], 1, 1e-12);
    assert_true(visits[0] == 0 && visits[1] == 0);
    rca_graph_free(&g);
}

static void without_a_victim_it_starts_at_what_deviates(void **unused)
{
    struct rca_graph *g = graph(3, NULL, 0);
    const double odd[] = {0.999, 2.999, 0};
    double visits[3];

    (void)unused;
    assert_ok(rca_nearness(g, odd, UINT32_MAX, visits));
    assert_close(visits[0], 1 / 4.001, 1e-9);
    assert_close(visits[1], 3 / 4.001, 1e-9);
    rca_graph_free(&g);
}

/* of two callees the one that deviates; a callee before an equal caller */
static void it_goes_to_what_deviates_and_to_what_is_depended_on(void **unused)
{
    const struct rca_edge edges[] = {
        {.source = 0, .target = 1, .kind = RCA_EDGE_CALLS},
        {.source = 0, .target = 2, .kind = RCA_EDGE_CALLS},
        {.source = 3, .target = 0, .kind = RCA_EDGE_CALLS}};
    struct rca_graph *g = graph(4, edges, 3);
    const double odd[] = {1, 5, 1, 1};
    double visits[4];

    (void)unused;
    assert_ok(rca_nearness(g, odd, 0, visits));
    assert_true(visits[1] > 2 * visits[2]);
    assert_true(visits[2] > 2 * visits[3]);
    assert_true(visits[3] > 0);
    rca_graph_free(&g);
}

static void no_entities_are_no_error(void **unused)
{
    struct rca_graph *g = graph(0, NULL, 0);

    (void)unused;
    assert_ok(rca_nearness(g, NULL, UINT32_MAX, NULL));
    rca_graph_free(&g);
}

static void a_failed_allocation_leaves_the_result_alone(void **unused)
{
    struct rca_graph *g = graph(1, NULL, 0);
    const double odd = 1;
    double visits = 42;

    (void)unused;
    oom_after(0);
    assert_err(rca_nearness(g, &odd, 0, &visits), -ENOMEM);
    oom_after(-1);
    assert_true(visits == 42);
    rca_graph_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_visits_are_those_of_the_walk_and_add_up),
        cmocka_unit_test(a_victim_without_edges_is_never_left),
        cmocka_unit_test(without_a_victim_it_starts_at_what_deviates),
        cmocka_unit_test(it_goes_to_what_deviates_and_to_what_is_depended_on),
        cmocka_unit_test(no_entities_are_no_error),
        cmocka_unit_test(a_failed_allocation_leaves_the_result_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
