/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/ovs_msg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

/* --- the database ---------------------------------------------------------- */

/* As ovsdb-server 3.1 answers, with fewer columns: two bridges; a set of ports,
 * a set of one; a bond of two interfaces; an error; a patch; a port that no
 * row describes. */
static const char database[] =
    "{\"id\":0,\"result\":["
    "{\"rows\":["
    "{\"_uuid\":[\"uuid\",\"B0\"],\"name\":\"br0\",\"ports\":[\"set\",["
    "[\"uuid\",\"P0\"],[\"uuid\",\"P1\"],[\"uuid\",\"P9\"]]]},"
    "{\"_uuid\":[\"uuid\",\"B1\"],\"name\":\"br1\",\"ports\":[\"uuid\","
    "\"P2\"]},"
    "{\"_uuid\":[\"uuid\",\"B2\"],\"ports\":[\"uuid\",\"P2\"]}]},"
    "{\"rows\":["
    "{\"_uuid\":[\"uuid\",\"P0\"],\"interfaces\":[\"uuid\",\"I0\"]},"
    "{\"_uuid\":[\"uuid\",\"P1\"],\"interfaces\":[\"set\",[[\"uuid\","
    "\"I1\"],[\"uuid\",\"I2\"]]]},"
    "{\"_uuid\":[\"uuid\",\"P2\"],\"interfaces\":[\"uuid\",\"I3\"]}]},"
    "{\"rows\":["
    "{\"_uuid\":[\"uuid\",\"I0\"],\"name\":\"br0\",\"admin_state\":\"down\","
    "\"link_state\":\"down\",\"error\":[\"set\",[]]},"
    "{\"_uuid\":[\"uuid\",\"I1\"],\"name\":\"va\",\"admin_state\":\"up\","
    "\"link_state\":\"up\",\"error\":[\"set\",[]],\"options\":[\"map\",[]],"
    "\"statistics\":[\"map\",[[\"rx_bytes\",10],[\"rx_dropped\",11],["
    "\"rx_errors\",12],[\"rx_packets\",13],[\"tx_bytes\",14],["
    "\"tx_dropped\",-1],[\"tx_errors\",16],[\"tx_packets\",17]]]},"
    "{\"_uuid\":[\"uuid\",\"I2\"],\"name\":\"vb\",\"admin_state\":\"up\","
    "\"link_state\":\"up\",\"error\":\"no such device\"},"
    "{\"_uuid\":[\"uuid\",\"I3\"],\"name\":\"p1\",\"admin_state\":\"up\","
    "\"link_state\":\"up\",\"options\":[\"map\",[[\"peer\",\"p0\"]]]}]}"
    "],\"error\":null}";

struct seen {
    struct rca_ovs_port ports[8];
    size_t n, fail_at;
};

static int note(void *arg, const struct rca_ovs_port *port)
{
    struct seen *seen = arg;

    assert_true(seen->n < RCA_ARRAY_SIZE(seen->ports));
    seen->ports[seen->n++] = *port;
    return seen->n == seen->fail_at ? -ENOMEM : 0;
}

static void interfaces_of_bridges_are_visited(void **state)
{
    struct seen seen = {.n = 0};

    (void)state;
    assert_ok(rca_ovs_parse_database(database, strlen(database), note, &seen));
    assert_int_equal(seen.n, 4);
    assert_string_equal(seen.ports[0].bridge, "br0");
    assert_string_equal(seen.ports[0].name, "br0");
    assert_true(seen.ports[0].local);
    assert_true(seen.ports[0].down);
    assert_string_equal(seen.ports[1].name, "va");
    assert_false(seen.ports[1].local);
    assert_false(seen.ports[1].down);
    assert_int_equal(seen.ports[1].stats.receive_bytes, 10);
    assert_int_equal(seen.ports[1].stats.receive_drops, 11);
    assert_int_equal(seen.ports[1].stats.receive_errors, 12);
    assert_int_equal(seen.ports[1].stats.receive_packets, 13);
    assert_int_equal(seen.ports[1].stats.transmit_bytes, 14);
    assert_int_equal(seen.ports[1].stats.transmit_drops, 0); /* not known */
    assert_int_equal(seen.ports[1].stats.transmit_errors, 16);
    assert_int_equal(seen.ports[1].stats.transmit_packets, 17);
    assert_string_equal(seen.ports[2].name, "vb");
    assert_true(seen.ports[2].down); /* it says error */
    assert_string_equal(seen.ports[3].bridge, "br1");
    assert_string_equal(seen.ports[3].peer, "p0");
}

