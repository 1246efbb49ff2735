/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/point.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/tcp.h>
#include <string.h>

#include "tests/harness/test.h"

static void every_point_has_a_name_that_is_read_back(void **state)
{
    (void)state;
    for (unsigned i = 1; i < RCA_TRACE_POINT_COUNT; i++) {
        enum rca_trace_point point = (enum rca_trace_point)0;

        assert_ok(rca_trace_point_parse(rca_trace_point_name(i), &point));
        assert_int_equal(point, i);
    }
    assert_string_equal(rca_trace_point_name(0), "?");
    assert_string_equal(rca_trace_point_name(RCA_TRACE_POINT_COUNT), "?");
}

static void an_unknown_point_is_refused(void **state)
{
    enum rca_trace_point point = RCA_TRACE_DROP;

    (void)state;
    assert_err(rca_trace_point_parse("dorp", &point), RCA_EUNKNOWN);
    assert_err(rca_trace_point_parse("", &point), RCA_EUNKNOWN);
    assert_err(rca_trace_point_parse("?", &point), RCA_EUNKNOWN);
    assert_int_equal(point, RCA_TRACE_DROP);
}

static void auto_is_all_but_stacks(void **state)
{
    struct rca_diag diag = {0};
    unsigned wanted = 0, must = 77;

    (void)state;
    assert_ok(rca_trace_parts_parse("auto", &diag, &wanted, &must));
    assert_int_equal(must, 0);
    assert_int_equal(wanted, ((1U << RCA_TRACE_PART_COUNT) - 1) &
                                 ~(1U << RCA_TRACE_PART_STACK));
}

static void what_is_named_must_work(void **state)
{
    unsigned wanted = 0, must = 0;

    (void)state;
    assert_ok(rca_trace_parts_parse("drop,ct", NULL, &wanted, &must));
    assert_int_equal(must, 1U << RCA_TRACE_PART_DROP | 1U << RCA_TRACE_PART_CT);
    assert_int_equal(wanted, must);
    assert_ok(rca_trace_parts_parse("auto,stack", NULL, &wanted, &must));
    assert_int_equal(must, 1U << RCA_TRACE_PART_STACK);
    assert_int_equal(wanted, (1U << RCA_TRACE_PART_COUNT) - 1);
    assert_ok(rca_trace_parts_parse("auto,nft", NULL, &wanted, &must));
    assert_int_equal(must, 1U << RCA_TRACE_PART_NFT);
}

static void each_part_is_named(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RCA_TRACE_PART_COUNT; i++) {
        unsigned wanted = 0, must = 0;
        const char *name = rca_trace_part_name((enum rca_trace_part)i);

        assert_ok(rca_trace_parts_parse(name, NULL, &wanted, &must));
        assert_int_equal(must, 1U << i);
    }
    assert_string_equal(rca_trace_part_name(RCA_TRACE_PART_COUNT), "?");
}

static void a_typo_gets_the_nearest_name(void **state)
{
    struct rca_diag diag = {0};
    unsigned wanted = 5, must = 6;

    (void)state;
    assert_err(rca_trace_parts_parse("auto,trakcing", &diag, &wanted, &must),
               RCA_EUNKNOWN);
    assert_string_equal(
        diag.text,
        "no collector is called 'trakcing': did you mean 'tracking'?");
    assert_int_equal(diag.column, 6);
    assert_int_equal(wanted, 5);
    assert_int_equal(must, 6);
    assert_err(rca_trace_parts_parse("zzzzzzz", &diag, &wanted, &must),
               RCA_EUNKNOWN);
    assert_non_null(strstr(diag.text, "there are auto, skb"));
}

static void a_missing_name_is_refused(void **state)
{
    static const char *const lists[] = {"", ",", "auto,", ",drop", "a,,b"};
    struct rca_diag diag = {0};
    unsigned wanted, must;

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(lists); i++)
        assert_err(rca_trace_parts_parse(lists[i], &diag, &wanted, &must),
                   RCA_EUNKNOWN);
    assert_err(rca_trace_parts_parse("drop,", &diag, &wanted, &must),
               RCA_EUNKNOWN);
    assert_non_null(strstr(diag.text, "a collector is missing"));
    assert_int_equal(diag.column, 6);
}

static void numbers_are_named_as_the_kernel_headers_have_them(void **state)
{
    (void)state;
    assert_string_equal(rca_trace_verdict_name(NF_DROP), "drop");
    assert_string_equal(rca_trace_verdict_name(NF_ACCEPT), "accept");
    assert_string_equal(rca_trace_verdict_name(NF_STOP), "stop");
    assert_string_equal(rca_trace_verdict_name(NF_QUEUE_NR(3)), "queue");
    assert_string_equal(rca_trace_verdict_name(NFT_CONTINUE), "continue");
    assert_string_equal(rca_trace_verdict_name(NFT_JUMP), "jump");
    assert_string_equal(rca_trace_verdict_name(NFT_RETURN), "return");
    assert_string_equal(rca_trace_verdict_name(-6), "?");
    assert_string_equal(rca_trace_verdict_name(6), "?");
    assert_string_equal(rca_trace_tcp_state_name(TCP_ESTABLISHED),
                        "established");
    assert_string_equal(rca_trace_tcp_state_name(TCP_LISTEN), "listen");
    assert_string_equal(rca_trace_tcp_state_name(TCP_CLOSING), "closing");
    assert_string_equal(rca_trace_tcp_state_name(13), "?");
    assert_string_equal(rca_trace_conntrack_name(IP_CT_NEW), "new");
    assert_string_equal(rca_trace_conntrack_name(IP_CT_ESTABLISHED),
                        "established");
    assert_string_equal(rca_trace_conntrack_name(IP_CT_ESTABLISHED_REPLY),
                        "reply");
    assert_string_equal(rca_trace_conntrack_name(IP_CT_RELATED_REPLY),
                        "related_reply");
    assert_string_equal(rca_trace_conntrack_name(7), "untracked");
    assert_string_equal(rca_trace_conntrack_name(8), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_has_a_name_that_is_read_back),
        cmocka_unit_test(an_unknown_point_is_refused),
        cmocka_unit_test(auto_is_all_but_stacks),
        cmocka_unit_test(what_is_named_must_work),
        cmocka_unit_test(each_part_is_named),
        cmocka_unit_test(a_typo_gets_the_nearest_name),
        cmocka_unit_test(a_missing_name_is_refused),
        cmocka_unit_test(numbers_are_named_as_the_kernel_headers_have_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
