/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/store.h"

#include <errno.h>

#include "tests/harness/oom.h"
#include "tests/unit/collector/store/store_fixture.h"

/* --- random data, kept beside the store and compared --- */

enum { N_ENTITIES = 5, N_SERIES = 6, N_TICKS = 600 };

struct truth {
    rca_time times[N_TICKS];
    rca_id entities[N_ENTITIES], series[N_SERIES];
    double x[N_TICKS][N_ENTITIES][N_SERIES]; /* NaN: no sample */
};

static double draw(unsigned series, double last, uint64_t *seed)
{
    double u = test_random(seed);

    if (u < 0.05)
        return (double)NAN;
    u = test_random(seed);
    if (isnan(last))
        last = 0;
    switch (series) {
    case 0:
        return last + floor(u * 100);
    case 1:
        return u;
    case 2:
        return -0.0;
    case 3:
        return floor(u * 1e4) / 1e2;
    case 4:
        return ldexp(u, -1060); /* subnormal */
    default:
        return u < 0.9 ? last : u * 1e300;
    }
}

static void append_truth(struct fixture *f, struct truth *t, int tick,
                         uint64_t *seed)
{
    struct rca_sample samples[N_ENTITIES * N_SERIES];
    size_t n = 0;

    for (unsigned e = 0; e < N_ENTITIES; e++) {
        for (unsigned s = 0; s < N_SERIES; s++) {
            double *x = &t->x[tick][e][s];

            *x = draw(s, tick ? t->x[tick - 1][e][s] : 0, seed);
            /* entity 4 comes late, series 3 ends, entity 2 pauses */
            if ((e == 4 && tick < 300) || (s == 3 && tick > 350) ||
                (e == 2 && tick % 50 < 9))
                *x = (double)NAN;
            samples[n++] =
                (struct rca_sample){t->entities[e], t->series[s], *x};
        }
    }
    t->times[tick] = TICK((rca_time)tick * 2) + (tick > 400 ? tick * 7 : 0);
    assert_ok(fixture_append(f, t->times[tick], samples, n));
}

static struct truth *make_truth(struct fixture *f)
{
    struct truth *t = calloc(1, sizeof(*t));
    uint64_t seed = test_seed();

    assert_non_null(t);
    for (unsigned e = 0; e < N_ENTITIES; e++)
        t->entities[e] = fixture_entity(f, e);
    for (unsigned s = 0; s < N_SERIES; s++)
        t->series[s] = fixture_series(f, s);
    for (int i = 0; i < N_TICKS; i++)
        append_truth(f, t, i, &seed);
    return t;
}

/* Each sample of the scan is in the truth, bit for bit, and none is missing
 * of those between the two times. */
static void assert_truth(struct rca_store *store, const struct truth *t,
                         rca_time from, rca_time to, rca_id only)
{
    struct seen_samples got =
        fixture_scan(store, from, to, only == RCA_ID_NONE ? NULL : &only, 1);
    size_t want = 0, i = 0;

    for (int k = 0; k < N_TICKS; k++) {
        for (int c = 0; c < N_ENTITIES * N_SERIES; c++) {
            const int e = c / N_SERIES, s = c % N_SERIES;

            want += t->times[k] >= from && t->times[k] <= to &&
                    !isnan(t->x[k][e][s]) &&
                    (only == RCA_ID_NONE || only == t->entities[e]);
        }
    }
    assert_int_equal(got.n, want);
    for (; i < got.n; i++) {
        const struct seen_sample *g = &got.at[i];
        int k = 0;

        while (t->times[k] != g->time)
            assert_true(++k < N_TICKS);
        assert_memory_equal(&g->value, &t->x[k][g->entity][g->series], 8);
        assert_true(g->time >= from && g->time <= to);
        assert_true(only == RCA_ID_NONE || g->entity == only);
    }
    free(got.at);
}

