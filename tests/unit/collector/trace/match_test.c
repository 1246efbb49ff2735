/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/match.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/trace/match_key.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

#define NOW (1700000000 * RCA_SECOND)
#define NETNS 11

/* What was handed out, in its order. */
struct out {
    size_t n;
    struct rca_trace_event events[64];
};

struct world {
    struct rca_trace_match *match;
    struct out out;
};

static int setup(void **state)
{
    struct world *w = (struct world *)test_calloc(1, sizeof(*w));

    assert_ok(rca_trace_match_new(64, &w->match));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = (struct world *)*state;

    rca_trace_match_free(&w->match);
    test_free(w);
    return 0;
}

/* A datagram 10.0.0.1:5000 > 10.0.0.@host:80 with IPv4 id @ip_id. */
static struct rca_trace_event packet(uint16_t ip_id, uint8_t host)
{
    const uint8_t head[28] = {0x45,
                              0,
                              0,
                              28,
                              (uint8_t)(ip_id >> 8),
                              (uint8_t)ip_id,
                              0,
                              0,
                              64,
                              17,
                              0,
                              0,
                              10,
                              0,
                              0,
                              1,
                              10,
                              0,
                              0,
                              host,
                              0x13,
                              0x88,
                              0,
                              80,
                              0,
                              8,
                              0,
                              0};
    struct rca_trace_event e = {.netns = NETNS, .captured = sizeof(head)};

    memcpy(e.head, head, sizeof(head));
    return e;
}

static void see(struct world *w, struct rca_trace_event e, uint64_t id,
                enum rca_trace_point point, rca_time time)
{
    e.id = id;
    e.point = point;
    e.time = (uint64_t)time;
    rca_trace_match_packet(w->match, &e);
}

static void say(struct world *w, struct rca_trace_event e, uint64_t handle,
                int verdict, enum rca_trace_point hook)
{
    e.point = RCA_TRACE_RULE;
    e.has |= RCA_TRACE_HAS_RULE;
    e.place = hook;
    e.detail.rule = (struct rca_trace_rule){.handle = handle,
                                            .verdict = verdict,
                                            .family = NFPROTO_INET,
                                            .table = "fw",
                                            .chain = "in"};
    assert_ok(rca_trace_match_rule(w->match, &e, NOW + 1000000));
}

static int keep(void *arg, const struct rca_trace_event *event)
{
    struct out *out = (struct out *)arg;

    assert_true(out->n < RCA_ARRAY_SIZE(out->events));
    out->events[out->n++] = *event;
    return 0;
}

static void take(struct world *w, rca_time now)
{
    w->out.n = 0;
    assert_ok(rca_trace_match_due(w->match, now, keep, &w->out));
}

static void assert_out(const struct world *w, size_t i, uint64_t handle,
                       uint64_t id, rca_time time)
{
    assert_true(i < w->out.n);
    assert_int_equal(w->out.events[i].detail.rule.handle, handle);
    assert_int_equal(w->out.events[i].id, id);
    assert_int_equal(w->out.events[i].time, time);
}

static void a_drop_comes_just_before_the_drop_of_its_packet(void **state)
{
    struct world *w = (struct world *)*state;

    see(w, packet(1, 2), 100, RCA_TRACE_RECEIVE, NOW);
    see(w, packet(1, 2), 100, RCA_TRACE_INPUT, NOW + 500);
    see(w, packet(1, 2), 100, RCA_TRACE_DROP, NOW + 900);
    see(w, packet(2, 2), 200, RCA_TRACE_DROP, NOW + 950);
    say(w, packet(1, 2), 4, NFT_CONTINUE, RCA_TRACE_INPUT);
    say(w, packet(1, 2), 5, NF_DROP, RCA_TRACE_INPUT);
    say(w, packet(2, 2), 5, NF_DROP, RCA_TRACE_INPUT);
    take(w, NOW + 1000001);
    assert_int_equal(w->out.n, 3);
    assert_out(w, 0, 4, 100, NOW + 501);
    assert_out(w, 1, 5, 100, NOW + 899);
    assert_out(w, 2, 5, 200, NOW + 949);
}

