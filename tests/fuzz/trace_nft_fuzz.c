/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any datagram through the parser of trace messages, and into events that are
 * matched with each other as if they were packets. */

#include <string.h>

#include "collector/netlink.h"
#include "collector/trace/match.h"
#include "collector/trace/nft_msg.h"
#include "tests/harness/fuzz.h"

struct state {
    struct rca_trace_match *match;
    struct rca_trace_nft_join join;
    size_t n, out;
};

static int read_one(void *arg, const struct nlmsghdr *msg)
{
    struct state *s = (struct state *)arg;
    struct rca_trace_nft_msg m;
    struct rca_trace_event e;

    if (rca_trace_nft_parse(msg, &m))
        return 0;
    rca_trace_nft_join(&s->join, &m);
    rca_trace_nft_event(&m, 1, &e);
    if (e.captured > sizeof(e.head) || e.length < e.captured)
        abort();
    if (rca_trace_match_rule(s->match, &e, RCA_SECOND) == 0)
        s->n++;
    e.point = RCA_TRACE_DROP;
    e.id = s->n;
    e.time = (uint64_t)RCA_SECOND;
    rca_trace_match_packet(s->match, &e);
    return 0;
}

static int take_one(void *arg, const struct rca_trace_event *event)
{
    struct state *s = (struct state *)arg;

    if (event->point != RCA_TRACE_RULE || !event->time)
        abort();
    s->out++;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state *s = (struct state *)calloc(1, sizeof(*s));
    void *copy = malloc(size ? size : 1); /* aligned, and exactly as long */

    if (!s || !copy || rca_trace_match_new(8, &s->match))
        abort();
    memcpy(copy, data, size);
    if (rca_netlink_each(copy, size, 0, read_one, s) > 1)
        abort();
    if (rca_trace_match_due(s->match, RCA_TIME_NONE, take_one, s) ||
        s->n != s->out || rca_trace_match_waiting(s->match))
        abort();
    rca_trace_match_free(&s->match);
    free(copy);
    free(s);
    return 0;
}
