/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/trace/journey.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static struct rca_trace_event drop(uint64_t time, uint64_t id, uint32_t reason)
{
    struct rca_trace_event e;

    memset(&e, 0, sizeof(e));
    e.time = time;
    e.id = id;
    e.point = RCA_TRACE_DROP;
    e.has = RCA_TRACE_HAS_REASON;
    e.reason = reason;
    e.netns = 4;
    e.ifindex = 2;
    e.place = 0x1000;
    return e;
}

static struct rca_trace_event rule(uint64_t time, uint64_t id, uint64_t handle)
{
    struct rca_trace_event e = drop(time, id, 0);

    e.point = RCA_TRACE_RULE;
    e.has = RCA_TRACE_HAS_RULE;
    e.detail.rule.handle = handle;
    e.detail.rule.family = 1;
    (void)snprintf(e.detail.rule.table, RCA_TRACE_NAME, "filter");
    (void)snprintf(e.detail.rule.chain, RCA_TRACE_NAME, "input");
    return e;
}

static struct rca_trace_event ovs(uint64_t time, const char *port,
                                  uint64_t drops, _Bool down)
{
    struct rca_trace_event e = drop(time, 0, 0);

    e.point = RCA_TRACE_OVS_COUNTER;
    e.has = RCA_TRACE_HAS_OVS;
    e.detail.ovs.drops = drops;
    e.detail.ovs.down = down;
    (void)snprintf(e.detail.ovs.bridge, RCA_TRACE_NAME, "br0");
    (void)snprintf(e.detail.ovs.port, RCA_TRACE_NAME, "%s", port);
    return e;
}

static struct rca_trace_summary *empty(size_t max)
{
    struct rca_trace_summary *s = NULL;

    assert_ok(rca_trace_summary_new(max, &s));
    return s;
}

static void add(struct rca_trace_summary *s, struct rca_trace_event event)
{
    assert_ok(rca_trace_summary_add(s, &event));
}

static void drops_are_told_apart_by_reason_device_and_namespace(void **state)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) = empty(0);
    struct rca_trace_event other = drop(60, 5, 7);
    const struct rca_trace_death *deaths;
    size_t n;

    (void)state;
    add(s, drop(10, 1, 7));
    add(s, drop(30, 2, 7));
    add(s, drop(20, 3, 7));
    add(s, drop(40, 4, 8));
    other.ifindex = 3;
    add(s, other);
    other.ifindex = 2;
    other.netns = 5;
    other.id = 6;
    add(s, other);
    other.has = 0; /* the kernel gives no reason */
    other.id = 7;
    add(s, other);
    deaths = rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, 5);
    assert_int_equal(deaths[0].packets, 3);
    assert_int_equal(deaths[0].reason, 7);
    assert_int_equal(deaths[0].first_time, 10);
    assert_int_equal(deaths[0].last_time, 30);
    assert_int_equal(deaths[0].place, 0x1000);
    assert_false(deaths[0].has_rule);
    assert_int_equal(deaths[1].reason, 8);
    assert_int_equal(rca_trace_summary_packets(s), 7);
}

/* One death each, whichever event comes first. */
static void a_verdict_and_its_drop_are_one_death(void **state)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) = empty(0);
    const struct rca_trace_death *deaths;
    size_t n;

    (void)state;
    add(s, rule(10, 1, 6));
    add(s, drop(11, 1, 7));
    add(s, drop(20, 2, 7));
    add(s, rule(20, 2, 6));
    add(s, drop(30, 3, 7)); /* no verdict is known of this one */
    deaths = rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, 2);
    assert_int_equal(deaths[0].packets, 2);
    assert_true(deaths[0].has_rule && deaths[0].has_reason);
    assert_int_equal(deaths[0].rule.handle, 6);
    assert_int_equal(deaths[0].reason, 7);
    assert_int_equal(deaths[1].packets, 1);
    assert_false(deaths[1].has_rule);
}

/* A segment that is sent again keeps its id, and may die again. */
static void a_packet_may_die_twice(void **state)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) = empty(0);
    const struct rca_trace_death *deaths;
    size_t n;

    (void)state;
    for (uint64_t t = 0; t < 3; t++) {
        add(s, rule(10 * t, 1, 6));
        add(s, drop(10 * t + 1, 1, 7));
    }
    deaths = rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, 1);
    assert_int_equal(deaths[0].packets, 3);
    assert_int_equal(rca_trace_summary_packets(s), 1);
}

static void verdicts_that_are_no_drop_do_not_count(void **state)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) = empty(0);
    struct rca_trace_event e = rule(1, 1, 6);
    size_t n;

    (void)state;
    e.detail.rule.verdict = 1; /* accept */
    add(s, e);
    e.detail.rule.verdict = -3; /* jump */
    add(s, e);
    e = rule(1, 0, 6); /* of no known packet */
    add(s, e);
    e.point = RCA_TRACE_RECEIVE;
    e.id = 2;
    add(s, e);
    (void)rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, 0);
    assert_int_equal(rca_trace_summary_packets(s), 2);
}

