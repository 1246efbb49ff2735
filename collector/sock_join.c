/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * sock_join - which service or client a link belongs to, and who calls whom.
 *
 * A link's owner is named once its cgroup is known. Services are (namespace,
 * port, name); a new one makes all links look for theirs anew, through the map
 * `where`, which answers with the number of a service:
 *
 *   'P' local, remote, port  the server half of this very pair
 *   'N' netns, local, port   who listens there       'A' the same, any netns
 *   'S' netns, port          at any address of the namespace
 *   'I' pid                  what this process serves
 *   'O' netns, owner         what this workload serves; 'M': several ports
 *   'L' local                (any) one of our addresses
 *   'C' local, remote, port  (any) the client half of this very pair
 *
 * Where addresses are translated (sock_nat.c), a client's pair is also looked
 * up, and placed, as its server has it.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "collector/sock_book_own.h"
#include "graph/base/name.h"

/* Ticks to wait for the cgroup's path, and for the other half of a call. */
#define NAME_TICKS 3
#define PEER_TICKS 3

struct place {
    char tag;
    uint8_t family;
    uint16_t port;
    uint32_t netns;
    uint32_t a[4];
    uint32_t b[4];
};

static int put(struct rca_sock_book *book, const struct place *p,
               uint32_t service)
{
    uint32_t old;

    if (rca_map_get(&book->where, p, sizeof(*p), &old))
        return 0; /* the first one holds */
    return rca_map_set(&book->where, p, sizeof(*p), service);
}

static bool find(const struct rca_sock_book *book, const struct place *p,
                 uint32_t *ret_service)
{
    return rca_map_get(&book->where, p, sizeof(*p), ret_service);
}

static bool is_any(const uint32_t addr[4])
{
    return !(addr[0] | addr[1] | addr[2] | addr[3]);
}

static bool is_loopback(int family, const uint32_t addr[4])
{
    if (family == AF_INET)
        return (ntohl(addr[0]) >> 24) == 127;
    return !(addr[0] | addr[1] | addr[2]) && ntohl(addr[3]) == 1;
}

/* @swap: as the other half has it */
static struct place place_of_pair(char tag, const struct rca_sock_key *key,
                                  bool swap)
{
    struct place p = {.tag = tag, .family = key->family, .port = key->port};

    memcpy(p.a, swap ? key->remote : key->local, sizeof(p.a));
    memcpy(p.b, swap ? key->local : key->remote, sizeof(p.b));
    return p;
}

static struct place place_of_addr(char tag, uint32_t netns,
                                  const struct rca_sock_key *key,
                                  const uint32_t addr[4])
{
    struct place p = {.tag = tag, .family = key->family, .netns = netns};

    p.port = tag == 'L' ? 0 : key->port;
    memcpy(p.a, addr, sizeof(p.a));
    return p;
}

static struct place place_of_owner(char tag, const struct rca_sock_key *key)
{
    struct place p = {.tag = tag, .netns = key->netns};

    memcpy(p.a, &key->cgroup, sizeof(key->cgroup));
    memcpy(p.b, key->comm, sizeof(p.b));
    return p;
}

static bool is_owned(const struct rca_sock_key *key)
{
    return key->comm[0] != '\0';
}

/* --- names ----------------------------------------------------------------- */

static const char *node_of(const struct rca_sock_book *book,
                           const struct rca_sock_link *link)
{
    const uint32_t uts = link->next->uts;
    uint32_t word;

    if (!uts || !rca_map_get(&book->nodes, &uts, sizeof(uts), &word))
        return "";
    return book->words[word].text;
}

static int name_link(struct rca_sock_book *book, struct rca_observer *obs,
                     struct rca_sock_link *link)
{
    const struct rca_sock_key *key = &link->key;
    const struct rca_netns *ns = rca_observer_netns_find(obs, key->netns);
    const char *path = rca_observer_cgroup_path(obs, key->cgroup);
    char comm[RCA_COMM_SIZE + 1] = "";
    char name[RCA_SOCK_NAME_SIZE];
    char clean[RCA_NAME_MAX + 1];

