/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The switch of tests/bpf/net.h with a slow queue on a port, and a veth from
 * the test's own namespace to the client. Expected counts follow from what was
 * sent.
 */

#include "tests/bpf/net_fixture.h"

static const struct rca_source_env env = {.proc = "/proc",
                                          .sys = "/sys",
                                          .host = "h",
                                          .profile = RCA_PROFILE_STANDARD};

static const char *const setup_lines =
    "set -e;"
    "ip link add host0 type veth peer name up0 netns c;"
    "ip link set host0 up; ip -n c link set up0 up;"
    "ip link add idle0 type bridge;"
    "tc -n sw qdisc add dev ps root tbf rate 800bit burst 1600 limit 2000";

static int setup(void **state)
{
    return net_setup(state, &rca_source_link, &env, setup_lines);
}

static rca_id nic(struct net_fixture *f, const char *name)
{
    return rca_observe_entity(f->obs, RCA_KIND_NIC, name);
}

static void packets_are_counted_on_every_nic_they_pass(void **state)
{
    struct net_fixture *f = net_get(state);
    static const char *const in[] = {"sw/pc", "s/eth0"};
    double before[2], sent = 0;
    int tries = 0;

    net_tick(f, 2);
    for (int i = 0; i < 2; i++)
        before[i] =
            net_value(f->obs, RCA_KIND_NIC, in[i], "receive_packets_total");
    sent = net_value(f->obs, RCA_KIND_NIC, "c/eth0", "transmit_bytes_total");
    net_send("c", "10.9.0.2", 9, 20);
    do {
        net_tick(f, 3);
    } while (net_again(
        net_value(f->obs, RCA_KIND_NIC, "s/eth0", "receive_packets_total"),
        before[1] + 20, &tries));
    for (int i = 0; i < 2; i++)
        assert_close(
            net_value(f->obs, RCA_KIND_NIC, in[i], "receive_packets_total"),
            before[i] + 20, 0);
    /* 1 byte in UDP (8), IPv4 (20), Ethernet (14) */
    assert_close(
        net_value(f->obs, RCA_KIND_NIC, "c/eth0", "transmit_bytes_total"),
        sent + 20 * 43, 0);
}

static void a_full_queue_shows_its_drops(void **state)
{
    struct net_fixture *f = net_get(state);
    int tries = 0;

    /* 1600 bytes at once, 2000 wait, the rest of 200 * 43 is dropped */
    net_send("c", "10.9.0.2", 9, 200);
    do {
        net_tick(f, 4);
    } while (net_again(
        net_value(f->obs, RCA_KIND_NIC, "sw/pc", "receive_packets_total"), 220,
        &tries));
    assert_true(net_value(f->obs, RCA_KIND_QDISC, "sw/ps:tbf",
                          "qdisc_drops_total") >= 50);
    assert_true(net_value(f->obs, RCA_KIND_QDISC, "sw/ps:tbf",
                          "qdisc_overlimits_total") > 0);
    assert_true(net_value(f->obs, RCA_KIND_QDISC, "sw/ps:tbf",
                          "qdisc_backlog_bytes") > 0);
    assert_true(net_value(f->obs, RCA_KIND_QDISC, "sw/ps:tbf",
                          "qdisc_packets_total") > 0);
    assert_int_equal(
        net_edges(f->obs, nic(f, "sw/ps"),
                  rca_observe_entity(f->obs, RCA_KIND_QDISC, "sw/ps:tbf"),
                  RCA_EDGE_USES),
        1);
}

static void quiet_and_loopback_devices_are_left_out(void **state)
{
    struct net_fixture *f = net_get(state);

    net_tick(f, 5);
    assert_nan(net_value(f->obs, RCA_KIND_NIC, "idle0", "receive_bytes_total"));
    assert_nan(net_value(f->obs, RCA_KIND_NIC, "c/lo", "receive_bytes_total"));
    assert_true(
        net_value(f->obs, RCA_KIND_NIC, "host0", "receive_bytes_total") >= 0);
    assert_nan(net_value(f->obs, RCA_KIND_QDISC, "host0:noqueue",
                         "qdisc_bytes_total"));
}

static void ends_of_veths_and_ports_are_found(void **state)
{
    struct net_fixture *f = net_get(state);
    static const char *const pairs[][2] = {
        {"c/eth0", "sw/pc"}, {"s/eth0", "sw/ps"}, {"host0", "c/up0"}};

    net_tick(f, 6);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(pairs); i++) {
        rca_id a = nic(f, pairs[i][0]), b = nic(f, pairs[i][1]);

        assert_int_equal(net_edges(f->obs, a, b, RCA_EDGE_LINK) +
                             net_edges(f->obs, b, a, RCA_EDGE_LINK),
                         1);
    }
    assert_int_equal(
        net_edges(f->obs, nic(f, "sw/pc"), nic(f, "sw/br0"), RCA_EDGE_PART_OF),
        1);
    assert_int_equal(net_edges(f->obs, nic(f, "sw/pc"),
                               rca_observe_entity(f->obs, RCA_KIND_NETNS, "sw"),
                               RCA_EDGE_PART_OF),
                     1);
    assert_int_equal(net_edges(f->obs, nic(f, "host0"),
                               rca_observe_host(f->obs), RCA_EDGE_PART_OF),
                     1);
}

