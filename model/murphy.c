/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Murphy, as published (murphy.h has the source): would the symptom go away if
 * this entity had been as usual?
 *
 * 1. A factor for each metric given its entity's other metrics and its
 *    neighbours': ridge regression on the 10 most correlated, trained on all
 *    rows up to and including the incident.
 * 2. Candidates: a walk from the symptom's entity through abnormal ones; an
 *    entity without metrics cannot be judged and is passed through.
 * 3. For each candidate: its metrics are set to their means of normal times,
 *    the entities on the shortest paths from it to the symptom are resampled in
 *    that order for 4 rounds, all others keep their values of the incident; the
 *    same once more with the candidate's metrics as they are; a one-sided t
 *    test on the symptom decides whether it is accepted.
 * 4. Accepted candidates are ranked by their anomaly: standard deviations
 *    of their most abnormal metric. All others follow, in the same order, with
 *    scores below 0: they are not causes, but whoever compares methods wants to
 *    know how far down the truth was.
 *
 * The symptom's own entity is judged by its other metrics. Without edges at the
 * symptom everything is its neighbour: the relations are then those that the 10
 * best correlated metrics make.
 *
 * O(candidates * (graph + samples * metrics on the paths)).
 */

#include "model/murphy.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/method.h"

/* Sds from which an entity counts as abnormal in the walk. */
#define ABNORMAL 3.0
/* Ridge, as a part of the rows: milder changes little. */
#define RIDGE 0.1
/* One-sided 5 % point of Student's t at thousands of degrees of freedom. */
#define CRITICAL 1.645
/* A smaller difference of means is rounding. */
#define ROUNDING 1e-9

struct murphy {
    const struct rca_incident *incident;
    const struct rca_rank_options *options;
    struct rca_regress table;
    struct rca_murphy_graph graph;
    struct rca_regression *factors; /* by variable; made when needed */
    _Bool *made;
    double *anomaly; /* by variable, sds */
    double *current, *usual, *value; /* by variable, standardized */
    _Bool *abnormal, *accepted; /* by node */
    uint32_t *slot; /* by variable */
    uint32_t *order, *features; /* variables */
    uint32_t *reached, *walked; /* nodes */
    uint32_t *hops, *from_candidate; /* by node */
    uint32_t symptom, start; /* a variable, and its node */
    size_t n_reached;
};

/* --- what is abnormal ------------------------------------------------------- */

/* mean of @rows, or @otherwise */
static double mean_of(const double *x, struct rca_rows rows, double otherwise)
{
    const double mean = rca_usual_moments(x, rows).centre;

    return isnan(mean) ? otherwise : mean;
}

static void measure(struct murphy *m, size_t v)
{
    const struct rca_incident *i = m->incident;
    const double *x = rca_baseline_column(i->w, v);
    const struct rca_usual all = m->table.usual[v];
    const struct rca_usual usual = rca_usual_moments(x, i->before);
    const double now = mean_of(x, i->incident, NAN);
    const double was = isnan(usual.centre) ? all.centre : usual.centre;

    m->anomaly[v] = fabs(now - usual.centre) / usual.scale;
    if (isnan(m->anomaly[v]))
        m->anomaly[v] = 0;
    m->current[v] = isnan(now) ? 0 : (now - all.centre) / all.scale;
    m->usual[v] = isnan(was) ? 0 : (was - all.centre) / all.scale;
}

static _Bool is_symptom_role(enum rca_role role)
{
    return role == RCA_ROLE_LATENCY || role == RCA_ROLE_ERROR;
}

/* how well @v answers the question what is wrong: 3 it was named, 2 latency or
 * error of the victim, 1 any of its metrics; none of another entity's */
static int fitness(const struct rca_incident *i, size_t v, rca_id victim)
{
    const struct rca_variable *var = &i->w->vars[v];

    if (victim != RCA_ID_NONE && var->entity != victim)
        return 0;
    if (victim != RCA_ID_NONE && i->metric &&
        strcmp(var->metric.name, i->metric) == 0)
        return 3;
    return is_symptom_role(var->metric.role) ? 2 : 1;
}

/* the most abnormal of those that fit best, or n_vars */
static size_t find_symptom(const struct murphy *m, rca_id victim)
{
    const struct rca_window *w = m->incident->w;
    size_t best = w->n_vars;
    int fit = 0;

    for (size_t v = 0; v < w->n_vars; v++) {
        const int f = fitness(m->incident, v, victim);

        if (f < fit || f == 0)
            continue;
        if (f > fit || m->anomaly[v] > m->anomaly[best])
            best = v;
        fit = f;
    }
    return best;
}

static void choose_symptom(struct murphy *m)
{
    size_t v = find_symptom(m, m->incident->victim);

    /* a victim that has no metrics: as if none were known */
    if (v == m->incident->w->n_vars)
        v = find_symptom(m, RCA_ID_NONE);
    m->symptom = (uint32_t)v;
}

