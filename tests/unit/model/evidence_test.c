/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/evidence.h"

#include "tests/unit/model/incident.h"

#define ROWS 120
#define START 100

static double *noisy(struct incident *c, rca_id entity, const char *name,
                     uint64_t *state)
{
    double *x = incident_metric(c, entity, name, NULL);

    for (size_t r = 0; r < c->w.n_rows; r++)
        x[r] = 50 + 2 * incident_normal(state);
    return x;
}

static void push(const struct incident *c, double *x, double by)
{
    for (size_t r = c->i.incident.from; r < c->i.incident.to; r++)
        x[r] += by;
}

static void gather(struct incident *c, struct rca_evidence **ret)
{
    assert_ok(rca_evidence_new(incident_made(c), 1, ret));
    for (size_t i = 0; i < (*ret)->n; i++) {
        for (size_t k = 0; k < RCA_EVIDENCE_COUNT; k++)
            assert_true(isfinite((*ret)->list[i].x[k]));
    }
}

static const struct rca_suspect *of(const struct rca_evidence *e, rca_id id)
{
    for (size_t i = 0; i < e->n; i++) {
        if (e->list[i].entity == id)
            return &e->list[i];
    }
    return NULL;
}

static void a_member_belongs_to_its_whole(void **unused)
{
    enum { SERVICE, POD, BOX, CALL, HOST, NIC, SLICE, CGROUP, A, B, NETNS, N };
    static const enum rca_kind kinds[N] = {
        [SERVICE] = RCA_KIND_SERVICE, [POD] = RCA_KIND_OTHER,
        [BOX] = RCA_KIND_CGROUP,      [CALL] = RCA_KIND_CALL,
        [HOST] = RCA_KIND_HOST,       [NIC] = RCA_KIND_NIC,
        [SLICE] = RCA_KIND_CGROUP,    [CGROUP] = RCA_KIND_CGROUP,
        [A] = RCA_KIND_SERVICE,       [B] = RCA_KIND_SERVICE,
        [NETNS] = RCA_KIND_NETNS};
    static const rca_id want[N] = {SERVICE, SERVICE, BOX, CALL, HOST, HOST,
                                   SLICE,   CGROUP,  A,   B,    NETNS};
    struct incident c;

    (void)unused;
    incident_init(&c, ROWS, START);
    for (int i = 0; i < N; i++)
        (void)incident_entity(&c, kinds[i]);
    incident_edge(&c, POD, SERVICE, RCA_EDGE_PART_OF);
    incident_edge(&c, BOX, POD, RCA_EDGE_PART_OF);
    incident_edge(&c, CALL, SERVICE, RCA_EDGE_PART_OF);
    incident_edge(&c, NIC, HOST, RCA_EDGE_PART_OF);
    incident_edge(&c, NIC, SERVICE, RCA_EDGE_LINK);
    incident_edge(&c, CGROUP, SLICE, RCA_EDGE_PART_OF);
    incident_edge(&c, SERVICE, HOST, RCA_EDGE_RUNS_ON);
    incident_edge(&c, NETNS, HOST, RCA_EDGE_PART_OF);
    incident_edge(&c, A, B, RCA_EDGE_PART_OF); /* a circle ends */
    incident_edge(&c, B, A, RCA_EDGE_PART_OF);
    (void)incident_made(&c);
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(rca_whole_of(c.g, i), want[i]);
    rca_graph_free(&c.g);
}

/* services 0, 1; pod 2 of 0, probe 3, nic 4 of host 5 */
static void parts(struct incident *c, uint64_t *state)
{
    static const enum rca_kind kinds[] = {RCA_KIND_SERVICE, RCA_KIND_SERVICE,
                                          RCA_KIND_OTHER,   RCA_KIND_PROBE,
                                          RCA_KIND_NIC,     RCA_KIND_HOST};

    incident_init(c, ROWS, START);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(kinds); i++)
        (void)incident_entity(c, kinds[i]);
    incident_edge(c, 2, 0, RCA_EDGE_PART_OF);
    incident_edge(c, 0, 1, RCA_EDGE_CALLS);
    incident_edge(c, 3, 0, RCA_EDGE_CALLS);
    incident_edge(c, 4, 5, RCA_EDGE_PART_OF);
    (void)noisy(c, 0, "a_latency", state);
    (void)noisy(c, 1, "a_latency", state);
    push(c, noisy(c, 2, "a_cpu", state), 40);
    push(c, noisy(c, 3, "a_latency", state), 30);
    push(c, noisy(c, 4, "a_drops", state), 50);
}

