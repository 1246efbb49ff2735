/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/store/names.h"

#include <string.h>

#include "graph/base/err.h"

/*
 * A table of numbers with open addressing; keys are never removed, so there
 * are no tombstones.
 */

void rca_names_done(struct rca_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->at[i].key);
    free(names->at);
    free(names->slots);
    free(names->fresh.at);
    *names = (struct rca_names){0};
}

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo) */
static size_t hash(const char *key, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)key[i]) * UINT64_C(0x100000001b3);
    return (size_t)(h ^ h >> 32);
}

/* The slot that holds the key, or the empty one where it would go. */
static size_t slot_of(const struct rca_names *names, const char *key,
                      size_t len)
{
    size_t mask = names->n_slots - 1;
    size_t i = hash(key, len) & mask;

    for (;; i = (i + 1) & mask) {
        const struct rca_name *name;

        if (names->slots[i] == RCA_ID_NONE)
            return i;
        name = &names->at[names->slots[i]];
        if (name->len == len && memcmp(name->key, key, len) == 0)
            return i;
    }
}

rca_id rca_names_find(const struct rca_names *names, const char *key,
                      size_t len)
{
    return names->n_slots ? names->slots[slot_of(names, key, len)]
                          : RCA_ID_NONE;
}

/* Keep the table at most half full. */
static int make_room(struct rca_names *names)
{
    size_t n = names->n_slots ? names->n_slots * 2 : 64;
    rca_id *slots;

    if ((names->used + 1) * 2 <= names->n_slots)
        return 0;
    slots = malloc(n * sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    memset(slots, 0xff, n * sizeof(*slots)); /* RCA_ID_NONE */
    free(names->slots);
    names->slots = slots;
    names->n_slots = n;
    for (size_t i = 0; i < names->n; i++) {
        const struct rca_name *name = &names->at[i];

        if (name->key)
            slots[slot_of(names, name->key, name->len)] = (rca_id)i;
    }
    return 0;
}

static int put(struct rca_names *names, rca_id id, const char *key, size_t len,
               enum rca_name_state state)
{
    char *copy RCA_CLEANUP(rca_freep) = malloc(len + 1);

    if (!copy || make_room(names) || rca_vec_room(names, (size_t)id + 1))
        return -ENOMEM;
    memcpy(copy, key, len);
    copy[len] = '\0';
    for (; names->n <= id; names->n++)
        names->at[names->n] = (struct rca_name){0};
    names->slots[slot_of(names, key, len)] = id;
    names->at[id] = (struct rca_name){RCA_TAKE(copy), len, state};
    names->used++;
    return 0;
}

int rca_names_set(struct rca_names *names, rca_id id, const char *key,
                  size_t len)
{
    if (rca_names_state(names, id) != RCA_NAME_NONE ||
        rca_names_find(names, key, len) != RCA_ID_NONE)
        return RCA_ECORRUPT;
    return put(names, id, key, len, RCA_NAME_STORED);
}

int rca_names_make(struct rca_names *names, const char *key, size_t len,
                   rca_id max, rca_id *ret_id)
{
    rca_id id = (rca_id)names->n;
    int err;

    /* numbers that expired before this process began are free again */
    if (id >= max) {
        for (id = 0; id < max && names->at[id].key; id++)
            ;
    }
    if (id >= max)
        return -ENOSPC;
    if (rca_vec_room(&names->fresh, names->fresh.n + 1))
        return -ENOMEM;
    err = put(names, id, key, len, RCA_NAME_FRESH);
    if (err)
        return err;
    names->fresh.at[names->fresh.n++] = id;
    *ret_id = id;
    return 0;
}

enum rca_name_state rca_names_state(const struct rca_names *names, rca_id id)
{
    return id < names->n ? names->at[id].state : RCA_NAME_NONE;
}

int rca_names_revive(struct rca_names *names, rca_id id)
{
    if (rca_names_state(names, id) != RCA_NAME_DROPPED)
        return 0;
    if (rca_vec_push(&names->fresh, id))
        return -ENOMEM;
    names->at[id].state = RCA_NAME_FRESH;
    return 0;
}

void rca_names_drop(struct rca_names *names, rca_id id)
{
    if (rca_names_state(names, id) == RCA_NAME_STORED)
        names->at[id].state = RCA_NAME_DROPPED;
}

void rca_names_commit(struct rca_names *names)
{
    for (size_t i = 0; i < names->fresh.n; i++)
        names->at[names->fresh.at[i]].state = RCA_NAME_STORED;
    names->fresh.n = 0;
}
