/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/arena.h"

#include <string.h>

#define CHUNK_BYTES 4096

struct rca_arena_chunk {
    struct rca_arena_chunk *next;
    size_t used, size;
    char text[];
};

static struct rca_arena_chunk *add_chunk(struct rca_arena *arena, size_t need)
{
    const size_t size = need > CHUNK_BYTES ? need : CHUNK_BYTES;
    struct rca_arena_chunk *c = malloc(sizeof(*c) + size);

    if (!c)
        return NULL;
    c->next = arena->head;
    c->used = 0;
    c->size = size;
    arena->head = c;
    return c;
}

const char *rca_arena_text(struct rca_arena *arena, const char *text)
{
    const size_t n = strlen(text) + 1;
    struct rca_arena_chunk *c = arena->head;
    char *copy;

    if (!c || c->size - c->used < n)
        c = add_chunk(arena, n);
    if (!c)
        return NULL;
    copy = c->text + c->used;
    memcpy(copy, text, n);
    c->used += n;
    return copy;
}

void *rca_arena_release(struct rca_arena *arena)
{
    return RCA_TAKE(arena->head);
}

void rca_arena_drop(void *strings)
{
    struct rca_arena_chunk *c = strings;

    while (c) {
        struct rca_arena_chunk *next = c->next;

        free(c);
        c = next;
    }
}

void rca_arena_done(struct rca_arena *arena)
{
    rca_arena_drop(RCA_TAKE(arena->head));
}
