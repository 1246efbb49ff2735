/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/link_map.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "tests/harness/oom.h"
#include "tests/harness/test.h"

static void add(struct rca_link_map *map, uint64_t netns, int index, int peer,
                int nsid)
{
    struct rca_nic nic = {
        .netns = netns,
        .link = {.index = index, .peer = peer, .nsid = nsid, .kind = "veth"}};

    assert_ok(rca_link_map_add(map, &nic));
}

static size_t peer_of(const struct rca_link_map *map, uint64_t netns, int index)
{
    return map->nics[rca_link_map_find(map, netns, index)].peer;
}

static void veths_in_one_namespace_pair_by_index(void **state)
{
    struct rca_link_map map = {0};

    (void)state;
    add(&map, 1, 5, 4, -1);
    add(&map, 1, 4, 5, -1);
    add(&map, 2, 4, 5, 0); /* looks alike, is elsewhere */
    rca_link_map_pair(&map);
    assert_int_equal(peer_of(&map, 1, 4), rca_link_map_find(&map, 1, 5));
    assert_int_equal(peer_of(&map, 1, 5), rca_link_map_find(&map, 1, 4));
    assert_int_equal(peer_of(&map, 2, 4), RCA_LINK_NONE);
    rca_link_map_done(&map);
}

static void unresolved_veths_pair_only_if_there_is_one_mirror(void **state)
{
    struct rca_link_map map = {0};

    (void)state;
    add(&map, 1, 2, 3, 0);
    add(&map, 2, 3, 2, 0);
    rca_link_map_pair(&map);
    assert_int_equal(peer_of(&map, 1, 2), rca_link_map_find(&map, 2, 3));
    add(&map, 3, 3, 2, 0);
    rca_link_map_pair(&map);
    assert_int_equal(peer_of(&map, 1, 2), RCA_LINK_NONE);
    rca_link_map_done(&map);
}

static void a_resolved_namespace_decides_between_mirrors(void **state)
{
    struct rca_link_map map = {0};

    (void)state;
    add(&map, 1, 2, 3, 0);
    add(&map, 2, 3, 2, 0);
    add(&map, 3, 3, 2, 0);
    map.nics[0].peer_netns = 3;
    rca_link_map_pair(&map);
    assert_int_equal(peer_of(&map, 1, 2), rca_link_map_find(&map, 3, 3));
    rca_link_map_done(&map);
}

static void ports_know_their_bridge(void **state)
{
    struct rca_link_map map = {0};
    struct rca_nic port = {.netns = 1, .link = {.index = 4, .master = 9}};
    struct rca_nic bridge = {.netns = 1, .link = {.index = 9}};

    (void)state;
    assert_ok(rca_link_map_add(&map, &bridge));
    assert_ok(rca_link_map_add(&map, &port));
    rca_link_map_pair(&map);
    assert_int_equal(map.nics[0].master, 1);
    assert_int_equal(map.nics[1].master, RCA_LINK_NONE);
    rca_link_map_done(&map);
}

static void vlans_know_what_they_lie_on(void **state)
{
    struct rca_link_map map = {0};
    struct rca_nic eth = {.netns = 1, .link = {.index = 2, .nsid = -1}};
    struct rca_nic vlan = {
        .netns = 1,
        .link = {.index = 3, .peer = 2, .nsid = -1, .kind = "vlan"}};
    struct rca_nic away = {.netns = 2,
                           .link = {.index = 4, .peer = 2, .kind = "macvlan"}};
    struct rca_nic own = {
        .netns = 1, .link = {.index = 5, .peer = 5, .nsid = -1, .kind = "gre"}};

    (void)state;
    assert_ok(rca_link_map_add(&map, &eth));
    assert_ok(rca_link_map_add(&map, &vlan));
    assert_ok(rca_link_map_add(&map, &own));
    assert_ok(rca_link_map_add(&map, &away));
    rca_link_map_pair(&map);
    assert_int_equal(map.nics[0].lower, RCA_LINK_NONE);
    assert_int_equal(map.nics[1].lower, 0);
    assert_int_equal(map.nics[2].lower, RCA_LINK_NONE);
    /* its namespace's number is not resolved, then it is */
    assert_int_equal(map.nics[3].lower, RCA_LINK_NONE);
    map.nics[3].peer_netns = 1;
    rca_link_map_pair(&map);
    assert_int_equal(map.nics[3].lower, 0);
    assert_int_equal(map.nics[3].peer, RCA_LINK_NONE);
    rca_link_map_done(&map);
}

static void addresses_have_owners_within_their_namespace(void **state)
{
    struct rca_link_map map = {0};
    struct rca_link_addr a = {
        .index = 2, .family = AF_INET, .addr = {10, 0, 0, 1}};
    const unsigned char mapped[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
    const unsigned char other[16] = {10, 0, 0, 2};

    (void)state;
    add(&map, 1, 2, 0, -1);
    assert_ok(rca_link_map_add_addr(&map, 1, &a));
    rca_link_map_pair(&map);
    assert_int_equal(rca_link_map_owner(&map, 1, AF_INET, a.addr), 0);
    assert_int_equal(rca_link_map_owner(&map, 1, AF_INET6, mapped), 0);
    assert_int_equal(rca_link_map_owner(&map, 1, AF_INET, other),
                     RCA_LINK_NONE);
    assert_int_equal(rca_link_map_owner(&map, 2, AF_INET, a.addr),
                     RCA_LINK_NONE);
    rca_link_map_done(&map);
}

static void an_allocation_that_fails_leaves_the_map_whole(void **state)
{
    struct rca_link_map map = {0};
    const struct rca_nic nic = {.netns = 1};
    const struct rca_link_addr addr = {0};

    (void)state;
    oom_after(0);
    assert_err(rca_link_map_add(&map, &nic), -ENOMEM);
    assert_err(rca_link_map_add_addr(&map, 1, &addr), -ENOMEM);
    oom_after(-1);
    rca_link_map_pair(&map);
    assert_int_equal(map.n_nics + map.n_addrs, 0);
    assert_int_equal(rca_link_map_find(&map, 1, 1), RCA_LINK_NONE);
    rca_link_map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(veths_in_one_namespace_pair_by_index),
        cmocka_unit_test(unresolved_veths_pair_only_if_there_is_one_mirror),
        cmocka_unit_test(a_resolved_namespace_decides_between_mirrors),
        cmocka_unit_test(ports_know_their_bridge),
        cmocka_unit_test(vlans_know_what_they_lie_on),
        cmocka_unit_test(addresses_have_owners_within_their_namespace),
        cmocka_unit_test(an_allocation_that_fails_leaves_the_map_whole),
    };

    return cmocka_run_group_tests_name("link_map", tests, NULL, NULL);
}
