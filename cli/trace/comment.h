/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * comment - what is known of an event beside the packet's bytes, in one line:
 * "drop: netfilter_drop in nf_hook_slow, ns web, eth0, rule inet filter input
 * handle 7 'udp dport 9 drop', id 12, ct new, service web". Printable UTF-8,
 * whatever the names are, and at most RCA_TRACE_COMMENT_MAX bytes.
 *
 * Only what @names has is named: for a live capture ask for the place first
 * (rca_trace_name_place()).
 */

#include "collector/trace/names.h"
#include "graph/base/buf.h"

#define RCA_TRACE_COMMENT_MAX 2000

/** rca_trace_text_tidy() - make the text printable and at most @max bytes long,
 * cut between characters */
void rca_trace_text_tidy(struct rca_buf *buf, size_t max);

/** rca_trace_comment() - @buf is emptied before; @rule: that decided about the
 * packet, where the event does not say so itself, or NULL */
void rca_trace_comment(const struct rca_trace_event *event,
                       const struct rca_trace_rule *rule,
                       const struct rca_trace_names *names,
                       struct rca_buf *buf);

/** rca_trace_id_text() - append a packet's id: "12"; "3.12", the 12th that
 * processor 3 saw first */
void rca_trace_id_text(uint64_t id, struct rca_buf *buf);

/** rca_trace_interface() - "web/eth0": namespace and device that the event was
 * seen at, by number where there is no name; "web/-" without a device. @buf is
 * emptied before; as above */
void rca_trace_interface(const struct rca_trace_event *event,
                         const struct rca_trace_names *names,
                         struct rca_buf *buf);
