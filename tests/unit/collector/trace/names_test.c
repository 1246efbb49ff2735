/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/trace/names_own.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static struct rca_trace_names *names;

static int open_names(void **state)
{
    (void)state;
    return rca_trace_names_new(&names);
}

static int close_names(void **state)
{
    (void)state;
    rca_trace_names_free(&names);
    assert_null(names);
    rca_trace_names_free(&names);
    return 0;
}

static void put(enum rca_trace_name_kind kind, uint64_t a, uint64_t b,
                const char *text)
{
    assert_ok(rca_trace_names_put(names, kind, a, b, text));
}

static struct rca_trace_endpoint endpoint(const char *address, uint16_t port,
                                          uint32_t netns)
{
    struct rca_trace_endpoint end = {.port = port, .netns = netns};

    end.family = strchr(address, ':') ? AF_INET6 : AF_INET;
    assert_int_equal(inet_pton(end.family, address, end.address), 1);
    return end;
}

static void put_service(const char *address, uint16_t port, uint32_t netns,
                        const char *text)
{
    const struct rca_trace_endpoint end = endpoint(address, port, netns);
    const struct rca_trace_name_key key = rca_trace_service_key(&end);

    assert_ok(rca_trace_names_set(names, &key, text));
}

static struct rca_trace_event packet(const char *from, uint16_t from_port,
                                     const char *to, uint16_t to_port)
{
    const struct rca_trace_endpoint source = endpoint(from, from_port, 0);
    const struct rca_trace_endpoint destination = endpoint(to, to_port, 0);
    struct rca_trace_event e = {.netns = 7};

    memcpy(e.flow.source, source.address, 16);
    memcpy(e.flow.destination, destination.address, 16);
    e.flow.source_port = from_port;
    e.flow.destination_port = to_port;
    e.flow.family = source.family;
    return e;
}

static void what_is_set_is_found_by_all_of_its_key(void **state)
{
    (void)state;
    put(RCA_TRACE_NAME_NETNS, 7, 0, "web");
    put(RCA_TRACE_NAME_DEVICE, 7, 1, "lo");
    put(RCA_TRACE_NAME_DEVICE, 7, 2, "eth0");
    put(RCA_TRACE_NAME_DEVICE, 8, 2, "br0");
    put(RCA_TRACE_NAME_REASON, 2, 0, "not_specified");
    assert_string_equal(rca_trace_name_netns(names, 7), "web");
    assert_string_equal(rca_trace_name_device(names, 7, 2), "eth0");
    assert_string_equal(rca_trace_name_device(names, 8, 2), "br0");
    assert_string_equal(rca_trace_name_reason(names, 2), "not_specified");
    assert_null(rca_trace_name_netns(names, 8));
    assert_null(rca_trace_name_device(names, 8, 1));
    assert_null(rca_trace_name_reason(names, 3));
}

static void a_new_text_takes_the_place_of_the_old(void **state)
{
    (void)state;
    put(RCA_TRACE_NAME_NETNS, 7, 0, "web");
    put(RCA_TRACE_NAME_NETNS, 8, 0, "db");
    assert_int_equal(rca_trace_names_count(names), 2);
    put(RCA_TRACE_NAME_NETNS, 7, 0, "web");
    assert_int_equal(rca_trace_names_count(names), 2);
    put(RCA_TRACE_NAME_NETNS, 7, 0, "web.2");
    assert_string_equal(rca_trace_name_netns(names, 7), "web.2");
    assert_string_equal(rca_trace_name_netns(names, 8), "db");
}

static int append(void *arg, const struct rca_trace_name_key *key,
                  const char *text)
{
    char *list = (char *)arg;

    (void)key;
    (void)strcat(strcat(list, text), " ");
    return strcmp(text, "stop") ? 0 : -EPIPE;
}

static void what_was_added_since_is_visited_in_order(void **state)
{
    char all[64] = "", since[64] = "", none[64] = "";
    size_t from;

    (void)state;
    put(RCA_TRACE_NAME_NETNS, 1, 0, "a");
    put(RCA_TRACE_NAME_NETNS, 2, 0, "b");
    from = rca_trace_names_count(names);
    put(RCA_TRACE_NAME_NETNS, 3, 0, "c");
    put(RCA_TRACE_NAME_NETNS, 1, 0, "d");
    assert_ok(rca_trace_names_each(names, 0, append, all));
    assert_string_equal(all, "b c d ");
    assert_ok(rca_trace_names_each(names, from, append, since));
    assert_string_equal(since, "c d ");
    from = rca_trace_names_count(names);
    assert_ok(rca_trace_names_each(names, from, append, none));
    assert_string_equal(none, "");
    put(RCA_TRACE_NAME_NETNS, 4, 0, "stop");
    put(RCA_TRACE_NAME_NETNS, 5, 0, "never");
    assert_err(rca_trace_names_each(names, from, append, none), -EPIPE);
    assert_string_equal(none, "stop ");
}

