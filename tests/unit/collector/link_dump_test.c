/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The interfaces of the namespace that the test runs in, whatever they are: at
 * least a loopback. More is in tests/bpf/link_test.c. */

#include "collector/link_dump.h"

#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

struct fixture {
    struct rca_netlink_set set;
    struct rca_link_map map;
    struct rca_observer *obs;
};

static int setup(void **state)
{
    static struct fixture f;

    f = (struct fixture){
        .set = {.bus = NETLINK_ROUTE, .free_data = rca_link_dump_free}};
    assert_ok(rca_observer_new(NULL, "h", &f.obs));
    rca_observer_begin(f.obs, RCA_SECOND);
    assert_ok(rca_netlink_set_refresh(&f.set, f.obs));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    rca_netlink_set_done(&f->set);
    rca_link_map_done(&f->map);
    rca_observer_free(&f->obs);
    return 0;
}

static const struct rca_nic *find(const struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->map.n_nics; i++)
        if (f->map.nics[i].netns == f->set.ns[0].inode &&
            strcmp(f->map.nics[i].link.name, name) == 0)
            return &f->map.nics[i];
    return NULL;
}

static void the_loopback_is_found_each_time(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++) {
        const struct rca_nic *lo = NULL;

        assert_ok(rca_link_dump(&f->set, f->obs, &f->map));
        lo = find(f, "lo");
        assert_non_null(lo);
        assert_true(lo->link.flags & IFF_LOOPBACK);
        assert_int_equal(lo->whole, rca_observe_host(f->obs));
        assert_int_equal(lo->peer, RCA_LINK_NONE);
        assert_true(rca_link_map_packets(&f->map, f->set.ns[0].inode) >=
                    lo->link.stats.receive_packets);
    }
    assert_int_equal(rca_link_map_packets(&f->map, 1), 0);
}

static void names_tell_the_namespace(void **state)
{
    struct fixture *f = *state;
    struct rca_netlink_ns spaces[] = {{.inode = 1}, {.inode = 2, .name = "c"}};
    const struct rca_netlink_set set = {.ns = spaces, .n = 2};
    struct rca_nic nic = {.netns = 1, .link = {.name = "eth0"}};
    char name[RCA_LINK_NAME_SIZE];

    (void)f;
    assert_string_equal(rca_link_dump_name(&set, &nic, name), "eth0");
    nic.netns = 2;
    assert_string_equal(rca_link_dump_name(&set, &nic, name), "c/eth0");
    nic.netns = 3; /* gone meanwhile */
    assert_string_equal(rca_link_dump_name(&set, &nic, name), "eth0");
}

static int fail_visit(void *arg, const struct nlmsghdr *msg)
{
    (void)arg;
    (void)msg;
    return -ENOMEM;
}

static void a_visit_that_fails_is_handed_up(void **state)
{
    struct fixture *f = *state;
    int r = rca_link_dump_qdiscs(&f->set.ns[0], fail_visit, NULL);

    assert_true(r == 0 || r == -ENOMEM); /* 0: no qdisc at all */
    /* and the socket is good for the next question */
    assert_ok(rca_link_dump(&f->set, f->obs, &f->map));
    assert_non_null(find(f, "lo"));
}

static void failed_allocations_are_survived(void **state)
{
    struct fixture *f = *state;
    _Bool hit = 1;

    for (long n = 0; hit; n++) {
        int r = 0;

        oom_after(n);
        r = rca_link_dump(&f->set, f->obs, &f->map);
        hit = oom_hit();
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
        rca_link_map_done(&f->map);
    }
    assert_ok(rca_link_dump(&f->set, f->obs, &f->map));
    assert_non_null(find(f, "lo"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_loopback_is_found_each_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(names_tell_the_namespace, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_visit_that_fails_is_handed_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(failed_allocations_are_survived, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("link_dump", tests, NULL, NULL);
}
