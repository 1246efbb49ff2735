/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Calls through translated addresses: both halves are one. */

#include "tests/harness/oom.h"
#include "tests/unit/collector/sock_world.h"

#define VIP "10.99.0.1"
#define ROUTER "10.0.0.254"
#define DB2 "10.0.0.3"

static void set_addr(uint32_t addr[4], const char *text)
{
    assert_int_equal(inet_pton(AF_INET, text, addr), 1);
}

/* WEB calls the virtual address, @server sees @seen_as. */
static struct rca_nat_key translation(const char *server, const char *seen_as)
{
    struct rca_nat_key key = {
        .family = AF_INET, .virtual_port = 80, .port = 80};

    set_addr(key.client, WEB);
    set_addr(key.virtual_addr, VIP);
    set_addr(key.server, server);
    set_addr(key.seen_as, seen_as);
    return key;
}

static void translate(struct world *w, const char *server, const char *seen_as)
{
    const struct rca_nat_key key = translation(server, seen_as);

    assert_ok(rca_sock_book_nat(&w->book, &key));
}

static unsigned peers(const struct world *w)
{
    return (unsigned)w->book.n_kind[RCA_KIND_PEER];
}

static void feed_halves(struct world *w, const char *seen_as, uint64_t n,
                        uint64_t errors)
{
    feed(w, side(RCA_SOCK_CLIENT, WEB_NS, "web", WEB, VIP), requests(n, 0));
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, seen_as),
         requests(n, errors));
}

static void a_virtual_address_leads_to_its_server(void **state)
{
    struct world *w = (struct world *)*state;

    translate(w, DB, WEB);
    feed_halves(w, WEB, 10, 2);
    for (int i = 0; i < 6; i++)
        report(w);
    assert_close(requests_of(w, RCA_KIND_CALL, "web->db"), 10, 0);
    assert_close(value(w, RCA_KIND_CALL, "web->db", "request_errors_total"), 2,
                 0);
    assert_int_equal(peers(w), 0);
}

static void who_is_masqueraded_is_no_peer(void **state)
{
    struct world *w = (struct world *)*state;

    translate(w, DB, ROUTER);
    feed_halves(w, ROUTER, 10, 2);
    for (int i = 0; i < 6; i++)
        report(w);
    assert_close(requests_of(w, RCA_KIND_CALL, "web->db"), 10, 0);
    assert_close(value(w, RCA_KIND_CALL, "web->db", "request_errors_total"), 2,
                 0);
    assert_int_equal(peers(w), 0);
}

static void without_the_translation_they_are_strangers(void **state)
{
    struct world *w = (struct world *)*state;

    feed_halves(w, ROUTER, 10, 2);
    for (int i = 0; i < 6; i++)
        report(w);
    assert_int_equal(peers(w), 2); /* the address called, and the router */
    translate(w, DB, ROUTER); /* learned late */
    report(w);
    feed_halves(w, ROUTER, 15, 2);
    report(w);
    assert_close(requests_of(w, RCA_KIND_CALL, "web->db"), 5, 0);
}

static void a_call_may_reach_several_servers(void **state)
{
    struct world *w = (struct world *)*state;

    translate(w, DB, WEB);
    translate(w, DB2, WEB);
    translate(w, DB2, WEB); /* told again */
    assert_int_equal(w->book.n_nats, 2);
    feed(w, side(RCA_SOCK_CLIENT, WEB_NS, "web", WEB, VIP), requests(20, 0));
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(10, 1));
    feed(w, side(RCA_SOCK_SERVER, 13, "db", DB2, WEB), requests(10, 3));
    for (int i = 0; i < 6; i++)
        report(w);
    assert_close(requests_of(w, RCA_KIND_CALL, "web->db"), 20, 0);
    assert_close(value(w, RCA_KIND_CALL, "web->db", "request_errors_total"), 4,
                 1e-12);
    assert_int_equal(peers(w), 0);
}

static void replies_sent_twice_are_told_to_the_caller(void **state)
{
    struct world *w = (struct world *)*state;
    struct rca_sock_edge e = requests(10, 0);

    feed(w, side(RCA_SOCK_CLIENT, WEB_NS, "web", WEB, DB), e);
    e.sum.retransmits = 4;
    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), e);
    report(w);
    assert_close(value(w, RCA_KIND_CALL, "web->db", "reply_retransmits_total"),
                 4, 0);
    assert_close(value(w, RCA_KIND_CALL, "web->db", "retransmits_total"), 0, 0);
    report(w);
    assert_close(value(w, RCA_KIND_CALL, "web->db", "reply_retransmits_total"),
                 4, 0);
}

static void too_many_are_learned_anew(void **state)
{
    struct world *w = (struct world *)*state;
    struct rca_nat_key key = translation(DB, WEB);

    for (uint32_t i = 0; i <= RCA_SOCK_NATS_MAX; i++) {
        key.client[0] = i;
        assert_ok(rca_sock_book_nat(&w->book, &key));
    }
    assert_int_equal(w->book.n_nats, 1);
    assert_int_equal(w->book.nats_dropped, RCA_SOCK_NATS_MAX);
}

static void no_memory_forgets_nothing_and_counts_once(void **state)
{
    struct world *w = (struct world *)*state;
    const struct rca_nat_key key = translation(DB, ROUTER);
    const struct rca_sock_key c =
        side(RCA_SOCK_CLIENT, WEB_NS, "web", WEB, VIP);
    const struct rca_sock_key s =
        side(RCA_SOCK_SERVER, DB_NS, "db", DB, ROUTER);
    const struct rca_sock_edge calls = requests(10, 0);
    const struct rca_sock_edge replies = requests(10, 5);
    int r = -ENOMEM;

    for (long n = 0; r; n++) {
        begin(w);
        oom_after(n);
        r = rca_sock_book_nat(&w->book, &key);
        if (!r)
            r = rca_sock_book_feed(&w->book, &c, &calls);
        if (!r)
            r = rca_sock_book_feed(&w->book, &s, &replies);
        if (!r)
            r = rca_sock_book_report(&w->book, w->obs, 0);
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
    }
    for (int i = 0; i < 6; i++)
        report(w);
    assert_int_equal(w->book.n_nats, 1);
    assert_close(requests_of(w, RCA_KIND_CALL, "web->db"), 10, 0);
    assert_close(value(w, RCA_KIND_CALL, "web->db", "request_errors_total"), 5,
                 0);
    assert_int_equal(peers(w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_virtual_address_leads_to_its_server),
        world_test(who_is_masqueraded_is_no_peer),
        world_test(without_the_translation_they_are_strangers),
        world_test(a_call_may_reach_several_servers),
        world_test(replies_sent_twice_are_told_to_the_caller),
        world_test(too_many_are_learned_anew),
        world_test(no_memory_forgets_nothing_and_counts_once),
    };

    return cmocka_run_group_tests_name("collector/sock_nat", tests, NULL, NULL);
}