static void a_failing_visit_is_handed_up(void **state)
{
    struct seen seen = {.fail_at = 2};

    (void)state;
    assert_err(rca_ovs_parse_database(database, strlen(database), note, &seen),
               -ENOMEM);
    assert_int_equal(seen.n, 2);
}

static void what_is_no_answer_is_refused(void **state)
{
    static const struct {
        const char *text;
        int err;
    } bad[] = {
        {"", RCA_ESYNTAX},
        {"[]", RCA_ESYNTAX},
        {"{\"id\":0,\"result\":[", RCA_ESYNTAX},
        {"{\"id\":0,\"result\":[],\"error\":null}", RCA_ESYNTAX},
        {"{\"result\":[{\"rows\":[]}],\"error\":null}", RCA_ESYNTAX},
        {"{\"result\":null,\"error\":\"unknown database\"}", RCA_ENOSUPPORT},
        {"{\"id\":0}", RCA_ESYNTAX},
    };
    struct seen seen = {.n = 0};
    char *text = NULL;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(bad); i++) {
        assert_err(rca_ovs_parse_database(bad[i].text, strlen(bad[i].text),
                                          note, &seen),
                   bad[i].err);
        assert_err(rca_ovs_parse_text(bad[i].text, strlen(bad[i].text), &text),
                   bad[i].err);
        assert_null(text);
    }
    assert_int_equal(seen.n, 0);
}

static void a_cut_answer_is_refused(void **state)
{
    struct seen seen = {.n = 0};

    (void)state;
    for (size_t len = 0; len < strlen(database); len++)
        assert_err(rca_ovs_parse_database(database, len, note, &seen),
                   RCA_ESYNTAX);
}

static void a_text_is_taken_out(void **state)
{
    static const char answer[] =
        "{\"id\":5,\"result\":\"a\\n  b\",\"error\":null}";
    char *text = NULL;

    (void)state;
    oom_after(0);
    assert_err(rca_ovs_parse_text(answer, strlen(answer), &text), -ENOMEM);
    oom_after(-1);
    assert_ok(rca_ovs_parse_text(answer, strlen(answer), &text));
    assert_string_equal(text, "a\n  b");
    free(text);
}

/* --- the switch's texts ---------------------------------------------------- */

struct stats {
    char names[64];
    struct rca_traffic last;
};

static void note_stats(void *arg, const char *name,
                       const struct rca_traffic *stats)
{
    struct stats *to = arg;
    const size_t len = strlen(to->names);

    (void)snprintf(to->names + len, sizeof(to->names) - len, "%s,", name);
    to->last = *stats;
}

