/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph/histogram.h"
#include "tests/harness/oom.h"
#include "tests/unit/collector/sock_world.h"

/* --- tests ------------------------------------------------------------------ */

static void both_sides_agree_on_the_buckets(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int d = -2; d <= 2; d++) {
            for (uint64_t q = 0; q < 4; q++) {
                const uint64_t ns =
                    ((UINT64_C(1) << bit) + (q << bit) / 4 + (uint64_t)d);

                assert_int_equal(rca_latency_bucket(ns),
                                 rca_histogram_bucket(ns));
            }
        }
    }
}

static void the_halves_of_a_call_are_joined(void **state)
{
    struct world *w = (struct world *)*state;
    rca_id web, db, call;

    feed(w, side(RCA_SOCK_CLIENT, WEB_NS, "web", WEB, DB), requests(10, 0));
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(10, 0));
    report(w);
    assert_close(requests_of(w, RCA_KIND_SERVICE, "db"), 10, 0);
    assert_close(requests_of(w, RCA_KIND_CLIENT, "web"), 10, 0);
    assert_close(requests_of(w, RCA_KIND_CALL, "web->db"), 10, 0);
    assert_close(
        value(w, RCA_KIND_CALL, "web->db", "request_latency_seconds_sum_total"),
        0.02, 1e-12);
    web = rca_observe_entity(w->obs, RCA_KIND_CLIENT, "web");
    db = rca_observe_entity(w->obs, RCA_KIND_SERVICE, "db");
    call = rca_observe_entity(w->obs, RCA_KIND_CALL, "web->db");
    assert_edge(w, web, db, RCA_EDGE_CALLS);
    assert_edge(w, call, web, RCA_EDGE_PART_OF);
    assert_edge(w, call, db, RCA_EDGE_CALLS);
    assert_edge(w, db, rca_observe_host(w->obs), RCA_EDGE_RUNS_ON);
}

static void counts_grow_from_tick_to_tick(void **state)
{
    struct world *w = (struct world *)*state;
    const struct rca_sock_key key = side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB);
    struct rca_sock_edge e = requests(10, 0);

    e.bucket[RCA_SOCK_LATENCY][3] = UINT32_MAX;
    feed(w, key, e);
    report(w);
    e.sum.requests = 11;
    e.bucket[RCA_SOCK_LATENCY][3] = 1; /* two more, past the 32 bits */
    feed(w, key, e);
    report(w);
    assert_close(requests_of(w, RCA_KIND_SERVICE, "db"), 11, 0);
    assert_close(
        value(w, RCA_KIND_SERVICE, "db", "request_latency_seconds_bucket_003"),
        4294967297.0, 0);
}

static void a_caller_that_serves_is_that_service(void **state)
{
    struct world *w = (struct world *)*state;

    feed(w, side(RCA_SOCK_SERVER, WEB_NS, "web", WEB, "10.0.0.9"),
         requests(5, 0));
    feed(w, side(RCA_SOCK_CLIENT, WEB_NS, "web", WEB, DB), requests(7, 0));
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(7, 0));
    report(w);
    assert_close(requests_of(w, RCA_KIND_SERVICE, "web"), 5, 0);
    assert_close(requests_of(w, RCA_KIND_CALL, "web->db"), 7, 0);
    assert_nan(requests_of(w, RCA_KIND_CLIENT, "web"));
}

static void a_port_is_added_where_a_name_has_several(void **state)
{
    struct world *w = (struct world *)*state;
    struct rca_sock_key key = side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB);

    feed(w, key, requests(5, 0));
    report(w);
    assert_close(requests_of(w, RCA_KIND_SERVICE, "db"), 5, 0);
    key.port = 81;
    feed(w, key, requests(6, 0));
    report(w);
    assert_close(requests_of(w, RCA_KIND_SERVICE, "db:81"), 6, 0);
    assert_nan(requests_of(w, RCA_KIND_SERVICE, "db"));
}

static void replicas_are_one_service(void **state)
{
    struct world *w = (struct world *)*state;

    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(5, 0));
    feed(w, side(RCA_SOCK_SERVER, 99, "db", "10.0.0.3", WEB), requests(6, 0));
    report(w);
    assert_close(requests_of(w, RCA_KIND_SERVICE, "db"), 11, 0);
}

