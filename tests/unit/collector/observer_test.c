/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/observer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "graph/histogram.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/collector/samples.h"

#define T0 (INT64_C(1700000000) * RCA_SECOND)

static struct rca_observer *start(void)
{
    struct rca_observer *obs = NULL;

    assert_ok(rca_observer_new(NULL, "box", &obs));
    rca_observer_begin(obs, T0);
    return obs;
}

/* Whether the entity was refused for want of room. */
static _Bool refused(struct rca_observer *obs, enum rca_kind kind,
                     const char *name)
{
    return rca_observe_entity(obs, kind, name) == RCA_ID_NONE;
}

static void an_entity_keeps_its_number(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    const rca_id a = rca_observe_entity(obs, RCA_KIND_SERVICE, "web");

    (void)state;
    assert_int_equal(rca_observe_entity(obs, RCA_KIND_SERVICE, "web"), a);
    assert_int_not_equal(rca_observe_entity(obs, RCA_KIND_CLIENT, "web"), a);
    assert_int_not_equal(rca_observe_entity(obs, RCA_KIND_SERVICE, "we"), a);
    rca_observer_begin(obs, T0 + RCA_SECOND);
    assert_int_equal(rca_observe_entity(obs, RCA_KIND_SERVICE, "web"), a);
    assert_int_equal(rca_observer_now(obs), T0 + RCA_SECOND);
}

static void values_are_kept_and_what_is_none_is_not(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    const rca_id a = rca_observe_host(obs);

    (void)state;
    rca_observe_value(obs, a, "x", 1.5);
    rca_observe_value(obs, a, "y", NAN);
    rca_observe_value(obs, a, "y", INFINITY);
    rca_observe_value(obs, RCA_ID_NONE, "x", 2);
    assert_int_equal(obs->n_samples, 1);
    assert_close(sample_of(obs, a, "x"), 1.5, 0);
    rca_observer_begin(obs, T0 + RCA_SECOND);
    assert_int_equal(obs->n_samples, 0);
}

static void edges_to_nothing_or_to_oneself_are_not_kept(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    const rca_id a = rca_observe_entity(obs, RCA_KIND_SERVICE, "a");
    const rca_id b = rca_observe_entity(obs, RCA_KIND_CGROUP, "b");

    (void)state;
    rca_observe_edge(obs, a, b, RCA_EDGE_RUNS_ON);
    rca_observe_edge(obs, a, a, RCA_EDGE_RUNS_ON);
    rca_observe_edge(obs, a, RCA_ID_NONE, RCA_EDGE_RUNS_ON);
    rca_observe_edge(obs, RCA_ID_NONE, b, RCA_EDGE_RUNS_ON);
    assert_int_equal(obs->n_edges, 1);
    assert_true(has_edge(obs, a, b, RCA_EDGE_RUNS_ON));
}

static void a_histogram_gives_its_buckets_that_are_not_empty(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    uint64_t count[RCA_HISTOGRAM_BUCKETS] = {[0] = 1, [17] = 5, [103] = 2};
    const rca_id a = rca_observe_host(obs);

    (void)state;
    rca_observe_histogram(obs, a, "lat", count);
    assert_int_equal(obs->n_samples, 3);
    assert_close(sample_of(obs, a, "lat_bucket_000"), 1, 0);
    assert_close(sample_of(obs, a, "lat_bucket_017"), 5, 0);
    assert_close(sample_of(obs, a, "lat_bucket_103"), 2, 0);
}

static void beyond_the_cap_entities_are_refused_and_counted(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    const size_t max[RCA_KIND_COUNT] = {[RCA_KIND_PEER] = 2};

    (void)state;
    rca_observer_limit(obs, max);
    assert_false(refused(obs, RCA_KIND_PEER, "a"));
    assert_false(refused(obs, RCA_KIND_PEER, "b"));
    assert_true(refused(obs, RCA_KIND_PEER, "c"));
    assert_false(refused(obs, RCA_KIND_PEER, "a"));
    assert_false(refused(obs, RCA_KIND_CALL, "c"));
    assert_ok(rca_observer_commit(obs));
    assert_close(
        sample_of(obs, rca_observe_host(obs), "rca_lost_entities_total"), 1, 0);
}

static void an_idle_entity_gives_its_place_back(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    const size_t max[RCA_KIND_COUNT] = {[RCA_KIND_PEER] = 2};
    rca_id b;

    (void)state;
    rca_observer_limit(obs, max);
    assert_false(refused(obs, RCA_KIND_PEER, "a"));
    b = rca_observe_entity(obs, RCA_KIND_PEER, "b");
    rca_observer_begin(obs, T0 + 599 * RCA_SECOND);
    rca_observe_value(obs, b, "x", 1); /* seen by its number alone */
    assert_true(refused(obs, RCA_KIND_PEER, "c"));
    rca_observer_begin(obs, T0 + 700 * RCA_SECOND);
    assert_false(refused(obs, RCA_KIND_PEER, "c"));
    assert_int_equal(rca_observe_entity(obs, RCA_KIND_PEER, "b"), b);
    assert_true(refused(obs, RCA_KIND_PEER, "a"));
}

