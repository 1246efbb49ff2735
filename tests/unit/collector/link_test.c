/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "collector/link_map.h"
#include "collector/link_msg.h"
#include "collector/netlink.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

/* --- messages as the kernel builds them ------------------------------------ */

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
    assert_int_equal(link.stats.carrier_changes, 11);
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

/* --- answers of several messages -------------------------------------------- */

static int count(void *arg, const struct nlmsghdr *msg)
{
    (void)msg;
    return ++*(int *)arg == 3 ? -ENOMEM : 0;
}

/* @n messages of 20 bytes, then the end */
static size_t put_answer(int n, uint16_t last, uint16_t flags)
{
    char *at = buf;

    memset(buf, 0, sizeof buf);
    for (int i = 0; i <= n; i++) {
        struct nlmsghdr *msg = mnl_nlmsg_put_header(at);

        msg->nlmsg_seq = 1;
        msg->nlmsg_type = i < n ? RTM_NEWLINK : last;
        msg->nlmsg_flags = i < n ? 0 : flags;
        mnl_nlmsg_put_extra_header(msg, sizeof(struct nlmsgerr));
        at += msg->nlmsg_len;
    }
    return (size_t)(at - buf);
}

static void an_answer_ends_with_done_or_an_error_of_zero(void **state)
{
    int n = 0;
    size_t len = put_answer(2, NLMSG_DONE, 0);

    (void)state;
    assert_int_equal(rca_netlink_each(buf, len, 1, count, &n), 1);
    assert_int_equal(n, 2);
    n = 0;
    len = put_answer(1, NLMSG_ERROR, 0);
    assert_int_equal(rca_netlink_each(buf, len, 1, count, &n), 1);
    n = 0;
    assert_int_equal(rca_netlink_each(buf, len, 2, count, &n), 0);
    assert_int_equal(n, 0);
}

static void failures_of_kernel_and_visitor_are_handed_up(void **state)
{
    size_t len = put_answer(0, NLMSG_ERROR, 0);
    struct nlmsgerr *e = (struct nlmsgerr *)(void *)(buf + NLMSG_HDRLEN);
    int n = 0;

    (void)state;
    e->error = -EPERM;
    assert_err(rca_netlink_each(buf, len, 1, count, &n), -EPERM);
    e->error = -5000; /* no errno */
    assert_err(rca_netlink_each(buf, len, 1, count, &n), RCA_ESYNTAX);
    len = put_answer(4, NLMSG_DONE, 0);
    assert_err(rca_netlink_each(buf, len, 1, count, &n), -ENOMEM);
    assert_int_equal(n, 3);
    n = 0;
    len = put_answer(1, NLMSG_DONE, NLM_F_DUMP_INTR);
    assert_err(rca_netlink_each(buf, len, 1, count, &n), -EINTR);
    assert_err(rca_netlink_each(buf, len - 1, 1, count, &n), RCA_ESYNTAX);
}

static void a_length_over_the_end_is_refused(void **state)
{
    static const uint32_t lengths[] = {0, 15, 37, UINT32_C(1) << 31,
                                       UINT32_MAX - 15};
    int n = 0;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(lengths); i++) {
        size_t len = put_answer(0, RTM_NEWLINK, 0);

        assert_int_equal(len, 36);
        ((struct nlmsghdr *)(void *)buf)->nlmsg_len = lengths[i];
        assert_err(rca_netlink_each(buf, len, 1, count, &n), RCA_ESYNTAX);
    }
    assert_int_equal(n, 0);
}

/* --- the map ---------------------------------------------------------------- */

static void add(struct rca_link_map *map, uint64_t netns, int index, int peer,
                int nsid)
{
    struct rca_nic nic = {
        .netns = netns,
        .link = {.index = index, .peer = peer, .nsid = nsid, .kind = "veth"}};

    assert_ok(rca_link_map_add(map, &nic));
}

static size_t peer_of(const struct rca_link_map *map, uint64_t netns, int index)
{
    return map->nics[rca_link_map_find(map, netns, index)].peer;
}

static void veths_in_one_namespace_pair_by_index(void **state)
{
    struct rca_link_map map = {0};

    (void)state;
    add(&map, 1, 5, 4, -1);
    add(&map, 1, 4, 5, -1);
    add(&map, 2, 4, 5, 0); /* looks alike, is elsewhere */
    rca_link_map_pair(&map);
    assert_int_equal(peer_of(&map, 1, 4), rca_link_map_find(&map, 1, 5));
    assert_int_equal(peer_of(&map, 1, 5), rca_link_map_find(&map, 1, 4));
    assert_int_equal(peer_of(&map, 2, 4), RCA_LINK_NONE);
    rca_link_map_done(&map);
}

static void unresolved_veths_pair_only_if_there_is_one_mirror(void **state)
{
    struct rca_link_map map = {0};

    (void)state;
    add(&map, 1, 2, 3, 0);
    add(&map, 2, 3, 2, 0);
    rca_link_map_pair(&map);
    assert_int_equal(peer_of(&map, 1, 2), rca_link_map_find(&map, 2, 3));
    add(&map, 3, 3, 2, 0);
    rca_link_map_pair(&map);
    assert_int_equal(peer_of(&map, 1, 2), RCA_LINK_NONE);
    rca_link_map_done(&map);
}

