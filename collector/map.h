/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * map - from a key of any bytes to a number: open addressing with linear
 * probing; keys are copied. All-zero is an empty map.
 */

#include "graph/base/base.h"

struct rca_map_slot {
    uint64_t hash;
    char *key; /* owned; NULL: free slot */
    uint32_t len;
    uint32_t value;
};

struct rca_map {
    struct rca_map_slot *slots; /* owned; @cap of them, a power of two or 0 */
    size_t cap;
    size_t n;
};

void rca_map_done(struct rca_map *map);

/** rca_map_set() - add or replace; 0 or -ENOMEM; O(1) expected */
RCA_MUST_CHECK int rca_map_set(struct rca_map *map, const void *key, size_t len,
                               uint32_t value);
/** rca_map_get() - whether @key is there; @ret_value is set if so */
_Bool rca_map_get(const struct rca_map *map, const void *key, size_t len,
                  uint32_t *ret_value);
/** rca_map_del() - forget @key; fine if it is not there */
void rca_map_del(struct rca_map *map, const void *key, size_t len);
