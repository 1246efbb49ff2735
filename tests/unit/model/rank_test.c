/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <stdio.h>

#include "tests/unit/model/incident.h"

/* The default method on random systems, told in different ways: other numbers
 * for the entities, other orders of columns and edges, other units. */

#define ENTITIES 20
#define COLUMNS 44
#define ROWS 110
#define START 90
#define WORLDS 40

/* in order of their names, which tell the role and no unit */
static const char *const quantities[] = {"a_cpu", "a_latency", "errors",
                                         "odd_thing", "requests"};
#define QUANTITIES RCA_ARRAY_SIZE(quantities)
enum { LATENCY = 1, ERRORS = 2 };

struct column {
    unsigned entity;
    unsigned quantity; /* which metric it is, of QUANTITIES */
    char name[32];
    double x[ROWS];
};

struct world {
    size_t n_columns, n_edges;
    enum rca_kind kind[ENTITIES];
    struct column columns[COLUMNS];
    struct rca_edge edges[2 * ENTITIES];
    unsigned victim; /* ENTITIES: none */
    const char *metric;
};

/* how it is told: entity i is number id[i]; column c is times[c] as large */
struct telling {
    rca_id id[ENTITIES];
    double times[COLUMNS];
    _Bool edges_backwards;
};

/* --- a random system --------------------------------------------------------- */

static void edge(struct world *w, unsigned from, unsigned to,
                 enum rca_edge_kind kind)
{
    if (from != to && w->n_edges < RCA_ARRAY_SIZE(w->edges))
        w->edges[w->n_edges++] =
            (struct rca_edge){.source = from, .target = to, .kind = kind};
}

static double *column(struct world *w, unsigned entity, unsigned quantity)
{
    struct column *c = &w->columns[w->n_columns++];

    assert_true(w->n_columns <= COLUMNS);
    c->entity = entity;
    c->quantity = quantity;
    (void)snprintf(c->name, sizeof(c->name), "%s", quantities[quantity]);
    return c->x;
}

static unsigned pick(uint64_t *state, unsigned n)
{
    return (unsigned)(test_random(state) * n);
}

/* services 0..11, hosts 12..14, pods 15..17, a nic, a probe; calls may form
 * cycles */
static void connect(struct world *w, uint64_t *state)
{
    for (unsigned i = 0; i < ENTITIES; i++)
        w->kind[i] = i < 12   ? RCA_KIND_SERVICE
                     : i < 15 ? RCA_KIND_HOST
                     : i < 18 ? RCA_KIND_OTHER
                     : i < 19 ? RCA_KIND_NIC
                              : RCA_KIND_PROBE;
    for (unsigned i = 0; i < 12; i++) {
        edge(w, i, pick(state, 12), RCA_EDGE_CALLS);
        edge(w, i, 12 + pick(state, 3), RCA_EDGE_RUNS_ON);
    }
    for (unsigned i = 15; i < 18; i++)
        edge(w, i, pick(state, 12), RCA_EDGE_PART_OF);
    edge(w, 18, 12, RCA_EDGE_PART_OF);
    edge(w, 18, 13, RCA_EDGE_LINK);
    edge(w, 19, 0, RCA_EDGE_CALLS);
}

static void measure(struct world *w, uint64_t *state)
{
    double common[ROWS];

    for (size_t r = 0; r < ROWS; r++)
        common[r] = incident_normal(state);
    for (unsigned i = 0; i < ENTITIES; i++) {
        for (unsigned k = 0; k < QUANTITIES && w->n_columns < COLUMNS; k++) {
            const double part = test_random(state), at = 10 * part + 5;
            double *x;

            if (test_random(state) < 0.5)
                continue;
            x = column(w, i, k);
            for (size_t r = 0; r < ROWS; r++)
                x[r] = at + part * common[r] + 0.5 * incident_normal(state);
        }
    }
}

/* a third moves, some appear, vanish, have gaps, or were constant before */
static void disturb(struct world *w, uint64_t *state)
{
    for (size_t c = 0; c < w->n_columns; c++) {
        double *x = w->columns[c].x;
        const double fate = test_random(state);
        const double by = fate < 0.4 ? 12 * test_random(state) - 3 : 0;

        for (size_t r = 0; r < ROWS; r++) {
            x[r] = fate > 0.9 && r < START ? 0 : x[r] + (r < START ? 0 : by);
            if (fate > 0.85 && fate < 0.9 && test_random(state) < 0.3)
                x[r] = NAN;
            if (fate > 0.83 && fate < 0.85)
                x[r] = r < START ? NAN : x[r];
            if (fate > 0.81 && fate < 0.83)
                x[r] = r < START ? x[r] : NAN;
        }
    }
}