static void evidence_on_a_member_counts_for_its_whole(void **unused)
{
    struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;

    (void)unused;
    parts(&c, &state);
    gather(&c, &e);
    assert_int_equal(e->n, 3); /* neither pod nor nic nor probe */
    assert_non_null(of(e, 0));
    assert_int_equal(of(e, 0)->variable, 2);
    assert_true(of(e, 0)->x[RCA_EVIDENCE_USAGE] > log1p(5));
    assert_int_equal(of(e, 5)->variable, 4);
    assert_true(of(e, 5)->x[RCA_EVIDENCE_ERRORS] > log1p(5));
    assert_true(of(e, 5)->x[RCA_EVIDENCE_HOST] == 1);
    assert_true(of(e, 1)->x[RCA_EVIDENCE_ODD] < log1p(2));
    /* what the probe sees speaks against nobody next to it */
    assert_true(of(e, 0)->x[RCA_EVIDENCE_AROUND] <=
                of(e, 1)->x[RCA_EVIDENCE_ODD3]);
    rca_graph_free(&c.g);
}

static void the_symptom_is_what_is_known_of_the_victim(void **unused)
{
    uint64_t state = test_seed() * 88172645463325252U;
    static const struct {
        const char *metric;
        rca_id victim;
        uint32_t want;
    } rows[] = {{NULL, RCA_ID_NONE, UINT32_MAX},
                {NULL, 3, 4},
                {"a_latency", 3, 4},
                {"a_cpu", 3, 3},
                {"never_heard_of", 3, 4},
                {NULL, 5, UINT32_MAX},
                {"a_latency", 5, UINT32_MAX},
                {NULL, 99, UINT32_MAX}};
    struct incident c;

    (void)unused;
    incident_init(&c, ROWS, START);
    for (int i = 0; i < 6; i++)
        (void)incident_entity(&c, RCA_KIND_SERVICE);
    incident_edge(&c, 3, 1, RCA_EDGE_CALLS);
    for (rca_id i = 0; i < 3; i++)
        (void)noisy(&c, i, "a_latency", &state);
    (void)noisy(&c, 3, "a_cpu", &state);
    push(&c, noisy(&c, 3, "a_latency", &state), 60);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(rows); i++) {
        struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) = NULL;

        c.i.victim = rows[i].victim;
        c.i.metric = rows[i].metric;
        gather(&c, &e);
        assert_int_equal(e->symptom, rows[i].want);
        assert_int_equal(e->n, 6);
        for (rca_id id = 0; id < 6; id++) {
            assert_true(of(e, id)->x[RCA_EVIDENCE_VICTIM] ==
                        (id == rows[i].victim));
            assert_true(isnan(of(e, id)->share) ==
                        (rows[i].want == UINT32_MAX));
        }
        assert_int_equal(e->normal, rows[i].want == 3);
        assert_true(e->normal || e->severity > 10);
    }
    rca_graph_free(&c.g);
}

