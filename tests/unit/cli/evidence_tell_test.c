/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Events made by hand, and what an explanation says of them. */

#include "cli/evidence_tell.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

enum {
    HOST = 4026531840U,
    WEB = 4026532001U,
    NETFILTER = 8,
    NO_SOCKET = 3,
    PURGE = 5
};

static void put(struct rca_trace_names *names, enum rca_trace_name_kind kind,
                uint64_t a, uint64_t b, const char *text)
{
    const struct rca_trace_name_key key = {.kind = kind, .a = a, .b = b};

    assert_ok(rca_trace_names_set(names, &key, text));
}

static const struct rca_trace_rule rule = {
    .handle = 2, .family = 1, .table = "filter", .chain = "input"};

static struct rca_trace_names *make_names(void)
{
    struct rca_trace_names *names = NULL;
    struct rca_trace_name_key web = {.kind = RCA_TRACE_NAME_SERVICE,
                                     .c = 8080U << 16 | AF_INET};
    const unsigned char address[4] = {10, 0, 0, 2};

    memcpy(&web.a, address, sizeof(address));
    assert_ok(rca_trace_names_new(&names));
    assert_ok(rca_trace_names_set(names, &web, "web"));
    put(names, RCA_TRACE_NAME_NETNS, HOST, 0, "host");
    put(names, RCA_TRACE_NAME_NETNS, WEB, 0, "web");
    put(names, RCA_TRACE_NAME_DEVICE, WEB, 2, "eth0");
    put(names, RCA_TRACE_NAME_REASON, NETFILTER, 0, "netfilter_drop");
    put(names, RCA_TRACE_NAME_REASON, NO_SOCKET, 0, "no_socket");
    put(names, RCA_TRACE_NAME_REASON, PURGE, 0, "queue_purge");
    put(names, RCA_TRACE_NAME_PLACE, 0xffff1234, 0, "nf_hook_slow+0x8b");
    put(names, RCA_TRACE_NAME_RULE, rca_trace_rule_key(&rule), WEB,
        "tcp dport 8080 drop");
    return names;
}

static struct rca_trace_event make_event(uint64_t id, unsigned point)
{
    static const unsigned char address[4] = {10, 0, 0, 2};
    struct rca_trace_event e = {.id = id,
                                .point = point,
                                .time = id * 1000,
                                .netns = WEB,
                                .ifindex = 2,
                                .flow = {.family = AF_INET,
                                         .protocol = IPPROTO_TCP,
                                         .source_port = 40000,
                                         .destination_port = 8080}};

    memcpy(e.flow.destination, address, sizeof(address));
    return e;
}

static void drop(struct rca_trace_summary *summary, uint64_t id, uint32_t netns,
                 uint32_t reason)
{
    struct rca_trace_event e = make_event(id, RCA_TRACE_DROP);

    e.netns = netns;
    e.reason = reason;
    e.has = reason ? RCA_TRACE_HAS_REASON : 0;
    e.place = reason == NETFILTER ? 0xffff1234 : 0;
    assert_ok(rca_trace_summary_add(summary, &e));
}

/* 100 packets of which a rule drops 3, 2 find no socket, 1 is dropped as ever */
static struct rca_trace_summary *make_summary(void)
{
    struct rca_trace_summary *summary = NULL;

    assert_ok(rca_trace_summary_new(0, &summary));
    for (uint64_t id = 1; id <= 100; id++) {
        struct rca_trace_event e = make_event(id, RCA_TRACE_RECEIVE);

        assert_ok(rca_trace_summary_add(summary, &e));
    }
    for (uint64_t id = 1; id <= 3; id++) {
        struct rca_trace_event e = make_event(id, RCA_TRACE_RULE);

        e.detail.rule = rule;
        e.has = RCA_TRACE_HAS_RULE;
        assert_ok(rca_trace_summary_add(summary, &e));
        drop(summary, id, WEB, NETFILTER);
    }
    drop(summary, 4, WEB, NO_SOCKET);
    drop(summary, 5, WEB, NO_SOCKET);
    drop(summary, 6, HOST, 0);
    for (uint64_t id = 7; id < 17; id++)
        drop(summary, id, WEB, PURGE); /* nobody misses these */
    return summary;
}

static const struct rca_packets about = {.filter = "port 8080",
                                         .what = "web port 8080",
                                         .from = RCA_SECOND,
                                         .to = 3 * RCA_SECOND,
                                         .lost = 5,
                                         .others = 77};

static void numbers_become_names(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) =
        make_names();
    struct rca_trace_summary *summary RCA_CLEANUP(rca_trace_summary_free) =
        make_summary();
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
        calloc(1, sizeof(*e));
    const struct rca_packet_death *d;

    (void)state;
    assert_non_null(e);
    assert_ok(rca_evidence_tell(summary, names, NULL, &about, e));
    assert_int_equal(e->packets->packets, 100);
    assert_int_equal(e->packets->died, 6);
    assert_int_equal(e->packets->lost, 5);
    assert_int_equal(e->packets->others, 0);
    assert_string_equal(e->packets->what, "web port 8080");
    assert_int_equal(e->packets->n_deaths, 3);
    d = e->packets->deaths;
    assert_int_equal(d[0].packets, 3);
    assert_string_equal(d[0].rule, "web:filter/input/2");
    assert_string_equal(d[0].text, "tcp dport 8080 drop");
    assert_string_equal(d[0].reason, "netfilter_drop");
    assert_string_equal(d[0].netns, "web");
    assert_string_equal(d[0].device, "eth0");
    assert_string_equal(d[0].service, "web");
    assert_string_equal(d[0].place, "nf_hook_slow");
    assert_int_equal(d[1].packets, 2);
    assert_string_equal(d[1].reason, "no_socket");
    assert_null(d[1].rule);
    assert_null(d[1].text);
    assert_null(d[1].place);
    assert_int_equal(d[2].packets, 1);
    assert_null(d[2].reason);
    assert_null(d[2].device);
    assert_string_equal(d[2].netns, "host");
}