static void what_was_written_comes_back_bit_for_bit(void **state)
{
    struct fixture *f = *state;
    struct truth *t = make_truth(f);
    const rca_time *at = t->times;

    assert_truth(f->store, t, INT64_MIN, INT64_MAX, RCA_ID_NONE);
    assert_truth(f->store, t, at[10], at[20], RCA_ID_NONE);
    assert_truth(f->store, t, at[100] + 1, at[500] - 1, RCA_ID_NONE);
    assert_truth(f->store, t, at[560], at[580], t->entities[3]);
    assert_truth(f->store, t, at[3], at[3], t->entities[0]);
    assert_truth(f->store, t, at[3] + 1, at[3] + 2, RCA_ID_NONE);
    fixture_reopen(f, RCA_STORE_READ);
    assert_truth(f->store, t, INT64_MIN, INT64_MAX, RCA_ID_NONE);
    fixture_reopen(f, RCA_STORE_WRITE);
    assert_ok(rca_store_seal(f->store));
    assert_ok(rca_store_seal(f->store));
    assert_truth(f->store, t, INT64_MIN, INT64_MAX, RCA_ID_NONE);
    assert_truth(f->store, t, at[100], at[500], t->entities[4]);
    free(t);
}

static void a_scan_goes_by_window_and_then_by_entity(void **state)
{
    struct fixture *f = *state;
    struct truth *t = make_truth(f);
    struct seen_samples s =
        fixture_scan(f->store, INT64_MIN, INT64_MAX, NULL, 0);
    struct rca_store_info info;

    /* three windows of 240, 240 and 120 (head) ticks; entity 4 is in two */
    assert_int_equal(s.blocks, N_ENTITIES * 3 - 1);
    for (size_t i = 1; i < s.n; i++) {
        _Bool same = s.at[i].entity == s.at[i - 1].entity;

        if (s.at[i].entity < s.at[i - 1].entity)
            assert_true(s.at[i].time > s.at[i - 1].time);
        if (same && s.at[i].series == s.at[i - 1].series)
            assert_true(s.at[i].time > s.at[i - 1].time);
    }
    assert_ok(rca_store_info(f->store, &info));
    assert_int_equal(info.samples, s.n);
    assert_int_equal(info.head_rows, 120);
    assert_int_equal(info.chunks, N_ENTITIES * 2 - 1);
    assert_int_equal(info.entities, N_ENTITIES);
    assert_int_equal(info.series, N_SERIES);
    assert_int_equal(info.first, t->times[0]);
    assert_int_equal(info.last, t->times[N_TICKS - 1]);
    assert_int_equal(info.interval, 2 * RCA_SECOND + 7);
    assert_true(info.chunk_bytes > 0 && info.file_bytes > info.chunk_bytes);
    free(s.at);
    free(t);
}

static int stop_at_second(void *arg, const struct rca_block *block)
{
    (void)block;
    return ++*(int *)arg == 2 ? 77 : 0;
}

static int scan_inside(void *arg, const struct rca_block *block)
{
    (void)block;
    return rca_store_scan(arg, 0, 1, NULL, 0, stop_at_second, NULL);
}

static void a_visit_ends_the_scan(void **state)
{
    struct fixture *f = *state;
    struct truth *t = make_truth(f);
    int calls = 0;

    assert_int_equal(rca_store_scan(f->store, INT64_MIN, INT64_MAX, NULL, 0,
                                    stop_at_second, &calls),
                     77);
    assert_int_equal(calls, 2);
    assert_err(rca_store_scan(f->store, INT64_MIN, INT64_MAX, NULL, 0,
                              scan_inside, f->store),
               -EBUSY);
    assert_truth(f->store, t, INT64_MIN, INT64_MAX, RCA_ID_NONE);
    free(t);
}

/* --- ticks --- */