static void a_service_is_found_at_the_destination_first(void **state)
{
    struct rca_trace_event e;

    (void)state;
    put_service("10.0.0.2", 80, 0, "web");
    put_service("10.0.0.3", 5432, 0, "db");
    e = packet("10.0.0.2", 40000, "10.0.0.3", 5432);
    assert_string_equal(rca_trace_name_service(names, &e), "db");
    e = packet("10.0.0.3", 5432, "10.0.0.2", 40000);
    assert_string_equal(rca_trace_name_service(names, &e), "db");
    e = packet("10.0.0.2", 80, "10.0.0.3", 5432);
    assert_string_equal(rca_trace_name_service(names, &e), "db");
    e = packet("10.0.0.2", 81, "10.0.0.9", 80);
    assert_null(rca_trace_name_service(names, &e));
    e.flow.family = 0;
    assert_null(rca_trace_name_service(names, &e));
}

static void a_loopback_address_counts_in_its_namespace(void **state)
{
    struct rca_trace_event e = packet("::1", 40000, "::1", 80);

    (void)state;
    put_service("::1", 80, 8, "other");
    assert_null(rca_trace_name_service(names, &e));
    put_service("::1", 80, 7, "web");
    assert_string_equal(rca_trace_name_service(names, &e), "web");
    e.netns = 8;
    assert_string_equal(rca_trace_name_service(names, &e), "other");
}

static void rules_are_told_apart_by_all_that_names_them(void **state)
{
    struct rca_trace_rule rule = {.handle = 4, .family = 2};
    uint64_t keys[6];

    (void)state;
    (void)strcpy(rule.table, "filter");
    (void)strcpy(rule.chain, "input");
    keys[0] = rca_trace_rule_key(&rule);
    rule.verdict = 1; /* is what it decided, not which it is */
    assert_true(keys[0] == rca_trace_rule_key(&rule));
    rule.handle = 5;
    keys[1] = rca_trace_rule_key(&rule);
    rule.family = 10;
    keys[2] = rca_trace_rule_key(&rule);
    (void)strcpy(rule.table, "filteri");
    (void)strcpy(rule.chain, "nput");
    keys[3] = rca_trace_rule_key(&rule);
    (void)strcpy(rule.table, "filter");
    keys[4] = rca_trace_rule_key(&rule);
    memset(rule.chain, 'x', sizeof(rule.chain)); /* without its end */
    keys[5] = rca_trace_rule_key(&rule);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(keys); i++) {
        for (size_t j = 0; j < i; j++)
            assert_true(keys[i] != keys[j]);
    }
}

static void names_are_looked_up_with_all_numbers_that_have_them(void **state)
{
    const struct rca_trace_lookup look = rca_trace_names_lookup(names);
    uint64_t n[4] = {0};

    (void)state;
    put(RCA_TRACE_NAME_NETNS, 7, 0, "web");
    put(RCA_TRACE_NAME_REASON, 9, 0, "web");
    put(RCA_TRACE_NAME_DEVICE, 7, 2, "eth0");
    put(RCA_TRACE_NAME_DEVICE, 8, 3, "eth0");
    put(RCA_TRACE_NAME_CGROUP, 20, 0, "a.slice");
    put(RCA_TRACE_NAME_CGROUP, 21, 0, "a.slice/b");
    put(RCA_TRACE_NAME_CGROUP, 22, 0, "a.slices");
    assert_int_equal(look.netns(look.arg, "web", n, 4), 1);
    assert_true(n[0] == 7);
    assert_int_equal(look.netns(look.arg, "we", n, 4), 0);
    assert_int_equal(look.reason(look.arg, "web", n, 4), 1);
    assert_true(n[0] == 9);
    assert_int_equal(look.device(look.arg, "eth0", n, 4), 2);
    assert_true(n[0] == (UINT64_C(7) << 32 | 2));
    assert_true(n[1] == (UINT64_C(8) << 32 | 3));
    assert_int_equal(look.device(look.arg, "eth0", n, 1), 1);
    assert_int_equal(look.cgroup(look.arg, "a.slice", n, 4), 2);
    assert_true(n[0] == 20 && n[1] == 21);
    assert_int_equal(look.cgroup(look.arg, "/a.slice/b", n, 4), 1);
    assert_true(n[0] == 21);
    assert_int_equal(look.cgroup(look.arg, "a.slice/c", n, 4), 0);
}