static void loopback_stays_in_its_namespace(void **state)
{
    struct world *w = (struct world *)*state;
    const char *lo = "127.0.0.1";

    feed(w, side(RCA_SOCK_SERVER, 1, "one", lo, lo), requests(5, 0));
    feed(w, side(RCA_SOCK_SERVER, 2, "two", lo, lo), requests(6, 0));
    feed(w, side(RCA_SOCK_CLIENT, 2, "cli", lo, lo), requests(6, 0));
    report(w);
    assert_close(requests_of(w, RCA_KIND_CALL, "cli->two"), 6, 0);
    assert_nan(requests_of(w, RCA_KIND_CALL, "cli->one"));
}

static void callers_share_the_errors_by_their_requests(void **state)
{
    struct world *w = (struct world *)*state;

    feed(w, side(RCA_SOCK_CLIENT, WEB_NS, "a", WEB, DB), requests(30, 0));
    feed(w, side(RCA_SOCK_CLIENT, WEB_NS, "b", WEB, DB), requests(10, 1));
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(40, 8));
    report(w);
    assert_close(value(w, RCA_KIND_SERVICE, "db", "request_errors_total"), 8,
                 0);
    assert_close(value(w, RCA_KIND_CALL, "a->db", "request_errors_total"), 6,
                 1e-12);
    assert_close(value(w, RCA_KIND_CALL, "b->db", "request_errors_total"), 3,
                 1e-12);
}

static void what_is_not_ours_becomes_a_peer(void **state)
{
    struct world *w = (struct world *)*state;

    feed(w, side(RCA_SOCK_CLIENT, WEB_NS, "web", WEB, "8.8.4.4"),
         requests(1, 0));
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, "9.9.9.9"), requests(2, 0));
    report(w);
    assert_nan(requests_of(w, RCA_KIND_CALL, "web->8.8.4.4:80"));
    for (int i = 0; i < 5; i++)
        report(w);
    assert_close(requests_of(w, RCA_KIND_CALL, "web->8.8.4.4:80"), 1, 0);
    assert_edge(w, rca_observe_entity(w->obs, RCA_KIND_PEER, "9.9.9.9"),
                rca_observe_entity(w->obs, RCA_KIND_SERVICE, "db"),
                RCA_EDGE_CALLS);
}

static void beyond_the_limit_there_is_other(void **state)
{
    struct world *w = (struct world *)*state;
    struct rca_config config = {.limit = {[RCA_KIND_CLIENT] = 2}};
    char name[16];

    w->book.config = &config;
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(5, 0));
    for (int i = 0; i < 5; i++) {
        (void)snprintf(name, sizeof(name), "cli%d", i);
        feed(w, side(RCA_SOCK_CLIENT, WEB_NS, name, WEB, DB), requests(1, 0));
    }
    report(w);
    assert_close(requests_of(w, RCA_KIND_CLIENT, "cli0"), 1, 0);
    assert_close(requests_of(w, RCA_KIND_CLIENT, "other"), 3, 0);
}

static void what_no_process_used_waits_for_its_service(void **state)
{
    struct world *w = (struct world *)*state;
    struct rca_sock_key key = side(RCA_SOCK_SERVER, DB_NS, "", DB, WEB);
    struct rca_sock_edge e = {.sum = {.connections = 1}};

    key.cgroup = 0;
    feed(w, key, e);
    report(w);
    assert_int_equal(w->book.n_parties, 0);
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(5, 0));
    report(w);
    assert_close(value(w, RCA_KIND_SERVICE, "db", "connections_total"), 1, 0);
}

