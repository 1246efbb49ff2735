/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * CIRCA: an entity is as suspicious as its metric that departs furthest, in
 * the incident, from what its causes predict (regression-based hypothesis
 * testing), and more so where something that it may have moved departs too
 * (descendant adjustment). M. Li, Z. Li, K. Yin, X. Nie, W. Zhang, K. Sui, D.
 * Pei, "Causal Inference-Based Root Cause Analysis for Online Service Systems
 * with Intervention Recognition", KDD 2022, sections 4.2 to 4.4.
 *
 * The causal graph is the paper's structural one of meta metrics (section
 * 4.1): inside an entity traffic -> saturation -> latency and errors; traffic
 * flows from a caller to what it calls, latency and errors back, and the
 * saturation of a resource reaches the latency and errors of its users. Links
 * have no direction and carry nothing. At most 10 causes, the best correlated,
 * for each metric: normal rows are few.
 *
 * The paper looks for descendants through normal metrics, too. Here only direct
 * ones count: graphs have cycles, and with traffic going down and latency up
 * all that a service ever reaches would be below it (docs/DECISIONS.md).
 *
 * O(variables * candidates * rows).
 */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/method.h"
#include "model/regress.h"

/* Beyond this many standard deviations a metric is abnormal (section 4.4). */
#define ABNORMAL 3.0
/* Least squares; the ridge only makes equal columns share. */
#define RIDGE 1e-9
/* A residual this small, in sds of the target, is rounding: all explained. */
#define EXPLAINED 1e-6

enum meta {
    TRAFFIC = 1,
    SATURATION = 2,
    LATENCY = 4,
    ERRORS = 8,
};

/* @first: variables of a graph's node: first[node] to end[node] */
struct circa {
    const struct rca_incident *incident;
    struct rca_regress table;
    uint32_t *first, *end;
    uint32_t *causes; /* of the variable at hand */
    size_t n_causes, cap_causes;
    double *score, *below;
};

/* --- the causal graph ------------------------------------------------------- */

static unsigned meta_of(enum rca_role role)
{
    static const unsigned metas[] = {
        [RCA_ROLE_LOAD] = TRAFFIC,          [RCA_ROLE_USAGE] = SATURATION,
        [RCA_ROLE_SATURATION] = SATURATION, [RCA_ROLE_LATENCY] = LATENCY,
        [RCA_ROLE_ERROR] = ERRORS,          [RCA_ROLE_OTHER] = 0,
    };

    static_assert(RCA_ARRAY_SIZE(metas) == RCA_ROLE_COUNT, "one each");
    return metas[role];
}

static unsigned within_entity(unsigned effect)
{
    return effect == SATURATION                    ? TRAFFIC
           : effect == LATENCY || effect == ERRORS ? TRAFFIC | SATURATION
                                                   : 0;
}

/* what at the other end of @arc may cause @effect at this one */
static unsigned over_arc(const struct rca_graph *g, uint32_t node,
                         const struct rca_arc *arc, unsigned effect)
{
    const uint32_t source = arc->out ? node : arc->node;
    enum rca_edge_kind kind = arc->kind;
    _Bool depends = arc->out;

    if (kind == RCA_EDGE_LINK)
        return 0;
    if (kind == RCA_EDGE_PART_OF) {
        /* a whole depends on its members, a caller on its calls */
        depends = !depends;
        if (rca_graph_entity(g, source)->kind == RCA_KIND_CALL)
            kind = RCA_EDGE_CALLS;
    }
    if (effect == TRAFFIC)
        return depends ? 0 : TRAFFIC;
    if (!depends || effect == SATURATION)
        return 0;
    return kind == RCA_EDGE_CALLS ? effect : effect | SATURATION;
}

static int add_causes(struct circa *c, uint32_t node, unsigned metas)
{
    for (uint32_t v = c->first[node]; metas && v < c->end[node]; v++) {
        uint32_t *grown;

        if (!(meta_of(c->incident->w->vars[v].metric.role) & metas))
            continue;
        grown = rca_grow(c->causes, c->n_causes, &c->cap_causes,
                         sizeof(*c->causes));
        if (!grown)
            return -ENOMEM;
        c->causes = grown;
        c->causes[c->n_causes++] = v;
    }
    return 0;
}