    if (!is_owned(key) || (!path && key->cgroup > 1 && link->age < NAME_TICKS))
        return 0;
    memcpy(comm, key->comm, RCA_COMM_SIZE);
    rca_sock_name(book->config,
                  &(struct rca_sock_owner){
                      .cgroup = path,
                      .node = node_of(book, link),
                      .netns = ns ? ns->name : "",
                      .comm = comm,
                      .port = key->role == RCA_SOCK_SERVER ? key->port : 0,
                  },
                  name);
    return rca_sock_word(book, rca_name_clean(name, clean), &link->word);
}

/* --- services -------------------------------------------------------------- */

static int add_service(struct rca_sock_book *book,
                       const struct rca_sock_link *link, uint32_t *ret_at)
{
    const uint32_t key[3] = {link->key.netns, link->key.port, link->word};
    const uint32_t n = (uint32_t)book->n_services;
    struct rca_sock_word *word = &book->words[link->word];

    if (rca_map_get(&book->by_service, key, sizeof(key), ret_at))
        return 0;
    if (rca_sock_grow(&book->services, &book->cap_services, n,
                      sizeof(*book->services)) ||
        rca_map_set(&book->by_service, key, sizeof(key), n))
        return -ENOMEM;
    book->services[n] =
        (struct rca_sock_service){.netns = link->key.netns,
                                  .port = link->key.port,
                                  .word = link->word,
                                  .party = RCA_SOCK_NONE_YET,
                                  .link = (uint32_t)(link - book->links)};
    book->n_services++;
    if (word->port && word->port != link->key.port)
        word->many = 1;
    word->port = link->key.port;
    *ret_at = n;
    return 0;
}

static int place_server(struct rca_sock_book *book,
                        const struct rca_sock_link *link)
{
    const struct rca_sock_key *key = &link->key;
    const uint32_t at = link->service;
    struct place p[] = {
        place_of_pair('P', key, false),
        place_of_addr('N', key->netns, key, key->local),
        place_of_addr('A', 0, key, key->local),
        {.tag = 'S', .port = key->port, .netns = key->netns},
        {.tag = 'I', .netns = link->next->pid},
        place_of_owner('O', key),
        place_of_addr('L', 0, key, key->local),
    };
    struct place many = place_of_owner('M', key);
    uint32_t first;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(p); i++) {
        if ((p[i].tag == 'A' && is_loopback(key->family, key->local)) ||
            (p[i].tag == 'I' && !p[i].netns))
            continue;
        if (put(book, &p[i], at))
            return -ENOMEM;
    }
    if (find(book, &p[5], &first) && first != at)
        return put(book, &many, at);
    return 0;
}

static int name_service(struct rca_sock_book *book, struct rca_sock_service *s)
{
    const struct rca_sock_word *word = &book->words[s->word];
    char name[RCA_SOCK_NAME_SIZE + 8];

    if (word->many)
        (void)snprintf(name, sizeof(name), "%s:%u", word->text, s->port);
    else
        (void)snprintf(name, sizeof(name), "%s", word->text);
    return rca_sock_party(book, RCA_KIND_SERVICE, name, &s->party);
}

/* --- callers and callees ---------------------------------------------------- */

/* The exact pair first: who listens at the virtual address itself (a proxy)
 * may not be who is reached. */
static uint32_t find_translated(const struct rca_sock_book *book,
                                const struct rca_sock_key *key,
                                uint32_t *ret_nat)
{
    uint32_t nat = rca_sock_nat_first(book, key);

    for (; nat != RCA_SOCK_NONE_YET; nat = book->nats[nat].next) {
        const struct rca_sock_key real = rca_sock_nat_server(book, key, nat);
        const struct place pair = place_of_pair('P', &real, true);
        const struct place addr = place_of_addr('A', 0, &real, real.remote);
        uint32_t at;

        if (!find(book, &pair, &at) && !find(book, &addr, &at))
            continue;
        *ret_nat = nat;
        return at;
    }
    return RCA_SOCK_NONE_YET;
}

static uint32_t find_callee(const struct rca_sock_book *book,
                            const struct rca_sock_key *key, uint32_t *ret_nat)
{
    const struct place p[] = {
        place_of_pair('P', key, true),
        place_of_addr('N', key->netns, key, key->remote),
        place_of_addr('A', 0, key, key->remote),
        {.tag = 'S', .port = key->port, .netns = key->netns},
    };
    const bool loopback = is_loopback(key->family, key->remote);
    uint32_t at;

    if (!loopback && find(book, &p[0], &at))
        return at;
    at = find_translated(book, key, ret_nat);
    if (at != RCA_SOCK_NONE_YET || find(book, &p[1], &at))
        return at;
    if (find(book, &p[loopback ? 3 : 2], &at))
        return at;
    return RCA_SOCK_NONE_YET;
}

