/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What goes between the collector and its helper: every verb at the ends of
 * what it takes and one beyond.
 */

#include "collector/privileged_wire.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <string.h>

#include "collector/privileged.h"
#include "tests/harness/test.h"

static int parse_with(struct rca_wire_request request, const void *payload,
                      size_t len, size_t n_fds)
{
    char buf[sizeof(request) + 4096];
    struct rca_wire_request got;
    const void *at = NULL;
    int r;

    request.magic = RCA_WIRE_MAGIC;
    memcpy(buf, &request, sizeof(request));
    if (len)
        memcpy(buf + sizeof(request), payload, len);
    r = rca_wire_parse_request(buf, sizeof(request) + len, n_fds, &got, &at);
    if (r == 0) {
        assert_memory_equal(&got, &request, sizeof(got));
        assert_ptr_equal(at, buf + sizeof(request));
    }
    return r;
}

static int parse(uint32_t verb, int32_t number, uint32_t n_fds)
{
    return parse_with((struct rca_wire_request){.verb = verb,
                                                .number = number,
                                                .n_fds = n_fds},
                      NULL, 0, n_fds);
}

static int parse_name(const char *name, size_t len)
{
    return parse_with((struct rca_wire_request){.verb = RCA_VERB_NETNS_NAMED,
                                                .size = (uint32_t)len},
                      name, len, 0);
}

static int parse_message(uint16_t type, uint16_t flags, uint32_t len)
{
    const struct nlmsghdr msg = {
        .nlmsg_len = len, .nlmsg_type = type, .nlmsg_flags = flags};

    return parse_with((struct rca_wire_request){.verb = RCA_VERB_SEND,
                                                .n_fds = 1,
                                                .size = sizeof(msg)},
                      &msg, sizeof(msg), 1);
}

static int parse_hook(int32_t family, int32_t hook, uint32_t n_fds)
{
    return parse_with((struct rca_wire_request){.verb = RCA_VERB_ATTACH_NF,
                                                .number = family,
                                                .hook = hook,
                                                .priority = -1,
                                                .n_fds = n_fds},
                      NULL, 0, n_fds);
}

static void numbers_end_where_the_verb_says(void **state)
{
    (void)state;
    assert_ok(parse(RCA_VERB_NETNS_OF, 1, 0));
    assert_ok(parse(RCA_VERB_NETNS_OF, INT32_MAX, 0));
    assert_err(parse(RCA_VERB_NETNS_OF, 0, 0), RCA_ESYNTAX);
    assert_err(parse(RCA_VERB_NETNS_OF, -1, 0), RCA_ESYNTAX);
    assert_ok(parse(RCA_VERB_NET_FILE, RCA_NET_FILE_COUNT - 1, 0));
    assert_ok(parse(RCA_VERB_NET_FILE, 0, 1));
    assert_err(parse(RCA_VERB_NET_FILE, RCA_NET_FILE_COUNT, 0), RCA_ESYNTAX);
    assert_err(parse(RCA_VERB_NET_FILE, -1, 0), RCA_ESYNTAX);
    assert_ok(parse(RCA_VERB_TURN_ON, RCA_SETTING_COUNT - 1, 0));
    assert_err(parse(RCA_VERB_TURN_ON, RCA_SETTING_COUNT, 0), RCA_ESYNTAX);
    assert_ok(parse(RCA_VERB_OVS, RCA_OVS_QUERY_COUNT - 1, 0));
    assert_err(parse(RCA_VERB_OVS, RCA_OVS_QUERY_COUNT, 0), RCA_ESYNTAX);
    assert_ok(parse(RCA_VERB_BPF_STATS, 0, 0));
    assert_err(parse(RCA_VERB_BPF_STATS, 1, 0), RCA_ESYNTAX);
}

static void only_some_families_of_netlink(void **state)
{
    (void)state;
    for (int bus = 0; bus < 32; bus++) {
        const _Bool may = bus == NETLINK_ROUTE || bus == NETLINK_SOCK_DIAG ||
                          bus == NETLINK_NETFILTER;

        assert_err(parse(RCA_VERB_NETLINK, bus, 0), may ? 0 : RCA_ESYNTAX);
        assert_err(parse(RCA_VERB_NETLINK, bus, 1), may ? 0 : RCA_ESYNTAX);
    }
    assert_err(parse(RCA_VERB_NETLINK, NETLINK_ROUTE, 2), RCA_ESYNTAX);
}