static void a_resolved_namespace_decides_between_mirrors(void **state)
{
    struct rca_link_map map = {0};

    (void)state;
    add(&map, 1, 2, 3, 0);
    add(&map, 2, 3, 2, 0);
    add(&map, 3, 3, 2, 0);
    map.nics[0].peer_netns = 3;
    rca_link_map_pair(&map);
    assert_int_equal(peer_of(&map, 1, 2), rca_link_map_find(&map, 3, 3));
    rca_link_map_done(&map);
}

static void ports_know_their_bridge(void **state)
{
    struct rca_link_map map = {0};
    struct rca_nic port = {.netns = 1, .link = {.index = 4, .master = 9}};
    struct rca_nic bridge = {.netns = 1, .link = {.index = 9}};

    (void)state;
    assert_ok(rca_link_map_add(&map, &bridge));
    assert_ok(rca_link_map_add(&map, &port));
    rca_link_map_pair(&map);
    assert_int_equal(map.nics[0].master, 1);
    assert_int_equal(map.nics[1].master, RCA_LINK_NONE);
    rca_link_map_done(&map);
}

static void vlans_know_what_they_lie_on(void **state)
{
    struct rca_link_map map = {0};
    struct rca_nic eth = {.netns = 1, .link = {.index = 2, .nsid = -1}};
    struct rca_nic vlan = {
        .netns = 1,
        .link = {.index = 3, .peer = 2, .nsid = -1, .kind = "vlan"}};
    struct rca_nic away = {.netns = 2,
                           .link = {.index = 4, .peer = 2, .kind = "macvlan"}};
    struct rca_nic own = {
        .netns = 1, .link = {.index = 5, .peer = 5, .nsid = -1, .kind = "gre"}};

    (void)state;
    assert_ok(rca_link_map_add(&map, &eth));
    assert_ok(rca_link_map_add(&map, &vlan));
    assert_ok(rca_link_map_add(&map, &own));
    assert_ok(rca_link_map_add(&map, &away));
    rca_link_map_pair(&map);
    assert_int_equal(map.nics[0].lower, RCA_LINK_NONE);
    assert_int_equal(map.nics[1].lower, 0);
    assert_int_equal(map.nics[2].lower, RCA_LINK_NONE);
    /* its namespace's number is not resolved, then it is */
    assert_int_equal(map.nics[3].lower, RCA_LINK_NONE);
    map.nics[3].peer_netns = 1;
    rca_link_map_pair(&map);
    assert_int_equal(map.nics[3].lower, 0);
    assert_int_equal(map.nics[3].peer, RCA_LINK_NONE);
    rca_link_map_done(&map);
}

static void addresses_have_owners_within_their_namespace(void **state)
{
    struct rca_link_map map = {0};
    struct rca_link_addr a = {
        .index = 2, .family = AF_INET, .addr = {10, 0, 0, 1}};
    const unsigned char mapped[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
    const unsigned char other[16] = {10, 0, 0, 2};

    (void)state;
    add(&map, 1, 2, 0, -1);
    assert_ok(rca_link_map_add_addr(&map, 1, &a));
    rca_link_map_pair(&map);
    assert_int_equal(rca_link_map_owner(&map, 1, AF_INET, a.addr), 0);
    assert_int_equal(rca_link_map_owner(&map, 1, AF_INET6, mapped), 0);
    assert_int_equal(rca_link_map_owner(&map, 1, AF_INET, other),
                     RCA_LINK_NONE);
    assert_int_equal(rca_link_map_owner(&map, 2, AF_INET, a.addr),
                     RCA_LINK_NONE);
    rca_link_map_done(&map);
}

static void an_allocation_that_fails_leaves_the_map_whole(void **state)
{
    struct rca_link_map map = {0};
    const struct rca_nic nic = {.netns = 1};
    const struct rca_link_addr addr = {0};

    (void)state;
    oom_after(0);
    assert_err(rca_link_map_add(&map, &nic), -ENOMEM);
    assert_err(rca_link_map_add_addr(&map, 1, &addr), -ENOMEM);
    oom_after(-1);
    rca_link_map_pair(&map);
    assert_int_equal(map.n_nics + map.n_addrs, 0);
    assert_int_equal(rca_link_map_find(&map, 1, 1), RCA_LINK_NONE);
    rca_link_map_done(&map);
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
        cmocka_unit_test(an_answer_ends_with_done_or_an_error_of_zero),
        cmocka_unit_test(failures_of_kernel_and_visitor_are_handed_up),
        cmocka_unit_test(a_length_over_the_end_is_refused),
        cmocka_unit_test(veths_in_one_namespace_pair_by_index),
        cmocka_unit_test(unresolved_veths_pair_only_if_there_is_one_mirror),
        cmocka_unit_test(a_resolved_namespace_decides_between_mirrors),
        cmocka_unit_test(ports_know_their_bridge),
        cmocka_unit_test(vlans_know_what_they_lie_on),
        cmocka_unit_test(addresses_have_owners_within_their_namespace),
        cmocka_unit_test(an_allocation_that_fails_leaves_the_map_whole),
    };

    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
