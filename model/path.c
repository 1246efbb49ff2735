/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/path.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* An edge without a share of its own still is the way, if there is no other. */
#define LEAST_FLOW 1e-6
#define MAX_STEPS 200
#define PRECISE 1e-9

static double least(const struct rca_attribution *a, size_t i, size_t k)
{
    if (a->factors[i].weight[k] == 0)
        return 0;
    return fmax(rca_attribution_flow(a, i, k), LEAST_FLOW);
}

static void relax(const struct rca_attribution *a, struct rca_paths *p,
                  double *best, size_t i)
{
    for (size_t k = 0; k < a->factors[i].box.n; k++) {
        const size_t j = a->parent[i * RCA_SCENE_PARENTS + k];
        const double way = best[i] * least(a, i, k);

        if (way > best[j]) {
            best[j] = way;
            p->next[j] = i;
            p->flow[j] = rca_attribution_flow(a, i, k);
        }
    }
}

static void search(const struct rca_attribution *a, struct rca_paths *p,
                   double *best, _Bool *done)
{
    best[0] = 1;
    for (size_t round = 0; round < a->n; round++) {
        size_t at = a->n;

        for (size_t i = 0; i < a->n; i++) {
            if (!done[i] && best[i] > 0 && (at == a->n || best[i] > best[at]))
                at = i;
        }
        if (at == a->n)
            return;
        done[at] = 1;
        relax(a, p, best, at);
    }
}

int rca_paths_new(const struct rca_attribution *a, struct rca_paths **ret_paths)
{
    struct rca_paths *p RCA_CLEANUP(rca_paths_free) = calloc(1, sizeof(*p));
    double *best RCA_CLEANUP(rca_freep) = calloc(a->n, sizeof(*best));
    _Bool *done RCA_CLEANUP(rca_freep) = calloc(a->n, sizeof(*done));

    if (!p || !best || !done)
        return -ENOMEM;
    p->n = a->n;
    p->next = malloc(a->n * sizeof(*p->next));
    p->flow = calloc(a->n, sizeof(*p->flow));
    p->scratch = malloc(2 * a->n * sizeof(*p->scratch));
    if (!p->next || !p->flow || !p->scratch)
        return -ENOMEM;
    for (size_t i = 0; i < a->n; i++)
        p->next[i] = SIZE_MAX;
    search(a, p, best, done);
    *ret_paths = RCA_TAKE(p);
    return 0;
}

void rca_paths_free(struct rca_paths **paths)
{
    struct rca_paths *p = *paths;

    *paths = NULL;
    if (!p)
        return;
    free(p->next);
    free(p->flow);
    free(p->scratch);
    free(p);
}

static rca_id entity_of(const struct rca_attribution *a, size_t i)
{
    return a->scene->w->vars[a->factors[i].target].entity;
}

/* effect = e_to + W' effect, no further where it belongs to @from; returns how
 * far @next is from @effect */
static double step_back(const struct rca_attribution *a, rca_id from, size_t to,
                        const double *effect, double *next)
{
    double change = 0;

    memset(next, 0, a->n * sizeof(*next));
    next[to] = 1;
    for (size_t i = 0; i < a->n; i++) {
        if (effect[i] == 0 || entity_of(a, i) == from)
            continue;
        for (size_t k = 0; k < a->factors[i].box.n; k++)
            next[a->parent[i * RCA_SCENE_PARENTS + k]] +=
                a->factors[i].weight[k] * effect[i];
    }
    for (size_t i = 0; i < a->n; i++)
        change = fmax(change, fabs(next[i] - effect[i]));
    return change;
}

double rca_path_total(const struct rca_attribution *a, rca_id from, size_t to,
                      double *scratch)
{
    double *effect = scratch, *next = scratch + a->n, share = 0;
    double change = 1;

    memset(effect, 0, a->n * sizeof(*effect));
    effect[to] = 1;
    for (int n = 0; n < MAX_STEPS && change > PRECISE; n++) {
        double *last = effect;

        change = step_back(a, from, to, effect, next);
        effect = next;
        next = last;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (entity_of(a, i) == from)
            share += effect[i] * a->shift[i] / a->shift[to];
    }
    return isfinite(share) ? fmin(fmax(share, 0), 1) : 0;
}