static void find_abnormal(struct murphy *m)
{
    for (size_t node = 0; node < m->graph.n; node++) {
        m->abnormal[node] = m->graph.first[node] == m->graph.end[node];
        for (uint32_t v = m->graph.first[node]; v < m->graph.end[node]; v++)
            m->abnormal[node] |= m->anomaly[v] >= ABNORMAL;
    }
}

/* --- factors and chains ----------------------------------------------------- */

static size_t add_features(struct murphy *m, uint32_t node, size_t n)
{
    for (uint32_t v = m->graph.first[node]; v < m->graph.end[node]; v++)
        m->features[n++] = v;
    return n;
}

static void make_factor(struct murphy *m, uint32_t node, uint32_t v)
{
    const struct rca_murphy_graph *g = &m->graph;
    size_t n = 0;

    if (m->made[v])
        return;
    m->made[v] = 1;
    if (g->whole) {
        for (uint32_t other = 0; other < g->n; other++)
            n = add_features(m, other, n);
    } else {
        n = add_features(m, node, n);
        for (uint32_t a = g->at[node]; a < g->at[node + 1]; a++)
            n = add_features(m, g->list[a], n);
    }
    rca_regress_fit(&m->table, v, m->features, n, RIDGE, &m->factors[v]);
}

static void add_to_chain(struct murphy *m, uint32_t node, uint32_t v,
                         struct rca_murphy_chain *c)
{
    if (m->table.dead[v])
        return;
    make_factor(m, node, v);
    m->slot[v] = (uint32_t)c->n;
    m->order[c->n++] = v;
}

/* all metrics of what lies on shortest paths, nearest to the candidate first;
 * where the candidate is the symptom's own entity, the symptom alone */
static void lay_chain(struct murphy *m, uint32_t candidate,
                      struct rca_murphy_chain *c)
{
    const struct rca_murphy_graph *g = &m->graph;
    const uint32_t length = m->hops[candidate];
    const size_t n =
        rca_murphy_graph_walk(g, candidate, NULL, m->walked, m->from_candidate);

    *c = (struct rca_murphy_chain){.order = m->order,
                                   .slot = m->slot,
                                   .factors = m->factors,
                                   .value = m->value,
                                   .symptom = m->symptom};
    if (candidate == m->start)
        add_to_chain(m, candidate, m->symptom, c);
    for (size_t k = 1; k < n && m->from_candidate[m->walked[k]] <= length;
         k++) {
        const uint32_t node = m->walked[k];

        if (m->from_candidate[node] + m->hops[node] != length ||
            candidate == m->start)
            continue;
        for (uint32_t v = g->first[node]; v < g->end[node]; v++)
            add_to_chain(m, node, v, c);
    }
}

static void clear_chain(struct murphy *m, const struct rca_murphy_chain *c)
{
    for (size_t k = 0; k < c->n; k++)
        m->slot[c->order[k]] = RCA_MURPHY_FAR;
}

/* --- the test --------------------------------------------------------------- */

static int run(const struct murphy *m, const struct rca_murphy_chain *c,
               uint64_t stream, struct rca_murphy_moments *ret)
{
    if (m->options->exact)
        return rca_murphy_exact(c, ret);
    return rca_murphy_sample(c, m->options->seed, stream, ret);
}

/* Welch's t test: is the symptom nearer to normal with the counterfactual? */
static _Bool is_better(const struct murphy *m, struct rca_murphy_moments as_is,
                       struct rca_murphy_moments counterfactual)
{
    const double off = m->current[m->symptom] - m->usual[m->symptom];
    const double less = copysign(1, off) * (as_is.mean - counterfactual.mean);
    const double error =
        sqrt((as_is.variance + counterfactual.variance) / RCA_MURPHY_SAMPLES);

    return fabs(off) > 0 && less > ROUNDING && less > CRITICAL * error;
}

/* the candidate's metrics as they were in normal times, but for the symptom */
static void set_usual(struct murphy *m, uint32_t candidate,
                      const double *values)
{
    for (uint32_t v = m->graph.first[candidate]; v < m->graph.end[candidate];
         v++) {
        if (v != m->symptom)
            m->value[v] = values[v];
    }
}

static int test_candidate(struct murphy *m, uint32_t candidate)
{
    struct rca_murphy_moments as_is = {0}, counterfactual = {0};
    struct rca_murphy_chain c;
    int err;

    lay_chain(m, candidate, &c);
    err = run(m, &c, 2 * (uint64_t)candidate, &as_is);
    if (!err) {
        set_usual(m, candidate, m->usual);
        err = run(m, &c, 2 * (uint64_t)candidate + 1, &counterfactual);
        set_usual(m, candidate, m->current);
    }
    if (!err)
        m->accepted[candidate] = is_better(m, as_is, counterfactual);
    clear_chain(m, &c);
    return err;
}

