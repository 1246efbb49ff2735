/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "collector/sock_book_own.h"
#include "graph/base/name.h"

void rca_sock_book_init(struct rca_sock_book *book,
                        const struct rca_config *config, uint32_t own_uts)
{
    *book = (struct rca_sock_book){.config = config, .own_uts = own_uts};
}

static void free_link(struct rca_sock_link *link)
{
    rca_freep(&link->prev);
    rca_freep(&link->next);
}

void rca_sock_book_done(struct rca_sock_book *book)
{
    for (size_t i = 0; i < book->n_links; i++)
        free_link(&book->links[i]);
    for (size_t i = 0; i < book->n_parties; i++) {
        free(book->parties[i].name);
        free(book->parties[i].tally);
    }
    for (size_t i = 0; i < book->n_words; i++)
        free(book->words[i].text);
    free(book->links);
    free(book->parties);
    free(book->services);
    free(book->words);
    rca_map_done(&book->by_key);
    rca_map_done(&book->by_party);
    rca_map_done(&book->by_word);
    rca_map_done(&book->by_service);
    rca_map_done(&book->where);
    rca_map_done(&book->nodes);
    rca_map_done(&book->by_nat);
    rca_map_done(&book->by_caller);
    free(book->nats);
    *book = (struct rca_sock_book){0};
}

int rca_sock_grow(void *items, size_t *cap, size_t n, size_t size)
{
    void **slot = (void **)items;
    const size_t wide = *cap ? 2 * *cap : 16;
    void *moved;

    if (n < *cap)
        return 0;
    moved = realloc(*slot, wide * size);
    if (!moved)
        return -ENOMEM;
    *slot = moved;
    *cap = wide;
    return 0;
}

int rca_sock_word(struct rca_sock_book *book, const char *text,
                  uint32_t *ret_word)
{
    const size_t len = strlen(text);
    const uint32_t n = (uint32_t)book->n_words;
    char *copy RCA_CLEANUP(rca_freep) = NULL;

    if (rca_map_get(&book->by_word, text, len, ret_word))
        return 0;
    copy = strdup(text);
    if (!copy ||
        rca_sock_grow(&book->words, &book->cap_words, n,
                      sizeof(*book->words)) ||
        rca_map_set(&book->by_word, text, len, n))
        return -ENOMEM;
    book->words[n] = (struct rca_sock_word){.text = RCA_TAKE(copy)};
    book->n_words++;
    *ret_word = n;
    return 0;
}

/* --- parties ---------------------------------------------------------------- */

static size_t party_key(enum rca_kind kind, const char *name,
                        char key[RCA_NAME_MAX + 2])
{
    const size_t len = strnlen(name, RCA_NAME_MAX);

    key[0] = (char)kind;
    memcpy(key + 1, name, len);
    return len + 1;
}

/* One that is long gone and whose place is needed. */
static uint32_t idle_party(const struct rca_sock_book *book, enum rca_kind kind)
{
    for (uint32_t i = 0; i < book->n_parties; i++) {
        const struct rca_sock_party *p = &book->parties[i];

        if (p->kind == kind && p->last < book->now - RCA_SOCK_IDLE)
            return i;
    }
    return RCA_SOCK_NONE_YET;
}

static int reuse_party(struct rca_sock_book *book, uint32_t at,
                       const char *name)
{
    struct rca_sock_party *p = &book->parties[at];
    char *copy RCA_CLEANUP(rca_freep) = strdup(name);
    char key[RCA_NAME_MAX + 2];
    size_t len = party_key(p->kind, name, key);

    if (!copy || rca_map_set(&book->by_party, key, len, at))
        return -ENOMEM;
    len = party_key(p->kind, p->name, key);
    rca_map_del(&book->by_party, key, len);
    free(p->name);
    *p->tally = (struct rca_sock_tally){0};
    *p = (struct rca_sock_party){.kind = p->kind,
                                 .name = RCA_TAKE(copy),
                                 .tally = p->tally,
                                 .from = RCA_SOCK_NONE_YET,
                                 .to = RCA_SOCK_NONE_YET,
                                 .last = book->now};
    return 0;
}

