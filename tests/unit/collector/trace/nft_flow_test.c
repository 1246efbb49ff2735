/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/nft_flow.h"

#include <libmnl/libmnl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/trace/nft_batch.h"
#include "tests/harness/test.h"

static struct rca_trace_nft_flow parse(const char *filter)
{
    struct rca_trace_nft_flow flow;

    rca_trace_nft_flow_parse(filter, &flow);
    return flow;
}

static void assert_condition(const struct rca_trace_nft_flow *flow, size_t i,
                             enum rca_trace_nft_kind kind,
                             enum rca_trace_nft_way way, unsigned number)
{
    assert_true(i < flow->n);
    assert_int_equal(flow->conditions[i].kind, kind);
    assert_int_equal(flow->conditions[i].way, way);
    assert_int_equal(flow->conditions[i].number, number);
}

static void simple_filters_become_conditions(void **state)
{
    struct rca_trace_nft_flow f = parse("tcp port 80 and src host 10.0.0.1");

    (void)state;
    assert_int_equal(f.n, 3);
    assert_condition(&f, 0, RCA_TRACE_NFT_PROTOCOL, RCA_TRACE_NFT_EITHER,
                     IPPROTO_TCP);
    assert_condition(&f, 1, RCA_TRACE_NFT_PORT, RCA_TRACE_NFT_EITHER, 80);
    assert_condition(&f, 2, RCA_TRACE_NFT_ADDRESS, RCA_TRACE_NFT_SOURCE,
                     AF_INET);
    assert_memory_equal(f.conditions[2].bytes, "\12\0\0\1", 4);
    f = parse(" ip6 && udp dst port 53\n");
    assert_int_equal(f.n, 3);
    assert_condition(&f, 0, RCA_TRACE_NFT_FAMILY, RCA_TRACE_NFT_EITHER,
                     AF_INET6);
    assert_condition(&f, 2, RCA_TRACE_NFT_PORT, RCA_TRACE_NFT_DESTINATION, 53);
    f = parse("host fe80::1 and icmp6");
    assert_condition(&f, 0, RCA_TRACE_NFT_ADDRESS, RCA_TRACE_NFT_EITHER,
                     AF_INET6);
    assert_condition(&f, 1, RCA_TRACE_NFT_PROTOCOL, RCA_TRACE_NFT_EITHER,
                     IPPROTO_ICMPV6);
}

static void other_filters_ask_for_all(void **state)
{
    static const char *const filters[] = {
        "",
        "tcp or udp",
        "not tcp",
        "tcp port http",
        "port 80 and",
        "port",
        "src",
        "tcp port 65536",
        "net 10.0.0.0/8",
        "host example.org",
        "portrange 1-2",
        "tcp[13] & 2 != 0",
        "(tcp)",
        "vlan and tcp",
        "port 80 81",
        "tcp udp",
        "ip and ip and ip and ip and ip and ip and ip and ip and ip",
        "host aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(filters); i++)
        /* "port 80 and" is no filter of libpcap's either */
        assert_true(parse(filters[i]).n == 0 || i == 4);
    assert_int_equal(parse(NULL).n, 0);
}

static void either_end_takes_two_rules(void **state)
{
    const struct rca_trace_nft_flow f =
        parse("port 80 and tcp and host 10.0.0.1 and dst port 9");

    (void)state;
    assert_int_equal(f.n, 4);
    assert_int_equal(rca_trace_nft_flow_ways(&f), 4);
    for (size_t rule = 0; rule < 4; rule++) {
        assert_int_equal(rca_trace_nft_flow_way(&f, 0, rule),
                         rule & 1 ? RCA_TRACE_NFT_DESTINATION
                                  : RCA_TRACE_NFT_SOURCE);
        assert_int_equal(rca_trace_nft_flow_way(&f, 2, rule),
                         rule & 2 ? RCA_TRACE_NFT_DESTINATION
                                  : RCA_TRACE_NFT_SOURCE);
        assert_int_equal(rca_trace_nft_flow_way(&f, 3, rule),
                         RCA_TRACE_NFT_DESTINATION);
    }
}

static void nat_leaves_the_protocol(void **state)
{
    struct rca_trace_nft_flow f = parse("tcp port 80 and ip and host 10.0.0.1");

    (void)state;
    rca_trace_nft_flow_no_ends(&f);
    assert_int_equal(f.n, 2);
    assert_condition(&f, 0, RCA_TRACE_NFT_PROTOCOL, RCA_TRACE_NFT_EITHER,
                     IPPROTO_TCP);
    assert_condition(&f, 1, RCA_TRACE_NFT_FAMILY, RCA_TRACE_NFT_EITHER,
                     AF_INET);
    assert_int_equal(rca_trace_nft_flow_ways(&f), 1);
}

/* What the kernel makes of it: tests/bpf/trace_nft_test.c. */
static void the_largest_batch_fits(void **state)
{
    static struct rca_trace_nft_batch batch;
    const struct rca_trace_nft_flow f =
        parse("host fe80::1 and host fe80::2 and port 1 and port 2 and tcp and "
              "src host fe80::1 and dst host fe80::2 and ip6");
    const struct nlmsghdr *msg = (const void *)batch.bytes;
    int left, messages = 0;

    (void)state;
    assert_int_equal(f.n, 8);
    assert_int_equal(rca_trace_nft_flow_ways(&f), RCA_TRACE_NFT_RULES);
    rca_trace_nft_batch_table(&batch, "rca_trace_2147483647", 1, 2, &f);
    assert_true(batch.len < sizeof(batch.bytes));
    for (left = (int)batch.len; mnl_nlmsg_ok(msg, left);
         msg = mnl_nlmsg_next(msg, &left))
        messages++;
    assert_int_equal(left, 0);
    assert_int_equal(messages, 2 + 1 + 2 + 2 * RCA_TRACE_NFT_RULES);
    assert_int_equal(batch.last, messages - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_filters_become_conditions),
        cmocka_unit_test(other_filters_ask_for_all),
        cmocka_unit_test(either_end_takes_two_rules),
        cmocka_unit_test(nat_leaves_the_protocol),
        cmocka_unit_test(the_largest_batch_fits),
    };

    return cmocka_run_group_tests_name("trace/nft_flow", tests, NULL, NULL);
}
