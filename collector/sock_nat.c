/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * sock_nat - the book's translations of addresses. A caller of a virtual
 * address may reach several servers: all translations of one caller's view are
 * in a list.
 */

#include <errno.h>
#include <string.h>

#include "collector/sock_book_own.h"

/** struct view - of a connection as its caller has it */
struct view {
    uint32_t local[4], remote[4];
    uint16_t port;
    uint16_t family;
};

static struct view view_of(const struct rca_nat_key *key)
{
    struct view v = {.port = key->virtual_port, .family = key->family};

    memcpy(v.local, key->client, sizeof(v.local));
    memcpy(v.remote, key->virtual_addr, sizeof(v.remote));
    return v;
}

static void forget_all(struct rca_sock_book *book)
{
    rca_map_done(&book->by_nat);
    rca_map_done(&book->by_caller);
    book->nats_dropped += book->n_nats;
    book->n_nats = 0;
    for (size_t i = 0; i < book->n_links; i++)
        book->links[i].nat = RCA_SOCK_NONE_YET;
}

int rca_sock_book_nat(struct rca_sock_book *book, const struct rca_nat_key *key)
{
    const struct view v = view_of(key);
    uint32_t at, first = RCA_SOCK_NONE_YET;

    if (rca_map_get(&book->by_nat, key, sizeof(*key), &at))
        return 0;
    if (book->n_nats == RCA_SOCK_NATS_MAX)
        forget_all(book);
    at = (uint32_t)book->n_nats;
    if (rca_sock_grow(&book->nats, &book->cap_nats, at, sizeof(*book->nats)))
        return -ENOMEM;
    (void)rca_map_get(&book->by_caller, &v, sizeof(v), &first);
    if (rca_map_set(&book->by_nat, key, sizeof(*key), at))
        return -ENOMEM;
    if (rca_map_set(&book->by_caller, &v, sizeof(v), at)) {
        rca_map_del(&book->by_nat, key, sizeof(*key));
        return -ENOMEM;
    }
    book->nats[at] = (struct rca_sock_nat){.key = *key, .next = first};
    book->n_nats++;
    book->stale = 1;
    return 0;
}

uint32_t rca_sock_nat_first(const struct rca_sock_book *book,
                            const struct rca_sock_key *client)
{
    struct view v = {.port = client->port, .family = client->family};
    uint32_t at;

    if (!book->n_nats)
        return RCA_SOCK_NONE_YET;
    memcpy(v.local, client->local, sizeof(v.local));
    memcpy(v.remote, client->remote, sizeof(v.remote));
    return rca_map_get(&book->by_caller, &v, sizeof(v), &at)
               ? at
               : RCA_SOCK_NONE_YET;
}

struct rca_sock_key rca_sock_nat_server(const struct rca_sock_book *book,
                                        const struct rca_sock_key *client,
                                        uint32_t nat)
{
    const struct rca_nat_key *n = &book->nats[nat].key;
    struct rca_sock_key key = *client;

    memcpy(key.local, n->seen_as, sizeof(key.local));
    memcpy(key.remote, n->server, sizeof(key.remote));
    key.port = n->port;
    return key;
}
