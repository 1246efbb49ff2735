/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/graph.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

/* front -> cart -> db -> front is a cycle; a link and a stranger beside it */
static const struct rca_entity entities[] = {
    {70, RCA_KIND_SERVICE, "front", "h", 1, 9},
    {10, RCA_KIND_SERVICE, "cart", "h", 1, 9},
    {50, RCA_KIND_SERVICE, "db", "h", 1, 9},
    {20, RCA_KIND_NIC, "veth0", "h", 1, 9},
    {30, RCA_KIND_NIC, "veth1", "", 1, 9},
};
static const struct rca_edge edges[] = {
    {70, 10, RCA_EDGE_CALLS, 5, 6}, {70, 99, RCA_EDGE_CALLS, 1, 1},
    {10, 50, RCA_EDGE_CALLS, 1, 2}, {70, 10, RCA_EDGE_CALLS, 2, 3},
    {10, 10, RCA_EDGE_CALLS, 1, 1}, {50, 70, RCA_EDGE_CALLS, 1, 1},
    {30, 20, RCA_EDGE_LINK, 1, 2},  {20, 30, RCA_EDGE_LINK, 3, 4},
    {70, 10, RCA_EDGE_USES, 1, 1},
};

static struct rca_graph *make(void)
{
    struct rca_graph *g = NULL;

    assert_ok(rca_graph_new(entities, RCA_ARRAY_SIZE(entities), edges,
                            RCA_ARRAY_SIZE(edges), &g));
    return g;
}

static void entities_keep_their_order_and_own_their_names(void **state)
{
    char name[] = "changing";
    const struct rca_entity one = {7, RCA_KIND_HOST, name, name, 3, 4};
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;

    (void)state;
    assert_ok(rca_graph_new(&one, 1, NULL, 0, &g));
    name[0] = 'X';
    assert_int_equal(rca_graph_size(g), 1);
    assert_int_equal(rca_graph_edges(g), 0);
    assert_string_equal(rca_graph_entity(g, 0)->name, "changing");
    assert_string_equal(rca_graph_entity(g, 0)->host, "changing");
    assert_int_equal(rca_graph_entity(g, 0)->kind, RCA_KIND_HOST);
    assert_true(rca_graph_entity(g, 0)->last == 4);
}

static void ids_lead_to_nodes(void **state)
{
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = make();

    (void)state;
    for (uint32_t v = 0; v < RCA_ARRAY_SIZE(entities); v++)
        assert_int_equal(rca_graph_node(g, entities[v].id), v);
    assert_int_equal(rca_graph_node(g, 99), UINT32_MAX);
    assert_int_equal(rca_graph_node(g, RCA_ID_NONE), UINT32_MAX);
}

static void equal_edges_are_one_over_all_their_times(void **state)
{
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = make();
    const struct rca_edge *e;

    (void)state;
    /* front-cart calls, cart-db, db-front, the link, front-cart uses */
    assert_int_equal(rca_graph_edges(g), 5);
    e = rca_graph_edge(g, 0);
    assert_int_equal(e->source, 70);
    assert_int_equal(e->target, 10);
    assert_true(e->first == 2 && e->last == 6);
    e = rca_graph_edge(g, 3);
    assert_int_equal(e->kind, RCA_EDGE_LINK);
    assert_true(e->first == 1 && e->last == 4);
    assert_int_equal(rca_graph_edge(g, 4)->kind, RCA_EDGE_USES);
}

static void a_time_that_is_not_known_does_not_widen(void **state)
{
    const struct rca_edge two[] = {
        {70, 10, RCA_EDGE_CALLS, RCA_TIME_NONE, RCA_TIME_NONE},
        {70, 10, RCA_EDGE_CALLS, 4, 5},
    };
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;

    (void)state;
    assert_ok(rca_graph_new(entities, 2, two, 2, &g));
    assert_true(rca_graph_edge(g, 0)->first == 4);
    assert_true(rca_graph_edge(g, 0)->last == 5);
}

static void arcs_are_seen_from_both_ends(void **state)
{
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = make();
    const struct rca_arc *arcs;
    size_t n;

    (void)state;
    arcs = rca_graph_arcs(g, 0, &n); /* front */
    assert_int_equal(n, 3);
    assert_int_equal(arcs[0].node, 1);
    assert_int_equal(arcs[0].kind, RCA_EDGE_CALLS);
    assert_true(arcs[0].out);
    assert_int_equal(arcs[1].kind, RCA_EDGE_USES);
    assert_int_equal(arcs[2].node, 2);
    assert_false(arcs[2].out);
    assert_int_equal(rca_graph_edge(g, arcs[2].edge)->source, 50);
    arcs = rca_graph_arcs(g, 3, &n); /* veth0 */
    assert_int_equal(n, 1);
    assert_int_equal(arcs[0].node, 4);
}

