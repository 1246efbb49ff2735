/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/snmp_text.h"

#include <string.h>

#include "graph/base/err.h"
#include "tests/harness/test.h"

/* Cut from a running 6.18's files; numbers changed so that each is its own. */
static const char snmp_text[] =
    "Ip: Forwarding DefaultTTL InDiscards OutDiscards OutNoRoutes ReasmFails "
    "FragFails\n"
    "Ip: 2 64 1 2 3 4 5\n"
    "Icmp: InMsgs InDestUnreachs OutDestUnreachs\n"
    "Icmp: 9 6 7\n"
    "IcmpMsg: InType3 OutType3\n"
    "IcmpMsg: 6 7\n"
    "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn AttemptFails EstabResets "
    "RetransSegs OutRsts InCsumErrors\n"
    "Tcp: 1 200 120000 -1 10 11 12 13 14\n"
    "Udp: InDatagrams NoPorts RcvbufErrors InCsumErrors\n"
    "Udp: 100 20 21 22\n"
    "UdpLite: InDatagrams NoPorts\n"
    "UdpLite: 1000 2000\n";

static const char netstat_text[] =
    "TcpExt: SyncookiesSent RcvPruned OfoPruned ListenOverflows ListenDrops "
    "TCPTimeouts TCPAbortOnMemory TCPAbortOnTimeout TCPBacklogDrop "
    "TCPReqQFullDoCookies TCPReqQFullDrop TCPZeroWindowDrop TCPRcvQDrop\n"
    "TcpExt: 1000 1 2 30 40 50 4 5 3 6 7 8 9\n"
    "IpExt: InNoRoutes InTruncatedPkts\n"
    "IpExt: 17 1000\n";

static void counters_are_added_up_by_what_they_mean(void **state)
{
    struct rca_snmp s = {.found = 0};

    (void)state;
    rca_snmp_read_pairs(snmp_text, strlen(snmp_text), &s);
    rca_snmp_read_pairs(netstat_text, strlen(netstat_text), &s);
    assert_int_equal(s.value[RCA_SNMP_CONNECT_FAILURES], 10);
    assert_int_equal(s.value[RCA_SNMP_CONNECTION_RESETS], 11);
    assert_int_equal(s.value[RCA_SNMP_RETRANSMITS], 12);
    assert_int_equal(s.value[RCA_SNMP_TCP_RESETS_SENT], 13);
    assert_int_equal(s.value[RCA_SNMP_CHECKSUM_ERRORS], 14 + 22);
    assert_int_equal(s.value[RCA_SNMP_TCP_ABORTS], 4 + 5);
    assert_int_equal(s.value[RCA_SNMP_TCP_LISTEN_OVERFLOWS], 30);
    assert_int_equal(s.value[RCA_SNMP_TCP_RECEIVE_DROPS], 1 + 2 + 3 + 8 + 9);
    assert_int_equal(s.value[RCA_SNMP_TCP_SYN_QUEUE_FULL], 6 + 7);
    assert_int_equal(s.value[RCA_SNMP_TCP_TIMEOUTS], 50);
    assert_int_equal(s.value[RCA_SNMP_UDP_NO_PORT], 20);
    assert_int_equal(s.value[RCA_SNMP_UDP_RECEIVE_DROPS], 21);
    assert_int_equal(s.value[RCA_SNMP_IP_DISCARDS], 1 + 2);
    assert_int_equal(s.value[RCA_SNMP_IP_FRAGMENT_FAILURES], 4 + 5);
    assert_int_equal(s.value[RCA_SNMP_IP_NO_ROUTE], 3 + 17);
    assert_int_equal(s.value[RCA_SNMP_UNREACHABLE_RECEIVED], 6);
    assert_int_equal(s.value[RCA_SNMP_UNREACHABLE_SENT], 7);
    /* all but the gauges */
    assert_int_equal(s.found, (UINT32_C(1) << RCA_SNMP_SOCKETS) - 1);
}