uint32_t rca_sock_serving(const struct rca_sock_book *book,
                          const struct rca_sock_listen_key *where)
{
    const struct rca_sock_key key = {.family = where->family,
                                     .port = where->port};
    const struct place here =
        place_of_addr('N', where->netns, &key, where->local);
    const struct place port = {
        .tag = 'S', .port = where->port, .netns = where->netns};
    uint32_t at;

    if (!is_any(where->local) && find(book, &here, &at))
        return at;
    return find(book, &port, &at) ? at : RCA_SOCK_NONE_YET;
}

/* A caller that itself listens is that service. */
static uint32_t find_caller(const struct rca_sock_book *book,
                            const struct rca_sock_link *link)
{
    const struct place process = {.tag = 'I', .netns = link->next->pid};
    const struct place owner = place_of_owner('O', &link->key);
    const struct place many = place_of_owner('M', &link->key);
    uint32_t at, other;

    if (process.netns && find(book, &process, &at))
        return at;
    if (find(book, &owner, &at) &&
        (!find(book, &many, &other) || link->key.cgroup > 1))
        return at;
    return RCA_SOCK_NONE_YET;
}

static int join_call(struct rca_sock_book *book, struct rca_sock_link *link,
                     uint32_t callee)
{
    char name[2 * RCA_NAME_MAX + 3];
    char clean[RCA_NAME_MAX + 1];
    struct rca_sock_party *call;
    int r;

    (void)snprintf(name, sizeof(name), "%s->%s", book->parties[link->self].name,
                   book->parties[callee].name);
    r = rca_sock_party(book, RCA_KIND_CALL, rca_name_clean(name, clean),
                       &link->call);
    if (r)
        return r;
    call = &book->parties[link->call];
    if (strcmp(call->name, RCA_SOCK_OTHER) != 0) {
        call->from = link->self;
        call->to = callee;
    }
    return 0;
}

static int find_peer(struct rca_sock_book *book, const struct rca_sock_key *key,
                     bool port, uint32_t *ret_party)
{
    char addr[INET6_ADDRSTRLEN] = "?";
    char name[INET6_ADDRSTRLEN + 16];

    (void)inet_ntop(key->family, key->remote, addr, sizeof(addr));
    if (!port)
        (void)snprintf(name, sizeof(name), "%s", addr);
    else if (key->family == AF_INET)
        (void)snprintf(name, sizeof(name), "%s:%u", addr, key->port);
    else
        (void)snprintf(name, sizeof(name), "[%s]:%u", addr, key->port);
    return rca_sock_party(book, RCA_KIND_PEER, name, ret_party);
}

/* Nobody took a connection: there is no other half to wait for. */
static bool is_refused(const struct rca_sock_link *link)
{
    return link->next->sum.failures && !link->next->sum.connections;
}

static int join_client(struct rca_sock_book *book, struct rca_sock_link *link)
{
    const uint32_t caller = find_caller(book, link);
    uint32_t callee;
    int r;

    link->service = find_callee(book, &link->key, &link->nat);
    if (link->service == RCA_SOCK_NONE_YET && link->age < PEER_TICKS &&
        !is_refused(link))
        return 0; /* the other half may come yet */
    if (caller == RCA_SOCK_NONE_YET) {
        r = rca_sock_party(book, RCA_KIND_CLIENT, book->words[link->word].text,
                           &link->self);
        if (r)
            return r;
    } else {
        link->self = book->services[caller].party;
    }
    if (is_any(link->key.remote))
        return 0;
    if (link->service == RCA_SOCK_NONE_YET) {
        r = find_peer(book, &link->key, true, &callee);
        if (r)
            return r;
    } else {
        callee = book->services[link->service].party;
    }
    return join_call(book, link, callee);
}

