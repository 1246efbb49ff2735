/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/relation.h"

#include "tests/unit/model/incident.h"

/* Who may move whom where packets are dropped. Entities by number, one metric
 * each, or two. */
struct net {
    struct incident c;
    struct rca_relations *r;
};

static const struct rca_relation *between(const struct net *n, size_t cause,
                                          size_t target)
{
    size_t m;
    const struct rca_relation *list = rca_relations_get(n->r, target, &m);

    for (size_t i = 0; i < m; i++)
        if (list[i].cause == cause)
            return &list[i];
    return NULL;
}

static void put(struct net *n, rca_id entity, const char *name)
{
    const struct rca_metric *known = rca_metric_find(name);
    const size_t v = n->c.w.n_vars;

    (void)incident_metric(&n->c, entity, name, NULL);
    if (known)
        n->c.vars[v].metric = *known;
}

static void relate(struct net *n)
{
    const struct rca_incident *i = incident_made(&n->c);

    assert_ok(rca_relations_new(i->w, i->g, &n->r));
}

static void done(struct net *n)
{
    rca_relations_free(&n->r);
    rca_graph_free(&n->c.g);
}

/* netns 0 (or host), nic 1 and conntrack 2 in it, call 3 that uses all */
static void make_drops(struct net *n, enum rca_kind whole)
{
    *n = (struct net){0};
    incident_init(&n->c, 100, 80);
    (void)incident_entity(&n->c, whole);
    (void)incident_entity(&n->c, RCA_KIND_NIC);
    (void)incident_entity(&n->c, RCA_KIND_CONNTRACK);
    (void)incident_entity(&n->c, RCA_KIND_CALL);
    incident_edge(&n->c, 1, 0, RCA_EDGE_PART_OF);
    incident_edge(&n->c, 2, 0, RCA_EDGE_PART_OF);
    incident_edge(&n->c, 1, 2, RCA_EDGE_FILTERED_BY);
    incident_edge(&n->c, 3, 0, RCA_EDGE_USES);
    incident_edge(&n->c, 3, 1, RCA_EDGE_USES);
    incident_edge(&n->c, 3, 2, RCA_EDGE_FILTERED_BY);
    put(n, 0, "drops_per_second");
    put(n, 1, "drops_per_second");
    put(n, 2, "conntrack_drops_per_second");
    put(n, 3, "connect_failures_per_second");
    relate(n);
}

static void a_sum_of_drops_makes_none(void **unused)
{
    static const enum rca_kind kinds[] = {RCA_KIND_NETNS, RCA_KIND_HOST};
    struct net n;

    (void)unused;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(kinds); i++) {
        make_drops(&n, kinds[i]);
        assert_null(between(&n, 0, 1));
        assert_non_null(between(&n, 1, 0));
        assert_false(between(&n, 1, 0)->weak);
        assert_non_null(between(&n, 2, 1));
        assert_non_null(between(&n, 0, 3));
        assert_non_null(between(&n, 1, 3));
        assert_non_null(between(&n, 2, 3));
        done(&n);
    }
}

/* what is dropped by a table is not made by failing calls, nor by the sum */
static void a_table_drops_by_itself(void **unused)
{
    struct net n;

    (void)unused;
    make_drops(&n, RCA_KIND_NETNS);
    for (size_t cause = 0; cause < 4; cause++)
        assert_null(between(&n, cause, 2));
    done(&n);
}

/* two ends of a veth, 0 and 1, and a qdisc 2 of the first */
static void a_link_goes_down_by_itself_and_load_fills_a_queue(void **unused)
{
    struct net n = {0};

    (void)unused;
    incident_init(&n.c, 100, 80);
    (void)incident_entity(&n.c, RCA_KIND_NIC);
    (void)incident_entity(&n.c, RCA_KIND_NIC);
    (void)incident_entity(&n.c, RCA_KIND_QDISC);
    incident_edge(&n.c, 0, 1, RCA_EDGE_LINK);
    incident_edge(&n.c, 0, 2, RCA_EDGE_USES);
    put(&n, 0, "link_down");
    put(&n, 0, "transmit_packets_per_second");
    put(&n, 1, "link_down");
    put(&n, 1, "receive_packets_per_second");
    put(&n, 2, "qdisc_drops_per_second");
    relate(&n);
    assert_null(between(&n, 0, 2));
    assert_null(between(&n, 2, 0));
    assert_null(between(&n, 1, 2)); /* no packets: not why it is down */
    assert_non_null(between(&n, 1, 3)); /* sent is received */
    assert_null(between(&n, 0, 4));
    done(&n);
}

/* service 0 in netns 1, called by call 2 */
static void a_full_accept_queue_is_the_service_s(void **unused)
{
    struct net n = {0};

    (void)unused;
    incident_init(&n.c, 100, 80);
    (void)incident_entity(&n.c, RCA_KIND_SERVICE);
    (void)incident_entity(&n.c, RCA_KIND_NETNS);
    (void)incident_entity(&n.c, RCA_KIND_CALL);
    incident_edge(&n.c, 0, 1, RCA_EDGE_USES);
    incident_edge(&n.c, 2, 0, RCA_EDGE_CALLS);
    put(&n, 0, "listen_drops_per_second");
    put(&n, 1, "tcp_listen_overflows_per_second");
    put(&n, 1, "ip_no_route_per_second");
    put(&n, 2, "retransmits_per_second");
    relate(&n);
    assert_null(between(&n, 1, 0));
    assert_non_null(between(&n, 0, 1));
    assert_false(between(&n, 0, 1)->weak);
    assert_non_null(between(&n, 2, 0)); /* no answer for want of a route */
    assert_null(between(&n, 0, 2));
    assert_non_null(between(&n, 0, 3)); /* what is not heard is sent again */
    done(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_of_drops_makes_none),
        cmocka_unit_test(a_table_drops_by_itself),
        cmocka_unit_test(a_link_goes_down_by_itself_and_load_fills_a_queue),
        cmocka_unit_test(a_full_accept_queue_is_the_service_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
