/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Every member but the first begins with its comma, so that whatever is not
 * known is just not put.
 */

#include "cli/trace/event_json.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cli/json_value.h"
#include "cli/trace/comment.h"
#include "collector/nft_msg.h"
#include "collector/trace/packet.h"
#include "collector/trace/point.h"

static void put_text(struct rca_buf *b, const char *key, const char *text)
{
    if (!text)
        return;
    rca_buf_str(b, ",");
    rca_json_string(b, key, text);
}

static void put_number(struct rca_buf *b, const char *key, uint64_t x)
{
    rca_buf_fmt(b, ",\"%s\":%llu", key, (unsigned long long)x);
}

/* 0 is "not known". */
static void put_known(struct rca_buf *b, const char *key, uint64_t x)
{
    if (x)
        put_number(b, key, x);
}

/* Of at most @max bytes, perhaps without a NUL. */
static void put_field(struct rca_buf *b, const char *key, const char *field,
                      size_t max)
{
    char text[RCA_TRACE_NAME + 1];

    (void)snprintf(text, sizeof(text), "%.*s", (int)max, field);
    if (*text)
        put_text(b, key, text);
}

static void put_name(struct rca_buf *b, const char *key,
                     const struct rca_trace_names *names,
                     enum rca_trace_name_kind kind, uint64_t a)
{
    const struct rca_trace_name_key k = {.kind = kind, .a = a};

    put_text(b, key, rca_trace_names_get(names, &k));
}

/* --- parts ----------------------------------------------------------------------- */

static void put_address(struct rca_buf *b, const char *key, uint8_t family,
                        const unsigned char address[16])
{
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(family, address, text, sizeof(text)))
        rca_buf_fmt(b, ",\"%s\":\"%s\"", key, text);
}

/* {"protocol":17,"source":"10.0.0.1",...} */
static void put_flow(struct rca_buf *b, const char *key,
                     const struct rca_trace_flow *flow)
{
    if (!flow->family)
        return;
    rca_buf_fmt(b, ",\"%s\":{\"protocol\":%u", key, flow->protocol);
    put_address(b, "source", flow->family, flow->source);
    put_address(b, "destination", flow->family, flow->destination);
    put_known(b, "source_port", flow->source_port);
    put_known(b, "destination_port", flow->destination_port);
    put_known(b, "tcp_flags", flow->tcp_flags);
    if (flow->fragment)
        rca_buf_str(b, ",\"fragment\":true");
    rca_buf_str(b, "}");
}

static void put_conntrack(struct rca_buf *b,
                          const struct rca_trace_conntrack *ct)
{
    rca_buf_fmt(b, ",\"conntrack\":{\"state\":\"%s\"",
                rca_trace_conntrack_name(ct->state));
    put_number(b, "status", ct->status);
    put_number(b, "zone", ct->zone);
    put_number(b, "mark", ct->mark);
    put_known(b, "tcp_state", ct->tcp_state);
    put_flow(b, "original", &ct->way[0]);
    put_flow(b, "reply", &ct->way[1]);
    rca_buf_str(b, "}");
}

static void put_tcp(struct rca_buf *b, const struct rca_trace_tcp *tcp)
{
    rca_buf_fmt(b, ",\"tcp\":{\"state\":\"%s\"",
                rca_trace_tcp_state_name(tcp->state));
    put_number(b, "local_port", tcp->local_port);
    put_number(b, "srtt_us", tcp->srtt_us);
    put_number(b, "cwnd", tcp->cwnd);
    put_number(b, "in_flight", tcp->in_flight);
    put_number(b, "retransmits", tcp->retransmits);
    put_number(b, "backlog", tcp->backlog);
    put_number(b, "backlog_max", tcp->backlog_max);
    rca_buf_str(b, "}");
}

static void put_rule(struct rca_buf *b, const struct rca_trace_event *e,
                     const struct rca_trace_names *names)
{
    const struct rca_trace_rule *rule = &e->detail.rule;
    const struct rca_trace_name_key key = {.kind = RCA_TRACE_NAME_RULE,
                                           .a = rca_trace_rule_key(rule),
                                           .b = e->netns};

    rca_buf_fmt(b, ",\"rule\":{\"family\":\"%s\"",
                rca_nft_family_name((int)rule->family));
    put_field(b, "table", rule->table, sizeof(rule->table));
    put_field(b, "chain", rule->chain, sizeof(rule->chain));
    put_number(b, "handle", rule->handle);
    put_text(b, "verdict", rca_trace_verdict_name(rule->verdict));
    put_text(b, "text", rca_trace_names_get(names, &key));
    rca_buf_str(b, "}");
}