static void a_message_waits_for_the_drop(void **state)
{
    struct world *w = (struct world *)*state;

    see(w, packet(1, 2), 100, RCA_TRACE_RECEIVE, NOW);
    say(w, packet(1, 2), 5, NF_DROP, RCA_TRACE_INPUT);
    take(w, NOW + 1000001);
    assert_int_equal(w->out.n, 0);
    assert_int_equal(rca_trace_match_waiting(w->match), 1);
    see(w, packet(1, 2), 100, RCA_TRACE_DROP, NOW + 900);
    take(w, NOW + 1000002);
    assert_out(w, 0, 5, 100, NOW + 899);
    assert_int_equal(rca_trace_match_waiting(w->match), 0);
}

/* What was not there for one message is not there for its like, but may be there
 * for others, and later. */
static void only_its_like_misses_what_one_has_missed(void **state)
{
    struct world *w = (struct world *)*state;

    see(w, packet(1, 2), 100, RCA_TRACE_RECEIVE, NOW);
    for (int i = 0; i < 3; i++)
        say(w, packet(1, 2), 5, NF_DROP, RCA_TRACE_INPUT);
    say(w, packet(1, 2), 5, NFT_CONTINUE, RCA_TRACE_INPUT);
    take(w, NOW + 1000001);
    assert_int_equal(w->out.n, 1);
    assert_out(w, 0, 5, 100, NOW + 1);
    see(w, packet(1, 2), 200, RCA_TRACE_DROP, NOW + 900);
    take(w, NOW + 1000002);
    assert_int_equal(w->out.n, 1);
    assert_out(w, 0, 5, 200, NOW + 899);
    take(w, RCA_TIME_NONE); /* two for which there is no packet of their own */
    assert_int_equal(w->out.n, 2);
    assert_int_equal(w->out.events[0].id, 200);
    assert_int_equal(w->out.events[1].id, 200);
    assert_int_equal(rca_trace_match_waiting(w->match), 0);
}

static void without_a_drop_it_comes_after_the_last_event(void **state)
{
    struct world *w = (struct world *)*state;

    see(w, packet(1, 2), 100, RCA_TRACE_RECEIVE, NOW);
    say(w, packet(1, 2), 5, NF_DROP, RCA_TRACE_INPUT);
    take(w, NOW + 1000000 + RCA_TRACE_MATCH_WAIT);
    assert_out(w, 0, 5, 100, NOW + 1);
}

static void what_finds_no_packet_says_when_it_was_read(void **state)
{
    struct world *w = (struct world *)*state;
    struct rca_trace_event other = packet(1, 2);

    other.netns = NETNS + 1; /* elsewhere */
    see(w, other, 100, RCA_TRACE_DROP, NOW);
    see(w, packet(1, 3), 101, RCA_TRACE_DROP, NOW); /* to another host */
    see(w, packet(1, 2), 0, RCA_TRACE_DROP, NOW); /* has no id */
    say(w, packet(1, 2), 5, NF_DROP, RCA_TRACE_INPUT);
    take(w, NOW + 1000001);
    assert_int_equal(w->out.n, 0);
    take(w, RCA_TIME_NONE);
    assert_out(w, 0, 5, 0, NOW + 1000000);
}

static void an_old_packet_is_taken_last(void **state)
{
    struct world *w = (struct world *)*state;

    see(w, packet(0, 2), 100, RCA_TRACE_DROP, NOW - RCA_TRACE_MATCH_AGE - 1);
    see(w, packet(0, 2), 101, RCA_TRACE_DROP, NOW);
    say(w, packet(0, 2), 5, NF_DROP, RCA_TRACE_INPUT);
    say(w, packet(0, 2), 5, NF_DROP, RCA_TRACE_INPUT);
    take(w, NOW + 1000001);
    assert_int_equal(w->out.n, 1);
    assert_out(w, 0, 5, 101, NOW - 1);
    take(w, NOW + 1000000 + RCA_TRACE_MATCH_WAIT);
    assert_out(w, 0, 5, 100, NOW - RCA_TRACE_MATCH_AGE - 2);
}

