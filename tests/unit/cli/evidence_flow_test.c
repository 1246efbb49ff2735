/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From an explanation to a filter, with a host made by hand: services web (one
 * address), db (two ports), shop (nine addresses), namespaces host and cart. */

#include "cli/evidence_flow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "collector/trace/filter.h"
#include "graph/base/err.h"
#include "tests/harness/oom.h"
#include "tests/harness/test.h"
#include "tests/unit/cli/story.h"

static const struct {
    const char *name;
    const char *address;
    uint16_t port;
} listening[] = {
    {"web", "10.0.0.2", 8080}, {"web", "fe80::1", 8080},
    {"web", "10.0.0.2", 8080}, {"db", "10.0.0.3", 5432},
    {"db", "fd00::3", 5432},   {"db", "10.0.0.3", 6432},
    {"shop", "10.1.0.1", 80},  {"shop", "10.1.0.2", 80},
    {"shop", "10.1.0.3", 80},  {"shop", "10.1.0.4", 80},
    {"shop", "10.1.0.5", 80},  {"shop", "10.1.0.6", 80},
    {"shop", "10.1.0.7", 80},  {"shop", "10.1.0.8", 80},
    {"shop", "10.1.0.9", 80},
};

static size_t find_service(void *arg, const char *name,
                           struct rca_trace_endpoint *ret, size_t max)
{
    size_t n = 0;

    (void)arg;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(listening); i++) {
        const char *address = listening[i].address;
        struct rca_trace_endpoint end = {.port = listening[i].port};

        if (strcmp(listening[i].name, name) != 0)
            continue;
        end.family = strchr(address, ':') ? AF_INET6 : AF_INET;
        assert_int_equal(inet_pton(end.family, address, end.address), 1);
        if (n < max)
            ret[n] = end;
        n++;
    }
    return n;
}

static size_t find_netns(void *arg, const char *name, uint64_t *ret, size_t max)
{
    (void)arg;
    assert_true(max > 0);
    *ret = strcmp(name, "host") == 0 ? 4026531840 : 4026532001;
    return strcmp(name, "host") == 0 || strcmp(name, "cart") == 0;
}

static const struct rca_trace_lookup host = {.service = find_service,
                                             .netns = find_netns};

/** struct wanted - of a story whose symptom and first cause are these */
struct wanted {
    struct {
        enum rca_kind kind;
        const char *name;
    } symptom, cause;
    const char *filter, *meta, *what, *unseen;
};

static void check_filter(const char *filter)
{
    struct rca_trace_filter *compiled = NULL;
    struct rca_diag diag = {0};

    if (rca_trace_filter_new(filter, &diag, &compiled))
        fail_msg("%s: %s", filter, diag.text);
    rca_trace_filter_free(&compiled);
}

static void check_flow(const struct wanted *want)
{
    struct rca_evidence_flow flow = {0};
    struct story s;
    int r;

    story_tell(&s, want->cause.name);
    s.e.symptom.name = want->symptom.name;
    s.e.symptom.kind = want->symptom.kind;
    s.causes[0].card.kind = want->cause.kind;
    r = rca_evidence_flow(&s.e, &host, &flow);
    assert_int_equal(r, *want->what ? 0 : RCA_EUNKNOWN);
    assert_string_equal(flow.filter, want->filter);
    assert_string_equal(flow.meta, want->meta);
    assert_string_equal(flow.what, want->what);
    assert_string_equal(flow.unseen, want->unseen);
    check_filter(flow.filter);
    rca_evidence_flow_done(&flow);
    assert_null(flow.filter);
}

/* symptom, cause, filter, meta, what, unseen */
#define check(a, b, c, d, ...)                                                 \
    check_flow(&(const struct wanted){{a, b}, {c, d}, __VA_ARGS__})

static void services_are_looked_for_where_they_listen(void **state)
{
    (void)state;
    check(RCA_KIND_SERVICE, "web", RCA_KIND_RULE, "web:filter/input/2",
          "port 8080 and host 10.0.0.2", "", "web port 8080", "");
    check(RCA_KIND_SERVICE, "web", RCA_KIND_SERVICE, "db",
          "(port 8080 and host 10.0.0.2) or (port 5432 and (host 10.0.0.3 or "
          "host fd00::3)) or (port 6432 and host 10.0.0.3)",
          "", "web port 8080, db port 5432, db port 6432", "");
    check(RCA_KIND_SERVICE, "web", RCA_KIND_SERVICE, "web",
          "port 8080 and host 10.0.0.2", "", "web port 8080", "");
    check(RCA_KIND_SERVICE, "shop", RCA_KIND_NIC, "eth0", "port 80", "",
          "shop port 80", "");
}

