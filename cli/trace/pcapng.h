/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * pcapng - packet events as a capture file that other programs read.
 *
 * An interface for each device of each namespace ("web/eth0"), and one more for
 * its packets that have no link layer yet ("web/eth0 ip"); times in
 * nanoseconds; of each packet the length that it had, its id (the same wherever
 * it is seen), and what else is known of the event as its comment
 * (cli/trace/comment.h). Events without bytes of a packet cannot be there: they
 * are counted. What rule dropped a packet is an event of its own, remembered for
 * that of the drop: of RCA_PCAPNG_VERDICTS packets at most.
 *
 * Source: IETF, draft-ietf-opsawg-pcapng; link types: draft-ietf-opsawg-
 * pcaplinktype.
 */

#include <stdio.h>

#include "collector/map.h"
#include "collector/trace/file.h"

#define RCA_PCAPNG_VERDICTS 4096

/** struct rca_pcapng_verdict - @id: of the packet, 0: none */
struct rca_pcapng_verdict {
    uint64_t id;
    uint32_t netns;
    struct rca_trace_rule rule;
};

/** struct rca_pcapng - @left_out: events without bytes; all-zero is none */
struct rca_pcapng {
    FILE *out; /* the caller's */
    const struct rca_trace_names *names; /* the caller's */
    uint64_t packets, left_out;
    uint32_t n_interfaces;
    struct rca_map interfaces;
    struct rca_pcapng_verdict *verdicts; /* owned; NULL: none yet */
    struct rca_buf block, text;
};

/** rca_pcapng_begin() - @about: what it was captured with and where; @out and
 * @names live until rca_pcapng_done(). 0, -ENOMEM, -errno */
RCA_MUST_CHECK int rca_pcapng_begin(FILE *out,
                                    const struct rca_trace_names *names,
                                    const struct rca_trace_about *about,
                                    struct rca_pcapng *ret_pcapng);

/** rca_pcapng_put() - 0, -ENOMEM, -errno. O(length of the comment) */
RCA_MUST_CHECK int rca_pcapng_put(struct rca_pcapng *pcapng,
                                  const struct rca_trace_event *event);
/** rca_pcapng_note() - an event that is not to be in the file, for what it says
 * of the packet's drop; in order of time with those that are. 0, -ENOMEM; O(1) */
RCA_MUST_CHECK int rca_pcapng_note(struct rca_pcapng *pcapng,
                                   const struct rca_trace_event *event);
void rca_pcapng_done(struct rca_pcapng *pcapng);