static void a_duplicate_id_is_refused(void **state)
{
    const struct rca_entity twice[] = {
        {1, RCA_KIND_HOST, "a", "", 0, 0},
        {1, RCA_KIND_HOST, "b", "", 0, 0},
    };
    struct rca_graph *g = NULL;

    (void)state;
    assert_err(rca_graph_new(twice, 2, NULL, 0, &g), -EINVAL);
    assert_null(g);
}

static void nothing_makes_an_empty_graph(void **state)
{
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;

    (void)state;
    assert_ok(rca_graph_new(NULL, 0, edges, RCA_ARRAY_SIZE(edges), &g));
    assert_int_equal(rca_graph_size(g), 0);
    assert_int_equal(rca_graph_edges(g), 0);
    rca_graph_free(&g);
    rca_graph_free(&g);
}

static void a_walk_goes_outwards_in_order(void **state)
{
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = make();
    uint32_t nodes[8];
    unsigned hops[8];

    (void)state;
    assert_int_equal(rca_graph_walk(g, 2, 9, 8, nodes, hops), 3);
    assert_int_equal(nodes[0], 2);
    assert_int_equal(nodes[1], 0);
    assert_int_equal(nodes[2], 1);
    assert_int_equal(hops[0], 0);
    assert_int_equal(hops[2], 1);
    assert_int_equal(rca_graph_walk(g, 2, 0, 8, nodes, NULL), 1);
    assert_int_equal(rca_graph_walk(g, 2, 9, 2, nodes, NULL), 2);
    assert_int_equal(nodes[1], 0);
    assert_int_equal(rca_graph_walk(g, 2, 9, 0, nodes, NULL), 0);
    assert_int_equal(rca_graph_walk(g, 3, 1, 8, nodes, hops), 2);
    assert_int_equal(hops[1], 1);
}

enum { MANY = 60 };

/* distances by relaxing all edges until nothing changes: slow and plain */
static void relax(const struct rca_edge *e, size_t m, unsigned *far)
{
    for (int round = 0; round < MANY; round++) {
        for (size_t i = 0; i < m; i++) {
            const uint32_t a = e[i].source, b = e[i].target;

            if (far[a] != UINT32_MAX && far[a] + 1 < far[b])
                far[b] = far[a] + 1;
            if (far[b] != UINT32_MAX && far[b] + 1 < far[a])
                far[a] = far[b] + 1;
        }
    }
}

static void a_walk_agrees_with_relaxation_on_random_graphs(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    for (int run = 0; run < 50; run++) {
        struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
        struct rca_entity v[MANY];
        struct rca_edge e[MANY];
        unsigned far[MANY], hops[MANY];
        uint32_t nodes[MANY];
        int n, want = 0;

        for (uint32_t i = 0; i < MANY; i++) {
            v[i] = (struct rca_entity){i, RCA_KIND_OTHER, "x", "", 0, 0};
            e[i] = (struct rca_edge){(rca_id)(test_random(&seed) * MANY),
                                     (rca_id)(test_random(&seed) * MANY),
                                     RCA_EDGE_CALLS, 0, 0};
            far[i] = UINT32_MAX;
        }
        far[0] = 0;
        relax(e, MANY, far);
        for (int i = 0; i < MANY; i++)
            want += far[i] <= 4;
        assert_ok(rca_graph_new(v, MANY, e, MANY, &g));
        n = rca_graph_walk(g, 0, 4, MANY, nodes, hops);
        assert_int_equal(n, want);
        for (int i = 0; i < n; i++) {
            assert_int_equal(hops[i], far[nodes[i]]);
            if (i && hops[i] == hops[i - 1])
                assert_true(nodes[i] > nodes[i - 1]);
            assert_true(!i || hops[i] >= hops[i - 1]);
        }
    }
}

static void every_allocation_may_fail(void **state)
{
    int err = -ENOMEM;

    (void)state;
    for (long k = 0; err; k++) {
        struct rca_graph *g = NULL;
        uint32_t nodes[8];

        oom_after(k);
        err = rca_graph_new(entities, RCA_ARRAY_SIZE(entities), edges,
                            RCA_ARRAY_SIZE(edges), &g);
        if (!err) {
            const int n = rca_graph_walk(g, 0, 9, 8, nodes, NULL);

            err = n < 0 ? n : 0;
        } else {
            assert_null(g);
        }
        assert_int_equal(err, oom_hit() ? -ENOMEM : 0);
        oom_after(-1);
        rca_graph_free(&g);
        assert_true(k < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entities_keep_their_order_and_own_their_names),
        cmocka_unit_test(ids_lead_to_nodes),
        cmocka_unit_test(equal_edges_are_one_over_all_their_times),
        cmocka_unit_test(a_time_that_is_not_known_does_not_widen),
        cmocka_unit_test(arcs_are_seen_from_both_ends),
        cmocka_unit_test(a_duplicate_id_is_refused),
        cmocka_unit_test(nothing_makes_an_empty_graph),
        cmocka_unit_test(a_walk_goes_outwards_in_order),
        cmocka_unit_test(a_walk_agrees_with_relaxation_on_random_graphs),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
