/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * sock_queue - the book's listeners: how full a service's accept queue is, and
 * services that nobody has called yet.
 */

#include <errno.h>
#include <string.h>

#include "collector/sock_book_own.h"

/* Several sockets may listen for one service: the fullest queue is the one that
 * turns connections away. */
static void note_queue(struct rca_sock_tally *t,
                       const struct rca_sock_listener *l)
{
    const uint64_t now = (uint64_t)l->queue * t->queue_limit;
    const uint64_t then = (uint64_t)t->queue * l->limit;

    if (!t->listens || now > then) {
        t->queue = l->queue;
        t->queue_limit = l->limit;
    }
    t->listens = 1;
    t->listen_drops += l->drops;
}

int rca_sock_book_listener(struct rca_sock_book *book,
                           const struct rca_observer *obs,
                           const struct rca_sock_listener *listener)
{
    const struct rca_sock_service *s;
    uint32_t at;

    if (book->stale) /* services are about to be numbered anew */
        return 0;
    at = rca_sock_serving(book, &listener->key);
    if (at == RCA_SOCK_NONE_YET)
        return 0;
    s = &book->services[at];
    if (s->party == RCA_SOCK_NONE_YET)
        return 0;
    book->links[s->link].changed = rca_observer_now(obs);
    note_queue(book->parties[s->party].tally, listener);
    return 1;
}

int rca_sock_book_idle(struct rca_sock_book *book,
                       const struct rca_sock_listen_key *where,
                       const struct rca_sock_owner_id *owner)
{
    const struct rca_sock_edge none = {
        .pid = owner->pid, .uts = owner->uts, .coarse = 1};
    struct rca_sock_key key = {.cgroup = owner->cgroup,
                               .netns = where->netns,
                               .port = where->port,
                               .role = RCA_SOCK_SERVER,
                               .family = where->family};
    uint32_t at;

    memcpy(key.local, where->local, sizeof(key.local));
    memcpy(key.comm, owner->comm, sizeof(key.comm));
    if (rca_map_get(&book->by_key, &key, sizeof(key), &at))
        return 0; /* it counts what nobody else has room for */
    return rca_sock_book_feed(book, &key, &none);
}
