/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/nft_msg.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "tests/harness/test.h"

static _Alignas(8) char buf[4096];
static struct nlmsghdr *msg;

static void put_be32(uint16_t type, uint32_t value)
{
    mnl_attr_put_u32(msg, type, htonl(value));
}

static void begin(unsigned message, uint32_t type)
{
    struct nfgenmsg *gen = NULL;

    memset(buf, 0, sizeof(buf));
    msg = mnl_nlmsg_put_header(buf);
    msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message);
    gen = (struct nfgenmsg *)mnl_nlmsg_put_extra_header(msg, sizeof(*gen));
    gen->nfgen_family = NFPROTO_INET;
    put_be32(NFTA_TRACE_TYPE, type);
    put_be32(NFTA_TRACE_ID, 0x1234);
    mnl_attr_put_strz(msg, NFTA_TRACE_TABLE, "fw");
    mnl_attr_put_strz(msg, NFTA_TRACE_CHAIN, "in");
}

static void put_verdict(int verdict)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, NFTA_TRACE_VERDICT);

    put_be32(NFTA_VERDICT_CODE, (uint32_t)verdict);
    mnl_attr_nest_end(msg, nest);
}

static void rule_message(int verdict)
{
    begin(NFT_MSG_TRACE, NFT_TRACETYPE_RULE);
    mnl_attr_put_u64(msg, NFTA_TRACE_RULE_HANDLE, htobe64(7));
    put_verdict(verdict);
    put_be32(NFTA_TRACE_MARK, 9);
    put_be32(NFTA_TRACE_IIF, 3);
    mnl_attr_put_u16(msg, NFTA_TRACE_IIFTYPE, htons(1));
    put_be32(NFTA_TRACE_NFPROTO, NFPROTO_IPV4);
}

static const unsigned char ether[14] = {2, 0, 0, 0, 0, 1, 2,
                                        0, 0, 0, 0, 2, 8, 0};