static void of_a_call_the_callee_listens(void **state)
{
    (void)state;
    check(RCA_KIND_CALL, "shop->web", RCA_KIND_NIC, "eth0",
          "port 8080 and host 10.0.0.2", "", "web port 8080", "");
    check(RCA_KIND_CALL, "web->10.9.9.9:443", RCA_KIND_CALL,
          "web->[fd00::9]:443",
          "(port 443 and host 10.9.9.9) or (port 443 and host fd00::9)", "",
          "10.9.9.9:443, [fd00::9]:443", "");
    check(RCA_KIND_CALL, "web->fd00::9", RCA_KIND_PEER, "10.9.9.9",
          "(host fd00::9) or (host 10.9.9.9)", "", "fd00::9, 10.9.9.9", "");
    check(RCA_KIND_SERVICE, "web", RCA_KIND_CALL, "web->mail",
          "port 8080 and host 10.0.0.2", "", "web port 8080",
          "mail listens nowhere on this host");
}

static void without_one_the_namespace_is_looked_at(void **state)
{
    (void)state;
    check(RCA_KIND_CLIENT, "users", RCA_KIND_RULE, "cart:filter/input/2", "",
          "netns == 4026532001", "namespace cart", "");
    check(RCA_KIND_CLIENT, "users", RCA_KIND_NETNS, "cart", "",
          "netns == 4026532001", "namespace cart", "");
    check(RCA_KIND_CLIENT, "users", RCA_KIND_CONNTRACK, "conntrack", "",
          "netns == 4026531840", "this host", "");
    check(RCA_KIND_CLIENT, "users", RCA_KIND_NIC, "eth0", "",
          "netns == 4026531840 && device == eth0", "device eth0", "");
    check(RCA_KIND_CLIENT, "users", RCA_KIND_QDISC, "cart/eth0:tbf", "",
          "netns == 4026532001 && device == eth0", "namespace cart device eth0",
          "");
    check(RCA_KIND_CLIENT, "users", RCA_KIND_NIC, "et) || (h0", "",
          "netns == 4026531840", "this host", "");
    check(RCA_KIND_SERVICE, "cart", RCA_KIND_DISK, "vda", "",
          "netns == 4026532001", "namespace cart",
          "cart listens nowhere on this host");
}

static void what_is_not_known_here_is_said(void **state)
{
    (void)state;
    check(RCA_KIND_SERVICE, "mail", RCA_KIND_DISK, "vda", "", "", "",
          "mail listens nowhere on this host");
    check(RCA_KIND_CLIENT, "users", RCA_KIND_CGROUP, "batch", "", "", "",
          "nothing of it listens on this host");
    check(RCA_KIND_CLIENT, "users", RCA_KIND_NETNS, "gone", "", "", "",
          "nothing of it listens on this host");
    check(RCA_KIND_CLIENT, "users", RCA_KIND_BRIDGE, "br0", "", "", "",
          "nothing of it listens on this host");
    check(RCA_KIND_CALL, "odd", RCA_KIND_PEER, "10.9.9.9:99999", "", "", "",
          "10.9.9.9:99999 listens nowhere on this host");
}

static void every_allocation_may_fail(void **state)
{
    struct story s;
    int r = -1;

    (void)state;
    story_tell(&s, "db");
    s.causes[0].card.kind = RCA_KIND_SERVICE;
    for (long n = 0; r != 0 && n < 100; n++) {
        struct rca_evidence_flow flow = {0};

        oom_after(n);
        r = rca_evidence_flow(&s.e, &host, &flow);
        oom_after(-1);
        assert_true(r == 0 ? flow.filter != NULL
                           : r == -ENOMEM && !flow.filter);
        rca_evidence_flow_done(&flow);
    }
    assert_ok(r);
}

static void some_answers_point_at_the_network(void **state)
{
    struct story s;

    (void)state;
    story_tell(&s, "batch-job");
    assert_false(rca_evidence_is_network(&s.e));
    s.causes[1].card.metric = "retransmits_per_second";
    assert_false(rca_evidence_is_network(&s.e));
    s.causes[1].share = 0.2; /* a candidate of some weight */
    assert_true(rca_evidence_is_network(&s.e));
    s.e.verdict = RCA_VERDICT_NORMAL;
    assert_false(rca_evidence_is_network(&s.e));
    story_packets(&s);
    assert_true(rca_evidence_is_network(&s.e));
    s.e.n_causes = 0;
    assert_false(rca_evidence_is_network(&s.e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_are_looked_for_where_they_listen),
        cmocka_unit_test(of_a_call_the_callee_listens),
        cmocka_unit_test(without_one_the_namespace_is_looked_at),
        cmocka_unit_test(what_is_not_known_here_is_said),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(some_answers_point_at_the_network),
    };

    return cmocka_run_group_tests_name("cli/evidence_flow", tests, NULL, NULL);
}
