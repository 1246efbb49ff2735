/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/link_msg.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "tests/harness/test.h"

static _Alignas(8) char buf[4096];

static struct nlmsghdr *put(uint16_t type, const void *fixed, size_t size)
{
    struct nlmsghdr *msg = NULL;

    memset(buf, 0, sizeof buf);
    msg = mnl_nlmsg_put_header(buf);
    msg->nlmsg_type = type;
    memcpy(mnl_nlmsg_put_extra_header(msg, size), fixed, size);
    return msg;
}

static struct nlmsghdr *put_veth(void)
{
    const struct ifinfomsg info = {.ifi_index = 7, .ifi_flags = IFF_UP};
    const struct rtnl_link_stats64 stats = {.rx_packets = 1,
                                            .tx_packets = 2,
                                            .rx_bytes = 3,
                                            .tx_bytes = 4,
                                            .rx_errors = 5,
                                            .tx_errors = 6,
                                            .rx_dropped = 7,
                                            .tx_dropped = 8,
                                            .rx_missed_errors = 10};
    struct nlmsghdr *msg = put(RTM_NEWLINK, &info, sizeof info);
    struct nlattr *nest = NULL;

    mnl_attr_put_strz(msg, IFLA_IFNAME, "pc");
    mnl_attr_put_u32(msg, IFLA_LINK, 2);
    mnl_attr_put_u32(msg, IFLA_LINK_NETNSID, 0);
    mnl_attr_put_u32(msg, IFLA_MASTER, 3);
    mnl_attr_put_u32(msg, IFLA_CARRIER_CHANGES, 11);
    mnl_attr_put(msg, IFLA_STATS64, sizeof stats, &stats);
    nest = mnl_attr_nest_start(msg, IFLA_LINKINFO);
    mnl_attr_put_str(msg, IFLA_INFO_KIND, "veth"); /* without a NUL */
    mnl_attr_nest_end(msg, nest);
    return msg;
}

static void a_link_is_read_with_all_its_parts(void **state)
{
    struct rca_link link = {0};

    (void)state;
    assert_ok(rca_link_parse(put_veth(), &link));
    assert_int_equal(link.index, 7);
    assert_int_equal(link.peer, 2);
    assert_int_equal(link.nsid, 0);
    assert_int_equal(link.master, 3);
    assert_string_equal(link.name, "pc");
    assert_string_equal(link.kind, "veth");
    assert_int_equal(link.stats.receive_packets, 1);
    assert_int_equal(link.stats.transmit_packets, 2);
    assert_int_equal(link.stats.receive_bytes, 3);
    assert_int_equal(link.stats.transmit_bytes, 4);
    assert_int_equal(link.stats.receive_errors, 5);
    assert_int_equal(link.stats.transmit_errors, 6);
    assert_int_equal(link.stats.receive_drops, 17);
    assert_int_equal(link.stats.transmit_drops, 8);
    assert_int_equal(link.carrier_changes, 11);
    assert_true(rca_link_is_down(&link)); /* up, and nothing plugged in */
    link.flags |= IFF_RUNNING;
    assert_false(rca_link_is_down(&link));
}

static void a_cut_link_is_refused_or_reads_less(void **state)
{
    struct nlmsghdr *msg = put_veth();
    const uint32_t whole = msg->nlmsg_len;
    struct rca_link link = {0};

    (void)state;
    for (uint32_t len = NLMSG_HDRLEN; len < whole; len++) {
        int r = 0;

        msg->nlmsg_len = len;
        r = rca_link_parse(msg, &link);
        assert_true(r == 0 || r == RCA_ESYNTAX);
        if (len < NLMSG_LENGTH(sizeof(struct ifinfomsg)) + 7)
            assert_err(r, RCA_ESYNTAX);
    }
}

static void an_older_kernels_shorter_stats_are_read(void **state)
{
    const struct ifinfomsg info = {.ifi_index = 1};
    const uint64_t two[] = {11, 12};
    struct nlmsghdr *msg = put(RTM_NEWLINK, &info, sizeof info);
    struct rca_link link = {0};

    (void)state;
    mnl_attr_put_strz(msg, IFLA_IFNAME, "e");
    mnl_attr_put(msg, IFLA_STATS64, sizeof two, two);
    assert_ok(rca_link_parse(msg, &link));
    assert_int_equal(link.stats.receive_packets, 11);
    assert_int_equal(link.stats.transmit_packets, 12);
    assert_int_equal(link.stats.receive_bytes, 0);
    assert_int_equal(link.nsid, -1);
}

static struct nlmsghdr *put_qdisc(uint64_t packets64)
{
    const struct tcmsg tc = {
        .tcm_ifindex = 4, .tcm_handle = 0x10000, .tcm_parent = 0xffffffff};
    const struct gnet_stats_basic basic = {.bytes = 100, .packets = 9};
    const struct gnet_stats_queue queue = {
        .qlen = 3, .backlog = 5, .drops = 6, .requeues = 7, .overlimits = 8};
    struct nlmsghdr *msg = put(RTM_NEWQDISC, &tc, sizeof tc);
    struct nlattr *nest = NULL;