static void a_verdict_alone_counts(void **state)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) = empty(0);
    const struct rca_trace_death *deaths;
    struct rca_trace_event elsewhere = drop(12, 1, 7);
    size_t n;

    (void)state;
    add(s, rule(10, 1, 6));
    deaths = rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, 1);
    assert_false(deaths[0].has_reason);
    assert_int_equal(deaths[0].rule.handle, 6);
    elsewhere.netns = 9; /* not the drop that this rule wanted */
    add(s, elsewhere);
    deaths = rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, 2);
    assert_int_equal(deaths[0].packets + deaths[1].packets, 2);
}

static void a_drop_that_knows_its_rule_needs_no_verdict(void **state)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) = empty(0);
    struct rca_trace_event e = rule(10, 1, 6);
    const struct rca_trace_death *deaths;
    size_t n;

    (void)state;
    e.point = RCA_TRACE_DROP;
    e.has |= RCA_TRACE_HAS_REASON;
    add(s, e);
    deaths = rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, 1);
    assert_true(deaths[0].has_rule && deaths[0].has_reason);
}

static void ports_of_a_switch_count_without_packets(void **state)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) = empty(0);
    const struct rca_trace_death *deaths;
    size_t n;

    (void)state;
    add(s, ovs(1, "p1", 0, 0));
    add(s, ovs(1, "p2", 10, 0));
    add(s, ovs(2, "p2", 5, 0));
    add(s, ovs(2, "p3", 0, 1));
    deaths = rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, 2);
    assert_int_equal(deaths[0].packets, 15);
    assert_string_equal(deaths[0].ovs.port, "p2");
    assert_true(deaths[0].has_ovs);
    assert_int_equal(deaths[1].packets, 0);
    assert_true(deaths[1].ovs.down);
    assert_int_equal(rca_trace_summary_packets(s), 0);
}

static void memory_of_packets_is_bounded(void **state)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) = empty(4);
    const struct rca_trace_death *deaths;
    size_t n;

    (void)state;
    for (uint64_t i = 1; i <= 1000; i++) {
        add(s, rule(10 * i, i, 6));
        add(s, drop(10 * i + 1, i, 7));
    }
    deaths = rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, 1);
    assert_int_equal(deaths[0].packets, 1000);
    assert_int_equal(rca_trace_summary_packets(s), 1000);
    add(s, drop(20000, 0, 7));
    assert_int_equal(rca_trace_summary_packets(s), 1001);
}

static void deaths_are_bounded_and_all_are_counted(void **state)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) = empty(4);
    const struct rca_trace_death *deaths;
    uint64_t sum = 0;
    size_t n;

    (void)state;
    for (uint32_t i = 0; i < 2 * RCA_TRACE_DEATHS_MAX; i++)
        add(s, drop(i, 0, i));
    deaths = rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, RCA_TRACE_DEATHS_MAX);
    for (size_t i = 0; i < n; i++)
        sum += deaths[i].packets;
    assert_int_equal(sum, 2 * RCA_TRACE_DEATHS_MAX);
    assert_int_equal(deaths[0].packets, RCA_TRACE_DEATHS_MAX + 1);
    assert_false(deaths[0].has_reason);
}

static void without_a_death_there_is_none(void **state)
{
    struct rca_trace_summary *s RCA_CLEANUP(rca_trace_summary_free) = empty(0);
    struct rca_trace_summary *none = NULL;
    size_t n = 1;

    (void)state;
    (void)rca_trace_summary_deaths(s, &n);
    assert_int_equal(n, 0);
    rca_trace_summary_free(&none);
}

/* What failed was not counted, and can be added again. */
static void every_allocation_may_fail(void **state)
{
    struct rca_trace_summary *s = NULL;

    (void)state;
    for (long n = 0; !s; n++) {
        oom_after(n);
        if (rca_trace_summary_new(0, &s))
            assert_null(s);
        oom_after(-1);
        assert_true(n < 10);
    }
    for (uint32_t i = 0; i < 40; i++) {
        const struct rca_trace_event e = drop(i, i + 1, i);
        int r = -ENOMEM;

        for (long n = 0; r; n++) {
            oom_after(n);
            r = rca_trace_summary_add(s, &e);
            oom_after(-1);
            assert_true(r == 0 || r == -ENOMEM);
            assert_true(n < 20);
        }
    }
    {
        size_t n;
        const struct rca_trace_death *deaths = rca_trace_summary_deaths(s, &n);

        assert_int_equal(n, 40);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(deaths[i].packets, 1);
    }
    assert_int_equal(rca_trace_summary_packets(s), 40);
    rca_trace_summary_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_are_told_apart_by_reason_device_and_namespace),
        cmocka_unit_test(a_verdict_and_its_drop_are_one_death),
        cmocka_unit_test(a_packet_may_die_twice),
        cmocka_unit_test(verdicts_that_are_no_drop_do_not_count),
        cmocka_unit_test(a_verdict_alone_counts),
        cmocka_unit_test(a_drop_that_knows_its_rule_needs_no_verdict),
        cmocka_unit_test(ports_of_a_switch_count_without_packets),
        cmocka_unit_test(memory_of_packets_is_bounded),
        cmocka_unit_test(deaths_are_bounded_and_all_are_counted),
        cmocka_unit_test(without_a_death_there_is_none),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
