/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/nft_msg.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "tests/harness/test.h"

static _Alignas(8) char buf[4096];

/* The message being built, the list and the expression that are open in it. */
static struct nlmsghdr *msg;
static struct nlattr *list, *elem, *data;

static void begin_message(int family)
{
    struct nfgenmsg *gen = NULL;

    memset(buf, 0, sizeof buf);
    msg = mnl_nlmsg_put_header(buf);
    msg->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE;
    gen = (struct nfgenmsg *)mnl_nlmsg_put_extra_header(msg, sizeof *gen);
    gen->nfgen_family = (uint8_t)family;
}

static void begin_rule(void)
{
    begin_message(NFPROTO_INET);
    mnl_attr_put_strz(msg, NFTA_RULE_TABLE, "fw");
    mnl_attr_put_strz(msg, NFTA_RULE_CHAIN, "in");
    mnl_attr_put_u64(msg, NFTA_RULE_HANDLE, htobe64(7));
    list = mnl_attr_nest_start(msg, NFTA_RULE_EXPRESSIONS);
}

static void begin_expr(const char *name)
{
    elem = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
    mnl_attr_put_strz(msg, NFTA_EXPR_NAME, name);
    data = mnl_attr_nest_start(msg, NFTA_EXPR_DATA);
}

static void end_expr(void)
{
    mnl_attr_nest_end(msg, data);
    mnl_attr_nest_end(msg, elem);
}

static void put_be32(uint16_t type, uint32_t value)
{
    mnl_attr_put_u32(msg, type, htonl(value));
}

static void put_meta(uint32_t key)
{
    begin_expr("meta");
    put_be32(NFTA_META_DREG, 1);
    put_be32(NFTA_META_KEY, key);
    end_expr();
}

static void put_payload(uint32_t offset, uint32_t len)
{
    begin_expr("payload");
    put_be32(NFTA_PAYLOAD_DREG, 1);
    put_be32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
    put_be32(NFTA_PAYLOAD_OFFSET, offset);
    put_be32(NFTA_PAYLOAD_LEN, len);
    end_expr();
}

static void put_cmp(uint32_t op, const void *value, size_t size)
{
    struct nlattr *nest = NULL;

    begin_expr("cmp");
    put_be32(NFTA_CMP_SREG, 1);
    put_be32(NFTA_CMP_OP, op);
    nest = mnl_attr_nest_start(msg, NFTA_CMP_DATA);
    mnl_attr_put(msg, NFTA_DATA_VALUE, size, value);
    mnl_attr_nest_end(msg, nest);
    end_expr();
}

static void put_counter(uint64_t packets, uint64_t bytes)
{
    begin_expr("counter");
    mnl_attr_put_u64(msg, NFTA_COUNTER_BYTES, htobe64(bytes));
    mnl_attr_put_u64(msg, NFTA_COUNTER_PACKETS, htobe64(packets));
    end_expr();
}

static void put_verdict(int code, const char *chain)
{
    struct nlattr *value = NULL, *verdict = NULL;

    begin_expr("immediate");
    put_be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    value = mnl_attr_nest_start(msg, NFTA_IMMEDIATE_DATA);
    verdict = mnl_attr_nest_start(msg, NFTA_DATA_VERDICT);
    put_be32(NFTA_VERDICT_CODE, (uint32_t)code);
    if (chain)
        mnl_attr_put_strz(msg, NFTA_VERDICT_CHAIN, chain);
    mnl_attr_nest_end(msg, verdict);
    mnl_attr_nest_end(msg, value);
    end_expr();
}

static struct rca_nft_rule read_rule(void)
{
    struct rca_nft_rule rule;

    mnl_attr_nest_end(msg, list);
    assert_ok(rca_nft_parse_rule(msg, &rule));
    return rule;
}

static void a_rule_that_drops_a_port_is_understood(void **state)
{
    static const char name[IFNAMSIZ] = "eth0";
    const uint16_t port = htons(5432);
    struct rca_nft_rule rule;

    (void)state;
    begin_rule();
    put_meta(NFT_META_IIFNAME);
    put_cmp(NFT_CMP_EQ, name, sizeof name);
    put_payload(2, 2);
    put_cmp(NFT_CMP_EQ, &port, sizeof port);
    put_counter(3, 180);
    put_verdict(NF_DROP, NULL);
    rule = read_rule();
    assert_int_equal(rule.family, NFPROTO_INET);
    assert_string_equal(rule.table, "fw");
    assert_string_equal(rule.chain, "in");
    assert_int_equal(rule.handle, 7);
    assert_int_equal(rule.verdict, RCA_NFT_DROP);
    assert_true(rule.counted && rule.exact);
    assert_int_equal(rule.packets, 3);
    assert_int_equal(rule.bytes, 180);
    assert_string_equal(rule.in.name, "eth0");
    assert_false(rule.in.prefix);
    assert_string_equal(rule.out.name, "");
    assert_int_equal(rule.dport, 5432);
}

