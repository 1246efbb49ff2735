/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "tests/harness/test.h"

static _Alignas(8) char buf[4096];

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_ends_with_done_or_an_error_of_zero),
        cmocka_unit_test(failures_of_kernel_and_visitor_are_handed_up),
        cmocka_unit_test(a_length_over_the_end_is_refused),
    };

    return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
