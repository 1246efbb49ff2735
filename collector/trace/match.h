/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * match - which packet an nftables trace message is about, and when it was.
 *
 * A RCA_TRACE_RULE event has headers, but neither a packet's id nor a time. Its
 * packet is one of the same namespace whose headers were the same when it was
 * seen: addresses, protocol, IPv4 id and the first 8 bytes of the transport
 * header. NAT may lie between; the headers are those at the rule, so that they
 * are found among those before it or those after it. Packets with equal headers (datagrams
 * without an IPv4 id, of equal content) are taken in their order: a rule's n-th
 * message is about the n-th of them, a verdict of drop about the n-th that was
 * dropped. Such a packet that was seen before messages began can shift this;
 * one that is RCA_TRACE_MATCH_AGE older than the newest event is only taken
 * when there is no other.
 *
 * The time is that of the hook's own event, or of what is nearest to it, and
 * grows from rule to rule of a packet: a drop's is just before that of the drop.
 * Where there are no events of hooks, rules at POSTROUTING come at most
 * RCA_TRACE_MATCH_ROOM ns before the device takes the packet.
 *
 * Pure: no I/O, no clock. Memory is bounded: packets and waiting messages by
 * @max each.
 */

#include "bpf/events_trace.h"
#include "graph/base/err.h"

/* How long a message waits for its packet's events, which come from another
 * buffer: microseconds on an idle host. */
#define RCA_TRACE_MATCH_WAIT (RCA_SECOND / 20)
#define RCA_TRACE_MATCH_AGE (5 * RCA_SECOND)
#define RCA_TRACE_MATCH_ROOM 64
#define RCA_TRACE_MATCH_MAX 32768

struct rca_trace_match;

/** rca_trace_match_new() - @max packets and messages, 0: RCA_TRACE_MATCH_MAX
 * (6 MiB, and 0.7 KiB for each message that waits); 0, -ENOMEM */
RCA_MUST_CHECK int rca_trace_match_new(size_t max,
                                       struct rca_trace_match **ret_match);
void rca_trace_match_free(struct rca_trace_match **match);

/** rca_trace_match_packet() - take note of a packet's event as it arrives, in
 * any order; only those with an id and IPv4 or IPv6 headers count. O(1) */
void rca_trace_match_packet(struct rca_trace_match *match,
                            const struct rca_trace_event *event);

/** rca_trace_match_rule() - copy in a RCA_TRACE_RULE event that was read at
 * @now (nanoseconds since the epoch); 0; -ENOMEM; -ENOSPC (@max are waiting) */
RCA_MUST_CHECK int rca_trace_match_rule(struct rca_trace_match *match,
                                        const struct rca_trace_event *event,
                                        rca_time now);

/**
 * rca_trace_match_due() - hand out messages that have found their packet, with
 * its id and a time, and those that have waited long enough: these have id 0
 * and the time at which they were read
 * @now: as above; RCA_TIME_NONE: it is the end, all are handed out
 * @visit: a negative return ends it, and the message counts as handed out
 *
 * To be called after the packets' events were read that were there when the
 * messages were. O(messages + packets with equal headers), as a rule.
 *
 * Return: 0 or what @visit returned.
 */
typedef int rca_trace_match_visit(void *arg,
                                  const struct rca_trace_event *event);
RCA_MUST_CHECK int rca_trace_match_due(struct rca_trace_match *match,
                                       rca_time now,
                                       rca_trace_match_visit *visit, void *arg);
/** rca_trace_match_waiting() - how many messages wait */
size_t rca_trace_match_waiting(const struct rca_trace_match *match);
