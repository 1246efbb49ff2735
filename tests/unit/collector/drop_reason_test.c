/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/drop_reason.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static void fill(struct rca_drop_reasons *r)
{
    assert_ok(rca_drop_reasons_add(r, "SKB_NOT_DROPPED_YET", 0));
    assert_ok(rca_drop_reasons_add(r, "SKB_CONSUMED", 1));
    assert_ok(rca_drop_reasons_add(r, "SKB_DROP_REASON_NO_SOCKET", 3));
    assert_ok(rca_drop_reasons_add(r, "SKB_DROP_REASON_MAX", 4));
    assert_ok(
        rca_drop_reasons_add(r, "SKB_DROP_REASON_SUBSYS_MASK", 0xffff0000U));
}

static void reasons_have_the_kernels_names(void **state)
{
    RCA_CLEANUP(rca_drop_reasons_done) struct rca_drop_reasons r = {0};
    char buf[RCA_DROP_NAME_SIZE];

    (void)state;
    assert_string_equal(rca_drop_reason_name(&r, 3, buf), "unspecified");
    fill(&r);
    assert_string_equal(rca_drop_reason_name(&r, 3, buf), "no_socket");
    assert_string_equal(rca_drop_reason_name(&r, 2, buf), "reason_2");
    assert_string_equal(rca_drop_reason_name(&r, 4, buf), "reason_4");
    assert_string_equal(rca_drop_reason_name(&r, 0x20007, buf), "subsys_2_7");
    assert_int_equal(r.consumed[0], 1);
    assert_int_equal(r.consumed[1], 0);
}

static void subsystems_have_names(void **state)
{
    RCA_CLEANUP(rca_drop_reasons_done) struct rca_drop_reasons r = {0};
    char buf[RCA_DROP_NAME_SIZE];

    (void)state;
    fill(&r);
    rca_drop_reasons_add_subsys(&r, "SKB_DROP_REASON_SUBSYS_CORE", 0);
    rca_drop_reasons_add_subsys(&r, "SKB_DROP_REASON_SUBSYS_MAC80211", 1);
    rca_drop_reasons_add_subsys(&r, "SKB_DROP_REASON_SUBSYS_OPENVSWITCH", 2);
    rca_drop_reasons_add_subsys(&r, "SKB_DROP_REASON_SUBSYS_NUM", 3);
    rca_drop_reasons_add_subsys(&r, "SKB_DROP_REASON_SUBSYS_FAR", 16);
    rca_drop_reasons_add_subsys(&r, "OTHER", 4);
    assert_string_equal(rca_drop_reason_name(&r, 3, buf), "no_socket");
    assert_string_equal(rca_drop_reason_name(&r, 0x10003, buf), "mac80211_3");
    assert_string_equal(rca_drop_reason_name(&r, 0x20005, buf),
                        "openvswitch_meter");
    assert_string_equal(rca_drop_reason_name(&r, 0x20000, buf),
                        "openvswitch_0");
    assert_string_equal(rca_drop_reason_name(&r, 0x20063, buf),
                        "openvswitch_99");
    assert_string_equal(rca_drop_reason_name(&r, 0x30001, buf), "subsys_3_1");
    assert_string_equal(rca_drop_reason_name(&r, 0x40001, buf), "subsys_4_1");
    assert_string_equal(rca_drop_reason_name(&r, 0x100001, buf), "subsys_16_1");
}

static void an_old_kernel_consumes_nothing(void **state)
{
    RCA_CLEANUP(rca_drop_reasons_done) struct rca_drop_reasons r = {0};

    (void)state;
    assert_ok(rca_drop_reasons_add(&r, "SKB_DROP_REASON_NOT_SPECIFIED", 0));
    assert_int_equal(r.consumed[0], UINT32_MAX);
    assert_int_equal(r.consumed[1], UINT32_MAX);
}

static void long_names_are_cut(void **state)
{
    RCA_CLEANUP(rca_drop_reasons_done) struct rca_drop_reasons r = {0};
    char name[200], buf[RCA_DROP_NAME_SIZE];

    (void)state;
    memset(name, 'X', sizeof(name) - 1);
    memcpy(name, "SKB_DROP_REASON_", 16);
    name[sizeof(name) - 1] = '\0';
    assert_ok(rca_drop_reasons_add(&r, name, 1));
    assert_int_equal(strlen(rca_drop_reason_name(&r, 1, buf)),
                     RCA_DROP_NAME_SIZE - 1);
}

/* One of each end and the middle: a list out of order would lose some. */
static void harmless_reasons_do_not_hurt(void **state)
{
    static const char *const harmless[] = {
        "otherhost",       "packet_sock_error",
        "queue_purge",     "skb_consumed",
        "socket_close",    "socket_filter",
        "tap_filter",      "tcp_abort_on_data",
        "tcp_close",       "tcp_fastopen",
        "tcp_flags",       "tcp_invalid_sequence",
        "tcp_ofomerge",    "tcp_old_ack",
        "tcp_old_data",    "tcp_old_sequence",
        "tcp_reset",       "tcp_too_old_ack",
        "unhandled_proto", "unicast_in_l2_multicast",
        "unix_disconnect", "unix_skip_oob",
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(harmless); i++)
        assert_false(rca_drop_reason_hurts(harmless[i]));
    assert_true(rca_drop_reason_hurts("netfilter_drop"));
    assert_true(rca_drop_reason_hurts("tcp_listen_overflow"));
    assert_true(rca_drop_reason_hurts("unspecified"));
    assert_true(rca_drop_reason_hurts("subsys_2"));
    assert_true(rca_drop_reason_hurts(""));
}

static void a_failing_allocation_changes_nothing(void **state)
{
    RCA_CLEANUP(rca_drop_reasons_done) struct rca_drop_reasons r = {0};
    char buf[RCA_DROP_NAME_SIZE];

    (void)state;
    fill(&r);
    oom_after(0);
    assert_err(rca_drop_reasons_add(&r, "SKB_DROP_REASON_X", 100), -ENOMEM);
    oom_after(-1);
    assert_string_equal(rca_drop_reason_name(&r, 3, buf), "no_socket");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_have_the_kernels_names),
        cmocka_unit_test(subsystems_have_names),
        cmocka_unit_test(an_old_kernel_consumes_nothing),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(harmless_reasons_do_not_hurt),
        cmocka_unit_test(a_failing_allocation_changes_nothing),
    };

    return cmocka_run_group_tests_name("collector/drop_reason", tests, NULL,
                                       NULL);
}