static int test_all(struct murphy *m)
{
    int err = 0;

    /* what has not changed cannot be explained */
    if (m->table.dead[m->symptom])
        return 0;
    m->n_reached = rca_murphy_graph_walk(&m->graph, m->start, m->abnormal,
                                         m->reached, m->hops);
    /* from here on hops are the whole graph's: shortest paths may lead through
     * what is normal */
    (void)rca_murphy_graph_walk(&m->graph, m->start, NULL, m->walked, m->hops);
    for (size_t k = 0; !err && k < m->n_reached; k++) {
        const uint32_t node = m->reached[k];

        if (m->graph.first[node] < m->graph.end[node] &&
            (node == m->start || m->abnormal[node]))
            err = test_candidate(m, node);
    }
    return err;
}

/* --- the method ------------------------------------------------------------- */

static int allocate(struct murphy *m)
{
    const size_t v = m->table.n_vars;

    m->factors = calloc(v, sizeof(*m->factors));
    m->made = calloc(v, sizeof(*m->made));
    m->anomaly = calloc(v + 1, sizeof(*m->anomaly));
    m->current = calloc(v, sizeof(*m->current));
    m->usual = calloc(v, sizeof(*m->usual));
    m->value = calloc(v, sizeof(*m->value));
    m->slot = malloc(v * sizeof(*m->slot));
    m->order = calloc(v, sizeof(*m->order));
    m->features = calloc(v, sizeof(*m->features));
    if (!m->factors || !m->made || !m->anomaly || !m->current || !m->usual ||
        !m->value || !m->slot || !m->order || !m->features)
        return -ENOMEM;
    memset(m->slot, 0xff, v * sizeof(*m->slot));
    return 0;
}

static int allocate_nodes(struct murphy *m)
{
    const size_t n = m->graph.n;

    m->abnormal = calloc(n, sizeof(*m->abnormal));
    m->accepted = calloc(n, sizeof(*m->accepted));
    m->reached = calloc(n, sizeof(*m->reached));
    m->walked = calloc(n, sizeof(*m->walked));
    m->hops = calloc(n, sizeof(*m->hops));
    m->from_candidate = calloc(n, sizeof(*m->from_candidate));
    return m->abnormal && m->accepted && m->reached && m->walked && m->hops &&
                   m->from_candidate
               ? 0
               : -ENOMEM;
}

static void done(struct murphy *m)
{
    void *const owned[] = {
        m->factors,  m->made,    m->anomaly, m->current,  m->usual,
        m->value,    m->slot,    m->order,   m->features, m->abnormal,
        m->accepted, m->reached, m->walked,  m->hops,     m->from_candidate};

    for (size_t k = 0; k < RCA_ARRAY_SIZE(owned); k++)
        free(owned[k]);
    rca_regress_done(&m->table);
    rca_murphy_graph_done(&m->graph);
}

static int prepare(struct murphy *m)
{
    int err = rca_regress_init(&m->table, m->incident, 1);

    if (!err)
        err = allocate(m);
    for (size_t v = 0; !err && v < m->table.n_vars; v++) {
        measure(m, v);
        m->value[v] = m->current[v];
    }
    if (!err) {
        choose_symptom(m);
        err = rca_murphy_graph_init(&m->graph, m->incident, m->symptom);
    }
    if (!err)
        err = allocate_nodes(m);
    if (err)
        return err;
    m->start = rca_murphy_graph_node(&m->graph, m->incident, m->symptom);
    find_abnormal(m);
    return 0;
}

/* those that were not accepted go below all that were */
static void put_rejected_last(const struct murphy *m,
                              struct rca_ranking *ranking)
{
    _Bool any = 0;

    for (size_t k = 0; k < ranking->n; k++) {
        struct rca_ranked *r = &ranking->list[k];
        const uint32_t node =
            rca_murphy_graph_node(&m->graph, m->incident, r->variable);

        any |= m->accepted[node];
        if (!m->accepted[node])
            r->score = -1 / r->score;
    }
    ranking->verdict = any ? RCA_VERDICT_CAUSE : RCA_VERDICT_UNCLEAR;
}

int rca_murphy_rank(const struct rca_incident *incident,
                    const struct rca_rank_options *options,
                    struct rca_ranking *ranking)
{
    struct murphy m = {.incident = incident, .options = options};
    int err = prepare(&m);

    if (!err)
        err = test_all(&m);
    if (!err)
        err = rca_baseline_list(incident, m.anomaly, ranking);
    if (!err)
        put_rejected_last(&m, ranking);
    done(&m);
    return err;
}