static void a_service_is_looked_up_with_or_without_its_port(void **state)
{
    const struct rca_trace_lookup look = rca_trace_names_lookup(names);
    struct rca_trace_endpoint e[4], want = endpoint("10.0.0.2", 80, 0);

    (void)state;
    put_service("10.0.0.2", 80, 0, "web:80");
    put_service("127.0.0.1", 443, 7, "web:443");
    put_service("10.0.0.3", 5432, 0, "db");
    put_service("fd00::1", 5432, 0, "db");
    assert_int_equal(look.service(look.arg, "web", e, 4), 2);
    assert_memory_equal(&e[0], &want, sizeof(want));
    want = endpoint("127.0.0.1", 443, 7);
    assert_memory_equal(&e[1], &want, sizeof(want));
    assert_int_equal(look.service(look.arg, "web:443", e, 4), 1);
    assert_int_equal(e[0].port, 443);
    assert_int_equal(look.service(look.arg, "db", e, 4), 2);
    want = endpoint("fd00::1", 5432, 0);
    assert_memory_equal(&e[1], &want, sizeof(want));
    assert_int_equal(look.service(look.arg, "db:5432", e, 4), 2);
    assert_int_equal(look.service(look.arg, "db:5433", e, 4), 0);
    assert_int_equal(look.service(look.arg, "we", e, 4), 0);
    assert_int_equal(look.service(look.arg, "web:", e, 4), 0);
    assert_int_equal(look.service(look.arg, "db", e, 1), 1);
}

static void the_place_of_an_address_is_kept(void **state)
{
    const struct rca_trace_name_key key = {.kind = RCA_TRACE_NAME_PLACE,
                                           .a = 0xffffffff81000123};

    (void)state;
    assert_null(rca_trace_name_place(names, 0));
    assert_ok(rca_trace_names_set(names, &key, "from_a_file+0x1"));
    assert_string_equal(rca_trace_name_place(names, key.a), "from_a_file+0x1");
    assert_null(rca_trace_name_place(names, 1));
}

static void without_memory_nothing_is_half_set(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        const size_t before = rca_trace_names_count(names);
        int r = 0;

        oom_after(n);
        for (uint64_t i = 0; r == 0 && i < 40; i++)
            r = rca_trace_names_put(names, RCA_TRACE_NAME_NETNS, i, 0,
                                    i & 1 ? "odd" : "even");
        for (uint64_t i = 0; r == 0 && i < 4; i++)
            r = rca_trace_names_put(names, RCA_TRACE_NAME_NETNS, i, 0, "new");
        oom_after(-1);
        if (r == 0)
            break;
        assert_int_equal(r, -ENOMEM);
        assert_true(rca_trace_names_count(names) >= before);
        for (uint32_t i = 0; i < rca_trace_names_count(names) && i < 40; i++)
            assert_non_null(rca_trace_name_netns(names, i));
        rca_trace_names_free(&names);
        assert_ok(rca_trace_names_new(&names));
    }
    oom_after(0);
    {
        struct rca_trace_names *none = NULL;

        assert_err(rca_trace_names_new(&none), -ENOMEM);
        oom_after(-1);
        assert_null(none);
    }
}

#define WITH_NAMES(test)                                                       \
    cmocka_unit_test_setup_teardown(test, open_names, close_names)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_NAMES(what_is_set_is_found_by_all_of_its_key),
        WITH_NAMES(a_new_text_takes_the_place_of_the_old),
        WITH_NAMES(what_was_added_since_is_visited_in_order),
        WITH_NAMES(a_service_is_found_at_the_destination_first),
        WITH_NAMES(a_loopback_address_counts_in_its_namespace),
        WITH_NAMES(rules_are_told_apart_by_all_that_names_them),
        WITH_NAMES(names_are_looked_up_with_all_numbers_that_have_them),
        WITH_NAMES(a_service_is_looked_up_with_or_without_its_port),
        WITH_NAMES(the_place_of_an_address_is_kept),
        WITH_NAMES(without_memory_nothing_is_half_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
