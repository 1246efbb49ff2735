/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/ovs_count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/trace/feed.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static struct rca_ovs_port port(const char *name, uint64_t drops,
                                uint64_t errors, _Bool down)
{
    struct rca_ovs_port p = {.bridge = "br0", .down = down};

    (void)snprintf(p.name, sizeof(p.name), "%s", name);
    p.stats.receive_drops = drops;
    p.stats.transmit_errors = errors;
    return p;
}

static int count(struct rca_trace_ovs_counts *counts, struct rca_ovs_port p,
                 struct rca_trace_event *ret)
{
    return rca_trace_ovs_count(counts, &p, ret);
}

static void growth_since_the_last_look_is_told(void **state)
{
    struct rca_trace_ovs_counts *c RCA_CLEANUP(rca_trace_ovs_counts_free) =
        NULL;
    struct rca_trace_event e;

    (void)state;
    assert_ok(rca_trace_ovs_counts_new(&c));
    assert_int_equal(count(c, port("p", 100, 0, 0), &e), 0); /* the first */
    assert_int_equal(count(c, port("q", 7, 0, 0), &e), 0);
    assert_int_equal(count(c, port("p", 103, 2, 0), &e), 1);
    assert_int_equal(e.point, RCA_TRACE_OVS_COUNTER);
    assert_int_equal(e.has, RCA_TRACE_HAS_OVS);
    assert_int_equal(e.detail.ovs.drops, 5);
    assert_int_equal(e.detail.ovs.down, 0);
    assert_string_equal(e.detail.ovs.bridge, "br0");
    assert_string_equal(e.detail.ovs.port, "p");
    assert_int_equal(e.stack, -1);
    assert_int_equal(e.captured, 0);
    assert_int_equal(count(c, port("p", 103, 2, 0), &e), 0);
    assert_int_equal(count(c, port("p", 1, 0, 0), &e), 0); /* began anew */
    assert_int_equal(count(c, port("p", 2, 0, 0), &e), 1);
    assert_int_equal(e.detail.ovs.drops, 1);
}

static void links_are_told_while_down_and_when_up_again(void **state)
{
    struct rca_trace_ovs_counts *c RCA_CLEANUP(rca_trace_ovs_counts_free) =
        NULL;
    struct rca_trace_event e;
    struct rca_ovs_port local = port("br0", 0, 0, 1);

    (void)state;
    local.local = 1;
    assert_ok(rca_trace_ovs_counts_new(&c));
    assert_int_equal(count(c, port("p", 0, 0, 1), &e), 1);
    assert_int_equal(e.detail.ovs.down, 1);
    assert_int_equal(e.detail.ovs.drops, 0);
    assert_int_equal(count(c, port("p", 0, 0, 1), &e), 1);
    assert_int_equal(count(c, port("p", 0, 0, 0), &e), 1);
    assert_int_equal(e.detail.ovs.down, 0);
    assert_int_equal(count(c, port("p", 0, 0, 0), &e), 0);
    assert_int_equal(count(c, local, &e), 0);
    local.stats.receive_drops = 5;
    assert_int_equal(count(c, local, &e), 0);
    local.down = 0;
    local.stats.receive_drops = 6;
    assert_int_equal(count(c, local, &e), 1);
    assert_int_equal(e.detail.ovs.drops, 1);
}

static void bridges_are_told_apart(void **state)
{
    struct rca_trace_ovs_counts *c RCA_CLEANUP(rca_trace_ovs_counts_free) =
        NULL;
    struct rca_ovs_port other = port("p", 50, 0, 0);
    struct rca_trace_event e;

    (void)state;
    assert_ok(rca_trace_ovs_counts_new(&c));
    (void)snprintf(other.bridge, sizeof(other.bridge), "br1");
    assert_int_equal(count(c, port("p", 1, 0, 0), &e), 0);
    assert_int_equal(count(c, other, &e), 0);
    assert_int_equal(count(c, port("p", 1, 0, 0), &e), 0);
}

static void every_allocation_may_fail(void **state)
{
    struct rca_trace_ovs_counts *c = NULL;
    struct rca_trace_event e;

    (void)state;
    for (long n = 0; !c; n++) {
        oom_after(n);
        (void)!rca_trace_ovs_counts_new(&c);
        oom_after(-1);
        assert_true(n < 5);
    }
    for (int i = 0; i < 100; i++) {
        char name[16];
        int r = -ENOMEM;

        (void)snprintf(name, sizeof(name), "p%d", i);
        for (long n = 0; r; n++) {
            oom_after(n);
            r = count(c, port(name, 1, 0, 0), &e);
            oom_after(-1);
            assert_true(r == 0 || r == -ENOMEM);
            assert_true(n < 10);
        }
        assert_int_equal(count(c, port(name, 3, 0, 0), &e), 1);
        assert_int_equal(e.detail.ovs.drops, 2);
    }
    rca_trace_ovs_counts_free(&c);
    rca_trace_ovs_counts_free(&c);
}

static void without_open_vswitch_the_feed_says_so(void **state)
{
    struct rca_trace_feature feature = {0};
    void *feed = NULL;

    (void)state;
    assert_ok(setenv("OVS_RUNDIR", "/nowhere/at/all", 1));
    assert_err(rca_trace_feed_ovs.open(NULL, NULL, NULL, &feature, &feed),
               RCA_ENOSUPPORT);
    assert_null(feed);
    assert_false(feature.on);
    assert_string_equal(feature.how, "/nowhere/at/all: not running");
    assert_true(feature.lost[0] != '\0');
    rca_trace_feed_ovs.close(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growth_since_the_last_look_is_told),
        cmocka_unit_test(links_are_told_while_down_and_when_up_again),
        cmocka_unit_test(bridges_are_told_apart),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(without_open_vswitch_the_feed_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