static void unknown_verbs_are_refused(void **state)
{
    (void)state;
    assert_err(parse(0, 1, 0), RCA_ESYNTAX);
    assert_err(parse(RCA_VERB_COUNT, 0, 0), RCA_ESYNTAX);
    assert_err(parse(UINT32_MAX, 0, 0), RCA_ESYNTAX);
}

static void names_are_no_paths(void **state)
{
    char longest[256];

    (void)state;
    memset(longest, 'a', sizeof(longest));
    assert_ok(parse_name("blue", 4));
    assert_ok(parse_name(longest, 255));
    assert_err(parse_name(longest, 256), RCA_ESYNTAX);
    assert_err(parse_name("", 0), RCA_ESYNTAX);
    assert_err(parse_name("..", 2), RCA_ESYNTAX);
    assert_err(parse_name(".a", 2), RCA_ESYNTAX);
    assert_err(parse_name("a/b", 3), RCA_ESYNTAX);
    assert_err(parse_name("/etc", 4), RCA_ESYNTAX);
    assert_err(parse_name("a\0b", 3), RCA_ESYNTAX);
}

/* Of each subsystem and type, what reads and nothing else: the list is that of
 * the contract, written down again. */
static void only_messages_that_read(void **state)
{
    static const uint16_t may[] = {
        0xa01, 0xa04, 0xa07, 0xa0a, 0xa0d, 0xa10, 0xa13, 0xa17, /* nf_tables */
        0x101, 0x104, 0x105, /* conntrack */
        0x201, 0x203, /* expectations */
    };

    (void)state;
    for (unsigned type = 0; type < 0x10000; type++) {
        _Bool listed = 0;

        for (size_t i = 0; i < RCA_ARRAY_SIZE(may); i++)
            listed = listed || may[i] == type;
        assert_err(parse_message((uint16_t)type, NLM_F_REQUEST, 16),
                   listed ? 0 : RCA_ESYNTAX);
    }
}

static void messages_are_one_and_whole(void **state)
{
    const uint16_t get = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;

    (void)state;
    assert_ok(parse_message(get, NLM_F_REQUEST | NLM_F_DUMP, 16));
    assert_ok(parse_message(get, NLM_F_REQUEST | NLM_F_ACK, 16));
    assert_err(parse_message(get, 0, 16), RCA_ESYNTAX);
    assert_err(parse_message(get, NLM_F_REQUEST | NLM_F_ECHO, 16), RCA_ESYNTAX);
    assert_err(parse_message(get, NLM_F_REQUEST, 15), RCA_ESYNTAX);
    assert_err(parse_message(get, NLM_F_REQUEST, 17), RCA_ESYNTAX);
    assert_err(parse_message(get, NLM_F_REQUEST, UINT32_MAX), RCA_ESYNTAX);
    assert_false(rca_wire_may_send("", 0));
}

static void hooks_of_ip_only(void **state)
{
    (void)state;
    for (int family = 0; family < 16; family++) {
        const _Bool ip = family == NFPROTO_IPV4 || family == NFPROTO_IPV6;

        assert_err(parse_hook(family, NF_INET_PRE_ROUTING, 1),
                   ip ? 0 : RCA_ESYNTAX);
        assert_err(parse_hook(family, NF_INET_POST_ROUTING, 2),
                   ip ? 0 : RCA_ESYNTAX);
    }
    assert_err(parse_hook(NFPROTO_IPV4, NF_INET_NUMHOOKS, 1), RCA_ESYNTAX);
    assert_err(parse_hook(NFPROTO_IPV4, -1, 1), RCA_ESYNTAX);
    assert_err(parse_hook(NFPROTO_IPV4, 0, 0), RCA_ESYNTAX);
}