static void make(struct world *w, uint64_t *state)
{
    static const char *const metrics[] = {NULL, "a_latency", "a_cpu"};

    memset(w, 0, sizeof(*w));
    connect(w, state);
    measure(w, state);
    disturb(w, state);
    w->victim = test_random(state) < 0.3 ? ENTITIES : pick(state, 12);
    w->metric = w->victim < ENTITIES ? metrics[pick(state, 3)] : NULL;
}

/* 0 calls 11 services whose errors, constant before, jump; and itself has a
 * latency: more candidates than parents, all equally far out */
static void make_equal(struct world *w, uint64_t *state)
{
    double *x;

    memset(w, 0, sizeof(*w));
    connect(w, state);
    w->n_edges = 0;
    for (unsigned i = 0; i < 14; i++) {
        const double to = pow(10, 4 * test_random(state));

        if (i)
            edge(w, 0, i, i < 12 ? RCA_EDGE_CALLS : RCA_EDGE_RUNS_ON);
        x = column(w, i, LATENCY);
        for (size_t r = 0; r < ROWS; r++)
            x[r] = 5 + incident_normal(state) + (r < START || i ? 0 : 9);
        x = column(w, i, ERRORS);
        for (size_t r = START; r < ROWS; r++)
            x[r] = to * (1 + 0.2 * test_random(state));
    }
    w->victim = 0;
    w->metric = "errors";
}

static void make_kth(struct world *w, int k, uint64_t *state)
{
    if (k % 4)
        make(w, state);
    else
        make_equal(w, state);
}

/* --- told ------------------------------------------------------------------- */

static void plain(struct telling *t)
{
    for (rca_id i = 0; i < ENTITIES; i++)
        t->id[i] = i;
    for (size_t c = 0; c < COLUMNS; c++)
        t->times[c] = 1;
    t->edges_backwards = 0;
}

static void renumber(struct telling *t, uint64_t *state)
{
    for (unsigned i = ENTITIES - 1; i > 0; i--) {
        const unsigned j = pick(state, i + 1);
        const rca_id id = t->id[i];

        t->id[i] = t->id[j];
        t->id[j] = id;
    }
    t->edges_backwards = 1;
}

static void tell(const struct world *w, const struct telling *t,
                 struct incident *ret)
{
    incident_init(ret, ROWS, START);
    for (rca_id id = 0; id < ENTITIES; id++) {
        unsigned i = 0;

        while (t->id[i] != id)
            i++;
        (void)incident_entity(ret, w->kind[i]);
        for (size_t c = 0; c < w->n_columns; c++) {
            double *x;

            if (w->columns[c].entity != i)
                continue;
            x = incident_metric(ret, id, w->columns[c].name, w->columns[c].x);
            for (size_t r = 0; r < ROWS; r++)
                x[r] *= t->times[c];
        }
    }
    for (size_t k = 0; k < w->n_edges; k++) {
        const struct rca_edge *e =
            &w->edges[t->edges_backwards ? w->n_edges - 1 - k : k];

        incident_edge(ret, t->id[e->source], t->id[e->target], e->kind);
    }
    ret->i.victim = w->victim < ENTITIES ? t->id[w->victim] : RCA_ID_NONE;
    ret->i.metric = w->metric;
}

static void rank(const struct world *w, const struct telling *t,
                 struct rca_ranking **ret)
{
    struct incident c;

    tell(w, t, &c);
    assert_ok(incident_rank(&c, RCA_METHOD_ATTRIBUTION, 0, 7, ret));
    rca_graph_free(&c.g);
}

/* --- compared ---------------------------------------------------------------- */

static void close_or_nan(double got, double want)
{
    if (isnan(want))
        assert_nan(got);
    else if (fabs(got - want) > 1e-9)
        assert_close(got, want, 1e-9);
}

