/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/point.h"

#include <stdio.h>
#include <string.h>

#include "graph/base/name.h"

static const char *const points[] = {
    [RCA_TRACE_RECEIVE] = "receive",
    [RCA_TRACE_LOOP] = "loop",
    [RCA_TRACE_QUEUE] = "queue",
    [RCA_TRACE_ENQUEUE] = "enqueue",
    [RCA_TRACE_DEQUEUE] = "dequeue",
    [RCA_TRACE_TRANSMIT] = "transmit",
    [RCA_TRACE_DROP] = "drop",
    [RCA_TRACE_CONSUME] = "consume",
    [RCA_TRACE_TCP] = "tcp",
    [RCA_TRACE_RETRANSMIT] = "retransmit",
    [RCA_TRACE_READ] = "read",
    [RCA_TRACE_PREROUTING] = "prerouting",
    [RCA_TRACE_INPUT] = "input",
    [RCA_TRACE_FORWARD] = "forward",
    [RCA_TRACE_OUTPUT] = "output",
    [RCA_TRACE_POSTROUTING] = "postrouting",
    [RCA_TRACE_RULE] = "rule",
    [RCA_TRACE_OVS_ACTION] = "ovs_action",
    [RCA_TRACE_OVS_UPCALL] = "ovs_upcall",
    [RCA_TRACE_OVS_COUNTER] = "ovs_counter",
    [RCA_TRACE_FUNCTION] = "function",
    [RCA_TRACE_SOCKET] = "socket",
};
static_assert(RCA_ARRAY_SIZE(points) == RCA_TRACE_POINT_COUNT,
              "a name for each");

static const char *const parts[] = {
    [RCA_TRACE_PART_SKB] = "skb",    [RCA_TRACE_PART_TRACKING] = "tracking",
    [RCA_TRACE_PART_DROP] = "drop",  [RCA_TRACE_PART_STACK] = "stack",
    [RCA_TRACE_PART_DEV] = "dev",    [RCA_TRACE_PART_NS] = "ns",
    [RCA_TRACE_PART_CT] = "ct",      [RCA_TRACE_PART_NFT] = "nft",
    [RCA_TRACE_PART_OVS] = "ovs",    [RCA_TRACE_PART_TCP] = "tcp",
    [RCA_TRACE_PART_COUNT] = "auto",
};
static_assert(RCA_ARRAY_SIZE(parts) == RCA_TRACE_PART_COUNT + 1,
              "a name for each");

#define EVERY ((1U << RCA_TRACE_PART_COUNT) - 1)
#define AUTO (EVERY & ~(1U << RCA_TRACE_PART_STACK))

const char *rca_trace_point_name(unsigned point)
{
    return point && point < RCA_TRACE_POINT_COUNT ? points[point] : "?";
}

int rca_trace_point_parse(const char *name, enum rca_trace_point *ret_point)
{
    for (unsigned i = 1; i < RCA_TRACE_POINT_COUNT; i++) {
        if (!strcmp(points[i], name)) {
            *ret_point = (enum rca_trace_point)i;
            return 0;
        }
    }
    return RCA_EUNKNOWN;
}

const char *rca_trace_part_name(enum rca_trace_part part)
{
    return (unsigned)part < RCA_TRACE_PART_COUNT ? parts[part] : "?";
}

static int refuse(struct rca_diag *diag, const char *word, size_t at)
{
    const size_t near = rca_name_nearest(word, parts, RCA_ARRAY_SIZE(parts));
    int r;

    if (!*word)
        r = rca_diag_set(diag, RCA_EUNKNOWN, NULL, 0,
                         "a collector is missing (there are auto, skb, "
                         "tracking, drop, stack, dev, ns, ct, nft, ovs, tcp)");
    else if (near < RCA_ARRAY_SIZE(parts))
        r = rca_diag_set(diag, RCA_EUNKNOWN, NULL, 0,
                         "no collector is called '%s': did you mean '%s'?",
                         word, parts[near]);
    else
        r = rca_diag_set(diag, RCA_EUNKNOWN, NULL, 0,
                         "no collector is called '%s' (there are auto, skb, "
                         "tracking, drop, stack, dev, ns, ct, nft, ovs, tcp)",
                         word);
    if (diag)
        diag->column = (unsigned)at + 1;
    return r;
}

int rca_trace_parts_parse(const char *list, struct rca_diag *diag,
                          unsigned *ret_wanted, unsigned *ret_must)
{
    unsigned wanted = 0, must = 0;
    const char *at = list;

    for (;;) {
        const size_t len = strcspn(at, ",");
        char word[32];
        unsigned i = 0;

        (void)snprintf(word, sizeof(word), "%.*s", (int)len, at);
        while (i < RCA_ARRAY_SIZE(parts) && strcmp(parts[i], word) != 0)
            i++;
        if (i == RCA_ARRAY_SIZE(parts))
            return refuse(diag, word, (size_t)(at - list));
        if (i == RCA_TRACE_PART_COUNT)
            wanted |= AUTO;
        else
            must |= 1U << i;
        if (!at[len])
            break;
        at += len + 1;
    }
    *ret_wanted = wanted | must;
    *ret_must = must;
    return 0;
}

/* NFT_RETURN to NFT_CONTINUE of linux/netfilter/nf_tables.h, then NF_* of
 * linux/netfilter.h. */
const char *rca_trace_verdict_name(int verdict)
{
    static const char *const names[] = {
        "return", "goto",   "jump",  "break",  "continue", "drop",
        "accept", "stolen", "queue", "repeat", "stop",
    };
    /* NF_QUEUE has the queue's number in its upper half */
    const int low = verdict > 0 ? verdict & 0xffff : verdict;

    if (low < -5 || low + 5 >= (int)RCA_ARRAY_SIZE(names))
        return "?";
    return names[low + 5];
}

/* TCP_ESTABLISHED on, of linux/tcp.h. */
const char *rca_trace_tcp_state_name(unsigned state)
{
    static const char *const names[] = {
        "?",         "established", "syn_sent",     "syn_recv",   "fin_wait1",
        "fin_wait2", "time_wait",   "close",        "close_wait", "last_ack",
        "listen",    "closing",     "new_syn_recv",
    };

    return state < RCA_ARRAY_SIZE(names) ? names[state] : "?";
}

/* enum ip_conntrack_info of linux/netfilter/nf_conntrack_common.h. */
const char *rca_trace_conntrack_name(unsigned state)
{
    static const char *const names[] = {
        "established",   "related", "new", "reply",
        "related_reply", "?",       "?",   "untracked",
    };

    return state < RCA_ARRAY_SIZE(names) ? names[state] : "?";
}