static void what_has_no_name_is_a_number(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct rca_trace_summary *summary RCA_CLEANUP(rca_trace_summary_free) =
        make_summary();
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
        calloc(1, sizeof(*e));

    (void)state;
    assert_non_null(e);
    assert_ok(rca_trace_names_new(&names));
    assert_ok(rca_evidence_tell(summary, names, NULL, &about, e));
    assert_string_equal(e->packets->deaths[0].reason, "reason 5");
    assert_string_equal(e->packets->deaths[1].rule, "filter/input/2");
    assert_string_equal(e->packets->deaths[2].reason, "reason 3");
    assert_null(e->packets->deaths[2].netns);
    assert_null(e->packets->deaths[2].service);
}

/* Nobody told of a verdict, but a rule counted 5, on two devices; a place of its
 * own as it is no rule that drops what finds no socket. */
static void a_rule_is_known_by_its_counter(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) =
        make_names();
    struct rca_trace_summary *summary RCA_CLEANUP(rca_trace_summary_free) =
        NULL;
    struct rca_trace_suspects suspects RCA_CLEANUP(rca_trace_suspects_done) = {
        .looks = 2};
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
        calloc(1, sizeof(*e));

    (void)state;
    assert_non_null(e);
    assert_ok(rca_trace_summary_new(0, &summary));
    for (uint64_t id = 1; id <= 5; id++) {
        struct rca_trace_event event = make_event(id, RCA_TRACE_DROP);

        event.has = RCA_TRACE_HAS_REASON;
        event.reason = NETFILTER;
        event.ifindex = id > 3 ? 2 : 0;
        assert_ok(rca_trace_summary_add(summary, &event));
    }
    drop(summary, 6, WEB, NO_SOCKET);
    assert_ok(rca_trace_suspects_note(&suspects, WEB, &rule, 5));
    assert_ok(rca_evidence_tell(summary, names, &suspects, &about, e));
    assert_int_equal(e->packets->n_deaths, 3);
    assert_int_equal(e->packets->deaths[0].packets, 3);
    assert_string_equal(e->packets->deaths[0].rule, "web:filter/input/2");
    assert_string_equal(e->packets->deaths[0].text, "tcp dport 8080 drop");
    assert_int_equal(e->packets->deaths[1].packets, 2);
    assert_string_equal(e->packets->deaths[1].rule, "web:filter/input/2");
    assert_null(e->packets->deaths[2].rule);
    assert_ok(rca_trace_suspects_note(&suspects, WEB, &rule, 4));
    assert_ok(rca_evidence_tell(summary, names, &suspects, &about, e));
    assert_string_equal(e->packets->deaths[0].rule, "web:filter/input/2");
    assert_ok(rca_trace_suspects_note(&suspects, WEB, &rule, 1));
    assert_ok(rca_evidence_tell(summary, names, &suspects, &about, e));
    assert_null(e->packets->deaths[0].rule);
}

static void more_ways_to_die_are_counted(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) =
        make_names();
    struct rca_trace_summary *summary RCA_CLEANUP(rca_trace_summary_free) =
        make_summary();
    struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
        calloc(1, sizeof(*e));

    (void)state;
    assert_non_null(e);
    for (uint64_t id = 21; id < 41; id++)
        drop(summary, id, WEB, (uint32_t)id * 100);
    assert_ok(rca_evidence_tell(summary, names, NULL, &about, e));
    assert_int_equal(e->packets->died, 26);
    assert_int_equal(e->packets->n_deaths, RCA_DEATHS_MAX);
    assert_int_equal(e->packets->others, 26 - 3 - 2 - 6);
}

static void every_allocation_may_fail(void **state)
{
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) =
        make_names();
    struct rca_trace_summary *summary RCA_CLEANUP(rca_trace_summary_free) =
        make_summary();
    int r = -1;

    (void)state;
    for (long n = 0; r != 0 && n < 200; n++) {
        struct rca_explanation *e RCA_CLEANUP(rca_explanation_free) =
            calloc(1, sizeof(*e));

        assert_non_null(e);
        oom_after(n);
        r = rca_evidence_tell(summary, names, NULL, &about, e);
        oom_after(-1);
        assert_true(r == 0 ? e->packets != NULL : r == -ENOMEM && !e->packets);
    }
    assert_ok(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_become_names),
        cmocka_unit_test(what_has_no_name_is_a_number),
        cmocka_unit_test(a_rule_is_known_by_its_counter),
        cmocka_unit_test(more_ways_to_die_are_counted),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("cli/evidence_tell", tests, NULL, NULL);
}