static void put_ovs(struct rca_buf *b, const struct rca_trace_ovs *ovs)
{
    rca_buf_fmt(b, ",\"ovs\":{\"down\":%s", ovs->down ? "true" : "false");
    put_field(b, "bridge", ovs->bridge, sizeof(ovs->bridge));
    put_field(b, "port", ovs->port, sizeof(ovs->port));
    put_number(b, "drops", ovs->drops);
    put_number(b, "in_port", ovs->in_port);
    put_number(b, "out_port", ovs->out_port);
    put_number(b, "action", ovs->action);
    put_number(b, "recirculation", ovs->recirculation);
    put_number(b, "result", ovs->result);
    rca_buf_str(b, "}");
}

/* Its headers in words, and its bytes in hexadecimal. */
static void put_packet(struct rca_buf *b, const struct rca_trace_event *e)
{
    const _Bool link = e->has & RCA_TRACE_HAS_LINK;
    struct rca_buf text RCA_CLEANUP(rca_buf_done) = {0};
    struct rca_packet packet;

    rca_packet_parse(e->head, e->captured, link, &packet);
    rca_packet_text(&packet, &text);
    if (text.err && !b->err)
        b->err = text.err;
    put_text(b, "packet", text.text);
    rca_buf_fmt(b, ",\"link\":%s,\"head\":\"", link ? "true" : "false");
    for (uint32_t i = 0; i < e->captured; i++)
        rca_buf_fmt(b, "%02x", e->head[i]);
    rca_buf_str(b, "\"");
}

/* --- the whole ------------------------------------------------------------------- */

static void put_where(struct rca_buf *b, const struct rca_trace_event *e,
                      const struct rca_trace_names *names)
{
    put_number(b, "cpu", e->cpu);
    put_number(b, "netns", e->netns);
    put_text(b, "netns_name", rca_trace_name_netns(names, e->netns));
    put_known(b, "ifindex", e->ifindex);
    put_text(b, "device", rca_trace_name_device(names, e->netns, e->ifindex));
    put_known(b, "in_ifindex", e->iif);
    put_text(b, "in_device", rca_trace_name_device(names, e->netns, e->iif));
    put_known(b, "pid", e->pid);
    put_field(b, "command", e->command, sizeof(e->command));
    put_name(b, "cgroup", names, RCA_TRACE_NAME_CGROUP, e->cgroup);
    put_text(b, "service", rca_trace_name_service(names, e));
}

static void put_why(struct rca_buf *b, const struct rca_trace_event *e,
                    const struct rca_trace_names *names)
{
    if (e->has & RCA_TRACE_HAS_REASON) {
        put_number(b, "reason", e->reason);
        put_text(b, "reason_name", rca_trace_name_reason(names, e->reason));
    }
    if (e->place && e->point == RCA_TRACE_RULE) {
        put_text(b, "hook", rca_trace_point_name((unsigned)e->place));
    } else if (e->place) {
        rca_buf_fmt(b, ",\"place\":\"0x%llx\"", (unsigned long long)e->place);
        put_name(b, "place_name", names, RCA_TRACE_NAME_PLACE, e->place);
    }
    if (e->stack >= 0)
        put_name(b, "stack", names, RCA_TRACE_NAME_STACK, (uint64_t)e->stack);
}

static void put_details(struct rca_buf *b, const struct rca_trace_event *e,
                        const struct rca_trace_names *names)
{
    put_flow(b, "flow", &e->flow);
    if (e->has & RCA_TRACE_HAS_CONNTRACK)
        put_conntrack(b, &e->conntrack);
    if (e->has & RCA_TRACE_HAS_TCP)
        put_tcp(b, &e->detail.tcp);
    if (e->has & RCA_TRACE_HAS_RULE)
        put_rule(b, e, names);
    if (e->has & RCA_TRACE_HAS_OVS)
        put_ovs(b, &e->detail.ovs);
    if (e->captured)
        put_packet(b, e);
}

void rca_trace_event_json(const struct rca_trace_event *event,
                          const struct rca_trace_names *names,
                          struct rca_buf *buf)
{
    /* any number may be in a file: no rca_time, which has a sign */
    rca_buf_fmt(buf, "{\"time\":%llu.%09u",
                (unsigned long long)(event->time / RCA_SECOND),
                (unsigned)(event->time % RCA_SECOND));
    put_text(buf, "point", rca_trace_point_name(event->point));
    if (event->id) {
        rca_buf_str(buf, ",\"id\":\"");
        rca_trace_id_text(event->id, buf);
        rca_buf_str(buf, "\"");
    }
    put_where(buf, event, names);
    put_why(buf, event, names);
    put_number(buf, "length", event->length);
    put_known(buf, "mark", event->mark);
    if (event->vlan & 0x10000)
        put_number(buf, "vlan", event->vlan & 0xfff);
    put_details(buf, event, names);
    rca_buf_str(buf, "}\n");
}
