/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/tracker.h"

#include "tests/harness/test.h"

/* A simulated clock: looks come every 10 seconds. */

#define AT(s) ((rca_time)(s)*RCA_SECOND)

static const struct rca_tracker_options usual = {
    .looks = 2, .settle = AT(30), .review = AT(120), .quiet = AT(120)};

struct world {
    struct rca_tracker tracker;
    struct rca_tracker_event events[RCA_TRACKER_SLOTS];
    size_t n;
};

static struct world world(void)
{
    struct world w = {0};

    rca_tracker_init(&w.tracker, &usual);
    return w;
}

static void look(struct world *w, int at, const struct rca_sighting *s,
                 size_t n)
{
    w->n = rca_tracker_look(&w->tracker, AT(at), s, n, w->events);
}

static const rca_id web[] = {1, 2}, db[] = {2, 3}, mail[] = {7};

/* seen every 10 s from @from to @to; the number of events, the last one kept */
static size_t stay(struct world *w, int from, int to,
                   const struct rca_sighting *s, size_t n)
{
    size_t events = 0;

    for (int t = from; t <= to; t += 10) {
        look(w, t, s, n);
        events += w->n;
        if (w->n && w->events[0].todo == RCA_TRACKER_EXPLAIN)
            rca_tracker_keep(&w->tracker, w->events[0].slot);
    }
    return events;
}

static void an_incident_is_explained_reviewed_and_closed_once(void **state)
{
    const struct rca_sighting s = {web, 2, AT(95)};
    struct world w = world();

    (void)state;
    look(&w, 90, NULL, 0);
    assert_int_equal(w.n, 0);
    assert_true(rca_tracker_is_quiet(&w.tracker));
    for (int t = 100; t < 125; t += 10) {
        look(&w, t, &s, 1);
        assert_int_equal(w.n, 0); /* not enough rows yet */
    }
    look(&w, 130, &s, 1);
    assert_int_equal(w.n, 1);
    assert_int_equal(w.events[0].todo, RCA_TRACKER_EXPLAIN);
    assert_int_equal(w.events[0].sighting, 0);
    rca_tracker_keep(&w.tracker, w.events[0].slot);
    assert_false(rca_tracker_is_quiet(&w.tracker));
    assert_int_equal(stay(&w, 140, 240, &s, 1), 0);
    look(&w, 250, &s, 1);
    assert_int_equal(w.n, 1);
    assert_int_equal(w.events[0].todo, RCA_TRACKER_REVIEW);
    assert_int_equal(stay(&w, 260, 400, &s, 1), 0);
    assert_int_equal(stay(&w, 410, 510, NULL, 0), 0);
    look(&w, 520, NULL, 0);
    assert_int_equal(w.n, 1);
    assert_int_equal(w.events[0].todo, RCA_TRACKER_CLOSE);
    assert_int_equal(w.events[0].sighting, SIZE_MAX);
    assert_true(rca_tracker_is_quiet(&w.tracker));
}

static void a_blip_is_no_incident(void **state)
{
    const struct rca_sighting s = {web, 2, AT(60)};
    struct world w = world();

    (void)state;
    for (int t = 100; t < 400; t += 20) { /* every other look */
        look(&w, t, &s, 1);
        assert_int_equal(w.n, 0);
        look(&w, t + 10, NULL, 0);
        assert_int_equal(w.n, 0);
    }
    assert_true(rca_tracker_is_quiet(&w.tracker));
}

static void what_returns_within_the_quiet_time_is_the_same(void **state)
{
    const struct rca_sighting s = {web, 2, AT(100)};
    struct world w = world();

    (void)state;
    assert_int_equal(stay(&w, 100, 200, &s, 1), 1);
    assert_int_equal(stay(&w, 210, 310, NULL, 0), 0);
    assert_int_equal(stay(&w, 320, 400, &s, 1), 1);
    assert_int_equal(w.tracker.slots[0].reviewed, 1);
    assert_int_equal(stay(&w, 410, 520, NULL, 0), 1);
    /* and after it another one */
    assert_int_equal(stay(&w, 530, 560, &s, 1), 1);
}

static void what_wanders_stays_one(void **state)
{
    const struct rca_sighting here = {web, 2, AT(100)},
                              there = {db, 2, AT(140)};
    const rca_id far[] = {3, 4};
    const struct rca_sighting beyond = {far, 2, AT(160)};
    struct world w = world();

    (void)state;
    assert_int_equal(stay(&w, 100, 140, &here, 1), 1);
    assert_int_equal(stay(&w, 150, 170, &there, 1), 0);
    assert_int_equal(stay(&w, 180, 210, &beyond, 1), 0);
    assert_int_equal(w.tracker.slots[0].n, 4);
    assert_int_equal(w.tracker.slots[1].state, RCA_TRACKED_NONE);
}

