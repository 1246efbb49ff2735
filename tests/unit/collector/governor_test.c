/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/governor.h"

#include <errno.h>

#include "tests/harness/test.h"

/* struct fake - a meter whose readings a test sets */
struct fake {
    struct rca_cost cost;
    int stats_err, read_err;
    int on; /* times on less times off */
};

static int fake_stats(void *arg, _Bool on)
{
    struct fake *fake = arg;

    if (on && fake->stats_err)
        return fake->stats_err;
    fake->on += on ? 1 : -1;
    return 0;
}

static int fake_read(void *arg, _Bool programs, struct rca_cost *ret_cost)
{
    struct fake *fake = arg;

    if (fake->read_err)
        return fake->read_err;
    *ret_cost = fake->cost;
    if (!programs)
        ret_cost->bpf_ns = ret_cost->bpf_runs = 0;
    return 0;
}

static struct rca_meter meter_of(struct fake *fake)
{
    return (struct rca_meter){
        .stats = fake_stats, .read = fake_read, .arg = fake};
}

static void a_look_takes_one_second_of_a_minute(void **state)
{
    struct fake fake = {0};
    const struct rca_meter meter = meter_of(&fake);
    struct rca_governor gov;

    (void)state;
    rca_governor_start(&gov, &meter, 0.01, 0);
    assert_int_equal(gov.due, 60 * RCA_SECOND);
    assert_int_equal(
        rca_governor_run(&gov, &meter, gov.due - 1, RCA_PROFILE_DEEP), 0);
    assert_int_equal(fake.on, 0);
    assert_int_equal(rca_governor_run(&gov, &meter, gov.due, RCA_PROFILE_DEEP),
                     0);
    assert_int_equal(fake.on, 1);
    assert_int_equal(gov.due, 61 * RCA_SECOND);
    /* 1,000 runs of 170 ns each, of which 70 are the counting itself */
    fake.cost =
        (struct rca_cost){.cpu_s = 0.244, .bpf_ns = 170000, .bpf_runs = 1000};
    assert_int_equal(rca_governor_run(&gov, &meter, gov.due, RCA_PROFILE_DEEP),
                     1);
    assert_int_equal(fake.on, 0);
    assert_close(gov.bpf_ratio, 1e-4, 1e-9);
    assert_close(gov.cpu_ratio, 0.244 / 61, 1e-9);
    assert_int_equal(gov.due, 120 * RCA_SECOND);
    assert_int_equal(gov.looks, 1);
    assert_int_equal(gov.most, RCA_PROFILE_DEEP);
}

static void without_statistics_only_the_own_time_counts(void **state)
{
    struct fake fake = {.stats_err = -EPERM};
    const struct rca_meter meter = meter_of(&fake);
    struct rca_governor gov;

    (void)state;
    rca_governor_start(&gov, &meter, 0.01, 0);
    (void)rca_governor_run(&gov, &meter, gov.due, RCA_PROFILE_DEEP);
    fake.cost.cpu_s = 6.1;
    assert_int_equal(rca_governor_run(&gov, &meter, gov.due, RCA_PROFILE_DEEP),
                     1);
    assert_nan(gov.bpf_ratio);
    assert_close(gov.cpu_ratio, 0.1, 1e-9);
    assert_int_equal(gov.over, 1);
    assert_int_equal(fake.on, 0);
}

static void a_meter_that_fails_skips_the_look(void **state)
{
    struct fake fake = {.read_err = -EIO};
    const struct rca_meter meter = meter_of(&fake);
    struct rca_governor gov;

    (void)state;
    rca_governor_start(&gov, &meter, 0.01, 0);
    assert_int_equal(rca_governor_run(&gov, &meter, gov.due, RCA_PROFILE_DEEP),
                     -EIO);
    assert_int_equal(fake.on, 0);
    fake.read_err = 0;
    assert_int_equal(rca_governor_run(&gov, &meter, gov.due, RCA_PROFILE_DEEP),
                     0);
    fake.read_err = -EIO;
    assert_int_equal(rca_governor_run(&gov, &meter, gov.due, RCA_PROFILE_DEEP),
                     -EIO);
    assert_int_equal(fake.on, 0);
    assert_false(gov.looking);
}

