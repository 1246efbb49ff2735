/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/base/err.h"
#include "graph/graph.h"
#include "tests/harness/test.h"

static const struct rca_entity entities[] = {
    {0, RCA_KIND_SERVICE, "svc-frontend", "h1", 0, 0},
    {1, RCA_KIND_CGROUP, "svc-frontend", "h1", 0, 0},
    {2, RCA_KIND_CLIENT, "load", "h1", 0, 0},
    {3, RCA_KIND_CGROUP, "load", "h1", 0, 0},
    {4, RCA_KIND_SERVICE, "db", "h1", 0, 0},
    {5, RCA_KIND_SERVICE, "db", "h2", 0, 0},
    {6, RCA_KIND_NIC, "eth0", "h1", 0, 0},
    {7, RCA_KIND_DISK, "eth0", "h1", 0, 0},
    {8, RCA_KIND_CGROUP, "system.slice/getty@tty1.service", "h1", 0, 0},
    {9, RCA_KIND_OTHER, "service/db", "", 0, 0},
    {10, RCA_KIND_OTHER, "cart@x", "", 0, 0},
    {11, RCA_KIND_SERVICE, "cart", "x", 0, 0},
};

static struct rca_graph *graph;

static int setup(void **state)
{
    (void)state;
    return rca_graph_new(entities, RCA_ARRAY_SIZE(entities), NULL, 0, &graph);
}

static int teardown(void **state)
{
    (void)state;
    rca_graph_free(&graph);
    return 0;
}

static void expect_node(const char *text, uint32_t want)
{
    uint32_t node = UINT32_MAX, list[16];
    size_t n;

    assert_ok(rca_graph_match(graph, text, &node, list, &n));
    assert_int_equal(node, want);
}

static void a_bare_name_means_the_service_or_the_client(void **state)
{
    (void)state;
    expect_node("svc-frontend", 0);
    expect_node("load", 2);
}

static void kind_and_host_narrow_a_name(void **state)
{
    (void)state;
    expect_node("cgroup/svc-frontend", 1);
    expect_node("db@h2", 5);
    expect_node("service/db@h1", 4);
    expect_node("nic/eth0", 6);
    expect_node("disk/eth0@h1", 7);
}

static void names_may_hold_slashes_and_at_signs(void **state)
{
    (void)state;
    expect_node("system.slice/getty@tty1.service", 8);
    expect_node("cgroup/system.slice/getty@tty1.service", 8);
    expect_node("cgroup/system.slice/getty@tty1.service@h1", 8);
    /* the plainest reading wins */
    expect_node("service/db", 9);
    expect_node("cart@x", 10);
    expect_node("service/cart@x", 11);
}

static void what_several_have_is_refused_with_the_candidates(void **state)
{
    uint32_t node = 77, list[16];
    size_t n;

    (void)state;
    assert_err(rca_graph_match(graph, "db", &node, list, &n), RCA_EAMBIGUOUS);
    assert_int_equal(n, 2);
    assert_int_equal(list[0], 4);
    assert_int_equal(list[1], 5);
    assert_err(rca_graph_match(graph, "eth0", &node, list, &n), RCA_EAMBIGUOUS);
    assert_int_equal(n, 2);
    assert_int_equal(node, 77);
}

static void what_nobody_has_is_answered_with_the_nearest(void **state)
{
    uint32_t node = 77, list[16];
    size_t n;

    (void)state;
    assert_err(rca_graph_match(graph, "svc-frontned", &node, list, &n),
               RCA_EUNKNOWN);
    assert_int_equal(n, 2);
    assert_int_equal(list[0], 0);
    assert_int_equal(list[1], 1);
    assert_err(rca_graph_match(graph, "frontend", &node, list, &n),
               RCA_EUNKNOWN);
    assert_int_equal(list[0], 0);
    assert_err(rca_graph_match(graph, "cgroup/laod@h1", &node, list, &n),
               RCA_EUNKNOWN);
    assert_true(n >= 1);
    assert_int_equal(list[0], 3);
    assert_err(rca_graph_match(graph, "zzzzzzzz", &node, list, &n),
               RCA_EUNKNOWN);
    assert_int_equal(n, 0);
    assert_err(rca_graph_match(graph, "", &node, list, &n), RCA_EUNKNOWN);
    assert_int_equal(n, 0);
    assert_int_equal(node, 77);
}

static void many_candidates_are_cut(void **state)
{
    struct rca_graph *g RCA_CLEANUP(rca_graph_free) = NULL;
    struct rca_entity same[40];
    uint32_t node = 0, list[16];
    size_t n;

    (void)state;
    for (uint32_t i = 0; i < 40; i++)
        same[i] = (struct rca_entity){i, RCA_KIND_NIC, "eth0", "", 0, 0};
    assert_ok(rca_graph_new(same, 40, NULL, 0, &g));
    assert_err(rca_graph_match(g, "eth0", &node, list, &n), RCA_EAMBIGUOUS);
    assert_int_equal(n, 16);
    assert_int_equal(list[15], 15);
    assert_err(rca_graph_match(g, "eth1", &node, list, &n), RCA_EUNKNOWN);
    assert_int_equal(n, 5);
    assert_int_equal(list[4], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_name_means_the_service_or_the_client),
        cmocka_unit_test(kind_and_host_narrow_a_name),
        cmocka_unit_test(names_may_hold_slashes_and_at_signs),
        cmocka_unit_test(what_several_have_is_refused_with_the_candidates),
        cmocka_unit_test(what_nobody_has_is_answered_with_the_nearest),
        cmocka_unit_test(many_candidates_are_cut),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
