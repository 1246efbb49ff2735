/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/meter.h"

#include "tests/harness/test.h"

static size_t bad_programs(void *state, int *fds, size_t max)
{
    (void)state;
    assert_true(max >= 2);
    fds[0] = fds[1] = -1;
    return 2;
}

static void own_processor_time_grows(void **state)
{
    const size_t none = 0;
    struct rca_self self = {.n = &none};
    const struct rca_meter meter = rca_self_meter(&self);
    struct rca_cost one = {0}, two = {0};

    (void)state;
    assert_ok(meter.read(meter.arg, 1, &one));
    while (two.cpu_s <= one.cpu_s)
        assert_ok(meter.read(meter.arg, 1, &two));
    assert_int_equal(two.bpf_ns, 0);
    assert_true(one.cpu_s > 0);
}

static void a_program_that_cannot_be_read_is_an_error(void **state)
{
    static const struct rca_source source = {.name = "x",
                                             .programs = bad_programs};
    const struct rca_active active = {.source = &source};
    const size_t one = 1;
    struct rca_self self = {.active = &active, .n = &one};
    const struct rca_meter meter = rca_self_meter(&self);
    struct rca_cost cost;

    (void)state;
    assert_true(meter.read(meter.arg, 1, &cost) < 0);
    assert_ok(meter.read(meter.arg, 0, &cost));
}

static void resident_memory_is_known(void **state)
{
    (void)state;
    assert_true(rca_self_resident() > 100000);
}

static void the_age_of_this_process_is_known(void **state)
{
    const double age = rca_self_age();

    (void)state;
    assert_true(age >= 0 && age < 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_processor_time_grows),
        cmocka_unit_test(a_program_that_cannot_be_read_is_an_error),
        cmocka_unit_test(resident_memory_is_known),
        cmocka_unit_test(the_age_of_this_process_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
