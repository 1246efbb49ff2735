/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/map.h"

#include <errno.h>
#include <string.h>

#define FIRST_CAP 64 /* slots; any power of two does */

/* FNV-1a (Fowler, Noll, Vo), finished so that low bits depend on all. */
static uint64_t hash_bytes(const unsigned char *key, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        h = (h ^ key[i]) * UINT64_C(0x100000001b3);
    return h ^ (h >> 32);
}

/* The key's slot, or the free one where it would go; needs a free slot. */
static size_t probe(const struct rca_map *map, uint64_t hash, const void *key,
                    size_t len)
{
    size_t i = hash & (map->cap - 1);

    while (map->slots[i].key) {
        const struct rca_map_slot *s = &map->slots[i];

        if (s->hash == hash && s->len == len && !memcmp(s->key, key, len))
            break;
        i = (i + 1) & (map->cap - 1);
    }
    return i;
}

static int grow(struct rca_map *map)
{
    struct rca_map wide = {.cap = map->cap ? 2 * map->cap : FIRST_CAP,
                           .n = map->n};

    wide.slots = calloc(wide.cap, sizeof(*wide.slots));
    if (!wide.slots)
        return -ENOMEM;
    for (size_t i = 0; i < map->cap; i++) {
        const struct rca_map_slot *s = &map->slots[i];

        if (s->key)
            wide.slots[probe(&wide, s->hash, s->key, s->len)] = *s;
    }
    free(map->slots);
    *map = wide;
    return 0;
}

void rca_map_done(struct rca_map *map)
{
    for (size_t i = 0; i < map->cap; i++)
        free(map->slots[i].key);
    free(map->slots);
    *map = (struct rca_map){0};
}

int rca_map_set(struct rca_map *map, const void *key, size_t len,
                uint32_t value)
{
    const uint64_t hash = hash_bytes(key, len);
    struct rca_map_slot *s;
    char *copy;

    if (4 * (map->n + 1) > 3 * map->cap && grow(map))
        return -ENOMEM;
    s = &map->slots[probe(map, hash, key, len)];
    if (s->key) {
        s->value = value;
        return 0;
    }
    copy = malloc(len ? len : 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, key, len);
    *s = (struct rca_map_slot){hash, copy, (uint32_t)len, value};
    map->n++;
    return 0;
}

_Bool rca_map_get(const struct rca_map *map, const void *key, size_t len,
                  uint32_t *ret_value)
{
    const struct rca_map_slot *s;

    if (!map->cap)
        return 0;
    s = &map->slots[probe(map, hash_bytes(key, len), key, len)];
    if (s->key)
        *ret_value = s->value;
    return s->key != NULL;
}

void rca_map_del(struct rca_map *map, const void *key, size_t len)
{
    const size_t mask = map->cap - 1;
    size_t hole, i;

    if (!map->cap)
        return;
    hole = probe(map, hash_bytes(key, len), key, len);
    if (!map->slots[hole].key)
        return;
    free(map->slots[hole].key);
    map->slots[hole] = (struct rca_map_slot){0};
    map->n--;

    /* close the gap: move back what had probed past it (Knuth 6.4, R) */
    for (i = (hole + 1) & mask; map->slots[i].key; i = (i + 1) & mask) {
        const size_t home = map->slots[i].hash & mask;

        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        map->slots[hole] = map->slots[i];
        map->slots[i] = (struct rca_map_slot){0};
        hole = i;
    }
}
