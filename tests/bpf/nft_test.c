/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The switch of tests/bpf/net.h with rules on the server, on the switch and on
 * the client. Expected counts follow from what was sent.
 */

#include <unistd.h>

#include "tests/bpf/net_fixture.h"

static const struct rca_source_env env = {
    .proc = "/proc", .sys = "/sys", .host = "h"};

/* Handles are given in order within a table, chains included; "ip netns exec"
 * reads the rules from standard input. */
static const char *const setup_lines =
    "set -e; nft() { ip netns exec $1 nft -f -; };"
    "echo 'table inet fw { chain in { type filter hook input priority 0;"
    "  udp dport 9 counter drop;"
    "  iifname \"lo\" counter accept;"
    "  udp dport 7 drop;"
    "  counter meta length 1-10 drop;"
    "  tcp dport 80 counter accept; }; }' | nft s;"
    "echo 'table bridge sw { chain more { oifname \"p*\" udp dport 12 counter"
    "    drop; };"
    "  chain thru { type filter hook forward priority 0;"
    "  iifname \"pc\" udp dport 11 counter drop;"
    "  counter jump more; }; }' | nft sw;"
    "echo 'table ip t { chain a { type filter hook output priority 0;"
    "    counter; }; };"
    "  table ip6 t { chain a { counter; }; }' | nft c";

static int setup(void **state)
{
    return net_setup(state, &rca_source_nft, &env, setup_lines);
}

static double packets(struct net_fixture *f, const char *rule)
{
    return net_value(f->obs, RCA_KIND_RULE, rule, "rule_packets_total");
}

static double drops(struct net_fixture *f, const char *rule)
{
    return net_value(f->obs, RCA_KIND_RULE, rule, "rule_drops_total");
}

static void packets_are_counted_where_they_are_dropped(void **state)
{
    struct net_fixture *f = net_get(state);
    int tries = 0;

    net_tick(f, 2);
    assert_close(drops(f, "s:fw/in/2"), 0, 0);
    net_send("c", "10.9.0.2", 9, 30);
    net_send("c", "10.9.0.2", 11, 7);
    net_send("c", "10.9.0.2", 13, 2);
    do
        net_tick(f, 3);
    while (net_again(packets(f, "s:fw/in/5"), 2, &tries)); /* the last ones */
    assert_close(drops(f, "s:fw/in/2"), 30, 0);
    assert_nan(packets(f, "s:fw/in/2")); /* the same, said once */
    /* 1 byte of data, 8 of UDP, 20 of IPv4 */
    assert_close(
        net_value(f->obs, RCA_KIND_RULE, "s:fw/in/5", "rule_bytes_total"),
        2 * 29, 0);
    assert_close(drops(f, "sw:sw/thru/4"), 7, 0);
}

static void rules_that_pass_have_no_drops(void **state)
{
    struct net_fixture *f = net_get(state);

    net_tick(f, 4);
    assert_close(packets(f, "s:fw/in/3"), 0, 0);
    assert_nan(drops(f, "s:fw/in/3"));
    /* counts before the condition: what it drops is not known */
    assert_close(packets(f, "s:fw/in/5"), 2, 0);
    assert_nan(drops(f, "s:fw/in/5"));
    assert_nan(packets(f, "s:fw/in/4")); /* has no counter */
}

static void tables_of_one_name_tell_their_family(void **state)
{
    struct net_fixture *f = net_get(state);

    net_tick(f, 5);
    assert_true(packets(f, "c:ip/t/a/2") >= 39);
    assert_close(packets(f, "c:ip6/t/a/2"), 0, 0);
    assert_nan(packets(f, "c:t/a/2"));
}

static void a_changed_ruleset_is_read_anew(void **state)
{
    struct net_fixture *f = net_get(state);
    int tries = 0;

    net_run("ip netns exec s nft add rule inet fw in udp dport 13 counter "
            "drop; ip netns exec c nft delete table ip t");
    net_tick(f, 6);
    assert_close(drops(f, "s:fw/in/7"), 0, 0);
    assert_close(drops(f, "s:fw/in/2"), 30, 0);
    assert_nan(packets(f, "c:ip/t/a/2"));
    assert_close(packets(f, "c:t/a/2"), 0, 0);
    net_send("c", "10.9.0.2", 13, 5);
    do
        net_tick(f, 7);
    while (net_again(drops(f, "s:fw/in/7"), 5, &tries));
    assert_close(drops(f, "s:fw/in/7"), 5, 0);
}

