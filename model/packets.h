/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * packets - what a short capture says beside an explanation: where the packets
 * of what is explained die. Evidence, no part of the ranking (docs/DECISIONS.md).
 */

#include "graph/base/base.h"

struct rca_explanation;

#define RCA_DEATHS_MAX 8

/**
 * struct rca_packet_death - where packets of the flow died; NULL or 0 where it is
 * not known
 * @rule:    as the entity is named ("web:filter/input/2"); @text: as nft prints it
 * @netns:   "host": the machine's own; @device: its name there
 * @service: that listens at the packets' one end; @place: function of the kernel
 */
struct rca_packet_death {
    const char *reason, *rule, *text, *device, *netns, *service, *place;
    uint64_t packets;
};

/**
 * struct rca_packets - a short capture of the packets of what is explained
 * @filter:  in pcap-filter(7)'s language; @what: in words: "web port 8080"
 * @packets: different ones seen; @lost: events that were lost
 * @died:    of these, without what nobody missed: what a connection had left when
 *           it was closed, data that came twice, frames for others
 * @deaths:  most packets first; @others: packets that died in other ways
 * @unseen:  why nothing or not all could be captured, or NULL; with @packets 0
 *           and @to == @from there was no capture
 */
struct rca_packets {
    const char *filter, *what, *unseen;
    rca_time from, to;
    uint64_t packets, died, lost, others;
    size_t n_deaths;
    struct rca_packet_death deaths[RCA_DEATHS_MAX];
};

/** rca_explanation_set_packets() - copy in what was captured, in place of what
 * was there; @packets NULL: nothing. 0; -ENOMEM: @explanation is unchanged. O(text). */
RCA_MUST_CHECK int rca_explanation_set_packets(
    struct rca_explanation *explanation, const struct rca_packets *packets);