static void the_beginning_of_a_name_is_a_prefix(void **state)
{
    const uint32_t index = 3;
    struct rca_nft_rule rule;

    (void)state;
    begin_rule();
    put_meta(NFT_META_OIFNAME);
    put_cmp(NFT_CMP_EQ, "veth", 4);
    put_meta(NFT_META_IIF);
    put_cmp(NFT_CMP_EQ, &index, sizeof index);
    rule = read_rule();
    assert_true(rule.out.prefix);
    assert_string_equal(rule.out.name, "veth");
    assert_int_equal(rule.in.index, 3);
    assert_false(rule.counted);
}

static void what_is_not_a_plain_comparison_narrows_nothing(void **state)
{
    const uint16_t port = htons(80);
    struct rca_nft_rule rule;

    (void)state;
    begin_rule();
    put_meta(NFT_META_IIFNAME);
    put_cmp(NFT_CMP_NEQ, "lo", 3); /* all but one */
    put_payload(0, 2); /* the source's port */
    put_cmp(NFT_CMP_EQ, &port, sizeof port);
    put_payload(2, 2);
    begin_expr("bitwise"); /* changes the register */
    end_expr();
    put_cmp(NFT_CMP_EQ, &port, sizeof port);
    rule = read_rule();
    assert_string_equal(rule.in.name, "");
    assert_int_equal(rule.dport, 0);
    assert_int_equal(rule.verdict, RCA_NFT_CONTINUE);
}

static void a_counter_before_a_condition_is_not_exact(void **state)
{
    static const char *const conditions[] = {"limit", "lookup", "match"};
    struct rca_nft_rule rule;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(conditions); i++) {
        begin_rule();
        put_counter(1, 1);
        begin_expr(conditions[i]);
        end_expr();
        put_verdict(NF_DROP, NULL);
        rule = read_rule();
        assert_true(rule.counted);
        assert_false(rule.exact);
    }
}

static void every_way_to_refuse_is_a_verdict(void **state)
{
    (void)state;
    begin_rule();
    begin_expr("reject");
    end_expr();
    assert_int_equal(read_rule().verdict, RCA_NFT_REJECT);
    begin_rule();
    begin_expr("target");
    mnl_attr_put_strz(msg, NFTA_TARGET_NAME, "REJECT");
    end_expr();
    assert_int_equal(read_rule().verdict, RCA_NFT_REJECT);
    begin_rule();
    put_verdict(NF_ACCEPT, NULL);
    assert_int_equal(read_rule().verdict, RCA_NFT_ACCEPT);
    begin_rule();
    put_verdict(NFT_RETURN, NULL);
    assert_int_equal(read_rule().verdict, RCA_NFT_OTHER);
    begin_rule();
    put_verdict(NFT_GOTO, "more");
    assert_int_equal(read_rule().verdict, RCA_NFT_JUMP);
}

static void a_cut_rule_is_refused_or_reads_less(void **state)
{
    struct rca_nft_rule rule;
    uint32_t whole = 0;

    (void)state;
    begin_rule();
    put_counter(1, 2);
    put_verdict(NFT_JUMP, "more");
    (void)read_rule();
    whole = msg->nlmsg_len;
    for (uint32_t len = NLMSG_HDRLEN; len < whole; len++) {
        msg->nlmsg_len = len;
        assert_true(rca_nft_parse_rule(msg, &rule) <= 0);
    }
    begin_message(NFPROTO_INET);
    assert_err(rca_nft_parse_rule(msg, &rule), RCA_ESYNTAX);
}

static void chains_have_hooks_and_devices(void **state)
{
    struct rca_nft_chain chain;
    struct nlattr *hook = NULL;

    (void)state;
    begin_message(NFPROTO_NETDEV);
    mnl_attr_put_strz(msg, NFTA_CHAIN_TABLE, "t");
    mnl_attr_put_strz(msg, NFTA_CHAIN_NAME, "c");
    assert_ok(rca_nft_parse_chain(msg, &chain));
    assert_int_equal(chain.hook, -1);
    hook = mnl_attr_nest_start(msg, NFTA_CHAIN_HOOK);
    put_be32(NFTA_HOOK_HOOKNUM, NF_INET_FORWARD);
    mnl_attr_put_strz(msg, NFTA_HOOK_DEV, "eth0");
    mnl_attr_nest_end(msg, hook);
    assert_ok(rca_nft_parse_chain(msg, &chain));
    assert_int_equal(chain.hook, NF_INET_FORWARD);
    assert_string_equal(chain.dev, "eth0");
    assert_false(chain.drops || chain.counted);
    begin_message(NFPROTO_NETDEV);
    assert_err(rca_nft_parse_chain(msg, &chain), RCA_ESYNTAX);
}

