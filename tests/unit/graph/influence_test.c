/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/influence.h"

#include <string.h>

#include "tests/harness/test.h"

#define END(kind_, role_)                                                      \
    (struct rca_end)                                                           \
    {                                                                          \
        .kind = RCA_KIND_##kind_, .role = RCA_ROLE_##role_                     \
    }

static void the_table_is_well_formed(void **state)
{
    const struct rca_rule *rules;
    const unsigned all = (1U << RCA_ROLE_COUNT) - 1;
    size_t n;

    (void)state;
    rules = rca_influence_rules(&n);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        assert_true(rules[i].from && !(rules[i].from & ~all));
        assert_true(rules[i].to && !(rules[i].to & ~all));
        assert_true(rules[i].sign == 0 || rules[i].sign == 1);
        assert_true(rules[i].edge < RCA_EDGE_COUNT);
        assert_true(rules[i].effect <= RCA_KIND_COUNT);
        /* the same quantity seen twice has the same role and moves along */
        if (rules[i].identity) {
            assert_int_equal(rules[i].from, rules[i].to);
            assert_int_equal(rules[i].sign, 1);
        }
    }
}

static void a_slow_callee_slows_its_caller_and_not_the_other_way(void **state)
{
    const struct rca_rule *rule = rca_influence_find(
        RCA_EDGE_CALLS, 1, END(SERVICE, LATENCY), END(SERVICE, LATENCY));

    (void)state;
    assert_non_null(rule);
    assert_int_equal(rule->sign, 1);
    assert_int_equal(rule->gain, RCA_GAIN_CALLS);
    assert_true(rule->identity);
    assert_null(rca_influence_find(RCA_EDGE_CALLS, 0, END(SERVICE, LATENCY),
                                   END(SERVICE, LATENCY)));
}

static void load_goes_down_the_calls(void **state)
{
    (void)state;
    assert_non_null(rca_influence_find(RCA_EDGE_CALLS, 0, END(CLIENT, LOAD),
                                       END(SERVICE, LOAD)));
    assert_null(rca_influence_find(RCA_EDGE_CALLS, 1, END(SERVICE, LOAD),
                                   END(CLIENT, LOAD)));
}

static void retries_raise_the_load_of_a_call_only(void **state)
{
    (void)state;
    assert_non_null(rca_influence_find(RCA_EDGE_CALLS, 1, END(SERVICE, LATENCY),
                                       END(CALL, LOAD)));
    assert_null(rca_influence_find(RCA_EDGE_CALLS, 1, END(SERVICE, LATENCY),
                                   END(SERVICE, LOAD)));
}

static void what_is_not_heard_is_sent_again_by_a_call_only(void **state)
{
    (void)state;
    assert_non_null(rca_influence_find(RCA_EDGE_CALLS, 1, END(SERVICE, ERROR),
                                       END(CALL, SATURATION)));
    assert_null(rca_influence_find(RCA_EDGE_CALLS, 1, END(SERVICE, ERROR),
                                   END(SERVICE, SATURATION)));
}

static void fewer_packets_at_one_end_make_no_errors_at_the_other(void **state)
{
    const struct rca_rule *rule =
        rca_influence_find(RCA_EDGE_LINK, 0, END(NIC, LOAD), END(NIC, ERROR));

    (void)state;
    assert_non_null(rule);
    assert_int_equal(rule->sign, 1);
    rule = rca_influence_find(RCA_EDGE_LINK, 1, END(NIC, LOAD), END(NIC, LOAD));
    assert_non_null(rule);
    assert_int_equal(rule->sign, 0);
}

static void a_call_is_a_callee_of_its_caller(void **state)
{
    const struct rca_rule *rule = rca_influence_find(
        RCA_EDGE_PART_OF, 0, END(CALL, LATENCY), END(SERVICE, LATENCY));

    (void)state;
    assert_non_null(rule);
    assert_int_equal(rule->edge, RCA_EDGE_CALLS);
    assert_null(rca_influence_find(RCA_EDGE_PART_OF, 1, END(SERVICE, LATENCY),
                                   END(CALL, LATENCY)));
    assert_non_null(rca_influence_find(RCA_EDGE_PART_OF, 1, END(SERVICE, LOAD),
                                       END(CALL, LOAD)));
}

static void a_full_resource_hurts_all_that_use_it(void **state)
{
    static const enum rca_edge_kind edges[] = {RCA_EDGE_RUNS_ON, RCA_EDGE_USES,
                                               RCA_EDGE_PART_OF,
                                               RCA_EDGE_FILTERED_BY};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(edges); i++) {
        const struct rca_rule *rule = rca_influence_find(
            edges[i], 1, END(HOST, SATURATION), END(SERVICE, LATENCY));

        assert_non_null(rule);
        assert_false(rule->identity);
        assert_non_null(rca_influence_find(edges[i], 1, END(NIC, ERROR),
                                           END(SERVICE, ERROR)));
        assert_non_null(rca_influence_find(edges[i], 0, END(CGROUP, LOAD),
                                           END(HOST, SATURATION)));
        assert_null(rca_influence_find(edges[i], 1, END(HOST, USAGE),
                                       END(SERVICE, LATENCY)));
        assert_null(rca_influence_find(edges[i], 0, END(SERVICE, SATURATION),
                                       END(HOST, SATURATION)));
    }
}

static void the_usage_of_a_whole_is_that_of_its_members(void **state)
{
    (void)state;
    assert_true(rca_influence_find(RCA_EDGE_PART_OF, 0, END(CGROUP, USAGE),
                                   END(CGROUP, USAGE))
                    ->identity);
    assert_true(rca_influence_find(RCA_EDGE_RUNS_ON, 0, END(CGROUP, USAGE),
                                   END(HOST, USAGE))
                    ->identity);
    assert_false(rca_influence_find(RCA_EDGE_RUNS_ON, 0, END(CGROUP, USAGE),
                                    END(HOST, SATURATION))
                     ->identity);
}