/* those of @v to c->causes, each once */
static int find_causes(struct circa *c, size_t v)
{
    const struct rca_graph *g = c->incident->g;
    const struct rca_variable *var = &c->incident->w->vars[v];
    const uint32_t node = rca_graph_node(g, var->entity);
    const unsigned effect = meta_of(var->metric.role);
    const struct rca_arc *arcs;
    size_t n;
    int err;

    c->n_causes = 0;
    if (node == UINT32_MAX || !effect)
        return 0;
    err = add_causes(c, node, within_entity(effect));
    arcs = rca_graph_arcs(g, node, &n);
    for (size_t a = 0; !err && a < n;) {
        const uint32_t other = arcs[a].node;
        unsigned metas = 0;

        for (; a < n && arcs[a].node == other; a++)
            metas |= over_arc(g, node, &arcs[a], effect);
        err = add_causes(c, other, metas);
    }
    return err;
}

static void index_nodes(struct circa *c)
{
    const struct rca_window *w = c->incident->w;

    for (uint32_t v = 0; v < w->n_vars;) {
        const rca_id entity = w->vars[v].entity;
        const uint32_t node = rca_graph_node(c->incident->g, entity);
        const uint32_t first = v;

        while (v < w->n_vars && w->vars[v].entity == entity)
            v++;
        if (node == UINT32_MAX)
            continue;
        c->first[node] = first;
        c->end[node] = v;
    }
}

/* --- scores ----------------------------------------------------------------- */

/* the largest residual of the incident, in standard deviations of the normal
 * rows' residuals */
static double test(const struct circa *c, uint32_t v)
{
    const struct rca_regress *t = &c->table;
    const double *x = rca_baseline_column(c->incident->w, v);
    const double *z = rca_regress_column(t, v);
    const size_t from = c->incident->incident.from;
    struct rca_regression f;
    double most = NAN, sd;

    rca_regress_fit(t, v, c->causes, c->n_causes, RIDGE, &f);
    sd = f.sd > EXPLAINED ? f.sd : 1;
    for (size_t r = t->n_before; r < t->n_rows; r++) {
        if (!isnan(x[from + r - t->n_before]))
            most = fmax(most, fabs(z[r] - rca_regress_predict(&f, t, r)) / sd);
    }
    return most;
}

/* to each abnormal metric the score of the worst that it may have moved */
static int adjust(struct circa *c)
{
    for (size_t v = 0; v < c->table.n_vars; v++) {
        const int err = find_causes(c, v);

        if (err)
            return err;
        for (size_t k = 0; k < c->n_causes; k++) {
            double *below = &c->below[c->causes[k]];

            *below = fmax(*below, c->score[v]);
        }
    }
    for (size_t v = 0; v < c->table.n_vars; v++) {
        if (c->score[v] >= ABNORMAL)
            c->score[v] += c->below[v];
    }
    return 0;
}

static int score_all(struct circa *c)
{
    const size_t n = c->table.n_vars, nodes = rca_graph_size(c->incident->g);
    int err = 0;

    c->first = calloc(nodes + 1, sizeof(*c->first));
    c->end = calloc(nodes + 1, sizeof(*c->end));
    c->score = calloc(n, sizeof(*c->score));
    c->below = calloc(n, sizeof(*c->below));
    if (!c->first || !c->end || !c->score || !c->below)
        return -ENOMEM;
    index_nodes(c);
    for (uint32_t v = 0; !err && v < n; v++) {
        err = find_causes(c, v);
        if (!err)
            c->score[v] = test(c, v);
    }
    return err ? err : adjust(c);
}

static void done(struct circa *c)
{
    rca_regress_done(&c->table);
    free(c->first);
    free(c->end);
    free(c->causes);
    free(c->score);
    free(c->below);
}

int rca_circa_rank(const struct rca_incident *incident,
                   const struct rca_rank_options *options,
                   struct rca_ranking *ranking)
{
    struct circa c = {.incident = incident};
    int err = rca_regress_init(&c.table, incident, 0);

    (void)options;
    if (!err)
        err = score_all(&c);
    if (!err)
        err = rca_baseline_list(incident, c.score, ranking);
    done(&c);
    return err;
}