/* --- network namespaces --------------------------------------------------- */

#define NOBODY 0 /* a process number that /proc never has */

static void the_hosts_own_namespace_is_first_and_nameless(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    size_t n = 0;
    const struct rca_netns *ns = rca_observer_netns(obs, &n);

    (void)state;
    assert_true(n >= 1);
    assert_string_equal(ns[0].name, "");
    assert_int_equal(ns[0].entity, RCA_ID_NONE);
    assert_ptr_equal(rca_observer_netns_find(obs, ns[0].inode), ns);
}

static void a_namespace_is_named_by_its_one_workload(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();

    (void)state;
    rca_observer_netns_add(obs, 7001, NOBODY, "web");
    rca_observer_netns_add(obs, 7001, NOBODY, "web");
    rca_observer_netns_add(obs, 7002, NOBODY, "web");
    rca_observer_netns_add(obs, 7003, NOBODY, "db");
    rca_observer_netns_add(obs, 7003, NOBODY, "backup");
    rca_observer_netns_add(obs, 7004, NOBODY, "");
    assert_string_equal(rca_observer_netns_find(obs, 7001)->name, "web");
    assert_string_equal(rca_observer_netns_find(obs, 7002)->name, "web.2");
    assert_string_equal(rca_observer_netns_find(obs, 7003)->name, "netns-7003");
    assert_string_equal(rca_observer_netns_find(obs, 7004)->name, "netns-7004");
    assert_null(rca_observer_netns_find(obs, 7005));

    /* once read, a name stays */
    rca_observer_netns_add(obs, 7001, NOBODY, "other");
    assert_string_equal(rca_observer_netns_find(obs, 7001)->name, "web");
    assert_int_equal(rca_observer_netns_find(obs, 7001)->fd, -1);
}

static void a_namespace_is_part_of_the_host_while_it_is_in_use(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    rca_id id;

    (void)state;
    rca_observer_netns_add(obs, 7001, NOBODY, "web");
    assert_ok(rca_observer_commit(obs));
    id = rca_observe_entity(obs, RCA_KIND_NETNS, "web");
    assert_true(has_edge(obs, id, rca_observe_host(obs), RCA_EDGE_PART_OF));
    for (unsigned i = 1; i <= 3; i++) {
        rca_observer_begin(obs, T0 + i * RCA_SECOND);
        assert_ok(rca_observer_commit(obs));
        /* two ticks without it are forgiven */
        assert_int_equal(rca_observer_netns_find(obs, 7001) != NULL, i <= 2);
    }
    assert_false(has_edge(obs, id, rca_observe_host(obs), RCA_EDGE_PART_OF));
}

/* --- cgroups -------------------------------------------------------------- */

static void a_cgroup_is_found_by_each_of_its_numbers(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    const uint64_t v1 = rca_cgroup_v1_id(RCA_CGROUP_V1_MEMORY, 42);

    (void)state;
    rca_observer_cgroup_add(obs, 1, "", RCA_ID_NONE);
    rca_observer_cgroup_add(obs, 42, "a/b", 5);
    rca_observer_cgroup_add(obs, v1, "c", 6);
    assert_int_equal(rca_observer_cgroup(obs, 42), 5);
    assert_int_equal(rca_observer_cgroup(obs, v1), 6);
    assert_int_equal(rca_observer_cgroup(obs, 1), RCA_ID_NONE);
    assert_int_equal(rca_observer_cgroup(obs, 2), RCA_ID_NONE);
    assert_string_equal(rca_observer_cgroup_path(obs, 1), "");
    assert_string_equal(rca_observer_cgroup_path(obs, v1), "c");
    assert_null(rca_observer_cgroup_path(obs, 2));
    rca_observer_cgroup_add(obs, 42, "moved", 7);
    assert_string_equal(rca_observer_cgroup_path(obs, 42), "moved");
    assert_int_equal(rca_observer_cgroup(obs, 42), 7);
}

static void a_cgroup_that_is_gone_is_forgotten(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    char path[16];

    (void)state;
    for (unsigned i = 1; i <= 100; i++) {
        (void)snprintf(path, sizeof(path), "g%u", i);
        rca_observer_cgroup_add(obs, i, path, i);
    }
    rca_observer_begin(obs, T0 + 500 * RCA_SECOND);
    for (unsigned i = 2; i <= 100; i += 2) {
        (void)snprintf(path, sizeof(path), "g%u", i);
        rca_observer_cgroup_add(obs, i, path, i);
    }
    rca_observer_begin(obs, T0 + 700 * RCA_SECOND);
    for (unsigned i = 1; i <= 100; i++)
        assert_int_equal(rca_observer_cgroup(obs, i), i % 2 ? RCA_ID_NONE : i);
}

