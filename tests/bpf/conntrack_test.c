/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Connections are tracked in a namespace of the test's own, and its table is
 * filled until nothing more goes in: with entries made over ctnetlink, as
 * established connections, which are not evicted. The limit itself is the
 * host's and is not touched.
 */

#include "tests/bpf/conntrack_fill.h"
#include "tests/bpf/net_fixture.h"

static const struct rca_source_env env = {
    .proc = "/proc", .sys = "/sys", .host = "h"};

static const char *const setup_lines =
    "echo 'table ip t { chain o { type filter hook output priority 0;"
    "  ct state new counter; }; }' | ip netns exec c nft -f -";

static int setup(void **state)
{
    return net_setup(state, &rca_source_conntrack, &env, setup_lines);
}

static double value(struct net_fixture *f, const char *name, const char *series)
{
    return net_value(f->obs, RCA_KIND_CONNTRACK, name, series);
}

static void a_table_in_use_is_an_entity(void **state)
{
    struct net_fixture *f = net_get(state);
    size_t before;

    net_tick(f, 2);
    /* Open vSwitch's module has connections tracked everywhere */
    before = f->obs->in_use[RCA_KIND_CONNTRACK];
    /* nobody answers: each port is a connection of its own */
    for (uint16_t port = 2000; port < 2030; port++)
        net_send("c", "10.9.0.2", port, 1);
    net_tick(f, 3);
    assert_true(f->obs->in_use[RCA_KIND_CONNTRACK] > before);
    assert_close(value(f, "c:conntrack", "conntrack_entries"), 30, 0);
    assert_true(value(f, "c:conntrack", "conntrack_limit") > 30);
    assert_close(value(f, "c:conntrack", "conntrack_full_ratio"),
                 30 / value(f, "c:conntrack", "conntrack_limit"), 1e-12);
    assert_close(value(f, "c:conntrack", "conntrack_drops_total"), 0, 0);
}

static void users_are_filtered_by_the_table(void **state)
{
    struct net_fixture *f = net_get(state);
    rca_id call, other, table;

    rca_observer_begin(f->obs, 4 * RCA_SECOND);
    call = rca_observe_entity(f->obs, RCA_KIND_CALL, "a->b");
    other = rca_observe_entity(f->obs, RCA_KIND_CLIENT, "other");
    net_endpoint(f->obs, call, "c", "10.9.0.1", 80);
    net_endpoint(f->obs, call, "s", "10.9.0.2", 80);
    net_endpoint(f->obs, other, "s", "127.0.0.1", 0);
    assert_ok(rca_source_conntrack.tick(f->source, f->obs));
    table = rca_observe_entity(f->obs, RCA_KIND_CONNTRACK, "c:conntrack");
    assert_int_equal(net_edges(f->obs, call, table, RCA_EDGE_FILTERED_BY), 1);
    assert_int_equal(net_edges(f->obs, other, table, RCA_EDGE_FILTERED_BY), 0);
    assert_int_equal(
        net_edges(f->obs, rca_observe_entity(f->obs, RCA_KIND_NIC, "c/eth0"),
                  table, RCA_EDGE_FILTERED_BY),
        1);
    assert_int_equal(net_edges(f->obs, table,
                               rca_observe_entity(f->obs, RCA_KIND_NETNS, "c"),
                               RCA_EDGE_PART_OF),
                     1);
}

/* --- a full table ---------------------------------------------------------- */

static void a_full_table_shows_in_the_next_tick(void **state)
{
    struct net_fixture *f = net_get(state);
    double drops, limit;

    net_tick(f, 5);
    limit = value(f, "c:conntrack", "conntrack_limit");
    drops = value(f, "c:conntrack", "conntrack_drops_total");
    if (limit > CONNTRACK_FILL_MOST) {
        print_message("the table is too large to fill\n");
        skip();
    }
    assert_ok(conntrack_fill("c", (uint32_t)limit + 1000));
    for (uint16_t port = 3000; port < 3040; port++)
        net_send("c", "10.9.0.2", port, 1);
    net_tick(f, 6);
    /* those of the first test may have been evicted for some of them */
    assert_close(value(f, "c:conntrack", "conntrack_full_ratio"), 1, 0.001);
    assert_true(value(f, "c:conntrack", "conntrack_drops_total") - drops +
                    value(f, "c:conntrack", "conntrack_early_drops_total") >=
                40);
    assert_true(value(f, "c:conntrack", "conntrack_drops_total") > drops);
}

static void a_hook_left_out_is_not_used(void **state)
{
    struct rca_source_env without = env;
    struct net_fixture *f = net_get(state);
    void *source = NULL;

    without.without = "ctnetlink";
    assert_err(rca_source_conntrack.open(&without, f->obs, &source),
               RCA_ENOSUPPORT);
    assert_null(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_in_use_is_an_entity),
        cmocka_unit_test(users_are_filtered_by_the_table),
        cmocka_unit_test(a_full_table_shows_in_the_next_tick),
        cmocka_unit_test(a_hook_left_out_is_not_used),
    };

    return cmocka_run_group_tests_name("bpf/conntrack", tests, setup,
                                       net_teardown);
}
