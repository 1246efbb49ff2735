/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sock_book_own - what the book's own files do for one another.
 */

#include "collector/sock_book.h"

/** rca_sock_word() - intern a name; rca_sock_party() - find or add an entity;
 * 0 or -ENOMEM */
RCA_MUST_CHECK int rca_sock_word(struct rca_sock_book *book, const char *text,
                                 uint32_t *ret_word);
RCA_MUST_CHECK int rca_sock_party(struct rca_sock_book *book,
                                  enum rca_kind kind, const char *name,
                                  uint32_t *ret_party);
/** rca_sock_grow() - room for one more of @size in *@items; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_sock_grow(void *items, size_t *cap, size_t n,
                                 size_t size);
/** rca_sock_nat_first() - translations of what @client calls: the first;
 * RCA_SOCK_NONE_YET: none */
uint32_t rca_sock_nat_first(const struct rca_sock_book *book,
                            const struct rca_sock_key *client);
/** rca_sock_nat_server() - the client's key as if it called the server itself,
 * with the address that the server sees */
struct rca_sock_key rca_sock_nat_server(const struct rca_sock_book *book,
                                        const struct rca_sock_key *client,
                                        uint32_t nat);

/** rca_sock_share() - what only servers know (errors, retransmits of replies),
 * added to those who called them, by their requests; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_sock_share(struct rca_sock_book *book);

/** rca_sock_serving() - number of the service that listens there, or
 * RCA_SOCK_NONE_YET */
uint32_t rca_sock_serving(const struct rca_sock_book *book,
                          const struct rca_sock_listen_key *where);
/** rca_sock_join() - settle every link's word, service and parties */
RCA_MUST_CHECK int rca_sock_join(struct rca_sock_book *book,
                                 struct rca_observer *obs);
