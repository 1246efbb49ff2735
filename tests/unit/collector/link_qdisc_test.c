/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/link_qdisc.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static void add(struct rca_qdiscs *q, size_t nic, const char *kind,
                uint32_t parent, uint32_t drops)
{
    struct rca_qdisc qdisc = {
        .index = (int)nic + 1, .parent = parent, .packets = 10, .drops = drops};

    (void)snprintf(qdisc.kind, sizeof(qdisc.kind), "%s", kind);
    assert_ok(rca_qdiscs_add(q, 7, nic, &qdisc));
}

static void those_of_one_kind_are_added_up(void **state)
{
    struct rca_qdiscs q = {.n = 0};

    (void)state;
    add(&q, 0, "fq_codel", 0x10001, 1);
    add(&q, 0, "mq", TC_H_ROOT, 3);
    add(&q, 0, "fq_codel", 0x10002, 2);
    add(&q, 1, "tbf", TC_H_ROOT, 4);
    assert_ok(rca_qdiscs_merge(&q));
    assert_int_equal(q.n, 3);
    assert_string_equal(q.list[0].sum.kind, "fq_codel");
    assert_int_equal(q.list[0].sum.drops, 3);
    assert_int_equal(q.list[0].sum.packets, 20);
    assert_int_equal(rca_qdiscs_first(&q, 0), 0);
    assert_int_equal(rca_qdiscs_first(&q, 1), 2);
    assert_int_equal(rca_qdiscs_first(&q, 2), 3);
    rca_qdiscs_done(&q);
}

static void packets_wait_in_the_root_or_below_a_dealer(void **state)
{
    struct rca_qdiscs q = {.n = 0};

    (void)state;
    add(&q, 0, "mq", TC_H_ROOT, 0); /* deals out */
    add(&q, 0, "fq_codel", 0x10001, 0);
    add(&q, 1, "htb", TC_H_ROOT, 0);
    add(&q, 1, "fq", 0x10001, 0); /* its class's */
    add(&q, 2, "clsact", TC_H_INGRESS, 0); /* no queue */
    assert_ok(rca_qdiscs_merge(&q));
    assert_int_equal(q.n, 5);
    for (size_t i = 0; i < q.n; i++) {
        const char *kind = q.list[i].sum.kind;

        assert_int_equal(q.list[i].waits,
                         !strcmp(kind, "fq_codel") || !strcmp(kind, "htb"));
    }
    rca_qdiscs_done(&q);
}

static void counters_that_wrap_go_on(void **state)
{
    struct rca_qdiscs q = {.n = 0};

    (void)state;
    add(&q, 0, "a", TC_H_ROOT, UINT32_MAX - 9);
    add(&q, 1, "b", TC_H_ROOT, 100);
    assert_ok(rca_qdiscs_merge(&q));
    add(&q, 1, "b", TC_H_ROOT, 5); /* made anew */
    add(&q, 0, "a", TC_H_ROOT, 10);
    assert_ok(rca_qdiscs_merge(&q));
    assert_int_equal(q.list[0].sum.drops, (UINT64_C(1) << 32) + 10);
    assert_int_equal(q.list[1].sum.drops, 5);
    assert_ok(rca_qdiscs_merge(&q)); /* both gone: forgotten */
    assert_int_equal(q.n, 0);
    add(&q, 0, "a", TC_H_ROOT, 11);
    assert_ok(rca_qdiscs_merge(&q));
    assert_int_equal(q.list[0].sum.drops, 11);
    rca_qdiscs_done(&q);
}

static void failed_allocations_leave_it_whole(void **state)
{
    struct rca_qdiscs q = {.n = 0};
    const struct rca_qdisc one = {.index = 1, .kind = "tbf"};

    (void)state;
    oom_after(0);
    assert_err(rca_qdiscs_add(&q, 7, 0, &one), -ENOMEM);
    oom_after(1);
    assert_ok(rca_qdiscs_add(&q, 7, 0, &one));
    assert_err(rca_qdiscs_merge(&q), -ENOMEM);
    oom_after(-1);
    assert_int_equal(q.n, 0);
    assert_ok(rca_qdiscs_merge(&q));
    rca_qdiscs_done(&q);
}

static void samples_are_taken_above_a_rate(void **state)
{
    (void)state;
    assert_int_equal(rca_sojourn_mask(0), 0);
    assert_int_equal(rca_sojourn_mask(RCA_SOJOURN_RATE), 0);
    assert_int_equal(rca_sojourn_mask(RCA_SOJOURN_RATE + 1), 1);
    assert_int_equal(rca_sojourn_mask(100e3), 15);
    assert_int_equal(rca_sojourn_mask(1e12), 1023);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_of_one_kind_are_added_up),
        cmocka_unit_test(packets_wait_in_the_root_or_below_a_dealer),
        cmocka_unit_test(counters_that_wrap_go_on),
        cmocka_unit_test(failed_allocations_leave_it_whole),
        cmocka_unit_test(samples_are_taken_above_a_rate),
    };

    return cmocka_run_group_tests_name("link_qdisc", tests, NULL, NULL);
}
