/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What a person typed is read in four ways, the plainest first, and the first
 * way that finds anything holds. A name may hold '/' and '@', so nothing is
 * split beforehand: each entity is asked whether the text can be its own.
 */

#include <string.h>

#include "graph/base/err.h"
#include "graph/base/name.h"
#include "graph/graph.h"

enum { MOST_CANDIDATES = 16, MOST_NEAREST = 5 };

/* what follows "KIND/" in @text, or NULL if it does not begin so */
static const char *skip_kind(const char *text, enum rca_kind kind)
{
    const char *name = rca_kind_name(kind);
    const size_t n = strlen(name);

    return !strncmp(text, name, n) && text[n] == '/' ? text + n + 1 : NULL;
}

/* "name", "kind/name", "name@host", "kind/name@host" for @reading 0 to 3 */
static _Bool fits(const struct rca_entity *entity, const char *text,
                  unsigned reading)
{
    const size_t n = strlen(entity->name);

    if (reading & 1U)
        text = skip_kind(text, entity->kind);
    if (!text)
        return 0;
    if (!(reading & 2U))
        return !strcmp(text, entity->name);
    return !strncmp(text, entity->name, n) && text[n] == '@' &&
           !strcmp(text + n + 1, entity->host);
}

/* how many fit, and the first of them */
static size_t collect_fits(const struct rca_graph *g, const char *text,
                           unsigned reading, uint32_t list[MOST_CANDIDATES])
{
    size_t n = 0;

    for (uint32_t v = 0; v < rca_graph_size(g); v++) {
        if (!fits(rca_graph_entity(g, v), text, reading))
            continue;
        if (n < MOST_CANDIDATES)
            list[n] = v;
        n++;
    }
    return n;
}

/* the only node of @kind that fits, if there is exactly one; else how many */
static size_t count_kind(const struct rca_graph *g, const char *text,
                         unsigned reading, enum rca_kind kind, uint32_t *ret)
{
    size_t n = 0;

    for (uint32_t v = 0; v < rca_graph_size(g); v++) {
        const struct rca_entity *entity = rca_graph_entity(g, v);

        if (entity->kind == kind && fits(entity, text, reading)) {
            *ret = v;
            n++;
        }
    }
    return n;
}

static int choose(const struct rca_graph *g, const char *text, unsigned reading,
                  uint32_t *ret_node)
{
    uint32_t node = 0;
    size_t n = count_kind(g, text, reading, RCA_KIND_SERVICE, &node);

    if (!n)
        n = count_kind(g, text, reading, RCA_KIND_CLIENT, &node);
    if (n != 1)
        return RCA_EAMBIGUOUS;
    *ret_node = node;
    return 0;
}

/* --- did you mean --------------------------------------------------------- */

struct near {
    uint32_t node;
    size_t edits;
};

static _Bool contains(const char *name, const char *word)
{
    return *word && strstr(name, word);
}

/* edits between what was typed and the entity's name; a part of it counts 1 */
static size_t count_edits(const struct rca_entity *entity, const char *text)
{
    const char *bare = skip_kind(text, entity->kind);
    char word[RCA_NAME_MAX + 1];
    size_t edits = rca_name_distance(text, entity->name), other;
    size_t n;

    bare = bare ? bare : text;
    n = strcspn(bare, "@");
    n = n < RCA_NAME_MAX ? n : RCA_NAME_MAX;
    memcpy(word, bare, n);
    word[n] = '\0';
    other = rca_name_distance(word, entity->name);
    edits = other < edits ? other : edits;
    return edits > 1 && contains(entity->name, word) ? 1 : edits;
}

/* keep the @n of the list sorted by edits, an equal one before; returns n */
static size_t insert_near(struct near list[MOST_NEAREST], size_t n,
                          struct near add)
{
    size_t i = n;

    while (i > 0 && list[i - 1].edits > add.edits)
        i--;
    if (i == MOST_NEAREST)
        return n;
    n += n < MOST_NEAREST;
    memmove(list + i + 1, list + i, (n - 1 - i) * sizeof(*list));
    list[i] = add;
    return n;
}

static size_t find_nearest(const struct rca_graph *g, const char *text,
                           uint32_t list[MOST_CANDIDATES])
{
    const size_t limit = strlen(text) / 3 > 1 ? strlen(text) / 3 : 1;
    struct near nearest[MOST_NEAREST];
    size_t n = 0;

    for (uint32_t v = 0; v < rca_graph_size(g); v++) {
        const struct near add = {v, count_edits(rca_graph_entity(g, v), text)};

        if (add.edits <= limit)
            n = insert_near(nearest, n, add);
    }
    for (size_t i = 0; i < n; i++)
        list[i] = nearest[i].node;
    return n;
}

int rca_graph_match(const struct rca_graph *g, const char *text,
                    uint32_t *ret_node, uint32_t ret_list[MOST_CANDIDATES],
                    size_t *ret_n)
{
    for (unsigned reading = 0; reading < 4; reading++) {
        const size_t n = collect_fits(g, text, reading, ret_list);

        if (!n)
            continue;
        *ret_n = n < MOST_CANDIDATES ? n : MOST_CANDIDATES;
        if (n > 1)
            return choose(g, text, reading, ret_node);
        *ret_node = ret_list[0];
        return 0;
    }
    *ret_n = find_nearest(g, text, ret_list);
    return RCA_EUNKNOWN;
}
