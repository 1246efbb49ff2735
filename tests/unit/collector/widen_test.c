/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/widen.h"

#include "tests/harness/test.h"

static void a_counter_that_wraps_goes_on(void **state)
{
    struct rca_wide w = {0};

    (void)state;
    assert_int_equal(rca_widen(&w, 5), 5); /* what it had counted before */
    assert_int_equal(rca_widen(&w, UINT32_C(0xfffffff0)), 0xfffffff0);
    assert_int_equal(rca_widen(&w, 16), UINT64_C(0x100000010));
    assert_int_equal(rca_widen(&w, 16), UINT64_C(0x100000010));
    assert_int_equal(rca_widen(&w, UINT32_C(0x80000000)),
                     UINT64_C(0x180000000));
    assert_int_equal(rca_widen(&w, UINT32_C(0x7fffffff)),
                     UINT64_C(0x27fffffff));
}

static void a_counter_that_begins_anew_does_too(void **state)
{
    struct rca_wide w = {0};

    (void)state;
    assert_int_equal(rca_widen(&w, 1000), 1000);
    assert_int_equal(rca_widen(&w, 10), 10);
    assert_int_equal(rca_widen(&w, 11), 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_that_wraps_goes_on),
        cmocka_unit_test(a_counter_that_begins_anew_does_too),
    };

    return cmocka_run_group_tests_name("widen", tests, NULL, NULL);
}
