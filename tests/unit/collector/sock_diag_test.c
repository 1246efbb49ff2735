/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/sock_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>

#include "tests/harness/test.h"

/* A message as the kernel lays it out: header, inet_diag_msg, attributes. */
struct message {
    struct nlmsghdr head;
    struct inet_diag_msg diag;
    struct nlattr attr;
    uint32_t info[SK_MEMINFO_VARS];
};

static struct message listening(void)
{
    struct message m = {
        .head = {.nlmsg_len = sizeof(m), .nlmsg_type = SOCK_DIAG_BY_FAMILY},
        .diag = {.idiag_family = AF_INET,
                 .idiag_state = TCP_LISTEN,
                 .id = {.idiag_sport = htons(8080),
                        .idiag_src = {htonl(0x0a000001)},
                        .idiag_cookie = {5, 1}},
                 .idiag_inode = 4711,
                 .idiag_rqueue = 3,
                 .idiag_wqueue = 128},
        .attr = {.nla_len = sizeof(m.attr) + sizeof(m.info),
                 .nla_type = INET_DIAG_SKMEMINFO},
    };

    m.info[SK_MEMINFO_DROPS] = 17;
    return m;
}

static void a_listener_is_read(void **state)
{
    const struct message m = listening();
    struct rca_sock_listener l = {.key.netns = 42};

    (void)state;
    assert_ok(rca_sock_diag_parse(&m.head, &l));
    assert_int_equal(l.key.netns, 42);
    assert_int_equal(l.key.family, AF_INET);
    assert_int_equal(l.key.port, 8080);
    assert_int_equal(l.key.local[0], htonl(0x0a000001));
    assert_true(l.cookie == (UINT64_C(1) << 32 | 5));
    assert_int_equal(l.inode, 4711);
    assert_int_equal(l.queue, 3);
    assert_int_equal(l.limit, 128);
    assert_true(l.told);
    assert_int_equal(l.drops, 17);
}

static void an_older_kernel_tells_no_drops(void **state)
{
    struct message m = listening();
    struct rca_sock_listener l = {0};

    (void)state;
    m.attr.nla_len = sizeof(m.attr) + sizeof(m.info[0]) * SK_MEMINFO_DROPS;
    m.head.nlmsg_len = sizeof(m) - 4;
    assert_ok(rca_sock_diag_parse(&m.head, &l));
    assert_false(l.told);
    assert_int_equal(l.drops, 0);
    m.head.nlmsg_len = sizeof(m.head) + sizeof(m.diag);
    assert_ok(rca_sock_diag_parse(&m.head, &l));
    assert_int_equal(l.queue, 3);
}

static void what_is_no_listener_is_refused(void **state)
{
    const struct message good = listening();
    struct rca_sock_listener l = {.limit = 9};
    struct message m = good;

    (void)state;
    m.head.nlmsg_len = sizeof(m.head) + sizeof(m.diag) - 1;
    assert_int_equal(rca_sock_diag_parse(&m.head, &l), RCA_ESYNTAX);
    m = good;
    m.head.nlmsg_type = NLMSG_MIN_TYPE;
    assert_int_equal(rca_sock_diag_parse(&m.head, &l), RCA_ESYNTAX);
    m = good;
    m.diag.idiag_state = TCP_ESTABLISHED;
    assert_int_equal(rca_sock_diag_parse(&m.head, &l), RCA_ESYNTAX);
    assert_int_equal(l.limit, 9);
}

static void the_request_asks_for_listeners_only(void **state)
{
    _Alignas(8) char buf[RCA_SOCK_DIAG_BYTES];
    const struct nlmsghdr *msg = rca_sock_diag_request(buf, AF_INET6);
    struct inet_diag_req_v2 req;

    (void)state;
    assert_int_equal(msg->nlmsg_len, sizeof(*msg) + sizeof(req));
    memcpy(&req, msg + 1, sizeof(req));
    assert_int_equal(req.sdiag_family, AF_INET6);
    assert_int_equal(req.sdiag_protocol, IPPROTO_TCP);
    assert_int_equal(req.idiag_states, 1 << TCP_LISTEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_is_read),
        cmocka_unit_test(an_older_kernel_tells_no_drops),
        cmocka_unit_test(what_is_no_listener_is_refused),
        cmocka_unit_test(the_request_asks_for_listeners_only),
    };

    return cmocka_run_group_tests_name("collector/sock_diag", tests, NULL,
                                       NULL);
}