static void two_at_a_time_are_two(void **state)
{
    const struct rca_sighting both[] = {{web, 2, AT(100)}, {mail, 1, AT(100)}};
    struct world w = world();

    (void)state;
    for (int t = 100; t < 130; t += 10)
        look(&w, t, both, 2);
    look(&w, 130, both, 2);
    assert_int_equal(w.n, 2);
    assert_int_equal(w.events[0].sighting, 0);
    assert_int_equal(w.events[1].sighting, 1);
    rca_tracker_keep(&w.tracker, w.events[0].slot);
    rca_tracker_join(&w.tracker, w.events[1].slot, w.events[0].slot);
    assert_int_equal(w.tracker.slots[0].n, 3);
    look(&w, 140, &both[1], 1); /* is the first one now */
    assert_int_equal(w.n, 0);
    assert_int_equal(w.tracker.slots[0].seen, AT(140));
    assert_int_equal(w.tracker.slots[1].state, RCA_TRACKED_NONE);
}

static void what_is_rejected_waits_as_if_new(void **state)
{
    const struct rca_sighting s = {web, 2, AT(100)};
    struct world w = world();

    (void)state;
    for (int t = 100; t <= 130; t += 10)
        look(&w, t, &s, 1);
    assert_int_equal(w.n, 1);
    rca_tracker_reject(&w.tracker, w.events[0].slot);
    look(&w, 140, &s, 1);
    assert_int_equal(w.n, 0);
    look(&w, 150, &s, 1);
    assert_int_equal(w.n, 1);
    assert_int_equal(w.events[0].todo, RCA_TRACKER_EXPLAIN);
}

static void a_clock_that_stands_or_jumps_back_changes_nothing(void **state)
{
    const struct rca_sighting s = {web, 2, AT(60)};
    struct world w = world();

    (void)state;
    look(&w, 100, &s, 1);
    for (int i = 0; i < 5; i++) {
        look(&w, 100 - i, &s, 1);
        assert_int_equal(w.n, 0);
    }
    assert_int_equal(w.tracker.slots[0].looks, 1);
    look(&w, 100000, NULL, 0);
    assert_true(rca_tracker_is_quiet(&w.tracker));
}

static void an_open_one_is_gone_on_with(void **state)
{
    const struct rca_sighting old = {web, 2, AT(10)}, s = {db, 2, AT(90)};
    struct world w = world();

    (void)state;
    assert_int_equal(rca_tracker_resume(&w.tracker, &old, AT(50)), 0);
    look(&w, 100, &s, 1);
    assert_int_equal(w.tracker.slots[1].state, RCA_TRACKED_NONE);
    assert_int_equal(stay(&w, 110, 210, &s, 1), 1); /* the review */
}

static void one_that_ended_meanwhile_is_closed(void **state)
{
    const struct rca_sighting old = {web, 2, AT(10)};
    struct world w = world();

    (void)state;
    assert_int_equal(rca_tracker_resume(&w.tracker, &old, AT(50)), 0);
    look(&w, 1000, NULL, 0);
    assert_int_equal(w.n, 1);
    assert_int_equal(w.events[0].todo, RCA_TRACKER_CLOSE);
}

static void more_than_fit_are_left_out(void **state)
{
    struct rca_sighting s[RCA_TRACKER_SLOTS + 5];
    rca_id ids[RCA_TRACKER_SLOTS + 5], many[RCA_TRACKER_MEMBERS + 9];
    const struct rca_sighting wide = {many, RCA_TRACKER_MEMBERS + 9, AT(1)};
    struct world w = world();

    (void)state;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(s); i++) {
        ids[i] = (rca_id)i;
        s[i] = (struct rca_sighting){&ids[i], 1, AT(1)};
    }
    look(&w, 100, s, RCA_ARRAY_SIZE(s));
    look(&w, 110, s, RCA_ARRAY_SIZE(s));
    assert_int_equal(w.n, RCA_TRACKER_SLOTS);
    assert_int_equal(rca_tracker_resume(&w.tracker, &s[0], AT(1)), SIZE_MAX);
    look(&w, 1000, NULL, 0);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(many); i++)
        many[i] = (rca_id)i;
    look(&w, 1010, &wide, 1);
    assert_int_equal(w.tracker.slots[0].n, RCA_TRACKER_MEMBERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_is_explained_reviewed_and_closed_once),
        cmocka_unit_test(a_blip_is_no_incident),
        cmocka_unit_test(what_returns_within_the_quiet_time_is_the_same),
        cmocka_unit_test(what_wanders_stays_one),
        cmocka_unit_test(two_at_a_time_are_two),
        cmocka_unit_test(what_is_rejected_waits_as_if_new),
        cmocka_unit_test(a_clock_that_stands_or_jumps_back_changes_nothing),
        cmocka_unit_test(an_open_one_is_gone_on_with),
        cmocka_unit_test(one_that_ended_meanwhile_is_closed),
        cmocka_unit_test(more_than_fit_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