/* Unconnected sockets send datagrams with the IPv4 id 0. */
static void equal_packets_are_taken_in_their_order(void **state)
{
    struct world *w = (struct world *)*state;

    for (unsigned i = 0; i < 20; i++) {
        see(w, packet(0, 2), 100 + i, RCA_TRACE_INPUT, NOW + (rca_time)i * 100);
        if (i % 5 == 4)
            see(w, packet(0, 2), 100 + i, RCA_TRACE_DROP,
                NOW + (rca_time)i * 100 + 50);
    }
    for (unsigned i = 0; i < 20; i++)
        say(w, packet(0, 2), i % 5 == 4 ? 6 : 5,
            i % 5 == 4 ? NF_DROP : NF_ACCEPT, RCA_TRACE_INPUT);
    take(w, NOW + 1000001);
    assert_int_equal(w->out.n, 20);
    for (unsigned i = 0; i < 20; i++)
        if (i % 5 == 4)
            assert_out(w, i, 6, 100 + i, NOW + (rca_time)i * 100 + 49);
    assert_out(w, 0, 5, 100, NOW + 1);
    assert_out(w, 1, 5, 101, NOW + 101);
}

static void what_nat_changed_is_found_by_the_headers_after_it(void **state)
{
    struct world *w = (struct world *)*state;

    see(w, packet(1, 2), 100, RCA_TRACE_RECEIVE, NOW);
    see(w, packet(1, 2), 100, RCA_TRACE_PREROUTING, NOW + 100);
    see(w, packet(1, 9), 100, RCA_TRACE_FORWARD, NOW + 900);
    see(w, packet(1, 9), 100, RCA_TRACE_QUEUE, NOW + 1500);
    say(w, packet(1, 2), 2, NF_ACCEPT, RCA_TRACE_PREROUTING);
    say(w, packet(1, 9), 3, NF_ACCEPT, RCA_TRACE_PREROUTING);
    say(w, packet(1, 9), 4, NF_ACCEPT, RCA_TRACE_FORWARD);
    say(w, packet(1, 9), 5, NF_ACCEPT, RCA_TRACE_POSTROUTING);
    take(w, NOW + 1000001);
    assert_out(w, 0, 2, 100, NOW + 101);
    assert_out(w, 1, 3, 100, NOW + 900 - RCA_TRACE_MATCH_ROOM);
    assert_out(w, 2, 4, 100, NOW + 901);
    assert_out(w, 3, 5, 100, NOW + 1500 - RCA_TRACE_MATCH_ROOM);
}

static void without_hooks_the_rules_keep_their_order(void **state)
{
    struct world *w = (struct world *)*state;

    see(w, packet(1, 2), 100, RCA_TRACE_RECEIVE, NOW);
    see(w, packet(1, 2), 100, RCA_TRACE_READ, NOW + 5000);
    say(w, packet(1, 2), 2, NF_ACCEPT, RCA_TRACE_PREROUTING);
    say(w, packet(1, 2), 3, NFT_CONTINUE, RCA_TRACE_INPUT);
    say(w, packet(1, 2), 4, NF_ACCEPT, RCA_TRACE_INPUT);
    take(w, NOW + 1000001);
    for (unsigned i = 0; i < 3; i++)
        assert_out(w, i, i + 2, 100, NOW + 1 + i);
    /* sent and dropped by a rule: nothing but the drop was seen */
    see(w, packet(2, 2), 200, RCA_TRACE_DROP, NOW + 1000);
    say(w, packet(2, 2), 7, NFT_CONTINUE, RCA_TRACE_OUTPUT);
    say(w, packet(2, 2), 8, NF_DROP, RCA_TRACE_OUTPUT);
    take(w, RCA_TIME_NONE);
    assert_out(w, 0, 7, 200, NOW + 1000 - RCA_TRACE_MATCH_ROOM);
    assert_out(w, 1, 8, 200, NOW + 999);
}

static void memory_is_bounded(void **state)
{
    struct world *w = (struct world *)*state;
    struct rca_trace_event e = packet(0, 2);

    for (unsigned i = 0; i < 1000; i++)
        see(w, packet((uint16_t)i, 2), 1000 + i, RCA_TRACE_DROP, NOW + i);
    for (unsigned i = 936; i < 1000; i++)
        say(w, packet((uint16_t)i, 2), 1, NF_DROP, RCA_TRACE_INPUT);
    e.point = RCA_TRACE_RULE;
    assert_err(rca_trace_match_rule(w->match, &e, NOW), -ENOSPC);
    take(w, NOW + 1000001);
    assert_int_equal(w->out.n, 64);
    for (unsigned i = 0; i < 64; i++)
        assert_out(w, i, 1, 1936 + i, NOW + 936 + i - 1);
    say(w, packet(935, 2), 1, NF_DROP, RCA_TRACE_INPUT); /* was overwritten */
    take(w, RCA_TIME_NONE);
    assert_out(w, 0, 1, 0, NOW + 1000000);
}