/* DESIGN: any earlier of load, usage, saturation, latency, error: any later */
static void inside_an_entity_only_the_earlier_moves_the_later(void **state)
{
    (void)state;
    for (int from = 0; from < RCA_ROLE_COUNT; from++) {
        for (int to = 0; to < RCA_ROLE_COUNT; to++) {
            const struct rca_rule *rule =
                rca_influence_within((enum rca_role)from, (enum rca_role)to);
            const _Bool want = from < to && to != RCA_ROLE_OTHER;

            assert_int_equal(rule != NULL, want);
            assert_true(!rule || (rule->within && rule->sign == 1));
        }
    }
}

static void a_link_and_the_unknown_move_anything_either_way(void **state)
{
    (void)state;
    for (int up = 0; up < 2; up++) {
        const struct rca_rule *rule = rca_influence_find(
            RCA_EDGE_LINK, (_Bool)up, END(NIC, ERROR), END(NIC, LOAD));

        assert_non_null(rule);
        assert_int_equal(rule->sign, 0);
        for (int edge = 0; edge < RCA_EDGE_COUNT; edge++) {
            rule = rca_influence_find((enum rca_edge_kind)edge, (_Bool)up,
                                      END(HOST, OTHER), END(HOST, LOAD));
            assert_non_null(rule);
            assert_int_equal(rule->sign, 0);
            assert_non_null(rca_influence_find((enum rca_edge_kind)edge,
                                               (_Bool)up, END(HOST, LOAD),
                                               END(HOST, OTHER)));
        }
    }
}

static void verbs_say_what_is_done_in_three_words_at_most(void **state)
{
    (void)state;
    for (int k = 0; k < RCA_KIND_COUNT * RCA_ROLE_COUNT; k++) {
        for (int to = 0; to < RCA_ROLE_COUNT * RCA_UNIT_COUNT; to++) {
            const struct rca_end cause = {(enum rca_kind)(k / RCA_ROLE_COUNT),
                                          (enum rca_role)(k % RCA_ROLE_COUNT)};
            const struct rca_end effect = {
                RCA_KIND_SERVICE, (enum rca_role)(to % RCA_ROLE_COUNT)};
            const char *verb = rca_influence_verb(
                cause, (enum rca_unit)(to / RCA_ROLE_COUNT), effect);
            unsigned blanks = 0;

            assert_true(*verb);
            for (; *verb; verb++)
                blanks += *verb == ' ';
            assert_true(blanks < 3);
        }
    }
}

static void what_fails_in_the_network_drops_packets(void **state)
{
    static const enum rca_kind network[] = {
        RCA_KIND_NETNS, RCA_KIND_NIC,       RCA_KIND_QDISC,
        RCA_KIND_RULE,  RCA_KIND_CONNTRACK, RCA_KIND_BRIDGE};

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(network); i++) {
        const struct rca_end cause = {network[i], RCA_ROLE_ERROR};

        assert_string_equal(rca_influence_verb(cause, RCA_UNIT_PER_SECOND,
                                               END(SERVICE, LATENCY)),
                            "drops packets");
    }
}

static void verbs_fit_cause_and_effect(void **state)
{
    (void)state;
    assert_string_equal(rca_influence_verb(END(CGROUP, USAGE), RCA_UNIT_CORES,
                                           END(HOST, SATURATION)),
                        "takes CPU");
    assert_string_equal(rca_influence_verb(END(CGROUP, USAGE), RCA_UNIT_BYTES,
                                           END(HOST, SATURATION)),
                        "takes memory");
    assert_string_equal(rca_influence_verb(END(SERVICE, LATENCY),
                                           RCA_UNIT_SECONDS,
                                           END(SERVICE, LATENCY)),
                        "slows");
    assert_string_equal(rca_influence_verb(END(RULE, ERROR),
                                           RCA_UNIT_PER_SECOND,
                                           END(CALL, LATENCY)),
                        "drops packets");
    assert_string_equal(rca_influence_verb(END(SERVICE, ERROR), RCA_UNIT_RATIO,
                                           END(SERVICE, ERROR)),
                        "causes errors");
    assert_string_equal(rca_influence_verb(END(CLIENT, LOAD),
                                           RCA_UNIT_PER_SECOND,
                                           END(SERVICE, LOAD)),
                        "loads");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_well_formed),
        cmocka_unit_test(a_slow_callee_slows_its_caller_and_not_the_other_way),
        cmocka_unit_test(load_goes_down_the_calls),
        cmocka_unit_test(retries_raise_the_load_of_a_call_only),
        cmocka_unit_test(fewer_packets_at_one_end_make_no_errors_at_the_other),
        cmocka_unit_test(what_is_not_heard_is_sent_again_by_a_call_only),
        cmocka_unit_test(a_call_is_a_callee_of_its_caller),
        cmocka_unit_test(a_full_resource_hurts_all_that_use_it),
        cmocka_unit_test(the_usage_of_a_whole_is_that_of_its_members),
        cmocka_unit_test(inside_an_entity_only_the_earlier_moves_the_later),
        cmocka_unit_test(a_link_and_the_unknown_move_anything_either_way),
        cmocka_unit_test(verbs_say_what_is_done_in_three_words_at_most),
        cmocka_unit_test(what_fails_in_the_network_drops_packets),
        cmocka_unit_test(verbs_fit_cause_and_effect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
