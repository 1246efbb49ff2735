/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static void a_listed_hook_may_not_be_used(void **state)
{
    const struct rca_source_env env = {.without = "iter/task,,tp_btf/x"};
    const struct rca_source_env all = {0};

    (void)state;
    assert_false(rca_source_may(&env, "iter/task"));
    assert_false(rca_source_may(&env, "tp_btf/x"));
    assert_true(rca_source_may(&env, "tp_btf/x2"));
    assert_true(rca_source_may(&env, "tp_btf/"));
    assert_true(rca_source_may(&env, "task"));
    assert_true(rca_source_may(&all, "iter/task"));
}

static void what_was_asked_for_is_kept_once(void **state)
{
    struct rca_hooks hooks RCA_CLEANUP(rca_hooks_done) = {.source = "one"};
    const struct rca_source_env env = {.without = "b", .hooks = &hooks};

    (void)state;
    assert_true(rca_source_may(&env, "a"));
    assert_false(rca_source_may(&env, "b"));
    hooks.source = "two";
    assert_true(rca_source_may(&env, "a"));
    assert_int_equal(hooks.n, 2);
    assert_string_equal(hooks.items[0].name, "a");
    assert_string_equal(hooks.items[0].source, "one");
    assert_false(hooks.items[0].off);
    assert_true(hooks.items[1].off);
}

static void a_name_that_nobody_asked_for_is_refused(void **state)
{
    struct rca_hooks hooks RCA_CLEANUP(rca_hooks_done) = {0};
    const struct rca_source_env env = {.hooks = &hooks};
    struct rca_diag diag = {0};

    (void)state;
    assert_true(rca_source_may(&env, "iter/task"));
    assert_true(rca_source_may(&env, "rtnetlink"));
    assert_ok(rca_hooks_check(&hooks, NULL, &diag));
    assert_ok(rca_hooks_check(&hooks, "", &diag));
    assert_ok(rca_hooks_check(&hooks, "rtnetlink,iter/task", &diag));
    assert_err(rca_hooks_check(&hooks, "iter/task,rtnetlnk", &diag),
               RCA_EUNKNOWN);
    assert_string_equal(diag.text,
                        "no hook 'rtnetlnk'; did you mean 'rtnetlink'?");
    assert_err(rca_hooks_check(&hooks, "zzzzzzzzzzzz", &diag), RCA_EUNKNOWN);
    assert_non_null(strstr(diag.text, "rca doctor --hooks"));
    assert_err(rca_hooks_check(&hooks, "zz", NULL), RCA_EUNKNOWN);
}

static void many_hooks_and_no_memory_are_survived(void **state)
{
    struct rca_hooks hooks RCA_CLEANUP(rca_hooks_done) = {0};
    const struct rca_source_env env = {.without = "h7", .hooks = &hooks};
    char name[16];

    (void)state;
    oom_after(0);
    assert_false(rca_source_may(&env, "h7"));
    oom_after(-1);
    assert_int_equal(hooks.n, 0);
    for (int i = 0; i < 200; i++) {
        (void)snprintf(name, sizeof(name), "h%d", i);
        assert_int_equal(rca_source_may(&env, name), i != 7);
    }
    assert_int_equal(hooks.n, 200);
    oom_after(0);
    assert_err(rca_hooks_check(&hooks, "nobody", NULL), -ENOMEM);
    oom_after(-1);
}

static void profiles_have_names(void **state)
{
    enum rca_profile p = RCA_PROFILE_COUNT;

    (void)state;
    for (unsigned i = 0; i < RCA_PROFILE_COUNT; i++) {
        assert_ok(rca_profile_parse(rca_profile_name((enum rca_profile)i), &p));
        assert_int_equal(p, i);
    }
    assert_err(rca_profile_parse("deeper", &p), RCA_EUNKNOWN);
    assert_err(rca_profile_parse("", &p), RCA_EUNKNOWN);
    assert_int_equal(p, RCA_PROFILE_DEEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listed_hook_may_not_be_used),
        cmocka_unit_test(what_was_asked_for_is_kept_once),
        cmocka_unit_test(a_name_that_nobody_asked_for_is_refused),
        cmocka_unit_test(many_hooks_and_no_memory_are_survived),
        cmocka_unit_test(profiles_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