/* --- features ------------------------------------------------------------- */

static void features_are_kept_by_name_and_given_as_text(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    char *text RCA_CLEANUP(rca_freep) = NULL;
    size_t n = 0;

    (void)state;
    rca_observer_feature(obs, "a", RCA_FEATURE_OFF, "no\tBTF", "x\ny");
    rca_observer_feature(obs, "b", RCA_FEATURE_TWIN, "kprobe", "");
    rca_observer_feature(obs, "b", RCA_FEATURE_TWIN, "kprobe", "");
    assert_int_equal(rca_observer_features_changes(obs), 2);
    rca_observer_feature(obs, "a", RCA_FEATURE_ON, "tp_btf", "");
    assert_int_equal(rca_observer_features_changes(obs), 3);
    (void)rca_observer_features(obs, &n);
    assert_int_equal(n, 2);
    assert_ok(rca_observer_features_text(obs, &text));
    assert_string_equal(text, "a\ton\ttp_btf\t\nb\ttwin\tkprobe\t\n");
}

static void tabs_and_lines_in_features_become_blanks(void **state)
{
    struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = start();
    char *text RCA_CLEANUP(rca_freep) = NULL;

    (void)state;
    rca_observer_feature(obs, "a", RCA_FEATURE_OFF, "no\tBTF", "x\ny");
    assert_ok(rca_observer_features_text(obs, &text));
    assert_string_equal(text, "a\toff\tno BTF\tx y\n");
}

/* --- no memory ------------------------------------------------------------ */

static int work(struct rca_observer *obs)
{
    char name[16];
    rca_id a = rca_observe_host(obs);

    for (unsigned i = 0; i < 40; i++) {
        rca_id b;

        (void)snprintf(name, sizeof(name), "n%u", i);
        b = rca_observe_entity(obs, RCA_KIND_SERVICE, name);
        rca_observe_value(obs, b, name, i);
        rca_observe_edge(obs, b, a, RCA_EDGE_RUNS_ON);
        rca_observer_cgroup_add(obs, i, name, b);
    }
    rca_observer_netns_add(obs, 7001, NOBODY, "web");
    rca_observer_feature(obs, "f", RCA_FEATURE_ON, "", "");
    return rca_observer_commit(obs);
}

static void every_failed_allocation_is_returned_by_commit(void **state)
{
    (void)state;
    for (long n = 0; n < 1000; n++) {
        struct rca_observer *obs RCA_CLEANUP(rca_observer_free) = NULL;
        int r;

        oom_after(n);
        r = rca_observer_new(NULL, "box", &obs);
        if (r == 0) {
            rca_observer_begin(obs, T0);
            r = work(obs);
        }
        if (!oom_hit()) {
            oom_after(-1);
            assert_ok(r);
            return;
        }
        oom_after(-1);
        assert_err(r, -ENOMEM);
        if (!obs)
            continue;
        /* and with memory the next tick is whole */
        rca_observer_begin(obs, T0 + RCA_SECOND);
        assert_ok(work(obs));
        assert_int_equal(obs->n_samples, 41);
        assert_int_equal(rca_observer_cgroup(obs, 39),
                         rca_observe_entity(obs, RCA_KIND_SERVICE, "n39"));
    }
    fail_msg("no end of allocations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entity_keeps_its_number),
        cmocka_unit_test(values_are_kept_and_what_is_none_is_not),
        cmocka_unit_test(edges_to_nothing_or_to_oneself_are_not_kept),
        cmocka_unit_test(a_histogram_gives_its_buckets_that_are_not_empty),
        cmocka_unit_test(beyond_the_cap_entities_are_refused_and_counted),
        cmocka_unit_test(an_idle_entity_gives_its_place_back),
        cmocka_unit_test(the_hosts_own_namespace_is_first_and_nameless),
        cmocka_unit_test(a_namespace_is_named_by_its_one_workload),
        cmocka_unit_test(a_namespace_is_part_of_the_host_while_it_is_in_use),
        cmocka_unit_test(a_cgroup_is_found_by_each_of_its_numbers),
        cmocka_unit_test(a_cgroup_that_is_gone_is_forgotten),
        cmocka_unit_test(features_are_kept_by_name_and_given_as_text),
        cmocka_unit_test(tabs_and_lines_in_features_become_blanks),
        cmocka_unit_test(every_failed_allocation_is_returned_by_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
