/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/gathered.h"

#include <math.h>

#include "tests/unit/model/incident.h"

enum { FRONT, BACK, CALL, NIC, RULE, NETNS, INNER, N };

/* a call of front and back, its packets pass a NIC and a rule; the call is
 * odd, and has 0.4 of the symptom */
static void make(struct incident *c, struct rca_gathered *all,
                 uint32_t whole[N])
{
    static const enum rca_kind kinds[N] = {
        RCA_KIND_SERVICE, RCA_KIND_SERVICE, RCA_KIND_CALL, RCA_KIND_NIC,
        RCA_KIND_RULE,    RCA_KIND_NETNS,   RCA_KIND_NIC};

    incident_init(c, 100, 80);
    for (uint32_t i = 0; i < N; i++) {
        (void)incident_entity(c, kinds[i]);
        whole[i] = i;
        all[i] = (struct rca_gathered){.metrics = 1};
    }
    incident_edge(c, CALL, FRONT, RCA_EDGE_PART_OF);
    incident_edge(c, CALL, BACK, RCA_EDGE_CALLS);
    incident_edge(c, CALL, NIC, RCA_EDGE_USES);
    incident_edge(c, CALL, RULE, RCA_EDGE_FILTERED_BY);
    incident_edge(c, CALL, NETNS, RCA_EDGE_USES);
    incident_edge(c, INNER, NETNS, RCA_EDGE_PART_OF);
    (void)incident_made(c);
    all[CALL].odd[0] = all[CALL].local[0] = 9;
    all[CALL].odd3 = 1;
    all[CALL].states = all[CALL].usage = all[CALL].errors = 2;
    all[CALL].together = all[CALL].appeared = all[CALL].vanished = 1;
    all[CALL].share = 0.4;
}

static void what_is_odd_about_a_call_is_handed_down(void **unused)
{
    struct rca_gathered all[N];
    uint32_t whole[N];
    struct incident c;

    (void)unused;
    make(&c, all, whole);
    all[FRONT].share = 0.9; /* what the call is a part of */
    all[NIC].share = 0.15;
    all[RULE].share = 0.2;
    all[RULE].odd[0] = 3;
    rca_gathered_hand_down(c.g, whole, all);
    assert_close(all[RULE].odd[0], 9, 0);
    assert_close(all[RULE].odd[1], 3, 0);
    assert_close(all[RULE].odd3, log1p(4), 1e-12);
    assert_close(all[RULE].states + all[RULE].usage + all[RULE].errors, 6, 0);
    assert_close(all[RULE].together, 1, 0);
    assert_close(all[CALL].odd[0] + all[CALL].odd3 + all[CALL].states, 0, 0);
    assert_close(all[CALL].appeared + all[CALL].vanished, 0, 0);
    assert_close(all[FRONT].odd[0] + all[NIC].odd[0], 0, 0);
    rca_graph_free(&c.g);
}

static void a_call_above_nothing_keeps_what_it_has(void **unused)
{
    struct rca_gathered all[N];
    uint32_t whole[N];
    struct incident c;

    (void)unused;
    make(&c, all, whole);
    all[FRONT].share = 0.5;
    all[RULE].share = 0.09; /* less than a quarter of the call's */
    rca_gathered_hand_down(c.g, whole, all);
    assert_close(all[CALL].odd[0], 9, 0);
    assert_close(all[CALL].states, 2, 0);
    assert_close(all[RULE].odd[0], 0, 0);
    rca_graph_free(&c.g);
}

static void a_share_of_next_to_nothing_is_none(void **unused)
{
    struct rca_gathered all[N];
    uint32_t whole[N];
    struct incident c;

    (void)unused;
    make(&c, all, whole);
    all[CALL].share = 0;
    all[BACK].share = 0.019;
    rca_gathered_hand_down(c.g, whole, all);
    assert_close(all[CALL].odd[0], 9, 0);
    rca_graph_free(&c.g);
}

/* a NIC by which packets come in that a namespace drops */
static void it_is_handed_to_what_is_in_a_namespace_that_is_passed(void **unused)
{
    struct rca_gathered all[N];
    uint32_t whole[N];
    struct incident c;

    (void)unused;
    make(&c, all, whole);
    all[INNER].share = 0.5;
    all[NETNS].share = 0.3;
    rca_gathered_hand_down(c.g, whole, all);
    assert_close(all[INNER].odd[0], 9, 0);
    assert_close(all[NETNS].odd[0] + all[CALL].odd[0], 0, 0);
    rca_graph_free(&c.g);
}

static void a_member_hands_it_to_its_whole(void **unused)
{
    struct rca_gathered all[N];
    uint32_t whole[N];
    struct incident c;

    (void)unused;
    make(&c, all, whole);
    whole[NIC] = FRONT; /* as if it were a device of front */
    all[FRONT].share = 0.5;
    rca_gathered_hand_down(c.g, whole, all);
    assert_close(all[FRONT].odd[0], 9, 0);
    assert_close(all[CALL].odd[0], 0, 0);
    rca_graph_free(&c.g);
}

/* largest first; 11 metrics: 1 + 0.25 ln 1.1 = 1.0238 are usual */
static void the_three_strongest_are_kept(void **unused)
{
    double list[RCA_GATHERED_STRONGEST] = {0};

    (void)unused;
    rca_gathered_keep(list, 2);
    rca_gathered_keep(list, 5);
    rca_gathered_keep(list, 1);
    rca_gathered_keep(list, 3);
    assert_close(list[0] * 100 + list[1] * 10 + list[2], 532, 0);
    assert_close(rca_gathered_mean(list, 3), log1p(10 / 3.0), 1e-12);
    assert_close(rca_gathered_mean(list, 11), log1p(10 / 3.0 / 1.02382755),
                 1e-7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_odd_about_a_call_is_handed_down),
        cmocka_unit_test(a_call_above_nothing_keeps_what_it_has),
        cmocka_unit_test(a_share_of_next_to_nothing_is_none),
        cmocka_unit_test(it_is_handed_to_what_is_in_a_namespace_that_is_passed),
        cmocka_unit_test(a_member_hands_it_to_its_whole),
        cmocka_unit_test(the_three_strongest_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