static rca_id rule(struct net_fixture *f, const char *name)
{
    return rca_observe_entity(f->obs, RCA_KIND_RULE, name);
}

static unsigned passes(struct net_fixture *f, rca_id user, const char *name)
{
    return net_edges(f->obs, user, rule(f, name), RCA_EDGE_FILTERED_BY);
}

static void users_are_filtered_by_what_they_pass(void **state)
{
    struct net_fixture *f = net_get(state);
    rca_id web = 0, call = 0, other = 0;

    rca_observer_begin(f->obs, 8 * RCA_SECOND);
    web = rca_observe_entity(f->obs, RCA_KIND_SERVICE, "web");
    call = rca_observe_entity(f->obs, RCA_KIND_CALL, "a->web");
    other = rca_observe_entity(f->obs, RCA_KIND_SERVICE, "other");
    net_endpoint(f->obs, web, "s", "10.9.0.2", 80);
    net_endpoint(f->obs, call, "c", "10.9.0.1", 80);
    net_endpoint(f->obs, call, "s", "10.9.0.2", 80);
    net_endpoint(f->obs, other, "s", "127.0.0.1", 0);
    assert_ok(rca_source_nft.tick(f->source, f->obs));

    assert_int_equal(passes(f, web, "s:fw/in/6"), 1); /* port 80 */
    assert_int_equal(passes(f, web, "s:fw/in/2"), 0); /* port 9 */
    assert_int_equal(passes(f, other, "s:fw/in/2"), 1); /* unknown port */
    assert_int_equal(passes(f, web, "s:fw/in/3"), 0); /* lo only */
    assert_int_equal(passes(f, other, "s:fw/in/3"), 1);
    /* the switch, from both ends of the call; by interface and port */
    assert_int_equal(passes(f, call, "sw:sw/thru/5"), 1);
    assert_int_equal(passes(f, web, "sw:sw/thru/5"), 1);
    assert_int_equal(passes(f, other, "sw:sw/thru/5"), 0);
    assert_int_equal(passes(f, call, "sw:sw/thru/4"), 0); /* port 11 */
}

static void sets_of_ports_narrow_who_is_filtered(void **state)
{
    struct net_fixture *f = net_get(state);
    rca_id web = 0, db = 0;

    net_run("ip netns exec s nft add table ip ports &&"
            " ip netns exec s nft add chain ip ports in '{ type filter hook"
            "  input priority 0; }' && ip netns exec s nft add rule ip ports in"
            "  tcp dport '{ 80, 443 }' counter &&"
            " ip netns exec s nft add rule ip ports in"
            "  tcp dport '{ 5000-6000, 7000 }' counter &&"
            " ip netns exec s nft add rule ip ports in"
            "  tcp dport != '{ 80, 81 }' counter");
    rca_observer_begin(f->obs, 30 * RCA_SECOND);
    web = rca_observe_entity(f->obs, RCA_KIND_SERVICE, "web");
    db = rca_observe_entity(f->obs, RCA_KIND_SERVICE, "db");
    net_endpoint(f->obs, web, "s", "10.9.0.2", 80);
    net_endpoint(f->obs, db, "s", "10.9.0.2", 5432);
    assert_ok(rca_source_nft.tick(f->source, f->obs));
    assert_int_equal(passes(f, web, "s:ports/in/3"), 1);
    assert_int_equal(passes(f, db, "s:ports/in/3"), 0);
    assert_int_equal(passes(f, web, "s:ports/in/5"), 0);
    assert_int_equal(passes(f, db, "s:ports/in/5"), 1);
    assert_int_equal(passes(f, web, "s:ports/in/7"), 1); /* not narrowed */
    net_run("ip netns exec s nft delete table ip ports");
}

static void nics_are_filtered_by_rules_that_name_them(void **state)
{
    struct net_fixture *f = net_get(state);
    rca_id pc = 0, ps = 0, eth0 = 0;

    net_tick(f, 9);
    pc = rca_observe_entity(f->obs, RCA_KIND_NIC, "sw/pc");
    ps = rca_observe_entity(f->obs, RCA_KIND_NIC, "sw/ps");
    eth0 = rca_observe_entity(f->obs, RCA_KIND_NIC, "s/eth0");
    assert_int_equal(passes(f, pc, "sw:sw/thru/4"), 1);
    assert_int_equal(passes(f, ps, "sw:sw/thru/4"), 0);
    assert_int_equal(passes(f, ps, "sw:sw/thru/5"), 1);
    assert_int_equal(passes(f, eth0, "s:fw/in/2"), 1);
    assert_int_equal(passes(f, eth0, "s:fw/in/3"), 0);
    assert_int_equal(passes(f, eth0, "sw:sw/thru/5"), 0);
}