static _Bool tied(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* position k of @got holds the entity that @want has there, or one that ties
 * with it */
static void same(const struct rca_ranking *got, const struct telling *got_as,
                 const struct rca_ranking *want, const struct telling *want_as)
{
    assert_int_equal(got->n, want->n);
    assert_int_equal(got->verdict, want->verdict);
    for (unsigned i = 0; i < ENTITIES; i++) {
        size_t g = 0, w = 0;

        while (g < got->n && got->list[g].entity != got_as->id[i])
            g++;
        while (w < want->n && want->list[w].entity != want_as->id[i])
            w++;
        assert_int_equal(g < got->n, w < want->n);
        if (g == got->n)
            continue;
        close_or_nan(got->list[g].score, want->list[w].score);
        close_or_nan(got->list[g].share, want->list[w].share);
        close_or_nan(got->list[g].confidence, want->list[w].confidence);
        assert_true(tied(got->list[g].score, want->list[g].score));
    }
}

static void compare(const struct world *w, const struct telling *other)
{
    struct rca_ranking *a RCA_CLEANUP(rca_ranking_free) = NULL;
    struct rca_ranking *b RCA_CLEANUP(rca_ranking_free) = NULL;
    struct telling t;

    plain(&t);
    rank(w, &t, &a);
    rank(w, other, &b);
    assert_true(a->n > 0);
    same(b, other, a, &t);
}

static void other_numbers_and_orders_change_nothing(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < test_rounds(WORLDS); k++) {
        struct telling t;
        struct world w;

        make_kth(&w, k, &state);
        plain(&t);
        renumber(&t, &state);
        compare(&w, &t);
    }
}

/* What has the same name is the same quantity in the same unit everywhere;
 * @apart: each entity's metric is named and measured in its own way. */
static void compare_units(_Bool apart)
{
    const double units[] = {1, 1000, 1e-3, 1.0 / 3600, 1048576};
    uint64_t state = test_seed() * 88172645463325252U;

    for (int k = 0; k < test_rounds(WORLDS); k++) {
        unsigned unit[QUANTITIES];
        struct telling t;
        struct world w;

        make_kth(&w, k, &state);
        plain(&t);
        for (size_t q = 0; q < QUANTITIES; q++)
            unit[q] = pick(&state, RCA_ARRAY_SIZE(units));
        for (size_t c = 0; c < w.n_columns; c++) {
            struct column *col = &w.columns[c];

            if (apart) {
                (void)snprintf(col->name, sizeof(col->name), "%s_of_%u",
                               quantities[col->quantity], col->entity);
                unit[col->quantity] = pick(&state, RCA_ARRAY_SIZE(units));
            }
            t.times[c] = units[unit[col->quantity]];
        }
        if (apart)
            w.metric = NULL;
        compare(&w, &t);
    }
}

static void other_units_change_nothing(void **unused)
{
    (void)unused;
    compare_units(0);
}

static void units_of_their_own_change_nothing(void **unused)
{
    (void)unused;
    compare_units(1);
}

struct job {
    const struct world *w;
    struct rca_ranking *ret;
};

static void *run(void *arg)
{
    struct job *job = arg;
    struct telling t;

    plain(&t);
    rank(job->w, &t, &job->ret);
    return NULL;
}

/* bitwise, one after the other and at the same time */
static void the_same_again_and_in_any_thread(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < test_rounds(8); k++) {
        struct job jobs[5];
        pthread_t threads[3];
        struct world w;

        make(&w, &state);
        for (size_t i = 0; i < RCA_ARRAY_SIZE(jobs); i++)
            jobs[i] = (struct job){&w, NULL};
        for (size_t i = 0; i < 2; i++)
            (void)run(&jobs[i]);
        for (size_t i = 0; i < 3; i++)
            assert_ok(pthread_create(&threads[i], NULL, run, &jobs[2 + i]));
        for (size_t i = 0; i < 3; i++)
            assert_ok(pthread_join(threads[i], NULL));
        for (size_t i = 1; i < RCA_ARRAY_SIZE(jobs); i++) {
            assert_int_equal(jobs[i].ret->n, jobs[0].ret->n);
            assert_int_equal(jobs[i].ret->verdict, jobs[0].ret->verdict);
            assert_memory_equal(jobs[i].ret->list, jobs[0].ret->list,
                                jobs[0].ret->n * sizeof(*jobs[0].ret->list));
        }
        for (size_t i = 0; i < RCA_ARRAY_SIZE(jobs); i++)
            rca_ranking_free(&jobs[i].ret);
    }
}

