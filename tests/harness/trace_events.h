/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * trace_events - a small recording of `rca trace`, made up: a datagram that a
 * rule drops, seen four times under one id (once without bytes, once without its
 * link layer), a segment where every name is hostile, and a counter.
 */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/trace/file.h"

#define TRACE_TIME UINT64_C(1764000000123456789)
#define TRACE_EVENTS 6
#define TRACE_PACKETS 4 /* with bytes */
#define TRACE_HOST 4026531840U
#define TRACE_WEB 4026532001U
#define TRACE_EVIL 4026532002U

static const unsigned char trace_udp[46] = {
    2,    0, 0, 0,  0,    2,    2, 0, 0,  0,  0,    1,    8,  0, /* Ethernet */
    0x45, 0, 0, 32, 0,    1,    0, 0, 64, 17, 0x66, 0xca, 10, 0, 0, 1,
    10,   0, 0, 2,  0x13, 0x88, 0, 9, 0,  12, 0,    0,    1,  2, 3, 4};
static const unsigned char trace_tcp[54] = {2,    0, 0,    0,    0,    2,
                                            2,    0, 0,    0,    0,    1,
                                            8,    0, /* Ethernet */
                                            0x45, 0, 0,    40,   0,    2,
                                            0,    0, 64,   6,    0x66, 0xcc,
                                            10,   0, 0,    3,    10,   0,
                                            0,    4, 0x13, 0x89, 0x1f, 0x90,
                                            0,    0, 0,    1,    0,    0,
                                            0,    0, 0x50, 2,    0xfa, 0xf0,
                                            0,    0};

static const char trace_evil[] = "\033[31mevil\n\"<b>&'\\\xff\xe2\x80\xa8";

static inline struct rca_trace_flow trace_flow(const unsigned char *packet,
                                               uint8_t protocol)
{
    struct rca_trace_flow f = {.family = AF_INET, .protocol = protocol};

    memcpy(f.source, packet + 26, 4);
    memcpy(f.destination, packet + 30, 4);
    f.source_port = (uint16_t)(packet[34] << 8 | packet[35]);
    f.destination_port = (uint16_t)(packet[36] << 8 | packet[37]);
    return f;
}

static inline void trace_bytes(struct rca_trace_event *e,
                               const unsigned char *packet, size_t n)
{
    memcpy(e->head, packet, n);
    e->captured = (uint32_t)n;
    e->length = (uint32_t)n + 14;
}

static inline void trace_rule(struct rca_trace_event *e)
{
    e->has |= RCA_TRACE_HAS_RULE;
    e->detail.rule = (struct rca_trace_rule){.handle = 7, .family = 1};
    memcpy(e->detail.rule.table, "filter", sizeof("filter"));
    memcpy(e->detail.rule.chain, "input", sizeof("input"));
}

/* The datagram at @point; the others fill in what differs. */
static inline void trace_datagram(struct rca_trace_event *e, uint64_t after,
                                  uint32_t point)
{
    memset(e, 0, sizeof(*e));
    e->time = TRACE_TIME + after;
    e->id = 12;
    e->point = point;
    e->netns = TRACE_WEB;
    e->ifindex = 2;
    e->stack = -1;
    e->flow = trace_flow(trace_udp, IPPROTO_UDP);
}

static inline void trace_dropped(struct rca_trace_event *e)
{
    trace_datagram(e, 3000, RCA_TRACE_DROP);
    trace_bytes(e, trace_udp + 14, sizeof(trace_udp) - 14);
    trace_rule(e);
    e->has |= RCA_TRACE_HAS_REASON | RCA_TRACE_HAS_CONNTRACK;
    e->reason = 8;
    e->place = UINT64_C(0xffffffff81234567);
    e->conntrack.state = 2;
    e->conntrack.status = 0x100;
    e->conntrack.way[0] = e->flow;
    e->conntrack.way[1] = e->flow;
}

static inline void trace_hostile(struct rca_trace_event *e)
{
    trace_datagram(e, 1000000000, RCA_TRACE_TRANSMIT);
    e->id = UINT64_C(3) << 40 | 12;
    e->netns = TRACE_EVIL;
    e->has = RCA_TRACE_HAS_LINK | RCA_TRACE_HAS_TCP;
    e->detail.tcp.state = 2;
    e->detail.tcp.srtt_us = 150;
    e->flow = trace_flow(trace_tcp, IPPROTO_TCP);
    e->flow.tcp_flags = 2;
    memcpy(e->command, trace_evil, 15);
    trace_bytes(e, trace_tcp, sizeof(trace_tcp));
}

