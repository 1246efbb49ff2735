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
 * are counted.
 *
 * Source: IETF, draft-ietf-opsawg-pcapng; link types: draft-ietf-opsawg-
 * pcaplinktype.
 */

#include <stdio.h>

#include "collector/map.h"
#include "collector/trace/file.h"

/** struct rca_pcapng - @left_out: events without bytes; all-zero is none */
struct rca_pcapng {
    FILE *out; /* the caller's */
    const struct rca_trace_names *names; /* the caller's */
    uint64_t packets, left_out;
    uint32_t n_interfaces;
    struct rca_map interfaces;
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
void rca_pcapng_done(struct rca_pcapng *pcapng);