static void policies_have_counters_where_they_were_made_so(void **state)
{
    struct rca_nft_chain chain;
    struct nlattr *counters = NULL;

    (void)state;
    begin_message(NFPROTO_IPV4);
    mnl_attr_put_strz(msg, NFTA_CHAIN_TABLE, "filter");
    mnl_attr_put_strz(msg, NFTA_CHAIN_NAME, "INPUT");
    put_be32(NFTA_CHAIN_POLICY, NF_ACCEPT);
    assert_ok(rca_nft_parse_chain(msg, &chain));
    assert_false(chain.drops);
    put_be32(NFTA_CHAIN_POLICY, NF_DROP);
    counters = mnl_attr_nest_start(msg, NFTA_CHAIN_COUNTERS);
    mnl_attr_put_u64(msg, NFTA_COUNTER_BYTES, htobe64(900));
    mnl_attr_put_u64(msg, NFTA_COUNTER_PACKETS, htobe64(9));
    mnl_attr_nest_end(msg, counters);
    assert_ok(rca_nft_parse_chain(msg, &chain));
    assert_true(chain.drops && chain.counted);
    assert_int_equal(chain.packets, 9);
    assert_int_equal(chain.bytes, 900);
}

static void put_port(uint16_t port, uint32_t flags)
{
    const unsigned char bytes[] = {(unsigned char)(port >> 8),
                                   (unsigned char)port};
    struct nlattr *one = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
    struct nlattr *key = mnl_attr_nest_start(msg, NFTA_SET_ELEM_KEY);

    mnl_attr_put(msg, NFTA_DATA_VALUE, sizeof bytes, bytes);
    mnl_attr_nest_end(msg, key);
    if (flags)
        put_be32(NFTA_SET_ELEM_FLAGS, flags);
    mnl_attr_nest_end(msg, one);
}

static struct rca_nft_ports read_ports(const uint16_t *at, const uint32_t *ends,
                                       size_t n)
{
    struct rca_nft_ports ports = {.n = 0};
    struct nlattr *elems = NULL;

    begin_message(NFPROTO_IPV4);
    elems = mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
    for (size_t i = 0; i < n; i++)
        put_port(at[i], ends[i]);
    mnl_attr_nest_end(msg, elems);
    assert_ok(rca_nft_parse_ports(msg, &ports));
    return ports;
}

static void sets_of_ports_and_of_ranges_are_read(void **state)
{
    /* as nft(8) writes { 80, 443 }, and { 10-20, 21-29, 40 } unmerged */
    static const uint16_t one[] = {80, 443},
                          two[] = {41, 40, 30, 21, 21, 10, 0};
    static const uint32_t none[2], ends[] = {1, 0, 1, 0, 1, 0, 1};
    static const uint16_t in[] = {10, 20, 21, 29, 40};
    static const uint16_t out[] = {9, 30, 39, 41, 65535};
    struct rca_nft_ports ports = read_ports(one, none, 2);

    (void)state;
    assert_true(rca_nft_ports_may(&ports, 80));
    assert_true(rca_nft_ports_may(&ports, 443));
    assert_true(rca_nft_ports_may(&ports, 0)); /* not known */
    assert_false(rca_nft_ports_may(&ports, 79));
    assert_false(rca_nft_ports_may(&ports, 81));
    ports = read_ports(two, ends, 7);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(in); i++)
        assert_true(rca_nft_ports_may(&ports, in[i]));
    for (size_t i = 0; i < RCA_ARRAY_SIZE(out); i++)
        assert_false(rca_nft_ports_may(&ports, out[i]));
    ports.beyond = 1;
    assert_true(rca_nft_ports_may(&ports, 9));
    assert_true(rca_nft_ports_may(&(struct rca_nft_ports){.n = 0}, 9));
}

static void sets_that_are_too_large_say_nothing(void **state)
{
    uint16_t many[RCA_NFT_PORTS_MAX + 1] = {0};
    const uint32_t none[RCA_NFT_PORTS_MAX + 1] = {0};
    struct rca_nft_ports ports = read_ports(many, none, RCA_NFT_PORTS_MAX + 1);

    (void)state;
    assert_true(ports.beyond);
    assert_int_equal(ports.n, RCA_NFT_PORTS_MAX);
    msg->nlmsg_len = NLMSG_HDRLEN;
    assert_err(rca_nft_parse_ports(msg, &ports), RCA_ESYNTAX);
}

static void a_generation_is_read(void **state)
{
    uint32_t generation = 9;

    (void)state;
    begin_message(0);
    assert_err(rca_nft_parse_generation(msg, &generation), RCA_ESYNTAX);
    assert_int_equal(generation, 9);
    put_be32(NFTA_GEN_ID, 42);
    assert_ok(rca_nft_parse_generation(msg, &generation));
    assert_int_equal(generation, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_have_counters_where_they_were_made_so),
        cmocka_unit_test(a_rule_that_drops_a_port_is_understood),
        cmocka_unit_test(the_beginning_of_a_name_is_a_prefix),
        cmocka_unit_test(what_is_not_a_plain_comparison_narrows_nothing),
        cmocka_unit_test(a_counter_before_a_condition_is_not_exact),
        cmocka_unit_test(every_way_to_refuse_is_a_verdict),
        cmocka_unit_test(a_cut_rule_is_refused_or_reads_less),
        cmocka_unit_test(chains_have_hooks_and_devices),
        cmocka_unit_test(sets_of_ports_and_of_ranges_are_read),
        cmocka_unit_test(sets_that_are_too_large_say_nothing),
        cmocka_unit_test(a_generation_is_read),
    };

    return cmocka_run_group_tests_name("nft_msg", tests, NULL, NULL);
}
