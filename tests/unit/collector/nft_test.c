/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "collector/nft_rules.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

/* --- messages as the kernel builds them ------------------------------------ */

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
    begin_message(NFPROTO_NETDEV);
    assert_err(rca_nft_parse_chain(msg, &chain), RCA_ESYNTAX);
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

/* --- rules together --------------------------------------------------------- */

static void add_chain(struct rca_nft_rules *rules, int family, const char *name,
                      int hook)
{
    struct rca_nft_chain chain = {.family = family, .hook = hook};

    (void)snprintf(chain.table, sizeof chain.table, "t");
    (void)snprintf(chain.name, sizeof chain.name, "%s", name);
    assert_ok(rca_nft_rules_add_chain(rules, &chain));
}

static struct rca_nft_rule make_rule(const char *chain, uint64_t handle,
                                     enum rca_nft_verdict verdict)
{
    struct rca_nft_rule rule = {.family = NFPROTO_IPV4,
                                .table = "t",
                                .handle = handle,
                                .verdict = verdict,
                                .counted = 1,
                                .exact = 1};

    (void)snprintf(rule.chain, sizeof rule.chain, "%s", chain);
    return rule;
}

static void add_rule(struct rca_nft_rules *rules, const char *chain,
                     uint64_t handle, const char *jump)
{
    struct rca_nft_rule rule =
        make_rule(chain, handle, jump ? RCA_NFT_JUMP : RCA_NFT_DROP);

    if (jump)
        (void)snprintf(rule.jump, sizeof rule.jump, "%s", jump);
    assert_ok(rca_nft_rules_add(rules, &rule));
}

static void hooks_follow_jumps_even_in_circles(void **state)
{
    struct rca_nft_rules rules = {0};

    (void)state;
    add_chain(&rules, NFPROTO_IPV4, "in", NF_INET_LOCAL_IN);
    add_chain(&rules, NFPROTO_IPV4, "fwd", NF_INET_FORWARD);
    add_chain(&rules, NFPROTO_IPV4, "a", -1);
    add_chain(&rules, NFPROTO_IPV4, "b", -1);
    add_chain(&rules, NFPROTO_IPV4, "alone", -1);
    add_rule(&rules, "b", 1, "a");
    add_rule(&rules, "a", 2, "b");
    add_rule(&rules, "in", 3, "a");
    add_rule(&rules, "fwd", 4, "a");
    add_rule(&rules, "b", 5, NULL);
    add_rule(&rules, "alone", 6, NULL);
    add_rule(&rules, "in", 7, "nowhere");
    rca_nft_rules_link(&rules);
    assert_int_equal(rules.entries[4].hooks,
                     1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD);
    assert_int_equal(rules.entries[5].hooks, 0);
    rca_nft_rules_done(&rules);
}

static void names_tell_the_family_only_of_twins(void **state)
{
    struct rca_nft_rules rules = {0};
    char name[RCA_NFT_NAME_SIZE];

    (void)state;
    add_chain(&rules, NFPROTO_IPV4, "in", NF_INET_LOCAL_IN);
    add_rule(&rules, "in", 12, NULL);
    rca_nft_rules_link(&rules);
    assert_string_equal(rca_nft_entry_name(&rules.entries[0], "", name),
                        "t/in/12");
    add_chain(&rules, NFPROTO_IPV6, "in", NF_INET_LOCAL_IN);
    rca_nft_rules_link(&rules);
    assert_string_equal(rca_nft_entry_name(&rules.entries[0], "ns", name),
                        "ns:ip/t/in/12");
    rca_nft_rules_done(&rules);
}

static void over_the_limit_those_that_drop_are_kept(void **state)
{
    struct rca_nft_rules rules = {0};
    struct rca_nft_rule rule = make_rule("in", 1, RCA_NFT_ACCEPT);
    size_t at = 0;

    (void)state;
    for (rule.handle = 1; rule.handle <= RCA_NFT_RULES_MAX + 3; rule.handle++)
        assert_ok(rca_nft_rules_add(&rules, &rule));
    rule.verdict = RCA_NFT_DROP;
    assert_ok(rca_nft_rules_add(&rules, &rule));
    rule.counted = 0;
    assert_ok(rca_nft_rules_add(&rules, &rule));
    assert_int_equal(rules.n, RCA_NFT_RULES_MAX);
    assert_int_equal(rules.left_out, 4);
    assert_int_equal(rules.uncounted, 1);
    assert_non_null(rca_nft_rules_find(&rules, &rule, &at));
    rule.handle = 1;
    assert_non_null(rca_nft_rules_find(&rules, &rule, &at));
    rule.handle = RCA_NFT_RULES_MAX;
    assert_null(rca_nft_rules_find(&rules, &rule, &at));
    rca_nft_rules_done(&rules);
}

