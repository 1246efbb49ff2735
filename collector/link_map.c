/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/link_map.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void rca_link_map_done(struct rca_link_map *map)
{
    free(map->nics);
    free(map->addrs);
    *map = (struct rca_link_map){0};
}

void rca_link_map_reset(struct rca_link_map *map)
{
    map->n_nics = 0;
    map->n_addrs = 0;
}

int rca_link_map_add(struct rca_link_map *map, const struct rca_nic *nic)
{
    struct rca_nic *nics = (struct rca_nic *)rca_grow(
        map->nics, map->n_nics, &map->cap_nics, sizeof *nics);

    if (!nics)
        return -ENOMEM;
    map->nics = nics;
    nics[map->n_nics] = *nic;
    nics[map->n_nics].entity = RCA_ID_NONE;
    nics[map->n_nics].peer = RCA_LINK_NONE;
    nics[map->n_nics].master = RCA_LINK_NONE;
    nics[map->n_nics].lower = RCA_LINK_NONE;
    map->n_nics++;
    return 0;
}

int rca_link_map_add_addr(struct rca_link_map *map, uint64_t netns,
                          const struct rca_link_addr *addr)
{
    struct rca_nic_addr *addrs = (struct rca_nic_addr *)rca_grow(
        map->addrs, map->n_addrs, &map->cap_addrs, sizeof *addrs);

    if (!addrs)
        return -ENOMEM;
    map->addrs = addrs;
    addrs[map->n_addrs++] = (struct rca_nic_addr){netns, *addr};
    return 0;
}

static int compare_nics(const void *a, const void *b)
{
    const struct rca_nic *x = (const struct rca_nic *)a;
    const struct rca_nic *y = (const struct rca_nic *)b;

    if (x->netns != y->netns)
        return x->netns < y->netns ? -1 : 1;
    return (x->link.index > y->link.index) - (x->link.index < y->link.index);
}

/* The index last: one address on two interfaces belongs to the first. */
static int compare_addrs(const void *a, const void *b)
{
    const struct rca_nic_addr *x = (const struct rca_nic_addr *)a;
    const struct rca_nic_addr *y = (const struct rca_nic_addr *)b;
    int order = 0;

    if (x->netns != y->netns)
        return x->netns < y->netns ? -1 : 1;
    if (x->own.family != y->own.family)
        return x->own.family < y->own.family ? -1 : 1;
    order = memcmp(x->own.addr, y->own.addr, sizeof x->own.addr);
    if (order)
        return order;
    return (x->own.index > y->own.index) - (x->own.index < y->own.index);
}

size_t rca_link_map_find(const struct rca_link_map *map, uint64_t netns,
                         int index)
{
    const struct rca_nic key = {.netns = netns, .link.index = index};
    const struct rca_nic *found = NULL;

    if (map->n_nics)
        found = (const struct rca_nic *)bsearch(&key, map->nics, map->n_nics,
                                                sizeof key, compare_nics);
    return found ? (size_t)(found - map->nics) : RCA_LINK_NONE;
}

static _Bool is_veth(const struct rca_nic *nic)
{
    return strcmp(nic->link.kind, "veth") == 0 && nic->link.peer > 0;
}

/* The one veth elsewhere whose index and peer mirror those of @nic. */
static size_t find_mirror(const struct rca_link_map *map,
                          const struct rca_nic *nic)
{
    size_t found = RCA_LINK_NONE;

    for (size_t i = 0; i < map->n_nics; i++) {
        const struct rca_nic *other = &map->nics[i];

        if (other->netns == nic->netns || !is_veth(other) ||
            other->link.nsid < 0 || other->link.index != nic->link.peer ||
            other->link.peer != nic->link.index)
            continue;
        if (found != RCA_LINK_NONE)
            return RCA_LINK_NONE;
        found = i;
    }
    return found;
}

static size_t find_peer(const struct rca_link_map *map,
                        const struct rca_nic *nic)
{
    size_t found = RCA_LINK_NONE;

    if (!is_veth(nic))
        return RCA_LINK_NONE;
    if (nic->link.nsid < 0)
        found = rca_link_map_find(map, nic->netns, nic->link.peer);
    else if (nic->peer_netns)
        found = rca_link_map_find(map, nic->peer_netns, nic->link.peer);
    else
        found = find_mirror(map, nic);
    /* what the other end says must agree */
    if (found != RCA_LINK_NONE && map->nics[found].link.peer != nic->link.index)
        return RCA_LINK_NONE;
    return found;
}

/* An interface may name itself (a tunnel that is bound to none does). */
static size_t find_lower(const struct rca_link_map *map,
                         const struct rca_nic *nic)
{
    const uint64_t netns = nic->link.nsid < 0 ? nic->netns : nic->peer_netns;

    if (is_veth(nic) || nic->link.peer <= 0 || !netns ||
        (netns == nic->netns && nic->link.peer == nic->link.index))
        return RCA_LINK_NONE;
    return rca_link_map_find(map, netns, nic->link.peer);
}

void rca_link_map_pair(struct rca_link_map *map)
{
    if (map->n_nics)
        qsort(map->nics, map->n_nics, sizeof *map->nics, compare_nics);
    if (map->n_addrs)
        qsort(map->addrs, map->n_addrs, sizeof *map->addrs, compare_addrs);
    for (size_t i = 0; i < map->n_nics; i++) {
        struct rca_nic *nic = &map->nics[i];

        nic->peer = find_peer(map, nic);
        nic->lower = find_lower(map, nic);
        if (nic->link.master > 0)
            nic->master = rca_link_map_find(map, nic->netns, nic->link.master);
    }
}

uint64_t rca_link_map_packets(const struct rca_link_map *map, uint64_t netns)
{
    uint64_t n = 0;

    for (size_t i = 0; i < map->n_nics; i++) {
        const struct rca_traffic *stats = &map->nics[i].link.stats;

        if (map->nics[i].netns == netns)
            n += stats->receive_packets + stats->transmit_packets;
    }
    return n;
}

static int family_of(int family, const unsigned char addr[16],
                     unsigned char ret_addr[16])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

    memset(ret_addr, 0, 16);
    if (family == AF_INET6 && memcmp(addr, mapped, sizeof mapped) == 0) {
        memcpy(ret_addr, addr + sizeof mapped, 4);
        return AF_INET;
    }
    memcpy(ret_addr, addr, family == AF_INET ? 4 : 16);
    return family;
}

size_t rca_link_map_owner(const struct rca_link_map *map, uint64_t netns,
                          int family, const unsigned char addr[16])
{
    struct rca_nic_addr key = {.netns = netns};
    size_t low = 0, high = map->n_addrs;

    key.own.family = family_of(family, addr, key.own.addr);
    while (low < high) { /* the first that is not before the key */
        size_t middle = low + (high - low) / 2;

        if (compare_addrs(&map->addrs[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == map->n_addrs || map->addrs[low].netns != netns ||
        map->addrs[low].own.family != key.own.family ||
        memcmp(map->addrs[low].own.addr, key.own.addr, 16) != 0)
        return RCA_LINK_NONE;
    return rca_link_map_find(map, netns, map->addrs[low].own.index);
}