static const unsigned char ipv4[20] = {
    0x45, 0, 0, 60, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
static const unsigned char tcp[20] = {0x13, 0x88, 0,    80, 0, 0, 0, 1, 0, 0,
                                      0,    0,    0x50, 2,  0, 0, 0, 0, 0, 0};

static void put_headers(void)
{
    mnl_attr_put(msg, NFTA_TRACE_LL_HEADER, sizeof(ether), ether);
    mnl_attr_put(msg, NFTA_TRACE_NETWORK_HEADER, sizeof(ipv4), ipv4);
    mnl_attr_put(msg, NFTA_TRACE_TRANSPORT_HEADER, sizeof(tcp), tcp);
}

static void a_rule_that_dropped_becomes_an_event(void **state)
{
    struct rca_trace_nft_msg m;
    struct rca_trace_event e;

    (void)state;
    rule_message(NF_DROP);
    put_headers();
    assert_ok(rca_trace_nft_parse(msg, &m));
    assert_true(m.first);
    m.packet.point = RCA_TRACE_INPUT;
    rca_trace_nft_event(&m, 4026531840U, &e);
    assert_int_equal(e.point, RCA_TRACE_RULE);
    assert_int_equal(e.has, RCA_TRACE_HAS_RULE | RCA_TRACE_HAS_LINK);
    assert_int_equal(e.netns, 4026531840U);
    assert_int_equal(e.place, RCA_TRACE_INPUT);
    assert_int_equal(e.ifindex, 3);
    assert_int_equal(e.mark, 9);
    assert_int_equal(e.length, 74);
    assert_int_equal(e.captured, 54);
    assert_int_equal(e.detail.rule.handle, 7);
    assert_int_equal(e.detail.rule.verdict, NF_DROP);
    assert_int_equal(e.detail.rule.family, NFPROTO_INET);
    assert_string_equal(e.detail.rule.table, "fw");
    assert_string_equal(e.detail.rule.chain, "in");
    assert_int_equal(e.flow.family, AF_INET);
    assert_int_equal(e.flow.source_port, 5000);
    assert_int_equal(e.flow.destination_port, 80);
    assert_int_equal(e.flow.tcp_flags, 2);
    assert_memory_equal(e.flow.destination, "\12\0\0\2", 4);
    assert_memory_equal(e.head + 34, tcp, sizeof(tcp));
}

static void a_later_message_takes_the_headers_of_the_first(void **state)
{
    static struct rca_trace_nft_join join;
    struct rca_trace_nft_msg m;

    (void)state;
    rule_message(NFT_CONTINUE);
    put_headers();
    assert_ok(rca_trace_nft_parse(msg, &m));
    m.packet.point = RCA_TRACE_INPUT;
    rca_trace_nft_join(&join, &m);
    begin(NFT_MSG_TRACE, NFT_TRACETYPE_POLICY);
    put_be32(NFTA_TRACE_POLICY, NF_ACCEPT);
    assert_ok(rca_trace_nft_parse(msg, &m));
    assert_false(m.first);
    rca_trace_nft_join(&join, &m);
    assert_int_equal(m.packet.iif, 3);
    assert_int_equal(m.packet.point, RCA_TRACE_INPUT);
    assert_int_equal(m.packet.n_transport, sizeof(tcp));
    assert_int_equal(m.rule.verdict, NF_ACCEPT);
    assert_int_equal(m.rule.handle, 0);
    m.id++; /* of another packet: nothing is known */
    m.packet = (struct rca_trace_nft_packet){.iif = 0};
    rca_trace_nft_join(&join, &m);
    assert_int_equal(m.packet.n_network, 0);
}

static void the_end_of_a_chain_says_return(void **state)
{
    struct rca_trace_nft_msg m;

    (void)state;
    begin(NFT_MSG_TRACE, NFT_TRACETYPE_RETURN);
    put_verdict(NFT_CONTINUE);
    assert_ok(rca_trace_nft_parse(msg, &m));
    assert_int_equal(m.rule.verdict, NFT_RETURN);
    assert_int_equal(m.rule.handle, 0);
}

static void ipv6_and_tags_are_read(void **state)
{
    unsigned char link[18] = {[12] = 0x81, [15] = 5, [16] = 0x86, [17] = 0xdd};
    unsigned char ipv6[40] = {0x60, 0, 0, 0, 0, 8, 17, 64, [39] = 1};
    const unsigned char udp[8] = {0, 53, 0, 54, 0, 8, 0, 0};
    struct rca_trace_nft_msg m;
    struct rca_trace_event e;

    (void)state;
    rule_message(NF_ACCEPT);
    mnl_attr_put(msg, NFTA_TRACE_LL_HEADER, sizeof(link), link);
    mnl_attr_put(msg, NFTA_TRACE_NETWORK_HEADER, sizeof(ipv6), ipv6);
    mnl_attr_put(msg, NFTA_TRACE_TRANSPORT_HEADER, sizeof(udp), udp);
    assert_ok(rca_trace_nft_parse(msg, &m));
    rca_trace_nft_event(&m, 1, &e);
    assert_int_equal(e.vlan, 0x10005);
    assert_int_equal(e.flow.family, AF_INET6);
    assert_int_equal(e.flow.source_port, 53);
    assert_int_equal(e.flow.destination[15], 1);
    assert_int_equal(e.length, 18 + 48);
    assert_int_equal(e.captured, 18 + 48);
    m.packet.network[6] = 0; /* hop-by-hop options, which are not sent */
    rca_trace_nft_event(&m, 1, &e);
    assert_int_equal(e.captured, 18 + 40);
    assert_int_equal(e.flow.source_port, 0);
}

static void long_options_keep_the_ports_in_place(void **state)
{
    unsigned char header[40] = {0x4f, 0, 0, 68, [9] = 17, [16] = 10};
    const unsigned char udp[8] = {0, 53, 0, 54, 0, 8, 0, 0};
    struct rca_trace_nft_msg m;
    struct rca_trace_event e;

    (void)state;
    rule_message(NF_ACCEPT);
    mnl_attr_put(msg, NFTA_TRACE_NETWORK_HEADER, sizeof(header), header);
    mnl_attr_put(msg, NFTA_TRACE_TRANSPORT_HEADER, sizeof(udp), udp);
    assert_ok(rca_trace_nft_parse(msg, &m));
    rca_trace_nft_event(&m, 1, &e);
    assert_int_equal(e.captured, 68);
    assert_memory_equal(e.head + 60, udp, sizeof(udp));
    assert_int_equal(e.flow.destination_port, 54);
    m.packet.network[7] = 1; /* not the first fragment: no ports */
    rca_trace_nft_event(&m, 1, &e);
    assert_int_equal(e.flow.fragment, 1);
    assert_int_equal(e.captured, 60);
    assert_int_equal(e.flow.destination_port, 0);
}

static void what_is_not_ip_has_no_flow(void **state)
{
    const unsigned char arp[28] = {0, 1, 8, 0, 6, 4, 0, 1};
    struct rca_trace_nft_msg m;
    struct rca_trace_event e;

    (void)state;
    rule_message(NF_ACCEPT);
    mnl_attr_put(msg, NFTA_TRACE_NETWORK_HEADER, sizeof(arp), arp);
    mnl_attr_put(msg, NFTA_TRACE_LL_HEADER, 6, arp); /* of another device */
    assert_ok(rca_trace_nft_parse(msg, &m));
    rca_trace_nft_event(&m, 1, &e);
    assert_int_equal(e.flow.family, 0);
    assert_int_equal(e.captured, sizeof(arp));
    assert_int_equal(e.length, sizeof(arp));
    assert_int_equal(e.has, RCA_TRACE_HAS_RULE);
}

static void other_messages_are_refused(void **state)
{
    struct rca_trace_nft_msg m = {.id = 77};

    (void)state;
    begin(NFT_MSG_NEWRULE, NFT_TRACETYPE_RULE);
    assert_err(rca_trace_nft_parse(msg, &m), RCA_ESYNTAX);
    begin(NFT_MSG_TRACE, NFT_TRACETYPE_RULE);
    msg->nlmsg_len = NLMSG_HDRLEN + 2;
    assert_err(rca_trace_nft_parse(msg, &m), RCA_ESYNTAX);
    msg->nlmsg_len = NLMSG_HDRLEN + 4; /* names nothing */
    assert_err(rca_trace_nft_parse(msg, &m), RCA_ESYNTAX);
    assert_int_equal(m.id, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_that_dropped_becomes_an_event),
        cmocka_unit_test(a_later_message_takes_the_headers_of_the_first),
        cmocka_unit_test(the_end_of_a_chain_says_return),
        cmocka_unit_test(ipv6_and_tags_are_read),
        cmocka_unit_test(long_options_keep_the_ports_in_place),
        cmocka_unit_test(what_is_not_ip_has_no_flow),
        cmocka_unit_test(other_messages_are_refused),
    };

    return cmocka_run_group_tests_name("trace/nft_msg", tests, NULL, NULL);
}