static const struct rca_feature *feature(struct net_fixture *f,
                                         const char *name)
{
    size_t n = 0;
    const struct rca_feature *features = rca_observer_features(f->obs, &n);

    for (size_t i = 0; i < n; i++)
        if (!strcmp(features[i].name, name))
            return &features[i];
    fail_msg("no feature '%s'", name);
    return NULL;
}

/* Only chains made by iptables-nft count what their policy decides on. */
static void policies_that_drop_are_rules_of_their_own(void **state)
{
    struct net_fixture *f = net_get(state);
    int tries = 0;

    if (access("/usr/sbin/iptables-nft", X_OK)) {
        print_message("needs iptables\n");
        skip();
    }
    net_run("ip netns exec c iptables-nft -P OUTPUT DROP &&"
            " ip netns exec c iptables-nft -A OUTPUT -p udp --dport 15"
            "  -j ACCEPT &&"
            " ip netns exec c iptables-nft -A OUTPUT -p udp --dport 16"
            "  -j REJECT &&" /* which tells by ICMP */
            " ip netns exec c iptables-nft -A OUTPUT -p icmp -j ACCEPT");
    net_tick(f, 20);
    assert_close(drops(f, "c:filter/OUTPUT/policy"), 0, 0);
    net_send("c", "10.9.0.2", 14, 8);
    net_send("c", "10.9.0.2", 15, 3);
    net_send("c", "10.9.0.2", 16, 4);
    do
        net_tick(f, 21);
    while (net_again(drops(f, "c:filter/OUTPUT/policy"), 8, &tries));
    assert_close(drops(f, "c:filter/OUTPUT/policy"), 8, 0);
    /* rules with the old modules' matches count like any other */
    assert_close(packets(f, "c:filter/OUTPUT/2"), 3, 0);
    assert_close(drops(f, "c:filter/OUTPUT/3"), 4, 0);
    net_run("ip netns exec c iptables-nft -F &&"
            " ip netns exec c iptables-nft -P OUTPUT ACCEPT");
}

static void policies_that_do_not_count_are_told(void **state)
{
    struct net_fixture *f = net_get(state);

    net_tick(f, 22);
    assert_int_equal(feature(f, "nftables policies without a counter")->state,
                     RCA_FEATURE_ON);
    net_run("echo 'table ip silent { chain x { type filter hook input priority"
            " 0; policy drop; }; }' | ip netns exec sw nft -f -");
    net_tick(f, 23);
    assert_int_equal(feature(f, "nftables policies without a counter")->state,
                     RCA_FEATURE_OFF);
    net_run("ip netns exec sw nft delete table ip silent");
}

static void a_hook_left_out_is_not_used(void **state)
{
    struct rca_source_env without = env;
    struct net_fixture *f = net_get(state);
    void *source = NULL;

    without.without = "nfnetlink";
    assert_err(rca_source_nft.open(&without, f->obs, &source), RCA_ENOSUPPORT);
    assert_null(source);
}

static void what_cannot_be_counted_is_told(void **state)
{
    struct net_fixture *f = net_get(state);
    size_t n = 0;
    const struct rca_feature *features = rca_observer_features(f->obs, &n);
    unsigned found = 0;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(features[i].name, "nftables rules without a counter") != 0)
            continue;
        assert_int_equal(features[i].state, RCA_FEATURE_OFF);
        assert_string_equal(features[i].how, "1 rules have no `counter`");
        found++;
    }
    assert_int_equal(found, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_counted_where_they_are_dropped),
        cmocka_unit_test(rules_that_pass_have_no_drops),
        cmocka_unit_test(tables_of_one_name_tell_their_family),
        cmocka_unit_test(a_changed_ruleset_is_read_anew),
        cmocka_unit_test(users_are_filtered_by_what_they_pass),
        cmocka_unit_test(sets_of_ports_narrow_who_is_filtered),
        cmocka_unit_test(nics_are_filtered_by_rules_that_name_them),
        cmocka_unit_test(policies_that_drop_are_rules_of_their_own),
        cmocka_unit_test(policies_that_do_not_count_are_told),
        cmocka_unit_test(what_cannot_be_counted_is_told),
        cmocka_unit_test(a_hook_left_out_is_not_used),
    };

    return cmocka_run_group_tests_name("nft", tests, setup, net_teardown);
}
