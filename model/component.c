/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Strongly connected components without recursion. Source: R. Tarjan,
 * "Depth-first search and linear graph algorithms", SIAM J. Comput. 1, 1972.
 */

#include <errno.h>
#include <string.h>

#include "model/attribution.h"

struct frame {
    size_t node, next;
};

struct search {
    const struct rca_factor *factors;
    const size_t *parent;
    size_t *component;
    size_t *index, *low; /* 0 = not visited */
    size_t *stack;
    struct frame *frames;
    size_t depth, height, counter, found;
};

static void enter(struct search *s, size_t node)
{
    s->frames[s->depth++] = (struct frame){.node = node};
    s->index[node] = s->low[node] = ++s->counter;
    s->stack[s->height++] = node;
}

static void leave(struct search *s)
{
    const size_t node = s->frames[--s->depth].node;
    size_t member;

    if (s->depth > 0) {
        const size_t above = s->frames[s->depth - 1].node;

        if (s->low[node] < s->low[above])
            s->low[above] = s->low[node];
    }
    if (s->low[node] != s->index[node])
        return;
    do {
        member = s->stack[--s->height];
        s->component[member] = s->found;
    } while (member != node);
    s->found++;
}

static void visit(struct search *s, size_t root)
{
    enter(s, root);
    while (s->depth > 0) {
        struct frame *f = &s->frames[s->depth - 1];
        size_t p;

        if (f->next == s->factors[f->node].box.n) {
            leave(s);
            continue;
        }
        p = s->parent[f->node * RCA_SCENE_PARENTS + f->next++];
        if (s->index[p] == 0)
            enter(s, p);
        else if (s->component[p] == SIZE_MAX && s->index[p] < s->low[f->node])
            s->low[f->node] = s->index[p];
    }
}

int rca_attribution_components(const struct rca_factor *factors,
                               const size_t *parent, size_t n,
                               size_t *ret_component)
{
    size_t *memory RCA_CLEANUP(rca_freep) = calloc(3 * n + 1, sizeof(*memory));
    struct frame *frames RCA_CLEANUP(rca_freep) =
        malloc((n + 1) * sizeof(*frames));
    struct search s = {.factors = factors,
                       .parent = parent,
                       .component = ret_component,
                       .frames = frames};

    if (!memory || !frames)
        return -ENOMEM;
    s.index = memory;
    s.low = memory + n;
    s.stack = memory + 2 * n;
    for (size_t i = 0; i < n; i++)
        ret_component[i] = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (s.index[i] == 0)
            visit(&s, i);
    }
    return 0;
}