static void the_last_of_duplicates_holds(void **state)
{
    struct fixture *f = *state;
    rca_id e = fixture_entity(f, 0), s = fixture_series(f, 0);
    const struct rca_sample samples[] = {
        {e, s, 1}, {e, s, 2}, {e, s, 3}, {e, s, (double)INFINITY}};
    struct seen_samples got;

    assert_ok(fixture_append(f, TICK(0), samples, 3));
    assert_ok(fixture_append(f, TICK(1), samples, 2));
    assert_ok(fixture_append(f, TICK(2), samples, 4)); /* a gap */
    assert_ok(fixture_append(f, TICK(3), samples, 0));
    assert_ok(fixture_append(f, TICK(4), samples, 1));
    got = fixture_scan(f->store, INT64_MIN, INT64_MAX, NULL, 0);
    assert_int_equal(got.n, 3);
    assert_true(got.at[0].value == 3 && got.at[1].value == 2);
    assert_true(got.at[2].value == 1 && got.at[2].time == TICK(4));
    free(got.at);
}

static void times_must_increase(void **state)
{
    struct fixture *f = *state;

    assert_ok(fixture_append(f, TICK(5), NULL, 0));
    assert_err(fixture_append(f, TICK(5), NULL, 0), -EINVAL);
    assert_err(fixture_append(f, TICK(4), NULL, 0), -EINVAL);
    fixture_reopen(f, RCA_STORE_WRITE);
    assert_err(fixture_append(f, TICK(5), NULL, 0), -EINVAL);
    assert_ok(rca_store_seal(f->store));
    fixture_reopen(f, RCA_STORE_WRITE);
    assert_err(fixture_append(f, TICK(5), NULL, 0), -EINVAL);
    assert_ok(fixture_append(f, TICK(6), NULL, 0));
}

static void unknown_numbers_are_refused(void **state)
{
    struct fixture *f = *state;
    rca_id e = fixture_entity(f, 0), s = fixture_series(f, 0);
    const struct rca_edge to_nobody = {e, e + 1, RCA_EDGE_CALLS, 0, 0};
    const rca_id nobody = e + 1;
    const struct rca_tick tick = {
        .time = TICK(0), .edges = &to_nobody, .n_edges = 1};
    const struct rca_tick seen = {
        .time = TICK(0), .seen = &nobody, .n_seen = 1};
    struct rca_store_info info;

    assert_err(fixture_append(f, TICK(0), &(struct rca_sample){e + 1, s, 1}, 1),
               -EINVAL);
    assert_err(fixture_append(f, TICK(0), &(struct rca_sample){e, s + 1, 1}, 1),
               -EINVAL);
    assert_err(rca_store_append(f->store, &tick), -EINVAL);
    assert_err(rca_store_append(f->store, &seen), -EINVAL);
    assert_ok(rca_store_info(f->store, &info));
    assert_int_equal(info.head_rows + info.entities + info.series, 0);
    assert_int_equal(info.first, RCA_TIME_NONE);
}

static void names_are_kept_clean_and_found_again(void **state)
{
    struct fixture *f = *state;
    rca_id a, b, c, d, s, again;

    assert_ok(rca_store_entity(f->store, RCA_KIND_NIC, "a\n", "h", &a));
    assert_ok(rca_store_entity(f->store, RCA_KIND_NIC, "a?", "h", &again));
    assert_int_equal(a, again);
    assert_ok(rca_store_entity(f->store, RCA_KIND_NIC, "a?", "", &b));
    assert_ok(rca_store_entity(f->store, RCA_KIND_DISK, "a?", "", &c));
    assert_ok(rca_store_entity(f->store, RCA_KIND_DISK, "a", "?", &d));
    assert_true(a != b && b != c && c != d);
    assert_ok(rca_store_series(f->store, "cpu_seconds_total", &s));
    assert_ok(fixture_append(f, TICK(0), NULL, 0));
    fixture_reopen(f, RCA_STORE_READ);
    assert_ok(rca_store_entity(f->store, RCA_KIND_DISK, "a", "?", &again));
    assert_int_equal(d, again);
    assert_string_equal(rca_store_series_name(f->store, s),
                        "cpu_seconds_total");
    assert_null(rca_store_series_name(f->store, s + 1));
    assert_err(rca_store_entity(f->store, RCA_KIND_DISK, "new", "", &again),
               -EROFS);
    assert_err(rca_store_series(f->store, "new", &again), -EROFS);
}