static void programs_that_went_away_leave_the_ratio_unknown(void **state)
{
    struct fake fake = {.cost = {.bpf_ns = 1000, .bpf_runs = 10}};
    const struct rca_meter meter = meter_of(&fake);
    struct rca_governor gov;

    (void)state;
    rca_governor_start(&gov, &meter, 0.01, 0);
    (void)rca_governor_run(&gov, &meter, gov.due, RCA_PROFILE_DEEP);
    fake.cost.bpf_ns = 10;
    assert_int_equal(rca_governor_run(&gov, &meter, gov.due, RCA_PROFILE_DEEP),
                     1);
    assert_nan(gov.bpf_ratio);
}

/* Judge @n looks of @ratio. */
static void judge(struct rca_governor *gov, unsigned n, double ratio)
{
    for (unsigned i = 0; i < n; i++)
        rca_governor_judge(gov, ratio, RCA_PROFILE_STANDARD);
}

static struct rca_governor governed(void)
{
    struct fake fake = {0};
    const struct rca_meter meter = meter_of(&fake);
    struct rca_governor gov;

    rca_governor_start(&gov, &meter, 0.01, 0);
    return gov;
}

static void two_looks_above_the_budget_are_a_step_down(void **state)
{
    struct rca_governor gov = governed();

    (void)state;
    judge(&gov, 1, 0.02);
    judge(&gov, 1, 0.009);
    judge(&gov, 1, 0.02);
    assert_int_equal(gov.most, RCA_PROFILE_DEEP);
    judge(&gov, 1, 0.02);
    assert_int_equal(gov.most, RCA_PROFILE_LIGHT);
    judge(&gov, 100, 0.02); /* there is nothing below it */
    assert_int_equal(gov.most, RCA_PROFILE_LIGHT);
}

static void a_long_quiet_time_is_a_step_up(void **state)
{
    struct rca_governor gov = governed();

    (void)state;
    judge(&gov, 2, 0.02);
    judge(&gov, RCA_GOVERNOR_QUIET - 1, 0.001);
    judge(&gov, 1, 0.006); /* under the budget, but not quiet */
    judge(&gov, RCA_GOVERNOR_QUIET - 1, 0.001);
    assert_int_equal(gov.most, RCA_PROFILE_LIGHT);
    judge(&gov, 1, 0.001);
    assert_int_equal(gov.most, RCA_PROFILE_STANDARD);
    judge(&gov, 50, 0.001); /* not above what is wished for */
    assert_int_equal(gov.most, RCA_PROFILE_STANDARD);
}

static void a_step_up_that_was_too_much_makes_the_next_wait_longer(void **state)
{
    struct rca_governor gov = governed();
    unsigned patience = RCA_GOVERNOR_QUIET;

    (void)state;
    judge(&gov, 2, 0.02);
    for (int i = 0; i < 10; i++) {
        judge(&gov, patience - 1, 0.001);
        assert_int_equal(gov.most, RCA_PROFILE_LIGHT);
        judge(&gov, 1, 0.001);
        assert_int_equal(gov.most, RCA_PROFILE_STANDARD);
        judge(&gov, 2, 0.02);
        assert_int_equal(gov.most, RCA_PROFILE_LIGHT);
        patience = patience * 2 < RCA_GOVERNOR_QUIET_MAX
                       ? patience * 2
                       : RCA_GOVERNOR_QUIET_MAX;
    }
    /* one that lasts makes it short again */
    judge(&gov, 2 * patience, 0.001);
    assert_int_equal(gov.patience, RCA_GOVERNOR_QUIET);
}

static void without_a_budget_nothing_is_judged(void **state)
{
    struct rca_governor gov = governed();

    (void)state;
    gov.budget = 0;
    judge(&gov, 100, 5);
    assert_int_equal(gov.most, RCA_PROFILE_DEEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_takes_one_second_of_a_minute),
        cmocka_unit_test(without_statistics_only_the_own_time_counts),
        cmocka_unit_test(a_meter_that_fails_skips_the_look),
        cmocka_unit_test(programs_that_went_away_leave_the_ratio_unknown),
        cmocka_unit_test(two_looks_above_the_budget_are_a_step_down),
        cmocka_unit_test(a_long_quiet_time_is_a_step_up),
        cmocka_unit_test(
            a_step_up_that_was_too_much_makes_the_next_wait_longer),
        cmocka_unit_test(without_a_budget_nothing_is_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
