/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Runs the scenarios: each over its seeds, the default method, the places of
 * the true services counted. Prints the counts, so that a limit can be set from
 * what was measured.
 */

#include <stdio.h>
#include <string.h>

#include "model/rank.h"
#include "tests/harness/test.h"
#include "tests/sim/scenarios.h"

#define SEEDS 20
#define TOP 3
#define SCENARIOS_MAX 100

struct counts {
    size_t seeds, first, top3, both, quiet, same;
};

static const char *service_of(const struct rca_case *c, rca_id entity)
{
    return c->service[rca_graph_node(c->graph, entity)];
}

/* the first services of a ranking, each once; the rest are NULL */
static void list_top(const struct rca_case *c, const struct rca_ranking *r,
                     const char *top[TOP])
{
    size_t n = 0;

    memset(top, 0, TOP * sizeof(*top));
    for (size_t i = 0; i < r->n && n < TOP; i++) {
        const char *service = service_of(c, r->list[i].entity);
        _Bool known = 0;

        for (size_t k = 0; k < n; k++)
            known |= strcmp(top[k], service) == 0;
        if (!known)
            top[n++] = service;
    }
}

/* place among the first, or TOP */
static size_t place(const char *const top[TOP], const char *service)
{
    size_t i = 0;

    while (i < TOP && !(service && top[i] && !strcmp(top[i], service)))
        i++;
    return i;
}

static struct rca_ranking *rank(const struct rca_case *c)
{
    const struct rca_rank_options options = {.seed = 1};
    struct rca_ranking *r = NULL;

    assert_ok(rca_rank(&c->incident, &options, &r));
    return r;
}

static void count(const struct rca_case *c, const struct rca_sim_truth *truth,
                  const char *const before[TOP], struct counts *n)
{
    struct rca_ranking *r = rank(c);
    const char *top[TOP];
    size_t at, other, same = 0;

    list_top(c, r, top);
    at = place(top, truth->service);
    other = place(top, truth->other);
    for (size_t i = 0; i < TOP; i++)
        same += !before[i] ? !top[i] : place(before, top[i]) == i;
    n->seeds++;
    n->first += at == 0;
    n->top3 += at < TOP;
    n->both += at < TOP && other < TOP;
    n->quiet += r->verdict != RCA_VERDICT_CAUSE;
    n->same += same == TOP;
    rca_ranking_free(&r);
}

static void run_seed(const struct scenario *s, uint64_t seed, struct counts *n)
{
    struct rca_sim_options o = s->o;
    struct rca_sim_truth truth = {0};
    struct rca_case *c = NULL;
    const char *before[TOP] = {NULL};
    struct rca_ranking *r = NULL;

    o.seed = seed;
    assert_ok(rca_simulate(&o, &c, &truth));
    if (s->same) {
        r = rank(c);
        list_top(c, r, before);
        rca_ranking_free(&r);
    }
    if (s->change)
        assert_ok(s->change(c, &truth));
    rca_case_shift(c, s->shift);
    count(c, &truth, before, n);
    rca_case_free(&c);
    rca_sim_truth_done(&truth);
}

/* cmocka hands on only what may be written */
struct state {
    const struct scenario *scenario;
};

static void run(void **state)
{
    const struct scenario *s = ((const struct state *)*state)->scenario;
    const size_t seeds = s->seeds ? s->seeds : SEEDS;
    const uint64_t base = strtoull(s->name, NULL, 10) * 1000;
    struct counts n = {0};

    for (size_t i = 1; i <= seeds; i++)
        run_seed(s, base + i, &n);
    print_message("%-26s of %2zu: first %2zu (%zu) top-3 %2zu (%zu) both %2zu "
                  "(%zu) no cause named %2zu (%zu) same %2zu (%zu)\n",
                  s->name, n.seeds, n.first, s->first, n.top3, s->top3, n.both,
                  s->both, n.quiet, s->quiet, n.same, s->same);
    assert_true(n.first >= s->first);
    assert_true(n.top3 >= s->top3);
    assert_true(n.both >= s->both);
    assert_true(n.quiet >= s->quiet);
    assert_true(n.same >= s->same);
}

int main(void)
{
    struct CMUnitTest tests[SCENARIOS_MAX];
    struct state states[SCENARIOS_MAX];

    assert(n_scenarios <= SCENARIOS_MAX);
    for (size_t i = 0; i < n_scenarios; i++) {
        states[i].scenario = &scenarios[i];
        tests[i] = (struct CMUnitTest){.name = scenarios[i].name,
                                       .test_func = run,
                                       .initial_state = &states[i]};
    }
    return _cmocka_run_group_tests("sim", tests, n_scenarios, NULL, NULL);
}