/* --- the contract -------------------------------------------------------------- */

static void the_ranking_keeps_its_contract(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;

    (void)unused;
    for (int k = 0; k < test_rounds(WORLDS); k++) {
        struct rca_ranking *r RCA_CLEANUP(rca_ranking_free) = NULL;
        struct telling t;
        struct world w;
        double shares = 0;

        make(&w, &state);
        plain(&t);
        rank(&w, &t, &r);
        for (size_t i = 0; i < r->n; i++) {
            const struct rca_ranked *one = &r->list[i];

            assert_true(isfinite(one->score));
            assert_true(i == 0 || one->score <= one[-1].score);
            assert_true(w.kind[one->entity] != RCA_KIND_PROBE);
            assert_true(one->confidence >= 0 && one->confidence <= 1);
            assert_true(one->confidence <= r->list[0].confidence);
            shares += isnan(one->share) ? 0 : one->share;
            for (size_t j = 0; j < i; j++)
                assert_true(r->list[j].entity != one->entity);
        }
        assert_true(shares <= 1 + 1e-9);
        assert_true((r->verdict == RCA_VERDICT_CAUSE) <=
                    (r->list[0].confidence >= 0.5));
    }
}

static void what_cannot_be_ranked_is_refused(void **unused)
{
    struct rca_ranking *r = NULL;
    struct incident c;

    (void)unused;
    incident_init(&c, 20, 15);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    assert_err(incident_rank(&c, RCA_METHOD_ATTRIBUTION, 0, 1, &r),
               RCA_ETOOFEW); /* nothing is measured */
    (void)incident_metric(&c, 0, "a_latency", NULL);
    c.i.before = (struct rca_rows){0, 4};
    assert_err(incident_rank(&c, RCA_METHOD_ATTRIBUTION, 0, 1, &r),
               RCA_ETOOFEW);
    c.i.before = (struct rca_rows){0, 15};
    c.i.incident = (struct rca_rows){15, 15};
    assert_err(incident_rank(&c, RCA_METHOD_ATTRIBUTION, 0, 1, &r),
               RCA_ETOOFEW);
    c.i.incident = (struct rca_rows){15, 21};
    assert_err(incident_rank(&c, RCA_METHOD_ATTRIBUTION, 0, 1, &r),
               RCA_ETOOFEW);
    assert_null(r);
    rca_ranking_free(&r);
    rca_graph_free(&c.g);
}

static void the_names_lead_back_to_the_methods(void **unused)
{
    enum rca_method method = RCA_METHOD_COUNT;

    (void)unused;
    for (unsigned i = 0; i < RCA_METHOD_COUNT; i++) {
        assert_ok(
            rca_method_parse(rca_method_name((enum rca_method)i), &method));
        assert_int_equal(method, i);
    }
    assert_err(rca_method_parse("guess", &method), RCA_EUNKNOWN);
    assert_int_equal(method, RCA_METHOD_COUNT - 1);
    assert_string_equal(rca_method_name(RCA_METHOD_COUNT), "?");
    assert_string_equal(rca_verdict_name(RCA_VERDICT_CAUSE), "cause");
    assert_string_equal(rca_verdict_name(RCA_VERDICT_COUNT), "?");
}

static void every_failed_allocation_is_reported(void **unused)
{
    uint64_t state = 4711;
    struct telling t;
    struct incident c;
    struct world w;

    (void)unused;
    make(&w, &state);
    w.n_columns = 8;
    w.victim = w.columns[0].entity;
    w.metric = NULL;
    plain(&t);
    tell(&w, &t, &c);
    incident_survives_oom(&c, RCA_METHOD_ATTRIBUTION, 0);
    rca_graph_free(&c.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_numbers_and_orders_change_nothing),
        cmocka_unit_test(other_units_change_nothing),
        cmocka_unit_test(units_of_their_own_change_nothing),
        cmocka_unit_test(the_same_again_and_in_any_thread),
        cmocka_unit_test(the_ranking_keeps_its_contract),
        cmocka_unit_test(what_cannot_be_ranked_is_refused),
        cmocka_unit_test(the_names_lead_back_to_the_methods),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
