/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <sys/socket.h>

#include "collector/observer_state.h"

static int compare(const void *a, const void *b)
{
    const struct rca_endpoint *x = (const struct rca_endpoint *)a;
    const struct rca_endpoint *y = (const struct rca_endpoint *)b;

    if (x->netns != y->netns)
        return x->netns < y->netns ? -1 : 1;
    if (x->entity != y->entity)
        return x->entity < y->entity ? -1 : 1;
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    if (x->port != y->port)
        return x->port < y->port ? -1 : 1;
    return memcmp(x->addr, y->addr, sizeof(x->addr));
}

void rca_observe_endpoint(struct rca_observer *obs, rca_id entity,
                          uint64_t netns, int family, const void *addr,
                          uint16_t port)
{
    struct rca_endpoint *end = NULL;

    if (entity == RCA_ID_NONE || (family != AF_INET && family != AF_INET6) ||
        rca_observer_grow(obs, &obs->endpoints, &obs->cap_endpoints,
                          obs->n_endpoints, sizeof(*obs->endpoints)))
        return;
    end = &obs->endpoints[obs->n_endpoints++];
    memset(end, 0, sizeof(*end));
    end->entity = entity;
    end->netns = netns;
    end->family = family;
    end->port = port;
    memcpy(end->addr, addr, family == AF_INET ? 4 : 16);
    obs->endpoints_sorted = 0;
}

static void sort_distinct(struct rca_observer *obs)
{
    struct rca_endpoint *ends = obs->endpoints;
    size_t kept = 0;

    if (obs->n_endpoints)
        qsort(ends, obs->n_endpoints, sizeof(*ends), compare);
    for (size_t i = 0; i < obs->n_endpoints; i++)
        if (i == 0 || compare(&ends[i], &ends[kept - 1]) != 0)
            ends[kept++] = ends[i];
    obs->n_endpoints = kept;
    obs->endpoints_sorted = 1;
}

const struct rca_endpoint *rca_observer_endpoints(struct rca_observer *obs,
                                                  size_t *ret_n)
{
    if (!obs->endpoints_sorted)
        sort_distinct(obs);
    *ret_n = obs->n_endpoints;
    return obs->endpoints;
}
