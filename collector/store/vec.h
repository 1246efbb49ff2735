/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * vec - arrays that grow: struct { T *at; size_t n, cap; }, all-zero is empty,
 * at is owned.
 */

#include <errno.h>

#include "graph/base/base.h"

/** rca_vec_room() - see to room for @want elements; 0 or -ENOMEM */
#define rca_vec_room(v, want)                                                  \
    rca_vec_grow((void **)&(v)->at, &(v)->cap, (want), sizeof(*(v)->at))

/** rca_vec_push() - append a value; 0 or -ENOMEM */
#define rca_vec_push(v, value)                                                 \
    (rca_vec_room((v), (v)->n + 1) ? -ENOMEM                                   \
                                   : (((v)->at[(v)->n++] = (value)), 0))

RCA_MUST_CHECK static inline int rca_vec_grow(void **at, size_t *cap,
                                              size_t want, size_t size)
{
    size_t room = *cap ? *cap : 16;
    void *bigger;

    if (want <= *cap)
        return 0;
    while (room < want)
        room += room / 2;
    if (room > SIZE_MAX / size)
        return -ENOMEM;
    bigger = realloc(*at, room * size);
    if (!bigger)
        return -ENOMEM;
    *at = bigger;
    *cap = room;
    return 0;
}

struct rca_vec_id {
    rca_id *at;
    size_t n, cap;
};

struct rca_vec_key {
    uint64_t *at;
    size_t n, cap;
};

struct rca_vec_time {
    rca_time *at;
    size_t n, cap;
};
