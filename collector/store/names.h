/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * names - which number a key has: entities and series of an open store. A key
 * is any bytes; a number, once given, is not given to another key.
 */

#include "collector/store/vec.h"

enum rca_name_state {
    RCA_NAME_NONE, /* no such number */
    RCA_NAME_FRESH, /* not yet in the file; in the list */
    RCA_NAME_STORED,
    RCA_NAME_DROPPED, /* was deleted from the file; still means the same */
};

/** struct rca_names - all-zero is empty */
struct rca_names {
    struct rca_name *at; /* owned; by number */
    size_t n, cap; /* numbers up to n - 1 */
    rca_id *slots; /* owned; hash table of numbers */
    size_t n_slots, used;
    struct rca_vec_id fresh; /* owned; those in state FRESH */
};

struct rca_name {
    char *key; /* owned, NUL-terminated besides; NULL if there is none */
    size_t len;
    enum rca_name_state state;
};

void rca_names_done(struct rca_names *names);

/** rca_names_find() - number of @key, or RCA_ID_NONE; O(1) expected */
rca_id rca_names_find(const struct rca_names *names, const char *key,
                      size_t len);

/** rca_names_set() - a key that the file holds as @id; both are new to us.
 * Return: 0; -ENOMEM; RCA_ECORRUPT if either is known. */
RCA_MUST_CHECK int rca_names_set(struct rca_names *names, rca_id id,
                                 const char *key, size_t len);

/** rca_names_make() - a fresh number below @max for @key, which is not known.
 * Return: 0, -ENOMEM, -ENOSPC. */
RCA_MUST_CHECK int rca_names_make(struct rca_names *names, const char *key,
                                  size_t len, rca_id max, rca_id *ret_id);

/** rca_names_state() - RCA_NAME_NONE for an unknown @id */
enum rca_name_state rca_names_state(const struct rca_names *names, rca_id id);

/** rca_names_revive() - make a dropped @id fresh; others stay; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_names_revive(struct rca_names *names, rca_id id);

/** rca_names_drop() - @id is no longer in the file */
void rca_names_drop(struct rca_names *names, rca_id id);

/** rca_names_commit() - all fresh ones are in the file now */
void rca_names_commit(struct rca_names *names);