static int join_server(struct rca_sock_book *book, struct rca_sock_link *link)
{
    const struct place half = place_of_pair('C', &link->key, true);
    const struct place ours =
        place_of_addr('L', 0, &link->key, link->key.remote);
    const struct place port = {
        .tag = 'S', .port = link->key.port, .netns = link->key.netns};
    uint32_t any;

    if (link->service == RCA_SOCK_NONE_YET &&
        !find(book, &port, &link->service))
        return 0; /* never used by a process, and nobody else serves there */
    link->self = book->services[link->service].party;
    if (link->age < PEER_TICKS || is_any(link->key.remote) ||
        is_loopback(link->key.family, link->key.remote) ||
        find(book, &half, &any) || find(book, &ours, &any))
        return 0;
    return find_peer(book, &link->key, false, &link->peer);
}

/* --- all of it -------------------------------------------------------------- */

static int name_links(struct rca_sock_book *book, struct rca_observer *obs)
{
    for (size_t i = 0; i < book->n_links; i++) {
        struct rca_sock_link *link = &book->links[i];
        int r;

        if (link->word != RCA_SOCK_NONE_YET)
            continue;
        r = name_link(book, obs, link);
        if (r)
            return r;
        if (link->word != RCA_SOCK_NONE_YET &&
            link->key.role == RCA_SOCK_SERVER)
            book->stale = 1;
    }
    return 0;
}

static bool is_named_server(const struct rca_sock_link *link)
{
    return link->key.role == RCA_SOCK_SERVER && link->word != RCA_SOCK_NONE_YET;
}

static int find_services(struct rca_sock_book *book)
{
    book->n_services = 0;
    rca_map_done(&book->by_service);
    rca_map_done(&book->where);
    for (size_t i = 0; i < book->n_words; i++) {
        book->words[i].port = 0;
        book->words[i].many = 0;
    }
    for (size_t i = 0; i < book->n_links; i++) {
        struct rca_sock_link *link = &book->links[i];

        link->self = link->call = link->peer = RCA_SOCK_NONE_YET;
        link->service = link->nat = RCA_SOCK_NONE_YET;
        if (is_named_server(link) && add_service(book, link, &link->service))
            return -ENOMEM;
    }
    return 0;
}

static int place_all(struct rca_sock_book *book)
{
    int r = find_services(book);

    for (size_t i = 0; !r && i < book->n_services; i++)
        r = name_service(book, &book->services[i]);
    for (size_t i = 0; !r && i < book->n_links; i++) {
        if (is_named_server(&book->links[i]))
            r = place_server(book, &book->links[i]);
    }
    if (!r)
        book->stale = 0;
    return r;
}

static int place_client(struct rca_sock_book *book,
                        const struct rca_sock_link *link)
{
    struct place half = place_of_pair('C', &link->key, false);
    const struct place ours =
        place_of_addr('L', 0, &link->key, link->key.local);
    uint32_t nat = rca_sock_nat_first(book, &link->key);

    if (put(book, &half, 0) || put(book, &ours, 0))
        return -ENOMEM;
    for (; nat != RCA_SOCK_NONE_YET; nat = book->nats[nat].next) {
        const struct rca_sock_key real =
            rca_sock_nat_server(book, &link->key, nat);

        half = place_of_pair('C', &real, false);
        if (put(book, &half, 0))
            return -ENOMEM;
    }
    return 0;
}

static int join_link(struct rca_sock_book *book, struct rca_sock_link *link)
{
    if (link->key.role == RCA_SOCK_CLIENT) {
        if (link->self == RCA_SOCK_NONE_YET && link->word != RCA_SOCK_NONE_YET)
            return join_client(book, link);
        return 0;
    }
    if (link->self == RCA_SOCK_NONE_YET ||
        (link->peer == RCA_SOCK_NONE_YET && link->age == PEER_TICKS))
        return join_server(book, link);
    return 0;
}

int rca_sock_join(struct rca_sock_book *book, struct rca_observer *obs)
{
    int r = name_links(book, obs);

    if (!r && book->stale)
        r = place_all(book);
    for (size_t i = 0; !r && i < book->n_links; i++) {
        if (book->links[i].key.role == RCA_SOCK_CLIENT)
            r = place_client(book, &book->links[i]);
    }
    for (size_t i = 0; !r && i < book->n_links; i++)
        r = join_link(book, &book->links[i]);
    return r;
}
