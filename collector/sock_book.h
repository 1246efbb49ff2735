/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sock_book - from the kernel side's counts of sockets to services, clients
 * and calls.
 *
 * A *link* is one side of all connections between two addresses, as the kernel
 * side counts it. The book finds out which service or client a link belongs
 * to, joins the two halves of a call that are both on this host, and keeps a
 * growing *tally* for each entity. It does no I/O: whoever reads the kernel
 * side's map feeds it, and tests do.
 */

#include "bpf/events_sock.h"
#include "collector/config.h"
#include "collector/map.h"
#include "collector/observer.h"
#include "collector/sock_diag.h"
#include "collector/sock_name.h"

#define RCA_SOCK_NONE_YET UINT32_MAX
/** Name of the entity that stands for all beyond the limit of its kind. */
#define RCA_SOCK_OTHER "other"
/** Links that have not changed for so long are forgotten. */
#define RCA_SOCK_IDLE (600 * RCA_SECOND)

/** struct rca_sock_tally - growing, but for the tick's own: @max_ns, @rtt_*,
 * @queue* */
struct rca_sock_tally {
    uint64_t requests, sent, received;
    uint64_t connections, failures, resets, retransmits;
    double reply_retransmits; /* shared out, too */
    uint64_t refused, timed_out; /* of failures */
    uint64_t resets_sent, vanished; /* of resets */
    _Bool failures_known, resets_known; /* kinds were reported before */
    double errors; /* shared out among callers, so not whole */
    uint64_t sum_ns[RCA_SOCK_TIMES];
    uint64_t bucket[RCA_SOCK_TIMES][RCA_LATENCY_BUCKETS];
    uint64_t max_ns[RCA_SOCK_TIMES];
    double rtt_us;
    unsigned rtt_n;
    uint64_t listen_drops;
    uint32_t queue, queue_limit; /* of the tick: of the fullest listener */
    _Bool listens; /* in this tick */
};

/** struct rca_sock_party - a service, client, call or peer
 * @from, @to: of a call: parties
 * @active:    a link of this tick belongs to it */
struct rca_sock_party {
    enum rca_kind kind;
    char *name; /* owned */
    struct rca_sock_tally *tally; /* owned */
    uint32_t from, to;
    rca_id id;
    _Bool active;
    rca_time last; /* tick in which it was active */
    uint64_t cgroup, netns; /* reported last in this tick */
};

/** struct rca_sock_word - a name, and the ports that services of it have */
struct rca_sock_word {
    char *text; /* owned */
    unsigned port;
    _Bool many;
};

/** struct rca_sock_service - one port of one workload in one namespace; @link:
 * a server's of it */
struct rca_sock_service {
    uint32_t netns;
    unsigned port;
    uint32_t word;
    uint32_t party;
    uint32_t link;
};

/** struct rca_sock_link - numbers are indexes into the book's arrays, or
 * RCA_SOCK_NONE_YET
 * @word:    name of the owner; @service: that it serves or calls
 * @self:    service or client; @call: of a client; @peer: outside caller
 * @nat:     that leads to @service
 * @changed: tick in which it last counted anything; @age: ticks */
struct rca_sock_link {
    struct rca_sock_key key;
    struct rca_sock_edge *prev, *next; /* owned */
    uint32_t word, service, self, call, peer;
    uint32_t nat;
    rca_time changed;
    unsigned age;
};

/** struct rca_sock_nat - a translation; @next: of the same caller's view, or
 * RCA_SOCK_NONE_YET */
struct rca_sock_nat {
    struct rca_nat_key key;
    uint32_t next;
};

struct rca_sock_book {
    const struct rca_config *config; /* borrowed */
    uint32_t own_uts;
    rca_time now;
    size_t n_kind[RCA_KIND_COUNT]; /* parties */
    struct rca_sock_link *links; /* owned, as all below */
    size_t n_links, cap_links;
    struct rca_sock_party *parties;
    size_t n_parties, cap_parties;
    struct rca_sock_service *services;
    size_t n_services, cap_services;
    struct rca_sock_word *words;
    size_t n_words, cap_words;
    struct rca_map by_key; /* links */
    struct rca_map by_party, by_word, by_service;
    struct rca_map where; /* see sock_join.c */
    struct rca_map nodes; /* UTS inode -> word */
    struct rca_sock_nat *nats; /* see sock_nat.c, as the maps below */
    size_t n_nats, cap_nats;
    struct rca_map by_nat, by_caller;
    uint64_t nats_dropped;
    _Bool stale; /* a service is new: who calls whom must be found anew */
};

/** rca_sock_book_init() - @config is borrowed and may be NULL; @own_uts: inode
 * of the host's UTS namespace */
void rca_sock_book_init(struct rca_sock_book *book,
                        const struct rca_config *config, uint32_t own_uts);
void rca_sock_book_done(struct rca_sock_book *book);

/** rca_sock_book_node() - @uts calls itself @name; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_sock_book_node(struct rca_sock_book *book, uint32_t uts,
                                      const char *name);

/** rca_sock_book_feed() - what the kernel side says now of @key; 0, -ENOMEM */
RCA_MUST_CHECK int rca_sock_book_feed(struct rca_sock_book *book,
                                      const struct rca_sock_key *key,
                                      const struct rca_sock_edge *edge);

/** Translations that are kept; beyond it all are forgotten and learned anew. */
#define RCA_SOCK_NATS_MAX 16384

/** rca_sock_book_nat() - before a report: a translation of addresses; known
 * ones cost nothing. O(1), but the next report finds all callees anew if it is
 * new. Return: 0 or -ENOMEM. */
RCA_MUST_CHECK int rca_sock_book_nat(struct rca_sock_book *book,
                                     const struct rca_nat_key *key);

/**
 * rca_sock_book_listener() - before a report: a listener as of now
 * @listener: its drops are those since it was last told with success
 *
 * A service that listens is kept however long nobody calls it. O(1). Return: 1;
 * 0 if no service is known there, or not in this tick.
 */
RCA_MUST_CHECK int rca_sock_book_listener(
    struct rca_sock_book *book, const struct rca_observer *obs,
    const struct rca_sock_listener *listener);
/** rca_sock_book_idle() - make the service known that @owner, which listens
 * there, will be; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_sock_book_idle(struct rca_sock_book *book,
                                      const struct rca_sock_listen_key *where,
                                      const struct rca_sock_owner_id *owner);

/**
 * rca_sock_book_report() - report the tick: entities, edges, values, ends
 * @epoch: whose maxima belong to this tick
 *
 * O(links), more in a tick that brings a new service. Return: 0 or -ENOMEM;
 * then what was not counted is counted in the next tick.
 */
RCA_MUST_CHECK int rca_sock_book_report(struct rca_sock_book *book,
                                        struct rca_observer *obs,
                                        uint32_t epoch);

/** rca_sock_book_expire() - forget one link that has not changed since
 * @before. Return: whether there was one; it is then in @ret_key. */
_Bool rca_sock_book_expire(struct rca_sock_book *book, rca_time before,
                           struct rca_sock_key *ret_key);