/* --- the graph --- */

static void append_edge(struct fixture *f, rca_time time, rca_id a, rca_id b)
{
    const struct rca_edge edge = {a, b, RCA_EDGE_CALLS, 0, 0};
    const struct rca_tick tick = {.time = time, .edges = &edge, .n_edges = 1};

    assert_ok(rca_store_append(f->store, &tick));
}

static void assert_graph(struct fixture *f, rca_time from, rca_time to,
                         size_t nodes, size_t edges)
{
    struct rca_graph *g = NULL;

    assert_ok(rca_store_graph(f->store, from, to, &g));
    assert_int_equal(rca_graph_size(g), nodes);
    assert_int_equal(rca_graph_edges(g), edges);
    rca_graph_free(&g);
}

static void the_graph_is_that_of_the_time_asked_for(void **state)
{
    struct fixture *f = *state;
    rca_id a = fixture_entity(f, 0), b = fixture_entity(f, 1);
    rca_id c = fixture_entity(f, 2), s = fixture_series(f, 0);

    append_edge(f, TICK(0), a, b);
    append_edge(f, TICK(1), a, b);
    assert_ok(fixture_append(f, TICK(2), &(struct rca_sample){a, s, 1}, 1));
    append_edge(f, TICK(3), a, c);
    for (int sealed = 0; sealed < 2; sealed++) {
        struct rca_graph *g = NULL;

        assert_graph(f, TICK(0), TICK(3), 3, 2);
        assert_graph(f, TICK(0), TICK(1), 2, 1);
        assert_graph(f, TICK(2), TICK(2), 1, 0);
        assert_graph(f, TICK(3), TICK(9), 2, 1);
        assert_graph(f, TICK(4), TICK(9), 0, 0);
        assert_ok(rca_store_graph(f->store, TICK(0), TICK(9), &g));
        assert_int_equal(rca_graph_entity(g, 0)->first, TICK(0));
        assert_int_equal(rca_graph_entity(g, 0)->last, TICK(3));
        assert_string_equal(rca_graph_entity(g, 1)->name, "e1");
        assert_string_equal(rca_graph_entity(g, 1)->host, "host");
        assert_int_equal(rca_graph_entity(g, 1)->kind, RCA_KIND_SERVICE);
        assert_int_equal(rca_graph_edge(g, 0)->first, TICK(0));
        assert_int_equal(rca_graph_edge(g, 0)->last, TICK(1));
        rca_graph_free(&g);
        assert_ok(rca_store_seal(f->store));
    }
    append_edge(f, TICK(8), a, b); /* known to the table and to the head */
    assert_graph(f, TICK(8), TICK(8), 2, 1);
    assert_graph(f, TICK(0), TICK(9), 3, 2);
}

/* --- retention --- */

