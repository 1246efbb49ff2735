/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/passer.h"

#include <errno.h>

#include "collector/link_dump.h"

int rca_passers_refresh(struct rca_passers *passers, struct rca_observer *obs)
{
    int err = 0;

    passers->map = rca_observer_links(obs);
    if (passers->map)
        return 0;
    passers->links.bus = NETLINK_ROUTE;
    passers->links.free_data = rca_link_dump_free;
    err = rca_netlink_set_refresh(&passers->links, obs);
    if (!err)
        err = rca_link_dump(&passers->links, obs, &passers->own);
    passers->map = &passers->own;
    return err;
}

void rca_passers_done(struct rca_passers *passers)
{
    rca_netlink_set_done(&passers->links);
    rca_link_map_done(&passers->own);
    free(passers->list);
    *passers = (struct rca_passers){0};
}

static int add_passer(struct rca_passers *passers,
                      const struct rca_passer *passer)
{
    struct rca_passer *list = (struct rca_passer *)rca_grow(
        passers->list, passers->n, &passers->cap, sizeof *list);

    if (!list)
        return -ENOMEM;
    passers->list = list;
    list[passers->n++] = *passer;
    return 0;
}

/* By entity, so that both ends of a call make one edge. */
static int compare_passers(const void *a, const void *b)
{
    const struct rca_passer *x = (const struct rca_passer *)a;
    const struct rca_passer *y = (const struct rca_passer *)b;

    if (x->entity != y->entity)
        return x->entity < y->entity ? -1 : 1;
    return (x->nic > y->nic) - (x->nic < y->nic);
}

int rca_passers_find(struct rca_passers *passers, struct rca_observer *obs,
                     uint64_t netns)
{
    const struct rca_link_map *map = passers->map;
    size_t n = 0;
    const struct rca_endpoint *ends = rca_observer_endpoints(obs, &n);
    int err = 0;

    passers->n = 0;
    for (size_t i = 0; !err && i < n; i++) {
        const struct rca_endpoint *e = &ends[i];
        struct rca_passer p = {.entity = e->entity, .port = e->port};

        p.local = e->netns == netns;
        p.nic = rca_link_map_owner(map, e->netns, e->family, e->addr);
        if (!p.local && p.nic != RCA_LINK_NONE)
            p.nic = map->nics[p.nic].peer;
        if (p.local ||
            (p.nic != RCA_LINK_NONE && map->nics[p.nic].netns == netns))
            err = add_passer(passers, &p);
    }
    if (passers->n)
        qsort(passers->list, passers->n, sizeof *passers->list,
              compare_passers);
    return err;
}
