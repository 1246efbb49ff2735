/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/netlink_set.h"

#include <errno.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

/* No process has this number: its namespace cannot be opened. */
#define NOBODY 0x7fffffff

static void the_own_namespace_is_always_there(void **state)
{
    struct rca_netlink_set set = {.bus = NETLINK_ROUTE};
    struct rca_observer *obs = NULL;
    int err = 0;

    (void)state;
    assert_ok(rca_observer_new(NULL, "h", &obs));
    assert_ok(rca_netlink_set_refresh(&set, obs));
    assert_true(set.n >= 1);
    assert_non_null(set.ns[0].nl);
    assert_string_equal(set.ns[0].name, "");
    assert_true(rca_netlink_set_closed(&set, &err) < set.n);
    rca_netlink_set_done(&set);
    assert_int_equal(set.n, 0);
    rca_observer_free(&obs);
}

static void a_namespace_that_cannot_be_entered_says_why(void **state)
{
    struct rca_netlink_set set = {.bus = NETLINK_ROUTE};
    struct rca_observer *obs = NULL;
    unsigned version = 0;
    size_t n = 0;
    int err = 0;

    (void)state;
    assert_ok(rca_observer_new(NULL, "h", &obs));
    rca_observer_begin(obs, RCA_SECOND);
    assert_ok(rca_netlink_set_refresh(&set, obs));
    n = set.n;
    version = set.version;
    rca_observer_netns_add(obs, 4026531999, NOBODY, "lost");
    assert_ok(rca_netlink_set_refresh(&set, obs));
    assert_int_equal(set.n, n + 1);
    assert_true(set.version > version);
    assert_true(rca_netlink_set_closed(&set, &err) >= 1);
    assert_int_equal(set.ns[n].err, -EACCES);
    assert_string_equal(set.ns[n].name, "lost");
    /* nobody lives there any more: after a few ticks it is let go */
    version = set.version;
    for (int i = 2; i < 10; i++)
        rca_observer_begin(obs, i * RCA_SECOND);
    assert_ok(rca_netlink_set_refresh(&set, obs));
    assert_int_equal(set.n, n);
    assert_true(set.version > version);
    rca_netlink_set_done(&set);
    rca_observer_free(&obs);
}

static int freed;

static void count_free(void *data)
{
    free(data);
    freed++;
}

static void what_the_source_keeps_is_freed(void **state)
{
    struct rca_netlink_set set = {.bus = NETLINK_ROUTE,
                                  .free_data = count_free};
    struct rca_observer *obs = NULL;

    (void)state;
    freed = 0;
    assert_ok(rca_observer_new(NULL, "h", &obs));
    assert_ok(rca_netlink_set_refresh(&set, obs));
    set.ns[0].data = malloc(1);
    rca_netlink_set_done(&set);
    assert_int_equal(freed, 1);
    rca_observer_free(&obs);
}

static void failed_allocations_leave_it_whole(void **state)
{
    struct rca_netlink_set set = {.bus = NETLINK_ROUTE};
    struct rca_observer *obs = NULL;

    (void)state;
    assert_ok(rca_observer_new(NULL, "h", &obs));
    for (long n = 0;; n++) {
        _Bool hit = 0;
        int r = 0;

        oom_after(n);
        r = rca_netlink_set_refresh(&set, obs);
        hit = oom_hit();
        oom_after(-1);
        if (!hit) {
            assert_ok(r);
            break;
        }
        assert_true(r == 0 || r == -ENOMEM);
        rca_netlink_set_done(&set);
    }
    rca_netlink_set_done(&set);
    rca_observer_free(&obs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_own_namespace_is_always_there),
        cmocka_unit_test(a_namespace_that_cannot_be_entered_says_why),
        cmocka_unit_test(what_the_source_keeps_is_freed),
        cmocka_unit_test(failed_allocations_leave_it_whole),
    };

    return cmocka_run_group_tests_name("netlink_set", tests, NULL, NULL);
}
