/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/relation_facts.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/robust.h"

unsigned rca_statistic(const char *metric)
{
    static const char *const names[] = {"mean", "avg", "p50", "p75", "p90",
                                        "p95",  "p99", "max", "min"};
    const char *word = metric;

    while (*word) {
        const size_t len = strcspn(word, "_-.");

        for (unsigned i = 0; i < RCA_ARRAY_SIZE(names); i++) {
            if (strlen(names[i]) == len && strncmp(word, names[i], len) == 0)
                return i < 2 ? 1 : i; /* mean is avg */
        }
        word += len + (word[len] != '\0');
    }
    return 0;
}

/* median of variable @v over all rows */
static double median_of(const struct rca_window *w, size_t v, double *scratch)
{
    const size_t n = rca_robust_pack(w->x + v * w->n_rows, w->n_rows, scratch);

    return rca_robust_quantile(scratch, n, 0.5);
}

/* how well a load metric counts requests: 0 not, 2 best */
static int counts_requests(const struct rca_metric *m)
{
    static const char *const words[] = {"request", "workload", "qps",
                                        "rps",     "calls",    "invocation"};

    if (strcmp(m->name, "request_rate_per_second") == 0)
        return 2;
    if (m->role != RCA_ROLE_LOAD || m->unit == RCA_UNIT_BYTES ||
        m->unit == RCA_UNIT_BYTES_PER_SECOND)
        return 0;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(words); i++) {
        if (strstr(m->name, words[i]))
            return 1;
    }
    return 0;
}

static int make_room(struct rca_relation_facts *f, size_t nodes, size_t n_vars)
{
    f->first = calloc(nodes + 1, sizeof(*f->first));
    f->count = calloc(nodes + 1, sizeof(*f->count));
    f->rate = malloc((nodes + 1) * sizeof(*f->rate));
    f->rate_name = calloc(nodes + 1, sizeof(*f->rate_name));
    f->centre = malloc((n_vars + 1) * sizeof(*f->centre));
    f->statistic = malloc(n_vars + 1);
    if (!f->first || !f->count || !f->rate || !f->rate_name || !f->centre ||
        !f->statistic)
        return -ENOMEM;
    for (size_t i = 0; i < nodes; i++)
        f->rate[i] = NAN;
    return 0;
}

int rca_relation_facts_init(const struct rca_window *w,
                            const struct rca_graph *g, const double *median,
                            struct rca_relation_facts *ret_facts)
{
    struct rca_relation_facts *f = ret_facts;
    double *scratch RCA_CLEANUP(rca_freep) =
        malloc((w->n_rows + 1) * sizeof(*scratch));
    uint32_t was = UINT32_MAX;
    int best = 0;

    *f = (struct rca_relation_facts){0};
    if (!scratch || make_room(f, rca_graph_size(g), w->n_vars))
        return -ENOMEM;
    for (size_t v = 0; v < w->n_vars; v++) {
        const struct rca_metric *m = &w->vars[v].metric;
        const uint32_t node = rca_graph_node(g, w->vars[v].entity);
        const int fit = counts_requests(m);

        f->statistic[v] = (unsigned char)rca_statistic(m->name);
        f->centre[v] = NAN;
        if (m->role == RCA_ROLE_LATENCY)
            f->centre[v] = median ? median[v] : median_of(w, v, scratch);
        if (node == UINT32_MAX)
            continue;
        if (f->count[node]++ == 0)
            f->first[node] = v;
        best = node == was ? best : 0;
        was = node;
        if (fit <= best)
            continue;
        best = fit;
        f->rate[node] = median ? median[v] : median_of(w, v, scratch);
        f->rate_name[node] = m->name;
    }
    return 0;
}

void rca_relation_facts_done(struct rca_relation_facts *facts)
{
    free(facts->first);
    free(facts->count);
    free(facts->rate);
    free(facts->rate_name);
    free(facts->centre);
    free(facts->statistic);
    *facts = (struct rca_relation_facts){0};
}