/* 0 -> 1 -> 2: the last one is slow, everybody waits for it */
static void the_last_of_a_chain_has_the_share(void **unused)
{
    struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;
    double *x[3];

    (void)unused;
    incident_init(&c, ROWS, START);
    for (int i = 0; i < 4; i++)
        (void)incident_entity(&c, RCA_KIND_SERVICE);
    for (rca_id i = 0; i < 3; i++) {
        x[i] = noisy(&c, i, "a_latency", &state);
        incident_edge(&c, i, i + 1, RCA_EDGE_CALLS);
    }
    (void)noisy(&c, 3, "a_latency", &state);
    push(&c, x[2], 30);
    for (size_t r = 0; r < ROWS; r++) {
        x[1][r] += x[2][r];
        x[0][r] += x[1][r];
    }
    c.i.victim = 0;
    gather(&c, &e);
    assert_int_equal(e->symptom, 0);
    assert_false(e->normal);
    assert_true(of(e, 2)->share > 0.8);
    assert_true(of(e, 2)->first > 0.8);
    assert_true(of(e, 2)->x[RCA_EVIDENCE_SHARE] >
                of(e, 1)->x[RCA_EVIDENCE_SHARE] + 1);
    assert_true(of(e, 2)->x[RCA_EVIDENCE_TOGETHER] >
                of(e, 1)->x[RCA_EVIDENCE_TOGETHER]);
    /* what others did of the victim is not its own */
    assert_true(of(e, 0)->x[RCA_EVIDENCE_ODD] <
                of(e, 1)->x[RCA_EVIDENCE_ODD] / 2);
    rca_graph_free(&c.g);
}

static void it_works_without_edges_and_with_3_rows(void **unused)
{
    struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;

    (void)unused;
    incident_init(&c, 33, 30);
    for (int i = 0; i < 3; i++)
        (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)noisy(&c, 0, "a_latency", &state);
    push(&c, noisy(&c, 1, "a_latency", &state), 30);
    (void)noisy(&c, 2, "a_latency", &state);
    c.i.victim = 1;
    gather(&c, &e);
    assert_true(of(e, 1)->x[RCA_EVIDENCE_ODD] >
                2 * of(e, 0)->x[RCA_EVIDENCE_ODD]);
    /* nobody knows what it depends on: no share, and it is not its own cause
     * because it moves with itself */
    assert_true(isnan(of(e, 1)->share));
    assert_true(of(e, 1)->x[RCA_EVIDENCE_SHARE] == 0);
    assert_true(of(e, 1)->x[RCA_EVIDENCE_TOGETHER] == 0);
    rca_graph_free(&c.g);
}

static void too_few_rows_are_reported(void **unused)
{
    struct rca_evidence *e = NULL;
    uint64_t state = 1;
    struct incident c;

    (void)unused;
    incident_init(&c, 12, 9);
    (void)incident_entity(&c, RCA_KIND_SERVICE);
    (void)noisy(&c, 0, "a_latency", &state);
    assert_err(rca_evidence_new(incident_made(&c), 1, &e), RCA_ETOOFEW);
    assert_null(e);
    rca_graph_free(&c.g);
}

/* hosts 5 to 7 are not measured: both services on 5 are out of the usual, of
 * those on 6 none is, and on 7 there is but one */
static void neighbours_point_at_what_is_not_measured(void **unused)
{
    static const rca_id host[] = {5, 5, 6, 6, 7};
    struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;

    (void)unused;
    incident_init(&c, ROWS, START);
    for (rca_id i = 0; i < 8; i++)
        (void)incident_entity(&c, i < 5 ? RCA_KIND_SERVICE : RCA_KIND_HOST);
    for (rca_id i = 0; i < 5; i++) {
        incident_edge(&c, i, host[i], RCA_EDGE_RUNS_ON);
        push(&c, noisy(&c, i, "a_latency", &state), i < 2 || i == 4 ? 30 : 0);
    }
    gather(&c, &e);
    assert_int_equal(of(e, 5)->variable, UINT32_MAX);
    assert_true(of(e, 5)->x[RCA_EVIDENCE_HIDDEN] > 0.3);
    assert_true(of(e, 6)->x[RCA_EVIDENCE_HIDDEN] == 0);
    assert_true(of(e, 7)->x[RCA_EVIDENCE_HIDDEN] == 0);
    assert_true(of(e, 0)->x[RCA_EVIDENCE_HIDDEN] == 0); /* measured */
    rca_graph_free(&c.g);
}