static int refuse(void *arg, const struct rca_trace_event *event)
{
    (void)event;
    return ++*(int *)arg == 2 ? -EIO : 0;
}

static void a_failing_visit_leaves_the_rest(void **state)
{
    struct world *w = (struct world *)*state;
    int calls = 0;

    for (uint16_t i = 0; i < 4; i++)
        say(w, packet(i, 2), i, NF_DROP, RCA_TRACE_INPUT);
    assert_err(rca_trace_match_due(w->match, RCA_TIME_NONE, refuse, &calls),
               -EIO);
    assert_int_equal(calls, 2);
    take(w, RCA_TIME_NONE);
    assert_int_equal(w->out.n, 2);
    assert_int_equal(w->out.events[0].detail.rule.handle, 2);
}

static void keys_leave_out_what_a_hop_changes(void **state)
{
    struct rca_trace_event a = packet(1, 2), b = a, c = a;

    (void)state;
    b.head[8]--; /* TTL */
    b.head[10] = 7; /* its checksum */
    b.head[1] = 4; /* DSCP */
    assert_int_equal(rca_trace_match_key(&a), rca_trace_match_key(&b));
    memmove(c.head + 18, c.head, 28); /* with a link layer and a tag */
    memset(c.head, 0, 18);
    c.head[12] = 0x81;
    c.head[16] = 8;
    c.captured += 18;
    c.has = RCA_TRACE_HAS_LINK;
    assert_int_equal(rca_trace_match_key(&a), rca_trace_match_key(&c));
    c.head[17] = 6; /* ARP */
    assert_int_equal(rca_trace_match_key(&c), 0);
    for (uint32_t i = 0; i < 28; i++) {
        const _Bool counts = (i >= 4 && i < 8) || i == 9 || i >= 12;

        b = a;
        b.head[i] ^= 1;
        if (i) /* version and length of the header */
            assert_int_equal(rca_trace_match_key(&a) != rca_trace_match_key(&b),
                             counts);
    }
    for (a.captured = 0; a.captured < 20; a.captured++)
        assert_int_equal(rca_trace_match_key(&a), 0);
}

static void keys_of_ipv6_are_of_addresses_and_ports(void **state)
{
    struct rca_trace_event a = {.captured = 48}, b;

    (void)state;
    a.head[0] = 0x60;
    a.head[6] = 17;
    b = a;
    b.head[7] = 63; /* hop limit */
    assert_int_not_equal(rca_trace_match_key(&a), 0);
    assert_int_equal(rca_trace_match_key(&a), rca_trace_match_key(&b));
    b.head[41] = 1;
    assert_int_not_equal(rca_trace_match_key(&a), rca_trace_match_key(&b));
}

static int try_all(void)
{
    struct rca_trace_match *match RCA_CLEANUP(rca_trace_match_free) = NULL;
    struct rca_trace_event e = packet(1, 2);
    int err = rca_trace_match_new(16, &match);

    for (int i = 0; !err && i < 16; i++)
        err = rca_trace_match_rule(match, &e, NOW);
    if (match && err)
        assert_true(rca_trace_match_waiting(match) < 16);
    return err;
}

static void every_lack_of_memory_is_reported(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        int err = 0;

        oom_after(n);
        err = try_all();
        oom_after(-1);
        if (!err)
            break;
        assert_err(err, -ENOMEM);
    }
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_drop_comes_just_before_the_drop_of_its_packet),
        IN_WORLD(a_message_waits_for_the_drop),
        IN_WORLD(only_its_like_misses_what_one_has_missed),
        IN_WORLD(without_a_drop_it_comes_after_the_last_event),
        IN_WORLD(what_finds_no_packet_says_when_it_was_read),
        IN_WORLD(an_old_packet_is_taken_last),
        IN_WORLD(equal_packets_are_taken_in_their_order),
        IN_WORLD(what_nat_changed_is_found_by_the_headers_after_it),
        IN_WORLD(without_hooks_the_rules_keep_their_order),
        IN_WORLD(memory_is_bounded),
        IN_WORLD(a_failing_visit_leaves_the_rest),
        cmocka_unit_test(keys_leave_out_what_a_hop_changes),
        cmocka_unit_test(keys_of_ipv6_are_of_addresses_and_ports),
        cmocka_unit_test(every_lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests_name("trace/match", tests, NULL, NULL);
}
