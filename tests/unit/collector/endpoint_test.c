/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/socket.h>

#include "collector/observer.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static const unsigned char v4[4] = {10, 0, 0, 1};
static const unsigned char v6[16] = {0xfd, [15] = 1};

static struct rca_observer *begin(void)
{
    struct rca_observer *obs = NULL;

    assert_ok(rca_observer_new(NULL, "h", &obs));
    rca_observer_begin(obs, RCA_SECOND);
    return obs;
}

static void endpoints_come_back_sorted_and_distinct(void **state)
{
    struct rca_observer *obs = begin();
    const struct rca_endpoint *ends = NULL;
    size_t n = 0;

    (void)state;
    rca_observe_endpoint(obs, 2, 9, AF_INET6, v6, 0);
    rca_observe_endpoint(obs, 2, 7, AF_INET, v4, 0);
    rca_observe_endpoint(obs, 1, 9, AF_INET, v4, 0);
    rca_observe_endpoint(obs, 2, 7, AF_INET, v4, 0);
    ends = rca_observer_endpoints(obs, &n);
    assert_int_equal(n, 3);
    assert_int_equal(ends[0].netns, 7);
    assert_int_equal(ends[0].addr[0], 10);
    assert_int_equal(ends[0].addr[4], 0);
    assert_int_equal(ends[1].entity, 1);
    assert_int_equal(ends[2].addr[15], 1);
    rca_observer_free(&obs);
}

static void a_new_tick_has_none(void **state)
{
    struct rca_observer *obs = begin();
    size_t n = 0;

    (void)state;
    rca_observe_endpoint(obs, 1, 9, AF_INET, v4, 0);
    rca_observer_begin(obs, 2 * RCA_SECOND);
    rca_observer_endpoints(obs, &n);
    assert_int_equal(n, 0);
    rca_observer_free(&obs);
}

static void nobody_and_unknown_families_are_passed_over(void **state)
{
    struct rca_observer *obs = begin();
    size_t n = 0;

    (void)state;
    rca_observe_endpoint(obs, RCA_ID_NONE, 9, AF_INET, v4, 0);
    rca_observe_endpoint(obs, 1, 9, AF_UNIX, v4, 0);
    rca_observer_endpoints(obs, &n);
    assert_int_equal(n, 0);
    rca_observer_free(&obs);
}

static void no_memory_sticks_to_the_tick(void **state)
{
    struct rca_observer *obs = begin();

    (void)state;
    oom_after(0);
    rca_observe_endpoint(obs, 1, 9, AF_INET, v4, 0);
    oom_after(-1);
    assert_true(rca_observer_commit(obs) < 0);
    rca_observer_free(&obs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_come_back_sorted_and_distinct),
        cmocka_unit_test(a_new_tick_has_none),
        cmocka_unit_test(nobody_and_unknown_families_are_passed_over),
        cmocka_unit_test(no_memory_sticks_to_the_tick),
    };

    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