static void expired_windows_and_entities_go(void **state)
{
    struct fixture *f = *state;
    struct rca_store_info info;
    rca_id s = fixture_series(f, 0), old = fixture_entity(f, 0);
    rca_id young = fixture_entity(f, 1), again;
    struct seen_samples got;

    append_edge(f, TICK(0), old, young);
    assert_ok(fixture_append(f, TICK(1), &(struct rca_sample){old, s, 1}, 1));
    assert_ok(rca_store_seal(f->store));
    assert_ok(
        fixture_append(f, TICK(10), &(struct rca_sample){young, s, 2}, 1));
    assert_ok(rca_store_seal(f->store));
    assert_ok(
        fixture_append(f, TICK(11), &(struct rca_sample){young, s, 3}, 1));

    assert_ok(rca_store_expire(f->store, TICK(1))); /* not before its end */
    assert_ok(rca_store_info(f->store, &info));
    assert_int_equal(info.samples, 3);
    assert_ok(rca_store_expire(f->store, TICK(2)));
    assert_ok(rca_store_info(f->store, &info));
    assert_int_equal(info.samples, 2);
    assert_int_equal(info.entities, 1);
    assert_int_equal(info.edges, 0);
    assert_int_equal(info.chunks, 1);

    /* who still has the number may go on with it */
    assert_ok(fixture_append(f, TICK(12), &(struct rca_sample){old, s, 4}, 1));
    again = fixture_entity(f, 0);
    assert_int_equal(again, old);
    got = fixture_scan(f->store, INT64_MIN, INT64_MAX, &old, 1);
    assert_int_equal(got.n, 1);
    free(got.at);
    assert_graph(f, TICK(12), TICK(12), 1, 0);

    assert_ok(rca_store_expire(f->store, TICK(100))); /* the head as well */
    assert_ok(rca_store_info(f->store, &info));
    assert_int_equal(info.samples + info.chunks + info.head_rows, 0);
    assert_int_equal(info.entities, 0);
    assert_ok(fixture_append(f, TICK(101), &(struct rca_sample){old, s, 5}, 1));
    fixture_reopen(f, RCA_STORE_WRITE);
    assert_int_equal(fixture_entity(f, 0), old);
}

/* A window that reaches over the limit keeps the entities it has samples of:
 * their numbers must not be given to others. */
static void an_entity_lives_as_long_as_its_samples(void **state)
{
    struct fixture *f = *state;
    rca_id s = fixture_series(f, 0), old = fixture_entity(f, 0);
    rca_id young = fixture_entity(f, 1);
    struct rca_store_info info;

    assert_ok(fixture_append(f, TICK(0), &(struct rca_sample){old, s, 1}, 1));
    assert_ok(
        fixture_append(f, TICK(10), &(struct rca_sample){young, s, 2}, 1));
    assert_ok(rca_store_seal(f->store));
    assert_ok(rca_store_expire(f->store, TICK(5)));
    assert_ok(rca_store_info(f->store, &info));
    assert_int_equal(info.entities, 2);
    assert_int_equal(info.samples, 2);
}

/* --- blobs --- */

static void blobs_are_kept_and_replaced(void **state)
{
    struct fixture *f = *state;
    void *data = NULL;
    size_t size = 0;
    rca_time when = 0;

    assert_int_equal(rca_store_get(f->store, "model", &when, &data, &size), 1);
    assert_ok(rca_store_put(f->store, "model", TICK(0), "one", 3));
    assert_ok(rca_store_put(f->store, "model", TICK(1), "two!", 4));
    assert_ok(rca_store_put(f->store, "none", TICK(2), NULL, 0));
    fixture_reopen(f, RCA_STORE_READ);
    assert_ok(rca_store_get(f->store, "model", &when, &data, &size));
    assert_int_equal(size, 4);
    assert_int_equal(when, TICK(1));
    assert_memory_equal(data, "two!", 4);
    free(data);
    assert_ok(rca_store_get(f->store, "none", &when, &data, &size));
    assert_int_equal(size, 0);
    free(data);
    assert_err(rca_store_put(f->store, "model", TICK(2), "x", 1), -EROFS);
    assert_err(rca_store_drop(f->store, "model"), -EROFS);
}

struct listing {
    size_t n;
    char names[8][16];
    size_t sizes[8];
};

static int list_note(void *arg, const struct rca_note *note)
{
    struct listing *l = arg;

    if (l->n == RCA_ARRAY_SIZE(l->names))
        return 17;
    (void)snprintf(l->names[l->n], sizeof(l->names[0]), "%s", note->name);
    l->sizes[l->n++] = note->size;
    assert_int_equal(note->when, TICK((rca_time)note->size));
    return 0;
}

