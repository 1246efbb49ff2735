/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a capture says in words, whose card the dead packets are on, and when it
 * speaks against the ranking. */

#include "cli/packets.h"

#include <string.h>
#include <time.h>

#include "tests/harness/test.h"
#include "tests/unit/cli/story.h"

static void check_words(const struct rca_packets *p, size_t most,
                        const char *want)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

    rca_packets_words(&buf, p, most);
    assert_string_equal(buf.text, want);
}

static void every_outcome_is_an_answer(void **state)
{
    struct story s;
    struct rca_packets *p = &s.packets;

    (void)state;
    story_packets(&s);
    check_words(p, 1,
                "315 of 15,204 of web port 8080 died in 5 s: 312 by rule "
                "web:filter/input/2, 3 otherwise; 17 events were lost");
    check_words(p, 0,
                "315 of 15,204 of web port 8080 died in 5 s; 17 events were "
                "lost");
    p->lost = 1;
    p->died = p->n_deaths = p->others = 0;
    check_words(p, 2,
                "none of 15,204 of web port 8080 died here in 5 s; 1 event was "
                "lost");
    p->lost = 0;
    check_words(p, 2,
                "none of 15,204 of web port 8080 died here in 5 s: not lost on "
                "this host");
    p->unseen = "nothing of namespace db";
    check_words(p, 2,
                "none of 15,204 of web port 8080 died here in 5 s; nothing of "
                "namespace db");
    p->packets = 0;
    p->unseen = NULL;
    check_words(p, 2, "none of web port 8080 came by in 5 s");
    p->to = p->from;
    check_words(p, 2, "not captured");
    p->unseen = "needs root";
    check_words(p, 2, "not captured: needs root");
}

static void places_are_named_as_entities_are(void **state)
{
    static const struct {
        struct rca_packet_death death;
        const char *want;
    } cases[] = {
        {{.rule = "web:filter/input/2", .reason = "netfilter_drop"},
         "rule web:filter/input/2"},
        {{.reason = "no_socket", .netns = "web", .device = "eth0"},
         "no_socket at web/eth0"},
        {{.reason = "no_socket", .netns = "host", .device = "eth0"},
         "no_socket at eth0"},
        {{.reason = "no_socket", .netns = "web"}, "no_socket in web"},
        {{.reason = "no_socket", .netns = "host"}, "no_socket"},
        {{.netns = "web"}, "no reason that is known in web"},
    };

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(cases); i++) {
        struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};

        rca_packets_place(&buf, &cases[i].death);
        assert_string_equal(buf.text, cases[i].want);
    }
}

/* @death belongs to an entity of @kind called @name, or not */
static void check_fit(struct rca_packet_death death, enum rca_kind kind,
                      const char *name, _Bool fits)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    struct story s;

    story_packets(&s);
    s.packets.deaths[0] = death;
    s.packets.deaths[0].packets = 300;
    s.nodes[3].card.name = s.causes[1].card.name = name;
    s.nodes[3].card.kind = s.causes[1].card.kind = kind;
    s.nodes[0].card.name = s.causes[0].card.name = "another";
    s.nodes[1].card.name = s.nodes[2].card.name = "another";
    s.nodes[1].card.kind = RCA_KIND_CGROUP;
    if (rca_packets_owner(&s.e, &s.packets.deaths[0]) != (fits ? 3 : 4))
        fail_msg("%s %s", rca_kind_name(kind), name);
    rca_packets_against(&buf, &s.e);
    assert_true(!buf.len == fits);
}

