/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The book's listeners: accept queues, and services that nobody called. */

#include "tests/harness/oom.h"
#include "tests/unit/collector/sock_world.h"

static struct rca_sock_listener listener(uint32_t netns, uint32_t queue,
                                         uint32_t limit, uint32_t drops)
{
    return (struct rca_sock_listener){
        .key = {.netns = netns, .port = 80, .family = AF_INET6},
        .queue = queue,
        .limit = limit,
        .drops = drops};
}

static int tell(struct world *w, const struct rca_sock_listener *l)
{
    return rca_sock_book_listener(&w->book, w->obs, l);
}

static double of_db(struct world *w, const char *series)
{
    return value(w, RCA_KIND_SERVICE, "db", series);
}

static void the_fullest_queue_is_the_services(void **state)
{
    struct world *w = (struct world *)*state;
    const struct rca_sock_listener some[] = {
        listener(DB_NS, 2, 100, 0),
        listener(DB_NS, 8, 10, 3),
        listener(DB_NS, 9, 100, 4),
    };

    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(10, 0));
    begin(w);
    assert_int_equal(tell(w, &some[0]), 0); /* not known yet */
    report(w);
    begin(w);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(some); i++)
        assert_int_equal(tell(w, &some[i]), 1);
    assert_ok(rca_sock_book_report(&w->book, w->obs, 0));
    assert_close(of_db(w, "accept_queue"), 8, 0);
    assert_close(of_db(w, "accept_queue_limit"), 10, 0);
    assert_close(of_db(w, "accept_queue_ratio"), 0.8, 1e-12);
    assert_close(of_db(w, "listen_drops_total"), 7, 0);
    report(w); /* nobody listens any more */
    assert_true(isnan(of_db(w, "accept_queue")));
}

static void a_queue_without_room_is_full_with_one(void **state)
{
    struct world *w = (struct world *)*state;
    const struct rca_sock_listener none = listener(DB_NS, 0, 0, 0);
    const struct rca_sock_listener one = listener(DB_NS, 1, 0, 0);

    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(1, 0));
    report(w);
    begin(w);
    assert_int_equal(tell(w, &none), 1);
    assert_ok(rca_sock_book_report(&w->book, w->obs, 0));
    assert_close(of_db(w, "accept_queue_ratio"), 0, 0);
    begin(w);
    assert_int_equal(tell(w, &one), 1);
    assert_ok(rca_sock_book_report(&w->book, w->obs, 0));
    assert_close(of_db(w, "accept_queue_ratio"), 1, 0);
}

static void who_listens_elsewhere_is_another(void **state)
{
    struct world *w = (struct world *)*state;
    struct rca_sock_listener l = listener(WEB_NS, 1, 10, 0);

    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(10, 0));
    report(w);
    begin(w);
    assert_int_equal(tell(w, &l), 0);
    l.key.netns = DB_NS;
    l.key.port = 81;
    assert_int_equal(tell(w, &l), 0);
}

static void a_service_that_listens_is_not_forgotten(void **state)
{
    struct world *w = (struct world *)*state;
    const struct rca_sock_listener l = listener(DB_NS, 0, 10, 0);
    struct rca_sock_key gone;

    feed(w, side(RCA_SOCK_SERVER, DB_NS, "db", DB, WEB), requests(1, 0));
    for (int i = 0; i < 3; i++)
        report(w);
    begin(w);
    assert_int_equal(tell(w, &l), 1);
    assert_false(
        rca_sock_book_expire(&w->book, rca_observer_now(w->obs), &gone));
    assert_true(
        rca_sock_book_expire(&w->book, rca_observer_now(w->obs) + 1, &gone));
    assert_int_equal(tell(w, &l), 0); /* to be numbered anew */
}

static void an_idle_listener_becomes_a_service(void **state)
{
    struct world *w = (struct world *)*state;
    const struct rca_sock_listener l = listener(DB_NS, 0, 10, 0);
    const struct rca_sock_owner_id owner = {
        .cgroup = 1, .pid = 9, .comm = "db"};
    int r = -ENOMEM;

    for (long n = 0; r; n++) {
        oom_after(n);
        r = rca_sock_book_idle(&w->book, &l.key, &owner);
        oom_after(-1);
        assert_true(r == 0 || r == -ENOMEM);
    }
    assert_ok(rca_sock_book_idle(&w->book, &l.key, &owner)); /* once */
    assert_int_equal(w->book.n_links, 1);
    report(w);
    begin(w);
    assert_int_equal(tell(w, &l), 1);
    assert_ok(rca_sock_book_report(&w->book, w->obs, 0));
    assert_close(of_db(w, "accept_queue_limit"), 10, 0);
    assert_close(requests_of(w, RCA_KIND_SERVICE, "db"), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(the_fullest_queue_is_the_services),
        world_test(a_queue_without_room_is_full_with_one),
        world_test(who_listens_elsewhere_is_another),
        world_test(a_service_that_listens_is_not_forgotten),
        world_test(an_idle_listener_becomes_a_service),
    };

    return cmocka_run_group_tests_name("collector/sock_queue", tests, NULL,
                                       NULL);
}
