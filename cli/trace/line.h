/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * line - an event of `rca trace` in words, one line each: when, where, at which
 * point, the packet, what the point has to say.
 *
 *   14:02:31.123456 web/eth0       drop        10.0.0.1:5000 > 10.0.0.2:80 ...
 *
 * Names may hold anything; nothing that is appended here holds a control
 * character but the ends of lines.
 */

#include "collector/trace/capture.h"
#include "collector/trace/journey.h"
#include "graph/base/buf.h"

struct rca_trace_answers;

/** struct rca_trace_view - how events are told
 * @names: borrowed
 * @answers: of the recording, borrowed, or NULL (cli/trace/answers.h)
 * @stack: the kernel's stack on lines of its own, where there is one */
struct rca_trace_view {
    const struct rca_trace_names *names;
    const struct rca_trace_answers *answers;
    _Bool utc, colour, stack;
};

/** rca_trace_line() - the event, with its line's end */
void rca_trace_line(const struct rca_trace_view *view,
                    const struct rca_trace_event *event, struct rca_buf *buf);

/** rca_trace_put_time() - "14:02:31.123456" */
void rca_trace_put_time(const struct rca_trace_view *view, uint64_t time,
                        struct rca_buf *buf);
/** rca_trace_put_device() - its name, else its number */
void rca_trace_put_device(const struct rca_trace_view *view, uint32_t netns,
                          uint32_t ifindex, struct rca_buf *buf);
/** rca_trace_put_where() - namespace and device, "web/eth0", padded with blanks
 * to @columns, where a long name of a namespace is shortened; 0: neither is
 * done. rca_trace_put_point() - of an event, likewise */
void rca_trace_put_where(const struct rca_trace_view *view, uint32_t netns,
                         uint32_t ifindex, int columns, struct rca_buf *buf);
void rca_trace_put_point(const struct rca_trace_view *view,
                         const struct rca_trace_event *event, int columns,
                         struct rca_buf *buf);
/** rca_trace_put_packet() - the packet without its numbers of sequence */
void rca_trace_put_packet(const struct rca_trace_event *event,
                          struct rca_buf *buf);
/** rca_trace_put_what() - what the point says: reason and place of a drop, rule
 * and verdict, state of the connection; "" or with two blanks before it */
void rca_trace_put_what(const struct rca_trace_view *view,
                        const struct rca_trace_event *event,
                        struct rca_buf *buf);
/** rca_trace_put_reason() - of a drop; "no reason given" */
void rca_trace_put_reason(const struct rca_trace_view *view, _Bool has_reason,
                          uint32_t reason, struct rca_buf *buf);
/** rca_trace_put_place() - "nf_hook_slow", without an offset; 0 or -ENOENT if
 * it has no name */
int rca_trace_put_place(const struct rca_trace_view *view, uint64_t place,
                        struct rca_buf *buf);
/** rca_trace_put_rule() - 'rule inet filter input 7 "tcp dport 80 drop"', its
 * text at most @columns wide */
void rca_trace_put_rule(const struct rca_trace_view *view,
                        const struct rca_trace_rule *rule, uint32_t netns,
                        int columns, struct rca_buf *buf);
/** rca_trace_family_name() - of NFPROTO_*: "inet"; "?" for others */
const char *rca_trace_family_name(uint32_t family);
/** rca_trace_put_id() - "#12", "#3.12": the processor that gave it first */
void rca_trace_put_id(uint64_t id, struct rca_buf *buf);
/** rca_trace_put_name() - any name, fit to be shown, at most @columns wide */
void rca_trace_put_name(const char *name, int columns, struct rca_buf *buf);
/** rca_trace_put_losses() - "nothing", or "5 (ring full), 2 overruns (netlink)" */
void rca_trace_put_losses(const struct rca_trace_loss *loss,
                          struct rca_buf *buf);