static void deaths_belong_to_what_they_happened_at(void **state)
{
    const struct rca_packet_death rule = {.reason = "netfilter_drop",
                                          .rule = "web:filter/input/2",
                                          .device = "eth0",
                                          .netns = "web"};
    const struct rca_packet_death own = {
        .reason = "netfilter_drop", .rule = "filter/input/2", .netns = "host"};
    const struct rca_packet_death queue = {
        .reason = "qdisc_drop", .device = "eth0", .netns = "web"};
    const struct rca_packet_death full = {.reason = "netfilter_drop",
                                          .netns = "web"};
    const struct rca_packet_death listen = {
        .reason = "tcp_listen_overflow", .netns = "web", .service = "shop"};
    const struct rca_packet_death route = {.reason = "ip_outnoroutes",
                                           .netns = "host"};

    (void)state;
    check_fit(rule, RCA_KIND_RULE, "web:filter/input/2", 1);
    check_fit(rule, RCA_KIND_RULE, "web:inet/filter/input/2", 1);
    check_fit(rule, RCA_KIND_RULE, "web:filter/input/3", 0);
    check_fit(rule, RCA_KIND_RULE, "filter/input/2", 0);
    check_fit(rule, RCA_KIND_RULE, "db:filter/input/2", 0);
    check_fit(rule, RCA_KIND_NETNS, "web", 1);
    check_fit(rule, RCA_KIND_NIC, "web/eth0", 0);
    check_fit(rule, RCA_KIND_SERVICE, "shop", 0);
    check_fit(own, RCA_KIND_RULE, "filter/input/2", 1);
    check_fit(own, RCA_KIND_RULE, "inet/filter/input/2", 1);
    check_fit(own, RCA_KIND_RULE, "prefilter/input/2", 0);
    check_fit(own, RCA_KIND_HOST, "host-3", 1);
    check_fit(queue, RCA_KIND_NIC, "web/eth0", 1);
    check_fit(queue, RCA_KIND_QDISC, "web/eth0:tbf", 1);
    check_fit(queue, RCA_KIND_QDISC, "web/eth01:tbf", 0);
    check_fit(queue, RCA_KIND_NIC, "eth0", 0);
    check_fit(full, RCA_KIND_CONNTRACK, "web:conntrack", 1);
    check_fit(full, RCA_KIND_CONNTRACK, "conntrack", 0);
    check_fit(full, RCA_KIND_HOST, "host-3", 0);
    check_fit(listen, RCA_KIND_SERVICE, "shop", 1);
    check_fit(listen, RCA_KIND_SERVICE, "web", 0);
    check_fit(listen, RCA_KIND_CALL, "front->shop", 1);
    check_fit(listen, RCA_KIND_CALL, "shop->db", 0);
    check_fit(route, RCA_KIND_HOST, "host-3", 1);
    check_fit(route, RCA_KIND_NETNS, "web", 0);
    check_fit(route, RCA_KIND_DISK, "host", 0);
}

static void the_nearest_card_has_them(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    struct story s;

    (void)state;
    story_packets(&s);
    s.packets.deaths[0] = (struct rca_packet_death){
        .reason = "qdisc_drop", .device = "eth0", .netns = "web", .packets = 7};
    s.packets.deaths[1] = s.packets.deaths[0];
    s.packets.deaths[1].reason = "no_socket";
    s.nodes[0].card.kind = RCA_KIND_NETNS;
    s.nodes[0].card.name = "web";
    s.nodes[1].card.kind = RCA_KIND_NIC;
    s.nodes[1].card.name = "web/eth0";
    assert_int_equal(rca_packets_owner(&s.e, &s.packets.deaths[0]), 1);
    s.nodes[3].card.kind = RCA_KIND_NIC; /* a cause goes before others */
    s.nodes[3].card.name = "web/eth0";
    assert_int_equal(rca_packets_owner(&s.e, &s.packets.deaths[0]), 3);
    rca_packets_card(&buf, &s.e, 3);
    assert_string_equal(buf.text,
                        "14 packets died here: qdisc_drop, no_socket");
    rca_buf_done(&buf);
    s.packets.n_deaths = 1;
    s.packets.deaths[0].packets = 1;
    rca_packets_card(&buf, &s.e, 3);
    assert_string_equal(buf.text, "1 packet died here: qdisc_drop");
    rca_buf_done(&buf);
    rca_packets_card(&buf, &s.e, 0);
    assert_null(buf.text);
}

static void a_few_deaths_speak_against_nothing(void **state)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    struct story s;

    (void)state;
    story_packets(&s);
    s.causes[0].card.name = "another";
    s.packets.deaths[0].packets = 76;
    rca_packets_against(&buf, &s.e);
    assert_null(buf.text);
    s.packets.deaths[0].packets = 77; /* of 15,204 */
    rca_packets_against(&buf, &s.e);
    assert_string_equal(buf.text, "most died by rule web:filter/input/2, which "
                                  "is none of the causes named");
    rca_buf_done(&buf);
    s.e.packets = NULL;
    rca_packets_against(&buf, &s.e);
    rca_packets_card(&buf, &s.e, 0);
    assert_null(buf.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_outcome_is_an_answer),
        cmocka_unit_test(places_are_named_as_entities_are),
        cmocka_unit_test(deaths_belong_to_what_they_happened_at),
        cmocka_unit_test(the_nearest_card_has_them),
        cmocka_unit_test(a_few_deaths_speak_against_nothing),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("cli/packets", tests, NULL, NULL);
}
