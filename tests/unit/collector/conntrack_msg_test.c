/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/conntrack_msg.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "tests/harness/test.h"

static _Alignas(8) char buf[512];

static struct nlmsghdr *put(unsigned type)
{
    struct nlmsghdr *msg = NULL;

    memset(buf, 0, sizeof buf);
    msg = mnl_nlmsg_put_header(buf);
    msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
    mnl_nlmsg_put_extra_header(msg, sizeof(struct nfgenmsg));
    return msg;
}

static struct nlmsghdr *put_cpu(void)
{
    struct nlmsghdr *msg = put(IPCTNL_MSG_CT_GET_STATS_CPU);

    for (unsigned type = 1; type <= CTA_STATS_CHAIN_TOOLONG; type++)
        mnl_attr_put_u32(msg, (uint16_t)type, htonl(1U << type));
    mnl_attr_put_u32(msg, 100, htonl(7)); /* a later kernel's */
    return msg;
}

static void processors_are_added_up(void **state)
{
    struct rca_conntrack_stats s = {.drop = 1};

    (void)state;
    assert_ok(rca_conntrack_parse_cpu(put_cpu(), &s));
    assert_int_equal(s.drop, 1 + (1U << CTA_STATS_DROP));
    assert_ok(rca_conntrack_parse_cpu(put_cpu(), &s));
    assert_int_equal(s.drop, 1 + (2U << CTA_STATS_DROP));
    assert_int_equal(s.invalid, 2U << CTA_STATS_INVALID);
    assert_int_equal(s.insert_failed, 2U << CTA_STATS_INSERT_FAILED);
    assert_int_equal(s.early_drop, 2U << CTA_STATS_EARLY_DROP);
    assert_int_equal(s.error, 2U << CTA_STATS_ERROR);
    assert_int_equal(s.search_restart, 2U << CTA_STATS_SEARCH_RESTART);
    assert_int_equal(s.chain_toolong, 2U << CTA_STATS_CHAIN_TOOLONG);
}

static void entries_and_limit_are_read(void **state)
{
    struct nlmsghdr *msg = put(IPCTNL_MSG_CT_GET_STATS);
    struct rca_conntrack_use use = {.entries = 99};

    (void)state;
    assert_err(rca_conntrack_parse_use(msg, &use), RCA_ESYNTAX);
    assert_int_equal(use.entries, 99);
    mnl_attr_put_u32(msg, CTA_STATS_GLOBAL_ENTRIES, htonl(60));
    assert_ok(rca_conntrack_parse_use(msg, &use)); /* before 5.16 */
    assert_int_equal(use.entries, 60);
    assert_int_equal(use.limit, 0);
    mnl_attr_put_u32(msg, CTA_STATS_GLOBAL_MAX_ENTRIES, htonl(262144));
    assert_ok(rca_conntrack_parse_use(msg, &use));
    assert_int_equal(use.limit, 262144);
}

static void a_cut_message_is_refused_or_reads_less(void **state)
{
    struct nlmsghdr *msg = put_cpu();
    const uint32_t whole = msg->nlmsg_len;

    (void)state;
    for (uint32_t len = NLMSG_HDRLEN; len < whole; len++) {
        struct rca_conntrack_stats s = {0};
        struct rca_conntrack_use use = {.limit = 9};

        msg->nlmsg_len = len;
        if (len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
            assert_err(rca_conntrack_parse_cpu(msg, &s), RCA_ESYNTAX);
        else
            assert_ok(rca_conntrack_parse_cpu(msg, &s));
        assert_true(s.chain_toolong <= 1U << CTA_STATS_CHAIN_TOOLONG);
        if (rca_conntrack_parse_use(msg, &use))
            assert_int_equal(use.limit, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processors_are_added_up),
        cmocka_unit_test(entries_and_limit_are_read),
        cmocka_unit_test(a_cut_message_is_refused_or_reads_less),
    };

    return cmocka_run_group_tests_name("conntrack_msg", tests, NULL, NULL);
}
