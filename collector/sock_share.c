/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * sock_share - only the server knows which replies were errors, and which had
 * to be sent twice; its callers share them by the requests that each made since
 * the last tick.
 *
 * Callers of a server's link are those with the same pair of addresses, or with
 * one that is translated into it. They are looked up in an index that is made
 * in ticks in which there is something to share: O(links), not their square.
 */

#include <errno.h>
#include <string.h>

#include "collector/sock_book_own.h"

/** struct pair - addresses and port as the server has them */
struct pair {
    uint32_t local[4], remote[4];
    uint16_t port;
    uint16_t family;
};

/** struct caller - a client's link; @next: of the same pair */
struct caller {
    uint32_t link;
    uint32_t next;
};

struct index {
    struct rca_map first; /* pair -> callers */
    struct caller *callers; /* owned */
    size_t n, cap;
};

static void index_done(struct index *index)
{
    rca_map_done(&index->first);
    free(index->callers);
}

/* @swap: of a client's key */
static struct pair pair_of(const struct rca_sock_key *key, _Bool swap)
{
    struct pair p = {.port = key->port, .family = key->family};

    memcpy(p.local, swap ? key->remote : key->local, sizeof(p.local));
    memcpy(p.remote, swap ? key->local : key->remote, sizeof(p.remote));
    return p;
}

static int add_caller(struct index *index, const struct rca_sock_key *key,
                      uint32_t link)
{
    const struct pair p = pair_of(key, 1);
    const uint32_t n = (uint32_t)index->n;
    uint32_t first = RCA_SOCK_NONE_YET;

    (void)rca_map_get(&index->first, &p, sizeof(p), &first);
    if (rca_sock_grow(&index->callers, &index->cap, n,
                      sizeof(*index->callers)) ||
        rca_map_set(&index->first, &p, sizeof(p), n))
        return -ENOMEM;
    index->callers[n] = (struct caller){.link = link, .next = first};
    index->n++;
    return 0;
}

static int add_client(struct index *index, const struct rca_sock_book *book,
                      uint32_t link)
{
    const struct rca_sock_key *key = &book->links[link].key;
    uint32_t nat = rca_sock_nat_first(book, key);
    int r = add_caller(index, key, link);

    for (; !r && nat != RCA_SOCK_NONE_YET; nat = book->nats[nat].next) {
        const struct rca_sock_key real = rca_sock_nat_server(book, key, nat);

        r = add_caller(index, &real, link);
    }
    return r;
}

static int make_index(struct index *index, const struct rca_sock_book *book)
{
    int r = 0;

    for (uint32_t i = 0; !r && i < book->n_links; i++) {
        const struct rca_sock_link *l = &book->links[i];

        if (l->key.role == RCA_SOCK_CLIENT && l->call != RCA_SOCK_NONE_YET &&
            l->next->sum.requests != l->prev->sum.requests)
            r = add_client(index, book, i);
    }
    return r;
}

static double requests_since(const struct rca_sock_link *l)
{
    return (double)(l->next->sum.requests - l->prev->sum.requests);
}

static void add_part(struct rca_sock_book *book, const struct rca_sock_link *l,
                     double errors, double retransmits)
{
    book->parties[l->call].tally->errors += errors;
    book->parties[l->call].tally->reply_retransmits += retransmits;
    if (book->parties[l->self].kind == RCA_KIND_CLIENT)
        book->parties[l->self].tally->errors += errors;
}

static void share_link(struct rca_sock_book *book, const struct index *index,
                       const struct rca_sock_link *server)
{
    const struct rca_sock_sum *now = &server->next->sum;
    const struct rca_sock_sum *then = &server->prev->sum;
    const struct pair p = pair_of(&server->key, 0);
    uint32_t first, i;
    double total = 0;

    if (!index->callers || !rca_map_get(&index->first, &p, sizeof(p), &first))
        return;
    for (i = first; i != RCA_SOCK_NONE_YET; i = index->callers[i].next)
        total += requests_since(&book->links[index->callers[i].link]);
    for (i = first; i != RCA_SOCK_NONE_YET; i = index->callers[i].next) {
        const struct rca_sock_link *l = &book->links[index->callers[i].link];
        const double part = requests_since(l) / total;

        add_part(book, l, part * (double)(now->errors - then->errors),
                 part * (double)(now->retransmits - then->retransmits));
    }
}

static _Bool has_to_share(const struct rca_sock_link *l)
{
    return l->key.role == RCA_SOCK_SERVER && l->age > 0 &&
           l->self != RCA_SOCK_NONE_YET &&
           (l->next->sum.errors != l->prev->sum.errors ||
            l->next->sum.retransmits != l->prev->sum.retransmits);
}

int rca_sock_share(struct rca_sock_book *book)
{
    struct index index RCA_CLEANUP(index_done) = {0};
    _Bool any = 0;
    int r;

    for (size_t i = 0; !any && i < book->n_links; i++)
        any = has_to_share(&book->links[i]);
    if (!any)
        return 0;
    r = make_index(&index, book);
    if (r)
        return r;
    for (size_t i = 0; i < book->n_links; i++) {
        if (has_to_share(&book->links[i]))
            share_link(book, &index, &book->links[i]);
    }
    return 0;
}
