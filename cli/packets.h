/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * packets - what a short capture (struct rca_packets) says, in words, the same
 * in text and picture; and to which entity of the answer the deaths belong. It
 * never changes the ranking: where it speaks against it, it says so.
 *
 * What is appended to @buf is nothing where there is nothing to say.
 */

#include "graph/base/buf.h"
#include "model/explain.h"

/** rca_packets_captured() - whether there was a capture at all */
_Bool rca_packets_captured(const struct rca_packets *p);

/** rca_packets_place() - where: "rule web:filter/input/2", "no_socket in web" */
void rca_packets_place(struct rca_buf *buf, const struct rca_packet_death *d);

/** rca_packets_words() - "312 of 15,204 of web port 8080 died in 5 s: 300 by rule
 * ..., 12 otherwise"; at most @most ways to die are told apart */
void rca_packets_words(struct rca_buf *buf, const struct rca_packets *p,
                       size_t most);

/** rca_packets_owner() - the card to which @death belongs: the rule, else the
 * device, else what holds them; a cause before others. Index of a node, or
 * n_nodes: none of them. O(nodes). */
size_t rca_packets_owner(const struct rca_explanation *e,
                         const struct rca_packet_death *death);

/** rca_packets_card() - what the card of @node has: "312 packets died here:
 * netfilter_drop" */
void rca_packets_card(struct rca_buf *buf, const struct rca_explanation *e,
                      size_t node);

/** rca_packets_against() - "most died by ..., which is none of the causes", where
 * it matters: 1 in 200 packets or more */
void rca_packets_against(struct rca_buf *buf, const struct rca_explanation *e);
