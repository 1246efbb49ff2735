/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/nft_rules.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

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

static void policies_that_drop_are_entries_if_they_count(void **state)
{
    struct rca_nft_rules rules = {0};
    struct rca_nft_chain chain = {.family = NFPROTO_IPV4,
                                  .hook = NF_INET_LOCAL_IN,
                                  .table = "filter",
                                  .name = "INPUT",
                                  .drops = 1};
    char name[RCA_NFT_NAME_SIZE];
    struct rca_nft_rule policy;
    size_t at = 0;

    (void)state;
    assert_ok(rca_nft_rules_add_chain(&rules, &chain));
    assert_int_equal(rules.n, 0);
    assert_int_equal(rules.silent, 1);
    chain.counted = 1;
    chain.packets = 7;
    assert_ok(rca_nft_rules_add_chain(&rules, &chain));
    assert_int_equal(rules.n, 1);
    assert_int_equal(rules.policies, 1);
    rca_nft_rules_link(&rules);
    assert_true(rca_nft_entry_drops(&rules.entries[0]));
    assert_int_equal(rules.entries[0].rule.packets, 7);
    assert_int_equal(rules.entries[0].hooks, 1 << NF_INET_LOCAL_IN);
    assert_string_equal(rca_nft_entry_name(&rules.entries[0], "c", name),
                        "c:filter/INPUT/policy");
    policy = rca_nft_rules_policy(&chain);
    assert_ptr_equal(rca_nft_rules_find(&rules, &policy, &at),
                     &rules.entries[0]);
    chain.hook = -1; /* not a base chain: has none */
    assert_ok(rca_nft_rules_add_chain(&rules, &chain));
    assert_int_equal(rules.n, 1);
    rca_nft_rules_reset(&rules);
    assert_int_equal(rules.policies + rules.silent, 0);
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
        cmocka_unit_test(policies_that_drop_are_entries_if_they_count),
        cmocka_unit_test(hooks_follow_jumps_even_in_circles),
        cmocka_unit_test(names_tell_the_family_only_of_twins),
        cmocka_unit_test(over_the_limit_those_that_drop_are_kept),
        cmocka_unit_test(failed_allocations_leave_the_rules_whole),
        cmocka_unit_test(interfaces_pass_by_name_prefix_number_and_bridge),
        cmocka_unit_test(ends_pass_by_hook_and_port),
    };

    return cmocka_run_group_tests_name("nft_rules", tests, NULL, NULL);
}
