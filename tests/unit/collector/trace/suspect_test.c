/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which of the rules that counted dropped the packets that died. */

#include "collector/trace/suspect.h"

#include <errno.h>
#include <stdio.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

enum { WEB = 11, DB = 12 };

static struct rca_trace_rule rule_of(uint64_t handle)
{
    struct rca_trace_rule rule = {.handle = handle, .family = 1};

    (void)snprintf(rule.table, sizeof(rule.table), "filter");
    (void)snprintf(rule.chain, sizeof(rule.chain), "input");
    return rule;
}

static void note(struct rca_trace_suspects *s, uint32_t netns, uint64_t handle,
                 uint64_t packets)
{
    const struct rca_trace_rule rule = rule_of(handle);

    assert_ok(rca_trace_suspects_note(s, netns, &rule, packets));
}

/* a look is begun as rca_trace_suspects_look() does */
static void look(struct rca_trace_suspects *s)
{
    s->looks++;
    s->at = 0;
    for (size_t i = 0; i < s->n; i++)
        s->list[i].there = 0;
}

/* Rules 2 and 3 of web, and 2 of db, with 1,000 packets each before. */
static struct rca_trace_suspects grown(uint64_t web2, uint64_t web3,
                                       uint64_t db2)
{
    struct rca_trace_suspects s = {0};

    look(&s);
    note(&s, WEB, 2, 1000);
    note(&s, WEB, 3, 1000);
    note(&s, DB, 2, 1000);
    look(&s);
    note(&s, WEB, 2, 1000 + web2);
    note(&s, WEB, 3, 1000 + web3);
    note(&s, DB, 2, 1000 + db2);
    return s;
}

/* @want: handle in web, 0: nobody */
static void check(struct rca_trace_suspects s, uint64_t packets, uint64_t want)
{
    const struct rca_trace_suspect *got =
        rca_trace_suspects_find(&s, WEB, packets);

    assert_int_equal(got ? got->rule.handle : 0, want);
    assert_true(!got || got->netns == WEB);
    rca_trace_suspects_done(&s);
}

static void the_one_that_counted_as_many_did_it(void **state)
{
    (void)state;
    check(grown(100, 0, 0), 100, 2);
    check(grown(0, 100, 100), 100, 3);
    check(grown(103, 900, 0), 100, 2); /* some while it began and ended */
    check(grown(127, 900, 0), 100, 2);
    check(grown(128, 0, 0), 100, 2); /* the only one that can be */
    check(grown(5000, 0, 0), 100, 2);
}

static void where_it_is_not_clear_nobody_did_it(void **state)
{
    (void)state;
    check(grown(0, 0, 100), 100, 0);
    check(grown(99, 0, 0), 100, 0); /* not all of them */
    check(grown(100, 110, 0), 100, 0);
    check(grown(200, 300, 0), 100, 0);
    check(grown(0, 0, 0), 0, 0);
}

static void a_silent_rule_could_have_done_it(void **state)
{
    struct rca_trace_suspects s = grown(500, 0, 0), near = grown(100, 0, 0);

    (void)state;
    assert_ok(rca_trace_suspects_silent(&s, DB));
    assert_non_null(rca_trace_suspects_find(&s, WEB, 100));
    assert_ok(rca_trace_suspects_silent(&s, WEB));
    assert_ok(rca_trace_suspects_silent(&s, WEB));
    assert_int_equal(s.n_silent, 2);
    check(s, 100, 0);
    assert_ok(rca_trace_suspects_silent(&near, WEB));
    check(near, 100, 2);
}

static void rules_come_and_go(void **state)
{
    struct rca_trace_suspects s = grown(100, 0, 0);

    (void)state;
    look(&s);
    note(&s, WEB, 9, 100); /* new; 2 is gone */
    note(&s, WEB, 3, 7); /* set back */
    assert_int_equal(s.list[1].packets, 0);
    check(s, 100, 9);
}

static void there_may_be_many(void **state)
{
    struct rca_trace_suspects s = {0};

    (void)state;
    for (int k = 0; k < 2; k++) {
        look(&s);
        for (uint64_t i = 1; i <= RCA_TRACE_SUSPECTS_MAX + 10; i++)
            note(&s, WEB, i, k && i == 4000 ? 5 : 0);
    }
    assert_int_equal(s.n, RCA_TRACE_SUSPECTS_MAX);
    check(s, 5, 4000);
}

static void every_allocation_may_fail(void **state)
{
    const struct rca_trace_rule rule = rule_of(2);
    struct rca_trace_suspects s = {0};

    (void)state;
    oom_after(0);
    assert_err(rca_trace_suspects_note(&s, WEB, &rule, 1), -ENOMEM);
    assert_err(rca_trace_suspects_silent(&s, WEB), -ENOMEM);
    oom_after(-1);
    assert_int_equal(s.n + s.n_silent, 0);
    rca_trace_suspects_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_that_counted_as_many_did_it),
        cmocka_unit_test(where_it_is_not_clear_nobody_did_it),
        cmocka_unit_test(a_silent_rule_could_have_done_it),
        cmocka_unit_test(rules_come_and_go),
        cmocka_unit_test(there_may_be_many),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("collector/trace/suspect", tests, NULL,
                                       NULL);
}
