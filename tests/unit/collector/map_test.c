/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/map.h"

#include <errno.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

/* The oracle is an array: present[k] says what the map must say. */
static void it_agrees_with_an_array_over_random_changes(void **state)
{
    static int64_t value[500];
    struct rca_map map = {0};
    uint64_t seed = test_seed();

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(value); i++)
        value[i] = -1;
    for (unsigned step = 0; step < 50000; step++) {
        uint16_t key = (uint16_t)(test_random(&seed) * 500);
        uint32_t got = 0;

        if (test_random(&seed) < 0.5) {
            assert_ok(rca_map_set(&map, &key, sizeof(key), step));
            value[key] = step;
        } else {
            rca_map_del(&map, &key, sizeof(key));
            value[key] = -1;
        }
        key = (uint16_t)(test_random(&seed) * 500);
        assert_int_equal(rca_map_get(&map, &key, sizeof(key), &got),
                         value[key] >= 0);
        if (value[key] >= 0)
            assert_int_equal(got, value[key]);
    }
    rca_map_done(&map);
}

static void keys_of_different_lengths_are_different(void **state)
{
    struct rca_map map = {0};
    uint32_t got = 7;

    (void)state;
    assert_ok(rca_map_set(&map, "ab", 2, 1));
    assert_ok(rca_map_set(&map, "ab\0", 3, 2));
    assert_ok(rca_map_set(&map, "", 0, 3));
    assert_true(rca_map_get(&map, "ab", 2, &got));
    assert_int_equal(got, 1);
    assert_true(rca_map_get(&map, "", 0, &got));
    assert_int_equal(got, 3);
    assert_int_equal(map.n, 3);
    rca_map_done(&map);
}

static void an_empty_map_has_nothing_and_forgets_nothing(void **state)
{
    struct rca_map map = {0};
    uint32_t got = 7;

    (void)state;
    assert_false(rca_map_get(&map, "a", 1, &got));
    rca_map_del(&map, "a", 1);
    assert_int_equal(got, 7);
}

static void no_memory_leaves_the_map_as_it_was(void **state)
{
    struct rca_map map = {0};
    uint32_t got = 0;

    (void)state;
    for (long n = 0; n < 2; n++) {
        oom_after(n);
        assert_err(rca_map_set(&map, "a", 1, 1), -ENOMEM);
        oom_after(-1);
        assert_false(rca_map_get(&map, "a", 1, &got));
    }
    assert_ok(rca_map_set(&map, "a", 1, 1));
    rca_map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_an_array_over_random_changes),
        cmocka_unit_test(keys_of_different_lengths_are_different),
        cmocka_unit_test(an_empty_map_has_nothing_and_forgets_nothing),
        cmocka_unit_test(no_memory_leaves_the_map_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
