/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * capture - packet events of this host, live: loads bpf/trace.bpf.c with the
 * filters in it, and hands out events in the order of their time.
 *
 * Events come from all processors through one ring, and from netlink, which is
 * later: they are held back for RCA_TRACE_HOLD so that they can be sorted. What
 * comes later still is handed out at once, and counted. Memory is bounded: ring
 * and hold have a size; what does not fit is counted as lost. Nothing of the
 * system is changed unless the options allow it, and then it is changed back.
 */

#include "collector/trace/names.h"
#include "collector/trace/point.h"

#define RCA_TRACE_HOLD (RCA_SECOND / 5)
#define RCA_TRACE_FUNCTIONS 16

/** struct rca_trace_options - all-zero with @wanted set is a good start
 * @filter: pcap-filter(7), or NULL; @meta: collector/trace/meta.h, or NULL
 * @wanted, @must: sets of 1 << enum rca_trace_part; one that must work and does
 *                 not makes the start fail
 * @points: set of 1 << enum rca_trace_point to see; 0: all that there are
 * @functions: of the kernel, with a packet among their arguments, that are
 *             points, too (needs kprobes)
 * @buffer: bytes of the ring, a power of 2; 0: 16 MiB. Netlink's likewise.
 * @allow_changes: a rule that marks matching packets for tracing may be added
 *                 to the nftables of the namespaces in question, and sysctls set
 * @without: hooks not to use, comma-separated, or NULL (tests)
 */
struct rca_trace_options {
    const char *filter;
    const char *meta;
    unsigned wanted, must;
    unsigned points;
    const char *functions[RCA_TRACE_FUNCTIONS];
    size_t n_functions;
    size_t buffer;
    _Bool allow_changes;
    const char *without;
};

/** struct rca_trace_feature - whether a part works; @lost: "" when on */
struct rca_trace_feature {
    char name[48]; /* "drops" */
    enum rca_trace_part part;
    _Bool on;
    char how[96]; /* hook in use, or why not */
    char lost[96];
};

/** struct rca_trace_loss - since the start; all 0: the events are complete
 * @ring: the ring was full; @nested: no buffer; @netlink: the socket's was full
 * (overruns, each an unknown number of events); @late: out of order, handed out
 * all the same; @untracked: no room for an id */
struct rca_trace_loss {
    uint64_t ring, nested, netlink, late, untracked;
};

struct rca_trace_stats {
    uint64_t seen, matched; /* before and after the filters, in the kernel */
    struct rca_trace_loss loss;
};

struct rca_trace_capture;

/**
 * rca_trace_open() - load, attach and begin
 * @names: lives longer; filled here, and refreshed while it goes on
 *
 * Return: 0; RCA_ESYNTAX, RCA_EUNKNOWN (a filter, a name); RCA_ENOSUPPORT (no
 *         privilege, or a part that must work does not); -ENOMEM. @diag says
 *         what and why. On failure nothing is left behind.
 */
RCA_MUST_CHECK int rca_trace_open(const struct rca_trace_options *options,
                                  struct rca_trace_names *names,
                                  struct rca_diag *diag,
                                  struct rca_trace_capture **ret_capture);
void rca_trace_close(struct rca_trace_capture **capture);

const struct rca_trace_feature *rca_trace_features(
    const struct rca_trace_capture *capture, size_t *ret_n);

/** rca_trace_visit - a negative return ends the poll, which returns it */
typedef int rca_trace_visit(void *arg, const struct rca_trace_event *event);

/** rca_trace_poll() - wait for at most @timeout_ms and hand out what is due; the
 * number of events, or negative (-EINTR is 0) */
RCA_MUST_CHECK int rca_trace_poll(struct rca_trace_capture *capture,
                                  int timeout_ms, rca_trace_visit *visit,
                                  void *arg);
/** rca_trace_finish() - detach, and hand out all that is left; as _poll() */
RCA_MUST_CHECK int rca_trace_finish(struct rca_trace_capture *capture,
                                    rca_trace_visit *visit, void *arg);
void rca_trace_stats(const struct rca_trace_capture *capture,
                     struct rca_trace_stats *ret_stats);
