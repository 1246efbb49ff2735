/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/sock_name.h"

#include <string.h>

#include "tests/harness/test.h"

static void assert_name(const struct rca_config *config,
                        struct rca_sock_owner owner, const char *want)
{
    char buf[RCA_SOCK_NAME_SIZE];

    assert_string_equal(rca_sock_name(config, &owner, buf), want);
}

static void the_command_is_the_last_resort(void **state)
{
    (void)state;
    assert_name(NULL, (struct rca_sock_owner){.comm = "nginx"}, "nginx");
    assert_name(NULL, (struct rca_sock_owner){.cgroup = "", .comm = "nginx"},
                "nginx");
    assert_name(NULL, (struct rca_sock_owner){0}, "?");
}

static void a_named_namespace_beats_the_command(void **state)
{
    (void)state;
    assert_name(NULL, (struct rca_sock_owner){.netns = "shop", .comm = "nginx"},
                "shop");
    assert_name(NULL,
                (struct rca_sock_owner){.netns = "netns-4026532", .comm = "x"},
                "x");
}

static void the_leaf_of_the_cgroup_beats_the_namespace(void **state)
{
    (void)state;
    assert_name(NULL,
                (struct rca_sock_owner){
                    .cgroup = "shop/cart", .netns = "ns", .comm = "python3"},
                "cart");
    /* what groups sessions says nothing of the workload */
    assert_name(NULL,
                (struct rca_sock_owner){.cgroup = "user.slice/session-3.scope",
                                        .comm = "curl"},
                "curl");
}

static void a_unit_beats_the_leaf(void **state)
{
    (void)state;
    assert_name(NULL,
                (struct rca_sock_owner){
                    .cgroup = "system.slice/web.service/worker", .comm = "x"},
                "web");
    assert_name(
        NULL,
        (struct rca_sock_owner){
            .cgroup = "user.slice/user@1000.service/app.slice/app-a.service"},
        "app-a");
}

static void a_container_beats_the_unit(void **state)
{
    (void)state;
    assert_name(NULL,
                (struct rca_sock_owner){.cgroup = "system.slice/docker.service",
                                        .node = "db"},
                "db");
    assert_name(NULL, (struct rca_sock_owner){.node = "cart-5d8f7c9b4d-x2x1k"},
                "cart");
    assert_name(NULL, (struct rca_sock_owner){.node = "web-frontend-1"},
                "web-frontend-1");
}

static void ids_are_no_names(void **state)
{
    (void)state;
    assert_name(
        NULL, (struct rca_sock_owner){.node = "6d4467c64bed", .comm = "redis"},
        "redis");
    assert_name(NULL,
                (struct rca_sock_owner){
                    .cgroup = "docker/6d4467c64bed6c5c7d70e011a1e511de",
                    .comm = "redis"},
                "redis");
    assert_name(NULL,
                (struct rca_sock_owner){.cgroup = "a/1234", .comm = "redis"},
                "redis");
    assert_name(NULL,
                (struct rca_sock_owner){.cgroup = "a/facade", .comm = "x"},
                "facade");
}

static void the_configuration_has_the_first_word(void **state)
{
    char by_port[] = "postgres", by_cgroup[] = "web", both[] = "both";
    char pattern[] = "system.slice/web*";
    struct rca_name_rule rules[] = {
        {.cgroup = pattern, .port = 99, .name = both},
        {.port = 5432, .name = by_port},
        {.cgroup = pattern, .name = by_cgroup},
    };
    struct rca_config config = {.names = rules, .n_names = 3};

    (void)state;
    assert_name(&config, (struct rca_sock_owner){.port = 5432, .node = "pod"},
                "postgres");
    assert_name(&config,
                (struct rca_sock_owner){.cgroup = "system.slice/web1.service"},
                "web");
    assert_name(&config,
                (struct rca_sock_owner){.cgroup = "system.slice/web1.service",
                                        .port = 99},
                "both");
    assert_name(&config, (struct rca_sock_owner){.port = 80, .comm = "nginx"},
                "nginx");
}

static void a_long_name_is_cut(void **state)
{
    char leaf[400];
    char buf[RCA_SOCK_NAME_SIZE];

    (void)state;
    memset(leaf, 'q', sizeof(leaf) - 1);
    leaf[sizeof(leaf) - 1] = '\0';
    (void)rca_sock_name(NULL, &(struct rca_sock_owner){.cgroup = leaf}, buf);
    assert_int_equal(strlen(buf), RCA_SOCK_NAME_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_is_the_last_resort),
        cmocka_unit_test(a_named_namespace_beats_the_command),
        cmocka_unit_test(the_leaf_of_the_cgroup_beats_the_namespace),
        cmocka_unit_test(a_unit_beats_the_leaf),
        cmocka_unit_test(a_container_beats_the_unit),
        cmocka_unit_test(ids_are_no_names),
        cmocka_unit_test(the_configuration_has_the_first_word),
        cmocka_unit_test(a_long_name_is_cut),
    };

    return cmocka_run_group_tests_name("collector/sock_name", tests, NULL,
                                       NULL);
}
