/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * arena - strings that live and die together. All-zero is an empty arena.
 */

#include "graph/base/base.h"

struct rca_arena_chunk;

struct rca_arena {
    struct rca_arena_chunk *head; /* owned */
};

/** rca_arena_text() - a copy of @text that lives as long as the arena; NULL
 * when out of memory */
const char *rca_arena_text(struct rca_arena *arena, const char *text);

/** rca_arena_release() - give the arena's strings to an owner that keeps them
 * as an opaque pointer; rca_arena_drop() frees them (NULL is fine) */
void *rca_arena_release(struct rca_arena *arena);
void rca_arena_drop(void *strings);

/** rca_arena_done() - free all strings and empty the arena */
void rca_arena_done(struct rca_arena *arena);