static int add_party(struct rca_sock_book *book, enum rca_kind kind,
                     const char *name, uint32_t *ret_party)
{
    const uint32_t n = (uint32_t)book->n_parties;
    char *copy RCA_CLEANUP(rca_freep) = strdup(name);
    struct rca_sock_tally *tally RCA_CLEANUP(rca_freep) = NULL;
    char key[RCA_NAME_MAX + 2];
    const size_t len = party_key(kind, name, key);

    tally = calloc(1, sizeof(*tally));
    if (!copy || !tally ||
        rca_sock_grow(&book->parties, &book->cap_parties, n,
                      sizeof(*book->parties)) ||
        rca_map_set(&book->by_party, key, len, n))
        return -ENOMEM;
    book->parties[n] = (struct rca_sock_party){.kind = kind,
                                               .name = RCA_TAKE(copy),
                                               .tally = RCA_TAKE(tally),
                                               .from = RCA_SOCK_NONE_YET,
                                               .to = RCA_SOCK_NONE_YET,
                                               .last = book->now};
    book->n_parties++;
    book->n_kind[kind]++;
    *ret_party = n;
    return 0;
}

int rca_sock_party(struct rca_sock_book *book, enum rca_kind kind,
                   const char *name, uint32_t *ret_party)
{
    const size_t limit = book->config ? book->config->limit[kind] : 0;
    char key[RCA_NAME_MAX + 2];
    size_t len = party_key(kind, name, key);
    uint32_t idle;
    int r;

    if (rca_map_get(&book->by_party, key, len, ret_party))
        return 0;
    if (!limit || book->n_kind[kind] < limit)
        return add_party(book, kind, name, ret_party);
    idle = idle_party(book, kind);
    if (idle != RCA_SOCK_NONE_YET) {
        r = reuse_party(book, idle, name);
        if (!r)
            *ret_party = idle;
        return r;
    }
    len = party_key(kind, RCA_SOCK_OTHER, key);
    if (rca_map_get(&book->by_party, key, len, ret_party))
        return 0;
    return add_party(book, kind, RCA_SOCK_OTHER, ret_party);
}

/* --- links ------------------------------------------------------------------ */

int rca_sock_book_node(struct rca_sock_book *book, uint32_t uts,
                       const char *name)
{
    uint32_t word;
    int r;

    if (uts == book->own_uts ||
        rca_map_get(&book->nodes, &uts, sizeof(uts), &word))
        return 0;
    r = rca_sock_word(book, name, &word);
    return r ? r : rca_map_set(&book->nodes, &uts, sizeof(uts), word);
}

static int add_link(struct rca_sock_book *book, const struct rca_sock_key *key,
                    uint32_t *ret_at)
{
    const uint32_t n = (uint32_t)book->n_links;
    struct rca_sock_edge *prev RCA_CLEANUP(rca_freep) = NULL;
    struct rca_sock_edge *next RCA_CLEANUP(rca_freep) = NULL;

    prev = calloc(1, sizeof(*prev));
    next = calloc(1, sizeof(*next));
    if (!prev || !next ||
        rca_sock_grow(&book->links, &book->cap_links, n,
                      sizeof(*book->links)) ||
        rca_map_set(&book->by_key, key, sizeof(*key), n))
        return -ENOMEM;
    book->links[n] = (struct rca_sock_link){.key = *key,
                                            .prev = RCA_TAKE(prev),
                                            .next = RCA_TAKE(next),
                                            .word = RCA_SOCK_NONE_YET,
                                            .service = RCA_SOCK_NONE_YET,
                                            .self = RCA_SOCK_NONE_YET,
                                            .nat = RCA_SOCK_NONE_YET,
                                            .call = RCA_SOCK_NONE_YET,
                                            .peer = RCA_SOCK_NONE_YET};
    book->n_links++;
    *ret_at = n;
    return 0;
}

int rca_sock_book_feed(struct rca_sock_book *book,
                       const struct rca_sock_key *key,
                       const struct rca_sock_edge *edge)
{
    uint32_t at;
    int r;

    if (!key->netns) /* found no room, and belongs to nobody */
        return 0;
    if (!rca_map_get(&book->by_key, key, sizeof(*key), &at)) {
        r = add_link(book, key, &at);
        if (r)
            return r;
    }
    *book->links[at].next = *edge;
    return 0;
}

_Bool rca_sock_book_expire(struct rca_sock_book *book, rca_time before,
                           struct rca_sock_key *ret_key)
{
    for (size_t i = 0; i < book->n_links; i++) {
        struct rca_sock_link *link = &book->links[i];
        const size_t last = book->n_links - 1;

        if (link->age == 0 || link->changed >= before)
            continue;
        if (i != last && rca_map_set(&book->by_key, &book->links[last].key,
                                     sizeof(link->key), (uint32_t)i))
            return 0;
        *ret_key = link->key;
        rca_map_del(&book->by_key, ret_key, sizeof(*ret_key));
        free_link(link);
        if (i != last)
            *link = book->links[last];
        book->n_links--;
        book->stale = 1;
        return 1;
    }
    return 0;
}