static void datapaths_are_added_up(void **state)
{
    static const char text[] =
        "netdev@ovs-netdev:\n"
        "  lookups: hit:4 missed:6 lost:1\n"
        "  flows: 6\n"
        "  port 0: ovs-netdev (tap)\n"
        "    RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n"
        "  port 1: vb\n"
        "    RX packets:7 errors:1 dropped:2 overruns:0 frame:0\n"
        "    TX packets:8 errors:3 dropped:? aborted:0 carrier:0\n"
        "    collisions:0\n"
        "    RX bytes:516 (1 KiB)  TX bytes:852\n"
        "system@ovs-system:\n"
        "  lookups: hit:10 missed:20 lost:30\n"
        "  flows: 5\n"
        "  masks: hit:66 total:1 hit/pkt:0.5\n";
    struct rca_ovs_datapath d = {0};
    struct stats stats = {.names = ""};

    (void)state;
    assert_ok(rca_ovs_read_datapaths(text, &d, note_stats, &stats));
    assert_int_equal(d.hit, 14);
    assert_int_equal(d.missed, 26);
    assert_int_equal(d.lost, 31);
    assert_int_equal(d.flows, 11);
    assert_string_equal(stats.names, "ovs-netdev,vb,");
    assert_int_equal(stats.last.receive_packets, 7);
    assert_int_equal(stats.last.receive_errors, 1);
    assert_int_equal(stats.last.receive_drops, 2);
    assert_int_equal(stats.last.transmit_packets, 8);
    assert_int_equal(stats.last.transmit_errors, 3);
    assert_int_equal(stats.last.transmit_drops, 0);
    assert_int_equal(stats.last.receive_bytes, 516);
    assert_int_equal(stats.last.transmit_bytes, 852);
    assert_err(rca_ovs_read_datapaths("\n", &d, note_stats, &stats),
               RCA_ESYNTAX);
    assert_int_equal(d.hit, 14);
}

static void upcalls_tell_the_worst(void **state)
{
    static const char text[] =
        "netdev@ovs-netdev:\n"
        "  flows         : (current 4) (avg 2) (max 4) (limit 10000)\n"
        "  dump duration : 1ms\n"
        "  ufid enabled : true\n"
        "system@ovs-system:\n"
        "  flows         : (current 40) (avg 2) (max 4) (limit 200)\n"
        "  dump duration : 7ms\n";
    struct rca_ovs_upcalls u = {0};

    (void)state;
    rca_ovs_read_upcalls(text, &u);
    assert_int_equal(u.flows, 44);
    assert_int_equal(u.limit, 200);
    assert_int_equal(u.dump_ms, 7);
    rca_ovs_read_upcalls("", &u);
    assert_int_equal(u.limit, 0);
}

static void coverage_is_sorted_by_what_it_means(void **state)
{
    static const char text[] =
        "Event coverage, avg rate over last: 5 seconds,  hash=39b96fc1:\n"
        "bridge_reconfigure         0.0/sec     0.000/sec   total: 12\n"
        "ofproto_update_port        0.0/sec     0.000/sec   total: 6\n"
        "rev_port_toggled           0.0/sec     0.000/sec   total: 2\n"
        "datapath_drop_upcall_error 0.0/sec     0.000/sec   total: 3\n"
        "drop_action_of_pipeline    0.0/sec     0.000/sec   total: 4\n"
        "netlink_overflow           0.0/sec     0.000/sec   total: 5\n"
        "netlink_overflowing        0.0/sec     0.000/sec   total: 500\n"
        "upcall_flow_limit_kill     0.0/sec     0.000/sec   total: 7\n"
        "mac_learning_moved         0.0/sec     0.000/sec   total: 9\n"
        "txn_error                  0.0/sec     0.000/sec   total: x\n"
        "110 events never hit\n";
    uint64_t e[RCA_OVS_EVENTS] = {99, 99, 99, 99, 99};

    (void)state;
    rca_ovs_read_coverage(text, e);
    assert_int_equal(e[RCA_OVS_PORT_CHANGES], 8);
    assert_int_equal(e[RCA_OVS_DROPS], 7);
    assert_int_equal(e[RCA_OVS_ERRORS], 5);
    assert_int_equal(e[RCA_OVS_FLOW_LIMIT], 7);
    assert_int_equal(e[RCA_OVS_MAC_MOVES], 9);
    rca_ovs_read_coverage("", e);
    assert_int_equal(e[RCA_OVS_DROPS], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interfaces_of_bridges_are_visited),
        cmocka_unit_test(a_failing_visit_is_handed_up),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(a_cut_answer_is_refused),
        cmocka_unit_test(a_text_is_taken_out),
        cmocka_unit_test(datapaths_are_added_up),
        cmocka_unit_test(upcalls_tell_the_worst),
        cmocka_unit_test(coverage_is_sorted_by_what_it_means),
    };

    return cmocka_run_group_tests_name("ovs_msg", tests, NULL, NULL);
}