static inline void trace_events(struct rca_trace_event ret[TRACE_EVENTS])
{
    trace_datagram(&ret[0], 0, RCA_TRACE_RECEIVE);
    trace_bytes(&ret[0], trace_udp, sizeof(trace_udp));
    ret[0].netns = TRACE_HOST;
    ret[0].has = RCA_TRACE_HAS_LINK;
    ret[1] = ret[0];
    ret[1].time += 1000;
    ret[1].netns = TRACE_WEB;
    trace_datagram(&ret[2], 2000, RCA_TRACE_RULE);
    trace_rule(&ret[2]);
    ret[2].place = RCA_TRACE_INPUT;
    trace_dropped(&ret[3]);
    trace_hostile(&ret[4]);
    trace_datagram(&ret[5], 2000000000, RCA_TRACE_OVS_COUNTER);
    ret[5].id = 0;
    ret[5].flow = (struct rca_trace_flow){0};
    ret[5].has = RCA_TRACE_HAS_OVS;
    ret[5].detail.ovs.drops = 5;
    ret[5].detail.ovs.down = 1;
    memcpy(ret[5].detail.ovs.bridge, "br0", sizeof("br0"));
    memcpy(ret[5].detail.ovs.port, "vnet1", sizeof("vnet1"));
}

static inline int trace_service(struct rca_trace_names *names,
                                const struct rca_trace_flow *flow,
                                const char *name)
{
    struct rca_trace_name_key key = {
        .kind = RCA_TRACE_NAME_SERVICE,
        .c = (uint32_t)flow->destination_port << 16 | AF_INET};

    memcpy(&key.a, flow->destination, 4);
    return rca_trace_names_set(names, &key, name);
}

/** trace_names() - what the events' numbers are called; 0 or -ENOMEM */
static inline int trace_names(struct rca_trace_names *names)
{
    static const struct {
        struct rca_trace_name_key key;
        const char *name;
    } known[] = {
        {{.kind = RCA_TRACE_NAME_NETNS, .a = TRACE_HOST}, "host"},
        {{.kind = RCA_TRACE_NAME_NETNS, .a = TRACE_WEB}, "web"},
        {{.kind = RCA_TRACE_NAME_NETNS, .a = TRACE_EVIL}, trace_evil},
        {{.kind = RCA_TRACE_NAME_DEVICE, .a = TRACE_HOST, .b = 2}, "eth0"},
        {{.kind = RCA_TRACE_NAME_DEVICE, .a = TRACE_WEB, .b = 2}, "eth0"},
        {{.kind = RCA_TRACE_NAME_DEVICE, .a = TRACE_EVIL, .b = 2}, trace_evil},
        {{.kind = RCA_TRACE_NAME_REASON, .a = 8}, "netfilter_drop"},
        {{.kind = RCA_TRACE_NAME_PLACE, .a = UINT64_C(0xffffffff81234567)},
         "nf_hook_slow+0x2a"},
    };
    struct rca_trace_name_key rule = {.kind = RCA_TRACE_NAME_RULE,
                                      .b = TRACE_WEB};
    struct rca_trace_event e;
    int r = 0;

    for (size_t i = 0; i < RCA_ARRAY_SIZE(known) && !r; i++)
        r = rca_trace_names_set(names, &known[i].key, known[i].name);
    trace_dropped(&e);
    rule.a = rca_trace_rule_key(&e.detail.rule);
    r = r ? r : rca_trace_names_set(names, &rule, "udp dport 9 drop");
    r = r ? r : trace_service(names, &e.flow, "web");
    trace_hostile(&e);
    return r ? r : trace_service(names, &e.flow, trace_evil);
}

/** trace_record() - all of it as a file to @out; 0, -ENOMEM, -errno */
static inline int trace_record(FILE *out)
{
    const struct rca_trace_about about = {
        .filter = "udp or tcp", .kernel = "6.1.0", .host = trace_evil};
    const struct rca_trace_stats stats = {
        .seen = 100, .matched = 9, .loss = {.ring = 3}};
    struct rca_trace_names *names RCA_CLEANUP(rca_trace_names_free) = NULL;
    struct rca_trace_event events[TRACE_EVENTS];
    int r = rca_trace_names_new(&names);

    trace_events(events);
    r = r ? r : trace_names(names);
    r = r ? r : rca_trace_write_begin(out, &about);
    r = r ? r : rca_trace_write_names(out, names, 0);
    for (size_t i = 0; i < TRACE_EVENTS && !r; i++)
        r = rca_trace_write_event(out, &events[i]);
    return r ? r : rca_trace_write_end(out, &stats);
}