static void a_call_uses_the_nics_and_queues_of_both_ends(void **state)
{
    struct net_fixture *f = net_get(state);
    static const char *const used[] = {"c/eth0", "sw/pc", "s/eth0", "sw/ps"};
    rca_id call = RCA_ID_NONE, local = RCA_ID_NONE;

    rca_observer_begin(f->obs, 7 * RCA_SECOND);
    call = rca_observe_entity(f->obs, RCA_KIND_CALL, "a->b");
    local = rca_observe_entity(f->obs, RCA_KIND_CLIENT, "local");
    net_endpoint(f->obs, call, "c", "10.9.0.1", 80);
    net_endpoint(f->obs, call, "s", "10.9.0.2", 80);
    net_endpoint(f->obs, local, "c", "127.0.0.1", 0);
    assert_ok(rca_source_link.tick(f->source, f->obs));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(used); i++)
        assert_int_equal(
            net_edges(f->obs, call, nic(f, used[i]), RCA_EDGE_USES), 1);
    assert_int_equal(
        net_edges(f->obs, call,
                  rca_observe_entity(f->obs, RCA_KIND_QDISC, "sw/ps:tbf"),
                  RCA_EDGE_USES),
        1);
    assert_int_equal(net_edges(f->obs, call, nic(f, "sw/br0"), RCA_EDGE_USES),
                     0);
    /* and the namespace that their packets pass between them */
    assert_true(net_edges(f->obs, call,
                          rca_observe_entity(f->obs, RCA_KIND_NETNS, "sw"),
                          RCA_EDGE_USES) >= 1);
    for (size_t i = 0; i < f->obs->n_edges; i++)
        assert_int_not_equal(f->obs->edges[i].source, local);
}

/* What waits is timed on the qdisc that it waits in, where BPF is allowed. */
static void the_full_queue_is_timed(void **state)
{
    struct net_fixture *f = net_get(state);
    int fds[2], tries = 0;

    net_tick(f, 8);
    if (rca_source_link.programs(f->source, fds, 2) == 0)
        skip();
    /* it empties at 100 bytes a second, in packets of 43 */
    while (net_value(f->obs, RCA_KIND_QDISC, "sw/ps:tbf",
                     "qdisc_sojourn_packets_total") < 1 &&
           ++tries < 100) {
        (void)usleep(100000);
        net_tick(f, 9);
    }
    assert_true(net_value(f->obs, RCA_KIND_QDISC, "sw/ps:tbf",
                          "qdisc_sojourn_packets_total") >= 1);
    assert_true(net_value(f->obs, RCA_KIND_QDISC, "sw/ps:tbf",
                          "qdisc_backlog_packets") >= 0);
}

static void a_nic_that_is_set_down_says_so(void **state)
{
    struct net_fixture *f = net_get(state);
    double changes = 0;

    net_tick(f, 10);
    assert_close(net_value(f->obs, RCA_KIND_NIC, "c/eth0", "link_down"), 0, 0);
    changes = net_value(f->obs, RCA_KIND_NIC, "sw/pc", "carrier_changes_total");
    net_run("ip -n c link set eth0 down");
    net_tick(f, 11);
    assert_close(net_value(f->obs, RCA_KIND_NIC, "c/eth0", "link_down"), 1, 0);
    /* its other end has lost the carrier by it, and is not to blame */
    assert_close(net_value(f->obs, RCA_KIND_NIC, "sw/pc", "link_down"), 0, 0);
    assert_true(net_value(f->obs, RCA_KIND_NIC, "sw/pc",
                          "carrier_changes_total") > changes);
    net_run("ip -n c link set eth0 up");
}

static void a_namespace_that_goes_takes_its_nics(void **state)
{
    struct net_fixture *f = net_get(state);

    net_run("ip netns del s");
    for (int second = 12; second < 1000; second++) {
        net_tick(f, second);
        if (isnan(net_value(f->obs, RCA_KIND_NIC, "s/eth0",
                            "receive_bytes_total")))
            break;
    }
    assert_nan(
        net_value(f->obs, RCA_KIND_NIC, "s/eth0", "receive_bytes_total"));
    assert_true(
        net_value(f->obs, RCA_KIND_NIC, "c/eth0", "receive_bytes_total") >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_counted_on_every_nic_they_pass),
        cmocka_unit_test(a_full_queue_shows_its_drops),
        cmocka_unit_test(quiet_and_loopback_devices_are_left_out),
        cmocka_unit_test(ends_of_veths_and_ports_are_found),
        cmocka_unit_test(a_call_uses_the_nics_and_queues_of_both_ends),
        cmocka_unit_test(the_full_queue_is_timed),
        cmocka_unit_test(a_nic_that_is_set_down_says_so),
        cmocka_unit_test(a_namespace_that_goes_takes_its_nics),
    };

    return cmocka_run_group_tests_name("link", tests, setup, net_teardown);
}