static void ipv6_adds_to_ipv4(void **state)
{
    static const char text[] = "Ip6InNoRoutes                   \t1\n"
                               "Ip6OutNoRoutes                  \t2\n"
                               "Udp6NoPorts                     \t3\n"
                               "Udp6NoPortsOfOthers             \t1000\n"
                               "Udp6\n"
                               "Icmp6InDestUnreachs 99999999999999999999\n"
                               "Udp6RcvbufErrors                \t4";
    struct rca_snmp s = {.value = {[RCA_SNMP_UDP_NO_PORT] = 20}};

    (void)state;
    rca_snmp_read_lines(text, strlen(text), &s);
    assert_int_equal(s.value[RCA_SNMP_IP_NO_ROUTE], 3);
    assert_int_equal(s.value[RCA_SNMP_UDP_NO_PORT], 23);
    assert_int_equal(s.value[RCA_SNMP_UDP_RECEIVE_DROPS], 4);
    assert_int_equal(s.found, UINT32_C(1) << RCA_SNMP_IP_NO_ROUTE |
                                  UINT32_C(1) << RCA_SNMP_UDP_NO_PORT |
                                  UINT32_C(1) << RCA_SNMP_UDP_RECEIVE_DROPS);
}

static void sockets_are_gauges(void **state)
{
    static const char text[] = "sockets: used 291\n"
                               "TCP: inuse 5 orphan 1 tw 2 alloc 7 mem 3\n"
                               "UDP: inuse 1 mem 1000\n";
    struct rca_snmp s = {.found = 0};

    (void)state;
    rca_snmp_read_sockstat(text, strlen(text), &s);
    assert_int_equal(s.value[RCA_SNMP_SOCKETS], 291);
    assert_int_equal(s.value[RCA_SNMP_TIME_WAIT], 2);
    assert_int_equal(s.value[RCA_SNMP_ORPHANS], 1);
    assert_int_equal(s.value[RCA_SNMP_TCP_PAGES], 3);
}

static void names_and_numbers_must_be_of_one_group(void **state)
{
    static const char *const bad[] = {
        "",
        "Tcp",
        "Tcp: RetransSegs",
        "Tcp:\n",
        ": \n: \n",
        "Tcp: RetransSegs\nUdp: 1\n",
        "Tcp: A\n5",
        "Tcp: OutRsts\nTcp: -1\n",
    };
    struct rca_snmp s = {.found = 0};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(bad); i++) {
        rca_snmp_read_pairs(bad[i], strlen(bad[i]), &s);
        rca_snmp_read_sockstat(bad[i], strlen(bad[i]), &s);
        assert_int_equal(s.found, 0);
    }
}

static void a_cut_text_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(snmp_text); len++) {
        struct rca_snmp s = {.found = 0};
        char *copy = malloc(len + 1); /* exactly as long, for ASan */

        assert_non_null(copy);
        memcpy(copy, snmp_text, len);
        rca_snmp_read_pairs(copy, len, &s);
        assert_true(s.value[RCA_SNMP_UDP_NO_PORT] <= 20);
        free(copy);
    }
}

static void processors_are_added_up(void **state)
{
    static const char text[] = "00b5ff53 00000001 00000016 00000000\n"
                               "broken\n"
                               "00b2bb26 0000000a 0000001a 00000000\n";
    struct rca_softnet s = {.drops = 99};

    (void)state;
    assert_ok(rca_softnet_read(text, strlen(text), &s));
    assert_int_equal(s.drops, 11);
    assert_int_equal(s.squeezes, 0x30);
    assert_err(rca_softnet_read("0 1\n", 4, &s), RCA_ESYNTAX);
    assert_int_equal(s.drops, 11);
}

static void neighbours_are_found_by_the_header(void **state)
{
    static const char text[] = "entries  res_failed table_fulls\n"
                               "00000003 00000010   00000001\n"
                               "00000003 00000001   00000000\n";
    static const char other[] = "entries  res_failed\n00000003 00000010\n";
    struct rca_neigh n = {.failures = 100};

    (void)state;
    assert_ok(rca_neigh_read(text, strlen(text), &n));
    assert_int_equal(n.failures, 117);
    assert_int_equal(n.table_full, 1);
    assert_err(rca_neigh_read(other, strlen(other), &n), RCA_ESYNTAX);
    assert_err(rca_neigh_read(text, 32, &n), RCA_ESYNTAX);
    assert_int_equal(n.failures, 117);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_are_added_up_by_what_they_mean),
        cmocka_unit_test(ipv6_adds_to_ipv4),
        cmocka_unit_test(sockets_are_gauges),
        cmocka_unit_test(names_and_numbers_must_be_of_one_group),
        cmocka_unit_test(a_cut_text_is_read_as_far_as_it_goes),
        cmocka_unit_test(processors_are_added_up),
        cmocka_unit_test(neighbours_are_found_by_the_header),
    };

    return cmocka_run_group_tests_name("snmp_text", tests, NULL, NULL);
}