static void an_idle_link_is_forgotten_and_its_counts_stay(void **state)
{
    struct world *w = (struct world *)*state;
    const struct rca_sock_key old =
        side(RCA_SOCK_SERVER, DB_NS, "db", DB, "10.0.0.7");
    struct rca_sock_key gone;
    const rca_time start = 1700000000 * RCA_SECOND;

    feed(w, old, requests(3, 0));
    report(w);
    assert_false(rca_sock_book_expire(&w->book, start, &gone));
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(5, 0));
    report(w);
    assert_true(rca_sock_book_expire(&w->book, start + 1, &gone));
    assert_memory_equal(&gone, &old, sizeof(old));
    assert_false(rca_sock_book_expire(&w->book, start + 1, &gone));
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(6, 0));
    report(w);
    assert_close(requests_of(w, RCA_KIND_SERVICE, "db"), 9, 0);
}

static void containers_are_called_by_their_node_names(void **state)
{
    struct world *w = (struct world *)*state;
    struct rca_sock_edge e = requests(5, 0);

    e.uts = 77;
    assert_ok(rca_sock_book_node(&w->book, 77, "orders"));
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "python3", DB, WEB), e);
    report(w);
    assert_close(requests_of(w, RCA_KIND_SERVICE, "orders"), 5, 0);
}

static void kinds_of_failures_begin_at_zero(void **state)
{
    struct world *w = (struct world *)*state;
    const struct rca_sock_key key =
        side(RCA_SOCK_CLIENT, WEB_NS, "web", WEB, DB);
    struct rca_sock_edge e = {.sum = {.failures = 6, .resets = 5},
                              .refused = 3,
                              .timed_out = 2,
                              .resets_sent = 1,
                              .vanished = 2};
    static const struct {
        const char *series;
        double value;
    } kinds[] = {
        {"connect_failures_refused_total", 4},
        {"connect_failures_timeout_total", 2},
        {"connect_failures_other_total", 1},
        {"connection_resets_sent_total", 1},
        {"connection_resets_timeout_total", 2},
        {"connection_resets_received_total", 3},
    };

    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(1, 0));
    feed(w, key, e);
    report(w);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(kinds); i++)
        assert_close(value(w, RCA_KIND_CALL, "web->db", kinds[i].series), 0, 0);
    e.sum.failures = 7;
    e.refused = 4;
    e.sum.resets = 6;
    feed(w, key, e);
    report(w);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(kinds); i++)
        assert_close(value(w, RCA_KIND_CALL, "web->db", kinds[i].series),
                     kinds[i].value, 0);
}

static void no_memory_counts_nothing_twice(void **state)
{
    struct world *w = (struct world *)*state;
    const struct rca_sock_key c = side(RCA_SOCK_CLIENT, WEB_NS, "web", WEB, DB);
    const struct rca_sock_key s = side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB);
    const struct rca_sock_edge e = requests(10, 1);
    int r = -ENOMEM;

    for (long n = 0; r; n++) {
        begin(w);
        oom_after(n);
        r = rca_sock_book_feed(&w->book, &c, &e);
        if (!r)
            r = rca_sock_book_feed(&w->book, &s, &e);
        if (!r)
            r = rca_sock_book_report(&w->book, w->obs, 0);
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
    }
    report(w);
    assert_close(requests_of(w, RCA_KIND_SERVICE, "db"), 10, 0);
    assert_close(requests_of(w, RCA_KIND_CALL, "web->db"), 10, 0);
    assert_close(value(w, RCA_KIND_CALL, "web->db", "request_errors_total"), 2,
                 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_agree_on_the_buckets),
        world_test(the_halves_of_a_call_are_joined),
        world_test(counts_grow_from_tick_to_tick),
        world_test(a_caller_that_serves_is_that_service),
        world_test(a_port_is_added_where_a_name_has_several),
        world_test(replicas_are_one_service),
        world_test(loopback_stays_in_its_namespace),
        world_test(callers_share_the_errors_by_their_requests),
        world_test(what_is_not_ours_becomes_a_peer),
        world_test(beyond_the_limit_there_is_other),
        world_test(what_no_process_used_waits_for_its_service),
        world_test(an_idle_link_is_forgotten_and_its_counts_stay),
        world_test(containers_are_called_by_their_node_names),
        world_test(kinds_of_failures_begin_at_zero),
        world_test(no_memory_counts_nothing_twice),
    };

    return cmocka_run_group_tests_name("collector/sock_book", tests, NULL,
                                       NULL);
}