/* 0 -> 1: both get more requests; that 0 has nobody to get them from is not
 * held against it */
static void load_is_no_excuse_where_it_comes_in(void **unused)
{
    struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;

    (void)unused;
    incident_init(&c, ROWS, START);
    for (int i = 0; i < 2; i++)
        (void)incident_entity(&c, RCA_KIND_SERVICE);
    for (rca_id i = 0; i < 2; i++)
        push(&c, noisy(&c, i, "a_requests", &state), 40);
    incident_edge(&c, 0, 1, RCA_EDGE_CALLS);
    gather(&c, &e);
    assert_true(of(e, 0)->x[RCA_EVIDENCE_LOAD] == 0);
    assert_true(of(e, 1)->x[RCA_EVIDENCE_LOAD] > 0);
    rca_graph_free(&c.g);
}

/* 0 and 1 call 3, 2 calls 4; 0 and 1 wait: 3 is pointed at, though nothing of
 * it is measured */
static void who_makes_all_its_callers_wait_is_pointed_at(void **unused)
{
    struct rca_evidence *e RCA_CLEANUP(rca_evidence_free) = NULL;
    uint64_t state = test_seed() * 88172645463325252U;
    struct incident c;

    (void)unused;
    incident_init(&c, ROWS, START);
    for (int i = 0; i < 5; i++)
        (void)incident_entity(&c, RCA_KIND_SERVICE);
    for (rca_id i = 0; i < 3; i++) {
        double *x = noisy(&c, i, "a_latency", &state);

        if (i < 2)
            push(&c, x, 30);
        incident_edge(&c, i, i < 2 ? 3 : 4, RCA_EDGE_CALLS);
    }
    gather(&c, &e);
    assert_true(of(e, 3)->x[RCA_EVIDENCE_POINTED] > 1);
    for (rca_id i = 0; i < 5; i++)
        assert_true(i == 3 || of(e, i)->x[RCA_EVIDENCE_POINTED] == 0);
    rca_graph_free(&c.g);
}

static void every_kind_has_a_name_and_a_text(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < RCA_EVIDENCE_COUNT; i++) {
        const enum rca_evidence_kind kind = (enum rca_evidence_kind)i;

        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(
                rca_evidence_name(kind),
                rca_evidence_name((enum rca_evidence_kind)k));
        assert_true(strlen(rca_evidence_text(kind)) > 3);
    }
    assert_string_equal(rca_evidence_name(RCA_EVIDENCE_COUNT), "?");
    assert_string_equal(rca_evidence_text(RCA_EVIDENCE_COUNT), "?");
}

static void every_failed_allocation_is_reported(void **unused)
{
    struct rca_evidence *e = NULL;
    uint64_t state = 4711;
    struct incident c;
    int err = -1;

    (void)unused;
    parts(&c, &state);
    c.i.victim = 3;
    (void)incident_made(&c);
    for (long n = 0; err; n++) {
        oom_after(n);
        err = rca_evidence_new(&c.i, 1, &e);
        assert_true(err == 0 || (err == -ENOMEM && oom_hit() && !e));
        oom_after(-1);
        assert_true(n < 10000);
    }
    rca_evidence_free(&e);
    rca_evidence_free(&e);
    rca_graph_free(&c.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_belongs_to_its_whole),
        cmocka_unit_test(evidence_on_a_member_counts_for_its_whole),
        cmocka_unit_test(the_symptom_is_what_is_known_of_the_victim),
        cmocka_unit_test(the_last_of_a_chain_has_the_share),
        cmocka_unit_test(it_works_without_edges_and_with_3_rows),
        cmocka_unit_test(too_few_rows_are_reported),
        cmocka_unit_test(neighbours_point_at_what_is_not_measured),
        cmocka_unit_test(load_is_no_excuse_where_it_comes_in),
        cmocka_unit_test(who_makes_all_its_callers_wait_is_pointed_at),
        cmocka_unit_test(every_kind_has_a_name_and_a_text),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