static void sizes_must_agree(void **state)
{
    struct rca_wire_request request = {.magic = RCA_WIRE_MAGIC,
                                       .verb = RCA_VERB_BPF_STATS};
    const void *payload;

    (void)state;
    for (size_t len = 0; len < sizeof(request); len++)
        assert_err(rca_wire_parse_request(&request, len, 0, &request, &payload),
                   RCA_ESYNTAX);
    assert_ok(rca_wire_parse_request(&request, sizeof(request), 0, &request,
                                     &payload));
    assert_err(rca_wire_parse_request(&request, sizeof(request), 1, &request,
                                      &payload),
               RCA_ESYNTAX);
    request.magic++;
    assert_err(rca_wire_parse_request(&request, sizeof(request), 0, &request,
                                      &payload),
               RCA_ESYNTAX);
    assert_err(parse_with((struct rca_wire_request){.verb = RCA_VERB_BPF_STATS,
                                                    .size = 1},
                          "", 0, 0),
               RCA_ESYNTAX);
    assert_err(parse_with((struct rca_wire_request){.verb = RCA_VERB_BPF_STATS},
                          "x", 1, 0),
               RCA_ESYNTAX);
}

static int parse_answer(int32_t result, uint32_t n_fds, size_t got)
{
    const struct rca_wire_answer answer = {
        .magic = RCA_WIRE_MAGIC, .result = result, .n_fds = n_fds};
    struct rca_wire_answer read;

    return rca_wire_parse_answer(&answer, sizeof(answer), got, &read);
}

static void answers_are_0_or_an_error(void **state)
{
    (void)state;
    assert_ok(parse_answer(0, 0, 0));
    assert_ok(parse_answer(0, 1, 1));
    assert_ok(parse_answer(-1, 0, 0));
    assert_ok(parse_answer(-4095, 0, 0));
    assert_err(parse_answer(-4096, 0, 0), RCA_ESYNTAX);
    assert_err(parse_answer(INT32_MIN, 0, 0), RCA_ESYNTAX);
    assert_err(parse_answer(1, 0, 0), RCA_ESYNTAX);
    assert_err(parse_answer(0, 1, 0), RCA_ESYNTAX);
    assert_err(parse_answer(0, 0, 1), RCA_ESYNTAX);
    assert_err(parse_answer(0, 2, 2), RCA_ESYNTAX);
    assert_err(parse_answer(-1, 1, 1), RCA_ESYNTAX);
}

static int feed(const char *text)
{
    struct rca_wire_json json = {0};

    return rca_wire_json_feed(&json, text, strlen(text));
}

static void the_end_of_an_object_is_found(void **state)
{
    struct rca_wire_json json = {0};

    (void)state;
    assert_int_equal(feed("{}"), 1);
    assert_int_equal(feed(" \n{\"a\":{\"b\":[1,2]}}"), 1);
    assert_int_equal(feed("{\"}\":1}"), 1);
    assert_int_equal(feed("{\"a\":\"}\""), 0);
    assert_int_equal(feed("{\"\\\"}\":1"), 0);
    assert_int_equal(feed("{\"\\\\\"}"), 1);
    assert_int_equal(feed(""), 0);
    assert_int_equal(feed("{"), 0);
    assert_err(feed("x{}"), RCA_ESYNTAX);
    assert_err(feed("}"), RCA_ESYNTAX);
    assert_int_equal(rca_wire_json_feed(&json, "{\"a\\", 4), 0);
    assert_int_equal(rca_wire_json_feed(&json, "\"}", 2), 0);
    assert_int_equal(rca_wire_json_feed(&json, "\":{}}", 5), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_end_where_the_verb_says),
        cmocka_unit_test(only_some_families_of_netlink),
        cmocka_unit_test(unknown_verbs_are_refused),
        cmocka_unit_test(names_are_no_paths),
        cmocka_unit_test(only_messages_that_read),
        cmocka_unit_test(messages_are_one_and_whole),
        cmocka_unit_test(hooks_of_ip_only),
        cmocka_unit_test(sizes_must_agree),
        cmocka_unit_test(answers_are_0_or_an_error),
        cmocka_unit_test(the_end_of_an_object_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