static void failed_allocations_leave_the_rules_whole(void **state)
{
    struct rca_nft_rules rules = {0};
    struct rca_nft_rule rule = make_rule("in", 1, RCA_NFT_JUMP);
    const struct rca_nft_chain chain = {.hook = -1};

    (void)state;
    for (long n = 0; n < 2; n++) {
        oom_after(n);
        assert_err(rca_nft_rules_add(&rules, &rule), -ENOMEM);
        oom_after(0);
        assert_err(rca_nft_rules_add_chain(&rules, &chain), -ENOMEM);
        oom_after(-1);
        assert_int_equal(rules.n + rules.n_chains, 0);
    }
    rca_nft_rules_link(&rules);
    rca_nft_rules_done(&rules);
}

/* --- who passes -------------------------------------------------------------- */

/* A bridge br0 (index 1) with port pc (2), and eth0 (3), all in namespace 5. */
static struct rca_link_map make_map(void)
{
    static const struct rca_nic nics[] = {
        {.netns = 5, .link = {.index = 1, .name = "br0"}},
        {.netns = 5, .link = {.index = 2, .name = "pc", .master = 1}},
        {.netns = 5, .link = {.index = 3, .name = "eth0"}},
    };
    struct rca_link_map map = {0};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(nics); i++)
        assert_ok(rca_link_map_add(&map, &nics[i]));
    rca_link_map_pair(&map);
    return map;
}

static void interfaces_pass_by_name_prefix_number_and_bridge(void **state)
{
    struct rca_link_map map = make_map();
    struct rca_nft_entry e = {0};

    (void)state;
    assert_true(rca_nft_entry_takes_nic(&e, &map, RCA_LINK_NONE));
    e.rule.in = (struct rca_nft_iface){.name = "br0"};
    assert_true(rca_nft_entry_takes_nic(&e, &map, 0));
    assert_true(rca_nft_entry_takes_nic(&e, &map, 1));
    assert_false(rca_nft_entry_takes_nic(&e, &map, 2));
    assert_false(rca_nft_entry_takes_nic(&e, &map, RCA_LINK_NONE));
    e.rule.in = (struct rca_nft_iface){.name = "et", .prefix = 1};
    assert_true(rca_nft_entry_takes_nic(&e, &map, 2));
    assert_false(rca_nft_entry_takes_nic(&e, &map, 1));
    e.rule.in = (struct rca_nft_iface){.index = 2};
    e.rule.out = (struct rca_nft_iface){.name = "eth0"};
    assert_true(rca_nft_entry_takes_nic(&e, &map, 1));
    assert_true(rca_nft_entry_takes_nic(&e, &map, 2));
    assert_false(rca_nft_entry_takes_nic(&e, &map, 0));
    rca_link_map_done(&map);
}

static void ends_pass_by_hook_and_port(void **state)
{
    struct rca_link_map map = make_map();
    struct rca_nft_entry e = {.hooks = 1 << NF_INET_LOCAL_IN};

    (void)state;
    assert_true(rca_nft_entry_takes_end(&e, &map, 2, 1, 80));
    assert_false(rca_nft_entry_takes_end(&e, &map, 1, 0, 80));
    e.hooks = 1 << NF_INET_FORWARD;
    assert_false(rca_nft_entry_takes_end(&e, &map, 2, 1, 80));
    assert_true(rca_nft_entry_takes_end(&e, &map, 1, 0, 80));
    e.rule.dport = 443;
    assert_false(rca_nft_entry_takes_end(&e, &map, 1, 0, 80));
    assert_true(rca_nft_entry_takes_end(&e, &map, 1, 0, 443));
    assert_true(rca_nft_entry_takes_end(&e, &map, 1, 0, 0));
    e.hooks = 0; /* not known: all */
    assert_true(rca_nft_entry_takes_end(&e, &map, 2, 1, 443));
    assert_true(rca_nft_entry_takes_end(&e, &map, 2, 0, 443));
    rca_link_map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_that_drops_a_port_is_understood),
        cmocka_unit_test(the_beginning_of_a_name_is_a_prefix),
        cmocka_unit_test(what_is_not_a_plain_comparison_narrows_nothing),
        cmocka_unit_test(a_counter_before_a_condition_is_not_exact),
        cmocka_unit_test(every_way_to_refuse_is_a_verdict),
        cmocka_unit_test(a_cut_rule_is_refused_or_reads_less),
        cmocka_unit_test(chains_have_hooks_and_devices),
        cmocka_unit_test(a_generation_is_read),
        cmocka_unit_test(hooks_follow_jumps_even_in_circles),
        cmocka_unit_test(names_tell_the_family_only_of_twins),
        cmocka_unit_test(over_the_limit_those_that_drop_are_kept),
        cmocka_unit_test(failed_allocations_leave_the_rules_whole),
        cmocka_unit_test(interfaces_pass_by_name_prefix_number_and_bridge),
        cmocka_unit_test(ends_pass_by_hook_and_port),
    };

    return cmocka_run_group_tests_name("nft", tests, NULL, NULL);
}