static void blobs_are_listed_by_prefix_and_dropped(void **state)
{
    static const char *const names[] = {"i/b", "i/a", "i", "j/a", "i/\xc3\xa4"};
    struct fixture *f = *state;
    struct listing l = {0};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(names); i++)
        assert_ok(
            rca_store_put(f->store, names[i], TICK((rca_time)i), "xxxxx", i));
    assert_ok(rca_store_list(f->store, "i/", list_note, &l));
    assert_int_equal(l.n, 3);
    assert_string_equal(l.names[0], "i/a");
    assert_int_equal(l.sizes[0], 1);
    assert_string_equal(l.names[1], "i/b");
    assert_string_equal(l.names[2], names[4]);
    l.n = 0;
    assert_ok(rca_store_list(f->store, "k", list_note, &l));
    assert_int_equal(l.n, 0);
    assert_ok(rca_store_drop(f->store, "i/a"));
    assert_ok(rca_store_drop(f->store, "i/a"));
    assert_ok(rca_store_list(f->store, "i", list_note, &l));
    assert_int_equal(l.n, 3);
    l.n = RCA_ARRAY_SIZE(l.names);
    assert_int_equal(rca_store_list(f->store, "i", list_note, &l), 17);
    assert_ok(rca_store_put(f->store, "i", TICK(0), NULL, 0)); /* is over */
}

/* --- failure --- */

/* A tick that fails for want of memory leaves no trace, and the same tick
 * goes in afterwards. */
static void no_memory_loses_nothing(void **state)
{
    struct fixture *f = *state;
    rca_id s = fixture_series(f, 0);
    int tick = 0;

    for (; tick < 245; tick++) {
        rca_id e = fixture_entity(f, (unsigned)tick % 7);
        const struct rca_sample samples[] = {{e, s, tick}, {e, s, tick + 1}};
        struct seen_samples got;
        int err = -ENOMEM;

        for (long n = 0; err; n++) {
            oom_after(tick > 10 && tick < 238 ? -1 : n);
            err = fixture_append(f, TICK(tick), samples, 2);
            oom_after(-1);
            assert_true(err == 0 || err == -ENOMEM);
        }
        if (tick > 10 && tick < 238)
            continue;
        got = fixture_scan(f->store, INT64_MIN, INT64_MAX, NULL, 0);
        assert_int_equal(got.n, tick + 1);
        free(got.at);
    }
}

static int ignore(void *arg, const struct rca_block *block)
{
    (void)arg;
    (void)block;
    return 0;
}

static void readers_without_memory_say_so(void **state)
{
    struct fixture *f = *state;
    struct truth *t = make_truth(f);
    int err = -ENOMEM;

    append_edge(f, t->times[N_TICKS - 1] + 1, t->entities[0], t->entities[1]);
    for (long n = 0; err; n++) {
        oom_after(n);
        err = rca_store_scan(f->store, INT64_MIN, INT64_MAX, t->entities, 2,
                             ignore, NULL);
        assert_int_equal(err, oom_hit() ? -ENOMEM : 0);
        oom_after(-1);
    }
    err = -ENOMEM;
    for (long n = 0; err; n++) {
        struct rca_graph *g = NULL;

        oom_after(n);
        err = rca_store_graph(f->store, INT64_MIN, INT64_MAX, &g);
        assert_int_equal(err, oom_hit() ? -ENOMEM : 0);
        oom_after(-1);
        rca_graph_free(&g);
    }
    free(t);
}

#define test(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(what_was_written_comes_back_bit_for_bit),
        test(a_scan_goes_by_window_and_then_by_entity),
        test(a_visit_ends_the_scan),
        test(the_last_of_duplicates_holds),
        test(times_must_increase),
        test(unknown_numbers_are_refused),
        test(names_are_kept_clean_and_found_again),
        test(the_graph_is_that_of_the_time_asked_for),
        test(expired_windows_and_entities_go),
        test(an_entity_lives_as_long_as_its_samples),
        test(blobs_are_kept_and_replaced),
        test(blobs_are_listed_by_prefix_and_dropped),
        test(no_memory_loses_nothing),
        test(readers_without_memory_say_so),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