    mnl_attr_put_strz(msg, TCA_KIND, "tbf");
    nest = mnl_attr_nest_start(msg, TCA_STATS2);
    mnl_attr_put(msg, TCA_STATS_BASIC, sizeof basic, &basic);
    if (packets64)
        mnl_attr_put_u64(msg, TCA_STATS_PKT64, packets64);
    mnl_attr_put(msg, TCA_STATS_QUEUE, sizeof queue, &queue);
    mnl_attr_nest_end(msg, nest);
    return msg;
}

static void a_qdisc_is_read_with_its_queue(void **state)
{
    struct rca_qdisc q = {0};

    (void)state;
    assert_ok(rca_link_parse_qdisc(put_qdisc(0), &q));
    assert_int_equal(q.index, 4);
    assert_string_equal(q.kind, "tbf");
    assert_int_equal(q.bytes, 100);
    assert_int_equal(q.packets, 9);
    assert_int_equal(q.backlog_bytes, 5);
    assert_int_equal(q.backlog_packets, 3);
    assert_int_equal(q.handle, 0x10000);
    assert_int_equal(q.parent, 0xffffffff);
    assert_int_equal(q.drops, 6);
    assert_int_equal(q.requeues, 7);
    assert_int_equal(q.overlimits, 8);
    assert_ok(rca_link_parse_qdisc(put_qdisc(UINT64_C(1) << 40), &q));
    assert_int_equal(q.packets, UINT64_C(1) << 40);
}

static void the_own_address_of_a_tunnel_is_the_local_one(void **state)
{
    const struct ifaddrmsg ifa = {.ifa_family = AF_INET, .ifa_index = 3};
    const unsigned char far[4] = {10, 0, 0, 2}, own[4] = {10, 0, 0, 1};
    struct nlmsghdr *msg = put(RTM_NEWADDR, &ifa, sizeof ifa);
    struct rca_link_addr addr = {0};

    (void)state;
    mnl_attr_put(msg, IFA_ADDRESS, sizeof far, far);
    mnl_attr_put(msg, IFA_LOCAL, sizeof own, own);
    assert_ok(rca_link_parse_addr(msg, &addr));
    assert_int_equal(addr.index, 3);
    assert_memory_equal(addr.addr, own, 4);
}

static void an_address_of_a_wrong_size_is_refused(void **state)
{
    const struct ifaddrmsg ifa = {.ifa_family = AF_INET6, .ifa_index = 3};
    struct nlmsghdr *msg = put(RTM_NEWADDR, &ifa, sizeof ifa);
    struct rca_link_addr addr = {.index = 99};

    (void)state;
    mnl_attr_put_u32(msg, IFA_ADDRESS, 1);
    assert_err(rca_link_parse_addr(msg, &addr), RCA_ESYNTAX);
    assert_int_equal(addr.index, 99);
}

static void a_namespace_without_a_number_is_minus_one(void **state)
{
    const struct rtgenmsg gen = {0};
    struct nlmsghdr *msg = put(RTM_NEWNSID, &gen, sizeof gen);
    int nsid = 5;

    (void)state;
    assert_err(rca_link_parse_nsid(msg, &nsid), RCA_ESYNTAX);
    mnl_attr_put_u32(msg, NETNSA_NSID, (uint32_t)-1);
    assert_ok(rca_link_parse_nsid(msg, &nsid));
    assert_int_equal(nsid, -1);
}

static void what_never_carried_a_packet_is_shown_only_when_up(void **state)
{
    struct rca_link link = {.name = "e"};

    (void)state;
    assert_false(rca_link_is_shown(&link));
    link.stats.receive_packets = 1;
    assert_true(rca_link_is_shown(&link));
    link = (struct rca_link){.flags = IFF_UP};
    assert_true(rca_link_is_shown(&link));
    link.flags |= IFF_LOOPBACK;
    link.stats.receive_packets = 1;
    assert_false(rca_link_is_shown(&link));
    link.stats.receive_drops = 1;
    assert_true(rca_link_is_shown(&link));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_is_read_with_all_its_parts),
        cmocka_unit_test(a_cut_link_is_refused_or_reads_less),
        cmocka_unit_test(an_older_kernels_shorter_stats_are_read),
        cmocka_unit_test(a_qdisc_is_read_with_its_queue),
        cmocka_unit_test(the_own_address_of_a_tunnel_is_the_local_one),
        cmocka_unit_test(an_address_of_a_wrong_size_is_refused),
        cmocka_unit_test(a_namespace_without_a_number_is_minus_one),
        cmocka_unit_test(what_never_carried_a_packet_is_shown_only_when_up),
    };

    return cmocka_run_group_tests_name("link_msg", tests, NULL, NULL);
}
